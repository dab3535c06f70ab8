"""The students of a course on the page of one of its classes: who was missing, and what a teacher says of it."""

import re

import pytest
from sqlalchemy import Engine

from tests.class_page.rostered import (
    COURSE,
    ROSTER,
    click,
    field,
    held,
    labels,
    names,
    recognised,
    statuses,
    student,
    with_roster,
)
from tests.makers import Clock, at, counted, ended, lesson, member, read_workbook, seen, shared, started, stay, stored
from tests.screens import Screens, figures, headings, note, raw, said, show, tables
from tracker import auth, courses, storage
from tracker.attendance.types import ClassStatus, Status
from tracker.storage.database import transaction
from tracker.storage.members import Member
from tracker.ui.wiring import services

pytestmark = pytest.mark.database("sqlite")

HOSTILE = "<b>Zed</b> [x](https://evil.example) `c`"


# Who was missing


def test_the_page_says_how_many_of_the_students_came_and_who_did_not(
    screens: Screens, engine: Engine, maria: Member
) -> None:
    shown = show(screens, held(engine, maria))
    assert figures(shown) | {"Average in class": ""} == {
        "Students": "2 of 5",
        "Absent": "3",
        "Came late": "1 (by more than 5 minutes)",
        "Left early": "0",
        "People": "4 (2 guests, and the host)",
        "Average in class": "",
    }
    assert statuses(shown) == {
        "Ana Lima": "present",
        "Dora Lind": "absent",
        "Ben Ortiz": "late",
        "Carla Souza": "absent",
        "Elif Yılmaz": "absent",
    }
    assert recognised(shown) == {"Ana Lima": "by e-mail, as Ana", "Ben Ortiz": "by name"}
    assert names(shown, "Guests and hosts") == ["Carla S.", "Visitor", "Maria"]
    assert [one for one in headings(shown) if one in ("Students", "Guests and hosts")] == [
        "Students",
        "Guests and hosts",
    ]
    assert "Absent:\nDora Lind\n" in said(shown).replace("**", "")


def test_a_name_leads_to_the_students_own_page_and_the_list_to_the_register(
    screens: Screens, engine: Engine, maria: Member
) -> None:
    class_id = held(engine, maria)
    shown = show(screens, class_id)
    (drawn,) = [text for text in raw(shown) if "class='list students'" in text]
    assert "The register of this course" in headings(shown)
    assert f"<a href='student?id={student(engine, class_id, 'Dora Lind').id}' target='_self'>" in drawn


def test_the_list_shows_who_is_asked_for_and_has_everybody_on_paper(
    screens: Screens, engine: Engine, maria: Member
) -> None:
    shown = show(screens, held(engine, maria))
    asked = shown.button_group(key="students-shown")
    assert asked.options == ["all (5)", "absent (3)", "late (1)", "present (1)"]
    asked.set_value(Status.ABSENT).run()
    assert not shown.exception
    lists = [text for text in raw(shown) if "class='list students'" in text]
    assert [len(re.findall("<tr>", text)) - 1 for text in lists] == [3, 5]


def test_minutes_and_percent_are_of_the_classs_own_time(screens: Screens, engine: Engine, maria: Member) -> None:
    shown = show(screens, held(engine, maria))
    minutes = {row["Name"]: (row["Minutes in class"], row["Percent"]) for row in tables(shown)["Students"]}
    assert (minutes["Ben Ortiz"], minutes["Dora Lind"]) == (("40", "67%"), ("0", "0%"))


def test_who_is_a_student_on_other_days_only_is_a_guest_and_it_is_said_why(
    screens: Screens, engine: Engine, maria: Member
) -> None:
    roster = ROSTER.replace("Name,Email,Number", "Name,Email,Number,From") + "Ida Berg,ida@x.example,030,2026-06-01\n"
    shown = show(screens, held(engine, maria, stay("Ida Berg", 0, 60, "ida@x.example"), roster=roster))
    assert figures(shown)["Students"] == "2 of 5"
    assert "Ida Berg" in names(shown, "Guests and hosts")
    assert "Students of this course, but not on this day: Ida Berg." in said(shown)


def test_names_that_others_have_chosen_are_only_text(screens: Screens, engine: Engine, maria: Member) -> None:
    roster = f"{ROSTER}{HOSTILE},zed@x.example,012\n"
    class_id = held(engine, maria, stay(f"{HOSTILE}!", 0, 60), roster=roster)
    zed = student(engine, class_id, HOSTILE)
    courses.mark(services(), maria, class_id, [zed.id], Status.EXCUSED, "<i>ill</i> [y](https://evil.example)")
    shown = show(screens, class_id)
    for text in raw(shown):
        assert not re.search(r"<b>Zed|<i>ill", text)
        assert "class='list" in text or not re.search(r"(?<!\\)\]\(https?:", text)


