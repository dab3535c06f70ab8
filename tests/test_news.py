"""News by e-mail, from a list that has become final to the mailbox: once, in the teacher's language, or not at all."""

import gc
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlmodel import select

from tests.fake_zoom import FakeZoom
from tests.lives import progress
from tests.mail_server import Mailbox, mail_server
from tests.makers import (
    MEETING,
    NOW,
    Clock,
    at,
    counted,
    ended,
    entries,
    environment,
    lesson,
    member,
    participant,
    services,
    stay,
)
from tests.tracker_process import Tracker
from tracker import auth, courses, doctor, fetching, health, mail, news, retry, sessions, storage
from tracker.attendance.types import FetchState, Status
from tracker.auth import OPERATOR
from tracker.errors import MailPerhapsSent, MailPutOff, MailRefused, MailServerTrouble, NotAllowed, Problem
from tracker.messages import sentence_of
from tracker.news import sending
from tracker.rosters import read_pasted
from tracker.server.worker import Worker
from tracker.services import Services
from tracker.storage.database import reading, transaction
from tracker.storage.mails import LEASE
from tracker.storage.members import Member
from tracker.storage.models import Mail

ROSTER = "Ana Lima\nBen Roth\nCy Young\nDi Fox\nEva Sol"
FROM = "news@school.example"


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mail_server() as made:
        yield made


@pytest.fixture
def clock() -> Clock:
    return Clock(at(60))


@pytest.fixture
def school(engine: Engine, clock: Clock, box: Mailbox) -> Services:
    """A school that has a mail server."""
    return services(engine, clock, SMTP_URL=f"smtp://127.0.0.1:{box.port}?tls=none", SMTP_FROM=FROM)


@pytest.fixture
def maria(engine: Engine) -> Member:
    return member(engine, "maria@school.example")


def course_of(school: Services, teacher: Member, **on: bool) -> str:
    """The id of the teacher's course Algebra, which has a roster and these e-mails."""
    courses.import_roster(school, OPERATOR, teacher.email, "Algebra", read_pasted(ROSTER))
    course = school.read(storage.courses.get_course, teacher.id, "Algebra")
    return news.switch(school, teacher, course.id, **on).id


def held(school: Services, zoom: FakeZoom, teacher: Member, *people: dict[str, Any]) -> str:
    """A class of that course that is over at minute 60, with these people; Di is excused."""
    class_id = lesson(school.engine, teacher, course="Algebra")
    usual = (participant("Ana Lima", 0, 60), participant("Ben Roth", 20, 60), participant("Cy Young", 0, 30))
    zoom.hold("uuid-1", *(people or usual), participant("Zoë Guest", 0, 60), meeting=MEETING)
    sessions.note_delivery(school, ended())
    student = school.read(courses.student_of_class, teacher, class_id, "Di Fox")
    courses.mark(school, teacher, class_id, [student], Status.EXCUSED, "ill")
    return class_id


def make_final(school: Services, clock: Clock, class_id: str) -> None:
    """Reads Zoom's list until it is final."""
    while (due := progress(school, class_id).due_at) is not None:
        clock.time = max(due, clock.time)
        assert fetching.fetch_due(school)
    assert progress(school, class_id).stored_state is FetchState.SETTLED


def rows(school: Services) -> list[Mail]:
    with reading(school.engine) as tx:
        return [Mail(**row.model_dump()) for row in tx.exec(select(Mail).order_by(Mail.key))]


def texts(box: Mailbox) -> list[tuple[str, str]]:
    return [(one["Subject"], one.get_content()) for one in box.letters]


def send_all(school: Services) -> int:
    sent = 0
    while news.send_due(school):
        sent += 1
    return sent


# The digest of a class


def test_the_teacher_hears_who_was_missing_once_the_list_is_final(
    school: Services, zoom: FakeZoom, maria: Member, clock: Clock, box: Mailbox
) -> None:
    course_of(school, maria, digest=True)
    class_id = held(school, zoom, maria)
    clock.time = at(70)
    assert fetching.fetch_due(school)
    assert rows(school) == []  # counted, and not final yet
    make_final(school, clock, class_id)
    assert news.is_due(school)
    assert send_all(school) == 1
    ((subject, text),) = texts(box)
    assert subject == "Algebra 7B, Thu 14 May: 3 of 5"
    assert text.replace("\r\n", "\n") == (
        "Algebra 7B\n"
        "Thu, 14 May 2026, 14:00–15:00 (Berlin time)\n"
        "\n"
        "3 of 5 students were there.\n"
        "Absent: Eva Sol\n"
        "Late: Ben Roth\n"
        "Left early: Cy Young\n"
        "Excused: Di Fox\n"
        "1 guest was there too.\n"
        "\n"
        "This e-mail comes because it is turned on for the course “Algebra”. Turn it off on the course's page.\n"
    )
    assert "ill" not in text.split()
    assert [one["To"] for one in box.letters] == ["maria@school.example"]
    assert not news.is_due(school)


