"""One class and its register, with two students."""

from collections.abc import Sequence
from datetime import date, timedelta

from tests.makers import HELD, NOW, PLANNED, span
from tracker.attendance.counting import take_attendance
from tracker.attendance.matching import Choice, Enrolled
from tracker.attendance.register import ByHand, ClassStudents, Known, RegisterClass, students_in
from tracker.attendance.statuses import DEFAULT_RULES, Rules
from tracker.attendance.types import Attendance, Said, Stay
from tracker.rosters.types import Student

DAY = NOW.date()

HOUR = (span(0, 60),)

ANA, BO = ("Ana Lima", "ana@x.org"), ("Bo Ek", "bo@x.org")


def roster(*students: tuple[str, ...]) -> list[Enrolled]:
    """Students by name, e-mail and further addresses; their ids are 0, 1, …"""
    return [
        Enrolled(str(place), place, Student(name, email), tuple(more))
        for place, (name, email, *more) in enumerate(students)
    ]


def attended(*stays: Stay, said: Said | None = None, hosts: frozenset[str] = frozenset()) -> Attendance:
    return take_attendance(stays, HELD, PLANNED, said=said or Said(), hosts=hosts)


def in_class(
    attendance: Attendance | None,
    students: Sequence[Enrolled],
    known: Known = Known.COUNTED,
    *,
    day: date = DAY,
    choices: Sequence[Choice] = (),
    by_hand: dict[str, ByHand] | None = None,
    rules: Rules = DEFAULT_RULES,
) -> ClassStudents:
    return students_in(attendance, known, day, students, choices, by_hand or {}, rules)


def statuses(found: ClassStudents) -> dict[str, str]:
    return {student_id: mark.status.value for student_id, mark in found.marks.items()}


def held(number: int, known: Known = Known.COUNTED, title: str = "Algebra") -> RegisterClass:
    start = NOW + timedelta(days=number)
    return RegisterClass(str(number), title, start, 60, "UTC", start.date(), known)
