"""The roster of a course in the database: who may see and change it, two at once, and what becomes of it."""

import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import Engine, event

from tests.makers import NOW, Clock, entries, lesson, shared
from tests.rosters.files import read
from tests.test_house import PROJECT
from tracker import auth, courses, storage
from tracker.errors import InvalidInput, NotAllowed, NotFound
from tracker.rosters import Student
from tracker.services import Services
from tracker.storage.database import reading
from tracker.storage.members import Member
from tracker.storage.students import OnRoster

EMAIL = "ana@school.example"
LIST = "Name,Email,Number,Group,From,Until\nBo Ek,bo@x.org,002,7B,2026-02-01,\nDi Day,di@x.org,001,,,2026-06-30\n"
BO = Student("Bo Ek", "bo@x.org", "002", "7B", date(2026, 2, 1))
DI = Student("Di Day", "di@x.org", "001", "", None, date(2026, 6, 30))


def bring(school: Services, text: str = LIST, course: str = "Algebra", teacher: str = EMAIL) -> courses.CourseRoster:
    """The operator imports a list."""
    return courses.import_roster(school, auth.OPERATOR, teacher, course, read(text))


def students(school: Services, course: str = "Algebra", teacher: str = EMAIL) -> list[Student]:
    return list(courses.show_roster(school, auth.OPERATOR, teacher, course).students)


def everybody(engine: Engine) -> list[OnRoster]:
    with reading(engine) as tx:
        return list(storage.students.all_students(tx))


# Import and show


def test_a_list_makes_the_course_and_its_roster_in_the_order_of_the_list(school: Services, ana: Member) -> None:
    made = bring(school)
    assert (made.course, made.students, made.new, made.changed) == ("Algebra", (BO, DI), 2, 0)
    assert students(school) == [BO, DI]
    assert school.read(storage.courses.list_courses, ana.id) == ["Algebra"]


def test_a_second_list_updates_and_who_it_does_not_have_stays(school: Services, ana: Member, clock: Clock) -> None:
    bring(school)
    first = {one.student.name: one for one in everybody(school.engine)}
    clock.forward(days=1)
    made = bring(school, "Name,Number,Email\nDi Dawn,001,\nEd,003,\n", course="  Algebra ")
    dawn = Student("Di Dawn", "di@x.org", "001", "", None, date(2026, 6, 30))
    assert (list(made.students), made.new, made.changed) == ([BO, dawn, Student("Ed", number="003")], 1, 1)
    assert students(school) == list(made.students)
    second = {one.student.name: one for one in everybody(school.engine)}
    assert second["Bo Ek"] == first["Bo Ek"]
    assert (second["Di Dawn"].id, second["Di Dawn"].created_at) == (first["Di Day"].id, NOW)
    assert second["Di Dawn"].updated_at == clock()


def test_what_is_shown_before_is_what_comes_of_it_and_nothing_is_changed(school: Services, ana: Member) -> None:
    lists = [LIST, "Name,Email\nBo Ek,bo@x.org\nBo Ek,bo2@x.org\nEd,\n,\n"]
    for text in lists:
        before = (everybody(school.engine), school.read(storage.courses.list_courses, ana.id), entries(school.engine))
        told = courses.import_roster(school, auth.OPERATOR, EMAIL, "Algebra", read(text), dry_run=True)
        after = (everybody(school.engine), school.read(storage.courses.list_courses, ana.id), entries(school.engine))
        assert before == after
        assert told == bring(school, text)


def test_courses_of_one_name_of_two_teachers_are_two(school: Services, ana: Member, eva: Member) -> None:
    bring(school)
    bring(school, "Name,Email\nEd,ed@x.org\n", teacher=eva.email)
    assert (len(students(school)), students(school, teacher=eva.email)) == (2, [Student("Ed", "ed@x.org")])


