"""Rows for a screen and bytes for a file, from one attendance. Pure functions.

Hosts are in them, and whom a teacher has set aside is in neither the people nor the stays. Headings and words are
English, for programs, unless a table is put `in_words`.
"""

import csv
import io
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

import xlsxwriter

from tracker.attendance.counting import key_of
from tracker.attendance.stored_form import participants_data
from tracker.attendance.types import Attendance, Where
from tracker.messages.languages import gettext as _
from tracker.messages.vocabulary import HEADINGS, NO_NAME, PLACES, ROLES, SHEETS, STATUSES
from tracker.text import fold_name

Shape = Literal["people", "stays"]
Format = Literal["csv", "xlsx", "json"]
SHAPES: tuple[Shape, ...] = ("people", "stays")
FORMATS: tuple[Format, ...] = ("csv", "xlsx", "json")
Cell = str | int | float | datetime | None

# What makes a spreadsheet run a cell, in the usual and in the full-width form that some of them take for it.
FORMULA_STARTS = frozenset("=+-@＝＋－＠")
NEVER = datetime.max.replace(tzinfo=UTC)

# Of workbooks. Before 1900 Excel has no dates.
SHEET_OF: Mapping[Shape, str] = {"people": "People", "stays": "Joins and leaves"}
DATE_FORMAT, WIDTH_OF_DATE, FIRST_YEAR_OF_EXCEL = "yyyy-mm-dd hh:mm:ss", 19, 1900
NUMBER_FORMATS = {"Percent": "0%", "Minutes present": "0.0", "Minutes in class": "0.0"}
WIDEST = 45
# The columns whose cells are words, which are told in a language.
WORDS: Mapping[str, Mapping[str, str]] = {
    "Status": STATUSES,
    "Role": ROLES,
    "Where": PLACES,
    "Name": {NO_NAME: NO_NAME},
}
# So that the same class makes the same file; nobody needs to know when it was made.
CREATED = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and rows; times are aware and in the class's time zone, None is an empty cell.

    `columns` are what the columns are, and their headings too, unless it has `headings` in a language.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    headings: tuple[str, ...] = ()


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
    """One row a stay, the waiting room included, without those of people who were set aside.

    Sessions are numbered by their start.
    """
    set_aside = {key for person in attendance.set_aside for key in person.keys}
    columns = ("Name", "Email", "Join", "Leave", "Seconds", "Session", "Where")
    numbers = _session_numbers(attendance)
    rows = (
        (
            fold_name(stay.name) or NO_NAME,
            stay.email.strip(),
            _local(stay.join, zone),
            _local(stay.leave, zone),
            stay.seconds,
            numbers.get(stay.session_uuid),
            "waiting room" if stay.where is Where.WAITING_ROOM else "meeting",
        )
        for stay in attendance.stays
        if not set_aside or key_of(stay) not in set_aside
    )
    return Table(columns, tuple(rows))


def _session_numbers(attendance: Attendance) -> dict[str, int]:
    """The number of each session by its start, of those too that are another class's and share people with this one.

    A record that names no session, as another program may have written it, is of the only one; of several, of none.
    """
    starts = {session.uuid: session.start for session in attendance.sessions}
    first_seen: dict[str, datetime] = {}
    for stay in attendance.stays:
        uuid, span = stay.session_uuid, stay.span
        if uuid and uuid not in starts:
            seen = span.start if span is not None else NEVER
            first_seen[uuid] = min(seen, first_seen.get(uuid, seen))
    starts |= first_seen
    ordered = sorted(starts, key=lambda uuid: (starts[uuid], uuid))
    numbers = {uuid: number for number, uuid in enumerate(ordered, start=1)}
    return numbers if len(numbers) > 1 else {"": 1} | numbers


TABLES: dict[Shape, Callable[[Attendance, ZoneInfo], Table]] = {"people": people_table, "stays": stays_table}


