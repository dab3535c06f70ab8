"""The page People's data, for admins: what is kept on one person, and erasing her; how long names are kept."""

import streamlit as st

from tracker import privacy
from tracker.errors import NotAllowed
from tracker.messages.languages import gettext as _
from tracker.ui import page, peoples_data
from tracker.ui.wiring import services

member = page.gate("People's data")

with page.shown_errors():
    if not member.is_admin:
        raise NotAllowed("admins_only")
st.title(_("People's data"), anchor=False)
peoples_data.news()
with st.container(width=900):
    st.header(_("One person"), anchor=False)
    st.markdown(_("See what is kept on somebody who was in a class, hand it out, or erase it."))
    peoples_data.person(member)
    st.header(_("How long names are kept"), anchor=False)
    set_now = st.container()
    with page.shown_errors():
        preview = privacy.preview(services(), member, peoples_data.other_days())
    with set_now:
        peoples_data.retention(preview)
    peoples_data.course_days(preview)