def test_a_class_without_a_list_says_what_one_is_good_for_to_whom_it_belongs(
    screens: Screens, engine: Engine, maria: Member
) -> None:
    sentence = "Give the course a list of students, and this page says who was missing."
    class_id, alone = held(engine, maria, roster=""), lesson(engine, maria)
    counted(engine, alone, stay("Bo", 0, 60))
    shown = show(screens, class_id)
    assert sentence in said(shown)
    assert f"href='course?id={stored(engine, class_id).course_id}'" in "".join(raw(shown))
    assert "Students" not in {*figures(shown), *headings(shown)}
    assert sentence not in said(show(screens, alone))
    zoe = member(engine, "zoe@school.example")
    shared(engine, class_id, zoe)
    screens.sign_in(zoe)
    assert sentence not in said(show(screens, class_id))


def test_the_excel_file_has_a_sheet_of_the_students(screens: Screens, engine: Engine, maria: Member) -> None:
    class_id = held(engine, maria)
    dora = student(engine, class_id, "Dora Lind").id
    courses.mark(services(), maria, class_id, [dora], Status.EXCUSED, "dentist")
    sheets = read_workbook(screens.download(show(screens, class_id), "Excel")[1])
    assert list(sheets) == ["People", "Joins and leaves", "Students"]
    rows = sheets["Students"].rows
    assert rows[:3] == [
        ["Name", "Email", "Number", "Status", "Minutes", "Percent", "By", "Remark"],
        ["Ana Lima", "ana.lima@x.example", "007", "present", 60, 1, "rule", None],
        ["Dora Lind", "dora@x.example", "010", "excused", 0, 0, "hand", "dentist"],
    ]


# By hand


def test_who_was_absent_is_excused_with_one_click_and_it_is_undone(
    screens: Screens, engine: Engine, maria: Member
) -> None:
    shown = show(screens, held(engine, maria))
    click(shown, "Excuse")
    assert statuses(shown)["Dora Lind"] == "excused by hand; by the rule: absent"
    assert figures(shown)["Absent"] == "2 (and 1 excused)"
    assert "Excused: Dora Lind." in said(shown)
    click(shown, "Undo")
    assert statuses(shown)["Dora Lind"] == "absent"
    assert "Undo" not in labels(shown)


def test_what_was_done_by_hand_is_offered_to_be_undone_for_a_short_while(
    screens: Screens, engine: Engine, maria: Member, wired: Clock
) -> None:
    shown = show(screens, held(engine, maria))
    click(shown, "Excuse")
    wired.forward(minutes=6)
    assert "Undo" not in labels(shown.run())


def test_an_undo_leaves_what_somebody_else_has_said_since_and_the_page_says_so(
    screens: Screens, engine: Engine, maria: Member
) -> None:
    class_id = held(engine, maria)
    shown = show(screens, class_id)
    click(shown, "Excuse")
    dora = student(engine, class_id, "Dora Lind").id
    courses.mark(services(), auth.OPERATOR, class_id, [dora], Status.PRESENT, "note from home")
    click(shown, "Undo")
    assert statuses(shown)["Dora Lind"] == "present by hand, “note from home”; by the rule: absent"
    assert "Not undone for 1 student: somebody has said something else since." in said(shown)
    assert "Undo" not in labels(shown)


def test_several_students_get_a_status_with_a_remark_and_each_is_taken_back(
    screens: Screens, engine: Engine, maria: Member
) -> None:
    class_id = held(engine, maria)
    shown = show(screens, class_id)
    chosen = [student(engine, class_id, name).id for name in ("Dora Lind", "Ben Ortiz")]
    field(shown, "multiselect", "Which students?").set_value(chosen)
    field(shown, "button_group", "Status").set_value(Status.PRESENT)
    field(shown, "text_input", "Remark (optional)").input("by *phone*")
    shown.run()
    click(shown, "Save")
    assert statuses(shown)["Dora Lind"] == "present by hand, “by *phone*”; by the rule: absent"
    assert statuses(shown)["Ben Ortiz"] == "present by hand, “by *phone*”; by the rule: late"
    assert figures(shown)["Students"] == "3 of 5"
    assert field(shown, "multiselect", "Which students?").value == []
    click(shown, "Take back")
    assert statuses(shown)["Dora Lind"] == "absent"
    assert "For Dora Lind the rule holds again." in said(shown)
    click(shown, "Undo")
    assert statuses(shown)["Dora Lind"].startswith("present")


