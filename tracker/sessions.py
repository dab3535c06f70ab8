"""Which sessions of a Zoom meeting are which class, and what follows for the class.

The rule itself is pure (`attendance.class_times`). Here it is applied: to webhooks, to what Zoom lists, and to what is
stored. Each use case opens its own short transactions, and never keeps one open while it talks to Zoom.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from tracker import storage
from tracker.attendance.class_times import in_window, life_of_class, sessions_of_class
from tracker.attendance.types import ClassStatus, Session, Sighting, Where
from tracker.errors import ZoomError, ZoomMeetingUnknown, ZoomMisconfigured
from tracker.services import Services
from tracker.storage.classes import Class, PlannedClass
from tracker.storage.database import Transaction, reading, together
from tracker.zoom.webhook import Delivery, MeetingEnded, MeetingStarted, ParticipantSeen

log = logging.getLogger(__name__)

Outcome = Literal["noted", "repeat", "not_ours", "nothing_to_note"]


def class_of(tx: Transaction, meeting_id: str, run: Session) -> str | None:
    """The class that a session of this meeting belongs to.

    A new one belongs to the class in whose window it lies, and to whose planned start it is nearest.
    """
    known = storage.sessions.class_of_session(tx, run.uuid)
    if known is not None:
        return known
    candidates = [
        (not in_window(run.start, found.planned), abs(run.start - found.planned.start), found.id)
        for found in storage.classes.planned_in_meeting(tx, meeting_id)
        if sessions_of(found, (run,))
    ]
    return min(candidates)[-1] if candidates else None


def sessions_of(found: Class | PlannedClass, runs: Iterable[Session]) -> tuple[Session, ...]:
    """Those of these sessions of its meeting that are the class, by start."""
    return sessions_of_class(runs, found.planned, made_for_it=found.zoom_meeting_made)


def counted_sessions(tx: Transaction, found: Class | PlannedClass) -> tuple[Session, ...]:
    """The stored sessions that are the class, by start."""
    return sessions_of(found, storage.sessions.list_sessions(tx, found.id))


def own_session(found: Class) -> tuple[Session, ...]:
    """The class's own start and end as its one session, for classes that another program wrote."""
    if found.started_at is None:
        return ()
    return (Session(found.zoom_meeting_id or "", found.started_at, found.ended_at),)


def apply_sessions(tx: Transaction, found: Class | PlannedClass, told: Iterable[Session]) -> bool:
    """Stores what was told of sessions of a class, and brings its status and times in line with those that are its own.

    The caller has locked the class, and asks for its participants where this returns True: its sessions have changed.
    """
    before = counted_sessions(tx, found)
    for run in told:
        storage.sessions.save_session(tx, found.id, run)
    after = counted_sessions(tx, found)
    if found.status is ClassStatus.CANCELLED or not after:
        return False
    life = life_of_class(after)
    if after == before and life[0] is found.status:
        return False
    storage.classes.set_life(tx, found.id, *life)
    return True


def note_delivery(services: Services, delivery: Delivery) -> Outcome:
    """Takes in a webhook: committed when this returns, and changing nothing when it came before."""
    event = delivery.event
    if not isinstance(event, MeetingStarted | MeetingEnded | ParticipantSeen):
        return "nothing_to_note"
    run, sighting = _told(event)

    def take_in(tx: Transaction) -> Outcome:
        class_id = class_of(tx, event.meeting_id, run)
        if class_id is None:
            return "not_ours"
        now = services.now()
        current = storage.classes.lock_planned(tx, class_id)
        if not storage.webhook_log.note(tx, delivery.body_hash, delivery.name, class_id, now):
            return "repeat"
        if sighting is not None:
            storage.presence.add_sighting(tx, class_id, sighting)
            if not sighting.came or sighting.where is Where.WAITING_ROOM:
                return "noted"  # only somebody in the meeting shows that it runs
        if _tells_nothing_new(run, storage.sessions.list_sessions(tx, class_id)):
            return "noted"
        if apply_sessions(tx, current, [run]):
            ended_at = life_of_class(counted_sessions(tx, current))[2]
            if ended_at is not None:
                storage.fetches.ask(tx, class_id, ended_at + services.delay, now)
            else:
                storage.fetches.withdraw(tx, class_id)
        return "noted"

    return together(services.engine, take_in)


@dataclass(frozen=True, slots=True)
class Discovery:
    """The sessions of a class that Zoom says are over, without their end where it does not tell it.

    `refusal`: why Zoom did not list what is over, so that others may be over as well. `elsewhere`: it lists sessions of
    the meeting, and none of them is this class's.
    """

    sessions: tuple[Session, ...]
    refusal: ZoomError | None = None
    elsewhere: bool = False


def sessions_at_zoom(
    services: Services, found: Class, known: Sequence[Session], go_on: Callable[[], None]
) -> Discovery:
    """What Zoom says of the class's sessions, of which `known` were announced. Raises ZoomError.

    `go_on` is called after each call to Zoom, and raises what is to end this.

    They are those that a webhook would have given to this class.
    """
    refusal = None
    try:
        instances = _instances(services, found)
    except ZoomMisconfigured as error:
        log.info("Zoom lists no sessions", extra={"class": found.id, **error.problem.log_fields()})
        instances, refusal = [], error
    go_on()
    over = {run.uuid: run for run in _ours(services, found, instances)}
    for uuid in over.keys() | {run.uuid for run in known if run.end is None}:
        told = _past_session(services, uuid)
        go_on()
        if told is not None:
            over[uuid] = told
    return Discovery(tuple(over.values()), refusal, elsewhere=bool(instances) and not over)


def _instances(services: Services, found: Class) -> list[Session]:
    """The ended sessions of the class's meeting as Zoom lists them, without their ends."""
    try:
        return [Session(uuid, start, None) for uuid, start in services.zoom.instances(found.zoom_meeting_id or "")]
    except ZoomMeetingUnknown:
        return []


def _ours(services: Services, found: Class, instances: Sequence[Session]) -> list[Session]:
    """Those of these sessions that are the class's."""
    with reading(services.engine) as tx:
        ours = sessions_of(found, instances)
        return [run for run in ours if class_of(tx, found.zoom_meeting_id or "", run) == found.id]


def _past_session(services: Services, uuid: str) -> Session | None:
    """A session with its end; None where it is not over, or the app may not ask."""
    try:
        return services.zoom.past_meeting(uuid)
    except (ZoomMisconfigured, ZoomMeetingUnknown) as error:
        log.info("Zoom does not tell when a session was", extra=error.problem.log_fields())
        return None


def _told(event: MeetingStarted | MeetingEnded | ParticipantSeen) -> tuple[Session, Sighting | None]:
    """The session that an event speaks of, and whom it saw in it."""
    match event:
        case MeetingStarted():
            return Session(event.uuid, event.at, None), None
        case MeetingEnded():
            return Session(event.uuid, event.started_at, event.at), None
        case ParticipantSeen():
            seen = event.sighting
            return Session(seen.session_uuid, event.started_at or seen.at, None), seen


def _tells_nothing_new(run: Session, known: Iterable[Session]) -> bool:
    """Whether saving the session would leave it as it is known: so it is with all but the first of its participants."""
    return any(one.uuid == run.uuid and one.start <= run.start and run.end in (None, one.end) for one in known)
