"""Engines, transactions and migrations, for SQLite and PostgreSQL."""

import logging
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, CursorResult, create_engine, event
from sqlalchemy import Engine as Engine
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError, NoSuchModuleError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session, SQLModel

from tracker.errors import Problem, SettingsError
from tracker.storage.faults import fault_of as fault_of
from tracker.storage.faults import faults_of as faults_of

log = logging.getLogger(__name__)

# Waiting for another writer: long enough for any transaction of ours, short enough to answer a webhook.
BUSY_MILLISECONDS = 2_500
WRITE_LOCK_TRIES_APART = 0.002
CHECKPOINT_TRIES_APART = 0.05
MIGRATION_MILLISECONDS = 60_000
# What SQLite's files beside a database end in.
BESIDE = ("-wal", "-shm", "-journal")
# What is raised when the database is away, full, read-only or too busy; a program's own mistakes are among it too.
AWAY = (DBAPIError, PoolTimeout)
# How many pieces of work share a transaction: enough that its write to the disk no longer counts, and few enough
# that other processes get to write in between.
LARGEST_GROUP = 100

# How many threads of this process write to PostgreSQL at a time: more would only get in each other's way.
MOST_POSTGRES_WRITERS = 4
# How long the others wait for these: each takes milliseconds, so after seconds the database hangs.
POSTGRES_WRITER_SECONDS = 5.0

T = TypeVar("T")
# What SQLModel calls a session; here a session is a run of a Zoom meeting.
Transaction = Session
# A statement, or what it is on each kind of database.
Statement = Any | Mapping[str, Any]


class _Piece(Generic[T]):
    """A piece of work that waits for its transaction, and then what it returned or raised."""

    def __init__(self, work: Callable[[Transaction], T]) -> None:
        self.work = work
        self.result: T
        self.error: BaseException | None = None
        self.trace: TracebackType | None = None
        self.done = False

    def fail(self, error: BaseException) -> None:
        self.error, self.trace = error, error.__traceback__


