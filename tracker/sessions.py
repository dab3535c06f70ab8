"""Which sessions of a Zoom meeting are which class, and what follows for the classes.

The rule itself is pure (`attendance.assignment`). Here it is applied: to webhooks, to what Zoom lists, to teachers'
choices, and to what is stored. Each use case opens its own short transactions, and never keeps one open while it talks
to Zoom.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from tracker import clock, storage
from tracker.attendance.assignment import Choice, ClassPart, MeetingClass, assign, life_of, sharing_with
from tracker.attendance.counting import clip
from tracker.attendance.remembered import Stored
from tracker.attendance.types import ClassStatus, Session, Sighting, Span, Where
from tracker.errors import ZoomError, ZoomMeetingUnknown, ZoomMisconfigured, ZoomRateLimited
from tracker.services import Services
from tracker.storage.classes import Class, ClassInMeeting
from tracker.storage.database import Transaction, together
from tracker.zoom.webhook import Delivery, MeetingEnded, MeetingStarted, ParticipantSeen

log = logging.getLogger(__name__)

Outcome = Literal["noted", "repeat", "not_ours", "nothing_to_note"]
# Sessions of a meeting that serves many classes are asked for when they began so near to a class.
NEAR = timedelta(days=1)
NOTHING_KNOWN = ClassPart((), (), (), at_another_time=False)


@dataclass(frozen=True, slots=True)
class Meeting:
    """A meeting's classes (cancelled ones left out), its sessions, and what each class has of them."""

    id: str
    classes: tuple[ClassInMeeting, ...]
    sessions: tuple[Session, ...]
    parts: Mapping[str, ClassPart]

    @property
    def planned(self) -> tuple[MeetingClass, ...]:
        """The classes as the rule sees them."""
        return tuple(_planned(one) for one in self.classes)

    @property
    def of_classes(self) -> set[str]:
        """The UUIDs of the sessions that are any class's."""
        return {one.session.uuid for part in self.parts.values() for one in part.sessions}

    def uuids_of(self, class_id: str) -> set[str]:
        """The UUIDs of the sessions of a class."""
        return {one.session.uuid for one in self.parts[class_id].sessions}

    def shared_with(self, class_id: str) -> "Meeting":
        """The same with that class and those that share sessions with it alone."""
        group = sharing_with(class_id, self.parts)
        parts = {other: part for other, part in self.parts.items() if other in group}
        return replace(self, classes=tuple(one for one in self.classes if one.id in group), parts=parts)


def meeting_of(
    tx: Transaction, meeting_id: str, now: datetime, told: Iterable[Session] = (), *, locked: bool = False
) -> Meeting:
    """A meeting as it is stored, with what was `told` of its sessions besides; `locked` are its classes."""
    classes = tuple(
        one
        for one in storage.classes.classes_in_meeting(tx, meeting_id, locked=locked)
        if one.status is not ClassStatus.CANCELLED
    )
    sessions = _merged(storage.sessions.list_sessions(tx, meeting_id), told)
    choices = storage.sessions.list_choices(tx, [one.id for one in classes])
    leaves = storage.session_records.latest_leaves(tx, meeting_id)
    parts = assign(map(_planned, classes), sessions, choices, latest_leave=leaves, now=now)
    return Meeting(meeting_id, classes, sessions, parts)


def meetings_of(tx: Transaction, meeting_ids: Set[str], now: datetime) -> dict[str, Meeting]:
    """The same of several meetings, by their ids: as many questions as for one."""
    classes = storage.class_lists.classes_in_meetings(tx, meeting_ids)
    sessions = storage.sessions.sessions_of_meetings(tx, meeting_ids)
    leaves = storage.session_records.latest_leaves(tx, *meeting_ids)
    choices = defaultdict[str, list[Choice]](list)
    for choice in storage.sessions.list_choices(tx, [one.id for ones in classes.values() for one in ones]):
        choices[choice.class_id].append(choice)
    found = {}
    for meeting_id in meeting_ids:
        held = tuple(one for one in classes.get(meeting_id, ()) if one.status is not ClassStatus.CANCELLED)
        runs = _merged(sessions.get(meeting_id, ()), ())
        said = [choice for one in held for choice in choices[one.id]]
        parts = assign(map(_planned, held), runs, said, latest_leave=leaves, now=now)
        found[meeting_id] = Meeting(meeting_id, held, runs, parts)
    return found


@dataclass(frozen=True, slots=True)
class ReadAhead:
    """What is read at once of classes whose attendances are wanted together.

    Their `meetings` by id, `participantsData` as `texts` by class, and of which of their sessions Zoom gave a list.
    """

    meetings: Mapping[str, Meeting]
    texts: Mapping[str, str]
    listed: Set[str]

    def stored(self, class_id: str) -> Stored | None:
        """What is stored of a class's participants; None while they are not known. Raises UnreadableRecords."""
        return storage.participants.stored_of(self.texts.get(class_id))


