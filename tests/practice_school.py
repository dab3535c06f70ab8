"""A school that uses the practice Zoom: its settings, its command line, and somebody who holds classes in it."""

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from tests.makers import CLIENT_SECRET, WEBHOOK_SECRET, Clock
from tracker.cli import main
from tracker.practice import PracticeSettings, PracticeZoom
from tracker.services import Services
from tracker.settings import read_settings
from tracker.zoom import Zoom

TEACHER = "ana@school.example"
# In the past whenever the tests run, since commands read the machine's clock.
HELD = datetime(2025, 5, 14, 10, 0, tzinfo=UTC)
PRACTICE = PracticeSettings(
    account_id="account-1",
    client_id="client-1",
    client_secret=CLIENT_SECRET,
    webhook_secret=WEBHOOK_SECRET,
    settle_seconds=0,
    retry_delays=(0.2,) * 100,
)
# The class that `Host.hold` holds.
PEOPLE_CSV = b"\xef\xbb\xbf" + (
    b"Name,Email,First join,Last leave,Minutes present,Percent,Stays,Status,Role,Minutes in class\r\n"
    b"'=Cy,,2025-05-14T12:05:00+02:00,2025-05-14T13:00:00+02:00,55.0,92,1,present,participant,55.0\r\n"
    b"Ana,ana@school.example,2025-05-14T12:00:00+02:00,2025-05-14T13:00:00+02:00,60.0,100,1,present,host,60.0\r\n"
    b"Bo,bo@x.example,2025-05-14T12:05:00+02:00,2025-05-14T12:30:00+02:00,25.0,42,1,partly,participant,25.0\r\n"
)
STAYS_CSV = b"\xef\xbb\xbf" + (
    b"Name,Email,Join,Leave,Seconds,Session,Where\r\n"
    b"Ana,ana@school.example,2025-05-14T12:00:00+02:00,2025-05-14T13:00:00+02:00,3600,1,meeting\r\n"
    b"Bo,bo@x.example,2025-05-14T12:05:00+02:00,2025-05-14T12:30:00+02:00,1500,1,meeting\r\n"
    b"'=Cy,,2025-05-14T12:05:00+02:00,2025-05-14T13:00:00+02:00,3300,1,meeting\r\n"
)


class Host:
    """Holds meetings at a practice Zoom."""

    def __init__(self, url: str, clock: Clock) -> None:
        self.url, self.clock = url, clock
        self._open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open

    def call(self, method: str, path: str, body: object = None) -> Any:
        """One call below /practice."""
        content = json.dumps({} if body is None else body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/practice{path}", content, headers, method=method)
        with self._open(request, timeout=60) as answer:
            return json.loads(answer.read() or "null")

    def start(self, meeting: str) -> None:
        self.call("POST", f"/meetings/{meeting}/start")

    def join(self, meeting: str, name: str, email: str = "") -> str:
        """Somebody comes in; returns the number of this stay."""
        return str(self.call("POST", f"/meetings/{meeting}/join", {"name": name, "email": email})["user_id"])

    def leave(self, meeting: str, user_id: str) -> None:
        self.call("POST", f"/meetings/{meeting}/leave", {"user_id": user_id})

    def end(self, meeting: str) -> None:
        self.call("POST", f"/meetings/{meeting}/end")

    def webhooks(self) -> list[dict[str, Any]]:
        """What the practice Zoom has sent or tried to send."""
        return list(self.call("GET", "/webhooks")["deliveries"])

    def hold(self, meeting: str) -> None:
        """An hour from HELD on: the host all the time, Bo for a while, and somebody whose name is a formula."""
        self.clock.time = HELD
        self.start(meeting)
        self.clock.forward(minutes=5)
        bo = self.join(meeting, "Bo", "bo@x.example")
        self.join(meeting, "=Cy")
        self.clock.forward(minutes=25)
        self.leave(meeting, bo)
        self.clock.forward(minutes=30)
        self.end(meeting)


@contextmanager
def practice_zoom(clock: Clock, **changes: Any) -> Iterator[Host]:
    """A practice Zoom whose time is `clock`."""
    with PracticeZoom(replace(PRACTICE, **changes), clock) as zoom:
        yield Host(zoom.url, clock)


def environment(zoom_url: str, database_url: str, folder: Path, **more: str) -> dict[str, str]:
    """The environment of a tracker that uses this Zoom and this database."""
    return {
        "TRACKER_DATA_DIR": str(folder / "data"),
        "DATABASE_URL": database_url,
        "ZOOM_ACCOUNT_ID": PRACTICE.account_id,
        "ZOOM_CLIENT_ID": PRACTICE.client_id,
        "ZOOM_CLIENT_SECRET": PRACTICE.client_secret,
        "ZOOM_WEBHOOK_SECRET": PRACTICE.webhook_secret,
        "ZOOM_API_URL": f"{zoom_url}/v2",
        "ZOOM_OAUTH_URL": f"{zoom_url}/oauth/token",
        "NO_PROXY": "127.0.0.1",
    } | more


def services_at(host: Host, engine: Engine, database_url: str, folder: Path) -> Services:
    """What the use cases of a tracker need that uses this Zoom, at its time and at no limited rate."""
    settings = read_settings(environment(host.url, database_url, folder))
    return Services(engine, Zoom(settings, host.clock, host.clock.monotonic), settings, host.clock)


@dataclass(frozen=True)
class Ran:
    """What a command gave back."""

    code: int
    stdout: bytes
    stderr: str

    @property
    def text(self) -> str:
        return self.stdout.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)


class CommandLine:
    """Runs commands in this process, as they would run on a terminal."""

    def __init__(self, capture: pytest.CaptureFixture[bytes]) -> None:
        self._capture = capture

    def __call__(self, *arguments: str) -> Ran:
        self._capture.readouterr()
        try:
            code = main(list(arguments))
        except SystemExit as error:
            code = int(error.code or 0)
        said = self._capture.readouterr()
        return Ran(code, said.out, said.err.decode())

    def done(self, *arguments: str) -> Ran:
        """Runs a command that has to succeed, and to say nothing on stderr."""
        ran = self(*arguments)
        assert (ran.code, ran.stderr) == (0, ""), ran
        return ran

    def refused(self, *arguments: str) -> str:
        """Runs a command that has to fail; returns its one sentence."""
        ran = self(*arguments)
        assert (ran.code, ran.stdout) == (1, b"")
        assert ran.stderr.endswith(".\n")
        assert ran.stderr.count("\n") == 1
        return ran.stderr.rstrip("\n")

    def add_teacher(self, *options: str, email: str = TEACHER) -> None:
        self.done("user", "add", email, "--role", "teacher", *options)

    def create(self, *options: str, start: str = "2025-05-14T12:00", title: str = "Algebra 7B") -> Any:
        """A class of an hour in Berlin; returns its record."""
        given = ["--title", title, "--teacher", TEACHER, "--start", start, "--minutes", "60"]
        zone = [] if "--timezone" in options else ["--timezone", "Europe/Berlin"]
        return self.done("class", "create", *given, *zone, *options, "--json").json
