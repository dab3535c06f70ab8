"""Earlier classes of a course from reports of Zoom's and Teams': chosen, understood, and taken in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

import streamlit as st

from tracker import classes, clock, courses, reports
from tracker.courses import CourseReport, OwnTime
from tracker.errors import InvalidInput, TrackerError
from tracker.messages import formats, sentence_of
from tracker.messages.languages import gettext as _
from tracker.messages.languages import marked
from tracker.messages.languages import ngettext as _n
from tracker.reports import DateOrder, Report
from tracker.storage.courses import Course
from tracker.storage.members import Member
from tracker.ui import components, page, uploads, words
from tracker.ui.components import Cell, Column, Html, mark
from tracker.ui.wiring import services

KINDS = ["csv", "tsv", "txt"]
MOST_MEGABYTES = reports.LARGEST_FILE // 1_000_000
# What may have to be asked, by the code of the error that says so.
DATES, START = "report_dates_ambiguous", "report_without_date"
# In Streamlit's session state, for each course: how many times reports were taken in, so that the next ones find an
# empty field, and what came of the last ones.
TIMES, DONE = "reports-taken", "reports-done"
ORDERS = {DateOrder.DAY_FIRST: marked("The day"), DateOrder.MONTH_FIRST: marked("The month")}
MOST_PROBLEMS = 50


@dataclass(frozen=True, slots=True)
class _File:
    """A file that was chosen. `key` tells it from all others."""

    name: str
    content: bytes
    key: str


def panel(member: Member, course: Course) -> None:
    """Lets reports be chosen, shows what was understood of them, and makes classes of the course from them."""
    key = f"reports-{course.id}-{st.session_state.get(f'{TIMES}-{course.id}', 0)}"
    _say_what_was_done(course)
    chosen = st.file_uploader(
        _("Reports of participants, as CSV"),
        KINDS,
        accept_multiple_files=True,
        key=key,
        max_upload_size=MOST_MEGABYTES,
        help=_("From Zoom: Reports, Usage, and the number of participants. From Teams: the attendance of a meeting."),
    )
    if not chosen:
        st.caption(
            _("They become classes of this course. What was understood is shown first; nothing is kept before that.")
        )
        return
    if len(chosen) >= uploads.MOST_FILES:
        st.warning(_("At most {number} files are read at once: the last ones.", number=uploads.MOST_FILES))
    zone, own = _asked_of_all(key)
    files = [_File(one.name, one.getvalue(), f"{key}-{one.file_id}") for one in chosen]
    with page.shown_errors():
        teacher = page.read(courses.teacher_of, course)
    previews = [
        (file, read, made)
        for file, read in _read(files, zone, key)
        if (made := _previewed(member, teacher, course, file, read, own)) is not None
    ]
    if previews:
        _show([made for _file, _read, made in previews])
        _show_problems([(file, made) for file, _read, made in previews])
        new = sum(made.new for _file, _read, made in previews)
        _import(teacher, course, [read for _file, read, _made in previews], own, new)


def _asked_of_all(key: str) -> tuple[str, OwnTime]:
    """The time zone of the reports, and when the classes began."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        zone = st.selectbox(
            _("Time zone of the reports"),
            clock.zone_names(),
            clock.zone_names().index(words.viewer_zone()),
            key=f"{key}-zone",
            width=260,
        )
        begins = st.time_input(
            _("Begin at (optional)"),
            None,
            key=f"{key}-begins",
            width=190,
            help=_("Meetings are often opened early. Who came late is told by when the class begins, if you say it."),
        )
        longest = classes.LONGEST_CLASS_MINUTES
        minutes = st.number_input(_("Minutes (optional)"), 1, longest, None, 5, key=f"{key}-min", width=170)
    return zone, OwnTime(begins, int(minutes) if minutes else None)


def _read(files: Sequence[_File], zone: str, key: str) -> Iterable[tuple[_File, Report]]:
    """The reports in these files. What they do not say is asked, once for all, or for each; what is none is named."""
    found: dict[str, Report] = {}
    asked: dict[str, InvalidInput] = {}
    for file in files:
        try:
            found[file.key] = _report(file, zone, None, None)
        except InvalidInput as error:
            asked[file.key] = error
    order = _order([error for error in asked.values() if error.code == DATES], key)
    for file in files:
        if file.key in asked and (again := _asked(file, zone, order, asked[file.key])) is not None:
            found[file.key] = again
    return [(file, found[file.key]) for file in files if file.key in found]


def _report(file: _File, zone: str, order: DateOrder | None, held: datetime | None) -> Report:
    return reports.read_report(file.content, clock.zone(zone), services().now(), dates=order, held=held)


def _asked(file: _File, zone: str, order: DateOrder | None, error: InvalidInput) -> Report | None:
    """A report once what it lacks is said; None where that is still to come, or where it is no report."""
    held = None
    try:
        if error.code == DATES:
            if order is None:
                return None
            try:
                return _report(file, zone, order, None)
            except InvalidInput as other:
                error = other
        if error.code == START:
            held = _start(file)
            return _report(file, zone, order, held) if held else None
    except InvalidInput as other:
        error = other
    st.error(f"{words.markdown(file.name)}: {words.markdown(sentence_of(error), 400)}", icon=":material/error:")
    return None


