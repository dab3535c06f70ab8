"""`python -m tracker serve` as a process of its own, beside a practice Zoom whose time can be moved."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from tests.makers import Clock
from tracker import cli, clock

PROJECT = Path(cli.__file__).resolve().parent.parent
PATIENCE = 30.0


class ShiftedClock(Clock):
    """The real time, a while ago; moving it forward lets a class of minutes pass at once."""

    def __init__(self, **behind: float) -> None:
        self.behind = timedelta(**behind)

    def __call__(self) -> datetime:
        return clock.now() - self.behind

    def forward(self, **span: float) -> None:
        self.behind -= timedelta(**span)


def wait_until(fact: Callable[[], object], what: str) -> None:
    until = time.monotonic() + PATIENCE
    while not fact():
        assert time.monotonic() < until, f"it did not happen within {PATIENCE} s: {what}"
        time.sleep(0.01)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


class Tracker:
    """`python -m tracker serve`, again and again on one port."""

    def __init__(self, given: dict[str, str], log: Path) -> None:
        self.port = free_port()
        self.log = log
        self._environment = os.environ | given | {"TRACKER_PORT": str(self.port)}
        self.process: subprocess.Popen[bytes] | None = None

    def launch(self) -> subprocess.Popen[bytes]:
        """Runs it, and returns at once."""
        command = [sys.executable, "-m", "tracker", "serve"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, cwd=PROJECT, env=self._environment, stdout=log, stderr=log)
        return self.process

    def start(self) -> subprocess.Popen[bytes]:
        """Runs it, and returns once it says that all is well."""
        process = self.launch()
        wait_until(self._is_well, f"a tracker that is well; its log: {self.log}")
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

    def _is_well(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with suppress(OSError, urllib.error.HTTPError), opener.open(f"http://127.0.0.1:{self.port}/healthz", timeout=2):
            return True
        return False
