"""The files of a course's register: students and classes, in two shapes. Pure functions.

Wide has a row for each student and a column for each class, long a row for each student and class. A class outside a
student's dates, and one whose participants' names were removed, is an empty cell of the one, and no row of the other.
"""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import chain, count
from typing import Any, Literal

from tracker import clock
from tracker.attendance.register import Register, RegisterClass, StudentMark
from tracker.messages.languages import gettext as _
from tracker.messages.vocabulary import SHEETS
from tracker.report.table import Table, csv_bytes, in_words, local, minutes, workbook_bytes
from tracker.text import plain

RegisterShape = Literal["wide", "long"]
REGISTER_SHAPES: tuple[RegisterShape, ...] = ("wide", "long")
SHEET_OF: dict[RegisterShape, str] = {"wide": "Register", "long": "Details"}
OF_STUDENT = ("Name", "Email", "Number")
LONGEST_TITLE = 80


def wide_table(register: Register) -> Table:
    """One row a student, and one column a class, with the status in it."""
    ids = [held.id for held in register.classes]
    columns = (*OF_STUDENT, *("Status" for _id in ids))
    rows = (
        (
            row.enrolled.student.name,
            row.enrolled.student.email,
            row.enrolled.student.number,
            *(mark.status.value if (mark := row.marks.get(class_id)) else None for class_id in ids),
        )
        for row in register.rows
    )
    return Table(columns, tuple(rows), (*OF_STUDENT, *class_headings(register.classes)), fixed=1)


def long_table(register: Register) -> Table:
    """One row a student and class."""
    columns = (*OF_STUDENT, "Class", "Start", "Status", "Minutes", "Percent", "By", "Remark")
    rows = (
        (
            row.enrolled.student.name,
            row.enrolled.student.email,
            row.enrolled.student.number,
            held.title,
            local(held.start, clock.zone(held.timezone)),
            mark.status.value,
            None if mark.seconds is None else minutes(mark.seconds),
            mark.percent,
            by(mark),
            mark.remark,
        )
        for row in register.rows
        for held in register.classes
        if (mark := row.marks.get(held.id)) is not None
    )
    return Table(columns, tuple(rows), fixed=1)


TABLES: dict[RegisterShape, Callable[[Register], Table]] = {"wide": wide_table, "long": long_table}


def by(mark: StudentMark) -> str:
    """Who has given the status: `rule` or `hand`."""
    return "rule" if mark.by_hand is None else "hand"


def class_headings(classes: Sequence[RegisterClass]) -> list[str]:
    """What a column is called by its class, no two of them the same: when it begins in its own time zone, with its
    title where another one begins then, and with a number where that one has the same title."""
    starts = [f"{held.start.astimezone(clock.zone(held.timezone)):%Y-%m-%d %H:%M}" for held in classes]
    at_once = Counter(starts)
    named = [
        f"{start} {plain(held.title, LONGEST_TITLE)}" if at_once[start] > 1 else start
        for start, held in zip(starts, classes, strict=True)
    ]
    headings: dict[str, None] = {}
    for name in named:
        numbered = (f"{name} ({number})" for number in count(2))
        headings[next(one for one in chain([name], numbered) if one not in headings)] = None
    return list(headings)


def register_table(register: Register, shape: RegisterShape = "wide", *, told: bool = False) -> Table:
    """The table of a register; where it is `told`, in the language that is spoken."""
    made = TABLES[shape](register)
    return in_words(made) if told else made


def register_csv(register: Register, shape: RegisterShape = "wide", *, told: bool = False) -> bytes:
    """The CSV file of a register."""
    return csv_bytes(register_table(register, shape, told=told))


def register_workbook(register: Register, first: RegisterShape = "wide", *, told: bool = False) -> bytes:
    """The Excel file of a register, with a sheet for each shape; `first` is the one on top."""
    shapes = sorted(REGISTER_SHAPES, key=lambda shape: shape != first)
    names = {shape: SHEETS[SHEET_OF[shape]] for shape in shapes}
    return workbook_bytes(
        {_(names[shape]) if told else names[shape]: register_table(register, shape, told=told) for shape in shapes}
    )


def register_json(register: Register) -> bytes:
    """The register as one JSON object, with the guests of its classes."""
    document = {
        "course": register.course,
        "classes": [
            {"id": held.id, "title": held.title, "scheduledStart": clock.to_zoom(held.start)}
            for held in register.classes
        ],
        "students": [
            {
                "name": row.enrolled.student.name,
                "email": row.enrolled.student.email,
                "number": row.enrolled.student.number,
                "marks": {class_id: _mark(mark) for class_id, mark in row.marks.items()},
            }
            for row in register.rows
        ],
        "guests": [
            {"name": guest.name, "email": guest.email, "classes": list(guest.classes)} for guest in register.guests
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=2).encode("utf-8", "replace")


def _mark(mark: StudentMark) -> dict[str, Any]:
    return {
        "status": mark.status.value,
        "secondsInClass": mark.seconds,
        "percent": mark.percent,
        "by": by(mark),
        "remark": mark.remark,
    }