def test_a_class_that_is_counted_again_sends_nothing_new(
    school: Services, zoom: FakeZoom, maria: Member, clock: Clock, box: Mailbox
) -> None:
    course_of(school, maria, digest=True)
    class_id = held(school, zoom, maria)
    make_final(school, clock, class_id)
    send_all(school)
    zoom.records["uuid-1"].append(participant("Eva Sol", 0, 60))
    clock.forward(minutes=5)
    fetching.try_again(school, maria, class_id)
    make_final(school, clock, class_id)
    fetching.fetch_now(school, maria, class_id, anew=True)
    send_all(school)
    assert len(box.taken) == 1


def test_nothing_is_sent_of_what_is_off(
    school: Services, zoom: FakeZoom, maria: Member, clock: Clock, box: Mailbox
) -> None:
    course_of(school, maria)
    make_final(school, clock, held(school, zoom, maria))
    assert rows(school) == []


def test_a_class_that_was_final_before_it_was_turned_on_stays_untold(
    school: Services, zoom: FakeZoom, maria: Member, clock: Clock
) -> None:
    course_id = course_of(school, maria)
    class_id = held(school, zoom, maria)
    make_final(school, clock, class_id)
    news.switch(school, maria, course_id, digest=True)
    clock.forward(minutes=5)
    fetching.fetch_now(school, maria, class_id, anew=True)
    assert rows(school) == []


def test_a_class_of_long_ago_is_no_news(school: Services, zoom: FakeZoom, maria: Member, clock: Clock) -> None:
    course_of(school, maria, digest=True)
    class_id = held(school, zoom, maria)
    clock.time = at(60) + timedelta(days=8)
    make_final(school, clock, class_id)
    assert rows(school) == []


def test_without_a_mail_server_nothing_is_asked_for(
    engine: Engine, clock: Clock, zoom: FakeZoom, maria: Member
) -> None:
    poor = services(engine, clock)
    course_of(poor, maria, digest=True, weekly=True)
    make_final(poor, clock, held(poor, zoom, maria))
    clock.time = datetime(2026, 5, 18, 6, tzinfo=UTC)
    news.ask_weekly(poor)
    assert rows(poor) == []
    assert not news.is_due(poor)
    assert not news.send_due(poor)


def test_a_digest_is_in_the_language_of_the_account(
    school: Services, zoom: FakeZoom, maria: Member, clock: Clock, box: Mailbox
) -> None:
    with transaction(school.engine) as tx:
        storage.members.set_language(tx, maria.id, "es")
    course_of(school, maria, digest=True)
    make_final(school, clock, held(school, zoom, maria))
    send_all(school)
    (letter,) = box.letters
    assert letter["Content-Language"] == "es"
    assert letter["Subject"].startswith("Algebra 7B, jue, 14 may")


def test_what_a_teacher_corrects_before_it_is_sent_is_in_it(
    school: Services, zoom: FakeZoom, maria: Member, clock: Clock, box: Mailbox
) -> None:
    course_of(school, maria, digest=True)
    class_id = held(school, zoom, maria)
    make_final(school, clock, class_id)
    eva = school.read(courses.student_of_class, maria, class_id, "Eva Sol")
    courses.mark(school, maria, class_id, [eva], Status.PRESENT)
    send_all(school)
    ((subject, text),) = texts(box)
    assert subject.endswith("4 of 5")
    assert "Absent" not in text


