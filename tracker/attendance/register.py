"""The register of a course: its students and its classes, and what each student is in each class. Pure functions.

`students_in` is where the marks of one class come from, for its page, for files and for the register alike.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from itertools import pairwise

from tracker.attendance.counting import leaders, union
from tracker.attendance.matching import Choice, Enrolled, Match, Matches, match
from tracker.attendance.statuses import Rules, percent_of, status_of
from tracker.attendance.types import CAME, Attendance, Person, PersonKey, Span, Status
from tracker.text import compared_name, order_of

# Absent so many times in a row, of late, is at risk.
ABSENCES_IN_A_ROW = 2
# Of fewer classes a rate says nothing.
FEWEST_FOR_RATE = 3


class Known(StrEnum):
    """What is known of a class in the register."""

    COUNTED = "counted"
    # It is to come, it runs, or Zoom's list is not there.
    NOT_YET = "not_yet"
    NOT_HELD = "not_held"
    # Its participants are nobody by name any more, because they were kept for long enough.
    NAMES_REMOVED = "names_removed"


@dataclass(frozen=True, slots=True)
class ByHand:
    """What somebody has said of a student in a class."""

    status: Status
    remark: str
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class StudentMark:
    """What a student is in a class: `status` is what holds, `by_rule` what the rule says whatever was said by hand.

    `seconds` are those in class and `percent` is of the class's own time; None where they are not known. `people` are
    the persons of the class that she is, with why.
    """

    status: Status
    by_rule: Status
    seconds: int | None = None
    percent: int | None = None
    by_hand: ByHand | None = None
    people: tuple[tuple[Person, Match], ...] = ()

    @property
    def remark(self) -> str:
        """What was said of it by hand."""
        return self.by_hand.remark if self.by_hand else ""


@dataclass(frozen=True, slots=True)
class ClassStudents:
    """The students of a course in one of its classes: a mark for each whose dates the class is in, by her id.

    `guests` are the people who are no students of that day, and no hosts. `own_time` is the class's own, where it was
    counted.
    """

    marks: Mapping[str, StudentMark]
    guests: tuple[Person, ...]
    matches: Matches
    own_time: tuple[Span, ...] = ()

    def count(self, *statuses: Status) -> int:
        """How many students have one of these statuses."""
        return sum(mark.status in statuses for mark in self.marks.values())

    @property
    def came(self) -> int:
        """How many students were there."""
        return self.count(*CAME)


@dataclass(frozen=True, slots=True)
class RegisterClass:
    """A class of a course as the register has it; `day` is its date in its own time zone.

    `own_time` is when it was held, where it was counted.
    """

    id: str
    title: str
    start: datetime
    minutes: int
    timezone: str
    day: date
    known: Known
    own_time: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class MissedLast:
    """A student is at risk because she was absent in the last so many classes."""

    number: int


@dataclass(frozen=True, slots=True)
class CameToFew:
    """A student is at risk because she came to so many percent of the classes, and the course asks for `least`."""

    percent: int
    least: int


Risk = MissedLast | CameToFew


@dataclass(frozen=True, slots=True)
class Row:
    """A student and her mark in each class whose day is in her dates, by the class's id, in order of the classes."""

    enrolled: Enrolled
    marks: Mapping[str, StudentMark]

    @property
    def counted(self) -> tuple[StudentMark, ...]:
        """Her marks in classes of which it is known whether she was there, and from which nobody has excused her."""
        return tuple(mark for mark in self.marks.values() if mark.status in CAME or mark.status is Status.ABSENT)

    @property
    def rate(self) -> int | None:
        """To how many of these she came, in whole percent; None where there is none."""
        return _rate(self.counted)

    @property
    def absences_in_a_row(self) -> int:
        """How many of the latest of these she has missed without a break."""
        latest = [mark.status is Status.ABSENT for mark in reversed(self.counted)]
        return latest.index(False) if False in latest else len(latest)

    def risk(self, rules: Rules) -> Risk | None:
        """Why she is at risk: she was absent in the last classes, or comes to too few of them by the course's rules.

        None where she is not.
        """
        counted, missed = self.counted, self.absences_in_a_row
        if missed >= ABSENCES_IN_A_ROW:
            return MissedLast(missed)
        came = sum(mark.status in CAME for mark in counted)
        # Not on the rounded rate: 74.6 percent are less than 75.
        rare = len(counted) >= FEWEST_FOR_RATE and came * 100 < rules.at_risk_below * len(counted)
        return CameToFew(_rate(counted) or 0, rules.at_risk_below) if rare else None


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody who was in classes of a course and is none of its students, with the ids of these classes in order."""

    name: str
    email: str
    keys: tuple[PersonKey, ...]
    classes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Register:
    """A course's students by surname, its classes by start, and whoever else was there."""

    course_id: str
    course: str
    rules: Rules
    classes: tuple[RegisterClass, ...]
    rows: tuple[Row, ...]
    guests: tuple[Guest, ...]

    @property
    def at_risk(self) -> tuple[Row, ...]:
        """Who is at risk, those who were absent most often of late first."""
        rows = [row for row in self.rows if row.risk(self.rules) is not None]
        return tuple(sorted(rows, key=lambda row: (-row.absences_in_a_row, row.rate or 0)))

    def rate_of(self, class_id: str) -> int | None:
        """How many percent of the students, excused ones left aside, came to a class; None where it is not known."""
        marks = [row.marks[class_id] for row in self.rows if class_id in row.marks]
        return _rate([mark for mark in marks if mark.status in CAME or mark.status is Status.ABSENT])


