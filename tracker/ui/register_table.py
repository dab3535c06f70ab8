"""The register as a table of HTML: students down, classes across, a sign and a word for each mark."""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from html import escape
from itertools import pairwise
from math import ceil
from urllib.parse import quote

import streamlit as st

from tracker import clock
from tracker.attendance.register import Known, Register, RegisterClass, Row, StudentMark
from tracker.attendance.statuses import Rules
from tracker.attendance.trend import Trend, trend_of
from tracker.attendance.types import Status
from tracker.courses.marking import LONGEST_REMARK
from tracker.messages import formats
from tracker.messages.languages import gettext as _
from tracker.messages.languages import marked
from tracker.messages.vocabulary import NO_NAME, SHORT_STATUSES, STATUSES
from tracker.ui import words
from tracker.ui.people_panel import MARKS
from tracker.ui.words import plain

# So many classes stand side by side at most: more are no table that anybody reads.
CLASSES_AT_ONCE = 14
LONGEST_NAME = 80
TRENDS = {Trend.MORE: ("↗", marked("more often of late")), Trend.LESS: ("↘", marked("less often of late"))}
# What the heading of a class says of all of its students.
OF_THE_CLASS = frozenset({Status.NOT_YET_KNOWN, Status.NOT_HELD})
IN_LEGEND = (
    Status.PRESENT,
    Status.LATE,
    Status.LEFT_EARLY,
    Status.LATE_AND_LEFT_EARLY,
    Status.PARTLY,
    Status.ABSENT,
    Status.EXCUSED,
)


