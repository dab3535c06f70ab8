"""The tracker's loop: `schedule` runs the jobs, and each job works on what the database says is due until nothing is.

What is to be done is in the database, not in the schedule: after a pause of any length, or in another process,
the same rows are found due.
"""

import logging
import threading
import time
from collections.abc import Callable

import schedule

from tracker import audit, classes, courses, fetching, health, news, privacy, reconcile
from tracker.services import Services
from tracker.storage.database import AWAY

log = logging.getLogger(__name__)

SECONDS_BETWEEN_TURNS = 1
# At the same time, so that one class for which Zoom takes long does not hold up the others.
FETCHERS = 4
STOP_SECONDS = 10


class Worker:
    """Runs the jobs in threads of its own until it is stopped. `name` tells it from other trackers.

    `chores` are further jobs, each with every how many seconds it runs.
    """

    def __init__(
        self,
        services: Services,
        name: str,
        monotonic: Callable[[], float] = time.monotonic,
        chores: tuple[tuple[Callable[[], None], int], ...] = (),
    ) -> None:
        self._services, self._name, self._monotonic = services, name, monotonic
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="worker", daemon=True)
        self._fetchers: list[threading.Thread] = []
        # At most one thread of each name works beside the loop.
        self._beside: dict[str, threading.Thread] = {}
        self._last_turn: float | None = None
        self._note_fetch: Callable[[float], object] = lambda seconds: None
        # The jobs that failed the last time, and those of them whose fault is not the database's.
        self._failing: set[str] = set()
        self._broken: set[str] = set()
        # The meeting up to which was looked for joins and leaves that nobody needs any more.
        self._seen_until = ""
        self._schedule = schedule.Scheduler()
        self._every(self.fetch, seconds=SECONDS_BETWEEN_TURNS)
        for job, seconds in chores:
            self._every(job, seconds=seconds)
        for reconcile_job in (
            reconcile.ask_for_forgotten,
            reconcile.end_the_endless,
            reconcile.mend_after_clock,
            reconcile.fill_in_figures,
        ):
            self._every(reconcile_job, services, seconds=30)
        self._every(reconcile.follow_time, services, seconds=10)
        self._every(self.delete_meetings, seconds=10)
        self._every(self.make_meetings, seconds=2)
        self._every(self.register_students, seconds=5)
        self._every(self.send_mails, seconds=5)
        for mail_job in (news.ask_weekly, news.tidy_up):
            self._every(mail_job, services, seconds=60)
        self._every(self.remove_names, seconds=60)
        self._every(self.keep_erased, seconds=10 * 60)
        for tidying in (reconcile.tidy_up, audit.forget_old):
            self._every(tidying, services, seconds=6 * 60 * 60)
        self._every(self.forget_copies, seconds=6 * 60 * 60)

    def start(self) -> None:
        """Starts the loop with every job: what was missed while the process was down is caught up."""
        log.info("the tracker begins", extra={"tracker": self._name, "version": health.VERSION})
        self._thread.start()

    def stop(self) -> None:
        """Ends after the fetches under way; where that takes too long, their leases end and others take over."""
        self._stop.set()
        until = time.monotonic() + STOP_SECONDS
        for thread in (self._thread, *self._fetchers, *self._beside.values()):
            if thread.is_alive():
                thread.join(max(until - time.monotonic(), 0))
        log.info("the tracker ends", extra={"tracker": self._name})

    def seconds_since_turn(self) -> float | None:
        """The seconds since the loop's last turn; None before the first."""
        return None if self._last_turn is None else self._monotonic() - self._last_turn

    def time_fetches(self, note: Callable[[float], object]) -> None:
        """Has `note` told of each fetch how many seconds it took."""
        self._note_fetch = note

    def failing_jobs(self) -> tuple[str, ...]:
        """The jobs that fail by a fault of the program: the database's are its own."""
        return tuple(sorted(self._broken))

    def fetch(self) -> None:
        """Keeps as many fetchers at work as there are fetches to take, up to a limit."""
        self._fetchers = [thread for thread in self._fetchers if thread.is_alive()]
        for _ in range(min(fetching.count_free(self._services), FETCHERS - len(self._fetchers))):
            thread = threading.Thread(target=self.guarded, args=(self.drain,), name="fetcher", daemon=True)
            self._fetchers.append(thread)
            thread.start()

    def drain(self) -> None:
        """Fetches one class after another until none is due or the process is to stop."""
        while not self._stop.is_set():
            begun = self._monotonic()
            if not fetching.fetch_due(self._services):
                return
            self._note_fetch(self._monotonic() - begun)

    def delete_meetings(self) -> None:
        """Has the meetings of cancelled classes deleted that are due, beside the loop: it must not wait for Zoom."""
        self._work_beside("deleter", classes.is_deletion_due, classes.delete_due_meeting)

    def make_meetings(self) -> None:
        """The same for the meetings of classes that were planned together, and for the dates of recurring ones."""
        self._work_beside("maker", classes.is_meeting_due, classes.make_due_meeting)
        self._work_beside("dates", classes.are_dates_due, classes.bring_due_dates_in_line)

    def register_students(self) -> None:
        """Has the students of rosters registered at Zoom for the meetings of classes to come."""
        self._work_beside("registrar", courses.is_registration_due, courses.register_due_students)

    def send_mails(self) -> None:
        """Has the e-mails sent that are due: it must not wait for a mail server."""
        self._work_beside("mailer", news.is_due, news.send_due)

    def remove_names(self) -> None:
        """Removes names that were kept for long enough, of a few classes, and what no class needs of a few meetings."""
        privacy.remove_due(self._services)
        self._seen_until = privacy.forget_unneeded(self._services, self._seen_until)

    def keep_erased(self) -> None:
        """Sees to it that whoever was erased, on whichever machine, stays so."""
        privacy.keep_erased(self._services)

    def forget_copies(self) -> None:
        """Deletes the copies that were made before an upgrade long enough ago."""
        privacy.forget_copies(self._services)

    def turn(self) -> None:
        """Runs the jobs that are due."""
        if (self._schedule.idle_seconds or 0) > 2 * SECONDS_BETWEEN_TURNS:
            # `schedule` goes by the clock on the wall, and that was set back: by hand, or by an hour in autumn.
            self._schedule.run_all()
        self._schedule.run_pending()
        self._last_turn = self._monotonic()

    def guarded(self, job: Callable[..., None], *arguments: object) -> None:
        """Runs a job and logs what it raises: `schedule` itself would end the loop with it.

        Of a job that goes on failing only the first time is logged, and when it works again.
        """
        name = getattr(job, "__name__", repr(job))
        try:
            job(*arguments)
        except AWAY:
            if name not in self._failing:
                log.error("a job cannot reach the database; it goes on trying", extra={"job": name})
            self._failing.add(name)
        except Exception:
            if name not in self._failing:
                log.exception("a job failed; it goes on trying", extra={"job": name})
            self._failing.add(name)
            self._broken.add(name)
        else:
            if name in self._failing:
                log.info("a job works again", extra={"job": name})
            self._failing.discard(name)
            self._broken.discard(name)

    def _work_beside(self, name: str, is_due: Callable[[Services], bool], step: Callable[[Services], bool]) -> None:
        """Does one piece of work after another until none is due or the process is to stop, in a thread of its own."""

        def work() -> None:
            while not self._stop.is_set() and step(self._services):
                pass

        working = self._beside.get(name)
        if (working is None or not working.is_alive()) and is_due(self._services):
            work.__name__ = step.__name__
            self._beside[name] = threading.Thread(target=self.guarded, args=(work,), name=name, daemon=True)
            self._beside[name].start()

    def _every(self, job: Callable[..., None], *arguments: object, seconds: int) -> None:
        self._schedule.every(seconds).seconds.do(self.guarded, job, *arguments)

    def _run(self) -> None:
        self._schedule.run_all()
        while not self._stop.is_set():
            self.turn()
            self._stop.wait(SECONDS_BETWEEN_TURNS)
