"""Cancelled classes, and the meetings of theirs to be deleted. Every function runs in the caller's transaction."""

from datetime import datetime

from sqlalchemy import ColumnElement
from sqlmodel import col, select

from tracker.attendance.types import ClassStatus
from tracker.storage import due_work
from tracker.storage.classes import Class, class_row, get_class
from tracker.storage.database import Transaction
from tracker.storage.models import LiveStream

_KEY_AND_MOMENT = (col(LiveStream.id), col(LiveStream.zoom_deletion_due_at))


def set_cancelling(
    tx: Transaction, class_id: str, cancelled_at: datetime | None, deletion_due_at: datetime | None
) -> None:
    """When the class was cancelled, and when its meeting is to be deleted. The caller has locked the class."""
    row = class_row(tx, class_id)
    row.cancelled_at, row.zoom_deletion_due_at = cancelled_at, deletion_due_at
    tx.add(row)


def is_deletion_due(tx: Transaction, now: datetime) -> bool:
    """Whether the meeting of a cancelled class is to be deleted."""
    return tx.exec(select(LiveStream.id).where(*_due(now)).limit(1)).first() is not None


def claim_deletion(tx: Transaction, now: datetime, until: datetime) -> Class | None:
    """Takes the deletion that has been due the longest, in one atomic statement; None where there is none.

    It is due again at `until`, for somebody else, unless `put_off_deletion` is called before.
    """
    claimed = due_work.claim(tx, *_KEY_AND_MOMENT, until, *_due(now))
    return get_class(tx, claimed) if claimed else None


def put_off_deletion(tx: Transaction, claimed: Class, due_at: datetime | None) -> None:
    """The deletion that was claimed is done, or given up (None), or due later; unless somebody else has it now."""
    due_work.put_off(tx, *_KEY_AND_MOMENT, (claimed.id, claimed.zoom_deletion_due_at), due_at)


def _due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """A class that another program has planned again keeps its meeting."""
    return (
        col(LiveStream.zoom_deletion_due_at) <= now,
        col(LiveStream.status) == ClassStatus.CANCELLED.value,
    )
