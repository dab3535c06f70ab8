"""Pages of 100,000 classes with their people, and searches in them, against one class by its id. Runs on SQLite."""

import tempfile
from functools import partial
from pathlib import Path

from sqlmodel import update

from tests.bench import seconds, show
from tests.makers import NOW, at, member, span, stay
from tracker import listing, storage
from tracker.attendance.counting import take_attendance
from tracker.storage.class_lists import Filter
from tracker.storage.classes import NewClass
from tracker.storage.database import Engine, make_engine, reading, transaction
from tracker.storage.members import Member
from tracker.storage.models import LiveStream
from tracker.storage.schema import migrate

CLASSES, PAGE, TEACHERS, PEOPLE = 100_000, 20, 100, 25


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        engine = make_engine(f"sqlite:///{Path(folder) / 'bench.sqlite3'}")
        migrate(engine)
        teachers = [member(engine, f"t{number}@school.example") for number in range(TEACHERS)]
        admin = member(engine, "admin@school.example", "admin")
        class_id = fill(engine, teachers)

        def read(question: object, *arguments: object, **options: object) -> None:
            with reading(engine) as tx:
                assert callable(question)
                assert question(tx, *arguments, **options)

        colleague = member(engine, "colleague@school.example")
        with transaction(engine) as tx:
            for teacher in teachers[1:4]:
                (shared,) = storage.class_lists.list_classes(tx, teacher, Filter(), limit=1)
                storage.shares.add(tx, "course", shared.course_id or "", colleague.id, NOW)
                (shared,) = storage.class_lists.list_classes(tx, teacher, Filter(), limit=1, offset=1)
                storage.shares.add(tx, "class", shared.id, colleague.id, NOW)
            shared_with_her = storage.class_lists.count_classes(tx, colleague, Filter())

        base, name = seconds(lambda: read(storage.classes.get_class, class_id)), "one class by its id"
        for who, viewer, last in (
            ("an admin's", admin, CLASSES - PAGE),
            ("a teacher's", teachers[0], CLASSES // TEACHERS - PAGE),
            ("a co-teacher's", colleague, shared_with_her - PAGE),
        ):
            for place, offset in (("first", 0), ("last", last)):
                took = seconds(partial(read, listing.find, viewer, Filter(), NOW, limit=PAGE, offset=offset), 5)
                show(f"{who} {place} page of {PAGE}", took, base, name)
        for what, which in (
            ("search for a title", Filter(text="lesson 99")),
            ("search for a person", Filter(text="person 7")),
            ("search for nobody", Filter(text="nobody at all")),
            ("list of what needs attention", Filter(unsolved=True)),
            ("course", Filter(course="Course 3")),
        ):
            for who, viewer in (("a teacher's", teachers[0]), ("an admin's", admin)):
                took = seconds(partial(read, listing.find, viewer, which, NOW, limit=PAGE), 2)
                show(f"{who} {what}", took, base, name)
        engine.dispose()


def fill(engine: Engine, teachers: list[Member]) -> str:
    """Classes of many years; returns the id of one."""
    people = take_attendance(
        [stay(f"Person {number}", 0, 60, f"p{number}@students.example") for number in range(PEOPLE)], [], span(0, 60)
    )
    class_id = ""
    for first in range(0, CLASSES, 2_000):
        with transaction(engine) as tx:
            for number in range(first, first + 2_000):
                new = NewClass(
                    title=f"Lesson {number}",
                    teacher_id=teachers[number % len(teachers)].id,
                    scheduled_start=at(-60 * number),
                    duration_minutes=60,
                    timezone="UTC",
                    zoom_meeting_id=str(80_000_000_000 + number),
                    zoom_join_url="https://zoom.us/j/1",
                    zoom_meeting_made=True,
                    course=f"Course {number % 7}",
                )
                class_id = storage.classes.add_class(tx, new, NOW)
                storage.participants.save_attendance(tx, class_id, people, NOW)
            tx.flush()
            tx.expunge_all()
    with transaction(engine) as tx:
        tx.exec(update(LiveStream).values(status="ended"))
    return class_id


if __name__ == "__main__":
    main()