def read_ahead(tx: Transaction, classes: Iterable[Class], now: datetime) -> ReadAhead:
    """What the attendances of these classes are worked out from: a few questions, however many they are."""
    having = list(classes)
    meetings = meetings_of(tx, {one.zoom_meeting_id for one in having if one.zoom_meeting_id is not None}, now)
    listed = storage.session_records.listed(tx, {uuid for one in meetings.values() for uuid in one.of_classes})
    return ReadAhead(meetings, storage.participants.texts_of(tx, [one.id for one in having]), listed)


def part_of(tx: Transaction, found: Class, now: datetime, meeting: Meeting | None = None) -> ClassPart:
    """What a class has of its `meeting`'s sessions, which is read where it is not given.

    One that was made from a report, or that another program wrote, may only have times of its own.
    """
    if found.report_digest is not None and found.started_at is not None and found.ended_at is not None:
        held = (Span(found.started_at, found.ended_at),)
        return replace(NOTHING_KNOWN, own_time=clip(held, (found.planned,)) or held)
    if found.zoom_meeting_id is None:
        return NOTHING_KNOWN
    meeting = meeting or meeting_of(tx, found.zoom_meeting_id, now)
    if meeting.sessions or found.started_at is None:
        return meeting.parts.get(found.id, NOTHING_KNOWN)
    own = Session(found.zoom_meeting_id, found.started_at, found.ended_at)
    this = MeetingClass(found.id, found.planned, clock.zone(found.timezone), made_for_it=True)
    return assign([this], [own], latest_leave={}, now=now)[found.id]


def apply_sessions(
    tx: Transaction,
    meeting_id: str,
    told: Iterable[Session],
    delay: timedelta,
    now: datetime,
    *,
    fetching: str | None = None,
) -> None:
    """Stores what was told of a meeting's sessions, and brings its classes in line with those that are their own.

    Their status and times follow, and their participants are asked for where a class is over and its sessions changed;
    but for the class whose participants are being stored by the caller (`fetching`).
    """
    with following(tx, meeting_id, delay, now, fetching=fetching):
        for session in told:
            storage.sessions.save_session(tx, meeting_id, session)


@contextmanager
def following(
    tx: Transaction, meeting_id: str, delay: timedelta, now: datetime, *, fetching: str | None = None
) -> Iterator[Meeting]:
    """Whatever is changed of a meeting in the block, its sessions, its classes or choices: all its classes follow.

    The block is given the meeting as it is before; its classes are locked.
    """
    before = meeting_of(tx, meeting_id, now, locked=True)
    yield before
    after = meeting_of(tx, meeting_id, now)
    for one in after.classes:
        had = before.parts.get(one.id, NOTHING_KNOWN)
        _follow(tx, one, had, after.parts[one.id], None if one.id == fetching else delay, now)


def note_delivery(services: Services, delivery: Delivery) -> Outcome:
    """Takes in a webhook: committed when this returns, and changing nothing when it came before."""
    event = delivery.event
    if not isinstance(event, MeetingStarted | MeetingEnded | ParticipantSeen):
        return "nothing_to_note"
    session, sighting = _told(event)

    def take_in(tx: Transaction) -> Outcome:
        now = services.now()
        meeting_id = event.meeting_id or storage.sessions.meeting_of_session(tx, session.uuid) or ""
        if not meeting_id and sighting is not None:
            # Zoom told of the session alone, and may tell later which meeting it is a run of.
            storage.presence.add_sighting(tx, "", sighting)
            return "noted"
        classes = storage.classes.classes_in_meeting(tx, meeting_id, locked=True) if meeting_id else []
        known = storage.sessions.list_sessions(tx, meeting_id) if classes else []
        is_known = any(one.uuid == session.uuid for one in known)
        if not is_known:
            classes = [one for one in classes if one.status is not ClassStatus.CANCELLED]
        if not classes:
            return "not_ours"
        nearest = min(classes, key=lambda one: (abs(one.planned.start - session.start), one.id))
        if not storage.webhook_log.note(tx, delivery.body_hash, delivery.name, nearest.id, now):
            return "repeat"
        if sighting is not None:
            storage.presence.add_sighting(tx, meeting_id, sighting)
            if not sighting.came or sighting.where is Where.WAITING_ROOM:
                return "noted"  # only somebody in the meeting shows that it runs
        if not _tells_nothing_new(session, known):
            apply_sessions(tx, meeting_id, [session], services.delay, now)
        return "noted"

    return together(services.engine, take_in)


@dataclass(frozen=True, slots=True)
class Discovery:
    """The sessions round a class that Zoom says are over. Of `unclear` ones it does not tell the end: it is now, then.
    Those of them that it lists are `over`; of others only its list of people can show it.

    `refusal`: why Zoom did not list what is over, so that others may be over as well. `listed`: it lists sessions of
    the meeting, whosever they are.
    """

    sessions: tuple[Session, ...] = ()
    unclear: frozenset[str] = frozenset()
    over: frozenset[str] = frozenset()
    refusal: ZoomError | None = None
    listed: bool = False


