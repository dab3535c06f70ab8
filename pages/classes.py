"""The page Classes: all classes as a table, newest first, with search and filters, a page at a time."""

from datetime import datetime, time, timedelta
from math import ceil

import streamlit as st

from tracker import auth, clock, health, listing
from tracker.attendance.types import ClassStatus
from tracker.listing import Found
from tracker.messages import formats
from tracker.messages.languages import gettext as _
from tracker.messages.languages import ngettext as _n
from tracker.storage.class_lists import Filter
from tracker.storage.classes import Class
from tracker.ui import class_row, components, page, words
from tracker.ui.alarms import no_tracker
from tracker.ui.wiring import services

PAGE_SIZE = 20

member = page.gate("Classes")
if "id" in st.query_params:
    # The browser's way back from a class: Streamlit has kept the class's address and dropped this page's.
    st.switch_page(page.CLASSES, query_params=st.session_state.get(page.CLASSES_AS_SEEN, {}))
with st.container(key="page-head", horizontal=True, vertical_alignment="center"):
    st.title(_("Classes"), anchor=False)
    if st.button(_("New class"), icon=":material/add:"):
        st.switch_page(page.NEW_CLASS)

with page.shown_errors():
    courses = page.read(listing.list_courses, member)
    teachers = page.read(auth.list_members) if member.is_admin else []
with st.container(key="filters", horizontal=True, vertical_alignment="bottom"):
    text = st.text_input(
        _("Search"),
        placeholder=_("Class, course, teacher or person"),
        help=_(
            "Titles, courses and teachers of all classes, and the people of the latest {number}.",
            number=formats.number(listing.MOST_SEARCHED_FOR_PEOPLE),
        ),
        icon=":material/search:",
        key="q",
        bind="query-params",
    )
    course = st.selectbox(
        _("Course"), courses, None, placeholder=_("All courses"), key="course", bind="query-params", width=190
    )
    teacher = None
    if member.is_admin:
        teacher = st.selectbox(
            _("Teacher"),
            [one.email for one in teachers],
            None,
            placeholder=_("All teachers"),
            key="teacher",
            bind="query-params",
            width=190,
        )
    order = formats.order_of_date()
    since = st.date_input(_("From"), None, format=order, key="from", bind="query-params", width=150)
    until = st.date_input(_("To"), None, format=order, key="to", bind="query-params", width=150)
with st.container(key="filters-below", horizontal=True, vertical_alignment="center"):
    statuses = st.pills(
        _("Status"),
        [status.value for status in ClassStatus],
        selection_mode="multi",
        format_func=lambda status: {
            "scheduled": _("Planned"),
            "live": _("Live"),
            "ended": _("Ended"),
            "cancelled": _("Cancelled"),
        }[status],
        key="status",
        bind="query-params",
        label_visibility="collapsed",
    )
    unsolved = st.toggle(_("Needs attention"), key="attention", bind="query-params")

zone = clock.zone(words.viewer_zone())
which = Filter(
    text=text or "",
    statuses=tuple(ClassStatus(status) for status in statuses),
    since=datetime.combine(since, time(), zone) if since else None,
    until=datetime.combine(until + timedelta(days=1), time(), zone) if until else None,
    course=course or "",
    teacher_email=teacher or "",
    unsolved=unsolved,
)


def shown_classes(number: int) -> Found:
    """A page of the classes that were looked for."""
    now, offset = services().now(), (number - 1) * PAGE_SIZE
    return page.read(listing.find, member, which, now, limit=PAGE_SIZE, offset=offset)


def version(shown: list[Class]) -> object:
    """What the page shows: a value that differs when something visible has changed."""
    now = services().now()
    return page.read(health.alarms, now).no_tracker, page.versions(shown, now)


def version_now() -> object:
    """The same at this moment. What was searched for is not searched again each second; only what is shown is read."""
    if which.text or which.unsolved:
        return version(page.read(listing.list_again, member, [one.id for one in found.classes]))
    return version(list(shown_classes(number).classes))


def nothing_found() -> None:
    """Says why the table is empty, and what to do."""
    if which == Filter():
        components.empty(":material/event:", _("There are no classes yet. Create one with the button above."))
    elif since and until and since > until:
        components.empty(":material/search_off:", _("“From” is after “To”. Change one of the two days."))
    elif which == Filter(unsolved=True):
        components.empty(":material/check_circle:", _("All is well: no class needs attention."))
    elif which.text:
        components.empty(
            ":material/search_off:", _("No class fits this search. Try fewer letters, or take a filter away.")
        )
    else:
        components.empty(
            ":material/search_off:", _("No class fits these filters. Take one away, or choose other days.")
        )


with page.shown_errors():
    number = 1
    found = shown_classes(1)
    pages = max(1, ceil(found.total / PAGE_SIZE))
    counted = st.empty()
    rows = st.container()
    if pages > 1:
        number = min(st.pagination(pages, key="page", bind="query-params"), pages)
        if number > 1:
            found = shown_classes(number)
    counted.caption(_n("{number} class", "{number} classes", found.total))
    raised = page.read(health.alarms, services().now())
    drawn = version(list(found.classes))

with page.shown_errors(), rows:
    no_tracker(raised, member)
    if found.classes:
        class_row.table(found.classes, member, reasons=unsolved)
    else:
        nothing_found()

page.redraw_on_change(drawn, version_now)
st.session_state[page.CLASSES_AS_SEEN] = st.query_params.to_dict()
