"""Log lines: always one, always readable by a program, never with a secret."""

import io
import json
import logging
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from tests.makers import CLIENT_SECRET, NOW, WEBHOOK_SECRET, environment, event_body, member, settings, zoom_signature
from tests.tracker_process import PROJECT, serving
from tracker import clock, logs
from tracker.errors import ZoomRefused
from tracker.logs import Lines, Repeats
from tracker.settings import Settings, secrets_of
from tracker.storage.database import make_engine

log = logging.getLogger("tests.logs")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(params=[io.StringIO, Terminal], ids=["file", "terminal"])
def written(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What is logged to stderr, which is one or the other."""
    stream = request.param()
    monkeypatch.setattr(sys, "stderr", stream)
    with logs.to_stderr(logging.INFO):
        yield stream


def a_line(
    message: object, *arguments: object, as_json: bool = True, hidden: Settings | None = None, **more: Any
) -> str:
    """The line of one record."""
    lines = Lines(as_json=as_json)
    if hidden:
        lines.hide(secrets_of(hidden))
    error = more.pop("error", None)
    info = (type(error), error, error.__traceback__) if error else None
    record = log.makeRecord("tests.logs", logging.INFO, "f.py", 1, message, arguments, info, extra=more)
    return lines.format(record)


def shown(message: str) -> str:
    return str(json.loads(a_line(message))["message"])


# Secrets

# Not the sign that masks are made of; long enough not to be found in every word.
SECRETS = st.text(st.characters(codec="utf-8", exclude_characters="*"), min_size=6, max_size=30).filter(str.strip)


@st.composite
def schools(draw: st.DrawFn) -> Settings:
    password = draw(SECRETS)
    return Settings(
        database_url=f"postgresql://tracker:{quote(password, safe='')}@db.example/x",
        data_dir=Path("data"),
        zoom_client_secret=draw(SECRETS),
        zoom_webhook_secret=draw(SECRETS),
        cron_secret=draw(SECRETS),
    )


class Silent(Exception):
    def __str__(self) -> str:
        raise ValueError("no text")


@given(schools(), st.data())
def test_no_secret_is_ever_in_a_line(school: Settings, data: st.DataObject) -> None:
    secrets = secrets_of(school)
    assert {school.zoom_client_secret, school.cron_secret, school.database_url} <= secrets
    texts = st.lists(st.text(max_size=8) | st.sampled_from(sorted(secrets)), max_size=4).map("".join)
    values = (
        texts
        | st.binary(max_size=8)
        | st.integers()
        | st.floats()
        | st.none()
        | texts.map(lambda value: value.encode("utf-8", "replace"))
    )
    values = st.recursive(values, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=4)
    message = data.draw(texts | st.sampled_from(["%s", "%r", "%d %s", "%(a)s", "100 %"]))
    arguments = data.draw(st.lists(values, max_size=2))
    more = {f"x{name}": value for name, value in data.draw(st.dictionaries(texts, values, max_size=3)).items()}
    error = data.draw(
        st.none() | st.builds(data.draw(st.sampled_from([RuntimeError, KeyError, OSError, Silent])), values)
    )
    if error is not None:
        error.__cause__ = data.draw(st.none() | st.builds(RuntimeError, texts))
    for as_json in (True, False):
        line = a_line(message, *arguments, as_json=as_json, hidden=school, error=error, **more)
        assert line.isprintable()
        if as_json:
            found = list(strings(json.loads(line, parse_constant=pytest.fail)))
            assert {"time", "level", "logger", "message"} <= set(found)
            line = "\n".join(piece for piece in found if piece not in FIXED)
        assert [secret for secret in secrets if secret in line] == []


FIXED = {"time", "level", "logger", "message", "error", "type", "frames"}


def strings(value: object) -> Iterator[str]:
    """Every text in a JSON value, names too."""
    if isinstance(value, dict):
        for name, below in value.items():
            yield name
            yield from strings(below)
    elif isinstance(value, list):
        for below in value:
            yield from strings(below)
    else:
        yield str(value)


def test_the_ways_in_which_others_write_a_secret_are_masked_too() -> None:
    secret = "a\"b'c\\d/é\n1"
    school = settings(CRON_SECRET=secret)
    for way in (
        secret,
        repr(secret),
        json.dumps(secret),
        quote(secret, safe=""),
        str(secret.encode()),
        {"x": [secret]},
    ):
        seen = json.loads(a_line("%s", way, hidden=school))["message"]
        assert "***" in seen
        assert "d" not in seen.replace("***", "")


def test_an_address_without_a_password_and_a_short_password_hide_nothing_else() -> None:
    assert secrets_of(settings(DATABASE_URL="postgresql://tracker:abc@db/x")) == {
        *("postgresql://tracker:abc@db/x", CLIENT_SECRET, WEBHOOK_SECRET)
    }
    address = "sqlite:///tracker.sqlite3"
    assert secrets_of(settings(DATABASE_URL=address)) == {address, CLIENT_SECRET, WEBHOOK_SECRET}


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        ("asked with Bearer abc.def-123, refused", "asked with Bearer ***, refused"),
        ("Authorization: Basic Y2xpZW50OnNlY3JldA==", "Authorization: ***"),
        ("{'Authorization': 'Bearer abc', 'Accept': '*/*'}", "{'Authorization': ***, 'Accept': '*/*'}"),
        ("[(b'cookie', b'tracker_session=abc; a=\"b\"'), (b'x', b'y')]", "[(b'cookie', ***), (b'x', b'y')]"),
        ('Set-Cookie: a="b"; c=d', "Set-Cookie: ***"),
        ("sent Basic Y2xpZW50OnNlY3JldA== there", "sent Basic *** there"),
        ("https://zoom.us/s/85011112222?zak=eyJ.x_y&a=b", "https://zoom.us/s/85011112222?zak=***&a=b"),
        ("https://zoom.us/j/85011112222?pwd=Zk4x.1 and more", "https://zoom.us/j/85011112222?pwd=*** and more"),
        ('{"access_token": "ey J", "expires_in": 3599}', '{"access_token": ***, "expires_in": 3599}'),
        ("{'cronSecret': 'abc'}", "{'cronSecret': ***}"),
        ("tracker_session=abc; other=1", "tracker_session=***; other=1"),
        ("the token eyJzdiI6.eyJhdWQi.x-_y ended", "the token *** ended"),
        ("postgresql://tracker:p@ss@db.example/x failed", "postgresql://tracker:***@db.example/x failed"),
        ("User does not exist: maria.keller+x@school.example.", "User does not exist: ***"),
        ("/v2/users/maria%40school.example/meetings", "/v2/users/***/meetings"),
        ('Key (email)=(ana@school.example), "Ünïcode@exämple.org"', 'Key (email)=(***), "***"'),
        ("classes @ 10:00, 2 of 3", "classes @ 10:00, 2 of 3"),
        ("the token expired, the cookie is old, a basic rule", "the token expired, the cookie is old, a basic rule"),
    ],
)
def test_what_looks_like_a_secret_or_an_address_is_masked(given: str, seen: str) -> None:
    assert shown(given) == seen


def test_long_texts_are_masked_in_a_moment() -> None:
    begun = time.monotonic()
    for piece in ("a", "a-", "a.", "a@", "%40", "token ", "://a:", "cookie", "'\"", "\n"):
        shown(piece * (50_000 // len(piece)))
    assert time.monotonic() - begun < 20


# Lines


def test_a_line_has_time_level_logger_message_and_the_fields_of_the_call(written: io.StringIO) -> None:
    more = {"class": "c-1", "attempt": 3, "seconds": 0.5, "outcome": None, "apiToken": "abc", "to": "ana@x.example"}
    log.warning("fetched %d", 25, extra=more)
    line = written.getvalue()
    assert line.count("\n") == 1
    moment, rest = line[:24], line[24:]
    if isinstance(written, Terminal):
        said = "fetched 25 class=c-1 attempt=3 seconds=0.5 outcome=None apiToken=*** to=***"
        assert rest == f" WARNING tests.logs {said}\n"
    else:
        found = json.loads(line)
        moment = found.pop("time")
        usual = {"level": "WARNING", "logger": "tests.logs", "message": "fetched 25"}
        assert found == usual | more | {"apiToken": "***", "to": "***"}
    parsed = clock.parse_utc(moment)
    assert moment.endswith("Z")
    assert parsed is not None
    assert abs((clock.now() - parsed).total_seconds()) < 60


def test_no_text_can_pretend_to_be_another_line(written: io.StringIO) -> None:
    evil = "one\ntwo\r\x1b[2Kthree\x85\u2028\u202efour\0"
    log.error("%s", evil, extra={"reason": evil, evil: 1}, exc_info=RuntimeError(f"first {evil[4:]}"))
    assert written.getvalue().count("\n") == 1
    assert written.getvalue().rstrip("\n").isprintable()
    assert "two\\r\\x1b[2Kthree\\x85\\u2028\\u202efour\\x00" in written.getvalue().replace("\\\\", "\\")


def test_an_error_is_its_type_its_first_line_its_frames_and_its_cause(written: io.StringIO) -> None:
    def fail() -> None:
        try:
            raise ZoomRefused("User does not exist: ana@school.example.")
        except ZoomRefused as error:
            raise RuntimeError("first\nDETAIL: Key (name)=(Ana)") from error

    try:
        fail()
    except RuntimeError:
        log.exception("failed")
    line = written.getvalue()
    assert "Ana" not in line
    assert "ana@" not in line
    if isinstance(written, Terminal):
        assert " failed | RuntimeError: first < tests/test_logs.py:" in line
        assert " | tracker.errors.ZoomRefused: User does not exist: *** < tests/test_logs.py:" in line
    else:
        outer, inner = json.loads(line)["error"]
        assert (outer["type"], outer["message"]) == ("RuntimeError", "first")
        assert (inner["type"], inner["message"]) == ("tracker.errors.ZoomRefused", "User does not exist: ***")
        assert next(frame.split()[-1] for frame in outer["frames"]) == "fail"


def test_errors_without_end_are_cut() -> None:
    def deep(left: int) -> None:
        if left:
            deep(left - 1)
        raise first

    first, second = RuntimeError("first"), RuntimeError("second")
    first.__cause__, second.__cause__ = second, first
    with pytest.raises(RuntimeError) as caught:
        deep(200)
    found = json.loads(a_line("x", error=caught.value))["error"]
    assert [one["message"] for one in found] == ["first", "second", "first", "second", "first"]
    assert len(found[0]["frames"]) == 30


def test_what_the_database_refuses_is_logged_without_its_values(engine: Engine, written: io.StringIO) -> None:
    ana = member(engine)
    insert = text('INSERT INTO "User" (id, email, name, role, "createdAt") VALUES (:id, :email, :name, :role, :at)')
    values = {"id": "1", "email": ana.email, "name": "Ana Lima", "role": "teacher", "at": NOW.isoformat()}
    with pytest.raises(IntegrityError) as caught, engine.begin() as connection:
        connection.execute(insert, values)
    log.error("refused: %s", caught.value, exc_info=caught.value)
    assert "IntegrityError" in written.getvalue()
    assert "school.example" not in written.getvalue()
    assert "Lima" not in written.getvalue()


def test_a_call_with_wrong_arguments_costs_neither_the_line_nor_a_secret(
    written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs.hide(settings())
    # pytest's own handlers would raise what is wrong with the call.
    monkeypatch.setattr(
        log, "handlers", [one for one in logging.getLogger().handlers if isinstance(one.formatter, Lines)]
    )
    monkeypatch.setattr(log, "propagate", False)
    log.error("%d people", CLIENT_SECRET)
    log.error("%s", Silent())
    lines = written.getvalue().splitlines()
    assert "%d people ('***',)" in lines[0]
    assert len(lines) == 2


def test_a_stderr_that_is_gone_ends_nothing(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", io.StringIO())
        ours = logs.handler()
        sys.stderr.close()
    ours.handle(logging.makeLogRecord({"msg": CLIENT_SECRET, "levelno": logging.ERROR}))
    assert capfd.readouterr().err == ""


def test_threads_that_fail_and_warnings_are_lines_too(written: io.StringIO) -> None:
    thread = threading.Thread(target=lambda: 1 / 0, name="worker")
    thread.start()
    thread.join()
    logging.getLogger("py.warnings").warning("old")
    failed, warned = written.getvalue().splitlines()
    assert "a thread ended by an unexpected fault" in failed
    assert "ZeroDivisionError" in failed
    assert "worker" in failed
    assert "old" in warned


def test_logging_leaves_everything_as_it_was() -> None:
    def state() -> object:
        root = logging.getLogger()
        return (root.level, list(root.handlers), threading.excepthook)

    before = state()
    with logs.to_stderr(logging.DEBUG):
        assert state() != before
    assert state() == before


# Floods


def test_of_a_flood_of_lines_some_are_written_and_the_others_counted(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    log, times = logging.getLogger("tracker.flood"), iter([*[1000.0] * 500, 1061.0])
    make = logging.getLogRecordFactory()

    def dated(*arguments: Any, **more: Any) -> logging.LogRecord:
        record = make(*arguments, **more)
        record.created = next(times)
        return record

    with logs.to_stderr(logging.INFO):
        logging.setLogRecordFactory(dated)
        try:
            for number in range(501):
                log.warning("stranger %s", number)
        finally:
            logging.setLogRecordFactory(make)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["message"] for line in lines] == [*(f"stranger {number}" for number in range(30)), "stranger 500"]
    assert [line.get("left_out") for line in lines] == [None] * 30 + [470]


def a_record(created: float, message: str = "failed", line: int = 1, level: int = logging.ERROR, **more: Any) -> Any:
    error = more.pop("error", None)
    info = (type(error), error, None) if error else None
    made = log.makeRecord("tests.logs", level, "f.py", line, message, (), info, extra=more)
    made.created = created
    return made


def told(records: list[logging.LogRecord]) -> list[tuple[Any, ...]]:
    return [(one.getMessage(), vars(one).get("times"), vars(one).get("left_out")) for one in records]


def test_what_repeats_is_written_at_once_and_then_once_a_minute_with_how_often() -> None:
    repeats = Repeats()
    assert told(repeats.take(a_record(100))) == [("failed", None, None)]
    assert [repeats.take(a_record(100 + second)) for second in range(1, 60)] == [[]] * 59
    assert told(repeats.take(a_record(161))) == [("failed", 60, None)]
    assert repeats.take(a_record(162)) == []
    assert told(repeats.flush()) == [("failed", 1, None)]
    assert not repeats.are_pending


@pytest.mark.parametrize(
    "other",
    [
        {"message": "failed otherwise"},
        {"reason": "another"},
        {"line": 2},
        {"level": logging.WARNING},
        {"error": ValueError("x")},
    ],
)
def test_another_cause_is_another_line_at_once(other: dict[str, Any]) -> None:
    repeats = Repeats()
    repeats.take(a_record(100, reason="one"))
    assert len(repeats.take(a_record(101, **{"reason": "one"} | other))) == 1
    assert repeats.take(a_record(102, **{"reason": "one"} | other)) == []


def test_numbers_make_no_other_line_and_information_is_never_held_back() -> None:
    repeats = Repeats()
    repeats.take(a_record(100, attempt=1))
    assert repeats.take(a_record(101, attempt=2)) == []
    for _ in range(3):
        assert len(repeats.take(a_record(102, level=logging.INFO))) == 1


def test_what_stopped_repeating_is_told_by_the_next_line_of_its_place() -> None:
    repeats = Repeats()
    for second in range(5):
        repeats.take(a_record(100 + second, "one"))
    assert told(repeats.take(a_record(170, "two"))) == [("one", 4, None), ("two", None, None)]


def test_however_many_different_lines_there_are_memory_is_bounded_and_they_are_counted() -> None:
    repeats = Repeats()
    for number in range(10_000):
        repeats.take(a_record(100, f"stranger {number}"))
    assert sum(len(minute.seen) + len(minute.held) for minute in repeats._minutes.values()) == logs.MOST_LINES
    assert told(repeats.flush()) == [("stranger 9999", None, 10_000 - logs.MOST_LINES)]


def test_what_was_counted_is_written_at_the_end_without_the_trace(written: io.StringIO) -> None:
    for _ in range(4):
        log.error("failed", exc_info=RuntimeError("first"))
    (ours,) = [one for one in logging.getLogger().handlers if isinstance(one, logs._Handler)]
    assert written.getvalue().count("failed") == 1
    ours.close()
    first, last = written.getvalue().splitlines()
    assert "RuntimeError" in first
    assert "RuntimeError" not in last
    assert "times=3" in last or json.loads(last)["times"] == 3


def test_a_minute_later_it_is_told_although_nothing_more_comes(
    written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "SECONDS_OF_LINES", 0.2)
    for _ in range(3):
        log.error("failed")
    until = time.monotonic() + 60
    while "times" not in written.getvalue():
        assert time.monotonic() < until
        time.sleep(0.01)
    assert written.getvalue().count("failed") >= 2


def test_a_line_that_cannot_be_counted_does_not_end_who_logs_it(
    written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        for _ in range(3):
            log.error("failed")
    assert written.getvalue().count("failed") == 1


# Processes


@pytest.mark.slow
def test_a_tracker_in_trouble_writes_lines_for_programs_without_secrets(database_url: str, tmp_path: Path) -> None:
    given = environment(
        DATABASE_URL=database_url, TRACKER_DATA_DIR=str(tmp_path), CRON_SECRET="cron-5ecret-1", FETCH_DELAY_SECONDS="0"
    )
    engine = make_engine(database_url)
    path = "/api/webhooks/zoom"
    with serving(given, tmp_path / "log") as running:
        for body in (b"", b"not json", event_body("meeting.started"), WEBHOOK_SECRET.encode(), b"\n\x1b[0m{}"):
            signed = zoom_signature(body, clock.now())
            headers = {"authorization": f"Bearer {WEBHOOK_SECRET}", "cookie": f"a={CLIENT_SECRET}"}
            for sent in (headers, headers | signed, headers | signed | {"x-zm-signature": WEBHOOK_SECRET}):
                running.call(f"{path}?cronSecret=cron-5ecret-1", body, sent)
                running.call(path, body, sent)
        with engine.begin() as connection:
            connection.execute(text('ALTER TABLE "LiveStream" RENAME TO "Elsewhere"'))
        body = event_body("meeting.ended", host_email="ana@school.example")
        assert running.call(path, body, zoom_signature(body, clock.now()))[0] == 503
        query = json.dumps({"streamId": "ana@school.example", "cronSecret": "cron-5ecret-1"}).encode()
        assert running.call("/api/zoom/participants", query)[0] == 503
        running.call("/api/zoom/participants?streamId=ana@school.example", None, headers)
        with engine.begin() as connection:
            connection.execute(text('ALTER TABLE "Elsewhere" RENAME TO "LiveStream"'))
    engine.dispose()
    found = [json.loads(line) for line in running.log.read_text().splitlines()]
    reasons = [line["reason"] for line in found if line["message"] == "webhooks were refused"]
    assert len(set(reasons)) >= 3
    assert [line for line in found if line["message"] == "webhook" and line["event"] == "meeting.started"]
    away = [line for line in found if line["message"] == "the database is away"]
    assert away[0]["error"][0]["type"].startswith("sqlalchemy.exc.")
    for hidden in (CLIENT_SECRET, WEBHOOK_SECRET, "5ecret", "@school", database_url):
        assert hidden not in running.log.read_text()


DASHBOARD = """
import logging

import streamlit as st
from starlette.routing import Route
from tracker.ui.wiring import log_like_the_tracker, services

async def fail(request):
    for name in ("tracker.auth.sign_ins", "tracker.classes", "uvicorn.access"):
        logging.getLogger(name).info("told by %s", name)
    raise RuntimeError(f"for ana@school.example: {services().settings.cron_secret}")

if __name__ == "shown":
    log_like_the_tracker()
    app = st.App(__file__, routes=[Route("/fail", fail)])
"""


@pytest.mark.slow
def test_the_dashboards_process_logs_what_goes_wrong_and_who_signs_in_in_the_same_form(tmp_path: Path) -> None:
    (tmp_path / "shown.py").write_text(DASHBOARD)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    options = [f"--server.port={port}", "--server.address=127.0.0.1", "--server.headless=true"]
    with (tmp_path / "log").open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", str(tmp_path / "shown.py"), *options],
            cwd=PROJECT,
            env=os.environ | environment(TRACKER_DATA_DIR=str(tmp_path), CRON_SECRET="cron-5ecret-1"),
            stdout=subprocess.DEVNULL,
            stderr=stderr,
        )
    try:
        status, until = 0, time.monotonic() + 60
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        while not status:
            assert process.poll() is None
            assert time.monotonic() < until
            try:
                opener.open(f"http://127.0.0.1:{port}/fail", timeout=60)
            except urllib.error.HTTPError as error:
                with error:
                    status = error.code
            except OSError:
                time.sleep(0.05)
    finally:
        process.terminate()
        process.wait(30)
    assert status == 500
    first, made, line = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert (first["level"], first["message"]) == ("INFO", "told by tracker.auth.sign_ins")
    assert (made["level"], made["database"]) == ("WARNING", str(tmp_path / "tracker.sqlite3"))
    assert (line["level"], line["error"][0]["message"]) == ("ERROR", "for ***: ***")
