"""Reports that somebody has kept of earlier classes, as past classes of a course.

The report was read before (`tracker.reports`), outside of any transaction; all of it is stored, or nothing.
"""

import logging
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta

from tracker import audit, clock, storage
from tracker.attendance.counting import take_attendance
from tracker.attendance.types import Source, Span, Stay, Where
from tracker.audit import Action
from tracker.class_attendance import said_by, take_class_attendance
from tracker.classes.plan import LONGEST_CLASS_MINUTES, LONGEST_TITLE, one_line
from tracker.courses.roster import check_may_import
from tracker.errors import InvalidInput, Problem
from tracker.reports import LineProblem, Presence, Report, ReportedClass
from tracker.services import Services
from tracker.sessions import part_of
from tracker.storage.courses import Course
from tracker.storage.database import Transaction, transaction
from tracker.storage.members import Member
from tracker.storage.report_classes import HeldClass, KnownClass, minutes_of
from tracker.text import plain

log = logging.getLogger(__name__)

# A class that should have begun longer before or after its meeting is another one.
FARTHEST_FROM_MEETING = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class OwnTime:
    """When classes begin, as local time of the day, and how many minutes they are, as far as somebody says it.

    A meeting is often opened early and closed late: who came late is told by the class's own time.
    """

    begins: time | None = None
    minutes: int | None = None

    def of(self, one: ReportedClass, timezone: str) -> Span:
        """The own time of a class; that of its meeting, where the two are not at the same time."""
        start, zone = one.start, clock.zone(timezone)
        if self.begins is not None:
            day = one.start.astimezone(zone).date()
            days = (day + timedelta(days=more) for more in (-1, 0, 1))
            moments = [datetime.combine(day, self.begins, zone).astimezone(UTC) for day in days]
            start = min(moments, key=lambda moment: abs(moment - one.start))
        end = start + timedelta(minutes=self.minutes) if self.minutes else max(one.end, start)
        near = abs(start - one.start) <= FARTHEST_FROM_MEETING and start < one.end and one.start < end
        return Span(start, end) if near else _span(one)


WHOLE_MEETING = OwnTime()


@dataclass(frozen=True, slots=True)
class ImportedClass:
    """A class that a report tells of; `id` is None before it is there. `known`: it was there before this report.

    `participant_count` is the count by the rule, of what the report says.
    """

    id: str | None
    title: str
    scheduled_start: datetime
    duration_minutes: int
    participant_count: int
    known: bool


@dataclass(frozen=True, slots=True)
class CourseReport:
    """The classes of a report as classes of a course, and what is to be said of lines of the report."""

    course: str
    classes: tuple[ImportedClass, ...]
    problems: tuple[LineProblem, ...]

    @property
    def new(self) -> int:
        """How many were not there before."""
        return sum(not one.known for one in self.classes)


def import_report(
    services: Services,
    acting: Member,
    teacher: str,
    course: str,
    read: Report,
    *,
    own: OwnTime = WHOLE_MEETING,
    dry_run: bool = False,
) -> CourseReport:
    """Makes past classes of the teacher's course of that name from a report; the course is made where she has none.

    A meeting that the course has from a report already is left as it is. `own` is when the classes began and how long
    they were, where that is not all of the time that the meetings ran. With `dry_run` nothing is changed, and the
    answer is the same, without ids of what would be new. Raises NotFound, NotAllowed, and InvalidInput for a name or a
    length that is none, and for a class that is still to come; then nothing has changed.
    """
    name = one_line(course, "course_name_too_long")
    if not name:
        raise InvalidInput("course_unnamed")
    if own.minutes is not None and not 1 <= own.minutes <= LONGEST_CLASS_MINUTES:
        raise InvalidInput("class_length_unusable", most=LONGEST_CLASS_MINUTES)
    if dry_run:
        return services.read(_previewed, acting, teacher, name, read, own, services.now())
    with transaction(services.engine) as tx:
        now = services.now()
        holder = storage.members.get_member(tx, teacher)
        # While the account is removed or handed over, or something is said of people, nothing is stored.
        storage.members.lock_member(tx, holder.id)
        check_may_import(tx, acting, holder, name)
        course_id = storage.courses.course_id(tx, holder.id, name)
        # Whoever erases somebody waits for this, or was first: then she is not stored.
        storage.courses.lock_course(tx, course_id)
        told = _told(tx, name, course_id, read, own, now)
        classes = []
        for one, found in zip(told.classes, read.classes, strict=True):
            class_id = one.id
            if class_id is None:
                planned = own.of(found, read.timezone)
                new = HeldClass(one.title, holder.id, course_id, planned, _span(found), read.timezone, found.digest)
                class_id = _store(tx, new, found, now)
                named = {"title": one.title, "start": clock.to_zoom(planned.start), "teacher": holder.email}
                more: dict[str, str | int] = {"course": name, "minutes": one.duration_minutes}
                audit.note(tx, acting, Action.CLASS_FROM_REPORT, now, class_id=class_id, **named, **more)
            classes.append(replace(one, id=class_id))
    log.info("a report was imported", extra={"by": acting.id or acting.name, "course": course_id, "new": told.new})
    return replace(told, classes=tuple(classes))


