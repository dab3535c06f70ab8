"""What a list of courses says of each of them. Every function runs in the caller's transaction."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, func, select

from tracker.attendance.types import ClassStatus
from tracker.storage.database import Transaction
from tracker.storage.models import LiveStream, Student, StudentAddress, StudentChoice, StudentMark


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


def stamp(tx: Transaction, course_id: str) -> tuple[object, ...]:
    """How many students a course has and how much was said of them, and when last: cheap to read."""
    ours = select(Student.id).where(Student.course_id == course_id)
    asked = (
        select(func.count(), func.max(col(Student.updated_at))).where(Student.course_id == course_id),
        select(func.count(), func.max(col(StudentAddress.added_at))).where(col(StudentAddress.student_id).in_(ours)),
        select(func.count(), func.max(col(StudentChoice.decided_at))).where(StudentChoice.course_id == course_id),
        select(func.count(), func.max(col(StudentMark.decided_at))).where(col(StudentMark.student_id).in_(ours)),
    )
    return tuple(tuple(tx.exec(one).one()) for one in asked)
