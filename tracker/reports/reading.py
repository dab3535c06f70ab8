"""The meetings in the tables of a report, and what is to be said of single lines."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from tracker.errors import InvalidInput, Problem
from tracker.reports.headings import Field
from tracker.reports.layout import ACTIVITIES, PARTICIPANTS, About, Layout, Section, about_in, read_rows
from tracker.reports.meetings import Entry, Told, meetings_of
from tracker.reports.times import Moment, moment_of, order_of, seconds_of
from tracker.reports.types import DateOrder, Report
from tracker.tables.cells import ADDRESS, Row
from tracker.tables.problems import LineProblem
from tracker.text import compared_name, plain

LONGEST_NAME, LONGEST_TEXT = 120, 60
_NOTHING = frozenset({"", "-", "--", "—", "–", "n/a", "na", "none", "null"})
_YES = frozenset({"yes", "y", "true", "1", "x", "si", "sí", "sim", "ja", "oui"})
_NO = frozenset({"no", "n", "false", "0", "não", "nao", "nein", "non"})
_CAME = re.compile(r"join|unió|unio|entr|ingres|incorpor|beigetreten|beitritt|rejoint|arriv|particip")
_LEFT = re.compile(r"left|leav|sali|salió|abandon|se fue|sai|verlass|quitt|parti\b|départ")
# What Teams puts behind a name; the person is called what stands before it.
_STANDING = re.compile(
    r"(?:\s*\((?:guest|external|unverified|invitado|convidado|externo|sin comprobar|não verificado|gast|extern"
    r"|nicht überprüft|invité|externe|non vérifié)\))+$",
    re.IGNORECASE,
)
_OF_PERSON = tuple(one for one in Field if one not in (Field.TOPIC, Field.MEETING_ID, Field.START, Field.END))


@dataclass(slots=True)
class _Line:
    """A row of a table, with the times in it."""

    row: Row
    cells: dict[Field, str]
    moments: dict[Field, Moment]


@dataclass(slots=True)
class _Reading:
    """A report as it is read; what is to be said of its lines comes together in `problems`."""

    layout: Layout
    today: date
    problems: list[LineProblem] = field(default_factory=list)

    def lines(self, section: Section) -> Iterator[_Line]:
        """The rows of a section that tell of somebody."""
        utc = {one for one, place in section.columns.person.items() if place in section.columns.utc}
        for row, cells in read_rows(section, _OF_PERSON):
            told = {one: cell for one, cell in cells.items() if cell.casefold() not in _NOTHING}
            moments: dict[Field, Moment] = {}
            for one in (Field.JOIN, Field.LEAVE, Field.MOMENT):
                if one in told and (moment := moment_of(told[one], is_utc=one in utc)) is not None:
                    moments[one] = moment
                elif one in told:
                    self.say(row, Problem("report_time_unreadable", {"text": plain(told[one], LONGEST_TEXT)}))
            yield _Line(row, told, moments)

    def say(self, row: Row | int, problem: Problem) -> None:
        """Notes what is to be said of a line."""
        self.problems.append(LineProblem(row if isinstance(row, int) else row.line, problem))


def report_of(
    layout: Layout, zone: ZoneInfo, now: datetime, *, dates: DateOrder | None, held: datetime | None
) -> Report:
    """The meetings that a report tells of.

    `dates` says which of day and month comes first, where both fit; `held` when a meeting began whose report
    does not say it, as local time. Raises `InvalidInput` for what is no report of participants, and where one of the
    two is needed.
    """
    if not layout.sections:
        raise InvalidInput("report_of_meetings_only" if layout.about else "report_unknown")
    reading = _Reading(layout, now.astimezone(zone).date())
    sections = _that_count(layout.sections, reading)
    lines = {one.line: list(reading.lines(one)) for one in sections}
    about = _about_of(sections, lines)
    order = order_of(_all_moments(layout), reading.today, dates)
    told: dict[int, Told] = {}
    for section in sections:
        own = lines[section.line]
        entries = _pairs(own, order) if Field.MOMENT in section.columns.person else _entries(own, reading)
        if section.about is not None:  # a meeting, though nobody came
            told.setdefault(section.about.line, Told(section.about, _moments_of(section.about)))
        for entry in entries:
            one = about[entry.line]
            if one.line not in told:
                told[one.line] = Told(one, _moments_of(one))
            told[one.line].entries.append(entry)
    classes = meetings_of(told.values(), order, zone, held, reading.say)
    if not classes:
        raise InvalidInput("report_empty")
    once = {one.digest: one for one in reversed(classes)}
    problems = sorted(reading.problems, key=lambda one: one.line)
    return Report(tuple(reversed(once.values())), tuple(problems), zone.key)


def _that_count(sections: list[Section], reading: _Reading) -> list[Section]:
    """The tables that are read: of Teams' parts the one with every join and leave, for it has the rejoins."""
    if any(one.part == ACTIVITIES and one.rows for one in sections):
        found = [one for one in sections if one.part != PARTICIPANTS]
        _add_addresses(found, [one for one in sections if one.part == PARTICIPANTS])
        return found
    for one in sections:
        if one.part == PARTICIPANTS and one.rows:
            reading.say(one.line, Problem("report_first_and_last"))
    return sections


