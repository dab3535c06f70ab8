"""What every page has in common, and the lists: Today and Classes."""

import re
from datetime import date
from itertools import count
from typing import Any

import pytest
import streamlit as st
from sqlalchemy import Engine
from streamlit.testing.v1 import AppTest

from tests.fake_zoom import FakeZoom
from tests.makers import (
    AWAY_SENTENCE,
    MEETING,
    NOW,
    Clock,
    at,
    counted,
    ended,
    entries,
    lesson,
    member,
    seen,
    shared,
    started,
    stay,
    stored,
)
from tests.screens import PAGES, Away, Screens, button, headings, links, raw, said
from tracker import auth, class_attendance, health, sessions, storage
from tracker.attendance.types import ClassStatus
from tracker.rosters import Student
from tracker.storage.database import transaction
from tracker.storage.members import Member
from tracker.ui import page, wiring
from tracker.ui.sign_in import COOKIE
from tracker.ui.wiring import services

pytestmark = pytest.mark.database("sqlite")

HOSTILE = "<img src=x onerror=alert(1)> [win](https://evil.example) **bold** `code` $x$ :red[e] \u202eright"
# Each of these in a text that is sent as Markdown would be read as markup.
SIGNED_OUT = "You are signed out Sign in, and you come back to this page. Sign in"
MEETING_IDS = count(82_000_000_000)
TITLES = (
    *("Today", "Classes", "New class", "Algebra 7B", "System", "People", "People's data", "Activity", "My account"),
    *("What is kept", "Bo", "Courses", "Algebra"),
)
SECTIONS = ("Needs attention", "Live now", "Coming up today", "Tomorrow", "Next", "Just held")
UNESCAPED = ("<img", "[win", "](", "**bold", "`code", "$x", ":red", "https:", "\u202e")
UNESCAPED_IN_HTML = ("<img", "\u202e")


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


def asked_for(engine: Engine, teacher: Member, name: str, class_id: str) -> str:
    """The id that a page of this name is opened with: that of a class, of its course, or of a student of that."""
    if name not in (page.STUDENT, page.COURSE):
        return class_id
    with transaction(engine) as tx:
        storage.courses.set_course(tx, class_id, "Algebra")
        course_id = storage.courses.course_id(tx, teacher.id, "Algebra")
        storage.students.save(tx, course_id, [(None, Student("Bo"))], NOW)
        return course_id if name == page.COURSE else storage.students.list_students(tx, course_id)[0].id


# Every page


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.quick
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
        *("Today", "Classes", "Courses", "New class", "My account", "What is kept"),
    ]


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.database("sqlite", "postgresql", "pgbouncer")
@pytest.mark.quick
def test_a_page_is_drawn_with_classes_of_every_kind_in_any_browser(
    allowed: Screens, engine: Engine, ana: Member, name: str
) -> None:
    for number, status in enumerate(ClassStatus):
        class_id = lesson(engine, ana, f"Class {number}", course="Algebra", zoom_meeting_id=None)
        with transaction(engine) as tx:
            storage.classes.set_life(tx, class_id, status, None, None)
    shown = lesson(engine, ana)
    counted(engine, shown, stay("Bo", 0, 30))
    shown = asked_for(engine, ana, name, shown)
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
    at = allowed.open(name, id=asked_for(engine, ana, name, lesson(engine, ana)))
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
def test_a_database_that_goes_away_at_any_moment_is_a_sentence_and_no_trace(
    allowed: Screens, engine: Engine, ana: Member, name: str
) -> None:
    class_id = lesson(engine, ana)
    counted(engine, class_id, stay("Bo", 0, 30))
    services()
    asked = asked_for(engine, ana, name, class_id)
    away = Away()
    at = allowed.open(name, id=asked)
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
            signs = UNESCAPED_IN_HTML if text.startswith("<") else UNESCAPED
            assert [sign for sign in signs if re.search(rf"(?<!\\){re.escape(sign)}", text)] == []


# Today


def section(at: AppTest, heading: str) -> list[str]:
    """The classes that are listed under a heading of the page Today."""
    found = headings(at)
    listed: list[str] = []
    for one in found[found.index(heading) + 1 :] if heading in found else []:
        if one in SECTIONS:
            break
        listed.append(one)
    return listed


