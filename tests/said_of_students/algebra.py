"""A course of three students, and what is said of them."""

from types import SimpleNamespace
from typing import Any

from sqlalchemy import Engine
from sqlmodel import SQLModel, select

from tracker import auth, courses, storage
from tracker.attendance.register import Register
from tracker.attendance.types import PersonKey, Status
from tracker.services import Services
from tracker.storage.courses import Course
from tracker.storage.database import reading
from tracker.storage.members import Member

EMAIL = "ana@school.example"

ROSTER = "Name\tEmail\tNumber\nZita Quark\tzita@x.org\t007\nBo Ek\tbo@x.org\t008\nEva Lund\t\t009"

IPAD: PersonKey = ("name", "ipad")


def algebra(school: Services, teacher: str = EMAIL, course: str = "Algebra") -> Course:
    return school.read(courses.teachers_course, auth.OPERATOR, teacher, course)


def ids(school: Services, course: Course) -> dict[str, str]:
    """The ids of a course's students by their first names."""
    with reading(school.engine) as tx:
        found = storage.students.list_students(tx, course.id)
    return {one.student.name.split()[0]: one.id for one in found}


def register(school: Services, course: Course | None = None) -> Register:
    return school.read(courses.course_register, auth.OPERATOR, course or algebra(school), school.now())


def marks(school: Services, class_id: str, course: Course | None = None) -> dict[str, str]:
    """What each student was in a class, by her first name, with a star where somebody has said so."""
    return {
        row.enrolled.student.name.split()[0]: row.marks[class_id].status.value + "*" * bool(row.marks[class_id].by_hand)
        for row in register(school, course).rows
        if class_id in row.marks
    }


def rows(engine: Engine, table: type[SQLModel]) -> list[Any]:
    """What is in a table."""
    with reading(engine) as tx:
        return [SimpleNamespace(**row.model_dump()) for row in tx.exec(select(table))]


def said_of_all(school: Services, ana: Member, class_id: str) -> dict[str, str]:
    """Something of every kind is said of Zita, and something of Bo."""
    course = algebra(school)
    who = ids(school, course)
    courses.mark(school, ana, class_id, [who["Zita"]], Status.EXCUSED, "Zita Quark's letter")
    courses.mark(school, ana, class_id, [who["Bo"]], Status.LATE, "missed the bus")
    courses.add_address(school, ana, course.id, who["Zita"], "quark@home.example")
    courses.choose(school, ana, course.id, [("email", "zita@x.org")], [who["Zita"]])
    courses.choose(school, ana, course.id, [IPAD], [who["Zita"]])
    return who
