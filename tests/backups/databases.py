"""Databases that are filled, and damaged."""

from pathlib import Path

from tests.makers import Clock, counted, ended, lesson, member, services, stay
from tracker import sessions
from tracker.storage.database import make_engine


def fill(url: str, title: str) -> str:
    """A teacher with a class that was held, announced and counted."""
    engine = make_engine(url)
    try:
        teacher = member(engine, f"{title.lower()}@school.example")
        class_id = lesson(engine, teacher, title)
        sessions.note_delivery(services(engine, Clock()), ended())
        counted(engine, class_id, stay("Ana", 0, 60), stay("Bo", 5, 40, "bo@x.example"))
        return class_id
    finally:
        engine.dispose()


WRITER = """
import sys
from tests.makers import member
from tracker.storage.database import make_engine
engine = make_engine(sys.argv[1])
for number in range(1_000_000):
    member(engine, f"{number}@school.example")
    print(number, flush=True)
"""


def damage(path: Path) -> None:
    """Fills a page of a table with what does not belong there."""
    with path.open("r+b") as file:
        file.seek(4096 * 3)
        file.write(b"\xff" * 4096)
