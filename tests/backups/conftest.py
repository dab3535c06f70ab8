"""A school's database, a backup of it, its command line, and a process that writes all the time."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.backups.databases import WRITER, fill
from tests.databases import url_of
from tests.practice_school import CommandLine
from tests.tracker_process import PROJECT
from tracker import paths
from tracker.storage.backup import back_up


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
