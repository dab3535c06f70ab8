"""The attendance on the page of a class: the figures, and all the parts below them in their order."""

import streamlit as st

from tracker import class_attendance, clock, report
from tracker.attendance.counting import is_nameless
from tracker.attendance.types import Attendance, ClassStatus, Source
from tracker.messages import people_in_words, with_hosts
from tracker.storage.classes import Class
from tracker.storage.members import Member
from tracker.ui import charts, downloads, people_panel, said_panel, why_panel, words
from tracker.ui.page import read
from tracker.ui.wiring import services

NAMES_WITHHELD = (
    "Zoom has withheld all names and e-mails of this class, as it does for accounts with a HIPAA agreement. Each "
    "joining is a person of its own here, told apart by Zoom's ids: who dropped out and came back may count twice."
)

ONE_PERSON = (
    "Of a meeting with one participant Zoom has a list only if the account setting “Show one person meetings” is on."
)


def show(found: Class, attendance: Attendance, member: Member) -> None:
    """Everything about who was there, for `member` to read."""
    zone = clock.zone(found.timezone)
    live = found.status is ClassStatus.LIVE
    _notes(found, attendance)
    if live:
        _in_class_now(found)
    _figures(found, attendance, member)
    said_panel.show(found, attendance, member)
    tables = {shape: table(attendance, zone) for shape, table in report.TABLES.items()}
    st.subheader("People so far" if live else "People", anchor=False)
    people_panel.show(found, attendance, tables["people"], member)
    if not live:
        downloads.show(found)
    if attendance.stays:
        st.subheader("When they were there", anchor=False)
        charts.timeline(found, attendance)
        charts.show_curve(found, attendance)
    with st.expander("All stays as a table"):
        charts.show_table(tables["stays"], "Every stay that is known", until=attendance.until)
    with st.expander("Why this number?"):
        why_panel.show(found, attendance, member)


def _notes(found: Class, attendance: Attendance) -> None:
    """When it was held, and what has to be known about the figures."""
    zone = clock.zone(found.timezone)
    held = [
        f"{session.start.astimezone(zone):%H:%M}–{session.end.astimezone(zone):%H:%M}"
        for session in attendance.sessions
        if session.end
    ]
    if held and attendance.at_another_time and found.status is not ClassStatus.LIVE:
        planned, start = found.planned.start.astimezone(zone), attendance.sessions[0].start.astimezone(zone)
        other_day = f" on {start:%a} {start.day} {start:%b %Y}" if start.date() != planned.date() else ""
        times = f"{' and '.join(held)}{other_day}"
        st.info(f"Planned {planned:%H:%M}, held {times}.", icon=":material/info:")
    elif held:
        st.markdown(f"Held {' and '.join(held)}" + (", with a break in between." if len(held) > 1 else "."))
    if attendance.source is Source.SEEN and found.status is not ClassStatus.LIVE:
        text = "These figures are from the joins and leaves that were seen live, not from Zoom's own list."
        st.info(f"{text} {ONE_PERSON}" if len(attendance.people) == 1 else text, icon=":material/visibility:")
    keys = [key for person in (*attendance.people, *attendance.set_aside) for key in person.keys]
    if keys and all(map(is_nameless, keys)):
        st.info(NAMES_WITHHELD, icon=":material/visibility_off:")


def _in_class_now(found: Class) -> None:
    here = read(class_attendance.people_in_class_now, found, services().now())
    st.subheader(f"In class now: {words.in_class_now(here)}", anchor=False)
    st.markdown(words.here(here, len(here)))


def _figures(found: Class, attendance: Attendance, member: Member) -> None:
    lesson = sum(part.seconds for part in attendance.lesson)
    late = sum(person.late for person in attendance.participants)
    early = sum(person.left_early for person in attendance.participants)
    hosts = len(attendance.hosts)
    with st.container(horizontal=True):
        st.metric(
            "People",
            len(attendance.participants),
            delta=with_hosts("", hosts).strip() or None,
            delta_color="off",
            delta_arrow="off",
            border=True,
            width=135 if hosts else 115,
        )
        st.metric("Came late", late, border=True, width=135, help="More than five minutes after the lesson began.")
        st.metric("Left early", early, border=True, width=135, help="More than five minutes before the lesson's end.")
        st.metric(
            "Lesson",
            words.length(lesson) if lesson else "–",
            border=True,
            width=200,
            help="All the time that the meeting ran; it was not held in the planned time. Percentages are of this."
            if attendance.at_another_time
            else "The planned time, as far as the meeting ran in it. Percentages are of this.",
        )
        records_help = "Every joining of everybody; one person may have several."
        st.metric("Records", attendance.total_records, border=True, width=115, help=records_help)
    if hosts and not attendance.participants:
        st.markdown(f"**{people_in_words(0, hosts)}.**")
    if told := _of_the_figure(found, attendance, member):
        st.caption(told)


def _of_the_figure(found: Class, attendance: Attendance, member: Member) -> str:
    """What has to be known of the number of people, in Markdown: how it differs from Zoom's records, and who is in it.

    Nothing where it is everybody by the counting rule.
    """
    parts = []
    if len(attendance.participants) != attendance.unique_count:
        joined, aside = why_panel.joined_away(attendance), len(attendance.set_aside)
        said = [f"joined {joined} with others"] * bool(joined) + [f"set {aside} aside"] * bool(aside)
        by = "Zoom's records" if attendance.source is Source.ZOOM else "what was seen live"
        parts.append(f"{attendance.unique_count} by {by}")
        if said:
            parts.append(f"{words.who_has(found, member, inside=True)} {' and '.join(said)}")
    if attendance.hosts:
        are = "the host is" if len(attendance.hosts) == 1 else f"the {len(attendance.hosts)} hosts are"
        parts.append(f"{are} not counted ({words.listed([person.name for person in attendance.hosts])})")
    if outside := sum(person.outside for person in attendance.participants):
        parts.append(f"{outside} of them only before or after class")
    return f"{'; '.join(parts)}." if parts else ""
