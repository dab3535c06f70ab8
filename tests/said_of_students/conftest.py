"""A class that was counted, of a course with students."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.makers import Clock, at, counted, lesson, services, stay
from tests.said_of_students.algebra import EMAIL, ROSTER
from tracker import auth, courses
from tracker.rosters import read_pasted
from tracker.services import Services
from tracker.storage.members import Member


@pytest.fixture
def school(engine: Engine, clock: Clock, tmp_path: Path) -> Services:
    return services(engine, clock, TRACKER_DATA_DIR=str(tmp_path / "data"), RETENTION_DAYS="30")


@pytest.fixture
def class_id(school: Services, ana: Member, clock: Clock) -> str:
    """A class of a course of three students: Zita came late, somebody with an iPad, and nobody else."""
    made = lesson(school.engine, ana, course="Algebra")
    courses.import_roster(school, auth.OPERATOR, EMAIL, "Algebra", read_pasted(ROSTER))
    counted(school.engine, made, stay("Z", 10, 60, "zita@x.org"), stay("iPad", 0, 60))
    clock.time = at(100)
    return made
