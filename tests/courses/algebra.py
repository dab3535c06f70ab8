"""A course of Ana's, its students and its classes."""

from sqlalchemy import Engine

from tests.makers import NOW, counted, lesson, stay
from tracker import class_attendance, courses, storage
from tracker.attendance.types import Attendance
from tracker.rosters import read_pasted
from tracker.services import Services
from tracker.storage.classes import Class
from tracker.storage.courses import Course
from tracker.storage.database import reading
from tracker.storage.members import Member
from tracker.storage.students import Enrolled


def make(school: Services, ana: Member, name: str = "Algebra", text: str = "") -> Course:
    """A course of Ana's with these students."""
    course_id = courses.new_course(school, ana, name, ana)
    if text:
        courses.import_list(school, ana, course_id, read_pasted(text))
    return school.read(courses.visible_course, ana, course_id)


def students(school: Services, course: Course) -> list[Enrolled]:
    with reading(school.engine) as tx:
        return storage.students.list_students(tx, course.id)


def held(engine: Engine, ana: Member, *people: str, course: str | None = "Algebra", start: float = -120) -> str:
    class_id = lesson(engine, ana, "Algebra", start, course=course)
    stays = [stay(name, start, start + 60) for name in people]
    counted(engine, class_id, *stays, start=start, end=start + 60, fetched=start + 75)
    return class_id


def attendance(school: Services, found: Class) -> Attendance:
    known = school.read(class_attendance.attendance_of, found, NOW)
    assert known is not None
    return known
