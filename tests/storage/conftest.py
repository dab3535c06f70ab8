"""A teacher."""

import pytest
from sqlalchemy import Engine

from tests.makers import member
from tracker.storage.members import Member


@pytest.fixture
def teacher(engine: Engine) -> Member:
    return member(engine)
