"""Makes roster files, and tells in short what was read of them."""

import io
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

import xlsxwriter

from tracker.rosters import Roster, read_roster


def read(text: str | bytes, encoding: str = "utf-8", name: str = "roster.csv") -> Roster:
    """The roster in a file of this text."""
    return read_roster(text.encode(encoding) if isinstance(text, str) else text, name)


def problems(roster: Roster) -> list[tuple[int, str, dict[str, Any]]]:
    """Line, code and details of each problem."""
    return [(one.line, one.code, dict(one.details)) for one in roster.problems]


def skipped(roster: Roster) -> list[tuple[int, str]]:
    """Line and code of each line that is no student."""
    return [(one.line, one.code) for one in roster.skipped]


def meanings(roster: Roster) -> str:
    """What the columns have, from the left."""
    return " ".join(column.meaning for column in roster.understood.columns)


def workbook(fill: Callable[[Any], None]) -> bytes:
    """A workbook as Excel would save it; `fill` gets it from xlsxwriter."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    fill(book)
    book.close()
    return out.getvalue()


def sheet_of(rows: list[list[Any]], name: str = "Sheet1") -> bytes:
    """A workbook with one sheet of these rows."""

    def fill(book: Any) -> None:
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)

    return workbook(fill)


def packed(parts: Mapping[str, bytes]) -> bytes:
    """A zip file of these parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def changed(content: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    """A zip file with each of its parts changed."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return packed({name: change(name, archive.read(name)) for name in archive.namelist()})
