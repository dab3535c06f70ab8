"""Lists of classes: which of them somebody may see, searched and narrowed. In the caller's transaction."""

import json
import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, func, or_
from sqlalchemy import select as sa_select
from sqlmodel import col, select

from tracker.attendance.types import ClassStatus
from tracker.storage.classes import OF_MEETINGS, Class, ClassInMeeting, classes_where, in_meeting
from tracker.storage.database import Transaction, run
from tracker.storage.members import Member
from tracker.storage.models import ClassShare, Course, CourseShare, LiveStream, User
from tracker.storage.visibility import visible_to
from tracker.text import comparable

_IN_MEETINGS = OF_MEETINGS.where(col(LiveStream.zoom_meeting_id).in_(bindparam("meeting_ids", expanding=True)))
_NEWEST_FIRST = (col(LiveStream.scheduled_start).desc(), col(LiveStream.id).desc())
_OLDEST_FIRST = (col(LiveStream.scheduled_start), col(LiveStream.id))
# Who was in a class stands in a long text: somebody is looked for in so many classes, the latest.
MOST_SEARCHED_FOR_PEOPLE = 5_000


@dataclass(frozen=True, slots=True)
class Filter:
    """Which classes to list: `text` in title, course or teacher, or in the name or e-mail of somebody who was there.

    Somebody who was there is looked for in the latest `MOST_SEARCHED_FOR_PEOPLE` of what the rest lets through. Planned
    start in [`since`, `until`). `course` is a course's name, `teacher_email` whose the classes are. `unsolved`:
    only those that may need somebody's attention; which of them do is not for the database to say.
    """

    text: str = ""
    statuses: tuple[ClassStatus, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    course: str = ""
    teacher_email: str = ""
    unsolved: bool = False


def list_classes(
    tx: Transaction, viewer: Member, which: Filter, *, limit: int, offset: int = 0, oldest_first: bool = False
) -> list[Class]:
    """The classes that `viewer` may see and `which` lets through, by planned start, newest first."""
    return classes_where(
        tx,
        *_conditions(tx, viewer, which),
        order=_OLDEST_FIRST if oldest_first else _NEWEST_FIRST,
        limit=limit,
        offset=offset,
    )


def count_classes(tx: Transaction, viewer: Member, which: Filter) -> int:
    """How many `list_classes` has in all."""
    statement = select(func.count()).select_from(LiveStream)
    return tx.exec(statement.where(*_conditions(tx, viewer, which))).one()


def list_ids(tx: Transaction, viewer: Member, which: Filter) -> list[str]:
    """The ids of all classes of `list_classes`: a search looks into every class, and so is made only once."""
    return list(tx.exec(select(LiveStream.id).where(*_conditions(tx, viewer, which)).order_by(*_NEWEST_FIRST)))


def list_by_id(tx: Transaction, viewer: Member, class_ids: Collection[str]) -> list[Class]:
    """Those of these classes that `viewer` may see, by planned start, newest first."""
    wanted = col(LiveStream.id).in_(class_ids)
    return classes_where(tx, wanted, visible_to(tx, viewer), order=_NEWEST_FIRST, limit=len(class_ids))


def list_courses_seen(tx: Transaction, viewer: Member) -> list[str]:
    """The names of the courses of which `viewer` may see classes and that are not archived, in order."""
    names = sa_select(col(Course.name)).where(col(Course.archived_at).is_(None)).distinct()
    if not viewer.is_admin:
        shared = select(CourseShare.course_id).where(CourseShare.user_id == viewer.id)
        of_classes = select(LiveStream.course_id).join(ClassShare).where(ClassShare.user_id == viewer.id)
        course = col(Course.id)
        names = names.where(or_(col(Course.teacher_id) == viewer.id, course.in_(shared), course.in_(of_classes)))
    return sorted(tx.execute(names).scalars(), key=str.casefold)


def _conditions(tx: Transaction, viewer: Member, which: Filter) -> list[ColumnElement[bool]]:
    conditions = [visible_to(tx, viewer)]
    if which.course:
        named = select(Course.id).where(Course.name == comparable(which.course))
        conditions.append(col(LiveStream.course_id).in_(named))
    if which.teacher_email:
        owner = select(User.id).where(User.email == comparable(which.teacher_email))
        conditions.append(col(LiveStream.teacher_id).in_(owner))
    if which.statuses:
        conditions.append(col(LiveStream.status).in_([status.value for status in which.statuses]))
    if which.since is not None:
        conditions.append(col(LiveStream.scheduled_start) >= which.since)
    if which.until is not None:
        conditions.append(col(LiveStream.scheduled_start) < which.until)
    if which.unsolved:
        status, ended = col(LiveStream.status), ClassStatus.ENDED.value
        conditions.append(status.not_in([ClassStatus.CANCELLED.value, ClassStatus.LIVE.value]))
        conditions.append(or_(status != ended, col(LiveStream.participants_fetched_at).is_(None)))
    if text := comparable(which.text.replace("\0", "")).strip().lower():
        latest = select(LiveStream.id).where(*conditions).order_by(*_NEWEST_FIRST).limit(MOST_SEARCHED_FOR_PEOPLE)
        conditions.append(or_(_named(viewer, text), and_(col(LiveStream.id).in_(latest), _was_there(text))))
    return conditions


def _named(viewer: Member, text: str) -> ColumnElement[bool]:
    """Whether a class has the text, which is lower case, in its title, or in the name of its course or teacher.

    Her own name is in all of her classes, so of the teacher it is looked for in those of others alone.
    """
    courses = select(Course.id).where(_has(Course.name, text))
    teachers = select(User.id).where(User.id != viewer.id, or_(_has(User.name, text), _has(User.email, text)))
    return or_(
        _has(LiveStream.title, text),
        col(LiveStream.course_id).in_(courses),
        col(LiveStream.teacher_id).in_(teachers),
    )


def _was_there(text: str) -> ColumnElement[bool]:
    """Whether a class has the text, which is lower case, in the name or e-mail of somebody who was there."""
    # As it stands in JSON. Another key, or the end of one text and the begin of the next, is nobody's name: that is
    # told by a pattern, which takes longer and is asked only where the text is anywhere.
    written = json.dumps(text, ensure_ascii=False)[1:-1]
    name = rf'"(name|email)":\s*"[^"\\]*(\\.[^"\\]*)*{re.escape(written)}'
    people = LiveStream.participants_data
    return and_(_has(people, written), func.lower(people).regexp_match(name))


def _has(column: Any, text: str) -> ColumnElement[bool]:
    """Whether a column has the text, which is lower case, anywhere in it."""
    return func.lower(column).contains(text, autoescape=True)


def classes_in_meetings(tx: Transaction, meeting_ids: Collection[str]) -> Mapping[str, list[ClassInMeeting]]:
    """Every class that uses one of these Zoom meetings, cancelled ones too, by meeting."""
    found = defaultdict[str, list[ClassInMeeting]](list)
    for row in run(tx, _IN_MEETINGS, meeting_ids=list(meeting_ids)):
        found[row.zoomMeetingId].append(in_meeting(row))
    return found
