"""What is remembered of a class's participants beside Zoom's list: what was seen live, what the readings of the list
gave, and a teacher's word on who is the same person. Every function runs in the caller's transaction.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, delete, select

from tracker import statements
from tracker.attendance import PersonKey, Where
from tracker.live import Sighting
from tracker.models import ParticipantEvent, Reading, SamePerson


@dataclass(frozen=True, slots=True)
class TakenReading:
    """What one reading of Zoom's list gave. `complete`: no record is without a duration, as unfinished ones are."""

    at: datetime
    records: int
    people: int
    complete: bool
    digest: str


@dataclass(frozen=True, slots=True)
class Decision:
    """A teacher's word on whether two people are the same."""

    first: PersonKey
    second: PersonKey
    same: bool


def add_sighting(tx: Session, class_id: str, seen: Sighting) -> None:
    """Remembers that somebody came or left.

    Zoom may tell of one moment in two announcements, of which one says less. Of two texts the greater one stays,
    so that nothing depends on which of them came first.
    """
    statements.run(
        tx,
        statements.ADD_SIGHTING,
        sessionUuid=seen.session_uuid,
        userId=seen.user_id,
        place=seen.where.value,
        came=seen.came,
        at=seen.at,
        streamId=class_id,
        name=seen.name,
        email=seen.email,
        zoomUserId=seen.zoom_user_id,
        parentUserId=seen.parent_user_id,
    )


def sightings(tx: Session, class_id: str) -> list[Sighting]:
    """Everything that was seen of people coming and leaving in the class."""
    return [
        Sighting(
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
        for row in tx.exec(select(ParticipantEvent).where(ParticipantEvent.class_id == class_id))
    ]


def count_sightings(tx: Session, class_id: str) -> int:
    """How many there are: a cheap way to see that something has happened."""
    return tx.exec(select(func.count()).where(ParticipantEvent.class_id == class_id)).one()


def readings(tx: Session, class_id: str) -> list[TakenReading]:
    """What the readings of Zoom's list gave, in order of their time."""
    rows = tx.exec(select(Reading).where(Reading.class_id == class_id).order_by(col(Reading.at)))
    return [TakenReading(row.at, row.records, row.people, row.complete, row.digest) for row in rows]


def add_reading(tx: Session, class_id: str, reading: TakenReading) -> None:
    """Remembers what a reading gave; a second one in the same second replaces the first."""
    tx.merge(
        Reading(
            class_id=class_id,
            at=reading.at,
            records=reading.records,
            people=reading.people,
            complete=reading.complete,
            digest=reading.digest,
        )
    )


def read_after(tx: Session, moment: datetime) -> list[str]:
    """The ids of classes with readings that are said to have been made later than that."""
    return list(tx.exec(select(Reading.class_id).where(Reading.at > moment).distinct()))


def forget_readings_after(tx: Session, class_id: str, moment: datetime) -> None:
    """Drops the readings of a class that are said to have been made later than that."""
    tx.exec(delete(Reading).where(col(Reading.class_id) == class_id, col(Reading.at) > moment))


def decisions(tx: Session, teacher_id: str) -> list[Decision]:
    """What a teacher has said about who is the same person, latest first."""
    rows = tx.exec(
        select(SamePerson)
        .where(SamePerson.teacher_id == teacher_id)
        .order_by(col(SamePerson.decided_at).desc(), SamePerson.first, SamePerson.second)
    )
    return [Decision(_key(row.first), _key(row.second), row.same) for row in rows]


def decide(tx: Session, teacher_id: str, decision: Decision, now: datetime) -> None:
    """Remembers a teacher's word for all her classes; it replaces an earlier one about the same two."""
    first, second = sorted((_key_text(decision.first), _key_text(decision.second)))
    tx.merge(SamePerson(teacher_id=teacher_id, first=first, second=second, same=decision.same, decided_at=now))


def undo_decision(tx: Session, teacher_id: str, decision: Decision) -> None:
    """Forgets a teacher's word."""
    first, second = sorted((_key_text(decision.first), _key_text(decision.second)))
    row = tx.get(SamePerson, (teacher_id, first, second))
    if row is not None:
        tx.delete(row)


def _key_text(key: PersonKey) -> str:
    return ":".join(key)


def _key(text: str) -> PersonKey:
    kind, _, value = text.partition(":")
    return kind, value
