"""The sessions of Zoom meetings, and teachers' choices of them. Every function runs in the caller's transaction."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, case, func
from sqlalchemy import select as sa_select
from sqlmodel import col, select

from tracker.attendance.assignment import Choice
from tracker.attendance.types import Session
from tracker.storage.database import Transaction, insert, run
from tracker.storage.models import MeetingSession, SessionChoice

_MEETING_OF_SESSION = select(col(MeetingSession.meeting_id)).where(col(MeetingSession.uuid) == bindparam("uuid"))
_OF_MEETINGS = (
    sa_select(
        col(MeetingSession.meeting_id),
        col(MeetingSession.uuid),
        col(MeetingSession.started_at),
        col(MeetingSession.ended_at),
        col(MeetingSession.zooms_count),
        col(MeetingSession.host_id),
    )
    .where(col(MeetingSession.dropped_at).is_(None))
    .order_by(col(MeetingSession.started_at), col(MeetingSession.uuid))
)
_SESSIONS = _OF_MEETINGS.where(col(MeetingSession.meeting_id) == bindparam("meeting_id"))
_OF_ALL = _OF_MEETINGS.where(col(MeetingSession.meeting_id).in_(bindparam("meeting_ids", expanding=True)))
_SAVE_SESSION = insert(
    MeetingSession,
    lambda row: row.on_conflict_do_update(
        index_elements=[MeetingSession.uuid],
        set_={
            "startedAt": case(
                (row.excluded.startedAt < MeetingSession.started_at, row.excluded.startedAt),
                else_=MeetingSession.started_at,
            ),
            "endedAt": func.coalesce(row.excluded.endedAt, MeetingSession.ended_at),
            "zoomsCount": func.coalesce(row.excluded.zoomsCount, MeetingSession.zooms_count),
            "hostId": func.coalesce(row.excluded.hostId, MeetingSession.host_id),
            "droppedAt": None,
        },
    ),
)


def list_sessions(tx: Transaction, meeting_id: str) -> list[Session]:
    """Every known session of a meeting that was not given up, by start."""
    return [_session(row) for row in run(tx, _SESSIONS, meeting_id=meeting_id)]


def sessions_of_meetings(tx: Transaction, meeting_ids: Iterable[str]) -> Mapping[str, list[Session]]:
    """The same of several meetings, by their ids."""
    found = defaultdict[str, list[Session]](list)
    for row in run(tx, _OF_ALL, meeting_ids=list(meeting_ids)):
        found[row.meetingId].append(_session(row))
    return found


def _session(row: Any) -> Session:
    return Session(row.uuid, row.startedAt, row.endedAt, row.zoomsCount, row.hostId or "")


def meeting_of_session(tx: Transaction, uuid: str) -> str | None:
    """The meeting that a known session is a run of."""
    row = run(tx, _MEETING_OF_SESSION, uuid=uuid).first()
    return row.meetingId if row else None


def save_session(tx: Transaction, meeting_id: str, session: Session) -> None:
    """Adds a session, or adds to it what is new: an end that is known is never forgotten.

    One that was given up is back when something is told of it again.
    """
    run(
        tx,
        _SAVE_SESSION,
        uuid=session.uuid,
        meetingId=meeting_id,
        startedAt=session.start,
        endedAt=session.end,
        zoomsCount=session.zooms_count,
        hostId=session.host_id or None,
    )


def drop_session(tx: Transaction, uuid: str, now: datetime) -> None:
    """Gives a session up: it is no class's any more."""
    row = tx.get_one(MeetingSession, uuid)
    row.dropped_at = now
    tx.add(row)


def list_choices(tx: Transaction, class_ids: Iterable[str]) -> list[Choice]:
    """What teachers have decided on sessions of these classes."""
    rows = tx.exec(select(SessionChoice).where(col(SessionChoice.class_id).in_(list(class_ids))))
    return [Choice(row.class_id, row.session_uuid, row.counts) for row in rows]


def choose(tx: Transaction, choice: Choice, now: datetime) -> None:
    """Remembers a choice; it replaces an earlier one on the same session."""
    tx.merge(
        SessionChoice(class_id=choice.class_id, session_uuid=choice.session_uuid, counts=choice.counts, decided_at=now)
    )


def undo_choice(tx: Transaction, class_id: str, session_uuid: str) -> None:
    """Forgets a choice; the rule decides again."""
    row = tx.get(SessionChoice, (class_id, session_uuid))
    if row is not None:
        tx.delete(row)
