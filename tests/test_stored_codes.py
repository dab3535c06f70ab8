"""What is stored of failed fetches and of webhooks is a code, whatever goes wrong."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from responses import RequestsMock
from sqlalchemy import Engine, text

from tests.fake_zoom import OAUTH, UNKNOWN, FakeZoom
from tests.makers import (
    Clock,
    at,
    ended,
    event_body,
    lesson,
    participant,
    server_state_on,
    services,
    stored,
    zoom_signature,
)
from tracker import fetching, sessions, storage
from tracker.attendance.types import ClassStatus
from tracker.errors import Problem
from tracker.messages import SENTENCES, sentence, sentence_of
from tracker.server.routes import Request, answer
from tracker.services import Services
from tracker.storage.database import make_engine, reading, transaction
from tracker.storage.members import Member

CODE = re.compile("[a-z_]+(:[a-z_]+)?")


def zooms_error(code: int, message: str, **more: Any) -> dict[str, Any]:
    return {"code": code, "message": message} | more


# Answers to the question for a class's participants, each with the code that it ends in.
ANSWERS: list[tuple[tuple[int, Any], str]] = [
    ((400, zooms_error(124, "Invalid access token.")), "zoom_token_refused"),
    ((400, zooms_error(4711, "Invalid access token, does not contain scopes:[a, a:admin].")), "zoom_scope_missing"),
    ((400, zooms_error(200, "Only available for paid account: x.")), "zoom_plan_without_reports"),
    ((400, zooms_error(200, "No permission.")), "zoom_not_allowed"),
    ((400, zooms_error(12702, "Can not access a meeting a year ago.")), "zoom_list_too_old"),
    (UNKNOWN, "zoom_meeting_not_over"),
    ((404, zooms_error(1001, "User does not exist: a@x.")), "zoom_no_such_user"),
    ((404, zooms_error(404, "unheard of")), "zoom_nothing_there"),
    ((400, zooms_error(3000, "Cannot access \0 webinar “info”.")), "zoom_request_refused"),
    ((400, zooms_error(300, "")), "zoom_request_refused_without_reason"),
    ((400, zooms_error(300, "The next page token is invalid or expired.")), "zoom_page_token_expired"),
    ((500, "Internal error"), "zoom_unavailable"),
    ((403, "<html>Blocked</html>"), "zoom_request_blocked"),
    ((429, zooms_error(429, "Slow down.")), "zoom_too_many_requests"),
    ((200, "no JSON"), "zoom_answer_not_json"),
    ((200, []), "zoom_answer_misshapen"),
    ((200, {}), "zoom_answer_without_list"),
    ((200, {"participants": [], "next_page_token": 7}), "zoom_page_token_repeated"),
    ((200, {"participants": []}), "no_list_yet"),
    ((200, {"participants": [{"name": "Ana", "duration": 0}]}), "no_list_yet"),
]
# What may happen on the way to Zoom, or here.
FAULTS: list[tuple[Exception, str]] = [
    (requests.Timeout(), "zoom_no_answer"),
    (requests.ConnectionError(), "zoom_unreachable"),
    (ZeroDivisionError("a fault of ours"), "unexpected_fault"),
]


class Failing:
    """Classes whose fetch fails; `expected` has the code that each is to be left with."""

    def __init__(self, school: Services, zoom: FakeZoom, ana: Member) -> None:
        self.school, self.zoom, self.ana = school, zoom, ana
        self.expected: dict[str, str] = {}

    def held(self, code: str, start: float | None = None) -> str:
        """A class with a meeting of its own, and the id of its session.

        Zoom announced it, or, where `start` is given, another program wrote that it was held and Zoom has a session of
        that minute.
        """
        meeting = str(85_000_000_000 + len(self.expected))
        class_id = lesson(self.school.engine, self.ana, zoom_meeting_id=meeting, zoom_meeting_made=False)
        uuid = f"u{meeting}"
        self.zoom.hold(uuid, participant("Ana", 0, 60), meeting=meeting, start=start or 0, end=(start or 0) + 60)
        if start is None:
            sessions.note_delivery(self.school, ended(uuid, meeting=meeting))
        else:
            with transaction(self.school.engine) as tx:
                storage.classes.set_life(tx, class_id, ClassStatus.ENDED, at(0), at(60))
                storage.fetches.ask(tx, class_id, at(70), at(60))
        self.expected[class_id] = code
        return uuid

    def fetch(self) -> None:
        while fetching.fetch_due(self.school):
            pass


def raising(fault: Exception) -> Callable[[str], None]:
    """What happens when Zoom is asked for participants."""

    def meanwhile(path: str) -> None:
        if path.endswith("/participants"):
            raise fault

    return meanwhile


def fail_in_every_way(failing: Failing) -> None:
    """A class for each way in which a fetch can fail."""
    zoom = failing.zoom
    for reply, code in ANSWERS:
        failing.held(code)
        zoom.list_faults.extend([reply, reply])  # a missing scope is asked for once more under a fresh token
        failing.fetch()
        zoom.list_faults.clear()
    for fault, code in FAULTS:
        zoom.meanwhile = raising(fault)
        failing.held(code)
        failing.fetch()
    zoom.meanwhile = lambda path: None
    failing.held("sessions_elsewhere", start=-3 * 24 * 60)
    failing.fetch()
    unheard = lesson(failing.school.engine, failing.ana, zoom_meeting_id="85099999999")
    with transaction(failing.school.engine) as tx:
        storage.fetches.ask(tx, unheard, at(70), at(60))
    failing.expected[unheard] = "no_session_ended"
    failing.fetch()


@pytest.mark.slow
def test_a_fetch_that_fails_in_any_way_leaves_a_code(
    school: Services,
    engine: Engine,
    zoom: FakeZoom,
    ana: Member,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock.time = at(70)
    failing = Failing(school, zoom, ana)
    fail_in_every_way(failing)
    expected = failing.expected
    problems = {class_id: fetch.error for class_id in expected if (fetch := stored(engine, class_id).fetch)}
    assert {class_id: problem.code for class_id, problem in problems.items() if problem} == expected
    with reading(engine) as tx:
        rows = tx.connection().execute(text('SELECT error, "errorDetails" FROM "Fetch"')).all()
    assert len(rows) == len(expected)
    for code, details in rows:
        assert CODE.fullmatch(code)
        assert "…" not in sentence(code, json.loads(details or "{}"))
    logged = [record.reason for record in caplog.records if hasattr(record, "reason")]
    assert set(expected.values()) <= set(logged)
    assert all(CODE.fullmatch(reason) for reason in logged)
    told = {problem.code: sentence_of(problem) for problem in problems.values() if problem}
    assert told["zoom_scope_missing"] == "The Zoom app lacks the scope a:admin."
    assert told["zoom_unavailable"] == "Zoom has a fault of its own (HTTP 500)."
    assert told["zoom_request_refused"] == "Zoom refuses the request (HTTP 400): Cannot access \0 webinar “info”."


@pytest.mark.parametrize(
    ("reply", "client", "code"),
    [
        ({"reason": "Invalid client_id"}, "client-1", "zoom_credentials_refused_with_reason"),
        ({}, "client-1", "zoom_credentials_refused"),
        ({}, "", "zoom_not_connected"),
    ],
)
def test_a_fetch_without_good_credentials_leaves_a_code(
    engine: Engine,
    http: RequestsMock,
    zoom: FakeZoom,
    ana: Member,
    clock: Clock,
    reply: dict[str, str],
    client: str,
    code: str,
) -> None:
    clock.time = at(70)
    http.replace("POST", OAUTH, status=400, json=reply)
    failing = Failing(services(engine, clock, ZOOM_CLIENT_ID=client), zoom, ana)
    failing.held(code, start=0)
    failing.fetch()
    ((class_id, expected),) = failing.expected.items()
    fetch = stored(engine, class_id).fetch
    assert fetch is not None
    assert fetch.error is not None
    assert fetch.error.code == expected


def webhooks_of_every_kind(engine: Engine, clock: Clock, broken: Engine) -> dict[str, int]:
    """Delivers webhooks that come to everything that they can come to; how many came to what."""
    state, locked = server_state_on(engine, clock), server_state_on(engine, clock, ZOOM_WEBHOOK_SECRET="")
    away = server_state_on(broken, clock)
    away.webhook_counter = locked.webhook_counter = state.webhook_counter

    def deliver(body: bytes, headers: dict[str, str] | None = None, to: Any = state) -> None:
        signed = zoom_signature(body, clock()) if headers is None else headers
        answer(to, Request("POST", "/api/webhooks/zoom", signed, body))

    over = event_body("meeting.ended")
    for body in (
        over,
        over,
        event_body("meeting.ended", "99999999999", "other"),
        event_body("meeting.sharing_started"),
    ):
        deliver(body)
    deliver(b'{"event": "endpoint.url_validation", "payload": {"plainToken": "q9"}}')
    deliver(over, {})
    deliver(over, zoom_signature(over, clock(), secret="another"))
    deliver(over, zoom_signature(over, at(-600)))
    for body in (b"not JSON", b"[]", b'{"event": "meeting.ended"}', event_body("meeting.ended", uuid="")):
        deliver(body)
    nobody = {"event": "meeting.participant_left", "payload": {"object": {"participant": {}}}}
    deliver(json.dumps(nobody).encode())
    deliver(b'{"event": "meeting.started", "payload": {"object": {"id": 1, "uuid": "u"}}}')
    deliver(over, to=locked)
    deliver(event_body("meeting.ended", uuid="uuid-2"), to=away)
    state.webhook_counter.save_counts()
    with reading(engine) as tx:
        return {tally.outcome: tally.count for tally in storage.webhook_log.tallies_today(tx, clock())}


def test_a_webhook_that_comes_to_anything_is_counted_under_a_code(
    engine: Engine, ana: Member, clock: Clock, tmp_path: Path
) -> None:
    lesson(engine, ana)
    broken = make_engine(f"sqlite:///{tmp_path}")
    found = webhooks_of_every_kind(engine, clock, broken)
    broken.dispose()
    assert found == {
        "noted": 1,
        "repeat": 1,
        "not_ours": 1,
        "nothing_to_note": 1,
        "url_validation": 1,
        "failed": 1,
        "refused:timestamp_missing": 1,
        "refused:wrong_signature": 1,
        "refused:not_fresh": 1,
        "refused:not_json": 1,
        "refused:not_an_event": 1,
        "refused:missing_field": 4,
        "refused:webhook_secret_not_set": 1,
    }
    assert all(CODE.fullmatch(outcome) for outcome in found)
    assert {outcome.removeprefix("refused:") for outcome in found if ":" in outcome} <= set(SENTENCES)


@pytest.mark.parametrize(
    ("code", "details", "expected"),
    [
        ("zoom_unavailable", '{"status": 500}', Problem("zoom_unavailable", {"status": 500})),
        ("zoom_unavailable", "no JSON", Problem("zoom_unavailable")),
        ("zoom_unavailable", "[1]", Problem("zoom_unavailable")),
        ("zoom_unavailable", '{"status": [500], "x": "y"}', Problem("zoom_unavailable", {"x": "y"})),
        ("Zoom is away.", None, Problem("Zoom is away.")),
        ("", '{"status": 500}', None),
    ],
)
def test_foreign_details_are_read_as_far_as_they_make_sense(
    engine: Engine, ana: Member, code: str, details: str | None, expected: Problem | None
) -> None:
    class_id = lesson(engine, ana)
    with transaction(engine) as tx:
        storage.fetches.ask(tx, class_id, at(0), at(0))
        change = text('UPDATE "Fetch" SET error = :code, "errorDetails" = :details')
        tx.connection().execute(change, {"code": code, "details": details})
    fetch = stored(engine, class_id).fetch
    assert fetch is not None
    assert fetch.error == expected
