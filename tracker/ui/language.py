"""In which language somebody is spoken to, and the address where she chooses another one."""

from collections.abc import Mapping, Sequence

import streamlit as st
from babel import Locale
from starlette.requests import HTTPConnection

from tracker.messages import languages
from tracker.storage.members import Member

# What somebody chose who is not signed in, or was when she chose.
COOKIE = "tracker_language"


def of_tab(member: Member | None) -> Locale:
    """For a page: by her account, else by what she chose in this browser, else by what the browser says."""
    return _best(member, st.context.cookies, st.context.headers.get("Accept-Language"), st.context.locale)


def of_request(request: HTTPConnection, member: Member | None = None) -> Locale:
    """For an address beside the pages, in the same order."""
    return _best(member, request.cookies, request.headers.get("accept-language"))


def _best(member: Member | None, cookies: Mapping[str, str], *by_browser: str | None) -> Locale:
    chosen: Sequence[str | None] = (member.language if member else None, cookies.get(COOKIE))
    return languages.best(*chosen, *by_browser)
