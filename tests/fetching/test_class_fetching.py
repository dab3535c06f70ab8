"""A class's participants are fetched: by the loop, by a person, by a program, and through every failure."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from tests.fake_zoom import UNKNOWN, FakeZoom
from tests.fetching.cases import ANA, FAULT, ODD, REFUSED, SCOPE, names
from tests.lives import progress, try_until_given_up
from tests.makers import (
    MEETING,
    Clock,
    at,
    ended,
    lesson,
    participant,
    run,
    services,
    started,
    stored,
)
from tests.tracker_process import wait_until
from tracker import fetching, sessions, storage
from tracker.attendance.types import ClassStatus, FetchState
from tracker.auth import OPERATOR
from tracker.errors import (
    LeaseLost,
    Problem,
    ZoomUnreachable,
)
from tracker.messages import sentence_of
from tracker.retry import LONGEST_GAP, PATIENCE
from tracker.services import Services
from tracker.storage.classes import FetchProgress
from tracker.storage.database import transaction
from tracker.storage.fetches import LEASE
from tracker.storage.members import Member

# The loop


def test_what_is_due_is_fetched_counted_and_stored(school: Services, held: str, clock: Clock) -> None:
    clock.forward(minutes=-0.1)
    assert not fetching.fetch_due(school)
    clock.forward(minutes=0.1)
    assert fetching.fetch_due(school)
    found = stored(school.engine, held)
    assert (found.participant_count, found.participants_fetched_at) == (2, at(70))
    assert names(school, held) == ["Ana", "Ben"]
    # It is read again an hour after the end of the class: Zoom's list may still grow.
    assert progress(school, held) == FetchProgress(FetchState.COLLECTED, at(120), 0, None, None)
    assert not fetching.fetch_due(school)


def test_every_session_of_a_class_is_fetched(school: Services, zoom: FakeZoom, ana: Member, clock: Clock) -> None:
    class_id = lesson(school.engine, ana)
    zoom.hold("u/1", participant("Ana", 0, 20), meeting=MEETING, start=0, end=20)
    zoom.hold("/u//2", participant("Ana", 25, 60), participant("Ben", 25, 60), meeting=MEETING, start=25, end=60)
    zoom.hold("night", participant("Eve", 600, 610), meeting=MEETING, start=600, end=610)
    for delivery in (ended("u/1", 0, 20), ended("/u//2", 25, 60), ended("night", 600, 610)):
        sessions.note_delivery(school, delivery)
    clock.forward(minutes=10)
    assert fetching.fetch_due(school)
    assert names(school, class_id) == ["Ana", "Ana", "Ben"]
    assert stored(school.engine, class_id).participant_count == 2


def test_a_fresh_fetch_replaces_what_was_stored(school: Services, zoom: FakeZoom, held: str) -> None:
    fetching.fetch_due(school)
    zoom.hold("uuid-1", *(participant(name, 0, 60) for name in ("Carla", "Dan", "Eve")), meeting=MEETING)
    assert fetching.fetch_now(school, OPERATOR, held).unique_count == 3
    assert names(school, held) == ["Carla", "Dan", "Eve"]
    assert stored(school.engine, held).participant_count == 3


def test_without_a_due_class_zoom_is_not_asked(school: Services, zoom: FakeZoom, ana: Member) -> None:
    lesson(school.engine, ana)
    zoom.meanwhile = lambda path: pytest.fail("Zoom was asked")
    assert not fetching.fetch_due(school)


def test_a_list_of_the_waiting_room_alone_is_a_count_of_zero(school: Services, zoom: FakeZoom, held: str) -> None:
    zoom.records["uuid-1"] = [participant("Ana", 0, 60, status="in_waiting_room")]
    assert fetching.fetch_due(school)
    assert (stored(school.engine, held).participant_count, names(school, held)) == (0, ["Ana"])


@pytest.mark.parametrize(
    "records",
    [
        [],
        [participant("Ana", 0, 60, duration=0), participant("Ben", 0, 60, duration=0)],
    ],
)
def test_a_list_that_is_not_ready_is_not_taken_for_nobody(
    school: Services, zoom: FakeZoom, held: str, clock: Clock, records: list[dict[str, Any]]
) -> None:
    zoom.records["uuid-1"] = records
    assert fetching.fetch_due(school)
    found = stored(school.engine, held)
    assert (found.participant_count, found.participants_fetched_at, names(school, held)) == (None, None, None)
    fetch = progress(school, held)
    assert (fetch.stored_state, fetch.error) == (
        FetchState.WAITING,
        Problem("no_list_yet"),
    )
    assert fetch.due_at is not None
    assert at(71) <= fetch.due_at <= at(71.25)
    zoom.records["uuid-1"] = [ANA]
    clock.forward(minutes=1.25)
    assert fetching.fetch_due(school)
    assert names(school, held) == ["Ana"]


@pytest.mark.slow
def test_a_list_that_never_comes_ends_as_no_data(school: Services, zoom: FakeZoom, held: str, clock: Clock) -> None:
    zoom.records["uuid-1"] = []
    try_until_given_up(school, clock, held)
    assert at(70) + PATIENCE <= clock.time < at(70) + PATIENCE + 2 * LONGEST_GAP
    fetch = progress(school, held)
    assert (fetch.stored_state, fetch.due_at) == (FetchState.NO_DATA, None)
    assert stored(school.engine, held).participant_count is None
    clock.forward(days=30)
    assert not fetching.fetch_due(school)


def test_a_tracker_that_was_off_for_days_does_not_give_up_at_its_first_try(
    school: Services, zoom: FakeZoom, held: str, clock: Clock
) -> None:
    zoom.records["uuid-1"] = []
    clock.time = at(70) + 3 * PATIENCE
    assert fetching.fetch_due(school)
    assert progress(school, held).due_at is not None
    try_until_given_up(school, clock, held)
    assert clock.time < at(70) + 3 * PATIENCE + timedelta(hours=2)


@pytest.mark.parametrize(
    ("fault", "state", "sentence", "again"),
    [
        (FAULT, FetchState.WAITING, "Zoom has a fault of its own (HTTP 500).", 1),
        ((200, "<html>"), FetchState.WAITING, "Zoom's answer cannot be used: an answer that is not JSON.", 1),
        ((200, {}), FetchState.WAITING, "Zoom's answer cannot be used: an answer without its list of partici", 1),
        (SCOPE, FetchState.WAITING, "The Zoom app lacks the scope a:admin.", 1),
        (ODD, FetchState.WAITING, "Zoom refuses the request (HTTP 400): Validation Failed.", 1),
        (UNKNOWN, FetchState.WAITING, "Zoom knows no such meeting, or it is not over yet.", 1),
        ((429, {"code": 429, "message": "daily"}), FetchState.WAITING, "Zoom has had too many requests", 650),
        (REFUSED, FetchState.FAILED, "This Zoom plan has no participant reports", None),
    ],
)
@pytest.mark.database("sqlite")
def test_a_failure_is_told_and_tried_again_unless_it_is_final(
    school: Services,
    zoom: FakeZoom,
    held: str,
    fault: tuple[int, Any],
    state: FetchState,
    sentence: str,
    again: float | None,
) -> None:
    zoom.list_faults.extend([fault, fault])  # a missing scope is asked for once more under a fresh token
    assert fetching.fetch_due(school)
    fetch = progress(school, held)
    assert fetch.stored_state is state
    assert fetch.error is not None
    assert sentence_of(fetch.error).startswith(sentence)
    assert (fetch.due_at is None) == (again is None)
    if fetch.due_at and again:
        assert timedelta(minutes=again) <= fetch.due_at - at(70) <= timedelta(minutes=again + 0.25)
    assert (names(school, held), stored(school.engine, held).participant_count) == (None, None)


def test_an_odd_refusal_that_passes_within_a_day_loses_nothing(
    school: Services, zoom: FakeZoom, held: str, clock: Clock
) -> None:
    zoom.list_faults.extend([ODD] * 10)
    while zoom.list_faults:
        assert fetching.fetch_due(school)
        clock.time = progress(school, held).due_at or clock.time
    assert fetching.fetch_due(school)
    assert clock.time < at(70) + PATIENCE
    assert names(school, held) == ["Ana", "Ben"]


@pytest.mark.slow
def test_an_odd_refusal_is_given_up_as_failed_after_a_day(
    school: Services, zoom: FakeZoom, held: str, clock: Clock
) -> None:
    zoom.list_faults.extend([ODD] * 1000)
    try_until_given_up(school, clock, held)
    assert at(70) + PATIENCE <= clock.time < at(70) + 2 * PATIENCE
    fetch = progress(school, held)
    assert (fetch.stored_state, fetch.error) == (
        FetchState.FAILED,
        Problem("zoom_request_refused", {"status": 400, "message": "Validation Failed."}),
    )


def test_a_page_that_fails_midway_stores_nothing(school: Services, zoom: FakeZoom, held: str, clock: Clock) -> None:
    zoom.page_size = 1
    pages: list[str] = []

    def meanwhile(path: str) -> None:
        if path.endswith("/participants"):
            pages.append(path)
            if len(pages) == 2:
                zoom.list_faults.append(FAULT)

    zoom.meanwhile = meanwhile
    fetching.fetch_due(school)
    assert (len(pages), names(school, held)) == (2, None)
    clock.forward(minutes=2)
    fetching.fetch_due(school)
    assert names(school, held) == ["Ana", "Ben"]


def test_a_failed_fetch_leaves_what_an_earlier_one_stored(school: Services, zoom: FakeZoom, held: str) -> None:
    fetching.fetch_due(school)
    zoom.list_faults.append(FAULT)
    with pytest.raises(ZoomUnreachable):
        fetching.fetch_now(school, OPERATOR, held)
    assert names(school, held) == ["Ana", "Ben"]
    assert progress(school, held).stored_state is FetchState.COLLECTED


def test_a_fault_that_nobody_foresaw_puts_one_class_off_and_not_the_others(
    school: Services, zoom: FakeZoom, held: str, ana: Member
) -> None:
    other = lesson(school.engine, ana, zoom_meeting_id="85099999999")
    zoom.hold("u2", ANA, meeting="85099999999")

    def fail(path: str) -> None:
        if MEETING in path:
            raise RuntimeError("nobody foresaw this")

    zoom.meanwhile = fail
    sessions.note_delivery(school, ended("u2", 0, 60, "85099999999"))
    assert fetching.fetch_due(school)
    assert fetching.fetch_due(school)
    assert not fetching.fetch_due(school)
    assert names(school, other) == ["Ana"]
    assert progress(school, held).error == Problem("unexpected_fault")
    assert progress(school, held).due_at is not None


# Processes that die, and processes that are slow


def test_the_work_of_a_killed_process_is_taken_over_after_the_lease(school: Services, held: str, clock: Clock) -> None:
    with transaction(school.engine) as tx:
        killed = storage.fetches.claim_due(tx, clock())
    assert killed is not None
    assert not fetching.fetch_due(school)
    assert progress(school, held).state(clock()) is FetchState.COLLECTING
    clock.forward(seconds=LEASE.total_seconds())
    assert fetching.fetch_due(school)
    assert names(school, held) == ["Ana", "Ben"]
    assert progress(school, held).stored_state is FetchState.COLLECTED


def test_a_process_killed_between_two_pages_leaves_no_half_a_list(
    school: Services, zoom: FakeZoom, held: str, clock: Clock
) -> None:
    zoom.page_size = 1

    asked: list[str] = []

    def die(path: str) -> None:
        if path.endswith("/participants"):
            if asked:
                raise SystemExit  # not an error that anything here may handle
            asked.append(path)

    zoom.meanwhile = die
    with pytest.raises(SystemExit):
        fetching.fetch_due(school)
    assert len(asked) == 1
    assert names(school, held) is None
    zoom.meanwhile = lambda path: None
    clock.forward(seconds=LEASE.total_seconds())
    assert fetching.fetch_due(school)
    assert names(school, held) == ["Ana", "Ben"]


def test_a_long_list_keeps_its_lease_from_page_to_page(
    school: Services, zoom: FakeZoom, held: str, clock: Clock
) -> None:
    zoom.page_size = 1
    zoom.records["uuid-1"] = [participant(f"P{number}", number, 60) for number in range(8)]
    zoom.meanwhile = lambda path: clock.forward(seconds=39)
    taken: list[bool] = []
    progress: list[int] = []

    def turned(records: int) -> None:
        with transaction(school.engine) as tx:
            taken.append(storage.fetches.claim_due(tx, clock()) is not None)
        progress.append(records)

    assert fetching.fetch_now(school, OPERATOR, held, turned).unique_count == 8
    assert progress == list(range(1, 9))
    assert not any(taken)


@pytest.mark.parametrize("by", ["the loop", "a person"])
def test_who_has_lost_the_lease_stores_nothing(school: Services, zoom: FakeZoom, held: str, by: str) -> None:
    def restarted(path: str) -> None:
        zoom.meanwhile = lambda path: None
        sessions.note_delivery(school, started("uuid-2", 65))

    zoom.meanwhile = restarted
    if by == "the loop":
        assert fetching.fetch_due(school)
    else:
        with pytest.raises(LeaseLost):
            fetching.fetch_now(school, OPERATOR, held)
    found = stored(school.engine, held)
    assert (found.status, found.participant_count, names(school, held)) == (ClassStatus.LIVE, None, None)
    fetch = progress(school, held)
    assert (fetch.stored_state, fetch.due_at, fetch.leased_until) == (FetchState.WAITING, None, None)


# Many at once


@pytest.mark.database("sqlite")
@pytest.mark.parametrize(("delay", "gap"), [(1, 1), (60, 6), (600, 60), (7200, 60)])
@pytest.mark.slow
def test_classes_that_fail_together_come_back_a_tenth_of_the_delay_later_and_not_together(
    engine: Engine, ana: Member, zoom: FakeZoom, clock: Clock, delay: int, gap: int
) -> None:
    school = services(engine, clock, FETCH_DELAY_SECONDS=str(delay))
    made = [lesson(engine, ana, zoom_meeting_id=str(85_000_000_000 + number)) for number in range(12)]
    for number in range(len(made)):
        zoom.hold(f"uuid-{number}", ANA, meeting=str(85_000_000_000 + number))
        sessions.note_delivery(school, ended(f"uuid-{number}", meeting=str(85_000_000_000 + number)))
    clock.forward(seconds=delay)
    zoom.list_faults.extend([FAULT] * len(made))
    while fetching.fetch_due(school):
        pass
    due = [progress(school, class_id).due_at for class_id in made]
    waits = [(moment - clock()).total_seconds() for moment in due if moment is not None]
    assert len(waits) == len(made)
    assert all(gap <= wait <= gap * 1.25 for wait in waits)
    # Times are stored in whole seconds, so that a gap of some seconds has no room to be spread in.
    assert gap < 60 or len(set(waits)) > 2


@pytest.mark.database("postgresql")
def test_storing_participants_waits_for_whoever_has_the_class_before_it_writes(
    school: Services, held: str, clock: Clock
) -> None:
    with ThreadPoolExecutor(1) as pool:
        with transaction(school.engine) as tx:
            storage.classes.lock_class(tx, held)
            fetched = pool.submit(fetching.fetch_due, school)
            wait_until(lambda: somebody_waits(school.engine), "the fetch waits for the class")
            # Had it written its sessions already, each would now wait for the other.
            storage.sessions.save_session(tx, held, run("uuid-1", 0, 65))
        assert fetched.result(30) == "collected"
    assert stored(school.engine, held).participant_count == 2


def somebody_waits(engine: Engine) -> bool:
    """Whether a transaction of this database waits for another one's lock."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with engine.connect() as connection:
        return bool(connection.execute(text(waiting)).scalar())
