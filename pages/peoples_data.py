"""The page People's data, for admins: how long names are kept, what is kept on one person, and erasing her."""

import streamlit as st

from tracker import privacy
from tracker.errors import NotAllowed
from tracker.ui import page, peoples_data
from tracker.ui.wiring import services

member = page.gate("People's data")

with page.shown_errors():
    if not member.is_admin:
        raise NotAllowed("admins_only")
st.title("People's data", anchor=False)
peoples_data.news()
with st.container(width=900):
    st.subheader("One person", anchor=False)
    peoples_data.person(member)
    st.subheader("How long names are kept", anchor=False)
    with page.shown_errors():
        preview = privacy.preview(services(), member, peoples_data.other_days())
    peoples_data.retention(preview)
    peoples_data.course_days(preview)
