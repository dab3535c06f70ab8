"""Files with personal data or secrets: other users of the machine cannot open them, also where they could before."""

import os
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import Engine

from tests.databases import url_of
from tests.makers import counted, lesson, member, stay
from tests.practice_school import CommandLine
from tracker import demo, paths

pytestmark = [
    pytest.mark.database("sqlite"),
    pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes"),
]


@pytest.fixture(autouse=True)
def careless() -> Iterator[None]:
    """Whatever is made may be read by everybody, unless the program sees to it."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder, which is not there yet."""
    folder = tmp_path / "school" / "data"
    monkeypatch.setattr(paths, "CHECKOUT", tmp_path)
    monkeypatch.setenv("TRACKER_DATA_DIR", str(folder))
    return folder


@pytest.fixture
def run(data: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> CommandLine:
    return CommandLine(capsysbinary)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def open_ones(folder: Path) -> set[str]:
    """What others than its user may open, of a folder and all that is in it."""
    return {path.name for path in (folder, *folder.rglob("*")) if mode(path) & 0o077}


def test_data_folder_and_database_are_made_for_their_user_alone(run: CommandLine, data: Path) -> None:
    run.add_teacher()
    assert (mode(data), mode(data / "tracker.sqlite3")) == (0o700, 0o600)
    assert open_ones(data.parent) == set()


def test_what_was_open_to_others_is_closed_with_what_sqlite_keeps_beside_it(
    run: CommandLine, data: Path, migrated_file: Path
) -> None:
    data.mkdir(parents=True)
    shutil.copy(migrated_file, data / "tracker.sqlite3")
    (data / "tracker.sqlite3").chmod(0o644)
    with closing(sqlite3.connect(data / "tracker.sqlite3")) as user:
        user.execute("PRAGMA journal_mode = WAL")
        user.execute('UPDATE "User" SET name = name')
        user.commit()
        assert open_ones(data) == {"data", "tracker.sqlite3", "tracker.sqlite3-wal", "tracker.sqlite3-shm"}
        run.add_teacher()
        assert open_ones(data) == set()


@pytest.mark.slow
def test_a_folder_that_was_given_to_the_program_is_left_as_it_is(
    run: CommandLine, tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = tmp_path / "given"
    given.mkdir(0o755)
    monkeypatch.setenv("DATABASE_URL", url_of(given / "x.sqlite3"))
    run.add_teacher()
    assert (mode(given), mode(given / "x.sqlite3")) == (0o755, 0o600)
    everybodys = tmp_path / "everybodys"
    everybodys.mkdir()
    everybodys.chmod(0o1777)
    monkeypatch.setenv("TRACKER_DATA_DIR", str(everybodys))
    run.done("user", "list")
    run.add_teacher(email="eva@x.example")
    assert mode(everybodys) == 0o1777


def test_files_that_commands_write_are_closed_also_where_they_were_open(
    run: CommandLine, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", engine.url.render_as_string(hide_password=False))
    class_id = lesson(engine, member(engine))
    counted(engine, class_id, stay("Bo", 0, 60))
    new, old = tmp_path / "new.csv", tmp_path / "old.csv"
    old.touch(0o666)
    for file in (new, old):
        run.done("export", class_id, "--out", str(file))
        assert (mode(file), file.read_bytes()[:7]) == (0o600, b"\xef\xbb\xbfName")
    run.done("export", class_id, "--out", os.devnull)
    assert mode(Path(os.devnull)) == 0o666
    copy = tmp_path / "copy.sqlite3"
    copy.touch(0o666)
    run.done("backup", str(copy))
    assert mode(copy) == 0o600


def test_what_the_demo_keeps_is_closed(tmp_path: Path) -> None:
    secret = tmp_path / "demo" / "practice-secret"
    for _ in range(2):
        demo.environment({"TRACKER_DATA_DIR": str(secret.parent)})
        assert mode(secret) == 0o600
        secret.chmod(0o644)


@pytest.mark.slow
def test_the_doctor_names_what_others_can_open(run: CommandLine, tmp_path: Path, data: Path) -> None:
    (tmp_path / ".env").touch(0o644)
    run.add_teacher()
    data.chmod(0o750)
    (data / "tracker.sqlite3").chmod(0o640)
    found = {check["name"]: check for check in run("doctor", "--json").json["checks"]}
    assert not found["settings_file"]["ok"]
    assert f"chmod 600 {tmp_path / '.env'}" in found["settings_file"]["sentence"]
    assert not found["files"]["ok"]
    assert f"{data}, {data / 'tracker.sqlite3'}" in found["files"]["sentence"]
    (tmp_path / ".env").chmod(0o600)
    run("user", "disable", "nobody@x.example")  # whatever may write closes them
    found = {check["name"]: check for check in run("doctor", "--json").json["checks"]}
    assert (found["settings_file"]["ok"], found["files"]["ok"]) == (True, True)


def test_a_system_without_such_modes_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.touch(0o644)
    monkeypatch.setattr(paths, "os", SimpleNamespace(name="nt"))
    assert not paths.is_open_to_others(file)
    paths.make_private(file)
    assert mode(file) == 0o644
