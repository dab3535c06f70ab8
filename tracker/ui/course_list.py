"""The list of courses, and the form that makes one."""

import time
from collections.abc import Iterable, Mapping, Sequence
from html import escape

import streamlit as st

from tracker import auth, courses
from tracker.courses import ListedCourse
from tracker.messages import formats
from tracker.messages.languages import gettext as _
from tracker.storage.members import Member
from tracker.ui import components, page, people, register_table, registers, words
from tracker.ui.components import Cell, Column, Html
from tracker.ui.wiring import services

# So long a page waits for who is at risk: in courses of which it is not known by then, it is told the next time.
SECONDS = 1.0


def table(found: Sequence[ListedCourse], member: Member, caption: str, began: float) -> None:
    """Draws courses as a table; who is at risk is worked out when the rest is there already.

    `began`: when the page began to be drawn, by `time.monotonic`.
    """
    place = st.empty()
    with place:
        _draw(found, member, caption, {})
    if not member.is_admin:  # she would wait for the courses of the whole school
        at_risk = {
            one.course.id: _at_risk(one, member, known_only=time.monotonic() - began > SECONDS)
            for one in found
            if one.figures.held
        }
        with place:
            _draw(found, member, caption, at_risk)


def new(member: Member) -> None:
    """Draws the form for a course that is made, and leads to its students."""
    with st.form("new-course", border=False, width=760):
        name = st.text_input(_("Name of the course"), key="new-course-name", placeholder=_("Algebra 7B"))
        teacher = member
        if member.is_admin:
            with page.shown_errors():
                others = [one for one in page.read(auth.list_members) if one.id != member.id]
            others = [one for one in others if one.disabled_at is None]
            teacher = st.selectbox(_("Teacher"), [member, *others], format_func=people.named, key="new-course-teacher")
        if not st.form_submit_button(_("Make the course"), type="primary", icon=":material/add:"):
            return
    with page.shown_errors():
        course_id = courses.new_course(services(), page.acting(), name or "", teacher)
    st.switch_page(page.COURSE, query_params={"id": course_id, "view": "students"})


def _draw(found: Iterable[ListedCourse], member: Member, caption: str, at_risk: Mapping[str, str]) -> None:
    columns = [
        Column(_("Course")),
        *([Column(_("Teacher"))] if member.is_admin else []),
        Column(_("Students"), numbers=True),
        Column(_("Classes held"), numbers=True),
        *([] if member.is_admin else [Column(_("At risk"), numbers=True)]),
        Column(_("Next class"), look="wide"),
    ]
    rows: list[list[Cell]] = []
    for one in found:
        shared = one.course.teacher_id != member.id
        owner = words.plain(one.course.teacher_name, 60)
        small = f"<span class='quiet'> {escape(owner)}</span>" if shared and not member.is_admin else ""
        name = register_table.link("course", one.course.id, words.plain(one.course.name, 120))
        start = one.figures.next_start
        rows.append(
            [
                Html(f"<bdi>{name}</bdi>{small}"),
                *([owner] if member.is_admin else []),
                formats.number(one.figures.students),
                formats.number(one.figures.held),
                *([] if member.is_admin else [at_risk.get(one.course.id, "")]),
                formats.moment(start.astimezone(words.zone())) if start else "",
            ]
        )
    components.table(caption, columns, rows, look="courses")


def _at_risk(one: ListedCourse, member: Member, *, known_only: bool) -> str:
    """How many students of a course are at risk; nothing where that cannot be told, or not now."""
    with page.kept_apart():
        if one.figures.students:
            number = registers.number_at_risk(member, one.course, known_only=known_only)
            return "" if number is None else formats.number(number)
    return ""
