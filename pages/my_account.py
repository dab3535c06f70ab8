"""The page My account: a new password, a second factor, where one is signed in, what is shared, and API tokens."""

import streamlit as st

from tracker.ui import my_account, page, sharing

member = page.gate("My account")

st.title("My account", anchor=False)
with st.container(width=760):
    my_account.password(member)
    my_account.second_factor(member)
    my_account.sign_ins(member)
    sharing.of_account(member)
    my_account.api_tokens(member)
