"""`python -m tracker serve` as a process of its own, beside a practice Zoom whose time can be moved."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.client import HTTPException
from pathlib import Path

from tests.makers import Clock
from tracker import cli, clock

PROJECT = Path(cli.__file__).resolve().parent.parent.parent
# Much more than it takes, since other tests may run beside it.
PATIENCE = 60.0
# To come up it loads all its libraries, which many do at once where tests run beside each other.
START_PATIENCE = 120.0


class ShiftedClock(Clock):
    """The real time, a while ago; moving it forward lets a class of minutes pass at once."""

    def __init__(self, **behind: float) -> None:
        self.behind = timedelta(**behind)

    def __call__(self) -> datetime:
        return clock.now() - self.behind

    def forward(self, **span: float) -> None:
        self.behind -= timedelta(**span)


def wait_until(fact: Callable[[], object], what: str, patience: float = PATIENCE) -> None:
    until = time.monotonic() + patience
    while not fact():
        assert time.monotonic() < until, f"it did not happen within {patience} s: {what}"
        time.sleep(0.01)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


class Tracker:
    """`python -m tracker serve`, again and again on one port; another `module` may stand for it."""

    def __init__(self, given: dict[str, str], log: Path, module: str = "tracker") -> None:
        self.port = free_port()
        self.log, self.said, self._module = log, log.with_suffix(".out"), module
        self._environment = os.environ | given | {"TRACKER_PORT": str(self.port)}
        self.process: subprocess.Popen[bytes] | None = None

    def launch(self) -> subprocess.Popen[bytes]:
        """Runs it, and returns at once."""
        command = [sys.executable, "-m", self._module, "serve"]
        with self.said.open("ab") as said, self.log.open("ab") as log:
            self.process = subprocess.Popen(command, cwd=PROJECT, env=self._environment, stdout=said, stderr=log)
        return self.process

    def start(self) -> subprocess.Popen[bytes]:
        """Runs it, and returns once it says that all is well."""
        process = self.launch()
        wait_until(self._is_well, f"a tracker that is well; its log: {self.log}", START_PATIENCE)
        return process

    def end(self, number: signal.Signals) -> int:
        """Sends a signal and returns the exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        code = self.process.wait(PATIENCE)
        self.process = None
        return code

    def kill(self) -> int | None:
        """Kills it and returns its exit code, another one where it had ended by itself; None if it was not begun."""
        return None if self.process is None else self.end(signal.SIGKILL)

    def call(self, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> tuple[int, str]:
        """Status and body of its answer; 0 where nobody answers."""
        return call(f"http://127.0.0.1:{self.port}{path}", body, headers)

    def _is_well(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()
        return self.call("/healthz")[0] == 200


def call(url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> tuple[int, str]:
    """Status and body of an answer of this machine's; 0 where nobody answers."""
    request = urllib.request.Request(url, body, dict(headers or {}))
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
    except (OSError, HTTPException):
        return 0, ""


@contextmanager
def serving(given: dict[str, str], log: Path) -> Iterator[Tracker]:
    """A tracker that is well, from `with` to the end of its block; its exit code has to be 0."""
    running = Tracker(given, log)
    try:
        running.start()
        yield running
        assert running.end(signal.SIGTERM) == 0
    finally:
        running.kill()
