"""Log lines: always one, always readable by a program, and few where many come."""

import io
import json
import logging
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from tests.log_lines import Silent, Terminal, a_line, log
from tests.makers import CLIENT_SECRET, NOW, member, settings
from tracker import clock, logs
from tracker.errors import ZoomRefused
from tracker.logs import Lines, Repeats


@pytest.fixture(params=[io.StringIO, Terminal], ids=["file", "terminal"])
def written(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What is logged to stderr, which is one or the other."""
    stream = request.param()
    monkeypatch.setattr(sys, "stderr", stream)
    with logs.to_stderr(logging.INFO):
        yield stream


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
