"""The page Today: what needs somebody, what runs, what comes and what was just held."""

import re

import pytest
from sqlalchemy import Engine
from streamlit.testing.v1 import AppTest

from tests.makers import (
    MEETING,
    NOW,
    Clock,
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
from tests.pages.meetings import held
from tests.screens import Screens, button, headings, links, note, said
from tracker import auth, health
from tracker.storage.members import Member
from tracker.ui import page

pytestmark = pytest.mark.database("sqlite")

SECTIONS = ("Needs attention", "Live now", "Coming up today", "Tomorrow", "Next", "Just held")


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