@pytest.mark.parametrize("change", ["off", "closed", "archived", "another course"])
def test_what_is_not_wanted_any_more_is_not_sent(
    school: Services, zoom: FakeZoom, maria: Member, clock: Clock, box: Mailbox, change: str
) -> None:
    course_id = course_of(school, maria, digest=True)
    class_id = held(school, zoom, maria)
    make_final(school, clock, class_id)
    if change == "off":
        news.switch(school, maria, course_id, digest=False)
    elif change == "closed":
        auth.disable(school.engine, OPERATOR, maria.email, clock())
    elif change == "archived":
        with transaction(school.engine) as tx:
            tx.get_one(storage.models.Course, course_id).archived_at = clock()
    else:
        with transaction(school.engine) as tx:
            storage.courses.set_course(tx, class_id, "Geometry")  # which sends none
    assert send_all(school) == 1
    assert box.connections == 0
    (row,) = rows(school)
    assert (row.due_at, row.sent_at) == (None, None)
    assert row.error in ("mail_not_wanted", "mail_nothing_to_say")
    assert school.read(health.mails, clock()).given_up == 0


def test_an_account_that_is_removed_takes_its_news_with_it(
    school: Services, zoom: FakeZoom, maria: Member, clock: Clock, box: Mailbox
) -> None:
    course_of(school, maria, digest=True)
    make_final(school, clock, held(school, zoom, maria))
    heir = member(school.engine, "heir@school.example")
    auth.remove(school.engine, OPERATOR, maria.email, heir.email, clock())
    send_all(school)
    assert box.taken == []
    course = school.read(storage.courses.get_course, heir.id, "Algebra")
    assert (course.sends_digest, course.sends_weekly) == (False, False)
    (row,) = rows(school)
    assert (row.due_at, row.error) == (None, "mail_not_wanted")


def test_who_is_given_a_course_turns_emails_on_herself(school: Services, maria: Member) -> None:
    course_id = course_of(school, maria, digest=True, weekly=True)
    heir = member(school.engine, "heir@school.example")
    courses.hand_over(school, maria, course_id, heir.email)
    course = school.read(storage.courses.course_by_id, course_id)
    assert (course.teacher_id, course.sends_digest, course.sends_weekly) == (heir.id, False, False)


def test_a_course_goes_with_its_weekly_emails(school: Services, maria: Member) -> None:
    course_id = course_of(school, maria, weekly=True)
    with transaction(school.engine) as tx:
        storage.mails.ask_weekly(tx, course_id, "2026-W20", school.now())
    courses.delete(school, maria, course_id)
    assert rows(school) == []


def test_courses_that_become_one_keep_their_news(
    school: Services, zoom: FakeZoom, maria: Member, clock: Clock, box: Mailbox
) -> None:
    course_of(school, maria, digest=True)
    make_final(school, clock, held(school, zoom, maria))
    heir = member(school.engine, "heir@school.example")
    course_of(school, heir, digest=True)
    auth.hand_over(school.engine, OPERATOR, maria.email, heir.email, clock())
    send_all(school)
    assert [one["To"] for one in box.letters] == ["heir@school.example"]


def test_that_an_email_was_sent_is_noted(school: Services, zoom: FakeZoom, maria: Member, clock: Clock) -> None:
    course_of(school, maria, digest=True)
    class_id = held(school, zoom, maria)
    make_final(school, clock, class_id)
    send_all(school)
    (entry,) = entries(school.engine, action="digest_sent")
    assert (entry.class_id, entry.details["account"]) == (class_id, "maria@school.example")


# What fails


def asked_again(school: Services, teacher: Member) -> str:
    """The key of one more of those."""
    class_id = lesson(school.engine, teacher, course="Algebra")
    counted(school.engine, class_id, stay("Ana Lima", 0, 60))
    with transaction(school.engine) as tx:
        storage.mails.ask_digest(tx, class_id, school.now())
    return f"digest:{class_id}"


def asked(school: Services, teacher: Member, number: int = 1) -> list[str]:
    """The keys of e-mails that are due: the digests of classes that were counted."""
    course_of(school, teacher, digest=True)
    return [asked_again(school, teacher) for _ in range(number)]


def test_what_the_server_puts_off_is_tried_again_with_growing_gaps(
    school: Services, maria: Member, clock: Clock, box: Mailbox
) -> None:
    asked(school, maria)
    box.script["RCPT"] = ["450 4.2.0 greylisted"] * 3
    gaps = []
    for _ in range(3):
        assert news.send_due(school)
        (row,) = rows(school)
        assert (row.error, row.sending_at, row.lease_token) == ("mail_put_off", None, None)
        assert row.due_at is not None
        gaps.append((row.due_at - clock.time) / timedelta(minutes=1))
        assert not news.send_due(school)
        clock.time = row.due_at
    assert [int(gap) for gap in gaps] in ([1, 2, 4], [1, 2, 5])
    assert news.send_due(school)
    assert len(box.taken) == 1
    (row,) = rows(school)
    assert (row.error, row.due_at, row.sent_at, row.attempts) == (None, None, clock.time, 4)


