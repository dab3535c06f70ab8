"""What was said of students goes with those whom it is about, and with the names of a class."""

import json
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.erasure.zita import everything
from tests.makers import Clock, at, counted, lesson, services, stay
from tests.said_of_students.algebra import EMAIL, IPAD, ROSTER, algebra, ids, marks, register, rows, said_of_all
from tracker import auth, courses, privacy, report
from tracker.attendance.types import Status
from tracker.errors import NamesRemoved
from tracker.rosters import read_pasted
from tracker.services import Services
from tracker.storage.backup import back_up
from tracker.storage.database import make_engine
from tracker.storage.members import Member
from tracker.storage.models import StudentAddress, StudentChoice, StudentMark


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
