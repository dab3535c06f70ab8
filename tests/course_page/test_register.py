"""The register on the page of a course."""

import re
from dataclasses import replace

import pytest

from tests.course_page.algebra import HOSTILE, held, make, opened, register_rows
from tests.courses.algebra import students
from tests.makers import NOW, Clock, entries, member, read_workbook
from tests.screens import Screens, button, figures, raw, said, tables
from tracker import courses
from tracker.attendance.register import Known, RegisterClass
from tracker.attendance.types import Status
from tracker.audit import Action
from tracker.courses.marking import LONGEST_REMARK
from tracker.errors import NotAllowed
from tracker.rosters import Student
from tracker.services import Services
from tracker.storage.members import Member
from tracker.ui import course_list, page, register_table, registers

pytestmark = pytest.mark.database("sqlite")


@pytest.mark.quick
def test_the_register_has_a_sign_and_a_word_for_each_mark_and_whoever_is_at_risk_first(
    screens: Screens, school: Services, ana: Member
) -> None:
    course = make(school, ana, "Bo Ek\nCy Lima\nDi Day")
    for days in (3, 2, 1):
        held(school.engine, ana, days, "Bo Ek", *(["Di Day"] if days == 3 else []))
    at = opened(screens, course)
    rows = register_rows(at)
    assert list(rows) == ["Cy Lima", "Di Day", "Bo Ek"]
    assert "⚠ missed the last 3" in rows["Cy Lima"]
    assert "⚠ missed the last 2" in rows["Di Day"]
    assert rows["Bo Ek"] == "Bo Ek 100% " + " ".join(["✓ pres. present"] * 3)
    assert rows["Di Day"].count("✕ abs. absent") == 2
    assert figures(at)["Last class"] == "1 of 3 (Wed, 13 May 2026)"
    assert figures(at)["At risk"].startswith("2 (")
    assert list(register_rows(opened(screens, course, order="surname"))) == ["Di Day", "Bo Ek", "Cy Lima"]


def test_minutes_are_shown_on_demand(screens: Screens, school: Services, ana: Member) -> None:
    course = make(school, ana, "Bo Ek\nCy Lima")
    held(school.engine, ana, 1, "Bo Ek")
    at = opened(screens, course)
    assert "60 min" not in register_rows(at)["Bo Ek"]
    at = next(one for one in at.toggle if one.label == "Minutes").set_value(True).run()
    assert "60 min" in register_rows(at)["Bo Ek"]
    assert "min" not in register_rows(at)["Cy Lima"]


def test_a_late_enrolment_is_not_absent_before_it(screens: Screens, school: Services, ana: Member) -> None:
    course = make(school, ana, "Name\tFrom\nBo Ek\t2026-05-13\nCy Lima\t")
    for days in (3, 1):
        held(school.engine, ana, days, "Cy Lima")
    assert register_rows(opened(screens, course))["Bo Ek"] == "Bo Ek 0% not on the roster then ✕ abs. absent"


def test_more_classes_than_a_table_holds_come_in_parts(screens: Screens, school: Services, ana: Member) -> None:
    course = make(school, ana, "Bo Ek")
    for days in range(20, 0, -1):
        held(school.engine, ana, days, "Bo Ek")
    at = opened(screens, course)
    assert register_rows(at)["Bo Ek"].count("✓") == 10
    html = next(one for one in raw(at) if "register-box" in one)
    assert "13 May" in html
    assert "24 Apr" not in html
    html = next(one for one in raw(opened(screens, course, part="0")) if "register-box" in one)
    assert "24 Apr" in html


def test_parts_have_as_many_classes_each_and_none_is_lost() -> None:
    one = RegisterClass("1", "Algebra", NOW, 60, "UTC", NOW.date(), Known.COUNTED)
    for number in (0, 1, 14, 15, 40):
        classes = [replace(one, id=str(place)) for place in range(number)]
        parts = register_table.parts(classes)
        assert [held for part in parts for held in part] == classes
        assert max(map(len, parts), default=0) - min(map(len, parts), default=0) <= 1


def test_guests_are_listed_below(screens: Screens, school: Services, ana: Member) -> None:
    course = make(school, ana, "Bo Ek")
    for days in (2, 1):
        held(school.engine, ana, days, "Bo Ek", "A mother")
    (guest,) = tables(opened(screens, course))["Guests"]
    assert (guest["Name"], guest["Classes"], guest["Last in"]) == ("A mother", "2 classes", "Wed, 13 May 2026")


def test_several_students_are_excused_in_one_go_and_it_is_undone(
    screens: Screens, school: Services, ana: Member
) -> None:
    course = make(school, ana, "Bo Ek\nCy Lima\nDi Day")
    class_id = held(school.engine, ana, 1, "Bo Ek")
    _bo, cy, di = students(school, course)
    courses.mark(school, ana, class_id, [di.id], Status.LATE, "before")
    at = opened(screens, course)
    next(one for one in at.multiselect if one.label == "Students").set_value([cy.id, di.id])
    remark = next(one for one in at.text_input if one.label == "Remark (optional)")
    assert remark.max_chars == LONGEST_REMARK
    remark.input("Ill")
    at = button(at, "Mark").click().run()
    assert not at.exception
    assert "2 students marked as excused: Wed, 13 May 2026 · Lesson 1." in said(at)
    assert "◇ exc. ✎ excused, given by hand: Ill" in register_rows(at)["Cy Lima"]
    screens.clock.forward(minutes=6)
    assert "marked as" not in said(at.run())
    screens.clock.forward(minutes=-6)
    at = button(at.run(), "Undo").click().run()
    rows = register_rows(at)
    assert "✕ abs. absent" in rows["Cy Lima"]
    assert "given by hand: before" in rows["Di Day"]
    assert "marked as" not in said(at)


