"""The tracker's answers, on both databases: every route, status and body of the HTTP interface."""

import hashlib
import hmac
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Engine, event, func
from sqlalchemy.exc import OperationalError
from sqlmodel import select

from tests.fake_zoom import FakeZoom
from tests.makers import (
    MEETING,
    WEBHOOK_SECRET,
    Clock,
    at,
    counted,
    ended,
    event_body,
    lesson,
    member,
    server_state_on,
    stay,
    stored,
    zoom_signature,
)
from tracker import class_attendance, fetching, health, reconcile, sessions, storage
from tracker.attendance.types import ClassStatus, FetchState
from tracker.messages import sentence
from tracker.server.routes import Answer, Request, ServerState, answer
from tracker.storage.database import make_engine, reading
from tracker.storage.models import WebhookDelivery

pytestmark = pytest.mark.database("sqlite")

WEBHOOKS = "/api/webhooks/zoom"


@pytest.fixture
def clock() -> Clock:
    return Clock(at(61))


@pytest.fixture
def state(engine: Engine, clock: Clock) -> ServerState:
    return server_state_on(engine, clock)


def broken_engine(tmp_path: Path) -> Engine:
    """A database that cannot be opened."""
    return make_engine(f"sqlite:///{tmp_path}")


def deliver(state: ServerState, body: bytes, **headers: str) -> Answer:
    """The answer to this webhook, signed now."""
    return answer(state, Request("POST", WEBHOOKS, zoom_signature(body, state.services.now()) | headers, body))


def error(given: Answer) -> tuple[int, str]:
    """Status and code of a refusal, whose body has its one shape."""
    body = json.loads(given.body)
    assert body == {"success": False, "error": {"code": body["error"]["code"], "message": body["error"]["message"]}}
    assert body["error"]["message"].endswith(".")
    return given.status, body["error"]["code"]


def deliveries(engine: Engine) -> int:
    with reading(engine) as tx:
        return tx.exec(select(func.count()).select_from(WebhookDelivery)).one()


def outcomes(state: ServerState) -> dict[str, float]:
    """How many webhooks came to what, by the metrics."""
    found = parsed_metrics(state)
    return {labels["outcome"]: value for name, labels, value in found if name == "tracker_webhooks_total"}


def parsed_metrics(state: ServerState) -> list[tuple[str, dict[str, str], float]]:
    page = answer(state, Request("GET", "/metrics", {}))
    assert page.status == 200
    assert page.content_type.startswith("text/plain")
    families = text_string_to_metric_families(page.body.decode())
    return [(sample.name, sample.labels, sample.value) for family in families for sample in family.samples]


def gauges(state: ServerState) -> dict[str, float]:
    """Our gauges without labels, by name; how long the database took is another time each time."""
    page = answer(state, Request("GET", "/metrics", {}))
    families = [one for one in text_string_to_metric_families(page.body.decode()) if one.type == "gauge"]
    found = [sample for one in families if one.name.startswith("tracker_") for sample in one.samples]
    told = {sample.name: sample.value for sample in found if not sample.labels}
    assert told.pop("tracker_database_seconds") >= 0
    return {name: value for name, value in told.items() if not name.endswith("_created")}


# -- webhooks


def test_zooms_challenge_is_answered_with_the_hash_of_its_token(state: ServerState) -> None:
    given = deliver(state, json.dumps({"event": "endpoint.url_validation", "payload": {"plainToken": "q9"}}).encode())
    digest = hmac.new(WEBHOOK_SECRET.encode(), b"q9", hashlib.sha256).hexdigest()
    assert given.status == 200
    assert json.loads(given.body) == {"plainToken": "q9", "encryptedToken": digest}
    assert given.content_type == "application/json"


@pytest.mark.database("sqlite", "postgresql")
def test_a_class_is_live_once_its_meeting_started(state: ServerState, engine: Engine) -> None:
    class_id = lesson(engine, member(engine))
    given = deliver(state, event_body("meeting.started"))
    assert (given.status, json.loads(given.body)) == (200, {"success": True})
    found = stored(engine, class_id)
    assert (found.status, found.started_at, found.fetch) == (ClassStatus.LIVE, at(0), None)


@pytest.mark.database("sqlite", "postgresql")
def test_a_class_is_over_and_its_fetch_planned_once_its_meeting_ended(state: ServerState, engine: Engine) -> None:
    class_id = lesson(engine, member(engine))
    assert deliver(state, event_body("meeting.ended")).status == 200
    found = stored(engine, class_id)
    assert (found.status, found.started_at, found.ended_at) == (ClassStatus.ENDED, at(0), at(60))
    assert found.fetch is not None
    assert (found.fetch.state(at(61)), found.fetch.due_at) == (FetchState.WAITING, at(70))


