"""The files of a register: Excel first, then CSV, and what other programs take as it is."""

from functools import partial

import streamlit as st

from tracker import courses, report
from tracker.messages import languages
from tracker.messages.languages import gettext as _
from tracker.messages.languages import marked
from tracker.storage.courses import Course
from tracker.ui import downloads, page
from tracker.ui.wiring import services

CSV_LABELS: dict[report.RegisterShape, str] = {
    "wide": marked("CSV, a column for each class"),
    "long": marked("CSV, a row for each mark"),
}
# The programs are called what they are called in every language.
HAND_OFF_LABELS: dict[report.HandOff, str] = {"moodle": "Moodle", "canvas": "Canvas", "sheets": "Google Sheets"}


def show(course: Course) -> None:
    """A button for each file. It is made when somebody asks for it, of what is known then, and that is noted."""
    who, locale = page.acting_later(), languages.spoken()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        told = downloads.headings_told()

        def made(form: report.RegisterFormat, shape: report.RegisterShape) -> bytes:
            member = who()
            found = services().read(courses.visible_course, member, course.id)
            courses.note_register_export(services(), member, found, form, report.contents(form, shape))
            register = services().read(courses.course_register, member, found, services().now())
            with languages.speaking(locale):
                return report.register_file(register, form, shape, told=told)

        name = partial(report.file_name, course.name, services().now())
        st.download_button(
            "Excel",
            partial(made, "xlsx", "wide"),
            name("register", "xlsx"),
            downloads.XLSX,
            on_click="ignore",
            type="primary",
            icon=":material/download:",
            help=_("The register, and every mark with its minutes, on a sheet each."),
        )
        with st.popover(_("Other files"), icon=":material/download:"):
            for shape, label in CSV_LABELS.items():
                st.download_button(
                    _(label),
                    partial(made, "csv", shape),
                    name(shape, "csv"),
                    "text/csv",
                    on_click="ignore",
                )
            st.caption(_("These programs take the register as it is:"))
            for program, label in HAND_OFF_LABELS.items():
                st.download_button(
                    label,
                    partial(made, program, "wide"),
                    name(program, "csv"),
                    "text/csv",
                    on_click="ignore",
                )
