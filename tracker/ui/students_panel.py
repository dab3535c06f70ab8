"""The students of a course on the page of one of its classes: who was missing, and what each of them was in it."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from html import escape
from zoneinfo import ZoneInfo

import streamlit as st

from tracker.attendance.matching import Enrolled, Match, Why
from tracker.attendance.register import Known, StudentMark
from tracker.attendance.statuses import EARLY
from tracker.attendance.types import LATE, LEFT_EARLY, ClassStatus, Person, Status
from tracker.courses import StudentsOfClass
from tracker.messages import formats
from tracker.messages.languages import gettext as _
from tracker.messages.languages import ngettext as _n
from tracker.messages.vocabulary import HEADINGS, STATUSES, WHY_STUDENT
from tracker.storage.classes import Class
from tracker.storage.members import Member
from tracker.text import compared_name, fold_name
from tracker.ui import components, words
from tracker.ui.components import Cell, Column, Figure, Html
from tracker.ui.people_panel import (
    LONGEST_NAME,
    MOST_WITHOUT_BOX,
    minutes,
    of_one_day,
    status_mark,
    time_of,
)
from tracker.ui.words import plain

EARLY_MINUTES = EARLY // timedelta(minutes=1)
# What can be asked for above the list, and whom it shows: by the statuses that they have.
ALL = "all"
SHOWN: dict[str, frozenset[Status]] = {
    Status.ABSENT: frozenset({Status.ABSENT}),
    Status.EXCUSED: frozenset({Status.EXCUSED}),
    Status.LATE: LATE,
    Status.LEFT_EARLY: LEFT_EARLY,
    Status.PARTLY: frozenset({Status.PARTLY}),
    Status.PRESENT: frozenset({Status.PRESENT}),
}


def name_of(students: StudentsOfClass, one: Enrolled) -> str:
    """What a student is called, as plain text; where two have the same name, with what tells them apart."""
    name = plain(one.student.name, LONGEST_NAME)
    own = _told_apart_by(students, one)
    return f"{name} ({own})" if own else name


def figures(found: Class, students: StudentsOfClass) -> list[Figure]:
    """How many of the students came, who was missing, who came late, who left early."""
    in_class, late_after = students.in_class, found.rules.late_after
    excused, partly = in_class.count(Status.EXCUSED), in_class.count(Status.PARTLY)
    late, early = in_class.count(*LATE), in_class.count(*LEFT_EARLY)
    of_all = words.out_of(in_class.came, len(in_class.marks))
    return [
        Figure(_("Students"), of_all, _n("{number} partly", "{number} partly", partly) if partly else ""),
        Figure(
            _("Absent"),
            formats.number(in_class.count(Status.ABSENT)),
            _n("and {number} excused", "and {number} excused", excused) if excused else "",
        ),
        Figure(_("Came late"), formats.number(late), limit(late_after) if late else ""),
        Figure(_("Left early"), formats.number(early), limit(EARLY_MINUTES) if early else ""),
    ]


def seen(students: StudentsOfClass) -> Figure:
    """How many of the students were seen live, while Zoom's list is not there."""
    number = sum(bool(mark.people) for mark in students.in_class.marks.values())
    return Figure(_("Students seen live"), words.out_of(number, len(students.in_class.marks)))


def limit(minutes_after: int) -> str:
    """By how much somebody has to be late to be told so."""
    return _n("by more than {number} minute", "by more than {number} minutes", minutes_after)


def is_to_come(found: Class, now: datetime) -> bool:
    """Whether the class is planned, and its time is not over."""
    return found.status is ClassStatus.SCHEDULED and found.planned.end > now


def state(found: Class, students: StudentsOfClass, now: datetime) -> str:
    """What has to be said of a class that is over where nobody can be called absent: why, until when; in Markdown."""
    if students.known is Known.NAMES_REMOVED:
        return _("The names of this class were removed, so which students were there is not known any more.")
    if students.known is not Known.NOT_YET or found.status is ClassStatus.LIVE or found.planned.end > now:
        return ""
    due = found.fetch.due_at if found.fetch else None
    if due is not None and due > now:
        return _("Who was absent is not known yet: Zoom's list comes {when}.", when=words.moment(due, now))
    return _("Who was absent is not known yet: Zoom's list is not there.")


def of_other_days(students: StudentsOfClass) -> str:
    """Who of the guests is a student of the course on other days only, in Markdown; nothing where it is nobody."""
    some = [one for person in students.in_class.guests for one in students.students_of(person)]
    names = words.listed([name_of(students, one) for one in some])
    return _("Students of this course, but not on this day: {names}.", names=names) if some else ""


def show(found: Class, students: StudentsOfClass, member: Member) -> None:
    """The list of the students, all of them or those that are asked for; on paper it has everybody."""
    if students.known is not Known.COUNTED and not any(students.mark(one).people for one in students.of_day):
        _statuses_alone(students)
        return
    shown = _asked_for(students)
    many = len(students.of_day) > MOST_WITHOUT_BOX
    if many:
        shown = _named(students, shown)
    rows = list(_rows(found, students, member))
    with st.container(key="students-found" if len(shown) < len(rows) else "students-all"):
        wanted = {one.id for one in shown}
        found_rows = [row for one, row in zip(students.of_day, rows, strict=True) if one.id in wanted]
        _table(found_rows, box=len(found_rows) > MOST_WITHOUT_BOX)
    if len(shown) < len(rows):
        with st.container(key="students-on-paper"):
            _table(rows, box=False)


