"""“Why this number?” on the page of a class: the way from Zoom's records to the figure, down to one person's rows."""

import streamlit as st

from tracker import class_attendance, clock, report
from tracker.attendance.counting import is_nameless
from tracker.attendance.types import Attendance, Person, Source
from tracker.messages import people_in_words
from tracker.storage.classes import Class
from tracker.storage.members import Member
from tracker.text import fold_name
from tracker.ui import charts, words
from tracker.ui.page import read
from tracker.ui.wiring import services


def show(found: Class, attendance: Attendance, member: Member) -> None:
    """From Zoom's records to the number of people, step by step, down to the rows of one person."""
    steps = [*_by_the_rule(attendance), *_by_the_teacher(found, attendance, member)]
    twice = sum(person.added_up - person.seconds for person in everybody(attendance))
    steps.append(
        f"Time on two devices at once counts once: adding up the rows would have counted {words.length(twice)} twice."
        if twice
        else "Nobody was there with two devices at once, so no time could be counted twice."
    )
    zooms = [session.zooms_count for session in attendance.sessions]
    counts = [count for count in zooms if count is not None]
    if counts and len(counts) == len(zooms):
        steps.append(f"Zoom's own figure is {sum(counts)}: it counts every joining of each session, not people.")
    st.markdown("\n".join(f"{number}. {step}" for number, step in enumerate(steps, start=1)))
    _snapshots(found)
    _one_person(found, attendance)


def everybody(attendance: Attendance) -> tuple[Person, ...]:
    """The people of a class, and after them those who are set aside."""
    return (*attendance.people, *attendance.set_aside)


def _by_the_rule(attendance: Attendance) -> list[str]:
    """From the records to the count by the rule."""
    meeting = attendance.total_records - len(attendance.waiting)
    sessions = words.count(max(1, len(attendance.sessions)), "session", "sessions")
    told = attendance.total_records + attendance.repeats
    source = "Zoom's list has" if attendance.source is Source.ZOOM else "Seen live were"
    keys = [key for person in everybody(attendance) for key in person.keys]
    by_email, by_ids = sum(kind == "email" for kind, _ in keys), sum(map(is_nameless, keys))
    ids = f", {by_ids} by Zoom's ids alone" if by_ids else ""
    return [
        f"{source} **{words.count(told, 'record', 'records')}** in {sessions}.",
        f"Left out: {words.count(attendance.repeats, 'exact repeat', 'exact repeats')}, "
        f"and {len(attendance.waiting)} from the waiting room.",
        f"That leaves **{words.count(meeting, 'stay', 'stays')}** in the meeting, of "
        f"**{words.people(attendance.unique_count)}**: {by_email} by e-mail, "
        f"{len(keys) - by_email - by_ids} by name{ids}.",
    ]


def _by_the_teacher(found: Class, attendance: Attendance, member: Member) -> list[str]:
    """From the count by the rule to the figure that is shown."""
    steps, who = [], words.who_has(found, member)
    if joined := joined_away(attendance):
        are = "is the same as another" if joined == 1 else "are the same as others"
        left = words.people(len(everybody(attendance)))
        steps.append(f"{who} said that {joined} of them {are}, so they are **{left}**.")
    if attendance.set_aside:
        names = words.listed([person.name for person in attendance.set_aside])
        steps.append(f"{who} set aside {names}, so they are **{words.people(len(attendance.people))}**.")
    if attendance.hosts:
        names = words.listed([person.name for person in attendance.hosts])
        figure = people_in_words(len(attendance.participants), len(attendance.hosts))
        steps.append(f"Hosts are shown apart, here {names}: **{figure}**.")
    return steps


def joined_away(attendance: Attendance) -> int:
    """How many people by the rule a teacher has said to be the same as others."""
    return attendance.unique_count - len(everybody(attendance))


def _snapshots(found: Class) -> None:
    snapshots = read(class_attendance.snapshots, found)
    if snapshots:
        now = services().now()
        lines = [
            f"{words.moment(one.at, now)}: {words.count(one.records, 'record', 'records')}, "
            f"{words.people(one.people)}" + ("" if one.complete else ", not complete")
            for one in snapshots
        ]
        st.markdown("Zoom's list was read " + "; ".join(lines) + ".")


def _one_person(found: Class, attendance: Attendance) -> None:
    """The records of one person, whom the teacher chooses."""
    people = everybody(attendance)
    chosen = st.selectbox(
        "The rows of one person",
        range(len(people)),
        None,
        format_func=lambda number: _choice(people[number], attendance),
        key="why-person",
        placeholder="Choose somebody",
    )
    if chosen is None:
        return
    person = people[chosen]
    zone = clock.zone(found.timezone)
    together = f"{words.length(person.seconds)} in all"
    if person.added_up != person.seconds:
        together += f" ({words.length(person.added_up)} if the rows are added up)"
    st.markdown(f"{words.count(len(person.stays), 'stay', 'stays')}, {together}.{_also(person)}")
    charts.show_table(report.stays_of(person, attendance, zone), "The rows of this person", until=attendance.until)


def _choice(person: Person, attendance: Attendance) -> str:
    mark = ", set aside" if person in attendance.set_aside else ", host" if person.is_host else ""
    return f"{words.name_of(person)}{mark}"


def _also(person: Person) -> str:
    """The other names that somebody has joined with, in Markdown."""
    names = dict.fromkeys(name for stay in person.stays if (name := fold_name(stay.name)) != person.name)
    return f" Also joined as {words.listed(list(names))}." if names else ""