def test_nobody_is_marked_where_nobody_is_chosen(screens: Screens, school: Services, ana: Member) -> None:
    course = make(school, ana, "Bo Ek")
    held(school.engine, ana, 1, "Bo Ek")
    at = button(opened(screens, course), "Mark").click().run()
    assert "Choose one student or more." in said(at)
    assert Action.STUDENTS_MARKED not in [one.action for one in entries(school.engine)]


def test_the_register_is_downloaded_as_excel_and_that_is_noted(screens: Screens, school: Services, ana: Member) -> None:
    course = make(school, ana, "Bo Ek\nCy Lima")
    held(school.engine, ana, 1, "Bo Ek")
    at = opened(screens, course)
    name, content = screens.download(at, "Excel")
    assert name.endswith(".xlsx")
    sheet = next(iter(read_workbook(content).values()))
    assert [row[-1] for row in sheet.rows[1:]] == ["present", "absent"]
    for label in ("CSV, a column for each class", "CSV, a row for each mark", "Moodle", "Canvas", "Google Sheets"):
        assert screens.download(at, label)[1]
    noted = [one for one in entries(school.engine) if one.action == Action.REGISTER_EXPORTED]
    assert [one.details["format"] for one in noted] == ["sheets", "canvas", "moodle", "csv", "csv", "xlsx"]


def test_looking_at_a_register_again_is_noted_once(screens: Screens, school: Services, ana: Member) -> None:
    course = make(school, ana, "Bo Ek")
    held(school.engine, ana, 1, "Bo Ek")
    for _time in range(3):
        opened(screens, course)
    assert [one.action for one in entries(school.engine)].count(Action.REGISTER_SEEN) == 1


def test_hostile_and_endless_names_leave_the_pages_whole(screens: Screens, school: Services, ana: Member) -> None:
    course = make(school, ana, name=HOSTILE[:100])
    for name in (HOSTILE, "W" * 120):
        courses.add_student(school, ana, course.id, Student(name, group=HOSTILE, number=name))
    held(school.engine, ana, 1, HOSTILE, course=course.name)
    shown = [screens.open(page.COURSES), *(opened(screens, course, view) for view in ("register", "students"))]
    for at in [*shown, opened(screens, course, "settings")]:
        assert not at.exception
        assert not re.search(r"(?<!\\)<img", "".join(raw(at)))
        # In HTML it is no more than text.
        assert "](http" not in "".join(text for text in raw(at) if not text.startswith("<"))


def test_a_register_is_kept_for_a_few_seconds_as_long_as_nothing_changes(
    screens: Screens, school: Services, ana: Member
) -> None:
    course = make(school, ana, "Bo Ek\nCy Lima")
    class_id = held(school.engine, ana, 1, "Bo Ek")
    # Of what changes in this very second the next change might not be told apart.
    assert registers.register_of(ana, course) is not registers.register_of(ana, course)
    screens.clock.forward(seconds=2)
    first = registers.register_of(ana, course)
    assert registers.register_of(ana, course) is first
    bo, _cy = students(school, course)
    courses.mark(school, ana, class_id, [bo.id], Status.EXCUSED)
    changed = registers.register_of(ana, course)
    assert changed.rows[0].marks[class_id].status is Status.EXCUSED
    screens.clock.forward(seconds=2)
    changed = registers.register_of(ana, course)
    assert registers.register_of(ana, course) is changed
    screens.clock.forward(seconds=11)
    assert registers.register_of(ana, course) is not changed
    with pytest.raises(NotAllowed, match="belongs to another teacher"):
        registers.register_of(member(school.engine, "eva@school.example"), course)


def test_who_is_at_risk_is_worked_out_once_and_again_after_a_change(
    screens: Screens, school: Services, ana: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = make(school, ana, "Bo Ek\nCy Lima")
    for days in (1, 2):
        held(school.engine, ana, days, "Bo Ek")
    screens.clock.forward(seconds=2)
    assert registers.number_at_risk(ana, course, known_only=True) is None
    monkeypatch.setattr(course_list, "SECONDS", -1)
    assert tables(screens.open(page.COURSES))["Courses"][0]["At risk"] == ""
    monkeypatch.setattr(course_list, "SECONDS", 60)
    assert tables(screens.open(page.COURSES))["Courses"][0]["At risk"] == "1"
    screens.clock.forward(seconds=30)
    assert registers.number_at_risk(ana, course, known_only=True) == 1
    held(school.engine, ana, 3)
    assert registers.number_at_risk(ana, course, known_only=True) is None
    with pytest.raises(NotAllowed, match="belongs to another teacher"):
        registers.number_at_risk(member(school.engine, "eva@school.example"), course, known_only=True)


def test_an_open_register_is_drawn_anew_when_a_class_is_counted(
    screens: Screens, school: Services, ana: Member, wired: Clock
) -> None:
    course = make(school, ana, "Bo Ek")
    before = school.read(courses.version, ana, course.id, NOW)
    held(school.engine, ana, 1, "Bo Ek")
    assert school.read(courses.version, ana, course.id, NOW) != before


def test_a_register_without_students_or_classes_says_what_to_do(
    screens: Screens, school: Services, ana: Member
) -> None:
    course = make(school, ana)
    assert "There are no students yet. Add them under “Students”." in said(opened(screens, course))
    courses.add_student(school, ana, course.id, Student("Bo Ek"))
    assert "No class of this course has begun yet." in said(opened(screens, course))
