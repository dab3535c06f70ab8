"""Sentences that earlier versions stored of failed fetches and of webhooks become codes, and can be taken back."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, text

import tracker.storage.database
from tests.makers import at
from tracker.messages import sentence
from tracker.storage.database import make_engine
from tracker.storage.models import UtcSeconds

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
