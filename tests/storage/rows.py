"""Classes that took place and were counted, as rows."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from tests.makers import NOW, at, run, span, stay, waiting
from tracker import storage
from tracker.attendance.counting import take_attendance
from tracker.attendance.types import ClassStatus
from tracker.storage.class_lists import Filter
from tracker.storage.database import reading, transaction
from tracker.storage.members import Member

MET = take_attendance(
    [stay("Ana", 0, 60, "ana@x.example", session_uuid="u1"), stay("Ben", 1, 2), waiting("Eve", 0, 1)],
    [run("u1", 0, 60)],
    span(0, 60),
)


def hold(engine: Engine, class_id: str, start: datetime = NOW, minutes: float = 60) -> None:
    """The class took place."""
    with transaction(engine) as tx:
        storage.classes.set_life(tx, class_id, ClassStatus.ENDED, start, start + timedelta(minutes=minutes))


def collect(engine: Engine, class_id: str) -> None:
    with transaction(engine) as tx:
        storage.participants.save_attendance(tx, class_id, MET, at(70))


def titles(engine: Engine, viewer: Member, which: Filter | None = None, **page: Any) -> list[str]:
    with reading(engine) as tx:
        found = storage.class_lists.list_classes(tx, viewer, which or Filter(), **({"limit": 100} | page))
    return [one.title for one in found]