def _add_addresses(sections: list[Section], participants: list[Section]) -> None:
    """Puts the addresses of Teams' list of participants to their joins, where those have none."""
    known: dict[str, set[str]] = {}
    for section in participants:
        for _row, cells in read_rows(section, _OF_PERSON):
            known.setdefault(compared_name(_name_in(cells)), set()).add(_address_in(cells))
    for section in sections:
        place = section.columns.person.get(Field.EMAIL)
        if place is None:
            # Behind everything that stands there.
            place = section.columns.person[Field.EMAIL] = max((len(row.cells) for row in section.rows), default=0)
        for number, row in enumerate(section.rows):
            found = known.get(compared_name(_without_standing(row.cell(section.columns.name))), set())
            if not row.cell(place) and len(found) == 1:
                whole = [*row.cells, *[""] * (place + 1 - len(row.cells))]
                whole[place] = next(iter(found))
                section.rows[number] = Row(row.line, tuple(whole))


def _about_of(sections: Iterable[Section], lines: dict[int, list[_Line]]) -> dict[int, About]:
    """The meeting of each row, by its line: told in the row itself, or above the table."""
    found: dict[int, About] = {}
    known: dict[tuple[str, ...], About] = {}
    untold = About(0)
    for section in sections:
        latest = section.about or untold
        wide = bool({Field.TOPIC, Field.MEETING_ID, Field.START} & section.columns.meeting.keys())
        for line in lines[section.line]:
            if wide and (own := about_in(line.row, section.columns)).cells.keys() - {Field.EMAIL, Field.DURATION}:
                key = tuple(own.cells.get(one, "") for one in (Field.MEETING_ID, Field.TOPIC, Field.START))
                latest = known.setdefault(key, own)
            found[line.row.line] = latest
    return found


def _moments_of(about: About) -> dict[Field, Moment]:
    cells = {one: about.cells[one] for one in (Field.START, Field.END) if one in about.cells}
    found = {one: moment_of(cell, is_utc=one in about.utc) for one, cell in cells.items()}
    return {one: moment for one, moment in found.items() if moment is not None}


def _all_moments(layout: Layout) -> Iterator[Moment]:
    """Every time in the report: when a meeting was made may tell which of day and month comes first, too."""
    cells = [cell for about in layout.about for cell in about.cells.values()]
    cells += [cell for section in layout.sections for row in section.rows for cell in row.cells]
    return (moment for cell in cells if ":" in cell and (moment := moment_of(cell)) is not None)


def _entries(lines: Iterable[_Line], reading: _Reading) -> Iterator[Entry]:
    """The stays in a table that has one in each row."""
    for line in lines:
        cells, moments = line.cells, line.moments
        length = seconds_of(cells[Field.DURATION]) if Field.DURATION in cells else None
        if Field.DURATION in cells and length is None:
            reading.say(
                line.row, Problem("report_time_unreadable", {"text": plain(cells[Field.DURATION], LONGEST_TEXT)})
            )
        if not moments and length is None:
            if cells.get(Field.ATTENDED, "").casefold() not in _NO and sum(map(bool, line.row.cells)) > 1:
                reading.say(line.row, Problem("report_line_unread", {"text": plain(line.row.cells[0], LONGEST_TEXT)}))
            continue
        name, email = _name_in(cells), _address_in(cells)
        if Field.EMAIL in cells and not email and "@" in cells[Field.EMAIL]:
            reading.say(line.row, Problem("email_unusable", {"email": plain(cells[Field.EMAIL], LONGEST_TEXT)}))
        yield Entry(
            line.row.line,
            name,
            email,
            moments.get(Field.JOIN),
            moments.get(Field.LEAVE),
            length,
            cells.get(Field.WAITING, "").casefold() in _YES,
        )


def _pairs(lines: Iterable[_Line], order: DateOrder) -> Iterator[Entry]:
    """The stays in a table that has a row for each join and each leave. Who has not left was there to its end."""
    timed = [line for line in lines if Field.MOMENT in line.moments]
    last = max((line.moments[Field.MOMENT] for line in timed), key=lambda one: _order(one, order), default=None)
    here: dict[tuple[str, str], Entry] = {}
    for line in timed:
        name, email = _name_in(line.cells), _address_in(line.cells)
        key, action = (compared_name(name), email.casefold()), line.cells.get(Field.ACTION, "").casefold()
        moment = line.moments[Field.MOMENT]
        if _LEFT.search(action) and not _CAME.search(action):
            came = here.pop(key, None)
            yield Entry(came.line if came else line.row.line, name, email, came.join if came else None, moment, None)
        elif key not in here:
            here[key] = Entry(line.row.line, name, email, moment, None, None)
    for entry in here.values():
        yield Entry(entry.line, entry.name, entry.email, entry.join, last, None, still_there=True)


def _order(moment: Moment, order: DateOrder) -> datetime:
    return moment.told(order, date.min) or datetime.combine(date.min, time())


def _name_in(cells: dict[Field, str]) -> str:
    name = next((cells[one] for one in (Field.ORIGINAL_NAME, Field.NAME, Field.USER_NAME) if one in cells), "")
    return plain(_without_standing(name), LONGEST_NAME)


def _without_standing(name: str) -> str:
    return _STANDING.sub("", name) or name


def _address_in(cells: dict[Field, str]) -> str:
    """The e-mail address of somebody, or her account's name where that is one."""
    found = (ADDRESS.search(cells[one]) for one in (Field.EMAIL, Field.ACCOUNT) if one in cells)
    return next((one[0] for one in found if one), "")
