"""The lines of a text, and the cells in them."""

import csv
import io
import re
from collections.abc import Iterator

from tracker.errors import InvalidInput

# In the order in which they are preferred where two fit as well.
DELIMITERS = ("\t", ";", ",", "|")
# No text has it, so each line is one cell.
WHOLE_LINE = "\x1f"
# A quote that is never closed swallows the lines after it.
MOST_LINES_IN_A_CELL = 10
_NAMED_DELIMITER = re.compile(r"\s*\"?sep=(.)\"?[ \t]*(?:\r\n|\r|\n)", re.IGNORECASE)


def named_delimiter(text: str) -> str | None:
    """What Excel's own first line says that separates the cells; None where there is no such line."""
    found = _NAMED_DELIMITER.match(text)
    return found[1] if found else None


def lines_of(text: str, delimiter: str, no_table: str) -> Iterator[tuple[int, list[str]]]:
    """The lines, numbered from 1, and their cells, which may have line breaks in quotes.

    Raises `InvalidInput` with the code `no_table` for an endless cell.
    """
    trim = delimiter != "\t"
    try:
        if _quotes_are_closed(text, delimiter):
            reader = csv.reader(io.StringIO(text, newline=None), delimiter=delimiter, skipinitialspace=trim)
            before = 0
            for cells in reader:
                yield before + 1, cells
                before = reader.line_num
        else:
            for number, line in enumerate(io.StringIO(text, newline=None), start=1):
                if line.count('"') % 2:
                    yield number, [cell.strip(' "') for cell in line.split(delimiter)]
                else:
                    rows = csv.reader([line], delimiter=delimiter, skipinitialspace=trim)
                    yield number, [cell for cells in rows for cell in cells]
    except csv.Error as error:
        # A cell of more than 128 kB.
        raise InvalidInput(no_table) from error


def _quotes_are_closed(text: str, delimiter: str) -> bool:
    """Whether no quote swallows the lines after it."""
    if text.count('"') % 2:
        return False
    lines = io.StringIO(text, newline=None)
    rows = csv.reader(lines, delimiter=delimiter, skipinitialspace=delimiter != "\t")
    return not any(cell.count("\n") > MOST_LINES_IN_A_CELL for cells in rows for cell in cells)
