"""One class, `/class?id=…`: what it is, who was there and when, and what can be done with it."""

import streamlit as st

from tracker import class_attendance, classes, fetching, health
from tracker.attendance.types import ClassStatus
from tracker.errors import ClassNotReady, ZoomError
from tracker.health import Alarms
from tracker.messages import sentence_of
from tracker.messages.languages import ngettext as _n
from tracker.storage.classes import Class
from tracker.ui import activity, attendance_panel, page, sessions_panel, sharing, words
from tracker.ui.plan import plan_fields, plan_of
from tracker.ui.wiring import services

START_LABELS = {
    ClassStatus.SCHEDULED: "Start class",
    ClassStatus.LIVE: "Go to class",
    ClassStatus.ENDED: "Start again",
}

member = page.gate("Class")


def visible_class() -> Class:
    """The class that the address names. Raises NotFound, NotAllowed."""
    class_id = st.query_params.get("id", "")
    found: Class = page.read(classes.visible_class, member, class_id)
    return found


def facts(found: Class) -> None:
    """Title, time and state of the class, its join link, and the buttons to start, change and cancel it."""
    state = words.state(found, services().now())
    seen = st.session_state.get(page.CLASSES_AS_SEEN)
    st.page_link(page.CLASSES, label="Classes", icon=":material/arrow_back:", query_params=seen)
    st.title(words.markdown(found.title, 200), anchor=False)
    known = [words.when(found), words.markdown(found.course or "", 60)]
    if found.teacher_id != member.id:
        known.append(words.markdown(found.teacher_name, 60))
    st.markdown(" · ".join(fact for fact in known if fact))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(state.word, icon=state.icon, color=state.color)
        st.markdown(words.markdown(state.sentence, 300), width="content")
    joinable = classes.may_be_held(found, services().now())
    if joinable and found.zoom_join_url:
        st.caption("Join link, for the students")
        st.code(found.zoom_join_url, language=None, wrap_lines=True)
    if found.zoom_api_meeting_id:
        st.caption(
            "This meeting uses the host's personal meeting ID, so other meetings held there are told apart by time "
            "only. For a meeting of its own for each class, switch off “Use Personal Meeting ID (PMI) when scheduling "
            "a meeting” in the host's Zoom settings."
        )
    sharing.facts(found, member, joinable=joinable)
    with st.container(horizontal=True):
        mine = found.teacher_id == member.id
        if mine and joinable and found.zoom_meeting_id:
            st.link_button(
                START_LABELS[found.status],
                f"/host?id={found.id}",
                icon=":material/video_call:",
                type="primary",
                help="Opens Zoom as the host, in a new tab. The link is for you only.",
            )
        if found.status is ClassStatus.SCHEDULED:
            if st.button("Change", icon=":material/edit:"):
                change(found)
            if st.button("Cancel class", icon=":material/event_busy:"):
                cancel(found)
        if st.button("Share", icon=":material/group_add:"):
            sharing.share(found)


@page.dialog("Change class", width="medium")
def change(found: Class) -> None:
    """Changes title and time, here and at Zoom."""
    plan = plan_fields(plan_of(found), f"change-{found.id}")
    if st.button("Save", type="primary"):
        with page.shown_errors(), st.spinner("Telling Zoom …"):
            classes.change_class(services(), page.acting(), found.id, plan)
        st.rerun()


@page.dialog("Cancel class")
def cancel(found: Class) -> None:
    """Asks once more, and cancels the class."""
    st.markdown(f"“{words.markdown(found.title)}” will not take place.")
    others = page.read(classes.others_in_meeting, found)
    if found.zoom_meeting_made and others:
        held = _n("{number} other class is", "{number} other classes are", len(others))
        st.markdown(f"Its Zoom meeting and the join link stay as they are, because {held} held there.")
    elif found.own_meeting:
        st.markdown("Its Zoom meeting is deleted, and its join link stops working.")
    elif found.zoom_meeting_made:
        st.markdown("Its Zoom meeting is deleted. The link still leads into the host's personal room.")
    if st.button("Cancel this class", type="primary"):
        with page.shown_errors(), st.spinner("Telling Zoom …"):
            classes.cancel_class(services(), page.acting(), found.id)
        st.rerun()


def fetch_button(found: Class) -> None:
    """“Fetch participants now”, with its progress and result. Why it cannot be clicked is what the badge says too."""
    reason = None
    try:
        fetching.check_fetchable(found, services().now())
    except ClassNotReady as error:
        planned = found.status is ClassStatus.SCHEDULED
        reason = words.state(found, services().now()).sentence if planned else sentence_of(error)
    if not st.button(
        "Fetch participants now", icon=":material/sync:", disabled=reason is not None, help=reason, key="fetch"
    ):
        return
    with st.status("Asking Zoom for the participants …") as status:
        try:
            with page.shown_errors(ClassNotReady, ZoomError):
                attendance = fetching.fetch_now(
                    services(),
                    page.acting(),
                    found.id,
                    lambda records: status.update(label=f"{records} records so far …"),
                )
        except (ClassNotReady, ZoomError) as error:
            status.update(label=words.markdown(sentence_of(error), 400), state="error")
        else:
            records = _n("{number} record", "{number} records", attendance.total_records)
            label = f"Zoom has {records} of {words.people(attendance.unique_count)}."
            status.update(label=label, state="complete")


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
top, action = st.container(), st.container()
with action:
    if shown.status is not ClassStatus.CANCELLED:
        fetch_button(shown)
with page.shown_errors():
    shown = visible_class()
    raised = alarms()
    drawn = version_of(shown, raised)
    with top:
        page.tracker_alarm(raised, member)
        facts(shown)
    sessions_panel.show(shown, member)
if shown.status is not ClassStatus.SCHEDULED or shown.participant_count is not None:
    page.draw(who_was_there, moves=shown.status is ClassStatus.LIVE)
activity.of_class(shown, member)
page.redraw_on_change(drawn, lambda: version_of(visible_class(), alarms()))
