"""The students of a course on its page: the roster, one student added, changed or removed, and lists."""

from collections.abc import Sequence

import streamlit as st

from tracker import courses
from tracker.attendance.matching import Enrolled
from tracker.messages import formats
from tracker.messages.languages import gettext as _
from tracker.messages.languages import ngettext as _n
from tracker.messages.vocabulary import HEADINGS, NO_NAME
from tracker.rosters import Student
from tracker.storage.courses import Course
from tracker.storage.members import Member
from tracker.text import compared_name
from tracker.ui import components, page, register_table, roster_panel, words
from tracker.ui.components import Html
from tracker.ui.register_panel import MANY_STUDENTS
from tracker.ui.wiring import services

MOST_WITHOUT_BOX = 60
# The key in Streamlit's session state of how often a student was changed by hand: the fields are new ones after that.
TIMES = "students-changed"


def show(member: Member, course: Course) -> None:
    """Draws the roster, and what changes it."""
    with page.shown_errors():
        students = courses.roster_of_course(services(), member, course)
    roster_panel.saved(course)
    if students:
        shown = _named(students) if len(students) > MANY_STUDENTS else students
        st.caption(_n("{number} student", "{number} students", len(shown)))
        if shown:
            _table(shown)
        else:
            components.empty(":material/search_off:", _("Nobody on the list fits this search."))
    else:
        components.empty(":material/group:", _("There are no students yet. Bring a list, or add them one by one."))
    with st.expander(
        _("Bring the list up to date") if students else _("Bring a list"),
        expanded=not students,
        icon=":material/upload:",
        key=f"roster-{roster_panel.times()}",
    ):
        roster_panel.show(member, course)
    times = st.session_state.get(TIMES, 0)
    with st.expander(_("Add a student"), icon=":material/person_add:", key=f"add-student-{times}"):
        _add(course, f"new-{times}")
    if students:
        with st.expander(_("Change or remove a student"), icon=":material/edit:", key=f"change-student-{times}"):
            _change(course, students, times)


def _named(students: Sequence[Enrolled]) -> Sequence[Enrolled]:
    """Who of them is looked for: by name, e-mail, number or group."""
    placeholder = _("Name, e-mail, number or group")
    typed = st.text_input(
        _("Search"), type="search", live=True, key="find-on-roster", placeholder=placeholder, width=420
    )
    wanted = compared_name(typed or "")
    return [one for one in students if wanted in _looked_in(one)] if wanted else students


def _looked_in(one: Enrolled) -> str:
    student = one.student
    return compared_name(" ".join((student.name, student.email, *one.addresses, student.number, student.group)))


def _table(students: Sequence[Enrolled]) -> None:
    columns, rows = roster_panel.student_cells([one.student for one in students])
    for row, one in zip(rows, students, strict=True):
        name = register_table.link("student", one.id, words.plain(one.student.name, 120) or _(NO_NAME))
        row[0] = Html(f"<bdi>{name}</bdi>")
        if one.addresses and len(row) > 1 and columns[1].heading == _(HEADINGS["Email"]):
            row[1] = ", ".join(filter(None, (one.student.email, *one.addresses)))
    components.table(_("Students"), columns, rows, look="stacks", box=len(rows) > MOST_WITHOUT_BOX)


def _add(course: Course, key: str) -> None:
    with st.form(key, border=False, width=760):
        student, addresses = _fields(Student(""), (), key)
        if not st.form_submit_button(_("Add"), type="primary", icon=":material/person_add:"):
            return
    with page.shown_errors():
        courses.add_student(services(), page.acting(), course.id, student, addresses)
    _done()


def _change(course: Course, students: Sequence[Enrolled], times: int) -> None:
    by_id = {one.id: one for one in students}
    chosen = st.selectbox(
        _("Student"),
        list(by_id),
        None,
        format_func=lambda one: _called(by_id[one]),
        key=f"changed-student-{times}",
        placeholder=_("Choose one"),
        width=760,
    )
    if chosen is None:
        return
    known = by_id[chosen]
    with st.form(f"change-{chosen}", border=False, width=760):
        student, addresses = _fields(known.student, known.addresses, f"{chosen}-{times}")
        saved = st.form_submit_button(_("Save"), type="primary", icon=":material/save:")
    if saved:
        with page.shown_errors():
            courses.change_student(services(), page.acting(), course.id, chosen, student, addresses)
        _done()
    with st.popover(_("Remove from the course"), icon=":material/person_remove:"):
        st.markdown(
            _(
                "What was said of this student by hand goes too. Somebody who has left keeps her history where you "
                "give her a last day instead."
            )
        )
        if st.button(_("Remove {name}", name=words.markdown(known.student.name, 60)), key=f"remove-{chosen}"):
            with page.shown_errors():
                courses.remove_students(services(), page.acting(), course.id, [chosen])
            _done()


def _fields(known: Student, addresses: Sequence[str], key: str) -> tuple[Student, tuple[str, ...]]:
    """The fields of a student, filled in with what is known of her, and what they say now."""
    name = st.text_input(_(HEADINGS["Name"]), known.name, key=f"name-{key}")
    email = st.text_input(_(HEADINGS["Email"]), known.email, key=f"email-{key}")
    others = st.text_input(
        _("Further e-mail addresses"),
        ", ".join(addresses),
        key=f"addresses-{key}",
        help=_("Another one of hers, or a guardian's whose account she joins with. Put commas between them."),
    )
    with st.container(horizontal=True):
        number = st.text_input(_(HEADINGS["Number"]), known.number, key=f"number-{key}", width=200)
        group = st.text_input(_("Group"), known.group, key=f"group-{key}", width=200)
    order = formats.order_of_date()
    with st.container(horizontal=True):
        since = st.date_input(
            _("First day"),
            known.since,
            format=order,
            key=f"since-{key}",
            width=200,
            help=_("Classes before it are none of hers. Empty: from the beginning."),
        )
        until = st.date_input(_("Last day"), known.until, format=order, key=f"until-{key}", width=200)
    student = Student(name or "", email or "", number or "", group or "", since, until, surname=known.surname)
    return student, tuple(filter(None, (one.strip() for one in (others or "").replace(";", ",").split(","))))


def _called(one: Enrolled) -> str:
    name = words.plain(one.student.name, 80) or _(NO_NAME)
    return f"{name} ({one.student.email})" if one.student.email else name


def _done() -> None:
    st.session_state[TIMES] = st.session_state.get(TIMES, 0) + 1
    st.rerun()
