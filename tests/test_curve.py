"""The curve of the number of people present."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.makers import PLANNED, at, run, span, stay, taken
from tracker.attendance.curve import Curve, presence_curve
from tracker.attendance.types import Attendance, Session


def curve(attendance: Attendance) -> Curve:
    return presence_curve(attendance.people, attendance.lesson)


def numbers(found: Curve) -> list[int]:
    return [number for _, number in found.points]


def test_nobody_makes_no_curve() -> None:
    assert curve(taken()) == Curve((), 0, 0)


def test_every_change_is_a_point_at_its_second() -> None:
    found = curve(taken(stay("Ana", 0.25, 4), stay("Ben", 1.5, 3), stay("Cy", 2, 2.5)))
    assert found.points == ((at(0.25), 1), (at(1.5), 2), (at(2), 3), (at(2.5), 2), (at(3), 1), (at(4), 0))
    assert found.peak == 3


@pytest.mark.parametrize(
    ("stays", "expected"),
    [
        ([("Ana", 0, 2)], [(0, 1), (2, 0)]),
        ([("Ana", 0.5, 1.5)], [(0.5, 1), (1.5, 0)]),
        ([("Ana", 0, 1), ("Ana", 3, 4)], [(0, 1), (1, 0), (3, 1), (4, 0)]),
        ([("Ana", 0, 2), ("Ana", 1, 3)], [(0, 1), (3, 0)]),
        ([("Ana", 0, 1), ("Ben", 1, 2)], [(0, 1), (2, 0)]),
        ([("Ana", 0, 0)], []),
        ([("Ana", 0, 0), ("Ben", 1, 2)], [(1, 1), (2, 0)]),
    ],
)
def test_the_curve_runs_from_the_first_arrival_to_the_last_leaving(
    stays: list[tuple[str, float, float]], expected: list[tuple[float, int]]
) -> None:
    found = curve(taken(*(stay(*entry) for entry in stays)))
    assert found.points == tuple((at(minute), number) for minute, number in expected)


@pytest.mark.parametrize(
    ("stays", "expected"),
    [
        ([("Ana", 0, 10)], [(0, 1), (10, 1)]),
        ([("Ana", 0, 10), ("Ben", 2, 10), ("Cy", 3, 5)], [(0, 1), (2, 2), (3, 3), (5, 2), (10, 2)]),
        ([("Ana", 0, 4)], [(0, 1), (4, 0), (10, 0)]),
        ([("Ana", 0, 10), ("Ben", 11, 11)], [(0, 1), (10, 1)]),
        ([], []),
    ],
)
def test_while_the_class_runs_the_curve_ends_now_with_those_who_are_still_there(
    stays: list[tuple[str, float, float]], expected: list[tuple[float, int]]
) -> None:
    seen = taken(*(stay(*entry) for entry in stays))
    found = presence_curve(seen.people, seen.lesson, at(10))
    assert found.points == tuple((at(minute), number) for minute, number in expected)


@pytest.mark.parametrize(
    ("stays", "peak"),
    [
        ([("Ana", 0, 10), ("Ben", 10, 20)], 1),
        ([("Ana", 0, 10), ("Ben", 9.99, 20)], 2),
        ([("Ana", 0, 10), ("Ana", 5, 20)], 1),
        ([("Ana", 0, 0)], 0),
        ([("Ana", 0, 60), ("Ben", 0, 60), ("Cy", 59, 60)], 3),
    ],
)
def test_the_peak_is_exact_and_who_hands_over_is_not_there_together(
    stays: list[tuple[str, float, float]], peak: int
) -> None:
    assert curve(taken(*(stay(*entry) for entry in stays))).peak == peak


@pytest.mark.parametrize(
    ("stays", "mean"),
    [
        ([("Ana", 0, 60)], 1),
        ([("Ana", 0, 30), ("Ben", 30, 60)], 1),
        ([("Ana", 0, 60), ("Ben", 0, 15)], 1.25),
        ([("Ana", -30, 90)], 1),
        ([("Ana", 60, 90)], 0),
        ([("Ana", 0, 30), ("Ana", 15, 30)], 0.5),
    ],
)
def test_the_mean_is_over_the_lesson(stays: list[tuple[str, float, float]], mean: float) -> None:
    assert curve(taken(*(stay(*entry) for entry in stays))).mean == mean


def test_a_record_with_a_wrong_date_makes_no_more_points_than_another() -> None:
    found = curve(taken(stay("Ana", -10 * 365 * 24 * 60, 30), stay("Ben", 0, 60)))
    assert (found.peak, numbers(found)) == (2, [1, 2, 1, 0])


def test_the_mean_leaves_out_the_time_between_two_sessions() -> None:
    halves = (run("s1", 0, 20), run("s2", 40, 60))
    assert curve(taken(stay("Ana", 0, 20), stay("Ana", 40, 60), sessions=halves)).mean == 1


def test_without_a_lesson_there_is_no_mean() -> None:
    found = curve(taken(stay("Ana", 0, 2), sessions=()))
    assert (found.mean, found.peak, numbers(found)) == (None, 1, [1, 0])


seconds = st.integers(-600, 4200).map(lambda second: second / 60)
times = st.tuples(seconds, seconds).map(lambda pair: (min(pair), max(pair)))
sessions = st.sampled_from([(run("s1", 0, 60),), (run("s1", 0, 20), run("s2", 30, 70)), (run("s1", 0.01, 0.02),), ()])


@given(st.lists(st.tuples(st.sampled_from(["Ana", "Ben", "Cy", "Di"]), times), max_size=8), sessions)
def test_the_mean_is_at_most_the_peak_and_the_peak_at_most_the_number_of_people(
    entries: list[tuple[str, tuple[float, float]]], held: tuple[Session, ...]
) -> None:
    attendance = taken(*(stay(name, *when) for name, when in entries), sessions=held)
    found = curve(attendance)
    assert 0 <= (found.mean or 0) <= found.peak <= len(attendance.people)
    assert max(numbers(found), default=0) == found.peak
    assert min(numbers(found), default=0) >= 0
    assert not found.points or found.points[-1][1] == 0


@given(st.lists(times, min_size=1, max_size=6))
def test_one_person_is_never_more_than_one_and_the_mean_is_the_share_of_the_lesson(
    spells: list[tuple[float, float]],
) -> None:
    attendance = taken(*(stay("Ana", *when) for when in spells), planned=PLANNED)
    found = curve(attendance)
    assert set(numbers(found)) <= {0, 1}
    there = {second for start, end in spells for second in range(max(0, round(start * 60)), min(3600, round(end * 60)))}
    assert found.mean == pytest.approx(len(there) / 3600)
    assert attendance.lesson == (span(0, 60),)
