"""Engines for PostgreSQL, also behind PgBouncer in transaction mode, and with limits of time for a server that hangs.

Such a pooler gives each transaction another connection to the server, so nothing is left on a connection for the next
transaction: no setting, no prepared statement, no lock of the session. Only `make_engine` of `database` imports this.
"""

import time
from collections.abc import Generator
from typing import Any, TypeVar

import psycopg
from sqlalchemy import URL, Connection, Engine, create_engine, event

OPTIONS: dict[str, Any] = {
    # A server that vanishes without a word must not be waited for for hours. In seconds:
    "connect_timeout": 5,
    "keepalives_idle": 20,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    # In milliseconds:
    "tcp_user_timeout": 30_000,
    # Each transaction is begun by `BEGIN` below, in one message with its limits.
    "autocommit": True,
    # A statement that is prepared on one connection of the server is unknown on the next one.
    "prepare_threshold": None,
}
# For so long nothing may come while an answer is waited for. The network tells nothing of a server, or a pooler, that
# takes everything and never answers.
SILENT_SECONDS = 10.0
# How long a thread waits for one of the connections of its process.
POOL_SECONDS = 10.0
# What the server itself gives up, so that a tracker that vanished keeps no row locked: a statement, and a transaction
# in which nothing comes. Nothing of ours takes as long, but migrations.
BEGIN = "BEGIN; SET LOCAL statement_timeout = '60s'; SET LOCAL idle_in_transaction_session_timeout = '60s'"

T = TypeVar("T")


class ImpatientConnection(psycopg.Connection[Any]):
    """A connection that is closed, with an OperationalError, once the server has been silent for too long."""

    # None: however long it takes.
    silent_seconds: float | None = SILENT_SECONDS

    def wait(self, gen: Generator[Any, Any, T], *arguments: Any, **options: Any) -> T:
        """Waits for an answer of the server; psycopg sends and receives everything through here."""
        return super().wait(self._unless_silent(gen), *arguments, **options)

    def _unless_silent(self, gen: Generator[Any, Any, T]) -> Generator[Any, Any, T]:
        heard_at = time.monotonic()
        try:
            wanted = next(gen)
            while True:
                # Comes back every tenth of a second, with nothing where nothing has come.
                ready = yield wanted
                if ready:
                    heard_at = time.monotonic()
                elif self.silent_seconds is not None and time.monotonic() - heard_at > self.silent_seconds:
                    self.close()
                    raise psycopg.OperationalError(f"no answer for {self.silent_seconds:g} s")
                wanted = gen.send(ready)
        except StopIteration as end:
            result: T = end.value
            return result


def make_postgres_engine(url: URL) -> Engine:
    """An engine for a PostgreSQL URL. Connects to nothing yet. Raises ImportError without a driver."""
    engine = create_engine(
        url, pool_pre_ping=True, pool_timeout=POOL_SECONDS, connect_args=OPTIONS, hide_parameters=True
    )

    @event.listens_for(engine, "do_connect")
    def _connect(_dialect: object, _record: object, arguments: list[Any], options: dict[str, Any]) -> Any:
        return ImpatientConnection.connect(*arguments, **options)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(BEGIN)

    return engine
