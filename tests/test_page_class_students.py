"""The students of a course on the page of one of its classes: who was missing, and what a teacher says of it."""

import re
from typing import Any

import pytest
from sqlalchemy import Engine
from streamlit.testing.v1 import AppTest

from tests.makers import Clock, at, counted, ended, lesson, member, read_workbook, seen, shared, started, stay, stored
from tests.screens import Screens, figures, headings, raw, said, said_of, show, tables
from tests.test_page_class import note
from tracker import auth, courses, storage
from tracker.attendance.types import ClassStatus, Status
from tracker.rosters import read_pasted
from tracker.storage.database import reading, transaction
from tracker.storage.members import Member
from tracker.storage.students import Enrolled
from tracker.ui.wiring import services

pytestmark = pytest.mark.database("sqlite")

COURSE = "Algebra"
ROSTER = """Name,Email,Number
Ana Lima,ana.lima@x.example,007
Ben Ortiz,ben@x.example,008
Carla Souza,carla@x.example,009
Dora Lind,dora@x.example,010
Elif Yılmaz,elif@x.example,011
"""
HOSTILE = "<b>Zed</b> [x](https://evil.example) `c`"


@pytest.fixture
def maria(engine: Engine, screens: Screens, wired: Clock) -> Member:
    """A teacher, two hours after the start of her class."""
    made = member(engine, "maria@school.example")
    wired.forward(hours=2)
    screens.sign_in(made)
    return made


def with_roster(teacher: Member, roster: str = ROSTER) -> None:
    courses.import_roster(services(), auth.OPERATOR, teacher.email, COURSE, read_pasted(roster))


def held(engine: Engine, teacher: Member, *more: Any, roster: str = ROSTER) -> str:
    """A class of five students: Ana by e-mail, Ben late and by his name, a Carla S. of whom nobody knows, a visitor."""
    class_id = lesson(engine, teacher, course=COURSE)
    if roster:
        with_roster(teacher, roster)
    there = (
        stay("Ana", 0, 60, "ana.lima@x.example"),
        stay("Ben Ortiz", 20, 60),
        stay("Carla S.", 0, 60, "mum@home.example"),
        stay("Visitor", 0, 60),
        stay("Maria", 0, 60, "maria@school.example"),
    )
    counted(engine, class_id, *there, *more)
    return class_id


def student(engine: Engine, class_id: str, name: str, number: str = "") -> Enrolled:
    with reading(engine) as tx:
        students = storage.students.list_students(tx, stored(engine, class_id).course_id or "")
    return next(one for one in students if one.student.name == name and number in one.student.number)


def statuses(shown: AppTest) -> dict[str, str]:
    """The status of each student as the list says it."""
    return {row["Name"]: row["Status"] for row in tables(shown)["Students"]}


def recognised(shown: AppTest) -> dict[str, str]:
    return {row["Name"]: row["Recognised"] for row in tables(shown)["Students"] if row["Recognised"]}


def names(shown: AppTest, caption: str) -> list[str]:
    return [row["Name"] for row in tables(shown).get(caption, [])]


def click(shown: AppTest, label: str, place: int = 0) -> None:
    """Clicks a button, the first of this label unless another place is given."""
    [one for one in shown.button if said_of_label(one.label) == label][place].click()
    shown.run()
    assert not shown.exception


def said_of_label(label: str) -> str:
    return re.sub(r"\\(.)", r"\1", label).replace("\u2060", "")


def labels(shown: AppTest) -> list[str]:
    return [said_of_label(one.label) for one in shown.button]


def field(shown: AppTest, kind: str, label: str) -> Any:
    found: list[Any] = list(shown.get(kind))
    return next(one for one in found if one.label == label)


def choose_person(shown: AppTest, name: str) -> None:
    """Chooses somebody of the class who is known by a name alone, to say who it is."""
    field(shown, "selectbox", "Who was in the class").set_value((("name", name.casefold()),)).run()
    assert not shown.exception


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


# Who is who


def test_a_guest_who_may_be_a_student_is_one_with_one_click_which_is_remembered_and_undone(
    screens: Screens, engine: Engine, maria: Member
) -> None:
    shown = show(screens, held(engine, maria))
    assert "1 guest may be a student" in [one.label for one in shown.expander]
    assert "Carla S. (mum@home.example) is none of the students so far." in said(shown).replace("**", "")
    assert "Carla Souza: a name that is alike, 83% alike" in said(shown)
    click(shown, "It is Carla Souza")
    assert statuses(shown)["Carla Souza"] == "present"
    assert recognised(shown)["Carla Souza"] == "by your choice on 14 May, as Carla S."
    assert "Carla S. (mum@home.example) is counted as Carla Souza since 14 May 2026." in said(shown).replace("**", "")
    click(shown, "Add mum@home.example to Carla Souza")
    assert "Add mum@home.example to Carla Souza" not in labels(shown)
    click(shown, "Undo")
    assert recognised(shown)["Carla Souza"] == "by e-mail, as Carla S."


