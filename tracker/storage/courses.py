"""The courses of teachers. Every function runs in the caller's transaction."""

from dataclasses import dataclass
from uuid import uuid4

from sqlmodel import col, func, select

from tracker.errors import NotFound
from tracker.storage.database import Transaction, insert, run
from tracker.storage.models import Course as CourseRow
from tracker.storage.models import CourseShare, LiveStream

_ADD_COURSE = insert(CourseRow, lambda row: row.on_conflict_do_nothing())


@dataclass(frozen=True, slots=True)
class Course:
    """A series of classes of one teacher. `shared_with` are the ids of the colleagues with whom it is shared."""

    id: str
    name: str
    teacher_id: str
    shared_with: frozenset[str]


def find_course(tx: Transaction, teacher_id: str, name: str) -> Course | None:
    """The teacher's course of that name."""
    found = tx.exec(select(CourseRow).where(CourseRow.teacher_id == teacher_id, CourseRow.name == name)).first()
    if found is None:
        return None
    colleagues = tx.exec(select(CourseShare.user_id).where(CourseShare.course_id == found.id))
    return Course(found.id, found.name, found.teacher_id, frozenset(colleagues))


def get_course(tx: Transaction, teacher_id: str, name: str) -> Course:
    """The same. Raises NotFound where the teacher has none of that name."""
    found = find_course(tx, teacher_id, name)
    if found is None:
        raise NotFound("no_such_course", course=name)
    return found


# Courses are locked after classes and people, and several of them in the order of their ids.


def lock_course(tx: Transaction, course_id: str) -> None:
    """Locks a course for the rest of the transaction: nobody changes its roster meanwhile. The caller has locked whose
    it is, so that it is there."""
    tx.exec(select(CourseRow.id).where(CourseRow.id == course_id).with_for_update()).one()


def lock_courses(tx: Transaction, *teacher_ids: str) -> None:
    """Locks all courses of these people, or without any of everybody."""
    whose = select(CourseRow.id).order_by(CourseRow.id)
    if teacher_ids:
        whose = whose.where(col(CourseRow.teacher_id).in_(teacher_ids))
    tx.exec(whose.with_for_update()).all()


def list_courses(tx: Transaction, teacher_id: str) -> list[str]:
    """The names of the teacher's courses, in order."""
    return list(
        tx.exec(select(CourseRow.name).where(CourseRow.teacher_id == teacher_id).order_by(func.lower(CourseRow.name)))
    )


def set_course(tx: Transaction, class_id: str, course: str) -> None:
    """Puts a class into its teacher's course of that name, made where she has none; "" for no course.

    The caller has locked the class. Raises NotFound.
    """
    row = tx.get(LiveStream, class_id)
    if row is None:
        raise NotFound("no_such_class")
    row.course_id = course_id(tx, row.teacher_id, course) if course else None
    tx.add(row)


def course_id(tx: Transaction, teacher_id: str, name: str) -> str:
    """The teacher's course of that name, made where she has none: somebody else may make it at the same moment."""
    run(tx, _ADD_COURSE, id=uuid4().hex, teacherId=teacher_id, name=name)
    return tx.exec(select(CourseRow.id).where(CourseRow.teacher_id == teacher_id, CourseRow.name == name)).one()
