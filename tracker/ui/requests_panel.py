"""What students say is not right in their attendance: for their teacher to accept or to leave as it is."""

from collections.abc import Sequence
from html import escape
from urllib.parse import quote

import streamlit as st

from tracker import courses
from tracker.attendance.register import StudentMark
from tracker.attendance.types import BY_HAND, Status
from tracker.courses import StudentHistory
from tracker.courses.marking import LONGEST_REMARK
from tracker.courses.own_page import LONGEST_TEXT
from tracker.messages import formats
from tracker.messages.languages import gettext as _
from tracker.messages.languages import ngettext as _n
from tracker.messages.vocabulary import STATUSES
from tracker.storage.courses import Course
from tracker.storage.members import Member
from tracker.storage.student_links import Asked, Request
from tracker.ui import components, page, registers, undo, words
from tracker.ui.wiring import services
from tracker.ui.words import plain

# So many can be answered at once on the page of a course, and so many are named on Today.
MOST_ANSWERED, MOST_ON_TODAY = 10, 3


def panel(member: Member, course: Course) -> None:
    """The open requests of a course, each with its two answers; nothing where there is none."""
    asked, where = page.read(courses.open_requests, member, course.id), f"requests-of-course-{course.id}"
    if asked:
        st.header(_("What students say is not right"), anchor=False)
        rows = {row.enrolled.id: row for row in registers.register_of(member, course).rows}
        for one in asked[:MOST_ANSWERED]:
            row = rows.get(one.request.student_id)
            mark = row.marks.get(one.request.class_id) if row is not None else None
            _answerable(one.request, _of_whom(one), where, mark)
        if len(asked) > MOST_ANSWERED:
            rest = len(asked) - MOST_ANSWERED
            more = _n(
                "{number} more follows when these are answered.", "{number} more follow when these are answered.", rest
            )
            st.caption(more)
    undo.show(where)


def on_today(asked: Sequence[Asked]) -> None:
    """The open requests of all courses, a line each, with the way to where they are answered."""
    sign = components.symbol_mark(":material/back_hand:", _("A student says this is not right"), "orange").text
    lines = [
        f"<li>{sign} {_of_whom(one)}<p class='words'>“{escape(plain(one.request.text, 120))}”</p></li>"
        for one in asked[:MOST_ON_TODAY]
    ]
    st.html(f"<ul class='requests'>{''.join(lines)}</ul>")
    if len(asked) > MOST_ON_TODAY:
        rest = len(asked) - MOST_ON_TODAY
        st.caption(
            _n("And {number} more, on the page of its course.", "And {number} more, on the pages of the courses.", rest)
        )


def of_student(shown: StudentHistory) -> None:
    """What a student has asked: what is open, to be answered, and what was answered before."""
    titles = {held.id: held for held in shown.classes}
    there = [one for one in shown.requests if one.class_id in titles and not one.is_withdrawn]
    waiting, over = [one for one in there if one.is_open], [one for one in there if not one.is_open]
    where = f"requests-of-student-{shown.row.enrolled.id}"
    if waiting:
        st.header(_("What the student says is not right"), anchor=False)
        for one in waiting:
            held = titles[one.class_id]
            day = formats.day(held.start.astimezone(words.zone()))
            _answerable(one, _about(one.class_id, held.title, day), where, shown.row.marks.get(one.class_id))
    undo.show(where)
    if over:
        with st.expander(_("Requests that were answered"), icon=":material/forum:", key="requests-answered"):
            for one in over:
                st.markdown(_past(one, titles[one.class_id].title))


def _past(one: Request, title: str) -> str:
    """A request that was answered, in Markdown."""
    outcome = _("accepted") if one.accepted else _("left as it is")
    told = _(
        "{title}: “{text}”, {outcome}.",
        title=words.markdown(title),
        text=words.markdown(one.text, LONGEST_TEXT),
        outcome=outcome,
    )
    answer = _("Your answer: “{text}”", text=words.markdown(one.answer, LONGEST_REMARK)) if one.answer else ""
    return f"{told} {answer}".strip()


def _of_whom(one: Asked) -> str:
    """Who says it of which class, as HTML with the ways to both."""
    student = quote(one.request.student_id, safe="")
    name = f"<a href='student?id={student}' target='_self'><bdi>{escape(plain(one.student))}</bdi></a>"
    day = formats.day(one.start.astimezone(words.zone()))
    return f"{name} · {_about(one.request.class_id, one.title, day)}"


def _about(class_id: str, title: str, day: str) -> str:
    link = f"<a href='class?id={quote(class_id, safe='')}' target='_self'><bdi>{escape(plain(title, 80))}</bdi></a>"
    return f"{link} <span class='quiet'>{escape(day)}</span>"


def _at_present(mark: StudentMark) -> str:
    """What the student is in the class as it stands, with the minutes."""
    status = _(STATUSES[mark.status])
    if not mark.seconds:
        return _("So far: {status}.", status=status)
    return _("So far: {status}, {minutes} in class.", status=status, minutes=formats.length(mark.seconds))


def _answerable(request: Request, about: str, where: str, mark: StudentMark | None) -> None:
    """One request with its answers; `where` the answer is told, as `undo` wants it, and `mark` is what it is about."""
    with st.container(key=f"request-{request.id}", border=True):
        if mark is not None:
            about = f"{about}<br>{escape(_at_present(mark))}"
        st.html(f"<p class='request'>{about}</p><p class='words'>“{escape(plain(request.text, LONGEST_TEXT))}”</p>")
        status = st.pills(
            _("What the student was, if you accept"),
            list(BY_HAND),
            default=Status.PRESENT,
            required=True,
            format_func=lambda code: _(STATUSES[code]),
            key=f"request-status-{request.id}",
        )
        answer = st.text_input(
            _("Answer, which the student reads (optional)"),
            max_chars=LONGEST_REMARK,
            key=f"request-answer-{request.id}",
        )
        with st.container(horizontal=True):
            if st.button(_("Accept"), type="primary", icon=":material/check:", key=f"accept-{request.id}"):
                _accept(request, status or Status.PRESENT, answer, where)
            if st.button(_("Leave as it is"), key=f"decline-{request.id}"):
                _decline(request, answer, where)


def _accept(request: Request, status: Status, answer: str, where: str) -> None:
    with page.shown_errors():
        marked = courses.accept(services(), page.acting(), request.id, status, answer)
    told = _("The request is accepted: {status}.", status=_(STATUSES[status]))
    undo.remember(where, told, request.class_id, marked, request_id=request.id)
    st.rerun()


def _decline(request: Request, answer: str, where: str) -> None:
    with page.shown_errors():
        courses.decline(services(), page.acting(), request.id, answer)
    undo.remember(where, _("The status stays as it is."), request.class_id, request_id=request.id)
    st.rerun()
