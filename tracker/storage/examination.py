"""Looking into a database and leaving it as it was: its schema beside the models', a write taken back, its pages."""

import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import Any
from uuid import uuid4

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError
from sqlmodel import SQLModel

from tracker.errors import Problem
from tracker.storage import models
from tracker.storage.database import transaction

# Made by migrations; the models know no triggers.
TRIGGERS = frozenset({("AuditEntry", "AuditEntry_unchanged"), ("AuditEntry", "AuditEntry_kept")})
# Those of the tables that a connection finds by itself; one that is switched off is as good as none.
TRIGGERS_THERE = {
    "sqlite": "SELECT tbl_name, name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT relname, tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
    "WHERE NOT tgisinternal AND tgenabled <> 'D' AND pg_table_is_visible(tgrelid)",
}
# So large that SQLite has to write it to the disk before the transaction is over: it keeps a few pages in memory.
LARGE_TEXT, PAGES_IN_MEMORY = "x" * 512 * 1024, 10
# How many of SQLite's own steps lie between two looks at the clock.
STEPS_BETWEEN_LOOKS = 10_000


class _TakenBack(Exception):
    """Ends a transaction that is not to be committed."""


def schema_differences(engine: Engine) -> list[Problem]:
    """What the tables of the database have otherwise than the models, each by name; nothing where they agree."""
    options = {"compare_type": True, "compare_server_default": True}
    with engine.execution_options(writes=False).connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        found = compare_metadata(context, SQLModel.metadata)
        return [*_differences(found), *_differences_of_triggers(connection)]


def _differences(found: Iterable[Any]) -> Iterator[Problem]:
    """What `alembic.autogenerate.compare_metadata` has found: a tuple for a table, a list of tuples for a column."""
    for one in found:
        if isinstance(one, list):  # all that differs in one column
            yield from (_of_column(*change) for change in one)
        else:
            yield _of_table(*one)


def _of_column(kind: str, _schema: str | None, table: str, column: str, _more: Any, is_now: Any, to_be: Any) -> Problem:
    if kind == "modify_type":
        return Problem(
            "schema_column_type", {"table": table, "column": column, "found": str(is_now), "expected": str(to_be)}
        )
    nullable = "schema_column_nullable" if is_now else "schema_column_not_nullable"
    return Problem(
        nullable if kind == "modify_nullable" else "schema_column_default", {"table": table, "column": column}
    )


def _of_table(kind: str, *about: Any) -> Problem:
    """What differs in a table: `add_…` is to be made, and so is missing; `remove_…` nobody knows.

    `about` is the table, index or constraint; of a column it is schema, name of the table, column.
    """
    missing, what = kind.startswith("add_"), kind.partition("_")[2]
    if what == "table":
        return Problem("schema_table_missing" if missing else "schema_table_unknown", {"table": about[0].name})
    if what == "column":
        code = "schema_column_missing" if missing else "schema_column_unknown"
        return Problem(code, {"table": about[1], "column": about[2].name})
    (thing,) = about
    name = str(thing.name or ", ".join(column.name for column in thing.columns))
    if what == "index":
        code = "schema_index_missing" if missing else "schema_index_unknown"
    else:
        code = "schema_constraint_missing" if missing else "schema_constraint_unknown"
    return Problem(code, {"table": thing.table.name, "name": name})


def _differences_of_triggers(connection: Connection) -> Iterator[Problem]:
    rows = connection.execute(text(TRIGGERS_THERE[connection.dialect.name]))
    there = {(str(table), str(name)) for table, name in rows}
    for code, those in (("schema_trigger_missing", TRIGGERS - there), ("schema_trigger_unknown", there - TRIGGERS)):
        for table, name in sorted(those):
            yield Problem(code, {"table": table, "name": name})


def try_writing(engine: Engine) -> None:
    """Writes a row and takes it back. Raises one of `AWAY` where that cannot be done, as on a full disk."""
    with suppress(_TakenBack), transaction(engine) as tx:
        connection = tx.connection()
        on_sqlite = connection.dialect.name == "sqlite"
        with _few_pages_in_memory(connection) if on_sqlite else nullcontext():
            outcome = f"doctor:{uuid4().hex}:{LARGE_TEXT if on_sqlite else ''}"
            table = models.WebhookTally.__table__  # type: ignore[attr-defined]  # SQLModel does not say that it has one
            now = text("'2000-01-01 00:00:00'")
            connection.execute(table.insert().values({"day": "", "outcome": outcome, "count": 0, "lastAt": now}))
        raise _TakenBack


@contextmanager
def _few_pages_in_memory(connection: Connection) -> Iterator[None]:
    """Has SQLite write to the disk before a transaction ends; the connection goes back to the pool as it was."""
    before = connection.exec_driver_sql("PRAGMA cache_size").scalar_one()
    connection.exec_driver_sql(f"PRAGMA cache_size = {PAGES_IN_MEMORY}")
    try:
        yield
    finally:
        connection.exec_driver_sql(f"PRAGMA cache_size = {before}")


def broken_pages(engine: Engine, seconds: float) -> str | None:
    """What SQLite finds damaged in its file, "" for nothing; None where it takes longer than this, or has no file."""
    if engine.dialect.name != "sqlite":
        return None
    until = time.monotonic() + seconds
    with engine.execution_options(writes=False).connect() as connection:
        raw: Any = connection.connection.driver_connection
        raw.set_progress_handler(lambda: time.monotonic() > until, STEPS_BETWEEN_LOOKS)
        try:
            (found,) = connection.exec_driver_sql("PRAGMA quick_check(1)").one()
        except OperationalError as error:
            if getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT:
                return None
            raise
        finally:
            raw.set_progress_handler(None, 0)
    return "" if found == "ok" else str(found)
