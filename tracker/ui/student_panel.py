"""The page of a student: who she is, how often she came, what she was in each class, and a status given by hand."""

from collections.abc import Iterable
from html import escape
from urllib.parse import quote

import streamlit as st

from tracker import courses
from tracker.attendance.matching import Match, Why
from tracker.attendance.register import RegisterClass, Row, StudentMark
from tracker.attendance.trend import LATEST, Trend, trend_of
from tracker.attendance.types import CAME, LATE, Person, Status
from tracker.courses import StudentHistory
from tracker.messages import formats
from tracker.messages.languages import gettext as _
from tracker.messages.languages import ngettext as _n
from tracker.messages.vocabulary import HEADINGS, NO_NAME, STATUSES
from tracker.ui import components, undo, words
from tracker.ui.components import Cell, Column, Figure, Html
from tracker.ui.mark_panel import status_and_remark
from tracker.ui.page import acting, shown_errors
from tracker.ui.people_panel import MOST_WITHOUT_BOX, minutes, status_mark
from tracker.ui.register_table import TRENDS
from tracker.ui.wiring import services
from tracker.ui.words import plain

LONGEST_TITLE = 80


def way_back(shown: StudentHistory) -> None:
    """The link to her course."""
    course = escape(plain(shown.course.name))
    link = f"<a href='course?id={quote(shown.course.id, safe='')}' target='_self'>{course}</a>"
    st.html(f"<p class='way-back'><span aria-hidden='true'>←</span> {link}</p>")


def facts(shown: StudentHistory) -> None:
    """What the roster says of her, whether she is at risk and why, and her figures."""
    student = shown.row.enrolled.student
    told = [
        words.markdown(student.email, 254),
        _("number {number}", number=words.markdown(student.number)) if student.number else "",
        _("group {group}", group=words.markdown(student.group)) if student.group else "",
        _("from {day}", day=formats.day(student.since)) if student.since else "",
        _("until {day}", day=formats.day(student.until)) if student.until else "",
    ]
    also = [words.markdown(one, 254) for one in shown.row.enrolled.addresses]
    if also:
        told.append(_("also joins as {addresses}", addresses=formats.listed(also)))
    st.caption(" · ".join(one for one in told if one))
    if risk := shown.row.risk(shown.rules):
        components.notice("!", words.why_at_risk(risk), "orange")
    components.figures(_figures(shown.row))


def _figures(row: Row) -> list[Figure]:
    counted = row.counted
    came, late = (sum(mark.status in some for mark in counted) for some in (CAME, LATE))
    excused = sum(mark.status is Status.EXCUSED for mark in row.marks.values())
    lately, trend = counted[-LATEST:], trend_of(row)
    rate = formats.percent(row.rate) if row.rate is not None else ""
    return [
        Figure(_("Attended"), _out_of(came, len(counted)), rate),
        Figure(
            _("Last {number} classes", number=len(lately)),
            _out_of(sum(mark.status in CAME for mark in lately), len(lately)),
            "" if trend is Trend.STEADY else _(TRENDS[trend][1]),
        )
        if len(counted) > LATEST
        else Figure(_("Excused"), formats.number(excused)),
        Figure(_("Came late"), formats.number(late)),
        Figure(
            _("Absent"),
            formats.number(len(counted) - came),
            _n("{number} in a row now", "{number} in a row now", row.absences_in_a_row)
            if row.absences_in_a_row > 1
            else "",
        ),
    ]


def _out_of(number: int, of_all: int) -> str:
    if not of_all:
        return formats.DASH
    return words.out_of(number, of_all)


def classes(shown: StudentHistory) -> None:
    """The table of her classes, the latest first."""
    st.header(_("Classes"), anchor=False)
    held = shown.held
    if not held:
        components.empty(":material/inbox:", _("No class has been counted yet."))
        return
    columns = [
        Column(_("Class")),
        Column(_(HEADINGS["Status"])),
        Column(_(HEADINGS["Minutes in class"]), numbers=True),
        Column(_(HEADINGS["Percent"]), numbers=True, look="wide"),
        Column(_("Found by"), look="wide quiet"),
        Column(_("Remark"), look="wide"),
    ]
    rows = (_row(one, shown.row.marks[one.id]) for one in reversed(held))
    components.table(_("Classes"), columns, rows, look="people", box=len(held) > MOST_WITHOUT_BOX)


