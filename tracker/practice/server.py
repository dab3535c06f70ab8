"""The HTTP server round the routes, and `PracticeZoom`, which wires the practice Zoom together."""

import contextlib
import ipaddress
import logging
import re
import socket
import struct
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from types import TracebackType
from typing import Any, Self

from tracker.practice import access, control, meetings, pages, past, registrants
from tracker.practice.faults import Fault, fault_answer
from tracker.practice.limits import category_of
from tracker.practice.state import PracticeState
from tracker.practice.values import Clock, PracticeSettings
from tracker.practice.wire import Answer, Refusal, Request, fields, json_answer

LARGEST_BODY = 1_000_000
IDLE_SECONDS = 30
# Changes that come in quick succession are written together.
SAVE_AFTER_SECONDS = 0.05

log = logging.getLogger(__name__)

ROUTES: list[tuple[str, re.Pattern[str], Callable[..., Answer]]] = [
    (method, re.compile(path), handler)
    for method, path, handler in (
        *access.ROUTES,
        *meetings.ROUTES,
        *registrants.ROUTES,
        *past.ROUTES,
        *control.ROUTES,
        *pages.ROUTES,
    )
]


def respond(state: PracticeState, request: Request) -> Answer:
    """The answer to one request, whatever goes wrong."""
    if (request.method, request.path) == ("POST", "/practice/challenge"):
        # The one call that waits for somebody else, so it must not hold the lock.
        return json_answer(200, state.sender.challenge())
    try:
        for method, pattern, handler in ROUTES:
            if method == request.method and (found := pattern.fullmatch(request.path)):
                with state.lock:
                    return handler(state, request, *found.groups())
    except Refusal as refusal:
        return refusal.answer
    except Exception:
        log.exception("practice Zoom could not answer %s %s", request.method, request.path)
        return json_answer(500, {"code": 500, "message": "Internal error of the practice Zoom."})
    return json_answer(404, {"code": 2300, "message": "This API endpoint is not recognized."})


class Handler(BaseHTTPRequestHandler):
    """Reads a request, asks `respond`, writes the answer in one piece."""

    server: "Server"
    protocol_version = "HTTP/1.1"
    server_version = "PracticeZoom"
    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True
    # Large enough for headers and most bodies; http.server flushes once after each request.
    wbufsize = 65_536

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        super().finish()

    def _serve(self) -> None:
        path, _, query = self.path.partition("?")
        body = self._body()
        fault = None
        if isinstance(body, Answer):
            answer = body
        elif not self._is_own_page():
            answer = json_answer(403, {"message": "Only this machine's own pages may ask here."})
        else:
            request = Request(self.command, path, fields(query), self.headers, body)
            fault = None if path.startswith("/practice/") else self.server.take_fault(self.command, self.path)
            if fault and fault.seconds:
                self.server.stopping.wait(fault.seconds)
            if fault and fault.kind == "reset":
                self._reset()
                return
            answer = (fault and fault_answer(fault)) or respond(self.server.state, request)
            if path.startswith("/v2/"):
                with self.server.state.lock:
                    limits = self.server.state.meter.headers(category_of(self.command, path))
                answer = replace(answer, headers={**limits, **answer.headers})
        self._write(answer, cut=fault is not None and fault.kind == "cut")

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 - http.server looks for these

    def _body(self) -> bytes | Answer:
        """The request's body, or the answer to one that cannot be read."""
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not re.fullmatch(r"[0-9]{1,18}", length):
            self.close_connection = True
            return json_answer(411, {"message": "Say the length of the body in Content-Length."})
        if int(length) > LARGEST_BODY:
            self.close_connection = True
            return json_answer(413, {"message": "The body is too large."})
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            self.close_connection = True
            return json_answer(400, {"message": "The body ends too soon."})
        return body

    def _is_own_page(self) -> bool:
        """Whether no page of another site asks: by host name (DNS rebinding) and by origin (forms and scripts)."""
        host = self.headers.get("Host", "")
        origin = self.headers.get("Origin")
        return host in self.server.own_names and origin in (None, f"http://{host}")

    def _reset(self) -> None:
        """Break the connection so that the client sees a reset, not an end."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # The handler's files still hold the socket; only its descriptor closes at once.
        socket.close(self.connection.detach())

    def _write(self, answer: Answer, *, cut: bool) -> None:
        if cut or self.server.stopping.is_set():
            self.close_connection = True
        self.send_response(answer.status)
        for name, text in answer.headers.items():
            self.send_header(name, text)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(answer.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(answer.body[: len(answer.body) // 2] if cut else answer.body)

    def log_message(self, format: str, *args: Any) -> None:
        """Logged for debugging only: a demo's terminal shows its progress."""
        log.debug(format, *args)


