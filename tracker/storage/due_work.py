"""Rows that are due at a moment, each taken by one worker at a time: the claim is one atomic statement.

Whoever claims a row moves its moment on, so that it is due again for somebody else if nothing more is heard of it.
Every function runs in the caller's transaction.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, cast

from sqlmodel import select, update

from tracker.storage.database import Transaction

_NOTHING: Mapping[Any, Any] = MappingProxyType({})


def claim(
    tx: Transaction,
    key: Any,
    due_at: Any,
    until: datetime,
    *conditions: Any,
    then_by: tuple[Any, ...] = (),
    also: Mapping[Any, Any] = _NOTHING,
) -> str | None:
    """Takes the row that has been due the longest, of those that the conditions let through, and returns its key.

    `key` and `due_at` are columns of one table, as are those of `then_by`, by which rows that are due at one moment are
    ordered, and those of `also`, which are set with it. The row is due again at `until`. None where there is none.
    """
    due = (
        select(key)
        .where(*conditions)
        .order_by(due_at, *then_by, key)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    statement = (
        update(key.class_)
        .where(key == due)
        .values({due_at: until, **also})
        .returning(key)
        .execution_options(synchronize_session=False)
    )
    row = tx.exec(statement).first()
    return str(row[0]) if row else None


def put_off(
    tx: Transaction, key: Any, due_at: Any, claimed: tuple[str, datetime | None], until: datetime | None
) -> None:
    """The claimed row, by its key and the moment of the claim, is done (None) or due later; unless it was claimed or
    asked for by somebody else meanwhile."""
    claimed_key, claimed_at = claimed
    statement = (
        update(key.class_)
        .where(key == claimed_key, due_at == claimed_at)
        .values({due_at: until})
        .execution_options(synchronize_session=False)
    )
    tx.exec(cast(Any, statement))
