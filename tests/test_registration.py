"""The students of a roster are registered at Zoom for the meetings of classes to come, and nobody twice."""

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from responses import RequestsMock
from sqlalchemy import text

from tests.fake_zoom import USED_UP, FakeZoom, sent
from tests.makers import Clock, lesson, stored
from tests.makers import member as account
from tests.registrations import COURSE, ON, Killed, add, counts, found, work
from tracker import classes, courses, privacy, storage
from tracker.attendance.meeting_options import MeetingOptions
from tracker.auth import OPERATOR
from tracker.classes import Plan, SeriesPlan
from tracker.courses.registration import LEASE, _names_of
from tracker.errors import NotAllowed
from tracker.rosters import Student
from tracker.services import Services
from tracker.storage.database import reading, transaction
from tracker.storage.members import Member

PLAN = Plan("Algebra 7B", datetime(2026, 5, 15, 10, 0), 60, "Europe/Berlin")
SERIES = SeriesPlan(PLAN, frozenset({1, 4}), date(2026, 5, 26))
TOMORROW = timedelta(days=1)


@pytest.fixture
def class_id(school: Services, zoom: FakeZoom, ana: Member) -> str:
    """A class whose students register, of whom one has no e-mail."""
    add(school, ana)
    return classes.create_class(school, ana, PLAN, course=COURSE, options=ON)


def at_call(zoom: FakeZoom, number: int, what: Callable[[], object]) -> None:
    """What happens while Zoom has this call; the first three ask who is registered, the others register one each."""
    calls: list[str] = []

    def meanwhile(path: str) -> None:
        calls.append(path)
        if len(calls) == number + 1:
            what()

    zoom.meanwhile = meanwhile


def registered(http: RequestsMock) -> list[str]:
    """Whom Zoom was asked to register, in this order."""
    calls = [one for one in sent(http) if one.method == "POST" and str(one.url).endswith("/registrants")]
    return [json.loads(one.body or b"")["email"] for one in calls]


@pytest.mark.parametrize(
    ("student", "names"),
    [
        (Student("Bo Ek"), ("Bo Ek", "")),
        (Student("Bo Ek", surname="Ek"), ("Bo", "Ek")),
        (Student("Ek", surname="Ek"), ("Ek", "")),
        (Student("Ek Bo", surname="Ek"), ("Ek Bo", "")),
        (Student("Ana de la Cruz", surname="de la Cruz"), ("Ana", "de la Cruz")),
    ],
)
def test_a_student_is_registered_by_the_names_that_the_list_tells_apart(
    student: Student, names: tuple[str, str]
) -> None:
    assert _names_of(student) == names


def test_students_with_an_e_mail_are_registered_by_a_tracker_and_not_by_the_click(
    school: Services, http: RequestsMock, class_id: str
) -> None:
    assert (registered(http), courses.is_registration_due(school)) == ([], True)
    assert work(school) == 1
    assert registered(http) == ["bo@x.example", "cy@x.example"]
    assert counts(school, class_id) == (3, 2)
    assert (found(school, class_id).error, found(school, class_id).due_at) == (None, None)
    assert courses.is_registration_due(school) is False


def test_zoom_is_asked_for_one_registration_that_it_approves_and_mails(zoom: FakeZoom, class_id: str) -> None:
    (meeting,) = zoom.meetings.values()
    asked = {name: meeting["settings"].get(name) for name in ("approval_type", "registration_type")}
    assert asked == {"approval_type": 0, "registration_type": 1}
    assert meeting["settings"]["registrants_confirmation_email"] is True


def test_without_the_option_nobody_is_registered(school: Services, zoom: FakeZoom, ana: Member) -> None:
    course_id = add(school, ana)
    class_id = classes.create_class(school, ana, PLAN, course=COURSE)
    courses.add_student(school, ana, course_id, Student("Eve", "eve@x.example"))
    assert work(school) == 0
    assert school.read(courses.registration_of, ana, stored(school.engine, class_id)) is None


