"""A table of texts, whatever file it came from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tracker.errors import InvalidInput
from tracker.tables.cells import Row, filled, is_address

MOST_STUDENTS = 2_000
# Lines with something on them; there may be more than students, but not by much.
MOST_ROWS = 5 * MOST_STUDENTS


@dataclass(frozen=True, slots=True)
class Table:
    """The rows that have something in them.

    `without_value` are the lines and places of formulas whose result nobody has stored.
    """

    rows: tuple[Row, ...]
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    without_value: frozenset[tuple[int, int]] = frozenset()


def rows_of(lines: Iterable[tuple[int, Sequence[str]]]) -> tuple[Row, ...]:
    """The rows that have something in them; raises `InvalidInput` where there are too many."""
    found: list[Row] = []
    for row in filled(lines):
        found.append(row)
        if len(found) > MOST_ROWS:
            raise InvalidInput("roster_too_many", most=MOST_STUDENTS)
    return tuple(found)


def addresses(row: Row) -> int:
    """How many cells of a row are an e-mail address."""
    return sum(map(is_address, row.cells))
