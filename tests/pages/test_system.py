"""The page System, and what everybody's Today says when nothing would be counted."""

import re
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import streamlit as st
from sqlalchemy import Engine
from sqlmodel import delete
from streamlit.testing.v1 import AppTest

from tests.fake_zoom import FakeZoom
from tests.makers import MEETING, Clock, at, counted, ended, lesson, member, stay, stored
from tests.screens import Screens, button, metric, refused, said, tables
from tracker import doctor, fetching, health, sessions, storage
from tracker.attendance.types import FetchState
from tracker.auth import OPERATOR
from tracker.doctor import Check
from tracker.errors import Problem
from tracker.health import Alarms, WebhookCounter, reader
from tracker.rate_limiter import SharedRateLimiter
from tracker.storage.database import Transaction, transaction
from tracker.storage.mails import MailQueue
from tracker.storage.members import Member
from tracker.storage.models import LiveStream, TrackerProcess
from tracker.ui import page
from tracker.ui.wiring import services
from tracker.zoom import Category

pytestmark = pytest.mark.database("sqlite")

REFUSED = (400, {"code": 200, "message": "Only available for paid account: x."})


@pytest.fixture
def admin(screens: Screens, engine: Engine, zoom: FakeZoom) -> Screens:
    """An admin looks."""
    st.cache_data.clear()
    screens.sign_in(member(engine, "ada@school.example", "admin"))
    return screens


@pytest.fixture
def failed(admin: Screens, engine: Engine, ana: Member, zoom: FakeZoom) -> str:
    """A class of which Zoom refuses the list."""
    class_id = lesson(engine, ana)
    zoom.hold("uuid-1", meeting=MEETING)
    sessions.note_delivery(services(), ended())
    admin.clock.time = at(70)
    zoom.list_faults.append(REFUSED)
    fetching.fetch_due(services())
    return class_id


def test_a_teacher_does_not_see_it(screens: Screens, ana: Member) -> None:
    screens.sign_in(ana)
    found = screens.open(page.SYSTEM)
    assert refused(found) == "This page is for admins."
    assert not found.title
    assert not found.metric


def test_an_admin_finds_it_in_the_sidebar(admin: Screens) -> None:
    found = admin.open(page.TODAY)
    links = [one.value for one in found.sidebar.get("page_link")]
    assert links == [
        *("Today", "Classes", "Courses", "New class", "System", "People", "People's data", "Activity"),
        *("My account", "What is kept"),
    ]


def webhook_came(engine: Engine, clock: Clock, outcome: str = "noted") -> None:
    """A webhook was taken in, and written down."""
    tally = WebhookCounter(engine, clock)
    tally.note(outcome)
    tally.save_counts()


@pytest.fixture
def fine_checks(monkeypatch: pytest.MonkeyPatch) -> dict[str, Check]:
    """Every check, each of them fine; a test puts others in their place."""
    made = {code: fine(code) for code in sorted(doctor.CHECKS)}
    monkeypatch.setattr(doctor, "examine", lambda _services: list(made.values()))
    return made


@pytest.fixture
def checked(fine_checks: dict[str, Check], engine: Engine, wired: Clock) -> dict[str, Check]:
    """The same, and a webhook has come."""
    webhook_came(engine, wired)
    return fine_checks


def fine(code: str) -> Check:
    return Check(code, True, Problem("files_ours"))


def amiss(code: str, problem: str, **details: str | tuple[Problem, ...]) -> Check:
    return Check(code, False, Problem(problem, details))


def answer(found: AppTest) -> list[str]:
    """What the page says first."""
    return re.findall(r"(?:All is well|Classes are counted\. |Not everything works).*", said(found))


def test_a_school_without_any_webhook_yet_is_told_what_to_do(admin: Screens, fine_checks: dict[str, Check]) -> None:
    found = admin.open(page.SYSTEM)
    assert answer(found) == ["Classes are counted. 1 thing needs your attention."]
    assert "No webhook of Zoom's has come yet." in said(found)
    assert "https://<your address>/api/webhooks/zoom" in said(found)
    assert "None has come yet." in said(found)


