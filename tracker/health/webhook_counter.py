"""Webhooks by what became of them, counted in memory and written down every few seconds."""

import logging
import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from tracker import storage
from tracker.storage.database import Engine, transaction
from tracker.storage.webhook_log import REFUSED

log = logging.getLogger(__name__)

# How often it is logged how many were refused.
TELL_REFUSED_EVERY = timedelta(minutes=1)


class WebhookCounter:
    """Counts the outcomes of webhooks in memory: storing each refused one would let anybody fill the disk."""

    def __init__(self, engine: Engine, now: Callable[[], datetime]) -> None:
        self._engine, self._now = engine, now
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._not_told: Counter[str] = Counter()
        self._told_at: datetime | None = None

    def note(self, outcome: str) -> None:
        """One more webhook had this outcome."""
        with self._lock:
            self._counts[outcome] += 1
            if outcome.startswith(REFUSED):
                self._not_told[outcome.removeprefix(REFUSED)] += 1

    def tell_refused(self, at_end: bool = False) -> None:
        """Logs by reason how many were refused, once a minute and at the end.

        Anybody can send what is refused: a line for each would fill the disk.
        """
        now = self._now()
        with self._lock:
            if not at_end and self._told_at and abs(now - self._told_at) < TELL_REFUSED_EVERY:
                return
            found, self._not_told = self._not_told, Counter()
            self._told_at = now if found else self._told_at
        for reason, count in found.most_common():
            log.warning("webhooks were refused", extra={"reason": reason, "count": count})

    def save_counts(self) -> None:
        """Adds what was counted since the last time to the database; it stays in memory where that fails."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        if not counts:
            return
        try:
            with transaction(self._engine) as tx:
                storage.webhook_log.add_to_tallies(tx, counts, self._now())
        except BaseException:
            with self._lock:
                self._counts += counts
            raise
