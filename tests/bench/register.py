"""The register of a course of 40 classes and 300 students, against reading the stored records of its classes as JSON.

One of 200 classes that are held in one Zoom meeting, with 30 students, against the same. And the students of one class
of 300, against the attendance that they rest on. Runs on SQLite.
"""

import json
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from sqlmodel import select

from tests.bench import seconds, show
from tests.makers import Clock, counted, lesson, member, services, stay, stored
from tests.rosters.files import read
from tracker import auth, class_attendance, courses, report
from tracker.services import Services
from tracker.storage.courses import Course
from tracker.storage.database import make_engine, reading
from tracker.storage.members import Member
from tracker.storage.models import LiveStream
from tracker.storage.schema import migrate

CLASSES, STUDENTS, WEEK = 40, 300, 7 * 24 * 60
SHARING, FEW = 200, 30
ONE_MEETING = {"zoom_meeting_id": "85033334444", "zoom_meeting_made": False}


def a_course(using: Services, ana: Member, name: str, classes: int, students: int, **more: Any) -> tuple[Course, str]:
    """A course that was held every week, and the id of its first class."""
    roster = "Name,Email\n" + "".join(f"Ana Lima {number},s{number}@x.org\n" for number in range(students))
    courses.import_roster(using, auth.OPERATOR, ana.email, name, read(roster))
    for week in range(classes):
        start = -week * WEEK
        class_id = lesson(using.engine, ana, start=start, course=name, **more)
        stays = [
            # Every third comes without an e-mail, and is known by her name; every seventh drops out and comes back.
            stay(f"Ana Lima {number}", start + begin, start + end, f"s{number}@x.org" if number % 3 else "")
            for number in range(students)
            if (number + week) % 11
            for begin, end in (((number % 9, 30), (31, 60)) if number % 7 == 0 else ((number % 9, 60),))
        ]
        counted(using.engine, class_id, *stays, start=start, end=start + 60)
    return using.read(courses.teachers_course, auth.OPERATOR, ana.email, name), class_id


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        engine, clock = make_engine(f"sqlite:///{Path(folder) / 'bench.sqlite3'}"), Clock()
        migrate(engine)
        using, ana = services(engine, clock), member(engine)
        course, class_id = a_course(using, ana, "Algebra", CLASSES, STUDENTS)
        shared, _ = a_course(using, ana, "Biology", SHARING, FEW, **ONE_MEETING)
        clock.forward(days=1)

        def parsed() -> None:
            with reading(engine) as tx:
                for data in tx.exec(select(LiveStream.participants_data).where(LiveStream.course_id == course.id)):
                    json.loads(data or "{}")

        def made(of: Course) -> Any:
            return using.read(courses.course_register, auth.OPERATOR, of, using.now())

        found, register = stored(engine, class_id), made(course)
        assert (len(register.rows), len(register.classes), register.guests) == (STUDENTS, CLASSES, ())
        base, name = seconds(parsed, rounds=5), f"reading {CLASSES} classes as JSON"
        show(f"a register of {CLASSES} classes and {STUDENTS} students", seconds(partial(made, course), 3), base, name)
        show(f"one of {SHARING} classes in one meeting and {FEW}", seconds(partial(made, shared), 3), base, name)
        show("the first as a workbook", seconds(lambda: report.register_workbook(register), rounds=3), base, name)
        show("the first as JSON", seconds(lambda: report.register_json(register), rounds=3), base, name)
        base = seconds(lambda: using.read(class_attendance.attendance_of, found, using.now()))
        students = seconds(lambda: using.read(courses.students_of_class, ana, found, using.now()))
        show(f"the students of a class of {STUDENTS}", students, base, "its attendance")
        engine.dispose()


if __name__ == "__main__":
    main()
