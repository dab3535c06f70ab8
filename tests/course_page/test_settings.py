"""Settings of a course: its rules, its name, its colleagues, its classes, and its end."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.course_page.algebra import held, make, opened, register_rows
from tests.makers import NOW, counted, lesson, member, stay, stored
from tests.screens import Screens, button, said
from tracker import courses
from tracker.services import Services
from tracker.storage.members import Member
from tracker.ui import page

pytestmark = pytest.mark.database("sqlite")


def test_a_rule_that_is_changed_changes_the_past(screens: Screens, school: Services, ana: Member) -> None:
    course = make(school, ana, "Bo Ek")
    class_id = lesson(school.engine, ana, "Lesson", -1440, course="Algebra")
    counted(school.engine, class_id, stay("Bo Ek", -1430, -1380), start=-1440, end=-1380)
    assert "◔ late" in register_rows(opened(screens, course))["Bo Ek"]
    at = opened(screens, course, "settings")
    assert "Changing a rule changes the past too." in said(at)
    next(one for one in at.number_input if one.label.startswith("Late after")).set_value(15)
    at = button(at, "Save rules").click().run()
    assert "The rules are saved, and all classes follow them." in said(at)
    assert "✓ pres." in register_rows(opened(screens, course))["Bo Ek"]


def test_a_course_is_renamed_archived_and_taken_out(screens: Screens, school: Services, ana: Member) -> None:
    course = make(school, ana)
    at = opened(screens, course, "settings")
    next(one for one in at.text_input if one.label == "Name of the course").input("Geometry")
    at = button(at, "Rename").click().run()
    assert [one.value for one in at.title] == ["Geometry"]
    at = button(at, "Archive").click().run()
    assert "It has been in the archive since Thu, 14 May 2026." in said(at)
    assert "New class" not in [one.label for one in at.button]
    at = button(at, "Take it out of the archive").click().run()
    assert "It has been in the archive" not in said(at)


def test_a_course_is_handed_over_once_somebody_is_sure(screens: Screens, school: Services, ana: Member) -> None:
    course, eva = make(school, ana), member(school.engine, "eva@school.example")
    at = opened(screens, course, "settings")
    at = button(at, "Hand over").click().run()
    assert "Choose a colleague, and say that you are sure." in said(at)
    next(one for one in at.selectbox if one.label == "Colleague").set_value(eva)
    next(one for one in at.checkbox if one.label == "I cannot undo this myself.").check()
    at = button(at, "Hand over").click().run()
    assert not at.exception
    assert school.read(courses.visible_course, eva, course.id).teacher_id == eva.id


def test_an_empty_course_is_deleted_and_one_with_classes_offers_it_not(
    screens: Screens, school: Services, ana: Member
) -> None:
    course, other = make(school, ana, "Bo"), make(school, ana, name="Physics")
    held(school.engine, ana, 1, "Bo", course="Physics")
    assert "Delete the course" not in [one.label for one in opened(screens, other, "settings").button]
    at = opened(screens, course, "settings")
    assert "Its 1 student goes with it." in said(at)
    button(at, "Delete the course").click().run()
    assert [one.course.name for one in school.read(courses.list_seen, ana, NOW)] == ["Physics"]


def test_a_course_is_shared_and_the_colleague_sees_no_settings_of_its_teachers(
    screens: Screens, school: Services, ana: Member
) -> None:
    course, eva = make(school, ana, "Bo"), member(school.engine, "eva@school.example")
    at = opened(screens, course, "settings")
    next(one for one in at.text_input if one.label == "E-mail of the colleague").input(eva.email)
    at = button(at, "Share").click().run()
    assert "has the whole course" in said(at)
    screens.sign_in(eva)
    at = opened(screens, course, "settings")
    assert {"Rename", "Archive", "Hand over", "Delete the course", "Share"}.isdisjoint(one.label for one in at.button)
    assert "Save rules" in [one.label for one in at.button]


def test_classes_without_a_course_are_put_in(screens: Screens, school: Services, ana: Member) -> None:
    course = make(school, ana)
    class_id = held(school.engine, ana, 1, "Bo", course=None)
    at = opened(screens, course, "settings")
    next(one for one in at.multiselect if one.label == "Put them into this course").set_value([class_id])
    at = button(at, "Put in").click().run()
    assert "1 class is in the course now." in said(at)
    assert stored(school.engine, class_id).course == "Algebra"


def test_a_new_class_of_the_course_is_offered_at_its_next_time(screens: Screens, school: Services, ana: Member) -> None:
    course = make(school, ana)
    lesson(school.engine, ana, "Algebra", -1440 * 7, course="Algebra")
    at = screens.open(page.NEW_CLASS, course=course.id)
    assert not at.exception
    assert next(one for one in at.selectbox if one.label == "Course (optional)").value == "Algebra"
    assert next(one for one in at.date_input if one.label == "Date").value == datetime(
        2026, 5, 14, tzinfo=UTC
    ).date() + (timedelta(days=7))
    assert "New class" in [one.label for one in opened(screens, course).button]


def test_of_a_colleagues_course_no_new_class_is_offered(screens: Screens, school: Services, ana: Member) -> None:
    course = make(school, ana)
    for role in ("teacher", "admin"):
        screens.sign_in(member(school.engine, f"{role}@school.example", "admin" if role == "admin" else "teacher"))
        at = screens.open(page.NEW_CLASS, course=course.id)
        assert not at.exception
        assert next(one for one in at.selectbox if one.label == "Course (optional)").value is None
    assert "New class" not in [one.label for one in opened(screens, course).button]