@pytest.mark.quick
def test_a_school_that_is_well_is_said_to_be(admin: Screens, engine: Engine, checked: dict[str, Check]) -> None:
    found = admin.open(page.SYSTEM)
    assert not found.exception
    assert not found.error
    assert {label: metric(found, label) for label in ("For later", "Due", "Overdue", "Failing", "Given up")} == {
        "For later": "0",
        "Due": "0",
        "Overdue": "0",
        "Failing": "0",
        "Given up": "0",
    }
    text = said(found)
    assert "All is well. Classes are counted by themselves." in text
    assert "No fetch fails, and none was given up." in text
    assert answer(found) == ["All is well. Classes are counted by themselves."]


def test_every_check_that_is_asked_for_is_one_that_is_made(admin: Screens) -> None:
    made = {check.code for check in doctor.examine(services())}
    assert {code for code in made if not code.startswith("scope:")} == doctor.CHECKS


@pytest.mark.parametrize(
    ("check", "told", "stops"),
    [
        (amiss("zoom", "zoom_not_connected"), "Zoom is not connected.", True),
        (amiss("zoom", "zoom_asked", error=(Problem("zoom_no_answer"),), host="x"), "Zoom is not connected.", True),
        (amiss("scope:a:b", "scope_missing", purpose=(Problem("for_fetching"),)), "lacks 1 permission.", True),
        (amiss("webhook_secret", "webhook_secret_missing"), "What Zoom announces cannot be checked", False),
        (amiss("files", "files_open", files="/x"), "To be mended: files.", False),
        (Check("clock", True, Problem("clock_unknown")), "Not everything could be checked: clock.", False),
        (None, "Not everything could be checked: erased people.", False),
    ],
)
def test_it_never_says_that_all_is_well_where_something_is_not_or_could_not_be_checked(
    admin: Screens, checked: dict[str, Check], check: Check | None, told: str, stops: bool
) -> None:
    if check is None:
        del checked["erased"]
    else:
        checked[check.code] = check
    found = admin.open(page.SYSTEM)
    word = "Not everything works: 1 thing has" if stops else "Classes are counted. 1 thing needs"
    assert [one.startswith(word) for one in answer(found)] == [True]
    assert told in said(found)


@pytest.mark.parametrize(
    ("alarms", "queue", "told"),
    [
        (Alarms(True, None, False), {}, "No tracker is running"),
        (Alarms(False, at(0), False), {}, "Zoom has announced none since 14 May 2026, 14:00."),
        (Alarms(False, None, True), {}, "has the wrong signature, and is refused."),
        (Alarms(False, None, True, changed=True), {}, "is changed on its way, and is refused."),
        (Alarms(False, None, False), {"late": 2}, "2 classes should have been counted"),
        (Alarms(False, None, False), {"stuck": 1}, "Classes that could not be fetched in several tries: 1."),
    ],
)
def test_each_alarm_is_told_with_what_to_do(
    admin: Screens,
    checked: dict[str, Check],
    monkeypatch: pytest.MonkeyPatch,
    alarms: Alarms,
    queue: dict[str, int],
    told: str,
) -> None:
    read = health.read_health

    def altered(tx: Transaction, now: datetime, seen: object) -> health.Health:
        found = read(tx, now)
        return replace(found, alarms=alarms, queue=replace(found.queue, **queue))

    monkeypatch.setattr(reader, "read_health", altered)
    found = admin.open(page.SYSTEM)
    assert not answer(found)[0].startswith("All is well")
    assert told in said(found)


@pytest.mark.parametrize(
    ("mails", "check", "told"),
    [
        (MailQueue(due=1, late=1), None, "1 e-mail to a teacher is overdue."),
        (MailQueue(failing=2, why=Problem("mail_put_off", {"answer": "450 later"})), None, "450 later"),
        (MailQueue(failing=2), amiss("mail", "mail_server_silent", host="x"), "To be mended: e-mail."),
    ],
)
def test_emails_that_do_not_go_are_told_once_with_what_to_do(
    admin: Screens,
    checked: dict[str, Check],
    monkeypatch: pytest.MonkeyPatch,
    mails: MailQueue,
    check: Check | None,
    told: str,
) -> None:
    read = health.read_health
    monkeypatch.setattr(reader, "read_health", lambda tx, now, seen: replace(read(tx, now), mails=mails))
    if check is not None:
        checked[check.code] = check
    found = admin.open(page.SYSTEM)
    assert answer(found) == ["Classes are counted. 1 thing needs your attention."]
    assert told in said(found)


