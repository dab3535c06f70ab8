"""How the whole stands, for admins: the queue with its failures, webhooks, the use of Zoom's rates, the trackers."""

import streamlit as st

from tracker import doctor, fetching, health
from tracker.doctor import Check
from tracker.errors import NotAllowed
from tracker.storage.classes import Class
from tracker.ui import page, system, words
from tracker.ui.wiring import services

MOST_TROUBLES = 50
MOST_WEBHOOKS = 20
CHECKED_FOR_SECONDS = 300
SECONDS_BETWEEN_COUNTS = 5

member = page.gate("System")


@st.cache_data(ttl=CHECKED_FOR_SECONDS, show_spinner="Looking at the connection to Zoom …")
def examined() -> list[Check]:
    """What `tracker doctor` finds, kept for a while: it asks Zoom for its time, and now and then for a token."""
    return doctor.examine(services())


def troubles(found: list[Class]) -> None:
    """The fetches that fail, each with its reason and a way to try it again."""
    if not found:
        st.success("No fetch fails, and none was given up.", icon=":material/check_circle:")
        return
    if st.button("Try all again", icon=":material/refresh:"):
        with page.shown_faults():
            fetching.try_all_again(services())
        st.rerun()
    for one in found:
        with st.container(horizontal=True, vertical_alignment="center", border=True):
            trouble(one)


def trouble(found: Class) -> None:
    """One class whose participants do not come."""
    state = words.state(found, services().now())
    with st.container(gap=None):
        label = f"**{words.markdown(found.title)}** · {words.markdown(found.teacher_name, 60)}"
        st.page_link(page.CLASS, label=label, query_params={"id": found.id})
        st.caption(words.markdown(system.trouble(found, page.viewer_zone()), 400))
    st.badge(state.word, icon=state.icon, color=state.color, width="content")
    if st.button("Try again", key=f"retry-{found.id}", width="content"):
        with page.shown_faults():
            fetching.try_again(services(), found.id)
        st.rerun()


with page.shown_faults():
    if not member.is_admin:
        raise NotAllowed("admins_only")
    stands = page.read(health.look, services().now())
    failing = page.read(health.troubled_classes, MOST_TROUBLES)


@st.fragment(run_every=SECONDS_BETWEEN_COUNTS)
def counters() -> None:
    """Webhooks and calls to Zoom; looked at by themselves, so that the buttons above stay where they are."""
    zone = page.viewer_zone()
    with page.shown_faults():
        now = page.read(health.look, services().now())
        noted = page.read(health.recent_webhooks, MOST_WEBHOOKS)
    st.subheader("Webhooks", anchor=False)
    system.webhooks(now, noted, zone)
    st.subheader("Calls to Zoom", anchor=False)
    system.rates(now, services().settings.zoom_plan, zone)


st.title("System", anchor=False)
page.alarms(stands.alarms, member)
st.subheader("Fetching participants", anchor=False)
system.figures(stands)
troubles(failing)
counters()
st.subheader("Processes", anchor=False)
system.processes(stands, page.viewer_zone())
st.caption(f"Times are those of {page.viewer_zone()}.")
st.subheader("Checks", anchor=False)
if st.button("Check again", icon=":material/stethoscope:"):
    examined.clear()
system.examination(examined())

page.redraw_on_change(system.version_of(stands), lambda: system.version_of(page.read(health.look, services().now())))
