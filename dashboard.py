"""The dashboard: the web server imports this file to serve `app`; Streamlit runs it to draw the first page, Today."""

import os
from collections.abc import Sequence

import streamlit as st
from starlette.middleware import Middleware

from tracker import courses, health, listing
from tracker.listing import Day
from tracker.messages import formats
from tracker.messages.languages import gettext as _
from tracker.messages.languages import ngettext as _n
from tracker.paths import keep_new_files_private
from tracker.server.dashboard_process import end_with_parent
from tracker.storage.classes import Class
from tracker.storage.members import Member
from tracker.storage.student_links import Asked
from tracker.ui import (
    alarms,
    class_row,
    components,
    first_steps,
    fonts,
    healthz,
    index_page,
    invitation,
    language_choice,
    own_page,
    page,
    requests_panel,
    school_account,
    sign_in,
    words,
)
from tracker.ui.gate import Gate
from tracker.ui.wiring import lifespan, log_like_the_tracker, services

# The key in Streamlit's session state of the class to whose trouble somebody has just seen: its id and title.
JUST_SEEN_TO = "just-seen-to"


def draw() -> None:
    """The page Today: what needs attention, what runs, what comes, and what is being waited for."""
    member = page.gate("Today")
    with page.shown_errors():
        now = services().now()
        shown = page.read(listing.of_day, member, now, words.zone())
        raised = page.read(health.alarms, now)
        asked = page.read(courses.open_requests, member)
        drawn = (raised, page.versions(shown.every, now), words.today(now), asked)
    with st.container(key="page-head", horizontal=True, vertical_alignment="center"):
        st.title(_("Today"), anchor=False)
        if not shown.first_visit and st.button(_("New class"), icon=":material/add:", type="primary"):
            st.switch_page(page.NEW_CLASS)
    st.caption(formats.long_day(words.today(now)))
    alarms.show(raised, member)
    with page.shown_errors():
        if shown.first_visit:
            first_steps.show()
        else:
            plan_of_the_day(shown, asked, member)
    page.redraw_on_change(drawn, lambda: _version(member))


def plan_of_the_day(shown: Day, asked: Sequence[Asked], member: Member) -> None:
    """The classes of a day, by what a teacher does with them, and what students say is not right."""
    attention(shown, asked, member)
    if shown.live:
        st.header(_("Live now"), anchor=False)
        for number, one in enumerate(shown.live):
            class_row.planned(one, member, f"live-{number}")
    st.header(_("Coming up today"), anchor=False)
    for number, one in enumerate(shown.today):
        class_row.planned(one, member, f"today-{number}", first=number == 0 and not shown.live)
    if not shown.today:
        components.empty(":material/local_cafe:", _("Nothing more is planned for today."))
    for heading, found, key in (
        (_("Tomorrow"), shown.tomorrow, "tomorrow"),
        (_("Next"), shown.later, "later"),
    ):
        if found:
            st.header(heading, anchor=False)
            for number, one in enumerate(found):
                class_row.planned(one, member, f"{key}-{number}")
    if shown.over:
        st.header(_("Just held"), anchor=False)
        for number, one in enumerate(shown.over):
            class_row.over(one, member, f"over-{number}")


def attention(shown: Day, asked: Sequence[Asked], member: Member) -> None:
    """The classes with a trouble that nobody has seen to, the way back for the last one, and requests of students."""
    if shown.attention or asked:
        st.header(_("Needs attention"), anchor=False)
    if asked:
        requests_panel.on_today(asked)
    if shown.attention:
        for number, one in enumerate(shown.attention):
            if class_row.troubled(one, member, f"trouble-{number}"):
                see_to(one)
        if shown.more_attention:
            more = _n(
                "{number} more class needs attention", "{number} more classes need attention", shown.more_attention
            )
            st.page_link(page.CLASSES, label=more, icon=":material/arrow_forward:", query_params={"attention": "true"})
    if JUST_SEEN_TO in st.session_state:
        with st.container(key="just-seen-to", horizontal=True, vertical_alignment="center"):
            title = words.markdown(st.session_state[JUST_SEEN_TO][1])
            st.markdown(_("“{title}” is not named here any more.", title=title), width="content")
            if st.button(_("Undo"), icon=":material/undo:"):
                undo_seen_to()


def see_to(found: Class) -> None:
    """Somebody has seen to the trouble of a class."""
    with page.shown_errors():
        trouble = listing.trouble_of(found, services().now())
        if trouble is not None:
            listing.see_to(services(), page.acting(), found.id, trouble)
            st.session_state[JUST_SEEN_TO] = (found.id, found.title)
    st.rerun()


def undo_seen_to() -> None:
    """The last one is named again."""
    class_id, _title = st.session_state[JUST_SEEN_TO]
    with page.shown_errors():
        listing.undo_seen_to(services(), page.acting(), class_id)
        del st.session_state[JUST_SEEN_TO]
    st.rerun()


def _version(member: Member) -> object:
    """What the page shows: a value that differs when something visible has changed."""
    now = services().now()
    shown = page.read(listing.of_day, member, now, words.zone())
    asked = page.read(courses.open_requests, member)
    return page.read(health.alarms, now), page.versions(shown.every, now), words.today(now), asked


if __name__ == "dashboard":
    keep_new_files_private()
    log_like_the_tracker()
    end_with_parent(os.environ)
    app = st.App(
        __file__,
        routes=[
            *index_page.routes(),
            *fonts.routes(),
            *healthz.routes(),
            *sign_in.routes(),
            *invitation.routes(),
            *school_account.routes(),
            *language_choice.routes(),
            *own_page.routes(),
        ],
        middleware=[Middleware(Gate)],
        on_script_error=page.went_wrong,
        lifespan=lifespan,
    )
else:
    draw()
