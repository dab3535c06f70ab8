"""Which sessions are a class: as webhooks tell it in any order, and as another program wrote it."""

from itertools import permutations

import pytest
from sqlalchemy import Engine, text

from tests.fake_zoom import FakeZoom
from tests.lives import attendance, due, life, note, sessions
from tests.makers import MEETING, Clock, at, ended, lesson, participant, run, services, started, stored
from tracker import fetching, reconcile, storage
from tracker.attendance.types import ClassStatus
from tracker.auth import OPERATOR
from tracker.errors import NoMeeting
from tracker.retry import PATIENCE
from tracker.services import Services
from tracker.storage.database import transaction
from tracker.storage.members import Member
from tracker.zoom.webhook import Delivery

DAY = 24 * 60
SCHEDULED, LIVE, ENDED = ClassStatus.SCHEDULED, ClassStatus.LIVE, ClassStatus.ENDED


# As webhooks tell it


def test_a_class_is_live_from_its_start_and_ended_from_its_end(school: Services, ana: Member) -> None:
    class_id = lesson(school.engine, ana)
    assert note(school, started(start=-2)) == ["noted"]
    assert (life(school, class_id), due(school, class_id)) == ((LIVE, at(-2), None), None)
    assert note(school, ended(start=-2, end=61)) == ["noted"]
    assert (life(school, class_id), due(school, class_id)) == ((ENDED, at(-2), at(61)), at(71))


def test_a_delivery_that_comes_again_changes_nothing(school: Services, ana: Member, clock: Clock) -> None:
    class_id = lesson(school.engine, ana)
    note(school, started(), ended())
    before = stored(school.engine, class_id)
    clock.forward(minutes=25)
    assert note(school, started(), ended(), ended()) == ["repeat", "repeat", "repeat"]
    assert stored(school.engine, class_id) == before


@pytest.mark.parametrize("order", list(permutations(range(4))))
@pytest.mark.database("sqlite")
def test_the_order_of_the_deliveries_has_no_effect(school: Services, ana: Member, order: tuple[int, ...]) -> None:
    told = [started("a", 0), ended("a", 0, 20), started("b", 25), ended("b", 25, 60)]
    class_id = lesson(school.engine, ana)
    assert note(school, *(told[number] for number in order)) == ["noted"] * 4
    assert (life(school, class_id), due(school, class_id)) == ((ENDED, at(0), at(60)), at(70))
    assert sessions(school, class_id) == [run("a", 0, 20), run("b", 25, 60)]


def test_an_end_whose_start_was_lost_ends_the_class(school: Services, ana: Member) -> None:
    class_id = lesson(school.engine, ana)
    note(school, ended(start=3, end=60))
    assert (life(school, class_id), due(school, class_id)) == ((ENDED, at(3), at(60)), at(70))


def test_a_class_that_is_restarted_is_live_again_and_its_fetch_moves(
    school: Services, zoom: FakeZoom, ana: Member, clock: Clock
) -> None:
    class_id = lesson(school.engine, ana)
    zoom.hold("uuid-1", participant("Ana", 0, 20), meeting=MEETING)
    note(school, ended(end=20))
    clock.time = at(31)
    fetching.fetch_due(school)
    assert stored(school.engine, class_id).participant_count == 1
    note(school, started("uuid-2", 32))
    assert (life(school, class_id), due(school, class_id)) == ((LIVE, at(0), None), None)
    assert stored(school.engine, class_id).participant_count == 1  # what is known is kept until there is better
    note(school, ended("uuid-2", 32, 60))
    assert (life(school, class_id), due(school, class_id)) == ((ENDED, at(0), at(60)), at(70))


def test_a_session_whose_end_was_never_told_does_not_keep_the_class_open(school: Services, ana: Member) -> None:
    class_id = lesson(school.engine, ana)
    note(school, started("a", 0), started("b", 20), ended("b", 20, 60))
    assert life(school, class_id) == (ENDED, at(0), at(60))