def test_turned_on_later_and_off_again(school: Services, http: RequestsMock, zoom: FakeZoom, ana: Member) -> None:
    course_id = add(school, ana)
    class_id = classes.create_class(school, ana, PLAN, course=COURSE)
    classes.change_class(school, ana, class_id, PLAN, options=ON)
    work(school)
    assert registered(http) == ["bo@x.example", "cy@x.example"]
    classes.change_class(school, ana, class_id, PLAN, options=MeetingOptions(registration="off"))
    courses.add_student(school, ana, course_id, Student("Eve", "eve@x.example"))
    work(school)
    assert len(registered(http)) == 2
    (meeting,) = zoom.meetings.values()
    assert meeting["settings"]["approval_type"] == 2


def test_who_is_new_or_has_another_e_mail_is_registered_and_who_has_gone_stays_so(
    school: Services, http: RequestsMock, zoom: FakeZoom, ana: Member, class_id: str
) -> None:
    work(school)
    course_id = add(school, ana, "Name\tEmail\nDi Day\tdi@x.example\nEve\teve@x.example")
    work(school)
    assert registered(http)[2:] == ["di@x.example", "eve@x.example"]
    with reading(school.engine) as tx:
        bo = storage.students.list_students(tx, course_id)[0]
    courses.change_student(school, ana, course_id, bo.id, replace(bo.student, email="bo.ek@x.example"))
    work(school)
    assert registered(http)[4:] == ["bo.ek@x.example"]
    courses.remove_students(school, ana, course_id, [bo.id])
    work(school)
    (there,) = zoom.registrants.values()
    assert set(there) >= {"bo@x.example", "bo.ek@x.example"}


def test_a_class_that_gets_another_course_has_its_students(
    school: Services, http: RequestsMock, zoom: FakeZoom, ana: Member
) -> None:
    course_id = add(school, ana)
    class_id = classes.create_class(school, ana, PLAN, options=ON)
    work(school)
    assert registered(http) == []
    courses.add_class(school, ana, course_id, class_id)
    work(school)
    assert registered(http) == ["bo@x.example", "cy@x.example"]


def test_only_who_is_on_the_roster_on_the_day_of_the_class_is_registered(
    school: Services, http: RequestsMock, zoom: FakeZoom, ana: Member
) -> None:
    dated = "Name\tEmail\tFrom\tUntil\nBo\tbo@x.example\t2026-05-16\t\nCy\tcy@x.example\t\t2026-05-14\n"
    add(school, ana, dated + "Di\tdi@x.example\t2026-05-15\t2026-05-15")
    classes.create_class(school, ana, PLAN, course=COURSE, options=ON)
    work(school)
    assert registered(http) == ["di@x.example"]


def test_siblings_with_one_address_are_one_registrant(
    school: Services, http: RequestsMock, zoom: FakeZoom, ana: Member
) -> None:
    add(school, ana, "Name\tEmail\nBo Ek\tek@x.example\nCy Ek\tek@x.example")
    class_id = classes.create_class(school, ana, PLAN, course=COURSE, options=ON)
    work(school)
    assert (registered(http), counts(school, class_id)) == (["ek@x.example"], (2, 2))


def test_one_link_for_the_term_is_one_registration_and_a_link_each_one_for_each(
    school: Services, http: RequestsMock, zoom: FakeZoom, ana: Member
) -> None:
    add(school, ana)
    ids = classes.create_series(school, ana, SERIES, one_meeting=True, course=COURSE, options=ON)
    assert (len(ids), work(school)) == (4, 1)
    assert len(registered(http)) == 2
    ids = classes.create_series(school, ana, SERIES, one_meeting=False, course=COURSE, options=ON)
    assert work(school) == 0
    while classes.make_due_meeting(school):
        pass
    assert work(school) == 4
    assert len(registered(http)) == 2 + 4 * 2
    assert [counts(school, one) for one in ids] == [(3, 2)] * 4


def test_registration_of_a_recurring_meeting_is_turned_on_for_all_its_dates(
    school: Services, http: RequestsMock, zoom: FakeZoom, ana: Member
) -> None:
    add(school, ana)
    ids = classes.create_series(school, ana, SERIES, one_meeting=True, course=COURSE)
    one = stored(school.engine, ids[1])
    plan = Plan(one.title, one.scheduled_start, one.duration_minutes, one.timezone)
    classes.change_class(school, ana, ids[1], plan, options=ON)
    while classes.bring_due_dates_in_line(school):
        pass
    assert work(school) == 1
    assert registered(http) == ["bo@x.example", "cy@x.example"]


