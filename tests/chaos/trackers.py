"""Two trackers, who kills them, and the one address in front of them."""

import random
import signal
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any, Self

from tests.tracker_process import Tracker

SECONDS_BETWEEN_KILLS = (3.0, 8.0)


@contextmanager
def trackers(given: dict[str, str], folder: Path, count: int = 2, module: str = "tracker") -> Iterator[list[Tracker]]:
    """Trackers with one environment, each on a port of its own; the block ends with none of them left."""
    made = [Tracker(given, folder / f"tracker-{number}.log", module) for number in range(count)]
    with ExitStack() as stack:
        for tracker in made:
            stack.callback(tracker.kill)
            tracker.start()
        yield made


class Killer:
    """Kills one of the trackers every few seconds, at random, and starts it again at once."""

    def __init__(self, victims: Sequence[Tracker], seed: int) -> None:
        self.kills = 0
        self.ended_by_themselves: list[int] = []
        self._victims = victims
        self._dice = random.Random(seed)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="killer", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Returns when everybody that was killed is started again."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._dice.uniform(*SECONDS_BETWEEN_KILLS)):
            victim = self._dice.choice(self._victims)
            code = victim.kill()
            victim.launch()
            if code == -signal.SIGKILL:
                self.kills += 1
            elif code is not None:
                self.ended_by_themselves.append(code)


class Forwarder(ThreadingTCPServer):
    """Passes each connection on to the next of these ports that takes it; where none does, it is closed."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, ports: Sequence[int]) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self._ports = list(ports)
        self._turn = threading.Lock()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), name="forwarder", daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()
        self._thread.join()

    def connect(self) -> socket.socket | None:
        """A connection to whose turn it is, or to one after it."""
        with self._turn:
            self._ports.append(self._ports.pop(0))
            ports = list(self._ports)
        for port in ports:
            with suppress(OSError):
                return socket.create_connection(("127.0.0.1", port), timeout=1)
        return None

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Connections that break are what this is about."""


class _Connection(BaseRequestHandler):
    server: Forwarder

    def handle(self) -> None:
        tracker = self.server.connect()
        if tracker is None:
            return
        with tracker:
            tracker.settimeout(None)
            back = threading.Thread(target=_pass_on, args=(tracker, self.request), daemon=True)
            back.start()
            _pass_on(self.request, tracker)
            back.join()


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    """Passes on what comes until it ends, and then its end."""
    with suppress(OSError):
        while chunk := source.recv(65_536):
            sink.sendall(chunk)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
