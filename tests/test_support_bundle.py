"""`tracker support-bundle`: what it has, and that nothing of anybody is in it, wherever it might have come from."""

import io
import json
import logging
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from sqlmodel import AutoString, SQLModel

from tests.makers import NOW, Clock, environment, server_state_on
from tests.practice_school import CommandLine
from tests.schemas import ROWS, insert_row
from tests.tracker_process import free_port
from tracker import support
from tracker.doctor import Check
from tracker.errors import InvalidInput, Problem, ZoomRefused
from tracker.logs import Lines
from tracker.server.http_server import HttpServer
from tracker.services import open_services
from tracker.settings import NAMES
from tracker.support import cleaning

# Stands in every text that must not leave; no part of any text of the program.
CANARY = "Quetzalcoatlus"
MEETING = "85011112222"
# Columns whose texts are the program's own words, without which it would read nothing further.
OWN_WORDS = {"status", "state", "role", "timezone", "day", "category", "place", "zoomOccurrenceId", "leftOut"}


def seeded(engine: Engine, *, all_texts: bool) -> int:
    """A row in each table, with a canary in each of its texts, also in those of which the program reads codes."""
    filled = 0
    with engine.begin() as connection:
        for table in SQLModel.metadata.sorted_tables:
            row = dict(ROWS[table.name])
            for column in table.columns:
                given = row.get(column.name)
                if given is None and column.foreign_keys:
                    continue
                if holds_text(column) and (all_texts or column.name not in OWN_WORDS):
                    row[column.name] = of_canary(given) if isinstance(given, str) else CANARY
                    filled += 1
            insert_row(connection, table.name, {n: v for n, v in row.items() if v is not None})
    return filled


def holds_text(column: sa.Column[Any]) -> bool:
    return isinstance(column.type, sa.String | AutoString)


def of_canary(text: str) -> str:
    """The same canary for the same text, so that rows go on referring to each other."""
    return f"{CANARY}.{text}"


@pytest.fixture
def loose(engine: Engine) -> Engine:
    """A database that does not look whether a row that is referred to is there."""
    if engine.dialect.name == "sqlite":
        sa.event.listen(
            engine, "begin", lambda connection: connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        )
    return engine


def secrets(folder: Path, engine: Engine) -> dict[str, str]:
    """An environment with a canary in every setting that can have one."""
    number = {"TRACKER_PORT": str(free_port()), "DASHBOARD_PORT": "8501", "FETCH_DELAY_SECONDS": "0"}
    number |= {"RETENTION_DAYS": "90", "SIGN_IN_IDLE_HOURS": "9", "SIGN_IN_DAYS": "9", "AUDIT_DAYS": "90"}
    words = {"ZOOM_PLAN": "business", "RETENTION_ACTION": "records", "OIDC_ACCOUNTS": "invited"}
    words |= {"MEETING_WAITING_ROOM": "on", "MEETING_SIGN_IN": "off", "MEETING_RECORDING": "cloud"}
    words |= {"MEETING_REGISTRATION": "on"}
    here = {"TRACKER_HOST": "127.0.0.1", "FORWARDED_ALLOW_IPS": "203.0.113.77", "ALLOWED_HOSTS": f"{CANARY}.example"}
    address = f"http://{CANARY}:{CANARY}@127.0.0.1:1/{CANARY}"
    addresses = {"ZOOM_API_URL": address, "ZOOM_OAUTH_URL": address, "OIDC_ISSUER": address}
    mail = {"SMTP_URL": f"smtp://{CANARY}:{CANARY}@127.0.0.1:1?tls=none", "SMTP_FROM": f"{CANARY}@school.example"}
    data = {"TRACKER_DATA_DIR": str(folder), "DATABASE_URL": engine.url.render_as_string(hide_password=False)}
    known = number | words | here | addresses | mail | data
    return dict.fromkeys(NAMES, CANARY) | known


