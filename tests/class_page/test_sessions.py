"""What the page of a class says of its meeting's sessions: which count and why, what is missing, who is elsewhere."""

from typing import Any

import pytest
from sqlalchemy import Engine
from streamlit.testing.v1 import AppTest

from tests.fake_zoom import FakeZoom
from tests.lives import fetch_all, hold, note
from tests.makers import MEETING, Clock, at, ended, lesson, member, participant, started, stored
from tests.screens import Screens, button, metric, said, show
from tracker import classes, fetching, reconcile
from tracker.attendance.types import ClassStatus
from tracker.auth import OPERATOR
from tracker.classes import Plan
from tracker.storage.members import Member
from tracker.ui import page
from tracker.ui.wiring import services

pytestmark = pytest.mark.database("sqlite")

DAY = 24 * 60


@pytest.fixture
def ana(engine: Engine, screens: Screens, zoom: FakeZoom) -> Member:
    """A teacher, at the start of her class."""
    made = member(engine)
    screens.sign_in(made)
    return made


def forward(wired: Clock, minute: float) -> None:
    """The time passes, and the tracker does what is to be done by then."""
    wired.time = at(minute)
    reconcile.ask_for_forgotten(services())
    reconcile.follow_time(services())
    fetch_all(services(), wired, minute)


def lists(screens: Screens) -> list[str]:
    return [said(screens.open(name)) for name in (page.TODAY, page.CLASSES)]


def today(screens: Screens) -> str:
    return said(screens.open(page.TODAY))


# Not held


def test_a_class_that_nobody_held_is_not_held_and_its_trial_of_the_day_before_is_offered(
    screens: Screens, engine: Engine, ana: Member, wired: Clock, zoom: FakeZoom
) -> None:
    class_id = lesson(engine, ana)
    hold(services(), zoom, "trial", -DAY, 5 - DAY, Ana=(-DAY, 5 - DAY))
    forward(wired, 100)
    assert all("Not seen yet" in text for text in lists(screens))
    for text in (said(show(screens, class_id)), today(screens)):
        assert "Zoom knows of no session of this class that has ended. Next try at" in text
    forward(wired, 181)
    assert all("Not held" in text for text in lists(screens))
    for text in (said(show(screens, class_id)), today(screens)):
        assert "Nobody held this class at its time." in text
        assert "Next try" not in text
    shown = show(screens, class_id)
    assert "A session of this meeting: Wed 13 May, 14:00–14:05." in said(shown)
    assert "It is not counted: it began 1 day before the planned start." in said(shown)
    button(shown, "Count it").click().run()
    fetch_all(services(), wired, 182)
    shown = show(screens, class_id)
    assert "Counted" in said(shown)
    assert metric(shown, "People") == "1"
    button(shown, "Undo").click().run()
    for text in (said(show(screens, class_id)), *lists(screens)):
        assert "Not held" in text
        assert "1 person" not in text
    button(show(screens, class_id), "Count it").click().run()
    assert metric(show(screens, class_id), "People") == "1"  # Zoom has told it before


def test_a_class_that_was_not_held_is_no_failing_fetch(
    screens: Screens, engine: Engine, ana: Member, wired: Clock
) -> None:
    lesson(engine, ana)
    forward(wired, 181)
    screens.sign_in(member(engine, "boss@school.example", "admin"))
    assert "No fetch fails, and none was given up." in said(screens.open(page.SYSTEM))


# Sessions that do not count


def test_a_session_after_the_class_says_since_when_it_runs_and_why_it_is_left_out(
    screens: Screens, engine: Engine, ana: Member, wired: Clock, zoom: FakeZoom
) -> None:
    class_id = lesson(engine, ana)
    hold(services(), zoom, "u1", 0, 60, Bo=(0, 60))
    forward(wired, 75)
    note(services(), started("night", 90))
    wired.time = at(93)
    shown = show(screens, class_id)
    assert "Another session of this meeting: since 15:30, still running." in said(shown)
    assert "it began 30 min after the planned end. The class was counted already." in said(shown)
    assert ":green-badge[:material/check: Counted]" in said(shown)
    note(services(), ended("night", 90, 93))
    assert "Another session of this meeting: 15:30–15:33." in said(show(screens, class_id))
    button(shown.run(), "Count it").click().run()
    shown = show(screens, class_id)
    assert "15:30–15:33: it was counted in by hand." in said(shown)
    button(shown, "Undo").click().run()
    assert "Another session of this meeting: 15:30–15:33." in said(show(screens, class_id))


