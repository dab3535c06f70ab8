"""For which meetings the students of a roster are to be registered. Every function runs in the caller's transaction."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, func
from sqlmodel import col, select

from tracker.attendance.types import ClassStatus
from tracker.errors import Problem
from tracker.storage import due_work
from tracker.storage.classes import Class, classes_where
from tracker.storage.database import Transaction, insert, run
from tracker.storage.models import LiveStream, MeetingRegistration
from tracker.storage.problems import details_of, problem_of

_ASK = insert(
    MeetingRegistration,
    lambda row: row.on_conflict_do_update(
        index_elements=[MeetingRegistration.meeting_id], set_={"dueAt": row.excluded.dueAt}
    ),
)
# The number that Zoom's API knows the meeting of a class by.
_MEETING = func.coalesce(LiveStream.zoom_api_meeting_id, LiveStream.zoom_meeting_id)
_TO_COME = col(LiveStream.status).in_((ClassStatus.SCHEDULED.value, ClassStatus.LIVE.value))
# No recurring meeting has more dates.
MOST_CLASSES = 100


@dataclass(frozen=True, slots=True)
class Registration:
    """How far the registration for a meeting is: when it is due, and what was found when it was last looked at."""

    meeting_id: str
    due_at: datetime | None
    looked_at: datetime | None
    students: int
    registered: int
    error: Problem | None


def ask_for_class(tx: Transaction, class_id: str, now: datetime) -> None:
    """Roster and registrants of the class's meeting are to be compared, if it was asked of Zoom to have any."""
    _ask(tx, now, col(LiveStream.id) == class_id)


def ask_for_course(tx: Transaction, course_id: str, now: datetime) -> None:
    """The same for the meetings of all classes to come of a course."""
    _ask(tx, now, col(LiveStream.course_id) == course_id)


def _ask(tx: Transaction, now: datetime, *conditions: Any) -> None:
    wanted = (
        select(_MEETING)
        .distinct()
        .where(
            *conditions,
            _TO_COME,
            is_on(LiveStream.meeting_sent),
            _MEETING.is_not(None),
        )
        .order_by(_MEETING)
    )
    for meeting_id in tx.exec(wanted).all():
        run(tx, _ASK, meetingId=meeting_id, dueAt=now, students=0, registered=0)


def is_on(options: Any) -> ColumnElement[bool]:
    """Whether these options of a meeting, a column, have its participants register."""
    return cast(col(options), Text).contains('"registration": "on"')


def find(tx: Transaction, meeting_id: str) -> Registration | None:
    """How far the registration for a meeting is; None where nobody has asked for it."""
    row = tx.get(MeetingRegistration, meeting_id, populate_existing=True)
    if row is None:
        return None
    problem = problem_of(row.error, row.error_details)
    return Registration(row.meeting_id, row.due_at, row.looked_at, row.students, row.registered, problem)


def classes_of(tx: Transaction, meeting_id: str) -> list[Class]:
    """The classes that are held in a meeting and are to come, or run."""
    order = (col(LiveStream.scheduled_start), col(LiveStream.id))
    return classes_where(tx, meeting_id == _MEETING, _TO_COME, order=order, limit=MOST_CLASSES)


def is_due(tx: Transaction, now: datetime) -> bool:
    """Whether roster and registrants of a meeting are to be compared."""
    return tx.exec(select(MeetingRegistration.meeting_id).where(_due(now)).limit(1)).first() is not None


def claim(tx: Transaction, now: datetime, until: datetime) -> Registration | None:
    """Takes the meeting that has been due the longest, in one atomic statement; None where there is none.

    It is due again at `until`, for somebody else, unless `finish` is called before.
    """
    row = MeetingRegistration
    claimed = due_work.claim(tx, col(row.meeting_id), col(row.due_at), until, _due(now))
    return find(tx, claimed) if claimed else None


def _due(now: datetime) -> Any:
    return col(MeetingRegistration.due_at) <= now


def is_still_claimed(tx: Transaction, claimed: Registration) -> bool:
    """Whether nobody else has taken the meeting since, or asked for it anew."""
    found = find(tx, claimed.meeting_id)
    return found is not None and found.due_at == claimed.due_at


def finish(
    tx: Transaction,
    claimed: Registration,
    now: datetime,
    counts: tuple[int, int] | None,
    error: Problem | None,
    due_at: datetime | None,
) -> None:
    """What came of it: how many students there are and are registered, None where nobody knows, and what failed.

    It is done (None) or due later; unless it was claimed or asked for by somebody else meanwhile.
    """
    row = tx.get(MeetingRegistration, claimed.meeting_id, with_for_update=True, populate_existing=True)
    if row is None:
        return
    if counts is not None:
        row.students, row.registered = counts
    row.looked_at = now
    row.error = error.code if error else None
    row.error_details = details_of(error) if error else None
    if row.due_at == claimed.due_at:
        row.due_at = due_at
    tx.add(row)
