"""Copies of a SQLite database as files, made of one moment of it, whoever writes (https://sqlite.org/backup.html)."""

import os
import sqlite3
from contextlib import closing, suppress
from datetime import UTC, datetime
from glob import escape
from pathlib import Path
from tempfile import TemporaryDirectory

from tracker.errors import TrackerError

ALL_PAGES = -1
# What follows the name of a database in that of a copy that was set aside: by a restore, and before an upgrade.
BEFORE_RESTORE, BEFORE_UPGRADE = "before-restore-", "before-upgrade-"


def open_existing(path: Path) -> sqlite3.Connection:
    """A connection to a database that is there; it would be made otherwise."""
    return sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, isolation_level=None)


def write_copy(source: sqlite3.Connection, target: Path, *, checked: bool = True) -> None:
    """Makes `target` a copy of what is committed in `source` now, in rollback mode and for this user alone."""
    with TemporaryDirectory(prefix=".tracker-", dir=target.parent) as folder:
        part = Path(folder, "part.sqlite3")
        part.touch(0o600)
        with closing(sqlite3.connect(part, isolation_level=None)) as copy:
            copy_pages(source, copy)
            copy.execute("PRAGMA journal_mode = DELETE")
            if checked:
                check_integrity(copy)
        part.replace(target)
    _sync_folder(target)


def copy_pages(source: sqlite3.Connection, target: sqlite3.Connection) -> None:
    """Copies all of one moment. Raises TrackerError where somebody else has locked either of them."""

    def step(status: int, _remaining: int, _total: int) -> None:
        if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise TrackerError("database_locked")

    source.backup(target, pages=ALL_PAGES, progress=step)


def _sync_folder(path: Path) -> None:
    """Writes the folder of a new file to the disk, so that its name survives a power cut."""
    with suppress(PermissionError):  # Windows has no folders that can be opened
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def check_integrity(connection: sqlite3.Connection) -> None:
    """Raises sqlite3.DatabaseError for a database that is damaged."""
    (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if found != "ok":
        raise sqlite3.DatabaseError(found.replace("\n", " "))


def keep_before_upgrade(file: Path, revision: str) -> Path:
    """Sets a copy of this database, whose schema is `revision`, aside beside it; in place of an earlier one of it.

    Raises TrackerError where that cannot be done.
    """
    target = file.with_name(f"{file.stem}.{BEFORE_UPGRADE}{revision}{file.suffix}")
    try:
        with closing(open_existing(file)) as source:
            # A database that is damaged is copied as it is: it is no worse for it.
            write_copy(source, target, checked=False)
    except sqlite3.Error as error:
        raise TrackerError("no_copy_before_upgrade", file=str(target), reason=str(error)) from error
    except OSError as error:
        raise TrackerError("no_copy_before_upgrade", file=str(target), reason=str(error.strerror)) from error
    return target


def set_aside(file: Path) -> tuple[Path, ...]:
    """The copies of earlier states of this database that lie beside it, made by a restore or before an upgrade."""
    return tuple(sorted(path for kind in (BEFORE_RESTORE, BEFORE_UPGRADE) for path in _copies(file, kind)))


def before_upgrades(file: Path) -> dict[Path, datetime]:
    """The copies that were made before upgrades of this database, and when."""
    return {path: datetime.fromtimestamp(path.stat().st_mtime, UTC) for path in sorted(_copies(file, BEFORE_UPGRADE))}


def forget_before_upgrades(file: Path, made_before: datetime) -> int:
    """Deletes those that were made before this moment, and returns how many. Raises OSError."""
    old = [path for path, made in before_upgrades(file).items() if made < made_before]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def _copies(file: Path, kind: str) -> list[Path]:
    return list(file.parent.glob(f"{escape(file.stem)}.{kind}*"))