@pytest.mark.parametrize(
    ("start", "end", "time", "why"),
    [
        (-DAY, 5 - DAY, "Wed 13 May, 14:00–14:05", "it began 1 day before the planned start"),
        (-3 * DAY, 5 - 3 * DAY, "Mon 11 May, 14:00–14:05", "it began 3 days before the planned start"),
        (-200, -199.5, "10:40:00–10:40:30", "it began 3 h 20 min before the planned start"),
        (-200, -195, "10:40–10:45", "it began 3 h 20 min before the planned start"),
        (300, 305, "19:00–19:05", "it began 4 h after the planned end and lasted 5 min"),
        (595, 605, "23:55–Fri 15 May, 00:05", "it began 8 h 55 min after the planned end and lasted 10 min"),
    ],
)
@pytest.mark.quick
def test_a_session_that_does_not_count_says_when_it_was_and_why(
    screens: Screens, engine: Engine, ana: Member, wired: Clock, start: float, end: float, time: str, why: str
) -> None:
    class_id = lesson(engine, ana)
    note(services(), ended("other", start, end))
    wired.time = at(700)
    assert f"A session of this meeting: {time}. It is not counted: {why}." in said(show(screens, class_id))


def test_a_session_that_is_left_out_is_offered_again(
    screens: Screens, engine: Engine, ana: Member, wired: Clock, zoom: FakeZoom
) -> None:
    class_id = lesson(engine, ana)
    hold(services(), zoom, "u1", 0, 20, Bo=(0, 20))
    hold(services(), zoom, "u2", 25, 60, Cy=(25, 60))
    forward(wired, 70)
    shown = show(screens, class_id)
    assert "14:00–14:20: in the class's time." in said(shown)
    button(shown, "Leave it out").click().run()
    shown = show(screens, class_id)
    assert "Another session of this meeting: 14:00–14:20. It was left out by hand." in said(shown)
    assert metric(shown, "People") == "1"
    button(shown, "Count it again").click().run()
    shown = show(screens, class_id)
    assert "Another session" not in said(shown)
    assert metric(shown, "People") == "2"


# Lists that are missing, or shorter


def held_in_two(engine: Engine, ana: Member, zoom: FakeZoom) -> str:
    class_id = lesson(engine, ana)
    hold(services(), zoom, "u1", 0, 20, Bo=(0, 20))
    hold(services(), zoom, "u2", 25, 60, Bo=(25, 60), Cy=(25, 60))
    return class_id


def test_a_session_whose_list_zoom_refuses_is_named_with_the_reason_and_the_next_try(
    screens: Screens, engine: Engine, ana: Member, wired: Clock, zoom: FakeZoom
) -> None:
    class_id = held_in_two(engine, ana, zoom)
    refusal = (403, "<html>blocked</html>")
    zoom.meanwhile = lambda path: zoom.faults.append(refusal) if path.endswith("u1/participants") else None
    forward(wired, 70)
    shown = show(screens, class_id)
    assert all("Counted in part" in text for text in (said(shown), *lists(screens)))
    for text in (said(shown), today(screens)):
        assert "1 of 2 sessions is missing: " in text
        assert "Zoom is asked again at 15:1" in text
    assert "14:00–14:20: in the class's time. Its participants are missing: " in said(shown)
    assert metric(shown, "People") == "2"
    zoom.meanwhile = lambda path: None
    forward(wired, 75)
    for text in (said(show(screens, class_id)), *lists(screens)):
        assert "missing" not in text


def test_a_shorter_list_is_noted_taken_by_a_click_and_given_back_by_another(
    screens: Screens, engine: Engine, ana: Member, wired: Clock, zoom: FakeZoom
) -> None:
    class_id = lesson(engine, ana)
    everybody = [participant(f"P{number}", 0, 60) for number in range(25)]
    zoom.hold("u1", *everybody, meeting=MEETING)
    note(services(), ended("u1"))
    forward(wired, 70)
    zoom.hold("u1", *everybody[:9], meeting=MEETING)
    forward(wired, 120)
    shown = show(screens, class_id)
    assert "Zoom's list has become shorter: 25, now 9. The longer one is kept." in said(shown)
    assert metric(shown, "People") == "25"
    button(shown, "Take the shorter one").click().run()
    shown = show(screens, class_id)
    assert "Zoom's shorter list was taken by hand: 25, now 9. The longer one is kept too." in said(shown)
    assert metric(shown, "People") == "9"
    assert stored(engine, class_id).participant_count == 9
    wired.forward(minutes=1)
    fetching.fetch_now(services(), OPERATOR, class_id)  # the same answer again changes nothing
    assert metric(show(screens, class_id), "People") == "9"
    button(show(screens, class_id), "Take the longer one again").click().run()
    shown = show(screens, class_id)
    assert metric(shown, "People") == "25"
    assert "Zoom's list has become shorter: 25, now 9. The longer one is kept." in said(shown)
    zoom.hold("u1", *everybody, meeting=MEETING)
    wired.forward(minutes=1)
    fetching.fetch_now(services(), OPERATOR, class_id)
    assert "shorter" not in said(show(screens, class_id))


