"""What was said of students by hand: their status in a class, and who of those who join they are.

Every function runs in the caller's transaction.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select as sa_select
from sqlmodel import col, func, select

from tracker.attendance.matching import Choice
from tracker.attendance.register import ByHand
from tracker.attendance.types import BY_HAND, PersonKey, Status
from tracker.storage.database import Transaction
from tracker.storage.decisions import key_in_text, key_text
from tracker.storage.models import LiveStream, Student, StudentAddress, StudentChoice, StudentMark

# Of how many classes one statement asks.
AT_ONCE = 500


def list_marks(tx: Transaction, class_ids: Collection[str]) -> Mapping[str, Mapping[str, ByHand]]:
    """What was said of students in these classes, by class and student; a status that nobody knows says nothing."""
    ids, found = sorted(class_ids), defaultdict[str, dict[str, ByHand]](dict)
    for start in range(0, len(ids), AT_ONCE):
        for row in tx.exec(select(StudentMark).where(col(StudentMark.class_id).in_(ids[start : start + AT_ONCE]))):
            if row.status in list(BY_HAND):
                found[row.class_id][row.student_id] = ByHand(Status(row.status), row.remark, row.decided_at)
    return found


def marked_classes(tx: Transaction, course_id: str) -> set[str]:
    """The ids of the classes of a course in which something is said of a student of it."""
    marked = (
        select(StudentMark.class_id)
        .join(LiveStream, col(LiveStream.id) == col(StudentMark.class_id))
        .join(Student, col(Student.id) == col(StudentMark.student_id))
        .where(LiveStream.course_id == course_id, Student.course_id == course_id)
    )
    return set(tx.exec(marked.distinct()))


def version(tx: Transaction, class_id: str, course_id: str) -> tuple[object, ...]:
    """What is said of the students in a class, and the list of its course: a value that differs after each change."""
    marks = (StudentMark.decided_at, StudentMark.class_id == class_id)
    choices = (StudentChoice.decided_at, StudentChoice.course_id == course_id)
    students = (Student.updated_at, Student.course_id == course_id)
    parts = [
        select(measure).where(condition).scalar_subquery()
        for at, condition in (marks, choices, students)
        for measure in (func.count(col(at)), func.max(col(at)))
    ]
    return tuple(tx.execute(sa_select(*parts)).one())


def set_mark(tx: Transaction, class_id: str, student_id: str, said: ByHand) -> None:
    """Stores what somebody says of a student in a class; it replaces what was said before."""
    row = StudentMark(
        class_id=class_id,
        student_id=student_id,
        status=said.status.value,
        remark=said.remark,
        decided_at=said.decided_at,
    )
    tx.merge(row)


def clear_mark(tx: Transaction, class_id: str, student_id: str) -> None:
    """Forgets what was said of a student in a class."""
    row = tx.get(StudentMark, (class_id, student_id))
    if row is not None:
        tx.delete(row)


def list_choices(tx: Transaction, course_id: str) -> list[Choice]:
    """The words of a course's teachers on who is which student, the latest first."""
    rows = tx.exec(
        select(StudentChoice)
        .where(StudentChoice.course_id == course_id)
        .order_by(col(StudentChoice.decided_at).desc(), StudentChoice.person, StudentChoice.student_id)
    )
    return [Choice(key_in_text(row.person), row.student_id, row.is_her, row.decided_at) for row in rows]


def set_choice(tx: Transaction, course_id: str, choice: Choice) -> None:
    """Stores whether a person is a student; it replaces an earlier word on these two."""
    row = StudentChoice(
        course_id=course_id,
        person=key_text(choice.person),
        student_id=choice.student_id,
        is_her=choice.is_her,
        decided_at=choice.decided_at,
    )
    tx.merge(row)


def clear_choice(tx: Transaction, course_id: str, person: PersonKey, student_id: str) -> None:
    """Forgets whether a person is a student."""
    row = tx.get(StudentChoice, (course_id, key_text(person), student_id))
    if row is not None:
        tx.delete(row)


@dataclass(frozen=True, slots=True)
class FurtherAddress:
    """A further e-mail address of a student, in lower case, and since when it is kept."""

    student_id: str
    email: str
    added_at: datetime


def all_addresses(tx: Transaction) -> list[FurtherAddress]:
    """The further addresses of the students of all courses."""
    rows = tx.exec(select(StudentAddress).order_by(StudentAddress.student_id, StudentAddress.email))
    return [FurtherAddress(row.student_id, row.email, row.added_at) for row in rows]


@dataclass(frozen=True, slots=True)
class MarkInClass:
    """What was said of a student in a class, whatever course that is in now."""

    class_id: str
    title: str
    start: datetime
    status: str
    remark: str
    decided_at: datetime


def marks_of(tx: Transaction, student_id: str) -> list[MarkInClass]:
    """What was said of a student, by planned start of the classes."""
    rows = tx.exec(
        select(StudentMark, LiveStream.title, LiveStream.scheduled_start)
        .join(LiveStream, col(LiveStream.id) == col(StudentMark.class_id))
        .where(StudentMark.student_id == student_id)
        .order_by(col(LiveStream.scheduled_start), LiveStream.id)
    )
    return [
        MarkInClass(row.class_id, title, start, row.status, row.remark, row.decided_at) for row, title, start in rows
    ]


def add_address(tx: Transaction, student_id: str, email: str, now: datetime) -> None:
    """Adds a further e-mail address, in lower case, to a student."""
    tx.merge(StudentAddress(student_id=student_id, email=email, added_at=now))


def remove_address(tx: Transaction, student_id: str, email: str) -> None:
    """Takes a further e-mail address from a student."""
    row = tx.get(StudentAddress, (student_id, email))
    if row is not None:
        tx.delete(row)
