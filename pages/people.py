"""The page People, for admins: who has an account, and what becomes of it."""

import streamlit as st

from tracker import auth
from tracker.ui import page, people

member = page.gate("People")

with page.shown_errors():
    auth.check_is_admin(member)
    everybody = page.read(auth.list_members)

st.title("People", anchor=False)
people.news()
people.table(everybody)
with st.container(width=760):
    people.invitation()
    people.changes(everybody)
