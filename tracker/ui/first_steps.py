"""The first visit, without any class: what to do, in three steps."""

from html import escape

import streamlit as st

from tracker.messages.languages import gettext as _
from tracker.ui import page


def show() -> None:
    """Leads by the hand to the first class."""
    st.header(_("Your first class in three steps"), anchor=False)
    steps = (
        (_("Create a class"), _("Title, day and time. Its Zoom meeting is made for you.")),
        (_("Share the join link"), _("Send it to your students, and start the class from here.")),
        (_("Come back after class"), _("About ten minutes after it ends you see who was there, and for how long.")),
    )
    told = "".join(f"<li><strong>{escape(what)}</strong><br>{escape(how)}</li>" for what, how in steps)
    st.html(f"<ol class='steps'>{told}</ol>")
    if st.button(_("Create a class"), icon=":material/add:", type="primary"):
        st.switch_page(page.NEW_CLASS)
