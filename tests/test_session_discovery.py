"""Sessions that Zoom lists: which are the class, where webhooks were lost and beside what webhooks told."""

import pytest

from tests.fake_zoom import FakeZoom
from tests.lives import attendance, due, life, note, sessions, try_until_given_up
from tests.makers import (
    MEETING,
    NOW,
    Clock,
    at,
    ended,
    lesson,
    participant,
    run,
    span,
    started,
    stored,
)
from tracker import classes, fetching, reconcile, storage
from tracker.attendance.types import ClassStatus, FetchState
from tracker.auth import OPERATOR
from tracker.classes import Plan
from tracker.errors import NotEnded, Problem
from tracker.retry import LONGEST_GAP, PATIENCE
from tracker.services import Services
from tracker.storage.database import transaction
from tracker.storage.members import Member

DAY = 24 * 60
SCHEDULED, LIVE, ENDED = ClassStatus.SCHEDULED, ClassStatus.LIVE, ClassStatus.ENDED


def test_a_class_whose_webhooks_were_lost_is_found_at_zoom(
    school: Services, zoom: FakeZoom, ana: Member, clock: Clock
) -> None:
    class_id = lesson(school.engine, ana)
    zoom.hold("u1", participant("Ana", 0, 20), meeting=MEETING, start=0, end=20)
    zoom.hold("u2", participant("Ben", 25, 60), meeting=MEETING, start=25, end=60)
    zoom.hold("night", participant("Eve", 600, 605), meeting=MEETING, start=600, end=605)
    clock.time = at(61)
    assert fetching.fetch_now(school, OPERATOR, class_id).unique_count == 2
    assert life(school, class_id) == (ENDED, at(0), at(60))
    assert sessions(school, class_id) == [run("u1", 0, 20), run("u2", 25, 60)]
    found = attendance(school, class_id)
    assert found is not None
    assert [person.name for person in found.people] == ["Ana", "Ben"]


def test_a_class_whose_end_was_lost_is_ended_by_the_fetch(
    school: Services, zoom: FakeZoom, ana: Member, clock: Clock
) -> None:
    class_id = lesson(school.engine, ana)
    note(school, started("u1"))
    zoom.hold("u1", participant("Ana", 0, 60), meeting=MEETING)
    clock.time = at(61)
    assert fetching.fetch_now(school, OPERATOR, class_id).unique_count == 1
    assert life(school, class_id) == (ENDED, at(0), at(60))


def test_what_zoom_lists_for_another_class_of_the_meeting_is_not_taken(
    school: Services, zoom: FakeZoom, ana: Member, clock: Clock
) -> None:
    first = lesson(school.engine, ana, start=0, zoom_meeting_made=False)
    second = lesson(school.engine, ana, start=60, zoom_meeting_made=False)
    zoom.hold("a", participant("Ana", 0, 58), meeting=MEETING, start=0, end=58)
    zoom.hold("b", participant("Ben", 59, 120), meeting=MEETING, start=59, end=120)
    clock.time = at(125)
    assert [person.name for person in fetching.fetch_now(school, OPERATOR, first).people] == ["Ana"]
    assert [person.name for person in fetching.fetch_now(school, OPERATOR, second).people] == ["Ben"]
    assert life(school, first) == (ENDED, at(0), at(58))
    assert life(school, second) == (ENDED, at(59), at(120))


def test_a_meeting_made_for_the_class_is_the_class_whenever_it_was_held(
    school: Services, zoom: FakeZoom, ana: Member, clock: Clock
) -> None:
    class_id = lesson(school.engine, ana)
    zoom.hold("u1", participant("Ana", 300, 360), meeting=MEETING, start=300, end=360)
    clock.time = at(361)
    assert fetching.fetch_now(school, OPERATOR, class_id).unique_count == 1
    assert life(school, class_id) == (ENDED, at(300), at(360))


def test_a_shared_meeting_held_at_another_time_is_not_the_class(
    school: Services, zoom: FakeZoom, ana: Member, clock: Clock
) -> None:
    class_id = lesson(school.engine, ana, zoom_meeting_made=False)
    zoom.hold("u1", participant("Ana", 300, 360), meeting=MEETING, start=300, end=360)
    clock.time = at(361)
    with pytest.raises(NotEnded):
        fetching.fetch_now(school, OPERATOR, class_id)
    assert life(school, class_id) == (SCHEDULED, None, None)


@pytest.mark.parametrize("status", [SCHEDULED, LIVE])
def test_a_class_that_is_not_over_is_not_fetched(
    school: Services, zoom: FakeZoom, ana: Member, clock: Clock, status: ClassStatus
) -> None:
    class_id = lesson(school.engine, ana)
    if status is LIVE:
        note(school, started())
    for minute in (0, 59.9, 61):  # after its planned time Zoom is asked, and knows of no end
        clock.time = at(minute)
        with pytest.raises(NotEnded):
            fetching.fetch_now(school, OPERATOR, class_id)
    assert life(school, class_id)[0] is status


