"""The attendance on the page of a class: the figures, and all the parts below them in their order."""

from datetime import datetime, timedelta

import streamlit as st

from tracker.attendance.counting import is_nameless
from tracker.attendance.types import Attendance, ClassStatus, Source
from tracker.messages import formats
from tracker.messages.languages import gettext as _
from tracker.messages.languages import ngettext as _n
from tracker.storage.classes import Class
from tracker.storage.members import Member
from tracker.ui import (
    charts,
    correct_panel,
    downloads,
    joins_panel,
    live_panel,
    people_panel,
    said_panel,
    why_panel,
    words,
)
from tracker.ui.components import Figure, figures

MINUTE = timedelta(minutes=1)


def show(found: Class, attendance: Attendance, member: Member) -> None:
    """Everything about who was there, for `member` to read."""
    live = found.status is ClassStatus.LIVE
    here = live_panel.here_now(found) if live else ()
    figures([*([live_panel.figure(here)] if live else []), *_figures(attendance, live=live)])
    if notes := _notes(found, attendance, member):
        st.markdown("  \n".join(notes))
    if live:
        live_panel.show(found, attendance, here, member)
    said_panel.show_suggestions(found, attendance)
    st.header(_("People so far") if live else _("People"), anchor=False)
    order = people_panel.show(attendance)
    with st.container(key="after-people"):
        correct_panel.show(found, attendance, member)
        said_panel.show(found, attendance, member)
        if not live:
            downloads.show(found)
    if attendance.stays:
        with st.container(key="when"):
            st.header(_("When they were there"), anchor=False)
            charts.timeline(found, attendance, order, words.zone())
            charts.show_curve(found, attendance, words.zone())
    with st.expander(_("Every join and leave"), icon=":material/list:", key="joins"):
        joins_panel.show(attendance)
    with st.expander(_("Why this number?"), icon=":material/help:", key="why"):
        why_panel.show(found, attendance, member)


def _figures(attendance: Attendance, *, live: bool) -> list[Figure]:
    """What a teacher asks for first: of the people who came, without the hosts."""
    people, hosts = attendance.participants, len(attendance.hosts)
    lesson = sum(part.seconds for part in attendance.lesson)
    average = Figure(_("Average in class"), formats.DASH)
    if people and lesson:
        mean = sum(person.seconds_in_class for person in people) / len(people)
        share = _("{percent} of the class", percent=formats.percent(100 * mean / lesson))
        average = Figure(_("Average in class"), formats.length(mean), share)
    late, early = (sum(marks) for marks in ((one.late for one in people), (one.left_early for one in people)))
    limit = _("by more than 5 minutes")
    return [
        Figure(
            _("People so far") if live else _("People"),
            formats.number(len(people)),
            _n("and the host", "and {number} hosts", hosts) if hosts and not live else "",
        ),
        Figure(_("Came late"), formats.number(late), limit if late else ""),
        Figure(_("Left early"), formats.number(early), limit if early else ""),
        average,
    ]


def _notes(found: Class, attendance: Attendance, member: Member) -> list[str]:
    """What has to be known about the figures, in Markdown, a few words each."""
    notes = [_times_held(found, attendance), *_of_the_figure(found, attendance, member)]
    if attendance.source is Source.SEEN and found.status is not ClassStatus.LIVE:
        notes.append(_("These figures are of what was seen live, not of Zoom's own list."))
        if len(attendance.people) == 1:
            notes.append(
                _("Of a meeting with one participant Zoom has a list only if “Show one person meetings” is on there.")
            )
    if any(person.untimed for person in attendance.people):
        notes.append(
            _("Of some people only the minutes are known. Whether they came late or left early, nobody can tell.")
        )
    keys = [key for person in (*attendance.people, *attendance.set_aside) for key in person.keys]
    if keys and all(map(is_nameless, keys)):
        notes.append(
            _(
                "Zoom has withheld all names and e-mails of this class, as it does for accounts with a HIPAA "
                "agreement. Who dropped out and came back may count twice."
            )
        )
    if words.is_elsewhere(found):
        zone = words.zone_name(words.viewer_zone())
        theirs = words.zone_name(found.timezone)
        notes.append(
            _("Times on this page are those of {zone}, in the files those of {other}.", zone=zone, other=theirs)
        )
    return [note for note in notes if note]


