"""The page System, and what everybody's Today says when nothing would be counted."""

from datetime import timedelta

import pytest
import streamlit as st
from sqlalchemy import Engine
from sqlmodel import delete

from tests.fake_zoom import FakeZoom
from tests.makers import MEETING, Clock, at, counted, ended, lesson, member, stay, stored
from tests.screens import Screens, button, metric, refused, said
from tracker import fetching, health, sessions, storage
from tracker.attendance.types import FetchState
from tracker.auth import OPERATOR
from tracker.health import WebhookCounter
from tracker.rate_limiter import SharedRateLimiter
from tracker.storage.database import transaction
from tracker.storage.members import Member
from tracker.storage.models import TrackerProcess
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
        *("Today", "Classes", "New class", "System", "People", "People's data", "Activity"),
        *("My account", "What is kept"),
    ]


def test_a_school_that_is_well_is_said_to_be(admin: Screens, engine: Engine) -> None:
    found = admin.open(page.SYSTEM)
    assert not found.exception
    assert not found.error
    assert {label: metric(found, label) for label in ("Planned", "Due", "Late", "Failing", "Given up")} == {
        "Planned": "0",
        "Due": "0",
        "Late": "0",
        "Failing": "0",
        "Given up": "0",
    }
    text = said(found)
    assert "No fetch fails, and none was given up." in text
    assert "None has come yet." in text
    assert "api.zoom.us accepts the app's credentials." in text


def test_a_fetch_that_was_given_up_is_named_with_its_reason_and_tried_again(
    admin: Screens, engine: Engine, failed: str, ana: Member
) -> None:
    found = admin.open(page.SYSTEM)
    assert metric(found, "Given up") == "1"
    text = said(found)
    assert "Algebra 7B" in text
    assert "This Zoom plan has no participant reports; they need Zoom Pro or higher. 1 try so far. Given up." in text
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
    assert "Zoom has a fault of its own (HTTP 500). 1 try so far. Next try at 2026-05-14 15:1" in said(found)
    button(found, "Try all again").click().run()
    due = [stored(engine, class_id).fetch for class_id in (failed, other)]
    assert [fetch and fetch.due_at for fetch in due] == [at(70), at(70)]


def test_what_waits_for_nobody_is_late(admin: Screens, engine: Engine, ana: Member) -> None:
    lesson(engine, ana)
    sessions.note_delivery(services(), ended())
    admin.clock.time = at(74)
    assert metric(admin.open(page.SYSTEM), "Late") == "0"
    admin.clock.time = at(75)
    found = admin.open(page.SYSTEM)
    assert (metric(found, "Due"), metric(found, "Late")) == ("1", "1")


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
    assert "The last one came at 2026-05-14 14:00:00." in said(found)
    counts, noted = found.dataframe[0].value, found.dataframe[1].value
    assert counts.values.tolist() == [
        ["refused: The signature does not match.", 2, "2026-05-14 14:00:00"],
        ["noted with a class", 1, "2026-05-14 14:00:00"],
    ]
    assert noted.values.tolist() == [["2026-05-14 14:00:00", "meeting.ended", "Algebra 7B"]]


def test_the_use_of_zooms_rates_and_its_pauses_are_shown(admin: Screens, engine: Engine, wired: Clock) -> None:
    pace = SharedRateLimiter(engine, "pro", interactive=True, now=wired)
    pace.admit(Category.MEDIUM)
    pace.pause(Category.MEDIUM, at(30))
    found = admin.open(page.SYSTEM)
    assert [
        "Medium",
        1,
        1,
        "20 a second",
        "2026-05-14 14:30:00",
    ] in found.dataframe[0].value.values.tolist()


def test_the_trackers_are_shown_with_their_last_sign_of_life(admin: Screens, engine: Engine, wired: Clock) -> None:
    health.note_alive(engine, "two:8787", at(0), at(0))
    wired.forward(minutes=5)
    shown = admin.open(page.SYSTEM).dataframe[-1].value.values.tolist()
    assert [row[:2] for row in shown] == [["one:8787", "running"], ["two:8787", "not heard of"]]


# Alarms


def no_tracker(engine: Engine) -> None:
    with transaction(engine) as tx:
        tx.exec(delete(TrackerProcess))


def test_everybody_is_told_when_no_tracker_runs(admin: Screens, engine: Engine, ana: Member) -> None:
    no_tracker(engine)
    for name in (page.TODAY, page.SYSTEM):
        (error,) = admin.open(name).error
        assert "No tracker is running, so nothing is counted by itself. Start it with `tracker up`" in error.value
    admin.sign_in(ana)
    (error,) = admin.open(page.TODAY).error
    assert "Tell whoever runs this service. Nothing is lost" in error.value


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
