"""How the whole stands: which trackers live, whether Zoom's webhooks come, what of Zoom's rates is used.

It owns the queries of the tables for it. Functions that take a transaction run in the caller's.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version

from sqlalchemy import Engine, func
from sqlmodel import Session, col, delete, select

from tracker import deliveries, pacing, statements, watchlist
from tracker.database import transaction
from tracker.models import LiveStream, TrackerProcess, WebhookTally
from tracker.pacing import Usage
from tracker.watchlist import Queue
from tracker.webhook import OTHER_SIGNATURE

VERSION = version("zoom-participant-tracking")
# A tracker gives a sign of life every few seconds; one that is only busy misses some of them.
ALIVE_FOR = timedelta(minutes=2)
# Zoom asks for its address to be validated every 72 hours, and every class brings announcements.
SILENT_AFTER = timedelta(days=1)
# A class whose end was never announced is found half an hour after its planned end; older ones are no news.
LOOKED_BACK = timedelta(days=7)
TALLIES_KEPT = timedelta(days=30)
REFUSED = "refused: "
_ADD_TO_TALLY = statements.insert(
    WebhookTally,
    lambda row: row.on_conflict_do_update(
        index_elements=[WebhookTally.day, WebhookTally.outcome],
        set_={"count": WebhookTally.count + row.excluded.count, "lastAt": row.excluded.lastAt},
    ),
)
UNSIGNED = (
    "Webhooks come whose signature does not match: ZOOM_WEBHOOK_SECRET is not the Secret Token of the Zoom app, or "
    "somebody else sends them."
)
SILENT = "Classes were held, and no webhook of Zoom's has come: `tracker doctor` says how to mend it."


@dataclass(frozen=True, slots=True)
class Tracker:
    """A tracker process as it was last heard of."""

    name: str
    version: str
    started_at: datetime
    seen_at: datetime

    def is_alive(self, now: datetime) -> bool:
        """Whether it has given a sign of life of late."""
        return now - self.seen_at < ALIVE_FOR


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many webhooks of the present UTC day came to this, and when the last one did."""

    outcome: str
    count: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Alarms:
    """What somebody has to do something about.

    `untracked`: no tracker lives that would take in webhooks and fetch what is due. `silent_since`: from when on
    Zoom's webhooks should have come and did not; None while there is no such sign. `unsigned`: since the last one that
    was Zoom's there were some with another signature.
    """

    untracked: bool
    silent_since: datetime | None
    unsigned: bool


@dataclass(frozen=True, slots=True)
class Health:
    """How the whole stands at `now`; `webhooks` are those of the present UTC day by what became of them."""

    now: datetime
    alarms: Alarms
    trackers: tuple[Tracker, ...]
    queue: Queue
    last_webhook: datetime | None
    webhooks: tuple[Outcome, ...]
    rates: tuple[Usage, ...]

    @property
    def reasons(self) -> list[str]:
        """What somebody has to look at, a sentence each; none while all is well."""
        return [
            sentence
            for sentence, wrong in (
                (SILENT, self.alarms.silent_since is not None),
                (UNSIGNED, self.alarms.unsigned),
                (f"Fetches that are due and that nobody takes: {self.queue.late}.", self.queue.late),
                (f"Classes that could not be fetched in several tries: {self.queue.stuck}.", self.queue.stuck),
            )
            if wrong
        ]

    @property
    def webhook_age(self) -> float | None:
        """Seconds since the last webhook that was Zoom's."""
        return None if self.last_webhook is None else (self.now - self.last_webhook).total_seconds()


