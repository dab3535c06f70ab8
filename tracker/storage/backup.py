"""Backup and restore of a SQLite database that may be in use. For PostgreSQL, the sentence that says what to run.

Both copy pages with SQLite's online backup (https://sqlite.org/backup.html): one moment of a database, whoever writes.
"""

import shlex
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

from sqlalchemy import URL, inspect
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel

from tracker.attendance.anonymous import Erased
from tracker.errors import InvalidInput, TrackerError
from tracker.storage.copies import BEFORE_RESTORE, check_integrity, copy_pages, open_existing, write_copy
from tracker.storage.database import BESIDE, Engine, file_of, make_engine
from tracker.storage.models import ApiToken, Invitation, KnownBrowser, SignIn, SignInAttempt, StudentLink
from tracker.storage.schema import migrate, no_database, revisions

# What lets somebody in, or is about who tried; it may have been revoked since a backup was made.
WAYS_IN = (SignIn, KnownBrowser, ApiToken, Invitation, SignInAttempt, StudentLink)
# What is shared with whom, each with the column of what is shared.
SHARES = {"ClassShare": "streamId", "CourseShare": "courseId"}
# For the transactions of a running tracker or dashboard to end.
PATIENCE_SECONDS = 10.0
ONE_PAGE = 1
# Without their numbers, which may be those of others in the backup.
KEEP_AUDIT = """INSERT INTO main."AuditEntry"
    ("at", "userId", "actor", "origin", "action", "streamId", "person", "details")
    SELECT "at", "userId", "actor", "origin", "action", "streamId", "person", "details" FROM live."AuditEntry"
    EXCEPT
    SELECT "at", "userId", "actor", "origin", "action", "streamId", "person", "details" FROM main."AuditEntry"
    ORDER BY "at" """
# What was sent since the backup was made is not sent again; nobody knows it of what was to be sent then.
END_MAILS = """UPDATE main."Mail" SET "dueAt" = NULL, "error" = 'mail_perhaps_sent', "errorDetails" = NULL,
    "leasedUntil" = NULL, "leaseToken" = NULL WHERE "dueAt" IS NOT NULL"""
KEEP_MAILS = """INSERT OR REPLACE INTO main."Mail" ({columns}) SELECT {columns} FROM live."Mail"
    WHERE "courseId" IN (SELECT "id" FROM main."Course") OR "streamId" IN (SELECT "id" FROM main."LiveStream")"""
PG_DUMP = "pg_dump{server} --format=custom --file=FILE {name}"
# Into a new database: what is in the present one beside the tables of the backup would stand in the way.
PG_RESTORE = (
    "createdb{server} NEW && pg_restore{server} --single-transaction --no-owner --dbname=NEW FILE, "
    "then stop tracker and dashboard and let DATABASE_URL name NEW"
)


def back_up(url: str, file: Path) -> None:
    """Writes everything that is committed in the database at `url` into `file`, one plain SQLite file.

    The file takes its name, in place of one of that name, when it is whole. Raises TrackerError, with nothing changed.
    """
    live = _file_of(url, PG_DUMP)
    if not live.is_file():
        raise no_database(live)
    file = file.resolve()
    # SQLite would take what lies beside a database for its newest pages.
    ours = file == live or file in {Path(f"{live}{suffix}") for suffix in BESIDE}
    if ours or any(Path(f"{file}{suffix}").exists() for suffix in BESIDE):
        raise InvalidInput("backup_in_use", file=str(file))
    with _translated_errors("backup_unwritable", file), closing(open_existing(live)) as source:
        write_copy(source, file)


