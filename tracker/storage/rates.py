"""How much of Zoom's rate limits is used. Every function runs in the caller's transaction."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sqlmodel import col, delete, select

from tracker.storage.database import Transaction, insert, run
from tracker.storage.models import ZoomRate, ZoomWrites

_FIRST_USE = insert(ZoomRate, lambda row: row.on_conflict_do_nothing())
_FIRST_WRITE = insert(ZoomWrites, lambda row: row.on_conflict_do_nothing())

# Zoom's longest pause is the rest of a day: what is later was written by a clock that has been set back since.
LONGEST_PAUSE = timedelta(hours=26)


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of a category is used; the counts are of the UTC `day`.

    `next_at` and `next_interactive_at` are the next free slots for a call, in seconds since 1970.
    """

    category: str
    next_at: float
    next_interactive_at: float
    day: str
    calls: int
    refused: int
    paused_until: datetime | None

    def today(self, now: datetime) -> "Usage":
        """The same with the counts of the day of `now`."""
        day = now.astimezone(UTC).date().isoformat()
        return self if self.day == day else replace(self, day=day, calls=0, refused=0)

    def is_paused(self, now: datetime) -> bool:
        """Whether Zoom wants no calls at `now`."""
        return self.paused_until is not None and now < self.paused_until < now + LONGEST_PAUSE


def is_paused(tx: Transaction, category: str, now: datetime) -> bool:
    """Whether Zoom wants no calls of this category at `now`."""
    row = tx.get(ZoomRate, category)
    return row is not None and _usage(row).is_paused(now)


def list_usages(tx: Transaction) -> list[Usage]:
    """The use of each category that was used."""
    return [_usage(row) for row in tx.exec(select(ZoomRate).order_by(ZoomRate.category))]


def lock_usage(tx: Transaction, category: str) -> Usage:
    """The usage of a category as it stays until the end of the transaction."""
    row = tx.get(ZoomRate, category, with_for_update=True)
    if row is None:
        unused = {"nextAt": 0.0, "nextHurriedAt": 0.0, "day": "", "calls": 0, "refused": 0}
        run(tx, _FIRST_USE, category=category, **unused)
        row = tx.get_one(ZoomRate, category, with_for_update=True)
    return _usage(row)


def save_usage(tx: Transaction, used: Usage) -> None:
    """Stores the usage of a category. The caller has locked it."""
    row = tx.get_one(ZoomRate, used.category)
    row.next_at, row.next_interactive_at, row.paused_until = used.next_at, used.next_interactive_at, used.paused_until
    row.day, row.calls, row.refused = used.day, used.calls, used.refused
    tx.add(row)


def writes_of(tx: Transaction, host: str, now: datetime) -> int:
    """How many meetings were made or changed for a host on the UTC day of `now`."""
    row = tx.get(ZoomWrites, _host(host))
    return row.writes if row is not None and row.day == _day(now) else 0


def lock_writes(tx: Transaction, host: str, now: datetime) -> int:
    """The same, as it stays until the end of the transaction."""
    run(tx, _FIRST_WRITE, host=_host(host), day=_day(now), writes=0)
    row = tx.get_one(ZoomWrites, _host(host), with_for_update=True, populate_existing=True)
    return row.writes if row.day == _day(now) else 0


def save_writes(tx: Transaction, host: str, writes: int, now: datetime) -> None:
    """Stores how many they are now. The caller has locked it."""
    row = tx.get_one(ZoomWrites, _host(host))
    row.day, row.writes = _day(now), writes
    tx.add(row)


def forget_writes(tx: Transaction, now: datetime) -> None:
    """Drops what was counted on earlier days."""
    tx.exec(delete(ZoomWrites).where(col(ZoomWrites.day) < _day(now)))


def _host(host: str) -> str:
    return host.strip().casefold() if "@" in host else host.strip()


def _day(now: datetime) -> str:
    return now.astimezone(UTC).date().isoformat()


def _usage(row: ZoomRate) -> Usage:
    slots = (row.next_at, row.next_interactive_at)
    return Usage(row.category, *slots, row.day, row.calls, row.refused, row.paused_until)
