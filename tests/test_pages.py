"""What every page has in common, and the lists: Today and Classes."""

import re
from datetime import date
from itertools import count
from typing import Any

import pytest
import streamlit as st
from sqlalchemy import Engine

from tests.fake_zoom import FakeZoom
from tests.makers import AWAY_SENTENCE, MEETING, NOW, Clock, at, counted, ended, lesson, member, started, stay
from tests.screens import PAGES, Away, Screens, headings, links, raw, said
from tracker import auth, sessions, storage
from tracker.attendance.types import ClassStatus
from tracker.storage.database import transaction
from tracker.storage.members import Member
from tracker.ui import page, wiring
from tracker.ui.sign_in import COOKIE
from tracker.ui.wiring import services

pytestmark = [pytest.mark.slow, pytest.mark.database("sqlite")]

HOSTILE = "<img src=x onerror=alert(1)> [win](https://evil.example) **bold** `code` $x$ :red[e] \u202eright"
# Each of these in a text that is sent as Markdown would be read as markup.
SIGNED_OUT = "You are signed out Sign in, and you come back to this page. Sign in"
MEETING_IDS = count(82_000_000_000)
TITLES = (
    *("Today", "Classes", "New class", "Algebra 7B", "System", "People", "People's data", "Activity", "My account"),
    "What is kept",
)
UNESCAPED = ("<img", "[win", "](", "**bold", "`code", "$x", ":red", "https:", "\u202e")


@pytest.fixture
def signed_in(screens: Screens, ana: Member) -> Screens:
    screens.sign_in(ana)
    return screens


@pytest.fixture
def allowed(signed_in: Screens, engine: Engine, zoom: FakeZoom, name: str) -> Screens:
    """Somebody is signed in who may see the page of this name: a teacher, or an admin where it is for admins."""
    st.cache_data.clear()
    if name in (page.SYSTEM, page.PEOPLE, page.ACTIVITY, page.PEOPLES_DATA):
        signed_in.sign_in(member(engine, "ada@school.example", "admin"))
    return signed_in


def note(delivery: Any) -> None:
    sessions.note_delivery(services(), delivery)


def held(engine: Engine, ana: Member, title: str, start: float, end: float, planned: float, **more: Any) -> str:
    """A class whose meeting ran from one minute to another."""
    meeting = str(next(MEETING_IDS))
    made = lesson(engine, ana, title, planned, zoom_meeting_id=meeting, **more)
    note(ended(f"uuid-{meeting}", start, end, meeting))
    return made


# Every page


@pytest.mark.parametrize("name", PAGES)
def test_a_page_shows_a_stranger_nothing_but_the_way_to_sign_in(
    screens: Screens, engine: Engine, ana: Member, name: str
) -> None:
    class_id = lesson(engine, ana, "Algebra 7B")
    for token in (None, "", "made-up", "\0"):
        screens.cookies = {} if token is None else {COOKIE: token}
        at = screens.open(name, id=class_id)
        assert not at.exception
        (shown,) = [str(one.value) for one in at.main if hasattr(one, "value")]
        assert said(at) == SIGNED_OUT
        assert "Algebra" not in shown
        assert len(at.sidebar) == 0


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_drawn_without_a_class(signed_in: Screens, name: str) -> None:
    at = signed_in.open(name)
    assert not at.exception
    assert [one.value for one in at.sidebar.get("text")] == ["Ana"]
    assert [one.value for one in at.sidebar.get("page_link")] == [
        *("Today", "Classes", "New class", "My account", "What is kept"),
    ]


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.database("sqlite", "postgresql")
def test_a_page_is_drawn_with_classes_of_every_kind_in_any_browser(
    allowed: Screens, engine: Engine, ana: Member, name: str
) -> None:
    for number, status in enumerate(ClassStatus):
        class_id = lesson(engine, ana, f"Class {number}", course="Algebra", zoom_meeting_id=None)
        with transaction(engine) as tx:
            storage.classes.set_life(tx, class_id, status, None, None)
    shown = lesson(engine, ana)
    counted(engine, shown, stay("Bo", 0, 30))
    for zone in ("Asia/Kathmandu", "UTC", "Mars/Base", "", None):
        allowed.zone = zone
        at = allowed.open(name, id=shown)
        assert not at.exception
        assert not at.error
        assert at.title[0].value in TITLES


