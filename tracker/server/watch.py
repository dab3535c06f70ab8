"""What a tracker knows of itself, looked at all the time, and told: whatever begins to be wrong, and when it ends.

It has threads of its own: neither a loop that stands nor a database that does not answer may keep it from telling.
"""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Protocol
from urllib.parse import urlsplit

from tracker import health
from tracker.errors import Problem, TrackerError
from tracker.health import Condition, Health, Severity, Vitals, WebhookCounter
from tracker.messages import sentence_of
from tracker.services import Services
from tracker.storage.database import AWAY, fault_of, faults_of, file_of

log = logging.getLogger(__name__)

SECONDS_BETWEEN_BEATS = 5.0
# How often Zoom is asked for its time and a token (one is good for an hour), and how often while that fails.
SECONDS_BETWEEN_CALLS, SECONDS_BETWEEN_TRIES = 300.0, 30.0
# What comes and goes is told once in this time.
SECONDS_BETWEEN_LINES = 60.0
STOP_SECONDS = 5.0


class Loop(Protocol):
    """What is asked of the tracker's loop."""

    def seconds_since_turn(self) -> float | None:
        """The seconds since its last turn; None before the first."""

    def failing_jobs(self) -> tuple[str, ...]:
        """The jobs that fail by a fault of the program."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What is wrong, the worst first; what this process knows of itself; and what the database says, if it does."""

    conditions: tuple[Condition, ...]
    vitals: Vitals
    health: Health | None

    @property
    def is_down(self) -> bool:
        """Whether this tracker does not work."""
        return any(one.is_down for one in self.conditions)

    @property
    def status(self) -> str:
        """In a word for programs."""
        return "unwell" if self.is_down else "attention" if self.conditions else "ok"


