"""The settings of a course on its page: its rules, its name, with whom it is shared, whose it is, and its end."""

import streamlit as st

from tracker import auth, courses
from tracker.attendance.statuses import LONGEST_GRACE
from tracker.errors import InvalidInput
from tracker.messages import formats
from tracker.messages.languages import gettext as _
from tracker.messages.languages import ngettext as _n
from tracker.storage.courses import Course
from tracker.storage.members import Member
from tracker.ui import news_panel, page, people, sharing, words
from tracker.ui.wiring import services

# So many of a teacher's latest classes are looked through for those that are in no course.
MOST_LOOKED_THROUGH = 200
# The key in Streamlit's session state of what was done a moment ago.
DONE = "course-done"


def show(member: Member, course: Course) -> None:
    """Draws the settings that this person may change."""
    if done := st.session_state.pop(DONE, ""):
        st.success(words.markdown(done, 300), icon=":material/check:")
    in_charge = auth.is_in_charge_of_course(member, course)
    with st.container(width=760):
        st.header(_("Rules"), anchor=False)
        _rules(course)
        if in_charge:
            _classes(member, course)
            st.header(_("Name"), anchor=False)
            _name(course)
        st.header(_("Shared with colleagues"), anchor=False)
        sharing.of_course(course, member)
        news_panel.panel(course, member)
        if in_charge:
            st.header(_("Hand over"), anchor=False)
            _hand_over(member, course)
            st.header(_("Put away"), anchor=False)
            _end(member, course)


def _rules(course: Course) -> None:
    rules = course.rules
    with st.form("rules", border=False):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            late = st.number_input(
                _("Late after, in minutes"), 0, LONGEST_GRACE, rules.late_after, key="late-after", width=220
            )
            present = st.number_input(
                _("Present from, in percent of the class"), 0, 100, rules.present_from, key="present-from", width=220
            )
            risk = st.number_input(
                _("At risk below, in percent of the classes"), 0, 100, rules.at_risk_below, key="at-risk", width=220
            )
        st.caption(_("Changing a rule changes the past too. What was marked by hand stays."))
        saved = st.form_submit_button(_("Save rules"), type="primary")
    if saved:
        with page.shown_errors(), st.spinner(_("All classes of the course are counted anew …")):
            courses.set_rules(
                services(), page.acting(), course, late_after=late, present_from=present, at_risk_below=risk
            )
        _done(_("The rules are saved, and all classes follow them."))


def _classes(member: Member, course: Course) -> None:
    """Classes of the teacher's that are in no course, to be put into this one."""
    with page.shown_errors():
        others = page.read(courses.classes_without_course, member, course, MOST_LOOKED_THROUGH)
    if not others:
        return
    st.header(_("Classes without a course"), anchor=False)
    told = {one.id: f"{words.when(one)} · {words.plain(one.title, 60)}" for one in others}
    with st.form("add-classes", border=False):
        chosen = st.multiselect(
            _("Put them into this course"),
            list(told),
            format_func=told.__getitem__,
            key="added-classes",
            placeholder=_("Choose one or more"),
        )
        if not st.form_submit_button(_("Put in")):
            return
    with page.shown_errors():
        for class_id in chosen:
            courses.add_class(services(), page.acting(), course.id, class_id)
    _done(_n("{number} class is in the course now.", "{number} classes are in the course now.", len(chosen)))


def _name(course: Course) -> None:
    with st.form("name", border=False):
        name = st.text_input(_("Name of the course"), course.name, key="course-name")
        if not st.form_submit_button(_("Rename")):
            return
    with page.shown_errors():
        courses.rename(services(), page.acting(), course.id, name or "")
    _done(_("The course has its new name."))


def _hand_over(member: Member, course: Course) -> None:
    with page.shown_errors():
        everybody = page.read(auth.list_members)
    others = [one for one in everybody if one.id != course.teacher_id and one.disabled_at is None]
    if not others:
        st.caption(_("Nobody else has an account here."))
        return
    st.markdown(
        _(
            "The course goes to a colleague with its classes, its students and all that was said of them. Zoom "
            "meetings that exist stay with who hosts them now; make new ones for the classes to come."
        )
    )
    if course.teacher_id == member.id and not member.is_admin:
        st.markdown(_("You do not see it any more then, unless your colleague shares it with you."))
    with st.form("hand-over", border=False):
        heir = st.selectbox(
            _("Colleague"), others, None, format_func=people.named, key="heir", placeholder=_("Choose one")
        )
        sure = st.checkbox(_("I cannot undo this myself."), key="hand-over-sure")
        if not st.form_submit_button(_("Hand over")):
            return
    with page.shown_errors():
        if heir is None or not sure:
            raise InvalidInput("hand_over_unconfirmed")
        courses.hand_over(services(), page.acting(), course.id, heir.email)
    st.switch_page(page.COURSES)


def _end(member: Member, course: Course) -> None:
    """Archive, take out, delete."""
    if course.archived_at is not None:
        day = formats.day(course.archived_at.astimezone(words.zone()))
        st.markdown(_("It has been in the archive since {day}.", day=day))
        if st.button(_("Take it out of the archive"), icon=":material/unarchive:"):
            with page.shown_errors():
                courses.take_out(services(), page.acting(), course.id)
            st.rerun()
    else:
        st.markdown(
            _("An archived course is listed apart and not offered for new classes. Its classes and its register stay.")
        )
        if st.button(_("Archive"), icon=":material/archive:"):
            with page.shown_errors():
                courses.archive(services(), page.acting(), course.id)
            _done(_("The course is in the archive now."))
    figures = page.read(courses.figures_of, member, course, services().now())
    if figures.classes:
        return
    with st.popover(_("Delete"), icon=":material/delete:"):
        told = _("It has no classes.")
        if figures.students:
            told = _n(
                "It has no classes. Its {number} student goes with it.",
                "It has no classes. Its {number} students go with it.",
                figures.students,
            )
        st.markdown(told)
        if st.button(_("Delete the course"), type="primary"):
            with page.shown_errors():
                courses.delete(services(), page.acting(), course.id)
            st.switch_page(page.COURSES)


def _done(sentence: str) -> None:
    st.session_state[DONE] = sentence
    st.rerun()
