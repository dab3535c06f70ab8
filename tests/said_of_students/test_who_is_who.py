"""Who of a class is said to be which student: chosen, remembered, undone, and by which addresses."""

import pytest

from tests.makers import Clock, at, counted, lesson, stay, stored
from tests.said_of_students.algebra import IPAD, algebra, ids, marks, register, rows
from tracker import courses
from tracker.attendance.matching import Likeness
from tracker.errors import InvalidInput, NotFound
from tracker.services import Services
from tracker.storage.members import Member
from tracker.storage.models import StudentAddress, StudentChoice


def test_a_choice_is_remembered_for_the_course_and_undone(
    school: Services, ana: Member, class_id: str, clock: Clock
) -> None:
    course = algebra(school)
    who = ids(school, course)
    next_week = lesson(school.engine, ana, start=7 * 24 * 60, course="Algebra")
    counted(school.engine, next_week, stay("iPad", 10080, 10140), start=10080, end=10140)
    clock.time = at(10200)
    courses.choose(school, ana, course.id, [IPAD], [who["Bo"], who["Eva"]])
    for one in (class_id, next_week):
        assert (marks(school, one)["Bo"], marks(school, one)["Eva"]) == ("present", "present")
    assert register(school).guests == ()
    courses.choose(school, ana, course.id, [IPAD], [who["Eva"]])  # replaces what was said before
    assert (marks(school, class_id)["Bo"], marks(school, class_id)["Eva"]) == ("absent", "present")
    courses.undo_choice(school, ana, course.id, [IPAD])
    assert marks(school, class_id) == {"Zita": "late", "Bo": "absent", "Eva": "absent"}
    (guest,) = register(school).guests
    assert (guest.name, guest.classes) == ("iPad", (class_id, next_week))


def test_a_match_that_is_wrong_is_refused_with_one_word(school: Services, ana: Member, class_id: str) -> None:
    course = algebra(school)
    zita = ids(school, course)["Zita"]
    courses.choose(school, ana, course.id, [("email", "zita@x.org")], [], refused=[zita])
    assert marks(school, class_id)["Zita"] == "absent"
    found = stored(school.engine, class_id)
    known = school.read(courses.students_of_class, ana, found, school.now())
    assert known is not None
    assert school.read(courses.suggested_students, found, known) == ()


def test_whom_zoom_does_not_name_is_chosen_for_one_class_and_others_by_what_lasts(
    school: Services, ana: Member, class_id: str
) -> None:
    course = algebra(school)
    bo = ids(school, course)["Bo"]
    courses.choose(school, ana, course.id, [("joining", "s:1"), ("zoom", "account-1")], [bo])
    assert [row.person for row in rows(school.engine, StudentChoice)] == ["zoom:account-1"]
    courses.choose(school, ana, course.id, [("joining", "s:1")], [bo])
    assert "joining:s:1" in [row.person for row in rows(school.engine, StudentChoice)]
    with pytest.raises(NotFound):
        courses.choose(school, ana, course.id, [IPAD], ["nobody"])


def test_a_further_address_matches_until_it_is_taken_away(school: Services, ana: Member, class_id: str) -> None:
    course = algebra(school)
    eva = ids(school, course)["Eva"]
    again = lesson(school.engine, ana, start=-1440, course="Algebra")
    counted(school.engine, again, stay("Mum", -1440, -1380, "MUM@home.example"), start=-1440, end=-1380)
    assert marks(school, again)["Eva"] == "absent"
    courses.add_address(school, ana, course.id, eva, " Mum@Home.example ")
    assert marks(school, again)["Eva"] == "present"
    courses.add_address(school, ana, course.id, ids(school, course)["Bo"], "mum@home.example")
    assert marks(school, again)["Eva"] == "absent"  # of two students it tells neither
    courses.remove_address(school, ana, course.id, ids(school, course)["Bo"], "mum@home.example")
    courses.remove_address(school, ana, course.id, eva, "mum@home.example")
    assert rows(school.engine, StudentAddress) == []


@pytest.mark.parametrize("address", ["", "mum", "mum@home", "@home.example", "a b@home.example", "x" * 250 + "@y.org"])
def test_what_is_no_address_is_refused(school: Services, ana: Member, class_id: str, address: str) -> None:
    course = algebra(school)
    with pytest.raises(InvalidInput):
        courses.add_address(school, ana, course.id, ids(school, course)["Eva"], address)


def test_five_further_addresses_are_enough(school: Services, ana: Member, class_id: str) -> None:
    course = algebra(school)
    eva = ids(school, course)["Eva"]
    for number in range(5):
        courses.add_address(school, ana, course.id, eva, f"e{number}@home.example")
    with pytest.raises(InvalidInput, match="at most 5"):
        courses.add_address(school, ana, course.id, eva, "e5@home.example")


def test_who_may_be_a_student_is_suggested_for_a_class(school: Services, ana: Member, class_id: str) -> None:
    counted(school.engine, class_id, stay("Ek, Bo", 0, 60))
    found = stored(school.engine, class_id)
    known = school.read(courses.students_of_class, ana, found, school.now())
    assert known is not None
    (one,) = school.read(courses.suggested_students, found, known)
    assert (one.student.student.name, one.why) == ("Bo Ek", Likeness.OTHER_WRITING)


def test_a_class_of_no_course_or_of_one_without_students_has_no_students(school: Services, ana: Member) -> None:
    for course in (None, "Latin"):
        found = stored(school.engine, lesson(school.engine, ana, course=course))
        assert school.read(courses.students_of_class, ana, found, school.now()) is None
        assert school.read(courses.students_by_person, ana, found, school.now()) == {}
