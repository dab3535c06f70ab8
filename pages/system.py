"""The page System, for admins: whether all is well and what to do; and for the operator, what stands behind that."""

from datetime import datetime

import streamlit as st

from tracker import auth, doctor, fetching, health
from tracker.doctor import Check
from tracker.messages.languages import gettext as _
from tracker.ui import all_well, page, system, words
from tracker.ui.wiring import services

MOST_FAILING = 50
MOST_WEBHOOKS = 20
CHECKED_FOR_SECONDS = 300
SECONDS_BETWEEN_COUNTS = 5

member = page.gate("System", when_away=all_well.by_the_tracker)


@st.cache_data(ttl=CHECKED_FOR_SECONDS, show_spinner=_("Looking at the connection to Zoom …"))
def examined() -> tuple[datetime, list[Check]]:
    """What `tracker doctor` finds, kept for a while: it asks Zoom for its time, and now and then for a token."""
    return services().now(), doctor.examine(services())


with page.shown_errors(when_away=all_well.by_the_tracker):
    auth.check_is_admin(member)
    current = health.Reader(services()).read()
    failing = page.read(health.failing_classes, MOST_FAILING)
    wrong = health.known(services())
    drawn = system.version_of(current, failing)


def version() -> object:
    """What the page shows, as it is now."""
    latest = health.Reader(services()).read()
    return system.version_of(latest, page.read(health.failing_classes, MOST_FAILING))


def counters() -> None:
    """Webhooks and calls to Zoom, redrawn on their own, so that the buttons above stay where they are."""
    with page.shown_errors():
        latest = health.Reader(services()).read()
        noted = page.read(health.recent_webhooks, MOST_WEBHOOKS)
    st.subheader(_("Webhooks"), anchor=False)
    system.webhooks(latest, noted)
    st.subheader(_("Calls to Zoom"), anchor=False)
    system.rates(latest, services().settings.zoom_plan)


def what_to_do(found: all_well.Trouble) -> None:
    """What is the matter, its cure, and the button for it where there is one."""
    with st.container(border=True):
        all_well.steps(found)
        if found.code == all_well.FETCHES and st.button(_("Try all again"), icon=":material/refresh:"):
            with page.shown_errors():
                fetching.try_all_again(services(), page.acting())
            st.rerun()


st.title(_("System"), anchor=False)
st.header(_("Is all well?"), anchor=False)
checked_at, checks = examined()
with st.container(width=900):
    found = all_well.troubles(current, failing, checks, [*wrong, *all_well.of_this_dashboard(wrong, checks)])
    all_well.answer(found, checked_at)
    for one in found:
        what_to_do(one)
    if st.button(_("Check again"), icon=":material/stethoscope:"):
        examined.clear()
        st.rerun()

st.header(_("For the operator"), anchor=False)
st.caption(_("What stands behind the answer above. Times are those of {zone}.", zone=words.viewer_zone()))
st.subheader(_("Fetching participants"), anchor=False)
system.figures(current)
system.failing_fetches(failing, current)
page.fragment(counters, every=SECONDS_BETWEEN_COUNTS)
st.subheader(_("Trackers"), anchor=False)
system.processes(current)
st.subheader(_("Checks"), anchor=False)
system.examination(checks)
system.sample_data_of_demo()

page.redraw_on_change(drawn, version)
