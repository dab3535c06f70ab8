"""“Why this number?” on the page of a class: the way from Zoom's list to the figures, and the joins of one person."""

import streamlit as st

from tracker import class_attendance
from tracker.attendance.counting import is_nameless
from tracker.attendance.statuses import EARLY
from tracker.attendance.types import Attendance, Person, Source
from tracker.messages import formats, people_in_words
from tracker.messages.languages import gettext as _
from tracker.messages.languages import ngettext as _n
from tracker.storage.classes import Class
from tracker.storage.members import Member
from tracker.text import fold_name
from tracker.ui import joins_panel, words
from tracker.ui.page import read
from tracker.ui.wiring import services


def show(found: Class, attendance: Attendance, member: Member) -> None:
    """From Zoom's list to the number of people and their minutes, step by step, and the joins of one person."""
    steps = [*_by_the_rule(attendance), *_by_the_teacher(found, attendance, member), *_of_time(found, attendance)]
    zooms = [session.zooms_count for session in attendance.sessions]
    counts = [count for count in zooms if count is not None]
    if counts and len(counts) == len(zooms):
        steps.append(_("Zoom's own figure is {number}: it counts every join, not people.", number=sum(counts)))
    st.markdown("\n".join(f"{number}. {step}" for number, step in enumerate(steps, start=1)))
    _snapshots(found)
    _one_person(attendance)


def everybody(attendance: Attendance) -> tuple[Person, ...]:
    """The people of a class, and after them those who are set aside."""
    return (*attendance.people, *attendance.set_aside)


def joined_away(attendance: Attendance) -> int:
    """How many people by the rule a teacher has said to be the same as others."""
    return attendance.unique_count - len(everybody(attendance))


def _by_the_rule(attendance: Attendance) -> list[str]:
    """From every join to the count by the rule."""
    told, waiting = attendance.total_records + attendance.repeats, len(attendance.waiting)
    steps = [
        {
            Source.ZOOM: _n("Zoom's list has **{number} join**.", "Zoom's list has **{number} joins**.", told),
            Source.SEEN: _n("**{number} join** was seen live.", "**{number} joins** were seen live.", told),
            Source.REPORT: _n("The report has **{number} join**.", "The report has **{number} joins**.", told),
        }[attendance.source]
    ]
    if len(attendance.sessions) > 1:
        runs = len(attendance.sessions)
        ran = _n(
            "The meeting ran {number} time, and it counts.",
            "The meeting ran {number} times, and all of them count.",
            runs,
        )
        steps[0] += f" {ran}"
    if attendance.repeats:
        steps.append(
            _n(
                "{number} is in the list twice, and counts once.",
                "{number} are repeats, and do not count.",
                attendance.repeats,
            )
        )
    if waiting:
        steps.append(
            _n(
                "{number} is of the waiting room, and does not count.",
                "{number} are of the waiting room, and do not count.",
                waiting,
            )
        )
    people = people_in_words(attendance.unique_count)
    left = _n(
        "That leaves **{number} join** in the meeting, of **{people}**.",
        "That leaves **{number} joins** in the meeting, of **{people}**.",
        attendance.total_records - waiting,
        people=people,
    )
    steps.append(" ".join([left, *_told_apart(attendance)]))
    return steps


def _told_apart(attendance: Attendance) -> list[str]:
    """By what people were told from each other."""
    keys = [key for person in everybody(attendance) for key in person.keys]
    by_email, by_ids = sum(kind == "email" for kind, _key in keys), sum(map(is_nameless, keys))
    by_name = len(keys) - by_email - by_ids
    told = []
    if by_email:
        told.append(_n("{number} is known by e-mail.", "{number} are known by e-mail.", by_email))
    if by_name:
        told.append(_n("{number} is known by name alone.", "{number} are known by name alone.", by_name))
    if by_ids:
        told.append(
            _n(
                "{number} has no name, and is told apart by Zoom's number.",
                "{number} have no name, and are told apart by Zoom's number.",
                by_ids,
            )
        )
    return told


