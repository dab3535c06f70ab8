"""Tables, and files made of them: CSV and Excel. Pure functions.

Headings and words are English, for programs, unless a table is put `in_words`.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import xlsxwriter

from tracker.messages.languages import gettext as _
from tracker.messages.vocabulary import GIVEN_BY, HEADINGS, NO_NAME, PLACES, ROLES, STATUSES

Cell = str | int | float | datetime | None

# What makes a spreadsheet run a cell, in the usual and in the full-width form that some of them take for it.
FORMULA_STARTS = frozenset("=+-@＝＋－＠")

# Of workbooks. Before 1900 Excel has no dates.
DATE_FORMAT, WIDTH_OF_DATE, FIRST_YEAR_OF_EXCEL = "yyyy-mm-dd hh:mm:ss", 19, 1900
NUMBER_FORMATS = {"Percent": "0%", "Minutes present": "0.0", "Minutes in class": "0.0", "Minutes": "0.0"}
WIDEST = 45
# The columns whose cells are words, which are told in a language.
WORDS: Mapping[str, Mapping[str, str]] = {
    "Status": STATUSES,
    "Role": ROLES,
    "Where": PLACES,
    "By": GIVEN_BY,
    "Name": {NO_NAME: NO_NAME},
}
# So that the same class makes the same file; nobody needs to know when it was made.
CREATED = datetime(2000, 1, 1, tzinfo=UTC)
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and rows; times are aware and in the class's time zone, None is an empty cell.

    `columns` are what the columns are, and their headings too, unless it has `headings` of their own. The first `fixed`
    columns stay in sight where it is wider than the screen.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    headings: tuple[str, ...] = ()
    fixed: int = 0

    @property
    def shown(self) -> tuple[str, ...]:
        """The headings that are written."""
        return self.headings or self.columns


def in_words(table: Table) -> Table:
    """The table with its headings, statuses, roles and places in the language that is spoken.

    A heading of its own is no word, and stays.
    """
    words = [WORDS.get(column, {}) for column in table.columns]

    def told(cell: Cell, known: Mapping[str, str]) -> Cell:
        return _(known[cell]) if isinstance(cell, str) and cell in known else cell

    rows = (tuple(map(told, row, words)) for row in table.rows)
    pairs = zip(table.columns, table.shown, strict=True)
    headings = tuple(_(HEADINGS[column]) if heading == column else heading for column, heading in pairs)
    return Table(table.columns, tuple(rows), headings, table.fixed)


def minutes(seconds: int) -> float:
    """Whole seconds as minutes with one decimal, rounded half up."""
    return (seconds + 3) // 6 / 10


def csv_bytes(table: Table, *, bom: bool = True) -> bytes:
    """UTF-8, with a BOM (Excel needs it) unless told otherwise, `\\r\\n`, header first, cells that a spreadsheet would
    run defused."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([_csv_cell(heading) for heading in table.shown])
    writer.writerows([_csv_cell(cell) for cell in row] for row in table.rows)
    return (BOM if bom else b"") + text.getvalue().encode()


def workbook_bytes(sheets: Mapping[str, Table]) -> bytes:
    """An Excel workbook with a sheet for each table by its name, in their order; the same tables always make the same
    bytes.

    Times are dates in the class's time, percentages numbers below one, and text is stored as text, so that nothing in
    it can run. Each sheet has its header frozen and a filter.
    """
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True, "default_date_format": DATE_FORMAT}) as book:
        book.set_properties({"created": CREATED})
        header = book.add_format({"bold": True})
        formats = {name: book.add_format({"num_format": code}) for name, code in NUMBER_FORMATS.items()}
        for name, table in sheets.items():
            sheet = book.add_worksheet(name)
            for column, title in enumerate(table.shown):
                sheet.write_string(0, column, _text(title), header)
                sheet.set_column(column, column, _width(title, [row[column] for row in table.rows]))
            for line, row in enumerate(table.rows, start=1):
                for column, cell in enumerate(row):
                    kind = table.columns[column]
                    _write_cell(sheet, (line, column), cell, formats.get(kind), percent=kind == "Percent")
            sheet.freeze_panes(1, table.fixed)
            sheet.autofilter(0, 0, len(table.rows), len(table.columns) - 1)
    return target.getvalue()


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


def file_name(title: str, start: datetime, shape: str, ending: str) -> str:
    """A file name that every system takes: `Algebra-7B-2026-05-14-people.csv`. `start` is in the class's zone."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-")[:60].strip("-") or "class"
    return f"{slug}-{start:%Y-%m-%d}-{shape}.{ending}"


def local(moment: datetime | None, zone: ZoneInfo) -> datetime | None:
    """A moment in a time zone."""
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
