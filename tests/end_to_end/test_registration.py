"""Students of a course are registered at the practice Zoom over HTTP, and recognised by the e-mail they registered."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import Engine

from tests.makers import Clock, stored
from tests.practice_school import PRACTICE, Host, practice_zoom, services_at
from tests.registrations import COURSE, ON, Killed, add, counts, found, work
from tracker import classes, courses, fetching, reconcile
from tracker.attendance.types import Status
from tracker.classes import Plan, SeriesPlan
from tracker.courses.registration import LEASE
from tracker.rosters import Student
from tracker.services import Services
from tracker.storage.members import Member
from tracker.zoom import Zoom

pytestmark = pytest.mark.slow

PLAN = Plan("Algebra 7B", datetime(2026, 10, 13, 10, 0), 60, "Europe/Berlin")
SERIES = SeriesPlan(PLAN, frozenset({1, 3}), date(2026, 10, 29))
MakeTracker = Callable[..., Services]


class CountingZoom(Zoom):
    """Notes whom it registers for which meeting; the process is gone once it has registered `lives` of them."""

    registered: list[tuple[str, str]]
    lives: int | None = None

    def register(self, meeting_id: str, email: str, first_name: str, last_name: str) -> None:
        super().register(meeting_id, email, first_name, last_name)
        self.registered.append((meeting_id, email))
        if self.lives is not None and len(self.registered) >= self.lives:
            raise Killed


@pytest.fixture
def registered() -> list[tuple[str, str]]:
    """Whom all trackers together have registered."""
    return []


@pytest.fixture
def tracker_at(engine: Engine, database_url: str, tmp_path: Path, registered: list[tuple[str, str]]) -> MakeTracker:
    """Makes one more tracker that uses this practice Zoom, and is gone once it has registered `lives` students."""

    def make(host: Host, lives: int | None = None) -> Services:
        made = services_at(host, engine, database_url, tmp_path)
        zoom = CountingZoom(made.settings, host.clock, host.clock.monotonic)
        zoom.registered, zoom.lives = registered, lives
        return replace(made, zoom=zoom)

    return make


@pytest.fixture
def school(host: Host, tracker_at: MakeTracker) -> Services:
    return tracker_at(host)


def test_students_are_registered_and_recognised_by_the_e_mail_that_they_registered_with(
    school: Services, host: Host, ana: Member
) -> None:
    course_id = add(school, ana)
    class_id = classes.create_class(school, ana, PLAN, course=COURSE)
    work(school)
    classes.change_class(school, ana, class_id, PLAN, options=ON)
    work(school)
    assert counts(school, class_id) == (3, 2)
    courses.add_student(school, ana, course_id, Student("Eve Gray", "eve@x.example"))
    work(school)
    assert counts(school, class_id) == (4, 3)
    one = stored(school.engine, class_id)
    assert one.meeting_has is not None
    assert one.meeting_has.registration == "on"
    host.clock.time = one.scheduled_start
    meeting = str(one.zoom_meeting_id)
    host.start(meeting)
    host.join(meeting, "Galaxy S9", "eve@x.example")
    host.clock.forward(hours=1)
    host.end(meeting)
    host.clock.forward(hours=5)
    reconcile.ask_for_forgotten(school)
    while fetching.fetch_due(school):
        pass
    register = school.read(
        courses.course_register, ana, school.read(courses.visible_course, ana, course_id), host.clock()
    )
    statuses = {row.enrolled.student.name: row.marks[class_id].status for row in register.rows}
    assert statuses["Eve Gray"] is Status.PRESENT
    assert statuses["Bo Ek"] is Status.ABSENT


@pytest.mark.parametrize("lives", [1, 2])
def test_a_tracker_that_dies_between_two_calls_leaves_the_rest_to_another_one(
    school: Services,
    host: Host,
    tracker_at: MakeTracker,
    ana: Member,
    registered: list[tuple[str, str]],
    lives: int,
) -> None:
    add(school, ana)
    class_id = classes.create_class(school, ana, PLAN, course=COURSE, options=ON)
    with pytest.raises(Killed):
        work(tracker_at(host, lives))
    work(school)
    assert len(registered) == lives
    host.clock.time += LEASE
    work(school)
    assert sorted(email for _, email in registered) == ["bo@x.example", "cy@x.example"]
    assert counts(school, class_id) == (3, 2)


def test_two_trackers_at_once_register_everybody_once(
    school: Services, host: Host, tracker_at: MakeTracker, ana: Member, registered: list[tuple[str, str]]
) -> None:
    add(school, ana)
    ids = classes.create_series(school, ana, SERIES, one_meeting=False, course=COURSE, options=ON)
    while classes.make_due_meeting(school):
        pass
    together = Barrier(2)

    def run(one: Services) -> None:
        together.wait(60)
        work(one)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, (school, tracker_at(host))))
    assert len(registered) == len(set(registered)) == 2 * len(ids)
    assert {counts(school, one) for one in ids} == {(3, 2)}


def test_what_the_day_does_not_take_is_done_on_the_next(school: Services, host: Host, ana: Member) -> None:
    add(school, ana)
    class_id = classes.create_class(school, ana, PLAN, course=COURSE, options=ON)
    message = "You have reached the maximum daily rate limit for this API."
    body = json.dumps({"code": 429, "message": message})
    host.call("POST", "/faults", [{"match": "/registrants", "kind": "status", "status": 429, "body": body}])
    work(school)
    told = found(school, class_id)
    assert told.error is not None
    assert (told.error.code, told.due_at) == ("zoom_too_many_requests", datetime(2026, 10, 13, tzinfo=UTC))
    host.clock.time = datetime(2026, 10, 13, tzinfo=UTC) + timedelta(minutes=1)
    work(school)
    assert (counts(school, class_id), found(school, class_id).error) == ((3, 2), None)


def test_a_plan_without_registration_is_read_back(
    clock: Clock, tracker_at: MakeTracker, ana: Member, registered: list[tuple[str, str]]
) -> None:
    with practice_zoom(clock, token_seconds=10**9, plan="free") as host:
        school = tracker_at(host)
        add(school, ana)
        class_id = classes.create_class(school, ana, PLAN, course=COURSE, options=ON)
        work(school)
        one = stored(school.engine, class_id)
        assert one.meeting_has is not None
        assert (ON.not_in(one.meeting_has), registered) == (ON, [])


def test_a_missing_scope_is_named_and_all_is_done_once_the_app_has_it(
    clock: Clock, tracker_at: MakeTracker, ana: Member, tmp_path: Path
) -> None:
    lacking = tuple(one for one in PRACTICE.scopes if "registrant:" not in one)
    state = tmp_path / "zoom.json"
    with practice_zoom(clock, token_seconds=10**9, scopes=lacking, state_file=state) as host:
        school = tracker_at(host)
        add(school, ana)
        class_id = classes.create_class(school, ana, PLAN, course=COURSE, options=ON)
        work(school)
        told = found(school, class_id)
    assert told.error is not None
    assert (told.error.code, told.error.details) == (
        "zoom_scope_missing",
        {"scope": "meeting:write:registrant:admin"},
    )
    clock.time += timedelta(hours=1)
    with practice_zoom(clock, token_seconds=10**9, state_file=state) as host:
        school = tracker_at(host)
        work(school)
    assert (counts(school, class_id), found(school, class_id).error) == ((3, 2), None)
