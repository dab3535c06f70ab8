"""Series of classes, and classes of which Zoom is to be told. Every function runs in the caller's transaction."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import uuid4

from sqlalchemy import ColumnElement, func
from sqlmodel import col, select, update

from tracker import clock
from tracker.attendance.types import ClassStatus
from tracker.errors import NotFound
from tracker.storage import due_work
from tracker.storage.classes import Class, class_row, classes_where, get_class
from tracker.storage.database import Transaction
from tracker.storage.models import LiveStream, Series

_SERIES_AND_MOMENT = (col(Series.id), col(Series.zoom_due_at))
_CLASS_AND_MOMENT = (col(LiveStream.id), col(LiveStream.zoom_meeting_due_at))
# No series is longer; see `tracker.classes.series_plan`.
MOST_CLASSES = 1000


@dataclass(frozen=True, slots=True)
class SeriesOfClasses:
    """Classes that were planned together; `left_out` are dates of their one meeting that are no class's."""

    id: str
    one_meeting: bool
    left_out: frozenset[datetime]
    zoom_due_at: datetime | None


def add_series(tx: Transaction, now: datetime, *, one_meeting: bool, left_out: Collection[datetime] = ()) -> str:
    """Stores a series and returns its id; its classes name it."""
    dates = json.dumps([clock.to_zoom(at) for at in sorted(left_out)])
    row = Series(id=uuid4().hex, one_meeting=one_meeting, left_out=dates, created_at=now)
    tx.add(row)
    return row.id


def get_series(tx: Transaction, series_id: str) -> SeriesOfClasses:
    """The series. Raises NotFound."""
    row = tx.get(Series, series_id, populate_existing=True)
    if row is None:
        raise NotFound("no_such_class")
    left_out = frozenset(filter(None, map(clock.parse_utc, json.loads(row.left_out))))
    return SeriesOfClasses(row.id, row.one_meeting, left_out, row.zoom_due_at)


def classes_of(tx: Transaction, series_id: str) -> list[Class]:
    """The classes of a series by their planned start, cancelled ones too."""
    order = (col(LiveStream.scheduled_start), col(LiveStream.id))
    return classes_where(tx, LiveStream.series_id == series_id, order=order, limit=MOST_CLASSES)


def lock_classes(tx: Transaction, class_ids: Collection[str]) -> None:
    """Locks these classes for the rest of the transaction, in the order of their ids."""
    tx.exec(
        select(LiveStream.id).where(col(LiveStream.id).in_(class_ids)).order_by(LiveStream.id).with_for_update()
    ).all()


# The dates of a recurring meeting


def ask(tx: Transaction, series_id: str, at: datetime) -> None:
    """The dates of the one meeting are to be brought in line at this moment, or before it where that was asked for."""
    row = tx.get(Series, series_id, with_for_update=True, populate_existing=True)
    if row is not None:
        row.zoom_due_at = at if row.zoom_due_at is None else min(at, row.zoom_due_at)
        tx.add(row)


def is_due(tx: Transaction, now: datetime) -> bool:
    """Whether the dates of a recurring meeting are to be brought in line."""
    return tx.exec(select(Series.id).where(col(Series.zoom_due_at) <= now).limit(1)).first() is not None


def claim(tx: Transaction, now: datetime, until: datetime) -> SeriesOfClasses | None:
    """Takes the series that has been due the longest, in one atomic statement; None where there is none.

    It is due again at `until`, for somebody else, unless `put_off` is called before.
    """
    claimed = due_work.claim(tx, *_SERIES_AND_MOMENT, until, col(Series.zoom_due_at) <= now)
    return get_series(tx, claimed) if claimed else None


def put_off(tx: Transaction, claimed: SeriesOfClasses, due_at: datetime | None) -> None:
    """The series that was claimed is done (None) or due later; unless it was asked for anew meanwhile."""
    due_work.put_off(tx, *_SERIES_AND_MOMENT, (claimed.id, claimed.zoom_due_at), due_at)


def set_occurrence(tx: Transaction, class_id: str, occurrence_id: str) -> None:
    """The date of a class in its recurring meeting, by Zoom's id."""
    row = class_row(tx, class_id)
    row.zoom_occurrence_id = occurrence_id
    tx.add(row)


# Meetings of single classes


def ask_for_meeting(tx: Transaction, class_id: str, at: datetime) -> None:
    """Zoom is to be told of the class at this moment. The caller has locked the class."""
    row = class_row(tx, class_id)
    row.zoom_meeting_due_at = at
    tx.add(row)


