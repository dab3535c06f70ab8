"""The people of a class on its page: a list with everybody's mark and minutes, to be read, and to be printed."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from tracker.attendance.types import Attendance, Person, Status
from tracker.messages import formats
from tracker.messages.languages import gettext as _
from tracker.messages.languages import marked
from tracker.messages.languages import ngettext as _n
from tracker.messages.vocabulary import HEADINGS, NO_NAME, ROLES, STATUSES
from tracker.text import compared_name, order_of
from tracker.ui import components, words
from tracker.ui.components import Column, Html
from tracker.ui.words import Color, plain

FAR = datetime.max.replace(tzinfo=UTC)
NAME, ARRIVAL, MINUTES = "name", "arrival", "minutes"
SORTED_BY = {NAME: marked("Name"), ARRIVAL: marked("Arrival"), MINUTES: marked("Minutes in class")}
ORDERS: dict[str, Callable[[Person], Any]] = {
    NAME: lambda person: (order_of(person.name), person.email.casefold()),
    ARRIVAL: lambda person: (person.first_join or FAR, order_of(person.name)),
    MINUTES: lambda person: (-person.seconds_in_class, -person.seconds, order_of(person.name)),
}
# Longer lists scroll in a box of their own on a screen, and are searched.
MOST_WITHOUT_BOX = 60
MARKS: dict[str, tuple[str, Color]] = {
    Status.PRESENT: ("✓", "green"),
    Status.LATE: ("◔", "orange"),
    Status.LEFT_EARLY: ("◑", "orange"),
    Status.LATE_AND_LEFT_EARLY: ("◕", "orange"),
    Status.PARTLY: ("½", "orange"),
    Status.OUTSIDE: ("○", "gray"),
    Status.ABSENT: ("✕", "red"),
    Status.EXCUSED: ("◇", "blue"),
    Status.NOT_YET_KNOWN: ("…", "gray"),
    Status.NOT_HELD: ("–", "gray"),
}
LONGEST_NAME = 120


def show(attendance: Attendance) -> str:
    """The list of people, in the order that is asked for there; returns which one, a key of `ORDERS`."""
    people = attendance.people
    order = NAME
    if len(people) > 1:
        sorted_by = st.segmented_control(
            _("Sort by"),
            list(SORTED_BY),
            default=NAME,
            required=True,
            format_func=lambda code: _(SORTED_BY[code]),
            key="people-order",
        )
        order = sorted_by or NAME
    many = len(people) > MOST_WITHOUT_BOX
    shown = _found(people) if many else people
    if shown:
        rows = _rows(sorted(shown, key=ORDERS[order]), attendance, words.zone())
        components.table(_("People"), _columns(), rows, look="people", box=many)
    elif not people:
        components.empty(":material/inbox:", _("Nobody was there."))
    _set_aside(attendance)
    return order


def beside_students(attendance: Attendance, guests: Sequence[Person]) -> None:
    """The guests, then the hosts, of a class whose students are shown apart; nothing where there are none."""
    people = [*sorted(guests, key=ORDERS[NAME]), *sorted(attendance.hosts, key=ORDERS[NAME])]
    if people:
        st.header(_("Guests and hosts") if guests else _("Hosts"), anchor=False)
        rows = _rows(people, attendance, words.zone())
        components.table(_("Guests and hosts"), _columns(), rows, look="people", box=len(people) > MOST_WITHOUT_BOX)
    _set_aside(attendance)


def _set_aside(attendance: Attendance) -> None:
    if attendance.set_aside:
        names = words.listed([words.name_of(person) for person in attendance.set_aside])
        st.caption(_("Set aside: {names}.", names=names))


def host_mark() -> Html:
    """The mark of who hosts the class."""
    return components.mark("★", _(ROLES["host"]), "blue")


def time_of(moment: datetime | None, zone: ZoneInfo, *, one_day: bool, seconds: bool = False) -> str:
    """A moment for a cell of a list: the time, and before it the date unless all are of one day."""
    if moment is None:
        return formats.DASH
    local = moment.astimezone(zone)
    time = formats.time(local, seconds=seconds)
    return time if one_day else _("{day}, {time}", day=formats.short_day(local), time=time)


def of_one_day(moments: Iterable[datetime | None], zone: ZoneInfo) -> bool:
    """Whether all of these moments are of the same date."""
    return len({moment.astimezone(zone).date() for moment in moments if moment}) < 2


def _found(people: Sequence[Person]) -> Sequence[Person]:
    """Who of these people is looked for."""
    wanted = st.text_input(_("Find a name"), type="search", live=True, key="find-person")
    if not (wanted := compared_name(wanted)):
        return people
    found = [person for person in people if wanted in compared_name(f"{person.name} {person.email}")]
    st.caption(_n("{number} person found", "{number} people found", len(found)))
    return found


def _columns() -> list[Column]:
    return [
        Column(_(HEADINGS["Name"])),
        Column(_(HEADINGS["Status"])),
        Column(_(HEADINGS["Minutes in class"]), numbers=True),
        Column(_(HEADINGS["Percent"]), numbers=True, look="wide"),
        Column(_("Came"), numbers=True, look="wide"),
        Column(_("Left"), numbers=True, look="wide"),
        Column(_(HEADINGS["Email"]), look="wide quiet"),
    ]


def _rows(people: Sequence[Person], attendance: Attendance, zone: ZoneInfo) -> Iterable[list[components.Cell]]:
    """A row for each; on a phone what has no column of its own there is in small letters below the name."""
    moments = [moment for person in people for moment in (person.first_join, person.last_leave)]
    one_day = of_one_day(moments, zone)
    mark, percent, whole = cache(_mark), cache(formats.percent), cache(_minutes)
    for person in people:
        name = plain(person.name, LONGEST_NAME) or _(NO_NAME)
        here = attendance.until is not None and (person.last_leave or FAR) >= attendance.until
        came = time_of(person.first_join, zone, one_day=one_day)
        left = _("still here") if here and person.first_join else time_of(person.last_leave, zone, one_day=one_day)
        share = formats.DASH if person.percent is None else percent(person.percent)
        if here and person.first_join:
            small = _("since {time}", time=came)
        elif person.untimed and person.first_join is None:
            small = share
        else:
            small = _("{came} to {left}, {percent}", came=came, left=left, percent=share)
        yield [
            Html(f"<bdi>{escape(name)}</bdi><span class='narrow quiet'>{escape(small)}</span>"),
            mark(person.status, host=person.is_host),
            whole((person.seconds_in_class + 30) // 60, person.seconds_in_class > 0),
            share,
            came,
            left,
            person.email,
        ]


def _mark(status: str, *, host: bool) -> Html:
    mark = status_mark(status)
    return Html(f"{host_mark().text} {mark.text}") if host else mark


def status_mark(status: str) -> Html:
    """What somebody is in a class, as a sign and a word."""
    sign, color = MARKS[status]
    return components.mark(sign, _(STATUSES[status]), color)


def minutes(seconds: int) -> str:
    """Whole minutes; less than one is not told as none."""
    return _minutes((seconds + 30) // 60, seconds > 0)


def _minutes(whole: int, any_at_all: bool) -> str:
    return _("under 1") if any_at_all and not whole else formats.number(whole)
