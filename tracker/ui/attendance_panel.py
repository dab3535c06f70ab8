"""The attendance on the page of a class: the figures, and all the parts below them in their order."""

from datetime import datetime, timedelta
from html import escape

import streamlit as st

from tracker import auth
from tracker.attendance.counting import is_nameless
from tracker.attendance.register import Known
from tracker.attendance.types import Attendance, ClassStatus, Source
from tracker.courses import StudentsOfClass
from tracker.messages import formats
from tracker.messages.languages import gettext as _
from tracker.messages.languages import ngettext as _n
from tracker.storage.classes import Class
from tracker.storage.members import Member
from tracker.ui import (
    charts,
    correct_panel,
    digest_panel,
    downloads,
    joins_panel,
    live_panel,
    mark_panel,
    matching_panel,
    page,
    people_panel,
    said_panel,
    students_panel,
    why_panel,
    words,
)
from tracker.ui.components import Figure, figures
from tracker.ui.students_panel import EARLY_MINUTES
from tracker.ui.wiring import services

MINUTE = timedelta(minutes=1)


def show(found: Class, attendance: Attendance, member: Member, students: StudentsOfClass | None = None) -> None:
    """Everything about who was there, for `member` to read; `students` are those of its course, where it has any."""
    live = found.status is ClassStatus.LIVE
    here = live_panel.here_now(found) if live else ()
    now_here = live_panel.figures(here, students) if live else []
    figures([*now_here, *_figures(found, attendance, students, live=live)])
    if students is not None:
        _missing(found, students)
    if notes := _notes(found, attendance, member):
        st.markdown("  \n".join(notes))
    if live:
        live_panel.show(found, attendance, here, member, students)
    said_panel.show_suggestions(found, attendance, students.in_class.matches if students is not None else {})
    order = _people(found, attendance, member, students)
    with st.container(key="after-people"):
        correct_panel.show(found, attendance, member)
        said_panel.show(found, attendance, member)
        if not live and students is not None:
            digest_panel.panel(found, students)
        if not live:
            downloads.show(found)
    if attendance.stays and not attendance.without_times:
        with st.container(key="when"):
            st.header(_("When they were there"), anchor=False)
            charts.timeline(found, attendance, order, words.zone())
            charts.show_curve(found, attendance, words.zone())
    with st.expander(_("Every join and leave"), icon=":material/list:", key="joins"):
        joins_panel.show(attendance)
    with st.expander(_("Why this number?"), icon=":material/help:", key="why"):
        why_panel.show(found, attendance, member)


def without_people(found: Class, students: StudentsOfClass, member: Member) -> None:
    """The students of a class of whose people nothing is known: it is to come, was never held, or its list is awaited.

    What can be said by hand can be said already.
    """
    _missing(found, students)
    if not students.in_class.marks:
        return
    if not students_panel.is_to_come(found, services().now()):
        _students(found, students, member, None)
        return
    st.header(_("Students"), anchor=False)
    mark_panel.show(found, students)
    number = len(students.of_day)
    expected = _n("{number} student is on the list", "{number} students are on the list", number)
    with st.expander(expected, icon=":material/group:", key="expected"):
        students_panel.show(found, students, member)


def without_students(found: Class, member: Member) -> None:
    """What a list of students would be good for, for whoever may give the course one."""
    if found.course_id is not None and auth.is_in_charge(member, found):
        told = _("Give the course a list of students, and this page says who was missing.")
        st.html(
            f"<p class='quiet-line'><a href='course?id={escape(found.course_id)}' target='_self'>{escape(told)}</a></p>"
        )


def _missing(found: Class, students: StudentsOfClass) -> None:
    """Who was missing, or why nobody can be said to have been."""
    if said := students_panel.state(found, students, services().now()):
        st.markdown(said)
    mark_panel.absent(found, students)
    matching_panel.ask(found, students)


def _people(found: Class, attendance: Attendance, member: Member, students: StudentsOfClass | None) -> str:
    """Everybody: the students first, where there are any; returns the order of the list of people."""
    if students is None or students.known is Known.NAMES_REMOVED:
        st.header(_("People so far") if attendance.until else _("People"), anchor=False)
        return people_panel.show(attendance)
    if attendance.until is None:
        _students(found, students, member, attendance)
        people_panel.beside_students(attendance, students.in_class.guests)
        if said := students_panel.of_other_days(students):
            st.caption(said)
        return people_panel.NAME
    mark_panel.show(found, students)
    matching_panel.show(found, students, attendance)
    st.header(_("People so far"), anchor=False)
    return people_panel.show(attendance)


def _students(found: Class, students: StudentsOfClass, member: Member, attendance: Attendance | None) -> None:
    """The list of students, and below it what can be said of them."""
    st.header(_("Students"), anchor=False)
    students_panel.show(found, students, member)
    if students.may_match:
        register = _("The register of this course")
        st.page_link(
            page.COURSE, label=register, icon=":material/table_chart:", query_params={"id": students.course_id}
        )
    mark_panel.show(found, students)
    matching_panel.show(found, students, attendance)


def _figures(found: Class, attendance: Attendance, students: StudentsOfClass | None, *, live: bool) -> list[Figure]:
    """What a teacher asks for first: of the students, where there is a list of them, and of the people who came."""
    people, hosts = attendance.participants, len(attendance.hosts)
    lesson = sum(part.seconds for part in attendance.lesson)
    average = Figure(_("Average in class"), formats.DASH)
    if people and lesson:
        mean = sum(person.seconds_in_class for person in people) / len(people)
        share = _("{percent} of the class", percent=formats.percent(100 * mean / lesson))
        average = Figure(_("Average in class"), formats.length(mean), share)
    late, early = (sum(marks) for marks in ((one.late for one in people), (one.left_early for one in people)))
    name, of_hosts = _("People so far") if live else _("People"), ""
    if hosts and not live:
        of_hosts = _n("and the host", "and {number} hosts", hosts)
    if students is not None and students.known is Known.COUNTED:
        if guests := len(students.in_class.guests):
            of_guests = _n("{number} guest", "{number} guests", guests)
            of_hosts = f"{of_guests}, {of_hosts}" if of_hosts else of_guests
        return [*students_panel.figures(found, students), Figure(name, formats.number(len(people)), of_hosts), average]
    seen = [students_panel.seen(students)] if students is not None and students.in_class.marks and not live else []
    unknown = attendance.without_times
    return [
        *seen,
        Figure(name, formats.number(len(people)), of_hosts),
        Figure(
            _("Came late"),
            formats.DASH if unknown else formats.number(late),
            students_panel.limit(found.rules.late_after) if late else "",
        ),
        Figure(
            _("Left early"),
            formats.DASH if unknown else formats.number(early),
            students_panel.limit(EARLY_MINUTES) if early else "",
        ),
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
