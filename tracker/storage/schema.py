"""The schema of a database: which one it has, and how it is brought to the newest one, for SQLite and PostgreSQL."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text

from tracker import paths
from tracker.errors import DatabaseNotReady, Problem, SettingsError
from tracker.storage import copies
from tracker.storage.database import BUSY_MILLISECONDS, MIGRATION_MILLISECONDS, Engine, file_of, files_of

log = logging.getLogger(__name__)

MIGRATIONS = Path(__file__).with_name("migrations")
# Any number, the same for everybody who migrates this database.
MIGRATION_LOCK = 7_302_117
# What `tracker.storage.postgres` limits in each transaction, and a migration needs without limits.
NO_LIMITS = "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0"


def migrate(engine: Engine, *, keep_copy: bool = True) -> None:
    """Brings the database to the newest schema. Safe to call from several processes at once.

    The first one in takes a lock and does the work in one transaction; the others wait and find it done. Of a SQLite
    database of an older schema a copy is set aside before, unless it is one itself, as a backup that is being restored
    (`keep_copy`). Raises SettingsError where a newer version of this program has been there, and TrackerError where
    there can be no copy.
    """
    with migrating(engine) as connection:
        before, file = _revision(connection), file_of(engine)
        newest = max(revisions())
        if before == newest:
            return
        if keep_copy and before is not None and file is not None:
            copies.keep_before_upgrade(file, before)
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(MIGRATIONS))
        command.upgrade(config, "head")
    if keep_copy and before is None:
        log.warning(
            "a new, empty database was made; if there was one before, look at DATABASE_URL and TRACKER_DATA_DIR, and "
            "whether its disk is there",
            extra={"database": _where(engine)},
        )
    elif keep_copy:
        log.info("the database was brought to the newest schema", extra={"from": before, "to": newest})


def check_schema(engine: Engine) -> None:
    """Looks whether there is a database of the newest schema, and changes nothing.

    Raises DatabaseNotReady, or SettingsError where a newer version of this program has been there.
    """
    file = file_of(engine)
    if file is not None and (not file.exists() or (file.is_file() and file.stat().st_size == 0)):
        raise no_database(file)
    with engine.execution_options(writes=False).connect() as connection:
        found = _revision(connection)
    where = _where(engine)
    if found is None:
        raise no_database(where)
    if found != max(revisions()):
        raise DatabaseNotReady("database_older", where=where)


def _where(engine: Engine) -> str:
    """Where the database is, without a user or password."""
    return str(file_of(engine) or f"{engine.url.host or 'localhost'}/{engine.url.database}")


def no_database(where: object) -> DatabaseNotReady:
    """That nothing is there yet, and how to begin."""
    return DatabaseNotReady("no_database", where=str(where))


def _revision(connection: Connection) -> str | None:
    """The name of the schema. Raises SettingsError for one that a newer version of this program has made."""
    found = MigrationContext.configure(connection).get_current_revision()
    if found is not None and found not in revisions():
        raise SettingsError([Problem("database_newer", {"found": found, "newest": max(revisions())})])
    return found


@contextmanager
def migrating(engine: Engine) -> Iterator[Connection]:
    """A connection in a transaction, during which nobody else migrates this database. It makes a SQLite file."""
    file = file_of(engine)
    if file is not None and not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        with suppress(OSError):  # whoever connects will hear of it
            file.touch(0o600)
    paths.make_private(*files_of(engine))
    set_up = _set_up_sqlite if engine.dialect.name == "sqlite" else _set_up_postgres
    with engine.connect() as connection, set_up(connection), connection.begin():
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql(NO_LIMITS)
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        yield connection


@contextmanager
def _set_up_postgres(connection: Connection) -> Iterator[None]:
    """Lets this connection wait for an answer as long as a migration may take."""
    raw: Any = connection.connection.driver_connection
    limit = raw.silent_seconds
    raw.silent_seconds = None
    try:
        yield
    finally:
        raw.silent_seconds = limit


@contextmanager
def _set_up_sqlite(connection: Connection) -> Iterator[None]:
    """Lets this connection wait for others as long as a migration may take, and replace whole tables.

    A table that others refer to is replaced by one with the same keys; SQLite checks keys as soon as the old one goes.
    """
    raw: Any = connection.connection.driver_connection
    raw.execute(f"PRAGMA busy_timeout = {MIGRATION_MILLISECONDS}")
    raw.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        raw.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
        raw.execute("PRAGMA foreign_keys = ON")


def revisions() -> set[str]:
    """The names of the schemas, from the first to the newest, that `migrate` can bring to the newest.

    Each is the number with which its migration's file begins: to load them all takes longer than most commands.
    """
    return {file.name.partition("_")[0] for file in MIGRATIONS.joinpath("versions").glob("[0-9]*.py")}