@pytest.mark.parametrize("name", PAGES)
def test_an_open_page_is_of_no_use_once_its_person_signed_out_elsewhere(
    allowed: Screens, engine: Engine, ana: Member, name: str
) -> None:
    at = allowed.open(name, id=lesson(engine, ana))
    assert at.title
    auth.sign_out(engine, allowed.cookies[COOKIE], NOW)
    at.run()
    assert not at.title
    assert said(at) == SIGNED_OUT


@pytest.mark.parametrize("name", PAGES)
def test_a_sign_in_ends_by_itself(signed_in: Screens, wired: Clock, name: str) -> None:
    wired.time += auth.SIGN_IN_LIFE
    assert "You are signed out" in said(signed_in.open(name))


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.slow
def test_a_database_that_goes_away_at_any_moment_is_a_sentence_and_no_trace(
    allowed: Screens, engine: Engine, ana: Member, name: str
) -> None:
    class_id = lesson(engine, ana)
    counted(engine, class_id, stay("Bo", 0, 30))
    services()
    away = Away()
    at = allowed.open(name, id=class_id)
    away.asked = 0
    at.run()  # the first time Zoom is asked about its scopes, and only then this is among what is shown
    whole, statements = said(at), away.asked
    assert statements >= 2
    for after in range(statements):
        away.asked, away.after = 0, after
        at.run()
        assert not at.exception
        assert [error.value for error in at.error] == [AWAY_SENTENCE] or said(at) == whole
    away.asked, away.after = 0, 0
    at.run()
    assert [error.value for error in at.error] == [AWAY_SENTENCE]
    assert said(at) == AWAY_SENTENCE
    away.after = 10**9
    at.run()
    assert said(at) == whole


