"""What is said of students by hand: it holds, it is remembered, it is undone, and what becomes of it with whom it is
about, with the names of a class, and with courses that go together."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import SQLModel, select

from tests.fake_zoom import FakeZoom
from tests.lives import fetch_all, note
from tests.makers import (
    MEETING,
    NOW,
    Clock,
    at,
    counted,
    ended,
    entries,
    lesson,
    member,
    participant,
    services,
    shared,
    started,
    stay,
    stored,
)
from tests.test_erasure import everything
from tracker import auth, courses, fetching, privacy, reconcile, report, storage
from tracker.attendance.matching import Likeness
from tracker.attendance.register import Register
from tracker.attendance.statuses import Rules
from tracker.attendance.types import PersonKey, Status
from tracker.errors import InvalidInput, NamesRemoved, NotAllowed, NotFound, TrackerError
from tracker.rosters import read_pasted
from tracker.services import Services
from tracker.storage.backup import back_up
from tracker.storage.courses import Course
from tracker.storage.database import make_engine, reading, transaction
from tracker.storage.members import Member
from tracker.storage.models import Course as CourseRow
from tracker.storage.models import LiveStream, StudentAddress, StudentChoice, StudentMark

EMAIL = "ana@school.example"
ROSTER = "Name\tEmail\tNumber\nZita Quark\tzita@x.org\t007\nBo Ek\tbo@x.org\t008\nEva Lund\t\t009"
IPAD: PersonKey = ("name", "ipad")


@pytest.fixture
def school(engine: Engine, clock: Clock, tmp_path: Path) -> Services:
    return services(engine, clock, TRACKER_DATA_DIR=str(tmp_path / "data"), RETENTION_DAYS="30")


@pytest.fixture
def class_id(school: Services, ana: Member, clock: Clock) -> str:
    """A class of a course of three students: Zita came late, somebody with an iPad, and nobody else."""
    made = lesson(school.engine, ana, course="Algebra")
    courses.import_roster(school, auth.OPERATOR, EMAIL, "Algebra", read_pasted(ROSTER))
    counted(school.engine, made, stay("Z", 10, 60, "zita@x.org"), stay("iPad", 0, 60))
    clock.time = at(100)
    return made


def algebra(school: Services, teacher: str = EMAIL, course: str = "Algebra") -> Course:
    return school.read(courses.teachers_course, auth.OPERATOR, teacher, course)


def ids(school: Services, course: Course) -> dict[str, str]:
    """The ids of a course's students by their first names."""
    with reading(school.engine) as tx:
        found = storage.students.list_students(tx, course.id)
    return {one.student.name.split()[0]: one.id for one in found}


def register(school: Services, course: Course | None = None) -> Register:
    return school.read(courses.course_register, auth.OPERATOR, course or algebra(school), school.now())


def marks(school: Services, class_id: str, course: Course | None = None) -> dict[str, str]:
    """What each student was in a class, by her first name, with a star where somebody has said so."""
    return {
        row.enrolled.student.name.split()[0]: row.marks[class_id].status.value + "*" * bool(row.marks[class_id].by_hand)
        for row in register(school, course).rows
        if class_id in row.marks
    }


def rows(engine: Engine, table: type[SQLModel]) -> list[Any]:
    """What is in a table."""
    with reading(engine) as tx:
        return [SimpleNamespace(**row.model_dump()) for row in tx.exec(select(table))]


# By hand


def test_a_status_given_by_hand_holds_and_is_taken_back(school: Services, ana: Member, class_id: str) -> None:
    who = ids(school, algebra(school))
    rule = {"Zita": "late", "Bo": "absent", "Eva": "absent"}
    assert marks(school, class_id) == rule
    before = courses.mark(school, ana, class_id, [who["Bo"], who["Eva"]], Status.EXCUSED, " at  the doctor's ")
    assert before.before == {who["Bo"]: None, who["Eva"]: None}
    assert marks(school, class_id) == rule | {"Bo": "excused*", "Eva": "excused*"}
    (bo,) = (row for row in register(school).rows if row.enrolled.id == who["Bo"])
    assert (bo.marks[class_id].remark, bo.marks[class_id].by_rule) == ("at the doctor's", Status.ABSENT)
    again = courses.mark(school, ana, class_id, [who["Bo"]], Status.PRESENT)
    assert marks(school, class_id)["Bo"] == "present*"
    courses.restore(school, ana, class_id, again)
    assert marks(school, class_id)["Bo"] == "excused*"
    courses.restore(school, ana, class_id, before)
    assert (marks(school, class_id), rows(school.engine, StudentMark)) == (rule, [])


