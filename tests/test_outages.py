"""The database goes away, the disk is full, a process is killed: nothing acknowledged is lost or counted twice."""

import json
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, text
from sqlalchemy.exc import OperationalError
from sqlmodel import select

import tracker
from tests.fake_zoom import FakeZoom
from tests.makers import (
    MEETING,
    Clock,
    at,
    ended,
    event_body,
    lesson,
    participant,
    seen,
    server_state_on,
    started,
    stored,
    zoom_signature,
)
from tracker import class_attendance, fetching, sessions
from tracker.attendance.types import ClassStatus
from tracker.server.routes import Request, answer
from tracker.services import Services
from tracker.storage import database
from tracker.storage.database import make_engine, reading, transaction
from tracker.storage.members import Member
from tracker.storage.models import Reading, WebhookDelivery
from tracker.zoom.webhook import Delivery

PAIR = (participant("Ana", 0, 50), participant("Bo", 5, 50))
ROOMS = str(Path(tracker.__file__).parent)
KILLED = 9


@pytest.fixture
def class_id(school: Services, ana: Member) -> str:
    return lesson(school.engine, ana)


def state_of(school: Services, class_id: str) -> tuple[object, ...]:
    """What is known of a class: it is whole, whatever it is."""
    found = stored(school.engine, class_id)
    with reading(school.engine) as tx:
        attendance = class_attendance.attendance_of(tx, found, at(10_000))
        readings = tx.exec(select(func.count()).select_from(Reading).where(Reading.class_id == class_id)).one()
    known = (found.participant_count, found.participants_fetched_at is not None, readings > 0)
    assert known in ((None, False, False), (2, True, True))
    assert (attendance.unique_count if attendance else None) == found.participant_count
    return (*known, found.status, found.started_at, found.ended_at)


def counted(school: Services, class_id: str, clock: Clock) -> None:
    """Once the lease of whoever failed is over, the class is counted by itself."""
    clock.forward(minutes=3)
    if state_of(school, class_id)[0] is None:
        assert fetching.fetch_due(school) == "collected"
    assert state_of(school, class_id) == (2, True, True, ClassStatus.ENDED, at(0), at(60))
    assert fetching.fetch_due(school) is None


# A database that goes away at any statement


class Statements:
    """Breaks the connection at the statement or commit of this number."""

    def __init__(self, engine: Engine) -> None:
        self.asked, self.broken_at = 0, 10**9
        event.listen(engine, "before_cursor_execute", self._ask)
        event.listen(engine, "commit", self._ask)

    def _ask(self, *_: object) -> None:
        self.asked += 1
        if self.asked == self.broken_at:
            raise OperationalError("", {}, Exception("the server closed the connection"))

    def break_at(self, number: int, work: Callable[[], object]) -> bool:
        """Does this with its statement of this number failing; whether it has so many."""
        self.asked, self.broken_at = 0, number
        with suppress(OperationalError):
            work()
        self.broken_at = 10**9
        return self.asked >= number


DELIVERIES = (
    started("uuid-1", 0),
    seen("joined", 1, 0, "Ana"),
    seen("joined", 2, 5, "Bo"),
    seen("left", 2, 40, "Bo"),
    ended("uuid-1", 0, 60),
)


@pytest.mark.slow
def test_a_webhook_during_which_the_database_goes_away_counts_once_when_it_comes_again(
    school: Services, ana: Member, clock: Clock
) -> None:
    statements = Statements(school.engine)

    def hold(number: int, broken_at: int) -> int:
        """All that is told of another class, each webhook failing once at that statement; how many did."""
        meeting = str(85_000_000_000 + number)
        made = lesson(school.engine, ana, zoom_meeting_id=meeting)
        failed = 0
        for delivery in DELIVERIES:
            mine = of_meeting(delivery, meeting)
            if statements.break_at(broken_at, lambda mine=mine: sessions.note_delivery(school, mine)):  # type: ignore[misc]
                failed += 1
                sessions.note_delivery(school, mine)
        assert state_of(school, made) == (None, False, False, ClassStatus.ENDED, at(0), at(60))
        with reading(school.engine) as tx:
            seen_live = class_attendance.attendance_seen(tx, stored(school.engine, made), at(61))
            noted = select(func.count()).select_from(WebhookDelivery).where(WebhookDelivery.class_id == made)
            assert tx.exec(noted).one() == len(DELIVERIES)
        assert seen_live is not None
        assert [(person.name, person.seconds) for person in seen_live.people] == [("Ana", 3600), ("Bo", 2100)]
        return failed

    broken_at = 1
    while hold(broken_at, broken_at):
        broken_at += 1
    assert broken_at > 5


