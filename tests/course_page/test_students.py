"""Students on the page of a course, by hand and by a list that is looked at first."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.course_page.algebra import held, make, opened, register_rows
from tests.courses.algebra import students
from tests.makers import stored
from tests.screens import Screens, button, said, tables
from tracker.services import Services
from tracker.storage.courses import Course
from tracker.storage.members import Member

pytestmark = pytest.mark.database("sqlite")


def paste(screens: Screens, course: Course, text: str) -> AppTest:
    at = opened(screens, course, "students")
    way = next(one for one in at.segmented_control if one.label == "Where the list comes from")
    at = way.set_value("paste").run()
    return next(one for one in at.text_area if one.label == "The list").input(text).run()


def test_a_pasted_list_is_looked_at_before_it_is_saved(screens: Screens, school: Services, ana: Member) -> None:
    course = make(school, ana, "Name\tEmail\nBo Ek\tbo@x.org")
    at = paste(screens, course, "Name\tMail\tSeat\nBo Ek\tbo@x.org\t1\nCy Lima\tcy@@x\t2\nTotal\t2\t")
    assert not at.exception
    text = said(at)
    assert "“Name” is the name and “Mail” is the e-mail." in text
    assert "1 line needs a look" in text
    assert "Line 3: “cy@@x” is not an e-mail address." in text
    assert "1 line is no student" in text
    first = tables(at)["The first lines"]
    assert [(one["Name"], one["What it is"]) for one in first] == [("Cy Lima", "new"), ("Bo Ek", "as it is")]
    assert len(students(school, course)) == 1
    at = button(at, "Save 1 student").click().run()
    assert "Saved: 1 new student, 0 changed." in said(at)
    assert [one.student.name for one in students(school, course)] == ["Bo Ek", "Cy Lima"]
    at = paste(screens, course, "Name\tMail\nBo Ek\tbo@x.org\nCy Lima\t")
    assert "The roster has all of this already." in said(at)
    assert [one.label for one in at.button if one.label.startswith("Save")] == []


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "There is nothing in it."),
        ("\0\0\1\2PK" * 50, "This is no list of students that can be read."),
        (
            "Name,Number\n" + "\n".join(f"Bo Ek,{number}" for number in range(2500)),
            "A course has at most 2,000 students",
        ),
    ],
)
def test_a_file_that_is_no_list_is_refused_in_a_sentence(
    screens: Screens, school: Services, ana: Member, content: str, told: str
) -> None:
    course = make(school, ana)
    at = opened(screens, course, "students")
    way = next(one for one in at.segmented_control if one.label == "Where the list comes from")
    at = way.set_value("file").run()
    at = at.file_uploader[0].set_value(("list.csv", content.encode(), "text/csv")).run()
    assert not at.exception
    assert told.replace(",", "") in said(at).replace(",", "")
    assert students(school, course) == []


def test_the_people_of_the_last_class_are_students_in_two_clicks(
    screens: Screens, school: Services, ana: Member
) -> None:
    course = make(school, ana)
    class_id = held(school.engine, ana, 1, "Bo Ek", "Cy Lima", "Otter.ai", course=None)
    at = opened(screens, course, "students")
    assert [one["Name"] for one in tables(at)["The first lines"]] == ["Bo Ek", "Cy Lima"]
    at = button(at, "Save 2 students").click().run()
    assert not at.exception
    assert [one.student.name for one in students(school, course)] == ["Bo Ek", "Cy Lima"]
    assert stored(school.engine, class_id).course == "Algebra"
    assert "✓ pres." in register_rows(opened(screens, course))["Bo Ek"]


def test_a_student_is_added_changed_and_removed_by_hand(screens: Screens, school: Services, ana: Member) -> None:
    course = make(school, ana, "Bo Ek")
    at = opened(screens, course, "students")
    field(at, "Name").input("Di Day")
    field(at, "E-mail").input("di@x.org")
    at = button(at, "Add").click().run()
    assert not at.exception
    assert [one["Name"] for one in tables(at)["Students"]] == ["Bo Ek", "Di Day"]
    di = students(school, course)[1]
    at = choose(at, "Student", di.id)
    fields = [one for one in at.text_input if one.label == "Further e-mail addresses"]
    fields[-1].input("mum@x.org; dad@x.org")
    at = button(at, "Save").click().run()
    assert students(school, course)[1].addresses == ("dad@x.org", "mum@x.org")
    assert "di@x.org, dad@x.org, mum@x.org" in tables(at)["Students"][1]["E-mail"]
    at = choose(at, "Student", di.id)
    at = button(at, "Remove Di Day").click().run()
    assert [one.student.name for one in students(school, course)] == ["Bo Ek"]


def field(at: AppTest, label: str) -> Any:
    return next(one for one in at.text_input if one.label == label)


def choose(at: AppTest, label: str, value: object) -> AppTest:
    return next(one for one in at.selectbox if one.label == label).set_value(value).run()
