"""The sessions of a class's meeting on its page: which count, why, and what a teacher can decide about them."""

from collections.abc import Callable
from datetime import timedelta

import streamlit as st

from tracker import auth, class_attendance, clock, sessions
from tracker.attendance.assignment import Choice, ClassPart, ClassSession, Stray, Why
from tracker.attendance.types import Span
from tracker.class_attendance import SharedWith
from tracker.errors import NotAllowed
from tracker.messages import sentence_of
from tracker.storage.classes import Class
from tracker.storage.members import Member
from tracker.storage.session_records import SessionList
from tracker.ui import words
from tracker.ui.page import CLASS, acting, read, shown_errors
from tracker.ui.wiring import services

WHY = {
    Why.TIME: "in the class's time",
    Why.OPENED_EARLY: "the room was opened before the class",
    Why.RESTARTED: "it goes on from the session before it",
    Why.HELD_LATE: "the class began later than planned",
    Why.HELD_AT_ANOTHER_TIME: "the class was held at another time",
    Why.CHOSEN: "it was counted in by hand",
    Why.PEOPLE_SHARED: "it is another class's; its people are shared by when they were there",
}
DAY = timedelta(days=1)
# The widths of a text and of the button beside it; on a phone it is below the text.
BESIDE = (3, 1)


def show(found: Class, viewer: Member) -> None:
    """Nothing where one session is the class; else the sessions with what can be decided."""
    now = services().now()
    part: ClassPart = read(sessions.part_of, found, now)
    lists = {one.session_uuid: one for one in read(class_attendance.lists_to_look_at, part)}
    for one in part.sessions:
        if one.session.uuid in lists:
            _other_list(found, one, lists[one.session.uuid])
    for stray in part.strays:
        _stray(found, part, stray)
    for shared in read(class_attendance.shared_with, found, now):
        _shared(shared, viewer)
    for other in read(class_attendance.moved_to, found, now):
        _beside(f"The session of the list below is counted for {_name(other)} now; this class has none.", other, viewer)
    by_hand = any(one.why is Why.CHOSEN or one.shared_with for one in part.sessions)
    if len(part.sessions) > 1 or by_hand or any(_missing(one) for one in lists.values()):
        with st.expander(f"Sessions of this meeting: {len(part.sessions)}", icon=":material/video_library:"):
            for one in part.sessions:
                _session(found, one, lists.get(one.session.uuid))


def version(found: Class) -> object:
    """What is shown of sessions: a value that differs when something visible has changed."""
    part: ClassPart = read(sessions.part_of, found, services().now())
    strays = [(one.session.uuid, one.left_out, one.runs) for one in part.strays]
    own = [(one.session.uuid, one.why, one.runs, one.shared_with) for one in part.sessions]
    lists = read(class_attendance.lists_to_look_at, part)
    return strays, own, [(one.session_uuid, _missing(one), one.shorter, one.longer) for one in lists]


def _stray(found: Class, part: ClassPart, stray: Stray) -> None:
    """A session that does not count, and the way to count it."""
    another = "Another session" if part.sessions else "A session"
    said = "It was left out by hand." if stray.left_out else f"It is not counted: {_why_not(found, part, stray)}."
    uuid = stray.session.uuid

    def count() -> None:
        if stray.left_out:
            class_attendance.undo_session_choice(services(), acting(), found, uuid)
        else:
            class_attendance.choose_session(services(), acting(), found, Choice(found.id, uuid, counts=True))

    _decision(
        f":material/help: {another} of this meeting, {_time(found, stray.span, runs=stray.runs)}. {said}",
        "Count it again" if stray.left_out else "Count it",
        f"count-{uuid}",
        count,
    )


def _other_list(found: Class, one: ClassSession, known: SessionList) -> None:
    """That Zoom's list of a session has become shorter, and the way to take the shorter one, and back."""
    kept, when = len(known.stays or ()), _time(found, one.span)
    if known.shorter is not None:
        said = f"Zoom's list has become shorter: {kept}, now {known.shorter}; the longer one is kept."
        label = "Take the shorter one"
    elif known.longer is not None:
        said = f"Zoom's shorter list was taken by hand: {known.longer}, now {kept}; the longer one is kept beside it."
        label = "Take the longer one again"
    else:
        return
    uuid = one.session.uuid
    _decision(
        f":material/playlist_remove: Session {when}: {said}",
        label,
        f"list-{uuid}",
        lambda: class_attendance.take_other_list(services(), acting(), found, uuid),
    )