# Where people went


def test_the_page_says_to_which_class_people_went_when_its_session_appeared(
    screens: Screens, engine: Engine, ana: Member, wired: Clock, zoom: FakeZoom
) -> None:
    first = lesson(engine, ana, "Algebra", zoom_meeting_made=False)
    hold(services(), zoom, "u1", -2, 62, Ana=(0, 60), Ben=(0, 60), Dee=(58, 62), Eve=(59, 62))
    forward(wired, 75)
    assert stored(engine, first).participant_count == 4
    second = lesson(engine, ana, "Biology", 60, zoom_meeting_made=False)
    hold(services(), zoom, "u2", 64, 120, Dee=(64, 120), Eve=(64, 120), Fay=(64, 120))
    forward(wired, 135)
    assert stored(engine, first).participant_count == 2
    shown = show(screens, first)
    assert "2 people of this meeting were there in the time of **Biology** (Thu, 14 May 2026, 15:00–16:00)" in said(
        shown
    )
    (link,) = [one for one in shown.main.get("page_link") if one.label == "Go to that class"]
    assert second in link.proto.query_string
    assert "2 people of this meeting were there in the time of **Algebra**" in said(show(screens, second))


def test_a_class_of_somebody_else_is_named_and_not_linked(
    screens: Screens, engine: Engine, ana: Member, wired: Clock, zoom: FakeZoom
) -> None:
    ben = member(engine, "ben@school.example")
    first = lesson(engine, ana, "Algebra", zoom_meeting_made=False)
    lesson(engine, ben, "Biology", 60, zoom_meeting_made=False)
    hold(services(), zoom, "u1", -2, 122, Ana=(0, 60), Dee=(61, 120))
    forward(wired, 135)
    shown = show(screens, first)
    assert "1 person of this meeting was there in the time of **Biology**" in said(shown)
    assert "Go to that class" not in said(shown)
    screens.sign_in(member(engine, "boss@school.example", "admin"))
    assert "Go to that class" in said(show(screens, first))


# The latest reason


def fetch(shown: AppTest) -> str:
    button(shown, "Fetch participants now").click()
    shown.run()
    return str(shown.status[0].label.replace("\\", ""))


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ((503, "<html>"), "Zoom has a fault of its own (HTTP 503)."),
        ((200, {"participants": []}), "Zoom has no participant list for this class yet."),
    ],
)
def test_after_a_failed_fetch_badge_and_button_say_the_same_and_it_stays_due(
    screens: Screens, engine: Engine, ana: Member, wired: Clock, zoom: FakeZoom, fault: Any, reason: str
) -> None:
    class_id = lesson(engine, ana)
    hold(services(), zoom, "u1", 0, 60, Bo=(0, 60))
    wired.time = at(62)
    zoom.meanwhile = lambda path: zoom.faults.append(fault) if path.endswith("/participants") else None
    shown = show(screens, class_id)
    assert fetch(shown) == reason
    for text in (said(show(screens, class_id)), today(screens)):
        assert f"{reason} Next try at 15:10" in text
    zoom.meanwhile = lambda path: None
    assert fetch(show(screens, class_id)) == "Zoom has 1 join of 1 person."
    assert reason not in said(show(screens, class_id))


def test_a_class_that_should_have_begun_says_so_on_badge_and_button(
    screens: Screens, engine: Engine, ana: Member, wired: Clock
) -> None:
    class_id = lesson(engine, ana)
    wired.time = at(10)
    shown = show(screens, class_id)
    sentence = "It should have begun at 14:00. Zoom has not said that it did."
    for text in (said(shown), today(screens)):
        assert sentence in text
    assert "Fetch participants now" not in [one.label for one in shown.button]
    assert stored(engine, class_id).status is ClassStatus.SCHEDULED


def test_a_list_whose_session_is_another_classs_now_is_kept_and_says_so(
    screens: Screens, engine: Engine, ana: Member, wired: Clock, zoom: FakeZoom
) -> None:
    first = lesson(engine, ana, "Algebra", zoom_meeting_made=False)
    second = lesson(engine, ana, "Biology", 20 * DAY, zoom_meeting_made=False)
    hold(services(), zoom, "u1", 70, 125, Bo=(70, 125))
    forward(wired, 136)
    assert stored(engine, first).participant_count == 1
    classes.change_class(services(), ana, second, Plan("Biology", at(70), 60, "Europe/Berlin"))
    forward(wired, 190)
    shown = show(screens, first)
    assert (
        "The session that the list below was read from counts for **Biology** (Thu, 14 May 2026, 15:10–16:10) now"
        in said(shown)
    )
    assert metric(shown, "People") == "1"
    assert (stored(engine, first).participant_count, stored(engine, second).participant_count) == (1, 1)
