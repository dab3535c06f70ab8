"""What keeps classes from being counted, said to whoever opens a page."""

import streamlit as st

from tracker.health import Alarms
from tracker.messages import sentence_of
from tracker.messages.languages import gettext as _
from tracker.storage.members import Member
from tracker.ui import page, words


def show(found: Alarms, member: Member) -> None:
    """Draws what keeps classes from being counted, with what this person can do about it."""
    no_tracker(found, member)
    if found.stopped and member.is_admin:
        told, doing = _("A part of this service does not work."), _("The page System says how to mend it.")
        st.error(f"{told} {doing}", icon=":material/error:")
    if found.unsigned and member.is_admin:
        st.warning(words.markdown(sentence_of(found.of_signatures), 400), icon=":material/key_off:")
    if found.silent_since is not None:
        told = _(
            "Classes were held, and Zoom has announced none of them. They are counted all the same, half an hour after "
            "their planned end, but are not seen live."
        )
        doing = _("The page System says how to mend it.") if member.is_admin else _("An admin can mend this.")
        st.warning(f"{told} {doing}", icon=":material/notifications_off:")
    if member.is_admin and (found.stopped or found.unsigned or found.silent_since is not None):
        st.page_link(page.SYSTEM, label=_("System"), icon=":material/monitor_heart:")


def no_tracker(found: Alarms, member: Member) -> None:
    """Says so where no tracker runs."""
    if not found.no_tracker:
        return
    lost = _("Nothing is lost: what was missed is caught up.")
    if member.is_admin:
        told = _("No tracker is running. Start it with {up} or {serve}.", up="`tracker up`", serve="`tracker serve`")
        st.error(f"{told} {lost}", icon=":material/power_off:")
    else:
        paused, tell = _("Counting is paused."), _("Please tell whoever runs this service.")
        st.warning(f"{paused} {lost} {tell}", icon=":material/pause_circle:")
