"""The students of a course in one of its classes: all that the page of the class shows of them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from tracker import storage
from tracker.attendance.matching import Choice, Enrolled, Match, Suggested, suggest
from tracker.attendance.register import ClassStudents, Known, StudentMark, by_surname, is_on_roster, students_in
from tracker.attendance.types import Attendance, Person, PersonKey, Status
from tracker.courses.register import class_in_register, roster_of
from tracker.permissions import check_may_see, may_change_course
from tracker.storage.classes import Class
from tracker.storage.database import Transaction
from tracker.storage.members import Member
from tracker.text import compared_name

# Of so many guests it is worked out who of the students they may be: more have not come to a lesson.
MOST_GUESTS = 200


@dataclass(frozen=True)
class StudentsOfClass:
    """The students of a class's course, by surname, and what they are in the class.

    `roster` is the whole list of the course, `of_day` those whose dates the class is in. `may_match` says whether the
    viewer may see the whole course, and so say who is which student, which holds for all of it.
    """

    course_id: str
    known: Known
    roster: tuple[Enrolled, ...]
    of_day: tuple[Enrolled, ...]
    in_class: ClassStudents
    choices: tuple[Choice, ...]
    may_match: bool

    @cached_property
    def by_id(self) -> Mapping[str, Enrolled]:
        """All students of the course by the ids of their rows."""
        return {one.id: one for one in self.roster}

    @cached_property
    def namesakes(self) -> frozenset[str]:
        """The ids of those whose name another student of the course has too."""
        names = Counter(compared_name(one.student.name) for one in self.roster)
        return frozenset(one.id for one in self.roster if names[compared_name(one.student.name)] > 1)

    @cached_property
    def suggestions(self) -> tuple[Suggested, ...]:
        """Who of the guests may be which student, and why, the most alike first."""
        return suggest(self.in_class.guests[:MOST_GUESTS], self.roster, self.in_class.matches, self.choices)

    @cached_property
    def _matches(self) -> Mapping[PersonKey, tuple[Match, ...]]:
        return {key: found for keys, found in self.in_class.matches.items() for key in keys}

    def students_of(self, person: Person) -> tuple[Enrolled, ...]:
        """The students that a person of the class is, none of a guest; she may be here on one of two devices only."""
        found = {one.student_id for key in person.keys for one in self._matches.get(key, ())}
        return tuple(one for one in self.roster if one.id in found)

    def mark(self, student: Enrolled) -> StudentMark:
        """What a student of the day is in the class."""
        return self.in_class.marks[student.id]

    @property
    def with_marks(self) -> tuple[tuple[Enrolled, StudentMark], ...]:
        """The students of the day with what they are in the class; none where its names were removed."""
        marks = self.in_class.marks
        return tuple((one, marks[one.id]) for one in self.of_day if one.id in marks)

    def having(self, *statuses: Status) -> tuple[Enrolled, ...]:
        """The students of the day with one of these statuses, by surname."""
        return tuple(one for one, mark in self.with_marks if mark.status in statuses)


def version_of_students(tx: Transaction, found: Class) -> object:
    """What is known of the students in a class: a value, cheap to read, that differs when somebody has changed it."""
    return storage.said_of_students.version(tx, found.id, found.course_id) if found.course_id else None


def with_students(
    tx: Transaction, viewer: Member, found: Class, attendance: Attendance | None, now: datetime
) -> StudentsOfClass | None:
    """The students of the course of a class that the viewer may see, by the `attendance` that is shown of it.

    None where the class is in no course, or the course has no students. Raises NotAllowed.
    """
    check_may_see(viewer, found)
    if found.course_id is None:
        return None
    students, choices = roster_of(tx, found)
    if not students:
        return None
    one = class_in_register(found, now)
    by_hand = storage.said_of_students.list_marks(tx, [found.id])[found.id]
    people = None if one.known is Known.NAMES_REMOVED else attendance
    in_class = students_in(people, one.known, one.day, students, choices, by_hand, found.rules)
    roster = tuple(sorted(students, key=by_surname))
    of_day = tuple(student for student in roster if is_on_roster(student, one.day))
    course = storage.courses.course_by_id(tx, found.course_id)
    may_match = may_change_course(viewer, course)
    return StudentsOfClass(found.course_id, one.known, roster, of_day, in_class, tuple(choices), may_match)
