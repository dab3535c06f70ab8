"""Joins and leaves that webhooks tell: who is in class now, and who was there where Zoom has no list."""

from datetime import datetime
from itertools import permutations
from typing import Any

import pytest

from tests.fake_zoom import FakeZoom
from tests.lives import life, note, try_until_given_up
from tests.makers import MEETING, Clock, at, ended, event_body, lesson, member, participant, started, stored
from tests.makers import seen as told
from tracker import class_attendance, classes, fetching, storage
from tracker.attendance.types import Attendance, ClassStatus, FetchState, Source
from tracker.auth import OPERATOR
from tracker.services import Services
from tracker.storage.database import reading
from tracker.zoom.webhook import Delivery, parse

DAY = 24 * 60
PLAN = (400, {"code": 200, "message": "Only available for paid account: x."})
SCHEDULED, LIVE, ENDED = ClassStatus.SCHEDULED, ClassStatus.LIVE, ClassStatus.ENDED
# Who is there, since when and until when, in minutes after NOW.
Times = list[tuple[str, float | None, float | None]]


@pytest.fixture
def clock() -> Clock:
    return Clock(at(70))


@pytest.fixture
def class_id(school: Services) -> str:
    return lesson(school.engine, member(school.engine))


def now_in_class(school: Services, class_id: str, minute: float = 59) -> list[str]:
    with reading(school.engine) as tx:
        found = storage.classes.get_class(tx, class_id)
        return [person.name for person in class_attendance.people_in_class_now(tx, found, at(minute))]


def attendance_seen(school: Services, class_id: str, minute: float = 70) -> Attendance | None:
    with reading(school.engine) as tx:
        return class_attendance.attendance_seen(tx, storage.classes.get_class(tx, class_id), at(minute))


def kept(school: Services, class_id: str) -> Attendance | None:
    with reading(school.engine) as tx:
        return class_attendance.attendance_of(tx, storage.classes.get_class(tx, class_id), at(10_000))


def times(attendance: Attendance | None) -> Times:
    def minute(moment: datetime | None) -> float | None:
        return None if moment is None else (moment - at(0)).total_seconds() / 60

    assert attendance is not None
    return [(p.name, minute(p.first_join), minute(p.last_leave)) for p in attendance.people]


# Taking it in

LESSON = [
    started(),
    told("joined", "1", 1),
    told("joined", "2", 5, "Ben"),
    told("left", "2", 50, "Ben"),
    ended(),
]


@pytest.mark.parametrize("order", list(permutations(range(5)))[::7])
@pytest.mark.database("sqlite")
def test_the_order_of_the_deliveries_has_no_effect(school: Services, class_id: str, order: tuple[int, ...]) -> None:
    assert note(school, *(LESSON[number] for number in order)) == ["noted"] * 5
    assert life(school, class_id) == (ENDED, at(0), at(60))
    assert times(attendance_seen(school, class_id)) == [("Ana", 1, 60), ("Ben", 5, 50)]
    assert now_in_class(school, class_id) == []


def test_what_is_told_twice_counts_once(school: Services, class_id: str) -> None:
    note(school, *LESSON)
    before = attendance_seen(school, class_id)
    assert note(school, *LESSON) == ["repeat"] * 5
    # The same event under another body: Zoom told it anew.
    again = told("joined", "1", 1, public_ip="192.0.2.1"), told("left", "2", 50, "Ben", leave_reason="left")
    assert note(school, *again) == ["noted", "noted"]
    assert attendance_seen(school, class_id) == before


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0)])
def test_of_two_announcements_of_one_moment_the_one_that_says_more_counts_in_any_order(
    school: Services, class_id: str, order: tuple[int, ...]
) -> None:
    both = [
        told("joined", "1", 1, ""),
        told("joined", "1", 1, "Ana", email="ana@x.example"),
        told("left", "1", 50, "", parent_user_id="7"),
        told("left", "1", 50, ""),
    ]
    note(school, ended(), *(both[number] for number in order))
    seen = attendance_seen(school, class_id)
    assert times(seen) == [("Ana", 1, 50)]
    assert seen is not None
    assert [person.email for person in seen.people] == ["ana@x.example"]