class _Writers:
    """The writers of one SQLite database in this process: one at a time, and the work that waits to be taken along."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.waiting: deque[_Piece[Any]] = deque()


_WRITERS: WeakKeyDictionary[Engine, _Writers] = WeakKeyDictionary()
_POSTGRES_WRITERS: WeakKeyDictionary[Engine, ThreadPoolExecutor] = WeakKeyDictionary()


def make_engine(url: str) -> Engine:
    """An engine for a SQLite or PostgreSQL URL. Connects to nothing yet, and never makes a database.

    Raises SettingsError for a URL of another kind, or where the driver is not installed.
    """
    try:
        parsed = make_url(url)
        if parsed.drivername == "postgres":  # the spelling that many hosting services hand out
            parsed = parsed.set(drivername="postgresql")
        backend = parsed.get_backend_name()
        if backend == "sqlite":
            return _sqlite_engine(parsed.render_as_string(hide_password=False))
        if backend == "postgresql":
            # The driver of PostgreSQL is an extra, which whoever has SQLite need not install.
            from tracker.storage.postgres import make_postgres_engine

            engine = make_postgres_engine(parsed)
            _POSTGRES_WRITERS[engine] = ThreadPoolExecutor(MOST_POSTGRES_WRITERS, "postgres-writer")
            return engine
    except ImportError:
        raise SettingsError([Problem("postgres_driver_missing")]) from None
    except (ArgumentError, NoSuchModuleError, ValueError):  # ValueError: a port that is no number
        pass
    raise SettingsError([Problem("database_url_unusable")])


def _sqlite_engine(url: str) -> Engine:
    # Errors are logged, and what was to be written is personal data.
    engine = create_engine(url, hide_parameters=True)
    _WRITERS[engine] = _Writers()

    if file_of(engine) is not None:

        @event.listens_for(engine, "do_connect")
        def _open(_dialect: object, _record: object, arguments: list[Any], options: dict[str, Any]) -> None:
            # SQLite by itself would make the file of a database that is not there.
            arguments[0], options["uri"] = f"{Path(arguments[0]).absolute().as_uri()}?mode=rw", True

        @event.listens_for(engine, "connect")
        def _remember(_connection: object, record: ConnectionPoolEntry) -> None:
            record.info["file"] = _which_file(engine)

        @event.listens_for(engine, "checkout")
        def _look(_connection: object, record: ConnectionPoolEntry, _proxy: object) -> None:
            # A connection stays with its file, also when that was moved away or another one was put in its place;
            # what is written through it then would be lost.
            if record.info["file"] != _which_file(engine):
                raise DisconnectionError("the file of the database is another one")

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: object) -> None:
        # The driver's own idea of transactions loses updates; we begin them ourselves (below).
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
        # Readers do not block the writer, nor the writer them.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA foreign_keys = ON")
        # FULL: a webhook that was acknowledged survives a power cut, not only a crash of the process.
        connection.execute("PRAGMA synchronous = FULL")
        # What is deleted or replaced is overwritten: personal data must not be left in free pages.
        connection.execute("PRAGMA secure_delete = ON")
        # SQLite's own lower() knows only ASCII, and a search for "übung" should find "Übung".
        connection.create_function("lower", 1, lambda value: value and str(value).lower(), deterministic=True)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A transaction that will write takes the write lock at once: one that reads first and then
        # writes could otherwise overwrite what another wrote in between.
        if connection.get_execution_options().get("writes", True):
            _await_write_lock(connection)
        else:
            connection.exec_driver_sql("BEGIN")

    return engine


def file_of(engine: Engine) -> Path | None:
    """The file of a SQLite database; None for PostgreSQL, and for what is in memory only."""
    path = engine.url.database
    if engine.dialect.name != "sqlite" or not path or path.startswith((":memory:", "file:")):
        return None
    return Path(path).absolute()


def files_of(engine: Engine) -> tuple[Path, ...]:
    """The file of a SQLite database, and those that SQLite keeps beside it while it is in use."""
    file = file_of(engine)
    return () if file is None else (file, *(Path(f"{file}{suffix}") for suffix in BESIDE))


def _which_file(engine: Engine) -> tuple[int, int] | None:
    """What tells the database's file from any other; None where there is none."""
    try:
        found = Path(engine.url.database or "").stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _await_write_lock(connection: Connection) -> None:
    """`BEGIN IMMEDIATE`, tried every few milliseconds for as long as the connection is to wait for a writer.

    SQLite itself tries less and less often, and beside a process that has one transaction after another it may never
    find the moment between two of them.
    """
    patience = connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one()
    until = time.monotonic() + patience / 1000
    connection.exec_driver_sql("PRAGMA busy_timeout = 0")
    try:
        while True:
            try:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                return
            except OperationalError as error:
                locked = getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY
                if not locked or time.monotonic() > until:
                    raise
            time.sleep(WRITE_LOCK_TRIES_APART)
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {patience}")


@contextmanager
def transaction(engine: Engine) -> Iterator[Transaction]:
    """A transaction that may write: committed at the end of the block, rolled back if the block raises.

    Not to be nested: on SQLite the writers of a process wait for each other here, one after another. Left to SQLite
    they would ask again and again, and under load the unlucky ones would give up.
    """
    writers = _WRITERS.get(engine)
    with writers.lock if writers else nullcontext(), _writing(engine) as tx:
        yield tx


def together(engine: Engine, work: Callable[[Transaction], T]) -> T:
    """Does `work` in a transaction and returns what it returned, once that is committed. Raises what `work` raises.

    On SQLite all those who wait for the writer before them share one transaction, and so wait for the disk once.
    Work that raises is taken back and leaves that of the others alone. On PostgreSQL, where writers do not wait for
    each other, each has a transaction of its own; PoolTimeout is raised where none of them gets on.
    """
    writers = _WRITERS.get(engine)
    if writers is None:
        return _in_turn(engine, work)
    piece = _Piece(work)
    writers.waiting.append(piece)
    with writers.lock:
        while not piece.done:
            size = min(len(writers.waiting), LARGEST_GROUP)
            _carry_out(engine, [writers.waiting.popleft() for _ in range(size)])
    if piece.error is not None:
        # Many threads may raise one and the same error, and each would make its trace longer.
        raise piece.error.with_traceback(piece.trace)
    return piece.result


