"""The bad situations that a tracker may be in, each made for real beside one that runs."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy.engine import make_url

from tests import standing_tracker
from tests.makers import NOW, Clock, at, counted, event_body, lesson, member, stay, zoom_signature
from tests.practice_school import environment, practice_zoom
from tests.tracker_process import Tracker, wait_until
from tracker import clock, storage
from tracker.practice import server as practice_server
from tracker.storage.database import make_engine, transaction
from tracker.storage.processes import Tracker as Process
from tracker.storage.schema import migrate

# What each situation is, and what is said of it: the status of /healthz, and the code in all four places. A database is
# made anew for each; one of SQLite is on a small file system of its own.
TABLE = """
situation                                 database     /healthz  code
no webhook since the start                sqlite       200       webhooks_never_came
events that are needed do not come        sqlite       200       webhooks_incomplete
an update was not finished                sqlite       200       versions_differ
no secret for webhooks                    sqlite       200       webhook_secret_missing
webhooks with another secret              sqlite       200       webhooks_unsigned
webhooks with another secret, at once     sqlite       200       webhooks_turned_away
tokens refused                            sqlite       200       zoom_tokens_fail
no credentials for Zoom                   sqlite       200       zoom_not_connected
Zoom unreachable                          sqlite       200       zoom_away
the clock is off                          sqlite       200       clock_off
the loop stands                           sqlite       200       loop_stands
a job fails                               sqlite       200       jobs_failing
little space left                         sqlite       200       disk_low
the disk is full                          sqlite       503       disk_full
the file system is read-only              sqlite       503       database_read_only
the database is damaged                   sqlite       503       database_corrupt
the file is gone                          sqlite       503       database_unreachable
another program locks the database        sqlite       200       writes_failed
no right to write                         postgresql   503       database_no_rights
the database is read-only                 postgresql   503       database_read_only
the server takes no connections           postgresql   503       database_unreachable
the database does not answer              postgresql   503       database_silent
a table is missing                        postgresql   503       database_schema
"""
ROWS = [tuple(part.strip() for part in line.split("  ") if part.strip()) for line in TABLE.strip().splitlines()[1:]]
DISK_BYTES = 200 * 1024 * 1024
BLOCK = 64 * 1024
ADMIN = "ada@school.example"


@dataclass
class Place:
    """A tracker that runs, and what is round it."""

    tracker: Tracker
    url: str
    folder: Path
    disk: Path
    zoom: ExitStack
    given: dict[str, str]
    postgres: str = ""
    cleanup: ExitStack = field(default_factory=ExitStack)

    def health(self) -> tuple[int, dict[str, Any]]:
        """Status and answer of /healthz."""
        status, body = self.tracker.call("/healthz")
        return status, json.loads(body) if body else {}

    def codes(self) -> dict[str, str]:
        """What /healthz says is wrong, each with its sentence and cure."""
        return {one["code"]: f"{one['sentence']} {one['cure']}" for one in self.health()[1].get("reasons", [])}

    def tells(self, code: str, status: int) -> bool:
        """Whether one answer of /healthz has this status and code."""
        answered, told = self.health()
        return answered == status and any(one["code"] == code for one in told.get("reasons", []))

    def deliver(self, body: bytes, **signed: Any) -> int:
        """Sends a webhook, signed as Zoom does; returns the status."""
        headers = zoom_signature(body, clock.now(), **signed)
        return self.tracker.call("/api/webhooks/zoom", body, headers)[0]

    def validate(self) -> None:
        """Zoom checks the address."""
        body = json.dumps({"event": "endpoint.url_validation", "payload": {"plainToken": "q9"}}).encode()
        assert self.deliver(body) == 200

    def as_owner(self, *statements: str) -> None:
        """Runs statements on the PostgreSQL database, as who owns it."""
        with psycopg.connect(self.postgres, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def throw_out(self) -> None:
        """Ends the connections of the tracker's user."""
        user = make_url(self.url).username
        self.as_owner(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{user}'")


# The situations

NUMBERS = count()


def before_the_start(situation: str, given: dict[str, str]) -> None:
    """What is another one in the tracker's environment."""
    changes = {
        "no secret for webhooks": {"ZOOM_WEBHOOK_SECRET": ""},
        "tokens refused": {"ZOOM_CLIENT_SECRET": "another secret of the app"},
        "no credentials for Zoom": {"ZOOM_CLIENT_SECRET": ""},
    }
    given |= changes.get(situation, {})


def refuse_many(place: Place) -> None:
    """3,000 webhooks of whoever does not know the secret."""
    body = event_body("meeting.started")
    headers = zoom_signature(body, clock.now(), "not the secret of this app")
    for _ in range(3000):
        assert place.tracker.call("/api/webhooks/zoom", body, headers)[0] == 401


def refuse_some_after_zooms(place: Place) -> None:
    place.validate()
    with closing(sqlite3.connect(make_url(place.url).database or "")) as connection:
        wait_until(
            lambda: connection.execute('SELECT count(*) FROM "WebhookTally"').fetchone()[0], "the webhook is counted"
        )
    # What came is not of the last minutes for a tracker that begins now, and of the last hour for the database.
    place.tracker.kill()
    place.tracker.start()
    assert place.deliver(event_body("meeting.started"), secret="not the secret of this app") == 401


def fill(place: Place, leave: int) -> None:
    """Fills the file system of the database but for so many bytes."""
    free = shutil.disk_usage(place.disk).free
    with (place.disk / "filling").open("wb", buffering=0) as file, suppress(OSError):  # the tracker writes meanwhile
        for _ in range(0, free - leave, BLOCK):
            file.write(bytes(BLOCK))


def fill_up(place: Place) -> None:
    fill(place, leave=0)
    deliver_many(place)


def deliver_many(place: Place) -> None:
    """Others each time. Of what is small the first may still fit into the newest pages of a full disk."""
    for number in islice(NUMBERS, 40):
        person = {"user_id": str(number), "user_name": "y" * 900, "join_time": "2026-05-14T12:00:00Z"}
        place.deliver(event_body("meeting.participant_joined", uuid=f"uuid-{number}", participant=person))


def make_read_only(place: Place) -> None:
    """Another file system stands in its place, with the same content, as after a fault of the disk."""
    copy = place.folder / "copy"
    copy.mkdir()
    mount("-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(copy))
    place.cleanup.callback(unmount, copy)
    for file in place.disk.iterdir():
        shutil.copy(file, copy)
    mount("--bind", str(copy), str(place.disk))
    place.cleanup.callback(unmount, place.disk)
    mount("-o", "remount,bind,ro", str(place.disk))


def damage(place: Place) -> None:
    """Writes over all pages but the first."""
    path = Path(make_url(place.url).database or "")
    with closing(sqlite3.connect(path)) as connection:
        wait_until(
            lambda: connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0,
            "a moment to write over it",
        )
        with path.open("r+b") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(4096)
            file.write(b"\xff" * (size - 4096))


def lock(place: Place) -> None:
    """Another program keeps the database for longer than a writer waits."""
    with closing(sqlite3.connect(make_url(place.url).database or "", isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        wait_until(lambda: "database_busy" in place.codes(), "it is told while it lasts")
        assert place.health()[0] == 200
        connection.execute("ROLLBACK")
    wait_until(lambda: "database_busy" not in place.codes(), "it is over")


def leave_zoom(place: Place) -> None:
    """Zoom is not there any more; a tracker that begins calls it at once, and one that runs within five minutes."""
    place.zoom.close()
    place.tracker.end(signal.SIGTERM)
    place.tracker.start()


def have_another_time(place: Place) -> None:
    """The same with a Zoom that has another time."""
    patch = pytest.MonkeyPatch()
    place.cleanup.callback(patch.undo)
    patch.setattr(practice_server.Handler, "date_time_string", behind)
    place.tracker.end(signal.SIGTERM)  # it writes down that Zoom has checked the address
    place.tracker.start()


def behind(_self: object, timestamp: float | None = None) -> str:
    """The date of a Zoom whose clock is 400 s behind this machine's."""
    return (datetime.now(UTC) - timedelta(seconds=400)).strftime("%a, %d %b %Y %H:%M:%S GMT")


def leave_out_events(place: Place) -> None:
    """A class was held four hours ago, of which Zoom has announced the start alone."""
    begin = (clock.now() - NOW).total_seconds() // 60 - 240
    made = make_engine(place.url)
    class_id = lesson(made, member(made), start=begin)
    counted(made, class_id, stay("Bo", begin, begin + 30), start=begin, end=begin + 60)
    with transaction(made) as tx:
        storage.webhook_log.note(tx, "a hash", "meeting.started", class_id, at(begin))
    made.dispose()


def leave_a_tracker_behind(place: Place) -> None:
    """One of an earlier version, which gives signs of life all the time."""
    made, now = make_engine(place.url), clock.now()
    with transaction(made) as tx:
        storage.processes.note_alive(tx, Process("elsewhere:8787", "0.0.1", now, now + timedelta(days=1)))
    made.dispose()


def take_rights(place: Place) -> None:
    user = make_url(place.url).username
    place.as_owner(f"REVOKE INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public FROM {user}")


def make_sessions_read_only(place: Place) -> None:
    place.as_owner(f"ALTER ROLE {make_url(place.url).username} SET default_transaction_read_only = on")
    place.throw_out()


def take_no_connections(place: Place) -> None:
    user = make_url(place.url).username
    place.as_owner(f"ALTER ROLE {user} NOLOGIN")
    place.throw_out()


def keep_waiting(place: Place) -> None:
    """A transaction of somebody else's holds what the tracker's sign of life needs."""
    connection = psycopg.connect(place.postgres)
    place.cleanup.callback(connection.close)
    connection.execute('LOCK TABLE "TrackerProcess" IN ACCESS EXCLUSIVE MODE')


def take_a_table(place: Place) -> None:
    place.as_owner('ALTER TABLE "TrackerProcess" RENAME TO "Elsewhere"')
    place.cleanup.callback(place.as_owner, 'ALTER TABLE "Elsewhere" RENAME TO "TrackerProcess"')


MADE: dict[str, Callable[[Place], object]] = {
    "webhooks with another secret": refuse_many,
    "webhooks with another secret, at once": refuse_some_after_zooms,
    "Zoom unreachable": leave_zoom,
    "the clock is off": have_another_time,
    "events that are needed do not come": leave_out_events,
    "an update was not finished": leave_a_tracker_behind,
    "the loop stands": lambda place: (place.folder / standing_tracker.STANDS).touch(),
    "a job fails": lambda place: (place.folder / standing_tracker.FAILS).touch(),
    "little space left": lambda place: fill(place, leave=9 * 1024 * 1024),
    "the disk is full": fill_up,
    "the file system is read-only": make_read_only,
    "the database is damaged": damage,
    "the file is gone": lambda place: shutil.move(make_url(place.url).database or "", place.folder / "moved"),
    "another program locks the database": lock,
    "no right to write": take_rights,
    "the database is read-only": make_sessions_read_only,
    "the server takes no connections": take_no_connections,
    "the database does not answer": keep_waiting,
    "a table is missing": take_a_table,
}
# What holds from the start on, so that no webhook of Zoom's is sent before.
FROM_THE_START = {row[0] for row in ROWS} - MADE.keys()


def mount(*arguments: str) -> None:
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"file systems cannot be mounted here: {done.stderr.strip()}")


def unmount(folder: Path) -> None:
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def sqlite_place(folder: Path, template: Path) -> Iterator[tuple[str, Path]]:
    """A database on a small file system of its own."""
    disk = folder / "disk"
    disk.mkdir()
    if os.geteuid() == 0:
        mount("-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(disk))
    try:
        shutil.copy(template, disk / "school.sqlite3")
        yield f"sqlite:///{disk / 'school.sqlite3'}", disk
    finally:
        if os.geteuid() == 0:
            unmount(disk)


@contextmanager
def postgres_place(server: str) -> Iterator[tuple[str, str]]:
    """A database, reached by a user of its own who may do with it what a tracker does: its address, and the owner's."""
    name, user = f"bad_{uuid4().hex}", f"tracker_{uuid4().hex}"
    owner = server.replace("/postgres?", f"/{name}?")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        connection.execute(f"CREATE ROLE {user} LOGIN")
    made = make_engine(owner)
    migrate(made)
    made.dispose()
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {user}")
    try:
        yield make_url(owner).set(username=user, password=None).render_as_string(hide_password=False), owner
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
            connection.execute(f"DROP ROLE {user}")


def add_somebody(url: str) -> None:
    """An account in this database: one without any is a situation of its own."""
    made = make_engine(url)
    member(made, "it@school.example", "admin")
    made.dispose()


@contextmanager
def placed(situation: str, kind: str, folder: Path, request: pytest.FixtureRequest) -> Iterator[Place]:
    """A tracker that is well, or that begins in this situation."""
    with ExitStack() as stack:
        zoom = stack.enter_context(ExitStack())
        host = zoom.enter_context(practice_zoom(Clock(clock.now())))
        if kind == "sqlite":
            url, disk = stack.enter_context(sqlite_place(folder, request.getfixturevalue("migrated_file")))
            owner = ""
        else:
            url, owner = stack.enter_context(postgres_place(request.getfixturevalue("postgres_url")))
            disk = folder
        add_somebody(owner or url)
        given = environment(host.url, url, folder) | {standing_tracker.FOLDER: str(folder)}
        before_the_start(situation, given)
        tracker = Tracker(given, folder / "log", "tests.standing_tracker")
        place = Place(tracker, url, folder, disk, zoom, given, owner)
        stack.callback(tracker.kill)
        stack.enter_context(place.cleanup)
        tracker.start()
        if situation not in FROM_THE_START and situation != "webhooks with another secret":
            place.validate()
            wait_until(lambda: place.health()[1]["status"] == "ok", "all is well at first")
        yield place
