"""A class that runs, on its page: who is in it now, who has left, and who is not here yet."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from html import escape

import streamlit as st

from tracker import class_attendance
from tracker.attendance.register import StudentMark
from tracker.attendance.types import Attendance, Person
from tracker.courses import StudentsOfClass
from tracker.messages import formats
from tracker.messages.languages import gettext as _
from tracker.messages.languages import ngettext as _n
from tracker.messages.vocabulary import HEADINGS, NO_NAME
from tracker.storage.classes import Class
from tracker.storage.members import Member
from tracker.text import plain
from tracker.ui import components, words
from tracker.ui.components import Cell, Column, Figure, Html
from tracker.ui.page import read
from tracker.ui.people_panel import LONGEST_NAME, MOST_WITHOUT_BOX, host_mark, of_one_day, status_mark, time_of
from tracker.ui.students_panel import student_link
from tracker.ui.wiring import services


def here_now(found: Class) -> tuple[Person, ...]:
    """Who is in class at this moment, by name."""
    here: tuple[Person, ...] = read(class_attendance.people_in_class_now, found, services().now())
    return here


def figures(here: Sequence[Person], students: StudentsOfClass | None) -> list[Figure]:
    """How many are in class now, the hosts apart; of the students of its course first, where it has any."""
    hosts = sum(person.is_host for person in here)
    note = _n("and the host", "and {number} hosts", hosts) if hosts else ""
    found = [Figure(_("In class now"), formats.number(len(here) - hosts), note)]
    if students is not None:
        there = {one.id for person in here for one in students.students_of(person)}
        of_day = sum(one.id in there for one in students.of_day)
        found.insert(0, Figure(_("Students here now"), words.out_of(of_day, len(students.of_day))))
    return found


def show(
    found: Class, attendance: Attendance, here: Sequence[Person], viewer: Member, students: StudentsOfClass | None
) -> None:
    """Who is here since when; who was and is not; and who is not here yet.

    That is who of the course's students is not, and where it has no list of them, who came to its last class.
    """
    present = {key for person in here for key in person.keys}
    gone = [person for person in attendance.people if present.isdisjoint(person.keys)]
    since = {person: min((stay.join for stay in person.stays if stay.join), default=None) for person in here}
    left = {person: person.last_leave for person in gone}
    moments = [*since.values(), *left.values()]
    zone, one_day = words.zone(), of_one_day(moments, words.zone())
    back = {one.id for person in here for one in (students.students_of(person) if students else ())}

    def rows(times: Mapping[Person, datetime | None], but: Collection[str] = ()) -> list[list[Cell]]:
        names = [(place, name, at) for person, at in times.items() for place, name in _names(person, students, but)]
        return [
            [name, time_of(at, zone, one_day=one_day)] for _place, name, at in sorted(names, key=lambda one: one[0])
        ]

    name = Column(_(HEADINGS["Name"]))
    lists: list[tuple[str, list[Column], list[list[Cell]], str]] = [
        (
            _("In class now"),
            [name, Column(_("Since"), numbers=True)],
            rows(since),
            _("Nobody is in the meeting at this moment."),
        )
    ]
    # Who is here on one of two devices has not left on the other one.
    if have_left := rows(left, back):
        lists.append((_("Have left"), [name, Column(_("At"), numbers=True)], have_left, ""))
    if students is not None:
        # What a teacher asks first comes first on a phone too.
        lists.insert(0, (_("Not here yet"), [name], _not_here_yet(students), _("Every student has been here.")))
    elif awaited := read(class_attendance.not_here_yet, viewer, found, attendance, services().now()):
        came_last = [Column(_("In the last class of this course"))]
        lists.append((_("Not here yet"), came_last, [[_name(person)] for person in awaited], ""))
    for place, (heading, columns, people, nobody) in zip(st.columns(len(lists)), lists, strict=True):
        with place:
            st.header(heading, anchor=False)
            if people:
                components.table(heading, columns, people, box=len(people) > MOST_WITHOUT_BOX)
            else:
                st.markdown(nobody)


def _names(person: Person, students: StudentsOfClass | None, but: Collection[str]) -> list[tuple[int, Html]]:
    """As whom a person is listed, and where: as students by surname, then as a guest, then as a host.

    A shared device is several students; those of `but` are left out.
    """
    if students is None:
        return [(0, _name(person))]
    of = students.students_of(person)
    if not of:
        return [(len(students.roster) + person.is_host, _name(person, guest=not person.is_host))]
    places = {one.id: place for place, one in enumerate(students.roster)}
    host = f" {host_mark().text}" if person.is_host else ""
    return [(places[one.id], Html(student_link(students, one) + host)) for one in of if one.id not in but]


def _not_here_yet(students: StudentsOfClass) -> list[list[Cell]]:
    """The students who were not seen; last, with what was said of them by hand, of whom somebody has said something."""
    missing = [one for one in students.of_day if not students.mark(one).people]
    missing.sort(key=lambda one: students.mark(one).by_hand is not None)

    def told(mark: StudentMark) -> str:
        return f" {status_mark(mark.status).text}" if mark.by_hand else ""

    return [[Html(student_link(students, one) + told(students.mark(one)))] for one in missing]


def _name(person: Person, *, guest: bool = False) -> Html:
    name = f"<bdi>{escape(plain(person.name, LONGEST_NAME) or _(NO_NAME))}</bdi>"
    if guest:
        return Html(f"{name} <span class='quiet'>{escape(_('guest'))}</span>")
    return Html(f"{name} {host_mark().text}" if person.is_host else name)
