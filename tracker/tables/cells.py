"""The cells of a table, whatever file they came from."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tracker.text import comparable, plain

MOST_COLUMNS, LONGEST_CELL = 200, 320
# What spreadsheets are made to take for text: ="00123", '00123, and '=1+1, as this product's own files have it.
_TEXT_FORMULA, _DEFUSED = re.compile(r'="([^"]*)"'), re.compile(r"'(?=[-\d=+@])")
ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w-]+(?:\.[\w-]+)*")


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of a line, folded into one line each; trailing empty ones are left out."""

    line: int
    cells: tuple[str, ...]

    def cell(self, place: int) -> str:
        """The cell at a place; "" where the line is shorter."""
        return self.cells[place] if place < len(self.cells) else ""


def filled(lines: Iterable[tuple[int, Sequence[str]]]) -> Iterator[Row]:
    """The rows that have something in them."""
    for line, cells in lines:
        tidy = [tidied(cell) for cell in cells[:MOST_COLUMNS]]
        while tidy and not tidy[-1]:
            tidy.pop()
        if tidy:
            yield Row(line, tuple(tidy))


def tidied(cell: str) -> str:
    """A cell as a person reads it: one line, nothing invisible, and without what only keeps a spreadsheet off it."""
    if not cell:
        return ""
    text = cell if cell.isascii() and cell.isprintable() and len(cell) <= LONGEST_CELL else _printable(cell)
    text = " ".join(text.split())
    if found := _TEXT_FORMULA.fullmatch(text):
        return found[1].strip()
    return _DEFUSED.sub("", text, count=1) if text.startswith("'") else text


def is_address(text: str) -> bool:
    """Whether the text is an e-mail address, and nothing else."""
    return ADDRESS.fullmatch(text) is not None


def _printable(cell: str) -> str:
    return plain(comparable(cell), LONGEST_CELL)