def test_a_class_held_before_it_was_entered_is_fetched_by_the_loop(
    school: Services, zoom: FakeZoom, ana: Member
) -> None:
    zoom.hold("u1", participant("Ana", -DAY, 60 - DAY), meeting=MEETING, start=-DAY, end=60 - DAY)
    plan = Plan("Algebra", at(-DAY), 60, "UTC")
    class_id = classes.create_class(school, OPERATOR, plan, teacher=ana, link=f"https://zoom.us/j/{MEETING}")
    assert fetching.fetch_due(school)
    assert life(school, class_id) == (ENDED, at(-DAY), at(60 - DAY))
    assert stored(school.engine, class_id).participant_count == 1


@pytest.mark.slow
def test_a_class_that_never_took_place_is_given_up_after_a_day(
    school: Services, zoom: FakeZoom, ana: Member, clock: Clock
) -> None:
    plan = Plan("Algebra", at(-DAY), 60, "UTC")
    class_id = classes.create_class(school, OPERATOR, plan, teacher=ana, link=f"https://zoom.us/j/{MEETING}")
    try_until_given_up(school, clock, class_id)
    assert PATIENCE <= clock.time - NOW < PATIENCE + 2 * LONGEST_GAP
    fetch = stored(school.engine, class_id).fetch
    assert fetch is not None
    assert (fetch.stored_state, fetch.due_at) == (FetchState.NO_DATA, None)


def test_a_first_half_whose_webhooks_were_lost_is_found_and_counted(
    school: Services, zoom: FakeZoom, ana: Member, clock: Clock
) -> None:
    class_id = lesson(school.engine, ana)
    zoom.hold("u1", participant("Ana", 0, 20), meeting=MEETING, start=0, end=20)
    zoom.hold("u2", participant("Ben", 25, 60), meeting=MEETING, start=25, end=60)
    zoom.hold("night", participant("Eve", 600, 605), meeting=MEETING, start=600, end=605)
    note(school, started("u2", 25), ended("u2", 25, 60))
    clock.time = at(70)
    assert fetching.fetch_due(school)
    assert life(school, class_id) == (ENDED, at(0), at(60))
    assert sessions(school, class_id) == [run("u1", 0, 20), run("u2", 25, 60)]
    assert stored(school.engine, class_id).participant_count == 2


def test_a_second_half_whose_webhooks_were_lost_is_found_by_the_next_snapshot(
    school: Services, zoom: FakeZoom, ana: Member, clock: Clock
) -> None:
    class_id = lesson(school.engine, ana)
    zoom.hold("u1", participant("Ana", 0, 20), meeting=MEETING, start=0, end=20)
    note(school, ended("u1", 0, 20))
    clock.time = at(30)
    assert fetching.fetch_due(school)
    zoom.hold("u2", participant("Ben", 25, 60), meeting=MEETING, start=25, end=60)
    clock.time = at(80)
    assert fetching.fetch_due(school)
    assert (life(school, class_id), stored(school.engine, class_id).participant_count) == ((ENDED, at(0), at(60)), 2)
    assert due(school, class_id) == at(120)


@pytest.mark.parametrize("path", ["/instances", "/past_meetings/u1"])
@pytest.mark.parametrize(
    "fault", [(500, {}), (429, {}), (404, {}), (400, {"code": 4711, "message": "does not contain scopes:[x:admin]."})]
)
@pytest.mark.database("sqlite")
def test_what_the_webhooks_told_is_enough_where_zoom_does_not_list_the_sessions(
    school: Services, zoom: FakeZoom, ana: Member, clock: Clock, path: str, fault: tuple[int, object]
) -> None:
    def refuse(asked: str) -> None:
        if asked.endswith(path):
            zoom.faults.append(fault)

    class_id = lesson(school.engine, ana)
    zoom.hold("u1", participant("Ana", 0, 60), meeting=MEETING)
    note(school, ended("u1", 0, 60))
    zoom.meanwhile = refuse
    clock.time = at(70)
    assert fetching.fetch_due(school)
    assert (life(school, class_id), stored(school.engine, class_id).participant_count) == ((ENDED, at(0), at(60)), 1)
    found = stored(school.engine, class_id).fetch
    assert found is not None
    assert (found.stored_state, found.error) == (FetchState.COLLECTED, None)


