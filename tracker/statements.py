"""Statements that are built once and run without the ORM: those of a webhook, and how others make their own.

Webhooks come in bursts of thousands, and building a statement takes several times as long as SQLite needs to
answer it. Columns and parameters have the names of the database. What the statements mean is said where they are used.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import BindParameter, CursorResult, bindparam, case, func, inspect, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel, col, delete, update

from tracker.attendance import ClassStatus, FetchState
from tracker.models import Fetch, LiveStream, MeetingSession, ParticipantEvent, Reading, WebhookDelivery

# A statement, or what it is on each kind of database.
Statement = Any | Mapping[str, Any]


def run(tx: Session, statement: Statement, **values: Any) -> CursorResult[Any]:
    """Runs a statement with these values. The ORM first writes what it still holds, and afterwards reads anew."""
    tx.flush()
    tx.expire_all()
    connection = tx.connection()
    if isinstance(statement, Mapping):
        statement = statement[connection.dialect.name]
    return connection.execute(statement, values)


def insert(table: type[SQLModel], finish: Callable[[Any], Any]) -> Mapping[str, Any]:
    """An INSERT of one row that says what to do on a conflict, which each kind of database has in its own dialect."""
    return {"sqlite": finish(sqlite.insert(table)), "postgresql": finish(postgresql.insert(table))}


_CLASS_ID: BindParameter[str] = bindparam("class_id")

CLASS_OF_SESSION = select(col(MeetingSession.class_id)).where(col(MeetingSession.uuid) == bindparam("uuid"))
_PLANNED_CLASS = select(
    col(LiveStream.id),
    col(LiveStream.status),
    col(LiveStream.scheduled_start),
    col(LiveStream.duration_minutes),
    col(LiveStream.zoom_meeting_made),
)
CLASSES_IN_MEETING = _PLANNED_CLASS.where(
    col(LiveStream.zoom_meeting_id) == bindparam("meeting_id"), col(LiveStream.status) != ClassStatus.CANCELLED.value
)
LOCK_CLASS = _PLANNED_CLASS.where(col(LiveStream.id) == _CLASS_ID).with_for_update()

NOTE_DELIVERY = insert(WebhookDelivery, lambda row: row.on_conflict_do_nothing().returning(WebhookDelivery.body_hash))
ADD_SIGHTING = insert(
    ParticipantEvent,
    lambda row: row.on_conflict_do_update(
        index_elements=inspect(ParticipantEvent).primary_key,
        set_={
            column.name: case((row.excluded[column.name] > column, row.excluded[column.name]), else_=column)
            for name, column in inspect(ParticipantEvent).columns.items()
            if name in ("name", "email", "zoom_user_id", "parent_user_id")
        },
    ),
)

SESSIONS = (
    select(
        col(MeetingSession.uuid),
        col(MeetingSession.started_at),
        col(MeetingSession.ended_at),
        col(MeetingSession.zooms_count),
    )
    .where(col(MeetingSession.class_id) == _CLASS_ID)
    .order_by(col(MeetingSession.started_at), col(MeetingSession.uuid))
)
SAVE_SESSION = insert(
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

SET_LIFE = update(LiveStream).where(col(LiveStream.id) == _CLASS_ID)
FORGET_PARTICIPANTS = SET_LIFE.values(participant_count=None, participants_fetched_at=None, participants_data=None)
FORGET_READINGS = delete(Reading).where(col(Reading.class_id) == _CLASS_ID)

ASK = insert(
    Fetch,
    lambda row: row.on_conflict_do_update(
        index_elements=[Fetch.class_id],
        set_={name: row.excluded[name] for name in ("state", "dueAt", "askedAt", "attempts")}
        | {"error": None, "leasedUntil": None, "leaseToken": None},
    ),
)
WITHDRAW = (
    update(Fetch)
    .where(col(Fetch.class_id) == _CLASS_ID)
    .values(state=FetchState.WAITING.value, attempts=0, due_at=None, error=None, leased_until=None, lease_token=None)
)