@pytest.mark.parametrize(
    ("body", "secret", "code"),
    [
        (b'{"event":"meeting.ended","payload":{"account_id":"account-1"}}', "another", "wrong_signature_of_account"),
        (b'{\n"event":"meeting.ended"}', WEBHOOK_SECRET, "body_changed"),
        (b'{\n"event":"meeting.ended"}', "another", "wrong_signature"),
        (b'{"event":"meeting.ended","payload":{"account_id":"account-2"}}', "another", "wrong_signature"),
    ],
)
def test_the_cause_of_another_signature_is_counted_and_not_told_to_whoever_sent_it(
    state: ServerState, engine: Engine, body: bytes, secret: str, code: str
) -> None:
    signed = zoom_signature(body.replace(b"\n", b""), state.services.now(), secret)
    given = deliver(state, body, **signed)
    assert error(given) == (401, "webhook_refused")
    assert json.loads(given.body)["error"]["message"] == "The signature does not match."
    state.webhook_counter.save_counts()
    with reading(engine) as tx:
        found = health.read_health(tx, state.services.now())
    assert [one.outcome for one in found.webhooks] == [f"refused:{code}"]
    assert (found.alarms.unsigned, found.alarms.changed) == (True, code == "body_changed")


@pytest.mark.database("sqlite", "postgresql")
@pytest.mark.parametrize("known_first", [True, False])
def test_somebody_seen_in_a_session_without_its_meetings_number_counts_for_its_class(
    state: ServerState, engine: Engine, known_first: bool
) -> None:
    class_id = lesson(engine, member(engine))
    person = {"user_id": "7", "user_name": "Bo", "join_time": "2026-05-14T12:05:00Z"}
    bodies = [
        event_body("meeting.started", host_id="host-7"),
        event_body("meeting.participant_joined", None, participant=person),
    ]
    for body in bodies if known_first else reversed(bodies):
        assert deliver(state, body).status == 200
    with reading(engine) as tx:
        found = storage.classes.get_class(tx, class_id)
        assert [person.name for person in class_attendance.people_in_class_now(tx, found, at(30))] == ["Bo"]
        (session,) = storage.sessions.list_sessions(tx, MEETING)
    assert (found.status, session.host_id) == (ClassStatus.LIVE, "host-7")


@pytest.mark.database("sqlite", "postgresql")
def test_somebody_seen_in_a_session_that_nobody_knows_is_forgotten_after_two_days(
    state: ServerState, engine: Engine, clock: Clock
) -> None:
    lesson(engine, member(engine))
    for uuid in ("known", "unknown"):
        person = {"user_id": "7", "join_time": "2026-05-14T12:05:00Z"}
        assert deliver(state, event_body("meeting.participant_joined", None, uuid, participant=person)).status == 200
    deliver(state, event_body("meeting.started", uuid="known"))

    def remembered() -> list[str]:
        reconcile.tidy_up(state.services)
        with reading(engine) as tx:
            return [one.session_uuid for one in storage.presence.list_sightings(tx, ["known", "unknown"])]

    assert sorted(remembered()) == ["known", "unknown"]
    clock.time = at(5) + timedelta(days=2, seconds=1)
    assert remembered() == ["known"]


@pytest.mark.database("sqlite", "postgresql")
def test_a_webhook_that_comes_twice_changes_nothing_the_second_time(
    state: ServerState, engine: Engine, clock: Clock
) -> None:
    class_id = lesson(engine, member(engine))
    deliver(state, event_body("meeting.ended"))
    first = stored(engine, class_id)
    clock.forward(minutes=5)
    assert deliver(state, event_body("meeting.ended")).status == 200
    assert stored(engine, class_id) == first
    assert deliveries(engine) == 1
    assert outcomes(state) == {"noted": 1, "repeat": 1}


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (event_body("meeting.ended", "99999999999"), "not_ours"),
        (event_body("meeting.participant_joined", "99999999999", participant={"user_id": "7"}), "not_ours"),
        (event_body("meeting.sharing_started"), "nothing_to_note"),
        (b'{"event": "user.created", "payload": {}}', "nothing_to_note"),
    ],
)
def test_a_webhook_about_something_else_is_acknowledged_and_leaves_no_trace(
    state: ServerState, engine: Engine, body: bytes, outcome: str
) -> None:
    class_id = lesson(engine, member(engine))
    before = stored(engine, class_id)
    assert deliver(state, body).status == 200
    assert (stored(engine, class_id), deliveries(engine), outcomes(state)) == (before, 0, {outcome: 1})


