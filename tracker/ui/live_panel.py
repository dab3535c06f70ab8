"""A class that runs, on its page: who is in it now, who has left, and who is not here yet."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape

import streamlit as st

from tracker import class_attendance
from tracker.attendance.types import Attendance, Person
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
from tracker.ui.people_panel import LONGEST_NAME, MOST_WITHOUT_BOX, host_mark, of_one_day, time_of
from tracker.ui.wiring import services


def here_now(found: Class) -> tuple[Person, ...]:
    """Who is in class at this moment, by name."""
    here: tuple[Person, ...] = read(class_attendance.people_in_class_now, found, services().now())
    return here


def figure(here: Sequence[Person]) -> Figure:
    """How many are in class now, the hosts apart."""
    hosts = sum(person.is_host for person in here)
    note = _n("and the host", "and {number} hosts", hosts) if hosts else ""
    return Figure(_("In class now"), formats.number(len(here) - hosts), note)


def show(found: Class, attendance: Attendance, here: Sequence[Person], viewer: Member) -> None:
    """Who is here since when; who was and is not; and who came to the course's last class and is not here yet."""
    present = {key for person in here for key in person.keys}
    gone = [person for person in attendance.people if present.isdisjoint(person.keys)]
    awaited = read(class_attendance.not_here_yet, viewer, found, attendance, services().now())
    since = {person: min((stay.join for stay in person.stays if stay.join), default=None) for person in here}
    moments = [*since.values(), *(person.last_leave for person in gone)]
    zone, one_day = words.zone(), of_one_day(moments, words.zone())

    def rows(times: Mapping[Person, datetime | None]) -> list[list[Cell]]:
        return [[_name(person), time_of(at, zone, one_day=one_day)] for person, at in times.items()]

    name = Column(_(HEADINGS["Name"]))
    lists: list[tuple[str, list[Column], list[list[Cell]]]] = [
        (_("In class now"), [name, Column(_("Since"), numbers=True)], rows(since))
    ]
    if gone:
        left = {person: person.last_leave for person in gone}
        lists.append((_("Have left"), [name, Column(_("At"), numbers=True)], rows(left)))
    if awaited:
        came_last = [Column(_("In the last class of this course"))]
        lists.append((_("Not here yet"), came_last, [[_name(person)] for person in awaited]))
    for place, (heading, columns, people) in zip(st.columns(len(lists)), lists, strict=True):
        with place:
            st.header(heading, anchor=False)
            if people:
                components.table(heading, columns, people, box=len(people) > MOST_WITHOUT_BOX)
            else:
                st.markdown(_("Nobody is in the meeting at this moment."))


def _name(person: Person) -> Html:
    name = f"<bdi>{escape(plain(person.name, LONGEST_NAME) or _(NO_NAME))}</bdi>"
    return Html(f"{name} {host_mark().text}" if person.is_host else name)
