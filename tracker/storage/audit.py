"""Who did what, with which class, when and from where. Entries are only ever added, and dropped once they are old.

Every function runs in the caller's transaction.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func
from sqlmodel import col, delete, select

from tracker.storage.database import Transaction
from tracker.storage.models import AuditEntry, LiveStream


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that was done. `title` is that of the class as it is called now; None where there is none any more."""

    at: datetime
    user_id: str | None
    actor: str
    origin: str
    action: str
    class_id: str | None
    title: str | None
    person: str | None
    details: Mapping[str, Any] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Which:
    """Which entries are asked for: `actor` is what the account was called, `since` inclusive, `until` exclusive."""

    actor: str = ""
    class_id: str = ""
    action: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Removed:
    """A class whose names or records were removed, how many people it had, and what was done (a code)."""

    at: datetime
    title: str
    people: int
    action: str


def add_entry(
    tx: Transaction,
    *,
    at: datetime,
    user_id: str | None,
    actor: str,
    origin: str,
    action: str,
    class_id: str | None = None,
    person: str | None = None,
    details: dict[str, object] | None = None,
) -> None:
    """Notes that somebody did something; `details` are stored as JSON."""
    tx.add(
        AuditEntry(
            at=at,
            user_id=user_id,
            actor=actor,
            origin=origin,
            action=action,
            class_id=class_id,
            person=person,
            details=json.dumps(details) if details else None,
        )
    )


def list_entries(tx: Transaction, which: Which, limit: int, offset: int = 0) -> list[Entry]:
    """The entries that are asked for, newest first."""
    with_title = select(AuditEntry, LiveStream.title).join(
        LiveStream, col(LiveStream.id) == col(AuditEntry.class_id), isouter=True
    )
    order = (col(AuditEntry.at).desc(), col(AuditEntry.id).desc())
    rows = tx.exec(with_title.where(*_conditions(which)).order_by(*order).limit(limit).offset(offset))
    return [_entry(row, title) for row, title in rows]


def count_entries(tx: Transaction, which: Which) -> int:
    """How many entries there are of those that are asked for."""
    return tx.exec(select(func.count()).select_from(AuditEntry).where(*_conditions(which))).one()


def count_since(
    tx: Transaction,
    after: datetime,
    action: str,
    user_id: str | None,
    class_id: str | None = None,
    person: str | None = None,
    actor: str = "",
    origin: str | None = None,
    details: Mapping[str, object] | None = None,
) -> int:
    """How often somebody did this later than `after`, from `origin` or anywhere; whoever has no account is told by
    `actor`. With `details`, with just these."""
    asked = [col(AuditEntry.action) == action, col(AuditEntry.at) > after]
    if user_id:
        asked.append(col(AuditEntry.user_id) == user_id)
    else:
        asked += [col(AuditEntry.user_id).is_(None), col(AuditEntry.actor) == actor]
    if class_id:
        asked.append(col(AuditEntry.class_id) == class_id)
    if person:
        asked.append(col(AuditEntry.person) == person)
    if origin is not None:
        asked.append(col(AuditEntry.origin) == origin)
    if details is not None:
        asked.append(col(AuditEntry.details) == json.dumps(details))
    return tx.exec(select(func.count()).select_from(AuditEntry).where(*asked)).one()


def removed_lately(tx: Transaction, actions: Sequence[str], limit: int) -> list[Removed]:
    """The last classes of which names or records were removed, by the codes of these actions; the latest first."""
    rows = (
        select(AuditEntry.at, LiveStream.title, LiveStream.participant_count, AuditEntry.action)
        .join(LiveStream, col(LiveStream.id) == col(AuditEntry.class_id))
        .where(col(AuditEntry.action).in_(actions))
        .order_by(col(AuditEntry.id).desc())
        .limit(limit)
    )
    return [Removed(at, title, people or 0, action) for at, title, people, action in tx.exec(rows)]


def forget(tx: Transaction, before: datetime, limit: int) -> int:
    """Drops at most so many of the entries from before this moment, the oldest first; returns how many."""
    old = select(AuditEntry.id).where(col(AuditEntry.at) < before).order_by(col(AuditEntry.at)).limit(limit)
    ids = list(tx.exec(old))
    if ids:
        tx.exec(delete(AuditEntry).where(col(AuditEntry.id).in_(ids)))
    return len(ids)


def _conditions(which: Which) -> list[Any]:
    found: list[Any] = []
    if which.actor:
        found.append(col(AuditEntry.actor) == which.actor)
    if which.class_id:
        found.append(col(AuditEntry.class_id) == which.class_id)
    if which.action:
        found.append(col(AuditEntry.action) == which.action)
    if which.since is not None:
        found.append(col(AuditEntry.at) >= which.since)
    if which.until is not None:
        found.append(col(AuditEntry.at) < which.until)
    return found


def _entry(row: AuditEntry, title: str | None) -> Entry:
    return Entry(
        row.at, row.user_id, row.actor, row.origin, row.action, row.class_id, title, row.person, _details(row.details)
    )


def _details(stored: str | None) -> dict[str, Any]:
    """The details of an entry; of what another program wrote, as much as makes sense."""
    try:
        read = json.loads(stored or "{}")
    except (ValueError, RecursionError):
        return {}
    found = read.items() if isinstance(read, dict) else ()
    return {name: value for name, value in found if isinstance(value, str | int)}
