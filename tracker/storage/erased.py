"""People who were erased, and records without them. Every function runs in the caller's transaction."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import bindparam, text
from sqlalchemy import select as sa_select
from sqlmodel import col, select, update

from tracker.attendance.anonymous import STILL_HIDDEN, Erased
from tracker.attendance.types import Sighting, Stay
from tracker.storage.database import Transaction, run
from tracker.storage.models import ErasedPerson

# Whoever stores records reads the list in this way, and `lock` waits until they are stored: also where it is empty,
# since on PostgreSQL the clause locks the table against EXCLUSIVE. SQLite has one writer at a time, and no such clause.
_SINCE = (
    sa_select(col(ErasedPerson.digest), col(ErasedPerson.salt), col(ErasedPerson.erased_at))
    .where(col(ErasedPerson.erased_at) > bindparam("moment"))
    .with_for_update(read=True, key_share=True)
)


def lock(tx: Transaction) -> None:
    """Waits for everybody who stores records by the list as it was, and has all others wait for this transaction.

    So no record of whoever is added is stored after somebody has looked for them. To be called first of all in a
    transaction.
    """
    if tx.connection().dialect.name == "postgresql":
        # Backups go on reading it.
        tx.connection().execute(text('LOCK TABLE "ErasedPerson" IN EXCLUSIVE MODE'))


def list_erased(tx: Transaction) -> Erased:
    """Everybody who was erased."""
    return _erased(tx.exec(select(ErasedPerson)))


def list_unfinished(tx: Transaction) -> Erased:
    """Those of them of whom there may still be something in this database."""
    return _erased(tx.exec(select(ErasedPerson).where(col(ErasedPerson.done).is_(False))))


def add(tx: Transaction, erased: Erased) -> None:
    """Remembers these people too, as not yet done; of somebody who was erased twice, the later time.

    The caller has locked the list.
    """
    known = list_erased(tx).people
    for digest, (salt, at) in sorted(erased.people.items()):
        latest = max(at, known[digest][1]) if digest in known else at
        tx.merge(ErasedPerson(digest=digest, salt=salt, erased_at=latest, done=False))


def finish(tx: Transaction, erased: Erased) -> None:
    """Nothing of these people is left; whoever was erased once more since is another matter."""
    for digest, (_, at) in sorted(erased.people.items()):
        same = col(ErasedPerson.digest) == digest, col(ErasedPerson.erased_at) <= at
        tx.exec(update(ErasedPerson).where(*same).values(done=True))


def hide(tx: Transaction, stays: Iterable[Stay], meeting_id: str) -> Sequence[Stay]:
    """Zoom's records of a meeting as they may be stored: without who was erased."""
    erased = _erased(tx.exec(select(ErasedPerson).with_for_update(read=True, key_share=True)))
    return [erased.hide(stay, meeting_id) for stay in stays]


def hide_seen(tx: Transaction, seen: Sighting, meeting_id: str) -> Sighting:
    """The same for what was seen live. Of this there are thousands in a minute, and few people whom it may concern."""
    since = {"moment": seen.at - STILL_HIDDEN}
    rows: list[tuple[str, str, datetime]] = [(*row,) for row in run(tx, _SINCE, **since)]  # type: ignore[misc]
    return Erased({digest: (salt, at) for digest, salt, at in rows}).hide_seen(seen, meeting_id) if rows else seen


def _erased(rows: Iterable[ErasedPerson]) -> Erased:
    return Erased({row.digest: (row.salt, row.erased_at) for row in rows})
