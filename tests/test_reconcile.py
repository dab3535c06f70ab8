"""Classes whose start or end was never announced are reconciled, and what a wrong clock left is mended."""

from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta

import pytest
from sqlmodel import select

from tests.fake_zoom import UNKNOWN, FakeZoom
from tests.lives import attendance, due, life, note, sessions, try_until_given_up
from tests.makers import MEETING, Clock, at, ended, lesson, participant, run, seen, started, stored
from tracker import fetching, reconcile, storage
from tracker.attendance.types import ClassStatus, FetchState, Source
from tracker.auth import OPERATOR
from tracker.services import Services
from tracker.storage.classes import NewClass
from tracker.storage.database import reading, transaction
from tracker.storage.members import Member
from tracker.storage.models import Fetch, Reading

LIVE, ENDED = ClassStatus.LIVE, ClassStatus.ENDED
PAIR = (participant("Ana", 0, 50), participant("Bo", 5, 50))
NO_SCOPE = (400, {"code": 4711, "message": "Invalid access token, does not contain scopes:[x, x:admin]."})


@pytest.fixture
def class_id(school: Services, ana: Member) -> str:
    return lesson(school.engine, ana)


def swept(school: Services, clock: Clock, minutes: float) -> bool:
    """Looks through the classes at this minute and works on what is due; whether there was anything."""
    clock.time = at(minutes)
    reconcile.follow_time(school)
    reconcile.ask_for_forgotten(school)
    return fetching.fetch_due(school) is not None


def test_a_second_session_whose_end_is_lost_is_found_though_the_first_was_counted(
    school: Services, zoom: FakeZoom, clock: Clock, class_id: str
) -> None:
    zoom.hold("u1", *PAIR, meeting=MEETING, end=20)
    note(school, started("u1", 0), ended("u1", 0, 20))
    clock.time = at(35)
    assert fetching.fetch_due(school)
    note(school, started("u2", 36))
    zoom.hold("u2", participant("Cy", 36, 58), meeting=MEETING, start=36, end=60)
    assert swept(school, clock, 91)
    assert life(school, class_id) == (ENDED, at(0), at(60))
    assert stored(school.engine, class_id).participant_count == 3


def test_two_reconciliations_at_once_ask_for_a_class_once(school: Services, clock: Clock, class_id: str) -> None:
    clock.time = at(91)
    with ThreadPoolExecutor() as pool:
        with transaction(school.engine) as tx:
            storage.classes.lock_class(tx, class_id)
            storage.fetches.ask(tx, class_id, at(92), at(91))
            other = pool.submit(reconcile.ask_for_forgotten, school)
            wait([other], timeout=0.5)  # it has found the class by now, and waits for its turn
        other.result(timeout=60)
    assert due(school, class_id) == at(92)


@pytest.mark.slow
def test_a_class_that_was_looked_for_in_vain_and_is_held_later_is_looked_for_again(
    school: Services, zoom: FakeZoom, clock: Clock, class_id: str
) -> None:
    assert swept(school, clock, 91)
    try_until_given_up(school, clock, class_id)
    week = 7 * 24 * 60
    note(school, started("u1", week))
    zoom.hold("u1", participant("Ana", week, week + 30), meeting=MEETING, start=week, end=week + 40)
    assert swept(school, clock, week + 95)
    assert life(school, class_id) == (ENDED, at(week), at(week + 40))


def test_where_zoom_may_not_list_sessions_its_list_of_participants_shows_that_one_is_over(
    school: Services, zoom: FakeZoom, clock: Clock, class_id: str
) -> None:
    note(school, started("u1", 0))
    # The first refusal is followed by one more try under a fresh token.
    zoom.faults.extend([NO_SCOPE, NO_SCOPE, NO_SCOPE, UNKNOWN])
    assert swept(school, clock, 91)
    assert life(school, class_id) == (LIVE, at(0), None)
    zoom.hold("u1", *PAIR, meeting=MEETING)
    zoom.faults.extend([NO_SCOPE, NO_SCOPE, NO_SCOPE])
    assert swept(school, clock, 95)
    assert life(school, class_id) == (ENDED, at(0), at(50))
    assert stored(school.engine, class_id).participant_count == 2


