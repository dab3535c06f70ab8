"""Classes whose participants' names were kept for long enough, and what of them goes. In the caller's transaction."""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, or_
from sqlalchemy import select as sa_select
from sqlmodel import col, delete, select, update

from tracker.attendance.stored_form import stays_from_entries
from tracker.attendance.types import ClassStatus, Sighting, Stay
from tracker.errors import NotFound
from tracker.storage import classes, meeting_options, student_links
from tracker.storage.classes import Class, class_row
from tracker.storage.database import Transaction
from tracker.storage.models import (
    WITH_NAMES,
    Course,
    Fetch,
    LiveStream,
    MeetingSession,
    ParticipantEvent,
    Reading,
    SessionRecords,
    StudentMark,
    User,
)
from tracker.storage.presence import sighting_of

# Of a list of Zoom's: it is there, and when the last one in it left.
_LISTED = col(SessionRecords.data).is_not(None)
_LATEST = func.coalesce(col(SessionRecords.latest_leave), col(SessionRecords.read_at))


@dataclass(frozen=True, slots=True)
class CourseDays:
    """For how many days a course keeps names; None where the setting holds, 0 for as long as the class is there."""

    course_id: str
    name: str
    teacher_email: str
    days: int | None


def list_course_days(tx: Transaction) -> list[CourseDays]:
    """Every course, by teacher and name."""
    rows = tx.exec(select(Course, User).join(User).order_by(User.email, Course.name))
    return [CourseDays(course.id, course.name, user.email, course.retention_days) for course, user in rows]


def own_days(tx: Transaction, teacher_id: str | None = None) -> set[int]:
    """For how many days courses keep names that have days of their own: those of a teacher, or all; 0 for no limit."""
    days = select(Course.retention_days).distinct()
    if teacher_id is not None:
        days = days.where(Course.teacher_id == teacher_id)
    return {own for own in tx.exec(days) if own is not None}


def set_course_days(tx: Transaction, teacher_id: str, course: str, days: int | None) -> None:
    """Sets for how long a course of this teacher keeps names. Raises NotFound."""
    row = tx.exec(select(Course).where(Course.teacher_id == teacher_id, Course.name == course)).first()
    if row is None:
        raise NotFound("no_such_course", course=course)
    row.retention_days = days
    tx.add(row)


def classes_begun(tx: Transaction, usual_days: int, now: datetime, *, limit: int, due: bool = True) -> list[Class]:
    """Classes with names that began before their days of retention passed, the oldest first; or, not `due`, later.

    `usual_days` hold where a course has none of its own. 0 days are no limit.
    """
    own = own_days(tx) - {0}
    conditions = [and_(col(Course.retention_days) == days, _began(now - timedelta(days=days), due)) for days in own]
    if usual_days:
        usual = col(Course.retention_days).is_(None)
        conditions.append(and_(usual, _began(now - timedelta(days=usual_days), due)))
    return classes.classes_where(
        tx,
        or_(false(), *conditions),
        WITH_NAMES,
        # Of a class that was not held nothing is known, and its teacher may move it.
        or_(col(LiveStream.participants_data).is_not(None), col(LiveStream.status) == ClassStatus.ENDED.value),
        LiveStream.status != ClassStatus.LIVE.value,
        order=(col(LiveStream.scheduled_start), col(LiveStream.id)),
        limit=limit,
    )


def _began(moment: datetime, before: bool) -> ColumnElement[bool]:
    return col(LiveStream.scheduled_start) <= moment if before else col(LiveStream.scheduled_start) > moment


def days_of(tx: Transaction, found: Class, usual_days: int) -> int:
    """For how many days the names of a class are kept; 0 for no limit."""
    own = tx.exec(select(Course.retention_days).where(Course.id == found.course_id)).first()
    return usual_days if own is None else own


def remove_names(tx: Transaction, class_id: str, data: Mapping[str, Any] | None, now: datetime) -> None:
    """Puts `data` in place of the participants of a class, or nothing; they are not asked for any more.

    What was counted stays; what was said of students by hand in this class goes. Raises NotFound.
    """
    row = class_row(tx, class_id)
    row.participants_data = None if data is None else json.dumps(data, ensure_ascii=False)
    row.names_removed_at = now
    tx.add(row)
    tx.exec(delete(Reading).where(col(Reading.class_id) == class_id))
    tx.exec(delete(StudentMark).where(col(StudentMark.class_id) == class_id))
    nothing_planned = {"due_at": None, "leased_until": None, "lease_token": None}
    tx.exec(update(Fetch).where(col(Fetch.class_id) == class_id).values(nothing_planned))
    student_links.forget_requests(tx, class_id)
    meeting_options.forget_all_substitutes(tx, class_id)


