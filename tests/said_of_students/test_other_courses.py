"""What was said of students, where courses go together, classes move, rules change, and rows are odd."""

import sqlite3
from contextlib import closing

import pytest

from tests.makers import NOW, counted, lesson, member, stay, stored
from tests.said_of_students.algebra import EMAIL, IPAD, ROSTER, algebra, ids, marks, register, rows, said_of_all
from tracker import auth, courses, privacy, reconcile, storage
from tracker.attendance.statuses import Rules
from tracker.attendance.types import Status
from tracker.rosters import read_pasted
from tracker.services import Services
from tracker.storage.database import transaction
from tracker.storage.members import Member
from tracker.storage.models import Course as CourseRow
from tracker.storage.models import LiveStream, StudentAddress, StudentChoice

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
