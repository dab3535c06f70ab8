"""The routes of the tracker's HTTP interface: a request becomes an answer. `http_server` has the sockets."""

import hmac
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tracker import audit, auth, classes, fetching, health, sessions
from tracker.attendance.types import Attendance
from tracker.clock import to_zoom
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
from tracker.health import Condition, WebhookCounter
from tracker.messages import sentence, sentence_of
from tracker.server import metrics
from tracker.server.watch import Watch
from tracker.services import Services
from tracker.storage.database import AWAY
from tracker.storage.webhook_log import REFUSED
from tracker.zoom import webhook
from tracker.zoom.webhook import UrlValidation

log = logging.getLogger(__name__)

WEBHOOKS = "/api/webhooks/zoom"

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
    """A request, read to its end. Header names are lower case; `address` is from where it comes."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""
    address: str = ""

    @property
    def path(self) -> str:
        """The path without the query."""
        return self.target.partition("?")[0]

    @property
    def is_webhook(self) -> bool:
        """Whether it brings a webhook."""
        return self.method == "POST" and self.path == WEBHOOKS

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


class ServerState:
    """What the routes need: the services, who knows what is wrong, and the counters."""

    def __init__(self, services: Services, watch: Watch, webhook_counter: WebhookCounter) -> None:
        self.services, self.watch, self.webhook_counter = services, watch, webhook_counter
        self.counters = metrics.Counters()

    def note_webhook(self, outcome: str) -> None:
        """One more webhook came to this; those that are refused before they are read count as well."""
        self.webhook_counter.note(outcome)
        self.counters.webhooks.labels(outcome.partition(":")[0]).inc()


def answer(state: ServerState, request: Request) -> Answer:
    """The answer to a request. Never raises: an error becomes its status, with a body that leaks nothing."""
    routes = ROUTES.get(request.path)
    if routes is None:
        return failure(404, "not_found", sentence("no_such_address"))
    handler = routes.get("GET" if request.method == "HEAD" else request.method)
    if handler is None:
        return failure(405, "method_not_allowed", sentence("method_not_allowed"), Allow=", ".join(routes))
    try:
        return handler(state, request)
    except WebhookRefused as error:
        # Whoever guesses is not to learn which account this is.
        other = error.code in webhook.OTHER_SIGNATURES
        return failure(error.status, error.kind, sentence(webhook.OTHER_SIGNATURE) if other else sentence_of(error))
    except TrackerError as error:
        status = next((status for kind, status in STATUS_OF_ERROR.items() if isinstance(error, kind)), 500)
        if isinstance(error, NotSignedIn):
            log.warning("a call was refused", extra={"reason": error.code, "address": request.address})
        return failure(status, error.kind, sentence_of(error))
    except AWAY:
        log.exception("the database is away", extra={"path": request.path})
        return failure(503, "database_away", sentence("database_away"))
    except Exception:
        log.exception("unexpected fault", extra={"path": request.path})
        return failure(500, "internal_error", sentence("unexpected_fault"))


def receive_webhook(state: ServerState, request: Request) -> Answer:
    """`POST /api/webhooks/zoom`: verified, parsed, committed, then acknowledged."""
    outcome: str | None = "failed"
    try:
        outcome, reply = _process_webhook(state.services, request)
        return as_json(200, reply)
    except (WebhookRefused, NotConfigured) as error:
        outcome = f"{REFUSED}{error.code}"
        raise
    finally:
        if outcome is not None:
            state.note_webhook(outcome)


def _process_webhook(services: Services, request: Request) -> tuple[str | None, dict[str, Any]]:
    """Verifies and stores a webhook; returns its outcome and the reply. Raises WebhookRefused, NotConfigured.

    A challenge of `tracker doctor` has no outcome: counted, it would pass for a sign of Zoom's.
    """
    secret = services.settings.zoom_webhook_secret
    webhook.verify(request.body, request.headers, secret, services.now(), services.settings.zoom_account_id)
    delivery = webhook.parse(request.body)
    if isinstance(delivery.event, UrlValidation):
        outcome = None if delivery.event.is_own else health.VALIDATION
        return outcome, webhook.validation_reply(delivery.event, secret)
    noted = sessions.note_delivery(services, delivery)
    log.info("webhook", extra={"event": delivery.name[:64], "outcome": noted})
    return noted, {"success": True}


def fetch_for_person(state: ServerState, request: Request) -> Answer:
    """`GET /api/zoom/participants?streamId=ID`: fetches now, for the class's teacher or an admin."""
    authorization, now = request.headers.get("authorization", ""), state.services.now()
    viewer = audit.from_where(state.services.read(auth.member_by_bearer, authorization, now), request.address)
    auth.note_bearer_use(state.services.engine, authorization, now)
    class_id = request.query("streamId")
    if not class_id:
        raise InvalidInput("stream_id_missing")
    classes.look_at(state.services, viewer, class_id)
    return fetched(state, class_id, fetching.fetch_now(state.services, viewer, class_id))


