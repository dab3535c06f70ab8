"""The top of a course's page: what it is in one line, and what is done with it most."""

import streamlit as st

from tracker import courses
from tracker.messages import formats
from tracker.messages.languages import gettext as _
from tracker.messages.languages import ngettext as _n
from tracker.storage.courses import Course
from tracker.storage.members import Member
from tracker.ui import page, words
from tracker.ui.wiring import services


def head(member: Member, course: Course) -> None:
    """Draws the way back, the title with the button for a new class, and the facts."""
    st.page_link(page.COURSES, label=_("Courses"), icon=":material/arrow_back:")
    with st.container(key="page-head", horizontal=True, vertical_alignment="center"):
        st.title(words.markdown(course.name, 200), anchor=False)
        # A new class is its maker's: of somebody else's course she would make one of her own.
        own = course.teacher_id == member.id
        if own and course.archived_at is None and st.button(_("New class"), icon=":material/add:"):
            st.switch_page(page.NEW_CLASS, query_params={"course": course.id})
    with page.shown_errors():
        figures = page.read(courses.figures_of, member, course, services().now())
    facts = [
        _n("{number} student", "{number} students", figures.students),
        _n("{number} class held", "{number} classes held", figures.held),
    ]
    if figures.next_start is not None:
        start = figures.next_start.astimezone(words.zone())
        facts.append(_("next class {when}", when=words.markdown(f"{formats.day(start)}, {formats.time(start)}")))
    if course.teacher_id != member.id:
        facts.append(words.markdown(course.teacher_name, 60))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if course.archived_at is not None:
            st.badge(_("Archived"), icon=":material/archive:", color="gray")
        st.markdown(" · ".join(facts), width="content")
