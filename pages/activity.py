"""The page Activity, for admins: who saw, exported, changed, fetched and deleted what, when and from where."""

from math import ceil

import streamlit as st

from tracker import audit
from tracker.errors import NotAllowed
from tracker.messages import formats
from tracker.messages.languages import gettext as _
from tracker.messages.languages import ngettext as _n
from tracker.ui import activity, page, words
from tracker.ui.wiring import services

member = page.gate("Activity")

with page.shown_errors():
    if not member.is_admin:
        raise NotAllowed("admins_only")
    st.title(_("Activity"), anchor=False)
    st.markdown(_("Who has looked at, exported or changed what, the latest first."))
    which = activity.asked_for()
    total = page.read(audit.count_entries, member, which)
    pages = max(1, ceil(total / activity.PAGE_SIZE))
    days = services().settings.audit_days
    told = (
        _n("{number} entry.", "{number} entries.", total),
        _n("Each is kept for {number} day.", "Each is kept for {number} days.", days),
        _("Times are those of {zone}.", zone=words.viewer_zone()),
    )
    st.caption(" ".join(told))
    rows = st.container()
    number = min(st.pagination(pages, key="part", bind="query-params"), pages) if pages > 1 else 1
    offset = (number - 1) * activity.PAGE_SIZE
    found = page.read(audit.list_entries, member, which, activity.PAGE_SIZE, offset)
    with rows:
        activity.table(found)
    if total > audit.MOST_EXPORTED:
        most = formats.number(audit.MOST_EXPORTED)
        st.caption(_("The files have the newest {number}; choose a period to have others.", number=most))
    activity.files(which)
