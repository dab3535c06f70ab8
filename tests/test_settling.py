"""Zoom's list grows after a class: it is read again until it has settled."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.fake_zoom import FakeZoom
from tests.lives import progress
from tests.makers import MEETING, Clock, at, ended, lesson, member, participant, started, stored
from tracker import fetching, sessions, storage
from tracker.attendance.types import FetchState, Snapshot
from tracker.auth import OPERATOR
from tracker.errors import NoDataFromZoom, Problem
from tracker.retry import next_snapshot
from tracker.services import Services
from tracker.storage.classes import FetchProgress
from tracker.storage.database import reading

DELAY = timedelta(minutes=10)
HOUR, DAY = 60, 24 * 60
ANA, BEN, CY = participant("Ana", 0, 60), participant("Ben", 5, 60), participant("Cy", 10, 60)
UNFINISHED = participant("Di", 10, 60, duration=0)
REFUSED = (400, {"code": 12702, "message": "Can not access a meeting a year ago."})
TOO_OLD = Problem("zoom_list_too_old")
FAULT = (500, {"code": 500, "message": "Internal error"})
INCOMPLETE = Problem("list_incomplete")
EMPTY: tuple[int, Any] = (200, {"participants": []})


# When to read again: the class ended at minute 0, and the delay is ten minutes


@pytest.mark.parametrize(
    ("taken", "minute"),
    [
        pytest.param([(10, "a")], 60, id="after the first comes the hour"),
        pytest.param([(12.5, "a")], 60, id="a first one that is a little late"),
        pytest.param([(10, "a"), (60, "b")], DAY, id="grown: after the hour comes the day"),
        pytest.param([(10, "a"), (60, "a")], None, id="two that agree"),
        pytest.param([(10, "a-"), (60, "a-")], DAY, id="two that agree and are not complete"),
        pytest.param([(10, "a-"), (60, "a")], None, id="the same records, complete at last"),
        pytest.param([(10, "a"), (60, "a-")], DAY, id="not complete any more"),
        pytest.param([(10, "a"), (60, "b"), (DAY, "c")], None, id="the day is the last"),
        pytest.param([(10, "a-"), (60, "a-"), (DAY, "a-")], None, id="the day is the last, complete or not"),
        pytest.param([(10, "a"), (60, "b"), (61, "a")], DAY, id="back to what it was before a change"),
        pytest.param([(10, "a"), (20, "a")], 60, id="two that agree too soon after each other"),
        pytest.param([(10, "a"), (49.9, "a")], 60, id="just too soon"),
        pytest.param([(10, "a"), (50, "a")], None, id="just far enough apart"),
        pytest.param([(10, "a"), (30, "a"), (50, "a")], None, id="a third between two far enough apart"),
        pytest.param([(10, "b"), (30, "a"), (50, "a")], 60, id="only what is the same without a break"),
        pytest.param([(1, "a")], 10, id="a person was early"),
        pytest.param([(1, "a"), (10, "a")], 60, id="a person was early, and nothing has changed since"),
        pytest.param([(-50, "a"), (10, "a")], 60, id="a reading of before the end tells nothing"),
        pytest.param([(DAY - 1, "a")], DAY, id="a first one almost a day late"),
        pytest.param([(DAY, "a")], None, id="a first one a day late"),
        pytest.param([(9 * DAY, "a-")], None, id="a first one long after"),
    ],
)
def test_the_list_is_read_again_after_an_hour_and_a_day_unless_two_readings_agree(
    taken: list[tuple[float, str]], minute: float | None
) -> None:
    readings = [Snapshot(at(when), 1, 1, not what.endswith("-"), what.strip("-")) for when, what in taken]
    assert next_snapshot(readings, at(0), DELAY) == (None if minute is None else at(minute))


@pytest.mark.parametrize(("delay", "expected"), [(1, [6, 144]), (600, [3600, 86_400])])
def test_the_times_are_in_delays(delay: int, expected: list[int]) -> None:
    found: list[int] = []
    taken = [Snapshot(at(delay / 60), 1, 1, True, "0")]
    while (again := next_snapshot(taken, at(0), timedelta(seconds=delay))) is not None:
        found.append(int((again - at(0)).total_seconds()))
        taken.append(Snapshot(again, 1, 1, True, str(len(taken))))
    assert found == expected


# The course of a class that was over at minute 60


@pytest.fixture
def clock() -> Clock:
    return Clock(at(60))


@pytest.fixture
def held(school: Services, zoom: FakeZoom) -> str:
    class_id = lesson(school.engine, member(school.engine))
    zoom.hold("uuid-1", ANA, meeting=MEETING)
    sessions.note_delivery(school, ended())
    return class_id


def taken(school: Services, class_id: str) -> list[tuple[datetime, int, int, bool]]:
    """When the list was read, and what it gave: records, people, whether it was complete."""
    with reading(school.engine) as tx:
        return [
            (one.at, one.records, one.people, one.complete) for one in storage.snapshots.list_snapshots(tx, class_id)
        ]


def read_on(school: Services, class_id: str, clock: Clock) -> datetime | None:
    """Reads the list when it is next due, and not before; returns when that was, None where it never is again."""
    due = progress(school, class_id).due_at
    if due is None:
        clock.forward(days=400)
        assert not fetching.fetch_due(school)
        return None
    clock.time = due - timedelta(seconds=1)
    assert not fetching.fetch_due(school)
    clock.time = due
    assert fetching.fetch_due(school)
    return due


def test_a_growing_list_is_read_three_times_and_each_reading_is_remembered(
    school: Services, zoom: FakeZoom, held: str, clock: Clock
) -> None:
    seen = []
    for list_then in ([ANA, UNFINISHED], [ANA, BEN, BEN], [ANA, BEN, CY]):
        zoom.records["uuid-1"] = list_then
        read_on(school, held, clock)
        seen.append((stored(school.engine, held).participant_count, progress(school, held).stored_state))
    assert read_on(school, held, clock) is None
    assert seen == [(2, FetchState.COLLECTED), (2, FetchState.COLLECTED), (3, FetchState.SETTLED)]
    assert taken(school, held) == [
        (at(70), 2, 2, False),
        (at(60 + HOUR), 2, 2, True),
        (at(60 + DAY), 3, 3, True),
    ]
    assert stored(school.engine, held).participants_fetched_at == at(60 + DAY)


def test_the_readings_of_a_class_that_ended_early_count_from_its_planned_end(
    school: Services, zoom: FakeZoom, clock: Clock
) -> None:
    class_id = lesson(school.engine, member(school.engine))
    zoom.hold("uuid-1", participant("Ana", 0, 30), meeting=MEETING, end=30)
    clock.time = at(30)
    sessions.note_delivery(school, ended(end=30))
    read_at = [read_on(school, class_id, clock) for _ in range(4)]
    # What was read before the planned end settles nothing: there may be another session.
    assert read_at == [at(40), at(60 + 10), at(60 + HOUR), None]


def test_a_list_that_is_the_same_after_an_hour_is_settled(
    school: Services, zoom: FakeZoom, held: str, clock: Clock
) -> None:
    zoom.records["uuid-1"] = [ANA, BEN]
    assert read_on(school, held, clock) == at(70)
    zoom.records["uuid-1"] = [BEN, ANA, ANA]  # another order and a repeat are no change
    assert read_on(school, held, clock) == at(120)
    assert progress(school, held) == FetchProgress(FetchState.SETTLED, None, 0, None, None)
    assert read_on(school, held, clock) is None


@pytest.mark.parametrize(
    "change",
    [{"leave_time": "2026-05-14T12:59:00Z"}, {"duration": 3599}, {"name": "Anna"}, {"user_email": "a@x.example"}],
)
@pytest.mark.database("sqlite")
def test_the_same_number_of_people_is_not_yet_the_same_list(
    school: Services, zoom: FakeZoom, held: str, clock: Clock, change: dict[str, Any]
) -> None:
    read_on(school, held, clock)
    zoom.records["uuid-1"] = [ANA | change]
    read_on(school, held, clock)
    assert progress(school, held).stored_state is FetchState.COLLECTED
    assert progress(school, held).due_at == at(60 + DAY)


def test_a_list_with_a_record_of_no_length_is_read_to_the_end(
    school: Services, zoom: FakeZoom, held: str, clock: Clock
) -> None:
    zoom.records["uuid-1"] = [ANA, UNFINISHED]
    assert [read_on(school, held, clock) for _ in range(4)] == [at(70), at(60 + HOUR), at(60 + DAY), None]
    assert progress(school, held).stored_state is FetchState.SETTLED


def test_a_list_of_which_records_are_missing_is_never_settled(
    school: Services, zoom: FakeZoom, held: str, clock: Clock
) -> None:
    zoom.totals["uuid-1"] = 3
    read_at = [read_on(school, held, clock) for _ in range(5)]
    assert read_at == [at(70), at(60 + HOUR), at(60 + DAY), at(60 + 2 * DAY), at(60 + 4 * DAY)]
    now = progress(school, held)
    assert (now.stored_state, now.error, now.due_at) == (FetchState.COLLECTED, INCOMPLETE, at(60 + 8 * DAY))
    assert stored(school.engine, held).participant_count == 1
    del zoom.totals["uuid-1"]
    read_on(school, held, clock)
    assert (progress(school, held).stored_state, progress(school, held).error) == (FetchState.SETTLED, None)


@pytest.mark.slow
def test_a_list_of_which_records_are_missing_is_asked_for_as_long_as_zoom_keeps_it(
    school: Services, zoom: FakeZoom, held: str, clock: Clock
) -> None:
    zoom.totals["uuid-1"] = 3
    while progress(school, held).due_at is not None:
        read_on(school, held, clock)
    assert clock() < at(60) + timedelta(days=456)
    assert (progress(school, held).stored_state, progress(school, held).error) == (FetchState.COLLECTED, INCOMPLETE)


def test_a_list_that_shrinks_is_kept_as_it_was_and_read_again(
    school: Services, zoom: FakeZoom, held: str, clock: Clock
) -> None:
    zoom.records["uuid-1"] = [ANA, BEN]
    read_on(school, held, clock)
    zoom.records["uuid-1"] = [ANA]
    read_on(school, held, clock)
    assert stored(school.engine, held).participant_count == 2
    with reading(school.engine) as tx:
        lists = storage.session_records.lists_of_sessions(tx, ["uuid-1"])
    assert [(one.shorter, len(one.stays or ())) for one in lists.values()] == [(1, 2)]
    assert progress(school, held).due_at == at(60 + DAY)


def test_after_a_restart_the_list_is_read_as_often_as_at_first(
    school: Services, zoom: FakeZoom, held: str, clock: Clock
) -> None:
    read_on(school, held, clock)
    sessions.note_delivery(school, started("uuid-2", 72))
    assert progress(school, held).due_at is None
    zoom.hold("uuid-2", BEN, meeting=MEETING, start=72, end=100)
    sessions.note_delivery(school, ended("uuid-2", 72, 100))
    assert [read_on(school, held, clock) for _ in range(3)] == [at(110), at(160), None]
    assert [(when, people) for when, _, people, _ in taken(school, held)] == [(at(70), 1), (at(110), 2), (at(160), 2)]


def test_a_second_reading_that_fails_for_good_leaves_the_first_with_the_reason(
    school: Services, zoom: FakeZoom, held: str, clock: Clock
) -> None:
    read_on(school, held, clock)
    zoom.list_faults.append(REFUSED)
    read_on(school, held, clock)
    assert progress(school, held) == FetchProgress(FetchState.COLLECTED, None, 1, TOO_OLD, None)
    found = stored(school.engine, held)
    assert (found.participant_count, found.participants_fetched_at) == (1, at(70))
    assert len(taken(school, held)) == 1


@pytest.mark.parametrize("fault", [FAULT, EMPTY])
@pytest.mark.database("sqlite")
def test_a_second_reading_that_fails_is_tried_again_and_the_count_stays(
    school: Services, zoom: FakeZoom, held: str, clock: Clock, fault: tuple[int, Any]
) -> None:
    read_on(school, held, clock)
    zoom.list_faults.append(fault)
    read_on(school, held, clock)
    failed = progress(school, held)
    assert failed.stored_state is FetchState.COLLECTED
    assert failed.error
    assert failed.due_at is not None
    assert at(121) <= failed.due_at <= at(121.25)
    assert stored(school.engine, held).participant_count == 1
    read_on(school, held, clock)
    assert progress(school, held) == FetchProgress(FetchState.SETTLED, None, 0, None, None)


@pytest.mark.slow
def test_a_list_that_became_empty_for_good_leaves_what_was_counted(
    school: Services, zoom: FakeZoom, held: str, clock: Clock
) -> None:
    read_on(school, held, clock)
    zoom.records["uuid-1"] = []
    while progress(school, held).due_at is not None:
        read_on(school, held, clock)
    assert progress(school, held).stored_state is FetchState.COLLECTED
    assert progress(school, held).error == NoDataFromZoom("no_list_yet").problem
    assert stored(school.engine, held).participant_count == 1


@pytest.mark.parametrize(
    ("minute", "state"), [(60 + DAY - 1, "collected"), (60 + DAY, "settled"), (99 * DAY, "settled")]
)
@pytest.mark.database("sqlite")
def test_a_first_reading_that_comes_a_day_late_is_settled_at_once(
    school: Services, held: str, clock: Clock, minute: float, state: str
) -> None:
    clock.time = at(minute)
    assert fetching.fetch_due(school)
    assert progress(school, held).stored_state is FetchState(state)


def test_what_a_person_fetches_is_a_reading_and_keeps_the_plan(school: Services, held: str, clock: Clock) -> None:
    clock.time = at(61)
    fetching.fetch_now(school, OPERATOR, held)
    assert (progress(school, held).stored_state, progress(school, held).due_at) == (FetchState.COLLECTED, at(70))
    clock.time = at(75)
    fetching.fetch_now(school, OPERATOR, held)
    assert progress(school, held).due_at == at(120)
    clock.time = at(101)  # forty minutes after the first, and the same
    fetching.fetch_now(school, OPERATOR, held)
    assert progress(school, held) == FetchProgress(FetchState.SETTLED, None, 0, None, None)
    assert [when for when, *_ in taken(school, held)] == [at(61), at(75), at(101)]


def test_a_person_may_fetch_what_is_settled_and_it_stays_settled(
    school: Services, zoom: FakeZoom, held: str, clock: Clock
) -> None:
    clock.time = at(9 * DAY)
    fetching.fetch_due(school)
    zoom.records["uuid-1"] = [ANA, BEN]
    clock.forward(minutes=5)
    assert fetching.fetch_now(school, OPERATOR, held).unique_count == 2
    assert progress(school, held).stored_state is FetchState.SETTLED
