"""Joins and leaves as they were seen live. Every function runs in the caller's transaction."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import case, func, inspect
from sqlmodel import col, delete, select

from tracker.attendance.types import Sighting, Where
from tracker.storage import erased
from tracker.storage.database import Transaction, insert, run
from tracker.storage.models import MeetingSession, ParticipantEvent

_ADD_SIGHTING = insert(
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


def add_sighting(tx: Transaction, meeting_id: str, seen: Sighting) -> None:
    """Remembers that somebody came or left, but not who, if she was erased. The meeting is "" while only the session is
    known.

    Zoom may tell of one moment in two announcements, of which one says less. Of two texts the greater one stays,
    so that nothing depends on which of them came first.
    """
    seen = erased.hide_seen(tx, seen, meeting_id)
    run(
        tx,
        _ADD_SIGHTING,
        sessionUuid=seen.session_uuid,
        userId=seen.user_id,
        place=seen.where.value,
        came=seen.came,
        at=seen.at,
        meetingId=meeting_id,
        name=seen.name,
        email=seen.email,
        zoomUserId=seen.zoom_user_id,
        parentUserId=seen.parent_user_id,
    )


def list_sightings(tx: Transaction, session_uuids: Iterable[str]) -> list[Sighting]:
    """Everything that was seen of people coming and leaving in these sessions."""
    rows = tx.exec(select(ParticipantEvent).where(col(ParticipantEvent.session_uuid).in_(list(session_uuids))))
    return [sighting_of(row) for row in rows]


def sighting_of(row: ParticipantEvent) -> Sighting:
    """What a row says, for the modules of this floor."""
    return Sighting(
        row.session_uuid,
        row.user_id,
        Where(row.place),
        row.came,
        row.at,
        row.name,
        row.email,
        row.zoom_user_id,
        row.parent_user_id,
    )


def count_sightings(tx: Transaction, meeting_id: str) -> int:
    """How many there are of a meeting: a cheap way to see that something has happened."""
    return tx.exec(select(func.count()).where(ParticipantEvent.meeting_id == meeting_id)).one()


def forget_unplaced(tx: Transaction, before: datetime) -> None:
    """Drops what was seen before that moment in sessions of which it is not known what meeting they are a run of."""
    known = select(MeetingSession.uuid)
    tx.exec(
        delete(ParticipantEvent).where(
            col(ParticipantEvent.meeting_id) == "",
            col(ParticipantEvent.at) < before,
            col(ParticipantEvent.session_uuid).not_in(known),
        )
    )
