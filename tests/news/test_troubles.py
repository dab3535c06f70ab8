"""What fails on the way to the mail server, when it is tried again, and who is told of it."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from tests.fake_zoom import FakeZoom
from tests.mail_server import Mailbox
from tests.makers import NOW, Clock, at, services
from tests.news.algebra import asked, rows, send_all
from tracker import doctor, health, news, retry
from tracker.errors import MailPerhapsSent, MailPutOff, MailRefused, MailServerTrouble, Problem
from tracker.messages import sentence_of
from tracker.services import Services
from tracker.storage.members import Member

# What fails


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


# How people are told


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
