"""The courses of teachers. Every function runs in the caller's transaction."""

from uuid import uuid4

from sqlmodel import func, select

from tracker.errors import NotFound
from tracker.storage.database import Transaction, insert, run
from tracker.storage.models import Course, LiveStream

_ADD_COURSE = insert(Course, lambda row: row.on_conflict_do_nothing())


def list_courses(tx: Transaction, teacher_id: str) -> list[str]:
    """The names of the teacher's courses, in order."""
    return list(tx.exec(select(Course.name).where(Course.teacher_id == teacher_id).order_by(func.lower(Course.name))))


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
    return tx.exec(select(Course.id).where(Course.teacher_id == teacher_id, Course.name == name)).one()
