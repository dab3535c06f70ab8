"""Upgrades: trackers that start at once on an older database, the way back, and old beside new on one PostgreSQL."""

import json
import os
import shutil
import signal
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine, inspect

from tests.databases import contents, url_of
from tests.makers import Clock, at, environment, services
from tests.practice_school import CommandLine
from tests.schemas import FINDS, FIRST_FORM_OF_0003, ROWS, SCHEMAS, insert_row, make_schema, rows_of, schema_of
from tests.tracker_process import PATIENCE, Tracker, wait_until
from tracker import clock, privacy
from tracker.errors import SettingsError, TrackerError
from tracker.messages import sentence_of
from tracker.storage import copies
from tracker.storage.database import make_engine, transaction
from tracker.storage.schema import migrate, revisions

NEWEST = max(revisions())
EARLIER = [schema for schema in SCHEMAS if schema != NEWEST]
# From this schema on, what an older tracker reads and writes is there after an upgrade: the two may run side by side.
SIDE_BY_SIDE_FROM = "0011"
# Trackers do what is due. When they start in these tests, what is in the rows of `ROWS` is over or still to come.
STARTED = at(85)
# On a busy machine a job of one may wait for the other to write for longer than SQLite waits; it tries again.
WAITED = "a job cannot reach the database; it goes on trying"
# Wrong passwords are forgotten after a quarter of an hour.
TIDIED = {"SignInAttempt"}
# What the trackers work out of a class that has been counted by an earlier version.
WORKED_OUT = {("LiveStream", name) for name in ("figuresOfCount", "peopleShown", "hostsShown")}


@pytest.fixture
def older(empty_database_url: str, tmp_path: Path) -> Iterator[Engine]:
    """A database that is empty as yet."""
    if empty_database_url.startswith("sqlite"):
        (tmp_path / "empty.sqlite3").touch(0o600)
    made = make_engine(empty_database_url)
    yield made
    made.dispose()


def revision(engine: Engine) -> str:
    with engine.connect() as connection:
        return str(connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one())


