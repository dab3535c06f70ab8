"""Values made with few words; each test names only what it is about."""

import hashlib
import hmac
import io
import itertools
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from argon2 import PasswordHasher
from sqlalchemy import Engine

from tracker import auth, storage
from tracker.attendance.counting import take_attendance
from tracker.attendance.stored_form import stays_from_data
from tracker.attendance.types import Attendance, ClassStatus, Session, Span, Stay, Where
from tracker.clock import to_zoom
from tracker.health import WebhookCounter
from tracker.server.routes import ServerState
from tracker.server.watch import Watch
from tracker.services import Services
from tracker.settings import Settings, read_settings
from tracker.storage.audit import Entry, Which
from tracker.storage.class_lists import Filter
from tracker.storage.classes import Class, NewClass
from tracker.storage.database import Transaction, reading, transaction
from tracker.storage.members import Member, Role
from tracker.storage.shares import Kind, Share
from tracker.zoom import Zoom
from tracker.zoom.webhook import Delivery, parse

CHEAP_HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
NOW = datetime(2026, 5, 14, 12, 0, 0, tzinfo=UTC)
WEBHOOK_SECRET = "w3bhooks-of-a-test"
CLIENT_SECRET = "client-secret-5up3r"
MEETING = "85011112222"
_NUMBERS = itertools.count()
_XLSX = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
AWAY_SENTENCE = "The database cannot be reached right now. Please try again in a moment."


def at(minutes: float) -> datetime:
    """The moment this many minutes after NOW."""
    return NOW + timedelta(minutes=minutes)


def span(start: float, end: float) -> Span:
    """From one minute to another, counted from NOW."""
    return Span(at(start), at(end))


def run(uuid: str, start: float, end: float | None) -> Session:
    """A session from one minute to another; without an end it is still running."""
    return Session(uuid, at(start), None if end is None else at(end))


PLANNED = span(0, 60)
HELD = (run("s1", 0, 60),)


def stay(name: str, start: float, end: float, email: str = "", where: Where = Where.MEETING, **more: Any) -> Stay:
    """Somebody's presence from one minute to another."""
    join, leave = at(start), at(end)
    return Stay(name, email, join, leave, int((leave - join).total_seconds()), where, **more)


def waiting(name: str, start: float, end: float, email: str = "", **more: Any) -> Stay:
    """Somebody's time in the waiting room."""
    return stay(name, start, end, email, Where.WAITING_ROOM, **more)


def taken(*stays: Stay, sessions: tuple[Session, ...] = HELD, planned: Span = PLANNED) -> Attendance:
    """The attendance of these stays, in a class of one hour that was held as planned."""
    return take_attendance(stays, sessions, planned)


def environment(**more: str) -> dict[str, str]:
    """The environment of a school with a Zoom account; each setting may be said otherwise."""
    usual = {
        "TRACKER_DATA_DIR": str(Path("nowhere").absolute()),
        "ZOOM_ACCOUNT_ID": "account-1",
        "ZOOM_CLIENT_ID": "client-1",
        "ZOOM_CLIENT_SECRET": CLIENT_SECRET,
        "ZOOM_WEBHOOK_SECRET": WEBHOOK_SECRET,
    }
    return usual | more


def settings(**more: str) -> Settings:
    """The settings of that school."""
    return read_settings(environment(**more))


def event_body(name: str, meeting_id: object = MEETING, uuid: str = "uuid-1", **more: Any) -> bytes:
    """The body of Zoom's webhook `name` about a session that began at NOW and, if it ended, ended an hour later."""
    about: dict[str, Any] = {"id": meeting_id, "uuid": uuid, "start_time": "2026-05-14T12:00:00Z"}
    if name == "meeting.ended":
        about["end_time"] = "2026-05-14T13:00:00Z"
    content = {"event": name, "event_ts": 1_778_760_000_000, "payload": {"account_id": "a", "object": about | more}}
    return json.dumps(content).encode()


