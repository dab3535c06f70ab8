"""The tracker's HTTP side: a hardened shell of `http.server` round one plain function, `answer`.

The shell owns sockets, limits and deadlines; `answer` turns a request into an answer and knows no sockets.
"""

import hmac
import io
import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, generate_latest
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from tracker import auth, classes, fetches, participants, store, webhook
from tracker.attendance import Attendance
from tracker.clock import to_zoom
from tracker.database import reading
from tracker.errors import (
    ClassNotReady,
    FetchUnderWay,
    InvalidInput,
    LeaseLost,
    NotAllowed,
    NotConfigured,
    NotFound,
    NotSignedIn,
    TooSoon,
    TrackerError,
    WebhookRefused,
    ZoomError,
)
from tracker.services import Services
from tracker.webhook import UrlValidation

log = logging.getLogger(__name__)

LARGEST_BODY = 1024 * 1024
IDLE_SECONDS, REQUEST_SECONDS, SEND_SECONDS = 5.0, 10.0, 5.0
# Each has a thread of its own: one that waits for its next request must not keep another's request waiting.
CONNECTIONS = 128
# The loop turns every second; after this long without a turn something holds it up.
LOOP_STALE_SECONDS = 300.0

STATUS_OF_ERROR: dict[type[TrackerError], int] = {
    InvalidInput: 400,
    NotSignedIn: 401,
    NotAllowed: 403,
    NotFound: 404,
    ClassNotReady: 409,
    LeaseLost: 409,
    ZoomError: 502,
    NotConfigured: 503,
}


@dataclass(frozen=True, slots=True)
class Request:
    """A request, read to its end. Header names are lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        """The path without the query."""
        return self.target.partition("?")[0]

    def query(self, name: str) -> str:
        """The first value of this name in the query, or an empty text."""
        return parse_qs(urlsplit(self.target).query).get(name, [""])[0]


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back; `close` ends the connection after it."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    close: bool = False


class Desk:
    """What the answers need besides the services: the loop's sign of life, and the metrics."""

    def __init__(self, services: Services, seconds_since_turn: Callable[[], float | None]) -> None:
        self.services, self.seconds_since_turn = services, seconds_since_turn
        self.registry = CollectorRegistry()
        self.webhooks = Counter(
            "tracker_webhooks", "Webhooks by what became of them", ["outcome"], registry=self.registry
        )
        self.answers = Counter("tracker_http_answers", "Answers by status", ["status"], registry=self.registry)
        gauges = {
            "due": "Fetches that are due now",
            "failed": "Fetches that were given up",
            "last_webhook": "Seconds since the last webhook about one of our classes",
            "loop": "Seconds since the loop's last turn",
        }
        names = {"due": "tracker_fetches_due", "failed": "tracker_fetches_failed"}
        self.gauges = {
            key: Gauge(names.get(key, f"tracker_{key}_age_seconds"), text, registry=self.registry)
            for key, text in gauges.items()
        }


def answer(desk: Desk, request: Request) -> Answer:
    """The answer to a request. Never raises: an error becomes its status, with a body that leaks nothing."""
    routes = ROUTES.get(request.path)
    if routes is None:
        return failure(404, "not_found", "There is nothing at this address.")
    handler = routes.get("GET" if request.method == "HEAD" else request.method)
    if handler is None:
        return failure(405, "method_not_allowed", "This address does not take that method.", Allow=", ".join(routes))
    try:
        return handler(desk, request)
    except WebhookRefused as error:
        log.warning("a webhook was refused: %s", error.sentence)
        return failure(error.status, error.code, error.sentence)
    except TrackerError as error:
        status = next((status for kind, status in STATUS_OF_ERROR.items() if isinstance(error, kind)), 500)
        return failure(status, error.code, error.sentence)
    except (DBAPIError, PoolTimeout):
        log.exception("the database is away")
        return failure(503, "database_away", "The database cannot be reached right now.")
    except Exception:
        log.exception("unexpected fault")
        return failure(500, "internal_error", "Something went wrong here; the operator's log has the details.")