def test_today_sorts_classes_by_what_a_teacher_does_with_them(signed_in: Screens, engine: Engine, ana: Member) -> None:
    lesson(engine, ana, "Runs", -30)
    note(started("uuid-live", -28))
    lesson(engine, ana, "Later", 300)
    lesson(engine, ana, "Sooner", 60)
    lesson(engine, ana, "Runs out", -59)
    lesson(engine, ana, "The day after", 24 * 60)
    lesson(engine, ana, "In a week", 7 * 24 * 60)
    held(engine, ana, "Over", -65, -5, -65)
    lesson(engine, ana, "Nobody came", -180)
    held(engine, ana, "Long ago", -5000, -4900, -5000)
    shown = signed_in.open(page.TODAY)
    assert headings(shown) == [
        *("Needs attention", "Nobody came", "Long ago"),
        *("Live now", "Runs"),
        *("Coming up today", "Runs out", "Sooner", "Later"),
        *("Tomorrow", "The day after"),
        *("Just held", "Over"),
    ]


def test_today_says_how_each_class_stands_and_nothing_twice(signed_in: Screens, engine: Engine, ana: Member) -> None:
    held(engine, ana, "Waits", -60, -5, -60)
    known = held(engine, ana, "Counted", -90, -30, -90)
    counted(engine, known, stay("Bo", -90, -30), stay("Cy", -60, -30), start=-90, end=-30, fetched=-20)
    lesson(engine, ana, "Unseen", -170)
    lesson(engine, ana, "Planned", 60, course="Term 1")
    lines = said(signed_in.open(page.TODAY)).splitlines()
    assert lines == [
        "Today",
        "New class",
        "Thursday 14 May",
        "Needs attention",
        "**Unseen**",
        "11:10–12:10 Not seen yet It should have begun at 11:10, and Zoom has not said so. If it was held, fetch its "
        "participants now.",
        "Seen to",
        "Coming up today",
        "**Planned**",
        "15:00–16:00 Term 1",
        "Start",
        "Just held",
        "**Waits**",
        "13:00–14:00 Waiting for Zoom Zoom's list is due at 14:05.",
        "**Counted**",
        "12:30–13:30 Counted 2 people · 1 late",
    ]


def test_only_the_teacher_of_a_class_can_start_it_and_everybody_can_copy_its_link(
    screens: Screens, engine: Engine, ana: Member
) -> None:
    class_id = lesson(engine, ana, "Algebra", 60)
    screens.sign_in(ana)
    shown = screens.open(page.TODAY)
    assert [link.proto.url for link in shown.get("link_button")] == [f"/host?id={class_id}"]
    assert [code.value for code in shown.code] == [f"https://zoom.us/j/{MEETING}"]
    screens.sign_in(member(engine, "boss@school.example", "admin"))
    shown = screens.open(page.TODAY)
    assert not shown.get("link_button")
    assert [code.value for code in shown.code] == [f"https://zoom.us/j/{MEETING}"]


def test_what_somebody_has_seen_to_is_named_again_with_another_trouble(
    signed_in: Screens, engine: Engine, ana: Member, wired: Clock
) -> None:
    class_id = lesson(engine, ana, "Algebra", -70)
    today = signed_in.open(page.TODAY)
    assert section(today, "Needs attention") == ["Algebra"]
    button(today, "Seen to").click().run()
    assert section(today, "Needs attention") == []
    assert section(today, "Just held") == ["Algebra"]
    assert "“Algebra” is not named here any more." in said(today)
    (noted,) = entries(engine, action="trouble_seen_to")
    assert (noted.actor, noted.class_id, noted.title) == (ana.email, class_id, "Algebra")
    wired.forward(hours=3)
    assert "Not held" in said(today.run())
    assert section(today, "Needs attention") == ["Algebra"]


def test_that_somebody_has_seen_to_a_class_can_be_undone(signed_in: Screens, engine: Engine, ana: Member) -> None:
    class_id = lesson(engine, ana, "Algebra", -70)
    today = signed_in.open(page.TODAY)
    button(today, "Seen to").click().run()
    assert stored(engine, class_id).seen_to == "not_seen"
    button(today, "Undo").click().run()
    assert section(today, "Needs attention") == ["Algebra"]
    assert stored(engine, class_id).seen_to is None
    assert "not named here" not in said(today)


