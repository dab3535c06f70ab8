"""The page Classes: listed, searched, filtered and paged."""

from datetime import date

import pytest
from sqlalchemy import Engine

from tests.makers import MEETING, at, counted, ended, lesson, member, stay, stored
from tests.pages.meetings import held
from tests.screens import Screens, links, note, said
from tracker import class_attendance, storage
from tracker.attendance.types import ClassStatus
from tracker.storage.database import transaction
from tracker.storage.members import Member
from tracker.ui import page

pytestmark = pytest.mark.database("sqlite")


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
