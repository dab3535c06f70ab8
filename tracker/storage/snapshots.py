"""Snapshots: what each reading of Zoom's list gave. Every function runs in the caller's transaction."""

from datetime import datetime

from sqlmodel import col, delete, select

from tracker.attendance.types import Snapshot
from tracker.storage.database import Transaction
from tracker.storage.models import Reading


def list_snapshots(tx: Transaction, class_id: str) -> list[Snapshot]:
    """What the readings of Zoom's list gave, in order of their time."""
    rows = tx.exec(select(Reading).where(Reading.class_id == class_id).order_by(col(Reading.at)))
    return [Snapshot(row.at, row.records, row.people, row.complete, row.digest) for row in rows]


def add_snapshot(tx: Transaction, class_id: str, reading: Snapshot) -> None:
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


def taken_after(tx: Transaction, moment: datetime) -> list[str]:
    """The ids of classes with readings that are said to have been made later than that."""
    return list(tx.exec(select(Reading.class_id).where(Reading.at > moment).distinct()))


def forget_taken_after(tx: Transaction, class_id: str, moment: datetime) -> None:
    """Drops the readings of a class that are said to have been made later than that."""
    tx.exec(delete(Reading).where(col(Reading.class_id) == class_id, col(Reading.at) > moment))
