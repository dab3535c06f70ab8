"""One course, `/course?id=…`: its register, its students and more, each a view that the address names."""

from collections.abc import Callable, Mapping

import streamlit as st

from tracker import courses
from tracker.messages.languages import gettext as _
from tracker.messages.languages import marked
from tracker.storage.courses import Course
from tracker.storage.members import Member
from tracker.ui import (
    choice,
    course_charts,
    course_facts,
    course_settings,
    course_students,
    page,
    register_panel,
    registers,
    report_panel,
    requests_panel,
    student_links_panel,
)
from tracker.ui.wiring import services


def _register(member: Member, course: Course) -> None:
    requests_panel.panel(member, course)
    register_panel.show(member, course)


def _students(member: Member, course: Course) -> None:
    course_students.show(member, course)
    student_links_panel.panel(member, course)


def _charts(member: Member, course: Course) -> None:
    course_charts.panel(registers.register_of(member, course))


# What the page shows of a course, by the word for it in the address: its label, and what draws it.
VIEWS: Mapping[str, tuple[str, Callable[[Member, Course], None]]] = {
    "register": (marked("Register"), _register),
    "students": (marked("Students"), _students),
    "charts": (marked("Charts"), _charts),
    "reports": (marked("Old reports"), report_panel.panel),
    "settings": (marked("Settings"), course_settings.show),
}

member = page.gate("Course")


def version() -> object:
    """What this page shows: a value that differs when something visible has changed."""
    return page.read(courses.version, member, st.query_params.get("id", ""), services().now())


with page.shown_errors():
    drawn = version()
    course = page.read(courses.visible_course, member, st.query_params.get("id", ""))
    page.title_of_tab(course.name)
    course_facts.head(member, course)
labels = {code: _(label) for code, (label, _draw) in VIEWS.items()}
view = choice.in_address("view", _("What is shown"), labels, "register", labelled=False)
with page.shown_errors():
    VIEWS[view][1](member, course)
if view == "register":
    page.redraw_on_change(drawn, version)
