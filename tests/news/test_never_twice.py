"""No e-mail is sent twice, wherever a tracker, a connection or the database ends."""

import gc
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from tests.mail_server import Mailbox
from tests.makers import Clock, environment, services
from tests.news.algebra import FROM, asked, rows, send_all, wait_until
from tests.tracker_process import Tracker
from tracker import health, mail, news, storage
from tracker.errors import Problem
from tracker.news import sending
from tracker.services import Services
from tracker.storage.database import transaction
from tracker.storage.mails import LEASE
from tracker.storage.members import Member
from tracker.storage.models import Mail


def test_two_trackers_send_one_email(school: Services, maria: Member, box: Mailbox) -> None:
    asked(school, maria, 6)
    begin = threading.Barrier(3)

    def work() -> None:
        begin.wait()
        send_all(school)

    trackers = [threading.Thread(target=work) for _ in range(3)]
    for tracker in trackers:
        tracker.start()
    for tracker in trackers:
        tracker.join()
    ids = [letter["Message-ID"] for letter in box.letters]
    assert len(ids) == len(set(ids)) == 6


class Killed(BaseException):
    """The process ends here."""


# Where a process may end, as functions that sending calls, and whether the e-mail has been handed over by then.
PLACES: dict[str, tuple[Any, str]] = {
    "after it was taken from the queue": (sending, "letter_of"),
    "before it is connected": (sending.mail, "send"),
    "before it is written down": (storage.mails, "note_sending"),
    "before it is written down that it was sent": (storage.mails, "finish"),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_process_that_is_killed_anywhere_never_sends_twice(
    school: Services, maria: Member, clock: Clock, box: Mailbox, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    asked(school, maria)

    def die(*_arguments: Any, **_more: Any) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(*PLACES[place], die)
        with pytest.raises(Killed):
            news.send_due(school)
    taken = len(box.taken)
    assert not news.send_due(school)  # its lease lasts
    clock.forward(seconds=LEASE.total_seconds() + 1)
    news.tidy_up(school)
    send_all(school)
    assert len(box.taken) == 1
    (row,) = rows(school)
    assert row.due_at is None
    assert row.error == ("mail_perhaps_sent" if taken else None)


# What is run while an e-mail is sent, and may be killed at any line of it.
WATCHED = tuple(one.__file__ for one in (sending, mail.server, storage.mails))


def run_until_line(number: int, work: Callable[[], object]) -> bool:
    """Does the work, and ends it before so many lines of ours are run; whether it came to its end before that."""
    left = number

    def trace(frame: FrameType, event: str, _argument: object) -> Any:
        nonlocal left
        if frame.f_code.co_filename not in WATCHED:
            return None
        if event == "line":
            left -= 1
            if left < 0:
                sys.settrace(None)
                raise Killed
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        with suppress(Killed):
            work()
    finally:
        sys.settrace(before)
    gc.collect(1)  # what a process leaves open is closed when it ends
    return left >= 0


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.database("sqlite")
def test_a_process_that_is_killed_at_any_line_never_sends_twice(
    school: Services, maria: Member, clock: Clock, box: Mailbox
) -> None:
    (key,) = asked(school, maria)
    finished, lines, outcomes = False, 0, set[tuple[int, str | None]]()
    while not finished:
        with transaction(school.engine) as tx:
            tx.delete(tx.get_one(Mail, key))
        with transaction(school.engine) as tx:
            storage.mails.ask_digest(tx, key.removeprefix("digest:"), clock())
        before = len(box.taken)
        finished = run_until_line(lines, lambda: news.send_due(school))
        wait_until(lambda: box.open == 0)
        taken = len(box.taken) - before
        clock.forward(seconds=LEASE.total_seconds() + 1)
        news.tidy_up(school)
        send_all(school)
        (row,) = rows(school)
        assert row.due_at is None
        times = len(box.taken) - before
        assert (times, row.error) in ((1, None), (taken, "mail_perhaps_sent")), f"killed before line {lines}"
        outcomes.add((times, row.error))
        lines += 1
    assert outcomes == {(1, None), (0, "mail_perhaps_sent"), (1, "mail_perhaps_sent")}
    assert lines > 50


@pytest.mark.slow
@pytest.mark.database("sqlite")
def test_a_tracker_that_is_killed_while_the_server_takes_an_email_sends_it_no_second_time(
    engine: Engine, database_url: str, maria: Member, box: Mailbox, tmp_path: Path
) -> None:
    said = {"SMTP_URL": f"smtp://127.0.0.1:{box.port}?tls=none", "SMTP_FROM": FROM}
    given = environment(DATABASE_URL=database_url, TRACKER_DATA_DIR=str(tmp_path), **said)
    tracker = Tracker(given | {"ZOOM_API_URL": "http://127.0.0.1:9/v2"}, tmp_path / "tracker.log")
    box.before_taking = tracker.kill
    now = Clock(datetime.now(UTC))
    asked(services(engine, now, **said), maria)
    tracker.launch()
    wait_until(lambda: box.taken)
    box.before_taking = lambda: None
    tracker.start()
    tracker.end(signal.SIGTERM)
    later = services(engine, now, **said)
    (row,) = rows(later)
    assert (row.sending_at is None, row.sent_at) == (False, None)
    now.forward(seconds=LEASE.total_seconds() + 120)
    news.tidy_up(later)
    assert send_all(later) == 0
    assert len(box.taken) == 1
    assert rows(later)[0].error == "mail_perhaps_sent"


def test_a_process_that_is_killed_while_it_hands_over_says_perhaps(
    school: Services, maria: Member, clock: Clock, box: Mailbox
) -> None:
    asked(school, maria)
    claim = _claim(school)
    with transaction(school.engine) as tx:
        storage.mails.note_sending(tx, claim, clock())
    clock.forward(seconds=LEASE.total_seconds() - 1)
    news.tidy_up(school)
    assert rows(school)[0].due_at is not None  # it may still be at it
    clock.forward(seconds=2)
    assert not news.is_due(school)
    news.tidy_up(school)
    assert (rows(school)[0].due_at, rows(school)[0].error) == (None, "mail_perhaps_sent")
    queue = school.read(health.mails, clock())
    assert (queue.given_up, queue.latest) == (1, Problem("mail_perhaps_sent"))


def _claim(school: Services) -> storage.mails.MailClaim:
    with transaction(school.engine) as tx:
        claim = storage.mails.claim_due(tx, school.now())
    assert claim is not None
    return claim


@pytest.mark.parametrize("answer", ["", None, "what?"])
def test_a_connection_that_breaks_while_it_is_handed_over_is_not_tried_again(
    school: Services, maria: Member, clock: Clock, box: Mailbox, answer: str | None
) -> None:
    asked(school, maria)
    box.script["CONTENT"] = [answer]
    assert news.send_due(school)
    (row,) = rows(school)
    assert (row.due_at, row.sent_at, row.error) == (None, None, "mail_perhaps_sent")
    clock.forward(days=1)
    assert not news.send_due(school)
    assert len(box.taken) <= 1


def test_a_database_that_goes_away_after_the_email_was_taken_has_it_sent_no_second_time(
    school: Services, maria: Member, clock: Clock, box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked(school, maria)

    def away(*_arguments: Any) -> None:
        raise OperationalError("UPDATE", {}, Exception("gone"))

    with monkeypatch.context() as patched:
        patched.setattr(storage.mails, "finish", away)
        with pytest.raises(OperationalError):
            news.send_due(school)
    clock.forward(seconds=LEASE.total_seconds() + 1)
    news.tidy_up(school)
    assert send_all(school) == 0
    assert len(box.taken) == 1
    assert rows(school)[0].error == "mail_perhaps_sent"


def test_who_has_lost_the_lease_hands_nothing_over(school: Services, maria: Member, clock: Clock, box: Mailbox) -> None:
    """A machine that slept: the e-mail was sent by another one meanwhile."""
    asked(school, maria)
    claim = _claim(school)
    clock.forward(seconds=LEASE.total_seconds() + 1)
    assert news.send_due(school)
    with pytest.raises(sending.LeaseLost):
        sending._note_sending(school, claim)
    assert len(box.taken) == 1


def test_it_is_written_down_before_the_content_is_handed_over(
    school: Services, maria: Member, clock: Clock, box: Mailbox
) -> None:
    asked(school, maria)
    seen: list[tuple[Any, Any]] = []
    box.before_taking = lambda: seen.append((rows(school)[0].sending_at, rows(school)[0].sent_at))
    assert news.send_due(school)
    assert seen == [(clock.time, None)]
