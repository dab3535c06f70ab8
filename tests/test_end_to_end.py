"""The tracker as a process of its own, beside a practice Zoom: killed, late, in pairs, and sent away."""

import csv
import io
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from tests.makers import stored
from tests.practice_school import CommandLine, Host, environment, practice_zoom
from tests.tracker_process import ShiftedClock, Tracker, wait_until
from tracker import paths

pytestmark = pytest.mark.slow


@pytest.fixture
def host() -> Iterator[Host]:
    with practice_zoom(ShiftedClock(minutes=3)) as host:
        yield host


@pytest.fixture
def given(host: Host, database_url: str, tmp_path: Path) -> dict[str, str]:
    # Three seconds are enough to kill a tracker between the end of a class and its fetch.
    return environment(host.url, database_url, tmp_path, FETCH_DELAY_SECONDS="3")


@pytest.fixture
def make_tracker(given: dict[str, str], tmp_path: Path) -> Iterator[Callable[[], Tracker]]:
    made: list[Tracker] = []

    def make() -> Tracker:
        made.append(Tracker(given, tmp_path / f"tracker-{len(made)}.log"))
        return made[-1]

    yield make
    for tracker in made:
        tracker.kill()


@pytest.fixture
def command(
    given: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsysbinary: pytest.CaptureFixture[bytes],
) -> CommandLine:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(paths, "CHECKOUT", tmp_path)
    line = CommandLine(capsysbinary)
    line.add_teacher()
    return line


def send_webhooks_to(host: Host, tracker: Tracker) -> None:
    host.call("PUT", "/webhook-url", {"url": f"http://127.0.0.1:{tracker.port}/api/webhooks/zoom"})


def new_class(command: CommandLine, host: Host) -> Any:
    start = host.clock().replace(microsecond=0).isoformat()
    return command.create("--timezone", "UTC", start=start)


def hold(host: Host, *meetings: str) -> None:
    """Classes of three minutes at one time, each with its host, Bo who leaves early, and Cy."""
    for meeting in meetings:
        host.start(meeting)
    early = {meeting: host.join(meeting, "Bo", "bo@x.example") for meeting in meetings}
    host.clock.forward(minutes=1)
    for meeting in meetings:
        host.join(meeting, "Cy")
        host.leave(meeting, early[meeting])
    host.clock.forward(minutes=2)
    for meeting in meetings:
        host.end(meeting)


def delivered(host: Host, name: str) -> int:
    return sum(row["event"] == name and row["state"] == "delivered" for row in host.webhooks())


def state(engine: Engine, class_id: str) -> tuple[str, int | None, str | None]:
    """Status, count, and how far the fetch is."""
    found = stored(engine, class_id)
    return found.status, found.participant_count, found.fetch.stored_state if found.fetch else None


def is_counted(engine: Engine, class_id: str) -> bool:
    return stored(engine, class_id).participant_count is not None


def exported(command: CommandLine, class_id: str) -> list[tuple[str, ...]]:
    """Name, e-mail and number of stays of everybody in the exported file."""
    content = command.done("export", class_id).stdout.removeprefix(b"\xef\xbb\xbf").decode()
    rows = list(csv.DictReader(io.StringIO(content, newline="")))
    return [(row["Name"], row["Email"], row["Stays"]) for row in rows]


EVERYBODY = [("Ana", "ana@school.example", "1"), ("Bo", "bo@x.example", "1"), ("Cy", "", "1")]


def test_a_tracker_killed_between_webhook_and_fetch_counts_the_class_once_it_is_back(
    host: Host, command: CommandLine, engine: Engine, make_tracker: Callable[[], Tracker]
) -> None:
    tracker = make_tracker()
    tracker.start()
    send_webhooks_to(host, tracker)
    made = new_class(command, host)
    hold(host, made["zoomMeetingId"])
    wait_until(lambda: delivered(host, "meeting.ended"), "the end of the class is acknowledged")
    tracker.end(signal.SIGKILL)
    assert state(engine, made["id"]) == ("ended", None, "waiting")
    tracker.start()
    wait_until(lambda: is_counted(engine, made["id"]), "the class is counted")
    assert state(engine, made["id"]) == ("ended", 3, "collected")
    assert exported(command, made["id"]) == EVERYBODY
    assert "Traceback" not in tracker.log.read_text()


def test_a_class_that_was_held_while_the_tracker_was_down_is_counted_once_zoom_tries_again(
    host: Host, command: CommandLine, engine: Engine, make_tracker: Callable[[], Tracker]
) -> None:
    tracker = make_tracker()
    send_webhooks_to(host, tracker)
    made = new_class(command, host)
    hold(host, made["zoomMeetingId"])
    wait_until(lambda: any(row["attempts"] for row in host.webhooks()), "Zoom finds nobody")
    assert delivered(host, "meeting.ended") == 0
    tracker.start()
    wait_until(lambda: is_counted(engine, made["id"]), "the class is counted")
    assert exported(command, made["id"]) == EVERYBODY
    wait_until(lambda: delivered(host, "meeting.ended"), "Zoom hears that its webhook arrived")


def test_two_trackers_on_one_database_fetch_each_class_once(
    host: Host, command: CommandLine, engine: Engine, make_tracker: Callable[[], Tracker]
) -> None:
    trackers = [make_tracker(), make_tracker()]
    for tracker in trackers:
        tracker.start()
    send_webhooks_to(host, trackers[0])
    made = [new_class(command, host) for _ in range(6)]
    # Each question for participants uses one of these up, and takes long enough for the other tracker to look.
    slow = {"match": "/participants", "kind": "hang", "seconds": 0.2}
    host.call("POST", "/faults", [slow] * 50)
    hold(host, *(one["zoomMeetingId"] for one in made))
    wait_until(lambda: all(is_counted(engine, one["id"]) for one in made), "every class is counted")
    assert [exported(command, one["id"]) for one in made] == [EVERYBODY] * 6
    assert host.call("POST", "/faults", [])["faults"] == 50 - 6
    assert {state(engine, one["id"]) for one in made} == {("ended", 3, "collected")}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_tracker_that_is_told_to_stop_does_so_at_once_and_without_complaint(
    command: CommandLine, make_tracker: Callable[[], Tracker], number: signal.Signals
) -> None:
    tracker = make_tracker()
    tracker.start()
    with socket.create_connection(("127.0.0.1", tracker.port), timeout=60):
        began = time.monotonic()
        assert tracker.end(number) == 0
        assert time.monotonic() - began < 5
    log = tracker.said.read_text() + tracker.log.read_text()
    assert f"The tracker listens on http://127.0.0.1:{tracker.port}.\n" in log
    assert "Traceback" not in log
