"""A list of students for a course: from a class's people, pasted, or as a file; looked at before it is saved."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from tracker import courses, rosters
from tracker.courses import Comes, Preview
from tracker.messages import formats, sentence_of
from tracker.messages.languages import gettext as _
from tracker.messages.languages import marked
from tracker.messages.languages import ngettext as _n
from tracker.messages.vocabulary import COMES, HEADINGS, MEANINGS
from tracker.rosters import LineProblem, Meaning, Roster, Student
from tracker.storage.classes import Class
from tracker.storage.courses import Course
from tracker.storage.members import Member
from tracker.ui import components, page, words
from tracker.ui.components import Column
from tracker.ui.wiring import services
from tracker.ui.words import Color

FROM_CLASS, PASTED, FILE = "class", "paste", "file"
WAYS = {
    FROM_CLASS: marked("From a class"),
    PASTED: marked("Paste a list"),
    FILE: marked("Upload a file"),
}
# Of a list so many lines are shown, those that change something first, and so many of what is to be said of lines.
MOST_LINES, MOST_PROBLEMS = 12, 20
LONGEST_CELL = 60
MARKS: dict[Comes, tuple[str, Color]] = {
    Comes.NEW: ("+", "green"),
    Comes.CHANGED: ("✎", "blue"),
    Comes.SAME: ("=", "gray"),
    Comes.LEFT_OUT: ("✕", "orange"),
}
NOT_READ = (Meaning.NOTHING, Meaning.SEAT_NUMBER, Meaning.OTHER_PERSON)
# The keys in Streamlit's session state of what was saved a moment ago, and of how often something was, so that the
# fields are empty after that.
SAVED, TIMES = "roster-saved", "rosters-saved"


def show(member: Member, course: Course) -> None:
    """Draws the ways to a list, and what the chosen one would come to, with the button that saves it."""
    with page.shown_errors():
        classes = page.read(courses.classes_to_take_from, member, course)
    ways = [way for way in WAYS if way != FROM_CLASS or classes]
    way = st.segmented_control(
        _("Where the list comes from"),
        ways,
        default=ways[0],
        required=True,
        format_func=lambda code: _(WAYS[code]),
        key="way",
    )
    if way == FROM_CLASS:
        _from_class(member, course, classes)
    elif way == PASTED:
        _pasted(member, course)
    else:
        _file(member, course)


def saved(course: Course) -> None:
    """What was saved a moment ago."""
    course_id, sentence = st.session_state.pop(SAVED, ("", ""))
    if course_id == course.id:
        st.success(sentence, icon=":material/check:")


def _from_class(member: Member, course: Course, classes: Sequence[Class]) -> None:
    told = {one.id: f"{words.when(one)} · {words.plain(one.title, 60)}" for one in classes}
    class_id = st.selectbox(_("Class"), list(told), format_func=told.__getitem__, key="roster-class")
    chosen = next(one for one in classes if one.id == class_id)
    st.caption(_("Everybody who was there, without hosts, robots and who was set aside."))
    alone = chosen.course_id is None and words.is_owner(chosen, member)
    add = alone and st.checkbox(_("Put this class into the course too"), value=True, key="roster-add-class")
    with page.shown_errors():
        read = page.read(courses.people_of_class, member, course.id, class_id, services().now())
    _preview(member, course, read, then=partial(_add_class, course, class_id) if add else None, told=False)


def _add_class(course: Course, class_id: str) -> None:
    courses.add_class(services(), page.acting(), course.id, class_id)


def _pasted(member: Member, course: Course) -> None:
    text = st.text_area(
        _("The list"),
        key=f"roster-text-{times()}",
        height=180,
        placeholder=_("Copied cells of a spreadsheet, or a name and an e-mail address on each line"),
    )
    if not (text or "").strip():
        st.caption(_("A first line with headings is understood in English, Spanish, Portuguese, German and French."))
        return
    with page.shown_errors():
        read = rosters.read_pasted(text)
    _preview(member, course, read)


def _file(member: Member, course: Course) -> None:
    given = st.file_uploader(
        _("Excel (.xlsx) or CSV, in the shape that your school has it"),
        type=["xlsx", "csv", "txt", "tsv"],
        key=f"roster-file-{times()}",
    )
    if given is None:
        st.caption(
            _("Nothing is saved before you have seen what was understood. The file itself is not kept, only the list.")
        )
        return
    with page.shown_errors():
        read = rosters.read_roster(given.getvalue(), given.name)
    _preview(member, course, read)


def _preview(
    member: Member,
    course: Course,
    read: Roster,
    *,
    then: Callable[[], None] | None = None,
    told: bool = True,
) -> None:
    """What a list would come to; and what saves it, and does then what goes with it."""
    with page.shown_errors():
        found = page.read(courses.preview_list, member, course.id, read)
    st.header(_("What was understood"), anchor=False)
    _numbers(found)
    if told:
        _columns(read)
    _lines(found)
    _said(_n("{number} line needs a look", "{number} lines need a look", len(found.problems)), found.problems)
    skipped = _n("{number} line is no student", "{number} lines are no students", len(read.skipped))
    _said(skipped, read.skipped, folded=True)
    new, changes = found.count(Comes.NEW), found.count(Comes.NEW) + found.count(Comes.CHANGED)
    if (
        new
        and found.students > new
        and st.checkbox(
            _("Those who are new are in the course from today on: what was before they have not missed"),
            value=True,
            key="roster-from-today",
        )
    ):
        read = _from_today(read, found)
    if not changes and then is None:
        st.info(_("The roster has all of this already."), icon=":material/check:")
        return
    label = _n("Save {number} student", "Save {number} students", changes) if changes else _("Save")
    if st.button(label, type="primary", icon=":material/save:", key="save-roster"):
        _save(course, read, then)


def _from_today(read: Roster, found: Preview) -> Roster:
    """The list with today as the first day of those who are new on it, where it says no other."""
    first = words.today(services().now())
    students = (
        replace(student, since=first) if what is Comes.NEW and student.since is None else student
        for student, (_line, what) in zip(read.students, found.lines, strict=True)
    )
    return replace(read, students=tuple(students))


def _save(course: Course, read: Roster, then: Callable[[], None] | None) -> None:
    with page.shown_errors():
        made = courses.import_list(services(), page.acting(), course.id, read)
        if then is not None:
            then()
    sentence = _(
        "Saved: {new}, {changed}.",
        new=_n("{number} new student", "{number} new students", made.new),
        changed=_n("{number} changed", "{number} changed", made.changed),
    )
    st.session_state[SAVED] = (course.id, sentence)
    st.session_state[TIMES] = times() + 1
    st.rerun()


def _numbers(found: Preview) -> None:
    """How many students the list has, and what of them is new."""
    on_list = len(found.lines) - found.count(Comes.LEFT_OUT)
    note = ""
    if found.stay:
        note = _n("{number} more stays on the roster", "{number} more stay on the roster", found.stay)
    components.figures(
        (
            components.Figure(_("Students in the list"), formats.number(on_list), note),
            components.Figure(_("New"), formats.number(found.count(Comes.NEW))),
            components.Figure(_("Changed"), formats.number(found.count(Comes.CHANGED))),
            components.Figure(_("As they are"), formats.number(found.count(Comes.SAME))),
        )
    )


def _columns(read: Roster) -> None:
    """Which column was taken for what."""
    known = [one for one in read.understood.columns if one.meaning not in NOT_READ]
    others = [one.heading for one in read.understood.columns if one.meaning in NOT_READ and one.heading.strip()]
    if not read.understood.header_lines:
        what = formats.listed([_(MEANINGS[one.meaning]) for one in known])
        st.markdown(_("There are no headings; what stands in the columns looks like: {what}.", what=what))
        return
    taken = [
        _(
            "“{heading}” is the {meaning}",
            heading=words.markdown(one.heading, LONGEST_CELL),
            meaning=_(MEANINGS[one.meaning]),
        )
        for one in known
    ]
    st.markdown(_("{columns}.", columns=formats.listed(taken)))
    if others:
        st.caption(_("Not read: {columns}.", columns=words.listed(others, 8)))


def _lines(found: Preview) -> None:
    """The first lines, those that change something first."""
    order = {Comes.NEW: 0, Comes.CHANGED: 0, Comes.LEFT_OUT: 1, Comes.SAME: 2}
    lines = sorted(found.lines, key=lambda line: order[line[1]])
    shown = lines[:MOST_LINES]
    columns, rows = student_cells([student for student, _what in shown])
    marks = [components.mark(MARKS[what][0], _(COMES[what]), MARKS[what][1]) for _student, what in shown]
    told = [Column(_("What it is")), *columns[1:]]
    components.table(
        _("The first lines"),
        [columns[0], *told],
        [[row[0], mark, *row[1:]] for row, mark in zip(rows, marks, strict=True)],
        look="stacks",
    )
    if len(lines) > MOST_LINES:
        st.caption(_n("And {number} more.", "And {number} more.", len(lines) - MOST_LINES))


def _said(title: str, lines: Sequence[LineProblem], *, folded: bool = False) -> None:
    """What is to be said of lines; nothing where it is nothing."""
    if not lines:
        return
    with st.expander(title, expanded=not folded, icon=":material/rule:"):
        st.markdown("\n".join(f"- {_line(one)}" for one in lines[:MOST_PROBLEMS]))
        if len(lines) > MOST_PROBLEMS:
            st.caption(_n("And {number} more.", "And {number} more.", len(lines) - MOST_PROBLEMS))


def _line(one: LineProblem) -> str:
    return _("Line {line}: {what}", line=formats.number(one.line), what=words.markdown(sentence_of(one), 300))


def student_cells(students: Iterable[Student]) -> tuple[list[Column], list[list[Any]]]:
    """Columns and rows for students; a column that nobody has anything in is left out. The first one is the name."""
    given = list(students)
    texts: list[tuple[str, list[str]]] = [
        (_(HEADINGS["Name"]), [words.plain(one.name, 120) for one in given]),
        (_(HEADINGS["Email"]), [one.email for one in given]),
        (_(HEADINGS["Number"]), [one.number for one in given]),
        (_("Group"), [one.group for one in given]),
        (_("First day"), [formats.day(one.since, weekday=False) if one.since else "" for one in given]),
        (_("Last day"), [formats.day(one.until, weekday=False) if one.until else "" for one in given]),
    ]
    kept = [texts[0], *(one for one in texts[1:] if any(one[1]))]
    columns = [Column(heading) for heading, _cells in kept]
    return columns, [list(row) for row in zip(*(cells for _heading, cells in kept), strict=True)]


def times() -> int:
    """How often a list was saved in this tab: what is named after it is a new one after that."""
    return int(st.session_state.get(TIMES, 0))
