"""Dates as people and programs write them; which of day and month comes first is decided over a whole column."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

YEARS = range(1950, 2101)
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ].*)?")
_NUMBERS = re.compile(r"(\d{1,2})([-/. ])(\d{1,2})\2(\d{4}|\d{2})(?:,? \d{1,2}[:.]\d\d.*)?")
_IN_WORDS = re.compile(r"(\d{1,2})[-/. ]+(?:de |of )?([a-z]+)[-/., ]+(?:de |del )?(\d{4}|\d{2})")
_MONTH_FIRST = re.compile(r"([a-z]+)\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})")
# Spreadsheets count days from here, and a cell that lost its format shows the number.
_EPOCH, _SERIAL = date(1899, 12, 30), re.compile(r"[2-6]\d{4}")
# In English, Spanish, Portuguese, German and French, without accents, by how their names begin.
_MONTHS = {
    beginning: month
    for month, beginnings in enumerate(
        (
            "jan ene",
            "feb fev",
            "mar mae mrz",
            "apr abr avr",
            "may mai",
            "jun juin",
            "jul juil",
            "aug ago aou",
            "sep set",
            "oct okt out",
            "nov",
            "dec dic dez",
        ),
        start=1,
    )
    for beginning in beginnings.split()
}


@dataclass(frozen=True, slots=True)
class Dates:
    """The dates of a column, None for an empty cell and for one that is no date.

    `unreadable` are the places of cells that are no date. `ambiguous` is the place of the first cell that has another
    date with the month first, where nothing in the column decides: it is read with the day first. None where all is
    clear.
    """

    values: tuple[date | None, ...]
    unreadable: tuple[int, ...]
    ambiguous: int | None


def read_dates(cells: Sequence[str]) -> Dates:
    """The dates in the cells of a column."""
    readings = [readings_of(cell) if cell else () for cell in cells]
    sure_of_day = any(len(one) == 2 and one[0] and not one[1] for one in readings)
    sure_of_month = any(len(one) == 2 and one[1] and not one[0] for one in readings)
    month_first = sure_of_month and not sure_of_day
    values: list[date | None] = []
    ambiguous = None
    for place, one in enumerate(readings):
        both = len(one) == 2 and None not in one and one[0] != one[1]
        if both and ambiguous is None and sure_of_day == sure_of_month:
            ambiguous = place
        values.append(next(filter(None, one[::-1] if month_first else one), None))
    unreadable = tuple(place for place, cell in enumerate(cells) if cell and values[place] is None)
    return Dates(tuple(values), unreadable, ambiguous)


def is_date(cell: str) -> bool:
    """Whether the cell is a date, in whatever order; a bare number is none."""
    return not cell.isdigit() and any(readings_of(cell))


def readings_of(cell: str) -> tuple[date | None, ...]:
    """The one date that a cell may be, or what it is with the day first and with the month first; none for no date."""
    if found := _ISO.fullmatch(cell):
        return (_date(found[1], found[2], found[3]),)
    if found := _NUMBERS.fullmatch(cell):
        one, between, other, year = found.groups()
        day_first = _date(year, other, one)
        return (day_first,) if between == "." else (day_first, _date(year, one, other))
    if _SERIAL.fullmatch(cell):
        return (_EPOCH + timedelta(days=int(cell)),)
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", cell.casefold()) if not unicodedata.combining(sign))
    if found := _IN_WORDS.fullmatch(plain):
        return (_date(found[3], _MONTHS.get(found[2][:3], 0), found[1]),)
    if found := _MONTH_FIRST.fullmatch(plain):
        return (_date(found[3], _MONTHS.get(found[1][:3], 0), found[2]),)
    return ()


def _date(year: str, month: str | int, day: str) -> date | None:
    full = int(year) + 2000 if len(year) == 2 else int(year)
    try:
        return date(full, int(month), int(day)) if full in YEARS else None
    except ValueError:
        return None
