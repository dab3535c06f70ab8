"""A second list: who on it is on the roster already, what of her changes, and in which order they stand."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tests.rosters.files import read
from tracker.errors import InvalidInput
from tracker.rosters import LineProblem, Roster, Student, Understood
from tracker.rosters.updating import updated

ANA = Student("Ana Lima", "ana@x.org", "001")
BO = Student("Bo Ek", "bo@x.org", "002")
CY = Student("Cy Day")


def a_list(*students: Student, problems: tuple[LineProblem, ...] = ()) -> Roster:
    """A list of these students, each with her line."""
    lines = tuple(
        Student(one.name, one.email, one.number, one.group, one.since, one.until, line, one.surname)
        for line, one in enumerate(students, start=2)
    )
    return Roster(lines, problems, (), Understood(()))


def after(known: list[Student], *students: Student) -> tuple[list[Student], list[tuple[int, str]]]:
    """The roster after a list, and line and code of what is to be said."""
    made = updated(known, a_list(*students))
    return list(made.students), [(one.line, one.code) for one in made.problems]


# What is on the roster, what the list says, what is on the roster then, and what is to be said of which line.
Line = tuple[list[Student], list[Student], list[Student], list[tuple[int, str]]]
FINDS: dict[str, Line] = {
    "by number, whatever else is new": (
        [ANA],
        [Student("Ana Lima-Costa", "new@x.org", "001")],
        [Student("Ana Lima-Costa", "new@x.org", "001")],
        [],
    ),
    "by number before e-mail": (
        [ANA, BO],
        [Student("Bo Ek", "ana@x.org", "002")],
        [ANA, Student("Bo Ek", "ana@x.org", "002")],
        [(2, "roster_email_known")],
    ),
    "the address of another who is on the list without one": (
        [ANA, BO],
        [Student("Ana Lima", "bo@x.org", "001"), Student("Bo Ek", number="002")],
        [Student("Ana Lima", "bo@x.org", "001"), BO],
        [(2, "roster_email_known")],
    ),
    "two who change their addresses with each other": (
        [ANA, BO],
        [Student("Ana Lima", "bo@x.org", "001"), Student("Bo Ek", "ana@x.org", "002")],
        [Student("Ana Lima", "bo@x.org", "001"), Student("Bo Ek", "ana@x.org", "002")],
        [],
    ),
    "by e-mail, in any case": ([ANA], [Student("Ana L.", "ANA@x.org")], [Student("Ana L.", "ANA@x.org", "001")], []),
    "by e-mail and name, with another number": (
        [ANA],
        [Student("Ana Lima", "ana@x.org", "7")],
        [Student("Ana Lima", "ana@x.org", "7")],
        [],
    ),
    "by a name of one alone, as names are compared": (
        [ANA],
        [Student("ＡＮＡ  lima", group="7B")],
        [Student("ＡＮＡ  lima", "ana@x.org", "001", "7B")],
        [],
    ),
    "by name, to learn number and e-mail": (
        [CY],
        [Student("Cy Day", "cy@x.org", "003")],
        [Student("Cy Day", "cy@x.org", "003")],
        [],
    ),
    "accents tell two names apart": ([CY], [Student("Cý Day")], [CY, Student("Cý Day")], []),
    "the same name with another number is another student": (
        [ANA],
        [Student("Ana Lima", "", "009")],
        [ANA, Student("Ana Lima", "", "009")],
        [(2, "roster_name_known")],
    ),
    "the same name with another e-mail is another student": (
        [ANA],
        [Student("Ana Lima", "other@x.org")],
        [ANA, Student("Ana Lima", "other@x.org")],
        [(2, "roster_name_known")],
    ),
    "the same e-mail with another number and name is another student": (
        [ANA],
        [Student("Eva Lima", "ana@x.org", "009")],
        [ANA, Student("Eva Lima", "ana@x.org", "009")],
        [(2, "roster_email_known")],
    ),
    "two with one e-mail are told apart by name, in any order": (
        [Student("Ana", "home@x.org"), Student("Bo", "home@x.org")],
        [Student("Bo", "home@x.org", group="B"), Student("Ana", "home@x.org", group="A")],
        [Student("Bo", "home@x.org", group="B"), Student("Ana", "home@x.org", group="A")],
        [],
    ),
    "a brother with the same e-mail takes nobody's place": (
        [Student("Ana", "home@x.org")],
        [Student("Bo", "home@x.org"), Student("Ana", "home@x.org", "1")],
        [Student("Bo", "home@x.org"), Student("Ana", "home@x.org", "1")],
        [],
    ),
    "two with one number are told apart by name": (
        [Student("Ana", number="1"), Student("Bo", number="1")],
        [Student("Bo", "bo@x.org", "1"), Student("Ana", "ana@x.org", "1")],
        [Student("Bo", "bo@x.org", "1"), Student("Ana", "ana@x.org", "1")],
        [],
    ),
    "two of whom only the name is known are the same two": ([CY, CY], [CY, CY], [CY, CY], []),
    "one in two groups is the same in two groups": (
        [Student("Ana", "a@x.org", "1", "A"), Student("Ana", "a@x.org", "1", "B")],
        [Student("Ana", "a@x.org", "1", "B"), Student("Ana", "a@x.org", "1", "C")],
        [Student("Ana", "a@x.org", "1", "B"), Student("Ana", "a@x.org", "1", "C")],
        [],
    ),
    "a name that two on the roster have is nobody's, and makes no third": (
        [Student("Cy Day", number="1"), Student("Cy Day", number="2")],
        [CY],
        [Student("Cy Day", number="1"), Student("Cy Day", number="2")],
        [(2, "roster_one_of_several")],
    ),
    "not even where the other of the two is found by number": (
        [Student("Cy Day", number="1"), Student("Cy Day", number="2")],
        [Student("Cy Day", number="1"), Student("Cy Day", group="B")],
        [Student("Cy Day", number="1"), Student("Cy Day", number="2")],
        [(3, "roster_one_of_several")],
    ),
    "two on the list of whom one is known": (
        [Student("Cy Day", number="1")],
        [Student("Cy Day", number="1"), CY],
        [Student("Cy Day", number="1"), CY],
        [],
    ),
    "a name whose bearer is found by number under another name": (
        [Student("Cy Day", number="1")],
        [Student("Di Day", number="1"), CY],
        [Student("Di Day", number="1"), CY],
        [],
    ),
}


@pytest.mark.parametrize("what", FINDS)
def test_who_is_on_the_roster_already_is_found(what: str) -> None:
    known, lines, expected, said = FINDS[what]
    assert after(known, *lines) == (expected, said)


@pytest.mark.parametrize("what", FINDS)
def test_the_same_list_once_more_changes_nothing(what: str) -> None:
    known, lines, _, _ = FINDS[what]
    once = updated(known, a_list(*lines))
    twice = updated(once.students, a_list(*lines))
    assert (twice.students, twice.new, twice.changed) == (once.students, 0, 0)


MARCH, MAY, JUNE = date(2026, 3, 1), date(2026, 5, 1), date(2026, 6, 1)
WHOLE = Student("Ana Lima", "ana@x.org", "001", "7B", MARCH, JUNE, surname="Lima")
CHANGES: list[tuple[Student, Student]] = [
    (Student("Ana Lima", number="001"), WHOLE),
    (Student("ana@x.org", "ana@x.org"), WHOLE),  # a line without a name
    (
        Student("Ana Costa", number="001"),
        Student("Ana Costa", "ana@x.org", "001", "7B", MARCH, JUNE),  # of the old name the surname is no more known
    ),
    (
        Student("Ana Costa", number="001", surname="Costa"),
        Student("Ana Costa", "ana@x.org", "001", "7B", MARCH, JUNE, surname="Costa"),
    ),
    (
        Student("Ana Lima", number="001", group="7C", until=MAY),
        Student("Ana Lima", "ana@x.org", "001", "7C", MARCH, MAY, surname="Lima"),
    ),
    (
        Student("Ana Lima", number="001", until=date(2026, 2, 1)),  # before she came
        Student("Ana Lima", "ana@x.org", "001", "7B", None, date(2026, 2, 1), surname="Lima"),
    ),
]


@pytest.mark.parametrize(("line", "expected"), CHANGES)
def test_what_a_line_says_is_taken_and_what_it_does_not_say_stays(line: Student, expected: Student) -> None:
    assert after([WHOLE], line) == ([expected], [])


def test_numbers_of_new_and_changed_students() -> None:
    made = updated([ANA, BO, CY], a_list(ANA, Student("Bo Ek", number="002", group="B"), Student("Di")))
    assert (made.new, made.changed) == (1, 1)


@pytest.mark.parametrize(
    ("known", "lines", "expected"),
    [
        ("ABC", "CAB", "CAB"),
        ("ABC", "XY", "ABCXY"),
        ("ABC", "BX", "ABCX"),
        ("ABC", "XBA", "XBCA"),
        ("ABC", "CXA", "CXAB"),
        ("", "AB", "AB"),
    ],
)
def test_the_list_gives_the_order_and_who_is_not_on_it_stays_behind_who_was_before_her(
    known: str, lines: str, expected: str
) -> None:
    found = updated([Student(name) for name in known], a_list(*map(Student, lines)))
    assert "".join(one.name for one in found.students) == expected


def test_what_was_said_of_the_list_itself_stays_in_order_of_its_lines() -> None:
    read_once = read("Name,Email,Number\nCy,cy@x.org,3\nBo,cy@x.org,4\nAna,ana2@x.org,\n")
    made = updated([Student("Ana", "ana@x.org")], read_once)
    assert [(one.line, one.code) for one in made.problems] == [(3, "roster_email_twice"), (4, "roster_name_known")]


def test_a_course_has_at_most_2000_students() -> None:
    known = [Student(f"Student {number}", number=f"{number:04}") for number in range(1999)]
    assert len(updated(known, a_list(CY)).students) == 2000
    with pytest.raises(InvalidInput) as refused:
        updated(known, a_list(CY, BO))
    assert refused.value.problem.code == "roster_full"
    # Courses that were put together may have more, and what is known of them can still be changed.
    assert len(updated([*known, ANA, BO], a_list(Student("Bo Ek", number="002", group="B"))).students) == 2001


STUDENTS = some.lists(
    some.builds(
        Student,
        some.sampled_from(["Ana", "ANA", "Bo", "Cy"]),
        some.sampled_from(["", "a@x.org", "b@x.org"]),
        some.sampled_from(["", "1", "2"]),
        some.sampled_from(["", "A", "B"]),
    ),
    max_size=6,
    unique=True,
)


@given(STUDENTS, STUDENTS)
def test_whatever_a_list_has_nobody_is_lost_and_a_second_time_nobody_is_doubled(
    known: list[Student], lines: list[Student]
) -> None:
    once = updated(known, a_list(*lines))
    assert sorted(one.known for one in once.entries if one.known is not None) == list(range(len(known)))
    assert len(once.students) >= len(lines) - sum(one.code == "roster_one_of_several" for one in once.problems)
    twice = updated(once.students, a_list(*lines))
    assert twice.new == 0
    assert len(twice.students) == len(once.students)
