"""What is told of a class that was counted, and of who is at risk: the texts, from values alone."""

from datetime import date

import pytest

from tests.makers import NOW
from tracker.attendance.matching import Enrolled
from tracker.attendance.register import ByHand, ClassStudents, Known, Register, RegisterClass, Row, StudentMark
from tracker.attendance.statuses import Rules
from tracker.attendance.types import Status
from tracker.messages import languages
from tracker.news import Digest, digest_of, weekly_of
from tracker.news.digest import MOST_NAMED
from tracker.rosters import Student

HELD = RegisterClass("c1", "Algebra 7B", NOW, 60, "Europe/Berlin", date(2026, 5, 14), Known.COUNTED)


def enrolled(number: int, name: str = "", email: str = "") -> Enrolled:
    return Enrolled(f"st{number}", number, Student(name, email=email))


def told(*statuses: Status, held: RegisterClass = HELD, names: tuple[str, ...] = ()) -> Digest | None:
    """The digest of students with these statuses, who are called A0, A1 and so on."""
    students = [enrolled(number, (names or {number: f"A{number}"})[number]) for number in range(len(statuses))]
    marks = {one.id: StudentMark(status, status) for one, status in zip(students, statuses, strict=True)}
    return digest_of(held, students, ClassStudents(marks, (), {}))


def lines(found: Digest | None) -> list[str]:
    assert found is not None
    return found.text.splitlines()[3:]


def test_whoever_came_late_and_left_early_is_named_with_both() -> None:
    found = told(Status.PRESENT, Status.LATE_AND_LEFT_EARLY, Status.LATE, Status.LEFT_EARLY, Status.PARTLY)
    assert lines(found) == [
        "5 of 5 students were there.",
        "Late: A1 and A2",
        "Left early: A1 and A3",
        "There for a part only: A4",
    ]


def test_what_nobody_is_has_no_line() -> None:
    assert lines(told(Status.PRESENT, Status.PRESENT)) == ["2 of 2 students were there."]


def test_one_who_came_alone() -> None:
    assert lines(told(Status.PRESENT, Status.ABSENT, Status.EXCUSED)) == [
        "1 of 3 students was there.",
        "Absent: A1",
        "Excused: A2",
    ]


@pytest.mark.parametrize("known", [Known.NOT_YET, Known.NOT_HELD, Known.NAMES_REMOVED])
def test_nothing_is_told_before_it_is_known_who_was_there(known: Known) -> None:
    held = RegisterClass("c1", "Algebra", NOW, 60, "Europe/Berlin", date(2026, 5, 14), known)
    assert told(Status.NOT_YET_KNOWN, held=held) is None
    assert told() is None


def test_why_somebody_is_excused_stays_here() -> None:
    student = enrolled(0, "Ana")
    mark = StudentMark(Status.EXCUSED, Status.ABSENT, by_hand=ByHand(Status.EXCUSED, "in hospital", NOW))
    found = digest_of(HELD, [student], ClassStudents({student.id: mark}, (), {}))
    assert found is not None
    assert "hospital" not in found.text


def test_of_very_many_the_first_are_named() -> None:
    found = told(*[Status.ABSENT] * (MOST_NAMED + 20))
    assert lines(found)[1].endswith("and 20 more")
    assert lines(found)[1].count(",") == MOST_NAMED - 1


def test_a_name_of_several_lines_is_one_and_a_long_one_is_cut() -> None:
    found = told(Status.ABSENT, Status.ABSENT, names=("Ana\r\nAbsent: everybody\u202e", "B" * 500))
    assert len(lines(found)) == 2
    assert len(lines(found)[1]) < 200


def test_a_student_of_whom_only_the_address_is_known_is_named_by_it() -> None:
    one = enrolled(0, "", "bo@school.example")
    found = digest_of(HELD, [one], ClassStudents({one.id: StudentMark(Status.ABSENT, Status.ABSENT)}, (), {}))
    assert lines(found)[1] == "Absent: bo@school.example"


def test_dates_and_lists_are_written_as_her_language_has_them() -> None:
    with languages.speaking(languages.best("es-MX")):
        found = told(Status.ABSENT, Status.ABSENT)
    assert found is not None
    assert "jue" in found.subject
    assert "A0 y A1" in found.text


def row(number: int, *statuses: Status) -> Row:
    marks = {f"c{place}": StudentMark(status, status) for place, status in enumerate(statuses)}
    return Row(enrolled(number, f"A{number}"), marks)


def register(*rows: Row) -> Register:
    return Register("k1", "Algebra", Rules(), (HELD,), rows, ())


P, A = Status.PRESENT, Status.ABSENT


def test_who_is_at_risk_is_told_with_why_the_worst_first() -> None:
    found = weekly_of(register(row(0, P, P, P, P), row(1, P, A, P, P, A, P), row(2, P, P, P, A, A), row(3, P, A, A, A)))
    assert found == Digest(
        "Algebra: 3 students are at risk",
        "In the course “Algebra” 3 students are at risk:\n"
        "\n"
        "A3: absent 3 times in a row, came to 25% of the classes\n"
        "A2: absent 2 times in a row, came to 60% of the classes\n"
        "A1: came to 67% of the classes",
    )


def test_nobody_at_risk_is_nothing_to_tell() -> None:
    assert weekly_of(register(row(0, P, P), row(1, A, P))) is None


def test_of_very_many_at_risk_the_first_are_named() -> None:
    found = weekly_of(register(*(row(number, A, A) for number in range(MOST_NAMED + 1))))
    assert found is not None
    assert len(found.text.splitlines()) == MOST_NAMED + 3
    assert found.text.endswith("And 1 more.")
