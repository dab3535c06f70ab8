"""Which column of a table has what: by its heading, wherever that is, or by what stands in the column."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile, zip_longest

from tracker.errors import InvalidInput
from tracker.rosters import heading_words as words
from tracker.rosters.guess import (
    are_parts_of_names,
    guessed,
    is_numbered_group,
    looks_like_name,
    mostly_addresses,
    only_counts,
)
from tracker.rosters.headings import LONGEST_HEADING, Heading, heading_of
from tracker.rosters.table import Table, addresses
from tracker.rosters.types import Column, Meaning
from tracker.tables.cells import Row, is_address
from tracker.tables.dates import is_date

# Among how many rows the headings are looked for, and behind how many lines with an address there are none any more.
ROWS_BEFORE_HEADINGS, MOST_ADDRESSES_BEFORE = 60, 2
_WHO = frozenset({Meaning.NAME, Meaning.FIRST_NAME, Meaning.LAST_NAME, Meaning.EMAIL})
_NAMES = _WHO - {Meaning.EMAIL}
# Columns that say less about whether this is a row of headings.
_LESS = frozenset({Meaning.SEAT_NUMBER, Meaning.OTHER_PERSON, Meaning.ROLE})


@dataclass(frozen=True, slots=True)
class Header:
    """The headings of a table, of one row or of two; `first_row` is the place of the row after them."""

    texts: tuple[str, ...]
    headings: tuple[Heading, ...]
    lines: tuple[int, ...]
    first_row: int
    points: float


@dataclass(frozen=True, slots=True)
class Layout:
    """What is where. Of several columns for one thing the first that has something in a line is taken; several columns
    of first or of last names are put together.

    `lines` are those of the headings, `rows` what follows them, and students above them; `another_table` is the line
    where another one begins. `left_out` are rows above that may be students, though their columns are others.
    `headings` are the rows of headings, those that are repeated too.
    """

    columns: tuple[Column, ...]
    lines: tuple[int, ...]
    rows: tuple[Row, ...]
    surname_first: bool = False
    another_table: int | None = None
    left_out: tuple[Row, ...] = ()
    headings: frozenset[tuple[str, ...]] = frozenset()

    def places(self, meaning: Meaning) -> tuple[int, ...]:
        """The columns that have this, the likeliest first."""
        return tuple(column.place for column in self.columns if column.meaning is meaning)


def layout_of(table: Table) -> Layout:
    """Which column has what; raises `InvalidInput` where none has names or addresses."""
    header = header_of(table.rows)
    if header is None:
        meanings = guessed(table.rows)
        if not _WHO & set(meanings):
            raise InvalidInput("roster_no_table")
        return _guessed_layout(table.rows, meanings)
    body, another = own_rows(table.rows, header)
    width = max([len(header.texts), *(len(row.cells) for row in body)])
    texts = header.texts + ("",) * (width - len(header.texts))
    found = _told_apart(list(map(heading_of, texts)) if len(header.lines) == 1 else [*header.headings])
    found += [Heading(Meaning.NOTHING, 0, "")] * (width - len(found))
    for place, heading in enumerate(found):
        if heading.meaning is Meaning.EMAIL and (_behind_guardian(found, place) or _of_contact(found, place)):
            found[place] = Heading(Meaning.OTHER_PERSON, 0, heading.words)
    meanings = [_by_content(one, [row.cell(place) for row in body]) for place, one in enumerate(found)]
    _take_one(meanings, found, Meaning.NUMBER)
    _take_one(meanings, found, Meaning.GROUP)
    _find_addresses(meanings, found, body)
    _find_other_names(meanings, texts, found, body)
    if not _WHO & set(meanings):
        raise InvalidInput("roster_no_table")
    order = sorted(range(width), key=lambda place: found[place].rank)
    columns = tuple(Column(place, texts[place], meanings[place]) for place in order)
    surname_first = any(one.words in words.SURNAME_FIRST for one in found if one.meaning is Meaning.NAME)
    above, left_out = _students_above(table.rows, header, meanings)
    again = {row.cells for row in body if not addresses(row) and says_the_same(row, header)}
    headings = frozenset(again | {row.cells for row in table.rows if row.line in header.lines})
    return Layout(columns, header.lines, (*above, *body), surname_first, another, left_out, headings)


def _guessed_layout(rows: tuple[Row, ...], meanings: Sequence[Meaning]) -> Layout:
    """The layout by what stands in the columns; a first line without an address where all have one is of headings, in
    a language that is not known here."""
    first, place = rows[0], meanings.index(Meaning.EMAIL) if Meaning.EMAIL in meanings else 0
    is_heading = Meaning.EMAIL in meanings and first.cell(place) and "@" not in first.cell(place)
    texts = first.cells if is_heading and all("@" in row.cell(place) for row in rows[1:] if row.cell(place)) else ()
    columns = tuple(Column(at, texts[at] if at < len(texts) else "", meaning) for at, meaning in enumerate(meanings))
    return Layout(columns, (first.line,), rows[1:]) if texts else Layout(columns, (), rows)


def own_rows(rows: tuple[Row, ...], header: Header) -> tuple[tuple[Row, ...], int | None]:
    """The rows below the headings, and the line of other headings, where another table follows in the same file."""
    own = {row.cells for row in rows if row.line in header.lines}
    for place, row in enumerate(rows[header.first_row :], start=header.first_row):
        if row.cells in own or addresses(row) or not all(map(_may_be_heading, row.cells)):
            continue
        kinds = {heading_of(cell).meaning for cell in row.cells} - {Meaning.NOTHING}
        if len(kinds) > 1 and kinds & _WHO and not says_the_same(row, header):
            return rows[header.first_row : place], row.line
    return rows[header.first_row :], None


def says_the_same(row: Row, header: Header) -> bool:
    """Whether these are headings of the same columns, maybe in other words, or beside columns that are not read."""
    own, others = ([heading_of(cell).meaning for cell in cells] for cells in (header.texts, row.cells))
    pairs = list(zip_longest(own, others, fillvalue=Meaning.NOTHING))
    return len({*own} - {Meaning.NOTHING}) > 1 and all(one is other for one, other in pairs)


def _students_above(
    rows: Sequence[Row], header: Header, meanings: Sequence[Meaning]
) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    """The rows above the headings that are students of the same columns, and those that may be students of others."""
    above = list(takewhile(lambda row: row.line < header.lines[0], rows[: header.first_row]))
    own: list[Row] = []
    left_out: list[Row] = []
    over: tuple[Meaning, ...] = ()
    for row in above:
        heading = None if addresses(row) else _header(row.cells, (row.line,), 0)
        kinds = {one.meaning for one in heading.headings} - {Meaning.NOTHING} if heading else set()
        if heading and (len(kinds) > 1 or Meaning.EMAIL in kinds):
            over = tuple(one.meaning for one in heading.headings)
        elif (
            any(looks_like_name(row.cell(at)) for at, one in enumerate(over) if one in _NAMES)
            and sum(map(bool, row.cells)) > 1
        ):
            same = all(one in (Meaning.NOTHING, *meanings[at : at + 1]) for at, one in enumerate(over))
            (own if same else left_out).append(row)
        elif not over and addresses(row) and heading_of(row.cells[0]).meaning is Meaning.NOTHING:
            (own if _is_student(row, meanings) else left_out).append(row)
    return tuple(own), tuple(left_out)


def _is_student(row: Row, meanings: Sequence[Meaning]) -> bool:
    """Whether a row has an address and a name in the columns for them."""
    names = [row.cell(place) for place, one in enumerate(meanings) if one in _NAMES]
    emails = [row.cell(place) for place, one in enumerate(meanings) if one is Meaning.EMAIL]
    return any(map(is_address, emails)) and all(map(looks_like_name, names))


def header_of(rows: Sequence[Row]) -> Header | None:
    """The headings of a table, None where it has none: those of the row, or two rows, that says most.

    Of two that say as much, those with more lines below: Zoom's reports begin with a line on the meeting.
    """
    # Headings that are repeated, on each page or above each group, are those of the first.
    found = list({header.texts: header for header in reversed(list(_candidates(rows[:ROWS_BEFORE_HEADINGS])))}.values())
    begins = {header.lines[0] for header in found}

    def says(header: Header) -> tuple[float, int, int]:
        below = rows[header.first_row : header.first_row + 3]
        own = next((count for count, row in enumerate(below) if row.line in begins), len(below))
        names = [row.cell(at) for row in below[:own] for at, one in enumerate(header.headings) if one.meaning in _NAMES]
        # "Participants" of a line on the meeting is how many there were.
        without_names = bool(names) and not any(map(looks_like_name, names))
        return header.points - without_names, own, -header.first_row

    return max(found, key=says, default=None)


def _candidates(rows: Sequence[Row]) -> Iterator[Header]:
    before = 0
    for place, row in enumerate(rows):
        if before > MOST_ADDRESSES_BEFORE:
            return
        if with_addresses := addresses(row):
            before += with_addresses
            continue
        if (header := _header(row.cells, (row.line,), place + 1)) is not None:
            yield header
        below = rows[place + 1] if place + 1 < len(rows) else None
        if below and not addresses(below) and (header := _of_two(row, below, place + 2)) is not None:
            yield header


def _header(cells: Sequence[str], lines: tuple[int, ...], first_row: int) -> Header | None:
    return _rated(tuple(cells), tuple(map(heading_of, cells)), lines, first_row)


def _rated(texts: tuple[str, ...], found: tuple[Heading, ...], lines: tuple[int, ...], first_row: int) -> Header | None:
    kinds = {one.meaning for one in found} - {Meaning.NOTHING}
    if not _WHO & kinds:
        return None
    known = sum(one.meaning is not Meaning.NOTHING for one in found) / max(1, sum(map(bool, texts)))
    # Two rows have to say more than one: the first of them may be a line above the table.
    points = len(kinds - _LESS) + len(kinds & _LESS) / 2 + known / 4 - len(lines) / 100
    return Header(texts, found, lines, first_row, points)


def _of_two(top: Row, below: Row, first_row: int) -> Header | None:
    """Headings of two rows: what stands above several columns is theirs too; None where the second row is none."""
    width = max(len(top.cells), len(below.cells))
    if sum(map(bool, top.cells)) < 2 and top.cells[0]:
        return None
    if not all(_may_be_heading(cell) for cell in below.cells):
        return None
    above, over = [], ""
    for place in range(width):
        over = top.cell(place) or (over if below.cell(place) else "")
        above.append(over)
    groups = {text for text, after in pairwise(above) if text and text == after}
    texts, found = [], []
    for upper, lower in zip(above, (below.cell(place) for place in range(width)), strict=True):
        text = upper if upper == lower else f"{upper} {lower}".strip()
        texts.append(text)
        together, alone = heading_of(text), heading_of(lower)
        of_other = Meaning.OTHER_PERSON in (heading_of(upper).meaning, alone.meaning, together.meaning)
        if of_other and upper and lower:
            found.append(Heading(Meaning.OTHER_PERSON, 0, together.words))
        elif upper in groups and alone.meaning is Meaning.SEAT_NUMBER:
            # "Student" above several columns says whose they are: "No." below it counts the lines.
            found.append(alone)
        else:
            found.append(together if together.meaning is not Meaning.NOTHING else alone)
    # That a cell of the second row is a heading, and not the first student, is said by one that is known as such.
    if not any(heading_of(cell).meaning is not Meaning.NOTHING for cell in below.cells):
        return None
    return _rated(tuple(texts), tuple(found), (top.line, below.line), first_row)


def _may_be_heading(cell: str) -> bool:
    return not cell.isdigit() and not is_date(cell) and len(cell) <= LONGEST_HEADING


def _told_apart(found: list[Heading]) -> list[Heading]:
    """Beside surnames "Nombre" is the first name; beside first names "Nom" is the surname."""
    kinds = {one.meaning for one in found}
    first, last = Meaning.FIRST_NAME in kinds, Meaning.LAST_NAME in kinds
    for place, one in enumerate(found):
        if one.meaning is Meaning.NAME and last and not first and one.words in words.FIRST_BESIDE_LAST:
            found[place] = Heading(Meaning.FIRST_NAME, one.rank, one.words)
        if one.meaning is Meaning.NAME and first and not last and one.words in words.LAST_BESIDE_FIRST:
            found[place] = Heading(Meaning.LAST_NAME, one.rank, one.words)
    return found


def _behind_guardian(found: Sequence[Heading], place: int) -> bool:
    """Whether a column of addresses follows a guardian's name, maybe with her phone between: then it is hers."""
    if not words.STUDENT.isdisjoint(found[place].words.split()):
        return False
    for before in reversed(found[:place]):
        said = set(before.words.split())
        if before.meaning is Meaning.OTHER_PERSON:
            return bool(said & words.OF_GUARDIANS) and not said & words.EMAIL_WORDS
        if not said & words.PHONE:
            return False
    return False


