"""Two teachers, an admin, and the database that the commands use."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from tests.accounts.people import BEN, BOSS
from tests.gate_client import account
from tracker.storage.database import make_engine
from tracker.storage.members import Member


@pytest.fixture
def ana(engine: Engine) -> Member:
    return account(engine)


@pytest.fixture
def ben(engine: Engine) -> Member:
    return account(engine, BEN)


@pytest.fixture
def boss(engine: Engine) -> Member:
    return account(engine, BOSS, "admin")


@pytest.fixture
def database(database_url: str) -> Iterator[Engine]:
    """The database that the commands use."""
    made = make_engine(database_url)
    yield made
    made.dispose()
