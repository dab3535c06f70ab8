"""The sessions of a class's meeting on its page: which count, why, and what a teacher can decide about them."""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeAlias

import streamlit as st

from tracker import auth, class_attendance, sessions
from tracker.attendance.assignment import Choice, ClassPart, ClassSession, Stray, Why
from tracker.attendance.types import Span
from tracker.class_attendance import SharedWith
from tracker.errors import NotAllowed
from tracker.messages import formats, sentence_of
from tracker.messages.languages import gettext as _
from tracker.messages.languages import marked
from tracker.messages.languages import ngettext as _n
from tracker.storage.classes import Class
from tracker.storage.members import Member
from tracker.storage.session_records import SessionList
from tracker.ui import words
from tracker.ui.page import CLASS, acting, read, shown_errors
from tracker.ui.wiring import services

# A session that is the class's: when it was, and why it is.
WHY = {
    Why.TIME: marked("{time}: in the class's time."),
    Why.OPENED_EARLY: marked("{time}: the room was opened before the class."),
    Why.RESTARTED: marked("{time}: it goes on from the session before it."),
    Why.HELD_LATE: marked("{time}: the class began later than planned."),
    Why.HELD_AT_ANOTHER_TIME: marked("{time}: the class was held at another time."),
    Why.CHOSEN: marked("{time}: it was counted in by hand."),
    Why.PEOPLE_SHARED: marked(
        "{time}: it belongs to another class, and who was there in the time of this one counts here."
    ),
}
DAY = timedelta(days=1)
# What `held_in` says of a class.
Held: TypeAlias = tuple[ClassPart, dict[str, SessionList]]
# The widths of a text and of the button beside it; on a phone it is below the text.
BESIDE = (3, 1)


def held_in(found: Class) -> Held:
    """The sessions of a class, and those of their lists of which something is to be said."""
    part: ClassPart = read(sessions.part_of, found, services().now())
    return part, {one.session_uuid: one for one in read(class_attendance.lists_to_look_at, part)}


def decisions(found: Class, held: Held, viewer: Member) -> None:
    """What a teacher should know of the sessions, or decide about them; nothing where one session is the class."""
    now = services().now()
    part, lists = held
    for one in part.sessions:
        if one.session.uuid in lists:
            _other_list(found, one, lists[one.session.uuid])
    for stray in part.strays:
        _stray(found, part, stray)
    for shared in read(class_attendance.shared_with, found, now):
        _shared(shared, viewer)
    for other in read(class_attendance.moved_to, found, now):
        moved = _(
            "The session that the list below was read from counts for {other} now. This class has none.",
            other=_name(other),
        )
        _beside(moved, other, viewer)


def those_that_count(found: Class, held: Held) -> None:
    """The fold with the sessions of the class, each with why it is; nothing where one session is the class."""
    part, lists = held
    by_hand = any(one.why is Why.CHOSEN or one.shared_with for one in part.sessions)
    if len(part.sessions) > 1 or by_hand or any(_missing(one) for one in lists.values()):
        title = _n("{number} session of this meeting", "{number} sessions of this meeting", len(part.sessions))
        with st.expander(title, icon=":material/video_library:", key="sessions"):
            for one in part.sessions:
                _session(found, one, lists.get(one.session.uuid))


def version(held: Held) -> object:
    """What is shown of sessions: a value that differs when something visible has changed."""
    part, lists = held
    strays = [(one.session.uuid, one.left_out, one.runs) for one in part.strays]
    own = [(one.session.uuid, one.why, one.runs, one.shared_with) for one in part.sessions]
    return strays, own, [(uuid, _missing(one), one.shorter, one.longer) for uuid, one in lists.items()]


def _stray(found: Class, part: ClassPart, stray: Stray) -> None:
    """A session that does not count, and the way to count it."""
    time = _time(found, stray.span, runs=stray.runs)
    which = (
        _("Another session of this meeting: {time}.", time=time)
        if part.sessions
        else _("A session of this meeting: {time}.", time=time)
    )
    said = _("It was left out by hand.") if stray.left_out else _why_not(found, part, stray)
    uuid = stray.session.uuid

    def count() -> None:
        if stray.left_out:
            class_attendance.undo_session_choice(services(), acting(), found, uuid)
        else:
            class_attendance.choose_session(services(), acting(), found, Choice(found.id, uuid, counts=True))

    _decision(
        f":material/help: {which} {said}",
        _("Count it again") if stray.left_out else _("Count it"),
        f"count-{uuid}",
        count,
    )


