"""The summary of a class that was counted, to copy: what is sent as its digest."""

import streamlit as st

from tracker import courses, news
from tracker.courses import StudentsOfClass
from tracker.messages.languages import gettext as _
from tracker.storage.classes import Class
from tracker.ui.wiring import services


def panel(found: Class, students: StudentsOfClass) -> None:
    """Draws the summary, folded, with a button that copies it; nothing before it is known who was there."""
    held = courses.class_in_register(found, services().now())
    summary = news.digest_of(held, students.roster, students.in_class)
    if summary is not None:
        with st.expander(_("Summary to copy"), icon=":material/content_copy:", key="summary"):
            st.code(summary.text, language=None, wrap_lines=True)
