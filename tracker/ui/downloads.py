"""The files of a class on its page: Excel first, then CSV."""

from collections.abc import Mapping
from functools import partial

import streamlit as st

from tracker import clock, report
from tracker.storage.classes import Class

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV_LABELS: dict[report.Shape, str] = {"people": "CSV of people", "stays": "CSV of joins and leaves"}


def show(found: Class, tables: Mapping[report.Shape, report.Table]) -> None:
    """A button for each file. The workbook takes longest and is only made when somebody asks for it."""
    local_start = found.scheduled_start.astimezone(clock.zone(found.timezone))
    with st.container(horizontal=True):
        st.download_button(
            "Excel",
            partial(report.xlsx_bytes, dict(tables)),
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
                report.csv_bytes(tables[shape]),
                report.file_name(found.title, local_start, shape, "csv"),
                "text/csv",
                on_click="ignore",
                icon=":material/download:",
            )