def test_who_is_somebody_else_is_not_suggested_again_until_it_is_undone(
    screens: Screens, engine: Engine, maria: Member
) -> None:
    shown = show(screens, held(engine, maria))
    click(shown, "Somebody else")
    assert "It is Carla Souza" not in labels(shown)
    assert statuses(shown)["Carla Souza"] == "absent"
    assert "is not Carla Souza, as you said on 14 May 2026." in said(shown)
    click(shown, "Undo")
    assert "It is Carla Souza" in labels(shown)


def test_two_students_of_one_name_are_told_apart_by_the_teacher(
    screens: Screens, engine: Engine, maria: Member
) -> None:
    roster = f"{ROSTER}Gil Costa,gil@x.example,020\nGil Costa,gil.costa@x.example,021\n"
    shown = show(screens, held(engine, maria, stay("Gil Costa", 0, 60), roster=roster))
    assert "Two students have this name, so the name alone decides nothing." in said(shown)
    click(shown, "It is Gil Costa (021)")
    assert (statuses(shown)["Gil Costa 020"], statuses(shown)["Gil Costa 021"]) == ("absent", "present")


def test_a_shared_device_is_two_students(screens: Screens, engine: Engine, maria: Member) -> None:
    class_id = held(engine, maria, stay("iPad", 0, 60))
    shown = show(screens, class_id)
    choose_person(shown, "iPad")
    both = [student(engine, class_id, name).id for name in ("Dora Lind", "Elif Yılmaz")]
    field(shown, "multiselect", "Is which student? Several where they share a device.").set_value(both).run()
    click(shown, "Save", 1)
    assert (statuses(shown)["Dora Lind"], statuses(shown)["Elif Yılmaz"]) == ("present", "present")
    assert recognised(shown)["Dora Lind"] == "by your choice on 14 May, as iPad"
    assert "iPad is counted as Dora Lind and Elif Yılmaz since 14 May 2026." in said(shown).replace("**", "")


def test_a_wrong_match_is_corrected(screens: Screens, engine: Engine, maria: Member) -> None:
    class_id = held(engine, maria)
    shown = show(screens, class_id)
    choose_person(shown, "Ben Ortiz")
    assert "Counted as Ben Ortiz, by name." in said(shown).replace("**", "")
    click(shown, "Not Ben Ortiz")
    assert statuses(shown)["Ben Ortiz"] == "absent"
    assert "Ben Ortiz" in names(shown, "Guests and hosts")


def test_a_robot_is_no_student_and_is_suggested_to_be_set_aside_as_before(
    screens: Screens, engine: Engine, maria: Member
) -> None:
    shown = show(screens, held(engine, maria, stay("Otter.ai", 0, 60)))
    assert "Set aside" in labels(shown)
    assert "Otter.ai" in names(shown, "Guests and hosts")


def test_a_co_teacher_of_the_class_marks_its_students_and_does_not_say_who_they_are(
    screens: Screens, engine: Engine, maria: Member
) -> None:
    class_id = held(engine, maria)
    zoe = member(engine, "zoe@school.example")
    shared(engine, class_id, zoe)
    screens.sign_in(zoe)
    shown = show(screens, class_id)
    assert {"It is Carla Souza", "Somebody else"}.isdisjoint(labels(shown))
    assert "student?id=" not in "".join(raw(shown))  # the pages of students are those of the course
    assert "The register of this course" not in headings(shown)
    assert {"Which person is which student", "1 guest may be a student"}.isdisjoint(one.label for one in shown.expander)
    click(shown, "Excuse")
    assert statuses(shown)["Dora Lind"] == "excused by hand; by the rule: absent"
    shared(engine, class_id, zoe, "course")
    shown = show(screens, class_id)
    assert "It is Carla Souza" in labels(shown)
    assert "student?id=" in "".join(raw(shown))


def test_the_rules_of_the_course_are_those_that_the_page_speaks_of(
    screens: Screens, engine: Engine, maria: Member
) -> None:
    class_id = held(engine, maria)
    with reading(engine) as tx:
        course = storage.courses.course_by_id(tx, stored(engine, class_id).course_id or "")
    courses.set_rules(services(), maria, course, late_after=15, present_from=80)
    shown = show(screens, class_id)
    assert statuses(shown)["Ben Ortiz"] == "partly present"
    assert figures(shown)["Students"] == "2 of 5 (1 partly)"
    courses.set_rules(services(), maria, course, present_from=50)
    assert figures(show(screens, class_id))["Came late"] == "1 (by more than 15 minutes)"
    assert said_of(show(screens, class_id).header[0]) == "Students"