def _in_turn(engine: Engine, work: Callable[[Transaction], T]) -> T:
    """The same in a transaction of its own, by one of those who write to this PostgreSQL.

    Whoever comes first is next: with a semaphore some would be overtaken until their time is over. Raises PoolTimeout.
    """

    def alone() -> T:
        with transaction(engine) as tx:
            return work(tx)

    given = _POSTGRES_WRITERS[engine].submit(alone)
    wait([given], POSTGRES_WRITER_SECONDS)
    if given.cancel():
        raise PoolTimeout("those who write to the database do not get on")
    return given.result()


def _carry_out(engine: Engine, pieces: Sequence[_Piece[Any]]) -> None:
    """All of these in one transaction; where it fails as a whole, none of them is done."""
    try:
        with _writing(engine) as tx:
            for piece in pieces:
                try:
                    with tx.begin_nested():
                        piece.result = piece.work(tx)
                except OperationalError:
                    raise  # the database is full, locked or gone, and that concerns everybody
                except Exception as error:
                    piece.fail(error)
    except BaseException as error:
        for piece in pieces:
            piece.fail(error)
    for piece in pieces:
        piece.done = True


@contextmanager
def _writing(engine: Engine) -> Iterator[Transaction]:
    with _faults_noted(engine, writing=True), Transaction(engine, expire_on_commit=False) as tx, tx.begin():
        yield tx


@contextmanager
def reading(engine: Engine) -> Iterator[Transaction]:
    """A transaction that only reads, and sees one moment of the database where that can be had (SQLite)."""
    with (
        _faults_noted(engine, writing=False),
        Transaction(engine.execution_options(writes=False)) as tx,
        tx.begin(),
    ):
        yield tx


@contextmanager
def _faults_noted(engine: Engine, *, writing: bool) -> Iterator[None]:
    """Remembers what the database fails with, so that health can tell."""
    try:
        yield
    except AWAY as error:
        faults_of(engine).note(error, writing=writing)
        raise


def run(tx: Transaction, statement: Statement, **values: Any) -> CursorResult[Any]:
    """Runs a statement that was built once with these values, without the ORM.

    Webhooks come in bursts of thousands, and building a statement takes several times as long as SQLite needs to answer
    it. The ORM first writes what it still holds, and afterwards reads anew. Values have the names of the columns.
    """
    tx.flush()
    tx.expire_all()
    connection = tx.connection()
    if isinstance(statement, Mapping):
        statement = statement[connection.dialect.name]
    return connection.execute(statement, values)


def insert(table: type[SQLModel], finish: Callable[[Any], Any]) -> Mapping[str, Any]:
    """An INSERT of one row that says what to do on a conflict, which each kind of database has in its own dialect."""
    return {"sqlite": finish(sqlite.insert(table)), "postgresql": finish(postgresql.insert(table))}


def compact(engine: Engine) -> bool:
    """Leaves nothing in a SQLite file, and in the file of its newest pages, of what is not in the database any more.

    False where that could not be done, because somebody kept reading or writing for a minute or the disk is full; what
    is committed is in order then. On PostgreSQL its own VACUUM sees to it, and True is returned.
    """
    if engine.dialect.name != "sqlite":
        return True
    with engine.connect() as connection:
        raw: Any = connection.connection.driver_connection
        raw.execute(f"PRAGMA busy_timeout = {MIGRATION_MILLISECONDS}")
        try:
            raw.execute("VACUUM")
            until = time.monotonic() + MIGRATION_MILLISECONDS / 1000
            # Readers are waited for, but whoever writes the newest pages back is not: that is over in a moment.
            while busy := raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                if time.monotonic() > until:
                    break
                time.sleep(CHECKPOINT_TRIES_APART)
            return not busy
        except sqlite3.OperationalError:
            return False
        finally:
            raw.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
