"""People who were erased, and records without them. Every function runs in the caller's transaction."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import bindparam
from sqlalchemy import select as sa_select
from sqlmodel import col, select, update

from tracker.attendance.anonymous import STILL_HIDDEN, Erased
from tracker.attendance.types import Sighting, Stay
from tracker.storage.database import Transaction, run
from tracker.storage.models import ErasedPerson

_SINCE = sa_select(col(ErasedPerson.digest), col(ErasedPerson.salt), col(ErasedPerson.erased_at)).where(
    col(ErasedPerson.erased_at) > bindparam("moment")
)


def list_erased(tx: Transaction) -> Erased:
    """Everybody who was erased."""
    rows = tx.exec(select(ErasedPerson))
    return Erased({row.digest: (row.salt, row.erased_at) for row in rows})


def list_unfinished(tx: Transaction) -> Erased:
    """Those of them of whom there may still be something in this database."""
    rows = tx.exec(select(ErasedPerson).where(col(ErasedPerson.done).is_(False)))
    return Erased({row.digest: (row.salt, row.erased_at) for row in rows})


def add(tx: Transaction, erased: Erased) -> None:
    """Remembers these people too, as not yet done; of somebody who was erased twice, the later time."""
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
    erased = list_erased(tx)
    return [erased.hide(stay, meeting_id) for stay in stays]


def hide_seen(tx: Transaction, seen: Sighting, meeting_id: str) -> Sighting:
    """The same for what was seen live. Of this there are thousands in a minute, and few people whom it may concern."""
    since = {"moment": seen.at - STILL_HIDDEN}
    rows: list[tuple[str, str, datetime]] = [(*row,) for row in run(tx, _SINCE, **since)]  # type: ignore[misc]
    return Erased({digest: (salt, at) for digest, salt, at in rows}).hide_seen(seen, meeting_id) if rows else seen