def test_a_leave_that_comes_hours_after_the_end_still_counts(school: Services, class_id: str, clock: Clock) -> None:
    note(school, *LESSON)
    clock.forward(hours=20)
    before = stored(school.engine, class_id)
    assert note(school, told("left", "1", 30)) == ["noted"]
    assert times(attendance_seen(school, class_id)) == [("Ana", 1, 30), ("Ben", 5, 50)]
    assert stored(school.engine, class_id) == before  # neither live again nor asked for anew


def test_a_join_that_comes_after_the_end_of_its_session_does_not_make_the_class_live(
    school: Services, class_id: str
) -> None:
    note(school, started(), ended())
    before = stored(school.engine, class_id)
    assert note(school, told("joined", "1", 30)) == ["noted"]
    assert stored(school.engine, class_id) == before
    assert times(attendance_seen(school, class_id)) == [("Ana", 30, 60)]


def test_a_meeting_that_is_no_class_is_not_ours(school: Services, class_id: str) -> None:
    stranger = event_body("meeting.participant_joined", "85099999999", "other", participant={"user_id": "1"})
    assert note(school, parse(stranger)) == ["not_ours"]
    assert life(school, class_id) == (SCHEDULED, None, None)
    with reading(school.engine) as tx:
        assert storage.presence.count_sightings(tx, MEETING) == 0


@pytest.mark.parametrize("what", ["joined", "joined_breakout_room"])
@pytest.mark.parametrize(("start", "since"), [(0, 0), (None, 3)])
@pytest.mark.database("sqlite")
def test_somebody_who_joins_makes_the_class_live_where_its_start_was_lost(
    school: Services, class_id: str, what: str, start: float | None, since: float
) -> None:
    assert note(school, told(what, "1", 3, start=start, date_time="2026-05-14T12:03:00Z")) == ["noted"]
    assert life(school, class_id) == (LIVE, at(since), None)
    assert now_in_class(school, class_id) == ["Ana"]
    note(school, started())
    assert life(school, class_id) == (LIVE, at(0), None)


@pytest.mark.parametrize(
    "what",
    ["left", "left_breakout_room", "joined_waiting_room", "put_in_waiting_room", "left_waiting_room", "admitted"],
)
@pytest.mark.database("sqlite")
def test_leaving_and_the_waiting_room_do_not_make_a_class_live(school: Services, class_id: str, what: str) -> None:
    assert note(school, told(what, "1", 3, date_time="2026-05-14T12:03:00Z")) == ["noted"]
    assert life(school, class_id) == (SCHEDULED, None, None)
    assert now_in_class(school, class_id) == []


def test_a_cancelled_class_stays_cancelled_whoever_joins(school: Services, zoom: FakeZoom) -> None:
    teacher = member(school.engine)
    class_id = lesson(school.engine, teacher, start=100, zoom_meeting_made=False)
    classes.cancel_class(school, OPERATOR, class_id)
    note(school, told("joined", "1", 100, start=100))
    assert life(school, class_id)[0] is ClassStatus.CANCELLED


# Who is in class now


@pytest.mark.parametrize(
    ("deliveries", "names"),
    [
        pytest.param([], [], id="nobody yet"),
        pytest.param([told("joined", "2", 2, "ben"), told("joined", "1", 1)], ["Ana", "ben"], id="by name"),
        pytest.param([told("joined", "1", 1), told("left", "1", 9)], [], id="left"),
        pytest.param([told("left", "1", 9), told("joined", "1", 1)], [], id="left, told before the join"),
        pytest.param([told("left", "1", 9)], [], id="only the leave was told"),
        pytest.param([told("joined", "1", 1), told("left", "1", 9), told("joined", "5", 12)], ["Ana"], id="came back"),
        pytest.param([told("joined", "1", 1), told("joined", "5", 2)], ["Ana"], id="two devices"),
        pytest.param([told("joined", "1", 1), told("joined", "5", 2), told("left", "5", 3)], ["Ana"], id="one of two"),
        pytest.param([told("joined_waiting_room", "1", 1)], [], id="waits"),
        pytest.param(
            [told("joined_waiting_room", "1", 1), told("admitted", "1", 2), told("joined", "9", 2)],
            ["Ana"],
            id="was let in",
        ),
        pytest.param(
            [told("joined", "1", 1), told("left", "1", 4), told("put_in_waiting_room", "1", 4)], [], id="put back"
        ),
        pytest.param(
            [told("joined", "1", 1), told("joined_breakout_room", "7", 5, "", parent_user_id="1")],
            ["Ana"],
            id="in a breakout room",
        ),
        pytest.param(
            [
                told("joined", "1", 1),
                told("left", "1", 5),
                told("joined_breakout_room", "7", 5, "", parent_user_id="1"),
                told("left_breakout_room", "7", 9, "", parent_user_id="1"),
                told("joined", "1", 9),
            ],
            ["Ana"],
            id="back from a breakout room",
        ),
        pytest.param(
            [told("joined", "1", 1), told("left", "1", 5), told("joined", "1", 5)], ["Ana"], id="back in one second"
        ),
    ],
)  # fmt: skip
@pytest.mark.database("sqlite")
def test_who_is_in_class_now(school: Services, class_id: str, deliveries: list[Delivery], names: list[str]) -> None:
    note(school, started(), *deliveries)
    assert now_in_class(school, class_id) == names