def test_the_fetch_is_planned_as_the_school_wants_it(engine: Engine, clock: Clock, ana: Member) -> None:
    class_id = lesson(engine, ana)
    hasty = services(engine, clock, FETCH_DELAY_SECONDS="90")
    note(hasty, ended())
    assert due(hasty, class_id) == at(61.5)


def test_a_stray_session_after_the_class_changes_nothing(school: Services, zoom: FakeZoom, ana: Member) -> None:
    class_id = lesson(school.engine, ana)
    note(school, started(), ended())
    before = stored(school.engine, class_id)
    assert note(school, started("night", 500), ended("night", 500, 505)) == ["noted", "noted"]
    assert stored(school.engine, class_id) == before


def test_a_try_of_the_link_the_day_before_is_no_part_of_the_class(school: Services, ana: Member) -> None:
    class_id = lesson(school.engine, ana)
    note(school, started("try", -DAY), ended("try", -DAY, 5 - DAY))
    assert life(school, class_id)[0] is SCHEDULED
    note(school, started())
    assert life(school, class_id) == (LIVE, at(0), None)
    note(school, ended())
    assert (life(school, class_id), due(school, class_id)) == ((ENDED, at(0), at(60)), at(70))


def test_each_class_of_a_reused_meeting_gets_its_own_session(school: Services, ana: Member) -> None:
    week = [lesson(school.engine, ana, f"Day {day}", start=day * DAY, zoom_meeting_made=False) for day in range(3)]
    for day in (2, 0, 1):
        note(school, started(f"u{day}", day * DAY), ended(f"u{day}", day * DAY, day * DAY + 50))
    assert [life(school, class_id)[2] for class_id in week] == [at(day * DAY + 50) for day in range(3)]


def test_a_shared_meeting_that_is_held_at_another_time_is_not_the_class(school: Services, ana: Member) -> None:
    class_id = lesson(school.engine, ana, start=6 * DAY, zoom_meeting_made=False)
    assert note(school, started("today", 0), ended("today", 0, 60)) == ["noted", "noted"]
    assert life(school, class_id) == (SCHEDULED, None, None)


def test_classes_back_to_back_in_one_meeting_get_what_is_nearest(school: Services, ana: Member) -> None:
    first = lesson(school.engine, ana, start=0)
    second = lesson(school.engine, ana, start=60, zoom_meeting_id=MEETING)
    note(school, ended("a", -5, 57), ended("b", 58, 120))
    assert [life(school, class_id) for class_id in (first, second)] == [
        (ENDED, at(-5), at(57)),
        (ENDED, at(58), at(120)),
    ]


def test_a_session_is_shared_anew_when_another_class_comes_nearer(school: Services, ana: Member) -> None:
    class_id = lesson(school.engine, ana, start=60)
    note(school, ended("a", 0, 65))
    assert life(school, class_id) == (ENDED, at(0), at(65))
    nearer = lesson(school.engine, ana, start=0, zoom_meeting_id=MEETING)
    note(school, ended("b", 70, 120))
    assert life(school, nearer) == (ENDED, at(0), at(65))
    assert life(school, class_id) == (ENDED, at(70), at(120))


# As another program wrote it


def written(school: Services, teacher: Member) -> str:
    """A class that another program wrote as ended, without sessions."""
    class_id = lesson(school.engine, teacher, zoom_meeting_made=False)
    with transaction(school.engine) as tx:
        storage.classes.set_life(tx, class_id, ENDED, at(0), at(60))
    return class_id


@pytest.mark.parametrize("lists_sessions", [True, False])
def test_a_class_that_another_program_ended_is_fetched(
    school: Services, zoom: FakeZoom, ana: Member, clock: Clock, lists_sessions: bool
) -> None:
    class_id = written(school, ana)
    zoom.hold("u1", participant("Ana", 0, 60), meeting=MEETING)
    if not lists_sessions:

        def no_scope(path: str) -> None:
            if path.endswith("/instances"):
                zoom.faults.append((400, {"code": 4711, "message": "does not contain scopes:[x:admin]."}))

        zoom.meanwhile = no_scope
    reconcile.ask_for_forgotten(school)
    assert due(school, class_id) == at(70)
    clock.time = at(70)
    assert fetching.fetch_due(school)
    assert (life(school, class_id), stored(school.engine, class_id).participant_count) == ((ENDED, at(0), at(60)), 1)
    found = attendance(school, class_id)
    assert found is not None
    assert [(person.name, person.percent) for person in found.people] == [("Ana", 100)]


