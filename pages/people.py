"""The page People, for admins: who has an account, and what becomes of it."""

import streamlit as st

from tracker import auth
from tracker.messages.languages import gettext as _
from tracker.ui import page, people

member = page.gate("People")

with page.shown_errors():
    auth.check_is_admin(member)
    everybody = page.read(auth.list_members)

st.title(_("People"), anchor=False)
st.markdown(_("Everybody who can sign in here, and what they may do."))
people.news()
people.invitation()
people.table(everybody)
st.header(_("Change an account"), anchor=False)
with st.container(width=760):
    people.changes(everybody)