def _row(held: RegisterClass, mark: StudentMark) -> list[Cell]:
    """A class; on a phone what has no column of its own there is in small letters below its title."""
    found, remark = _found_by(mark), plain(mark.remark, 200)
    title = escape(plain(held.title, LONGEST_TITLE))
    link = f"<a href='class?id={quote(held.id, safe='')}' target='_self'><bdi>{title}</bdi></a>"
    small = "".join(f"<span class='narrow quiet'>{escape(one)}</span>" for one in (found, remark) if one)
    day = escape(formats.day(held.start.astimezone(words.zone())))
    by_hand = f" <span class='quiet'>{escape(_('by hand'))}</span>" if mark.by_hand else ""
    return [
        Html(f"{link}<span class='day quiet'>{day}</span>{small}"),
        Html(f"{status_mark(mark.status).text}{by_hand}"),
        formats.DASH if mark.seconds is None else minutes(mark.seconds),
        formats.DASH if mark.percent is None else formats.percent(mark.percent),
        found,
        remark,
    ]


def _found_by(mark: StudentMark) -> str:
    """Why somebody in a class is taken for her, and by which name she joined."""
    return ", ".join(dict.fromkeys(_one_found_by(person, match) for person, match in mark.people))


def _one_found_by(person: Person, match: Match) -> str:
    name = plain(person.name, 60) or _(NO_NAME)
    if match.why is Why.EMAIL:
        return _("e-mail, as “{name}”", name=name)
    if match.why is Why.NAME:
        return _("name “{name}”", name=name)
    if match.decided_at is None:
        return _("your choice, “{name}”", name=name)
    return _("your choice on {day}, “{name}”", day=formats.day(match.decided_at.astimezone(words.zone())), name=name)


def change(shown: StudentHistory) -> None:
    """A status by hand in one class, the rule's again, and the way back."""
    student_id, held = shown.row.enrolled.id, list(reversed(shown.held))
    if not held:
        return
    with st.expander(_("Change a status by hand"), icon=":material/edit_note:", key="student-by-hand"):
        titles = {one.id: _class_in_words(one) for one in held}
        chosen = st.selectbox(
            _("Class"), list(titles), format_func=lambda one: titles.get(one, ""), key=f"marked-class-{student_id}"
        )
        mark = shown.row.marks[chosen]
        status, remark = status_and_remark(chosen)
        with st.container(horizontal=True):
            if st.button(_("Save"), type="primary", key="save-mark"):
                _say(shown, chosen, status, remark, titles[chosen])
            if mark.by_hand and st.button(
                _("Take back: {status} by the rule", status=_(STATUSES[mark.by_rule])), key="take-back-mark"
            ):
                _say(shown, chosen, None, "", titles[chosen])
        st.caption(_("It holds whatever Zoom's list says later, until you take it back."))
    undo.show(_where(shown))


def _class_in_words(held: RegisterClass) -> str:
    day = formats.day(held.start.astimezone(words.zone()))
    return _("{day}, {title}", day=day, title=plain(held.title, LONGEST_TITLE))


def _say(shown: StudentHistory, class_id: str, status: Status | None, remark: str, title: str) -> None:
    """Stores what was clicked, and draws the page anew with the way back."""
    with shown_errors():
        marked = courses.mark(services(), acting(), class_id, [shown.row.enrolled.id], status, remark)
    title = words.markdown(title, 200)
    told = (
        _("{title}: {status}.", title=title, status=_(STATUSES[status]))
        if status
        else _("{title}: the rule holds again.", title=title)
    )
    undo.remember(_where(shown), told, class_id, marked)
    st.rerun()


def elsewhere(shown: StudentHistory) -> None:
    """Who she is in other courses of the same teacher."""
    if not shown.elsewhere:
        return
    st.header(_("In other courses"), anchor=False)
    st.html(f"<ul class='ways-on'>{''.join(_links(shown))}</ul>")
    st.caption(_("By the same e-mail or student number."))


def _links(shown: StudentHistory) -> Iterable[str]:
    for one in shown.elsewhere:
        address, course = quote(one.id, safe=""), escape(plain(one.course))
        name = plain(one.student.name) or _(NO_NAME)
        other = "" if name == plain(shown.row.enrolled.student.name) else f" ({escape(name)})"
        yield f"<li><a href='student?id={address}' target='_self'>{course}</a>{other}</li>"


def _where(shown: StudentHistory) -> str:
    """Where what was said is told, as `undo` wants it."""
    return f"student-{shown.row.enrolled.id}"
