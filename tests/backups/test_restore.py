"""Restore: the database is what was saved, whole or not at all, whoever uses it meanwhile."""

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command

from tests.backups.databases import damage, fill
from tests.databases import Contents, contents, migrations, url_of
from tests.makers import NOW, environment, event_body, lesson, member, stored, zoom_signature
from tests.practice_school import CommandLine
from tests.tracker_process import PROJECT, serving
from tracker import clock
from tracker.errors import InvalidInput, TrackerError
from tracker.storage.backup import back_up, restore
from tracker.storage.database import make_engine
from tracker.storage.schema import revisions

pytestmark = pytest.mark.slow


# Restore


def test_restore_brings_back_exactly_what_was_and_keeps_what_there_was_before(live: Path, saved: Path) -> None:
    was, changed = contents(saved), contents(live)
    assert was["LiveStream"] != changed["LiveStream"]
    before = restore(url_of(live), saved, NOW)
    assert before == live.parent / "live.before-restore-20260514T120000Z.sqlite3"
    assert contents(live) == was
    assert contents(before) == changed
    assert stat.S_IMODE(before.stat().st_mode) == 0o600
    assert {path.name for path in live.parent.iterdir()} == {live.name, before.name}
    restore(url_of(live), before, clock.now())
    assert contents(live) == changed


def test_restore_makes_a_database_where_there_was_none(saved: Path, tmp_path: Path) -> None:
    live = tmp_path / "new machine" / "live.sqlite3"
    assert restore(url_of(live), saved, NOW) is None
    assert contents(live) == contents(saved)


def test_the_commands_say_what_they_did(run: CommandLine, live: Path, tmp_path: Path) -> None:
    file = tmp_path / "copy.sqlite3"
    was = contents(live)
    assert run.done("backup", str(file)).text.startswith(f"{file} has everything.")
    fill(url_of(live), "Biology")
    said, sign_ins = run.done("restore", str(file)).text.splitlines()
    assert Path(said.removeprefix("Restored. What was there before is in ").rstrip(".")).is_file()
    assert sign_ins.startswith("Everybody has to sign in again and to make new API tokens;")
    restored = contents(live)
    # What was done since is not undone: that the backup was made, and that it was restored.
    assert [row[5] for row in restored["AuditEntry"]] == ["backup_made", "restored"]
    assert restored | {"AuditEntry": []} == was


def test_an_older_backup_arrives_in_the_newest_schema(live: Path, migrated_file: Path, tmp_path: Path) -> None:
    old = tmp_path / "old.sqlite3"
    shutil.copy(migrated_file, old)
    engine = make_engine(url_of(old))
    with engine.begin() as connection:
        command.downgrade(migrations(connection), "0001")
    engine.dispose()
    given = old.read_bytes()
    restore(url_of(live), old, NOW)
    assert contents(live).keys() == contents(migrated_file).keys()
    assert contents(live)["alembic_version"] == contents(migrated_file)["alembic_version"]
    assert old.read_bytes() == given


def other_program(path: Path, revision: str | None) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE Song (title TEXT)")
        if revision:
            connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
            connection.execute("INSERT INTO alembic_version VALUES (?)", (revision,))
        connection.commit()


def newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()


NO_BACKUPS: dict[str, Callable[[Path], object]] = {
    "garbage": lambda path: path.write_bytes(os.urandom(100_000)),
    "text": lambda path: path.write_text("PRAGMA integrity_check"),
    "nothing in it": lambda path: path.write_bytes(b""),
    "cut in half": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "cut by one page": lambda path: path.write_bytes(path.read_bytes()[:-4096]),
    "cut by one byte": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "damaged inside": damage,
    "another program's": lambda path: other_program(path, None),
    "another program's with migrations": lambda path: other_program(path, "a1b2c3"),
    "another program's with a migration called as ours": lambda path: other_program(path, "0001"),
    "another program's in the third of our schemas": lambda path: other_program(path, "0003"),
    "another program's in the newest of our schemas": lambda path: other_program(path, max(revisions())),
    "a newer schema": newer,
    "a folder": lambda path: (path.unlink(), path.mkdir()),
    "not there": Path.unlink,
}


@pytest.mark.parametrize("spoil", NO_BACKUPS.values(), ids=NO_BACKUPS)
def test_what_is_no_backup_is_refused_and_the_present_data_stays(
    run: CommandLine, live: Path, saved: Path, spoil: Callable[[Path], object]
) -> None:
    spoil(saved)
    present, there = contents(live), sorted(live.parent.iterdir())
    assert str(saved) in run.refused("restore", str(saved))
    assert contents(live) == present
    assert sorted(live.parent.iterdir()) == there


def test_the_database_itself_is_no_backup(run: CommandLine, live: Path) -> None:
    assert run.refused("restore", str(live)) == f"{live} is the database itself."


def test_a_copy_kept_aside_is_never_replaced(live: Path, saved: Path) -> None:
    before = restore(url_of(live), saved, NOW)
    with pytest.raises(InvalidInput, match=f"{before} exists already"):
        restore(url_of(live), saved, NOW)


