"""The register as other programs take it: Moodle's attendance, Canvas's gradebook, Google Sheets. Pure functions.

These are CSV in UTF-8 without a mark in front, in English words, whatever language is spoken.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Literal

from tracker import clock
from tracker.attendance.register import Register
from tracker.attendance.types import Status
from tracker.report.register import (
    RegisterShape,
    register_csv,
    register_json,
    register_table,
    register_workbook,
)
from tracker.report.table import Cell, Table, csv_bytes

HandOff = Literal["moodle", "canvas", "sheets"]
RegisterFormat = Literal["csv", "xlsx", "json"] | HandOff
HAND_OFFS: tuple[HandOff, ...] = ("moodle", "canvas", "sheets")
REGISTER_FORMATS: tuple[RegisterFormat, ...] = ("csv", "xlsx", "json", *HAND_OFFS)
# What is in a file that is of no single shape.
CONTENTS_OF: Mapping[RegisterFormat, str] = {
    "xlsx": "wide and long",
    "json": "everything",
    "moodle": "marks",
    "canvas": "points",
}

# The acronyms that an attendance activity of Moodle has unless its teacher has made others: present, late, absent,
# excused. Of what it has no word for, the remark tells ours.
MOODLE_STATUS: Mapping[Status, str] = {
    Status.PRESENT: "P",
    Status.LATE: "L",
    Status.LEFT_EARLY: "P",
    Status.LATE_AND_LEFT_EARLY: "L",
    Status.PARTLY: "L",
    Status.ABSENT: "A",
    Status.EXCUSED: "E",
}
MOODLES_OWN = frozenset({Status.PRESENT, Status.LATE, Status.ABSENT, Status.EXCUSED})
CANVAS_POINTS = 100


def moodle_table(register: Register) -> Table:
    """One row a student and class, as Moodle's attendance imports marks: of many sessions at once, by their local start
    and the user, or, where the register is of one class, those of one session.

    Moodle takes the first three columns for these unless told otherwise. A class of which nobody knows who was there
    has no row, nor has a student whom Moodle could not find.
    """
    columns = ("Session", "Email", "Status", "Remarks", "ID number")
    rows = (
        (
            f"{held.start.astimezone(clock.zone(held.timezone)):%Y-%m-%d %H:%M}",
            row.enrolled.student.email,
            MOODLE_STATUS[mark.status],
            ": ".join(part for part in ("" if mark.status in MOODLES_OWN else mark.status.value, mark.remark) if part),
            row.enrolled.student.number,
        )
        for held in register.classes
        for row in register.rows
        if (mark := row.marks.get(held.id)) is not None and mark.status in MOODLE_STATUS
        if row.enrolled.student.email or row.enrolled.student.number
    )
    return Table(columns, tuple(rows))


def canvas_table(register: Register) -> Table:
    """One row a student, as Canvas's gradebook imports points: to how many percent of her classes she came.

    Canvas finds a student by her SIS id, which is her number, else by her login, which is her e-mail, else by her name.
    """
    columns = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Attendance")
    possible: tuple[Cell, ...] = ("    Points Possible", "", "", "", "", CANVAS_POINTS)
    rows = (
        (
            row.enrolled.student.name,
            "",
            row.enrolled.student.number,
            row.enrolled.student.email,
            row.enrolled.student.group,
            row.rate,
        )
        for row in register.rows
    )
    return Table(columns, (possible, *rows))


def sheets_table(register: Register, shape: RegisterShape) -> Table:
    """The table of this shape with nothing in it that a country reads in its own way: no comma or point in a number,
    and dates without a zone."""
    table = register_table(register, shape)

    def plainest(cell: Cell) -> Cell:
        if isinstance(cell, datetime):
            return f"{cell:%Y-%m-%d %H:%M:%S}"
        return int(cell + 0.5) if isinstance(cell, float) else cell

    return Table(table.columns, tuple(tuple(map(plainest, row)) for row in table.rows), table.headings)


def contents(form: RegisterFormat, shape: RegisterShape) -> str:
    """What is in a file of a register, as it is noted: the shape, where the format has more than one."""
    return CONTENTS_OF.get(form, shape)


def register_file(
    register: Register, form: RegisterFormat, shape: RegisterShape = "wide", *, told: bool = False
) -> bytes:
    """The file of a register in this format. CSV for spreadsheets is of one shape, and Excel has both; those two alone
    are `told` in the language that is spoken."""
    if form == "csv":
        return register_csv(register, shape, told=told)
    if form == "xlsx":
        return register_workbook(register, shape, told=told)
    if form == "json":
        return register_json(register)
    tables: Mapping[HandOff, Callable[[], Table]] = {
        "moodle": lambda: moodle_table(register),
        "canvas": lambda: canvas_table(register),
        "sheets": lambda: sheets_table(register, shape),
    }
    return csv_bytes(tables[form](), bom=False)
