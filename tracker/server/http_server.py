"""The tracker's HTTP server: `http.server` with limits, round one plain function, `tracker.server.routes.answer`.

It owns sockets, limits and deadlines; with `http.server` as it is, one client could hold up all others.
"""

import io
import logging
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from tracker.messages import sentence
from tracker.server.callers import caller_of
from tracker.server.chunks import ChunksCutOff, ChunksMalformed, ChunksTooLarge, read_chunks
from tracker.server.routes import Answer, Request, ServerState, answer, failure
from tracker.storage.webhook_log import REFUSED

log = logging.getLogger(__name__)

LARGEST_BODY, LARGEST_HEAD = 1024 * 1024, 256 * 1024
IDLE_SECONDS, REQUEST_SECONDS, SEND_SECONDS = 5.0, 10.0, 5.0
# Each has a thread of its own: one that waits for its next request must not keep another's request waiting. More would
# not be faster. In a burst the others wait in the system's queue.
CONNECTIONS, WAITING = 128, 1024


class HttpServer:
    """The listening server. `start` returns once it listens; `stop` lets running requests finish."""

    def __init__(self, host: str, port: int, state: ServerState) -> None:
        self._server = _Server((host, port), _Handler)
        self._server.state = state
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="http-server", daemon=True)

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Serves in the background."""
        self._thread.start()

    def stop(self) -> None:
        """Takes no more connections, ends the idle ones, and waits for the requests under way."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(HTTPServer):
    """Connections are bounded, and served by a pool of threads."""

    request_queue_size = WAITING
    state: ServerState

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        # Before all else: a port that is taken ends in `server_close`.
        self._pool = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="http-server")
        self._room = threading.Semaphore(CONNECTIONS)
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, handler)

    @property
    def full(self) -> bool:
        """Whether there is no room for another connection; some may be waiting then."""
        return len(self._open) >= CONNECTIONS

    def get_request(self) -> tuple[socket.socket, Any]:
        # An OSError sends the caller back to look whether it is to stop; who wants to connect waits meanwhile.
        if not self._room.acquire(timeout=0.1):
            raise TimeoutError
        try:
            return super().get_request()
        except OSError:
            self._room.release()
            raise

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        self._pool.submit(self._serve, request, client_address)

    def _serve(self, request: socket.socket, client_address: Any) -> None:
        try:
            self.finish_request(request, client_address)
        except OSError:
            log.debug("a connection broke off")
        except Exception:
            log.exception("a connection failed")
        finally:
            with self._lock:
                self._open.discard(request)
            self.shutdown_request(request)
            self._room.release()

    def server_close(self) -> None:
        super().server_close()
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RD)
        self._pool.shutdown(wait=True)

    def server_bind(self) -> None:
        # HTTPServer would look its own name up in the DNS here.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])


class _DeadlineReader(io.RawIOBase):
    """Reads from a socket until a moment, and so many bytes, that the handler sets anew for each request.

    A client that sends very slowly cannot stay for ever, nor one with endless headers fill the memory.
    """

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.until, self.bytes_left = 0.0, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        if self.bytes_left <= 0:
            raise ConnectionAbortedError
        self.connection.settimeout(left)
        size = self.connection.recv_into(buffer)
        self.bytes_left -= size
        return size


class _BodyRefused(Exception):
    """The request is answered so, without its body having been read to the end."""

    def __init__(self, status: int, code: str, **details: int) -> None:
        super().__init__(code)
        refused = failure(status, HTTPStatus(status).name.lower(), sentence(code, details))
        self.code, self.answer = code, Answer(status, refused.body, close=True)


class _BodyCutOff(Exception):
    """The client ended before its body did."""