def zoom_signature(body: bytes, sent_at: datetime = NOW, secret: str = WEBHOOK_SECRET) -> dict[str, str]:
    """The headers with which Zoom signs this body."""
    timestamp = str(int(sent_at.timestamp()))
    digest = hmac.new(secret.encode(), f"v0:{timestamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {"x-zm-request-timestamp": timestamp, "x-zm-signature": f"v0={digest}"}


CellValue = str | float | datetime | None


@dataclass(frozen=True)
class Sheet:
    """A sheet of a workbook: its cells as rows of the width of the first one, None where nothing is.

    Times are without a zone. `formats` are how each cell of the second row is shown, "" for as it is; `widths` those of
    the columns in characters, `filtered` and `frozen` the cells with a filter, and the first that scrolls.
    """

    rows: list[list[CellValue]]
    formats: list[str]
    widths: list[float]
    filtered: str
    frozen: str


def read_workbook(content: bytes) -> dict[str, Sheet]:
    """The sheets of a workbook by their names, in their order. Fails on formulas and links."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        assert book.testzip() is None
        parts = {name: ElementTree.fromstring(book.read(name)) for name in book.namelist() if name.endswith(".xml")}
        links = ElementTree.fromstring(book.read("xl/_rels/workbook.xml.rels"))
    targets = {link.get("Id"): f"xl/{link.get('Target')}" for link in links}
    shared = parts.get("xl/sharedStrings.xml", ())
    texts = ["".join(part.text or "" for part in entry.iter(f"{_XLSX}t")) for entry in shared]
    styles = parts["xl/styles.xml"]
    codes = {entry.get("numFmtId"): entry.get("formatCode", "") for entry in styles.iter(f"{_XLSX}numFmt")}
    codes |= {"9": "0%"}  # one that every program knows
    used = styles.find(f"{_XLSX}cellXfs")
    assert used is not None
    formats = [codes.get(entry.get("numFmtId"), "") for entry in used]
    sheets = parts["xl/workbook.xml"].iter(f"{_XLSX}sheet")
    return {sheet.get("name", ""): _sheet(parts[targets[sheet.get(f"{_LINK}id")]], texts, formats) for sheet in sheets}


def _sheet(sheet: ElementTree.Element, texts: list[str], formats: list[str]) -> Sheet:
    assert not list(sheet.iter(f"{_XLSX}f"))
    assert not list(sheet.iter(f"{_XLSX}hyperlink"))
    rows: list[list[CellValue]] = []
    shown: list[str] = []
    for row in sheet.iter(f"{_XLSX}row"):
        cells = {ord(cell.get("r", "")[0]) - ord("A"): cell for cell in row}  # no table has more than 26 columns
        width = len(rows[0]) if rows else len(cells)
        codes = [formats[int(cells[column].get("s", 0))] if column in cells else "" for column in range(width)]
        rows.append([_value(cells.get(column), texts, codes[column]) for column in range(width)])
        shown = codes if len(rows) == 2 else shown
    widths = [
        float(columns.get("width", 0))
        for columns in sheet.iter(f"{_XLSX}col")
        for _ in range(int(columns.get("min", 0)), int(columns.get("max", 0)) + 1)
    ]
    (pane,), (chosen,) = sheet.iter(f"{_XLSX}pane"), sheet.iter(f"{_XLSX}autoFilter")
    assert pane.get("state") == "frozen"
    return Sheet(rows, shown, widths, chosen.get("ref", ""), pane.get("topLeftCell", ""))


def _value(cell: ElementTree.Element | None, texts: list[str], code: str) -> CellValue:
    found = cell.find(f"{_XLSX}v") if cell is not None else None
    if cell is None or found is None or found.text is None:
        return None
    if cell.get("t") == "s":
        return texts[int(found.text)]
    if "yy" not in code:
        return float(found.text)
    # Days since the end of 1899, as Excel counts them.
    return datetime(1899, 12, 30) + timedelta(seconds=round(float(found.text) * 86_400))


class Clock:
    """A time that passes only when it is told to."""

    def __init__(self, time: datetime = NOW) -> None:
        self.time = time

    def __call__(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()

    def forward(self, **span: float) -> None:
        self.time += timedelta(**span)

    def wait(self, seconds: float) -> None:
        self.forward(seconds=seconds)


# What Zoom sends


def participant(name: str, start: float, end: float, email: str = "", **more: Any) -> dict[str, Any]:
    """A record of Zoom's participant list, from one minute to another."""
    usual = {
        "id": "",
        "user_id": "16778240",
        "name": name,
        "user_email": email,
        "join_time": to_zoom(at(start)),
        "leave_time": to_zoom(at(end)),
        "duration": round((end - start) * 60),
        "registrant_id": "",
        "failover": False,
        "status": "in_meeting",
        "internal_user": False,
    }
    return usual | more


def seen(
    what: str,
    user_id: object,
    minute: float,
    name: str = "Ana",
    uuid: str = "uuid-1",
    start: float | None = 0,
    **more: Any,
) -> Delivery:
    """The delivery `meeting.participant_…` about somebody; `start` is that of the session, if it is told."""
    moment = "leave_time" if what.startswith("left") else "join_time" if what.startswith("joined") else "date_time"
    person = {"user_id": user_id, "user_name": name, "email": "", "id": "", moment: to_zoom(at(minute))} | more
    start_time = None if start is None else to_zoom(at(start))
    return parse(event_body(f"meeting.participant_{what}", MEETING, uuid, start_time=start_time, participant=person))


def started(uuid: str = "uuid-1", start: float = 0, meeting: object = MEETING) -> Delivery:
    """The delivery that says that a session began, in minutes after NOW."""
    return parse(event_body("meeting.started", meeting, uuid, start_time=to_zoom(at(start))))


def ended(uuid: str = "uuid-1", start: float = 0, end: float = 60, meeting: object = MEETING) -> Delivery:
    """The delivery that says that a session is over, in minutes after NOW."""
    times = {"start_time": to_zoom(at(start)), "end_time": to_zoom(at(end))}
    return parse(event_body("meeting.ended", meeting, uuid, **times))


# What is in the database


def member(engine: Engine, email: str = "ana@school.example", role: Role = "teacher", **more: Any) -> Member:
    """A person with an account."""
    name = email.partition("@")[0].title()
    with transaction(engine) as tx:
        return storage.members.add_member(tx, email, name, role, more.get("zoom_user"), NOW)


def lesson(engine: Engine, teacher: Member, title: str = "Algebra 7B", start: float = 0, **more: Any) -> str:
    """A class of one hour in the database, `start` minutes after NOW; returns its id.

    Each has a meeting of its own, but for linked ones (`zoom_meeting_made=False`), which share one.
    """
    usual: dict[str, Any] = {
        "title": title,
        "teacher_id": teacher.id,
        "scheduled_start": at(start),
        "duration_minutes": 60,
        "timezone": "Europe/Berlin",
        "zoom_meeting_id": MEETING,
        "zoom_join_url": f"https://zoom.us/j/{MEETING}",
        "zoom_meeting_made": True,
    }
    with transaction(engine) as tx:
        if more.get("zoom_meeting_made", True) and storage.classes.classes_in_meeting(tx, MEETING):
            usual["zoom_meeting_id"] = f"859{next(_NUMBERS):08}"
        return storage.classes.add_class(tx, NewClass(**(usual | more)), NOW)


def shared(engine: Engine, class_id: str, colleague: Member, kind: Kind = "class") -> Share:
    """The class, or its course, is shared with a colleague."""
    return auth.share(engine, auth.OPERATOR, class_id, colleague.email, NOW, kind)


def stored(engine: Engine, class_id: str) -> Class:
    """The class as it is in the database now."""
    with reading(engine) as tx:
        return storage.classes.get_class(tx, class_id)


def classes_of(engine: Engine, viewer: Member = auth.OPERATOR, **order: bool) -> list[Class]:
    """The classes that somebody may see, the newest first unless `oldest_first`."""
    with reading(engine) as tx:
        return storage.class_lists.list_classes(tx, viewer, Filter(), limit=100, **order)


def stored_stays(tx: Transaction, class_id: str) -> tuple[Stay, ...] | None:
    """The records of the class's participants as they are in the database; None while they are not known."""
    data = storage.participants.get_participants_data(tx, class_id)
    return None if data is None else stays_from_data(data)


def services(engine: Engine, clock: Clock, **environment: str) -> Services:
    """What the use cases need, at a time that passes only when it is told to."""
    found = settings(**environment)
    return Services(engine, Zoom(found, clock, clock.monotonic), found, clock)


def server_state_on(
    engine: Engine, clock: Callable[[], datetime], loop_age: float | None = 0.5, **environment: str
) -> ServerState:
    """What the tracker's HTTP server answers from, on this database; its loop turned `loop_age` seconds ago."""
    chosen = settings(**environment)
    found = Services(engine, Zoom(chosen, clock), chosen, clock)
    counter = WebhookCounter(engine, clock)
    watch = Watch(found, "one:8787", StandingLoop(loop_age), counter)
    watch.beat()
    return ServerState(found, watch, counter)


@dataclass(frozen=True)
class StandingLoop:
    """A tracker's loop that turned last so many seconds ago."""

    age: float | None

    def seconds_since_turn(self) -> float | None:
        return self.age

    def failing_jobs(self) -> tuple[str, ...]:
        return ()


def counted(
    engine: Engine, class_id: str, *stays: Stay, start: float = 0, end: float = 60, fetched: float = 75
) -> None:
    """The class was held, and these are its participants."""
    held = run(f"uuid-{class_id}", start, end)
    found = stored(engine, class_id)
    with transaction(engine) as tx:
        storage.sessions.save_session(tx, found.zoom_meeting_id or "", held)
        storage.classes.set_life(tx, class_id, ClassStatus.ENDED, held.start, held.end)
        storage.participants.save_attendance(tx, class_id, take_attendance(stays, [held], found.planned), at(fetched))


def a_class(**more: Any) -> Class:
    """A class of one hour from NOW, which is in no database."""
    usual: dict[str, Any] = {
        "id": "class-1",
        "title": "Algebra 7B",
        "status": ClassStatus.SCHEDULED,
        "scheduled_start": NOW,
        "duration_minutes": 60,
        "timezone": "Europe/Berlin",
        "zoom_meeting_id": MEETING,
        "zoom_join_url": f"https://zoom.us/j/{MEETING}",
        "zoom_api_meeting_id": None,
        "zoom_host_id": None,
        "zoom_linked_by_teacher": None,
        "zoom_meeting_made": True,
        "started_at": None,
        "ended_at": None,
        "participant_count": None,
        "participants_fetched_at": None,
        "people_shown": None,
        "hosts_shown": None,
        "figures_of_count": None,
        "teacher_id": "teacher-1",
        "teacher_email": "ana@school.example",
        "teacher_zoom_user": "ana@school.example",
        "teacher_name": "Ana",
        "course_id": None,
        "course": None,
        "created_at": NOW,
        "names_removed_at": None,
        "fetch": None,
    }
    return Class(**(usual | more))


def entries(engine: Engine, **which: Any) -> list[Entry]:
    """What was noted of what somebody did, newest first."""
    with reading(engine) as tx:
        return storage.audit.list_entries(tx, Which(**which), 1000)
