"""The students in a table whose columns are known, and what is to be said of single lines."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from tracker.errors import InvalidInput, Problem
from tracker.rosters.columns import Layout, layout_of
from tracker.rosters.footers import is_no_student, is_teacher, is_total
from tracker.rosters.names import Named, addresses_in, name_beside_address, name_of
from tracker.rosters.table import MOST_STUDENTS, Table
from tracker.rosters.types import Meaning, Roster, Student, Understood
from tracker.tables.cells import Row
from tracker.tables.dates import read_dates
from tracker.tables.problems import LineProblem
from tracker.text import compared_name, plain

LONGEST_NAME, LONGEST_TEXT = 120, 60
# What stands for nothing.
_NOTHING = frozenset({"", "-", "--", "—", "–", ".", "/", "n/a", "na", "n.a.", "none", "null", "nan", "#n/a"})
# 2.02601E+11 is what is left of a long number.
_SHORTENED = re.compile(r"\d(?:[.,]\d+)?[Ee]\+\d+")
# What of a line is read; a formula there without a stored value is worth a word.
_READ = frozenset(Meaning) - {Meaning.SEAT_NUMBER, Meaning.OTHER_PERSON, Meaning.NOTHING}


def roster_of(table: Table) -> Roster:
    """The students of a table, in the order of its lines.

    Raises `InvalidInput` where no column has names or addresses, and where there is no student, or more than
    `MOST_STUDENTS`.
    """
    if not table.rows:
        raise InvalidInput("roster_empty")
    layout = layout_of(table)
    reading = _Reading(table, layout, [], [])
    if layout.another_table:
        reading.problems.append(LineProblem(layout.another_table, Problem("roster_another_table")))
    for row in layout.left_out:
        text = plain(next(filter(None, row.cells)), LONGEST_TEXT)
        reading.problems.append(LineProblem(row.line, Problem("roster_line_no_student", {"text": text})))
    students = _without_repeats(list(reading.students()), reading.problems)
    if len(students) > MOST_STUDENTS:
        raise InvalidInput("roster_too_many", most=MOST_STUDENTS)
    if not students:
        raise InvalidInput("roster_without_students")
    found = [student for student, _cells in students]
    problems = [*reading.problems, *_shared(found)]
    columns = tuple(sorted(layout.columns, key=lambda column: column.place))
    return Roster(
        tuple(found),
        tuple(sorted(problems, key=lambda one: one.line)),
        tuple(sorted(reading.skipped, key=lambda one: one.line)),
        Understood(columns, layout.lines, table.encoding, table.delimiter, table.sheet),
    )


@dataclass(frozen=True, slots=True)
class _Reading:
    """A table as it is read; what is to be said of its lines comes together in `problems` and `skipped`."""

    table: Table
    layout: Layout
    problems: list[LineProblem]
    skipped: list[LineProblem]

    def students(self) -> Iterator[tuple[Student, tuple[str, ...]]]:
        """Each student, repeated ones too, and the cells of her line."""
        rows = []
        for row in self.layout.rows:
            if problem := self._no_student(row):
                self.skipped.append(LineProblem(row.line, problem))
            else:
                rows.append(row)
        first_days, last_days = self._dates(rows)
        for row, since, until in zip(rows, first_days, last_days, strict=True):
            if student := self._student(row, since, until):
                yield student, row.cells

    def _student(self, row: Row, since: date | None, until: date | None) -> Student | None:
        """The student of a line; None where it has neither name nor address. What is odd about it is said."""
        name, surname = self._named(row)
        addresses = self._addresses(row)
        own = self._first(row, Meaning.EMAIL)
        if own and not addresses_in(own):
            self._say(row, Problem("email_unusable", {"email": plain(own, LONGEST_TEXT)}))
        if len(addresses) > 1:
            self._say(row, Problem("roster_emails_several", {"email": addresses[0]}))
        if self._waits_for_formula(row):
            self._say(row, Problem("roster_formula_without_value"))
        if not name and not addresses:
            self._say(row, Problem("roster_line_without_name"))
            return None
        number = plain(self._first(row, Meaning.NUMBER), LONGEST_NAME)
        if _SHORTENED.fullmatch(number):
            self._say(row, Problem("roster_number_shortened", {"number": number}))
            number = ""
        if since and until and until < since:
            self._say(row, Problem("roster_dates_reversed"))
            since = until = None
        return Student(
            name=plain(name, LONGEST_NAME) or addresses[0],
            email=addresses[0] if addresses else "",
            number=number,
            group=plain(self._first(row, Meaning.GROUP), LONGEST_NAME),
            since=since,
            until=until,
            line=row.line,
            surname=plain(surname, LONGEST_NAME),
        )

    def _say(self, row: Row, problem: Problem) -> None:
        self.problems.append(LineProblem(row.line, problem))

    def _first(self, row: Row, meaning: Meaning) -> str:
        """What a line has of this; "" for nothing, or what stands for nothing."""
        cells = (row.cell(place) for place in self.layout.places(meaning))
        return next((cell for cell in cells if cell.casefold() not in _NOTHING), "")

    def _joined(self, row: Row, meaning: Meaning) -> str:
        cells = (row.cell(place) for place in sorted(self.layout.places(meaning)))
        return " ".join(cell for cell in cells if cell.casefold() not in _NOTHING)

    def _named(self, row: Row) -> Named:
        first = name_beside_address(self._joined(row, Meaning.FIRST_NAME))
        last = name_beside_address(self._joined(row, Meaning.LAST_NAME))
        whole = name_beside_address(self._first(row, Meaning.NAME))
        if whole and bool(first) != bool(last):
            return self._beside(whole, first, last)
        in_last = name_of(last)
        if first and compared_name(in_last.name).startswith(f"{compared_name(first)} "):
            return in_last  # the whole name, under a heading that elsewhere is that of surnames
        if first or last:
            return Named(f"{first} {last}".strip(), last if first else "")
        if not whole:
            # `Ana Lima <ana@x.org>` in the column of addresses.
            cell = self._first(row, Meaning.EMAIL)
            whole = name_beside_address(cell) if addresses_in(cell) else ""
        return name_of(whole, surname_first=self.layout.surname_first)

    def _beside(self, whole: str, first: str, last: str) -> Named:
        """A name beside a column of surnames, or of first names, alone: the whole name, or the other part of it."""
        named = name_of(whole, surname_first=self.layout.surname_first)
        if set(compared_name(first or last).split()) <= set(compared_name(named.name).split()):
            return Named(named.name, last or named.surname)
        return Named(f"{first} {whole}", whole) if first else Named(f"{whole} {last}", last)

    def _addresses(self, row: Row) -> list[str]:
        """The addresses of a line: those in their own column, else those that stand beside the name."""
        found = addresses_in(self._first(row, Meaning.EMAIL))
        for meaning in (Meaning.NAME, Meaning.FIRST_NAME, Meaning.LAST_NAME):
            found = found or addresses_in(self._joined(row, meaning))
        return found

    def _no_student(self, row: Row) -> Problem | None:
        """Why a line is no student and needs no word; None where it is one, or should be."""
        if row.cells in self.layout.headings:
            return Problem("roster_headings_again")
        name, with_address, number = self._named(row).name, self._addresses(row), self._first(row, Meaning.NUMBER)
        if (role := self._first(row, Meaning.ROLE)) and is_teacher(role):
            who = plain(name, LONGEST_TEXT) or next(iter(with_address), "…")
            return Problem("roster_line_of_teacher", {"name": who, "role": plain(role, LONGEST_TEXT)})
        text = next(filter(None, row.cells))
        alone = len(self.layout.columns) > 1 and sum(map(bool, row.cells)) == 1
        remark = is_no_student(text if alone else name, alone=alone and bool(name), number=number)
        if not with_address and (remark or is_total(text) or not (name or number)):
            return Problem("roster_line_no_student", {"text": plain(text, LONGEST_TEXT)})
        return None

    def _waits_for_formula(self, row: Row) -> bool:
        """Whether something that is read here is a formula that nobody has calculated."""
        if not self.table.without_value:
            return False
        read = (column.place for column in self.layout.columns if column.meaning in _READ)
        return any((row.line, place) in self.table.without_value for place in read)

    def _dates(self, rows: Sequence[Row]) -> tuple[tuple[date | None, ...], tuple[date | None, ...]]:
        """The first and the last day of each row.

        What tells in one of the two columns whether the day or the month comes first tells it for both.
        """
        columns = [
            next((one for one in self.layout.columns if one.meaning is meaning), None)
            for meaning in (Meaning.FROM, Meaning.UNTIL)
        ]
        cells = [row.cell(column.place) if column else "" for column in columns for row in rows]
        found = read_dates([cell if cell.casefold() not in _NOTHING else "" for cell in cells])
        for place in found.unreadable:
            text = plain(cells[place], LONGEST_TEXT)
            self._say(rows[place % len(rows)], Problem("roster_date_unreadable", {"text": text}))
        if (first := found.ambiguous) is not None and (column := columns[first // len(rows)]):
            heading = plain(column.heading, LONGEST_TEXT)
            problem = Problem("roster_dates_ambiguous", {"column": heading, "text": cells[first]})
            self._say(rows[first % len(rows)], problem)
        return found.values[: len(rows)], found.values[len(rows) :]


def _without_repeats(
    students: Sequence[tuple[Student, tuple[str, ...]]], problems: list[LineProblem]
) -> list[tuple[Student, tuple[str, ...]]]:
    """Each student once: a line that says the same again is named.

    With nothing but a name, the whole lines have to be the same: there may be two of one name.
    """
    seen: dict[object, int] = {}
    kept: list[tuple[Student, tuple[str, ...]]] = []
    for student, cells in students:
        bare = not (student.email or student.number)
        key = (replace(student, line=0, email=student.email.casefold()), cells if bare else ())
        if key in seen:
            problems.append(LineProblem(student.line, Problem("roster_line_repeated", {"line": seen[key]})))
        else:
            seen[key] = student.line
            kept.append((student, cells))
    return kept


def _shared(students: Sequence[Student]) -> Iterator[LineProblem]:
    """What several students have that should be one's own: an address, a number, or a name and nothing else."""

    def of(value: Callable[[Student], str], problem: Callable[[str, int], Problem]) -> Iterator[LineProblem]:
        seen: dict[str, int] = {}
        for student in students:
            if (text := value(student)) and (key := compared_name(text)) in seen:
                yield LineProblem(student.line, problem(text, seen[key]))
            elif text:
                seen[key] = student.line

    yield from of(
        lambda one: one.email, lambda text, line: Problem("roster_email_twice", {"email": text, "line": line})
    )
    yield from of(
        lambda one: one.number, lambda text, line: Problem("roster_number_twice", {"number": text, "line": line})
    )
    yield from of(
        lambda one: "" if one.email or one.number else one.name,
        lambda text, line: Problem("roster_name_twice", {"name": text, "line": line}),
    )