def teacher_of(tx: Transaction, course: Course) -> Member:
    """Whose course it is."""
    return storage.members.member_with_id(tx, course.teacher_id)


def _previewed(
    tx: Transaction, acting: Member, teacher: str, name: str, read: Report, own: OwnTime, now: datetime
) -> CourseReport:
    holder = storage.members.get_member(tx, teacher)
    found = check_may_import(tx, acting, holder, name)
    return _told(tx, name, found.id if found else None, read, own, now)


def _told(tx: Transaction, name: str, course_id: str | None, read: Report, own: OwnTime, now: datetime) -> CourseReport:
    """What a report comes to. Raises InvalidInput for a class that is still to come."""
    for one in read.classes:
        if one.end > now or not clock.in_this_century(one.start):
            raise InvalidInput("report_not_past", day=one.start.date().isoformat())
    known = storage.report_classes.known_from(tx, course_id, [one.digest for one in read.classes]) if course_id else {}
    classes = tuple(_class(one, own.of(one, read.timezone), name, known.get(one.digest)) for one in read.classes)
    new = [one for one in read.classes if one.digest not in known]
    beside = storage.report_classes.held_meanwhile(tx, course_id, list(map(_span, new))) if course_id else []
    problems = [
        LineProblem(min((stay.line for stay in one.presences), default=1), Problem("report_beside", {"title": title}))
        for one in new
        for title, planned in beside
        if one.start < planned.end and planned.start < one.end
    ]
    return CourseReport(name, classes, tuple(sorted((*read.problems, *problems), key=lambda problem: problem.line)))


def _class(one: ReportedClass, planned: Span, course: str, known: KnownClass | None) -> ImportedClass:
    # What is counted hangs on who was there alone.
    count = take_attendance(_stays(one), (), planned).unique_count
    if known is not None:
        return ImportedClass(known.id, known.title, known.scheduled_start, known.duration_minutes, count, known=True)
    title = plain(one.title, LONGEST_TITLE) or course
    return ImportedClass(None, title, planned.start, minutes_of(planned), count, known=False)


def _store(tx: Transaction, new: HeldClass, found: ReportedClass, now: datetime) -> str:
    """Stores a class with its people, without who was erased; returns its id."""
    class_id = storage.report_classes.add_held(tx, new, now)
    stored = storage.classes.get_class(tx, class_id)
    stays = list(storage.erased.hide(tx, _stays(found), ""))
    said = said_by(tx, new.teacher_id)
    attendance = take_class_attendance(stays, stored, part_of(tx, stored, now), said=said, source=Source.REPORT)
    storage.participants.save_attendance(tx, class_id, attendance, now)
    return class_id


def _span(one: ReportedClass) -> Span:
    return Span(one.start, one.end)


def _stays(one: ReportedClass) -> list[Stay]:
    return [_stay(presence) for presence in one.presences]


def _stay(one: Presence) -> Stay:
    where = Where.WAITING_ROOM if one.waiting else Where.MEETING
    # Two people without a name are two, though they came and went together.
    user_id = "" if one.name or one.email else f"line-{one.line}"
    return Stay(one.name, one.email, one.join, one.leave, one.seconds, where, user_id=user_id)
