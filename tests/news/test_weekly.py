"""Who is at risk is told on Monday morning, once, and where there is something to tell."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.mail_server import Mailbox
from tests.makers import Clock, counted, lesson, stay
from tests.news.algebra import asked_again, course_of, rows, send_all, texts
from tracker import courses, health, news, storage
from tracker.auth import OPERATOR
from tracker.news import sending
from tracker.rosters import read_pasted
from tracker.services import Services
from tracker.storage.database import transaction
from tracker.storage.members import Member

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
