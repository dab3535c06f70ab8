"""Who of a class is which student, as its page suggests it and a teacher says it."""

import pytest
from sqlalchemy import Engine

from tests.class_page.rostered import (
    ROSTER,
    choose_person,
    click,
    field,
    held,
    labels,
    names,
    recognised,
    statuses,
    student,
)
from tests.makers import member, shared, stay, stored
from tests.screens import Screens, figures, headings, raw, said, said_of, show
from tracker import courses, storage
from tracker.storage.database import reading
from tracker.storage.members import Member
from tracker.ui.wiring import services

pytestmark = [pytest.mark.slow, pytest.mark.database("sqlite")]


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