def test_what_somebody_has_seen_to_is_no_trouble_any_more(
    admin: Screens, engine: Engine, failed: str, checked: dict[str, Check]
) -> None:
    assert answer(admin.open(page.SYSTEM)) == ["Classes are counted. 1 thing needs your attention."]
    with transaction(engine) as tx:
        row = tx.get_one(LiveStream, failed)
        row.seen_to = "failed zoom_plan_without_reports"
        tx.add(row)
    found = admin.open(page.SYSTEM)
    assert answer(found) == ["All is well. Classes are counted by themselves."]
    assert button(found, "Try again")


def test_a_fetch_that_was_given_up_is_named_with_its_reason_and_tried_again(
    admin: Screens, engine: Engine, failed: str, ana: Member
) -> None:
    found = admin.open(page.SYSTEM)
    assert metric(found, "Given up") == "1"
    text = said(found)
    assert "Algebra 7B" in text
    assert (
        "This Zoom plan has no participant reports; they need Zoom Pro or higher. Tried 1 time. It is not tried again"
        in text
    )
    assert "Zoom has not given the participants of 1 class." in text
    button(found, "Try again").click().run()
    fetch = stored(engine, failed).fetch
    assert fetch is not None
    assert (fetch.stored_state, fetch.due_at, fetch.error) == (FetchState.WAITING, at(70), None)
    assert metric(found, "Due") == "1"
    assert "No fetch fails" in said(found)


def test_all_that_fail_are_tried_again_at_once(
    admin: Screens, engine: Engine, failed: str, ana: Member, zoom: FakeZoom
) -> None:
    other = lesson(engine, ana, "Biology", zoom_meeting_id="85099999999")
    sessions.note_delivery(services(), ended("uuid-9", meeting="85099999999"))
    zoom.faults.extend([(500, ""), (500, "")])
    fetching.fetch_due(services())
    found = admin.open(page.SYSTEM)
    assert (metric(found, "Failing"), metric(found, "Given up")) == ("1", "1")
    assert "Zoom has a fault of its own (HTTP 500). Tried 1 time. Next try: 14 May 2026, 15:1" in said(found)
    assert "Zoom has not given the participants of 2 classes." in said(found)
    button(found, "Try all again").click().run()
    due = [stored(engine, class_id).fetch for class_id in (failed, other)]
    assert [fetch and fetch.due_at for fetch in due] == [at(70), at(70)]


def test_what_waits_for_nobody_is_late(admin: Screens, engine: Engine, ana: Member) -> None:
    lesson(engine, ana)
    sessions.note_delivery(services(), ended())
    admin.clock.time = at(74)
    assert metric(admin.open(page.SYSTEM), "Overdue") == "0"
    admin.clock.time = at(75)
    found = admin.open(page.SYSTEM)
    assert (metric(found, "Due"), metric(found, "Overdue")) == ("1", "1")


def test_webhooks_are_shown_by_what_became_of_them_and_the_last_ones_by_their_class(
    admin: Screens, engine: Engine, ana: Member, wired: Clock
) -> None:
    lesson(engine, ana)
    sessions.note_delivery(services(), ended())
    tally = WebhookCounter(engine, wired)
    for outcome in ("noted", "refused:wrong_signature", "refused:wrong_signature"):
        tally.note(outcome)
    tally.save_counts()
    wired.forward(minutes=3)
    found = admin.open(page.SYSTEM)
    when = "14 May 2026, 14:00:00"
    assert f"The last one came: {when}." in said(found)
    shown = tables(found)
    assert shown["Webhooks of today by what became of them"] == [
        {"Today (UTC)": "refused: The signature does not match.", "Number": "2", "Last": when},
        {"Today (UTC)": "noted with a class", "Number": "1", "Last": when},
    ]
    assert shown["The last webhooks about classes"] == [
        {"Class": "Algebra 7B", "Event": "the meeting ended", "When": when}
    ]