def test_nobody_is_left_over_from_a_session_whose_end_was_lost(school: Services, class_id: str) -> None:
    note(school, started("a"), told("joined", "1", 1, uuid="a"), started("b", 20))
    assert now_in_class(school, class_id) == []
    note(school, told("joined", "2", 21, "Ben", uuid="b", start=20))
    assert now_in_class(school, class_id) == ["Ben"]
    # Ana's stay of the first session cannot have gone on in the second.
    assert times(attendance_seen(school, class_id, 30)) == [("Ana", 1, 20), ("Ben", 21, 30)]


def test_a_person_in_class_now_has_the_time_of_joining(school: Services, class_id: str) -> None:
    note(school, started(), told("joined", "1", 3, email="ana@x.example"))
    with reading(school.engine) as tx:
        (person,) = class_attendance.people_in_class_now(tx, storage.classes.get_class(tx, class_id), at(30))
    assert (person.name, person.email, person.first_join) == ("Ana", "ana@x.example", at(3))


# The attendance as it was seen


def test_of_a_class_that_runs_the_attendance_is_up_to_now(school: Services, class_id: str) -> None:
    note(school, *LESSON[:-1])
    attendance = attendance_seen(school, class_id, 30)
    assert times(attendance) == [("Ana", 1, 30), ("Ben", 5, 50)]
    assert attendance is not None
    assert attendance.source is Source.SEEN


def test_where_nothing_was_seen_there_is_no_attendance(school: Services, class_id: str) -> None:
    assert attendance_seen(school, class_id) is None
    note(school, started(), ended())
    assert attendance_seen(school, class_id) is None


def test_the_waiting_room_was_seen_and_is_not_counted(school: Services, class_id: str) -> None:
    note(school, started(), told("joined_waiting_room", "8", 1, "Wu"), told("joined", "1", 2), ended())
    attendance = attendance_seen(school, class_id)
    assert times(attendance) == [("Ana", 2, 60)]
    assert attendance is not None
    assert [(wait.name, wait.leave) for wait in attendance.waiting] == [("Wu", at(60))]


def test_a_stray_session_at_night_is_no_part_of_what_was_seen(school: Services, class_id: str) -> None:
    note(school, *LESSON, told("joined", "1", 600, "Eve", uuid="night", start=600))
    assert [name for name, *_ in times(attendance_seen(school, class_id))] == ["Ana", "Ben"]


# Where Zoom has no list


@pytest.fixture
def alone(school: Services, zoom: FakeZoom, class_id: str) -> str:
    """A class of one person, of which Zoom gives no list."""
    zoom.hold("uuid-1", meeting=MEETING)
    note(school, started(), told("joined", "1", 2, email="ana@x.example"), told("left", "1", 58), ended())
    return class_id


