"""Marks by hand from the register: several students of a class at once, with the way back."""

import streamlit as st

from tracker import courses
from tracker.attendance.register import Known, Register
from tracker.attendance.types import BY_HAND, Status
from tracker.courses.marking import LONGEST_REMARK
from tracker.errors import InvalidInput
from tracker.messages import formats
from tracker.messages.languages import gettext as _
from tracker.messages.languages import ngettext as _n
from tracker.messages.vocabulary import HEADINGS, NO_NAME, STATUSES
from tracker.storage.classes import Class
from tracker.storage.courses import Course
from tracker.storage.members import Member
from tracker.ui import page, undo, words
from tracker.ui.wiring import services

# The key in Streamlit's session state of how often somebody was marked, so that the form is an empty one after that.
TIMES = "times-marked"
BY_RULE = "rule"
# How many classes that have not begun are offered, as for somebody who is excused beforehand.
MOST_TO_COME = 8


def show(member: Member, course: Course, register: Register) -> None:
    """Draws the form: a class, students, what they are in it, and a remark."""
    with page.shown_errors():
        classes = page.read(courses.classes_of, member, course.id)
    now = services().now()
    begun = [one for one in classes if one.scheduled_start <= now][::-1]
    offered = [*begun, *[one for one in classes if one.scheduled_start > now][:MOST_TO_COME]]
    if not offered:
        return
    names = {row.enrolled.id: words.plain(row.enrolled.student.name, 80) or _(NO_NAME) for row in register.rows}
    told = {one.id: _named(one) for one in offered}
    # The last one that was held: of what is not known yet, or was not held, there is rarely something to say.
    counted = {held.id for held in register.classes if held.known is Known.COUNTED}
    usual = next((place for place, one in enumerate(offered) if one.id in counted), 0)
    with st.expander(_("Mark by hand"), icon=":material/edit_note:", key="mark-by-hand"):
        times = st.session_state.get(TIMES, 0)
        with st.form("marking", border=False, width=760):
            class_id = st.selectbox(
                _("Class"), list(told), usual, format_func=told.__getitem__, key=f"marking-class-{times}"
            )
            chosen = st.multiselect(
                _("Students"),
                list(names),
                format_func=names.__getitem__,
                key=f"marking-students-{times}",
                placeholder=_("Choose one or more"),
            )
            status = st.selectbox(
                _(HEADINGS["Status"]),
                [Status.EXCUSED.value, *(one.value for one in BY_HAND if one is not Status.EXCUSED), BY_RULE],
                format_func=lambda code: _("what the rule says") if code == BY_RULE else _(STATUSES[code]),
                key=f"marking-status-{times}",
            )
            remark = st.text_input(
                _("Remark (optional)"),
                max_chars=LONGEST_REMARK,
                key=f"marking-remark-{times}",
                placeholder=_("Ill, a note from home"),
            )
            if not st.form_submit_button(_("Mark"), type="primary", icon=":material/check:"):
                return
        _mark(course, class_id, told[class_id], chosen, status, remark)


def just_marked(course: Course) -> None:
    """What was marked a moment ago, with the way back."""
    undo.show(_where(course))


def _mark(course: Course, class_id: str, told: str, chosen: list[str], status: str, remark: str) -> None:
    given = None if status == BY_RULE else Status(status)
    with page.shown_errors():
        if not chosen:
            raise InvalidInput("nobody_chosen")
        marked = courses.mark(services(), page.acting(), class_id, chosen, given, remark)
    number = len(chosen)
    if given is None:
        sentence = _n(
            "{number} student is what the rule says: {title}.",
            "{number} students are what the rule says: {title}.",
            number,
            title=words.markdown(told),
        )
    else:
        sentence = _n(
            "{number} student marked as {status}: {title}.",
            "{number} students marked as {status}: {title}.",
            number,
            status=_(STATUSES[given]),
            title=words.markdown(told),
        )
    undo.remember(_where(course), sentence, class_id, marked)
    st.session_state[TIMES] = st.session_state.get(TIMES, 0) + 1
    st.rerun()


def _where(course: Course) -> str:
    """Where a mark is told, as `undo` wants it."""
    return f"register-{course.id}"


def _named(found: Class) -> str:
    """A class in a list to choose from."""
    return f"{formats.day(found.planned.start.astimezone(words.zone()))} · {words.plain(found.title, 60)}"
