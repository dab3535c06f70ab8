"""The pages Courses and course: the list, the register, students by a list that is looked at first, settings."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from sqlalchemy import Engine
from streamlit.testing.v1 import AppTest

from tests.makers import NOW, Clock, counted, entries, lesson, member, read_workbook, stay, stored
from tests.screens import Screens, button, figures, raw, refused, said, tables
from tracker import courses, storage
from tracker.attendance.register import Known, RegisterClass
from tracker.attendance.types import Status
from tracker.audit import Action
from tracker.courses.marking import LONGEST_REMARK
from tracker.errors import NotAllowed
from tracker.rosters import Student, read_pasted
from tracker.services import Services
from tracker.storage.courses import Course
from tracker.storage.database import reading
from tracker.storage.members import Member
from tracker.storage.students import Enrolled
from tracker.ui import course_list, page, register_table, registers, wiring

pytestmark = pytest.mark.database("sqlite")

HOSTILE = "<img src=x onerror=alert(1)> **bold** [a](http://evil.example) :streamlit: $x$"


@pytest.fixture
def school(screens: Screens) -> Services:
    """The services of the pages themselves."""
    return wiring.services()


@pytest.fixture
def ana(engine: Engine, screens: Screens) -> Member:
    """A teacher, who is signed in."""
    made = member(engine)
    screens.sign_in(made)
    return made


def make(school: Services, teacher: Member, text: str = "", name: str = "Algebra") -> Course:
    course_id = courses.new_course(school, teacher, name, teacher)
    if text:
        courses.import_list(school, teacher, course_id, read_pasted(text))
    return school.read(courses.visible_course, teacher, course_id)


def held(engine: Engine, teacher: Member, days: int, *people: str, course: str | None = "Algebra") -> str:
    """A class of an hour so many days ago, in which these people were all the time."""
    start = -1440 * days
    class_id = lesson(engine, teacher, f"Lesson {days}", start, course=course)
    counted(engine, class_id, *(stay(one, start, start + 60) for one in people), start=start, end=start + 60)
    return class_id


def students(school: Services, course: Course) -> list[Enrolled]:
    with reading(school.engine) as tx:
        return storage.students.list_students(tx, course.id)


def opened(screens: Screens, course: Course, view: str = "register", **query: str) -> AppTest:
    at = screens.open(page.COURSE, id=course.id, view=view, **query)
    assert not at.exception
    return at


def register_rows(at: AppTest) -> dict[str, str]:
    """Each student's row of the register as one text, by her name; signs and words for screen readers are in it."""
    html = next(text for text in raw(at) if "register-box" in text)
    rows = re.findall(r"<tr><th scope='row'.*?</tr>", html)
    texts = [" ".join(unescape(re.sub(r"<[^>]*>", " ", row)).split()) for row in rows]
    names = [unescape(re.sub(r"<[^>]*>", "", re.findall(r"<bdi>(.*?)</bdi>", row)[0])) for row in rows]
    return dict(zip(names, texts, strict=True))


# The list


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


# The register


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


# Students


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


# Settings


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
