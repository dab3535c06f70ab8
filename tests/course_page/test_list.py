"""The page Courses: what stands out in each, who sees which, and how one is made."""

import pytest

from tests.course_page.algebra import held, make, opened
from tests.makers import lesson, member
from tests.screens import Screens, button, raw, refused, said, tables
from tracker import courses
from tracker.services import Services
from tracker.storage.members import Member
from tracker.ui import page

pytestmark = pytest.mark.database("sqlite")


def test_the_list_says_what_stands_out_in_each_course(screens: Screens, school: Services, ana: Member) -> None:
    make(school, ana, "Bo\nCy")
    for days in (1, 2):
        held(school.engine, ana, days, "Bo")
    lesson(school.engine, ana, "Next", 1440, course="Algebra")
    old = make(school, ana, name="Physics")
    courses.archive(school, ana, old.id)
    at = screens.open(page.COURSES)
    assert not at.exception
    (row,) = tables(at)["Courses"]
    assert (row["Course"], row["Students"], row["Classes held"], row["At risk"]) == ("Algebra", "2", "2", "1")
    assert row["Next class"] == "15 May 2026, 14:00"
    assert [one["Course"] for one in tables(at)["Archived courses"]] == ["Physics"]
    assert "1 archived course" in said(at)


def test_without_a_course_the_page_says_what_one_is_for(screens: Screens, ana: Member) -> None:
    at = screens.open(page.COURSES)
    assert "A course has students and classes" in said(at)


@pytest.mark.quick
def test_a_course_is_made_and_its_students_are_asked_for(screens: Screens, school: Services, ana: Member) -> None:
    at = screens.open(page.COURSES)
    next(one for one in at.text_input if one.label == "Name of the course").input("Algebra 7B")
    at = button(at, "Make the course").click().run()
    assert not at.exception
    assert [one.value for one in at.title] == ["Algebra 7B"]
    assert "Bring a list, or add them one by one." in said(at)
    at = screens.open(page.COURSES)
    next(one for one in at.text_input if one.label == "Name of the course").input("Algebra 7B")
    at = button(at, "Make the course").click().run()
    assert "Ana has a course “Algebra 7B” already." in said(at)


def test_an_admin_sees_every_course_with_its_teacher(screens: Screens, school: Services, ana: Member) -> None:
    make(school, ana)
    screens.sign_in(member(school.engine, "boss@school.example", "admin"))
    (row,) = tables(screens.open(page.COURSES))["Courses"]
    assert (row["Course"], row["Teacher"]) == ("Algebra", "Ana")


def test_a_course_of_somebody_else_is_not_shown(screens: Screens, school: Services, ana: Member) -> None:
    course = make(school, ana, "Secret Name")
    screens.sign_in(member(school.engine, "eva@school.example"))
    for view in ("register", "students", "settings"):
        at = opened(screens, course, view)
        assert refused(at) == "This course belongs to another teacher."
        assert "Secret Name" not in "".join(raw(at))
        assert '<a href="/courses" target="_self">Courses</a>' in "".join(raw(at))
    assert refused(screens.open(page.COURSE, id="nothing")) == "There is no such course."
    assert refused(screens.open(page.COURSE, id='\'; DROP TABLE "Course" --' + "x" * 5000)) == (
        "There is no such course."
    )
    assert refused(screens.open(page.COURSE)) == "There is no such course."