def is_meeting_due(tx: Transaction, now: datetime) -> bool:
    """Whether Zoom is to be told of a class."""
    return tx.exec(select(LiveStream.id).where(*_due(now)).limit(1)).first() is not None


def count_waiting(tx: Transaction, teacher_id: str) -> int:
    """Of how many planned classes of a teacher Zoom is still to be told."""
    waiting = (
        col(LiveStream.teacher_id) == teacher_id,
        col(LiveStream.zoom_meeting_due_at).is_not(None),
        col(LiveStream.status) == ClassStatus.SCHEDULED.value,
    )
    return tx.exec(select(func.count()).select_from(LiveStream).where(*waiting)).one()


def known_meetings(tx: Transaction, meeting_ids: Collection[str]) -> set[str]:
    """Those of these meetings, by the numbers of Zoom's API, that a class has."""
    number = func.coalesce(LiveStream.zoom_api_meeting_id, LiveStream.zoom_meeting_id)
    return {str(one) for one in tx.exec(select(number).where(number.in_(meeting_ids)))}


def claim_meeting(tx: Transaction, now: datetime, until: datetime) -> Class | None:
    """Takes the class that has been due the longest, the one held first of these, in one atomic statement; or None.

    It is due again at `until`, for somebody else, unless `told` or `put_off_meeting` is called before. Where its
    `zoom_meeting_asked_at` is before now, somebody has asked Zoom for its meeting, and never told what came of it.
    """
    asked_at = func.coalesce(LiveStream.zoom_meeting_asked_at, now)
    claimed = due_work.claim(
        tx,
        *_CLASS_AND_MOMENT,
        until,
        *_due(now),
        then_by=(col(LiveStream.scheduled_start),),
        also={col(LiveStream.zoom_meeting_asked_at): asked_at},
    )
    return get_class(tx, claimed) if claimed else None


def set_made_meeting(tx: Transaction, class_id: str, meeting_id: str, api_id: str | None, link: str, host: str) -> None:
    """The meeting that was made for a class. The caller has locked the class."""
    row = class_row(tx, class_id)
    row.zoom_meeting_id, row.zoom_api_meeting_id, row.zoom_join_url = meeting_id, api_id, link
    row.zoom_host_id = host or None
    tx.add(row)


def told(tx: Transaction, claimed: Class, due_at: datetime | None = None) -> None:
    """Zoom was told of the class that was claimed, as it was then: done, unless it was asked for anew meanwhile."""
    row = class_row(tx, claimed.id)
    row.zoom_meeting_asked_at = None
    if row.zoom_meeting_due_at == claimed.zoom_meeting_due_at:
        row.zoom_meeting_due_at = due_at
    tx.add(row)


def put_off_meeting(tx: Transaction, claimed: Class, due_at: datetime, *, unknown: bool) -> None:
    """Zoom is told of the class that was claimed later, unless it was asked for anew meanwhile.

    `unknown`: nobody knows whether Zoom has done what it was asked for. The caller has locked the class.
    """
    row = class_row(tx, claimed.id)
    if not unknown:
        row.zoom_meeting_asked_at = None
    if row.zoom_meeting_due_at == claimed.zoom_meeting_due_at:
        row.zoom_meeting_due_at = due_at
    tx.add(row)


def put_off_others(tx: Transaction, claimed: Class, due_at: datetime) -> None:
    """Zoom is told of the teacher's other classes not before then, but of those that a tracker has in hand."""
    others = (
        col(LiveStream.teacher_id) == claimed.teacher_id,
        col(LiveStream.id) != claimed.id,
        col(LiveStream.zoom_meeting_due_at) < due_at,
        col(LiveStream.zoom_meeting_asked_at).is_(None),
    )
    # Locked in the order of their ids, as everybody does.
    ids = tx.exec(select(LiveStream.id).where(*others).order_by(LiveStream.id).with_for_update()).all()
    statement = (
        update(LiveStream)
        .where(col(LiveStream.id).in_(ids))
        .values(zoom_meeting_due_at=due_at)
        .execution_options(synchronize_session=False)
    )
    tx.exec(cast(Any, statement))


def _due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """A class that is cancelled meanwhile needs no meeting, unless that is taken back."""
    return (
        col(LiveStream.zoom_meeting_due_at) <= now,
        col(LiveStream.status) == ClassStatus.SCHEDULED.value,
    )