def forget_records(tx: Transaction, meeting_id: str, needed: Collection[str], before: datetime) -> None:
    """Drops Zoom's lists of a meeting's sessions that began before that, and what was seen live in them.

    The sessions in `needed` are kept as they are.
    """
    of_meeting = select(MeetingSession.uuid, MeetingSession.started_at).where(MeetingSession.meeting_id == meeting_id)
    begun = dict(tx.exec(of_meeting).all())
    listed = tx.exec(select(SessionRecords.session_uuid).where(SessionRecords.meeting_id == meeting_id)).all()
    seen = tx.exec(select(ParticipantEvent.session_uuid).where(ParticipantEvent.meeting_id == meeting_id).distinct())
    gone = {uuid for uuid in (*listed, *seen) if uuid not in needed and begun.get(uuid, before) <= before}
    forget_lists(tx, gone)
    forget_seen(tx, gone)


def forget_lists(tx: Transaction, uuids: Collection[str]) -> None:
    """Drops Zoom's lists of these sessions. When the last one left stays: it tells when a session ended."""
    nothing = {"data": None, "shorter_data": None, "error": None, "error_details": None}
    tx.exec(update(SessionRecords).where(col(SessionRecords.session_uuid).in_(uuids)).values(nothing))


def forget_seen(tx: Transaction, uuids: Collection[str]) -> None:
    """Drops what was seen live in these sessions."""
    tx.exec(delete(ParticipantEvent).where(col(ParticipantEvent.session_uuid).in_(uuids)))


def meetings_with_more(tx: Transaction, after: str, before: datetime | None, limit: int) -> list[str]:
    """Meetings in which people were seen live, or with a list of somebody who left `before`; in the order of their ids.

    A class may rest on it, or not.
    """
    of_seen = col(ParticipantEvent.meeting_id)
    seen: Select[tuple[str]] = sa_select(of_seen.label("id")).where(of_seen > after)
    of_lists = col(SessionRecords.meeting_id)
    listed = sa_select(of_lists).where(of_lists > after, _LISTED, false() if before is None else before >= _LATEST)
    return list(tx.scalars(seen.union(listed).order_by("id").limit(limit)))


def lists_before(tx: Transaction, meeting_id: str, before: datetime) -> set[str]:
    """The sessions of a meeting with a list whose last one left by then."""
    rows = select(SessionRecords.session_uuid).where(SessionRecords.meeting_id == meeting_id, _LISTED)
    return set(tx.exec(rows.where(before >= _LATEST)))


def latest_seen(tx: Transaction, meeting_id: str) -> dict[str, datetime]:
    """When somebody was last seen in each session of a meeting, by UUID."""
    rows = select(ParticipantEvent.session_uuid, func.max(ParticipantEvent.at)).where(
        ParticipantEvent.meeting_id == meeting_id
    )
    return dict(tx.exec(rows.group_by(col(ParticipantEvent.session_uuid))).all())


def seen_of_teacher(tx: Transaction, teacher_id: str) -> list[Sighting]:
    """What was seen live in the meetings of a teacher's classes."""
    meetings = select(LiveStream.zoom_meeting_id).where(LiveStream.teacher_id == teacher_id)
    rows = tx.exec(select(ParticipantEvent).where(col(ParticipantEvent.meeting_id).in_(meetings)))
    return [sighting_of(row) for row in rows]


def listed_of_teacher(tx: Transaction, teacher_id: str) -> Iterator[Stay]:
    """The records in Zoom's lists of the meetings of a teacher's classes, a few lists at a time."""
    meetings = select(LiveStream.zoom_meeting_id).where(LiveStream.teacher_id == teacher_id)
    rows = select(SessionRecords.data, SessionRecords.shorter_data).where(
        col(SessionRecords.meeting_id).in_(meetings), _LISTED
    )
    for texts in tx.exec(rows.execution_options(yield_per=50)):
        for text in filter(None, texts):
            yield from stays_from_entries(json.loads(text))