def test_what_was_said_by_hand_holds_when_zooms_list_comes_again(
    screens: Screens, engine: Engine, maria: Member
) -> None:
    class_id = held(engine, maria)
    shown = show(screens, class_id)
    click(shown, "Excuse")
    counted(engine, class_id, stay("Dora Lind", 0, 60), fetched=80)
    again = statuses(show(screens, class_id))
    assert again["Dora Lind"] == "excused by hand; by the rule: present"
    assert again["Ana Lima"] == "absent"


def test_a_parent_calls_before_the_class(screens: Screens, engine: Engine, maria: Member) -> None:
    class_id = lesson(engine, maria, start=180, course=COURSE)
    with_roster(maria)
    shown = show(screens, class_id)
    assert not figures(shown)
    assert {one.label for one in shown.expander} >= {"Excuse somebody in advance", "5 students are on the list"}
    field(shown, "multiselect", "Which students?").set_value([student(engine, class_id, "Dora Lind").id])
    field(shown, "text_input", "Remark (optional)").input("dentist")
    shown.run()
    click(shown, "Save")
    assert "Excused: Dora Lind (dentist)." in said(shown)
    assert set(statuses(shown).values()) == {"not yet known", "excused by hand, “dentist”; by the rule: not yet known"}


# While nobody knows


def test_while_the_class_runs_the_page_says_which_students_are_here_were_here_and_are_not_here_yet(
    screens: Screens, engine: Engine, maria: Member
) -> None:
    class_id = lesson(engine, maria, start=90, course=COURSE)
    with_roster(maria)
    courses.mark(services(), maria, class_id, [student(engine, class_id, "Dora Lind").id], Status.EXCUSED)
    note(started("uuid-1", 90))
    for user, minute, name in (("1", 92, "Ana Lima"), ("2", 93, "Ben Ortiz"), ("3", 94, "Visitor")):
        note(seen("joined", user, minute, name, start=90))
    note(seen("left", "2", 110, "Ben Ortiz", start=90))
    shown = show(screens, class_id)
    assert figures(shown)["Students here now"] == "1 of 5"
    assert figures(shown)["In class now"] == "2"
    assert [(row["Name"], row["Since"]) for row in tables(shown)["In class now"]] == [
        ("Ana Lima", "15:32"),
        ("Visitor guest", "15:34"),
    ]
    assert [(row["Name"], row["At"]) for row in tables(shown)["Have left"]] == [("Ben Ortiz", "15:50")]
    assert names(shown, "Not here yet") == ["Carla Souza", "Elif Yılmaz", "Dora Lind excused"]
    assert "absent" not in said(shown).lower()
    assert "Absent" not in figures(shown)
    # What a teacher asks first comes first, on a phone too.
    assert [one for one in headings(shown) if one in ("Not here yet", "In class now")] == [
        "Not here yet",
        "In class now",
    ]


def test_nobody_is_absent_while_the_class_waits_for_zooms_list(
    screens: Screens, engine: Engine, maria: Member, wired: Clock
) -> None:
    class_id = lesson(engine, maria, start=50, course=COURSE)
    with_roster(maria)
    note(started("uuid-1", 50))
    note(seen("joined", "1", 52, "Ana Lima", start=50))
    wired.forward(minutes=-5)
    note(ended("uuid-1", 50, 113))
    shown = show(screens, class_id)
    assert figures(shown)["Students seen live"] == "1 of 5"
    assert "Who was absent is not known yet: Zoom's list comes at 16:03." in said(shown)
    assert statuses(shown)["Ana Lima"] == "seen live"
    assert {status for name, status in statuses(shown).items() if name != "Ana Lima"} == {"not yet known"}


def test_a_class_that_nobody_held_has_no_absentees(
    screens: Screens, engine: Engine, maria: Member, wired: Clock
) -> None:
    class_id = lesson(engine, maria, course=COURSE)
    with_roster(maria)
    wired.forward(days=1)
    shown = show(screens, class_id)
    assert set(statuses(shown).values()) == {"not held"}
    assert not figures(shown)


def test_a_cancelled_class_shows_no_students(screens: Screens, engine: Engine, maria: Member) -> None:
    class_id = lesson(engine, maria, start=180, course=COURSE)
    with_roster(maria)
    with transaction(engine) as tx:
        storage.classes.set_life(tx, class_id, ClassStatus.CANCELLED, None, None)
    assert "Students" not in headings(show(screens, class_id))


def test_once_names_were_removed_nobody_has_a_mark(screens: Screens, engine: Engine, maria: Member) -> None:
    class_id = held(engine, maria)
    with transaction(engine) as tx:
        storage.retention.remove_names(tx, class_id, storage.participants.get_participants_data(tx, class_id), at(100))
    shown = show(screens, class_id)
    assert "which students were there is not known any more" in said(shown)
    assert "Students" not in {*tables(shown), *figures(shown)}
    assert "People" in figures(shown)
