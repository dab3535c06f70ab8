"""`tracker serve` as a process of its own."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
PATIENCE_SECONDS = 60.0


class Serving:
    """A running tracker; `log` is what it has written to stderr."""

    def __init__(self, given: Mapping[str, str], log: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = int(probe.getsockname()[1])
        self._log = log
        self._open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open
        environment = os.environ | dict(given) | {"TRACKER_PORT": str(self.port)}
        command = [sys.executable, "-m", "tracker", "serve"]
        with log.open("wb") as stderr:
            self.process = subprocess.Popen(
                command, cwd=PROJECT, env=environment, stdout=subprocess.DEVNULL, stderr=stderr
            )

    @property
    def log(self) -> str:
        return self._log.read_text("utf-8")

    def call(self, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> tuple[int, str]:
        """Status and body of an answer; 0 where nobody answers."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", body, dict(headers or {}))
        try:
            with self._open(request, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def wait_until_well(self) -> None:
        until = time.monotonic() + PATIENCE_SECONDS
        while self.call("/healthz")[0] != 200:
            assert self.process.poll() is None, self.log
            assert time.monotonic() < until, self.log
            time.sleep(0.02)


@contextmanager
def serving(given: Mapping[str, str], log: Path) -> Iterator[Serving]:
    """A tracker that is well, from `with` to the end of its block; its exit code has to be 0."""
    running = Serving(given, log)
    try:
        running.wait_until_well()
        yield running
        running.process.terminate()
        assert running.process.wait(PATIENCE_SECONDS) == 0
    finally:
        running.process.kill()
        running.process.wait()
