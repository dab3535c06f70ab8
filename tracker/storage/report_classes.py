"""The classes that were made from reports. Every function runs in the caller's transaction."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import select as sa_select
from sqlmodel import col, select

from tracker.attendance.class_times import LONGEST_PLAN, planned_time
from tracker.attendance.types import ClassStatus, Span
from tracker.storage.database import Transaction
from tracker.storage.models import LiveStream

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class HeldClass:
    """A class about to be stored that was held already; `digest` is of the report that tells of it.

    `planned` is the class's own time, `held` that of its meeting.
    """

    title: str
    teacher_id: str
    course_id: str
    planned: Span
    held: Span
    timezone: str
    digest: str


def minutes_of(planned: Span) -> int:
    """How long a class is, in minutes that have begun, and at least one."""
    return max(1, -(-(planned.end - planned.start) // MINUTE))


def add_held(tx: Transaction, new: HeldClass, now: datetime) -> str:
    """Stores a class that is over, and returns its id. It has no meeting, so it is never fetched."""
    row = LiveStream(
        id=uuid4().hex,
        title=new.title,
        status=ClassStatus.ENDED.value,
        scheduled_start=new.planned.start,
        duration_minutes=minutes_of(new.planned),
        timezone=new.timezone,
        started_at=new.held.start,
        ended_at=new.held.end,
        teacher_id=new.teacher_id,
        course_id=new.course_id,
        created_at=now,
        report_digest=new.digest,
    )
    tx.add(row)
    tx.flush()
    return row.id


@dataclass(frozen=True, slots=True)
class KnownClass:
    """A class that was made from a report earlier, as it is now."""

    id: str
    title: str
    scheduled_start: datetime
    duration_minutes: int


def known_from(tx: Transaction, course_id: str, digests: Collection[str]) -> dict[str, KnownClass]:
    """The classes of a course that were made from what these digests are of, by digest."""
    columns = ("report_digest", "id", "title", "scheduled_start", "duration_minutes")
    wanted = sa_select(*(col(getattr(LiveStream, one)) for one in columns)).where(
        col(LiveStream.course_id) == course_id, col(LiveStream.report_digest).in_(digests)
    )
    return {digest: KnownClass(*known) for digest, *known in tx.execute(wanted.order_by(col(LiveStream.id)))}


def held_meanwhile(tx: Transaction, course_id: str, spans: Collection[Span]) -> list[tuple[str, Span]]:
    """Title and planned time of the classes of a course that are planned for some of this time, and not cancelled."""
    if not spans:
        return []
    rows = select(LiveStream.title, LiveStream.scheduled_start, LiveStream.duration_minutes).where(
        LiveStream.course_id == course_id,
        LiveStream.status != ClassStatus.CANCELLED.value,
        col(LiveStream.scheduled_start) < max(one.end for one in spans),
        col(LiveStream.scheduled_start) > min(one.start for one in spans) - LONGEST_PLAN,
    )
    return [(title, planned_time(start, minutes)) for title, start, minutes in tx.exec(rows)]
