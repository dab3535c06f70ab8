"""The students on the rosters of courses. Every function runs in the caller's transaction."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import insert as sa_insert
from sqlalchemy import inspect
from sqlmodel import col, delete, func, or_, select, update

from tracker.attendance.matching import Enrolled as Enrolled
from tracker.errors import NotFound
from tracker.rosters.types import Student
from tracker.rosters.updating import found_again
from tracker.storage import registrations, student_links
from tracker.storage.database import Transaction
from tracker.storage.models import (
    Course,
    StudentAddress,
    StudentChoice,
    StudentLink,
    StudentMark,
    StudentRequest,
    User,
)
from tracker.storage.models import Student as StudentRow

# Of how many rows one statement is.
AT_ONCE = 500
_OF_STUDENT = ("name", "surname", "email", "number", "group", "since", "until")


@dataclass(frozen=True, slots=True)
class OnRoster:
    """A student of any course, for whoever looks for a person: on which roster, whose, since when, and as of when.

    `addresses` are her further ones.
    """

    id: str
    course_id: str
    course: str
    teacher: str
    student: Student
    created_at: datetime
    updated_at: datetime
    addresses: tuple[str, ...] = ()


def list_students(tx: Transaction, course_id: str) -> list[Enrolled]:
    """The roster of a course, in the order of the list."""
    of_course = select(StudentRow).where(StudentRow.course_id == course_id)
    rows = tx.exec(of_course.order_by(col(StudentRow.place), StudentRow.id)).all()
    of_students = (
        select(StudentAddress)
        .join(StudentRow, col(StudentRow.id) == col(StudentAddress.student_id))
        .where(StudentRow.course_id == course_id)
        .order_by(StudentAddress.email)
    )
    addresses: dict[str, list[str]] = defaultdict(list)
    for one in tx.exec(of_students):
        addresses[one.student_id].append(one.email)
    return [Enrolled(row.id, row.place, _student(row), tuple(addresses[row.id])) for row in rows]


def save(tx: Transaction, course_id: str, students: Sequence[tuple[Enrolled | None, Student]], now: datetime) -> None:
    """Stores the whole roster of a course, which the caller has locked, in this order.

    Each student comes with who she is on it, None where she is new; nobody who is on it may be missing. Whoever is new
    or changed may have to be registered for meetings to come.
    """
    new: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    moved: list[dict[str, Any]] = []
    for place, (of, student) in enumerate(students):
        values = {name: getattr(student, name) for name in _OF_STUDENT}
        if of is None:
            times = {"created_at": now, "updated_at": now}
            new.append({"id": uuid4().hex, "course_id": course_id, "place": place, **values, **times})
        elif of.student != student:
            changed.append({"id": of.id, "place": place, "updated_at": now, **values})
        elif of.place != place:
            moved.append({"id": of.id, "place": place})
    if new:
        tx.execute(sa_insert(StudentRow), new)
    for rows in (changed, moved):
        if rows:
            tx.execute(update(StudentRow), rows)
    if new or changed:
        registrations.ask_for_course(tx, course_id, now)


def move(tx: Transaction, course_id: str, into_id: str) -> None:
    """Puts the students of a course behind those of another one; whoever is on both rosters stays as she is there.

    What was said of somebody who is on both goes to her there, unless it was said of her there too. The caller has
    locked both courses.
    """
    ours, theirs = list_students(tx, course_id), list_students(tx, into_id)
    found = found_again([one.student for one in theirs], [one.student for one in ours])
    behind = theirs[-1].place + 1 if theirs else 0
    moved = [
        {"id": one.id, "course_id": into_id, "place": behind + one.place}
        for one, of in zip(ours, found, strict=True)
        if of is None
    ]
    if moved:
        tx.execute(update(StudentRow), moved)
    twice = {one.id: theirs[of].id for one, of in zip(ours, found, strict=True) if of is not None}
    for gone, stays in twice.items():
        _give_to(tx, gone, stays)
    _move_choices(tx, course_id, into_id)
    remove(tx, twice)


def remove(tx: Transaction, ids: Collection[str]) -> None:
    """Takes these students off their rosters, with all that was said of them."""
    gone = sorted(ids)
    for start in range(0, len(gone), AT_ONCE):
        some = gone[start : start + AT_ONCE]
        for table in (StudentAddress, StudentChoice, StudentMark, StudentLink, StudentRequest):
            tx.exec(delete(table).where(col(table.student_id).in_(some)))
        tx.exec(delete(StudentRow).where(col(StudentRow.id).in_(some)))


def _give_to(tx: Transaction, student_id: str, other_id: str) -> None:
    """What is said of a student is said of another one, where it was not said of that one already."""
    for table in (StudentAddress, StudentChoice, StudentMark):
        for row in tx.exec(select(table).where(col(table.student_id) == student_id)).all():
            values = {**row.model_dump(), "student_id": other_id}
            key = tuple(values[inspect(table).get_property_by_column(one).key] for one in inspect(table).primary_key)
            if tx.get(table, key) is None:
                tx.add(table(**values))
    tx.flush()
    student_links.give_to(tx, student_id, other_id)


def _move_choices(tx: Transaction, course_id: str, into_id: str) -> None:
    """The words on who is which student of a course are of another course, unless it has one on the same person."""
    known = set(tx.exec(select(StudentChoice.person).where(StudentChoice.course_id == into_id)))
    for row in tx.exec(select(StudentChoice).where(StudentChoice.course_id == course_id)).all():
        if row.person not in known:
            tx.add(StudentChoice(**{**row.model_dump(), "course_id": into_id}))
        tx.delete(row)
    tx.flush()


def all_students(tx: Transaction) -> Iterator[OnRoster]:
    """The students of all courses, by course."""
    return _on_rosters(tx)


def get_student(tx: Transaction, student_id: str) -> OnRoster:
    """A student, of whatever course. Raises NotFound."""
    found = next(_on_rosters(tx, StudentRow.id == student_id), None)
    if found is None:
        raise NotFound("student_gone")
    return found


def of_same_person(tx: Transaction, one: OnRoster, teacher_id: str) -> list[OnRoster]:
    """The same student on rosters of the teacher's other courses: by her e-mail, any case, or by her number."""
    email, number = one.student.email.strip().lower(), one.student.number
    same = [func.lower(StudentRow.email) == email] if email else []
    same += [col(StudentRow.number) == number] if number else []
    if not same:
        return []
    others = (StudentRow.course_id != one.course_id, Course.teacher_id == teacher_id)
    return list(_on_rosters(tx, *others, or_(*same)))


def _on_rosters(tx: Transaction, *conditions: Any) -> Iterator[OnRoster]:
    addresses: dict[str, list[str]] = defaultdict(list)
    of_students = select(StudentAddress).join(StudentRow, col(StudentRow.id) == col(StudentAddress.student_id))
    joined = of_students.join(Course, col(Course.id) == col(StudentRow.course_id)).where(*conditions)
    for one in tx.exec(joined.order_by(StudentAddress.email)):
        addresses[one.student_id].append(one.email)
    rows = (
        select(StudentRow, Course.name, User.name)
        .join(Course, col(Course.id) == col(StudentRow.course_id))
        .join(User, col(User.id) == col(Course.teacher_id))
        .where(*conditions)
        .order_by(Course.name, Course.id, col(StudentRow.place))
    )
    for row, course, teacher in tx.exec(rows.execution_options(yield_per=AT_ONCE)):
        known = tuple(addresses[row.id])
        yield OnRoster(row.id, row.course_id, course, teacher, _student(row), row.created_at, row.updated_at, known)


def _student(row: StudentRow) -> Student:
    return Student(**{name: getattr(row, name) for name in _OF_STUDENT})
