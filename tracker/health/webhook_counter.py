"""Webhooks by what became of them, counted in memory and written down every few seconds."""

import logging
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tracker import storage
from tracker.storage.database import Engine, transaction
from tracker.storage.webhook_log import OF_NO_CONCERN, REFUSED
from tracker.zoom.webhook import OTHER_SIGNATURES

log = logging.getLogger(__name__)

# For so long a webhook is one of the last minutes. Counted by pieces of that time: anybody can send any number.
RECENT, PIECE = timedelta(minutes=5), timedelta(seconds=10)
OF_OTHERS = {f"{REFUSED}{code}" for code in OTHER_SIGNATURES}


@dataclass(frozen=True, slots=True)
class Seen:
    """What a process has seen of webhooks, whether or not the database knows.

    `last`: when the last one came that was Zoom's. `last_needed`: the same of those that are needed here. `last_other`:
    when the last one came that has another signature, and its outcome.
    """

    last: datetime | None = None
    last_other: tuple[datetime, str] | None = None
    last_needed: datetime | None = None


class WebhookCounter:
    """Counts the outcomes of webhooks in memory: storing each refused one would let anybody fill the disk."""

    def __init__(self, engine: Engine, now: Callable[[], datetime]) -> None:
        self._engine, self._now = engine, now
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._not_told: Counter[str] = Counter()
        self._pieces: list[tuple[datetime, Counter[str]]] = []
        self._seen = Seen()

    def note(self, outcome: str) -> None:
        """One more webhook had this outcome."""
        now = self._now()
        with self._lock:
            self._counts[outcome] += 1
            if not self._pieces or abs(now - self._pieces[-1][0]) >= PIECE:
                self._pieces = [*self._recent_pieces(now), (now, Counter())]
            self._pieces[-1][1][outcome] += 1
            if not outcome.startswith(REFUSED):
                needed = self._seen.last_needed if outcome == OF_NO_CONCERN else now
                self._seen = replace(self._seen, last=now, last_needed=needed)
                return
            self._not_told[outcome.removeprefix(REFUSED)] += 1
            if outcome in OF_OTHERS:
                self._seen = replace(self._seen, last_other=(now, outcome))

    def recent(self) -> Counter[str]:
        """How many of the last minutes had which outcome, those among them that the database does not take."""
        with self._lock:
            return sum((counts for _, counts in self._recent_pieces(self._now())), Counter())

    def seen(self) -> Seen:
        """What was seen since the start."""
        with self._lock:
            return self._seen

    def tell_refused(self) -> None:
        """Logs by reason how many were refused since it was told last.

        Anybody can send what is refused: a line for each would fill the disk.
        """
        with self._lock:
            found, self._not_told = self._not_told, Counter()
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

    def _recent_pieces(self, now: datetime) -> list[tuple[datetime, Counter[str]]]:
        # A clock that is set back must not keep them for long.
        return [piece for piece in self._pieces if abs(now - piece[0]) < RECENT]
