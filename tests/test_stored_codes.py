"""What is stored of failed fetches and of webhooks is a code, whatever goes wrong; old sentences become codes."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from alembic import command
from alembic.config import Config
from responses import RequestsMock
from sqlalchemy import Engine, text

import tracker.storage.database
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
from tracker.storage.models import UtcSeconds

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


# What another program has written


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


# What was stored before there were codes

ACCOUNT = (
    "Zoom does not accept the app's credentials; check account id, client id and client secret, and that the app is "
    "activated."
)
UNUSABLE = "Zoom's answer cannot be used:"
# Every text that a fetch could be left with, with what it is now.
OLD_FAILURES: list[tuple[str, str, dict[str, str | int]]] = [
    ("Zoom did not answer in time.", "zoom_no_answer", {}),
    ("Zoom could not be reached, or its answer broke off.", "zoom_unreachable", {}),
    ("Zoom's answer came too slowly or was too large.", "zoom_answer_too_large", {}),
    (f"{UNUSABLE} an answer that is not JSON.", "zoom_answer_not_json", {}),
    (f"{UNUSABLE} an answer of another shape.", "zoom_answer_misshapen", {}),
    (f"{UNUSABLE} an answer without uuid.", "zoom_answer_without_field", {"field": "uuid"}),
    (f"{UNUSABLE} an answer without access_token.", "zoom_answer_without_field", {"field": "access_token"}),
    (f"{UNUSABLE} an answer without its list of meetings.", "zoom_answer_without_list", {"field": "meetings"}),
    (f"{UNUSABLE} a past meeting without a start.", "zoom_answer_without_start", {}),
    (f"{UNUSABLE} a page token that repeats.", "zoom_page_token_repeated", {}),
    (f"{UNUSABLE} pages without end.", "zoom_pages_endless", {}),
    ("Zoom's page token ran out before the list was read to its end.", "zoom_page_token_expired", {}),
    (ACCOUNT, "zoom_credentials_refused", {}),
    (f"{ACCOUNT} Zoom says: Bad Request.", "zoom_credentials_refused_with_reason", {"reason": "Bad Request"}),
    ("Zoom refuses the app's access token; check that the app is activated.", "zoom_token_refused", {}),
    ("The Zoom app lacks the scope a:admin.", "zoom_scope_missing", {"scope": "a:admin"}),
    ("Zoom does not allow this for the app: No permission.", "zoom_not_allowed", {"message": "No permission."}),
    ("This Zoom plan has no participant reports; they need Zoom Pro or higher.", "zoom_plan_without_reports", {}),
    ("Zoom keeps participant lists for one year, and this class is older.", "zoom_list_too_old", {}),
    ("This teacher has no user in the school's Zoom account.", "zoom_no_such_user", {}),
    ("Zoom knows no such meeting, or it is not over yet.", "zoom_meeting_not_over", {}),
    ("Zoom has no such meeting, or no longer.", "zoom_meeting_gone", {}),
    ("Zoom does not have what was asked for (HTTP 404).", "zoom_nothing_there", {}),
    ("Zoom has had too many requests from this account and asks to wait.", "zoom_too_many_requests", {}),
    ("Zoom takes no more requests from this account at the moment.", "zoom_rate_used_up", {}),
    ("Zoom has a fault of its own (HTTP 502).", "zoom_unavailable", {"status": 502}),
    (
        "Not Zoom but something on the way there refuses the request (HTTP 403).",
        "zoom_request_blocked",
        {"status": 403},
    ),
    ("Zoom refuses the request (HTTP 400): no reason given", "zoom_request_refused_without_reason", {"status": 400}),
    (
        "Zoom refuses the request (HTTP 400): Failed: {x} “y”.",
        "zoom_request_refused",
        {"status": 400, "message": "Failed: {x} “y”."},
    ),
    ("This class has no Zoom meeting.", "no_zoom_meeting_id", {}),
    ("This class was cancelled.", "class_cancelled", {}),
    ("This class has not ended.", "class_not_ended", {}),
    ("Zoom knows of no session of this class that has ended.", "no_session_ended", {}),
    ("Zoom has sessions of this meeting, and none at the time of this class.", "sessions_elsewhere", {}),
    ("Zoom has no participant list for this class yet.", "no_list_yet", {}),
    ("Something went wrong here; the operator's log has the details.", "unexpected_fault", {}),
    ("What another program has\nwritten: {x}.", "earlier_error", {"text": "What another program has\nwritten: {x}."}),
    ("Zoom has a fault of its own (HTTP x).", "earlier_error", {"text": "Zoom has a fault of its own (HTTP x)."}),
]
# This one was said otherwise later.
OLDEST = "Zoom has not announced the end of this class, and knows of no session of it that ended."
# The outcomes of webhooks, with how many there were at which minute and what they are now.
OLD_TALLIES = [
    ("2026-05-14", "noted", 7, 5, "noted"),
    ("2026-05-14", "repeat", 1, 5, "repeat"),
    ("2026-05-14", "not ours", 2, 5, "not_ours"),
    ("2026-05-14", "nothing to note", 3, 5, "nothing_to_note"),
    ("2026-05-14", "url validation", 4, 5, "url_validation"),
    ("2026-05-14", "failed", 5, 5, "failed"),
    ("2026-05-14", "refused: The signature does not match.", 6, 5, "refused:wrong_signature"),
    ("2026-05-13", "refused: The signature does not match.", 9, 1, "refused:wrong_signature"),
    ("2026-05-14", "refused: The timestamp of the delivery is missing.", 1, 5, "refused:timestamp_missing"),
    ("2026-05-14", "refused: The delivery is older or newer than five minutes.", 1, 5, "refused:not_fresh"),
    ("2026-05-14", "refused: The body is not JSON.", 1, 5, "refused:not_json"),
    ("2026-05-14", "refused: The body is not a Zoom event.", 1, 5, "refused:not_an_event"),
    ("2026-05-14", "refused: The event lacks its payload.", 1, 8, "refused:missing_field"),
    ("2026-05-14", "refused: The event lacks its uuid.", 2, 5, "refused:missing_field"),
    ("2026-05-13", "refused: The event lacks its time.", 4, 2, "refused:missing_field"),
    (
        "2026-05-14",
        "refused: ZOOM_WEBHOOK_SECRET is not set, so webhooks cannot be checked.",
        1,
        5,
        "refused:webhook_secret_not_set",
    ),
    (
        "2026-05-14",
        "refused: ZOOM_WEBHOOK_SECRET is not set, so Zoom's question cannot be answered.",
        2,
        4,
        "refused:webhook_secret_not_set",
    ),
    ("2026-05-14", "refused: No.", 1, 5, "refused:earlier_error"),
    ("2026-05-14", "What else there was.", 1, 5, "earlier_error"),
]


@pytest.fixture
def old(blank_database_url: str) -> Iterator[Engine]:
    """A database with a class for each of these failures, and with these tallies, from before there were codes."""
    engine = make_engine(blank_database_url)
    move(engine, command.upgrade, "0004")
    moment = "2026-05-14 12:{:02d}:00" + ("+00" if engine.dialect.name == "postgresql" else "")
    with engine.begin() as connection:
        connection.execute(
            text(
                'INSERT INTO "User" (id, email, name, role, "createdAt") '
                "VALUES ('t', 'ana@x.example', 'Ana', 'teacher', :at)"
            ),
            {"at": moment.format(0)},
        )
        texts: list[str | None] = [*(failure for failure, _, _ in OLD_FAILURES), OLDEST, None]
        for number, failure in enumerate(texts):
            values = {"id": f"c{number:02d}", "at": moment.format(0), "error": failure}
            connection.execute(
                text(
                    'INSERT INTO "LiveStream" (id, title, status, "scheduledStart", "durationMinutes", timezone, '
                    "\"teacherId\", \"createdAt\") VALUES (:id, 'Algebra', 'ended', :at, 60, 'UTC', 't', :at)"
                ),
                values,
            )
            connection.execute(
                text(
                    'INSERT INTO "Fetch" ("streamId", state, "askedAt", attempts, error) '
                    "VALUES (:id, 'waiting', :at, 1, :error)"
                ),
                values,
            )
        for day, outcome, count, minute, _ in OLD_TALLIES:
            connection.execute(
                text('INSERT INTO "WebhookTally" (day, outcome, count, "lastAt") VALUES (:day, :outcome, :count, :at)'),
                {"day": day, "outcome": outcome, "count": count, "at": moment.format(minute)},
            )
    yield engine
    engine.dispose()


def move(engine: Engine, direction: Callable[[Config, str], None], revision: str) -> None:
    """Brings the schema up, or back, to this revision."""
    config = Config()
    config.set_main_option("script_location", str(Path(tracker.storage.database.__file__).with_name("migrations")))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        direction(config, revision)


def failures(engine: Engine) -> list[tuple[str, dict[str, str | int]] | None]:
    """What is stored of the fetches, in order of the classes."""
    with engine.connect() as connection:
        rows = connection.execute(text('SELECT error, "errorDetails" FROM "Fetch" ORDER BY "streamId"')).all()
    return [None if code is None else (code, json.loads(details or "{}")) for code, details in rows]


def tallies(engine: Engine) -> dict[tuple[str, str], tuple[int, datetime]]:
    """How many webhooks of a day came to what, and when the last one did."""
    query = text('SELECT day, outcome, count, "lastAt" AS last FROM "WebhookTally"').columns(last=UtcSeconds())
    with engine.connect() as connection:
        rows = connection.execute(query).all()
    return {(row.day, row.outcome): (row.count, row.last) for row in rows}


def test_sentences_of_failures_become_codes_that_are_told_as_before(old: Engine) -> None:
    move(old, command.upgrade, "0005")
    *known, oldest, none = failures(old)
    assert known == [(code, details) for _, code, details in OLD_FAILURES]
    assert (oldest, none) == (("no_session_ended", {}), None)
    # Zoom keeps its lists for longer than it did then.
    before = [text.replace("for one year", "for 15 months") for text, _, _ in OLD_FAILURES]
    assert [sentence(code, details) for _, code, details in OLD_FAILURES] == before


def test_outcomes_of_webhooks_become_codes_and_those_of_one_day_that_fall_together_are_added(old: Engine) -> None:
    before = tallies(old)
    move(old, command.upgrade, "0005")
    found = tallies(old)
    expected: dict[tuple[str, str], tuple[int, datetime]] = {}
    for day, _, count, minute, code in OLD_TALLIES:
        known, last = expected.get((day, code), (0, at(minute)))
        expected[day, code] = known + count, max(last, at(minute))
    assert found == expected
    assert found["2026-05-14", "refused:missing_field"] == (3, at(8))
    assert sum(count for count, _ in found.values()) == sum(count for count, _ in before.values())


def test_codes_can_be_taken_back(old: Engine) -> None:
    move(old, command.upgrade, "0005")
    move(old, command.downgrade, "0004")
    with old.connect() as connection:
        texts = connection.execute(text('SELECT error FROM "Fetch" ORDER BY "streamId"')).scalars().all()
    # The oldest is told as it was said later.
    later = "Zoom knows of no session of this class that has ended."
    assert texts == [*(text for text, _, _ in OLD_FAILURES), later, None]
    assert tallies(old)["2026-05-14", "not ours"] == (2, at(5))
    assert tallies(old)["2026-05-13", "refused: The signature does not match."] == (9, at(1))
    move(old, command.upgrade, "0005")
    assert failures(old)[0] == ("zoom_no_answer", {})


def test_an_empty_database_gets_the_column_and_nothing_else(blank_database_url: str) -> None:
    engine = make_engine(blank_database_url)
    move(engine, command.upgrade, "0005")
    assert (failures(engine), tallies(engine)) == ([], {})
    engine.dispose()
