"""A school with a data folder of its own."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.makers import Clock, services
from tracker.services import Services


@pytest.fixture
def school(engine: Engine, clock: Clock, tmp_path: Path) -> Services:
    return services(engine, clock, TRACKER_DATA_DIR=str(tmp_path / "data"))
