"""What the classes of a course have in common: when students arrive, and how many stay. Pure functions."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from tracker.attendance.counting import union
from tracker.attendance.register import Register, RegisterClass, StudentMark
from tracker.attendance.types import CAME, LATE, Span, Status

# In how many equal parts a class is divided, whatever its length.
PARTS = 100
# Who comes earlier, or later, in minutes after the beginning, is counted in the first or the last minute.
EARLIEST, LATEST = -10, 30


@dataclass(frozen=True, slots=True)
class ClassNumbers:
    """How many students were what in a class: of `late` and `partly` each is in one number alone.

    `in_time` are all others who came; who left early is among them.
    """

    held: RegisterClass
    in_time: int
    late: int
    partly: int
    absent: int
    excused: int

    @property
    def came(self) -> int:
        """How many were there."""
        return self.in_time + self.late + self.partly

    @property
    def percent(self) -> int | None:
        """How many of those who were not excused came, in whole percent, rounded half up; None where there is none."""
        of_all = self.came + self.absent
        return (200 * self.came + of_all) // (2 * of_all) if of_all else None


@dataclass(frozen=True, slots=True)
class Averages:
    """Means over `classes` classes of which times are known.

    `present` is the share of the students, from 0 to 1, who are there in the middle of each of the `PARTS` of a class.
    `arrivals` is how many students came in each minute, before and after the beginning, by the minute, in all classes.
    """

    classes: int
    present: tuple[float, ...]
    arrivals: Mapping[int, int]

    def minute_of_share(self, share: float) -> int | None:
        """By which minute this share of the arrivals have come; None where nobody did."""
        wanted, seen = share * sum(self.arrivals.values()), 0
        for minute in sorted(self.arrivals):
            seen += self.arrivals[minute]
            if seen >= wanted:
                return minute
        return None


def numbers_by_class(register: Register) -> tuple[ClassNumbers, ...]:
    """How many students were what in each class in which something is known of somebody, by start."""
    found = []
    for held in register.classes:
        statuses = Counter(row.marks[held.id].status for row in register.rows if held.id in row.marks)
        late, came = sum(statuses[one] for one in LATE), sum(statuses[one] for one in CAME)
        partly, absent, excused = statuses[Status.PARTLY], statuses[Status.ABSENT], statuses[Status.EXCUSED]
        if came + absent + excused:
            found.append(ClassNumbers(held, came - late - partly, late, partly, absent, excused))
    return tuple(found)


def averages(register: Register) -> Averages:
    """When students arrive, and how many are there from beginning to end, over all classes that were counted.

    Of each class the students count who came, or were absent; every class counts as much as any other.
    """
    shares: list[list[float]] = []
    arrivals: Counter[int] = Counter()
    for held in register.classes:
        marks = [row.marks[held.id] for row in register.rows if held.id in row.marks]
        counted = [mark for mark in marks if mark.status in CAME or mark.status is Status.ABSENT]
        spans = [(mark, _in_class(mark)) for mark in counted]
        if not held.own_time or not any(theirs for _mark, theirs in spans):
            continue
        there = _there(held.own_time, (theirs for _mark, theirs in spans))
        shares.append([number / len(counted) for number in there])
        arrivals.update(_arrival(held.own_time, mark) for mark, theirs in spans if theirs)
    present = tuple(sum(parts) / len(shares) for parts in zip(*shares, strict=True)) if shares else ()
    return Averages(len(shares), present, dict(arrivals))


def _in_class(mark: StudentMark) -> Sequence[Span]:
    return union(span for person, _match in mark.people for span in person.in_class)


def _arrival(own_time: Sequence[Span], mark: StudentMark) -> int:
    """In which minute of the class a student came who was in it."""
    first = min(person.first_join for person, _match in mark.people if person.first_join is not None)
    minute = (first - own_time[0].start).total_seconds() // 60
    return int(min(max(minute, EARLIEST), LATEST))


def _there(own_time: Sequence[Span], of_students: Iterable[Sequence[Span]]) -> list[int]:
    """How many are there in the middle of each part of the class's own time, the pauses in it left out."""
    total = sum(span.seconds for span in own_time)
    changes = [0] * (PARTS + 1)
    for spans in of_students:
        for span in spans:
            start, end = _second(own_time, span, at_end=False), _second(own_time, span, at_end=True)
            changes[_part(start, total)] += 1
            changes[_part(end, total)] -= 1
    there, number = [], 0
    for change in changes[:PARTS]:
        number += change
        there.append(number)
    return there


def _second(own_time: Sequence[Span], span: Span, *, at_end: bool) -> float:
    """How many seconds of the own time have passed when a span begins, or ends."""
    moment = span.end if at_end else span.start
    return sum((min(moment, one.end) - one.start).total_seconds() for one in own_time if one.start < moment)


def _part(second: float, total: int) -> int:
    """The first part whose middle is not before this second."""
    return min(max(ceil(second * PARTS / total - 0.5), 0), PARTS) if total else 0
