"""Makes a series of Ana's, with a meeting for each class or with one for all."""

import pytest

from tests.fake_zoom import FakeZoom
from tests.makers import Clock
from tests.series.tuesdays import SERIES, Make
from tracker import classes
from tracker.classes import SeriesPlan
from tracker.services import Services
from tracker.storage.members import Member


@pytest.fixture
def each(school: Services, zoom: FakeZoom, ana: Member, clock: Clock) -> Make:
    zoom.now = clock

    def make(plan: SeriesPlan = SERIES) -> list[str]:
        return classes.create_series(school, ana, plan, one_meeting=False)

    return make


@pytest.fixture
def one(school: Services, zoom: FakeZoom, ana: Member, clock: Clock) -> Make:
    zoom.now = clock

    def make(plan: SeriesPlan = SERIES) -> list[str]:
        return classes.create_series(school, ana, plan, one_meeting=True)

    return make