def test_an_undo_leaves_what_somebody_else_has_said_since(
    school: Services, ana: Member, class_id: str, clock: Clock
) -> None:
    who = ids(school, algebra(school))
    excused = courses.mark(school, ana, class_id, [who["Bo"], who["Eva"]], Status.EXCUSED)
    clock.forward(minutes=1)
    courses.mark(school, auth.OPERATOR, class_id, [who["Bo"]], Status.PRESENT, "note from home")
    assert courses.restore(school, ana, class_id, excused) == [who["Bo"]]
    assert marks(school, class_id) == {"Zita": "late", "Bo": "present*", "Eva": "absent"}
    noted = [one for one in entries(school.engine) if one.action == "students_marked"]
    assert len(noted) == 3
    assert courses.restore(school, ana, class_id, excused) == [who["Bo"], who["Eva"]]
    assert [one for one in entries(school.engine) if one.action == "students_marked"] == noted


def test_to_take_back_is_undone_only_while_nothing_is_said(school: Services, ana: Member, class_id: str) -> None:
    who = ids(school, algebra(school))
    courses.mark(school, ana, class_id, [who["Bo"]], Status.EXCUSED)
    taken_back = courses.mark(school, ana, class_id, [who["Bo"]], None)
    courses.mark(school, auth.OPERATOR, class_id, [who["Bo"]], Status.LATE)
    assert courses.restore(school, ana, class_id, taken_back) == [who["Bo"]]
    assert marks(school, class_id)["Bo"] == "late*"


def test_a_class_to_come_in_which_somebody_is_excused_is_in_the_register(school: Services, ana: Member) -> None:
    planned = lesson(school.engine, ana, start=5000, course="Algebra")
    courses.import_roster(school, auth.OPERATOR, EMAIL, "Algebra", read_pasted(ROSTER))
    assert register(school).classes == ()
    courses.mark(school, ana, planned, [ids(school, algebra(school))["Bo"]], Status.EXCUSED, "away")
    assert marks(school, planned) == {"Zita": "not yet known", "Bo": "excused*", "Eva": "not yet known"}


def test_what_cannot_be_said_is_refused_and_nothing_changes(school: Services, ana: Member, class_id: str) -> None:
    who, eva = ids(school, algebra(school)), member(school.engine, "eva@school.example")
    before = everything(school.engine)
    refused: list[tuple[type[TrackerError], Member, list[str], Status, str]] = [
        (InvalidInput, ana, [who["Bo"]], Status.OUTSIDE, ""),
        (InvalidInput, ana, [who["Bo"]], Status.NOT_HELD, ""),
        (InvalidInput, ana, [who["Bo"]], Status.NOT_YET_KNOWN, ""),
        (InvalidInput, ana, [who["Bo"]], Status.LATE, "x" * 501),
        (NotFound, ana, [who["Bo"], "nobody"], Status.LATE, ""),
        (NotAllowed, eva, [who["Bo"]], Status.LATE, ""),
    ]
    for error, acting, students, status, remark in refused:
        with pytest.raises(error):
            courses.mark(school, acting, class_id, students, status, remark)
    assert everything(school.engine) == before
    with transaction(school.engine) as tx:
        tx.get_one(LiveStream, class_id).status = "cancelled"
    with pytest.raises(InvalidInput, match="cancelled"):
        courses.mark(school, ana, class_id, [who["Bo"]], Status.LATE)


def test_whoever_the_class_or_its_course_is_shared_with_may_say_it(
    school: Services, ana: Member, class_id: str
) -> None:
    eva, who = member(school.engine, "eva@school.example"), ids(school, algebra(school))
    shared(school.engine, class_id, eva)
    courses.mark(school, eva, class_id, [who["Bo"]], Status.LATE)
    # A class is not its course: who is which student, and the rules, are the course's.
    for refused in (
        lambda: courses.choose(school, eva, algebra(school).id, [IPAD], [who["Bo"]]),
        lambda: courses.set_rules(school, eva, algebra(school), late_after=1),
        lambda: courses.add_address(school, eva, algebra(school).id, who["Bo"], "bo@home.example"),
        lambda: courses.register_of(school, eva, EMAIL, "Algebra"),
    ):
        with pytest.raises(NotAllowed):
            refused()
    shared(school.engine, class_id, eva, "course")
    courses.choose(school, eva, algebra(school).id, [IPAD], [who["Bo"]])
    assert courses.register_of(school, eva, EMAIL, "Algebra").course == "Algebra"


