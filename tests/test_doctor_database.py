"""The doctor on a database: it compares, writes and takes back, and leaves everything as it was."""

import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from responses import RequestsMock
from sqlalchemy import Engine, event, inspect, text
from sqlmodel import SQLModel

from tests.databases import url_of
from tests.examined import Shown, answering, found, services_on
from tests.makers import Clock, member
from tracker.doctor import database as looking
from tracker.health import vitals
from tracker.storage.database import make_engine
from tracker.storage.examination import schema_differences, try_writing
from tracker.storage.faults import Fault, Sort
from tracker.storage.schema import migrate
from tracker.zoom import Zoom

TALLIES = (
    'DROP TABLE "WebhookTally"',
    'CREATE TABLE "WebhookTally" (day VARCHAR NOT NULL, outcome VARCHAR NOT NULL, count VARCHAR, '
    '"lastAt" TIMESTAMP NOT NULL, PRIMARY KEY (day, outcome))',
)
CHANGES = {
    "table ClassShare is missing": ('DROP TABLE "ClassShare"',),
    "table stray is unknown": ("CREATE TABLE stray (x INTEGER)",),
    "column ClassShare.sharedAt is missing": ('ALTER TABLE "ClassShare" DROP COLUMN "sharedAt"',),
    "column WebhookTally.stray is unknown": ('ALTER TABLE "WebhookTally" ADD COLUMN stray TEXT',),
    "column WebhookTally.count is VARCHAR and should be INTEGER": TALLIES,
    "column WebhookTally.count may be empty and should not": TALLIES,
    "index LiveStream_scheduledStart of LiveStream is missing": ('DROP INDEX "LiveStream_scheduledStart"',),
    "index stray of LiveStream is unknown": ('CREATE INDEX stray ON "LiveStream" (title)',),
    "trigger AuditEntry_kept of AuditEntry is missing or switched off": ('DROP TRIGGER "AuditEntry_kept"',),
}


@pytest.fixture
def own(empty_database_url: str) -> Iterator[Engine]:
    """A migrated database that no other test uses: its schema may be changed."""
    made = make_engine(empty_database_url)
    migrate(made)
    yield made
    made.dispose()


def change(engine: Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            on_table = ' ON "AuditEntry"' if "TRIGGER" in statement and engine.dialect.name == "postgresql" else ""
            connection.execute(text(statement + on_table))


def checks_of(engine: Engine, http: RequestsMock) -> dict[str, Shown]:
    answering(http)
    return found(services_on(engine, Clock()))


def everything(engine: Engine) -> dict[str, list[str]]:
    """Every row of every table."""
    with engine.connect() as connection:
        tables = inspect(connection).get_table_names()
        rows = {name: connection.execute(text(f'SELECT * FROM "{name}"')).all() for name in tables}
    return {name: sorted(map(repr, those)) for name, those in rows.items()}


def test_a_database_as_it_was_made_has_no_differences(engine: Engine) -> None:
    assert schema_differences(engine) == []


@pytest.mark.parametrize("told", CHANGES)
@pytest.mark.slow
def test_each_difference_from_the_models_is_named(own: Engine, http: RequestsMock, told: str) -> None:
    change(own, *CHANGES[told])
    check = checks_of(own, http)["schema"]
    assert not check.ok
    assert told in check.sentence


@pytest.mark.database("postgresql")
def test_a_trigger_that_is_switched_off_is_as_good_as_none(own: Engine, http: RequestsMock) -> None:
    with own.begin() as connection:
        connection.execute(text('ALTER TABLE "AuditEntry" DISABLE TRIGGER "AuditEntry_unchanged"'))
    assert "trigger AuditEntry_unchanged of AuditEntry is missing" in checks_of(own, http)["schema"].sentence


def test_nothing_is_left_of_the_looking(engine: Engine, http: RequestsMock) -> None:
    member(engine)
    before = everything(engine)
    assert checks_of(engine, http)["database"].ok
    assert everything(engine) == before
    assert set(before) == {table.name for table in SQLModel.metadata.sorted_tables} | {"alembic_version"}


@pytest.mark.database("sqlite")
def test_the_file_of_the_database_is_the_same_and_nothing_is_beside_it(
    engine: Engine, http: RequestsMock, tmp_path: Path
) -> None:
    member(engine)
    engine.dispose()
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert checks_of(engine, http)["database"].ok
    engine.dispose()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.database("sqlite")
def test_where_there_is_no_database_nothing_is_made(http: RequestsMock, tmp_path: Path) -> None:
    checks = checks_of(make_engine(url_of(tmp_path / "data" / "none.sqlite3")), http)
    assert not checks["database"].ok
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "empty.sqlite3").touch()
    assert not checks_of(make_engine(url_of(tmp_path / "empty.sqlite3")), http)["database"].ok
    assert {path.name: path.stat().st_size for path in tmp_path.iterdir()} == {"empty.sqlite3": 0}