def parts(classes: Sequence[RegisterClass]) -> list[tuple[RegisterClass, ...]]:
    """The classes in parts that are shown at once, as many in each; the last one has the latest."""
    number = ceil(len(classes) / CLASSES_AT_ONCE)
    edges = [len(classes) * place // number for place in range(number + 1)] if number else [0]
    return [tuple(classes[start:end]) for start, end in pairwise(edges)]


def days_of(part: Sequence[RegisterClass]) -> str:
    """From when until when the classes of a part are: `3 Sep – 19 Nov 2026`."""
    first, last = part[0].day, part[-1].day
    end = formats.day(last, weekday=False)
    if first == last:
        return end
    return _("{first} – {last}", first=formats.day(first, weekday=False, year=first.year != last.year), last=end)


def draw(register: Register, rows: Sequence[Row], classes: Sequence[RegisterClass], *, minutes: bool) -> None:
    """Draws these rows of a register with these of its classes; with `minutes`, how long each student was in class."""
    cell = _cells(minutes=minutes)
    head = f"<th scope='col' class='who'>{escape(_('Student'))}</th><th scope='col'>{escape(_('Came'))}</th>"
    twice = Counter(held.day for held in classes)
    head += "".join(_heading(held, register, with_time=twice[held.day] > 1) for held in classes)
    names = Counter(row.enrolled.name for row in register.rows)
    body = "".join(
        f"<tr><th scope='row' class='who'>{_who(row, register.rules, alone=names[row.enrolled.name] == 1)}</th>"
        + f"<td class='rate'>{_rate(row)}</td>"
        + "".join(cell(row.marks.get(held.id)) for held in classes)
        + "</tr>"
        for row in rows
    )
    caption = escape(_("Register"))
    st.html(
        f"<div class='register-box' tabindex='0' role='region' aria-label='{caption}'><table class='register'>"
        f"<caption class='unseen'>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def legend(*, by_hand: bool) -> None:
    """Draws what the signs mean."""
    signs = [
        f"<span class='mark-{_look(status)}'><span aria-hidden='true'>{MARKS[status][0]} "
        f"{escape(_(SHORT_STATUSES[status]))}</span></span> {escape(_(STATUSES[status]))}"
        for status in IN_LEGEND
    ]
    if by_hand:
        signs.append(f"<span aria-hidden='true'>✎</span> {escape(_('given by hand'))}")
    items = "".join(f"<li>{one}</li>" for one in signs)
    st.html(f"<ul class='legend' aria-label='{escape(_('What the signs mean'))}'>{items}</ul>")


def link(page: str, found_id: str, text: str, title: str = "") -> str:
    """A link to a page of this dashboard, as HTML; the text is made harmless here."""
    told = f" title='{escape(title)}'" if title else ""
    return f"<a href='{page}?id={quote(found_id)}' target='_self'{told}>{escape(text)}</a>"


def _heading(held: RegisterClass, register: Register, *, with_time: bool) -> str:
    day, weekday = formats.day(held.day, weekday=False, year=False), formats.weekday(held.day.weekday(), short=True)
    rate = register.rate_of(held.id)
    told = {
        Known.COUNTED: formats.DASH if rate is None else formats.percent(rate),
        Known.NOT_YET: _(SHORT_STATUSES[Status.NOT_YET_KNOWN]),
        Known.NOT_HELD: _(SHORT_STATUSES[Status.NOT_HELD]),
        Known.NAMES_REMOVED: _("no names"),
    }[held.known]
    time = formats.time(held.start.astimezone(clock.zone(held.timezone))) if with_time else weekday
    return (
        f"<th scope='col'>{link('class', held.id, day, plain(held.title, LONGEST_NAME))}"
        f"<span class='quiet'>{escape(time)}</span><span class='quiet'>{escape(told)}</span></th>"
    )


def _who(row: Row, rules: Rules, *, alone: bool) -> str:
    """A student's name; where others have it too, with what tells her apart."""
    student = row.enrolled.student
    own = "" if alone else plain(student.number or student.email, LONGEST_NAME)
    apart = f"<span class='quiet'>{escape(own)}</span>" if own else ""
    name = link("student", row.enrolled.id, plain(student.name, LONGEST_NAME) or _(NO_NAME))
    risk = row.risk(rules)
    why = escape(words.why_at_risk_shortly(risk)) if risk else ""
    told = f"<span class='risk'><span aria-hidden='true'>⚠ </span>{why}</span>" if risk else ""
    return f"<bdi>{name}</bdi>{apart}{told}"


def _rate(row: Row) -> str:
    if row.rate is None:
        return formats.DASH
    trend = trend_of(row)
    if trend is Trend.STEADY:
        return formats.percent(row.rate)
    sign, told = TRENDS[trend]
    return (
        f"{formats.percent(row.rate)} <span class='quiet' title='{escape(_(told))}'>"
        f"<span aria-hidden='true'>{sign}</span><span class='unseen'>{escape(_(told))}</span></span>"
    )


def _cells(*, minutes: bool) -> Callable[[StudentMark | None], str]:
    """What makes the cell of a mark; the same cells come again and again, so each is made once."""

    @cache
    def made(status: Status, seconds: int | None, remark: str | None) -> str:
        sign, word = MARKS[status][0], escape(_(STATUSES[status]))
        short = escape(_(SHORT_STATUSES[status]))
        if status in OF_THE_CLASS:
            short = ""  # its heading says it
        whole = _("{minutes} min", minutes=formats.number(round(seconds / 60))) if seconds else ""
        below = f"<span class='quiet'>{escape(whole)}</span>" if whole else ""
        hand, said = "", ""
        if remark is not None:
            hand = "<span aria-hidden='true'> ✎</span>"
            told = _("given by hand: {remark}", remark=plain(remark, LONGEST_REMARK)) if remark else _("given by hand")
            said = f", {escape(told)}"
        title = f" title='{word}{said}'"
        return (
            f"<td class='mark-{_look(status)}'{title}><span aria-hidden='true'>{f'{sign} {short}'.strip()}</span>{hand}"
            f"<span class='unseen'>{word}{said}</span>{below}</td>"
        )

    nothing = f"<td><span class='unseen'>{escape(_('not on the roster then'))}</span></td>"

    def cell(mark: StudentMark | None) -> str:
        if mark is None:
            return nothing
        seconds = mark.seconds if minutes else None
        return made(mark.status, seconds, mark.by_hand.remark if mark.by_hand else None)

    return cell


def _look(status: Status) -> str:
    """The class of `style.css` for a status."""
    return MARKS[status][1]
