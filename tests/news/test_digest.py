"""The digest of a class: sent once when its list is final, in the teacher's language, or not at all."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from tests.fake_zoom import FakeZoom
from tests.mail_server import Mailbox
from tests.makers import Clock, at, entries, lesson, member, participant, services
from tests.news.algebra import asked, course_of, held, make_final, rows, send_all, texts, wait_until
from tracker import auth, courses, fetching, health, news, storage
from tracker.attendance.types import Status
from tracker.auth import OPERATOR
from tracker.errors import NotAllowed
from tracker.server.worker import Worker
from tracker.services import Services
from tracker.storage.database import transaction
from tracker.storage.members import Member


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


# Who turns it on, and what is kept


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


def test_what_is_kept_of_an_email_names_nobody(school: Services, zoom: FakeZoom, maria: Member, clock: Clock) -> None:
    course_of(school, maria, digest=True)
    make_final(school, clock, held(school, zoom, maria))
    send_all(school)
    (row,) = rows(school)
    kept = " ".join(str(value) for value in row.model_dump().values())
    assert not any(name in kept for name in ("Ana", "Ben", "Eva", "maria", "Algebra"))
