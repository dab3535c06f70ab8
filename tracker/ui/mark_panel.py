"""What a teacher says of students by hand on the page of a class: excused with one click, any status, and undone."""

from collections.abc import Sequence
from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from tracker import courses
from tracker.attendance.matching import Enrolled
from tracker.attendance.types import BY_HAND, Status
from tracker.courses import StudentsOfClass
from tracker.courses.marking import LONGEST_REMARK
from tracker.messages import formats
from tracker.messages.languages import gettext as _
from tracker.messages.languages import ngettext as _n
from tracker.messages.vocabulary import STATUSES
from tracker.storage.classes import Class
from tracker.ui import undo, words
from tracker.ui.page import acting, shown_errors
from tracker.ui.students_panel import is_to_come, name_of
from tracker.ui.wiring import services

# So many absent students have a button of their own; more are named in one sentence.
MOST_WITH_BUTTONS, MOST_NAMED, MOST_LISTED = 12, 30, 30
# Where on the page somebody has clicked.
ABOVE, FOLD = "above", "fold"


def absent(found: Class, students: StudentsOfClass) -> None:
    """Who was absent, each with a button for the usual case, and who is excused."""
    missing = students.having(Status.ABSENT)
    if len(missing) > MOST_WITH_BUTTONS:
        names = words.listed([name_of(students, one) for one in missing], MOST_NAMED)
        st.markdown(_("Absent: {names}.", names=names))
    elif missing:
        with _line("absent"):
            st.markdown(_("Absent:"), width="content")
            for one in missing:
                # By who it is: a click that meets a page which is just drawn anew is to hit nobody else.
                with _line(f"absent-{one.id}", width="content"):
                    st.markdown(f"**{words.markdown(name_of(students, one), 130)}**", width="content")
                    if st.button(_("Excuse"), key=f"excuse-{one.id}"):
                        _say(found, students, [one.id], Status.EXCUSED, "", ABOVE)
    if told := _excused(students):
        with _line("excused"):
            st.markdown(told, width="content")
            undo.show(_where(found, ABOVE), told=False)
    else:
        undo.show(_where(found, ABOVE))


def show(found: Class, students: StudentsOfClass) -> None:
    """The fold in which a status is given to several students at once, and taken back."""
    to_come = is_to_come(found, services().now())
    title = _("Excuse somebody in advance") if to_come else _("Change a status by hand")
    with st.expander(title, icon=":material/edit_note:", key="by-hand"):
        names = {one.id: name_of(students, one) for one in students.of_day}
        key = f"{found.id}-{st.session_state.get(_times(found), 0)}"
        chosen: list[str] = st.multiselect(
            _("Which students?"),
            list(names),
            format_func=lambda one: names.get(one, ""),
            key=f"marked-students-{key}",
            placeholder=_("Choose one or more students"),
        )
        status, remark = status_and_remark(key)
        if st.button(_("Save"), key="save-marks", type="primary", disabled=not chosen):
            _say(found, students, chosen, status, remark, FOLD)
        st.caption(_("It holds whatever Zoom's list says later, until you take it back."))
        undo.show(_where(found, FOLD))
        _said(found, students)


def status_and_remark(key: str) -> tuple[Status, str]:
    """Draws the fields for a status by hand; what they say now."""
    status = st.pills(
        _("Status"),
        list(BY_HAND),
        default=Status.EXCUSED,
        required=True,
        format_func=lambda code: _(STATUSES[code]),
        key=f"marked-status-{key}",
    )
    remark = st.text_input(_("Remark (optional)"), max_chars=LONGEST_REMARK, key=f"marked-remark-{key}")
    return status or Status.EXCUSED, remark


def _said(found: Class, students: StudentsOfClass) -> None:
    """Whatever was said by hand in this class, each with the way back to the rule."""
    said = [one for one in students.of_day if one.id in students.in_class.marks and students.mark(one).by_hand]
    for one in said[:MOST_LISTED]:
        mark = students.mark(one)
        name, remark = words.markdown(name_of(students, one), 130), words.markdown(mark.remark, 200)
        status, rule = _(STATUSES[mark.status]), _(STATUSES[mark.by_rule])
        told = (
            _(
                "**{name}**: {status}, “{remark}”. By the rule: {rule}.",
                name=name,
                status=status,
                remark=remark,
                rule=rule,
            )
            if remark
            else _("**{name}**: {status}. By the rule: {rule}.", name=name, status=status, rule=rule)
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(told, width="stretch")
            if st.button(_("Take back"), key=f"take-back-{one.id}", width="content"):
                _say(found, students, [one.id], None, "", FOLD)
    if len(said) > MOST_LISTED:
        rest = len(said) - MOST_LISTED
        st.caption(_n("And {number} more, in the list above.", "And {number} more, in the list above.", rest))


def _say(
    found: Class, students: StudentsOfClass, ids: Sequence[str], status: Status | None, remark: str, place: str
) -> None:
    """Stores what was clicked, and draws the page anew with nobody chosen and the way back."""
    with shown_errors():
        marked = courses.mark(services(), acting(), found.id, ids, status, remark)
    told = _told(students, [students.by_id[one] for one in ids], status)
    undo.remember(_where(found, place), told, found.id, marked)
    st.session_state[_times(found)] = st.session_state.get(_times(found), 0) + 1
    st.rerun()


def _told(students: StudentsOfClass, some: Sequence[Enrolled], status: Status | None) -> str:
    names = words.listed([name_of(students, one) for one in some])
    if status is None:
        return _("For {names} the rule holds again.", names=names)
    return _("{names}: {status}.", names=names, status=_(STATUSES[status]))


def _excused(students: StudentsOfClass) -> str:
    """Who is excused, with the remarks, in Markdown; nothing where it is nobody."""
    excused, told = students.having(Status.EXCUSED), []
    for one in excused[:MOST_NAMED]:
        name, remark = words.markdown(name_of(students, one), 130), words.markdown(students.mark(one).remark, 60)
        told.append(f"{name} ({remark})" if remark else name)
    if rest := len(excused[MOST_NAMED:]):
        told.append(_n("{number} more", "{number} more", rest))
    return _("Excused: {names}.", names=formats.listed(told)) if told else ""


def _line(key: str, width: Literal["stretch", "content"] = "stretch") -> DeltaGenerator:
    return st.container(key=key, horizontal=True, vertical_alignment="center", gap="small", width=width)


def _where(found: Class, place: str) -> str:
    """Where on the page of which class something is said, as `undo` wants it."""
    return f"class-{found.id}-{place}"


def _times(found: Class) -> str:
    """The key in Streamlit's session state of how often something was said."""
    return f"marks-{found.id}"