def restore(
    url: str,
    file: Path,
    now: datetime,
    patience: float = PATIENCE_SECONDS,
    prepare: Callable[[Engine], None] = lambda prepared: None,
) -> Path | None:
    """Replaces what is in the database at `url` with what is in the backup `file`, in one transaction.

    `prepare` may change the copy of the backup before it takes the place of the database.

    Returns the file that has what was there before, None if nothing was. Whoever uses the database meanwhile sees
    all of the old or all of the new, in the newest schema. Sign-ins, known browsers, API tokens and invitations of the
    backup do not come back, an account that is closed now stays closed, and no e-mail is sent twice. Raises
    TrackerError, with the database as it was: also if others keep writing to it for longer than `patience` seconds.
    """
    live = _file_of(url, PG_RESTORE)
    if not file.is_file():
        raise InvalidInput("no_file", file=str(file))
    if file.resolve() == live:
        raise InvalidInput("backup_is_database", file=str(file))
    before = live.with_name(f"{live.stem}.{BEFORE_RESTORE}{now.astimezone(UTC):%Y%m%dT%H%M%SZ}{live.suffix}")
    if before.exists():
        raise InvalidInput("backup_of_before_exists", file=str(before))
    was_there = live.exists() and live.stat().st_size > 0

    def step(status: int, remaining: int, total: int) -> None:
        if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise TrackerError("database_written_to")
        # After the first page nobody else can write, and nothing is committed before the last one: whatever has been
        # acknowledged until now is in this copy.
        if was_there and remaining == total - 1:
            with closing(open_existing(live)) as present:
                # The present database may be restored because it is damaged.
                write_copy(present, before, checked=False)

    with _translated_errors("restore_failed", file):
        live.parent.mkdir(parents=True, exist_ok=True)
    with _translated_errors("restore_failed", file), TemporaryDirectory(prefix=".tracker-", dir=live.parent) as folder:
        prepared = Path(folder, "prepared.sqlite3")
        _copy_to_newest_schema(file, prepared)
        _drop_ways_in(prepared, _closed_accounts(live) if was_there else [])
        _end_mails(prepared)
        if was_there:
            _drop_ended_shares(live, prepared)
            _keep_audit(live, prepared)
            _keep_mails(live, prepared)
        copy = make_engine(f"sqlite:///{quote(prepared.as_posix())}")
        prepare(copy)
        copy.dispose()
        with closing(open_existing(prepared)) as source, closing(_open_target(live, patience)) as target:
            try:
                source.backup(target, pages=ONE_PAGE, progress=step)
            except (sqlite3.Error, OSError):
                before.unlink(missing_ok=True)  # nothing was committed, and the disk may be full
                raise
    if was_there:
        _keep_audit(before, live)  # what was noted while the copy was made
        _keep_mails(before, live)
    return before if was_there else None


def erased_in(url: str) -> Erased:
    """Who was erased, as the database at `url` knows; nobody where there is none, or one that is damaged or older.

    Raises InvalidInput for PostgreSQL, with what to run instead.
    """
    live = _file_of(url, PG_RESTORE)
    if not live.is_file():
        return Erased()
    return erased_in_file(live)


def erased_in_file(file: Path) -> Erased:
    """The same for a file that is there."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
        rows = connection.execute('SELECT "digest", "salt", "erasedAt" FROM "ErasedPerson"').fetchall()
        return Erased({digest: (salt, datetime.fromisoformat(f"{at}+00:00")) for digest, salt, at in rows})
    return Erased()


def _file_of(url: str, on_postgresql: str) -> Path:
    """The file of a SQLite database. Raises InvalidInput for PostgreSQL, with what to run instead."""
    engine = make_engine(url)
    address, file = engine.url, file_of(engine)
    if address.get_backend_name() == "postgresql":
        command = on_postgresql.format(server=_server(address), name=shlex.quote(address.database or "postgres"))
        raise InvalidInput("backup_by_postgresql", command=command)
    if file is None:
        raise InvalidInput("database_without_file")
    return file.resolve()


def _server(address: URL) -> str:
    """Options of PostgreSQL's tools; the password is none of them, since a command line can be read by others."""
    parts = {"host": address.host or address.query.get("host"), "port": address.port, "username": address.username}
    return "".join(f" --{name}={shlex.quote(str(value))}" for name, value in parts.items() if value)


def _open_target(live: Path, patience: float) -> sqlite3.Connection:
    connection = sqlite3.connect(live, timeout=patience, isolation_level=None)
    try:
        # In this mode whoever reads goes on reading what was there before.
        connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.DatabaseError as error:
        connection.close()
        raise TrackerError("database_not_replaceable", reason=str(error), file=str(live)) from error
    return connection


