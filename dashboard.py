"""The dashboard: the web server imports this file to serve `app`; Streamlit runs it to draw the first page, Today."""

import os

import streamlit as st
from starlette.middleware import Middleware

from tracker import classes, health
from tracker.paths import keep_new_files_private
from tracker.server.dashboard_process import end_with_parent
from tracker.storage.members import Member
from tracker.ui import fonts, index_page, invitation, language_choice, page, school_account, sign_in
from tracker.ui.gate import Gate
from tracker.ui.wiring import lifespan, log_like_the_tracker, services


def draw() -> None:
    """The page Today: what runs, what comes, and what is being waited for."""
    member = page.gate("Today")
    with page.shown_errors():
        shown = page.read(classes.today, member, services().now())
        raised = page.read(health.alarms, services().now())
        drawn = (raised, page.versions(shown.every, services().now()))
    st.title("Today", anchor=False)
    page.alarms(raised, member)
    if not shown.every:
        st.info("Nothing is planned, and nothing was held since yesterday.", icon=":material/event_available:")
        st.page_link(page.NEW_CLASS, label="Plan a class", icon=":material/add_circle:")
    for heading, found in (("Live now", shown.live), ("Next", shown.upcoming), ("Just ended", shown.over)):
        if found:
            st.subheader(heading, anchor=False)
            with page.shown_errors():
                for one in found:
                    page.class_row(one, member)
    page.redraw_on_change(drawn, lambda: _version(member))


def _version(member: Member) -> object:
    """What the page shows: a value that differs when something visible has changed."""
    now = services().now()
    return page.read(health.alarms, now), page.versions(page.read(classes.today, member, now).every, now)


if __name__ == "dashboard":
    keep_new_files_private()
    log_like_the_tracker()
    end_with_parent(os.environ)
    app = st.App(
        __file__,
        routes=[
            *index_page.routes(),
            *fonts.routes(),
            *sign_in.routes(),
            *invitation.routes(),
            *school_account.routes(),
            *language_choice.routes(),
        ],
        middleware=[Middleware(Gate)],
        on_script_error=page.went_wrong,
        lifespan=lifespan,
    )
else:
    draw()
