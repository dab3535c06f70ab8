"""The watch over a tracker: its signs of life, what it finds, and what it logs."""

import json
import logging
import sqlite3
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
import requests
from responses import RequestsMock
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from tests.fake_zoom import API, OAUTH, grant
from tests.makers import Clock, StandingLoop, at, member
from tracker import health
from tracker.errors import Problem, ZoomMisconfigured, ZoomUnreachable
from tracker.health import Condition, Severity, Vitals, WebhookCounter, of_process
from tracker.health.vitals import Disk
from tracker.server.watch import Watch
from tracker.services import Services
from tracker.storage.database import transaction
from tracker.storage.faults import Fault, Record, Sort, fault_of
from tracker.zoom import Contact, Standing
from tracker.zoom.contact import Trouble

GIGABYTE = 1024**3


@pytest.fixture(autouse=True)
def somebody(engine: Engine) -> None:
    """A school without any account is a case of its own."""
    member(engine, "ada@school.example", "admin")


def watch_on(school: Services, clock: Clock, loop_age: float | None = 0.5) -> Watch:
    counter = WebhookCounter(school.engine, clock)
    counter.note("url_validation")
    return Watch(school, "one:8787", StandingLoop(loop_age), counter, clock.monotonic)


def codes(watch: Watch) -> list[str]:
    return [one.code for one in watch.findings().conditions]


def raising(error: Exception) -> Callable[..., Any]:
    def fail(*_given: object) -> None:
        raise error

    return fail


def names(school: Services) -> list[str]:
    found = school.read(health.read_health, school.now())
    return [one.name for one in found.trackers if one.is_alive(school.now())]


def spoil(engine: Engine) -> None:
    with transaction(engine) as tx:
        tx.connection().exec_driver_sql('ALTER TABLE "TrackerProcess" RENAME TO "Elsewhere"')


def mend(engine: Engine) -> None:
    with transaction(engine) as tx:
        tx.connection().exec_driver_sql('ALTER TABLE "Elsewhere" RENAME TO "TrackerProcess"')


@pytest.mark.database("sqlite", "postgresql")
def test_a_tracker_gives_signs_of_life_until_it_is_told_to_end(school: Services, clock: Clock) -> None:
    watch = watch_on(school, clock)
    assert names(school) == []
    watch.beat()
    assert names(school) == ["one:8787"]
    watch.stop()
    assert names(school) == []


@pytest.mark.database("sqlite")
def test_nothing_is_well_before_a_change_was_stored(school: Services, clock: Clock) -> None:
    watch = watch_on(school, clock)
    assert (watch.findings().status, codes(watch)) == ("unwell", ["tracker_starting"])
    watch.beat()
    assert (watch.findings().status, codes(watch)) == ("ok", [])


@pytest.mark.database("sqlite", "postgresql")
def test_what_a_change_failed_with_lasts_until_one_is_stored(school: Services, clock: Clock) -> None:
    watch = watch_on(school, clock)
    watch.beat()
    spoil(school.engine)
    watch.beat()
    assert watch.findings().is_down
    assert codes(watch)[0] == "database_schema"
    mend(school.engine)
    with transaction(school.engine):
        pass  # a transaction that changes nothing proves nothing
    assert codes(watch)[0] == "database_schema"
    watch.beat()
    assert codes(watch) == ["writes_failed"]


