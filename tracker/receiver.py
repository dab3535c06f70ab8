"""What the tracker answers over HTTP: a request becomes an answer. No sockets here (`tracker.listener`)."""

import hmac
import json
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
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
        log.warning("a webhook was refused", extra={"status": error.status, "reason": error.sentence})
        return failure(error.status, error.code, error.sentence)
    except TrackerError as error:
        status = next((status for kind, status in STATUS_OF_ERROR.items() if isinstance(error, kind)), 500)
        return failure(status, error.code, error.sentence)
    except (DBAPIError, PoolTimeout):
        log.exception("the database is away", extra={"path": request.path})
        return failure(503, "database_away", "The database cannot be reached right now.")
    except Exception:
        log.exception("unexpected fault", extra={"path": request.path})
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
        log.info("webhook", extra={"event": delivery.name[:64], "outcome": outcome})
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


def _storable(text: str) -> str:
    """The text, unless no id can look like it: PostgreSQL refuses a NUL even in a comparison."""
    if "\0" in text or len(text) > 255:
        raise NotFound("There is no such class.")
    return text.encode("utf-8", "replace").decode()


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)
