"""One class, `/class?id=…`: what it is, who was there and when, and what can be done with it."""

import streamlit as st

from tracker import class_attendance, classes, health
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


def version_of(found: Class, raised: Alarms) -> object:
    """What this page shows: a value that differs when something visible has changed."""
    size = page.read(class_attendance.size_of_records, found)
    return raised.no_tracker, page.versions([found], services().now()), sessions_panel.version(found), size


def alarms() -> Alarms:
    """What keeps classes from being counted."""
    found: Alarms = page.read(health.alarms, services().now())
    return found


def who_was_there() -> None:
    """Everything that is known of the class's people, at this moment, for whoever may still see it."""
    with page.shown_errors():
        found = visible_class()
        present = page.read(class_attendance.attendance_shown, found, services().now())
        if present is not None:
            attendance_panel.show(found, present, member)


with page.shown_errors():
    shown = classes.look_at(services(), member, st.query_params.get("id", ""))
    page.title_of_tab(shown.title)
top, row, below = st.container(), st.container(horizontal=True), st.container()
buttons = row.container(horizontal=True, width="content")
with row:
    class_facts.fetch_button(shown, below)
with page.shown_errors():
    shown = visible_class()
    raised = alarms()
    drawn = version_of(shown, raised)
    with top:
        no_tracker(raised, member)
        class_facts.head(shown, member)
    with buttons:
        class_facts.buttons(shown, member)
    with below:
        class_facts.below_buttons(shown, member)
    sessions_panel.decisions(shown, member)
if shown.status is not ClassStatus.SCHEDULED or shown.participant_count is not None:
    page.draw(who_was_there, moves=shown.status is ClassStatus.LIVE)
with page.shown_errors():
    sessions_panel.those_that_count(shown)
activity.of_class(shown, member)
page.redraw_on_change(drawn, lambda: version_of(visible_class(), alarms()))
