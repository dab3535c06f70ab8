"""What a report that was read consists of."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tracker.tables.problems import LineProblem


class DateOrder(StrEnum):
    """Which comes first in a date of three numbers, as in 03/05/2026."""

    DAY_FIRST = "day-first"
    MONTH_FIRST = "month-first"


@dataclass(frozen=True, slots=True)
class Presence:
    """A stay that a report tells of. Times are aware UTC, None where it has none; `seconds` is how long it was.

    `waiting`: it was in the waiting room. `line` is where it stands in the file, counted from 1.
    """

    name: str
    email: str
    join: datetime | None
    leave: datetime | None
    seconds: int
    waiting: bool
    line: int


@dataclass(frozen=True, slots=True)
class ReportedClass:
    """A meeting that a report tells of; `title` is "" where it has none. Times are aware UTC.

    `digest` is the same for every file that says the same of it, however it is written, and in whatever time zone its
    times are taken.
    """

    title: str
    start: datetime
    end: datetime
    presences: tuple[Presence, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class Report:
    """The meetings in a file by their start, what is to be said of its lines, and the time zone its times are in."""

    classes: tuple[ReportedClass, ...]
    problems: tuple[LineProblem, ...]
    timezone: str