def test_zooms_list_is_read_to_its_end_and_whoever_was_denied_there_stays_so(
    school: Services, http: RequestsMock, zoom: FakeZoom, ana: Member
) -> None:
    roster = "Name\tEmail\n" + "\n".join(f"S{number}\ts{number}@x.example" for number in range(7))
    add(school, ana, roster)
    class_id = classes.create_class(school, ana, PLAN, course=COURSE, options=ON)
    zoom.page_size = 2
    number = str(stored(school.engine, class_id).zoom_meeting_id)
    zoom.registrants[number] = {f"s{one}@x.example": "approved" for one in range(5)} | {"s5@x.example": "denied"}
    work(school)
    assert (registered(http), counts(school, class_id)) == (["s6@x.example"], (7, 6))


@pytest.mark.parametrize("call", range(5))
def test_a_kill_at_any_call_leaves_nobody_out_and_nobody_twice(
    school: Services, http: RequestsMock, zoom: FakeZoom, clock: Clock, class_id: str, call: int
) -> None:
    def killed() -> None:
        raise Killed

    at_call(zoom, call, killed)
    with pytest.raises(Killed):
        work(school)
    zoom.meanwhile = lambda path: None
    assert work(school) == 0
    clock.time += LEASE
    assert work(school) == 1
    (there,) = zoom.registrants.values()
    assert there == {"bo@x.example": "approved", "cy@x.example": "approved"}
    assert counts(school, class_id) == (3, 2)
    # Only the call that was under way is made once more: Zoom had not answered it.
    assert len(registered(http)) == (3 if call >= 3 else 2)


def test_whoever_is_added_while_others_are_registered_is_not_left_out(
    school: Services, http: RequestsMock, zoom: FakeZoom, ana: Member, class_id: str
) -> None:
    at_call(zoom, 3, lambda: add(school, ana, "Name\tEmail\nEve\teve@x.example"))
    assert work(school) == 2
    assert sorted(registered(http)) == ["bo@x.example", "cy@x.example", "eve@x.example"]
    assert counts(school, class_id) == (4, 3)


def test_the_rest_is_done_on_the_next_day_where_zoom_takes_no_more(
    school: Services, http: RequestsMock, zoom: FakeZoom, clock: Clock, class_id: str
) -> None:
    zoom.writes_left = 1
    work(school)
    assert counts(school, class_id) == (3, 1)
    assert found(school, class_id).due_at == datetime.fromisoformat("2026-05-15T00:00:00Z")
    assert work(school) == 0
    zoom.writes_left = None
    clock.time = datetime.fromisoformat("2026-05-15T00:00:00Z")
    assert work(school) == 1
    assert (counts(school, class_id), found(school, class_id).error) == ((3, 2), None)
    assert registered(http) == ["bo@x.example", "cy@x.example", "cy@x.example"]