@pytest.mark.parametrize("name", PAGES)
def test_settings_that_make_no_sense_are_said_on_the_page(
    signed_in: Screens, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("ZOOM_PLAN", "gold")
    wiring.close()
    at = signed_in.open(name)
    assert not at.exception
    assert said(at) == "The settings need attention: ZOOM_PLAN must be one of free, pro, business."


@pytest.mark.parametrize("name", [page.TODAY, page.CLASSES, page.CLASS])
def test_a_hostile_title_is_read_as_text_and_not_as_markup(
    screens: Screens, engine: Engine, ana: Member, name: str
) -> None:
    with transaction(engine) as tx:
        boss = storage.members.add_member(tx, "boss@school.example", HOSTILE, "admin", None, at(0))
        villain = storage.members.add_member(tx, "v@school.example", HOSTILE, "teacher", None, at(0))
    class_id = lesson(engine, villain, HOSTILE, course=HOSTILE)
    screens.sign_in(boss)
    shown = screens.open(name, id=class_id)
    assert not shown.exception
    assert "<img src=x onerror=alert(1)> [win](https://evil.example) **bold** `code` $x$ :red[e] right" in said(shown)
    for text in raw(shown):
        if not text.startswith(("<style", "<form")):
            assert [sign for sign in UNESCAPED if re.search(rf"(?<!\\){re.escape(sign)}", text)] == []


# Today


def test_today_sorts_classes_by_what_a_teacher_does_with_them(signed_in: Screens, engine: Engine, ana: Member) -> None:
    lesson(engine, ana, "Runs", -30)
    note(started("uuid-live", -28))
    lesson(engine, ana, "Later", 300)
    lesson(engine, ana, "Sooner", 60)
    lesson(engine, ana, "Runs out", -59)
    held(engine, ana, "Over", -65, -5, -65)
    lesson(engine, ana, "Nobody came", -180)
    held(engine, ana, "Long ago", -5000, -4900, -5000)
    shown = signed_in.open(page.TODAY)
    assert headings(shown) == [
        *("Live now", "Runs"),
        *("Next", "Runs out", "Sooner", "Later"),
        *("Just ended", "Over", "Nobody came"),
    ]


def test_today_says_how_each_class_stands(signed_in: Screens, engine: Engine, ana: Member) -> None:
    held(engine, ana, "Waits", -60, -5, -60)
    seen = held(engine, ana, "Counted", -90, -30, -90)
    counted(engine, seen, stay("Bo", -90, -30), stay("Cy", -60, -30), start=-90, end=-30, fetched=-20)
    lesson(engine, ana, "Unseen", -170)
    lines = said(signed_in.open(page.TODAY)).splitlines()
    assert lines == [
        "Today",
        "Just ended",
        "**Waits**",
        "Thu 14 May 2026, 13:00–14:00",
        ":violet-badge[:material/hourglass_top: Waiting]",
        "Zoom's list is due at 14:05.",
        "**Counted**",
        "Thu 14 May 2026, 12:30–13:30",
        ":green-badge[:material/check: Counted]",
        "Fetched from Zoom at 13:40.",
        "##### 2 people",
        "**Unseen**",
        "Thu 14 May 2026, 11:10–12:10",
        ":orange-badge[:material/help: Not seen yet]",
        "Should have begun at 11:10, and Zoom has not said that it was held. If it was, fetch its participants now.",
    ]


def test_today_follows_a_class_through_its_life(signed_in: Screens, engine: Engine, ana: Member, wired: Clock) -> None:
    class_id = lesson(engine, ana, "Algebra", 5)
    today = signed_in.open(page.TODAY)
    assert headings(today) == ["Next", "Algebra"]
    wired.forward(minutes=6)
    note(started("uuid-1", 6))
    assert headings(today.run()) == ["Live now", "Algebra"]
    assert "It began at 14:06:00." in said(today)
    wired.forward(minutes=60)
    note(ended("uuid-1", 6, 66))
    assert headings(today.run()) == ["Just ended", "Algebra"]
    assert "Zoom's list is due at 15:16." in said(today)
    wired.forward(minutes=9)
    assert "Zoom's list is due at 15:16:00." in said(today.run())
    wired.forward(minutes=4)
    assert "the tracker has not fetched it: is it running?" in said(today.run())
    counted(engine, class_id, start=6, end=66)
    assert "0 people" in said(today.run())


def test_today_is_short_even_where_there_is_much(signed_in: Screens, engine: Engine, ana: Member) -> None:
    for number in range(12):
        lesson(engine, ana, f"Next {number:02}", 60 + number)
        lesson(engine, ana, f"Past {number:02}", -120 - number)
    shown = headings(signed_in.open(page.TODAY))
    upcoming, over = [f"Next {number:02}" for number in range(5)], [f"Past {number:02}" for number in range(10)]
    assert shown == ["Next", *upcoming, "Just ended", *over]


def test_a_day_without_classes_offers_to_plan_one(signed_in: Screens) -> None:
    at = signed_in.open(page.TODAY)
    assert said(at).splitlines() == [
        "Today",
        "Nothing is planned, and nothing was held since yesterday.",
        "Plan a class",
    ]


@pytest.mark.parametrize("name", [page.TODAY, page.CLASSES])
def test_a_teacher_sees_her_own_classes_and_an_admin_sees_all(screens: Screens, engine: Engine, name: str) -> None:
    ana, ben = member(engine), member(engine, "ben@school.example")
    boss = member(engine, "boss@school.example", "admin")
    lesson(engine, ana, "Algebra", 60)
    lesson(engine, ben, "Biology", 30, course="Term 1")
    lesson(engine, boss, "Chemistry", 15)
    for who, expected in (
        (ana, {"Algebra"}),
        (ben, {"Biology"}),
        (boss, {"Algebra", "Biology", "Chemistry"}),
    ):
        screens.sign_in(who)
        assert set(links(screens.open(name))) == expected
    lines = said(screens.open(name)).splitlines()
    assert lines[lines.index("**Biology**") + 1].endswith(" · Term 1 · Ben")
    assert lines[lines.index("**Chemistry**") + 1] == "Thu 14 May 2026, 14:15–15:15"


# Classes


def test_classes_are_listed_newest_first(signed_in: Screens, engine: Engine, ana: Member) -> None:
    for title, start in (("Second", 10), ("Third", -5000), ("First", 90_000)):
        lesson(engine, ana, title, start)
    shown = signed_in.open(page.CLASSES)
    assert links(shown) == ["First", "Second", "Third"]
    assert "3 classes" in said(shown)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  algebra ", {"Algebra 7B", "Exam"}),
        ("_", set()),
        ("\0", {"Übung 1", "Algebra 7B", "Exam", "100% Latin"}),
        ("", {"Übung 1", "Algebra 7B", "Exam", "100% Latin"}),
    ],
)
def test_classes_are_searched_by_title_and_course(
    signed_in: Screens, engine: Engine, ana: Member, text: str, expected: set[str]
) -> None:
    lesson(engine, ana, "Übung 1")
    lesson(engine, ana, "Algebra 7B")
    lesson(engine, ana, "Exam", course="ALGEBRA")
    lesson(engine, ana, "100% Latin")
    typed = signed_in.open(page.CLASSES)
    typed.text_input[0].input(text).run()
    linked = signed_in.open(page.CLASSES, q=text)
    for shown in (typed, linked):
        assert not shown.exception
        assert set(links(shown)) == expected
        assert ("No class fits this search." in said(shown)) == (not expected)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"status": "Planned"}, ["Late", "Early", "Dawn"]),
        ({"status": "Cancelled"}, ["Called off"]),
        ({"from": "2026-05-15"}, ["Late"]),
        ({"to": "2026-05-13"}, ["Dawn"]),
        ({"from": "2026-05-14", "to": "2026-05-14"}, ["Called off", "Early"]),
        ({"from": "2026-05-15", "to": "2026-05-13"}, []),
        ({"from": "2026-05-14", "status": "Planned", "q": "early"}, ["Early"]),
        (
            {"status": "Nonsense", "from": "soon", "to": "9999-12-31", "page": "x"},
            ["Late", "Called off", "Early", "Dawn"],
        ),
        ({"page": "99"}, ["Late", "Called off", "Early", "Dawn"]),
    ],
)
def test_classes_are_filtered_by_status_and_by_days_of_the_browsers_zone(
    signed_in: Screens, engine: Engine, ana: Member, query: dict[str, str], expected: list[str]
) -> None:
    # Berlin's 14 May lasts from 14 hours before NOW to 10 hours after it.
    for title, hours in (("Late", 10), ("Early", -14), ("Dawn", -14.1)):
        lesson(engine, ana, title, hours * 60)
    called_off = lesson(engine, ana, "Called off")
    with transaction(engine) as tx:
        storage.classes.set_life(tx, called_off, ClassStatus.CANCELLED, None, None)
    shown = signed_in.open(page.CLASSES, **query)
    assert not shown.exception
    assert links(shown) == expected