def _of_contact(found: Sequence[Heading], place: int) -> bool:
    """Whether a column has the addresses of a contact, who is another person where the student has one of her own."""
    others = [one for at, one in enumerate(found) if at != place and one.meaning is Meaning.EMAIL]
    return bool(others) and not words.CONTACT.isdisjoint(found[place].words.split())


def _by_content(heading: Heading, cells: Sequence[str]) -> Meaning:
    """What a column has, where what stands in it says that its heading means something else."""
    filled = [cell for cell in cells if cell]
    match heading.meaning:
        case Meaning.SEAT_NUMBER if heading.words in words.SEAT_IF_COUNTING and not only_counts(filled):
            return Meaning.NUMBER
        case Meaning.FROM | Meaning.UNTIL if filled and not any(cell.isdigit() or is_date(cell) for cell in filled):
            return Meaning.NOTHING
        case Meaning.GROUP if heading.words in words.GROUP_IF_NUMBERED and not all(map(is_numbered_group, filled)):
            return Meaning.NOTHING
        case Meaning.NUMBER | Meaning.GROUP if mostly_addresses(filled):
            return Meaning.NOTHING
    return heading.meaning if filled else _unless_needed(heading.meaning)


def _unless_needed(meaning: Meaning) -> Meaning:
    """An empty column is nobody's number or group: another one may be it."""
    return Meaning.NOTHING if meaning in (Meaning.NUMBER, Meaning.GROUP) else meaning


