"""The page Classes: all classes, newest first, with search and filters by status and date, a page at a time."""

from datetime import datetime, time, timedelta
from math import ceil

import streamlit as st

from tracker import classes, clock, health
from tracker.attendance.types import ClassStatus
from tracker.messages.languages import ngettext as _n
from tracker.storage.classes import Class, Filter
from tracker.ui import page, words
from tracker.ui.wiring import services

PAGE_SIZE = 20

member = page.gate("Classes")
if "id" in st.query_params:
    # The browser's way back from a class: Streamlit has kept the class's address and dropped this page's.
    st.switch_page(page.CLASSES, query_params=st.session_state.get(page.CLASSES_AS_SEEN, {}))
st.title("Classes", anchor=False)

with st.container(horizontal=True, vertical_alignment="bottom"):
    text = st.text_input(
        "Search", placeholder="Title or course", icon=":material/search:", key="q", bind="query-params"
    )
    since = st.date_input("From", None, format="YYYY-MM-DD", key="from", bind="query-params", width=160)
    until = st.date_input("To", None, format="YYYY-MM-DD", key="to", bind="query-params", width=160)
statuses = st.pills(
    "Status",
    [status.value for status in ClassStatus],
    selection_mode="multi",
    format_func=lambda status: "Planned" if status == ClassStatus.SCHEDULED else status.capitalize(),
    key="status",
    bind="query-params",
)

zone = clock.zone(words.viewer_zone())
which = Filter(
    text=text or "",
    statuses=tuple(ClassStatus(status) for status in statuses),
    since=datetime.combine(since, time(), zone) if since else None,
    until=datetime.combine(until + timedelta(days=1), time(), zone) if until else None,
)


def shown_classes() -> list[Class]:
    """The classes of the page that is shown."""
    return page.read(classes.list_classes, member, which, limit=PAGE_SIZE, offset=(number - 1) * PAGE_SIZE)


def version(shown: list[Class]) -> object:
    """What the page shows: a value that differs when something visible has changed."""
    now = services().now()
    return page.read(health.alarms, now).no_tracker, page.versions(shown, now)


with page.shown_errors():
    total = page.read(classes.count_classes, member, which)
    pages = max(1, ceil(total / PAGE_SIZE))
    st.caption(_n("{number} class", "{number} classes", total))
    rows = st.container()
    number = min(st.pagination(pages, key="page", bind="query-params"), pages) if pages > 1 else 1
    found = shown_classes()
    raised = page.read(health.alarms, services().now())
    drawn = version(found)

with page.shown_errors(), rows:
    page.tracker_alarm(raised, member)
    for one in found:
        page.class_row(one, member)
    if not found and which == Filter():
        st.info("There are no classes yet.", icon=":material/event_available:")
        st.page_link(page.NEW_CLASS, label="Plan a class", icon=":material/add_circle:")
    elif since and until and since > until:
        st.info("“From” is after “To”.", icon=":material/search_off:")
    elif not found:
        st.info("No class fits this search.", icon=":material/search_off:")

page.redraw_on_change(drawn, lambda: version(shown_classes()))
st.session_state[page.CLASSES_AS_SEEN] = st.query_params.to_dict()
