"""Which column of a table without headings has what, by what stands in it."""

import re
from collections.abc import Callable, Sequence

from tracker.rosters.types import Meaning
from tracker.tables.cells import ADDRESS, Row, is_address
from tracker.tables.dates import is_date

# A name has letters, and what stands between them; a line of a text has an end, or more words.
_NAME = re.compile(r"[^\W\d_][^\d_:;!?=/\\@]*")
MOST_WORDS_OF_A_NAME, LONGEST_NAME, LONGEST_GROUP = 7, 80, 15
_END_OF_SENTENCE = re.compile(r"[^\W\d_]{4,}[.!?]$")
_LIST_NUMBER = re.compile(r"^(?:[-*•–]\s+|\(?\d{1,4}(?:[.)]\s*|\s+(?=[^\W\d_]{2})))")
_NUMBER = re.compile(r"[A-Za-z]{0,4}[-./]?\d{2,}[-./\dA-Za-z]*")


def without_list_number(name: str) -> str:
    """A line of a list without what counts it: `3. Ana Lima`, `- Ana Lima`, `12) Ana Lima`."""
    return _LIST_NUMBER.sub("", name)


def looks_like_name(cell: str) -> bool:
    """Whether this may be what somebody is called."""
    name = without_list_number(cell)
    return (
        len(name) <= LONGEST_NAME
        and _NAME.fullmatch(name) is not None
        and len(name.split()) <= MOST_WORDS_OF_A_NAME
        and _END_OF_SENTENCE.search(name) is None
    )


def mostly_addresses(cells: Sequence[str]) -> bool:
    """Whether more than half of these are e-mail addresses."""
    return sum(map(is_address, cells)) * 2 > len(cells)


def only_counts(cells: Sequence[str]) -> bool:
    """Whether these only count the lines: 1, 2, 3, maybe with gaps."""
    if not all(
        cell.isascii() and cell.isdigit() and (cell == "0" or cell[0] != "0") and len(cell) < 5 for cell in cells
    ):
        return False
    numbers = list(map(int, cells))
    return numbers == sorted(set(numbers)) and (not numbers or (numbers[0] < 3 and numbers[-1] <= 2 * len(numbers) + 3))


def guessed(rows: Sequence[Row]) -> list[Meaning]:
    """What the columns have; all are `Meaning.NOTHING` where none looks like names or addresses."""
    width = max((len(row.cells) for row in rows), default=0)
    columns = [[cell for row in rows if (cell := row.cell(place))] for place in range(width)]
    meanings = [_meaning(cells, len(rows)) for cells in columns]
    names = [place for place, meaning in enumerate(meanings) if meaning is Meaning.NAME]
    if len(names) > 1 and names[1] == names[0] + 1 and _single_words(columns[names[1]]):
        meanings[names[0]], meanings[names[1]] = Meaning.FIRST_NAME, Meaning.LAST_NAME
    dates = [place for place, meaning in enumerate(meanings) if meaning is Meaning.FROM]
    if len(dates) > 1:
        meanings[dates[1]] = Meaning.UNTIL
    if Meaning.EMAIL not in meanings:
        # A text that is no list has something like a name in some of its lines.
        few = [place for place in names if len(columns[place]) * 5 < len(rows) * 4]
        meanings = [Meaning.NOTHING if place in few else meaning for place, meaning in enumerate(meanings)]
    for wanted in (Meaning.NAME, Meaning.EMAIL, Meaning.NUMBER, Meaning.GROUP, Meaning.FROM, Meaning.UNTIL):
        first = meanings.index(wanted) if wanted in meanings else 0
        used = Meaning.FIRST_NAME in meanings and wanted is Meaning.NAME
        for place in range(width):
            if meanings[place] is wanted and (place != first or used):
                meanings[place] = Meaning.NOTHING
    return meanings


def _meaning(cells: Sequence[str], rows: int) -> Meaning:
    if not cells or len(cells) * 5 < rows:
        return Meaning.NOTHING
    if mostly_addresses(cells):
        return Meaning.EMAIL
    if _share(cells, is_date):
        return Meaning.FROM
    if only_counts(cells) and len(cells) > 1:
        return Meaning.SEAT_NUMBER
    if _share(cells, lambda cell: _NUMBER.fullmatch(cell) is not None) and len(set(cells)) * 10 > len(cells) * 9:
        return Meaning.NUMBER
    repeated = len(set(cells)) * 2 <= len(cells)
    numbered = _share([without_list_number(cell) for cell in cells], is_numbered_group)
    if numbered or (repeated and all(len(cell) <= LONGEST_GROUP for cell in cells)):
        return Meaning.GROUP
    with_address = [cell for cell in cells if ADDRESS.search(cell)]
    # A title above them is none, and neither is a remark below.
    if len(with_address) * 2 > len(cells) or sum(map(looks_like_name, cells)) * 10 >= len(cells) * 7:
        return Meaning.NAME
    return Meaning.NOTHING


def _share(cells: Sequence[str], test: Callable[[str], bool]) -> bool:
    """Whether nearly all of these are such."""
    return sum(map(test, cells)) * 5 >= len(cells) * 4


def is_numbered_group(cell: str) -> bool:
    """Whether this is short and has a number, as `7A` and `1º ESO B`."""
    return len(cell) <= LONGEST_GROUP and any(sign.isdigit() for sign in cell)


def _single_words(cells: Sequence[str]) -> bool:
    """Whether these are surnames or first names rather than whole names: nearly all of one word or two."""
    return _share(cells, lambda cell: len(cell.split()) <= 2)


def are_parts_of_names(pairs: Sequence[tuple[str, str]]) -> bool:
    """Whether the cells of two columns look like the two parts of names, and not like names and a remark on each."""
    return all(
        _single_words(cells)
        and _share(cells, lambda cell: len(cell) > 1 and "," not in cell and looks_like_name(cell))
        and len(set(cells)) * 2 > len(cells)
        for cells in zip(*pairs, strict=True)
    )
