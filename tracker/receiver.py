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

from tracker import auth, classes, health, participants, store, webhook
from tracker.attendance import Attendance
from tracker.clock import to_zoom
from tracker.database import AWAY, reading
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
from tracker.health import Health, Tally
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
    """What the answers need besides the services: the loop's sign of life, and what is counted."""

    def __init__(self, services: Services, seconds_since_turn: Callable[[], float | None], tally: Tally) -> None:
        self.services, self.seconds_since_turn, self.tally = services, seconds_since_turn, tally
        self.registry = CollectorRegistry()
        self.webhooks = Counter(
            "tracker_webhooks", "Webhooks by what became of them", ["outcome"], registry=self.registry
        )
        self.answers = Counter("tracker_http_answers", "Answers by status", ["status"], registry=self.registry)


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
    except AWAY:
        log.exception("the database is away", extra={"path": request.path})
        return failure(503, "database_away", "The database cannot be reached right now.")
    except Exception:
        log.exception("unexpected fault", extra={"path": request.path})
        return failure(500, "internal_error", "Something went wrong here; the operator's log has the details.")


def receive_webhook(desk: Desk, request: Request) -> Answer:
    """`POST /api/webhooks/zoom`: verified, understood, committed, then acknowledged."""
    outcome = "failed"
    try:
        outcome, reply = _taken_in(desk.services, request)
        return as_json(200, reply)
    except (WebhookRefused, NotConfigured) as error:
        outcome = f"{health.REFUSED}{error.sentence}"
        raise
    finally:
        desk.tally.note(outcome)
        desk.webhooks.labels(outcome.partition(":")[0]).inc()


def _taken_in(services: Services, request: Request) -> tuple[str, dict[str, Any]]:
    """What became of a webhook, and what Zoom is to be told. Raises WebhookRefused, NotConfigured."""
    secret = services.settings.zoom_webhook_secret
    webhook.verify(request.body, request.headers, secret, services.now())
    delivery = webhook.parse(request.body)
    if isinstance(delivery.event, UrlValidation):
        return "url validation", webhook.validation_reply(delivery.event, secret)
    outcome = classes.note_delivery(services, delivery)
    log.info("webhook", extra={"event": delivery.name[:64], "outcome": outcome})
    return outcome, {"success": True}


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


def healthz(desk: Desk, request: Request) -> Answer:
    """`GET /healthz`: 200 where this tracker works, also when somebody has to look at something; 503 where it does not.

    What is amiss for all trackers, such as webhooks that do not come, must not have a load balancer take them out.
    """
    loop_age = desk.seconds_since_turn()
    looping = loop_age is not None and loop_age < LOOP_STALE_SECONDS
    report: dict[str, Any] = {"loop": {"ok": looping, "secondsSinceLastTurn": _rounded(loop_age)}}
    status = "ok" if looping else "unwell"
    try:
        found = _look(desk)
    except AWAY:
        return as_json(503, {"status": "unwell", **report, "database": {"ok": False}})
    silent: dict[str, Any] = {"ok": found.alarms.silent_since is None}
    if found.alarms.silent_since is not None:
        silent |= {"silentSince": to_zoom(found.alarms.silent_since)}
    if found.reasons and looping:
        status = "attention"
    queue = found.queue
    report |= {
        "database": {"ok": True},
        "lastWebhookAgeSeconds": _rounded(found.webhook_age),
        "webhooks": silent,
        "fetches": {"due": queue.due, "late": queue.late, "failing": queue.failing, "failed": queue.given_up},
        "reasons": found.reasons,
        "version": health.VERSION,
    }
    return as_json(200 if looping else 503, {"status": status} | report)


def metrics(desk: Desk, request: Request) -> Answer:
    """`GET /metrics`: Prometheus text. Figures from the database are missing while it is away."""
    now_known = CollectorRegistry()

    def show(name: str, text: str, value: float | None, **labels: str) -> None:
        gauge = shown.get(name) or Gauge(f"tracker_{name}", text, list(labels), registry=now_known)
        shown[name] = gauge
        (gauge.labels(**labels) if labels else gauge).set(float("nan") if value is None else value)

    shown: dict[str, Gauge] = {}
    show("info", "The version of this tracker", 1, version=health.VERSION)
    show("loop_age_seconds", "Seconds since the loop's last turn", desk.seconds_since_turn())
    with suppress(*AWAY):
        found = _look(desk)
        now, queue = found.now, found.queue
        show("last_webhook_age_seconds", "Seconds since the last webhook of Zoom's", found.webhook_age)
        show("webhooks_silent", "1 where classes were held and no webhook came", found.alarms.silent_since is not None)
        show("processes_alive", "Trackers on this database", sum(one.is_alive(now) for one in found.trackers))
        show("fetches_open", "Fetches that are planned or due", queue.open)
        show("fetches_due", "Fetches that are due now", queue.due)
        show("fetches_late", "Fetches that are due and that nobody takes", queue.late)
        show("fetches_failing", "Fetches that failed and are tried again", queue.failing)
        show("fetches_stuck", "Fetches of held classes that failed again and again", queue.stuck)
        show("webhooks_unsigned", "1 where webhooks came with another signature", found.alarms.unsigned)
        show("fetches_failed", "Fetches that were given up", queue.given_up)
        for used in found.rates:
            left = (used.paused_until - now).total_seconds() if used.paused_until and used.is_paused(now) else 0
            show("zoom_calls_today", "Calls to Zoom this UTC day", used.calls, category=used.category)
            show("zoom_refusals_today", "Calls that Zoom answered with 429", used.refused, category=used.category)
            show("zoom_pause_seconds", "How long Zoom wants no calls", left, category=used.category)
    return Answer(200, generate_latest(desk.registry) + generate_latest(now_known), CONTENT_TYPE_LATEST)


def _look(desk: Desk) -> Health:
    with reading(desk.services.engine) as tx:
        return health.look(tx, desk.services.now())


ROUTES: dict[str, dict[str, Callable[[Desk, Request], Answer]]] = {
    "/api/webhooks/zoom": {"POST": receive_webhook},
    "/api/zoom/participants": {"GET": fetch_for_person, "POST": fetch_for_program},
    "/healthz": {"GET": healthz},
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
