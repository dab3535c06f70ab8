"""One class, `/class?id=…`: what it is, who was there and when, and what can be done with it."""

import streamlit as st

from tracker import class_attendance, classes, courses, health
from tracker.attendance.types import ClassStatus
from tracker.health import Alarms
from tracker.storage.classes import Class
from tracker.ui import activity, attendance_panel, class_facts, page, sessions_panel
from tracker.ui.alarms import no_tracker
from tracker.ui.wiring import services

member = page.gate("Class")


def visible_class() -> Class:
    """The class that the address names. Raises NotFound, NotAllowed."""
    class_id = st.query_params.get("id", "")
    found: Class = page.read(classes.visible_class, member, class_id)
    return found


def version_of(found: Class, raised: Alarms, held: sessions_panel.Held) -> object:
    """What this page shows: a value that differs when something visible has changed."""
    size = page.read(class_attendance.size_of_records, found)
    students = page.read(courses.version_of_students, found)
    return raised.no_tracker, page.versions([found], services().now()), sessions_panel.version(held), size, students


def version_now() -> object:
    """The same as it is at this moment. Raises NotFound, NotAllowed."""
    found = visible_class()
    return version_of(found, alarms(), sessions_panel.held_in(found))


def alarms() -> Alarms:
    """What keeps classes from being counted."""
    found: Alarms = page.read(health.alarms, services().now())
    return found


def who_was_there() -> None:
    """Everything that is known of the class's people, at this moment, for whoever may still see it."""
    with page.shown_errors():
        found, now = visible_class(), services().now()
        to_come = found.status is ClassStatus.SCHEDULED and found.participant_count is None
        present = None if to_come else page.read(class_attendance.attendance_shown, found, now)
        takes_place = found.status is not ClassStatus.CANCELLED
        students = page.read(courses.with_students, member, found, present, now) if takes_place else None
        if present is not None:
            attendance_panel.show(found, present, member, students)
        elif students is not None:
            attendance_panel.without_people(found, students, member)
        if students is None and takes_place:
            attendance_panel.without_students(found, member)


with page.shown_errors():
    shown = classes.look_at(services(), member, st.query_params.get("id", ""))
    page.title_of_tab(shown.title)
top, row, below = st.container(), st.container(horizontal=True), st.container()
buttons = row.container(horizontal=True, width="content")
with row:
    class_facts.fetch_button(shown, below)
with page.shown_errors():
    shown = visible_class()
    raised, held = alarms(), sessions_panel.held_in(shown)
    drawn = version_of(shown, raised, held)
    with top:
        no_tracker(raised, member)
        class_facts.head(shown, member)
    with buttons:
        class_facts.buttons(shown, member)
    with below:
        class_facts.below_buttons(shown, member)
    sessions_panel.decisions(shown, held, member)
page.draw(who_was_there, moves=shown.status is ClassStatus.LIVE)
with page.shown_errors():
    sessions_panel.those_that_count(shown, held)
activity.of_class(shown, member)
page.redraw_on_change(drawn, version_now)
