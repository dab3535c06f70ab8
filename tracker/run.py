"""A process that serves until it is told to stop: receiver and loop together, signals, ports."""

import logging
import platform
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from tracker.errors import InvalidInput
from tracker.health import WebhookCounter
from tracker.server.dashboard_process import Dashboard, port_is_free
from tracker.server.http_server import HttpServer
from tracker.server.routes import ServerState
from tracker.server.worker import Worker
from tracker.services import Services


def begin(log_level: int = logging.INFO) -> None:
    """Has Ctrl-C and a polite kill end this process by way of every `finally`, with exit code 0.

    It comes before anything is started: a dashboard that is just coming up must not be left behind.
    """
    logging.getLogger().setLevel(log_level)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def leave(*_: object) -> NoReturn:
        for number, handler in before.items():
            signal.signal(number, handler)
        raise SystemExit(0)

    for number in before:
        signal.signal(number, leave)


@contextmanager
def running_tracker(services: Services) -> Iterator[HttpServer]:
    """Receiver and loop in this process. Raises InvalidInput where the port is taken."""
    settings = services.settings
    check_port(settings.tracker_host, settings.tracker_port)
    webhook_counter = WebhookCounter(services.engine, services.now)
    name = f"{platform.node()}:{settings.tracker_port}"
    worker = Worker(services.in_background(), name, chores=(webhook_counter.write_down,))
    state = ServerState(services, worker.seconds_since_turn, webhook_counter)
    receiver = HttpServer(settings.tracker_host, settings.tracker_port, state)
    receiver.start()
    worker.start()
    try:
        yield receiver
    finally:
        # The door first: what has been acknowledged by then is in the database.
        receiver.stop()
        worker.stop()
        worker.guarded(webhook_counter.write_down)


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
