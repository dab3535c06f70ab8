"""The sessions of Zoom meetings. Every function runs in the caller's transaction."""

from sqlalchemy import bindparam, case, func
from sqlmodel import col, select

from tracker.attendance.types import Session
from tracker.storage.database import Transaction, insert, run
from tracker.storage.models import MeetingSession

_CLASS_OF_SESSION = select(col(MeetingSession.class_id)).where(col(MeetingSession.uuid) == bindparam("uuid"))
_SESSIONS = (
    select(
        col(MeetingSession.uuid),
        col(MeetingSession.started_at),
        col(MeetingSession.ended_at),
        col(MeetingSession.zooms_count),
    )
    .where(col(MeetingSession.class_id) == bindparam("class_id"))
    .order_by(col(MeetingSession.started_at), col(MeetingSession.uuid))
)
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
        },
    ),
)


def list_sessions(tx: Transaction, class_id: str) -> list[Session]:
    """Every known session of the class's meeting, by start."""
    rows = run(tx, _SESSIONS, class_id=class_id)
    return [Session(row.uuid, row.startedAt, row.endedAt, row.zoomsCount) for row in rows]


def class_of_session(tx: Transaction, uuid: str) -> str | None:
    """The id of the class that a known session belongs to."""
    row = run(tx, _CLASS_OF_SESSION, uuid=uuid).first()
    return row.streamId if row else None


def save_session(tx: Transaction, class_id: str, session: Session) -> None:
    """Adds a session, or adds to it what is new: an end that is known is never forgotten."""
    run(
        tx,
        _SAVE_SESSION,
        uuid=session.uuid,
        streamId=class_id,
        startedAt=session.start,
        endedAt=session.end,
        zoomsCount=session.zooms_count,
    )
