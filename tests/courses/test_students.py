"""The students of a course, one by one and by a list that is looked at first."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import Engine

from tests.courses.algebra import held, make, students
from tests.makers import NOW, Clock, at, counted, entries, lesson, stay
from tracker import audit, courses
from tracker.audit import Action
from tracker.courses import Comes
from tracker.errors import InvalidInput, NotAllowed, TrackerError
from tracker.rosters import Student, read_pasted
from tracker.services import Services
from tracker.storage.members import Member

# A list that is looked at first


def test_a_preview_says_what_becomes_of_each_line_and_changes_nothing(school: Services, ana: Member) -> None:
    course = make(school, ana, text="Name\tEmail\nBo Ek\tbo@x.org\nCy Lima\t\nEl Gar\t")
    read = read_pasted("Name\tEmail\nBo Ek\tbo@x.org\nCy Lima\tcy@x.org\nDi Day\t\nTotal\t3")
    found = school.read(courses.preview_list, ana, course.id, read)
    assert [(student.name, what) for student, what in found.lines] == [
        ("Bo Ek", Comes.SAME),
        ("Cy Lima", Comes.CHANGED),
        ("Di Day", Comes.NEW),
    ]
    assert (found.students, found.stay) == (4, 1)
    assert len(students(school, course)) == 3
    made = courses.import_list(school, ana, course.id, read)
    assert (made.new, made.changed) == (1, 1)
    again = school.read(courses.preview_list, ana, course.id, read)
    assert again.count(Comes.SAME) == 3


def test_a_line_that_may_be_one_of_several_is_left_out_of_the_preview(school: Services, ana: Member) -> None:
    course = make(school, ana, text="Name\tNumber\nBo Ek\t1\nBo Ek\t2")
    found = school.read(courses.preview_list, ana, course.id, read_pasted("Name\tNumber\nBo Ek\t\nDi Day\t3"))
    assert [what for _student, what in found.lines] == [Comes.LEFT_OUT, Comes.NEW]
    assert found.stay == 2


def test_the_people_of_a_class_become_a_list_without_hosts_robots_and_who_is_set_aside(
    school: Services, engine: Engine, ana: Member, eva: Member
) -> None:
    course = make(school, ana, text="Di Day")
    class_id = lesson(engine, ana, course=None)
    people = (stay("Bo Ek", 0, 60, "BO@x.org"), stay("Cy Lima", 0, 60), stay("Otter.ai", 0, 60), stay("", 0, 60))
    counted(engine, class_id, *people, stay("Ana", 0, 60, ana.email), stay("+49 151 1234567", 0, 60))
    read = school.read(courses.people_of_class, ana, course.id, class_id, NOW)
    assert [(one.name, one.email) for one in read.students] == [("Bo Ek", "bo@x.org"), ("Cy Lima", "")]
    with pytest.raises(NotAllowed):
        school.read(courses.people_of_class, eva, course.id, class_id, NOW)


def test_whoever_joins_as_a_student_by_another_name_or_address_is_no_new_one(
    school: Services, engine: Engine, ana: Member
) -> None:
    course = make(school, ana, text="Di Day\nEve Fox")
    di, eve = (one.id for one in courses.roster_of_course(school, ana, course))
    courses.add_address(school, ana, course.id, di, "mother@home.example")
    courses.choose(school, ana, course.id, [("name", "iphone")], [eve])
    class_id = lesson(engine, ana)
    people = (stay("Family Day", 0, 60, "mother@home.example"), stay("iPhone", 0, 60), stay("Gil Hay", 0, 60))
    counted(engine, class_id, *people)
    read = school.read(courses.people_of_class, ana, course.id, class_id, NOW)
    assert [one.name for one in read.students] == ["Gil Hay"]


def test_people_are_taken_from_the_courses_own_classes_first(school: Services, engine: Engine, ana: Member) -> None:
    course = make(school, ana)
    alone, own = held(engine, ana, "Bo", course=None, start=-60), held(engine, ana, "Bo", start=-300)
    held(engine, ana, "Bo", course="Physics", start=-400)
    lesson(engine, ana, "Planned", 60, course="Algebra")
    assert [one.id for one in school.read(courses.classes_to_take_from, ana, course)] == [own, alone]


# One by one


def test_a_student_is_added_changed_and_removed(school: Services, ana: Member) -> None:
    course = make(school, ana, text="Bo Ek")
    di = Student("  Di   Day ", " DI@x.org ", "007", "7B", date(2026, 2, 1))
    courses.add_student(school, ana, course.id, di, ["Mum@x.org"])
    bo, added = students(school, course)
    assert added.student == Student("Di Day", "di@x.org", "007", "7B", date(2026, 2, 1))
    assert added.addresses == ("mum@x.org",)
    courses.change_student(school, ana, course.id, bo.id, Student("Bo Eck"), ["a@x.org", "b@x.org"])
    courses.change_student(school, ana, course.id, bo.id, Student("Bo Eck", "bo@x.org"), ["b@x.org"])
    bo, added = students(school, course)
    assert (bo.student.name, bo.student.email, bo.addresses) == ("Bo Eck", "bo@x.org", ("b@x.org",))
    courses.remove_students(school, ana, course.id, [added.id])
    assert students(school, course) == [bo]


@pytest.mark.parametrize(
    ("student", "addresses", "code"),
    [
        (Student(" "), (), "student_unnamed"),
        (Student("Di", "di"), (), "address_unusable"),
        (Student("Di", "di@x.org"), ("mum",), "address_unusable"),
        (Student("Di"), tuple(f"{number}@x.org" for number in range(6)), "too_many_addresses"),
        (Student("D" * 121), (), "student_text_too_long"),
        (Student("Di", since=date(2026, 2, 1), until=date(2026, 1, 1)), (), "student_dates_reversed"),
        (Student("Bo Ek"), (), "student_on_roster"),
        (Student("Somebody else", number="1"), (), "student_on_roster"),
    ],
)
def test_a_student_who_makes_no_sense_is_refused(
    school: Services, ana: Member, student: Student, addresses: tuple[str, ...], code: str
) -> None:
    course = make(school, ana, text="Name\tNumber\nBo Ek\t\nCy Lima\t1")
    before = students(school, course)
    with pytest.raises(InvalidInput) as refused:
        courses.add_student(school, ana, course.id, student, addresses)
    assert refused.value.code == code
    assert students(school, course) == before


def test_a_student_of_another_course_is_out_of_reach(school: Services, ana: Member, eva: Member) -> None:
    hers, mine = make(school, ana, text="Bo"), courses.new_course(school, eva, "Mine", eva)
    (bo,) = students(school, hers)
    tries: tuple[Callable[[], object], ...] = (
        lambda: courses.change_student(school, eva, mine, bo.id, Student("X")),
        lambda: courses.remove_students(school, eva, mine, [bo.id]),
        lambda: courses.change_student(school, eva, hers.id, bo.id, Student("X")),
    )
    for reach in tries:
        with pytest.raises(TrackerError):
            reach()
    assert students(school, hers) == [bo]


# What is noted


def test_looking_at_a_roster_again_and_again_is_noted_once_in_ten_minutes(
    school: Services, engine: Engine, clock: Clock, ana: Member
) -> None:
    course = make(school, ana, text="Bo")
    for minutes in (0, 5, 9, 12):
        clock.time = NOW + timedelta(minutes=minutes)
        courses.roster_of_course(school, ana, course)
    looks = [one for one in entries(engine) if one.action == Action.ROSTER_SEEN]
    assert [one.at for one in looks] == [at(12), NOW]
    audit.note_course_look(engine, ana, Action.ROSTER_SEEN, clock(), course="Another", account=ana.email)
    assert len([one for one in entries(engine) if one.action == Action.ROSTER_SEEN]) == 3
