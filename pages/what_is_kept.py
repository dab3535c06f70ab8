"""The page What is kept: in plain words, for everybody who is signed in, and a notice to give to students."""

import streamlit as st

from tracker import privacy
from tracker.messages.languages import gettext as _
from tracker.ui import kept, page
from tracker.ui.wiring import services

member = page.gate("What is kept")

with page.shown_errors():
    settings = services().settings
    own_days, of_her_courses = page.read(privacy.own_days), page.read(privacy.own_days, member)
    st.title(_("What is kept"), anchor=False)
    st.markdown(_("What this service keeps on people, with the figures that are set here."))
    for heading, rows in kept.parts(settings, own_days):
        st.header(heading, anchor=False)
        kept.table(heading, rows)
    with st.container(width=1000):
        st.header(_("For your students"), anchor=False)
        st.markdown(_("Copy this and give it to them, as it is or in your words."))
        st.code(kept.notice(settings, member, of_her_courses), language=None, wrap_lines=True)