def sessions_at_zoom(services: Services, found: Class, known: Meeting, go_on: Callable[[], None]) -> Discovery:
    """What Zoom says of the sessions of a class's meeting, of which some are `known`. Raises ZoomError.

    `go_on` is called after each call to Zoom, and raises what is to end this. A meeting made for the class is the
    class's whenever it was held; of a meeting that serves others too only what lies near the class is asked for.
    """
    refusal = None
    try:
        instances = _instances(services, found)
    except ZoomMisconfigured as error:
        log.info("Zoom lists no sessions", extra={"class": found.id, **error.problem.log_fields()})
        instances, refusal = [], error
    go_on()
    near = {one.uuid: one for one in instances if found.own_meeting or _is_near(one, found)}
    ours = {part.session.uuid for part in known.parts[found.id].sessions}
    settled = {one.uuid for one in known.sessions if one.end and (one.zooms_count is not None or one.uuid not in ours)}
    open_ones = {
        one.uuid: one for one in known.sessions if one.uuid in ours or (one.end is None and _is_near(one, found))
    }
    told, unclear = [], set[str]()
    for uuid in sorted((near.keys() | open_ones.keys()) - settled):
        session = _past_session(services, uuid)
        go_on()
        if session is None or session.end is None:
            session = session or near.get(uuid)
            if session is None or open_ones.get(uuid, session).end is not None:
                continue  # it is not over, or its end was announced
            session = replace(session, end=max(session.start, services.now()))
            unclear.add(uuid)
        told.append(session)
    over = frozenset(one.uuid for one in instances)
    return Discovery(tuple(told), frozenset(unclear), over, refusal, listed=bool(instances))


def _is_near(session: Session, found: Class) -> bool:
    return found.planned.start - NEAR <= session.start <= found.planned.end + NEAR


def _instances(services: Services, found: Class) -> list[Session]:
    """The ended sessions of the class's meeting as Zoom lists them, without their ends."""
    try:
        return [Session(uuid, start, None) for uuid, start in services.zoom.instances(found.zoom_meeting_id or "")]
    except ZoomMeetingUnknown:
        return []


def _past_session(services: Services, uuid: str) -> Session | None:
    """A session with its end; None where it is not over, or Zoom refuses to tell of it: others are not held up."""
    try:
        return services.zoom.past_meeting(uuid)
    except ZoomRateLimited:
        raise
    except ZoomError as error:
        log.info("Zoom does not tell when a session was", extra=error.problem.log_fields())
        return None


def _follow(
    tx: Transaction, one: ClassInMeeting, before: ClassPart, after: ClassPart, delay: timedelta | None, now: datetime
) -> None:
    """Brings a class in line with its sessions. What it has had from elsewhere stays where no session was ever its.

    Its participants are asked for after `delay`, or not where that is None.
    """
    changed = _of_sessions(before) != _of_sessions(after)
    life = life_of(after)
    if not changed and (life == (one.status, one.started_at, one.ended_at) or not after.counted):
        return
    storage.classes.set_life(tx, one.id, *life)
    status, _, ended_at = life
    if delay is None or one.names_removed:
        return
    if status is ClassStatus.ENDED and ended_at is not None:
        storage.fetches.ask(tx, one.id, ended_at + delay, now)
    else:
        storage.fetches.withdraw(tx, one.id)


def _of_sessions(part: ClassPart) -> list[tuple[Session, Span, tuple[str, ...]]]:
    """What decides on the records of a class: its sessions, and how far it reaches into those that it shares."""
    return [(one.session, one.share, one.shared_with) for one in part.sessions]


def _planned(one: ClassInMeeting) -> MeetingClass:
    return MeetingClass(one.id, one.planned, clock.zone(one.timezone), one.own_meeting)


def _merged(known: Sequence[Session], told: Iterable[Session]) -> tuple[Session, ...]:
    """Each session once; an end that is known is not forgotten where it is told again without."""
    merged = {session.uuid: session for session in known}
    for session in told:
        other = merged.get(session.uuid)
        merged[session.uuid] = session if other is None else _joined(other, session)
    return tuple(sorted(merged.values(), key=lambda session: (session.start, session.uuid)))


def _joined(known: Session, told: Session) -> Session:
    count = known.zooms_count if told.zooms_count is None else told.zooms_count
    return Session(
        known.uuid, min(known.start, told.start), told.end or known.end, count, told.host_id or known.host_id
    )


def _told(event: MeetingStarted | MeetingEnded | ParticipantSeen) -> tuple[Session, Sighting | None]:
    """The session that an event speaks of, and whom it saw in it."""
    match event:
        case MeetingStarted():
            return Session(event.uuid, event.at, None, host_id=event.host_id), None
        case MeetingEnded():
            return Session(event.uuid, event.started_at, event.at, host_id=event.host_id), None
        case ParticipantSeen():
            seen = event.sighting
            return Session(seen.session_uuid, event.started_at or seen.at, None, host_id=event.host_id), seen


def _tells_nothing_new(session: Session, known: Iterable[Session]) -> bool:
    """Whether saving the session would leave it as it is known: so it is with all but the first of its participants."""
    return any(
        one.uuid == session.uuid
        and one.start <= session.start
        and session.end in (None, one.end)
        and session.host_id in ("", one.host_id)
        for one in known
    )