def kept(before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What was before, by what is there now; a column that was replaced counts as it was."""
    return {
        table: {name: after[table].get(name, value) for name, value in row.items()} for table, row in before.items()
    }


# Two trackers that start at once


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.database("sqlite")
@pytest.mark.parametrize("schema", EARLIER)
def test_two_trackers_that_start_at_once_bring_a_database_of_each_earlier_schema_up_once(
    older: Engine, tmp_path: Path, schema: str
) -> None:
    is_brought_up_once_by_two(older, tmp_path, schema)


# That each schema comes up there is seen in `tests.test_migrations`; here it is the lock, which is the same for all.
@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.database("postgresql")
@pytest.mark.parametrize("schema", [EARLIER[0], FIRST_FORM_OF_0003, max(set(EARLIER) - {FIRST_FORM_OF_0003})])
def test_so_do_they_on_postgresql(older: Engine, tmp_path: Path, schema: str) -> None:
    is_brought_up_once_by_two(older, tmp_path, schema)


def is_brought_up_once_by_two(older: Engine, tmp_path: Path, schema: str) -> None:
    make_schema(older, schema)
    before = rows_of(older)
    given = environment(
        DATABASE_URL=older.url.render_as_string(hide_password=False),
        TRACKER_DATA_DIR=str(tmp_path / "data"),
        TRACKER_TIME=STARTED.isoformat(),
        ZOOM_API_URL="http://127.0.0.1:1/v2",
        ZOOM_OAUTH_URL="http://127.0.0.1:1/oauth/token",
    )
    pair = [Tracker(given, tmp_path / f"log{number}", module="tests.tracker_at") for number in range(2)]
    try:
        for tracker in pair:
            tracker.launch()
        for tracker in pair:
            wait_until(tracker._is_well, f"a tracker that is well; its log: {tracker.log}", 2 * PATIENCE)
        assert [tracker.end(signal.SIGTERM) for tracker in pair] == [0, 0]
    finally:
        for tracker in pair:
            tracker.kill()
    lines = [json.loads(line) for tracker in pair for line in tracker.log.read_text("utf-8").splitlines()]
    faults = [line for line in lines if line["level"] not in ("INFO", "WARNING") or "error" in line]
    assert [line for line in faults if line["message"] != WAITED] == []
    from_schema = "0003" if schema == FIRST_FORM_OF_0003 else schema
    told = [line for line in lines if line["message"] == "the database was brought to the newest schema"]
    assert [(line["from"], line["to"]) for line in told] == [(from_schema, NEWEST)]
    assert revision(older) == NEWEST
    found = kept(before, rows_of(older) | {table: {} for table in TIDIED})
    changed = {(table, name) for table, row in found.items() for name in row if row[name] != before[table][name]}
    assert changed <= WORKED_OUT


# The way back


@pytest.mark.slow
@pytest.mark.database("sqlite")
@pytest.mark.parametrize("schema", EARLIER)
def test_the_copy_of_before_is_the_older_database_and_goes_back_in_its_place(older: Engine, schema: str) -> None:
    make_schema(older, schema)
    before, file = rows_of(older), Path(str(older.url.database))
    tables = schema_of(older)
    migrate(older)
    with older.begin() as connection:
        connection.execute(sa.text("""UPDATE "LiveStream" SET title = 'changed since'"""))
    older.dispose()
    (copy,) = copies.before_upgrades(file)
    assert copy.name == f"empty.before-upgrade-{'0003' if schema == FIRST_FORM_OF_0003 else schema}.sqlite3"
    assert copy.stat().st_mode & 0o777 == 0o600
    # What `.docs/upgrading.md` says: the present one aside, with what lies beside it, and the copy in its place.
    for path in file.parent.glob("empty.sqlite3*"):
        path.rename(path.with_name(f"newer-{path.name}"))
    shutil.copy(copy, file)
    assert rows_of(older) == before
    assert schema_of(older) == tables
    older.dispose()
    # And when it is tried again later.
    migrate(older)
    assert kept(before, rows_of(older)) == before
    assert copies.before_upgrades(file).keys() == {copy}


@pytest.mark.slow
@pytest.mark.database("sqlite")
def test_the_copy_of_before_can_be_restored_into_the_newer_program(
    older: Engine, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_schema(older, "0013")
    migrate(older)
    file = Path(str(older.url.database))
    with older.begin() as connection:
        connection.execute(sa.text("""UPDATE "LiveStream" SET title = 'changed since'"""))
    older.dispose()
    (copy,) = copies.before_upgrades(file)
    for name, value in environment(DATABASE_URL=url_of(file), TRACKER_DATA_DIR=str(tmp_path / "data")).items():
        monkeypatch.setenv(name, value)
    CommandLine(capsysbinary).done("restore", str(copy))
    assert rows_of(older)["LiveStream"]["title"] == ROWS["LiveStream"]["title"]
    assert revision(older) == NEWEST


@pytest.mark.database("sqlite")
def test_a_new_database_and_one_that_is_up_to_date_are_not_copied(older: Engine) -> None:
    migrate(older)
    migrate(older)
    assert copies.before_upgrades(Path(str(older.url.database))) == {}


@pytest.mark.database("sqlite")
def test_without_room_for_a_copy_the_older_database_is_left_as_it_is(
    older: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_schema(older, "0015")
    file = Path(str(older.url.database))
    before = contents(file)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(copies, "write_copy", full)
    with pytest.raises(TrackerError) as told:
        migrate(older)
    older.dispose()
    assert "before-upgrade-0015.sqlite3 cannot be written (No space left on device)" in sentence_of(told.value)
    assert contents(file) == before


@pytest.mark.database("sqlite")
def test_a_copy_of_before_goes_after_two_weeks_and_one_of_a_restore_stays(older: Engine) -> None:
    make_schema(older, "0015")
    migrate(older)
    file = Path(str(older.url.database))
    (copy,) = copies.before_upgrades(file)
    of_restore = file.with_name("empty.before-restore-20260514T120000Z.sqlite3")
    of_restore.touch()
    made = clock.now()
    for path in (copy, of_restore):
        os.utime(path, (made.timestamp(), made.timestamp()))
    assert copies.set_aside(file) == (of_restore, copy)
    for days, left in ((13.9, (of_restore, copy)), (14.1, (of_restore,))):
        moment = made + timedelta(days=days)
        privacy.forget_copies(services(older, Clock(moment)))
        assert copies.set_aside(file) == left


@pytest.mark.database("sqlite", "postgresql")
def test_a_program_that_does_not_know_the_schema_changes_nothing_and_says_what_to_do(older: Engine) -> None:
    migrate(older)
    with older.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    before = rows_of(older)
    with pytest.raises(SettingsError) as told:
        migrate(older)
    sentence = sentence_of(told.value)
    assert f"schema 9999, and this one knows {NEWEST}" in sentence
    assert "go back to the copy that was made before the upgrade" in sentence
    assert (rows_of(older), revision(older)) == (before, "9999")


# Old beside new


@pytest.mark.slow
@pytest.mark.database("sqlite", "postgresql")
@pytest.mark.parametrize("schema", sorted(name for name in revisions() if SIDE_BY_SIDE_FROM <= name < NEWEST))
def test_what_an_older_tracker_reads_and_writes_is_there_after_the_upgrade(older: Engine, schema: str) -> None:
    make_schema(older, schema)
    there = {table: inspect(older).get_columns(table) for table in ROWS if inspect(older).has_table(table)}
    migrate(older)
    found = inspect(older)
    missing = {
        (table, column["name"])
        for table, columns in there.items()
        for column in columns
        if column["name"] not in {now["name"] for now in found.get_columns(table)}
    }
    assert missing == set()
    with older.begin() as connection:
        for table in reversed(there):
            connection.execute(sa.text(f'DELETE FROM "{table}"'))
        # As the older one writes: with the columns that it knows.
        for table, columns in there.items():
            known = {column["name"] for column in columns}
            insert_row(connection, table, {name: value for name, value in ROWS[table].items() if name in known})
    with transaction(older) as tx:
        assert [table for table in there if table not in TIDIED and not FINDS[table](tx)] == []