@pytest.mark.parametrize(("course", "code"), [(" \u200b ", "course_unnamed"), ("x" * 201, "course_name_too_long")])
def test_a_course_needs_a_name(school: Services, ana: Member, course: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        bring(school, course=course)
    assert refused.value.problem.code == code


def test_a_course_of_nobody_has_no_roster(school: Services, ana: Member) -> None:
    with pytest.raises(NotFound, match="no course"):
        students(school)
    with pytest.raises(NotFound, match="nobody@"):
        bring(school, teacher="nobody@school.example")


def test_a_day_that_another_program_has_written_wrong_is_none(school: Services, ana: Member) -> None:
    bring(school)
    if school.engine.dialect.name == "sqlite":
        with school.engine.begin() as connection:
            connection.exec_driver_sql("""UPDATE "Student" SET "since" = 'soon'""")
        assert [one.since for one in students(school)] == [None, None]


# Who may


def test_the_roster_is_its_teachers_and_whoevers_the_course_is_shared_with(
    school: Services, ana: Member, eva: Member, boss: Member
) -> None:
    class_id = lesson(school.engine, ana, course="Algebra")
    bring(school)
    for who in (ana, boss):
        assert len(courses.import_roster(school, who, EMAIL, "Algebra", read(LIST)).students) == 2
        assert len(courses.show_roster(school, who, EMAIL, "Algebra").students) == 2

    def refused() -> None:
        before = everybody(school.engine)
        with pytest.raises(NotAllowed):
            courses.show_roster(school, eva, EMAIL, "Algebra")
        for dry_run in (True, False):
            with pytest.raises(NotAllowed):
                courses.import_roster(school, eva, EMAIL, "Algebra", read("Name\nEd\n"), dry_run=dry_run)
            with pytest.raises(NotAllowed):
                courses.import_roster(school, eva, EMAIL, "New", read("Name\nEd\n"), dry_run=dry_run)
        assert everybody(school.engine) == before
        assert school.read(storage.courses.list_courses, ana.id) == ["Algebra"]

    refused()
    shared(school.engine, class_id, eva)
    refused()  # a class is not its course
    given = shared(school.engine, class_id, eva, "course")
    assert len(courses.show_roster(school, eva, EMAIL, "Algebra").students) == 2
    assert courses.import_roster(school, eva, EMAIL, "Algebra", read(LIST)).changed == 0
    auth.end_share(school.engine, ana, given, NOW)
    refused()


def test_who_looked_and_who_imported_is_noted_without_a_student(school: Services, ana: Member) -> None:
    bring(school)
    students(school)
    seen, made = entries(school.engine)
    assert (seen.action, dict(seen.details)) == ("roster_seen", {"course": "Algebra", "account": EMAIL})
    told = {"course": "Algebra", "account": EMAIL, "new": 2, "changed": 0}
    assert (made.action, dict(made.details)) == ("roster_imported", told)


# All or nothing


def test_an_import_that_breaks_off_leaves_nothing(
    school: Services, ana: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = storage.students.save

    def broken(*arguments: object) -> None:
        save(*arguments)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(storage.students, "save", broken)
        with pytest.raises(KeyboardInterrupt):
            bring(school)
    assert (everybody(school.engine), school.read(storage.courses.list_courses, ana.id)) == ([], [])
    bring(school)
    assert students(school) == [BO, DI]


KILLED = """
import os, signal, sys
from tracker import cli, storage

save = storage.students.save
def killed(*arguments):
    save(*arguments)
    os.kill(os.getpid(), signal.SIGKILL)

storage.students.save = killed
cli.main(["roster", "import", "Algebra", sys.argv[1], "--teacher", "ana@school.example"])
"""


@pytest.mark.slow
def test_a_process_that_is_killed_in_the_middle_leaves_nothing(
    school: Services, ana: Member, database_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "list.csv"
    file.write_text(LIST)
    environment = {"DATABASE_URL": database_url, "TRACKER_DATA_DIR": str(tmp_path), "PYTHONPATH": str(PROJECT)}
    ran = subprocess.run([sys.executable, "-c", KILLED, file], env=environment, cwd=tmp_path, timeout=60)
    assert ran.returncode == -signal.SIGKILL
    assert (everybody(school.engine), school.read(storage.courses.list_courses, ana.id)) == ([], [])
    bring(school)
    assert students(school) == [BO, DI]


def test_a_list_that_is_too_long_for_the_course_changes_nothing(school: Services, ana: Member) -> None:
    bring(school)
    many = "Name,Number\nBo Bee,002\n" + "".join(f"S,9{number:05}\n" for number in range(1999))
    with pytest.raises(InvalidInput, match="at most 2000 students, and with this list it would have 2001"):
        bring(school, many)
    assert students(school) == [BO, DI]


def test_two_imports_at_once_double_nobody(school: Services, ana: Member) -> None:
    text = "Name,Email\n" + "".join(f"S{number},s{number}@x.org\n" for number in range(200))
    roster, start = read(text), Barrier(4)

    def work(_number: int) -> courses.CourseRoster:
        start.wait(timeout=60)
        return courses.import_roster(school, auth.OPERATOR, EMAIL, "Algebra", roster)

    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(work, range(4)))
    assert sorted(one.new for one in made) == [0, 0, 0, 200]
    assert students(school) == [Student(f"S{number}", f"s{number}@x.org") for number in range(200)]


@pytest.mark.slow
def test_2000_students_are_imported_and_updated_quickly(school: Services, ana: Member) -> None:
    def text(group: str) -> str:
        lines = (f"Student {number},s{number}@x.org,{number:06},{group}\n" for number in range(2000))
        return "Name,Email,Number,Group\n" + "".join(lines)

    for group, expected in (("A", (2000, 0)), ("B", (0, 2000)), ("B", (0, 0))):
        begun = time.process_time()
        made = bring(school, text(group))
        assert time.process_time() - begun < 2
        assert (made.new, made.changed) == expected
    begun = time.process_time()
    assert len(students(school)) == 2000
    assert time.process_time() - begun < 1


def test_a_roster_is_found_by_its_index(school: Services, ana: Member) -> None:
    bring(school)
    asked: list[str] = []

    @event.listens_for(school.engine, "before_cursor_execute")
    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        asked.append(statement)

    students(school)
    (statement,) = [one for one in asked if 'FROM "Student"' in one]
    if school.engine.dialect.name == "sqlite":
        with school.engine.connect() as connection:
            plan = str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", ("x",)).all())
        assert "Student_courseId_place" in plan


# Accounts that go


def test_rosters_are_handed_over_with_their_courses(school: Services, ana: Member, eva: Member) -> None:
    bring(school, course="Latin")
    with pytest.raises(InvalidInput):
        auth.remove(school.engine, auth.OPERATOR, EMAIL, None, NOW)
    auth.remove(school.engine, auth.OPERATOR, EMAIL, eva.email, NOW)
    assert students(school, "Latin", eva.email) == [BO, DI]


def test_where_both_have_a_course_of_the_name_nobody_is_doubled_or_lost(
    school: Services, ana: Member, eva: Member
) -> None:
    bring(school)
    ours = "Name,Email,Number\nEd,ed@x.org,\nBo Beck,bo@x.org,\n"
    bring(school, ours, teacher=eva.email)
    auth.hand_over(school.engine, auth.OPERATOR, EMAIL, eva.email, NOW)
    found = students(school, teacher=eva.email)
    assert found == [Student("Ed", "ed@x.org"), Student("Bo Beck", "bo@x.org"), DI]
    assert len(everybody(school.engine)) == 3
    bring(school, teacher=eva.email)  # and the next list puts them in its order
    assert [one.name for one in students(school, teacher=eva.email)] == ["Ed", "Bo Ek", "Di Day"]


def test_a_list_that_comes_while_its_teacher_is_handed_over_is_stored_once(
    school: Services, ana: Member, eva: Member
) -> None:
    bring(school, "Name\nEd\n", teacher=eva.email)
    start = Barrier(2)

    def import_it() -> None:
        start.wait(timeout=60)
        bring(school)

    def hand_over() -> None:
        start.wait(timeout=60)
        auth.hand_over(school.engine, auth.OPERATOR, EMAIL, eva.email, NOW)

    with ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(import_it), threads.submit(hand_over)]:
            assert done.exception() is None
    assert sorted(one.student.name for one in everybody(school.engine)) == ["Bo Ek", "Di Day", "Ed"]