def _order(errors: Sequence[InvalidInput], key: str) -> DateOrder | None:
    """Which of day and month comes first, where a report leaves that open."""
    if not errors:
        return None
    details = errors[0].details
    days = [datetime.fromisoformat(str(details[one])).date() for one in ("day_first", "month_first")]
    shown = dict(zip(ORDERS, (formats.day(day, weekday=False) for day in days), strict=True))
    return st.radio(
        _("What comes first in the dates, as in {text}?", text=words.markdown(str(details["text"]), 40)),
        list(ORDERS),
        None,
        format_func=lambda one: _("{first}: {day}", first=_(ORDERS[one]), day=shown[one]),
        key=f"{key}-order",
        horizontal=True,
    )


def _start(file: _File) -> datetime | None:
    """When a meeting began whose report does not say so; None until it is said."""
    st.markdown(_("{file} does not say when the meeting was. When did it begin?", file=words.markdown(file.name)))
    with st.container(horizontal=True):
        day = st.date_input(_("Date"), None, format=formats.order_of_date(), key=f"{file.key}-date", width=160)
        time = st.time_input(_("Time"), None, key=f"{file.key}-time", width=130)
    return datetime.combine(day, time) if day and time else None


def _previewed(
    member: Member, teacher: Member, course: Course, file: _File, read: Report, own: OwnTime
) -> CourseReport | None:
    """What would come of a report; None where it is refused, which is said."""
    try:
        return courses.import_report(services(), member, teacher.email, course.name, read, own=own, dry_run=True)
    except TrackerError as error:
        st.error(f"{words.markdown(file.name)}: {words.markdown(sentence_of(error), 400)}", icon=":material/error:")
        return None


def _show(made: Sequence[CourseReport]) -> None:
    """The classes that were understood."""
    understood = [one for report in made for one in report.classes]
    columns = [
        Column(_("Class")),
        Column(_("When"), numbers=True, look="wide"),
        Column(_("How long"), numbers=True, look="wide"),
        Column(_("People"), numbers=True),
        Column(_("What comes of it")),
    ]
    new, known = mark("+", _("new class"), "green"), mark("=", _("is here already"), "gray")
    rows: list[list[Cell]] = []
    for one in sorted(understood, key=lambda one: one.scheduled_start):
        when, long = words.stamp(one.scheduled_start), formats.length(one.duration_minutes * 60)
        title = f"<bdi>{escape(words.plain(one.title, 120))}</bdi>"
        # What a phone has no columns for.
        small = "".join(f"<span class='narrow quiet'>{escape(text)}</span>" for text in (when, long))
        people = formats.number(one.participant_count)
        rows.append([Html(title + small), when, long, people, known if one.known else new])
    components.table(_("The classes in these reports"), columns, rows, look="reports", box=len(rows) > 20)


def _show_problems(made: Sequence[tuple[_File, CourseReport]]) -> None:
    """What was not understood, or is to be known."""
    said = [(file, one) for file, report in made for one in report.problems]
    if not said:
        return
    title = _n("{number} thing to look at", "{number} things to look at", len(said))
    with st.expander(title, icon=":material/info:", expanded=len(said) < 4):
        lines = [
            _(
                "{file}, line {line}: {what}",
                file=words.markdown(file.name),
                line=one.line,
                what=words.markdown(sentence_of(one.problem), 300),
            )
            for file, one in said[:MOST_PROBLEMS]
        ]
        if len(said) > MOST_PROBLEMS:
            lines.append(_("… and {number} more.", number=formats.number(len(said) - MOST_PROBLEMS)))
        st.markdown("\n".join(f"- {line}" for line in lines))


def _import(teacher: Member, course: Course, read: Sequence[Report], own: OwnTime, new: int) -> None:
    """The button, and what it does: so many classes are new."""
    if not new:
        st.info(_("All of these classes are here already."), icon=":material/check:")
        return
    label = _n("Import {number} class", "Import {number} classes", new)
    if st.button(label, type="primary", icon=":material/upload_file:"):
        with page.shown_errors():
            acting = page.acting()
            done = [courses.import_report(services(), acting, teacher.email, course.name, one, own=own) for one in read]
        st.session_state[f"{DONE}-{course.id}"] = sum(one.new for one in done)
        times = f"{TIMES}-{course.id}"
        st.session_state[times] = st.session_state.get(times, 0) + 1
        st.rerun()


def _say_what_was_done(course: Course) -> None:
    """What came of the last import, once."""
    new = st.session_state.pop(f"{DONE}-{course.id}", None)
    if new is not None:
        told = _n(
            "{number} class was taken in. It is among the classes of this course.",
            "{number} classes were taken in. They are among the classes of this course.",
            new,
        )
        st.success(told, icon=":material/check:")
