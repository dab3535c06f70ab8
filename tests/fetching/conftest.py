"""A class that was held, and whose fetch is due."""

import pytest

from tests.fake_zoom import FakeZoom
from tests.fetching.cases import ANA, BEN
from tests.makers import MEETING, Clock, at, ended, lesson
from tracker import sessions
from tracker.services import Services
from tracker.storage.members import Member


@pytest.fixture
def clock() -> Clock:
    return Clock(at(60))


@pytest.fixture
def held(school: Services, zoom: FakeZoom, ana: Member, clock: Clock) -> str:
    """A class that Ana and Ben were in, and whose fetch is due now: ten minutes after its end."""
    class_id = lesson(school.engine, ana)
    zoom.hold("uuid-1", ANA, BEN, meeting=MEETING)
    sessions.note_delivery(school, ended())
    clock.forward(minutes=10)
    return class_id
