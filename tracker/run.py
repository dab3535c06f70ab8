"""The tracker process: HTTP server and worker together, signals, ports."""

import logging
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from tracker import privacy
from tracker.errors import InvalidInput
from tracker.health import Condition, WebhookCounter, name_of_tracker
from tracker.messages import sentence_of
from tracker.server.dashboard_process import Dashboard, port_is_free
from tracker.server.http_server import HttpServer
from tracker.server.routes import ServerState
from tracker.server.watch import Watch
from tracker.server.worker import Worker
from tracker.services import Services

log = logging.getLogger(__name__)


def begin(log_level: int = logging.INFO) -> None:
    """Sets logging up, and has SIGINT and SIGTERM end this process through every `finally`, with exit code 0.

    It comes before anything is started: a dashboard that is just coming up must not be left behind.
    """
    logging.getLogger().setLevel(log_level)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    # What it says of lines of `.env` is told as a condition, with what mends it.
    logging.getLogger("dotenv").setLevel(logging.ERROR)
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def leave(*_: object) -> NoReturn:
        for number, handler in before.items():
            signal.signal(number, handler)
        raise SystemExit(0)

    for number in before:
        signal.signal(number, leave)


@contextmanager
def running_tracker(services: Services, settings_wrong: tuple[Condition, ...] = ()) -> Iterator[HttpServer]:
    """HTTP server and worker in this process, until the end of the block. Raises InvalidInput for a port in use.

    `settings_wrong` is told as long as it runs: what is mended in the settings counts from the next start on.
    """
    settings = services.settings
    check_port(settings.tracker_host, settings.tracker_port)
    # The database may be an older one that was restored: nothing of whoever was erased since is to be shown.
    privacy.keep_erased(services)
    webhook_counter = WebhookCounter(services.engine, services.now)
    chores = ((webhook_counter.save_counts, 10), (webhook_counter.tell_refused, 60))
    name = name_of_tracker(services)
    worker = Worker(services.in_background(), name, chores=chores)
    watch = Watch(services, name, worker, webhook_counter, settings_wrong=settings_wrong)
    state = ServerState(services, watch, webhook_counter)
    worker.time_fetches(state.counters.fetch_seconds.observe)
    http_server = HttpServer(settings.tracker_host, settings.tracker_port, state)
    http_server.start()
    worker.start()
    watch.start()
    try:
        yield http_server
    finally:
        # The HTTP server first: what it has acknowledged is in the database.
        http_server.stop()
        worker.stop()
        worker.guarded(webhook_counter.save_counts)
        webhook_counter.tell_refused()
        watch.stop()


def tell(wrong: Iterable[Condition]) -> None:
    """Logs what is wrong with the settings of a process that is no tracker, each with what mends it."""
    for one in wrong:
        log.warning("%s %s", sentence_of(one), sentence_of(one.cure), extra={"condition": one.code})


def until_stopped(dashboard: Dashboard | None = None) -> int:
    """Waits to be told to stop, or for the dashboard to end by itself (1)."""
    while dashboard is None or dashboard.is_running:
        time.sleep(0.2)
    print("The dashboard ended by itself; its messages are above.", file=sys.stderr)
    return 1


def check_port(host: str, port: int) -> None:
    """Raises InvalidInput where another program listens there."""
    if not port_is_free(host, port):
        raise InvalidInput("port_in_use", port=port)