def test_one_session_that_zoom_does_not_tell_of_does_not_hide_the_others(
    school: Services, zoom: FakeZoom, clock: Clock, class_id: str
) -> None:
    zoom.hold("u1", *PAIR, meeting=MEETING, end=20)
    zoom.hold("u2", participant("Cy", 25, 58), meeting=MEETING, start=25, end=60)
    zoom.meanwhile = lambda path: zoom.faults.append(UNKNOWN) if path == "/past_meetings/u1" else None
    assert swept(school, clock, 91)
    assert sessions(school, class_id) == [run("u1", 0, 50), run("u2", 25, 60)]
    assert stored(school.engine, class_id).participant_count == 3


# Classes that never end


@pytest.mark.slow
def test_a_class_that_runs_is_asked_about_until_zoom_must_have_ended_it(
    school: Services, zoom: FakeZoom, clock: Clock, class_id: str
) -> None:
    note(school, started("u1", 0))
    assert swept(school, clock, 91)
    try_until_given_up(school, clock, class_id)
    assert timedelta(hours=54) <= clock.time - at(0) < timedelta(hours=56)


def test_what_was_seen_of_a_class_that_never_ended_is_kept_as_its_attendance(
    school: Services, zoom: FakeZoom, clock: Clock, class_id: str
) -> None:
    note(school, seen("joined", 1, 0, "Ana"), seen("joined", 2, 5, "Bo"), seen("left", 2, 40, "Bo"))
    zoom.list_faults.extend([(400, {"code": 200, "message": "Only available for paid account: x."})] * 2)
    zoom.meanwhile = lambda path: zoom.faults.append(NO_SCOPE) if "participants" not in path else None
    assert swept(school, clock, 91)
    assert life(school, class_id) == (LIVE, at(0), None)
    clock.time = at(53 * 60)
    reconcile.end_the_endless(school)
    assert life(school, class_id) == (LIVE, at(0), None)
    clock.time = at(54 * 60 + 1)
    reconcile.end_the_endless(school)
    assert life(school, class_id) == (ENDED, at(0), at(60))
    assert fetching.fetch_due(school)
    found = attendance(school, class_id)
    assert found is not None
    assert (found.source, found.unique_count) == (Source.SEEN, 2)
    # The true end comes very late, with the list: the list wins.
    zoom.meanwhile = lambda path: None
    zoom.hold("uuid-1", *PAIR, participant("Cy", 0, 50), meeting=MEETING, end=55)
    note(school, ended("uuid-1", 0, 55))
    clock.forward(minutes=10)
    assert fetching.fetch_due(school)
    assert life(school, class_id) == (ENDED, at(0), at(55))
    assert stored(school.engine, class_id).participant_count == 3


def test_a_class_that_is_still_waited_for_is_not_ended(
    school: Services, zoom: FakeZoom, clock: Clock, class_id: str
) -> None:
    note(school, started("u1", 0))
    zoom.faults.extend([(500, "")] * 50)
    assert swept(school, clock, 91)
    clock.time = at(60 * 60)
    reconcile.end_the_endless(school)
    assert life(school, class_id) == (LIVE, at(0), None)


# Clocks that were ahead and are set back


def test_a_lease_of_a_clock_that_was_ahead_does_not_lock_a_class_up(
    school: Services, zoom: FakeZoom, clock: Clock, class_id: str
) -> None:
    zoom.hold("uuid-1", *PAIR, meeting=MEETING)
    note(school, ended("uuid-1"))
    with transaction(school.engine) as tx:
        assert storage.fetches.claim_due(tx, at(60 * 24 * 365)) is not None
    clock.time = at(70)
    assert fetching.fetch_now(school, OPERATOR, class_id).unique_count == 2
    with transaction(school.engine) as tx:
        tx.get_one(Fetch, class_id).leased_until = at(60 * 24 * 365)
    clock.time = at(120)
    assert fetching.fetch_due(school) is not None