def test_what_the_server_refuses_for_good_is_given_up_and_does_not_hold_up_the_others(
    school: Services, maria: Member, clock: Clock, box: Mailbox
) -> None:
    asked(school, maria, 2)
    box.script["RCPT"] = ["550 5.1.1 no such user"]
    assert send_all(school) == 2
    assert len(box.taken) == 1
    queue = school.read(health.mails, clock())
    assert (queue.due, queue.failing, queue.given_up) == (0, 0, 1)
    assert queue.latest == Problem("mail_refused", {"answer": "550 5.1.1 no such user"})


def test_a_server_that_takes_none_is_asked_once_for_all_of_them(
    school: Services, maria: Member, clock: Clock, box: Mailbox
) -> None:
    asked(school, maria, 5)
    box.script["CONNECT"] = ["421 come back later"] * 3
    for tries in (1, 2, 3):
        assert not news.send_due(school)
        assert not news.send_due(school)
        assert box.connections == tries
        due = {row.due_at for row in rows(school)}
        assert len(due) == 1
        clock.time = next(iter(due)) or clock.time
    assert sorted(row.attempts for row in rows(school)) == [0, 0, 0, 0, 3]
    assert send_all(school) == 5
    assert len(box.taken) == 5


@pytest.mark.slow
def test_what_cannot_be_sent_for_two_days_is_given_up(
    school: Services, maria: Member, clock: Clock, box: Mailbox
) -> None:
    asked(school, maria)
    box.script["MAIL"] = ["553 5.7.1 not as you"] * 100
    while (due := rows(school)[0].due_at) is not None:
        clock.time = max(due, clock.time)
        news.send_due(school)
    assert timedelta(hours=46) < clock.time - at(60) < timedelta(hours=48)
    assert rows(school)[0].error == "mail_sender_refused"
    assert box.taken == []


def test_what_nobody_has_sent_for_two_days_is_out_of_date(school: Services, maria: Member, clock: Clock) -> None:
    asked(school, maria)
    clock.forward(hours=47)
    news.tidy_up(school)
    assert rows(school)[0].due_at is not None
    clock.forward(hours=2)
    news.tidy_up(school)
    assert (rows(school)[0].due_at, rows(school)[0].error) == (None, "mail_too_late")


@pytest.mark.parametrize(
    ("error", "attempts", "minutes"),
    [
        (MailPutOff("mail_put_off"), 1, 1),
        (MailPutOff("mail_put_off"), 3, 4),
        (MailServerTrouble("mail_server_silent"), 20, 60),
        (RuntimeError(), 2, 2),
        (MailRefused("mail_refused"), 1, None),
        (MailPerhapsSent("mail_perhaps_sent"), 1, None),
    ],
)
def test_when_an_email_is_tried_again(error: Exception, attempts: int, minutes: float | None) -> None:
    found = retry.next_mail(error, attempts, NOW, NOW, spread=0)
    assert found == (None if minutes is None else at(minutes))
    assert retry.next_mail(error, attempts, NOW - timedelta(hours=48), NOW, spread=0) is None


# Never twice


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


# The weekly one

MONDAY = datetime(2026, 5, 18, 5, 0, tzinfo=UTC)  # 7:00 in Berlin


def missing_twice(school: Services, teacher: Member) -> None:
    """Two classes in which Ben was and Ana, who was in an earlier one, was not."""
    for minute, there in ((-4 * 1440, "Ana Lima"), (-1440, "Ben Roth"), (0, "Ben Roth")):
        class_id = lesson(school.engine, teacher, course="Algebra", start=minute)
        counted(school.engine, class_id, stay(there, minute, minute + 60), start=minute, end=minute + 60)