def _copy_to_newest_schema(file: Path, prepared: Path) -> None:
    """Copies a backup and brings the copy to the newest schema. Raises InvalidInput for what is no backup of ours."""
    try:
        with (
            closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(prepared, isolation_level=None)) as copy,
        ):
            copy_pages(source, copy)
            check_integrity(copy)
            (page_size,) = source.execute("PRAGMA page_size").fetchone()
            if file.stat().st_size % page_size:
                raise InvalidInput("backup_cut_off", file=str(file))  # SQLite takes what is missing for zeros
            found = {revision for (revision,) in copy.execute("SELECT version_num FROM alembic_version")}
    except sqlite3.DatabaseError as error:
        if _is_disk_error(error):
            raise
        raise InvalidInput("backup_unreadable", file=str(file), reason=str(error)) from error
    if len(found) != 1 or not found <= revisions():
        raise InvalidInput("backup_newer", file=str(file))
    engine = make_engine(f"sqlite:///{quote(prepared.as_posix())}")
    try:
        migrate(engine, keep_copy=False)
        missing = SQLModel.metadata.tables.keys() - set(inspect(engine).get_table_names())
    except DBAPIError as error:
        if isinstance(error.orig, sqlite3.Error) and _is_disk_error(error.orig):
            raise error.orig from None
        raise InvalidInput("backup_with_other_tables", file=str(file)) from error
    finally:
        engine.dispose()
    if missing:
        raise InvalidInput("backup_without_table", file=str(file), table=min(missing))


def _closed_accounts(live: Path) -> list[tuple[str, str]]:
    """Since when which account is closed in the present database; none where that is damaged or of an early schema."""
    with suppress(sqlite3.DatabaseError), closing(open_existing(live)) as present:
        return present.execute('SELECT "disabledAt", id FROM "User" WHERE "disabledAt" IS NOT NULL').fetchall()
    return []


def _drop_ways_in(prepared: Path, closed: list[tuple[str, str]]) -> None:
    """Takes out of a copy of a backup what lets somebody in without a password, and closes these accounts in it."""
    with closing(open_existing(prepared)) as copy:
        copy.execute("BEGIN")
        for table in WAYS_IN:
            copy.execute(f'DELETE FROM "{table.__tablename__}"')  # noqa: S608 - one of our tables
        copy.execute('UPDATE "User" SET "apiTokenHash" = NULL')
        copy.executemany('UPDATE "User" SET "disabledAt" = ? WHERE id = ? AND "disabledAt" IS NULL', closed)
        copy.execute("COMMIT")


def _drop_ended_shares(live: Path, prepared: Path) -> None:
    """Takes out of a copy of a backup what is not shared any more; where nobody knows what is, all that was shared."""
    for name, whole in SHARES.items():
        every = f'DELETE FROM main."{name}"'  # noqa: S608 - one of our tables
        shared = f'SELECT "{whole}", "userId" FROM live."{name}"'  # noqa: S608
        with closing(open_existing(prepared)) as copy:
            try:
                copy.execute("ATTACH ? AS live", (f"{live.as_uri()}?mode=ro",))
                copy.execute(f'{every} WHERE ("{whole}", "userId") NOT IN ({shared})')
            except sqlite3.Error:  # it is damaged, or of a version in which nothing was shared
                copy.execute(every)


def _keep_audit(live: Path, prepared: Path) -> None:
    """Adds what was noted in `live` to a copy of a backup: a restore does not undo that somebody did something.

    The present database may be damaged, or of a version that noted nothing; then there is nothing to add.
    """
    with suppress(sqlite3.Error), closing(open_existing(prepared)) as copy:
        copy.execute("ATTACH ? AS live", (f"{live.as_uri()}?mode=ro",))
        copy.execute(KEEP_AUDIT)


def _end_mails(prepared: Path) -> None:
    with closing(open_existing(prepared)) as copy:
        copy.execute(END_MAILS)


def _keep_mails(live: Path, prepared: Path) -> None:
    """Adds what `live` knows of e-mails to a copy of a backup, so that none is sent twice; as `_keep_audit` does."""
    columns = ", ".join(f'"{column.name}"' for column in SQLModel.metadata.tables["Mail"].columns)
    with suppress(sqlite3.Error), closing(open_existing(prepared)) as copy:
        copy.execute("ATTACH ? AS live", (f"{live.as_uri()}?mode=ro",))
        copy.execute(KEEP_MAILS.format(columns=columns))


def _is_disk_error(error: sqlite3.Error) -> bool:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK)
    return code & 0xFF in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)  # the lower byte is the kind


@contextmanager
def _translated_errors(code: str, file: Path) -> Iterator[None]:
    """Turns errors of SQLite and of the machine into a TrackerError with this code."""
    try:
        yield
    except sqlite3.Error as error:
        raise TrackerError(code, file=str(file), reason=str(error)) from error
    except OSError as error:
        raise TrackerError(code, file=str(file), reason=str(error.strerror)) from error
