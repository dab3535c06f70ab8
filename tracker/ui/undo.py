"""What somebody has done last in this tab, told with the way back: where it was done, and for a short while."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import streamlit as st

from tracker import courses
from tracker.messages.languages import gettext as _
from tracker.messages.languages import ngettext as _n
from tracker.ui.page import acting, shown_errors
from tracker.ui.wiring import services

TOLD_FOR = timedelta(minutes=5)
# The key in Streamlit's session state of what was done last.
DONE = "done-last"


@dataclass(frozen=True, slots=True)
class _Done:
    """What is told in Markdown, where and until when, and what the way back needs; `class_id` is "" where none is left.

    `request_id` is of the request that was answered by it.
    """

    where: str
    told: str
    until: datetime
    class_id: str = ""
    marked: courses.Marked | None = None
    request_id: str = ""


def remember(
    where: str, told: str, class_id: str, marked: courses.Marked | None = None, *, request_id: str = ""
) -> None:
    """Keeps what was just done to be told, in Markdown, where `show` is called with the same `where`."""
    st.session_state[DONE] = _Done(where, told, services().now() + TOLD_FOR, class_id, marked, request_id)


def show(where: str, *, told: bool = True) -> None:
    """What was done last, if it was done here a short while ago, with the way back.

    Without `told` the button alone, for a place that tells it anyway.
    """
    done = st.session_state.get(DONE)
    if done is None or done.where != where or services().now() >= done.until:
        return
    with st.container(key="done-last", horizontal=True, vertical_alignment="center", gap="small", width="content"):
        if told or not done.class_id:
            st.markdown(done.told, width="content")
        if done.class_id and st.button(_("Undo"), key="undo-last", icon=":material/undo:"):
            del st.session_state[DONE]
            with shown_errors():
                skipped = _undo(done)
            if skipped:
                kept = _n(
                    "Not undone for {number} student: somebody has said something else since.",
                    "Not undone for {number} students: somebody has said something else since.",
                    len(skipped),
                )
                st.session_state[DONE] = _Done(where, kept, services().now() + TOLD_FOR)
            st.rerun()


def _undo(done: _Done) -> Sequence[str]:
    """The ids of the students for whom it could not be undone."""
    if done.request_id:
        return courses.undo_answer(services(), acting(), done.request_id, done.marked)
    return courses.restore(services(), acting(), done.class_id, done.marked) if done.marked else ()
