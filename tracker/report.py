"""Rows for a screen and bytes for a file, from one attendance. Pure functions.

A screen and a file show the same rows; only the way a time is written differs.
"""

import csv
import io
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

import xlsxwriter

from tracker.attendance.stored_form import participants_data
from tracker.attendance.types import Attendance, Person, Stay, Where
from tracker.text import fold_name

Shape = Literal["people", "stays"]
Format = Literal["csv", "xlsx", "json"]
SHAPES: tuple[Shape, ...] = ("people", "stays")
FORMATS: tuple[Format, ...] = ("csv", "xlsx", "json")
Cell = str | int | float | datetime | None

NO_NAME = "No name"
# What makes a spreadsheet run a cell, in the usual and in the full-width form that some of them take for it.
FORMULA_STARTS = frozenset("=+-@＝＋－＠")


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and rows; times are aware and in the class's time zone, None is an empty cell."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def people_table(attendance: Attendance, zone: ZoneInfo) -> Table:
    """One row a person."""
    columns = (
        "Name",
        "Email",
        "First join",
        "Last leave",
        "Minutes present",
        "Percent",
        "Stays",
        "Status",
        "Role",
        "Minutes in class",
    )
    rows = (
        (
            person.name or NO_NAME,
            person.email,
            _local(person.first_join, zone),
            _local(person.last_leave, zone),
            minutes(person.seconds),
            person.percent,
            len(person.stays),
            person.status,
            person.role.value,
            minutes(person.seconds_in_class),
        )
        for person in attendance.people
    )
    return Table(columns, tuple(rows))


def stays_table(attendance: Attendance, zone: ZoneInfo) -> Table:
    """One row a stay, the waiting room included. Sessions are numbered by their start."""
    return _stays_table(attendance.stays, attendance, zone)


def stays_of(person: Person, attendance: Attendance, zone: ZoneInfo) -> Table:
    """The stays of one person, in the same columns."""
    return _stays_table(person.stays, attendance, zone)


def _stays_table(stays: Iterable[Stay], attendance: Attendance, zone: ZoneInfo) -> Table:
    columns = ("Name", "Email", "Join", "Leave", "Seconds", "Session", "Where")
    numbers = {session.uuid: number for number, session in enumerate(attendance.sessions, start=1)}
    rows = (
        (
            fold_name(stay.name) or NO_NAME,
            stay.email.strip(),
            _local(stay.join, zone),
            _local(stay.leave, zone),
            stay.seconds,
            numbers.get(stay.session_uuid, 1),
            "waiting room" if stay.where is Where.WAITING_ROOM else "meeting",
        )
        for stay in stays
    )
    return Table(columns, tuple(rows))


TABLES: dict[Shape, Callable[[Attendance, ZoneInfo], Table]] = {"people": people_table, "stays": stays_table}


def minutes(seconds: int) -> float:
    """Whole seconds as minutes with one decimal, rounded half up."""
    return (seconds + 3) // 6 / 10


def csv_bytes(table: Table) -> bytes:
    """UTF-8 with a BOM (Excel needs it), `\\r\\n`, header first, cells that a spreadsheet would run defused."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(table.columns)
    writer.writerows([_csv_cell(cell) for cell in row] for row in table.rows)
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def xlsx_bytes(table: Table) -> bytes:
    """An Excel workbook of one sheet. Text is stored as text, so nothing in it can run."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Attendance")
        bold = book.add_format({"bold": True})
        for column, title in enumerate(table.columns):
            sheet.write_string(0, column, title, bold)
        for line, row in enumerate(table.rows, start=1):
            for column, cell in enumerate(row):
                if isinstance(cell, int | float):
                    sheet.write_number(line, column, cell)
                else:
                    sheet.write_string(line, column, _text(cell))
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, len(table.rows), len(table.columns) - 1)
        sheet.autofit()
    return target.getvalue()


def json_bytes(attendance: Attendance, zone: ZoneInfo, class_record: Mapping[str, Any]) -> bytes:
    """The class, its people as in the CSV, and every record of Zoom's."""
    table = people_table(attendance, zone)
    people = [
        {
            name: cell.isoformat() if isinstance(cell, datetime) else cell
            for name, cell in zip(table.columns, row, strict=True)
        }
        for row in table.rows
    ]
    document = {"class": dict(class_record), "people": people} | participants_data(attendance)
    return json.dumps(document, ensure_ascii=False, indent=2).encode("utf-8", "replace")


def file_name(title: str, start: datetime, shape: str, ending: str) -> str:
    """A file name that every system takes: `Algebra-7B-2026-05-14-people.csv`. `start` is in the class's zone."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-")[:60].strip("-") or "class"
    return f"{slug}-{start:%Y-%m-%d}-{shape}.{ending}"


def _local(moment: datetime | None, zone: ZoneInfo) -> datetime | None:
    return moment.astimezone(zone) if moment else None


def _csv_cell(cell: Cell) -> str:
    if isinstance(cell, float):
        return f"{cell:.1f}"
    text = _text(cell)
    return "'" + text if isinstance(cell, str) and _would_run(text) else text


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.isoformat()
    # Half a surrogate pair, which JSON can carry, has no place in a file.
    return str(cell).encode("utf-8", "replace").decode()


def _would_run(text: str) -> bool:
    """Whether a spreadsheet may take the text for a formula: some skip blanks and invisible signs in front."""
    if text[:1] in ("\t", "\r", "\n"):
        return True
    first = next((sign for sign in text if not sign.isspace() and unicodedata.category(sign) not in ("Cc", "Cf")), "")
    return first in FORMULA_STARTS and first != ""
