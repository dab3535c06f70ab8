"""What is told of a class that was counted, and every week of who is at risk: plain texts in the language spoken."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from tracker import clock
from tracker.attendance.matching import Enrolled
from tracker.attendance.register import (
    ABSENCES_IN_A_ROW,
    ClassStudents,
    Known,
    Register,
    RegisterClass,
    Row,
    by_surname,
)
from tracker.attendance.types import LATE, LEFT_EARLY, Status
from tracker.messages import formats
from tracker.messages.languages import gettext as _
from tracker.messages.languages import ngettext as _n
from tracker.messages.vocabulary import NO_NAME
from tracker.text import plain

# So many people are named in one list.
MOST_NAMED = 100
LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Digest:
    """A subject in one line, and the text below it."""

    subject: str
    text: str


def digest_of(held: RegisterClass, students: Sequence[Enrolled], known: ClassStudents) -> Digest | None:
    """How many of a class's students came, and who was absent, late, left early, was there partly or is excused.

    None where it is not known who was there, or where the class has no students.
    """
    if held.known is not Known.COUNTED or not known.marks:
        return None
    title, day = plain(held.title), formats.day(held.day, year=False)
    numbers = {"came": formats.number(known.came), "all": formats.number(len(known.marks))}
    subject = _("{title}, {day}: {came} of {all}", title=title, day=day, **numbers)
    lines = [
        title,
        _when(held),
        "",
        _n("{came} of {all} students was there.", "{came} of {all} students were there.", known.came, **numbers),
    ]
    by_name = sorted(students, key=by_surname)

    def named(*statuses: Status) -> str:
        return _listed([_name(one) for one in by_name if _has(known, one, statuses)])

    for line, names in (
        (_("Absent: {names}", names=named(Status.ABSENT)), known.count(Status.ABSENT)),
        (_("Late: {names}", names=named(*LATE)), known.count(*LATE)),
        (_("Left early: {names}", names=named(*LEFT_EARLY)), known.count(*LEFT_EARLY)),
        (_("There for a part only: {names}", names=named(Status.PARTLY)), known.count(Status.PARTLY)),
        (_("Excused: {names}", names=named(Status.EXCUSED)), known.count(Status.EXCUSED)),
    ):
        if names:
            lines.append(line)
    if known.guests:
        number = len(known.guests)
        lines.append(_n("{number} guest was there too.", "{number} guests were there too.", number))
    return Digest(subject, "\n".join(lines))


def weekly_of(made: Register) -> Digest | None:
    """Who is at risk in a course, and why. None where nobody is."""
    risky = made.at_risk
    if not risky:
        return None
    course, number = plain(made.course), len(risky)
    lines = [
        _n(
            "In the course “{course}” {number} student is at risk:",
            "In the course “{course}” {number} students are at risk:",
            number,
            course=course,
        ),
        "",
        *(_at_risk(row) for row in risky[:MOST_NAMED]),
    ]
    if (rest := number - MOST_NAMED) > 0:
        lines.append(_n("And {number} more.", "And {number} more.", rest))
    subject = _n(
        "{course}: {number} student is at risk", "{course}: {number} students are at risk", number, course=course
    )
    return Digest(subject, "\n".join(lines))


def _at_risk(row: Row) -> str:
    name, rate = _name(row.enrolled), formats.percent(row.rate or 0)
    if row.absences_in_a_row < ABSENCES_IN_A_ROW:
        return _("{name}: came to {percent} of the classes", name=name, percent=rate)
    return _n(
        "{name}: absent {number} time in a row, came to {percent} of the classes",
        "{name}: absent {number} times in a row, came to {percent} of the classes",
        row.absences_in_a_row,
        name=name,
        percent=rate,
    )


def _when(held: RegisterClass) -> str:
    """When the class is held, in its own time zone."""
    zone = clock.zone(held.timezone)
    start, end = (at.astimezone(zone) for at in (held.start, held.start + timedelta(minutes=held.minutes)))
    times, place = formats.times(start, end), formats.place_of(zone)
    return _("{day}, {times} ({zone} time)", day=formats.day(start), times=times, zone=place)


def _has(known: ClassStudents, one: Enrolled, statuses: Collection[Status]) -> bool:
    return one.id in known.marks and known.marks[one.id].status in statuses


def _name(one: Enrolled) -> str:
    return plain(one.student.name or one.student.email, LONGEST_NAME) or _(NO_NAME)


def _listed(names: Sequence[str]) -> str:
    rest = len(names) - MOST_NAMED
    more = [_n("{number} more", "{number} more", rest)] if rest > 0 else []
    return formats.listed([*names[:MOST_NAMED], *more])
