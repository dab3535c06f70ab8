"""Trackers behind a real nginx with the product's configuration, updated one after the other while webhooks come."""

import signal
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Engine, func
from sqlmodel import select

from tests import practice_school
from tests.chaos.trackers import trackers
from tests.makers import event_body, lesson, member, zoom_signature
from tests.tools import needs
from tests.tracker_process import wait_until
from tests.web_servers import NGINX_FILE, nginx
from tracker import clock
from tracker.storage.database import reading
from tracker.storage.models import WebhookDelivery

pytestmark = [pytest.mark.slow, needs("nginx")]

# No more than this, or the trackers take longer to start than they have to.
SENDERS, SECONDS_BETWEEN = 2, 0.1
# A tracker shares a busy machine with all that is sent meanwhile.
SECONDS_TO_START = 240
MEETING = 85_000_000_000
SECRET = practice_school.PRACTICE.webhook_secret
# As nginx does it by itself. It leaves a tracker alone for ten seconds; on a busy machine one takes longer to start.
NGINX_BY_ITSELF = NGINX_FILE.read_text("utf-8").replace("max_fails=0", "max_fails=1 fail_timeout=60s")


def first_tries(
    engine: Engine, database_url: str, folder: Path, restarts: int, text: str | None = None
) -> Counter[int]:
    """What Zoom's first tries were answered while each tracker was restarted; each of them is another webhook."""
    lesson(engine, member(engine), zoom_meeting_id=str(MEETING))
    given = practice_school.environment("http://127.0.0.1:1", database_url, folder)
    done, numbers, answers = threading.Event(), count(), Counter[int]()

    with (
        trackers(given, folder) as both,
        nginx(folder, [tracker.port for tracker in both], text=text) as front,
        ThreadPoolExecutor(SENDERS) as pool,
    ):

        def send_until_done() -> Counter[int]:
            answered = Counter[int]()
            while not done.wait(SECONDS_BETWEEN):
                body = event_body("meeting.started", MEETING, f"uuid-{next(numbers)}")
                headers = {"Content-Type": "application/json", **zoom_signature(body, clock.now(), SECRET)}
                status, _ = front.ask("POST", "/api/webhooks/zoom", body, headers)
                answered[status] += 1
            return answered

        try:
            sending = [pool.submit(send_until_done) for _ in range(SENDERS)]
            for tracker in both * restarts:
                assert tracker.end(signal.SIGTERM) == 0
                tracker.launch()
                wait_until(lambda tracker=tracker: tracker.call("/healthz")[0] == 200, "a start", SECONDS_TO_START)
        finally:
            done.set()
        for one in sending:
            answers += one.result()
    assert "Traceback" not in "".join(tracker.log.read_text() for tracker in both)
    return answers


@pytest.mark.timeout(1200)
@pytest.mark.database("sqlite")
def test_a_rolling_restart_behind_nginx_loses_not_even_a_first_try(
    engine: Engine, database_url: str, tmp_path: Path
) -> None:
    answers = first_tries(engine, database_url, tmp_path, restarts=2)
    assert set(answers) == {200}, answers
    with reading(engine) as tx:
        assert tx.exec(select(func.count()).select_from(WebhookDelivery)).one() == answers.total()


@pytest.mark.timeout(1200)
@pytest.mark.database("sqlite")
def test_where_nginx_leaves_a_tracker_alone_that_has_just_been_restarted_first_tries_are_lost(
    engine: Engine, database_url: str, tmp_path: Path
) -> None:
    answers = first_tries(engine, database_url, tmp_path, 1, NGINX_BY_ITSELF)
    assert answers[502] > 0, answers
    assert set(answers) == {200, 502}, answers
