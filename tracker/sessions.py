"""Which sessions of a Zoom meeting are which class, from what is stored."""

from collections.abc import Iterable

from sqlmodel import Session as Transaction

from tracker import store
from tracker.attendance import Session, in_window, sessions_of_class
from tracker.store import Class


def class_of(tx: Transaction, meeting_id: str, run: Session) -> str | None:
    """The class that a session of this meeting belongs to.

    A new one belongs to the class in whose window it lies, and to whose planned start it is nearest.
    """
    known = store.class_of_session(tx, run.uuid)
    if known is not None:
        return known
    candidates = [
        (not in_window(run.start, found.planned), abs(run.start - found.scheduled_start), found.id)
        for found in store.classes_of_meeting(tx, meeting_id)
        if found.zoom_meeting_made or in_window(run.start, found.planned)
    ]
    return min(candidates)[-1] if candidates else None


def counted_sessions(tx: Transaction, found: Class) -> tuple[Session, ...]:
    """The stored sessions that are the class, by start."""
    return sessions_of(found, store.sessions(tx, found.id))


def sessions_of(found: Class, runs: Iterable[Session]) -> tuple[Session, ...]:
    """Those of these sessions of its meeting that are the class, by start."""
    return sessions_of_class(runs, found.planned, made_for_it=found.zoom_meeting_made)


def own_session(found: Class) -> tuple[Session, ...]:
    """The class's own start and end as its one session, for classes that another program wrote."""
    if found.started_at is None:
        return ()
    return (Session(found.zoom_meeting_id or "", found.started_at, found.ended_at),)