def of_meeting(delivery: Delivery, meeting: str) -> Delivery:
    """The same delivery about a session of another meeting."""
    told: Any = delivery.event
    uuid = f"{meeting}-1"
    if hasattr(told, "sighting"):
        told = replace(told, meeting_id=meeting, sighting=replace(told.sighting, session_uuid=uuid))
    else:
        told = replace(told, meeting_id=meeting, uuid=uuid)
    return replace(delivery, body_hash=f"{delivery.body_hash}-{meeting}", event=told)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_fetch_during_which_the_database_goes_away_is_made_again_and_counts_once(
    school: Services, zoom: FakeZoom, ana: Member, clock: Clock
) -> None:
    statements = Statements(school.engine)
    broken_at = 0
    failed = True
    while failed:
        broken_at += 1
        meeting, clock.time = str(85_000_000_000 + broken_at), at(70)
        made = lesson(school.engine, ana, zoom_meeting_id=meeting)
        zoom.hold(f"uuid-{broken_at}", *PAIR, meeting=meeting)
        sessions.note_delivery(school, ended(f"uuid-{broken_at}", meeting=meeting))
        failed = statements.break_at(broken_at, lambda: fetching.fetch_due(school))
        counted(school, made, clock)
    assert broken_at > 12


# A process that is killed


def run_until_killed(school: Services, work: Callable[[Services], object], line: int) -> bool:
    """Does this in a process that is killed at its line of this number; whether it was.

    The engine is taken along without its connections, and with the statements that it has prepared already.
    """
    school.engine.dispose()
    child = os.fork()
    if child == 0:
        os.environ.clear()
        ran = 0

        def count(frame: FrameType, what: str, _: object) -> Any:
            nonlocal ran
            if not frame.f_code.co_filename.startswith(ROOMS):
                return None
            if what == "line":
                ran += 1
                if ran == line:
                    os._exit(KILLED)
            return count

        # Threads are not taken along; whoever writes to PostgreSQL has one, whose lines count as well.
        if school.engine in database._POSTGRES_WRITERS:
            database._POSTGRES_WRITERS[school.engine] = ThreadPoolExecutor(1)
        threading.settrace(count)
        sys.settrace(count)
        work(school)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) in (0, KILLED)
    return os.waitstatus_to_exitcode(status) == KILLED


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_fetch_that_is_killed_at_any_line_is_taken_over_and_counts_once(
    school: Services, zoom: FakeZoom, ana: Member, clock: Clock
) -> None:
    line, number, killed = 3, 0, True
    while killed:
        number += 1
        meeting, clock.time = str(85_000_000_000 + number), at(70)
        made = lesson(school.engine, ana, zoom_meeting_id=meeting)
        zoom.hold(f"uuid-{number}", *PAIR, meeting=meeting)
        sessions.note_delivery(school, ended(f"uuid-{number}", meeting=meeting))
        killed = run_until_killed(school, fetching.fetch_due, line)
        counted(school, made, clock)
        line += 37
    assert number > 10


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_webhook_whose_tracker_is_killed_at_any_line_counts_once_when_it_comes_again(
    school: Services, ana: Member
) -> None:
    line, number, killed = 1, 0, True
    while killed:
        number += 1
        meeting = str(85_000_000_000 + number)
        made = lesson(school.engine, ana, zoom_meeting_id=meeting)
        delivery = ended(f"uuid-{number}", meeting=meeting)
        killed = run_until_killed(
            school, lambda other, delivery=delivery: sessions.note_delivery(other, delivery), line
        )
        assert state_of(school, made)[3] in (ClassStatus.SCHEDULED, ClassStatus.ENDED)
        assert sessions.note_delivery(school, delivery) in ("noted", "repeat")
        assert state_of(school, made) == (None, False, False, ClassStatus.ENDED, at(0), at(60))
        line += 13
    assert number > 10


