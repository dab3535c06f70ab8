"""The client, on a clock that stands."""

import pytest

from tests.makers import Clock, settings
from tracker.zoom import Zoom


@pytest.fixture
def zoom(clock: Clock) -> Zoom:
    return Zoom(settings(), clock, clock.monotonic)
