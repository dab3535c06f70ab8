"""Which sessions of a Zoom meeting are which class, from what is stored."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session as Transaction

from tracker import statements, store
from tracker.attendance import ClassStatus, Session, Span, in_window, planned_time, sessions_of_class, status_of
from tracker.errors import NotFound
from tracker.store import Class


@dataclass(frozen=True, slots=True)
class PlannedClass:
    """As much of a class as tells which sessions are its own."""

    id: str
    status: ClassStatus
    planned: Span
    zoom_meeting_made: bool


def lock_planned(tx: Transaction, class_id: str) -> PlannedClass:
    """The class, locked for the rest of the transaction. Raises NotFound."""
    row = statements.run(tx, statements.LOCK_CLASS, class_id=class_id).first()
    if row is None:
        raise NotFound("There is no such class.")
    return _planned_class(row)


def class_of(tx: Transaction, meeting_id: str, run: Session) -> str | None:
    """The class that a session of this meeting belongs to.

    A new one belongs to the class in whose window it lies, and to whose planned start it is nearest.
    """
    known = store.class_of_session(tx, run.uuid)
    if known is not None:
        return known
    candidates = [
        (not in_window(run.start, found.planned), abs(run.start - found.planned.start), found.id)
        for row in statements.run(tx, statements.CLASSES_IN_MEETING, meeting_id=meeting_id)
        if (found := _planned_class(row))
        if found.zoom_meeting_made or in_window(run.start, found.planned)
    ]
    return min(candidates)[-1] if candidates else None


def counted_sessions(tx: Transaction, found: Class | PlannedClass) -> tuple[Session, ...]:
    """The stored sessions that are the class, by start."""
    return sessions_of(found, store.sessions(tx, found.id))


def sessions_of(found: Class | PlannedClass, runs: Iterable[Session]) -> tuple[Session, ...]:
    """Those of these sessions of its meeting that are the class, by start."""
    return sessions_of_class(runs, found.planned, made_for_it=found.zoom_meeting_made)


def own_session(found: Class) -> tuple[Session, ...]:
    """The class's own start and end as its one session, for classes that another program wrote."""
    if found.started_at is None:
        return ()
    return (Session(found.zoom_meeting_id or "", found.started_at, found.ended_at),)


def _planned_class(row: Any) -> PlannedClass:
    planned = planned_time(row.scheduledStart, row.durationMinutes)
    return PlannedClass(row.id, status_of(row.status), planned, row.zoomMeetingMade)