BODY = event_body("meeting.ended")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        zoom_signature(BODY, at(61), secret="another"),
        zoom_signature(BODY + b" ", at(61)),
        zoom_signature(BODY, at(61 - 6)),
    ],
)
def test_a_webhook_without_zooms_fresh_signature_is_refused(
    state: ServerState, engine: Engine, headers: dict[str, str]
) -> None:
    class_id = lesson(engine, member(engine))
    assert error(answer(state, Request("POST", WEBHOOKS, headers, BODY))) == (401, "webhook_refused")
    assert stored(engine, class_id).status is ClassStatus.SCHEDULED
    assert (deliveries(engine), outcomes(state)) == (0, {"refused": 1})


@pytest.mark.parametrize(
    "body",
    [
        b"not JSON",
        b"[" * 10_000 + b"]" * 10_000,
        b'{"event": "endpoint.url_validation", "payload": {}}',
        event_body("meeting.ended", uuid="a\0b"),
    ],
    ids=lambda body: repr(body[:40]),
)
def test_a_signed_webhook_that_makes_no_sense_is_answered_400(state: ServerState, body: bytes) -> None:
    assert error(deliver(state, body)) == (400, "webhook_refused")
    assert outcomes(state) == {"refused": 1}


def test_without_a_webhook_secret_every_delivery_is_turned_away(engine: Engine, clock: Clock) -> None:
    state = server_state_on(engine, clock, ZOOM_WEBHOOK_SECRET="")
    headers = zoom_signature(BODY, clock(), secret="")
    assert error(answer(state, Request("POST", WEBHOOKS, headers, BODY))) == (503, "not_configured")


def test_a_webhook_that_meets_no_database_is_answered_503_and_counts_when_it_comes_again(
    state: ServerState, engine: Engine, tmp_path: Path
) -> None:
    class_id = lesson(engine, member(engine))
    away = server_state_on(broken_engine(tmp_path), state.services.now)
    assert error(deliver(away, BODY)) == (503, "database_away")
    assert outcomes(away) == {"failed": 1}
    assert deliver(state, BODY).status == 200
    assert stored(engine, class_id).status is ClassStatus.ENDED


@pytest.mark.database("sqlite", "postgresql")
def test_a_webhook_whose_commit_fails_is_answered_503_and_counts_when_it_comes_again(
    state: ServerState, engine: Engine
) -> None:
    class_id = lesson(engine, member(engine))

    def fail(connection: Any) -> None:
        if connection.get_execution_options().get("writes", True):
            raise OperationalError("COMMIT", {}, Exception("disk full"))

    event.listen(engine, "commit", fail)
    assert error(deliver(state, BODY)) == (503, "database_away")
    event.remove(engine, "commit", fail)
    assert (stored(engine, class_id).status, deliveries(engine)) == (ClassStatus.SCHEDULED, 0)
    assert deliver(state, BODY).status == 200
    assert (stored(engine, class_id).status, deliveries(engine)) == (ClassStatus.ENDED, 1)


