"""The dashboard as a process that this one starts and ends; which ports are free."""

import errno
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from types import TracebackType

from tracker import paths
from tracker.errors import TrackerError
from tracker.settings import Settings

START_SECONDS, STOP_SECONDS = 60, 10
# `streamlit run` starts the same web server, and has no options for what keeps strangers from holding it up.
WEB_SERVER_OPTIONS = [
    # Whatever the environment says of workers: an open page lives in the process that it has begun in.
    "--workers=1",
    "--http=tracker.ui.connections:LimitedHttp",
    "--ws=websockets-sansio",
    # What a browser sends there is what was typed and clicked on one page; in bytes.
    f"--ws-max-size={256 * 1024}",
    # A small message that unpacks to a large one is none.
    "--ws-per-message-deflate=false",
    "--ws-ping-interval=30",
    "--ws-ping-timeout=30",
    "--no-server-header",
    "--no-access-log",
    "--log-level=error",
]
# In the environment of a dashboard that another process of ours has started.
STARTED_BY_US = "TRACKER_STARTED_DASHBOARD"


class Dashboard:
    """The web server with `dashboard.py`, from `with` to the end of its block.

    `environment` is all of its environment, with absolute paths: it runs in the folder of `dashboard.py`. Raises
    TrackerError where it does not come up.
    """

    def __init__(self, settings: Settings, environment: Mapping[str, str]) -> None:
        self._settings = settings
        # The web server reads this one from the environment itself.
        proxies = {"FORWARDED_ALLOW_IPS": settings.forwarded_allow_ips}
        self._environment = dict(environment) | proxies | {STARTED_BY_US: "1"}
        self.url = f"http://{settings.tracker_host}:{settings.dashboard_port}"

    @property
    def is_running(self) -> bool:
        """Whether the process lives."""
        return self._process.poll() is None

    def __enter__(self) -> "Dashboard":
        host, port = self._settings.tracker_host, self._settings.dashboard_port
        if not port_is_free(host, port):
            raise TrackerError("dashboard_port_in_use", port=port)
        command = [sys.executable, "-m", "uvicorn", "dashboard:app", f"--host={host}", f"--port={port}"]
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and script
            command + WEB_SERVER_OPTIONS,
            cwd=paths.DASHBOARD,
            env=self._environment,
            stdin=subprocess.PIPE,  # its end tells the dashboard that this process is gone, however it went
            stdout=subprocess.DEVNULL,
            # Ctrl-C reaches the whole terminal group; this process is the one that ends the dashboard.
            start_new_session=True,
        )
        try:
            self._wait_until_healthy()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        if self._process.stdin:
            self._process.stdin.close()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _wait_until_healthy(self) -> None:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            if not self.is_running:
                raise TrackerError("dashboard_not_started")
            try:
                with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=2):  # noqa: S310 - our own address
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise TrackerError("dashboard_not_answering")


def port_is_free(host: str, port: int) -> bool:
    """Whether something could listen there now. Raises TrackerError where `host` is no address of this machine."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
                raise TrackerError("host_elsewhere", host=host) from None
            return False
    return True


def end_with_parent(environment: Mapping[str, str]) -> None:
    """Ends this process when the one that started it is gone, even by kill -9; does nothing where nobody did.

    A dashboard that is left over would keep its port, and the next start would find it taken.
    """

    def wait() -> None:
        sys.stdin.read()
        os.kill(os.getpid(), signal.SIGTERM)

    if STARTED_BY_US in environment:
        threading.Thread(target=wait, name="parent-watch", daemon=True).start()