def _by_the_teacher(found: Class, attendance: Attendance, member: Member) -> list[str]:
    """From the count by the rule to the figure that is shown."""
    steps, mine, teacher = [], words.is_owner(found, member), words.markdown(found.teacher_name, 60)
    if joined := joined_away(attendance):
        left = people_in_words(len(everybody(attendance)))
        steps.append(
            _n(
                "You said that {number} of them is the same as another. That leaves **{people}**.",
                "You said that {number} of them are the same as others. That leaves **{people}**.",
                joined,
                people=left,
            )
            if mine
            else _n(
                "{teacher} said that {number} of them is the same as another. That leaves **{people}**.",
                "{teacher} said that {number} of them are the same as others. That leaves **{people}**.",
                joined,
                teacher=teacher,
                people=left,
            )
        )
    if attendance.set_aside:
        names = words.listed([person.name for person in attendance.set_aside])
        left = people_in_words(len(attendance.people))
        steps.append(
            _("You set aside {names}. That leaves **{people}**.", names=names, people=left)
            if mine
            else _("{teacher} set aside {names}. That leaves **{people}**.", teacher=teacher, names=names, people=left)
        )
    if hosts := attendance.hosts:
        names = words.listed([person.name for person in hosts])
        figure = people_in_words(len(attendance.participants), len(hosts))
        steps.append(
            _n(
                "The host ({names}) is counted apart: **{people}**.",
                "The hosts ({names}) are counted apart: **{people}**.",
                len(hosts),
                names=names,
                people=figure,
            )
        )
    return steps


def _of_time(found: Class, attendance: Attendance) -> list[str]:
    """What minutes, percentages and marks are of."""
    steps = []
    if lesson := sum(part.seconds for part in attendance.lesson):
        lasted = (
            _("The class lasted {length}: all the time that the meeting ran.", length=formats.length(lesson))
            if attendance.at_another_time or attendance.source is Source.REPORT
            else _(
                "The class lasted {length}: the planned time, as far as the meeting ran in it.",
                length=formats.length(lesson),
            )
        )
        steps.append(f"{lasted} {_('Minutes in class and percentages are of this.')}")
        rules = found.rules
        steps.append(
            _(
                "Late is who came more than {late} after it began, and who went more than {early} before its end left "
                "early. Who was there for less than {percent} of it was partly present.",
                late=formats.length(60 * rules.late_after),
                early=formats.length(EARLY.total_seconds()),
                percent=formats.percent(rules.present_from),
            )
        )
    twice = round(sum(person.added_up - person.seconds for person in everybody(attendance)) / 60)
    if twice:
        steps.append(
            _n(
                "{number} minute on two devices was counted once.",
                "{number} minutes on two devices were counted once.",
                twice,
            )
        )
    return steps


def _snapshots(found: Class) -> None:
    """What each reading of Zoom's list gave."""
    now, lines = services().now(), []
    for one in read(class_attendance.snapshots, found):
        joins = _n("{number} join", "{number} joins", one.records)
        when, people = words.moment(one.at, now), people_in_words(one.people)
        lines.append(
            _("Zoom's list was read {when}: {joins}, {people}.", when=when, joins=joins, people=people)
            if one.complete
            else _(
                "Zoom's list was read {when}: {joins}, {people}, not complete yet.",
                when=when,
                joins=joins,
                people=people,
            )
        )
    if lines:
        st.markdown("\n".join(f"- {line}" for line in lines))


def _one_person(attendance: Attendance) -> None:
    """The joins and leaves of one person, whom the teacher chooses."""
    people = everybody(attendance)
    chosen = st.selectbox(
        _("Every join and leave of one person"),
        range(len(people)),
        None,
        format_func=lambda number: _choice(people[number], attendance),
        key="why-person",
        placeholder=_("Choose somebody"),
    )
    if chosen is None:
        return
    person = people[chosen]
    joins, length = len(person.stays), formats.length(person.seconds)
    told = [_n("{number} join, {length} in all.", "{number} joins, {length} in all.", joins, length=length)]
    if person.added_up != person.seconds:
        told.append(_("Added up they would be {length}.", length=formats.length(person.added_up)))
    if names := list(dict.fromkeys(name for stay in person.stays if (name := fold_name(stay.name)) != person.name)):
        told.append(_("Also joined as {names}.", names=words.listed(names)))
    st.markdown(" ".join(told))
    joins_panel.table(list(person.stays), attendance.until, "why-joins-page")


def _choice(person: Person, attendance: Attendance) -> str:
    name = words.name_of(person)
    if person in attendance.set_aside:
        return _("{name}, set aside", name=name)
    return _("{name}, host", name=name) if person.is_host else name