def _times_held(found: Class, attendance: Attendance) -> str:
    """When the class was held, where that is another time than planned, and when it was restarted."""
    zone, sessions = words.zone(), attendance.sessions
    if not sessions:
        return ""
    starts = [session.start.astimezone(zone) for session in sessions]
    again = [formats.time(start) for start in starts[1:]]
    restarted = (
        _n(
            "Restarted once at {times}.",
            "Restarted {number} times, at {times}.",
            len(again),
            times=formats.listed(again),
        )
        if again
        else ""
    )
    if found.status is ClassStatus.LIVE:
        return restarted
    held = formats.listed(
        [
            _span(start, session.end.astimezone(zone))
            for start, session in zip(starts, sessions, strict=True)
            if session.end
        ]
    )
    if not held:
        return restarted
    planned = found.planned.start.astimezone(zone)
    if not attendance.at_another_time:
        told = _("Held {times}.", times=held)
    elif starts[0].date() == planned.date():
        told = _("Planned {planned}, held {times}.", planned=formats.time(planned), times=held)
    else:
        told = _(
            "Planned {planned}, held on {day}, {times}.",
            planned=formats.time(planned),
            day=formats.day(starts[0]),
            times=held,
        )
    return f"{told} {restarted}".strip()


def _span(start: datetime, end: datetime) -> str:
    """From when until when; with seconds where it is less than a minute."""
    if formats.time(start) != formats.time(end) or end - start > MINUTE:
        return formats.times(start, end)
    return f"{formats.time(start, seconds=True)}{formats.DASH}{formats.time(end, seconds=True)}"


def _of_the_figure(found: Class, attendance: Attendance, member: Member) -> list[str]:
    """How the number of people differs from that of Zoom's list, in Markdown, and who is not in it."""
    notes = []
    if by_word := _by_word(found, attendance, member):
        number = attendance.unique_count
        by_rule = {
            Source.ZOOM: _n("{number} person by Zoom's list.", "{number} people by Zoom's list.", number),
            Source.SEEN: _n("{number} person seen live.", "{number} people seen live.", number),
            Source.REPORT: _n("{number} person by the report.", "{number} people by the report.", number),
        }[attendance.source]
        notes.append(" ".join([by_rule, *by_word]))
    if hosts := attendance.hosts:
        names = words.listed([person.name for person in hosts])
        notes.append(
            _n(
                "The host is not counted: {names}.",
                "The {number} hosts are not counted: {names}.",
                len(hosts),
                names=names,
            )
        )
    if outside := sum(person.outside for person in attendance.participants):
        notes.append(
            _n(
                "{number} of the people was there only before or after class.",
                "{number} of the people were there only before or after class.",
                outside,
            )
        )
    return notes


def _by_word(found: Class, attendance: Attendance, member: Member) -> list[str]:
    """What a teacher's word has changed of the number of people, in Markdown."""
    joined, aside = why_panel.joined_away(attendance), len(attendance.set_aside)
    mine, teacher = words.is_owner(found, member), words.markdown(found.teacher_name, 60)
    told = []
    if joined and mine:
        told.append(
            _n(
                "You said that {number} is the same person as another.",
                "You said that {number} are the same people as others.",
                joined,
            )
        )
    elif joined:
        told.append(
            _n(
                "{teacher} said that {number} is the same person as another.",
                "{teacher} said that {number} are the same people as others.",
                joined,
                teacher=teacher,
            )
        )
    if aside and mine:
        told.append(_n("You set {number} person aside.", "You set {number} people aside.", aside))
    elif aside:
        told.append(
            _n("{teacher} set {number} person aside.", "{teacher} set {number} people aside.", aside, teacher=teacher)
        )
    return told
