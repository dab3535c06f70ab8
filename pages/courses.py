"""The page Courses: the courses of a teacher with what stands out in each, and a new one."""

import time

import streamlit as st

from tracker import courses
from tracker.messages.languages import gettext as _
from tracker.messages.languages import ngettext as _n
from tracker.ui import components, course_list, page
from tracker.ui.wiring import services

member = page.gate("Courses")
began = time.monotonic()

with st.container(key="page-head", horizontal=True, vertical_alignment="center"):
    st.title(_("Courses"), anchor=False)
with page.shown_errors():
    found = page.read(courses.list_seen, member, services().now())
    current = [one for one in found if one.course.archived_at is None]
    archived = [one for one in found if one.course.archived_at is not None]
    if current:
        course_list.table(current, member, _("Courses"), began)
    else:
        components.empty(
            ":material/school:",
            _("A course has students and classes, and its register says who came, who was late and who was missing."),
        )
    with st.expander(_("New course"), expanded=not current, icon=":material/add:", key="new-course-part"):
        course_list.new(member)
    if archived:
        title = _n("{number} archived course", "{number} archived courses", len(archived))
        with st.expander(title, icon=":material/archive:", key="archived"):
            course_list.table(archived, member, _("Archived courses"), began)
