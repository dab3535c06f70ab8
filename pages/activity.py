"""The page Activity, for admins: who saw, exported, changed, fetched and deleted what, when and from where."""

from math import ceil

import streamlit as st

from tracker import audit
from tracker.errors import NotAllowed
from tracker.ui import activity, page, words
from tracker.ui.wiring import services

member = page.gate("Activity")

with page.shown_errors():
    if not member.is_admin:
        raise NotAllowed("admins_only")
    st.title("Activity", anchor=False)
    which = activity.asked_for()
    total = page.read(audit.count_entries, member, which)
    pages = max(1, ceil(total / activity.PAGE_SIZE))
    st.caption(
        f"{words.count(total, 'entry', 'entries')}, kept for {services().settings.audit_days} days. "
        f"Times are those of {words.viewer_zone()}."
    )
    rows = st.container()
    number = min(st.pagination(pages, key="part", bind="query-params"), pages) if pages > 1 else 1
    offset = (number - 1) * activity.PAGE_SIZE
    found = page.read(audit.list_entries, member, which, activity.PAGE_SIZE, offset)
    with rows:
        activity.table(found)
    if total > audit.MOST_EXPORTED:
        st.caption(f"The files have the newest {audit.MOST_EXPORTED:,}; choose a period to have others.")
    activity.files(which)