def test_a_fault_that_nobody_foresaw_is_answered_500_and_tells_nothing(
    state: ServerState, engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def stumble(*_: object) -> None:
        raise RuntimeError("the secret is hunter2")

    monkeypatch.setattr(sessions, "note_delivery", stumble)
    given = deliver(state, BODY)
    assert error(given) == (500, "internal_error")
    assert b"hunter2" not in given.body
    assert "hunter2" in caplog.text


# -- health and metrics


@pytest.mark.database("sqlite", "postgresql")
def test_health_is_good_with_a_fresh_loop_and_a_database(state: ServerState, engine: Engine, clock: Clock) -> None:
    lesson(engine, member(engine))
    quiet = answer(state, Request("GET", "/healthz", {}))
    assert quiet.status == 200
    assert json.loads(quiet.body) == {
        "status": "attention",
        "program": "tracker",
        "installation": state.services.read(health.installation_of),
        "loop": {"ok": True, "secondsSinceLastTurn": 0.5},
        "database": {"ok": True},
        "lastWebhookAgeSeconds": None,
        "webhooks": {"ok": True, "refusedLately": 0, "failedLately": 0},
        "fetches": {"due": 0, "late": 0, "failing": 0, "failed": 0},
        "reasons": [
            {
                "code": "webhooks_never_came",
                "severity": "attention",
                "details": {},
                "sentence": "No webhook of Zoom's has come yet.",
                "cure": sentence("cure_webhooks_never_came"),
            }
        ],
        "version": health.VERSION,
    }
    sessions.note_delivery(state.services, ended())
    clock.forward(minutes=9)
    busy = json.loads(answer(state, Request("GET", "/healthz", {})).body)
    assert (busy["status"], busy["reasons"]) == ("ok", [])
    assert (busy["lastWebhookAgeSeconds"], busy["fetches"]) == (540.0, {"due": 1, "late": 0, "failing": 0, "failed": 0})


def test_health_tells_what_somebody_has_to_look_at_and_takes_no_tracker_out_for_it(
    state: ServerState, engine: Engine, clock: Clock
) -> None:
    counted(engine, lesson(engine, member(engine), start=60), stay("Bo", 60, 90), start=60, end=120)
    clock.time = at(180)
    given = answer(state, Request("GET", "/healthz", {}))
    body = json.loads(given.body)
    assert (given.status, body["status"]) == (200, "attention")
    assert (body["webhooks"]["ok"], body["webhooks"]["silentSince"]) == (False, "2026-05-14T13:00:00Z")
    silent = "Classes were held, and no webhook of Zoom's has come since 2026-05-14 13:00 UTC."
    assert [one["sentence"] for one in body["reasons"]] == [silent]


@pytest.mark.parametrize(("age", "shown"), [(None, None), (300.0, 300.0), (4000.04, 4000.0)])
def test_health_is_bad_when_the_loop_stands_still(
    engine: Engine, clock: Clock, age: float | None, shown: float | None
) -> None:
    given = answer(server_state_on(engine, clock, age), Request("GET", "/healthz", {}))
    body = json.loads(given.body)
    assert (given.status, body["status"], body["database"]) == (503, "unwell", {"ok": True})
    assert body["loop"] == {"ok": False, "secondsSinceLastTurn": shown}


def test_health_is_bad_when_the_database_is_away(clock: Clock, tmp_path: Path) -> None:
    given = answer(server_state_on(broken_engine(tmp_path), clock), Request("GET", "/healthz", {}))
    body = json.loads(given.body)
    assert (given.status, body["status"], body["database"], body["loop"]["ok"]) == (503, "unwell", {"ok": False}, True)


@pytest.mark.database("sqlite", "postgresql")
def test_the_metrics_tell_what_waits_what_failed_and_what_came(
    state: ServerState, engine: Engine, clock: Clock, zoom: FakeZoom
) -> None:
    teacher = member(engine)
    lesson(engine, teacher)
    given_up = lesson(engine, teacher, zoom_meeting_id="85099999999")
    deliver(state, event_body("meeting.ended", "85099999999", "uuid-9"))
    clock.forward(minutes=10)
    zoom.list_faults.append((400, {"code": 12702, "message": "Can not access a meeting a year ago."}))
    assert fetching.fetch_due(state.services)
    found = stored(engine, given_up).fetch
    assert found is not None
    assert found.stored_state is FetchState.FAILED
    deliver(state, BODY)
    clock.forward(seconds=30)
    assert gauges(state) == {
        "tracker_fetches_open": 1,
        "tracker_fetches_due": 1,
        "tracker_fetches_late": 0,
        "tracker_fetches_failing": 0,
        "tracker_fetches_stuck": 0,
        "tracker_fetches_failed": 1,
        "tracker_fetches_oldest_due_seconds": 90,
        "tracker_mails_due": 0,
        "tracker_mails_late": 0,
        "tracker_mails_failing": 0,
        "tracker_mails_given_up": 0,
        "tracker_webhooks_unsigned": 0,
        "tracker_last_webhook_age_seconds": 30,
        "tracker_webhooks_silent": 0,
        "tracker_processes_alive": 0,
        "tracker_loop_age_seconds": 0.5,
        "tracker_database_failed_writes": 0,
    }
    assert outcomes(state) == {"noted": 2}


def test_the_metrics_do_without_the_database(clock: Clock, tmp_path: Path) -> None:
    away = server_state_on(broken_engine(tmp_path), clock)
    assert gauges(away) == {"tracker_loop_age_seconds": 0.5, "tracker_database_failed_writes": 1}


# -- addresses and methods


@pytest.mark.parametrize(
    "target", ["/", "", "/healthz/", "//healthz", "/api", "/../healthz", "*", "http://[/x", "/%68"]
)
def test_an_unknown_address_is_answered_404(state: ServerState, target: str) -> None:
    assert error(answer(state, Request("GET", target, {}))) == (404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", WEBHOOKS, "POST"),
        ("HEAD", WEBHOOKS, "POST"),
        ("PUT", "/api/zoom/participants", "GET, POST"),
        ("POST", "/healthz", "GET"),
        ("DELETE", "/metrics", "GET"),
        ("OPTIONS", "/metrics?x=1", "GET"),
    ],
)
def test_another_method_is_answered_405_with_those_that_are_allowed(
    state: ServerState, method: str, path: str, allowed: str
) -> None:
    given = answer(state, Request(method, path, {}))
    assert error(given) == (405, "method_not_allowed")
    assert given.headers == {"Allow": allowed}


def test_a_query_does_not_change_the_address(state: ServerState) -> None:
    assert answer(state, Request("HEAD", "/healthz?probe=1", {})).status == 200
