"""The first and the last page of 10,000 classes, against one class fetched by its id. Runs on SQLite."""

import tempfile
from pathlib import Path

from tests.bench import seconds, show
from tests.makers import NOW, at, member, span
from tracker import storage
from tracker.attendance.counting import take_attendance
from tracker.storage.class_lists import Filter
from tracker.storage.classes import NewClass
from tracker.storage.database import make_engine, migrate, reading, transaction

CLASSES, PAGE = 10_000, 25


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        engine = make_engine(f"sqlite:///{Path(folder) / 'bench.sqlite3'}")
        migrate(engine)
        teachers = [member(engine, f"t{number}@school.example") for number in range(20)]
        admin = member(engine, "admin@school.example", "admin")
        nobody = take_attendance([], [], span(0, 0))
        with transaction(engine) as tx:
            for number in range(CLASSES):
                new = NewClass(
                    title=f"Lesson {number}",
                    teacher_id=teachers[number % len(teachers)].id,
                    scheduled_start=at(60 * number),
                    duration_minutes=60,
                    timezone="UTC",
                    zoom_meeting_id=str(80_000_000_000 + number),
                    zoom_join_url="https://zoom.us/j/1",
                    zoom_meeting_made=True,
                    course=f"Course {number % 7}",
                )
                class_id = storage.classes.add_class(tx, new, NOW)
                storage.participants.save_attendance(tx, class_id, nobody, NOW)

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
            ("a teacher's", teachers[0], 500 - PAGE),
            ("a co-teacher's", colleague, shared_with_her - PAGE),
        ):
            for page, offset in (("first", 0), ("last", last)):
                took = seconds(
                    lambda v=viewer, o=offset: read(storage.class_lists.list_classes, v, Filter(), limit=PAGE, offset=o)
                )
                show(f"{who} {page} page of {PAGE}", took, base, name)
            show(
                f"{who} number of classes",
                seconds(lambda v=viewer: read(storage.class_lists.count_classes, v, Filter())),
                base,
                name,
            )
        search = Filter(text="lesson 99")
        show(
            "an admin's search",
            seconds(lambda: read(storage.class_lists.list_classes, admin, search, limit=PAGE)),
            base,
            name,
        )
        engine.dispose()


if __name__ == "__main__":
    main()
