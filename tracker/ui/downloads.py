"""The files of a class on its page: Excel first, then CSV."""

from collections.abc import Callable, Mapping
from functools import partial

import streamlit as st

from tracker import classes, clock, report
from tracker.storage.classes import Class
from tracker.ui import page
from tracker.ui.wiring import services

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV_LABELS: dict[report.Shape, str] = {"people": "CSV of people", "stays": "CSV of joins and leaves"}


def show(found: Class, tables: Mapping[report.Shape, report.Table]) -> None:
    """A button for each file. It is made when somebody asks for it, and that is noted."""
    who = page.acting_later()

    def made(form: str, shape: str, make: Callable[[], bytes]) -> bytes:
        classes.note_export(services(), who(), found.id, form, shape)
        return make()

    local_start = found.scheduled_start.astimezone(clock.zone(found.timezone))
    with st.container(horizontal=True):
        st.download_button(
            "Excel",
            partial(made, "xlsx", "people and stays", partial(report.xlsx_bytes, dict(tables))),
            report.file_name(found.title, local_start, "attendance", "xlsx"),
            XLSX,
            on_click="ignore",
            type="primary",
            icon=":material/download:",
            help="People, and joins and leaves, on a sheet each.",
        )
        for shape, label in CSV_LABELS.items():
            st.download_button(
                label,
                partial(made, "csv", shape, partial(report.csv_bytes, tables[shape])),
                report.file_name(found.title, local_start, shape, "csv"),
                "text/csv",
                on_click="ignore",
                icon=":material/download:",
            )
