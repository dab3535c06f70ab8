"""The page My account: the language, the password, a second factor, where one is signed in, shares, and API tokens."""

import streamlit as st

from tracker.messages.languages import gettext as _
from tracker.ui import menu, my_account, page, sharing

member = page.gate("My account")

st.title(_("My account"), anchor=False)
menu.on_a_phone(member)
with st.container(width=760):
    my_account.languages()
    for part in (
        my_account.password,
        my_account.second_factor,
        my_account.sign_ins,
        sharing.of_account,
        my_account.api_tokens,
    ):
        with page.kept_apart():
            part(member)
