"""The files of a class on its page: Excel first, then CSV."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from tracker import class_attendance, classes, clock, courses, report
from tracker.attendance.types import Attendance
from tracker.errors import ClassNotReady
from tracker.messages import languages
from tracker.messages.languages import gettext as _
from tracker.messages.languages import marked
from tracker.storage.classes import Class
from tracker.storage.members import Member
from tracker.ui import page
from tracker.ui.wiring import services

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV_LABELS: dict[report.Shape, str] = {
    "people": marked("CSV of people"),
    "stays": marked("CSV of joins and leaves"),
}


def show(found: Class) -> None:
    """A button for each file. It is made when somebody asks for it, of what is known then, and that is noted."""
    who, locale, told = page.acting_later(), languages.spoken(), headings_told()

    def made(form: str, shape: str, write: Callable[[Attendance, Class, Member, bool], bytes]) -> bytes:
        member = who()
        classes.note_export(services(), member, found.id, form, shape)
        with languages.speaking(locale):
            return write(*_known(member, found.id), member, told)

    local_start = found.scheduled_start.astimezone(clock.zone(found.timezone))
    with st.container(horizontal=True):
        st.download_button(
            "Excel",
            partial(made, "xlsx", "people and stays", _xlsx_bytes),
            report.file_name(found.title, local_start, "attendance", "xlsx"),
            XLSX,
            on_click="ignore",
            type="primary",
            icon=":material/download:",
            help=_("People, and joins and leaves, on a sheet each."),
        )
        for shape, label in CSV_LABELS.items():
            st.download_button(
                _(label),
                partial(made, "csv", shape, partial(_csv_bytes, shape)),
                report.file_name(found.title, local_start, shape, "csv"),
                "text/csv",
                on_click="ignore",
                icon=":material/download:",
            )


def headings_told() -> bool:
    """Whether headings and words of the files are in the reader's language: asked where it is not English."""
    language = languages.language_of(languages.spoken())
    if language == languages.ENGLISH:
        return False
    names = {languages.ENGLISH: _("English (for programs)"), language: languages.own_name(language)}
    chosen = st.segmented_control(
        _("Headings in"),
        list(names),
        default=languages.ENGLISH,
        required=True,
        format_func=lambda code: names[code],
        key="headings",
    )
    return chosen == language


def _known(member: Member, class_id: str) -> tuple[Attendance, Class]:
    """The attendance of a class as it is now: the page may have been drawn before somebody was erased."""
    found = services().read(classes.visible_class, member, class_id)
    attendance = services().read(class_attendance.attendance_shown, found, services().now())
    if attendance is None:
        raise ClassNotReady("participants_unknown")
    return attendance, found


def _xlsx_bytes(attendance: Attendance, found: Class, member: Member, told: bool) -> bytes:
    students = services().read(courses.with_students, member, found, attendance, services().now())
    sheet = report.students_table(students.with_marks, told=told) if students else None
    return report.workbook(attendance, clock.zone(found.timezone), students=sheet, told=told)


def _csv_bytes(shape: report.Shape, attendance: Attendance, found: Class, _member: Member, told: bool) -> bytes:
    return report.csv_bytes(report.tables(attendance, clock.zone(found.timezone), told=told)[shape])