def _shared(shared: SharedWith, viewer: Member) -> None:
    """Another class that has a part in the same session: who is only that one's, and the way to it."""
    other, name = shared.other, _name(shared.other)
    if shared.people:
        were = "was" if shared.people == 1 else "were"
        there = f"{words.people(shared.people)} of this meeting {were} there in the time of"
        said = f"{there} {name}, and {'is' if shared.people == 1 else 'are'} counted there."
    else:
        said = f"{name} was in the same meeting; nobody is counted there instead of here."
    _beside(said, other, viewer)


def _name(other: Class) -> str:
    return f"**{words.markdown(other.title)}** ({words.when(other)})"


def _beside(said: str, other: Class, viewer: Member) -> None:
    """What is said of another class, and the way to it for whoever may see it."""
    with st.container(border=True):
        text, link = st.columns(BESIDE, vertical_alignment="center")
        text.markdown(f":material/groups: {said}")
        try:
            auth.check_may_see(viewer, other)
        except NotAllowed:
            return
        link.page_link(CLASS, label="Go to that class", query_params={"id": other.id}, icon=":material/arrow_forward:")


def _session(found: Class, one: ClassSession, known: SessionList | None) -> None:
    """A session that counts, or whose people are shared, with why."""
    uuid, said = one.session.uuid, f"{_time(found, one.span, runs=one.runs)}: {WHY[one.why]}."
    if known is not None and _missing(known) and known.missing is not None:
        said += f" Its participants are missing: {words.markdown(sentence_of(known.missing), 300)}"
    if one.why is Why.CHOSEN:
        _decision(
            said,
            "Undo",
            f"undo-{uuid}",
            lambda: class_attendance.undo_session_choice(services(), acting(), found, uuid),
            border=False,
        )
    elif one.counted:
        choice = Choice(found.id, uuid, counts=False)
        _decision(
            said,
            "Leave it out",
            f"leave-{uuid}",
            lambda: class_attendance.choose_session(services(), acting(), found, choice),
            border=False,
        )
    else:
        st.markdown(said)


def _decision(said: str, label: str, key: str, decide: Callable[[], None], *, border: bool = True) -> None:
    """What there is, beside the button with which somebody decides about it."""
    with st.container(border=border):
        text, button = st.columns(BESIDE, vertical_alignment="center")
        text.markdown(said)
        if button.button(label, key=key):
            with shown_errors():
                decide()
            st.rerun()


def _missing(one: SessionList) -> bool:
    """Whether nothing is known of a session's people, because Zoom does not give its list."""
    return one.missing is not None and one.stays is None


def _time(found: Class, span: Span, *, runs: bool = False) -> str:
    """When a session was, with the day where that is not the planned one."""
    zone = clock.zone(found.timezone)
    planned, start, end = (at.astimezone(zone) for at in (found.planned.start, span.start, span.end))
    day = "" if start.date() == planned.date() else f"{start:%a} {start.day} {start:%b}, "
    if runs:
        return f"since {day}{start:%H:%M}, still running"
    if f"{start:%H:%M}" == f"{end:%H:%M}" and start.date() == end.date():
        return f"{day}{start:%H:%M:%S}–{end:%H:%M:%S}"
    other_day = "" if end.date() == start.date() else f"{end:%a} {end.day} {end:%b}, "
    return f"{day}{start:%H:%M}–{other_day}{end:%H:%M}"


def _why_not(found: Class, part: ClassPart, stray: Stray) -> str:
    """Why a session is left out by the rule: how far it lies from the planned time, or how short it was."""
    span, planned = stray.span, found.planned
    if span.start >= planned.end:
        began = f"it began {_apart(span.start - planned.end)} after the planned end"
        if part.counted:
            known = "counted" if found.participants_fetched_at is not None else "held"
            return f"{began}. The class was {known} already"
        return began if stray.runs else f"{began} and lasted {words.length(span.seconds)}"
    if span.start < planned.start:
        return f"it began {_apart(planned.start - span.start)} before the planned start"
    return f"it lasted only {words.length(span.seconds)}"


def _apart(gap: timedelta) -> str:
    """A length of time, in days where it is one or more."""
    if gap < DAY:
        return words.length(int(gap.total_seconds()))
    return "a day" if gap < 2 * DAY else f"{gap // DAY} days"