def test_a_try_that_was_put_off_by_a_clock_that_was_ahead_is_made_now(
    school: Services, zoom: FakeZoom, clock: Clock, class_id: str
) -> None:
    note(school, ended("uuid-1"))
    clock.time = at(60 * 24 * 365)
    zoom.faults.append((500, ""))
    assert fetching.fetch_due(school)
    clock.time = at(80)
    assert fetching.fetch_due(school) is None
    reconcile.mend_after_clock(school)
    zoom.hold("uuid-1", *PAIR, meeting=MEETING)
    assert fetching.fetch_due(school)
    assert stored(school.engine, class_id).participant_count == 2


def test_a_snapshot_planned_far_ahead_stays_where_it_is(
    school: Services, zoom: FakeZoom, clock: Clock, class_id: str
) -> None:
    zoom.hold("uuid-1", *PAIR, meeting=MEETING)
    note(school, ended("uuid-1"))
    with transaction(school.engine) as tx:
        storage.fetches.ask(tx, class_id, at(60 * 24 * 90), at(60))
    reconcile.mend_after_clock(school)
    assert due(school, class_id) == at(60 * 24 * 90)


def test_a_snapshot_from_the_future_does_not_settle_a_list(
    school: Services, zoom: FakeZoom, clock: Clock, class_id: str
) -> None:
    zoom.hold("uuid-1", *PAIR, meeting=MEETING)
    note(school, ended("uuid-1"))
    clock.time = at(60 * 24 * 365)
    assert fetching.fetch_due(school)
    clock.time = at(75)
    zoom.hold("uuid-1", *PAIR, participant("Cy", 0, 50), meeting=MEETING)
    reconcile.mend_after_clock(school)
    assert fetching.fetch_due(school)
    found = stored(school.engine, class_id)
    assert found.participant_count == 3
    assert found.fetch is not None
    assert (found.fetch.stored_state, found.fetch.due_at) == (FetchState.COLLECTED, at(120))
    with reading(school.engine) as tx:
        assert tx.exec(select(Reading.at)).all() == [at(75)]


def test_clocks_that_are_a_little_apart_ask_for_nothing_again(
    school: Services, zoom: FakeZoom, clock: Clock, class_id: str
) -> None:
    zoom.hold("uuid-1", *PAIR, meeting=MEETING)
    note(school, ended("uuid-1"))
    clock.time = at(70)
    assert fetching.fetch_due(school)
    clock.time = at(69)
    reconcile.mend_after_clock(school)
    assert due(school, class_id) == at(120)
    with reading(school.engine) as tx:
        assert tx.exec(select(Reading.at)).all() == [at(70)]


def test_classes_that_run_do_not_hide_one_that_is_over(
    school: Services, zoom: FakeZoom, ana: Member, clock: Clock, class_id: str
) -> None:
    with transaction(school.engine) as tx:
        for number in range(510):
            plan = NewClass(
                "Long", ana.id, at(1), 600, "UTC", str(86_000_000_000 + number), "https://zoom.us/j/1", True
            )
            storage.classes.add_class(tx, plan, at(0))
    clock.time = at(91)
    reconcile.ask_for_forgotten(school)
    assert due(school, class_id) == at(91)


def test_a_fetch_of_many_sessions_keeps_its_lease(
    school: Services, zoom: FakeZoom, clock: Clock, class_id: str
) -> None:
    for number in range(6):
        start = number * 10
        zoom.hold(f"u{number}", participant("Ana", start, start + 9), meeting=MEETING, start=start, end=start + 9)
    note(school, ended("u0", 0, 9))
    clock.time = at(70)
    zoom.meanwhile = lambda path: clock.forward(seconds=30)
    assert fetching.fetch_due(school) == "collected"
    assert len(sessions(school, class_id)) == 6