@pytest.mark.database("sqlite")
def test_a_full_disk_is_found_by_writing(engine: Engine, http: RequestsMock) -> None:
    with engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}"))
    check = checks_of(engine, http)["database"]
    assert not check.ok
    assert "cannot be written (database or disk is full)" in check.sentence


WRITING = """
import sys
from tracker.storage.database import fault_of, make_engine
from tracker.storage.examination import try_writing
try:
    try_writing(make_engine(sys.argv[1]))
except Exception as error:
    print(fault_of(error))
"""


@pytest.mark.slow
@pytest.mark.database("sqlite")
def test_what_the_disk_does_not_take_is_found_before_anything_is_committed(database_url: str, tmp_path: Path) -> None:
    size = (tmp_path / "test.sqlite3").stat().st_size
    done = subprocess.run(
        [sys.executable, "-c", WRITING, database_url],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        # No file may grow beyond the database's present size; the newest pages are in one of their own.
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size // 2, size // 2)),
    )
    assert done.stdout == f"{Fault(Sort.OTHER, 'disk I/O error')}\n"


@pytest.mark.database("postgresql")
def test_a_database_that_may_be_read_alone_is_found_by_writing(database_url: str, http: RequestsMock) -> None:
    separator = "&" if "?" in database_url else "?"
    only = make_engine(f"{database_url}{separator}options=-c%20default_transaction_read_only%3Don")
    check = checks_of(only, http)["database"]
    only.dispose()
    assert not check.ok
    assert "cannot execute INSERT in a read-only transaction" in check.sentence


@pytest.mark.database("sqlite")
def test_damage_in_the_file_is_found(engine: Engine, http: RequestsMock, tmp_path: Path) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE filler (x TEXT)"))
        connection.execute(text("INSERT INTO filler VALUES (hex(randomblob(100000)))"))
        page = connection.exec_driver_sql("PRAGMA page_size").scalar_one()
        root = connection.execute(text("SELECT rootpage FROM sqlite_master WHERE name = 'filler'")).scalar_one()
    engine.dispose()
    with (tmp_path / "test.sqlite3").open("r+b") as file:
        file.seek((root - 1) * page)
        file.write(b"\xff" * page)
    check = checks_of(engine, http)["database file"]
    assert not check.ok
    assert "SQLite finds damage: " in check.sentence
    assert "tracker restore FILE" in check.sentence


@pytest.mark.database("sqlite")
def test_a_file_too_large_to_be_looked_at_as_a_whole_is_said_to_be(
    engine: Engine, http: RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "SECONDS_FOR_PAGES", -1)
    monkeypatch.setattr("tracker.storage.examination.STEPS_BETWEEN_LOOKS", 1)
    check = checks_of(engine, http)["database file"]
    assert (check.ok, "PRAGMA quick_check" in check.sentence) == (True, True)


@pytest.mark.database("sqlite")
def test_a_disk_with_little_room_is_named(
    engine: Engine, http: RequestsMock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert checks_of(engine, http)["disk"].ok
    monkeypatch.setattr(vitals, "LOW_BYTES", 2**60)
    monkeypatch.setattr(vitals, "LOW_SHARE", 1.1)
    check = checks_of(engine, http)["disk"]
    assert (check.ok, str(tmp_path) in check.sentence) == (False, True)


@pytest.mark.database("sqlite")
def test_a_fault_of_the_program_keeps_no_other_check_from_being_made(
    engine: Engine, http: RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    member(engine)
    monkeypatch.setattr(Zoom, "clock_offset", lambda self: 1 // 0)
    checks = checks_of(engine, http)
    assert [name for name, check in checks.items() if not check.ok] == ["clock"]
    assert checks["clock"].sentence == (
        "It could not be checked. It is a fault of this program (ZeroDivisionError), which the log has."
    )


def test_a_row_is_written_and_taken_back(engine: Engine) -> None:
    written: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *given: written.append(str(given[2])))
    try_writing(engine)
    assert any(statement.startswith('INSERT INTO "WebhookTally"') for statement in written)
    with engine.connect() as connection:
        assert connection.execute(text('SELECT count(*) FROM "WebhookTally"')).scalar_one() == 0
        if engine.dialect.name == "sqlite":
            assert connection.execute(text("PRAGMA cache_size")).scalar_one() < 0, "the pool's connection was changed"