def is_on_roster(enrolled: Enrolled, day: date) -> bool:
    """Whether a student's dates, both inclusive, have this day."""
    since, until = enrolled.student.since, enrolled.student.until
    return (since is None or since <= day) and (until is None or day <= until)


def students_in(
    attendance: Attendance | None,
    known: Known,
    day: date,
    students: Sequence[Enrolled],
    choices: Sequence[Choice],
    by_hand: Mapping[str, ByHand],
    rules: Rules,
) -> ClassStudents:
    """What the students of a course are in one of its classes, which was held on `day`.

    `attendance` is None while it is not known, and `by_hand` is by the student's id. While it is not known who was
    there nobody is absent, and of a class whose names were removed nobody has a mark.
    """
    people = attendance.people if attendance is not None else ()
    matches = match(people, students, choices)
    whose: dict[str, list[tuple[Person, Match]]] = {}
    for person in people:
        for found in matches.get(person.keys, ()):
            whose.setdefault(found.student_id, []).append((person, found))
    marks: dict[str, StudentMark] = {}
    of_day = [one for one in students if is_on_roster(one, day)]
    if known is not Known.NAMES_REMOVED:
        for one in of_day:
            mark = _mark(attendance if known is Known.COUNTED else None, known, whose.get(one.id, ()), rules)
            said = by_hand.get(one.id)
            marks[one.id] = mark if said is None else _said(mark, said)
    ids = {one.id for one in of_day}
    guests = tuple(
        person
        for person in people
        if not person.is_host and ids.isdisjoint(one.student_id for one in matches.get(person.keys, ()))
    )
    own_time = attendance.lesson if attendance is not None and known is Known.COUNTED else ()
    return ClassStudents(marks, guests, matches, own_time)


def register(
    course_id: str,
    course: str,
    rules: Rules,
    classes: Sequence[RegisterClass],
    students: Sequence[Enrolled],
    of_class: Mapping[str, ClassStudents],
) -> Register:
    """The register of these classes, given by start, with what the students are in each of them by its id."""
    rows = (
        Row(one, {held.id: mark for held in classes if (mark := of_class[held.id].marks.get(one.id)) is not None})
        for one in students
    )
    return Register(
        course_id,
        course,
        rules,
        tuple(replace(held, own_time=of_class[held.id].own_time) for held in classes),
        tuple(sorted(rows, key=lambda row: by_surname(row.enrolled))),
        _guests((held.id, of_class[held.id].guests) for held in classes),
    )


def only_class(register: Register, class_id: str) -> Register:
    """The register of this one class alone: its students and its guests."""
    return replace(
        register,
        classes=tuple(held for held in register.classes if held.id == class_id),
        rows=tuple(
            Row(row.enrolled, {class_id: row.marks[class_id]}) for row in register.rows if class_id in row.marks
        ),
        guests=tuple(replace(guest, classes=(class_id,)) for guest in register.guests if class_id in guest.classes),
    )


def by_surname(enrolled: Enrolled) -> tuple[str, str, int]:
    """By what students are put in order: the surname, which is the last word of the name where no list has told it."""
    student = enrolled.student
    surname = student.surname or (student.name.split() or [""])[-1]
    return order_of(surname), order_of(student.name), enrolled.place


ABSENT = StudentMark(Status.ABSENT, Status.ABSENT, 0, 0)


def _mark(
    attendance: Attendance | None, known: Known, people: Sequence[tuple[Person, Match]], rules: Rules
) -> StudentMark:
    """What a student, who is these people, is by the rule."""
    if attendance is None:
        status = Status.NOT_HELD if known is Known.NOT_HELD else Status.NOT_YET_KNOWN
        return StudentMark(status, status, people=tuple(people))
    if not people:
        return ABSENT
    in_class, untimed = people[0][0].in_class, people[0][0].untimed
    if len(people) > 1:
        in_class = union(span for person, _ in people for span in person.in_class)
        untimed = max(person.untimed for person, _ in people)
    own_time = attendance.lesson
    seconds = sum(span.seconds for span in in_class) + untimed
    status = status_of(in_class, own_time, rules, untimed=untimed)
    return StudentMark(status, status, seconds, percent_of(seconds, own_time) or 0, people=tuple(people))


def _said(mark: StudentMark, said: ByHand) -> StudentMark:
    return StudentMark(said.status, mark.by_rule, mark.seconds, mark.percent, said, mark.people)


def _guests(of_classes: Iterable[tuple[str, Sequence[Person]]]) -> tuple[Guest, ...]:
    """The guests of all classes, each once and as she was called last, by name: who is the same in one class is so in
    all of them."""
    seen = [(class_id, person) for class_id, people in of_classes for person in people]
    same = {pair for _, person in seen for pair in pairwise(person.keys)}
    leader = leaders({key for _, person in seen for key in person.keys}, sorted(same))
    groups: dict[PersonKey, list[tuple[str, Person]]] = {}
    for class_id, person in seen:
        groups.setdefault(leader[person.keys[0]], []).append((class_id, person))
    found = (
        Guest(
            group[-1][1].name,
            next((person.email for _, person in reversed(group) if person.email), ""),
            tuple(sorted({key for _, person in group for key in person.keys})),
            tuple(dict.fromkeys(class_id for class_id, _ in group)),
        )
        for group in groups.values()
    )
    return tuple(sorted(found, key=lambda one: (order_of(one.name), compared_name(one.email), one.keys)))


def _rate(marks: Sequence[StudentMark]) -> int | None:
    """How many percent of these are of somebody who came, rounded half up."""
    came = sum(mark.status in CAME for mark in marks)
    return (200 * came + len(marks)) // (2 * len(marks)) if marks else None
