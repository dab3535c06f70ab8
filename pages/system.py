"""The page System, for admins: the queue with its failures, webhooks, the use of Zoom's rate limits, the trackers."""

import streamlit as st

from tracker import auth, doctor, fetching, health
from tracker.doctor import Check
from tracker.storage.classes import Class
from tracker.ui import alarms, page, system, words
from tracker.ui.wiring import services

MOST_FAILING = 50
MOST_WEBHOOKS = 20
CHECKED_FOR_SECONDS = 300
SECONDS_BETWEEN_COUNTS = 5

member = page.gate("System")


@st.cache_data(ttl=CHECKED_FOR_SECONDS, show_spinner="Looking at the connection to Zoom …")
def examined() -> list[Check]:
    """What `tracker doctor` finds, kept for a while: it asks Zoom for its time, and now and then for a token."""
    return doctor.examine(services())


def failing_fetches(found: list[Class]) -> None:
    """The fetches that fail, each with its reason and a way to try it again."""
    if not found:
        st.success("No fetch fails, and none was given up.", icon=":material/check_circle:")
        return
    if st.button("Try all again", icon=":material/refresh:"):
        with page.shown_errors():
            fetching.try_all_again(services(), page.acting())
        st.rerun()
    for one in found:
        with st.container(horizontal=True, vertical_alignment="center", border=True):
            failing_fetch(one)


def failing_fetch(found: Class) -> None:
    """One class whose participants do not come."""
    state = words.state(found, services().now())
    with st.container(gap=None):
        label = f"**{words.markdown(found.title)}** · {words.markdown(found.teacher_name, 60)}"
        st.page_link(page.CLASS, label=label, query_params={"id": found.id})
        st.caption(words.markdown(system.failure(found, words.viewer_zone()), 400))
    st.badge(state.word, icon=state.icon, color=state.color, width="content")
    if st.button("Try again", key=f"retry-{found.id}", width="content"):
        with page.shown_errors():
            fetching.try_again(services(), page.acting(), found.id)
        st.rerun()


with page.shown_errors():
    auth.check_is_admin(member)
    current = page.read(health.read_health, services().now())
    failing = page.read(health.failing_classes, MOST_FAILING)
    drawn = system.version_of(current, failing)


def version() -> object:
    """What the page shows, as it is now."""
    latest = page.read(health.read_health, services().now())
    return system.version_of(latest, page.read(health.failing_classes, MOST_FAILING))


def counters() -> None:
    """Webhooks and calls to Zoom, redrawn on their own, so that the buttons above stay where they are."""
    zone = words.viewer_zone()
    with page.shown_errors():
        latest = page.read(health.read_health, services().now())
        noted = page.read(health.recent_webhooks, MOST_WEBHOOKS)
    st.subheader("Webhooks", anchor=False)
    system.webhooks(latest, noted, zone)
    st.subheader("Calls to Zoom", anchor=False)
    system.rates(latest, services().settings.zoom_plan, zone)


st.title("System", anchor=False)
alarms.show(current.alarms, member)
st.subheader("Fetching participants", anchor=False)
system.figures(current)
failing_fetches(failing)
page.fragment(counters, every=SECONDS_BETWEEN_COUNTS)
st.subheader("Processes", anchor=False)
system.processes(current, words.viewer_zone())
st.caption(f"Times are those of {words.viewer_zone()}.")
system.sample_data_of_demo()
st.subheader("Checks", anchor=False)
if st.button("Check again", icon=":material/stethoscope:"):
    examined.clear()
system.examination(examined())

page.redraw_on_change(drawn, version)
