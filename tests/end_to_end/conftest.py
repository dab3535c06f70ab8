"""A practice Zoom a day before a class of the 13th of October, and a tracker that uses it, at its time."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.makers import Clock
from tests.practice_school import Host, practice_zoom, services_at
from tracker.services import Services


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime(2026, 10, 12, 12, tzinfo=UTC))


@pytest.fixture
def host(clock: Clock) -> Iterator[Host]:
    """The practice Zoom, whose tokens never end."""
    with practice_zoom(clock, token_seconds=10**9) as found:
        yield found


@pytest.fixture
def school(engine: Engine, host: Host, database_url: str, tmp_path: Path) -> Services:
    return services_at(host, engine, database_url, tmp_path)