def test_filters_are_chosen_by_hand_as_well(signed_in: Screens, engine: Engine, ana: Member) -> None:
    lesson(engine, ana, "Early", -3 * 24 * 60)
    held(engine, ana, "Held", -60, -5, -60)
    shown = signed_in.open(page.CLASSES)
    shown.date_input(key="from").set_value(date(2026, 5, 14)).run()
    assert links(shown) == ["Held"]
    shown.date_input(key="from").set_value(None).run()
    shown.button_group(key="status").set_value(["scheduled"]).run()
    assert links(shown) == ["Early"]
    shown.button_group(key="status").set_value(["scheduled", "ended"]).run()
    assert links(shown) == ["Held", "Early"]


def test_many_classes_are_paged_by_twenty(signed_in: Screens, engine: Engine, ana: Member) -> None:
    for number in range(41):
        lesson(engine, ana, f"Class {number:02}", -number)
    lesson(engine, member(engine, "ben@school.example"), "Of somebody else")
    first = signed_in.open(page.CLASSES)
    assert "41 classes" in said(first)
    assert links(first) == [f"Class {number:02}" for number in range(20)]
    first.pagination[0].set_value(3).run()
    assert links(first) == ["Class 40"]
    assert links(signed_in.open(page.CLASSES, page="2")) == [f"Class {number:02}" for number in range(20, 40)]
    first.text_input[0].input("class 1").run()
    assert links(first) == [f"Class {number:02}" for number in range(10, 20)]
    assert not first.pagination
    assert not first.exception


def test_a_page_that_is_not_there_is_answered_with_one_that_is(signed_in: Screens, engine: Engine, ana: Member) -> None:
    for number in range(21):
        lesson(engine, ana, f"Class {number:02}", -number)
    for linked in ("99", "0", "-1", "1.5", "x", ""):
        shown = signed_in.open(page.CLASSES, page=linked)
        assert not shown.exception
        assert links(shown) in ([f"Class {number:02}" for number in range(20)], ["Class 20"])


def test_the_shared_meeting_of_two_classes_is_no_matter_for_the_lists(
    signed_in: Screens, engine: Engine, ana: Member
) -> None:
    lesson(engine, ana, "Monday", -60)
    lesson(engine, ana, "Tuesday", 24 * 60)
    note(ended("uuid-1", -60, -1, MEETING))
    lines = said(signed_in.open(page.CLASSES)).splitlines()
    assert ":blue-badge[:material/event: Planned]" in lines[lines.index("**Tuesday**") :][:3]
    assert ":violet-badge[:material/hourglass_top: Waiting]" in lines[lines.index("**Monday**") :][:3]