@pytest.mark.database("sqlite")
def test_signs_of_life_that_fail_by_a_fault_of_the_program_are_told_until_one_is_stored(
    school: Services, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = watch_on(school, clock)
    watch.beat()
    with monkeypatch.context() as patch:
        patch.setattr(health, "note_alive", raising(ValueError("x")))
        clock.forward(seconds=90)
        with pytest.raises(ValueError, match="x"):
            watch.beat()
        told = [(one.code, one.details) for one in watch.findings().conditions if one.is_down]
        assert ("jobs_failing", {"jobs": "beat"}) in told
    watch.beat()
    assert codes(watch) == []


@pytest.mark.parametrize(
    ("error", "expected"),
    [(ValueError("x"), ("unwell", "jobs_failing")), (TimeoutError(), ("attention", "database_silent"))],
)
@pytest.mark.database("sqlite")
def test_findings_are_made_whatever_reading_fails_with_and_slow_reading_is_not_down(
    school: Services, clock: Clock, monkeypatch: pytest.MonkeyPatch, error: Exception, expected: tuple[str, str]
) -> None:
    watch = watch_on(school, clock)
    watch.beat()
    monkeypatch.setattr(health.Reader, "read", raising(error))
    assert (watch.findings().status, *codes(watch)) == expected


@pytest.mark.database("sqlite")
def test_others_read_with_the_sign_of_life_what_is_wrong_with_a_tracker(school: Services, clock: Clock) -> None:
    watch = watch_on(school, clock, loop_age=44)
    watch.beat()
    watch.beat()
    assert [(one.code, one.details) for one in health.known(school) if one.code == "loop_stands"] == [
        ("loop_stands", {"seconds": 44})
    ]


@pytest.mark.database("sqlite")
def test_whatever_begins_or_ends_is_logged_once_and_at_most_once_a_minute_where_it_comes_and_goes(
    school: Services, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    counter = WebhookCounter(school.engine, clock)
    counter.note("url_validation")
    loop = StandingLoop(0.5)
    watch = Watch(school, "one:8787", loop, counter, clock.monotonic)
    watch.beat()

    def told(age: float) -> list[tuple[str, str]]:
        caplog.clear()
        object.__setattr__(loop, "age", age)
        watch.tell()
        return [(record.levelname, vars(record)["condition"]) for record in caplog.records]

    assert told(0.5) == []
    assert told(20) == [("WARNING", "loop_stands")]
    assert caplog.records[0].getMessage().startswith("The tracker's loop has stood for 20 s;")
    assert "start the tracker again" in caplog.records[0].getMessage()
    assert told(25) == []
    assert told(0.5) == [("INFO", "loop_stands")]
    clock.forward(seconds=30)
    assert told(20) == []
    assert told(0.5) == []
    clock.forward(seconds=31)
    assert told(400) == [("ERROR", "loop_stands")]


@pytest.mark.database("sqlite")
def test_what_the_database_said_is_not_well_again_while_it_cannot_be_read(
    school: Services, clock: Clock, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    counter = WebhookCounter(school.engine, clock)
    watch = Watch(school, "one:8787", StandingLoop(0.5), counter, clock.monotonic)
    watch.beat()

    def told() -> list[tuple[str, str]]:
        caplog.clear()
        watch.tell()
        return [(record.levelname, vars(record)["condition"]) for record in caplog.records]

    assert told() == [("WARNING", "webhooks_never_came")]
    with monkeypatch.context() as patch:
        patch.setattr(health.Reader, "read", raising(PoolTimeout()))
        assert told() == [("ERROR", "database_fault")]
        assert told() == []
    assert told() == [("INFO", "database_fault")]
    counter.note("url_validation")
    assert told() == [("INFO", "webhooks_never_came")]


# What is wrong by what a tracker knows

AWAY = Trouble(at(0), Problem("zoom_no_answer"))
OTHERS = {"refused:wrong_signature": 3}


@pytest.mark.parametrize(
    ("vitals", "expected"),
    [
        (Vitals(0.5), []),
        (Vitals(None), [("tracker_starting", "down")]),
        (Vitals(0.5, has_tried_to_store=False), [("tracker_starting", "down")]),
        (Vitals(9.9), []),
        (Vitals(10.0), [("loop_stands", "attention")]),
        (Vitals(300.0), [("loop_stands", "down")]),
        (Vitals(0.5, failing_jobs=("fetch",)), [("jobs_failing", "attention")]),
        (Vitals(0.5, beat_age=89.9), []),
        (Vitals(0.5, beat_age=90.0), [("jobs_failing", "down")]),
        (Vitals(0.5, beat_age=90.0, silent_for=90.0), [("database_silent", "down")]),
        (Vitals(0.5, silent_for=7.9), []),
        (Vitals(0.5, silent_for=8.0), [("database_silent", "down")]),
        (Vitals(0.5, record=Record(Fault(Sort.FULL, "full"))), [("disk_full", "down")]),
        (Vitals(0.5, record=Record(Fault(Sort.BUSY, "locked"))), [("database_busy", "attention")]),
        (Vitals(0.5, record=Record(Fault(Sort.OTHER, "disk I/O error"))), [("database_fault", "down")]),
        (Vitals(0.5, record=Record(None, 2, Fault(Sort.FULL, "full"))), [("writes_failed", "attention")]),
        (Vitals(0.5, disks=(Disk("/data", GIGABYTE - 1, 100 * GIGABYTE, True),)), [("disk_low", "attention")]),
        (Vitals(0.5, disks=(Disk("/data", GIGABYTE, 100 * GIGABYTE, True),)), []),
        (Vitals(0.5, disks=(Disk("/data", GIGABYTE // 2, 8 * GIGABYTE, True),)), []),
        (Vitals(0.5, disks=(Disk("/data", 7 * 2**20, 8 * GIGABYTE, True),)), [("disk_full", "down")]),
        (Vitals(0.5, disks=(Disk("/data", 7 * 2**20, 8 * GIGABYTE, False),)), [("disk_low", "attention")]),
        (Vitals(0.5, standing=Standing(away=AWAY)), [("zoom_away", "attention")]),
        (Vitals(0.5, standing=Standing(tokens=AWAY)), [("zoom_tokens_fail", "attention")]),
        (Vitals(0.5, standing=Standing(refused=AWAY)), [("zoom_calls_refused", "attention")]),
        (Vitals(0.5, standing=Standing(seconds_ahead=60.0)), []),
        (Vitals(0.5, standing=Standing(seconds_ahead=-61.0)), [("clock_off", "attention")]),
        (Vitals(0.5, zoom_connected=False), [("zoom_not_connected", "attention")]),
        (Vitals(0.5, webhook_secret=False), [("webhook_secret_missing", "attention")]),
        (Vitals(0.5, recent=OTHERS), [("webhooks_turned_away", "attention")]),
        (Vitals(0.5, recent=OTHERS | {"noted": 1}), []),
        (Vitals(0.5, recent={"refused:not_fresh": 1, "noted": 1}), [("webhooks_turned_away", "attention")]),
        (Vitals(0.5, recent={"refused:body_too_slow": 9}), []),
        (Vitals(0.5, recent={"failed": 1}), [("webhooks_failed", "attention")]),
    ],
)
def test_what_is_wrong_with_a_tracker_by_what_it_knows(vitals: Vitals, expected: list[tuple[str, str]]) -> None:
    assert [(one.code, one.severity.value) for one in of_process(vitals)] == expected


def test_conditions_are_read_as_they_were_written_and_what_makes_no_sense_is_left_out() -> None:
    why = (Problem("zoom_unavailable", {"status": 502}),)
    one = Condition(Problem("zoom_away", {"host": "x", "since": "now", "why": why}), Severity.DOWN)
    text = json.dumps([health.fields_of(one), {"code": 7}, "x", {"code": "of_another_version"}])
    assert health.conditions.from_json(text, "two:8787") == (
        Condition(one.problem, Severity.DOWN, "two:8787"),
        Condition(Problem("of_another_version"), Severity.ATTENTION, "two:8787"),
    )
    assert health.conditions.from_json("{") == health.conditions.from_json("7") == ()


# What is the matter with a database


def of_sqlite(code: int, text: str = "what it says\nand values") -> OperationalError:
    error = sqlite3.OperationalError(text)
    error.sqlite_errorcode = code
    return OperationalError("UPDATE", {}, error)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (of_sqlite(sqlite3.SQLITE_READONLY_DBMOVED), Sort.READ_ONLY),
        (of_sqlite(sqlite3.SQLITE_FULL), Sort.FULL),
        (of_sqlite(sqlite3.SQLITE_NOTADB), Sort.CORRUPT),
        (of_sqlite(sqlite3.SQLITE_BUSY_SNAPSHOT), Sort.BUSY),
        (of_sqlite(sqlite3.SQLITE_CANTOPEN), Sort.UNREACHABLE),
        (of_sqlite(sqlite3.SQLITE_IOERR_WRITE), Sort.OTHER),
        (of_sqlite(sqlite3.SQLITE_IOERR_SHMSIZE), Sort.FULL),
        (of_sqlite(sqlite3.SQLITE_ERROR, "no such table: Fetch"), Sort.SCHEMA),
        (of_sqlite(sqlite3.SQLITE_ERROR, "near x: syntax error"), None),
        (of_sqlite(sqlite3.SQLITE_CONSTRAINT), None),
        (OperationalError("SELECT", {}, psycopg.OperationalError("connection refused")), Sort.UNREACHABLE),
        (ProgrammingError("UPDATE", {}, psycopg.errors.InsufficientPrivilege("permission denied")), Sort.NO_RIGHTS),
        (DBAPIError("UPDATE", {}, psycopg.errors.ReadOnlySqlTransaction("read-only")), Sort.READ_ONLY),
        (DBAPIError("UPDATE", {}, psycopg.errors.DiskFull("no room")), Sort.FULL),
        (DBAPIError("UPDATE", {}, psycopg.errors.DataCorrupted("a page")), Sort.CORRUPT),
        (DBAPIError("UPDATE", {}, psycopg.errors.AdminShutdown("ended")), Sort.UNREACHABLE),
        (DBAPIError("UPDATE", {}, psycopg.errors.DeadlockDetected("two")), None),
        (PoolTimeout("no connection was free"), Sort.OTHER),
    ],
)
def test_what_a_driver_says_is_understood(error: Exception, expected: Sort | None) -> None:
    fault = fault_of(error)
    assert (fault.sort if fault else None) == expected
    assert fault is None or "values" not in fault.cause


def test_a_fault_is_found_behind_the_one_that_came_of_it() -> None:
    later = of_sqlite(sqlite3.SQLITE_ERROR, "no such savepoint: sa_savepoint_1")
    later.__context__ = of_sqlite(sqlite3.SQLITE_FULL)
    fault = fault_of(later)
    assert fault is not None
    assert fault.sort is Sort.FULL


# How the calls to Zoom go


def test_calls_that_do_not_arrive_are_known_until_one_does(clock: Clock) -> None:
    contact = Contact(clock, clock.monotonic)

    def fail(error: Exception) -> None:
        with pytest.raises(type(error)), contact.call(("GET", "meetings")):
            raise error

    fail(ZoomUnreachable("zoom_no_answer"))
    clock.forward(minutes=5)
    fail(ZoomUnreachable("zoom_unreachable"))
    assert contact.standing().away == Trouble(at(0), Problem("zoom_no_answer"))
    fail(ZoomMisconfigured("zoom_scope_missing", scope="x"))
    standing = contact.standing()
    assert (standing.away, standing.refused) == (None, Trouble(at(5), Problem("zoom_scope_missing", {"scope": "x"})))
    with contact.call(("GET", "meetings")):
        pass
    assert contact.standing().is_good


@pytest.mark.database("sqlite")
def test_tokens_that_are_refused_are_known_until_one_is_given(
    school: Services, clock: Clock, http: RequestsMock
) -> None:
    http.head(API, status=404, headers={"Date": "Thu, 14 May 2026 11:55:00 GMT"})
    refused = http.post(OAUTH, status=400, json={"reason": "Invalid client_id or client_secret"})
    watch = watch_on(school, clock)
    watch.beat()
    watch.call_zoom()
    assert codes(watch) == ["zoom_tokens_fail", "clock_off"]
    assert watch.findings().conditions[1].details == {"seconds": "+300"}
    http.remove(refused)
    grant(http)
    watch.call_zoom()
    assert codes(watch) == ["clock_off"]


@pytest.mark.parametrize("oauth", [{"body": requests.ConnectionError("refused")}, {"status": 503}])
@pytest.mark.database("sqlite")
def test_a_token_that_cannot_be_asked_for_is_told_also_while_the_api_answers(
    school: Services, clock: Clock, http: RequestsMock, oauth: dict[str, Any]
) -> None:
    http.head(API, status=200)
    refused = http.post(OAUTH, **oauth)
    watch = watch_on(school, clock)
    watch.beat()
    watch.call_zoom()
    watch.call_zoom()
    assert [(one.code, one.details["host"]) for one in watch.findings().conditions] == [("zoom_away", "zoom.us")]
    http.remove(refused)
    grant(http)
    watch.call_zoom()
    assert codes(watch) == []


@pytest.mark.database("sqlite")
def test_an_api_that_answers_only_that_it_does_not_work_is_away(
    school: Services, clock: Clock, http: RequestsMock
) -> None:
    grant(http)
    http.get(f"{API}/meetings/85011112222", status=503)
    http.head(API, status=503)
    watch = watch_on(school, clock)
    watch.beat()
    with pytest.raises(ZoomUnreachable):
        school.zoom.meeting("85011112222")
    watch.call_zoom()
    assert codes(watch) == ["zoom_away"]


@pytest.mark.database("sqlite")
def test_an_api_that_does_not_know_head_is_there(school: Services, clock: Clock, http: RequestsMock) -> None:
    grant(http)
    http.head(API, status=501)
    watch = watch_on(school, clock)
    watch.beat()
    watch.call_zoom()
    assert codes(watch) == []