def in_words(table: Table) -> Table:
    """The table with its headings, statuses, roles and places in the language that is spoken."""
    words = [WORDS.get(column, {}) for column in table.columns]

    def told(cell: Cell, known: Mapping[str, str]) -> Cell:
        return _(known[cell]) if isinstance(cell, str) and cell in known else cell

    rows = (tuple(map(told, row, words)) for row in table.rows)
    return Table(table.columns, tuple(rows), tuple(_(HEADINGS[column]) for column in table.columns))


def minutes(seconds: int) -> float:
    """Whole seconds as minutes with one decimal, rounded half up."""
    return (seconds + 3) // 6 / 10


def csv_bytes(table: Table) -> bytes:
    """UTF-8 with a BOM (Excel needs it), `\\r\\n`, header first, cells that a spreadsheet would run defused."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(table.headings or table.columns)
    writer.writerows([_csv_cell(cell) for cell in row] for row in table.rows)
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def xlsx_bytes(known: Mapping[Shape, Table]) -> bytes:
    """An Excel workbook with a sheet for each table, in their order; the same tables always make the same bytes.

    Times are dates in the class's time, percentages numbers below one, and text is stored as text, so that nothing in
    it can run. Each sheet has its header frozen and a filter.
    """
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True, "default_date_format": DATE_FORMAT}) as book:
        book.set_properties({"created": CREATED})
        header = book.add_format({"bold": True})
        formats = {name: book.add_format({"num_format": code}) for name, code in NUMBER_FORMATS.items()}
        for shape, table in known.items():
            named = SHEETS[SHEET_OF[shape]]
            sheet = book.add_worksheet(_(named) if table.headings else named)
            for column, title in enumerate(table.headings or table.columns):
                sheet.write_string(0, column, title, header)
                sheet.set_column(column, column, _width(title, [row[column] for row in table.rows]))
            for line, row in enumerate(table.rows, start=1):
                for column, cell in enumerate(row):
                    title = table.columns[column]
                    _write_cell(sheet, (line, column), cell, formats.get(title), percent=title == "Percent")
            sheet.freeze_panes(1, 0)
            sheet.autofilter(0, 0, len(table.rows), len(table.columns) - 1)
    return target.getvalue()


def tables(attendance: Attendance, zone: ZoneInfo, *, told: bool = False) -> dict[Shape, Table]:
    """Both tables of a class; where they are `told`, in the language that is spoken."""
    made = {shape: make(attendance, zone) for shape, make in TABLES.items()}
    return {shape: in_words(table) for shape, table in made.items()} if told else made


def workbook(attendance: Attendance, zone: ZoneInfo, first: Shape = "people", *, told: bool = False) -> bytes:
    """The Excel file of a class: its people, and their joins and leaves, on a sheet each; `first` is the one on top."""
    known = tables(attendance, zone, told=told)
    return xlsx_bytes({shape: known[shape] for shape in sorted(SHAPES, key=lambda shape: shape != first)})


def _write_cell(sheet: Any, place: tuple[int, int], cell: Cell, number_format: Any, *, percent: bool) -> None:
    """One cell as what it is; nothing is written for what is empty."""
    if isinstance(cell, datetime) and cell.year >= FIRST_YEAR_OF_EXCEL:
        sheet.write_datetime(*place, cell.replace(tzinfo=None))
    elif isinstance(cell, int | float):
        sheet.write_number(*place, cell / 100 if percent else cell, number_format)
    elif text := _text(cell):
        sheet.write_string(*place, text)


def _width(title: str, cells: Iterable[Cell]) -> int:
    """The width of a column in characters: what is in it can be read, and one endless name hides no other column."""
    longest = max((WIDTH_OF_DATE if isinstance(cell, datetime) else len(_text(cell)) for cell in cells), default=0)
    # Beside the title is the button of the filter.
    return min(max(len(title) + 4, longest + 2), WIDEST)


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