class Tally:
    """Counts what becomes of webhooks in memory: writing each refused one down would let anybody fill the disk."""

    def __init__(self, engine: Engine, now: Callable[[], datetime]) -> None:
        self._engine, self._now = engine, now
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    def note(self, outcome: str) -> None:
        """One more came to this."""
        with self._lock:
            self._counts[outcome] += 1

    def write_down(self) -> None:
        """Adds what was counted since the last time to the database; it is kept where that fails."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        if not counts:
            return
        try:
            with transaction(self._engine) as tx:
                _add_tally(tx, counts, self._now())
        except BaseException:
            with self._lock:
                self._counts += counts
            raise


def look(tx: Session, now: datetime) -> Health:
    """How everything stands."""
    day = now.astimezone(UTC).date().isoformat()
    tallies = tx.exec(select(WebhookTally).where(WebhookTally.day == day).order_by(col(WebhookTally.count).desc()))
    trackers, last = _trackers(tx), _last_webhook(tx)
    return Health(
        now=now,
        alarms=_alarms(tx, trackers, last, now),
        trackers=trackers,
        queue=watchlist.queue(tx, now),
        last_webhook=last,
        webhooks=tuple(Outcome(row.outcome, row.count, row.last_at) for row in tallies),
        rates=tuple(usage.today(now) for usage in pacing.usages(tx)),
    )


def alarms(tx: Session, now: datetime) -> Alarms:
    """What somebody has to do something about."""
    return _alarms(tx, _trackers(tx), _last_webhook(tx), now)


def note_alive(tx: Session, name: str, started_at: datetime, now: datetime) -> None:
    """This tracker lives."""
    tx.merge(TrackerProcess(name=name, version=VERSION, started_at=started_at, seen_at=now))


def note_gone(tx: Session, name: str) -> None:
    """This tracker was told to end."""
    tx.exec(delete(TrackerProcess).where(col(TrackerProcess.name) == name))


def forget_old(tx: Session, now: datetime) -> None:
    """Drops what is no longer of interest."""
    before = now - TALLIES_KEPT
    tx.exec(delete(WebhookTally).where(col(WebhookTally.last_at) < before))
    tx.exec(delete(TrackerProcess).where(col(TrackerProcess.seen_at) < before))


def _alarms(tx: Session, trackers: Iterable[Tracker], last: datetime | None, now: datetime) -> Alarms:
    alive = any(tracker.is_alive(now) for tracker in trackers)
    refused = select(func.max(WebhookTally.last_at)).where(WebhookTally.outcome == f"{REFUSED}{OTHER_SIGNATURE}")
    unsigned = tx.exec(refused).one()
    recently = unsigned is not None and now - unsigned < SILENT_AFTER and (last is None or unsigned > last)
    return Alarms(not alive, _silent_since(tx, last, now), recently)


def _trackers(tx: Session) -> tuple[Tracker, ...]:
    rows = tx.exec(select(TrackerProcess).order_by(TrackerProcess.name))
    return tuple(Tracker(row.name, row.version, row.started_at, row.seen_at) for row in rows)


def _add_tally(tx: Session, counts: Counter[str], now: datetime) -> None:
    day = now.astimezone(UTC).date().isoformat()
    for outcome, count in sorted(counts.items()):
        statements.run(tx, _ADD_TO_TALLY, day=day, outcome=outcome, count=count, lastAt=now)


def _last_webhook(tx: Session) -> datetime | None:
    """When the last webhook came that was Zoom's."""
    others = select(func.max(WebhookTally.last_at)).where(~col(WebhookTally.outcome).startswith(REFUSED))
    known = [moment for moment in (deliveries.last(tx), tx.exec(others).one()) if moment is not None]
    return max(known, default=None)


def _silent_since(tx: Session, last: datetime | None, now: datetime) -> datetime | None:
    """The start of the first class that was held, planned beforehand, without any webhook having come since."""
    if last is not None and now - last < SILENT_AFTER:
        return None
    after = max(last or now - LOOKED_BACK, now - LOOKED_BACK)
    held = select(func.min(LiveStream.started_at)).where(
        col(LiveStream.started_at) > after,
        col(LiveStream.started_at) > col(LiveStream.created_at),
        col(LiveStream.ended_at).is_not(None),
    )
    return tx.exec(held).one()