def receive_webhook(desk: Desk, request: Request) -> Answer:
    """`POST /api/webhooks/zoom`: verified, understood, committed, then acknowledged."""
    services = desk.services
    outcome = "refused"
    try:
        webhook.verify(request.body, request.headers, services.settings.zoom_webhook_secret, services.now())
        delivery = webhook.parse(request.body)
        if isinstance(delivery.event, UrlValidation):
            reply = webhook.validation_reply(delivery.event, services.settings.zoom_webhook_secret)
            outcome = "url validation"
            return as_json(200, reply)
        outcome = "failed"
        outcome = classes.note_delivery(services, delivery)
        log.info("webhook %s: %s", delivery.name[:64], outcome)
        return as_json(200, {"success": True})
    finally:
        desk.webhooks.labels(outcome).inc()


def fetch_for_person(desk: Desk, request: Request) -> Answer:
    """`GET /api/zoom/participants?streamId=ID`: fetches now, for the class's teacher or an admin."""
    with reading(desk.services.engine) as tx:
        viewer = auth.bearer(tx, request.headers.get("authorization", ""))
        class_id = request.query("streamId")
        if not class_id:
            raise InvalidInput("streamId is missing.")
        auth.check_may_see(viewer, store.get_class(tx, _storable(class_id)))
    return fetched(desk, class_id, participants.fetch_now(desk.services, class_id))


def fetch_for_program(desk: Desk, request: Request) -> Answer:
    """`POST /api/zoom/participants` with `streamId` and `cronSecret`: fetches unless there is a reason not to."""
    secret = desk.services.settings.cron_secret
    if not secret:
        raise NotConfigured("CRON_SECRET is not set, so this call is closed.")
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        raise InvalidInput("The body is not JSON.") from None
    if not isinstance(body, dict):
        raise InvalidInput("The body is not a JSON object.")
    given = body.get("cronSecret")
    if not isinstance(given, str) or not hmac.compare_digest(
        given.encode("utf-8", "surrogatepass"), secret.encode("utf-8", "surrogatepass")
    ):
        raise NotSignedIn("cronSecret is wrong.")
    class_id = body.get("streamId")
    if not isinstance(class_id, str) or not class_id:
        raise InvalidInput("streamId is missing.")
    try:
        return fetched(desk, class_id, participants.fetch_if_due(desk.services, _storable(class_id)))
    except (FetchUnderWay, LeaseLost):
        # Somebody else has it in hand; what the caller has to do is the same: come again later.
        return skipped(TooSoon.code)
    except (ClassNotReady, ZoomError) as error:
        return skipped(error.code)


def skipped(reason: str) -> Answer:
    """The answer to a program when nothing was fetched, for a reason that is no fault of its."""
    return as_json(200, {"success": True, "skipped": True, "reason": reason})


def fetched(desk: Desk, class_id: str, attendance: Attendance) -> Answer:
    """The answer to a fetch that went well."""
    with reading(desk.services.engine) as tx:
        at = store.get_class(tx, class_id).participants_fetched_at
    data = {
        "participantCount": attendance.unique_count,
        "totalRecords": attendance.total_records,
        "uniqueCount": attendance.unique_count,
        "fetchedAt": to_zoom(at) if at else None,
    }
    return as_json(200, {"success": True, "data": data})


def health(desk: Desk, request: Request) -> Answer:
    """`GET /healthz`: 200 when everything works, 503 when not."""
    now = desk.services.now()
    loop_age = desk.seconds_since_turn()
    looping = loop_age is not None and loop_age < LOOP_STALE_SECONDS
    report: dict[str, Any] = {"loop": {"ok": looping, "secondsSinceLastTurn": _rounded(loop_age)}}
    try:
        with reading(desk.services.engine) as tx:
            due, failed = fetches.counts(tx, now)
            last = store.last_delivery(tx)
        report["database"] = {"ok": True}
        report["lastWebhookAgeSeconds"] = _rounded((now - last).total_seconds()) if last else None
        report["fetches"] = {"due": due, "failed": failed}
    except (DBAPIError, PoolTimeout):
        report["database"] = {"ok": False}
    well = looping and report["database"]["ok"]
    return as_json(200 if well else 503, {"status": "ok" if well else "unwell"} | report)


