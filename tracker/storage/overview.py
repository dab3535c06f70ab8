"""What kind of database this is and how much is in it, without what is in it."""

import sqlite3
from dataclasses import dataclass
from typing import Any

from alembic.runtime.migration import MigrationContext
from sqlalchemy import func, inspect, text
from sqlmodel import SQLModel, col, select

from tracker.storage.database import Transaction
from tracker.storage.models import Fetch, Mail, WebhookTally


@dataclass(frozen=True, slots=True)
class Overview:
    """`rows` has the number of rows of each of our tables, None for one that is not there.

    `foreign` is the number of tables that are none of ours, `version` is that of SQLite or of the PostgreSQL server.
    """

    kind: str
    version: str
    schema: str | None
    rows: dict[str, int | None]
    foreign: int


def overview(tx: Transaction) -> Overview:
    """What kind of database this is, its schema, and how many rows its tables have."""
    connection = tx.connection()
    kind = connection.dialect.name
    found = (
        sqlite3.sqlite_version if kind == "sqlite" else str(connection.execute(text("SHOW server_version")).scalar())
    )
    there = set(inspect(connection).get_table_names())
    ours = SQLModel.metadata.tables
    rows = {
        name: connection.execute(select(func.count()).select_from(table)).scalar_one() if name in there else None
        for name, table in sorted(ours.items())
    }
    schema = MigrationContext.configure(connection).get_current_revision()
    return Overview(kind, found, schema, rows, len(there - ours.keys() - {"alembic_version"}))


def errors_of_fetches(tx: Transaction) -> dict[str, int]:
    """What was the matter with fetches last, by code, and with how many."""
    return _by(tx, col(Fetch.error))


def errors_of_mails(tx: Transaction) -> dict[str, int]:
    """The same for e-mails."""
    return _by(tx, col(Mail.error))


def outcomes_of_webhooks(tx: Transaction) -> dict[str, int]:
    """How many webhooks of the last weeks came to what."""
    found = tx.exec(select(WebhookTally.outcome, func.sum(WebhookTally.count)).group_by(col(WebhookTally.outcome)))
    return {outcome: int(count) for outcome, count in found}


def _by(tx: Transaction, code: Any) -> dict[str, int]:
    found = tx.exec(select(code, func.count()).where(code.is_not(None)).group_by(code))
    return {str(one): count for one, count in found}
