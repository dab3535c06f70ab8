"""A series over the change of clocks at the practice Zoom: planned, told, held and counted, week after week."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.makers import Clock, stored
from tests.practice_school import Host
from tracker import classes, fetching, reconcile
from tracker.attendance.types import ClassStatus
from tracker.classes import UNDO_FOR, Plan, SeriesPlan
from tracker.rate_limiter import SharedRateLimiter
from tracker.services import Services
from tracker.storage.members import Member
from tracker.zoom import Zoom

pytestmark = pytest.mark.slow

PLAN = Plan("Algebra 7B", datetime(2026, 10, 13, 10, 0), 60, "Europe/Berlin")
# The clocks go back on 25 October; on the 20th there is no class.
SERIES = SeriesPlan(PLAN, frozenset({1}), date(2026, 11, 10), frozenset({date(2026, 10, 20)}))
STARTS = ["2026-10-13T08:00:00Z", "2026-10-27T09:00:00Z", "2026-11-03T09:00:00Z", "2026-11-10T09:00:00Z"]
WEEK_BEFORE = datetime(2026, 10, 6, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> Clock:
    return Clock(WEEK_BEFORE)


@pytest.fixture
def school(school: Services, clock: Clock) -> Services:
    """The same tracker at Zoom's rate, without waiting for its turns."""
    limiter = SharedRateLimiter(school.engine, "pro", interactive=False, now=clock, wait=lambda seconds: None)
    return replace(school, zoom=Zoom(school.settings, clock, clock.monotonic, limiter))


def work(school: Services) -> None:
    """What a tracker does with all that is due."""
    for job in (reconcile.follow_time, reconcile.ask_for_forgotten):
        job(school)
    steps = (
        classes.make_due_meeting,
        classes.bring_due_dates_in_line,
        classes.delete_due_meeting,
        fetching.fetch_due,
    )
    while any(step(school) for step in steps):
        pass


def dates(school: Services, meeting_id: str) -> list[str]:
    """The dates to come of the recurring meeting, as the practice Zoom has them."""
    found = school.zoom.meeting(meeting_id).occurrences
    return [f"{one.start:%Y-%m-%dT%H:%M:%SZ}" for one in found if one.available]


@pytest.mark.parametrize("one_meeting", [True, False])
def test_a_series_over_the_change_of_clocks_is_held_and_counted(
    school: Services, host: Host, ana: Member, one_meeting: bool
) -> None:
    ids = classes.create_series(school, ana, SERIES, one_meeting=one_meeting)
    work(school)
    found = [stored(school.engine, class_id) for class_id in ids]
    meetings = [str(one.zoom_meeting_id) for one in found]
    assert len(set(meetings)) == (1 if one_meeting else 4)
    if one_meeting:
        assert dates(school, meetings[0]) == STARTS
    # The second one is held half an hour later than planned, and the third one is cancelled.
    moved = replace(PLAN, start=datetime(2026, 10, 27, 10, 30))
    classes.change_class(school, ana, ids[1], moved)
    classes.cancel_class(school, ana, ids[2])
    host.clock.time += UNDO_FOR
    work(school)
    if one_meeting:
        assert dates(school, meetings[0]) == [STARTS[0], "2026-10-27T09:30:00Z", STARTS[3]]
    for number, people in ((0, ("Bo", "Cy")), (1, ("Bo", "Dee", "Eve")), (3, ("Bo",))):
        host.clock.time = stored(school.engine, ids[number]).scheduled_start
        host.start(meetings[number])
        for name in people:
            host.join(meetings[number], name)
        host.clock.forward(hours=1)
        host.end(meetings[number])
        host.clock.forward(hours=5)
        work(school)
    counted = [(stored(school.engine, one).status, stored(school.engine, one).figures) for one in ids]
    assert counted == [
        (ClassStatus.ENDED, (2, 1)),
        (ClassStatus.ENDED, (3, 1)),
        (ClassStatus.CANCELLED, (None, 0)),
        (ClassStatus.ENDED, (1, 1)),
    ]


def test_a_hundred_classes_get_their_meetings_on_two_days(school: Services, host: Host, ana: Member) -> None:
    plan = SeriesPlan(PLAN, frozenset(range(7)), date(2027, 1, 20))
    ids = classes.create_series(school, ana, plan, one_meeting=False)
    work(school)
    waiting = [one for one in ids if stored(school.engine, one).zoom_meeting_id is None]
    assert waiting == ids[80:]
    host.clock.time = WEEK_BEFORE + timedelta(hours=12)
    work(school)
    starts = {stored(school.engine, one).scheduled_start.hour for one in ids}
    assert (len(ids), starts) == (100, {8, 9})
    assert all(stored(school.engine, one).zoom_meeting_id for one in ids)