def _other_list(found: Class, one: ClassSession, known: SessionList) -> None:
    """That Zoom's list of a session has become shorter, and the way to take the shorter one, and back."""
    kept, time = len(known.stays or ()), _time(found, one.span)
    if known.shorter is not None:
        said = _(
            "Session {time}: Zoom's list has become shorter: {kept}, now {shorter}. The longer one is kept.",
            time=time,
            kept=kept,
            shorter=known.shorter,
        )
        label = _("Take the shorter one")
    elif known.longer is not None:
        said = _(
            "Session {time}: Zoom's shorter list was taken by hand: {longer}, now {kept}. The longer one is kept too.",
            time=time,
            longer=known.longer,
            kept=kept,
        )
        label = _("Take the longer one again")
    else:
        return
    uuid = one.session.uuid
    _decision(
        f":material/playlist_remove: {said}",
        label,
        f"list-{uuid}",
        lambda: class_attendance.take_other_list(services(), acting(), found, uuid),
    )


def _shared(shared: SharedWith, viewer: Member) -> None:
    """Another class that has a part in the same session: who is only that one's, and the way to it."""
    other, name = shared.other, _name(shared.other)
    if shared.people:
        said = _n(
            "{number} person of this meeting was there in the time of {other}, and is counted there.",
            "{number} people of this meeting were there in the time of {other}, and are counted there.",
            shared.people,
            other=name,
        )
    else:
        said = _("{other} was in the same meeting; nobody is counted there instead of here.", other=name)
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
        link.page_link(
            CLASS, label=_("Go to that class"), query_params={"id": other.id}, icon=":material/arrow_forward:"
        )


def _session(found: Class, one: ClassSession, known: SessionList | None) -> None:
    """A session that counts, or whose people are shared, with why."""
    uuid, said = one.session.uuid, _(WHY[one.why], time=_time(found, one.span, runs=one.runs))
    if known is not None and _missing(known) and known.missing is not None:
        missing = _("Its participants are missing: {why}", why=words.markdown(sentence_of(known.missing), 300))
        said = f"{said} {missing}"
    if one.why is Why.CHOSEN:
        _decision(
            said,
            _("Undo"),
            f"undo-{uuid}",
            lambda: class_attendance.undo_session_choice(services(), acting(), found, uuid),
            border=False,
        )
    elif one.counted:
        choice = Choice(found.id, uuid, counts=False)
        _decision(
            said,
            _("Leave it out"),
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
    """When a session was, in the reader's zone, with the day where that is not the planned one."""
    zone = words.zone()
    planned, start, end = (at.astimezone(zone) for at in (found.planned.start, span.start, span.end))
    begin, seconds = formats.time(start), False
    if not runs and begin == formats.time(end) and start.date() == end.date():
        begin, seconds = formats.time(start, seconds=True), True
    if start.date() != planned.date():
        begin = _("{day}, {time}", day=formats.day(start, year=False), time=begin)
    if runs:
        return _("since {time}, still running", time=begin)
    until = formats.time(end, seconds=seconds)
    if end.date() != start.date():
        until = _("{day}, {time}", day=formats.day(end, year=False), time=until)
    return f"{begin}{formats.DASH}{until}"


def _why_not(found: Class, part: ClassPart, stray: Stray) -> str:
    """Why a session is left out by the rule: how far it lies from the planned time, or how short it was."""
    span, planned = stray.span, found.planned
    lasted = formats.length(span.seconds)
    if span.start >= planned.end:
        apart = _apart(span.start - planned.end)
        late = _("It is not counted: it began {length} after the planned end.", length=apart)
        if part.counted:
            known = found.participants_fetched_at is not None
            return f"{late} {_('The class was counted already.') if known else _('The class was held already.')}"
        if stray.runs:
            return late
        return _(
            "It is not counted: it began {length} after the planned end and lasted {lasted}.",
            length=apart,
            lasted=lasted,
        )
    if span.start < planned.start:
        apart = _apart(planned.start - span.start)
        return _("It is not counted: it began {length} before the planned start.", length=apart)
    return _("It is not counted: it lasted only {lasted}.", lasted=lasted)


def _apart(gap: timedelta) -> str:
    """A length of time, in days where it is one or more."""
    if gap < DAY:
        return formats.length(gap.total_seconds())
    return _n("{number} day", "{number} days", gap // DAY)