@pytest.mark.parametrize("unheard", [False, True])
def test_an_end_that_zoom_leaves_out_does_not_open_the_class_again(
    school: Services,
    zoom: FakeZoom,
    ana: Member,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    unheard: bool,
) -> None:
    class_id = lesson(school.engine, ana)
    zoom.hold("u1", participant("Ana", 0, 50), meeting=MEETING)
    if unheard:
        zoom.hold("u2", participant("Ana", 62, 64), meeting=MEETING, start=62, end=64)
    note(school, ended("u1", 0, 60))
    right = zoom._summary
    monkeypatch.setattr(zoom, "_summary", lambda uuid: right(uuid) | {"end_time": ""})
    clock.time = at(70)
    fetched = fetching.fetch_now(school, OPERATOR, class_id)
    assert stored(school.engine, class_id).participant_count == 1
    assert sessions(school, class_id)[0] == run("u1", 0, 60)
    # Zoom lists only sessions that are over; where it does not say when, it was when the last one left.
    assert life(school, class_id) == (ENDED, at(0), at(64 if unheard else 60))
    assert fetched.lesson == (span(0, 60),)


def test_zooms_own_number_of_each_session_is_kept_beside_the_count(
    school: Services, zoom: FakeZoom, ana: Member, clock: Clock
) -> None:
    class_id = lesson(school.engine, ana)
    zoom.hold("u1", participant("Ana", 0, 20), participant("Ana", 5, 20), meeting=MEETING, start=0, end=20)
    zoom.hold("u2", participant("Ana", 25, 60), meeting=MEETING, start=25, end=60)
    zoom.counts["u1"] = 2
    note(school, ended("u1", 0, 20), ended("u2", 25, 60))
    assert [session.zooms_count for session in sessions(school, class_id)] == [None, None]
    clock.time = at(70)
    fetching.fetch_due(school)
    found = attendance(school, class_id)
    assert found is not None
    assert [session.zooms_count for session in found.sessions] == [2, None]
    assert found.unique_count == 1
    note(school, ended("u1", 0, 21))  # a webhook does not tell it, and does not make it forgotten
    assert [session.zooms_count for session in sessions(school, class_id)] == [2, None]


def test_a_session_before_the_classs_time_counts_once_the_class_is_held(
    school: Services, zoom: FakeZoom, ana: Member, clock: Clock
) -> None:
    class_id = lesson(school.engine, ana, start=30)
    early = (participant("Host", 10, 15), participant("Bo", 10, 15))
    zoom.hold("u1", *early, meeting=MEETING, start=10, end=15)
    note(school, started("u1", 10), ended("u1", 10, 15))
    assert life(school, class_id) == (SCHEDULED, None, None)
    # Of what came then nothing was announced.
    zoom.hold("u2", *(participant(f"Student {n}", 30, 90) for n in range(9)), meeting=MEETING, start=30, end=90)
    clock.time = at(121)
    reconcile.ask_for_forgotten(school)
    while (again := due(school, class_id)) is not None:
        clock.time = again
        assert fetching.fetch_due(school)
    assert stored(school.engine, class_id).participant_count == 11


@pytest.mark.slow
def test_a_class_is_not_said_to_be_unheld_while_the_app_may_not_ask(
    school: Services, zoom: FakeZoom, ana: Member, clock: Clock
) -> None:
    class_id = lesson(school.engine, ana)
    zoom.hold("u1", participant("Ana", 0, 50), participant("Bo", 0, 50), meeting=MEETING)
    refusal = (400, {"code": 4711, "message": "Invalid access token, does not contain scopes:[x, x:admin]."})
    zoom.meanwhile = lambda path: zoom.faults.append(refusal) if path.endswith("/instances") else None
    clock.time = at(91)
    reconcile.ask_for_forgotten(school)
    for _ in range(40):
        clock.time = due(school, class_id) or clock.time
        assert fetching.fetch_due(school)
    fetch = stored(school.engine, class_id).fetch
    assert fetch is not None
    assert (fetch.stored_state, fetch.error) == (
        FetchState.WAITING,
        Problem("zoom_scope_missing", {"scope": "x:admin"}),
    )
    zoom.meanwhile = lambda path: None
    clock.time = due(school, class_id) or clock.time
    assert fetching.fetch_due(school) == "collected"
    assert stored(school.engine, class_id).participant_count == 2


def test_a_class_in_a_shared_meeting_never_gets_the_people_of_another_day(
    school: Services, zoom: FakeZoom, ana: Member, clock: Clock
) -> None:
    week = 7 * DAY
    first, second = (lesson(school.engine, ana, start=start, zoom_meeting_made=False) for start in (0, week))
    zoom.hold("u2", participant("Ana", week, week + 50), meeting=MEETING, start=week, end=week + 60)
    clock.time = at(week + 91)
    with transaction(school.engine) as tx:  # as another program would
        storage.classes.set_life(tx, first, ENDED, at(0), at(60))
    reconcile.ask_for_forgotten(school)
    while fetching.fetch_due(school):
        pass
    assert stored(school.engine, first).participant_count is None
    assert stored(school.engine, second).participant_count == 1
