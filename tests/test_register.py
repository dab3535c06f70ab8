"""The register of a course: statuses by its rules, dates, what is not known, guests, rates, and who is at risk."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from tests.makers import HELD, NOW, PLANNED, span, stay
from tests.registers import ANA, BO, DAY, HOUR, attended, held, in_class, roster, statuses
from tracker.attendance.counting import take_attendance
from tracker.attendance.matching import Choice, Enrolled
from tracker.attendance.register import (
    ByHand,
    CameToFew,
    Known,
    MissedLast,
    Register,
    Row,
    StudentMark,
    is_on_roster,
    only_class,
    register,
)
from tracker.attendance.statuses import DEFAULT_RULES, Rules, percent_of, status_of
from tracker.attendance.types import Attendance, Mark, Said, Source, Span, Status, Stay
from tracker.rosters.types import Student


def seconds(start: float, end: float) -> Span:
    """From one second of the class to another."""
    return Span(NOW + timedelta(seconds=start), NOW + timedelta(seconds=end))


# Statuses


@pytest.mark.parametrize(
    ("spans", "status"),
    [
        ([], "absent"),
        ([(0, 1)], "partly"),
        ([(0, 3600)], "present"),
        ([(0, 1799)], "partly"),  # 49.97 percent, which is 50 when it is rounded
        ([(0, 1800)], "left early"),
        ([(1799, 3600)], "late"),
        ([(1801, 3600)], "partly"),
        ([(0, 900), (2700, 3600)], "present"),
        ([(0, 900), (2701, 3600)], "partly"),
        ([(300, 3600)], "present"),
        ([(301, 3600)], "late"),
        ([(0, 3300)], "present"),
        ([(0, 3299)], "left early"),
        ([(301, 3299)], "late, left early"),
        ([(301, 1000), (1200, 3600)], "late"),
        ([(3599, 3600)], "partly"),
    ],
)
def test_statuses_go_by_the_seconds(spans: list[tuple[int, int]], status: str) -> None:
    assert status_of([seconds(*one) for one in spans], HOUR).value == status


@pytest.mark.parametrize(
    ("rules", "spans", "status"),
    [
        (Rules(late_after=0), [(0, 3600)], "present"),
        (Rules(late_after=0), [(1, 3600)], "late"),
        (Rules(late_after=10), [(600, 3600)], "present"),
        (Rules(late_after=10), [(601, 3600)], "late"),
        (Rules(present_from=0), [(3599, 3600)], "late"),
        (Rules(present_from=0), [], "absent"),
        (Rules(present_from=100), [(0, 3600)], "present"),
        (Rules(present_from=100), [(0, 3599)], "partly"),
        (Rules(present_from=100), [(1, 3600)], "partly"),
        (Rules(present_from=80), [(0, 2880)], "left early"),
        (Rules(present_from=80), [(0, 2879)], "partly"),
    ],
)
def test_statuses_go_by_the_rules_of_the_course(rules: Rules, spans: list[tuple[int, int]], status: str) -> None:
    assert status_of([seconds(*one) for one in spans], HOUR, rules).value == status


def test_a_class_with_a_break_begins_with_its_first_part_and_ends_with_its_last() -> None:
    own_time = (span(0, 30), span(40, 60))
    assert status_of([span(0, 30), span(40, 60)], own_time) is Status.PRESENT
    assert status_of([span(6, 30), span(40, 60)], own_time) is Status.LATE
    assert status_of([span(0, 30)], own_time) is Status.LEFT_EARLY
    assert status_of([span(40, 60)], own_time) is Status.PARTLY


@pytest.mark.parametrize(("untimed", "status"), [(0, "absent"), (1799, "partly"), (1800, "present"), (3600, "present")])
def test_whoever_has_minutes_and_no_times_is_never_late(untimed: int, status: str) -> None:
    assert status_of([], HOUR, untimed=untimed).value == status


@pytest.mark.parametrize(("some", "of", "percent"), [(1799, 3600, 50), (1781, 3600, 49), (0, 60, 0), (1, 3, 33)])
def test_percent_is_rounded_half_up_for_display(some: int, of: int, percent: int) -> None:
    assert percent_of(some, (seconds(0, of),)) == percent


def test_of_no_time_there_is_no_percent() -> None:
    assert percent_of(0, ()) is None


# One class


def test_who_is_there_and_who_is_not() -> None:
    attendance = attended(stay("Ana Lima", 10, 60), stay("Zoltán", 0, 60), stay("Bo", 61, 70, "bo@x.org"))
    found = in_class(attendance, roster(ANA, BO, ("Cy Day", "")))
    assert statuses(found) == {"0": "late", "1": "absent", "2": "absent"}
    assert [(mark.seconds, mark.percent) for mark in found.marks.values()] == [(3000, 83), (0, 0), (0, 0)]
    assert [guest.name for guest in found.guests] == ["Zoltán"]
    # She was seen before or after class only: who she is is known all the same.
    assert [person.name for person, _ in found.marks["1"].people] == ["Bo"]
    assert (found.came, found.count(Status.ABSENT)) == (1, 2)


def test_one_student_on_two_devices_has_the_union_of_their_time() -> None:
    attendance = attended(stay("iPad", 0, 40, "ana@x.org"), stay("Ana Lima", 20, 50))
    (mark,) = in_class(attendance, roster(ANA)).marks.values()
    assert (mark.seconds, mark.percent, mark.status) == (3000, 83, Status.LEFT_EARLY)
    assert len(mark.people) == 2


def test_two_students_on_one_device_are_both_there() -> None:
    choices = [Choice(("name", "ipad"), student_id, True, NOW) for student_id in ("0", "1")]
    found = in_class(attended(stay("iPad", 0, 60)), roster(ANA, BO), choices=choices)
    assert (statuses(found), found.guests) == ({"0": "present", "1": "present"}, ())


def test_the_host_is_neither_student_nor_guest_and_a_robot_is_a_guest_until_it_is_set_aside() -> None:
    stays = [stay("Ute", 0, 60, "ute@x.org"), stay("Otter.ai", 0, 60)]
    found = in_class(attended(*stays, hosts=frozenset({"ute@x.org"})), roster(ANA))
    assert [guest.name for guest in found.guests] == ["Otter.ai"]
    aside = Said(marks={("name", "otter.ai"): Mark.SET_ASIDE})
    assert in_class(attended(*stays, said=aside, hosts=frozenset({"ute@x.org"})), roster(ANA)).guests == ()


@pytest.mark.parametrize("known", [Known.NOT_YET, Known.NOT_HELD])
def test_while_nothing_is_known_nobody_is_absent(known: Known) -> None:
    status = {Known.NOT_YET: Status.NOT_YET_KNOWN, Known.NOT_HELD: Status.NOT_HELD}[known]
    marks = in_class(None, roster(ANA, BO), known).marks
    assert [(one.status, one.by_rule, one.seconds, one.percent) for one in marks.values()] == [
        (status, status, None, None)
    ] * 2


def test_while_a_class_runs_the_people_are_told_and_the_marks_wait() -> None:
    found = in_class(attended(stay("Ana Lima", 0, 20), stay("Zoltán", 0, 20)), roster(ANA, BO), Known.NOT_YET)
    assert statuses(found) == {"0": "not yet known", "1": "not yet known"}
    assert [len(mark.people) for mark in found.marks.values()] == [1, 0]
    assert [guest.name for guest in found.guests] == ["Zoltán"]


def test_of_a_class_without_names_nobody_has_a_mark_not_even_by_hand() -> None:
    said = {"0": ByHand(Status.EXCUSED, "ill", NOW)}
    assert in_class(None, roster(ANA), Known.NAMES_REMOVED, by_hand=said).marks == {}


def test_a_class_whose_records_cannot_be_read_is_not_known_yet() -> None:
    assert statuses(in_class(None, roster(ANA))) == {"0": "not yet known"}


def test_what_was_said_by_hand_holds_and_what_the_rule_says_stays_beside_it() -> None:
    said = {"0": ByHand(Status.EXCUSED, "ill", NOW), "1": ByHand(Status.PRESENT, "", NOW)}
    marks = in_class(attended(stay("Ana Lima", 0, 20)), roster(ANA, BO), by_hand=said).marks
    assert [(one.status, one.by_rule, one.seconds, one.remark) for one in marks.values()] == [
        (Status.EXCUSED, Status.PARTLY, 1200, "ill"),
        (Status.PRESENT, Status.ABSENT, 0, ""),
    ]
    planned = in_class(None, roster(ANA), Known.NOT_YET, by_hand=said).marks["0"]
    assert (planned.status, planned.by_rule, planned.seconds) == (Status.EXCUSED, Status.NOT_YET_KNOWN, None)


@pytest.mark.parametrize(
    ("since", "until", "on"),
    [
        (None, None, True),
        (DAY, None, True),
        (None, DAY, True),
        (DAY, DAY, True),
        (DAY + timedelta(days=1), None, False),
        (None, DAY - timedelta(days=1), False),
        (DAY + timedelta(days=1), DAY - timedelta(days=1), False),
    ],
)
def test_a_students_dates_are_both_inclusive_and_outside_of_them_she_is_a_guest(
    since: date | None, until: date | None, on: bool
) -> None:
    one = Enrolled("0", 0, Student("Ana Lima", "ana@x.org", since=since, until=until))
    assert is_on_roster(one, DAY) is on
    found = in_class(attended(stay("Ana Lima", 0, 60)), [one], by_hand={"0": ByHand(Status.LATE, "", NOW)})
    assert (statuses(found), [guest.name for guest in found.guests]) == (
        ({"0": "late"}, []) if on else ({}, ["Ana Lima"])
    )


def test_whoever_is_present_without_times_is_so_by_her_minutes() -> None:
    stays = [Stay("Ana Lima", "", None, None, 3000), Stay("Bo Ek", "", None, None, 60)]
    attendance = take_attendance(stays, HELD, PLANNED, source=Source.REPORT)
    marks = in_class(attendance, roster(ANA, BO)).marks
    assert [(one.status.value, one.seconds, one.percent) for one in marks.values()] == [
        ("present", 3000, 83),
        ("partly", 60, 2),
    ]


def test_where_nobody_knows_when_the_class_was_whoever_came_was_there() -> None:
    attendance = take_attendance([stay("Ana Lima", 0, 10)], (), PLANNED)
    assert statuses(in_class(attendance, roster(ANA, BO))) == {"0": "present", "1": "absent"}


# A course


def course(
    students: Sequence[Enrolled],
    *classes: Attendance | None,
    rules: Rules = DEFAULT_RULES,
    known: Known = Known.COUNTED,
    by_hand: dict[str, dict[str, ByHand]] | None = None,
) -> Register:
    """The register of classes on one day after another."""
    told = [held(number, known) for number in range(len(classes))]
    of_class = {
        one.id: in_class(found, students, known, day=one.day, by_hand=(by_hand or {}).get(one.id), rules=rules)
        for one, found in zip(told, classes, strict=True)
    }
    return register("course", "Algebra", rules, told, students, of_class)


CAME_TO_IT, NOBODY = attended(stay("Ana Lima", 0, 60)), attended()


def row_of(*statuses: Status) -> Row:
    marks = {str(place): StudentMark(status, status) for place, status in enumerate(statuses)}
    return Row(roster(ANA)[0], marks)


@pytest.mark.parametrize(
    ("statuses", "rate", "in_a_row"),
    [
        ((), None, 0),
        ((Status.NOT_HELD, Status.NOT_YET_KNOWN), None, 0),
        ((Status.EXCUSED,), None, 0),
        ((Status.PRESENT, Status.ABSENT), 50, 1),
        ((Status.ABSENT, Status.ABSENT), 0, 2),
        ((Status.ABSENT, Status.EXCUSED, Status.ABSENT), 0, 2),
        ((Status.ABSENT, Status.ABSENT, Status.NOT_YET_KNOWN, Status.NOT_HELD), 0, 2),
        ((Status.ABSENT, Status.PARTLY, Status.ABSENT), 33, 1),
        ((Status.LATE, Status.LEFT_EARLY, Status.LATE_AND_LEFT_EARLY, Status.PARTLY), 100, 0),
        ((Status.PRESENT, Status.PRESENT, Status.ABSENT), 67, 1),
    ],
)
def test_rates_are_of_the_classes_of_which_it_is_known(
    statuses: tuple[Status, ...], rate: int | None, in_a_row: int
) -> None:
    row = row_of(*statuses)
    assert (row.rate, row.absences_in_a_row) == (rate, in_a_row)


@pytest.mark.parametrize(
    ("statuses", "rules", "at_risk"),
    [
        ((), Rules(), False),
        ((Status.ABSENT,), Rules(), False),
        ((Status.ABSENT, Status.ABSENT), Rules(), True),
        ((Status.ABSENT, Status.ABSENT, Status.PRESENT), Rules(at_risk_below=33), False),
        ((Status.ABSENT, Status.ABSENT, Status.PRESENT), Rules(at_risk_below=34), True),
        ((Status.ABSENT, Status.PRESENT), Rules(), False),
        ((Status.PRESENT, Status.ABSENT, Status.PRESENT), Rules(), True),
        ((Status.PRESENT, Status.ABSENT, Status.PRESENT, Status.PRESENT), Rules(), False),
        ((Status.PRESENT, Status.ABSENT, Status.PRESENT), Rules(at_risk_below=0), False),
    ],
)
def test_at_risk_is_who_was_absent_twice_in_a_row_or_comes_to_too_few(
    statuses: tuple[Status, ...], rules: Rules, at_risk: bool
) -> None:
    assert (row_of(*statuses).risk(rules) is not None) is at_risk


def test_at_risk_goes_by_the_exact_share_and_not_by_a_rounded_percent() -> None:
    row = row_of(*[Status.PRESENT, Status.PRESENT, Status.ABSENT] * 3)  # 66.67 percent, shown as 67
    assert row.rate == 67
    assert row.risk(Rules(at_risk_below=67)) == CameToFew(67, 67)
    assert row.risk(Rules(at_risk_below=66)) is None


def test_absences_in_a_row_are_told_before_the_rate() -> None:
    row = row_of(Status.PRESENT, Status.ABSENT, Status.ABSENT)
    assert row.risk(Rules(at_risk_below=75)) == MissedLast(2)


def test_those_at_risk_come_in_order_of_their_absences() -> None:
    students = roster(("Ana Lima", ""), ("Bo Ek", ""), ("Cy Day", ""), ("Di Fox", ""))
    made = course(
        students,
        attended(stay("Cy Day", 0, 60), stay("Di Fox", 0, 60)),
        attended(stay("Ana Lima", 0, 60), stay("Di Fox", 0, 60)),
        attended(stay("Di Fox", 0, 60)),
        attended(stay("Di Fox", 0, 60)),
    )
    assert [row.enrolled.student.name for row in made.at_risk] == ["Bo Ek", "Cy Day", "Ana Lima"]


def test_students_are_in_order_of_their_surnames() -> None:
    students = [
        Enrolled("0", 0, Student("Zoë Ábel")),
        Enrolled("1", 1, Student("Ana van Dyk", surname="van Dyk")),
        Enrolled("2", 2, Student("Bo Abel")),
        Enrolled("3", 3, Student("Cher")),
        Enrolled("4", 4, Student("")),
        Enrolled("5", 5, Student("Bo Abel")),
        Enrolled("6", 6, Student("Eva Émile")),
    ]
    made = register("c", "C", DEFAULT_RULES, [], students, {})
    assert [row.enrolled.id for row in made.rows] == ["4", "2", "5", "0", "3", "6", "1"]


def test_a_class_outside_of_a_students_dates_is_not_in_her_row() -> None:
    students = [
        Enrolled("0", 0, Student("Ana Lima", since=DAY + timedelta(days=1))),
        Enrolled("1", 1, Student("Bo Ek", until=DAY)),
    ]
    made = course(students, CAME_TO_IT, CAME_TO_IT)
    marks = {row.enrolled.id: {key: mark.status.value for key, mark in row.marks.items()} for row in made.rows}
    assert marks == {"0": {"1": "present"}, "1": {"0": "absent"}}
    assert [(guest.name, guest.classes) for guest in made.guests] == [("Ana Lima", ("0",))]


def test_the_rate_of_a_class_is_of_its_students_without_those_who_are_excused() -> None:
    students = roster(("Ana Lima", ""), ("Bo Ek", ""), ("Cy Day", ""))
    excused = {"0": {"2": ByHand(Status.EXCUSED, "", NOW)}}
    made = course(students, CAME_TO_IT, by_hand=excused)
    assert (made.rate_of("0"), made.rate_of("nothing")) == (50, None)
    assert course(students, None, known=Known.NOT_YET).rate_of("0") is None


def test_a_guest_of_several_classes_is_one_and_who_is_one_in_any_class_is_one_in_all() -> None:
    same = Said(((("name", "ipad"), ("email", "z@y.org")),))
    made = course(
        roster(ANA),
        attended(stay("iPad", 0, 60)),
        attended(stay("Zoltán", 0, 60, "z@y.org"), stay("Eva", 0, 60)),
        attended(stay("iPad", 0, 60), stay("Zoltán Kis", 0, 60, "Z@y.org"), said=same),
    )
    assert [(guest.name, guest.email, guest.classes) for guest in made.guests] == [
        ("Eva", "", ("1",)),
        ("Zoltán Kis", "Z@y.org", ("0", "1", "2")),
    ]


def test_one_class_of_a_register_alone() -> None:
    made = course(roster(ANA, BO), attended(stay("Ana Lima", 0, 60), stay("Eva", 0, 60)), attended(stay("Eva", 0, 60)))
    alone = only_class(made, "0")
    assert [one.id for one in alone.classes] == ["0"]
    assert {row.enrolled.id: list(row.marks) for row in alone.rows} == {"0": ["0"], "1": ["0"]}
    assert [guest.classes for guest in alone.guests] == [("0",)]
    assert only_class(made, "nothing").rows == ()
