"""Courses themselves: made, named, archived, handed over, deleted, and who may."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine, event

from tests.courses.algebra import attendance, held, make, students
from tests.makers import NOW, Clock, at, counted, lesson, member, shared, stay, stored
from tracker import auth, classes, courses, decisions, listing, storage
from tracker.attendance.types import Mark, Status
from tracker.errors import InvalidInput, NotAllowed, NotFound
from tracker.rosters import Student, read_pasted
from tracker.services import Services
from tracker.storage.database import reading, transaction
from tracker.storage.members import Member

# Made and listed


def test_a_course_is_made_once_under_a_name(school: Services, ana: Member) -> None:
    make(school, ana)
    with pytest.raises(InvalidInput) as refused:
        courses.new_course(school, ana, "  Algebra ", ana)
    assert refused.value.code == "course_name_taken"
    with pytest.raises(InvalidInput):
        courses.new_course(school, ana, "  ", ana)


def test_nobody_but_an_admin_makes_a_course_for_somebody_else(
    school: Services, ana: Member, eva: Member, boss: Member
) -> None:
    with pytest.raises(NotAllowed):
        courses.new_course(school, eva, "Algebra", ana)
    made = courses.new_course(school, boss, "Algebra", ana)
    assert school.read(courses.visible_course, ana, made).teacher_id == ana.id


def test_the_list_has_students_classes_and_the_next_one(school: Services, engine: Engine, ana: Member) -> None:
    make(school, ana, text="Bo\nCy")
    held(engine, ana, "Bo")
    lesson(engine, ana, "Next", 90, course="Algebra")
    lesson(engine, ana, "Later", 900, course="Algebra")
    (one,) = school.read(courses.list_seen, ana, NOW)
    assert (one.figures.students, one.figures.classes, one.figures.held, one.figures.next_start) == (2, 3, 1, at(90))


def test_a_list_has_ones_own_courses_and_those_that_are_shared(
    school: Services, engine: Engine, ana: Member, eva: Member, boss: Member
) -> None:
    course = make(school, ana)
    assert school.read(courses.list_seen, eva, NOW) == []
    auth.share_course(engine, ana, course.id, eva.email, NOW)
    assert [one.course.name for one in school.read(courses.list_seen, eva, NOW)] == ["Algebra"]
    assert [one.course.name for one in school.read(courses.list_seen, boss, NOW)] == ["Algebra"]


# Changed


def test_a_course_is_renamed_unless_the_name_is_taken(school: Services, ana: Member) -> None:
    course = make(school, ana)
    make(school, ana, "Physics")
    with pytest.raises(InvalidInput):
        courses.rename(school, ana, course.id, "Physics")
    courses.rename(school, ana, course.id, "Algebra 7B")
    assert school.read(courses.visible_course, ana, course.id).name == "Algebra 7B"


def test_an_archived_course_is_offered_nowhere_and_its_classes_stay(
    school: Services, engine: Engine, ana: Member
) -> None:
    course = make(school, ana)
    class_id = held(engine, ana, "Bo")
    courses.archive(school, ana, course.id)
    assert school.read(classes.list_courses, ana) == []
    assert school.read(listing.list_courses, ana) == []
    assert stored(engine, class_id).course == "Algebra"
    courses.take_out(school, ana, course.id)
    assert school.read(classes.list_courses, ana) == ["Algebra"]


def test_a_course_with_classes_is_not_deleted(school: Services, engine: Engine, ana: Member) -> None:
    course = make(school, ana)
    held(engine, ana, "Bo")
    with pytest.raises(InvalidInput) as refused:
        courses.delete(school, ana, course.id)
    assert refused.value.code == "course_has_classes"


def test_a_course_without_classes_is_deleted_with_its_students(school: Services, ana: Member, eva: Member) -> None:
    course = make(school, ana, text="Bo\nCy")
    auth.share_course(school.engine, ana, course.id, eva.email, NOW)
    with transaction(school.engine) as tx:
        storage.mails.ask_weekly(tx, course.id, "2026-20", NOW)
    courses.delete(school, ana, course.id)
    assert students(school, course) == []
    with pytest.raises(NotFound) as gone:
        school.read(courses.visible_course, ana, course.id)
    assert gone.value.code == "course_not_there"


IN_CHARGE: dict[str, Callable[[Services, Member, str], object]] = {
    "rename": lambda school, who, course_id: courses.rename(school, who, course_id, "Mine"),
    "archive": courses.archive,
    "take out": courses.take_out,
    "delete": courses.delete,
    "hand over": lambda school, who, course_id: courses.hand_over(school, who, course_id, who.email),
    "share": lambda school, who, course_id: auth.share_course(school.engine, who, course_id, who.email, NOW),
}

ON_STUDENTS: dict[str, Callable[[Services, Member, str], object]] = {
    "import": lambda school, who, course_id: courses.import_list(school, who, course_id, read_pasted("Di")),
    "preview": lambda school, who, course_id: school.read(courses.preview_list, who, course_id, read_pasted("Di")),
    "add": lambda school, who, course_id: courses.add_student(school, who, course_id, Student("Di")),
    "change": lambda school, who, course_id: courses.change_student(
        school,
        who,
        course_id,
        students(school, school.read(courses.visible_course, auth.OPERATOR, course_id))[0].id,
        Student("Bo Ek"),
    ),
    "remove": lambda school, who, course_id: courses.remove_students(school, who, course_id, []),
    "classes": lambda school, who, course_id: school.read(courses.classes_of, who, course_id),
    "version": lambda school, who, course_id: school.read(courses.version, who, course_id, NOW),
    "see": lambda school, who, course_id: school.read(courses.visible_course, who, course_id),
}


@pytest.mark.parametrize("what", IN_CHARGE)
def test_only_its_teacher_and_admins_are_in_charge_of_a_course(
    school: Services, ana: Member, eva: Member, what: str
) -> None:
    course = make(school, ana)
    with pytest.raises(NotAllowed) as stranger:
        IN_CHARGE[what](school, eva, course.id)
    auth.share_course(school.engine, ana, course.id, eva.email, NOW)
    with pytest.raises(NotAllowed) as colleague:
        IN_CHARGE[what](school, eva, course.id)
    assert (stranger.value.code, colleague.value.code) == ("course_of_somebody_else", "course_not_in_charge")


@pytest.mark.parametrize("what", ON_STUDENTS)
def test_students_are_for_its_teacher_for_colleagues_and_for_admins(
    school: Services, ana: Member, eva: Member, boss: Member, what: str
) -> None:
    course = make(school, ana, text="Bo")
    with pytest.raises(NotAllowed) as stranger:
        ON_STUDENTS[what](school, eva, course.id)
    assert stranger.value.code == "course_of_somebody_else"
    auth.share_course(school.engine, ana, course.id, eva.email, NOW)
    ON_STUDENTS[what](school, eva, course.id)
    if what != "add":
        ON_STUDENTS[what](school, boss, course.id)


# Handed over


def test_a_course_is_handed_over_with_its_classes_students_and_marks(
    school: Services, engine: Engine, ana: Member, eva: Member
) -> None:
    course = make(school, ana, text="Bo\nCy")
    class_id, other = held(engine, ana, "Bo"), held(engine, ana, "Bo", course=None)
    (bo, _cy) = students(school, course)
    courses.mark(school, ana, class_id, [bo.id], Status.EXCUSED)
    courses.hand_over(school, ana, course.id, eva.email)
    assert stored(engine, class_id).teacher_id == eva.id
    assert stored(engine, other).teacher_id == ana.id
    register = school.read(courses.course_register, eva, school.read(courses.visible_course, eva, course.id), NOW)
    assert [row.marks[class_id].status for row in register.rows] == [Status.EXCUSED, Status.ABSENT]
    with pytest.raises(NotAllowed):
        school.read(courses.visible_course, ana, course.id)


def test_what_was_said_of_the_people_of_a_course_goes_with_it_and_of_others_not(
    school: Services, engine: Engine, ana: Member, eva: Member
) -> None:
    course = make(school, ana)
    here, there = held(engine, ana, "Bo", "Robot"), held(engine, ana, "Cy", course=None)
    for class_id in (here, there):
        found = stored(engine, class_id)
        people = attendance(school, found).people
        decisions.mark(school, ana, found, [people[-1]], Mark.SET_ASIDE)
    courses.hand_over(school, ana, course.id, eva.email)
    with reading(engine) as tx:
        assert list(storage.decisions.list_marks(tx, eva.id)) == [("name", "robot")]


def test_a_course_goes_to_nobody_who_has_one_of_the_name_or_is_closed(
    school: Services, engine: Engine, ana: Member, eva: Member
) -> None:
    course = make(school, ana)
    taken = courses.new_course(school, eva, "Algebra", eva)
    with pytest.raises(InvalidInput) as refused:
        courses.hand_over(school, ana, course.id, eva.email)
    assert refused.value.code == "course_name_taken"
    courses.rename(school, eva, taken, "Geometry")
    auth.disable(engine, auth.OPERATOR, eva.email, NOW)
    for email in (eva.email, ana.email):
        with pytest.raises(InvalidInput) as refused:
            courses.hand_over(school, ana, course.id, email)
        assert refused.value.code == "course_to_nobody"


def test_an_account_with_a_course_of_which_something_is_to_be_sent_is_handed_over_to_one_with_the_same_course(
    school: Services, engine: Engine, ana: Member, eva: Member
) -> None:
    course = make(school, ana, text="Bo")
    into = courses.new_course(school, eva, "Algebra", eva)
    with transaction(engine) as tx:
        storage.mails.ask_weekly(tx, course.id, "2026-20", NOW)
    auth.hand_over(engine, auth.OPERATOR, ana.email, eva.email, NOW)
    assert [one.student.name for one in students(school, school.read(courses.visible_course, eva, into))] == ["Bo"]


@pytest.mark.parametrize(("by_admin", "linked"), [(False, True), (True, False)])
def test_a_meeting_that_the_teacher_linked_is_started_by_its_host_alone_unless_an_admin_gives_it(
    school: Services, engine: Engine, ana: Member, eva: Member, boss: Member, by_admin: bool, linked: bool
) -> None:
    course = make(school, ana)
    class_id = lesson(engine, ana, course="Algebra", zoom_meeting_made=False, zoom_linked_by_teacher=True)
    courses.hand_over(school, boss if by_admin else ana, course.id, eva.email)
    assert stored(engine, class_id).zoom_linked_by_teacher is linked


# Classes put in


def test_a_class_in_no_course_is_put_in_and_one_of_another_course_stays(
    school: Services, engine: Engine, ana: Member, eva: Member
) -> None:
    course = make(school, ana)
    alone, other = held(engine, ana, "Bo", course=None), held(engine, ana, "Bo", course="Physics")
    courses.add_class(school, ana, course.id, alone)
    courses.add_class(school, ana, course.id, other)
    assert (stored(engine, alone).course, stored(engine, other).course) == ("Algebra", "Physics")
    hers = held(engine, eva, "Bo", course=None)
    with pytest.raises(NotAllowed):
        courses.add_class(school, ana, course.id, hers)


# What is noted


def test_a_shared_course_is_not_shared_with_its_teacher(school: Services, engine: Engine, ana: Member) -> None:
    course = make(school, ana)
    with pytest.raises(InvalidInput):
        auth.share_course(engine, ana, course.id, ana.email, NOW)
    held(engine, ana, "Bo")
    eva = member(engine, "eva@school.example")
    shared(engine, held(engine, ana, "Bo"), eva, "course")
    assert [one.colleague.id for one in school.read(auth.shares_of_course, ana, course.id)] == [eva.id]


@pytest.mark.parametrize("one_meeting", [True, False])
def test_a_register_asks_as_many_questions_however_many_classes_there_are(
    school: Services, ana: Member, one_meeting: bool
) -> None:
    course = make(school, ana, text="Bo Ek")
    asked: list[str] = []
    event.listen(school.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    numbers = []
    for week in range(6):
        start = -120 - week * 7 * 24 * 60
        class_id = lesson(school.engine, ana, start=start, course=course.name, zoom_meeting_made=not one_meeting)
        counted(school.engine, class_id, stay("Bo Ek", start, start + 60), start=start, end=start + 60)
        asked.clear()
        register = school.read(courses.course_register, ana, course, NOW)
        assert [mark.status for mark in register.rows[0].marks.values()] == [Status.PRESENT] * (week + 1)
        numbers.append(len(asked))
    assert len(set(numbers[1:])) == 1


def test_what_there_is_to_see_of_a_course_is_asked_with_as_many_questions_and_differs_after_each_change(
    school: Services, ana: Member, clock: Clock
) -> None:
    course = make(school, ana, text="Bo Ek")
    (bo,) = students(school, course)
    asked: list[str] = []
    event.listen(school.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))

    def version() -> courses.CourseVersion:
        asked.clear()
        known = school.read(courses.version, ana, course.id, clock())
        assert len([one for one in asked if one.startswith("SELECT")]) == 4
        return known

    class_id = held(school.engine, ana, "Bo Ek")
    found = stored(school.engine, class_id)
    changes: list[Callable[[], object]] = [
        lambda: held(school.engine, ana, start=-4000),
        lambda: lesson(school.engine, ana, start=60, course=course.name),
        lambda: clock.forward(minutes=90),
        lambda: courses.mark(school, ana, class_id, [bo.id], Status.EXCUSED),
        lambda: decisions.mark(school, ana, found, attendance(school, found).people, Mark.SET_ASIDE),
        lambda: courses.add_student(school, ana, course.id, Student("Cy Fox")),
        lambda: courses.rename(school, ana, course.id, "Algebra 7B"),
    ]
    seen = [version()]
    for change in changes:
        change()
        seen.append(version())
        assert seen[-1] != seen[-2]
    assert version() == seen[-1]
    assert not seen[-1].is_sure(clock())
    clock.forward(seconds=2)
    assert version().is_sure(clock())
