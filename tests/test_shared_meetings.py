"""Classes that share a meeting, strays, and sessions at odd times: from webhooks to what is stored and shown."""

import pytest
from sqlalchemy import Engine

from tests.fake_zoom import FakeZoom
from tests.lives import attendance, due, fetch_all, hold, life, note, progress
from tests.makers import MEETING, Clock, at, ended, lesson, participant, seen, started, stored
from tests.screens import Screens, said
from tracker import class_attendance, classes, fetching, reconcile, sessions, storage
from tracker.attendance.assignment import Choice
from tracker.attendance.types import ClassStatus, FetchState
from tracker.auth import OPERATOR
from tracker.classes import Plan
from tracker.services import Services
from tracker.storage.database import reading
from tracker.storage.members import Member
from tracker.ui import page

SCHEDULED, LIVE, ENDED = ClassStatus.SCHEDULED, ClassStatus.LIVE, ClassStatus.ENDED
DAY = 24 * 60


@pytest.fixture
def linked(school: Services, ana: Member) -> tuple[str, str]:
    """Two classes of an hour each, one after the other, linked to one meeting."""
    first, second = (lesson(school.engine, ana, start=start, zoom_meeting_made=False) for start in (0, 60))
    return first, second


def people(school: Services, class_id: str) -> dict[str, int]:
    """The people of a class with their whole minutes in class."""
    found = attendance(school, class_id)
    assert found is not None
    assert stored(school.engine, class_id).participant_count == len(found.people)
    return {person.name: person.seconds_in_class // 60 for person in found.people}


def statuses(school: Services, class_id: str) -> set[str]:
    found = attendance(school, class_id)
    assert found is not None
    return {person.status for person in found.people}


def test_a_restart_between_two_classes_in_a_row_is_the_first_ones(
    school: Services, zoom: FakeZoom, clock: Clock, linked: tuple[str, str]
) -> None:
    first, second = linked
    hold(school, zoom, "u1", 0, 40, Ana=(0, 40), Ben=(0, 40))
    hold(school, zoom, "u2", 41, 60, Ana=(41, 60), Ben=(41, 60))
    hold(school, zoom, "u3", 61, 120, Dee=(61, 120), Eve=(61, 120))
    fetch_all(school, clock, 130)
    assert people(school, first) == {"Ana": 59, "Ben": 59}
    assert people(school, second) == {"Dee": 59, "Eve": 59}


def test_one_session_over_two_classes_is_asked_for_once_and_each_has_its_people(
    school: Services, zoom: FakeZoom, clock: Clock, linked: tuple[str, str]
) -> None:
    first, second = linked
    asked: list[str] = []
    zoom.meanwhile = asked.append
    hold(
        school, zoom, "u1", -2, 122,
        Ana=(0, 60), Ben=(0, 60), Dee=(61, 120), Eve=(61, 120), Fay=(0, 120),
    )  # fmt: skip
    fetch_all(school, clock, 132)
    assert people(school, first) == {"Ana": 60, "Ben": 60, "Fay": 60}
    assert people(school, second) == {"Dee": 59, "Eve": 59, "Fay": 60}
    assert statuses(school, first) == statuses(school, second) == {"present"}
    assert len([path for path in asked if path.endswith("/participants")]) == 1


def test_a_session_opened_early_for_the_next_class_is_the_next_classs(
    school: Services, zoom: FakeZoom, ana: Member, clock: Clock
) -> None:
    first, second = (lesson(school.engine, ana, start=start, zoom_meeting_made=False) for start in (0, 180))
    hold(school, zoom, "u1", 0, 60, Ana=(0, 60))
    fetch_all(school, clock, 70)
    before = stored(school.engine, first)
    hold(school, zoom, "u2", 140, 240, Dee=(178, 240))
    fetch_all(school, clock, 250)
    assert people(school, second) == {"Dee": 60}
    after = stored(school.engine, first)
    assert (after.status, after.started_at, after.ended_at, after.participant_count) == (
        before.status,
        before.started_at,
        before.ended_at,
        before.participant_count,
    )


def test_a_class_in_the_middle_of_a_long_session_is_counted_with_minutes_of_its_own_time(
    school: Services, zoom: FakeZoom, ana: Member, clock: Clock
) -> None:
    class_id = lesson(school.engine, ana, start=120, duration_minutes=30, zoom_meeting_made=False)
    hold(school, zoom, "u1", 0, 240, Ana=(0, 240), Ben=(120, 135), Cy=(10, 60))
    fetch_all(school, clock, 250)
    assert people(school, class_id) == {"Ana": 30, "Ben": 15, "Cy": 0}
    found = attendance(school, class_id)
    assert found is not None
    assert {person.name: person.status for person in found.people} == {
        "Ana": "present",
        "Ben": "left early",
        "Cy": "outside",
    }


@pytest.mark.parametrize("over", [False, True])
def test_a_link_opened_after_class_changes_nothing(
    school: Services, zoom: FakeZoom, ana: Member, clock: Clock, over: bool
) -> None:
    class_id = lesson(school.engine, ana)
    hold(school, zoom, "u1", 0, 60, Ana=(0, 60), Ben=(0, 60), Cy=(0, 60))
    fetch_all(school, clock, 70)
    before = stored(school.engine, class_id)
    clock.time = at(91)
    note(school, started("u2", 90))
    if over:
        zoom.hold("u2", participant("X", 90, 93), participant("Y", 90, 93), meeting=MEETING, start=90, end=93)
        note(school, ended("u2", 90, 93))
    reconcile.follow_time(school)
    assert stored(school.engine, class_id) == before
    with reading(school.engine) as tx:
        part = sessions.part_of(tx, before, clock())
    assert [stray.session.uuid for stray in part.strays] == ["u2"]
    fetch_all(school, clock, 130)
    assert people(school, class_id) == {"Ana": 60, "Ben": 60, "Cy": 60}


def test_a_delayed_class_takes_the_second_session_by_one_click_and_gives_it_back(
    screens: Screens, engine: Engine, ana: Member, wired: Clock, zoom: FakeZoom
) -> None:
    school = page.services()
    class_id = lesson(engine, ana)
    hold(school, zoom, "u1", 0, 4, Ana=(0, 4))
    hold(school, zoom, "u2", 70, 125, Ana=(70, 125), Bo=(71, 125), Cy=(70, 120))
    fetch_all(school, wired, 135)
    assert stored(engine, class_id).participant_count == 1
    screens.sign_in(ana)
    shown = screens.open("pages/class.py", id=class_id)
    assert "It is not counted: it began 10 min after the planned end." in said(shown)
    shown.button(key="count-u2").click().run()
    fetch_all(school, wired, 136)
    assert people(school, class_id) == {"Ana": 59, "Bo": 54, "Cy": 50}
    shown = screens.open("pages/class.py", id=class_id)
    shown.button(key="undo-u2").click().run()
    assert life(school, class_id) == (ENDED, at(0), at(4))
    assert "It is not counted" in said(screens.open("pages/class.py", id=class_id))


def test_a_class_that_ends_early_has_no_part_in_the_next_one_opened_early(
    school: Services, zoom: FakeZoom, clock: Clock, linked: tuple[str, str]
) -> None:
    first, second = linked
    hold(school, zoom, "u1", -1, 50, Ana=(0, 50))
    hold(school, zoom, "u2", 55, 120, Dee=(58, 120))
    fetch_all(school, clock, 130)
    assert (people(school, first), statuses(school, first)) == ({"Ana": 50}, {"present"})
    assert people(school, second) == {"Dee": 60}


def test_after_a_class_that_overruns_by_minutes_nobody_of_the_next_one_is_late(
    school: Services, zoom: FakeZoom, clock: Clock, linked: tuple[str, str]
) -> None:
    first, second = linked
    hold(school, zoom, "u1", 0, 63, Ana=(0, 63), Dee=(58, 63))
    hold(school, zoom, "u2", 75, 120, Dee=(75, 120), Eve=(76, 120))
    fetch_all(school, clock, 130)
    assert people(school, first) == {"Ana": 60}
    assert (people(school, second), statuses(school, second)) == ({"Dee": 45, "Eve": 44}, {"present"})


def test_a_class_that_was_never_held_offers_its_trial(
    school: Services, zoom: FakeZoom, ana: Member, clock: Clock
) -> None:
    class_id = lesson(school.engine, ana)
    hold(school, zoom, "trial", -DAY, 5 - DAY, Ana=(-DAY, 5 - DAY))
    clock.time = at(181)
    reconcile.follow_time(school)
    assert life(school, class_id) == (SCHEDULED, None, None)
    with reading(school.engine) as tx:
        part = sessions.part_of(tx, stored(school.engine, class_id), clock())
    assert [stray.session.uuid for stray in part.strays] == ["trial"]


def test_a_class_held_at_another_time_is_counted_once_its_own_time_is_long_over(
    school: Services, zoom: FakeZoom, ana: Member, clock: Clock
) -> None:
    class_id = lesson(school.engine, ana)
    clock.time = at(300)
    hold(school, zoom, "u1", 300, 350, Ana=(300, 350))
    clock.time = at(351)
    reconcile.follow_time(school)
    assert life(school, class_id) == (ENDED, at(300), at(350))
    fetch_all(school, clock, 361)
    assert people(school, class_id) == {"Ana": 50}


def test_one_session_that_zoom_refuses_leaves_the_others_counted_and_is_asked_for_again(
    school: Services, zoom: FakeZoom, ana: Member, clock: Clock
) -> None:
    class_id = lesson(school.engine, ana)
    hold(school, zoom, "u1", 0, 30, Ana=(0, 30))
    note(school, started("u2", 32), ended("u2", 32, 60))  # Zoom does not know it yet
    fetch_all(school, clock, 70)
    assert people(school, class_id) == {"Ana": 30}
    found = progress(school, class_id)
    assert found.error is not None
    assert (found.error.code, found.error.details["missing"], found.error.details["sessions"]) == (
        "sessions_missing",
        1,
        2,
    )
    zoom.hold("u2", participant("Ben", 32, 60), meeting=MEETING, start=32, end=60)
    fetch_all(school, clock, 75)
    assert people(school, class_id) == {"Ana": 30, "Ben": 28}
    found = progress(school, class_id)
    assert (found.stored_state, found.error, due(school, class_id)) == (FetchState.COLLECTED, None, at(120))


@pytest.mark.slow
def test_a_session_ended_under_a_uuid_that_nobody_knows_is_named_as_missing_and_then_dropped(
    school: Services, zoom: FakeZoom, ana: Member, clock: Clock
) -> None:
    class_id = lesson(school.engine, ana)
    hold(school, zoom, "u1", 0, 60, Ana=(0, 60))
    note(school, ended("unknown", 0, 61))
    fetch_all(school, clock, 71)
    assert people(school, class_id) == {"Ana": 60}
    found = progress(school, class_id)
    assert found.error is not None
    assert found.error.code == "sessions_missing"
    while (at_minute := due(school, class_id)) is not None:
        fetch_all(school, clock, (at_minute - at(0)).total_seconds() / 60)
    assert people(school, class_id) == {"Ana": 60}
    assert life(school, class_id) == (ENDED, at(0), at(60))
    found = progress(school, class_id)
    assert (found.stored_state, found.error) == (FetchState.SETTLED, None)


@pytest.mark.slow
def test_a_session_in_which_people_were_seen_is_never_dropped(
    school: Services, zoom: FakeZoom, ana: Member, clock: Clock
) -> None:
    class_id = lesson(school.engine, ana)
    hold(school, zoom, "u1", 0, 30, Ana=(0, 30))
    note(school, started("u2", 32), seen("joined", 7, 33, "Ben", uuid="u2", start=32), ended("u2", 32, 60))
    fetch_all(school, clock, 70)
    while (at_minute := due(school, class_id)) is not None:
        fetch_all(school, clock, (at_minute - at(0)).total_seconds() / 60)
    assert life(school, class_id) == (ENDED, at(0), at(60))
    found = progress(school, class_id)
    assert found.error is not None
    assert found.error.code == "sessions_missing"


def test_a_session_that_is_left_out_takes_its_people_with_it(
    school: Services, zoom: FakeZoom, ana: Member, clock: Clock
) -> None:
    class_id = lesson(school.engine, ana)
    hold(school, zoom, "u1", 0, 30, Ana=(0, 30))
    hold(school, zoom, "u2", 35, 60, Ben=(35, 60))
    fetch_all(school, clock, 70)
    class_attendance.choose_session(
        school, OPERATOR, stored(school.engine, class_id), Choice(class_id, "u2", counts=False)
    )
    fetch_all(school, clock, 71)
    assert people(school, class_id) == {"Ana": 30}
    class_attendance.undo_session_choice(school, OPERATOR, stored(school.engine, class_id), "u2")
    fetch_all(school, clock, 72)
    assert people(school, class_id) == {"Ana": 30, "Ben": 25}


def test_while_a_class_runs_again_its_list_stays_and_who_came_since_is_shown_beside_it(
    school: Services, zoom: FakeZoom, ana: Member, clock: Clock
) -> None:
    class_id = lesson(school.engine, ana)
    hold(school, zoom, "u1", 0, 20, Ana=(0, 20), Ben=(0, 20))
    fetch_all(school, clock, 30)
    note(school, started("u2", 32))
    assert life(school, class_id) == (LIVE, at(0), None)
    assert people(school, class_id).keys() == {"Ana", "Ben"}
    with reading(school.engine) as tx:
        shown = class_attendance.attendance_shown(tx, storage.classes.get_class(tx, class_id), at(40))
    assert shown is not None
    assert [person.name for person in shown.people] == ["Ana", "Ben"]


def test_a_class_that_is_moved_onto_a_session_has_it_at_once_and_the_other_class_keeps_its_list(
    school: Services, zoom: FakeZoom, ana: Member, clock: Clock
) -> None:
    first, second = (lesson(school.engine, ana, start=start, zoom_meeting_made=False) for start in (0, 20 * DAY))
    hold(school, zoom, "u1", 0, 60, Ana=(0, 60))
    hold(school, zoom, "u2", 300, 360, Dee=(300, 360))
    fetch_all(school, clock, 400)
    before = stored(school.engine, first)
    plan = Plan("Moved", at(300), 60, "Europe/Berlin")
    classes.change_class(school, OPERATOR, second, plan)
    assert life(school, second) == (ENDED, at(300), at(360))
    fetch_all(school, clock, 401)
    assert (people(school, first), people(school, second)) == ({"Ana": 60}, {"Dee": 60})
    assert stored(school.engine, first).participants_fetched_at == before.participants_fetched_at


def test_a_class_that_is_linked_after_it_was_held_has_the_session_that_is_known(
    school: Services, zoom: FakeZoom, ana: Member, clock: Clock
) -> None:
    lesson(school.engine, ana, start=0, zoom_meeting_made=False)
    hold(school, zoom, "u1", 0, 60, Ana=(0, 60))
    hold(school, zoom, "u2", 300, 360, Dee=(300, 360))
    clock.time = at(365)
    plan = Plan("Held", at(300), 60, "Europe/Berlin")
    class_id = classes.create_class(school, OPERATOR, plan, teacher=ana, link=f"https://zoom.us/j/{MEETING}")
    assert life(school, class_id) == (ENDED, at(300), at(360))
    fetch_all(school, clock, 370)
    assert people(school, class_id) == {"Dee": 60}


def test_one_session_that_a_firewall_blocks_for_ever_holds_up_nothing_though_no_webhook_came(
    school: Services, zoom: FakeZoom, ana: Member, clock: Clock
) -> None:
    class_id = lesson(school.engine, ana)
    zoom.hold("good", participant("Ana", 0, 30), meeting=MEETING, start=0, end=30)
    zoom.hold("bad", participant("Ben", 32, 60), meeting=MEETING, start=32, end=60)
    zoom.meanwhile = lambda path: zoom.faults.append((403, "<html>blocked</html>")) if "/bad" in path else None
    clock.time = at(95)
    reconcile.ask_for_forgotten(school)
    fetch_all(school, clock, 95)
    assert people(school, class_id) == {"Ana": 30}
    found = progress(school, class_id)
    assert found.error is not None
    assert (found.error.code, found.error.details["missing"]) == ("sessions_missing", 1)


def test_where_zoom_gives_none_of_the_sessions_each_is_named_as_missing(
    school: Services, zoom: FakeZoom, ana: Member, clock: Clock
) -> None:
    class_id = lesson(school.engine, ana)
    note(school, started("u1", 0), ended("u1", 0, 30), started("u2", 32), ended("u2", 32, 60))
    fetch_all(school, clock, 70)
    assert stored(school.engine, class_id).participant_count is None
    with reading(school.engine) as tx:
        lists = storage.session_records.lists_of_sessions(tx, ["u1", "u2"])
    assert {uuid: one.missing.code for uuid, one in lists.items() if one.missing} == dict.fromkeys(
        ("u1", "u2"), "zoom_meeting_not_over"
    )


def test_people_who_turn_out_to_be_the_next_classs_leave_the_first_one_whose_list_was_there_already(
    school: Services, zoom: FakeZoom, clock: Clock, linked: tuple[str, str]
) -> None:
    first, second = linked
    hold(school, zoom, "u1", 30, 62, Bea=(58, 62))
    fetch_all(school, clock, 72)
    assert people(school, first) == {"Bea": 2}
    hold(school, zoom, "u2", 63, 120, Bea=(63, 120), Cy=(63, 120))
    fetch_all(school, clock, 132)
    assert people(school, second) == {"Bea": 57, "Cy": 57}
    assert attendance(school, first) is None or people(school, first) == {}
    while (at_minute := due(school, first)) is not None:
        fetch_all(school, clock, (at_minute - at(0)).total_seconds() / 60)
    assert people(school, first) == {}


def test_a_class_held_earlier_the_same_day_is_counted_as_soon_as_its_own_time_is_two_hours_over(
    school: Services, zoom: FakeZoom, ana: Member, clock: Clock
) -> None:
    class_id = lesson(school.engine, ana)
    hold(school, zoom, "u1", -120, -60, Ana=(-120, -60))
    clock.time = at(95)
    reconcile.ask_for_forgotten(school)
    fetch_all(school, clock, 95)
    assert life(school, class_id)[0] is SCHEDULED
    clock.time = at(180)
    reconcile.follow_time(school)
    assert life(school, class_id) == (ENDED, at(-120), at(-60))


BLOCKED = (403, "<html>blocked</html>")
OF_ANOTHER_ACCOUNT = (404, {"code": 1010, "message": "User does not belong to this account."})


def test_who_was_seen_live_in_a_session_that_zoom_refuses_stays_known_beside_the_list_of_the_other_one(
    school: Services, zoom: FakeZoom, ana: Member, clock: Clock
) -> None:
    class_id = lesson(school.engine, ana)
    hold(school, zoom, "u1", 0, 20, Ana=(0, 20))
    note(school, started("u2", 25), seen("joined", 7, 26, "Ben", uuid="u2", start=25), ended("u2", 25, 60))
    zoom.hold("u2", meeting=MEETING, start=25, end=60)
    zoom.meanwhile = lambda path: zoom.list_faults.append(BLOCKED) if "/u2/participants" in path else None
    fetch_all(school, clock, 70)
    found, known = stored(school.engine, class_id), attendance(school, class_id)
    assert known is not None
    assert {person.name: person.seconds_in_class // 60 for person in known.people} == {"Ana": 20, "Ben": 34}
    assert (found.participant_count, found.figures) == (1, (2, 0))
    zoom.meanwhile = lambda path: None
    zoom.records["u2"] = [participant("Ben", 26, 60), participant("Cy", 30, 60)]
    while stored(school.engine, class_id).participant_count == 1:
        clock.time = due(school, class_id) or clock.time
        fetching.fetch_due(school)
    assert people(school, class_id) == {"Ana": 20, "Ben": 34, "Cy": 30}


def test_a_session_that_is_left_out_brings_nobody_of_it_where_it_is_shared(
    school: Services, zoom: FakeZoom, clock: Clock, linked: tuple[str, str]
) -> None:
    first, second = linked
    hold(school, zoom, "u1", 0, 20, Ana=(0, 20))
    hold(school, zoom, "u2", 25, 122, Ben=(25, 60), Dee=(61, 122))
    fetch_all(school, clock, 132)
    assert people(school, first) == {"Ana": 20, "Ben": 35}
    found = stored(school.engine, first)
    class_attendance.choose_session(school, OPERATOR, found, Choice(first, "u2", counts=False))
    assert people(school, first) == {"Ana": 20}
    assert people(school, second) == {"Ben": 0, "Dee": 59}


def test_one_session_refused_for_good_does_not_end_the_waiting_for_the_list_of_the_other_one(
    school: Services, zoom: FakeZoom, ana: Member, clock: Clock
) -> None:
    class_id = lesson(school.engine, ana)
    hold(school, zoom, "u1", 0, 20, Ana=(0, 20))
    hold(school, zoom, "u2", 25, 60)
    zoom.meanwhile = lambda path: zoom.list_faults.append(OF_ANOTHER_ACCOUNT) if "/u1/participants" in path else None
    fetch_all(school, clock, 70)
    assert due(school, class_id) is not None
    zoom.records["u2"] = [participant("Ben", 25, 60)]
    clock.time = due(school, class_id) or clock.time
    fetching.fetch_due(school)
    assert people(school, class_id) == {"Ben": 35}


@pytest.mark.slow
def test_a_class_of_which_only_an_empty_session_was_given_is_not_known_while_another_one_is_missing(
    school: Services, zoom: FakeZoom, clock: Clock, linked: tuple[str, str]
) -> None:
    first, _second = linked
    note(school, started("u1", 0), ended("u1", 0, 30))
    hold(school, zoom, "u2", 31, 120, Dee=(61, 120))
    zoom.hold("u1", meeting=MEETING, start=0, end=30)
    zoom.meanwhile = lambda path: zoom.list_faults.append(BLOCKED) if "/u1/participants" in path else None
    while due(school, first) is not None and clock.time < at(3 * DAY):
        fetch_all(school, clock, (max(due(school, first) or at(0), at(130)) - at(0)).total_seconds() / 60)
    assert stored(school.engine, first).participant_count is None


def test_a_session_counted_in_and_taken_back_leaves_nothing_behind(
    school: Services, zoom: FakeZoom, ana: Member, clock: Clock
) -> None:
    class_id = lesson(school.engine, ana, zoom_meeting_made=False)
    note(school, started("u1", 0), seen("joined", 7, 0, "Ana", uuid="u1"), ended("u1", 0, 4))
    hold(school, zoom, "u2", 70, 125, Bo=(70, 125), Cy=(70, 125))
    fetch_all(school, clock, 130)
    found = stored(school.engine, class_id)
    class_attendance.choose_session(school, OPERATOR, found, Choice(class_id, "u2", counts=True))
    fetch_all(school, clock, 140)
    assert stored(school.engine, class_id).participant_count == 2
    class_attendance.undo_session_choice(school, OPERATOR, stored(school.engine, class_id), "u2")
    for minute in (141, 200):
        fetch_all(school, clock, minute)
        after = stored(school.engine, class_id)
        assert (after.participant_count, after.figures) == (None, (None, 0))
        with reading(school.engine) as tx:
            shown = class_attendance.attendance_shown(tx, after, clock())
            assert class_attendance.figures_shown(tx, after, clock()) == (1, 0)
        assert shown is not None
        assert [person.name for person in shown.people] == ["Ana"]