# Zoom tells more, and rules change


def test_an_override_a_rule_change_and_a_late_correction_from_zoom_end_in_the_expected_marks(
    school: Services, ana: Member, zoom: FakeZoom, clock: Clock
) -> None:
    made = lesson(school.engine, ana, course="Algebra")
    courses.import_roster(school, auth.OPERATOR, EMAIL, "Algebra", read_pasted(ROSTER))
    zita, bo = participant("Zita Quark", 10, 60, user_id="1"), participant("Bo", 0, 20, "bo@x.org", user_id="2")
    zoom.hold("u", zita, bo, meeting=MEETING)
    note(school, started("u", 0), ended("u", 0, 60))
    clock.time = at(65)
    assert set(marks(school, made).values()) == {"not yet known"}
    fetch_all(school, clock, 75)
    assert marks(school, made) == {"Zita": "late", "Bo": "partly", "Eva": "absent"}
    assert stored(school.engine, made).late == 1

    courses.mark(school, ana, made, [ids(school, algebra(school))["Eva"]], Status.EXCUSED, "ill")
    courses.set_rules(school, ana, algebra(school), late_after=10)
    assert marks(school, made) == {"Zita": "present", "Bo": "partly", "Eva": "excused*"}
    assert stored(school.engine, made).late == 0
    courses.set_rules(school, ana, algebra(school), at_risk_below=50)
    assert stored(school.engine, made).late == 0
    courses.set_rules(school, ana, algebra(school), present_from=30)
    assert algebra(school).rules == Rules(10, 30, 50)
    assert marks(school, made) == {"Zita": "present", "Bo": "left early", "Eva": "excused*"}

    # Zoom lists Bo's second joining and Eva much later.
    more = (participant("Bo", 25, 60, "bo@x.org", user_id="3"), participant("Eva Lund", 0, 60, user_id="4"))
    zoom.hold("u", zita, bo, *more, meeting=MEETING)
    clock.time = at(200)
    fetching.fetch_now(school, auth.OPERATOR, made, anew=True)
    assert marks(school, made) == {"Zita": "present", "Bo": "present", "Eva": "excused*"}
    courses.mark(school, ana, made, [ids(school, algebra(school))["Eva"]], None)
    assert marks(school, made) == {"Zita": "present", "Bo": "present", "Eva": "present"}


# Who is which student


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


# People's data


def said_of_all(school: Services, ana: Member, class_id: str) -> dict[str, str]:
    """Something of every kind is said of Zita, and something of Bo."""
    course = algebra(school)
    who = ids(school, course)
    courses.mark(school, ana, class_id, [who["Zita"]], Status.EXCUSED, "Zita Quark's letter")
    courses.mark(school, ana, class_id, [who["Bo"]], Status.LATE, "missed the bus")
    courses.add_address(school, ana, course.id, who["Zita"], "quark@home.example")
    courses.choose(school, ana, course.id, [("email", "zita@x.org")], [who["Zita"]])
    courses.choose(school, ana, course.id, [IPAD], [who["Zita"]])
    return who


def test_a_student_is_handed_out_with_all_that_was_said_of_her(school: Services, ana: Member, class_id: str) -> None:
    said_of_all(school, ana, class_id)
    content = json.loads(json.dumps(privacy.export(school, auth.OPERATOR, "zita@x.org")))
    (student,) = content["rosters"]
    assert student["furtherAddresses"] == ["quark@home.example"]
    assert student["saidByHand"] == [
        {
            "class": "Algebra 7B",
            "start": "2026-05-14T12:00:00Z",
            "status": "excused",
            "remark": "Zita Quark's letter",
            "at": "2026-05-14T13:40:00Z",
        }
    ]
    assert [one["what"] for one in content["saidByTeachers"]] == ["a student"]
    assert "bus" not in json.dumps(content)


