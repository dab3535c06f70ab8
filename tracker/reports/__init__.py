"""Reads reports of who was in a meeting, as Zoom and Teams give them out. Pure functions: no database, no page.

The way of a file: bytes -> rows of cells (`tables`) -> tables of people, and what stands round them of the meeting
(`layout`, by the words of `headings`) -> times, with one order of day and month for the whole file (`times`) -> stays
(`reading`) -> classes, each with its time and a digest of what is told of it (`meetings`).
"""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

from tracker.errors import InvalidInput
from tracker.reports.layout import layout_of, points_of
from tracker.reports.reading import report_of
from tracker.reports.types import DateOrder as DateOrder
from tracker.reports.types import Presence as Presence
from tracker.reports.types import Report as Report
from tracker.reports.types import ReportedClass as ReportedClass
from tracker.tables.cells import Row, filled
from tracker.tables.decoding import decoded
from tracker.tables.lines import DELIMITERS, WHOLE_LINE, lines_of, named_delimiter
from tracker.tables.problems import LineProblem as LineProblem

# Of a file, in bytes; and of a file, in lines with something on them, and in meetings.
LARGEST_FILE, MOST_ROWS, MOST_CLASSES = 5_000_000, 20_000, 300
# By how many lines, and characters, it is told what separates the cells.
SAMPLE, LONGEST_SAMPLE = 200, 200_000
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


def read_report(
    content: bytes,
    zone: ZoneInfo,
    now: datetime,
    *,
    dates: DateOrder | None = None,
    held: datetime | None = None,
) -> Report:
    """The meetings in a file of Zoom's or Teams', as CSV or other text.

    Its times are taken to be local ones of `zone`, unless they say otherwise. `dates` is which of day and month comes
    first where both fit, `held` (naive local time) when a meeting began whose report does not say. Raises
    `InvalidInput` for a file that is too large, of another kind, or without a meeting; and with the codes
    `report_dates_ambiguous` and `report_without_date` where one of the two has to be asked.
    """
    if len(content) > LARGEST_FILE:
        raise InvalidInput("report_too_large")
    if content.startswith(_WORKBOOKS):
        raise InvalidInput("report_is_workbook")
    text, _encoding = decoded(content, "report_unknown")
    report = report_of(layout_of(_rows_of(text)), zone, now, dates=dates, held=held)
    if len(report.classes) > MOST_CLASSES:
        raise InvalidInput("report_too_many_classes", most=MOST_CLASSES)
    return report


def _rows_of(text: str) -> list[Row]:
    text = text.removeprefix("\ufeff")
    named = named_delimiter(text)
    if named not in DELIMITERS and not any(_points(text, one)[0] for one in DELIMITERS):
        # Some spreadsheets save each line as one cell in quotes.
        text = "\n".join("".join(cells) for _line, cells in _lines(text, WHOLE_LINE))
    delimiter = named if named in DELIMITERS else max(DELIMITERS, key=lambda one: _points(text, one))
    lines = _lines(text, delimiter)
    rows = list(islice(filled(islice(lines, 1, None) if named is not None else lines), MOST_ROWS + 1))
    if len(rows) > MOST_ROWS:
        raise InvalidInput("report_too_large")
    return rows


def _points(text: str, delimiter: str) -> tuple[int, int]:
    """How much of the beginning of a report is understood where its cells are separated so."""
    return points_of(islice(filled(_lines(text[:LONGEST_SAMPLE], delimiter)), SAMPLE))


def _lines(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    return lines_of(text, delimiter, "report_unknown")
