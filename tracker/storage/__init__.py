"""The database: every SQL statement of the product, a module for each family of tables.

`from tracker import storage`, and then `storage.classes.get_class(tx, …)`: a call shows that it goes to the database.
"""

from tracker.storage import (
    attention,
    classes,
    decisions,
    fetches,
    members,
    participants,
    presence,
    processes,
    rates,
    session_records,
    sessions,
    sign_ins,
    snapshots,
    webhook_log,
)

__all__ = [
    "attention",
    "classes",
    "decisions",
    "fetches",
    "members",
    "participants",
    "presence",
    "processes",
    "rates",
    "session_records",
    "sessions",
    "sign_ins",
    "snapshots",
    "webhook_log",
]