def fetch_for_program(state: ServerState, request: Request) -> Answer:
    """`POST /api/zoom/participants` with `streamId` and `cronSecret`: fetches unless there is a reason not to."""
    secret = state.services.settings.cron_secret
    if not secret:
        raise NotConfigured("cron_secret_not_set")
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        raise InvalidInput("not_json") from None
    if not isinstance(body, dict):
        raise InvalidInput("not_json_object")
    given = body.get("cronSecret")
    if not isinstance(given, str) or not hmac.compare_digest(
        given.encode("utf-8", "surrogatepass"), secret.encode("utf-8", "surrogatepass")
    ):
        raise NotSignedIn("cron_secret_wrong")
    class_id = body.get("streamId")
    if not isinstance(class_id, str) or not class_id:
        raise InvalidInput("stream_id_missing")
    try:
        return fetched(state, class_id, fetching.fetch_if_due(state.services, class_id, request.address))
    except (FetchUnderWay, LeaseLost):
        # Somebody else has it in hand; what the caller has to do is the same: come again later.
        return skipped(TooSoon.kind)
    except (ClassNotReady, ZoomError) as error:
        return skipped(error.kind)


def skipped(reason: str) -> Answer:
    """The answer to a program when nothing was fetched, for a reason that is no fault of its."""
    return as_json(200, {"success": True, "skipped": True, "reason": reason})


def fetched(state: ServerState, class_id: str, attendance: Attendance) -> Answer:
    """The answer to a fetch that went well."""
    at = state.services.read(classes.visible_class, auth.OPERATOR, class_id).participants_fetched_at
    data = {
        "participantCount": attendance.unique_count,
        "totalRecords": attendance.total_records,
        "uniqueCount": attendance.unique_count,
        "fetchedAt": to_zoom(at) if at else None,
    }
    return as_json(200, {"success": True, "data": data})


def healthz(state: ServerState, request: Request) -> Answer:
    """`GET /healthz`: 200 where this tracker works, also when somebody has to look at something; 503 where it does not.

    What is amiss for all trackers, such as webhooks that do not come, must not have a load balancer take them out.
    """
    findings = state.watch.findings()
    wrong, vitals, found = findings.conditions, findings.vitals, findings.health
    database = not any(one.is_down and one.code.startswith(("database_", "disk_")) for one in wrong)
    looping = vitals.loop_age is not None and vitals.loop_age < health.LOOP_SLOW_SECONDS
    report: dict[str, Any] = {
        "status": findings.status,
        "program": health.Program.TRACKER,
        "loop": {"ok": looping, "secondsSinceLastTurn": _rounded(vitals.loop_age)},
        "database": {"ok": database},
        "reasons": [_told(one) for one in wrong],
        "version": health.VERSION,
    }
    refused = sum(count for outcome, count in vitals.recent.items() if outcome.startswith(REFUSED))
    webhooks: dict[str, Any] = {"refusedLately": refused, "failedLately": vitals.recent.get("failed", 0)}
    if found is not None:
        silent, queue = found.alarms.silent_since, found.queue
        webhooks |= {"ok": silent is None} | ({"silentSince": to_zoom(silent)} if silent else {})
        report |= {
            "installation": found.installation,
            "lastWebhookAgeSeconds": _rounded(found.webhook_age),
            "fetches": {"due": queue.due, "late": queue.late, "failing": queue.failing, "failed": queue.given_up},
        }
    return as_json(503 if findings.is_down else 200, report | {"webhooks": webhooks})


def _told(one: Condition) -> dict[str, Any]:
    """A condition as a program reads it, with its sentence and what mends it."""
    return health.fields_of(one) | {"sentence": sentence_of(one), "cure": sentence_of(one.cure)}


def show_metrics(state: ServerState, request: Request) -> Answer:
    """`GET /metrics`: Prometheus text. Figures from the database are missing while it is away."""
    with state.counters.database_seconds.time():
        findings = state.watch.findings()
    return Answer(200, metrics.exposition(state.counters, findings), metrics.CONTENT_TYPE)


ROUTES: dict[str, dict[str, Callable[[ServerState, Request], Answer]]] = {
    WEBHOOKS: {"POST": receive_webhook},
    "/api/zoom/participants": {"GET": fetch_for_person, "POST": fetch_for_program},
    "/healthz": {"GET": healthz},
    "/metrics": {"GET": show_metrics},
}


def as_json(status: int, value: object, **headers: str) -> Answer:
    """An answer in JSON."""
    return Answer(status, json.dumps(value).encode(), headers=headers)


def failure(status: int, kind: str, message: str, **headers: str) -> Answer:
    """An answer that says what is wrong."""
    return as_json(status, {"success": False, "error": {"code": kind, "message": message}}, **headers)


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)
