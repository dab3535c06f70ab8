"""The parts of a report: tables of people, and what stands above or beside them of the meeting."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tracker.reports.headings import NAMES, OF_MEETING, Field, field_of, says_utc
from tracker.reports.times import moment_of
from tracker.tables.cells import Row, is_address

# Teams numbers the parts of its report; in whatever language, these are the people, and their joins and leaves.
SUMMARY, PARTICIPANTS, ACTIVITIES = 1, 2, 3
_PART = re.compile(r"([1-9])[.)] ?\D.*")
_OF_STAYS = frozenset({Field.JOIN, Field.LEAVE, Field.DURATION, Field.MOMENT})


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column has what, of the person and of the meeting; those in `utc` have times in UTC."""

    person: dict[Field, int]
    meeting: dict[Field, int]
    utc: frozenset[int]

    @property
    def name(self) -> int:
        """The column of names."""
        return next(self.person[one] for one in NAMES if one in self.person)


@dataclass(slots=True)
class About:
    """What is told of a meeting: the cells, and from which line on. `utc` are those of them whose times are UTC."""

    line: int
    cells: dict[Field, str] = field(default_factory=dict)
    utc: set[Field] = field(default_factory=set)


@dataclass(slots=True)
class Section:
    """A table of people. `about` is what is told of their meeting above it; `part` is Teams' number of it, or 0."""

    line: int
    columns: Columns
    about: About | None
    part: int
    rows: list[Row] = field(default_factory=list)


@dataclass(slots=True)
class Layout:
    """The tables of people in the order of their lines, and the meetings that a report tells of."""

    sections: list[Section] = field(default_factory=list)
    about: list[About] = field(default_factory=list)


def layout_of(rows: Iterable[Row]) -> Layout:
    """Tells the tables of a report from what stands round them."""
    found, part = Layout(), 0
    section: Section | None = None
    block: Columns | None = None
    about: About | None = None
    for row in rows:
        if (number := _part_of(row)) is not None:
            part, section, block = number, None, None
            about = None if part == SUMMARY else about
        elif (columns := columns_of(row)) is not None:
            section, block = Section(row.line, columns, about, part), None
            found.sections.append(section)
        elif (columns := _block_of(row)) is not None:
            section, block = None, columns
        elif block is not None:
            # A line alone is a title, as a webinar's report has them.
            if sum(map(bool, row.cells)) > 1:
                about = about_in(row, block)
                found.about.append(about)
        elif section is not None:
            section.rows.append(row)
        elif (told := _told_in(row)) is not None:
            # A summary of Teams': one line for each thing that it tells.
            if about is None:
                about = About(row.line)
                found.about.append(about)
            about.cells.setdefault(told, row.cell(1))
            if says_utc(row.cell(0)):
                about.utc.add(told)
    return found


def points_of(rows: Iterable[Row]) -> tuple[int, int]:
    """How much of a report is understood where its cells are separated so: columns that are known, and people."""
    found = layout_of(rows)
    known = [len(one.columns.person) + len(one.columns.meeting) for one in found.sections]
    return max(known, default=0), sum(len(one.rows) for one in found.sections) + len(found.about)


def columns_of(row: Row) -> Columns | None:
    """The columns of a row of headings above people; None for any other row."""
    fields = _fields_of(row)
    names = [place for place, one in enumerate(fields) if one in NAMES]
    if not names or not _OF_STAYS & set(fields):
        return None
    name = min(names, key=lambda place: (NAMES.index(Field(str(fields[place]))), place))
    of_meeting = {one for one in OF_MEETING if one in fields}
    person: dict[Field, int] = {Field(str(fields[name])): name}
    meeting: dict[Field, int] = {}
    for place, one in enumerate(fields):
        # In front of the name are the meeting and its host: of Zoom's 21 columns the first address is the host's.
        hosts = bool(of_meeting) and place < name and (fields.count(one) > 1 or place < name - 1)
        if one is None or one in NAMES or one in (Field.HOST, Field.COUNT):
            continue
        if one in OF_MEETING or (one in (Field.EMAIL, Field.DURATION) and hosts):
            meeting.setdefault(one, place)
        else:
            person.setdefault(one, place)
    return Columns(person, meeting, _utc_of(row))


def about_in(row: Row, columns: Columns) -> About:
    """What a row tells of its meeting."""
    cells = {one: cell for one, place in columns.meeting.items() if (cell := row.cell(place))}
    return About(row.line, cells, {one for one, place in columns.meeting.items() if place in columns.utc})


def _block_of(row: Row) -> Columns | None:
    """The columns of a row of headings above meetings; None for any other row."""
    fields = _fields_of(row)
    if not OF_MEETING & set(fields) or sum(one is not None for one in fields) < 2:
        return None
    meeting: dict[Field, int] = {}
    for place, one in enumerate(fields):
        if one is not None:
            meeting.setdefault(one, place)
    return Columns({}, meeting, _utc_of(row))


def _part_of(row: Row) -> int | None:
    """The number of a part of Teams' report, which stands alone in its line."""
    found = _PART.fullmatch(row.cells[0]) if len(row.cells) == 1 else None
    return int(found[1]) if found and moment_of(row.cells[0]) is None else None


def _told_in(row: Row) -> Field | None:
    """What a line of a summary tells."""
    if len(row.cells) != 2 or not row.cells[0]:
        return None
    told = field_of(row.cells[0])
    return told if told in OF_MEETING or told is Field.DURATION else None


def _fields_of(row: Row) -> list[Field | None]:
    """What each cell says as a heading; none of a row that has a time, an address or a number in it."""
    if any(cell.isdigit() or is_address(cell) or moment_of(cell) for cell in row.cells):
        return []
    return list(map(field_of, row.cells))


def _utc_of(row: Row) -> frozenset[int]:
    return frozenset(place for place, cell in enumerate(row.cells) if says_utc(cell))


def read_rows(section: Section, fields: Iterable[Field]) -> Iterator[tuple[Row, dict[Field, str]]]:
    """Each row of a section with what its cells have of these."""
    wanted = [(one, section.columns.person[one]) for one in fields if one in section.columns.person]
    for row in section.rows:
        yield row, {one: cell for one, place in wanted if (cell := row.cell(place))}