def test_who_else_may_be_she_is_named_and_not_touched(school: Services, ana: Member, class_id: str) -> None:
    said_of_all(school, ana, class_id)
    shown = privacy.find(school, auth.OPERATOR, "zita@x.org")
    others = {other.key: other.why.code for other in shown.others}
    assert others[IPAD] == others["email", "quark@home.example"] == "person_of_the_same_student"
    address = privacy.find(school, auth.OPERATOR, "quark@home.example")
    assert (address.nothing, [one.code for one in address.named_in]) == (False, ["person_address_on_roster"])
    assert {other.key for other in address.others} == {("email", "zita@x.org"), IPAD}
    exported = privacy.export(school, auth.OPERATOR, "quark@home.example")
    assert (exported["rosters"], exported["furtherAddressOf"]) == ([], [{"course": "Algebra", "teacher": "Ana"}])


def test_with_a_student_who_is_erased_goes_all_that_was_said_of_her_and_nothing_else(
    school: Services, ana: Member, class_id: str
) -> None:
    who = said_of_all(school, ana, class_id)
    done = privacy.erase(school, auth.OPERATOR, "zita@x.org")
    assert (done.classes, done.rosters) == (1, 1)
    left = everything(school.engine)
    assert [trace for trace in (b"zita", b"quark", b"letter") if trace in left] == []
    assert [(row.student_id, row.remark) for row in rows(school.engine, StudentMark)] == [(who["Bo"], "missed the bus")]
    assert rows(school.engine, StudentChoice) == rows(school.engine, StudentAddress) == []
    assert marks(school, class_id) == {"Bo": "late*", "Eva": "absent"}
    guests = [guest.name for guest in register(school).guests]
    assert (guests[0].startswith("Erased person"), guests[1:]) == (True, ["iPad"])


def test_an_address_that_is_erased_is_taken_from_the_student_who_stays(
    school: Services, ana: Member, class_id: str
) -> None:
    who = said_of_all(school, ana, class_id)
    done = privacy.erase(school, auth.OPERATOR, "quark@home.example")
    assert (done.classes, done.rosters) == (0, 1)
    assert b"quark@home" not in everything(school.engine)
    assert marks(school, class_id)["Zita"] == "excused*"
    assert privacy.find(school, auth.OPERATOR, "quark@home.example").nothing
    # Whoever adds it again says something new.
    courses.add_address(school, ana, algebra(school).id, who["Zita"], "quark@home.example")
    assert privacy.keep_erased(school) == 0


def test_a_person_who_is_erased_and_was_said_to_be_a_student_is_no_more_and_the_student_stays(
    school: Services, ana: Member, class_id: str
) -> None:
    said_of_all(school, ana, class_id)
    privacy.erase(school, auth.OPERATOR, "iPad")
    assert {row.person for row in rows(school.engine, StudentChoice)} == {"email:zita@x.org"}
    assert ids(school, algebra(school)).keys() == {"Zita", "Bo", "Eva"}


@pytest.mark.database("sqlite")
def test_a_backup_brings_nothing_of_an_erased_student_back_and_all_of_the_others(
    engine: Engine, database_url: str, ana: Member, clock: Clock, tmp_path: Path
) -> None:
    folder = {"TRACKER_DATA_DIR": str(tmp_path / "data"), "DATABASE_URL": database_url}
    school = services(engine, clock, **folder)
    made = lesson(engine, ana, course="Algebra")
    courses.import_roster(school, auth.OPERATOR, EMAIL, "Algebra", read_pasted(ROSTER))
    counted(engine, made, stay("Z", 10, 60, "zita@x.org"))
    who = said_of_all(school, ana, made)
    old = tmp_path.parent / f"{tmp_path.name}-students.sqlite3"
    back_up(database_url, old)
    privacy.erase(school, auth.OPERATOR, "zita@x.org")
    privacy.erase(school, auth.OPERATOR, "quark@home.example")
    engine.dispose()
    privacy.restore(school.settings, old, at(200))
    again = make_engine(database_url)
    left = everything(again)
    assert [trace for trace in (b"zita", b"quark", b"letter") if trace in left] == []
    assert [row.student_id for row in rows(again, StudentMark)] == [who["Bo"]]
    again.dispose()


