"""The table in a workbook (.xlsx). What could eat memory is refused before it is unpacked into objects."""

import io
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from urllib.parse import unquote

from tracker.errors import InvalidInput
from tracker.rosters.columns import header_of
from tracker.rosters.table import MOST_ROWS, MOST_STUDENTS, Table, addresses, rows_of
from tracker.tables.cells import MOST_COLUMNS, is_address
from tracker.text import plain

# Of what is unpacked, in bytes, and of pieces of XML in it: a roster of 2,000 students with twenty columns has a tenth.
MOST_BYTES, MOST_TAGS, MOST_PARTS = 24_000_000, 1_000_000, 1_000
MOST_SHEETS = 10
# The empty ones between the others count too.
LAST_ROW = 2 * MOST_ROWS
_OLD_OR_LOCKED = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MAILTO = re.compile(r"mailto:([^\"?&]+)", re.IGNORECASE)
_ZEROS = re.compile("0+")


def is_workbook(content: bytes, name: str) -> bool:
    """Whether a file is a workbook that can be read, by its content.

    Raises `InvalidInput` for one of the old kind, which is also what one with a password looks like.
    """
    if content.startswith(_OLD_OR_LOCKED):
        raise InvalidInput(
            "roster_old_excel" if not name.lower().endswith((".doc", ".msg", ".ppt")) else "roster_no_table"
        )
    return content.startswith(b"PK\x03\x04")


def table_of_workbook(content: bytes) -> Table:
    """The first sheet that has a table, or else the first that has anything."""
    _check_size(content)
    try:
        with warnings.catch_warnings():
            # Of parts that are not read here: pictures, rules for what may be typed in.
            warnings.simplefilter("ignore")
            return _chosen(_tables(content))
    except InvalidInput:
        raise
    except Exception as error:
        # What openpyxl raises for a workbook that is not what it should be: KeyError, TypeError, ParseError and more.
        raise InvalidInput("roster_broken_workbook") from error


def _check_size(content: bytes) -> None:
    """Refuses what is no workbook, and what would take too much memory: what is packed says how large it is."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_BYTES:
                raise InvalidInput("roster_too_large")
            if not any(part.filename.startswith("xl/") for part in parts):
                raise InvalidInput("roster_no_table")
            tags = 0
            for part in parts:
                inside = archive.read(part)
                tags += inside.count(b"<")
                if tags > MOST_TAGS:
                    raise InvalidInput("roster_too_large")
                # No spreadsheet writes entities of its own; they are how a small file becomes a large one.
                if b"<!ENTITY" in inside:
                    raise InvalidInput("roster_broken_workbook")
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError, zlib.error) as error:
        raise InvalidInput("roster_broken_workbook") from error


def _chosen(tables: Iterable[Table]) -> Table:
    """The first table whose columns have headings, else the first with addresses, else the one with most rows."""
    seen: list[Table] = []
    for table in tables:
        if header_of(table.rows):
            return table
        seen.append(table)
    with_addresses = (table for table in seen if any(map(addresses, table.rows)))
    return next(with_addresses, max(seen, key=lambda table: len(table.rows), default=Table(())))


def _tables(content: bytes) -> Iterator[Table]:
    # It loads numpy where that is installed: only who reads a workbook waits for it.
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
    try:
        sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"] or book.worksheets
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for sheet in sheets[:MOST_SHEETS]:
                yield _table(sheet, _marks_of(archive, sheet._worksheet_path))
    finally:
        book.close()


@dataclass(frozen=True, slots=True)
class _Marks:
    """What a sheet has beside the values of its cells, by row and column from 1."""

    links: dict[tuple[int, int], str]
    # Column, first and last row of cells that are merged over rows.
    merged: list[tuple[int, int, int]]
    without_value: set[tuple[int, int]]


def _marks_of(archive: zipfile.ZipFile, path: str) -> _Marks:
    """Links to addresses, merged cells, and formulas without a value; openpyxl tells them only of whole workbooks."""
    from openpyxl.packaging.relationship import get_dependents, get_rels_path
    from openpyxl.utils.cell import coordinate_to_tuple, range_boundaries
    from openpyxl.xml.functions import iterparse

    marks = _Marks({}, [], set())
    targets: dict[str, str] = {}
    if (relations := get_rels_path(path)) in archive.namelist():
        targets = {str(one.id): str(one.target or one.Target) for one in get_dependents(archive, relations)}
    filled = False
    with archive.open(path) as sheet:
        for _event, node in iterparse(sheet):
            tag = node.tag.rpartition("}")[2]
            if tag == "c":
                formula, value = _child(node, "f"), _child(node, "v")
                filled = filled or len(node) > 0
                if formula is not None and node.get("r"):
                    place = coordinate_to_tuple(node.get("r"))
                    if value is None or value.text is None:
                        marks.without_value.add(place)
                    if found := _MAILTO.search(formula.text or ""):
                        marks.links[place] = unquote(found[1])
            elif tag == "row":
                if filled and int(node.get("r") or 0) > LAST_ROW:
                    raise InvalidInput("roster_too_large")
                filled = False
            elif tag == "mergeCell":
                left, top, _right, bottom = range_boundaries(node.get("ref"))
                if bottom > top:
                    marks.merged.append((left, top, bottom))
            elif tag == "hyperlink":
                target = next((targets.get(text, "") for name, text in node.items() if name.endswith("}id")), "")
                if found := _MAILTO.match(target):
                    marks.links[coordinate_to_tuple(node.get("ref").partition(":")[0])] = unquote(found[1])
            if tag in ("c", "row"):
                node.clear()
    return marks


def _child(node: Any, name: str) -> Any:
    return next((child for child in node if child.tag.rpartition("}")[2] == name), None)


def _table(sheet: Any, marks: _Marks) -> Table:
    sheet.reset_dimensions()
    cells: dict[int, list[str]] = {}
    for number, row in enumerate(sheet.iter_rows(max_row=LAST_ROW, max_col=MOST_COLUMNS), start=1):
        if any(cell.value is not None for cell in row):
            cells[number] = [_text(cell) for cell in row]
            if len(cells) > MOST_ROWS:
                raise InvalidInput("roster_too_many", most=MOST_STUDENTS)
    for (row_number, column), address in marks.links.items():
        _put(cells, row_number, column, address)
    for column, top, bottom in marks.merged:
        value = cells[top][column - 1] if top in cells and column <= len(cells[top]) else ""
        for number in range(top + 1, bottom + 1) if value else ():
            if number in cells:
                _put(cells, number, column, value)
    rows = rows_of(sorted(cells.items()))
    without_value = frozenset((number, column - 1) for number, column in marks.without_value)
    return Table(rows, sheet=plain(sheet.title), without_value=without_value)


def _put(cells: dict[int, list[str]], row: int, column: int, text: str) -> None:
    """Puts a text into a cell that has none; an address behind a name that has none."""
    if column > MOST_COLUMNS:
        return
    texts = cells.setdefault(row, [])
    texts += [""] * (column - len(texts))
    if not texts[column - 1]:
        texts[column - 1] = text
    elif is_address(text) and "@" not in texts[column - 1]:
        texts[column - 1] += f" <{text}>"


def _text(cell: Any) -> str:
    """A cell as a person reads it: dates in ISO, whole numbers without point, with the zeros of their format."""
    value = cell.value
    if value is None or cell.data_type == "e":
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "seconds")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    return text.zfill(len(cell.number_format)) if _ZEROS.fullmatch(cell.number_format or "") else text
