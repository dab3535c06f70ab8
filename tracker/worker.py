"""The tracker's loop: `schedule` says what is due, each job does its pieces until none is left.

What is to be done is in the database, not in the schedule: after a pause of any length, or in another process,
the same rows are found due.
"""

import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta

import schedule

from tracker import auth, participants, store
from tracker.database import transaction
from tracker.services import Services

log = logging.getLogger(__name__)

SECONDS_BETWEEN_TURNS = 1
# Zoom repeats a delivery for about 85 minutes; much longer costs nothing and is a record for the operator.
DELIVERIES_KEPT = timedelta(days=30)


class Worker:
    """Runs the jobs in a thread of its own until it is stopped."""

    def __init__(self, services: Services, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._services, self._monotonic = services, monotonic
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="worker", daemon=True)
        self._last_turn: float | None = None
        self._schedule = schedule.Scheduler()
        self._schedule.every(SECONDS_BETWEEN_TURNS).seconds.do(guarded, self.drain)
        self._schedule.every(30).seconds.do(guarded, participants.ask_for_forgotten, services)
        self._schedule.every(6).hours.do(guarded, tidy_up, services)

    def start(self) -> None:
        """Begins at once with everything: what was missed while the process was down is caught up."""
        self._thread.start()

    def stop(self) -> None:
        """Ends after the piece that is being done, if any; its lease brings it back if that takes too long."""
        self._stop.set()
        self._thread.join(timeout=10)

    def seconds_since_turn(self) -> float | None:
        """The age of the loop's last sign of life in seconds; None before the first."""
        return None if self._last_turn is None else self._monotonic() - self._last_turn

    def drain(self) -> None:
        """Fetches one class after another until none is due or the process is to stop."""
        while not self._stop.is_set() and participants.fetch_due(self._services):
            self._last_turn = self._monotonic()

    def turn(self) -> None:
        """Runs the jobs that are due."""
        if (self._schedule.idle_seconds or 0) > 2 * SECONDS_BETWEEN_TURNS:
            # `schedule` goes by the clock on the wall, and that was set back: by hand, or by an hour in autumn.
            self._schedule.run_all()
        self._schedule.run_pending()
        self._last_turn = self._monotonic()

    def _run(self) -> None:
        self._schedule.run_all()
        while not self._stop.is_set():
            self.turn()
            self._stop.wait(SECONDS_BETWEEN_TURNS)


def guarded(job: Callable[..., None], *arguments: object) -> None:
    """Runs a job and logs what it raises: `schedule` itself would end the loop with it."""
    try:
        job(*arguments)
    except Exception:
        log.exception("the job %s failed; it runs again at its next turn", getattr(job, "__name__", job))


def tidy_up(services: Services) -> None:
    """Drops rows that have served their purpose."""
    now = services.now()
    with transaction(services.engine) as tx:
        auth.forget_old(tx, now)
        store.forget_deliveries(tx, now - DELIVERIES_KEPT)