def test_with_the_names_of_a_class_goes_what_was_said_in_it_and_the_roster_stays(
    school: Services, ana: Member, class_id: str, clock: Clock
) -> None:
    who = said_of_all(school, ana, class_id)
    later = lesson(school.engine, ana, start=25 * 1440, course="Algebra")
    courses.mark(school, ana, later, [who["Bo"]], Status.EXCUSED, "away")
    clock.time = at(31 * 1440)
    assert privacy.remove_due(school) == 1
    assert [(row.class_id, row.remark) for row in rows(school.engine, StudentMark)] == [(later, "away")]
    # What was said of people whom no class names any more is said of nobody.
    assert rows(school.engine, StudentChoice) == []
    assert ids(school, algebra(school)) == who
    made = register(school)
    assert [len(row.marks) for row in made.rows] == [1, 1, 1]
    assert json.loads(report.register_json(made))["guests"] == []
    with pytest.raises(NamesRemoved):
        courses.mark(school, ana, class_id, [who["Bo"]], Status.LATE)


# Courses that go together, and classes that move


def test_what_was_said_is_handed_over_with_the_course(school: Services, ana: Member, class_id: str) -> None:
    eva, who = member(school.engine, "eva@school.example"), said_of_all(school, ana, class_id)
    before = marks(school, class_id)
    auth.remove(school.engine, auth.OPERATOR, EMAIL, eva.email, NOW)
    course = algebra(school, eva.email)
    assert (ids(school, course), marks(school, class_id, course)) == (who, before)
    assert {row.student_id for row in rows(school.engine, StudentChoice)} == {who["Zita"]}


def test_where_both_have_the_course_what_was_said_goes_to_the_student_who_stays(
    school: Services, ana: Member, class_id: str
) -> None:
    eva = member(school.engine, "eva@school.example")
    said_of_all(school, ana, class_id)
    ours = lesson(school.engine, eva, course="Algebra")
    courses.import_roster(school, auth.OPERATOR, eva.email, "Algebra", read_pasted(ROSTER + "\nDi\tdi@x.org\t010"))
    course = algebra(school, eva.email)
    who = ids(school, course)
    courses.choose(school, eva, course.id, [IPAD], [who["Di"]])
    courses.mark(school, eva, ours, [who["Zita"]], Status.ABSENT, "ours")
    courses.set_rules(school, eva, course, late_after=30)
    auth.hand_over(school.engine, auth.OPERATOR, EMAIL, eva.email, NOW)
    course = algebra(school, eva.email)
    assert ids(school, course) == who
    assert [row.name for row in rows(school.engine, CourseRow)] == ["Algebra"]
    # Her word on the iPad counts, as on all people of whom both have said something; and so do her rules.
    said = {(row.person, row.student_id) for row in rows(school.engine, StudentChoice)}
    assert said == {("name:ipad", who["Di"]), ("email:zita@x.org", who["Zita"])}
    assert marks(school, class_id, course) == {"Zita": "excused*", "Bo": "late*", "Eva": "absent", "Di": "present"}
    assert [(row.student_id, row.email) for row in rows(school.engine, StudentAddress)] == [
        (who["Zita"], "quark@home.example")
    ]
    assert course.rules.late_after == 30


def test_a_class_in_another_course_shows_none_of_these_marks_and_has_them_back_when_it_comes_back(
    school: Services, ana: Member, class_id: str
) -> None:
    said_of_all(school, ana, class_id)
    before = marks(school, class_id)
    courses.import_roster(school, auth.OPERATOR, EMAIL, "Latin", read_pasted("Zita Quark\tzita@x.org"))
    latin = algebra(school, course="Latin")

    def put_into(course: str) -> None:
        with transaction(school.engine) as tx:
            storage.courses.set_course(tx, class_id, course)

    put_into("Latin")
    assert (register(school).classes, marks(school, class_id, latin)) == ((), {"Zita": "late"})
    put_into("Algebra")
    assert marks(school, class_id) == before


def test_a_class_to_come_that_has_moved_away_with_its_marks_is_no_class_of_the_register(
    school: Services, ana: Member, class_id: str
) -> None:
    planned = lesson(school.engine, ana, start=50_000, course="Algebra")
    courses.mark(school, ana, planned, [ids(school, algebra(school))["Bo"]], Status.EXCUSED)
    courses.import_roster(school, auth.OPERATOR, EMAIL, "Latin", read_pasted("Di\tdi@x.org"))
    with transaction(school.engine) as tx:
        storage.courses.set_course(tx, planned, "Latin")
    assert register(school, algebra(school, course="Latin")).classes == ()


# What another program wrote