def command_line(
    given: dict[str, str], capture: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> CommandLine:
    """Commands in a process with this environment."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    return CommandLine(capture)


def files_of(bundle: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(bundle)) as made:
        return {name.removeprefix("support/"): made.read(name).decode() for name in made.namelist()}


def told_of_anybody(files: dict[str, str], engine: Engine, folder: Path) -> list[str]:
    """The files with something that must not leave."""
    kept = {CANARY, CANARY.lower(), MEETING, "203.0.113.77", "192.0.2.1", "Zoë", "school.example", str(folder)}
    kept |= {str(engine.url.password)} if engine.url.password else set()
    return [name for name, text in files.items() if [part for part in kept if part in name or part in text]]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / CANARY
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def serving(loose: Engine, home: Path) -> Iterator[dict[str, str]]:
    """The environment of a tracker that answers."""
    given = secrets(home, loose)
    state = server_state_on(loose, Clock(), **given)
    state.note_webhook(f"refused:{CANARY}")
    state.counters.answers.labels("503").inc(7)
    server = HttpServer("127.0.0.1", int(given["TRACKER_PORT"]), state)
    server.start()
    yield given
    server.stop()


def line_of_log(message: str, level: int = logging.ERROR, error: Exception | None = None, **more: Any) -> str:
    info = (type(error), error, error.__traceback__) if error else None
    record = logging.getLogger("tracker.fetching").makeRecord(
        "tracker.fetching", level, "fetching.py", 1, message, (), info, extra=more
    )
    return Lines(as_json=True).format(record)


def raised(error: Exception) -> Exception:
    try:
        raise error
    except Exception as caught:
        return caught


@pytest.mark.slow
@pytest.mark.database("sqlite", "postgresql")
@pytest.mark.parametrize("all_texts", [False, True], ids=["as it is", "also where codes belong"])
def test_nothing_of_anybody_is_in_it_whatever_is_in_database_settings_and_log(
    loose: Engine,
    serving: dict[str, str],
    home: Path,
    all_texts: bool,
    capsysbinary: pytest.CaptureFixture[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert seeded(loose, all_texts=all_texts) > 100
    log = home / "log"
    lines = [
        line_of_log("unexpected fault", error=raised(ValueError(f"{CANARY} was here")), attempt=3, **{"class": CANARY}),
        line_of_log(f"{CANARY} joined", meeting=int(MEETING), reason=CANARY, **{CANARY: 1}),
        line_of_log("the fetch failed", code="zoom_no_answer", meeting=MEETING),
        json.dumps({"message": "webhook", "logger": CANARY, "time": CANARY, "level": CANARY, "error": [CANARY]}),
        json.dumps(
            {"error": [{"type": f"{CANARY}.Error", "frames": [f"{CANARY}/x.py:1 {CANARY}"], "message": CANARY}]}
        ),
        f"Traceback: {CANARY}",
        json.dumps([CANARY]),
    ]
    log.write_text("\n".join(lines) + "\n")
    out = home / "support.zip"
    ran = command_line(serving, capsysbinary, monkeypatch)("support-bundle", "--out", str(out), "--log", str(log))
    # Where nothing makes sense a check of the doctor's may fail, which is logged.
    assert (ran.code, all_texts or not ran.stderr, CANARY in ran.stderr) == (0, True, False)
    assert "has no personal data" in ran.text
    assert out.stat().st_mode & 0o777 == 0o600
    files = files_of(out.read_bytes())
    assert told_of_anybody(files, loose, home) == []
    assert files.keys() == {
        *("README.txt", "about.json", "settings.json", "doctor.json", "database.json", "health.json", "metrics.txt"),
        "log.jsonl",
    }
    found = {name: json.loads(text) for name, text in files.items() if name.endswith(".json")}
    database = found["database.json"]
    assert database["kind"] == loose.dialect.name
    # What the tracker and doctor wrote comes on top.
    assert database["rows"].keys() == SQLModel.metadata.tables.keys()
    assert min(database["rows"].values()) == 1
    assert found["settings.json"]["set"] == dict.fromkeys(NAMES, True)
    assert found["settings.json"]["values"]["ZOOM_PLAN"] == "business"
    assert found["settings.json"]["usual"] == {"ZOOM_API_URL": False, "ZOOM_OAUTH_URL": False}
    checks = found["doctor.json"]
    # Where nothing makes sense the doctor may fail, and then only by which error is told.
    assert checks.keys() == {"error", "code"} if isinstance(checks, dict) else "zoom" in [one["name"] for one in checks]
    assert 'tracker_http_answers_total{status="503"} 7.0' in files["metrics.txt"]
    told = [json.loads(line) for line in files["log.jsonl"].splitlines()]
    assert told[0]["message"] == "unexpected fault"
    assert told[0]["attempt"] == 3
    assert told[0]["error"][0]["type"] == "ValueError"
    assert (told[2]["message"], told[2]["code"]) == ("the fetch failed", "zoom_no_answer")
    assert told[-1] == {"lines that are not the program's own": 2}


def test_an_error_on_the_way_is_told_by_its_type_and_code_and_not_by_its_text(engine: Engine, home: Path) -> None:
    given = secrets(home, engine)
    problem = Problem("zoom_asked", {"error": (ZoomRefused(f"User does not exist: {CANARY}").problem,), "host": CANARY})

    def examine(_: object) -> list[Check]:
        checks = [Check(f"teacher:{CANARY}", False, problem), Check("scope:meeting:read:meeting:admin", True, problem)]
        return [*checks, Check(CANARY, False, Problem(CANARY, {CANARY: CANARY, "meeting": int(MEETING)}))]

    def fail(_: object) -> list[Check]:
        raise InvalidInput("no_file", file=CANARY)

    with open_services(given, prepare=None) as services:
        first = files_of(support.make(given, services, examine, NOW))
        second = files_of(support.make(given, services, fail, NOW))
    assert told_of_anybody(first, engine, home) == told_of_anybody(second, engine, home) == []
    checks = json.loads(first["doctor.json"])
    assert [check["name"] for check in checks][1] == "scope:meeting:read:meeting:admin"
    assert checks[0]["code"] == "zoom_asked"
    assert json.loads(second["doctor.json"]) == {"error": "tracker.errors.InvalidInput", "code": "no_file"}
    # Nobody listens there.
    assert json.loads(first["health.json"])["error"].startswith("urllib.error.")


def test_settings_that_cannot_be_read_and_a_database_that_is_away_are_told_too(
    home: Path, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = environment(TRACKER_DATA_DIR=str(home), TRACKER_PORT=CANARY, CRON_SECRET=CANARY)
    out = home / "support.zip"
    ran = command_line(given, capsysbinary, monkeypatch)("support-bundle", "--out", str(out))
    assert (ran.code, "TRACKER_PORT must be a whole number" in ran.stderr) == (0, True)
    files = files_of(out.read_bytes())
    faults = json.loads(files["settings.json"])["faults"]
    assert [one["code"] for one in faults] == ["setting_no_number"]
    away = given | {"TRACKER_PORT": str(free_port()), "DATABASE_URL": f"sqlite:///{home / 'none.sqlite3'}"}
    command_line(away, capsysbinary, monkeypatch).done("support-bundle", "--out", str(out))
    more = files_of(out.read_bytes())
    assert "error" in json.loads(more["database.json"])
    assert [name for files in (files, more) for name, text in files.items() if CANARY in text] == []


def test_it_goes_to_whoever_reads_it_and_its_log_comes_from_whoever_writes_it(
    home: Path, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = environment(TRACKER_DATA_DIR=str(home), TRACKER_PORT=str(free_port()))
    lines = line_of_log("unexpected fault", attempt=3) + "\n" + CANARY + "\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(lines.encode() + b"\xff\n"), "utf-8"))
    ran = command_line(given, capsysbinary, monkeypatch).done("support-bundle", "--log", "-")
    told = [json.loads(line) for line in files_of(ran.stdout)["log.jsonl"].splitlines()]
    assert (told[0]["message"], told[0]["attempt"]) == ("unexpected fault", 3)
    assert told[1:] == [{"lines that are not the program's own": 2}]


def test_on_a_terminal_it_is_a_file_here(
    home: Path, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = environment(TRACKER_DATA_DIR=str(home), TRACKER_PORT=str(free_port()))
    monkeypatch.chdir(home)
    command = command_line(given, capsysbinary, monkeypatch)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert "is made" in command.done("support-bundle").text
    (made,) = home.glob("support-*.zip")
    assert "about.json" in files_of(made.read_bytes())


def test_a_log_that_cannot_be_read_is_said_in_a_sentence(
    home: Path, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = environment(TRACKER_DATA_DIR=str(home))
    refused = command_line(given, capsysbinary, monkeypatch).refused("support-bundle", "--log", str(home / "none"))
    assert "none cannot be read: No such file or directory." in refused


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("zoom_no_answer", True),
        ("refused:not_fresh", True),
        ("2026-05-14T12:00:00Z", True),
        ("2026-05-14 12:00 UTC", True),
        ("1.4.0", True),
        ("1.4.1.dev3+g325c3f22c.d20261127", True),
        ("refused:Ana", False),
        ("10.0.0.1", False),
        ("Ana", False),
        ("", False),
        (CANARY, False),
        (17, True),
        (True, True),
        (85_011_112_222, False),
    ],
)
def test_only_what_is_known_to_be_harmless_is_kept(given: object, kept: bool) -> None:
    assert cleaning.value(given) == (given if kept else cleaning.LEFT_OUT)
    assert cleaning.value({"code": [given]}) == {"code": [given if kept else cleaning.LEFT_OUT]}


def test_frames_name_files_of_this_program_alone() -> None:
    frames = ["tracker/fetching.py:30 fetch", "Ana/fetching.py:30 fetch", "engine/base.py:1 execute", CANARY]
    told = cleaning.log_line({"error": [{"type": "ValueError", "frames": frames}]})
    assert told["error"] == [{"type": "ValueError", "frames": [frames[0], *[cleaning.LEFT_OUT] * 3]}]
