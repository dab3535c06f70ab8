"""What the classes of a course have in common: who came over the term, when students arrive, and how many stay."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.makers import at, run, span, stay
from tracker.attendance.averages import EARLIEST, LATEST, PARTS, Averages, averages, numbers_by_class
from tracker.attendance.counting import take_attendance
from tracker.attendance.matching import Enrolled
from tracker.attendance.register import ByHand, Known, Register, RegisterClass, register, students_in
from tracker.attendance.statuses import DEFAULT_RULES
from tracker.attendance.types import Status, Stay
from tracker.rosters import Student

DAY = 24 * 60
NAMES = ("Bo", "Cy", "Di", "Ed")
STUDENTS = [Enrolled(name.lower(), place, Student(name)) for place, name in enumerate(NAMES)]


def made(
    *of_classes: list[Stay], said: dict[int, dict[str, ByHand]] | None = None, students: list[Enrolled] = STUDENTS
) -> Register:
    """The register of classes of one hour, a day after the other, with these stays."""
    classes, known = [], {}
    for number, stays in enumerate(of_classes):
        start = number * DAY
        held = RegisterClass(str(number), f"Class {number}", at(start), 60, "UTC", at(start).date(), Known.COUNTED)
        found = take_attendance(stays, [run(f"s{number}", start - 5, start + 65)], span(start, start + 60))
        marks = (said or {}).get(number, {})
        known[held.id] = students_in(found, held.known, held.day, students, [], marks, DEFAULT_RULES)
        classes.append(held)
    return register("k", "Algebra", DEFAULT_RULES, classes, students, known)


def test_every_student_is_in_one_number_of_a_class() -> None:
    stays = [stay("Bo", 0, 60), stay("Cy", 10, 60), stay("Di", 0, 20)]
    excused = ByHand(Status.EXCUSED, "", at(99))
    first, second = numbers_by_class(made(stays, [stay("Bo", 0, 50 + DAY)], said={0: {"ed": excused}}))
    numbers = (first.in_time, first.late, first.partly, first.absent, first.excused)
    assert (numbers, first.came, first.percent) == ((1, 1, 1, 0, 1), 3, 100)
    assert (second.came, second.absent, second.percent) == (1, 3, 25)


def test_a_class_of_which_nothing_is_known_has_no_numbers() -> None:
    held = RegisterClass("0", "Class", at(0), 60, "UTC", at(0).date(), Known.NOT_YET)
    known = {"0": students_in(None, held.known, held.day, STUDENTS, [], {}, DEFAULT_RULES)}
    found = register("k", "Algebra", DEFAULT_RULES, [held], STUDENTS, known)
    assert numbers_by_class(found) == ()
    assert averages(found) == Averages(0, (), {})


def test_the_share_that_is_there_is_the_mean_of_all_classes() -> None:
    """Four students: in the first class all from the middle on, in the second one until the middle."""
    first = [stay(name, 30, 60) for name in NAMES]
    found = averages(made(first, [stay("Bo", DAY, DAY + 30)]))
    assert (found.classes, len(found.present)) == (2, PARTS)
    assert set(found.present[:50]) == {(0 + 0.25) / 2}
    assert set(found.present[50:]) == {(1 + 0) / 2}


def test_who_is_excused_is_not_missed_and_who_drops_out_and_returns_is_counted_once() -> None:
    excused = {name.lower(): ByHand(Status.EXCUSED, "", at(99)) for name in ("Di", "Ed")}
    twice = [stay("Bo", 0, 20), stay("Bo", 10, 30), stay("Bo", 45, 60)]
    found = averages(made(twice, said={0: excused}))
    assert set(found.present[:50]) == {0.5}
    assert set(found.present[50:75]) == {0}
    assert set(found.present[75:]) == {0.5}


def test_students_arrive_in_the_minute_of_their_first_join_also_before_the_beginning() -> None:
    stays = [stay("Bo", -3.5, 60), stay("Cy", 0, 60), stay("Di", 4.9, 60), stay("Ed", 45, 60)]
    found = averages(made(stays, [stay("Bo", DAY - 4.5, DAY + 60)]))
    assert found.arrivals == {-4: 1, -5: 1, 0: 1, 4: 1, LATEST: 1}
    assert [found.minute_of_share(share) for share in (0.2, 0.5, 0.8, 1)] == [-5, 0, 4, LATEST]
    early = averages(made([stay("Bo", -5, 60)]))
    assert early.arrivals == {-5: 1}
    assert EARLIEST == -10
    assert averages(made([])).minute_of_share(0.5) is None


def test_a_pause_between_two_sessions_is_no_part_of_a_class() -> None:
    sessions = [run("s1", 0, 20), run("s2", 40, 60)]
    stays = [stay("Bo", 0, 20, session_uuid="s1"), stay("Bo", 40, 60, session_uuid="s2")]
    found = take_attendance(stays, sessions, span(0, 60))
    held = RegisterClass("0", "Class", at(0), 60, "UTC", at(0).date(), Known.COUNTED)
    known = {"0": students_in(found, held.known, held.day, STUDENTS[:1], [], {}, DEFAULT_RULES)}
    shown = averages(register("k", "Algebra", DEFAULT_RULES, [held], STUDENTS[:1], known))
    assert known["0"].own_time == (span(0, 20), span(40, 60))
    assert set(shown.present) == {1.0}


@given(
    st.lists(
        st.lists(st.tuples(st.sampled_from(NAMES), st.floats(-5, 64), st.floats(0.1, 60)), max_size=8),
        min_size=1,
        max_size=4,
    )
)
def test_a_share_is_never_below_none_or_above_all(of_classes: list[list[tuple[str, float, float]]]) -> None:
    register_of = made(
        *(
            [stay(name, number * DAY + start, number * DAY + min(start + long, 65)) for name, start, long in stays]
            for number, stays in enumerate(of_classes)
        )
    )
    found = averages(register_of)
    assert all(0 <= share <= 1 for share in found.present)
    there = [one for one in numbers_by_class(register_of) if one.came]
    assert found.classes == len(there)
    assert sum(found.arrivals.values()) == sum(one.came for one in there)


@pytest.mark.slow
def test_forty_classes_of_three_hundred_students_take_less_than_a_second() -> None:
    students = [Enrolled(str(n), n, Student(f"S{n}", f"s{n}@x.example")) for n in range(300)]
    classes = [[stay(f"S{n}", c * DAY + n % 9, c * DAY + 60, f"s{n}@x.example") for n in range(300)] for c in range(40)]
    found = made(*classes, students=students)
    begun = time.process_time()
    assert averages(found).classes == 40
    assert len(numbers_by_class(found)) == 40
    assert time.process_time() - begun < 1