def test_one_student_whom_zoom_does_not_take_holds_up_no_other_and_her_address_is_kept_nowhere(
    school: Services, zoom: FakeZoom, clock: Clock, class_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    zoom.not_taken = {"bo@x.example"}
    with caplog.at_level(logging.INFO):
        work(school)
    told = found(school, class_id)
    assert told.error is not None
    assert (told.error.code, told.error.details["number"]) == ("zoom_registrants_refused", 1)
    assert counts(school, class_id) == (3, 1)
    assert told.due_at == clock() + TOMORROW
    with school.engine.connect() as connection:
        kept = str(connection.execute(text('SELECT * FROM "MeetingRegistration"')).all())
    logged = str([vars(record) for record in caplog.records])
    for secret in ("bo@x.example", "cy@x.example", "a-secret-of-hers"):
        assert secret not in kept
        assert secret not in logged


def test_the_limit_of_one_registrant_is_hers_alone(
    school: Services, http: RequestsMock, zoom: FakeZoom, class_id: str
) -> None:
    message = "You have exceeded the daily rate limit of (3) for Add meeting registrant API requests for the registrant"
    too_often = (429, {"code": 429, "message": f"{message} (bo@x.example)."})
    at_call(zoom, 3, lambda: zoom.faults.append(too_often))
    work(school)
    assert registered(http) == ["bo@x.example", "cy@x.example"]
    assert counts(school, class_id) == (3, 1)
    assert found(school, class_id).due_at == datetime.fromisoformat("2026-05-15T00:00:00Z")


@pytest.mark.parametrize(
    ("reply", "code", "after"),
    [
        ((400, {"code": 200, "message": "Only available for paid account: acc."}), "zoom_registration_needs_plan", 60),
        (
            (400, {"code": 4711, "message": "does not contain scopes:[meeting:read:list_registrants:admin]."}),
            "zoom_scope_missing",
            60,
        ),
        ((500, {"code": 500, "message": "Internal error"}), "zoom_unavailable", 1),
        ((404, {"code": 3001, "message": "Meeting does not exist."}), "zoom_meeting_not_over", None),
        ((429, USED_UP), "zoom_too_many_requests", 720),
    ],
)
def test_what_zoom_has_against_it_is_kept_and_tried_again(
    school: Services, zoom: FakeZoom, clock: Clock, class_id: str, reply: tuple[int, object], code: str, after: int
) -> None:
    zoom.faults.extend([reply, reply])
    work(school)
    told = found(school, class_id)
    assert told.error is not None
    assert told.error.code == code
    assert told.due_at == (None if after is None else clock() + timedelta(minutes=after))
    assert told.looked_at == clock()


def test_where_the_account_has_no_registration_zoom_is_not_asked_in_vain(
    school: Services, http: RequestsMock, zoom: FakeZoom, ana: Member
) -> None:
    zoom.locked = {"approval_type": 2}
    add(school, ana)
    class_id = classes.create_class(school, ana, PLAN, course=COURSE, options=ON)
    assert stored(school.engine, class_id).meeting_has == MeetingOptions(registration="off")
    before = len(sent(http))
    work(school)
    assert len(sent(http)) == before
    zoom.locked = {}
    classes.change_class(school, ana, class_id, PLAN)
    work(school)
    assert registered(http) == ["bo@x.example", "cy@x.example"]


def test_for_a_class_that_is_over_or_cancelled_nobody_is_registered(
    school: Services, http: RequestsMock, zoom: FakeZoom, ana: Member, clock: Clock, class_id: str
) -> None:
    classes.cancel_class(school, ana, class_id)
    work(school)
    assert registered(http) == []
    classes.undo_cancelling(school, ana, class_id)
    clock.time += timedelta(days=2)
    work(school)
    assert registered(http) == []


def test_two_trackers_take_a_meeting_once(school: Services, class_id: str) -> None:
    now = school.now()
    with transaction(school.engine) as tx:
        first = storage.registrations.claim(tx, now, now + LEASE)
    with transaction(school.engine) as tx:
        assert storage.registrations.claim(tx, now, now + LEASE) is None
    assert first is not None
    with transaction(school.engine) as tx:
        storage.registrations.ask_for_class(tx, class_id, now)
        assert storage.registrations.is_still_claimed(tx, first) is False
        storage.registrations.finish(tx, first, now, (3, 1), None, None)
    assert (found(school, class_id).due_at, counts(school, class_id)) == (now, (3, 1))


def test_who_may_not_see_the_class_sees_no_registration(school: Services, class_id: str) -> None:
    cy = account(school.engine, "cy@school.example")
    with pytest.raises(NotAllowed):
        school.read(courses.registration_of, cy, stored(school.engine, class_id))


def test_of_a_class_whose_students_nobody_asked_to_register_nothing_is_noted(
    school: Services, ana: Member, zoom: FakeZoom
) -> None:
    course_id = add(school, ana)
    lesson(school.engine, ana, course=COURSE, start=60)
    courses.add_student(school, ana, course_id, Student("Eve", "eve@x.example"))
    with school.engine.connect() as connection:
        assert connection.execute(text('SELECT * FROM "MeetingRegistration"')).all() == []


def test_whoever_is_erased_is_registered_for_nothing_more(
    school: Services, http: RequestsMock, zoom: FakeZoom, ana: Member, class_id: str
) -> None:
    privacy.erase(school, OPERATOR, "bo@x.example")
    work(school)
    assert registered(http) == ["cy@x.example"]
