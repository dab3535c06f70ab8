"""The attendance of a class as it is stored, as it was seen live, and who is in class now."""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from tracker import storage
from tracker.attendance import live
from tracker.attendance.counting import take_attendance
from tracker.attendance.stored_form import stays_from_data
from tracker.attendance.types import Attendance, Person, PersonKey, Session, Snapshot, Source
from tracker.errors import (
    UnreadableRecords,
)
from tracker.services import Services
from tracker.sessions import counted_sessions, own_session
from tracker.storage.classes import Class
from tracker.storage.database import Transaction, transaction
from tracker.storage.decisions import Decision
from tracker.text import number_of


def attendance_of(tx: Transaction, found: Class) -> Attendance | None:
    """The attendance of a class from what is stored; None while it is not known."""
    data = storage.classes.get_participants_data(tx, found.id)
    if data is None:
        return None
    return take_attendance(
        stays_from_data(data),
        counted_sessions(tx, found) or own_session(found),
        found.planned,
        same=_same_people(tx, found),
        repeats=number_of(data.get("repeats")),
        source=Source.SEEN if data.get("source") == Source.SEEN else Source.ZOOM,
    )


def attendance_seen(tx: Transaction, found: Class, now: datetime) -> Attendance | None:
    """The attendance of a class as its joins and leaves were seen live, up to `now`; None where nothing was seen."""
    sessions = counted_sessions(tx, found)
    ends = _ends(sessions)
    uuids = {session.uuid for session in sessions}
    seen = [sighting for sighting in storage.presence.list_sightings(tx, found.id) if sighting.session_uuid in uuids]
    stays = live.until(live.stays_seen(seen, ends), now)
    if not stays:
        return None
    return take_attendance(stays, sessions, found.planned, same=_same_people(tx, found), source=Source.SEEN)


def people_in_class_now(tx: Transaction, found: Class) -> tuple[Person, ...]:
    """Who is in a class that runs, with their present stay, as far as it was seen; by name."""
    # Zoom runs a meeting once at a time: an earlier session without an end is one whose end was never announced.
    sessions = [session for session in counted_sessions(tx, found)[-1:] if session.end is None]
    uuids = {session.uuid for session in sessions}
    seen = [sighting for sighting in storage.presence.list_sightings(tx, found.id) if sighting.session_uuid in uuids]
    here = [stay for stay in live.stays_seen(seen, {}) if live.is_open(stay)]
    return take_attendance(here, sessions, found.planned, same=_same_people(tx, found)).people


def snapshots(tx: Transaction, found: Class) -> list[Snapshot]:
    """What the readings of Zoom's list gave, in order of their time."""
    return storage.snapshots.list_snapshots(tx, found.id)


def count_sightings(tx: Transaction, found: Class) -> int:
    """How many joins and leaves were seen live: a cheap way to see that something has happened."""
    return storage.presence.count_sightings(tx, found.id)


def decisions(tx: Transaction, found: Class) -> list[Decision]:
    """What the class's teacher has said about who is the same person, latest first."""
    return storage.decisions.list_decisions(tx, found.teacher_id)


def decide(services: Services, found: Class, decision: Decision) -> None:
    """Remembers a word of the class's teacher, for all her classes; it replaces an earlier one about the same two."""
    with transaction(services.engine) as tx:
        storage.decisions.decide(tx, found.teacher_id, decision, services.now())


def undo_decision(services: Services, found: Class, decision: Decision) -> None:
    """Forgets a word of the class's teacher."""
    with transaction(services.engine) as tx:
        storage.decisions.undo_decision(tx, found.teacher_id, decision)


def _ends(sessions: Sequence[Session]) -> dict[str, datetime]:
    """The ends of the sessions that are over; where one was never announced, it was over when the next began."""
    ends = {before.uuid: before.end or after.start for before, after in pairwise(sessions)}
    return ends | {session.uuid: session.end for session in sessions if session.end is not None}


def _same_people(tx: Transaction, found: Class) -> list[tuple[PersonKey, PersonKey]]:
    """Who is one person by the word of the class's teacher."""
    said = storage.decisions.list_decisions(tx, found.teacher_id)
    return [(decision.first, decision.second) for decision in said if decision.same]


def has_zooms_list(tx: Transaction, found: Class) -> bool:
    try:
        data = storage.classes.get_participants_data(tx, found.id)
    except UnreadableRecords:
        return False
    return data is not None and data.get("source") != Source.SEEN.value
