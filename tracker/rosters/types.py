"""What a roster that was read consists of."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from tracker.tables.problems import LineProblem


class Meaning(StrEnum):
    """What a column has in it."""

    NAME = "name"
    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    EMAIL = "email"
    NUMBER = "number"
    GROUP = "group"
    FROM = "from"
    UNTIL = "until"
    ROLE = "role"
    # Known, and not read: the place in the list, and what is a guardian's or a teacher's.
    SEAT_NUMBER = "seat_number"
    OTHER_PERSON = "other_person"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Student:
    """A student as her line has her; "" for what it has not.

    `surname` is known only where the file tells it apart. `since` and `until` are her first and last day, both
    inclusive. `line` counts from 1: in a text the line that hers begins on, in a workbook the row.
    """

    name: str
    email: str = ""
    number: str = ""
    group: str = ""
    since: date | None = None
    until: date | None = None
    line: int = 0
    surname: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the file, from the left; `place` counts from 0. A heading of two rows is joined by a blank."""

    place: int
    heading: str
    meaning: Meaning


@dataclass(frozen=True, slots=True)
class Understood:
    """How the file was understood, for a preview.

    `header_lines` are the lines of the headings, none where the columns were guessed from what stands in them.
    `encoding` and `delimiter` are those of a text: "" where it was pasted, and where each line is one cell. `sheet` is
    that of a workbook.
    """

    columns: tuple[Column, ...]
    header_lines: tuple[int, ...] = ()
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""


@dataclass(frozen=True, slots=True)
class Roster:
    """The students in the order of their lines, and what is to be said of single lines.

    `problems` are what somebody should look at; `skipped` are lines that are no students and need no look: totals,
    points possible, headings that are repeated, teachers.
    """

    students: tuple[Student, ...]
    problems: tuple[LineProblem, ...]
    skipped: tuple[LineProblem, ...]
    understood: Understood