def test_who_is_at_risk_is_told_on_monday_morning_and_once(
    school: Services, maria: Member, clock: Clock, box: Mailbox
) -> None:
    courses.import_roster(school, OPERATOR, maria.email, "Algebra", read_pasted("Ana Lima\nBen Roth"))
    news.switch(school, maria, school.read(storage.courses.get_course, maria.id, "Algebra").id, weekly=True)
    missing_twice(school, maria)
    clock.time = MONDAY - timedelta(seconds=1)
    news.ask_weekly(school)
    assert rows(school) == []
    clock.time = MONDAY
    for _ in range(3):
        news.ask_weekly(school)
        send_all(school)
        clock.forward(minutes=20)
    ((subject, text),) = texts(box)
    assert subject == "Algebra: 2 students are at risk"
    assert text.replace("\r\n", "\n").split("\n\n")[1] == (
        "Ana Lima: absent 2 times in a row, came to 33% of the classes\nBen Roth: came to 67% of the classes"
    )
    assert [row.key.split(":")[2] for row in rows(school)] == ["2026-W21"]


def test_a_tracker_that_was_down_on_monday_tells_it_until_tuesday(
    school: Services, maria: Member, clock: Clock
) -> None:
    course_of(school, maria, weekly=True)
    missing_twice(school, maria)
    clock.time = MONDAY + timedelta(hours=24)
    news.ask_weekly(school)
    assert rows(school) == []
    clock.time -= timedelta(minutes=1)
    news.ask_weekly(school)
    assert len(rows(school)) == 1


def test_nothing_is_told_where_nobody_is_at_risk_or_no_class_was_held(
    school: Services, maria: Member, clock: Clock, box: Mailbox
) -> None:
    courses.import_roster(school, OPERATOR, maria.email, "Algebra", read_pasted("Ana Lima\nBen Roth"))
    news.switch(school, maria, school.read(storage.courses.get_course, maria.id, "Algebra").id, weekly=True)
    for minute in (-1440, 0):
        class_id = lesson(school.engine, maria, course="Algebra", start=minute)
        there = (stay(name, minute, minute + 60) for name in ("Ana Lima", "Ben Roth"))
        counted(school.engine, class_id, *there, start=minute, end=minute + 60)
    clock.time = MONDAY
    news.ask_weekly(school)
    send_all(school)
    missing_twice(school, maria)
    clock.time = MONDAY + timedelta(weeks=2)
    news.ask_weekly(school)
    send_all(school)
    assert box.taken == []
    assert [row.error for row in rows(school)] == ["mail_nothing_to_say"] * 2


@pytest.mark.parametrize(
    ("moment", "zone", "week"),
    [
        ("2026-05-18T05:00", "Europe/Berlin", "2026-W21"),
        ("2026-05-18T04:59", "Europe/Berlin", None),
        ("2026-05-19T04:59", "Europe/Berlin", "2026-W21"),
        ("2026-05-19T05:00", "Europe/Berlin", None),
        ("2026-05-17T22:00", "Asia/Tokyo", "2026-W21"),
        ("2026-05-18T11:00", "America/New_York", "2026-W21"),
        ("2026-05-18T10:59", "America/New_York", None),
        # The clocks went forward on the day before, or go back.
        ("2026-03-30T05:00", "Europe/Berlin", "2026-W14"),
        ("2026-10-26T06:00", "Europe/Berlin", "2026-W44"),
        ("2026-10-26T05:59", "Europe/Berlin", None),
        ("2025-12-29T07:00", "UTC", "2026-W01"),
        ("2026-05-18T07:00", "no such place", "2026-W21"),
    ],
)
def test_which_monday_morning_it_is(moment: str, zone: str, week: str | None) -> None:
    assert sending.week_to_tell(datetime.fromisoformat(moment).replace(tzinfo=UTC), zone) == week


# In the loop


def test_the_loop_sends_what_is_due_beside_itself(school: Services, maria: Member, clock: Clock, box: Mailbox) -> None:
    asked(school, maria, 3)
    loop = Worker(school, "one:8787", clock.monotonic)
    waiting, going_on = threading.Event(), threading.Event()
    box.before_taking = lambda: (waiting.set(), going_on.wait(5))
    loop.send_mails()
    assert waiting.wait(5)
    loop.send_mails()  # goes on at once, and asks for no second thread
    assert len(box.taken) == 0
    going_on.set()
    wait_until(lambda: len(box.taken) == 3)
    loop.stop()
    assert box.connections == 3