def _take_one(meanings: list[Meaning], found: Sequence[Heading], wanted: Meaning) -> None:
    """Leaves the likeliest column for this: Canvas has an ID of its own beside the school's."""
    places = [place for place, meaning in enumerate(meanings) if meaning is wanted]
    best = min(places, key=lambda place: (found[place].rank, place), default=None)
    for place in places:
        if place != best:
            meanings[place] = Meaning.NOTHING


def _find_addresses(meanings: list[Meaning], found: Sequence[Heading], body: Sequence[Row]) -> None:
    """Where no heading says that it has addresses, they are in a column of logins, or of numbers, or without one."""
    if Meaning.EMAIL in meanings:
        return
    for place, heading in enumerate(found):
        login = not words.LOGINS.isdisjoint(heading.words.split())
        may_be = login or not heading.words or heading.meaning is Meaning.NUMBER
        unused = meanings[place] in (Meaning.NOTHING, Meaning.NUMBER)
        if may_be and unused and mostly_addresses([cell for row in body if (cell := row.cell(place))]):
            meanings[place] = Meaning.EMAIL
            return


def _find_other_names(
    meanings: list[Meaning], texts: Sequence[str], found: Sequence[Heading], body: Sequence[Row]
) -> None:
    """A heading of names may be merged over a column of surnames and one of first names: both are read, in the order
    of the file where the heading does not say which comes first."""
    if meanings.count(Meaning.NAME) != 1 or not {Meaning.FIRST_NAME, Meaning.LAST_NAME}.isdisjoint(meanings):
        return
    place = meanings.index(Meaning.NAME)
    if place + 1 == len(texts) or texts[place + 1]:
        return
    pairs = [(row.cell(place), other) for row in body if (other := row.cell(place + 1))]
    if pairs and len(pairs) * 5 >= len(body) * 3 and are_parts_of_names(pairs):
        surname_first = found[place].words in words.SURNAME_FIRST
        meanings[place : place + 2] = [Meaning.LAST_NAME if surname_first else Meaning.FIRST_NAME, Meaning.FIRST_NAME]