class Watch:
    """Watches over the tracker of this name until it is stopped."""

    def __init__(
        self,
        services: Services,
        name: str,
        loop: Loop,
        webhook_counter: WebhookCounter,
        monotonic: Callable[[], float] = time.monotonic,
        settings_wrong: tuple[Condition, ...] = (),
    ) -> None:
        self._services, self._name, self._loop, self._monotonic = services, name, loop, monotonic
        self._webhook_counter, self._settings_wrong = webhook_counter, settings_wrong
        self._started_at = services.now()
        self._faults = faults_of(services.engine)
        self._stop = threading.Event()
        self._has_tried_to_store = False
        self._beat_began: float | None = None
        # How long the last beat that failed was waited for.
        self._waited_for = 0.0
        # When a beat was last stored, or the database was seen not to take it; before, when this began.
        self._beat_ended = monotonic()
        self._reader = health.Reader(services, webhook_counter.seen)
        # What the database said when it was read last.
        self._said_by_database: set[str] = set()
        # What was told to be wrong and has not ended, and when each was told last, also of what has ended.
        self._told: set[str] = set()
        self._told_at: dict[str, float] = {}
        self._threads = [
            threading.Thread(target=self._repeat, args=(job, pause), name=job.__name__, daemon=True)
            for job, pause in (
                (self.beat, lambda: SECONDS_BETWEEN_BEATS),
                (self.tell, lambda: SECONDS_BETWEEN_BEATS),
                (self.call_zoom, self._until_next_call),
            )
        ]

    def start(self) -> None:
        """Begins to watch."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ends, and takes this tracker off the list of those that run where the database takes that."""
        self._stop.set()
        until = time.monotonic() + STOP_SECONDS
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(until - time.monotonic(), 0))
        if self._beat_began is None:  # else the database does not answer, and would not now
            with suppress(*AWAY):
                health.note_gone(self._services.engine, self._name)

    def beat(self) -> None:
        """Writes down that this tracker runs, and what is wrong with it: the proof that changes can be stored."""
        wrong = health.of_process(self.vitals())
        self._beat_began = began = self._monotonic()
        try:
            health.note_alive(self._services.engine, self._name, self._started_at, self._services.now(), wrong)
        except AWAY:  # it is among the faults of the database
            self._beat_ended = self._monotonic()
            self._waited_for = self._beat_ended - began
        else:
            self._beat_ended = self._monotonic()
            self._waited_for = 0.0
            self._faults.stored()
        finally:
            self._beat_began = None
            self._has_tried_to_store = True

    def call_zoom(self) -> None:
        """Asks Zoom for a token, where the one in use runs out, and for its time; how that goes is noted."""
        if not self._is_connected:
            return
        with suppress(TrackerError, *AWAY):
            self._services.zoom.token()
        with suppress(TrackerError, *AWAY):
            self._services.zoom.clock_offset()

    def findings(self) -> Findings:
        """What is wrong now. It never raises, and answers also where the database does not."""
        found, fault, failed = None, None, None
        try:
            found = self._reader.read()
        except TimeoutError:
            seconds = round(health.SILENT_SECONDS)
            # While changes are stored, the database is only slow.
            failed = Condition(Problem("database_silent", {"seconds": seconds}))
        except AWAY as error:
            fault = fault_of(error)
            failed = Condition(Problem("database_fault", {"cause": type(error).__name__}), Severity.DOWN)
        except Exception:
            log.exception("what the database says of this installation could not be made out")
            failed = Condition(Problem("jobs_failing", {"jobs": "health"}), Severity.DOWN)
        vitals = self.vitals()
        if fault is not None:  # also where changes are stored: parts of a damaged database may work
            vitals = replace(vitals, record=replace(vitals.record, fault=fault))
        wrong = [*health.of_process(vitals), *(found.reasons if found else ())]
        is_told = any(one.code.startswith("database_") or one.code == "disk_full" for one in wrong)
        if failed is not None and (failed.code == "jobs_failing" or not is_told):
            wrong.append(failed)
        return Findings(tuple(sorted(wrong, key=lambda one: not one.is_down)), vitals, found)

    def vitals(self) -> Vitals:
        """What this process knows of itself."""
        settings, engine = self._services.settings, self._services.engine
        began = self._beat_began
        waiting = max(self._waited_for, 0.0 if began is None else self._monotonic() - began)
        file = file_of(engine)
        folders = {settings.data_dir: False} | ({file.parent: True} if file else {})
        disks = (health.disk_of(folder, needed=needed) for folder, needed in folders.items())
        return Vitals(
            loop_age=self._loop.seconds_since_turn(),
            failing_jobs=self._loop.failing_jobs(),
            beat_age=self._monotonic() - self._beat_ended,
            has_tried_to_store=self._has_tried_to_store,
            silent_for=waiting,
            database=str(file or f"{engine.url.host or 'localhost'}/{engine.url.database}"),
            record=self._faults.record(),
            disks=tuple(disk for disk in disks if disk is not None),
            standing=self._services.zoom.contact.standing(),
            zoom_host=urlsplit(settings.zoom_api_url).hostname or "",
            oauth_host=urlsplit(settings.zoom_oauth_url).hostname or "",
            zoom_connected=self._is_connected,
            webhook_secret=bool(settings.zoom_webhook_secret),
            recent=self._webhook_counter.recent(),
            settings=self._settings_wrong,
        )

    @property
    def _is_connected(self) -> bool:
        """Whether there are credentials for Zoom."""
        settings = self._services.settings
        return bool(settings.zoom_account_id and settings.zoom_client_id and settings.zoom_client_secret)

    def tell(self) -> None:
        """Logs what has begun to be wrong, with what mends it, and what has ended.

        While the database cannot be read, nobody knows whether what it said has ended.
        """
        now, findings = self._monotonic(), self.findings()
        wrong = {one.code: one for one in findings.conditions}
        wrong.pop("tracker_starting", None)  # nobody has to do anything about it
        for code, one in wrong.items():
            if (
                code not in self._told
                and now - self._told_at.get(code, -SECONDS_BETWEEN_LINES) >= SECONDS_BETWEEN_LINES
            ):
                level = logging.ERROR if one.is_down else logging.WARNING
                log.log(level, "%s %s", sentence_of(one), sentence_of(one.cure), extra={"condition": code})
                self._told.add(code)
                self._told_at[code] = now
        if findings.health is not None:
            self._said_by_database = {one.code for one in findings.health.reasons}
        ended = self._told - wrong.keys() - self._said_by_database
        for code in ended:
            log.info("it is well again", extra={"condition": code})
        self._told -= ended

    def _until_next_call(self) -> float:
        return SECONDS_BETWEEN_CALLS if self._services.zoom.contact.standing().is_good else SECONDS_BETWEEN_TRIES

    def _repeat(self, job: Callable[[], None], pause: Callable[[], float]) -> None:
        while not self._stop.is_set():
            try:
                job()
            except Exception:
                log.exception("the watch over this tracker failed; it goes on")
            self._stop.wait(pause())
