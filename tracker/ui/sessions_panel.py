"""The sessions of a class's meeting on its page: which count, why, and what a teacher can decide about them."""

import streamlit as st

from tracker import clock, sessions
from tracker.attendance.assignment import Choice, ClassPart, ClassSession, Stray, Why
from tracker.attendance.types import Span
from tracker.storage.classes import Class
from tracker.ui import words
from tracker.ui.page import read, shown_errors
from tracker.ui.wiring import services

WHY = {
    Why.TIME: "in the class's time",
    Why.OPENED_EARLY: "the room was opened before the class",
    Why.RESTARTED: "it goes on from the session before it",
    Why.HELD_LATE: "the class began later than planned",
    Why.HELD_AT_ANOTHER_TIME: "the class was held at another time",
    Why.CHOSEN: "you have counted it in",
    Why.PEOPLE_SHARED: "it is another class's; its people are shared by when they were there",
}


def show(found: Class) -> None:
    """Nothing where one session is the class; else the sessions with what can be decided."""
    part: ClassPart = read(sessions.part_of, found, services().now())
    for stray in part.strays:
        _stray(found, stray)
    if len(part.sessions) > 1 or any(one.shared_with or one.why is Why.CHOSEN for one in part.sessions):
        with st.expander(f"Sessions of this meeting: {len(part.sessions)}", icon=":material/video_library:"):
            for one in part.sessions:
                _session(found, one)


def version(found: Class) -> list[tuple[str, bool, bool]]:
    """What is shown of sessions that do not count: a value that differs when something visible has changed."""
    part: ClassPart = read(sessions.part_of, found, services().now())
    return [(one.session.uuid, one.left_out, one.session.end is None) for one in part.strays]


def _stray(found: Class, stray: Stray) -> None:
    """A session that does not count, and the way to count it."""
    said = "You have left it out." if stray.left_out else f"It is not counted: {_why_not(found, stray.span)}."
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        st.markdown(
            f":material/help: Another session of this meeting, {_time(found, stray.span)}. {said}", width="stretch"
        )
        label = "Count it again" if stray.left_out else "Count it"
        if st.button(label, key=f"count-{stray.session.uuid}", width="content"):
            with shown_errors():
                if stray.left_out:
                    sessions.undo_choice(services(), found, stray.session.uuid)
                else:
                    sessions.choose(services(), found, Choice(found.id, stray.session.uuid, counts=True))
            st.rerun()


def _session(found: Class, one: ClassSession) -> None:
    """A session that counts, or whose people are shared, with why."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"{_time(found, one.span)}: {WHY[one.why]}.", width="stretch")
        if one.why is Why.CHOSEN:
            if st.button("Undo", key=f"undo-{one.session.uuid}", width="content"):
                with shown_errors():
                    sessions.undo_choice(services(), found, one.session.uuid)
                st.rerun()
        elif one.counted and st.button("Leave it out", key=f"leave-{one.session.uuid}", width="content"):
            with shown_errors():
                sessions.choose(services(), found, Choice(found.id, one.session.uuid, counts=False))
            st.rerun()


def _time(found: Class, span: Span) -> str:
    zone = clock.zone(found.timezone)
    start, end = span.start.astimezone(zone), span.end.astimezone(zone)
    day = "" if start.date() == found.planned.start.astimezone(zone).date() else f"{start:%a} {start.day} {start:%b}, "
    return f"{day}{start:%H:%M}–{end:%H:%M}"


def _why_not(found: Class, span: Span) -> str:
    """How far the session lies from the planned time."""
    if span.start >= found.planned.end:
        return f"it began {words.length(int((span.start - found.planned.end).total_seconds()))} after the planned end"
    return f"it began {words.length(int((found.planned.start - span.start).total_seconds()))} before the planned start"