@pytest.mark.slow
def test_a_class_without_a_list_has_what_was_seen_and_says_so(school: Services, alone: str, clock: Clock) -> None:
    clock.time = at(70)
    fetching.fetch_due(school)
    assert stored(school.engine, alone).participant_count is None  # the list may come yet
    try_until_given_up(school, clock, alone)
    found = stored(school.engine, alone)
    assert found.fetch is not None
    assert (found.fetch.stored_state, found.fetch.due_at) == (FetchState.NO_DATA, None)
    assert (found.participant_count, found.participants_fetched_at) == (1, clock.time)
    attendance = kept(school, alone)
    assert times(attendance) == [("Ana", 2, 58)]
    assert attendance is not None
    assert (attendance.source, attendance.people[0].email) == (Source.SEEN, "ana@x.example")


@pytest.mark.parametrize("fault", [PLAN, (400, {"code": 12702, "message": "Can not access a meeting a year ago."})])
def test_a_list_that_zoom_refuses_is_replaced_by_what_was_seen_at_once(
    school: Services, zoom: FakeZoom, alone: str, fault: tuple[int, Any]
) -> None:
    zoom.list_faults.append(fault)
    fetching.fetch_due(school)
    found = stored(school.engine, alone)
    assert found.fetch is not None
    assert (found.fetch.stored_state, found.participant_count) == (FetchState.FAILED, 1)
    with reading(school.engine) as tx:
        data = storage.participants.get_participants_data(tx, alone)
    assert data is not None
    assert (data["source"], data["uniqueCount"]) == ("seen live", 1)


@pytest.mark.slow
def test_a_class_without_a_list_of_which_nothing_was_seen_stays_unknown(
    school: Services, zoom: FakeZoom, class_id: str, clock: Clock
) -> None:
    zoom.hold("uuid-1", meeting=MEETING)
    note(school, started(), ended())
    try_until_given_up(school, clock, class_id)
    found = stored(school.engine, class_id)
    assert (found.participant_count, found.participants_fetched_at, kept(school, class_id)) == (None, None, None)


@pytest.mark.slow
def test_a_list_that_zoom_gives_later_replaces_what_was_seen(
    school: Services, zoom: FakeZoom, alone: str, clock: Clock
) -> None:
    try_until_given_up(school, clock, alone)
    zoom.records["uuid-1"] = [participant("Ana", 0, 60), participant("Ben", 0, 60)]
    clock.forward(days=1)
    fetching.fetch_now(school, OPERATOR, alone)
    attendance = kept(school, alone)
    assert times(attendance) == [("Ana", 0, 60), ("Ben", 0, 60)]
    found = stored(school.engine, alone)
    assert attendance is not None
    assert found.fetch is not None
    assert (attendance.source, found.participant_count) == (Source.ZOOM, 2)
    assert (found.fetch.stored_state, found.fetch.error) == (FetchState.SETTLED, None)


def test_what_was_seen_never_replaces_a_list_of_zooms(
    school: Services, zoom: FakeZoom, alone: str, clock: Clock
) -> None:
    zoom.records["uuid-1"] = [participant("Ana", 0, 60), participant("Ben", 0, 60)]
    fetching.fetch_due(school)
    zoom.list_faults.append(PLAN)
    clock.time = at(120)
    fetching.fetch_due(school)
    attendance = kept(school, alone)
    assert attendance is not None
    assert (attendance.source, attendance.unique_count) == (Source.ZOOM, 2)


@pytest.mark.slow
def test_what_was_seen_stays_marked_when_zoom_is_asked_in_vain_again(
    school: Services, zoom: FakeZoom, alone: str, clock: Clock
) -> None:
    try_until_given_up(school, clock, alone)
    # Zoom tells of a second session that nobody had heard of, so its list is asked for again.
    note(school, told("joined", "9", 70, "Ben", uuid="uuid-2", start=None), ended("uuid-2", 70, 80))
    zoom.hold("uuid-2", meeting=MEETING, start=70, end=80)
    zoom.list_faults.extend([PLAN, PLAN])
    clock.forward(minutes=1)
    assert fetching.fetch_due(school)
    zoom.list_faults.extend([PLAN, PLAN])
    note(school, ended("uuid-2", 70, 81))
    clock.forward(minutes=1)
    assert fetching.fetch_due(school)
    found, attendance = stored(school.engine, alone), kept(school, alone)
    assert found.fetch is not None
    assert attendance is not None
    assert (found.fetch.stored_state, attendance.source) == (FetchState.FAILED, Source.SEEN)
    assert times(attendance) == [("Ana", 2, 58), ("Ben", 70, 81)]