def test_the_use_of_zooms_rates_and_its_pauses_are_shown(admin: Screens, engine: Engine, wired: Clock) -> None:
    pace = SharedRateLimiter(engine, "pro", interactive=True, now=wired)
    pace.admit(Category.MEDIUM)
    pace.pause(Category.MEDIUM, at(30))
    found = admin.open(page.SYSTEM)
    assert {
        "Kind of call": "medium calls",
        "Today (UTC)": "1",
        "Refused as too many": "1",
        "Allowed": "20 a second",
        "Paused until": "14 May 2026, 14:30",
    } in tables(found)["How much of Zoom's limits is used"]


def test_the_trackers_are_shown_with_their_last_sign_of_life(admin: Screens, engine: Engine, wired: Clock) -> None:
    health.note_alive(engine, "two:8787", at(0), at(0))
    wired.forward(minutes=5)
    shown = tables(admin.open(page.SYSTEM))["The trackers that were seen"]
    assert [(row["Tracker"], row["State"]) for row in shown] == [
        ("one:8787", "running"),
        ("two:8787", "not heard of"),
    ]


# Alarms


def no_tracker(engine: Engine) -> None:
    with transaction(engine) as tx:
        tx.exec(delete(TrackerProcess))


def test_everybody_is_told_when_no_tracker_runs(
    admin: Screens, engine: Engine, ana: Member, checked: dict[str, Check]
) -> None:
    no_tracker(engine)
    (error,) = admin.open(page.TODAY).error
    assert "No tracker is running. Start it with `tracker up`" in error.value
    found = admin.open(page.SYSTEM)
    assert answer(found) == ["Not everything works: 1 thing has to be mended."]
    assert "No tracker is running, so no class is counted." in said(found)
    assert "1. Start it on the machine of this service: `tracker up`" in "\n".join(one.value for one in found.markdown)
    admin.sign_in(ana)
    (warning,) = admin.open(page.TODAY).warning
    assert warning.value.startswith("Counting is paused. Nothing is lost")


def test_everybody_is_told_when_classes_are_held_and_zoom_says_nothing(
    admin: Screens, engine: Engine, ana: Member, wired: Clock
) -> None:
    counted(engine, lesson(engine, ana, start=60), stay("Bo", 60, 90), start=60, end=120)
    wired.time = at(180)
    (warning,) = admin.open(page.TODAY).warning
    assert "Classes were held, and Zoom has announced none of them." in warning.value
    assert "The page System says how to mend it." in warning.value
    admin.sign_in(ana)
    (warning,) = admin.open(page.TODAY).warning
    assert warning.value.endswith("An admin can mend this.")


def test_an_alarm_is_gone_when_its_reason_is(admin: Screens, engine: Engine, ana: Member, wired: Clock) -> None:
    no_tracker(engine)
    counted(engine, lesson(engine, ana, start=60), stay("Bo", 60, 90), start=60, end=120)
    wired.time = at(180)
    found = admin.open(page.TODAY)
    assert (len(found.error), len(found.warning)) == (1, 1)
    health.note_alive(engine, "one:8787", wired(), wired())
    tally = WebhookCounter(engine, wired)
    tally.note("url_validation")
    tally.save_counts()
    found.run()
    assert (len(found.error), len(found.warning)) == (0, 0)


def test_a_fetch_under_way_loses_its_lease_to_somebody_who_has_it_tried_again(
    admin: Screens, engine: Engine, failed: str
) -> None:
    fetching.try_again(services(), OPERATOR, failed)
    with transaction(engine) as tx:
        claim = storage.fetches.claim_due(tx, admin.clock())
    assert claim is not None
    fetching.try_again(services(), OPERATOR, failed)
    with transaction(engine) as tx:
        assert storage.fetches.claim_due(tx, admin.clock() + timedelta(seconds=1)) is not None
