"""The tracker processes and when each was last seen. Every function runs in the caller's transaction."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import col, delete, select

from tracker.storage.database import Transaction
from tracker.storage.models import TrackerProcess

# A tracker stores every few seconds that it runs; one that is busy misses some of them.
ALIVE_FOR = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Tracker:
    """A tracker process as it was last seen; `conditions` is what it said is wrong, as JSON."""

    name: str
    version: str
    started_at: datetime
    seen_at: datetime
    conditions: str = ""

    def is_alive(self, now: datetime) -> bool:
        """Whether it was seen within the last minutes."""
        return now - self.seen_at < ALIVE_FOR


def list_trackers(tx: Transaction) -> tuple[Tracker, ...]:
    """The trackers that were seen, by name."""
    rows = tx.exec(select(TrackerProcess).order_by(TrackerProcess.name))
    return tuple(Tracker(row.name, row.version, row.started_at, row.seen_at, row.conditions or "") for row in rows)


def note_alive(tx: Transaction, tracker: Tracker) -> None:
    """This tracker runs."""
    tx.merge(
        TrackerProcess(
            name=tracker.name,
            version=tracker.version,
            started_at=tracker.started_at,
            seen_at=tracker.seen_at,
            conditions=tracker.conditions,
        )
    )


def note_gone(tx: Transaction, name: str) -> None:
    """This tracker was told to end."""
    tx.exec(delete(TrackerProcess).where(col(TrackerProcess.name) == name))


def forget(tx: Transaction, before: datetime) -> None:
    """Drops trackers that were last seen before that moment."""
    tx.exec(delete(TrackerProcess).where(col(TrackerProcess.seen_at) < before))
