"""The table in a text: what separates its cells, or that each line is one cell."""

import io
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from tracker.errors import InvalidInput
from tracker.rosters.columns import header_of, own_rows, says_the_same
from tracker.rosters.guess import looks_like_name
from tracker.rosters.table import Table, addresses, rows_of
from tracker.tables.cells import ADDRESS, Row
from tracker.tables.lines import DELIMITERS, WHOLE_LINE, lines_of, named_delimiter

# In lines, and in characters.
SAMPLE, LONGEST_SAMPLE = 200, 200_000
_NAMES_AND_ADDRESSES = re.compile(r"(?:[^<>@]*<[^<>@\s]+@[^<>@\s]+>)+[\s,;]*")
_BETWEEN_ADDRESSES = re.compile(r"(?<=>)\s*[,;]\s*(?=\S)")
_BETWEEN_PEOPLE = re.compile(r"\s*[,;]\s*")
_SURNAME_FIRST = re.compile(r"[^\W\d][^,;\t|@]*, [^\W\d][^,;\t|@]*")


def table_of_text(text: str, encoding: str) -> Table:
    """The table in a text; raises `InvalidInput` where there is nothing in it, or too much."""
    if not text.strip():
        raise InvalidInput("roster_empty")
    text = text.removeprefix("\ufeff")
    # Excel's own first line, which says what separates; it is no line of the table, but counts as one.
    named = named_delimiter(text)
    delimiter = named if named in DELIMITERS else _delimiter(text)
    lines = lines_of(text, delimiter, "roster_no_table")
    if delimiter == WHOLE_LINE:
        lines = _apart(lines, only_line=len(text.strip().splitlines()) == 1)
    rows = rows_of(islice(lines, 1, None) if named is not None else lines)
    return Table(rows, encoding=encoding, delimiter="" if delimiter == WHOLE_LINE else delimiter)


def _delimiter(text: str) -> str:
    """What separates the cells: what makes most headings and addresses stand alone, and lines of one width."""
    lines = [line for line in islice(io.StringIO(text, newline=None), SAMPLE) if line.strip()]
    beginning = text[:LONGEST_SAMPLE]
    samples = {
        one: rows_of(islice(lines_of(beginning, one, "roster_no_table"), SAMPLE)) for one in (WHOLE_LINE, *DELIMITERS)
    }
    best = max(samples, key=lambda one: _points(samples[one]))
    header = header_of(samples[best])
    if header and sum(map(bool, header.texts)) > 1:
        return best
    if "\t" not in text and len(lines) == 1 and len(_pieces(lines[0], only_line=True)) > 1:
        return WHOLE_LINE
    with_addresses = sum(_NAMES_AND_ADDRESSES.fullmatch(line) is not None for line in lines)
    surname_first = sum(_SURNAME_FIRST.fullmatch(line.strip()) is not None for line in lines) if best == "," else 0
    return WHOLE_LINE if with_addresses * 2 > len(lines) or surname_first * 5 >= len(lines) * 4 else best


def _points(rows: tuple[Row, ...]) -> tuple[float, float, int]:
    """How well a table fits: headings and addresses, the share of lines of its commonest width, and that width."""
    if not rows:
        return (0, 0, 0)
    header = header_of(rows)
    body = own_rows(rows, header)[0] if header else rows
    widths = Counter(len(row.cells) for row in body)
    width, same = widths.most_common(1)[0] if widths else (len(header.headings) if header else 0, 1)
    of_header = header.points if header else 0.0
    if header:
        again = (len(row.cells) for row in body if not addresses(row) and says_the_same(row, header))
        if max(len(header.headings), *again, 0) < width:
            of_header -= 2
    alone = 1.0 if sum(map(bool, map(addresses, body))) * 2 > len(body) else 0.0
    return (of_header + alone, same / max(1, len(body)) if width > 1 else 0.0, width)


def _names(line: str) -> bool:
    """Whether there is more than addresses in a line."""
    return re.search(r"\w", ADDRESS.sub("", line)) is not None


def _apart(lines: Iterator[tuple[int, list[str]]], *, only_line: bool) -> Iterator[tuple[int, list[str]]]:
    """Lines of several people, as a mail program has them, as one line each."""
    for line, cells in lines:
        yield from ((line, [piece]) for piece in _pieces(" ".join(cells), only_line=only_line))


def _pieces(line: str, *, only_line: bool) -> list[str]:
    """The people on a line: several `Name <mail>`, several addresses, or on the only line of a text three names."""
    if len(found := ADDRESS.findall(line)) > 1 and not _names(line):
        return found
    pieces = _BETWEEN_PEOPLE.split(line.strip())
    if only_line and len(pieces) > 2 and all(map(looks_like_name, pieces)):
        return pieces
    return _BETWEEN_ADDRESSES.split(line)