def _asked_for(students: StudentsOfClass) -> Sequence[Enrolled]:
    """The students with the status that is chosen above the list, of those statuses that some have."""
    having = {code: students.having(*statuses) for code, statuses in SHOWN.items()}
    numbers = {ALL: len(students.of_day)} | {code: len(some) for code, some in having.items() if some}
    if len(numbers) < 3:
        return students.of_day
    told = {code: _(STATUSES[code]) if code != ALL else _("all") for code in numbers}
    chosen = st.segmented_control(
        _("Show"),
        list(numbers),
        default=ALL,
        required=True,
        format_func=lambda code: _("{status} ({number})", status=told[code], number=formats.number(numbers[code])),
        key="students-shown",
    )
    return having[chosen] if chosen in having and chosen in numbers else students.of_day


def _named(students: StudentsOfClass, shown: Sequence[Enrolled]) -> Sequence[Enrolled]:
    """Who of these is looked for."""
    wanted = compared_name(st.text_input(_("Find a name"), type="search", live=True, key="find-student"))
    if not wanted:
        return shown
    found = [one for one in shown if wanted in compared_name(f"{one.student.name} {one.student.email}")]
    st.caption(_n("{number} student found", "{number} students found", len(found)))
    return found


def _table(rows: Sequence[Sequence[Cell]], *, box: bool) -> None:
    columns = [
        Column(_(HEADINGS["Name"])),
        Column(_(HEADINGS["Status"])),
        Column(_(HEADINGS["Minutes in class"]), numbers=True),
        Column(_(HEADINGS["Percent"]), numbers=True, look="wide"),
        Column(_("Came"), numbers=True, look="wide"),
        Column(_("Left"), numbers=True, look="wide"),
        Column(_("Recognised"), look="wide quiet"),
    ]
    components.table(_("Students"), columns, rows, look="students", box=box)


def _statuses_alone(students: StudentsOfClass) -> None:
    """The list where nothing but what was said by hand is known."""
    columns = [Column(_(HEADINGS["Name"])), Column(_(HEADINGS["Status"]))]
    rows = [[Html(student_link(students, one)), status(students.mark(one))] for one in students.of_day]
    components.table(_("Students"), columns, rows, look="students", box=len(rows) > MOST_WITHOUT_BOX)


def _rows(found: Class, students: StudentsOfClass, member: Member) -> Iterable[list[Cell]]:
    """A row for each student of the day; on a phone what has no column of its own is below the name."""
    zone = words.zone()
    people = {one.id: [person for person, _why in students.mark(one).people] for one in students.of_day}
    times = {id_: (_first(some), _last(some)) for id_, some in people.items()}
    one_day = of_one_day((moment for both in times.values() for moment in both), zone)
    for one in students.of_day:
        mark = students.mark(one)
        came, left = (time_of(moment, zone, one_day=one_day) for moment in times[one.id])
        share = formats.DASH if mark.percent is None else formats.percent(mark.percent)
        small = _("{came} to {left}, {percent}", came=came, left=left, percent=share) if mark.people else ""
        told = "; ".join(_recognised(one, *of, zone, mine=words.is_owner(found, member)) for of in mark.people)
        yield [
            Html(student_link(students, one) + (f"<span class='narrow quiet'>{escape(small)}</span>" if small else "")),
            status(mark),
            formats.DASH if mark.seconds is None else minutes(mark.seconds),
            share,
            came,
            left,
            told,
        ]


def student_link(students: StudentsOfClass, one: Enrolled) -> str:
    """A student's name as HTML, which leads to her page for whoever may see her course.

    Where two have the same name, with what tells them apart.
    """
    own = _told_apart_by(students, one)
    name = f"<bdi>{escape(plain(one.student.name, LONGEST_NAME))}</bdi>"
    apart = f" <span class='quiet'>{escape(own)}</span>" if own else ""
    if students.may_match:
        name = f"<a href='student?id={escape(one.id)}' target='_self'>{name}</a>"
    return f"{name}{apart}"


def status(mark: StudentMark) -> Html:
    """What a student is in the class, and whether that was said by hand; while it is not known, that she was seen."""
    drawn = status_mark(mark.status)
    if mark.status is Status.NOT_YET_KNOWN and mark.people:
        drawn = components.mark("✓", _("seen live"), "blue")
    if mark.by_hand is None:
        return drawn
    rule, remark = _(STATUSES[mark.by_rule]), plain(mark.remark, 200)
    told = (
        _("by hand, “{remark}”; by the rule: {status}", remark=remark, status=rule)
        if remark
        else _("by hand; by the rule: {status}", status=rule)
    )
    return Html(f"{drawn.text} <span class='quiet said'>{escape(told)}</span>")


def _recognised(one: Enrolled, person: Person, match: Match, zone: ZoneInfo, *, mine: bool) -> str:
    """Why a person is this student, and as whom she joined where that is another name."""
    why = _(WHY_STUDENT[match.why])
    if match.why is Why.CHOICE and match.decided_at is not None:
        day = formats.day(match.decided_at.astimezone(zone), weekday=False, year=False)
        why = _("by your choice on {day}", day=day) if mine else _("chosen by hand on {day}", day=day)
    names = {fold_name(stay.name) for stay in person.stays if stay.name}
    others = sorted(name for name in names if compared_name(name) != compared_name(one.student.name))
    return (
        _("{why}, as {names}", why=why, names=formats.listed([plain(name, 60) for name in others])) if others else why
    )


def _told_apart_by(students: StudentsOfClass, one: Enrolled) -> str:
    """What tells a student from another one of the same name; "" where there is none."""
    student = one.student
    return plain(student.number or student.email or student.group, 60) if one.id in students.namesakes else ""


def _first(people: Iterable[Person]) -> datetime | None:
    return min((person.first_join for person in people if person.first_join), default=None)


def _last(people: Iterable[Person]) -> datetime | None:
    return max((person.last_leave for person in people if person.last_leave), default=None)
