"""Texts on the screen, in the reader's language and time zone: times, and the state of a class in one sentence.

Names of strangers are made harmless.
"""

import re
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import streamlit as st

from tracker import classes, clock, listing, messages
from tracker.attendance.register import MissedLast, Risk
from tracker.attendance.types import FetchState, Person
from tracker.messages import formats, people_in_words, sentence_of, with_hosts
from tracker.messages.languages import gettext as _
from tracker.messages.languages import ngettext as _n
from tracker.messages.vocabulary import NO_NAME
from tracker.retry import LIST_INCOMPLETE, SESSIONS_MISSING
from tracker.storage.classes import Class, FetchProgress
from tracker.storage.members import Member
from tracker.text import plain as plain

Color = Literal["red", "orange", "blue", "green", "violet", "gray"]
# What is near is told with seconds.
NEAR = timedelta(minutes=2)
# What is due within this time is under way: a tracker that takes it puts it off by so much.
SOON = timedelta(minutes=6)
NO_MEETING = "no_zoom_meeting_id"
MARKDOWN_SIGNS = frozenset(string.punctuation)
# Even where every sign is escaped, the browser makes links of bare addresses, a picture of `:streamlit:` and other
# signs of `->`, `--` and `>=`; a joiner inside them is not seen and keeps a name what it is.
WORD_JOINER = "\u2060"
REWRITTEN = re.compile(
    r"(?<=://)(?=\w)|(?<=www)(?=\.\w)|(?<=@)(?=\w)|(?<=:)(?=streamlit:)|(?<=-)(?=[->])|(?<=<)(?=-)|(?<=[<>~])(?==)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class State:
    """The state of a class: its code, a word for a badge with its colour and icon, and a sentence.

    The sentence is empty where the word says it all.
    """

    code: str
    word: str
    color: Color
    icon: str
    sentence: str


def viewer_zone() -> str:
    """The IANA time zone of the browser; UTC where it does not say, or says what nobody knows."""
    name = st.context.timezone
    return name if name in clock.zone_names() else "UTC"


def zone() -> ZoneInfo:
    """The time zone in which the pages show times: the reader's own."""
    return clock.zone(viewer_zone())


# The badge of each state, by its code: colour, icon.
BADGES: Mapping[str, tuple[Color, str]] = {
    "cancelled": ("gray", "event_busy"),
    "live": ("red", "sensors"),
    "counted": ("green", "check"),
    "counted_in_part": ("orange", "rule"),
    "planned": ("blue", "event"),
    "not_held": ("gray", "event_busy"),
    "not_seen": ("orange", "help"),
    "no_meeting": ("orange", "link_off"),
    "collecting": ("violet", "sync"),
    "no_list": ("orange", "error"),
    "failed": ("orange", "error"),
    "not_fetched": ("orange", "help"),
    "overdue": ("orange", "warning"),
    "trying_again": ("orange", "refresh"),
    "waiting": ("violet", "hourglass_top"),
}


def today(now: datetime) -> date:
    """The day that it is for the reader."""
    return now.astimezone(zone()).date()


def state_word(code: str) -> str:
    """A state in a word or two, by its code."""
    return {
        "cancelled": _("Cancelled"),
        "live": _("Live"),
        "counted": _("Counted"),
        "counted_in_part": _("Counted in part"),
        "planned": _("Planned"),
        "not_held": _("Not held"),
        "not_seen": _("Not seen yet"),
        "no_meeting": _("No meeting"),
        "collecting": _("Collecting"),
        "no_list": _("No list"),
        "failed": _("Failed"),
        "not_fetched": _("Not fetched"),
        "overdue": _("Overdue"),
        "trying_again": _("Trying again"),
        "waiting": _("Waiting for Zoom"),
    }[code]


def state(found: Class, now: datetime) -> State:
    """What a teacher should know of the class at `now`. An unknown count is never shown as a number."""
    code = listing.state_of(found, now)
    color, icon = BADGES[code]
    return State(code, state_word(code), color, f":material/{icon}:", _sentence(code, found, now))


def _sentence(code: str, found: Class, now: datetime) -> str:
    if code == "cancelled":
        return ""
    if code == "live":
        return _("It began {when}.", when=moment(found.started_at, now)) if found.started_at else ""
    if code in ("counted", "counted_in_part") and found.participants_fetched_at is not None:
        if found.names_removed_at is None:
            return _counted(found, found.participants_fetched_at, now)
        return _(
            "{people}. The names were removed {when}, for good.",
            people=people_in_words(*found.figures),
            when=moment(found.names_removed_at, now),
        )
    if code == "planned" and found.zoom_meeting_id is None and found.zoom_meeting_due_at is not None:
        return _meeting_to_come(found.zoom_meeting_due_at, now)
    if code == "no_meeting" or (code == "planned" and found.zoom_meeting_id is None):
        return messages.sentence(NO_MEETING)
    if code == "planned":
        if now <= found.planned.start:
            due = found.zoom_meeting_due_at
            if due is None or due < now + SOON:
                return ""
            return _("Zoom is told of the change {when}.", when=moment(due, now, seconds=False))
        return _("It should have begun {when}. Zoom has not said that it did.", when=planned_moment(found, now))
    fetch = found.fetch
    if code == "not_held":
        if fetch is not None and classes.found_no_session(fetch):
            return _("Nobody held this class at its time.")
        return _("Nobody held this class at its time, as far as Zoom has announced.")
    if code == "not_seen":
        should = _("It should have begun {when}, and Zoom has not said so.", when=planned_moment(found, now))
        if fetch is not None and classes.found_no_session(fetch):
            return f"{should} {_why(fetch)} {_next_try(fetch, now)}".rstrip()
        return f"{should} {_('If it was held, fetch its participants now.')}"
    return _waiting(code, fetch, now)


def _meeting_to_come(due_at: datetime, now: datetime) -> str:
    if due_at < now + SOON:
        return _("Its Zoom meeting is being made.")
    return _("Its Zoom meeting is made by itself {when}.", when=moment(due_at, now, seconds=False))


def _counted(found: Class, fetched_at: datetime, now: datetime) -> str:
    # It stands beside the class's own date, so the day is said unless it is the same.
    if found.report_digest is not None:
        return _("Taken from a report {when}.", when=moment(fetched_at, found.scheduled_start))
    fetched = _("Fetched from Zoom {when}.", when=moment(fetched_at, found.scheduled_start))
    fetch = found.fetch
    if fetch is None:
        return fetched
    if fetch.stored_state in (FetchState.FAILED, FetchState.NO_DATA):
        seen = _("Counted from the joins and leaves that were seen live.")
        return f"{seen} {_why(fetch)}".rstrip()
    if fetch.error is not None and fetch.error.code in (SESSIONS_MISSING, LIST_INCOMPLETE):
        again = (
            _("Zoom is asked again {when}.", when=moment(fetch.due_at, now))
            if fetch.due_at
            else _("Zoom is not asked any more.")
        )
        return f"{fetched} {_why(fetch)} {again}"
    if fetch.error is not None:
        failed = _("Reading it again failed: {why}", why=_why(fetch))
        return f"{fetched} {failed} {_next_try(fetch, now)}".rstrip()
    if fetch.due_at is not None and fetch.due_at > now:
        again = _("It may still change; the list is read again {when}.", when=moment(fetch.due_at, now))
        return f"{fetched} {again}"
    return f"{fetched} {_('It is final.')}" if fetch.stored_state is FetchState.SETTLED else fetched


def _waiting(code: str, fetch: FetchProgress | None, now: datetime) -> str:
    """The same of a class that is over, or should be, and whose participants are not known."""
    why = _why(fetch) if fetch else ""
    if code == "collecting":
        return _("The participants are being fetched from Zoom.")
    if code in ("no_list", "failed"):
        return why or _("Zoom gave no list of participants.")
    if fetch is None or fetch.due_at is None:
        return why or _("Nobody has asked Zoom for the participants yet.")
    due = moment(fetch.due_at, now)
    if code == "overdue":
        return _("Zoom's list was due {when}, and nobody has fetched it.", when=due)
    if code == "trying_again":
        return f"{why} {_next_try(fetch, now)}"
    return _("Zoom's list is due {when}.", when=due)


def _why(fetch: FetchProgress) -> str:
    return sentence_of(fetch.error) if fetch.error else ""


def _next_try(fetch: FetchProgress, now: datetime) -> str:
    return _("Next try {when}.", when=moment(fetch.due_at, now)) if fetch.due_at else ""


def people(number: int | None) -> str:
    """The count for the eye: a dash while it is unknown, and 0 where it is zero."""
    return people_in_words(number)


def out_of(number: int, of_all: int) -> str:
    """So many of so many: `22 of 26`."""
    return _("{number} of {all}", number=formats.number(number), all=formats.number(of_all))


def in_class_now(present: Sequence[Person]) -> str:
    """How many are in class now, the hosts apart: `2 and the host`, or `only the host`."""
    hosts = sum(person.is_host for person in present)
    others = len(present) - hosts
    if hosts and not others:
        return _n("only the host", "only {number} hosts", hosts)
    return with_hosts(formats.number(others), hosts)


def name_of(person: Person, limit: int = 60) -> str:
    """What a person is called on the screen, as plain text; the e-mail follows where there is one."""
    name = plain(person.name, limit) or _(NO_NAME)
    return f"{name} ({plain(person.email, limit)})" if person.email else name


def listed(names: Sequence[str], most: int = 5) -> str:
    """Names that others have chosen, in Markdown: `Ana, Ben and Cy`, or `Ana, Ben and 3 more`."""
    rest = len(names[most:])
    shown = [markdown(name, 130) or _(NO_NAME) for name in names[:most]]
    return formats.listed([*shown, _n("{number} more", "{number} more", rest)] if rest else shown)


def here(present: Sequence[Person], most: int, *, for_html: bool = False) -> str:
    """Who is in class now and since when: `Ana (host, since 10:05) · Ben (since 10:07) and 12 more`.

    In Markdown; as plain text `for_html`.
    """
    fit = plain if for_html else markdown
    names = []
    for person in present[:most]:
        if person.first_join:
            name, since = fit(person.name, 60) or _(NO_NAME), formats.time(person.first_join.astimezone(zone()))
            host = _("{name} (host, since {time})", name=name, time=since)
            names.append(host if person.is_host else _("{name} (since {time})", name=name, time=since))
    rest = len(present) - most
    shown = " · ".join(names)
    return _n("{names} and {number} more", "{names} and {number} more", rest, names=shown) if rest > 0 else shown


def when(found: Class) -> str:
    """The planned time in the reader's zone, and beside it that of the class where its zone is another."""
    return f"{day_of(found)}, {times_of(found)}"


def day_of(found: Class) -> str:
    """The day on which a class is planned to begin, in the reader's zone."""
    return formats.day(found.planned.start.astimezone(zone()))


def times_of(found: Class) -> str:
    """From when until when a class is planned, without the day; as `when` says it."""
    start, end = found.planned.start, found.planned.end
    text = formats.times(start.astimezone(zone()), end.astimezone(zone()))
    if not is_elsewhere(found):
        return text
    there = clock.zone(found.timezone)
    local = formats.times(start.astimezone(there), end.astimezone(there))
    return _("{when} ({time} in {zone})", when=text, time=local, zone=zone_name(found.timezone))


def is_elsewhere(found: Class) -> bool:
    """Whether the clocks of the class's zone show another time than the reader's."""
    start = found.planned.start
    return start.astimezone(clock.zone(found.timezone)).utcoffset() != start.astimezone(zone()).utcoffset()


def when_today(found: Class, now: datetime) -> str:
    """The same for the plan of a day: today's classes, and tomorrow's, are told without it, others without the year."""
    start = found.planned.start.astimezone(zone())
    if start.date() - today(now) in (timedelta(0), timedelta(days=1)):
        return times_of(found)
    return f"{formats.day(start, year=start.year != today(now).year)}, {times_of(found)}"


def zone_name(name: str) -> str:
    """A time zone as people call it: `New York`, of `America/New_York`; `São Paulo`."""
    return formats.place_of(clock.zone(name))


def moment(at: datetime, now: datetime, *, seconds: bool = True) -> str:
    """A moment: `at 11:40`; with the day when that is another, and with seconds when it is near.

    Where `seconds` is False it never has them: somebody has planned it.
    """
    local = at.astimezone(zone())
    if local.date() != now.astimezone(local.tzinfo).date():
        return _("on {day} at {time}", day=formats.day(local), time=formats.time(local))
    return _("at {time}", time=formats.time(local, seconds=seconds and abs(at - now) < NEAR))


def stamp(at: datetime, *, seconds: bool = False) -> str:
    """A moment in a list, in the reader's zone: `14 May 2026, 14:05`."""
    return formats.moment(at.astimezone(zone()), seconds=seconds)


def planned_moment(found: Class, now: datetime) -> str:
    """When the class should begin, as `moment` says it."""
    return moment(found.planned.start, now, seconds=False)


def is_owner(found: Class, member: Member) -> bool:
    """Whether the class is this person's own."""
    return found.teacher_id == member.id


def markdown(text: str, limit: int = 120) -> str:
    """The same for a place that reads Markdown: every sign that could mean something there is escaped."""
    kept = REWRITTEN.sub(WORD_JOINER, plain(text, limit))
    return "".join(f"\\{sign}" if sign in MARKDOWN_SIGNS else sign for sign in kept)


def why_at_risk(risk: Risk) -> str:
    """Why a student is at risk, in a sentence."""
    if isinstance(risk, MissedLast):
        return _n(
            "At risk: absent in the last {number} class.", "At risk: absent in the last {number} classes.", risk.number
        )
    return _(
        "At risk: came to {percent} of the classes, and the course asks for {least}.",
        percent=formats.percent(risk.percent),
        least=formats.percent(risk.least),
    )


def why_at_risk_shortly(risk: Risk) -> str:
    """The same for a cell of a table, in which her rate stands too."""
    if isinstance(risk, MissedLast):
        return _n("missed the last class", "missed the last {number}", risk.number)
    return _("below {percent}", percent=formats.percent(risk.least))
