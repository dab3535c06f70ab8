"""A class is planned, changed, cancelled and held."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import OperationalError

from tests.fake_zoom import FakeZoom
from tests.lives import due
from tests.makers import MEETING, classes_of, ended, lesson, member, run, started, stored
from tracker import classes, sessions, storage
from tracker.attendance.types import ClassStatus
from tracker.auth import OPERATOR
from tracker.classes import LONGEST_CLASS_MINUTES, LONGEST_TITLE, Plan
from tracker.errors import InvalidInput, NoMeeting, NotFound, ZoomMeetingUnknown, ZoomUnreachable
from tracker.services import Services
from tracker.storage.database import reading, transaction
from tracker.storage.members import Member
from tracker.zoom.webhook import parse

START = datetime(2026, 5, 15, 10, 0)
PLAN = Plan("Algebra 7B", START, 60, "Europe/Berlin")
FAULT = (500, {"code": 500, "message": "Internal error"})


# Planning


def test_a_class_is_made_with_its_meeting(school: Services, zoom: FakeZoom, ana: Member) -> None:
    found = stored(school.engine, classes.create_class(school, ana, PLAN, course=" 7B "))
    (made,) = zoom.meetings.values()
    assert (made["host_email"], made["topic"], made["duration"]) == (ana.email, "Algebra 7B", 60)
    assert (made["start_time"], made["timezone"]) == ("2026-05-15T08:00:00Z", "Europe/Berlin")
    assert (found.zoom_meeting_id, found.zoom_join_url) == (str(made["id"]), made["join_url"])
    assert (found.title, found.status, found.course) == ("Algebra 7B", ClassStatus.SCHEDULED, "7B")
    assert found.scheduled_start == datetime(2026, 5, 15, 8, tzinfo=UTC)
    assert (found.teacher_id, found.zoom_meeting_made, found.fetch) == (ana.id, True, None)


def test_the_host_is_the_teachers_zoom_user(school: Services, zoom: FakeZoom, engine: Engine) -> None:
    classes.create_class(school, member(engine, zoom_user="zoom-7"), PLAN)
    assert [made["host_email"] for made in zoom.meetings.values()] == ["zoom-7"]


@pytest.mark.parametrize(
    ("start", "zone", "expected"),
    [
        (datetime(2026, 7, 1, 9, 0), "America/Sao_Paulo", datetime(2026, 7, 1, 12, 0, tzinfo=UTC)),
        (datetime(2026, 7, 1, 9, 0), "Asia/Kathmandu", datetime(2026, 7, 1, 3, 15, tzinfo=UTC)),
        (datetime(2026, 7, 1, 9, 0, tzinfo=UTC), "Europe/Berlin", datetime(2026, 7, 1, 9, 0, tzinfo=UTC)),
        (
            datetime(2026, 7, 1, 9, 0, tzinfo=timezone(timedelta(hours=-3))),
            "Europe/Berlin",
            datetime(2026, 7, 1, 12, 0, tzinfo=UTC),
        ),
        (datetime(2026, 10, 25, 2, 30), "Europe/Berlin", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        (datetime(2026, 3, 29, 3, 0), "Europe/Berlin", datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),
        (datetime(2000, 1, 1, 9, 0), "UTC", datetime(2000, 1, 1, 9, 0, tzinfo=UTC)),
        (datetime(2020, 1, 1, 9, 0), "UTC", datetime(2020, 1, 1, 9, 0, tzinfo=UTC)),
    ],
)
def test_a_start_is_local_time_in_the_classes_zone_and_may_be_past(
    start: datetime, zone: str, expected: datetime
) -> None:
    assert Plan("Algebra", start, 60, zone).checked().start == expected


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("  Algebra \t 7B\n", "Algebra 7B"),
        ("Größe & Maß <b>", "Größe & Maß <b>"),
        ("=cmd|' /C calc'!A0", "=cmd|' /C calc'!A0"),
        ("a\0b\x1b[31mc\u202ed", "ab[31mcd"),
        ("\ud800x", "x"),
        ("数学 👩🏫", "数学 👩🏫"),
        ("x" * LONGEST_TITLE, "x" * LONGEST_TITLE),
    ],
)
@pytest.mark.database("sqlite")
def test_a_title_is_kept_as_text_without_what_cannot_be_seen(
    school: Services, zoom: FakeZoom, ana: Member, given: str, kept: str
) -> None:
    class_id = classes.create_class(school, ana, Plan(given, START, 60, "UTC"))
    assert stored(school.engine, class_id).title == kept
    assert [made["topic"] for made in zoom.meetings.values()] == [kept]


@pytest.mark.parametrize("minutes", [1, 45, LONGEST_CLASS_MINUTES])
def test_a_class_lasts_from_a_minute_to_a_day(minutes: int) -> None:
    assert Plan("Algebra", START, minutes, "UTC").checked().minutes == minutes


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"title": ""}, "Give the class a title."),
    ({"title": " \t\n\u00a0"}, "Give the class a title."),
    ({"title": "\0\u200b"}, "Give the class a title."),
    ({"title": "x" * (LONGEST_TITLE + 1)}, "longer than 200 characters"),
    ({"minutes": 0}, "from 1 to 1440 minutes"),
    ({"minutes": -60}, "from 1 to 1440 minutes"),
    ({"minutes": 10_000}, "from 1 to 1440 minutes"),
    ({"timezone": ""}, "is not a time zone"),
    ({"timezone": "Berlin"}, "“Berlin” is not a time zone"),
    ({"timezone": "../../etc/passwd"}, "is not a time zone"),
    ({"timezone": "Europe/Berlin\0"}, "is not a time zone"),
    ({"start": datetime(2026, 3, 29, 2, 30)}, "02:30 does not exist on 2026-03-29 in Europe/Berlin"),
    ({"start": datetime(1999, 12, 31)}, "not in this century"),
    ({"start": datetime(2100, 1, 1)}, "not in this century"),
    ({"start": datetime(1, 1, 1)}, "not in this century"),
    ({"start": datetime(1, 1, 1), "timezone": "Asia/Tokyo"}, "not in this century"),
    ({"start": datetime(9999, 12, 31, 23, 59), "timezone": "America/Lima"}, "not in this century"),
    ({"start": datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))}, "not in this century"),
]


@pytest.mark.parametrize(("changed", "sentence"), REFUSED)
def test_what_cannot_be_a_class_is_refused_with_a_sentence(changed: dict[str, Any], sentence: str) -> None:
    usual = {"title": "Algebra", "start": START, "minutes": 60, "timezone": "Europe/Berlin"}
    with pytest.raises(InvalidInput) as caught:
        Plan(**(usual | changed)).checked()
    assert sentence in str(caught.value)


def test_what_is_refused_leaves_nothing_here_or_at_zoom(school: Services, zoom: FakeZoom, ana: Member) -> None:
    with pytest.raises(InvalidInput):
        classes.create_class(school, ana, Plan("", START, 60, "UTC"))
    assert (zoom.meetings, classes_of(school.engine)) == ({}, [])


def test_without_a_meeting_there_is_no_class(school: Services, zoom: FakeZoom, ana: Member) -> None:
    zoom.faults.append(FAULT)
    with pytest.raises(ZoomUnreachable):
        classes.create_class(school, ana, PLAN)
    assert classes_of(school.engine) == []


@pytest.mark.parametrize("cleaning_fails", [False, True])
def test_without_a_class_there_is_no_meeting_left_over(
    school: Services, zoom: FakeZoom, ana: Member, cleaning_fails: bool
) -> None:
    def refuse(connection: object, cursor: object, statement: str, *_: object) -> None:
        if statement.startswith('INSERT INTO "LiveStream"'):
            raise OperationalError(statement, {}, Exception("the disk is full"))

    event.listen(school.engine, "before_cursor_execute", refuse)

    def meanwhile(path: str) -> None:
        if cleaning_fails and path.startswith("/meetings/"):
            zoom.faults.append(FAULT)

    zoom.meanwhile = meanwhile
    with pytest.raises(OperationalError, match="the disk is full"):
        classes.create_class(school, ana, PLAN)
    assert len(zoom.meetings) == int(cleaning_fails)


def test_a_class_that_is_there_keeps_its_meeting_though_the_database_went_away_before_it_said_so(
    school: Services, zoom: FakeZoom, ana: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = school.engine.dialect.do_commit

    def commit_and_break(connection: Any) -> None:
        right(connection)
        monkeypatch.undo()
        raise OperationalError("COMMIT", {}, Exception("the server closed the connection"))

    monkeypatch.setattr(school.engine.dialect, "do_commit", commit_and_break)
    with pytest.raises(OperationalError):
        classes.create_class(school, ana, PLAN)
    (meeting,) = zoom.meetings
    with reading(school.engine) as tx:
        assert [found.zoom_meeting_id for found in storage.classes.classes_of_meeting(tx, meeting)] == [meeting]


def test_two_first_classes_of_a_course_that_are_made_at_once_share_it(school: Services, ana: Member) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = [
            pool.submit(lesson, school.engine, ana, course="Algebra", zoom_meeting_id=str(85_000_000_000 + number))
            for number in range(8)
        ]
    assert {stored(school.engine, one.result()).course for one in made} == {"Algebra"}
    with reading(school.engine) as tx:
        assert storage.courses.list_courses(tx, ana.id) == ["Algebra"]


# Changes


def test_a_planned_class_is_changed_at_zoom_as_well(school: Services, zoom: FakeZoom, ana: Member) -> None:
    class_id = classes.create_class(school, ana, PLAN)
    later = Plan("Algebra 7C", START + timedelta(days=1), 45, "Europe/Lisbon")
    classes.change_class(school, OPERATOR, class_id, later)
    found = stored(school.engine, class_id)
    assert (found.title, found.duration_minutes, found.timezone) == ("Algebra 7C", 45, "Europe/Lisbon")
    assert found.scheduled_start == datetime(2026, 5, 16, 9, tzinfo=UTC)
    made = zoom.meetings[str(found.zoom_meeting_id)]
    assert (made["topic"], made["duration"], made["timezone"]) == ("Algebra 7C", 45, "Europe/Lisbon")
    assert made["start_time"] == "2026-05-16T09:00:00Z"


def test_a_change_that_zoom_does_not_take_is_not_made_here(school: Services, zoom: FakeZoom, ana: Member) -> None:
    class_id = classes.create_class(school, ana, PLAN)
    zoom.faults.append(FAULT)
    with pytest.raises(ZoomUnreachable):
        classes.change_class(school, OPERATOR, class_id, Plan("Algebra 7C", START, 60, "UTC"))
    assert stored(school.engine, class_id).title == "Algebra 7B"


@pytest.mark.parametrize("deliveries", [[started()], [ended()], ["cancelled"]])
@pytest.mark.database("sqlite")
def test_only_a_planned_class_can_be_changed_or_cancelled(
    school: Services, zoom: FakeZoom, ana: Member, deliveries: list[Any]
) -> None:
    class_id = lesson(school.engine, ana, zoom_meeting_made=False)
    if deliveries == ["cancelled"]:
        classes.cancel_class(school, OPERATOR, class_id)
    else:
        sessions.note_delivery(school, deliveries[0])
    before = stored(school.engine, class_id)
    for call in (
        lambda: classes.change_class(school, OPERATOR, class_id, PLAN),
        lambda: classes.cancel_class(school, OPERATOR, class_id),
    ):
        with pytest.raises(InvalidInput, match="can no longer be changed"):
            call()
    assert stored(school.engine, class_id) == before


def test_the_start_link_is_for_the_teacher_alone(school: Services, zoom: FakeZoom, ana: Member) -> None:
    class_id = classes.create_class(school, ana, PLAN)
    assert classes.host_meeting(school, ana, class_id).start_url.startswith("https://zoom.us/s/")
    for stranger in (member(school.engine, "ben@school.example"), member(school.engine, "boss@x", "admin")):
        with pytest.raises(NotFound):
            classes.host_meeting(school, stranger, class_id)
    zoom.meetings.clear()
    with pytest.raises(ZoomMeetingUnknown):
        classes.host_meeting(school, ana, class_id)
    meetingless = lesson(school.engine, ana)
    with transaction(school.engine) as tx:
        tx.connection().execute(text('UPDATE "LiveStream" SET "zoomMeetingId" = NULL'))
    with pytest.raises(NoMeeting):
        classes.host_meeting(school, ana, meetingless)


# Deliveries that are not about us


@pytest.mark.parametrize(
    ("raw", "outcome"),
    [
        (b'{"event": "meeting.created", "payload": {"object": {"id": 85011112222}}}', "nothing_to_note"),
        (b'{"event": "endpoint.url_validation", "payload": {"plainToken": "x"}}', "nothing_to_note"),
    ],
)
def test_other_events_leave_nothing(school: Services, ana: Member, raw: bytes, outcome: str) -> None:
    class_id = lesson(school.engine, ana)
    before = stored(school.engine, class_id)
    assert sessions.note_delivery(school, parse(raw)) == outcome
    assert stored(school.engine, class_id) == before
    with reading(school.engine) as tx:
        assert storage.webhook_log.last(tx) is None


def test_a_meeting_that_is_not_ours_leaves_nothing(school: Services, ana: Member) -> None:
    class_id = lesson(school.engine, ana)
    before = stored(school.engine, class_id)
    for delivery in (started("x", meeting="85099999999"), ended("x", meeting="85099999999")):
        assert sessions.note_delivery(school, delivery) == "not_ours"
    assert stored(school.engine, class_id) == before
    with reading(school.engine) as tx:
        assert storage.webhook_log.last(tx) is None
        assert storage.sessions.meeting_of_session(tx, "x") is None


def test_a_cancelled_class_stays_cancelled_whatever_happens_in_its_meeting(school: Services, ana: Member) -> None:
    class_id = lesson(school.engine, ana, zoom_meeting_made=False)
    assert sessions.note_delivery(school, started()) == "noted"
    with transaction(school.engine) as tx:
        storage.classes.set_life(tx, class_id, ClassStatus.CANCELLED, None, None)
    assert sessions.note_delivery(school, ended()) == "noted"
    assert stored(school.engine, class_id).status is ClassStatus.CANCELLED
    assert due(school, class_id) is None
    with reading(school.engine) as tx:
        assert storage.sessions.list_sessions(tx, MEETING) == [run("uuid-1", 0, 60)]