def test_somebody_who_may_not_see_a_class_any_more_does_not_see_to_it(
    screens: Screens, engine: Engine, ana: Member
) -> None:
    eva = member(engine, "eva@school.example")
    class_id = lesson(engine, ana, "Algebra", -70)
    given = shared(engine, class_id, eva)
    screens.sign_in(eva)
    today = screens.open(page.TODAY)
    auth.end_share(engine, auth.OPERATOR, given, NOW)
    button(today, "Seen to").click().run()
    assert not today.exception
    assert stored(engine, class_id).seen_to is None


def test_today_follows_a_class_through_its_life(signed_in: Screens, engine: Engine, ana: Member, wired: Clock) -> None:
    class_id = lesson(engine, ana, "Algebra", 5)
    today = signed_in.open(page.TODAY)
    assert section(today, "Coming up today") == ["Algebra"]
    wired.forward(minutes=6)
    note(started("uuid-1", 6))
    assert section(today.run(), "Live now") == ["Algebra"]
    assert "It began at 14:06" in said(today)  # who is there nobody knows before the first join
    note(seen("joined", 1, 6, "Bo", start=6))
    assert "1 in class now: Bo (since 14:06)" in said(today.run())
    wired.forward(minutes=60)
    note(ended("uuid-1", 6, 66))
    assert section(today.run(), "Just held") == ["Algebra"]
    assert "Zoom's list is due at 15:16." in said(today)
    wired.forward(minutes=13)
    assert section(today.run(), "Needs attention") == ["Algebra"]
    assert "and nobody has fetched it." in said(today.run())
    counted(engine, class_id, start=6, end=66)
    assert "0 people" in said(today.run())
    assert section(today, "Just held") == ["Algebra"]


def test_today_is_short_even_where_there_is_much(signed_in: Screens, engine: Engine, ana: Member) -> None:
    for number in range(12):
        lesson(engine, ana, f"Past {number:02}", -120 - number)
        start, end = -70 - number, -10 - number
        known = held(engine, ana, f"Held {number:02}", start, end, start)
        counted(engine, known, stay("Bo", start, end), start=start, end=end, fetched=0)
    shown = signed_in.open(page.TODAY)
    troubled = [f"Past {number:02}" for number in range(10)]
    assert section(shown, "Needs attention") == [*troubled, "2 more classes need attention"]
    assert section(shown, "Just held") == [f"Held {number:02}" for number in range(10)]


def test_a_day_without_classes_says_so_and_names_the_next_ones(signed_in: Screens, engine: Engine, ana: Member) -> None:
    lesson(engine, ana, "Next month", 30 * 24 * 60)
    shown = signed_in.open(page.TODAY)
    assert "Nothing more is planned for today." in said(shown)
    assert section(shown, "Next") == ["Next month"]


def test_a_first_visit_leads_by_the_hand(signed_in: Screens) -> None:
    shown = signed_in.open(page.TODAY)
    lines = said(shown).splitlines()
    assert lines[0] == "Today"
    assert "Your first class in three steps" in lines
    assert re.search("Create a class .* Share the join link .* Come back after class", said(shown))
    assert "Coming up today" not in lines
    assert [one.label for one in shown.button] == ["Create a class"]


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
    of_ben, of_boss = (lines[lines.index(f"**{title}**") + 1] for title in ("Biology", "Chemistry"))
    assert "Term 1" in of_ben
    assert "Ben" in of_ben
    assert "14:15–15:15" in of_boss
    assert "Boss" not in of_boss


