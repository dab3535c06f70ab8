"""What a teacher says of students holds, whatever Zoom tells later, and is undone."""

import pytest

from tests.erasure.zita import everything
from tests.fake_zoom import FakeZoom
from tests.lives import fetch_all, note
from tests.makers import MEETING, Clock, at, ended, entries, lesson, member, participant, shared, started, stored
from tests.said_of_students.algebra import EMAIL, IPAD, ROSTER, algebra, ids, marks, register, rows
from tracker import auth, courses, fetching
from tracker.attendance.statuses import Rules
from tracker.attendance.types import Status
from tracker.errors import InvalidInput, NotAllowed, NotFound, TrackerError
from tracker.rosters import read_pasted
from tracker.services import Services
from tracker.storage.database import transaction
from tracker.storage.members import Member
from tracker.storage.models import LiveStream, StudentMark

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
