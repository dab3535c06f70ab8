"""`tracker demo` as a process of its own, on free ports."""

import os
import queue
import random
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

START_SECONDS, STOP_SECONDS = 120, 30
# Below the ports that Linux gives out by itself.
PORTS = (12_000, 32_000)


def free_port(neighbours: int = 1) -> int:
    """A port that nobody has, with the next ones free as well.

    It is none of those that the system gives to connections and to servers that do not mind: between this question
    and the start of a server, another test would be given it.
    """
    while True:
        port = random.randrange(*PORTS)
        if all(_is_free(port + offset) for offset in range(neighbours)):
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class Demo:
    """A running demo; `output` holds the lines that it has printed."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.tracker_port, self.dashboard_port = free_port(2), free_port()
        self.url = f"http://127.0.0.1:{self.dashboard_port}"
        self.tracker_url = f"http://127.0.0.1:{self.tracker_port}"
        self.practice_url = f"http://127.0.0.1:{self.tracker_port + 1}"
        self.environment = {
            **os.environ,
            "TRACKER_DATA_DIR": str(folder),
            "TRACKER_PORT": str(self.tracker_port),
            "DASHBOARD_PORT": str(self.dashboard_port),
            "FETCH_DELAY_SECONDS": "5",
            **environment,
        }
        self.command = [sys.executable, "-m", "tracker", "demo"]
        self.output: list[str] = []

    def start(self) -> None:
        """Returns once it says how to stop it."""
        self.output.clear()
        self._lines: queue.Queue[str | None] = queue.Queue()
        self.process = subprocess.Popen(
            self.command,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        while True:
            line = self._lines.get(timeout=START_SECONDS)
            if line is None:
                self._wait()
                raise AssertionError("the demo ended by itself:\n" + "".join(self.output))
            if line.startswith("Ctrl-C"):
                return

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.output.append(line)
            self._lines.put(line)
        self._lines.put(None)

    def interrupt(self) -> int:
        """Ctrl-C, which reaches the whole process group; its exit code."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self._wait()

    def kill(self) -> None:
        """kill -9, which leaves nobody a chance to tidy up."""
        self.process.kill()
        self._wait()

    def _wait(self) -> int:
        code = self.process.wait(STOP_SECONDS)
        self._reader.join(STOP_SECONDS)
        assert self.process.stdout
        self.process.stdout.close()
        return code