def test_counting_that_is_paused_is_said_to_each_in_her_own_words(
    screens: Screens, engine: Engine, ana: Member
) -> None:
    health.note_gone(engine, "one:8787")
    screens.sign_in(ana)
    (told,) = [one.value for one in screens.open(page.TODAY).warning]
    assert told == (
        "Counting is paused. Nothing is lost: what was missed is caught up. Please tell whoever runs this service."
    )
    screens.sign_in(member(engine, "boss@school.example", "admin"))
    (told,) = [one.value for one in screens.open(page.CLASSES).error]
    assert told.startswith("No tracker is running. Start it with `tracker up` or `tracker serve`.")


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
        ("ZOË", {"100% Latin"}),
        ("zoe@x.example", {"100% Latin"}),
    ],
)
def test_classes_are_searched_by_title_course_and_people(
    signed_in: Screens, engine: Engine, ana: Member, text: str, expected: set[str]
) -> None:
    lesson(engine, ana, "Übung 1")
    lesson(engine, ana, "Algebra 7B")
    lesson(engine, ana, "Exam", course="ALGEBRA")
    counted(engine, lesson(engine, ana, "100% Latin"), stay("Zoë Ñandú", 0, 60, "zoe@x.example"))
    typed = signed_in.open(page.CLASSES)
    typed.text_input[0].input(text).run()
    linked = signed_in.open(page.CLASSES, q=text)
    for shown in (typed, linked):
        assert not shown.exception
        assert set(links(shown)) == expected
        assert ("No class fits this search. Try fewer letters" in said(shown)) == (not expected)


def test_a_class_is_a_line_with_its_count_as_on_its_page_and_who_came_late(
    signed_in: Screens, engine: Engine, ana: Member
) -> None:
    class_id = lesson(engine, ana, "Algebra", course="Term 1")
    people = [stay("Bo", 0, 60), stay("Cy", 20, 60), stay("Ana", 0, 60, "ana@school.example")]
    counted(engine, class_id, *people, start=0, end=60)
    with transaction(engine) as tx:
        class_attendance.add_figures(tx, class_id, at(80))
    found = stored(engine, class_id)
    assert (found.figures, found.late) == ((2, 1), 1)
    lines = said(signed_in.open(page.CLASSES)).splitlines()
    line = lines[lines.index("**Algebra**") + 1]
    assert line == "Thu, 14 May 2026 14:00–15:00 Term 1 2 2 people and the host 1 1 late Counted"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"attention": "true"}, ["Unseen", "No one came"]),
        ({"attention": "true", "q": "one"}, ["No one came"]),
        ({"course": "Term 1"}, ["Planned", "No one came"]),
        ({"course": "No such course"}, ["Planned", "Unseen", "Held", "No one came"]),
        ({"course": "Term 1", "attention": "true"}, ["No one came"]),
    ],
)
def test_classes_are_narrowed_to_a_course_and_to_what_needs_attention(
    signed_in: Screens, engine: Engine, ana: Member, query: dict[str, str], expected: list[str]
) -> None:
    lesson(engine, ana, "Planned", 60, course="Term 1")
    lesson(engine, ana, "Unseen", -70)
    known = held(engine, ana, "Held", -75, -15, -75)
    counted(engine, known, stay("Bo", -75, -15), start=-75, end=-15, fetched=0)
    lesson(engine, ana, "No one came", -300, course="Term 1")
    shown = signed_in.open(page.CLASSES, **query)
    assert not shown.exception
    assert links(shown) == expected


def test_an_admin_narrows_the_classes_to_those_of_a_teacher(screens: Screens, engine: Engine, ana: Member) -> None:
    ben = member(engine, "ben@school.example")
    lesson(engine, ana, "Algebra")
    lesson(engine, ben, "Biology")
    screens.sign_in(ana)
    assert [one.label for one in screens.open(page.CLASSES, teacher=ben.email).selectbox] == ["Course"]
    screens.sign_in(member(engine, "boss@school.example", "admin"))
    shown = screens.open(page.CLASSES)
    shown.selectbox(key="teacher").set_value(ben.email).run()
    assert links(shown) == ["Biology"]
    assert links(screens.open(page.CLASSES, teacher=ana.email)) == ["Algebra"]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({}, "There are no classes yet."),
        ({"q": "x"}, "Try fewer letters, or take a filter away."),
        ({"status": "Live"}, "Take one away, or choose other days."),
        ({"attention": "true"}, "All is well: no class needs attention."),
        ({"from": "2026-05-15", "to": "2026-05-13"}, "Change one of the two days."),
    ],
)
def test_an_empty_table_says_what_to_change(signed_in: Screens, query: dict[str, str], told: str) -> None:
    assert told in said(signed_in.open(page.CLASSES, **query))


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
    assert lines[lines.index("**Tuesday**") + 1].endswith("Planned")
    assert lines[lines.index("**Monday**") + 1].endswith("Waiting for Zoom")
