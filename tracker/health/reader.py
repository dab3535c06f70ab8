"""The state of the installation, read from the database within a limit of time."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future

from tracker.health.state import NOTHING_SEEN, Health, read_health
from tracker.health.vitals import SILENT_SECONDS
from tracker.health.webhook_counter import Seen
from tracker.services import Services

# For so long is a database waited for that has just failed to answer: whoever asks a tracker waits hardly longer.
AFTER_FAILURE_SECONDS = 1.0


class Reader:
    """Reads in a thread of its own, at most in one: a database that does not answer keeps nobody waiting for long.

    `seen` is what a tracker knows of webhooks beyond what is written down.
    """

    def __init__(self, services: Services, seen: Callable[[], Seen] = lambda: NOTHING_SEEN) -> None:
        self._services, self._seen = services, seen
        self._lock = threading.Lock()
        self._reading: Future[Health] | None = None
        self._began, self._left = 0.0, SILENT_SECONDS

    def read(self) -> Health:
        """What the database says. Raises TimeoutError where it says nothing in time, and what reading it raises."""
        with self._lock:
            reading = self._reading
            if reading is None or reading.done():
                reading = Future()
                threading.Thread(target=self._read_into, args=(reading,), name="health", daemon=True).start()
                has_failed = self._reading is not None and self._reading.exception() is not None
                self._left = AFTER_FAILURE_SECONDS if has_failed else SILENT_SECONDS
                self._reading, self._began = reading, time.monotonic()
            left = self._began + self._left - time.monotonic()
        return reading.result(max(left, 0.0))

    def _read_into(self, result: Future[Health]) -> None:
        try:
            result.set_result(self._services.read(read_health, self._services.now(), self._seen()))
        except BaseException as error:
            result.set_exception(error)
