"""The register of a course of 40 classes and 300 students, against reading the stored records of its classes as JSON.

And the students of one class of 300, against the attendance that they rest on. Runs on SQLite.
"""

import json
import tempfile
from pathlib import Path

from sqlmodel import select

from tests.bench import seconds, show
from tests.makers import Clock, counted, lesson, member, services, stay, stored
from tests.rosters.files import read
from tracker import auth, class_attendance, courses, report
from tracker.attendance.register import Register
from tracker.storage.database import make_engine, migrate, reading
from tracker.storage.models import LiveStream

CLASSES, STUDENTS, WEEK = 40, 300, 7 * 24 * 60


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        engine, clock = make_engine(f"sqlite:///{Path(folder) / 'bench.sqlite3'}"), Clock()
        migrate(engine)
        using, ana = services(engine, clock), member(engine)
        roster = "Name,Email\n" + "".join(f"Ana Lima {number},s{number}@x.org\n" for number in range(STUDENTS))
        courses.import_roster(using, auth.OPERATOR, ana.email, "Algebra", read(roster))
        for week in range(CLASSES):
            start = -week * WEEK
            class_id = lesson(engine, ana, start=start, course="Algebra")
            stays = [
                # Every third comes without an e-mail, and is known by her name; every seventh drops out and comes back.
                stay(f"Ana Lima {number}", start + begin, start + end, f"s{number}@x.org" if number % 3 else "")
                for number in range(STUDENTS)
                if (number + week) % 11
                for begin, end in (((number % 9, 30), (31, 60)) if number % 7 == 0 else ((number % 9, 60),))
            ]
            counted(engine, class_id, *stays, start=start, end=start + 60)
        clock.forward(days=1)
        course = using.read(courses.teachers_course, auth.OPERATOR, ana.email, "Algebra")

        def parsed() -> None:
            with reading(engine) as tx:
                for data in tx.exec(select(LiveStream.participants_data)):
                    json.loads(data or "{}")

        def made() -> Register:
            return using.read(courses.course_register, auth.OPERATOR, course, using.now())

        found = stored(engine, class_id)
        register = made()
        assert (len(register.rows), len(register.classes), register.guests) == (STUDENTS, CLASSES, ())
        base, name = seconds(parsed, rounds=5), f"reading {CLASSES} classes as JSON"
        show(f"a register of {CLASSES} classes and {STUDENTS} students", seconds(made, rounds=3), base, name)
        show("the same as a workbook", seconds(lambda: report.register_workbook(register), rounds=3), base, name)
        show("the same as JSON", seconds(lambda: report.register_json(register), rounds=3), base, name)
        base = seconds(lambda: using.read(class_attendance.attendance_of, found, using.now()))
        students = seconds(lambda: using.read(courses.students_of_class, ana, found, using.now()))
        show(f"the students of a class of {STUDENTS}", students, base, "its attendance")
        engine.dispose()


if __name__ == "__main__":
    main()