def metrics(desk: Desk, request: Request) -> Answer:
    """`GET /metrics`: Prometheus text. Figures from the database are missing while it is away."""
    values: dict[str, float | None] = {"loop": desk.seconds_since_turn()}
    with suppress(DBAPIError, PoolTimeout), reading(desk.services.engine) as tx:
        now = desk.services.now()
        values["due"], values["failed"] = fetches.counts(tx, now)
        last = store.last_delivery(tx)
        values["last_webhook"] = (now - last).total_seconds() if last else None
    for name, gauge in desk.gauges.items():
        value = values.get(name)
        gauge.set(float("nan") if value is None else value)
    return Answer(200, generate_latest(desk.registry), CONTENT_TYPE_LATEST)


ROUTES: dict[str, dict[str, Callable[[Desk, Request], Answer]]] = {
    "/api/webhooks/zoom": {"POST": receive_webhook},
    "/api/zoom/participants": {"GET": fetch_for_person, "POST": fetch_for_program},
    "/healthz": {"GET": health},
    "/metrics": {"GET": metrics},
}


def as_json(status: int, value: object, **headers: str) -> Answer:
    """An answer in JSON."""
    return Answer(status, json.dumps(value).encode(), headers=headers)


def failure(status: int, code: str, sentence: str, **headers: str) -> Answer:
    """An answer that says what is wrong."""
    return as_json(status, {"success": False, "error": {"code": code, "message": sentence}}, **headers)


class Receiver:
    """The listening server. `start` returns once it listens; `stop` lets running requests finish."""

    def __init__(self, host: str, port: int, desk: Desk) -> None:
        self._server = _Server((host, port), _Handler)
        self._server.desk = desk
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="receiver", daemon=True)

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

    request_queue_size = 128
    desk: Desk

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        # Before all else: a port that is taken ends in `server_close`.
        self._pool = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="receiver")
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            if len(self._open) >= CONNECTIONS:
                # Closed without an answer: Zoom takes that like a 503 and comes back.
                self.shutdown_request(request)
                return
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
    """Reads from a socket until a moment that the handler moves: a client that drips cannot stay for ever."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.until = 0.0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self.connection.settimeout(left)
        return self.connection.recv_into(buffer)


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
        length = self._body_length(needed=self.command in ("POST", "PUT", "PATCH"))
        if isinstance(length, Answer):
            self._send(length)
            self._drain()
            return
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        self._send(answer(self.server.desk, Request(self.command, self.path, headers, body)))

    do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = do_GET  # noqa: N815

    def handle_expect_100(self) -> bool:
        """The client waits for this line before it sends the body, so it must not stay in the buffer."""
        super().handle_expect_100()
        self.wfile.flush()
        return True

    def _body_length(self, *, needed: bool) -> int | Answer:
        """The length of the body, or why the request is refused; what would leave its end in doubt closes."""
        if self.headers.defects:
            return self._refusal(400, "The headers are malformed.")
        if "transfer-encoding" in self.headers:
            return self._refusal(501, "Bodies need a Content-Length.")
        lengths = self.headers.get_all("content-length") or []
        if not lengths:
            return self._refusal(411, "The body needs a Content-Length.") if needed else 0
        if len(lengths) > 1 or not (lengths[0].isascii() and lengths[0].isdigit()):
            return self._refusal(400, "Content-Length is malformed.")
        if len(lengths[0]) > 12 or int(lengths[0]) > LARGEST_BODY:
            return self._refusal(413, f"The body is larger than {LARGEST_BODY} bytes.")
        return int(lengths[0])

    @staticmethod
    def _refusal(status: int, sentence: str) -> Answer:
        refused = failure(status, HTTPStatus(status).name.lower(), sentence)
        return Answer(status, refused.body, close=True)

    def _send(self, reply: Answer) -> None:
        self.server.desk.answers.labels(str(reply.status)).inc()
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        self.send_header("Cache-Control", "no-store")
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.close:
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
            left = 32 * LARGEST_BODY
            while left > 0 and (chunk := self._reader.read1(64 * 1024)):
                left -= len(chunk)

    def version_string(self) -> str:
        return self.server_version

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: a request line may carry what does not belong in a log."""


def _storable(text: str) -> str:
    """The text, unless no id can look like it: PostgreSQL refuses a NUL even in a comparison."""
    if "\0" in text or len(text) > 255:
        raise NotFound("There is no such class.")
    return text.encode("utf-8", "replace").decode()


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)
