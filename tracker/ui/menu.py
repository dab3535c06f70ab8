"""The menu beside every page; on a phone a row above it, which has nothing to open and to close (`style.css`)."""

from collections.abc import Iterable, Mapping
from html import escape

import streamlit as st

from tracker.messages.languages import gettext as _
from tracker.messages.languages import marked
from tracker.messages.vocabulary import ROLES
from tracker.storage.members import Member
from tracker.text import plain
from tracker.ui import language

TODAY, CLASSES, NEW_CLASS = "dashboard.py", "pages/classes.py", "pages/new_class.py"
COURSES = "pages/courses.py"
SYSTEM, PEOPLE, PEOPLES_DATA = "pages/system.py", "pages/people.py", "pages/peoples_data.py"
ACTIVITY, MY_ACCOUNT, KEPT = "pages/activity.py", "pages/my_account.py", "pages/what_is_kept.py"
# What each page is called, and its sign.
LINKS: Mapping[str, tuple[str, str]] = {
    TODAY: (marked("Today"), ":material/today:"),
    CLASSES: (marked("Classes"), ":material/history:"),
    COURSES: (marked("Courses"), ":material/school:"),
    NEW_CLASS: (marked("New class"), ":material/add_circle:"),
    SYSTEM: (marked("System"), ":material/monitor_heart:"),
    PEOPLE: (marked("People"), ":material/group:"),
    PEOPLES_DATA: (marked("People's data"), ":material/policy:"),
    ACTIVITY: (marked("Activity"), ":material/visibility:"),
    MY_ACCOUNT: (marked("My account"), ":material/account_circle:"),
    KEPT: (marked("What is kept"), ":material/inventory_2:"),
}
FOR_ALL, FOR_ADMINS = (TODAY, CLASSES, COURSES, NEW_CLASS), (SYSTEM, PEOPLE, PEOPLES_DATA, ACTIVITY)


def show(member: Member, title: str) -> None:
    """Draws the menu beside the page of this title."""
    with st.sidebar:
        st.html(f"<p class='product'>{escape(_('Class attendance'))}</p>")
        _links(FOR_ALL, title)
        if member.is_admin:
            with st.container(key="menu-admins"):
                st.html(f"<p class='menu-group'>{escape(_('For admins'))}</p>")
                _links(FOR_ADMINS, title)
        with st.container(key="menu-account"):
            st.text(plain(member.name, 60))
            st.caption(_("Signed in as {role}", role=_(ROLES.get(member.role, member.role))))
            _links((MY_ACCOUNT,), title)
            with st.container(key="menu-more"):
                _links((KEPT,), title)
                st.html(language.switch())
                sign_out()


def on_a_phone(member: Member) -> None:
    """Draws what the row above a page on a phone has no place for; elsewhere it is not seen."""
    with st.container(key="menu-on-a-phone"):
        _links((*(FOR_ADMINS if member.is_admin else ()), KEPT), "", "-phone")
        sign_out()


def sign_out() -> None:
    """Draws the button to sign out."""
    label = escape(_("Sign out"))
    st.html(f'<form action="/logout" method="post"><button class="quiet-button">{label}</button></form>')


def _links(pages: Iterable[str], title: str, place: str = "") -> None:
    for page in pages:
        label, icon = LINKS[page]
        with st.container(key=f"menu-{'here' if label == title else 'to'}-{label}{place}"):
            st.page_link(page, label=_(label), icon=icon)
