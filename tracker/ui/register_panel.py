"""The register on the page of a course: its table, what is chosen of it, its guests, and its files."""

from collections.abc import Sequence
from math import ceil

import streamlit as st

from tracker.attendance.register import Known, Register, RegisterClass, Row
from tracker.attendance.types import CAME, Status
from tracker.messages import formats
from tracker.messages.languages import gettext as _
from tracker.messages.languages import marked
from tracker.messages.languages import ngettext as _n
from tracker.messages.vocabulary import HEADINGS, NO_NAME
from tracker.storage.courses import Course
from tracker.storage.members import Member
from tracker.text import compared_name
from tracker.ui import choice, components, marking_panel, register_files, register_table, registers, words
from tracker.ui.components import Column, Html

AT_RISK, SURNAME = "risk", "surname"
ORDERS = {AT_RISK: marked("At risk first"), SURNAME: marked("By surname")}
# Of more students one is looked for by name.
MANY_STUDENTS = 40
# Of more students a part is shown at once: a browser takes seconds to draw them all.
MOST_AT_ONCE = 300
# Longer lists scroll in a box of their own.
MOST_WITHOUT_BOX = 60


def show(member: Member, course: Course) -> None:
    """Draws the register of a course, at this moment."""
    register = registers.seen(member, course)
    if not register.rows or not register.classes:
        _nothing(register)
        if not register.classes:
            return
    if register.rows:
        _figures(register)
        marking_panel.just_marked(course)
        rows, classes, minutes = _chosen(register)
        if rows:
            table = st.container()
            rows = _part(rows)
            with table:
                register_table.draw(register, rows, classes, minutes=minutes)
            by_hand = any(mark.by_hand for row in rows for mark in row.marks.values())
            register_table.legend(by_hand=by_hand)
        else:
            components.empty(":material/search_off:", _("Nobody has this name."))
        with st.container(key="register-files"):
            register_files.show(course)
        marking_panel.show(member, course, register)
    _guests(register)


def _nothing(register: Register) -> None:
    if not register.rows:
        components.empty(":material/group:", _("There are no students yet. Add them under “Students”."))
    else:
        components.empty(":material/event:", _("No class of this course has begun yet. Its register fills by itself."))


def _figures(register: Register) -> None:
    """How many came, of late and in all, and how many are at risk: what a teacher asks first."""
    marks = [mark for row in register.rows for mark in row.counted]
    if not marks:
        return
    came = sum(mark.status in CAME for mark in marks)
    last = next(held for held in reversed(register.classes) if held.known is Known.COUNTED)
    there = [row.marks[last.id].status for row in register.rows if last.id in row.marks]
    below = formats.percent(register.rules.at_risk_below)
    day, excused = formats.day(last.day), there.count(Status.EXCUSED)
    note = _n("{day}, {number} excused", "{day}, {number} excused", excused, day=day) if excused else day
    components.figures(
        (
            components.Figure(
                _("Last class"),
                words.out_of(sum(status in CAME for status in there), len(there)),
                note,
            ),
            components.Figure(_("Came on average"), formats.percent(round(100 * came / len(marks)))),
            components.Figure(
                _("At risk"),
                formats.number(len(register.at_risk)),
                _("absent twice in a row, or below {percent}", percent=below),
            ),
        )
    )


def _chosen(register: Register) -> tuple[Sequence[Row], Sequence[RegisterClass], bool]:
    """The rows and classes that are asked for, and whether minutes are."""
    parts = register_table.parts(register.classes)
    names = [str(number) for number in range(len(parts))]
    rows: Sequence[Row] = register.rows
    with st.container(key="register-controls", horizontal=True, vertical_alignment="bottom"):
        if len(register.rows) > MANY_STUDENTS:
            wanted = st.text_input(_("Find a name"), type="search", live=True, key="find-student", width=220)
            if wanted := compared_name(wanted or ""):
                rows = [row for row in rows if wanted in compared_name(row.enrolled.student.name)]
        order = choice.in_address("order", _("Order"), {code: _(label) for code, label in ORDERS.items()}, AT_RISK)
        part = names[-1]
        if len(parts) > 1:
            days = {name: register_table.days_of(parts[int(name)]) for name in names}
            part = choice.in_address("part", _("Classes"), days, part)
        minutes = st.toggle(_("Minutes"), key="minutes", bind="query-params")
    if order == AT_RISK:
        first = [row for row in register.at_risk if row in rows] if len(rows) < len(register.rows) else register.at_risk
        ids = {row.enrolled.id for row in first}
        rows = [*first, *(row for row in rows if row.enrolled.id not in ids)]
    return rows, parts[int(part)], minutes


def _part(rows: Sequence[Row]) -> Sequence[Row]:
    """Of very many rows those of the part that is chosen below the table."""
    pages = ceil(len(rows) / MOST_AT_ONCE)
    if pages <= 1:
        return rows
    number = min(st.pagination(pages, key="register-part"), pages)
    start = (number - 1) * MOST_AT_ONCE
    part = rows[start : start + MOST_AT_ONCE]
    st.caption(
        _(
            "Students {first} to {last} of {all}",
            first=formats.number(start + 1),
            last=formats.number(start + len(part)),
            all=formats.number(len(rows)),
        )
    )
    return part


def _guests(register: Register) -> None:
    """Who was there and is no student."""
    if not register.guests:
        return
    st.header(_("Guests"), anchor=False)
    st.caption(
        _(
            "They were in class and are no students of this course, as far as anybody knows. Who is which student is "
            "said on the page of a class."
        )
    )
    titles = {held.id: held for held in register.classes}
    rows = []
    for guest in register.guests:
        latest = titles[guest.classes[-1]]
        number = len(guest.classes)
        rows.append(
            (
                words.plain(guest.name, 120) or _(NO_NAME),
                _n("{number} class", "{number} classes", number),
                Html(register_table.link("class", latest.id, formats.day(latest.day), words.plain(latest.title, 80))),
                guest.email,
            )
        )
    columns = [Column(_(HEADINGS["Name"])), Column(_("Classes")), Column(_("Last in"))]
    if any(guest.email for guest in register.guests):
        columns.append(Column(_(HEADINGS["Email"]), look="wide quiet"))
    shown = [row[: len(columns)] for row in rows]
    components.table(_("Guests"), columns, shown, box=len(rows) > MOST_WITHOUT_BOX)