def wait_until(fact: Callable[[], object]) -> None:
    """Until another thread, or another process, has done it, or a minute has gone."""
    until = time.monotonic() + 60
    while not fact():
        assert time.monotonic() < until, "it did not happen"
        threading.Event().wait(0.005)


def test_weekly_emails_of_long_ago_are_forgotten_and_digests_never(
    school: Services, maria: Member, clock: Clock, box: Mailbox
) -> None:
    key = asked_again_after(school, maria)
    clock.forward(days=31)
    with transaction(school.engine) as tx:
        health.forget_old(tx, clock())
    assert [row.key for row in rows(school)] == [key]


def asked_again_after(school: Services, teacher: Member) -> str:
    """The key of a digest, beside which there is a weekly e-mail."""
    course_id = course_of(school, teacher, digest=True, weekly=True)
    with transaction(school.engine) as tx:
        storage.mails.ask_weekly(tx, course_id, "2026-W20", school.now())
    return asked_again(school, teacher)


# Who turns it on, and what is said of trouble


def test_only_the_courses_teacher_or_an_admin_turns_news_on(school: Services, maria: Member) -> None:
    course_id = course_of(school, maria)
    colleague = member(school.engine, "co@school.example")
    class_id = lesson(school.engine, maria, course="Algebra")
    auth.share(school.engine, OPERATOR, class_id, colleague.email, school.now(), "course")
    with pytest.raises(NotAllowed):
        news.switch(school, colleague, course_id, digest=True)
    assert news.switch(school, maria, course_id, digest=True).sends_digest
    boss = member(school.engine, "boss@school.example", "admin")
    made = news.switch(school, boss, course_id, weekly=True)
    assert (made.sends_digest, made.sends_weekly) == (True, True)
    assert [entry.actor for entry in entries(school.engine, action="news_switched")] == [boss.email, maria.email]


def test_trouble_with_emails_is_told_with_its_cure(school: Services, maria: Member, clock: Clock, box: Mailbox) -> None:
    asked(school, maria)
    clock.forward(minutes=6)
    assert [sentence_of(one) for one in school.read(health.read_health, clock()).reasons if "mail" in one.code] == [
        "E-mails that are due and that nobody sends: 1."
    ]
    box.script["MAIL"] = ["553 5.7.1 not as you"] * health.MAIL_FAILS_AFTER
    for _ in range(health.MAIL_FAILS_AFTER):
        clock.time = rows(school)[0].due_at or clock.time
        clock.forward(minutes=6)
        news.send_due(school)
    assert [sentence_of(one) for one in school.read(health.read_health, clock()).reasons if "mail" in one.code] == [
        "E-mails that could not be sent in several tries: 1. "
        "The mail server 127.0.0.1 does not let SMTP_FROM send: 553 5.7.1 not as you"
    ]


def check_of(school: Services) -> tuple[bool, str]:
    (found,) = (one for one in doctor.examine(school) if one.code == "mail")
    return found.ok, sentence_of(found.problem)


@pytest.mark.slow
def test_doctor_signs_in_to_the_mail_server_and_sends_nothing(
    school: Services, zoom: FakeZoom, box: Mailbox, engine: Engine, clock: Clock
) -> None:
    assert check_of(school) == (True, "127.0.0.1 takes e-mails. Due: 0, given up: 0.")
    box.script["CONNECT"] = ["554 no"]
    assert check_of(school) == (False, "The mail server 127.0.0.1 takes no e-mails at the moment: 554 no")
    assert check_of(services(engine, clock)) == (True, "Off: SMTP_URL is not set, so no e-mails are sent.")
    assert box.taken == []


def test_doctor_warns_of_emails_in_the_clear(school: Services, monkeypatch: pytest.MonkeyPatch, zoom: FakeZoom) -> None:
    monkeypatch.setattr(doctor.others, "is_here", lambda url: "smtp" not in url)
    ok, told = check_of(school)
    assert not ok
    assert told.startswith("E-mails, and the password, travel to 127.0.0.1 unencrypted")


def test_what_is_kept_of_an_email_names_nobody(school: Services, zoom: FakeZoom, maria: Member, clock: Clock) -> None:
    course_of(school, maria, digest=True)
    make_final(school, clock, held(school, zoom, maria))
    send_all(school)
    (row,) = rows(school)
    kept = " ".join(str(value) for value in row.model_dump().values())
    assert not any(name in kept for name in ("Ana", "Ben", "Eva", "maria", "Algebra"))
