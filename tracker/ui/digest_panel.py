"""The summary of a class that was counted, to copy: what is sent as its digest."""

import streamlit as st

from tracker import news
from tracker.messages.languages import gettext as _
from tracker.storage.classes import Class
from tracker.storage.members import Member
from tracker.ui import page
from tracker.ui.wiring import services


def panel(found: Class, member: Member) -> None:
    """Draws the summary, folded, with a button that copies it; nothing before it is known who was there."""
    summary = page.read(news.summary_of, member, found, services().now())
    if summary is not None:
        with st.expander(_("Summary to copy"), icon=":material/content_copy:", key="summary"):
            st.code(summary.text, language=None, wrap_lines=True)