@pytest.mark.parametrize("deliveries", [[], [started("u1", 0)]], ids=["nothing was told", "only the start was told"])
def test_a_class_whose_end_was_never_told_is_asked_for_and_counted(
    school: Services, zoom: FakeZoom, ana: Member, clock: Clock, deliveries: list[Delivery]
) -> None:
    class_id = lesson(school.engine, ana)
    zoom.hold("u1", participant("Ana", 0, 60), meeting=MEETING)
    note(school, *deliveries)
    clock.time = at(89)
    reconcile.ask_for_forgotten(school)
    assert due(school, class_id) is None
    clock.time = at(91)
    reconcile.ask_for_forgotten(school)
    assert due(school, class_id) == at(91)
    reconcile.ask_for_forgotten(school)
    assert fetching.fetch_due(school)
    assert (life(school, class_id), stored(school.engine, class_id).participant_count) == ((ENDED, at(0), at(60)), 1)


def test_a_class_that_runs_over_stays_live_and_is_counted_when_it_has_ended(
    school: Services, zoom: FakeZoom, ana: Member, clock: Clock
) -> None:
    class_id = lesson(school.engine, ana)
    note(school, started("u1", 0))
    clock.time = at(95)
    reconcile.ask_for_forgotten(school)
    assert fetching.fetch_due(school)
    assert life(school, class_id) == (LIVE, at(0), None)
    zoom.hold("u1", participant("Ana", 0, 100), meeting=MEETING, end=100)
    note(school, ended("u1", 0, 100))
    clock.time = at(110)
    assert fetching.fetch_due(school)
    assert (life(school, class_id), stored(school.engine, class_id).participant_count) == ((ENDED, at(0), at(100)), 1)


@pytest.mark.slow
def test_a_class_that_did_not_take_place_is_asked_for_once_and_not_for_ever(
    school: Services, zoom: FakeZoom, ana: Member, clock: Clock
) -> None:
    class_id = lesson(school.engine, ana)
    clock.time = at(91)
    reconcile.ask_for_forgotten(school)
    while (again := due(school, class_id)) is not None:
        clock.time = again
        assert fetching.fetch_due(school)
        reconcile.ask_for_forgotten(school)
    assert clock.time < at(91) + 2 * PATIENCE
    assert life(school, class_id) == (SCHEDULED, None, None)


def test_a_class_without_a_meeting_is_not_fetched(school: Services, ana: Member, clock: Clock) -> None:
    class_id = written(school, ana)
    with transaction(school.engine) as tx:
        tx.connection().execute(text('UPDATE "LiveStream" SET "zoomMeetingId" = NULL'))
    reconcile.ask_for_forgotten(school)
    clock.time = at(70)
    assert not fetching.fetch_due(school)
    with pytest.raises(NoMeeting):
        fetching.fetch_now(school, OPERATOR, class_id)


def test_the_attendance_is_taken_from_what_is_stored(
    school: Services, zoom: FakeZoom, ana: Member, clock: Clock
) -> None:
    class_id = lesson(school.engine, ana)
    assert attendance(school, class_id) is None
    zoom.hold("uuid-1", participant("Ana", 0, 30), participant("Ana", 15, 60), meeting=MEETING)
    note(school, ended())
    clock.time = at(70)
    fetched = fetching.fetch_now(school, OPERATOR, class_id)
    assert attendance(school, class_id) == fetched
    assert [(person.seconds, person.percent) for person in fetched.people] == [(3600, 100)]
