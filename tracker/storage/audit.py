"""Who did what with whom. Every function runs in the caller's transaction."""

import json
from datetime import datetime

from tracker.storage.database import Transaction
from tracker.storage.models import AuditEntry


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
    """Notes that somebody did something. `person` is a digest, `action` and `origin` are codes or an address."""
    tx.add(
        AuditEntry(
            at=at,
            user_id=user_id,
            actor=actor,
            origin=origin,
            action=action,
            class_id=class_id,
            person=person,
            details=None if details is None else json.dumps(details),
        )
    )
