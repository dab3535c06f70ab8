"""The files of one class: its people, and their joins and leaves. Pure functions.

Hosts are in them, and whom a teacher has set aside is in neither the people nor the stays.
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from tracker.attendance.counting import key_of
from tracker.attendance.stored_form import participants_data
from tracker.attendance.types import Attendance, Where
from tracker.messages.languages import gettext as _
from tracker.messages.vocabulary import NO_NAME, SHEETS
from tracker.report.table import Table, in_words, local, minutes, workbook_bytes
from tracker.text import fold_name

Shape = Literal["people", "stays"]
Format = Literal["csv", "xlsx", "json"]
SHAPES: tuple[Shape, ...] = ("people", "stays")
FORMATS: tuple[Format, ...] = ("csv", "xlsx", "json")
SHEET_OF: Mapping[Shape, str] = {"people": "People", "stays": "Joins and leaves"}
NEVER = datetime.max.replace(tzinfo=UTC)


def people_table(attendance: Attendance, zone: ZoneInfo) -> Table:
    """One row a person."""
    columns = (
        "Name",
        "Email",
        "First join",
        "Last leave",
        "Minutes present",
        "Percent",
        "Stays",
        "Status",
        "Role",
        "Minutes in class",
    )
    rows = (
        (
            person.name or NO_NAME,
            person.email,
            local(person.first_join, zone),
            local(person.last_leave, zone),
            minutes(person.seconds),
            person.percent,
            len(person.stays),
            person.status,
            person.role.value,
            minutes(person.seconds_in_class),
        )
        for person in attendance.people
    )
    return Table(columns, tuple(rows))


def stays_table(attendance: Attendance, zone: ZoneInfo) -> Table:
    """One row a stay, the waiting room included, without those of people who were set aside.

    Sessions are numbered by their start.
    """
    set_aside = {key for person in attendance.set_aside for key in person.keys}
    columns = ("Name", "Email", "Join", "Leave", "Seconds", "Session", "Where")
    numbers = _session_numbers(attendance)
    rows = (
        (
            fold_name(stay.name) or NO_NAME,
            stay.email.strip(),
            local(stay.join, zone),
            local(stay.leave, zone),
            stay.seconds,
            numbers.get(stay.session_uuid),
            "waiting room" if stay.where is Where.WAITING_ROOM else "meeting",
        )
        for stay in attendance.stays
        if not set_aside or key_of(stay) not in set_aside
    )
    return Table(columns, tuple(rows))


def _session_numbers(attendance: Attendance) -> dict[str, int]:
    """The number of each session by its start, of those too that are another class's and share people with this one.

    A record that names no session, as another program may have written it, is of the only one; of several, of none.
    """
    starts = {session.uuid: session.start for session in attendance.sessions}
    first_seen: dict[str, datetime] = {}
    for stay in attendance.stays:
        uuid, span = stay.session_uuid, stay.span
        if uuid and uuid not in starts:
            seen = span.start if span is not None else NEVER
            first_seen[uuid] = min(seen, first_seen.get(uuid, seen))
    starts |= first_seen
    ordered = sorted(starts, key=lambda uuid: (starts[uuid], uuid))
    numbers = {uuid: number for number, uuid in enumerate(ordered, start=1)}
    return numbers if len(numbers) > 1 else {"": 1} | numbers


TABLES: dict[Shape, Callable[[Attendance, ZoneInfo], Table]] = {"people": people_table, "stays": stays_table}


def xlsx_bytes(known: Mapping[Shape, Table], students: Table | None = None) -> bytes:
    """An Excel workbook with a sheet for each table of a class, in their order; the last one of its course's students.

    That is left out where the course has none.
    """
    sheets = {SHEETS[SHEET_OF[shape]]: table for shape, table in known.items()}
    if students is not None:
        sheets[SHEETS["Students"]] = students
    return workbook_bytes({_(name) if table.headings else name: table for name, table in sheets.items()})


def tables(attendance: Attendance, zone: ZoneInfo, *, told: bool = False) -> dict[Shape, Table]:
    """Both tables of a class; where they are `told`, in the language that is spoken."""
    made = {shape: make(attendance, zone) for shape, make in TABLES.items()}
    return {shape: in_words(table) for shape, table in made.items()} if told else made


def workbook(
    attendance: Attendance,
    zone: ZoneInfo,
    first: Shape = "people",
    students: Table | None = None,
    *,
    told: bool = False,
) -> bytes:
    """The Excel file of a class: its people, their joins and leaves, and the students of its course, if it has any, on
    a sheet each; `first` is the one on top."""
    known = tables(attendance, zone, told=told)
    return xlsx_bytes({shape: known[shape] for shape in sorted(SHAPES, key=lambda shape: shape != first)}, students)


def json_bytes(attendance: Attendance, zone: ZoneInfo, class_record: Mapping[str, Any]) -> bytes:
    """The class, its people as in the CSV, and every record of Zoom's."""
    table = people_table(attendance, zone)
    people = [
        {
            name: cell.isoformat() if isinstance(cell, datetime) else cell
            for name, cell in zip(table.columns, row, strict=True)
        }
        for row in table.rows
    ]
    document = {"class": dict(class_record), "people": people} | participants_data(attendance)
    return json.dumps(document, ensure_ascii=False, indent=2).encode("utf-8", "replace")
