"""A class is cancelled, and that is taken back; the meeting that was made for it is deleted at Zoom in a while."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from tests.fake_zoom import FakeZoom, sent
from tests.makers import NOW, Clock, at, ended, entries, lesson, shared, started, stored
from tests.makers import member as account
from tracker import classes, sessions, storage
from tracker.attendance.types import ClassStatus
from tracker.auth import OPERATOR
from tracker.classes import UNDO_FOR, Plan
from tracker.errors import InvalidInput, NotAllowed
from tracker.services import Services
from tracker.storage.database import transaction
from tracker.storage.members import Member

START = datetime(2026, 5, 15, 10, 0)
PLAN = Plan("Algebra 7B", START, 60, "Europe/Berlin")
LATER = Plan("Algebra 7C", START + timedelta(days=7), 60, "UTC")
FAULT = (500, {"code": 500, "message": "Internal error"})


@pytest.fixture
def planned(school: Services, zoom: FakeZoom, ana: Member) -> str:
    """A class with a meeting that was made for it."""
    return classes.create_class(school, ana, PLAN)


def delete_due(school: Services, clock: Clock, after: timedelta = UNDO_FOR) -> int:
    """What a tracker does so long after now; how many deletions it took up."""
    clock.time += after
    count = 0
    while classes.delete_due_meeting(school):
        count += 1
    return count


def beside(school: Services, ana: Member, class_id: str, plan: Plan = LATER) -> str:
    """Another class in the meeting of that one."""
    return classes.create_class(school, ana, plan, link=stored(school.engine, class_id).zoom_join_url)


# Cancelling


def test_the_meeting_of_a_cancelled_class_is_deleted_ten_minutes_later(
    school: Services, zoom: FakeZoom, planned: str, clock: Clock
) -> None:
    classes.cancel_class(school, OPERATOR, planned)
    found = stored(school.engine, planned)
    assert (found.status, found.fetch and found.fetch.due_at) == (ClassStatus.CANCELLED, None)
    assert (found.cancelled_at, found.zoom_deletion_due_at) == (NOW, NOW + timedelta(minutes=10))
    assert delete_due(school, clock, timedelta(minutes=9)) == 0
    assert len(zoom.meetings) == 1
    assert classes.is_deletion_due(school) is False
    assert delete_due(school, clock, timedelta(minutes=1)) == 1
    assert zoom.meetings == {}
    found = stored(school.engine, planned)
    assert (found.status, found.zoom_deletion_due_at) == (ClassStatus.CANCELLED, None)


def test_a_class_is_cancelled_while_zoom_is_away(school: Services, zoom: FakeZoom, planned: str) -> None:
    zoom.faults.append(FAULT)
    classes.cancel_class(school, OPERATOR, planned)
    assert stored(school.engine, planned).status is ClassStatus.CANCELLED
    assert list(zoom.faults) == [FAULT]


def test_a_meeting_that_is_gone_already_is_as_good_as_deleted(
    school: Services, zoom: FakeZoom, planned: str, clock: Clock
) -> None:
    zoom.meetings.clear()
    classes.cancel_class(school, OPERATOR, planned)
    assert delete_due(school, clock) == 1
    assert stored(school.engine, planned).zoom_deletion_due_at is None


def test_a_deletion_that_fails_is_tried_again_ever_more_seldom_and_one_that_is_refused_for_good_is_given_up(
    school: Services, zoom: FakeZoom, planned: str, clock: Clock
) -> None:
    classes.cancel_class(school, OPERATOR, planned)
    clock.time += UNDO_FOR
    gaps = []
    for _ in range(4):
        zoom.faults.append(FAULT)
        assert classes.delete_due_meeting(school)
        due = stored(school.engine, planned).zoom_deletion_due_at
        assert due is not None
        gaps.append((due - clock.time) / timedelta(minutes=1))
        assert not classes.delete_due_meeting(school)
        clock.time = due
    assert all(least <= gap <= 1.25 * least + 0.1 for least, gap in zip((1, 2, 4, 8), gaps, strict=True)), gaps
    zoom.faults.append((400, {"code": 1001, "message": "no user"}))
    assert delete_due(school, clock) == 1
    assert stored(school.engine, planned).zoom_deletion_due_at is None
    assert len(zoom.meetings) == 1


def test_of_two_trackers_one_deletes_a_meeting(
    school: Services, zoom: FakeZoom, planned: str, clock: Clock, http: Any
) -> None:
    classes.cancel_class(school, OPERATOR, planned)
    clock.time += UNDO_FOR
    with ThreadPoolExecutor(4) as trackers:
        took = list(trackers.map(lambda _: classes.delete_due_meeting(school), range(4)))
    assert sorted(took) == [False, False, False, True]
    assert [request.method for request in sent(http)].count("DELETE") == 1


def test_a_tracker_that_dies_while_it_deletes_leaves_the_deletion_to_another_one(
    school: Services, zoom: FakeZoom, planned: str, clock: Clock
) -> None:
    class Killed(BaseException):
        pass

    def die(path: str) -> None:
        zoom.meanwhile = lambda path: None
        raise Killed

    classes.cancel_class(school, OPERATOR, planned)
    clock.time += UNDO_FOR
    zoom.meanwhile = die
    with pytest.raises(Killed):
        classes.delete_due_meeting(school)
    assert not classes.delete_due_meeting(school)
    assert delete_due(school, clock, timedelta(minutes=5)) == 1
    assert zoom.meetings == {}


def test_a_class_that_is_planned_again_keeps_its_meeting_whoever_has_written_so(
    school: Services, zoom: FakeZoom, planned: str, clock: Clock
) -> None:
    classes.cancel_class(school, OPERATOR, planned)
    with school.engine.begin() as connection:
        connection.execute(text("UPDATE \"LiveStream\" SET status = 'scheduled'"))
    assert delete_due(school, clock) == 0
    assert classes.is_deletion_due(school) is False
    assert len(zoom.meetings) == 1


def test_nothing_is_locked_while_zoom_deletes(school: Services, zoom: FakeZoom, planned: str, clock: Clock) -> None:
    classes.cancel_class(school, OPERATOR, planned)

    def write(path: str) -> None:
        with transaction(school.engine) as tx:
            storage.classes.lock_class(tx, planned)
            storage.classes.change_class(tx, planned, "Changed meanwhile", at(0), 60, "UTC")

    zoom.meanwhile = write
    assert delete_due(school, clock) == 1
    assert stored(school.engine, planned).title == "Changed meanwhile"


# Meetings that others need


def test_a_meeting_that_came_by_link_is_left_alone_at_zoom(
    school: Services, zoom: FakeZoom, ana: Member, clock: Clock
) -> None:
    zoom.meetings["85011112222"] = before = {"id": 85011112222, "topic": "Everybody's room"}
    class_id = classes.create_class(school, OPERATOR, PLAN, teacher=ana, link="https://zoom.us/j/85011112222")
    classes.change_class(school, OPERATOR, class_id, LATER)
    classes.cancel_class(school, OPERATOR, class_id)
    assert delete_due(school, clock) == 0
    assert zoom.meetings == {"85011112222": before}


def test_a_meeting_that_another_class_uses_too_stays_at_zoom(
    school: Services, zoom: FakeZoom, ana: Member, planned: str, clock: Clock
) -> None:
    other = beside(school, ana, planned)
    made = dict(zoom.meetings)
    classes.cancel_class(school, OPERATOR, planned)
    assert delete_due(school, clock) == 0
    assert zoom.meetings == made
    assert stored(school.engine, other).zoom_join_url == stored(school.engine, planned).zoom_join_url


def test_a_meeting_that_another_class_got_meanwhile_stays_at_zoom(
    school: Services, zoom: FakeZoom, ana: Member, planned: str, clock: Clock
) -> None:
    classes.cancel_class(school, OPERATOR, planned)
    beside(school, ana, planned)
    assert delete_due(school, clock) == 1
    assert len(zoom.meetings) == 1
    assert stored(school.engine, planned).zoom_deletion_due_at is None


def test_a_meeting_that_only_cancelled_classes_have_used_too_is_deleted(
    school: Services, zoom: FakeZoom, ana: Member, planned: str, clock: Clock
) -> None:
    classes.cancel_class(school, OPERATOR, beside(school, ana, planned))
    assert delete_due(school, clock) == 0
    assert zoom.meetings
    classes.cancel_class(school, OPERATOR, planned)
    assert delete_due(school, clock) == 1
    assert zoom.meetings == {}


# Taken back


def test_a_cancelling_that_is_undone_leaves_the_class_as_it_was(
    school: Services, zoom: FakeZoom, planned: str, clock: Clock
) -> None:
    before, meetings = stored(school.engine, planned), dict(zoom.meetings)
    classes.cancel_class(school, OPERATOR, planned)
    clock.forward(minutes=9)
    classes.undo_cancelling(school, OPERATOR, planned)
    after = stored(school.engine, planned)
    assert (after.status, after.cancelled_at, after.zoom_deletion_due_at) == (ClassStatus.SCHEDULED, None, None)
    assert (after.scheduled_start, after.zoom_join_url) == (before.scheduled_start, before.zoom_join_url)
    assert delete_due(school, clock) == 0
    assert zoom.meetings == meetings
    assert [one.action for one in entries(school.engine)][:2] == ["class_cancelling_undone", "class_cancelled"]


def test_it_can_be_undone_until_a_tracker_takes_the_deletion_up(
    school: Services, zoom: FakeZoom, planned: str, clock: Clock
) -> None:
    classes.cancel_class(school, OPERATOR, planned)
    clock.forward(hours=3)  # while no tracker ran
    classes.undo_cancelling(school, OPERATOR, planned)
    classes.cancel_class(school, OPERATOR, planned)

    def undo(path: str) -> None:
        with pytest.raises(InvalidInput, match="no longer be undone"):
            classes.undo_cancelling(school, OPERATOR, planned)

    zoom.meanwhile = undo
    zoom.faults.append(FAULT)
    assert delete_due(school, clock) == 1  # nobody knows whether Zoom has done it
    undo("")
    assert stored(school.engine, planned).status is ClassStatus.CANCELLED


def test_where_nothing_is_deleted_it_can_be_undone_for_as_long(school: Services, ana: Member, clock: Clock) -> None:
    class_id = lesson(school.engine, ana, start=180, zoom_meeting_made=False)
    classes.cancel_class(school, OPERATOR, class_id)
    clock.forward(minutes=9)
    classes.undo_cancelling(school, OPERATOR, class_id)
    classes.cancel_class(school, OPERATOR, class_id)
    clock.forward(minutes=10)
    with pytest.raises(InvalidInput, match="no longer be undone"):
        classes.undo_cancelling(school, OPERATOR, class_id)


def test_only_what_is_cancelled_is_undone(school: Services, planned: str) -> None:
    with pytest.raises(InvalidInput):
        classes.undo_cancelling(school, OPERATOR, planned)


def test_two_classes_in_one_meeting_at_one_time_do_not_come_of_an_undoing(
    school: Services, zoom: FakeZoom, ana: Member, planned: str
) -> None:
    classes.cancel_class(school, OPERATOR, planned)
    beside(school, ana, planned, PLAN)
    with pytest.raises(InvalidInput, match="already"):
        classes.undo_cancelling(school, OPERATOR, planned)


def test_what_was_held_in_the_meeting_meanwhile_is_the_class_that_is_taken_back(
    school: Services, ana: Member, clock: Clock
) -> None:
    class_id = lesson(school.engine, ana)
    sessions.note_delivery(school, started("u0", -200))  # the meeting is known, and this session is far from the class
    sessions.note_delivery(school, ended("u0", -200, -190))
    classes.cancel_class(school, OPERATOR, class_id)
    lesson(school.engine, ana, start=14 * 24 * 60, zoom_meeting_made=False)
    clock.time = at(5)
    sessions.note_delivery(school, started("u1", 0))
    assert stored(school.engine, class_id).status is ClassStatus.CANCELLED
    classes.undo_cancelling(school, OPERATOR, class_id)
    found = stored(school.engine, class_id)
    assert (found.status, found.started_at) == (ClassStatus.LIVE, at(0))
    sessions.note_delivery(school, ended("u1", 0, 60))
    found = stored(school.engine, class_id)
    assert found.fetch is not None
    assert (found.status, found.fetch.due_at) == (ClassStatus.ENDED, at(70))


def test_a_class_that_has_begun_cannot_be_cancelled_any_more(school: Services, zoom: FakeZoom, planned: str) -> None:
    meeting = str(stored(school.engine, planned).zoom_meeting_id)
    begun = (PLAN.checked().start - NOW) / timedelta(minutes=1)
    assert sessions.note_delivery(school, started("u1", begun, meeting)) == "noted"
    with pytest.raises(InvalidInput, match="has begun"):
        classes.cancel_class(school, OPERATOR, planned)
    found = stored(school.engine, planned)
    assert (found.status, found.cancelled_at, found.zoom_deletion_due_at) == (ClassStatus.LIVE, None, None)


# Another course


def test_a_class_is_put_into_another_course_and_out_of_it_and_zoom_is_not_asked(
    school: Services, zoom: FakeZoom, planned: str, http: Any
) -> None:
    calls = len(sent(http))
    for course, stored_as in (("  Term\t1 ", "Term 1"), ("", None)):
        classes.change_class(school, OPERATOR, planned, PLAN, course=course)
        assert stored(school.engine, planned).course == stored_as
    assert len(sent(http)) == calls
    assert [one.action for one in entries(school.engine)][:2] == ["class_moved", "class_moved"]
    classes.change_class(school, OPERATOR, planned, LATER, course="Term 2")
    found = stored(school.engine, planned)
    assert (found.title, found.course) == ("Algebra 7C", "Term 2")
    assert len(sent(http)) == calls + 1
    classes.change_class(school, OPERATOR, planned, PLAN)
    assert stored(school.engine, planned).course == "Term 2"


def test_a_co_teacher_puts_no_class_into_another_course(school: Services, zoom: FakeZoom, planned: str) -> None:
    eva = account(school.engine, "eva@school.example")
    shared(school.engine, planned, eva)
    with pytest.raises(NotAllowed):
        classes.change_class(school, eva, planned, PLAN, course="Hers")
    classes.change_class(school, eva, planned, PLAN, course="")
    assert stored(school.engine, planned).course is None
