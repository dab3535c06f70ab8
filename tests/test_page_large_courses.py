"""Courses that are larger than a page: the register in parts, a student looked for on the list, numbers as written."""

import pytest
from sqlalchemy import Engine

from tests.makers import counted, lesson, member, stay, stored
from tests.screens import Screens, figures, raw, said
from tracker import courses, storage
from tracker.attendance.types import Status
from tracker.auth import OPERATOR
from tracker.messages.languages import best, ngettext, speaking
from tracker.rosters import read_pasted
from tracker.services import Services
from tracker.storage.database import reading
from tracker.storage.members import Member
from tracker.ui import page, register_panel, wiring

pytestmark = pytest.mark.database("sqlite")

COURSE, MANY = "Lecture", 45


@pytest.fixture
def school(screens: Screens) -> Services:
    """The services of the pages themselves."""
    return wiring.services()


@pytest.fixture
def ana(engine: Engine, school: Services, screens: Screens) -> Member:
    """The teacher of a course with many students, who is signed in."""
    made = member(engine)
    lines = [f"Student {number:02}\ts{number}@x.example\t00{number}\tGroup {number % 4}" for number in range(MANY)]
    text = "\n".join(["Name\tE-mail\tNumber\tGroup", *lines])
    courses.import_roster(school, OPERATOR, made.email, COURSE, read_pasted(text))
    screens.sign_in(made)
    return made


def course_of(school: Services, ana: Member) -> str:
    return school.read(courses.teachers_course, ana, ana.email, COURSE).id


def held(engine: Engine, ana: Member, days: int = 1) -> str:
    """A class of the course so many days ago, in which one student was."""
    start = -1440 * days
    class_id = lesson(engine, ana, f"Lesson {days}", start, course=COURSE)
    counted(engine, class_id, stay("Student 07", start, start + 60), start=start, end=start + 60)
    return class_id


def names_in_register(shown: object) -> list[str]:
    html = next(text for text in raw(shown) if "register-box" in text)  # type: ignore[arg-type]
    return [part.partition("</a>")[0].rpartition(">")[2] for part in html.split("<bdi>")[1:]]


def test_a_student_is_looked_for_on_the_list_by_name_e_mail_number_or_group(
    screens: Screens, school: Services, ana: Member
) -> None:
    course_id = course_of(school, ana)
    for wanted, number in (("student 31", 1), ("S31@X", 1), ("0031", 1), ("group 3", 11), ("", MANY)):
        shown = screens.open(page.COURSE, id=course_id, view="students")
        shown.text_input(key="find-on-roster").set_value(wanted).run()
        assert sum(text.count("<th scope='row'") for text in raw(shown)) == number
        assert (f"{number} students" if number > 1 else "1 student") in said(shown)
    shown.text_input(key="find-on-roster").set_value("nobody").run()
    assert "Nobody on the list fits this search." in said(shown)
    assert not any("<th scope='row'" in text for text in raw(shown))


def test_a_short_list_has_nothing_to_search_with(screens: Screens, school: Services, ana: Member) -> None:
    few = courses.new_course(school, ana, "Few", ana)
    courses.import_list(school, ana, few, read_pasted("Bo Ek\nCy Fox"))
    shown = screens.open(page.COURSE, id=few, view="students")
    assert "Search" not in [one.label for one in shown.text_input]


def test_the_register_of_very_many_students_comes_in_parts(
    screens: Screens, engine: Engine, school: Services, ana: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    held(engine, ana)
    monkeypatch.setattr(register_panel, "MOST_AT_ONCE", 20)
    shown = screens.open(page.COURSE, id=course_of(school, ana), order="surname")
    seen = names_in_register(shown)
    assert "Students 1 to 20 of 45" in said(shown)
    shown.session_state["register-part"] = 3
    shown.run()
    assert "Students 41 to 45 of 45" in said(shown)
    assert len(names_in_register(shown)) == 5
    assert set(seen).isdisjoint(names_in_register(shown))
    shown.text_input(key="find-student").set_value("Student 07").run()
    assert names_in_register(shown) == ["Student 07"]
    assert "Students 1 to" not in said(shown)


def test_of_many_who_are_excused_some_are_named_and_the_others_counted(
    screens: Screens, engine: Engine, school: Services, ana: Member
) -> None:
    class_id, course_id = held(engine, ana), course_of(school, ana)
    with reading(engine) as tx:
        ids = [one.id for one in storage.students.list_students(tx, course_id)]
    courses.mark(school, ana, class_id, ids[:40], Status.EXCUSED, "")
    shown = said(screens.open(page.CLASS, id=class_id))
    told = next(line for line in shown.splitlines() if line.startswith("Excused: "))
    assert told.count("Student") == 30
    assert told.endswith(" and 10 more.")


def test_of_very_many_classes_of_a_course_the_latest_are_read(
    engine: Engine, ana: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [held(engine, ana, days) for days in (4, 3, 2, 1)]
    course_id = stored(engine, made[0]).course_id
    assert course_id is not None
    monkeypatch.setattr(storage.classes, "MOST_OF_COURSE", 3)
    with reading(engine) as tx:
        assert [one.id for one in storage.classes.classes_of_course(tx, course_id)] == made[1:]


def test_numbers_in_figures_and_sentences_are_written_alike(
    screens: Screens, engine: Engine, school: Services, ana: Member
) -> None:
    many = "Name\n" + "\n".join(f"Somebody {number:04}" for number in range(1200))
    courses.import_roster(school, OPERATOR, ana.email, COURSE, read_pasted(many))
    shown = screens.open(page.CLASS, id=held(engine, ana))
    assert figures(shown)["Students"].startswith("1 of 1,245")
    assert "and 1,214 more." in said(shown)  # of those who were absent
    assert "all (1,245)" in shown.segmented_control(key="students-shown").options
    with speaking(best("pt-BR")):
        assert ngettext("{number} student", "{number} students", 1245).startswith("1.245 ")