@pytest.mark.database("sqlite")
def test_odd_rows_say_nothing_and_break_nothing(school: Services, ana: Member, class_id: str) -> None:
    expected = marks(school, class_id)
    who = ids(school, algebra(school))
    statements = [
        f"""INSERT INTO "StudentMark" VALUES ('{class_id}', '{who["Bo"]}', 'asleep', '', '2026-05-14 13:00:00')""",
        f"""INSERT INTO "StudentMark" VALUES ('{class_id}', '{who["Eva"]}', 'outside', '', '2026-05-14 13:00:00')""",
        f"""INSERT INTO "StudentMark" VALUES ('{class_id}', 'nobody', 'late', '', '2026-05-14 13:00:00')""",
        f"""INSERT INTO "StudentMark" VALUES ('nothing', '{who["Bo"]}', 'late', '', '2026-05-14 13:00:00')""",
        f"""INSERT INTO "StudentChoice" SELECT id, 'no key', '{who["Bo"]}', 1, '2026-05-14 13:00:00' FROM "Course" """,
        """INSERT INTO "StudentChoice" SELECT id, 'name:ipad', 'nobody', 1, '2026-05-14 13:00:00' FROM "Course" """,
        f"""INSERT INTO "StudentAddress" VALUES ('{who["Bo"]}', '  ', '2026-05-14 13:00:00')""",
        """INSERT INTO "StudentAddress" VALUES ('nobody', 'zita@x.org', '2026-05-14 13:00:00')""",
        """UPDATE "Course" SET "lateAfterMinutes" = 'soon', "presentFromPercent" = 140, "atRiskBelowPercent" = -3""",
    ]
    with closing(sqlite3.connect(school.engine.url.database or "")) as other:
        for statement in statements:
            other.execute(statement)
        other.commit()
    assert marks(school, class_id) == expected
    assert algebra(school).rules == Rules(5, 50)
    found = stored(school.engine, class_id)
    assert school.read(courses.students_of_class, ana, found, school.now()) is not None
    assert privacy.find(school, auth.OPERATOR, "zita@x.org").students


@pytest.mark.database("sqlite")
def test_a_class_whose_records_cannot_be_read_is_not_known_yet_and_the_others_are(
    school: Services, ana: Member, class_id: str
) -> None:
    broken = lesson(school.engine, ana, start=-1440, course="Algebra")
    counted(school.engine, broken, start=-1440, end=-1380)
    with transaction(school.engine) as tx:
        tx.get_one(LiveStream, broken).participants_data = "{"
    assert set(marks(school, broken).values()) == {"not yet known"}
    assert marks(school, class_id)["Zita"] == "late"


def test_how_many_were_late_follows_the_course_that_a_class_is_put_into(
    school: Services, ana: Member, class_id: str
) -> None:
    courses.import_roster(school, auth.OPERATOR, EMAIL, "Latin", read_pasted("Di\tdi@x.org"))
    courses.set_rules(school, ana, algebra(school, course="Latin"), late_after=30)
    assert stored(school.engine, class_id).late == 1
    with transaction(school.engine) as tx:
        storage.courses.set_course(tx, class_id, "Latin")
    assert stored(school.engine, class_id).late is None
    reconcile.fill_in_figures(school)
    assert stored(school.engine, class_id).late == 0


def test_rules_that_are_changed_half_way_are_finished_by_the_tracker(
    school: Services, ana: Member, class_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tracker.courses.marking.add_figures", killed)
    with pytest.raises(KeyboardInterrupt):
        courses.set_rules(school, ana, algebra(school), late_after=30)
    reconcile.fill_in_figures(school)
    assert stored(school.engine, class_id).late == 0


@pytest.mark.parametrize(("zone", "on_roster"), [("UTC", False), ("Asia/Tokyo", True), ("America/New_York", False)])
def test_a_students_dates_go_by_the_local_date_of_the_class(
    school: Services, ana: Member, zone: str, on_roster: bool
) -> None:
    """At 16:00 UTC it is the next day in Tokyo."""
    late = lesson(school.engine, ana, start=4 * 60, course="Algebra", timezone=zone)
    roster = "Name\tEmail\tFrom\nZita Quark\tzita@x.org\t2026-05-15"
    courses.import_roster(school, auth.OPERATOR, EMAIL, "Algebra", read_pasted(roster))
    counted(school.engine, late, stay("Z", 240, 300, "zita@x.org"), start=240, end=300)
    assert (marks(school, late), len(register(school).guests)) == (({"Zita": "present"}, 0) if on_roster else ({}, 1))
