"""The attendance on the page of a class: figures, people, timeline, how the number came about, who may be the same."""

import streamlit as st

from tracker import class_attendance, clock, report
from tracker.attendance.same_person import likely_same
from tracker.attendance.types import Attendance, ClassStatus, Person, PersonKey, Source
from tracker.messages import sentence
from tracker.storage.classes import Class
from tracker.storage.decisions import Decision
from tracker.ui import charts, downloads, words
from tracker.ui.page import read
from tracker.ui.wiring import services

MOST_SUGGESTIONS = 10


def show(found: Class, attendance: Attendance) -> None:
    """Everything about who was there."""
    zone = clock.zone(found.timezone)
    live = found.status is ClassStatus.LIVE
    _notes(found, attendance)
    if live:
        _in_class_now(found)
    _figures(attendance)
    _same_people(found, attendance)
    tables = {shape: table(attendance, zone) for shape, table in report.TABLES.items()}
    st.subheader("People so far" if live else "People", anchor=False)
    charts.show_table(tables["people"], "Everybody who was in the class", until=attendance.until)
    if not live:
        downloads.show(found, tables)
    if attendance.stays:
        st.subheader("When they were there", anchor=False)
        charts.timeline(found, attendance)
        charts.show_curve(found, attendance)
    with st.expander("All stays as a table"):
        charts.show_table(tables["stays"], "Every stay that is known", until=attendance.until)
    with st.expander("Why this number?"):
        _why(found, attendance)


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
        st.info(text, icon=":material/visibility:")


def _in_class_now(found: Class) -> None:
    here = read(class_attendance.people_in_class_now, found, services().now())
    st.subheader(f"In class now: {len(here)}", anchor=False)
    st.markdown(words.here(found, here, len(here)))


def _figures(attendance: Attendance) -> None:
    lesson = sum(part.seconds for part in attendance.lesson)
    late = sum(person.late for person in attendance.people)
    early = sum(person.left_early for person in attendance.people)
    joined = len(attendance.people) != attendance.unique_count
    with st.container(horizontal=True):
        st.metric(
            "People",
            len(attendance.people),
            delta=f"{attendance.unique_count} by the rule" if joined else None,
            delta_color="off",
            delta_arrow="off",
            border=True,
            width=140 if joined else 115,
            help="Zoom's records tell them apart by e-mail or name; you have said that some are the same person."
            if joined
            else None,
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


def _why(found: Class, attendance: Attendance) -> None:
    """From Zoom's records to the number of people, step by step, down to the rows of one person."""
    meeting = attendance.total_records - len(attendance.waiting)
    sessions = words.count(max(1, len(attendance.sessions)), "session", "sessions")
    told = attendance.total_records + attendance.repeats
    source = "Zoom's list has" if attendance.source is Source.ZOOM else "Seen live were"
    by_email = len({key for person in attendance.people for key in person.keys if key[0] == "email"})
    steps = [
        f"{source} **{words.count(told, 'record', 'records')}** in {sessions}.",
        f"Set aside: {words.count(attendance.repeats, 'exact repeat', 'exact repeats')}, "
        f"and {len(attendance.waiting)} from the waiting room.",
        f"That leaves **{words.count(meeting, 'stay', 'stays')}** in the meeting, of "
        f"**{words.people(attendance.unique_count)}**: {by_email} by e-mail, "
        f"{attendance.unique_count - by_email} by name.",
    ]
    if len(attendance.people) != attendance.unique_count:
        steps.append(f"You have said that some are the same, so they are **{words.people(len(attendance.people))}**.")
    twice = sum(person.added_up - person.seconds for person in attendance.people)
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


def _snapshots(found: Class) -> None:
    snapshots = read(class_attendance.snapshots, found)
    if snapshots:
        now = services().now()
        lines = [
            f"{words.moment(found, one.at, now)}: {words.count(one.records, 'record', 'records')}, "
            f"{words.people(one.people)}" + ("" if one.complete else ", not complete")
            for one in snapshots
        ]
        st.markdown("Zoom's list was read " + "; ".join(lines) + ".")


def _one_person(found: Class, attendance: Attendance) -> None:
    """The records of one person, whom the teacher chooses."""
    chosen = st.selectbox(
        "The rows of one person",
        range(len(attendance.people)),
        None,
        format_func=lambda number: _name(attendance.people[number]),
        key="why-person",
        placeholder="Choose somebody",
    )
    if chosen is None:
        return
    person = attendance.people[chosen]
    zone = clock.zone(found.timezone)
    together = f"{words.length(person.seconds)} in all"
    if person.added_up != person.seconds:
        together += f" ({words.length(person.added_up)} if the rows are added up)"
    st.markdown(f"{words.count(len(person.stays), 'stay', 'stays')}, {together}.")
    charts.show_table(report.stays_of(person, attendance, zone), "The rows of this person", until=attendance.until)


def _same_people(found: Class, attendance: Attendance) -> None:
    """Who may be one person under two names, for the teacher to decide; and her earlier decisions."""
    decisions = read(class_attendance.decisions, found)
    decided = {frozenset((decision.first, decision.second)) for decision in decisions}
    open_pairs = [
        suggestion
        for suggestion in likely_same(attendance.people)
        if not any(frozenset((a, b)) in decided for a in suggestion.first.keys for b in suggestion.second.keys)
    ]
    if not open_pairs and not decisions:
        return
    suggestions = words.count(len(open_pairs), "suggestion", "suggestions")
    label = f"The same person? {suggestions}" if open_pairs else "Who is the same person"
    with st.expander(label, icon=":material/group:"):
        for number, suggestion in enumerate(open_pairs[:MOST_SUGGESTIONS]):
            why = sentence(suggestion.why)
            st.markdown(f"**{_shown(suggestion.first)}** and **{_shown(suggestion.second)}**: {why}.")
            pair = suggestion.first.keys[0], suggestion.second.keys[0]
            with st.container(horizontal=True):
                for name, same in (("The same person", True), ("Two people", False)):
                    if st.button(name, key=f"same-{number}-{same}"):
                        _decide(found, Decision(*pair, same))
        if decisions:
            st.caption("What you have said, for all your classes")
        for number, decision in enumerate(decisions):
            verb = "the same person" if decision.same else "two people"
            with st.container(horizontal=True, vertical_alignment="center"):
                text = f"{_key(decision.first)} and {_key(decision.second)}: {verb}"
                st.markdown(text, width="content")
                if st.button("Undo", key=f"undo-{number}"):
                    class_attendance.undo_decision(services(), found, decision)
                    st.rerun()


def _decide(found: Class, decision: Decision) -> None:
    class_attendance.decide(services(), found, decision)
    st.rerun()


def _name(person: Person) -> str:
    name = words.plain(person.name, 60) or report.NO_NAME
    return f"{name} ({words.plain(person.email, 60)})" if person.email else name


def _shown(person: Person) -> str:
    return words.markdown(_name(person), 140)


def _key(key: PersonKey) -> str:
    return words.markdown(key[1], 60)