# Disks


def crowd(number: int) -> bytes:
    """A webhook about another one who comes, and whose name is long."""
    person = {"user_id": str(number), "user_name": "y" * 900, "join_time": "2026-05-14T12:00:00Z"}
    return event_body("meeting.participant_joined", uuid="uuid-1", participant=person)


@pytest.mark.parametrize("fault", ["full", "read-only"])
@pytest.mark.database("sqlite")
def test_a_disk_that_is_full_or_read_only_refuses_webhooks_and_loses_nothing(
    school: Services, zoom: FakeZoom, clock: Clock, class_id: str, fault: str
) -> None:
    state = server_state_on(school.engine, clock)

    def deliver(body: bytes) -> int:
        return answer(state, Request("POST", "/api/webhooks/zoom", zoom_signature(body, clock()), body)).status

    def limit(connection: Any, _record: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute("PRAGMA query_only = ON" if fault == "read-only" else f"PRAGMA max_page_count = {pages}")

    event.listen(school.engine, "connect", limit)
    school.engine.dispose()
    # Small writes may still fit into the last pages.
    statuses = [deliver(crowd(number)) for number in range(20)]
    assert statuses[-1] == 503
    assert set(statuses) <= {200, 503}
    told = answer(state, Request("GET", "/healthz", {}))
    wrong = [one["code"] for one in json.loads(told.body)["reasons"]]
    assert (told.status, wrong[0]) == (503, "disk_full" if fault == "full" else "database_read_only")
    assert {"writes_failed", "webhooks_failed"} <= set(wrong)
    event.remove(school.engine, "connect", limit)
    school.engine.dispose()
    assert deliver(event_body("meeting.ended", uuid="uuid-1")) == 200
    zoom.hold("uuid-1", *PAIR, meeting=MEETING)
    clock.time = at(70)
    assert fetching.fetch_due(school) == "collected"
    assert stored(school.engine, class_id).participant_count == 2


# PostgreSQL that fails over


def restart(school: Services) -> None:
    """Throws every connection out, as a restart of the server does."""
    engine = make_engine(school.engine.url.render_as_string(hide_password=False))
    with engine.connect() as other:
        others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        other.execute(text(f"SELECT pg_terminate_backend(pid) {others}"))
    engine.dispose()


@pytest.mark.database("postgresql")
def test_a_database_that_restarts_within_a_transaction_takes_that_one_back_and_no_other(
    school: Services, clock: Clock, class_id: str
) -> None:
    before = stored(school.engine, class_id)

    def change() -> None:
        with transaction(school.engine) as tx:
            tx.connection().execute(text("""UPDATE "LiveStream" SET title = 'half'"""))
            restart(school)

    with pytest.raises(OperationalError):
        change()
    assert stored(school.engine, class_id) == before
    assert sessions.note_delivery(school, ended()) == "noted"


@pytest.mark.database("postgresql")
def test_a_fetch_whose_database_restarts_meanwhile_goes_on(
    school: Services, zoom: FakeZoom, clock: Clock, class_id: str
) -> None:
    zoom.hold("uuid-1", *PAIR, meeting=MEETING)
    sessions.note_delivery(school, ended())
    clock.time = at(70)
    zoom.meanwhile = lambda path: restart(school) if path.endswith("/participants") else None
    assert fetching.fetch_due(school) == "collected"
    assert stored(school.engine, class_id).participant_count == 2
