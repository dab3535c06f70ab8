"""Zoom's hundred meetings a day and host are not run into, and some are left for who waits."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from responses import RequestsMock

from tests.fake_zoom import FakeZoom
from tests.makers import NOW, Clock
from tests.makers import member as account
from tests.series.tuesdays import PLAN, SERIES, Make, of, work, writes
from tracker import classes, reconcile, storage
from tracker.rate_limiter import SharedRateLimiter
from tracker.services import Services
from tracker.storage.database import transaction
from tracker.storage.members import Member
from tracker.zoom import Zoom

TOMORROW = datetime(2026, 5, 15, tzinfo=UTC)

LONG = replace(SERIES, weekdays=frozenset(range(7)), until=date(2027, 1, 20))  # a hundred classes


def limited(school: Services, clock: Clock, *, interactive: bool) -> Services:
    """The same services at Zoom's rate, for people or for the tracker."""
    limiter = SharedRateLimiter(school.engine, "pro", interactive=interactive, now=clock, wait=clock.wait)
    return replace(school, zoom=Zoom(school.settings, clock, clock.monotonic, limiter))


@pytest.mark.slow
def test_the_days_limit_is_not_run_into_and_leaves_some_for_who_waits(
    each: Make, school: Services, zoom: FakeZoom, clock: Clock, ana: Member
) -> None:
    ids = each(LONG)
    due = [one.zoom_meeting_due_at for one in of(school.engine, ids)]
    assert due == [NOW] * 80 + [TOMORROW] * 20
    tracker = limited(school, clock, interactive=False)
    assert work(tracker) == 80
    assert len(zoom.meetings) == 80
    person = limited(school, clock, interactive=True)
    for _ in range(3):
        classes.create_class(person, ana, replace(PLAN, start=datetime(2026, 6, 1, 10)))
    assert [one.zoom_meeting_id is None for one in of(school.engine, ids)] == [False] * 80 + [True] * 20
    clock.time = TOMORROW - timedelta(seconds=1)
    assert work(tracker) == 0
    clock.time = TOMORROW
    assert work(tracker) == 20
    assert len(zoom.meetings) == 103


def test_a_series_begins_where_what_was_used_and_what_waits_ends(
    each: Make, school: Services, ana: Member, zoom: FakeZoom, clock: Clock
) -> None:
    with transaction(school.engine) as tx:
        storage.rates.lock_writes(tx, ana.zoom_user, clock())
        storage.rates.save_writes(tx, ana.zoom_user, 70, clock())
    assert [one.zoom_meeting_due_at for one in of(school.engine, each())] == [NOW] * 6
    ids = each(replace(LONG, until=date(2027, 1, 10)))
    due = [one.zoom_meeting_due_at for one in of(school.engine, ids)]
    assert due == [NOW] * 4 + [TOMORROW] * 80 + [TOMORROW + timedelta(days=1)] * 6


def test_where_zoom_says_that_the_day_is_used_up_the_rest_of_that_host_waits_until_its_end(
    each: Make, school: Services, zoom: FakeZoom, clock: Clock, http: RequestsMock
) -> None:
    ids = each()
    tracker = limited(school, clock, interactive=False)
    zoom.writes_left = 2  # other programs make meetings too
    assert work(tracker) == 3
    assert {one.zoom_meeting_due_at for one in of(school.engine, ids)[2:]} == {TOMORROW}
    ben = account(school.engine, "ben@school.example")
    classes.create_series(school, ben, replace(SERIES, until=date(2026, 10, 13)), one_meeting=False)
    zoom.writes_left = None
    assert work(tracker) == 1
    before = len(writes(http))
    with transaction(school.engine) as tx:
        storage.series.ask_for_meeting(tx, ids[2], clock())
    assert work(tracker) == 1  # it is known that Zoom would refuse
    assert len(writes(http)) == before
    clock.time = TOMORROW
    assert work(tracker) == 4
    assert len(zoom.meetings) == 7


def test_what_was_counted_on_earlier_days_is_forgotten(school: Services, clock: Clock, ana: Member) -> None:
    limiter = SharedRateLimiter(school.engine, "pro", interactive=True, now=clock)
    limiter.admit_write("Ana@School.example")
    limiter.admit_write("ana@school.example ")
    assert school.read(storage.rates.writes_of, ana.zoom_user, clock()) == 2
    clock.forward(days=1)
    assert school.read(storage.rates.writes_of, ana.zoom_user, clock()) == 0
    reconcile.tidy_up(school)
    assert school.read(storage.rates.writes_of, ana.zoom_user, NOW) == 0
