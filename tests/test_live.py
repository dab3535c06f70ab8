"""Stays made from the joins and leaves that webhooks tell."""

import itertools
from datetime import datetime

import pytest

from tests.makers import at, span
from tracker.attendance.counting import take_attendance
from tracker.attendance.live import is_open, stays_seen, until
from tracker.attendance.types import Sighting, Stay, Where


def seen(
    user_id: str, minute: float, came: bool, name: str = "Ana", where: Where = Where.MEETING, **more: str
) -> Sighting:
    return Sighting("uuid-1", user_id, where, came, at(minute), name, **more)


def came(user_id: str, minute: float, **more: str) -> Sighting:
    return seen(user_id, minute, True, **more)


def left(user_id: str, minute: float, **more: str) -> Sighting:
    return seen(user_id, minute, False, **more)


def times(stays: tuple[Stay, ...]) -> list[tuple[datetime | None, datetime | None]]:
    return [(stay.join, stay.leave) for stay in stays]


@pytest.mark.parametrize(
    ("sightings", "expected"),
    [
        pytest.param([came("1", 0), left("1", 9)], [(0, 9)], id="came and left"),
        pytest.param([came("1", 0)], [(0, None)], id="is still there"),
        pytest.param([came("1", 0), came("1", 0), left("1", 9), left("1", 9)], [(0, 9)], id="everything told twice"),
        pytest.param([came("1", 0), left("1", 5), came("1", 7)], [(0, 5), (7, None)], id="back under the same id"),
        pytest.param([came("1", 0), came("1", 4), left("1", 9)], [(0, 9)], id="a join told again later"),
        pytest.param([left("1", 9)], [(None, 9)], id="only the leave is known"),
        pytest.param([left("1", 9), left("1", 10)], [(None, 9)], id="only leaves are known"),
        pytest.param([came("1", 3), left("1", 3)], [(3, 3)], id="came and left in one second"),
        pytest.param([came("1", 0), left("1", 5), came("1", 5)], [(0, 5), (5, None)], id="left and back in one second"),
        pytest.param([came("1", 0), left("2", 9, name="Ben")], [(0, None), (None, 9)], id="two people do not pair"),
    ],
)
def test_comings_and_goings_are_paired_whatever_order_they_arrive_in(
    sightings: list[Sighting], expected: list[tuple[float | None, float | None]]
) -> None:
    wanted = {tuple(None if minute is None else at(minute) for minute in pair) for pair in expected}
    for order in itertools.permutations(sightings):
        assert set(times(stays_seen(order, {}))) == wanted


def test_who_was_not_seen_leaving_leaves_with_the_session() -> None:
    (stay,) = stays_seen([came("1", 10)], {"uuid-1": at(60)})
    assert (stay.join, stay.leave, stay.seconds) == (at(10), at(60), 3000)
    assert not is_open(stay)


def test_a_join_that_is_dated_after_the_end_of_its_session_lasts_no_time() -> None:
    (stay,) = stays_seen([came("1", 61)], {"uuid-1": at(60)})
    assert (stay.join, stay.leave, stay.seconds) == (at(61), at(61), 0)


def test_a_leave_without_a_name_belongs_to_the_person_who_came() -> None:
    (stay,) = stays_seen([came("1", 0, name="Ana", email="ana@x.example"), left("1", 9, name="")], {})
    assert (stay.name, stay.email) == ("Ana", "ana@x.example")


def test_a_breakout_room_is_folded_into_the_person_who_went_there() -> None:
    sightings = [
        came("1", 0, name="Ana", email="ana@x.example"),
        left("1", 10),
        came("77", 10, name="", parent_user_id="1"),
        left("77", 20, name="", parent_user_id="1"),
        came("1", 20),
        left("1", 60),
    ]
    attendance = take_attendance(stays_seen(sightings, {}), [], span(0, 60))
    (person,) = attendance.people
    assert (person.name, person.email, person.seconds) == ("Ana", "ana@x.example", 3600)


def test_the_waiting_room_is_no_presence_and_pairs_by_itself() -> None:
    sightings = [
        seen("1", 0, True, where=Where.WAITING_ROOM),
        seen("1", 5, False, where=Where.WAITING_ROOM),
        came("1", 5),
    ]
    stays = stays_seen(sightings, {})
    assert {(stay.where, stay.join, stay.leave) for stay in stays} == {
        (Where.WAITING_ROOM, at(0), at(5)),
        (Where.MEETING, at(5), None),
    }


def test_open_stays_count_up_to_now_and_a_clock_that_is_behind_takes_nothing_away() -> None:
    stays = stays_seen([came("1", 10), came("2", 0, name="Ben"), left("2", 5, name="Ben")], {})
    assert {stay.seconds for stay in until(stays, at(15))} == {300}
    assert {stay.seconds for stay in until(stays, at(9))} == {0, 300}
