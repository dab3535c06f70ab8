"""What a list of courses says of each of them. Every function runs in the caller's transaction."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select as sa_select
from sqlmodel import col, func, select

from tracker.attendance.types import ClassStatus
from tracker.storage.database import Transaction
from tracker.storage.models import (
    Fetch,
    LiveStream,
    PersonMark,
    SamePerson,
    SessionChoice,
    Student,
    StudentAddress,
    StudentChoice,
    StudentMark,
)

# What a register, and the page round it, shows of a class or works out from it, but for its participants.
_SHOWN = (
    col(LiveStream.id),
    col(LiveStream.title),
    col(LiveStream.status),
    col(LiveStream.scheduled_start),
    col(LiveStream.duration_minutes),
    col(LiveStream.timezone),
    col(LiveStream.zoom_meeting_id),
    col(LiveStream.zoom_meeting_made),
    col(LiveStream.zoom_host_id),
    col(LiveStream.started_at),
    col(LiveStream.ended_at),
    col(LiveStream.participant_count),
    col(LiveStream.participants_fetched_at),
    col(LiveStream.people_shown),
    col(LiveStream.hosts_shown),
    col(LiveStream.late_shown),
    col(LiveStream.figures_of_count),
    col(LiveStream.names_removed_at),
    col(Fetch.state),
    col(Fetch.error),
)


@dataclass(frozen=True, slots=True)
class Figures:
    """How many students and classes a course has, how many of these were held, and when the next one begins."""

    students: int = 0
    classes: int = 0
    held: int = 0
    next_start: datetime | None = None


def figures(tx: Transaction, course_ids: Collection[str], now: datetime) -> Mapping[str, Figures]:
    """The figures of these courses by their ids; cancelled classes are none of theirs."""
    ids = list(course_ids)
    course, status, start = col(LiveStream.course_id), col(LiveStream.status), col(LiveStream.scheduled_start)
    students = dict(
        tx.exec(
            select(Student.course_id, func.count())
            .where(col(Student.course_id).in_(ids))
            .group_by(col(Student.course_id))
        ).all()
    )
    classes: dict[str, int] = {}
    held: dict[str, int] = {}
    of_courses = select(course, status, func.count()).where(course.in_(ids)).group_by(course, status)
    for course_id, code, number in tx.exec(of_courses):
        if code != ClassStatus.CANCELLED.value and course_id is not None:
            classes[course_id] = classes.get(course_id, 0) + number
            if code == ClassStatus.ENDED.value:
                held[course_id] = number
    to_come = select(course, start).where(course.in_(ids), status == ClassStatus.SCHEDULED.value, start >= now)
    nearest: dict[str, datetime] = {}
    for course_id, begins in tx.exec(to_come.order_by(start.desc())):
        if course_id is not None:
            nearest[course_id] = begins
    return {one: Figures(students.get(one, 0), classes.get(one, 0), held.get(one, 0), nearest.get(one)) for one in ids}


@dataclass(frozen=True, slots=True)
class Version:
    """What there is to see of a course's classes, and what is said of its people: a value that differs after a change.

    Times are stored in whole seconds: of two changes in one the second may leave it as it is. `latest` is when
    something was said last, and `begun` how many of the classes were to have begun by now.
    """

    classes: tuple[tuple[object, ...], ...]
    said: tuple[object, ...]
    latest: datetime | None
    begun: int


def version(tx: Transaction, course_id: str, teacher_id: str, now: datetime) -> Version:
    """The version of a course of this teacher: two questions, cheap to read again and again."""
    # All classes of a course are its teacher's, whose are found by an index.
    in_course = (col(LiveStream.teacher_id) == teacher_id, col(LiveStream.course_id) == course_id)
    shown = sa_select(*_SHOWN).outerjoin(Fetch, col(Fetch.class_id) == col(LiveStream.id)).where(*in_course)
    shown = shown.where(col(LiveStream.status) != ClassStatus.CANCELLED.value).order_by(col(LiveStream.id))
    students = select(Student.id).where(Student.course_id == course_id)
    classes = select(LiveStream.id).where(*in_course)
    said = (
        (Student.updated_at, Student.course_id == course_id),
        (StudentAddress.added_at, col(StudentAddress.student_id).in_(students)),
        (StudentChoice.decided_at, StudentChoice.course_id == course_id),
        (StudentMark.decided_at, col(StudentMark.student_id).in_(students)),
        (SamePerson.decided_at, SamePerson.teacher_id == teacher_id),
        (PersonMark.decided_at, PersonMark.teacher_id == teacher_id),
        (SessionChoice.decided_at, col(SessionChoice.class_id).in_(classes)),
    )
    measures = [
        select(measure).where(condition).scalar_subquery()
        for at, condition in said
        for measure in (func.count(col(at)), func.max(col(at)))
    ]
    found = tuple(tx.execute(sa_select(*measures)).one())
    latest = max((one for one in found if isinstance(one, datetime)), default=None)
    rows = tx.execute(shown).all()
    begun = sum(row.scheduled_start <= now for row in rows)
    return Version(tuple(map(tuple, rows)), found, latest, begun)
