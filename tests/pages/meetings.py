"""Classes whose meetings Zoom has told of."""

from itertools import count
from typing import Any

from sqlalchemy import Engine

from tests.makers import ended, lesson
from tests.screens import note
from tracker.storage.members import Member

MEETING_IDS = count(82_000_000_000)


def held(engine: Engine, ana: Member, title: str, start: float, end: float, planned: float, **more: Any) -> str:
    """A class whose meeting ran from one minute to another."""
    meeting = str(next(MEETING_IDS))
    made = lesson(engine, ana, title, planned, zoom_meeting_id=meeting, **more)
    note(ended(f"uuid-{meeting}", start, end, meeting))
    return made
