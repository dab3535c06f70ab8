"""The database: every SQL statement of the product, a module for each family of tables.

`from tracker import storage`, and then `storage.classes.get_class(tx, …)`: a call shows that it goes to the database.
"""

from tracker.storage import (
    api_tokens,
    attention,
    audit,
    classes,
    decisions,
    erased,
    fetches,
    invitations,
    leaving,
    members,
    participants,
    people_data,
    presence,
    processes,
    rates,
    retention,
    session_records,
    sessions,
    sign_in_attempts,
    sign_ins,
    snapshots,
    webhook_log,
)

__all__ = [
    "api_tokens",
    "attention",
    "audit",
    "classes",
    "decisions",
    "erased",
    "fetches",
    "invitations",
    "leaving",
    "members",
    "participants",
    "people_data",
    "presence",
    "processes",
    "rates",
    "retention",
    "session_records",
    "sessions",
    "sign_in_attempts",
    "sign_ins",
    "snapshots",
    "webhook_log",
]
