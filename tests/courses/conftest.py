"""Somebody whom a course is shared with or goes to."""

import pytest
from sqlalchemy import Engine

from tests.makers import member
from tracker.storage.members import Member


@pytest.fixture
def eva(engine: Engine) -> Member:
    """A colleague."""
    return member(engine, "eva@school.example")


@pytest.fixture
def boss(engine: Engine) -> Member:
    return member(engine, "boss@school.example", "admin")
