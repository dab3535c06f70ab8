"""Trackers that are updated one after the other, while webhooks go on coming."""

import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path

import pytest
from sqlalchemy import Engine, func
from sqlmodel import select

from tests import practice_school
from tests.chaos.trackers import Forwarder, trackers
from tests.makers import event_body, lesson, member, zoom_signature
from tests.tracker_process import call
from tracker import clock
from tracker.storage.database import reading
from tracker.storage.models import MeetingSession, WebhookDelivery

pytestmark = pytest.mark.slow

CLASSES, SENDERS, RESTARTS = 150, 4, 2
SECONDS_BETWEEN_REPEATS = 0.02
SECRET = practice_school.PRACTICE.webhook_secret


@pytest.fixture
def bodies(engine: Engine) -> list[bytes]:
    """All that Zoom tells of some classes."""
    teacher = member(engine)
    for number in range(CLASSES):
        lesson(engine, teacher, zoom_meeting_id=str(85_000_000_000 + number))
    names = ("meeting.started", "meeting.ended")
    return [event_body(name, 85_000_000_000 + n, f"uuid-{n}") for name in names for n in range(CLASSES)]


def test_a_rolling_restart_loses_no_webhook(
    engine: Engine, database_url: str, bodies: list[bytes], tmp_path: Path
) -> None:
    given = practice_school.environment("http://127.0.0.1:1", database_url, tmp_path)
    turned_away: list[int] = []
    done = threading.Event()
    sent: set[bytes] = set()

    def send(url: str, body: bytes) -> None:
        """As Zoom does it, only sooner: again until somebody says that it is written down."""
        while True:
            status, _ = call(url, body, zoom_signature(body, clock.now(), SECRET))
            if status == 200:
                return
            turned_away.append(status)
            time.sleep(0.1)

    with trackers(given, tmp_path) as both, Forwarder([tracker.port for tracker in both]) as front:

        def send_for_ever(share: list[bytes]) -> None:
            """Every webhook once, and again as long as there are restarts: a repeat changes nothing."""
            for body in cycle(share):
                send(f"{front.url}/api/webhooks/zoom", body)
                sent.add(body)
                # Without a pause the repeats would take from the trackers the time that they need to start.
                if len(sent) == len(bodies) and done.wait(SECONDS_BETWEEN_REPEATS):
                    return

        with ThreadPoolExecutor(SENDERS) as pool:
            sending = [pool.submit(send_for_ever, bodies[number::SENDERS]) for number in range(SENDERS)]
            for tracker in both * RESTARTS:
                assert tracker.end(signal.SIGTERM) == 0
                tracker.start()
            done.set()
            for one in sending:
                one.result()
    # One that is told to stop answers what it has taken; the next connection goes to the other one.
    assert set(turned_away) <= {0}
    assert len(turned_away) < CLASSES / 10
    with reading(engine) as tx:
        assert tx.exec(select(func.count()).select_from(WebhookDelivery)).one() == len(bodies)
        assert tx.exec(select(func.count()).select_from(MeetingSession)).one() == CLASSES
    assert "Traceback" not in "".join(tracker.log.read_text() for tracker in both)