class _Handler(BaseHTTPRequestHandler):
    """Reads one request within its limits, has it answered, sends the answer in one piece."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "tracker", ""
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.rfile.close()
        self._incoming = _DeadlineReader(self.connection)
        self.rfile = self._reader = io.BufferedReader(self._incoming, 16 * 1024)

    def handle_one_request(self) -> None:
        self._incoming.until = time.monotonic() + IDLE_SECONDS
        self._incoming.bytes_left = LARGEST_BODY + LARGEST_HEAD
        try:
            if not self._reader.peek(1):
                self.close_connection = True
                return
        except OSError:
            self.close_connection = True
            return
        self._incoming.until = time.monotonic() + REQUEST_SECONDS
        super().handle_one_request()

    def do_GET(self) -> None:
        try:
            body = self._read_body()
        except _BodyRefused as refused:
            self._note_refused(refused.code)
            self._send(refused.answer)
            self._drain()
        except TimeoutError:
            self._note_refused("body_too_slow")
            raise
        except _BodyCutOff:
            self._note_refused("body_cut_off")
            self.close_connection = True
        else:
            headers = {name.lower(): value for name, value in self.headers.items()}
            self._send(answer(self.server.state, Request(self.command, self.path, headers, body, self._caller())))

    do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = do_GET  # noqa: N815

    def handle_expect_100(self) -> bool:
        """The client waits for this line before it sends the body, so it must not stay in the buffer."""
        super().handle_expect_100()
        self.wfile.flush()
        return True

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuses a request whose first lines cannot be read."""
        if self.command:
            self._note_refused("headers_malformed")
        super().send_error(code, message, explain)

    def _read_body(self) -> bytes:
        """The body, to its end. Raises _BodyRefused, _BodyCutOff, TimeoutError; what leaves its end in doubt closes."""
        if self.headers.defects:
            raise _BodyRefused(400, "headers_malformed")
        if "transfer-encoding" in self.headers:
            return self._read_chunks()
        length = self._body_length()
        body = self.rfile.read(length)
        if len(body) < length:
            raise _BodyCutOff
        return body

    def _read_chunks(self) -> bytes:
        """A body in chunks, which only Zoom's webhooks may have: proxies and tunnels on the way send them so."""
        if not self._request().is_webhook:
            raise _BodyRefused(501, "length_needed_not_chunks")
        codings = self.headers.get_all("transfer-encoding") or []
        # RFC 9112, 6.1: two statements on where a body ends may be understood differently by two readers.
        if "content-length" in self.headers or len(codings) > 1 or self.request_version == "HTTP/1.0":
            raise _BodyRefused(400, "length_doubtful")
        if codings != ["chunked"]:
            raise _BodyRefused(501, "transfer_coding_unknown")
        try:
            return read_chunks(self._reader, LARGEST_BODY)
        except ChunksMalformed:
            raise _BodyRefused(400, "chunks_malformed") from None
        except ChunksCutOff:
            raise _BodyCutOff from None
        except (ChunksTooLarge, ConnectionAbortedError):  # the second: small chunks, and so many
            raise _BodyRefused(413, "body_too_large", most=LARGEST_BODY) from None

    def _body_length(self) -> int:
        lengths = self.headers.get_all("content-length") or []
        if not lengths and self.command not in ("POST", "PUT", "PATCH"):
            return 0
        if not lengths:
            raise _BodyRefused(411, "length_needed")
        if len(lengths) > 1 or not (lengths[0].isascii() and lengths[0].isdigit()):
            raise _BodyRefused(400, "length_malformed")
        if len(lengths[0]) > 12 or int(lengths[0]) > LARGEST_BODY:
            raise _BodyRefused(413, "body_too_large", most=LARGEST_BODY)
        return int(lengths[0])

    def _request(self) -> Request:
        """The request as far as its first line tells it."""
        return Request(self.command, self.path, {})

    def _caller(self) -> str:
        said = ",".join(self.headers.get_all("x-forwarded-for") or [])
        trusted = self.server.state.services.settings.forwarded_allow_ips
        return caller_of(str(self.client_address[0]), said, trusted)

    def _note_refused(self, code: str) -> None:
        if self._request().is_webhook:
            self.server.state.note_webhook(f"{REFUSED}{code}")

    def _send(self, reply: Answer) -> None:
        self.server.state.counters.answers.labels(str(reply.status)).inc()
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        self.send_header("Cache-Control", "no-store")
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.close or self.server.full:
            self.close_connection = True
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)
        self.connection.settimeout(SEND_SECONDS)
        self.wfile.flush()

    def _drain(self) -> None:
        """Reads on for a moment: closing at once would reset the connection before the answer is read."""
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            self._incoming.until = time.monotonic() + 2.0
            self._incoming.bytes_left = 32 * LARGEST_BODY
            while self._reader.read1(64 * 1024):
                pass

    def version_string(self) -> str:
        return self.server_version

    def log_message(self, format: str, *args: object) -> None:
        """Logs nothing: a request line may carry what does not belong in a log."""