class Server(ThreadingHTTPServer):
    """One thread a connection; all of them end when it stops."""

    request_queue_size = 128
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], state: PracticeState, stopping: threading.Event) -> None:
        super().__init__(address, Handler)
        self.state = state
        self.stopping = stopping
        self.connections: set[socket.socket] = set()
        port = self.server_address[1]
        self.own_names = {f"{name}:{port}" for name in ("127.0.0.1", "localhost", address[0])}

    def server_bind(self) -> None:
        """Bind without the look-up of the machine's name, which can take seconds."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def take_fault(self, method: str, target: str) -> Fault | None:
        """What goes wrong with this request, if anything."""
        with self.state.lock:
            return self.state.take_fault(method, target)

    def close_connections(self) -> None:
        """End the connections that clients keep open: they would go on asking a server that has stopped."""
        for connection in list(self.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Logs everything but a client that went away."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            log.exception("practice Zoom lost a connection")


class PracticeZoom:
    """A practice Zoom on this machine. Use it as a context manager, or call `start` and `stop`.

    Everything else is done over HTTP: Zoom's calls below `url` + "/v2", its tokens at "/oauth/token", and
    the calls that control it under "/practice/". An object serves once; to restart, make another with the same
    `state_file`. Raises ValueError when the settings ask for more than this machine, or the file is broken.
    """

    def __init__(self, settings: PracticeSettings, now: Clock = lambda: datetime.now(UTC)) -> None:
        if settings.host != "localhost" and not _is_loopback(settings.host):
            raise ValueError("The practice Zoom serves this machine only; host has to be a loopback address.")
        self._settings = settings
        self._state = PracticeState(settings, now)
        self._stopping = threading.Event()
        self._server: Server | None = None
        self._threads: list[threading.Thread] = []

    @property
    def url(self) -> str:
        """Where it serves, without a slash at the end; blank before the start."""
        return self._state.base_url

    def start(self) -> None:
        """Load the state, bind the port and serve in the background. Raises OSError for a taken port."""
        if self._settings.state_file:
            self._state.load(self._settings.state_file)
        server = Server((self._settings.host, self._settings.port), self._state, self._stopping)
        self._server = server
        self._state.base_url = f"http://{self._settings.host}:{server.server_address[1]}"
        self._state.sender.start()
        self._threads = [
            threading.Thread(target=lambda: server.serve_forever(0.02), name="practice-zoom", daemon=True),
            threading.Thread(target=self._save_changes, name="practice-state", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop serving and delivering, and save. A second call does nothing."""
        if self._server is None:
            return
        self._stopping.set()
        self._state.changed.set()
        self._server.shutdown()
        self._server.close_connections()
        self._server.server_close()
        self._state.sender.stop()
        for thread in self._threads:
            thread.join()
        self._server = None
        self._save()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _save_changes(self) -> None:
        while not self._stopping.is_set():
            self._state.changed.wait()
            self._stopping.wait(SAVE_AFTER_SECONDS)
            self._state.changed.clear()
            try:
                self._save()
            except OSError:
                log.exception("practice Zoom could not save its state")

    def _save(self) -> None:
        if self._settings.state_file:
            self._state.save(self._settings.state_file)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.IPv4Address(host).is_loopback
    except ValueError:
        return False