def test_restore_gives_up_while_somebody_else_keeps_writing(live: Path, saved: Path) -> None:
    present = contents(live)
    with closing(sqlite3.connect(live, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(TrackerError, match="is being written to; stop tracker and dashboard"):
            restore(url_of(live), saved, NOW, patience=0.01)
        other.execute("ROLLBACK")
    assert contents(live) == present
    assert list(live.parent.glob("*before*")) == []


def test_a_damaged_database_can_be_replaced(live: Path, saved: Path) -> None:
    damage(live)
    before = restore(url_of(live), saved, NOW)
    assert before is not None
    assert contents(live) == contents(saved)


def test_what_is_no_database_is_not_replaced_but_told(live: Path, saved: Path) -> None:
    live.write_bytes(b"garbage" * 1000)
    with pytest.raises(TrackerError, match=f"move {live} away"):
        restore(url_of(live), saved, NOW)
    assert live.read_bytes() == b"garbage" * 1000


def test_whoever_reads_meanwhile_goes_on_reading_what_was_there(live: Path, saved: Path) -> None:
    def titles(connection: sqlite3.Connection) -> list[str]:
        return [title for (title,) in connection.execute("SELECT title FROM LiveStream ORDER BY title")]

    with closing(sqlite3.connect(live, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        assert titles(reader) == ["Algebra", "Biology"]
        restore(url_of(live), saved, NOW)
        assert titles(reader) == ["Algebra", "Biology"]
        reader.execute("COMMIT")
        assert titles(reader) == ["Algebra"]


def test_nothing_that_others_commit_until_the_swap_is_lost(live: Path, saved: Path, writer: Callable[[], int]) -> None:
    for _ in range(20):
        committed = writer()
    before = restore(url_of(live), saved, NOW)
    assert before is not None
    kept = {str(row[1]) for row in contents(before)["User"]}
    after = {str(row[1]) for row in contents_of_running(live)["User"]}
    for _ in range(20):
        committed = writer()
    everybody = {f"{number}@school.example" for number in range(committed + 1)}
    last = {str(row[1]) for row in contents_of_running(live)["User"]}
    assert everybody <= kept | last
    assert not kept & after & everybody


def contents_of_running(live: Path) -> Contents:
    copy = live.with_name("look.sqlite3")
    back_up(url_of(live), copy)
    return contents(copy)


@pytest.mark.slow
def test_a_running_tracker_goes_on_with_what_was_restored(live: Path, tmp_path: Path) -> None:
    file = tmp_path / "copy.sqlite3"
    engine = make_engine(url_of(live))
    given = environment(DATABASE_URL=url_of(live), TRACKER_DATA_DIR=str(tmp_path), FETCH_DELAY_SECONDS="86400")
    with serving(given, tmp_path / "log") as running:
        back_up(url_of(live), file)
        later = lesson(engine, member(engine, "late@school.example"), "Later", zoom_meeting_id="99911112222")
        assert deliver(running.call, "99911112222") == 200
        assert stored(engine, later).status == "live"
        before = restore(url_of(live), file, clock.now())
        assert before is not None
        assert running.call("/healthz")[0] == 200
        # What the tracker writes now goes into the restored database, and its meeting is unknown there.
        assert deliver(running.call, "99911112222", "uuid-9") == 200
    engine.dispose()
    assert [row[1] for row in contents(live)["LiveStream"]] == ["Algebra"]
    assert sorted(str(row[1]) for row in contents(before)["LiveStream"]) == ["Algebra", "Later"]
    assert "error" not in (tmp_path / "log").read_text().lower()


def deliver(call: Callable[..., tuple[int, str]], meeting: str, uuid: str = "uuid-8") -> int:
    body = event_body("meeting.started", meeting, uuid)
    return call("/api/webhooks/zoom", body, zoom_signature(body, clock.now()))[0]


def test_a_restore_makes_the_data_folder_where_it_is_missing(
    run: CommandLine, saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = tmp_path / "new machine" / "data" / "x.sqlite3"
    monkeypatch.setenv("DATABASE_URL", url_of(made))
    assert run.done("restore", str(saved)).text.startswith("Restored.\n")
    assert contents(made) | {"AuditEntry": []} == contents(saved)


# A restore that is killed


def kill_restores(how: str, live: Path, saved: Path) -> str:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.killed_restores", how, str(live), str(saved)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ran.stderr == ""
    return ran.stdout


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_restore_that_is_killed_at_any_line_leaves_the_old_or_the_new(live: Path, saved: Path) -> None:
    old, new = kill_restores("lines", live, saved).split()
    assert int(old) > 50
    assert int(new) > 1


@pytest.mark.slow
def test_a_restore_of_many_pages_that_is_killed_at_any_moment_leaves_the_old_or_the_new(
    live: Path, saved: Path
) -> None:
    for path, name in ((live, "old"), (saved, "new")):
        with closing(sqlite3.connect(path)) as connection:
            people = [(f"{name}-{number}", f"{name}{number}@x.example", "n" * 500) for number in range(4000)]
            connection.executemany(
                "INSERT INTO User (id, email, name, role, createdAt) VALUES (?, ?, ?, 'teacher', '2026-01-01')", people
            )
            connection.commit()
    assert kill_restores("moments", live, saved).split()
