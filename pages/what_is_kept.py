"""The page What is kept: in plain words, for everybody who is signed in, and a notice to give to students."""

import streamlit as st

from tracker import privacy
from tracker.ui import kept, page
from tracker.ui.wiring import services

member = page.gate("What is kept")

with page.shown_errors():
    settings = services().settings
    own_days, of_her_courses = page.read(privacy.own_days), page.read(privacy.own_days, member)
    st.title("What is kept", anchor=False)
    with st.container(width=1000):
        st.markdown("What this service keeps on people, with the figures that are set here.")
        for what, *more in kept.rows(settings, own_days):
            with st.container(border=True, gap="xsmall"):
                st.markdown(f"**{what}**")
                # Lines and no table, which a phone would cut.
                lines = (f"{label}: {text}" for label, text in zip(kept.COLUMNS[1:], more, strict=True))
                st.markdown("  \n".join(lines))
        st.subheader("For your students", anchor=False)
        st.markdown("Copy this and give it to them, as it is or in your words.")
        st.code(kept.notice(settings, member, of_her_courses), language=None, wrap_lines=True)
