"""Storage: what the product stores of classes, sessions, webhooks and people, as other programs read it too."""

import json
import sqlite3
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Engine, inspect, text
from sqlmodel import select

from tests.makers import MEETING, NOW, at, lesson, member, run, span, stay, stored, stored_stays
from tests.storage.rows import MET, collect, hold, titles
from tracker import storage
from tracker.attendance.counting import take_attendance
from tracker.attendance.stored_form import participants_data
from tracker.attendance.types import ClassStatus, FetchState
from tracker.errors import InvalidInput, NotFound, Problem
from tracker.storage.database import reading, transaction
from tracker.storage.members import Member
from tracker.storage.models import LiveStream

DUE = (
    "SELECT id FROM LiveStream WHERE status = 'ended' AND endedAt < datetime('now', '-10 minutes') "
    "AND participantsFetchedAt IS NULL"
)

COLUMNS = [
    "id",
    "title",
    "status",
    "scheduledStart",
    "durationMinutes",
    "timezone",
    "zoomMeetingId",
    "zoomJoinUrl",
    "zoomMeetingMade",
    "startedAt",
    "endedAt",
    "participantCount",
    "participantsFetchedAt",
    "participantsData",
    "teacherId",
    "courseId",
    "createdAt",
    "zoomApiMeetingId",
    "zoomHostId",
    "zoomLinkedByTeacher",
    "peopleShown",
    "hostsShown",
    "figuresOfCount",
    "namesRemovedAt",
    "seenTo",
    "cancelledAt",
    "zoomDeletionDueAt",
    "lateShown",
    "reportDigest",
    "seriesId",
    "zoomOccurrenceId",
    "zoomMeetingDueAt",
    "zoomMeetingAskedAt",
    "meetingAsked",
    "meetingSent",
    "meetingHas",
]


# What other programs read


def test_the_columns_of_a_class_keep_their_names(engine: Engine) -> None:
    assert [column["name"] for column in inspect(engine).get_columns("LiveStream")] == COLUMNS


@pytest.mark.database("sqlite")
def test_a_query_by_hand_finds_what_is_due(engine: Engine, teacher: Member) -> None:
    now = datetime.now(UTC)  # the query asks SQLite for the time
    ids = [lesson(engine, teacher) for _ in range(5)]
    hold(engine, ids[0], now - timedelta(minutes=71))
    hold(engine, ids[1], now - timedelta(minutes=65))
    hold(engine, ids[2], now - timedelta(days=300))
    hold(engine, ids[3], now - timedelta(days=1))
    collect(engine, ids[3])
    with sqlite3.connect(str(engine.url.database)) as connection:
        found = {row[0] for row in connection.execute(DUE)}
    connection.close()
    assert found == {ids[0], ids[2]}


@pytest.mark.database("sqlite")
def test_times_are_stored_as_utc_text_without_fractions(engine: Engine, teacher: Member) -> None:
    summer = datetime(2026, 7, 1, 1, 30, 15, 999_999, tzinfo=timezone(timedelta(hours=2)))
    class_id = lesson(engine, teacher, scheduled_start=summer)
    with engine.connect() as connection:
        found = connection.execute(text("SELECT typeof(scheduledStart), scheduledStart FROM LiveStream")).one()
    assert tuple(found) == ("text", "2026-06-30 23:30:15")
    assert stored(engine, class_id).scheduled_start == datetime(2026, 6, 30, 23, 30, 15, tzinfo=UTC)


def test_a_time_without_a_zone_is_refused(engine: Engine, teacher: Member) -> None:
    with pytest.raises(Exception, match="without a time zone"):
        lesson(engine, teacher, scheduled_start=datetime(2026, 5, 14, 12, 0))
    assert titles(engine, teacher) == []


def test_the_participants_are_stored_in_this_shape(engine: Engine, teacher: Member) -> None:
    class_id = lesson(engine, teacher)
    collect(engine, class_id)
    with reading(engine) as tx:
        text_stored = tx.exec(select(LiveStream.participants_data)).one()
        assert stored_stays(tx, class_id) == MET.stays
    assert text_stored is not None
    data = json.loads(text_stored)
    assert data == participants_data(MET)
    assert list(data) == ["totalRecords", "uniqueCount", "participants", "repeats", "source"]
    assert (data["totalRecords"], data["uniqueCount"]) == (3, 2)
    assert [list(entry)[:5] for entry in data["participants"]] == [
        ["name", "email", "joinTime", "leaveTime", "duration"]
    ] * 3
    assert next(entry for entry in data["participants"] if entry["name"] == "Ana") == {
        "name": "Ana",
        "email": "ana@x.example",
        "joinTime": "2026-05-14T12:00:00Z",
        "leaveTime": "2026-05-14T13:00:00Z",
        "duration": 3600,
        "status": "in_meeting",
        "userId": "",
        "zoomUserId": "",
        "registrantId": "",
        "sessionUuid": "u1",
    }
    found = stored(engine, class_id)
    assert (found.participant_count, found.participants_fetched_at) == (2, at(70))


def test_nobody_is_a_count_and_not_known_is_none(engine: Engine, teacher: Member) -> None:
    empty, unknown = lesson(engine, teacher), lesson(engine, teacher)
    with transaction(engine) as tx:
        storage.participants.save_attendance(tx, empty, take_attendance([], [], span(0, 60)), NOW)
    assert stored(engine, empty).participant_count == 0
    assert stored(engine, unknown).participant_count is None
    with reading(engine) as tx:
        assert stored_stays(tx, empty) == ()
        assert stored_stays(tx, unknown) is None


@pytest.mark.parametrize("name", ["Zoë 👩‍🏫", "محمد", "李雷", "O'Brien; --", 'a"b\\c\n', "\u2028"])
def test_any_name_comes_back_as_it_was(engine: Engine, teacher: Member, name: str) -> None:
    class_id = lesson(engine, teacher, title=name)
    attendance = take_attendance([stay(name, 0, 60)], [], span(0, 60))
    with transaction(engine) as tx:
        storage.participants.save_attendance(tx, class_id, attendance, NOW)
    with reading(engine) as tx:
        assert stored_stays(tx, class_id) == attendance.stays
    assert stored(engine, class_id).title == name


def test_a_record_has_the_columns_as_keys_and_plain_values(engine: Engine, teacher: Member) -> None:
    class_id = lesson(engine, teacher)
    hold(engine, class_id)
    record = stored(engine, class_id).record()
    assert record.keys() == set(COLUMNS) - {"participantsData"}
    assert json.loads(json.dumps(record)) == record
    assert (record["id"], record["status"], record["zoomMeetingId"]) == (class_id, "ended", MEETING)
    assert (record["scheduledStart"], record["endedAt"]) == ("2026-05-14T12:00:00Z", "2026-05-14T13:00:00Z")
    assert record["participantCount"] is None


# A class and its life


def test_a_class_that_goes_on_again_keeps_its_participants_until_there_is_better(
    engine: Engine, teacher: Member
) -> None:
    class_id = lesson(engine, teacher)
    hold(engine, class_id)
    collect(engine, class_id)
    with transaction(engine) as tx:
        storage.classes.set_life(tx, class_id, ClassStatus.LIVE, NOW, None)
    found = stored(engine, class_id)
    assert (found.status, found.started_at, found.ended_at) == (ClassStatus.LIVE, NOW, None)
    assert (found.participant_count, found.participants_fetched_at) == (2, at(70))
    with reading(engine) as tx:
        assert stored_stays(tx, class_id)


def test_a_class_that_ends_later_keeps_its_participants_until_there_are_new_ones(
    engine: Engine, teacher: Member
) -> None:
    class_id = lesson(engine, teacher)
    hold(engine, class_id)
    collect(engine, class_id)
    hold(engine, class_id, minutes=70)
    assert stored(engine, class_id).participant_count == 2


def test_a_class_that_does_not_exist_is_not_found(engine: Engine) -> None:
    with transaction(engine) as tx:
        for call in (storage.classes.get_class, storage.classes.lock_class):
            with pytest.raises(NotFound, match="no such class"):
                call(tx, "nothing")
        with pytest.raises(NotFound):
            storage.classes.change_class(tx, "nothing", "Title", NOW, 60, "UTC")


def test_classes_of_one_course_share_it(engine: Engine, teacher: Member) -> None:
    other = member(engine, "ben@school.example")
    first, second = (stored(engine, lesson(engine, teacher, course="7B")) for _ in range(2))
    assert (first.course, first.course_id) == ("7B", second.course_id)
    assert stored(engine, lesson(engine, other, course="7B")).course_id != first.course_id
    assert stored(engine, lesson(engine, teacher)).course is None


def test_the_classes_of_a_meeting_are_those_that_take_place(engine: Engine, teacher: Member) -> None:
    first, second, cancelled = (lesson(engine, teacher, zoom_meeting_id=MEETING) for _ in range(3))
    lesson(engine, teacher, zoom_meeting_id="85099999999")
    with transaction(engine) as tx:
        storage.classes.set_life(tx, cancelled, ClassStatus.CANCELLED, None, None)
    with reading(engine) as tx:
        assert {one.id for one in storage.classes.classes_of_meeting(tx, MEETING)} == {first, second}
        assert storage.classes.classes_of_meeting(tx, "1") == []


def test_classes_that_another_program_ended_are_found(engine: Engine, teacher: Member) -> None:
    forgotten, asked, known, linkless, planned = (lesson(engine, teacher) for _ in range(5))
    for class_id in (forgotten, asked, known, linkless):
        hold(engine, class_id)
    collect(engine, known)
    with transaction(engine) as tx:
        storage.fetches.ask(tx, asked, at(70), at(60))
        tx.connection().execute(text(f"""UPDATE "LiveStream" SET "zoomMeetingId" = NULL WHERE id = '{linkless}'"""))
    with reading(engine) as tx:
        assert [one.id for one in storage.attention.forgotten(tx)] == [forgotten]
    with transaction(engine) as tx:
        claim = storage.fetches.claim_class(tx, forgotten, at(60))
        storage.fetches.release(tx, claim)
    with reading(engine) as tx:
        assert [one.id for one in storage.attention.forgotten(tx)] == [forgotten]
    with transaction(engine) as tx:
        claim = storage.fetches.claim_class(tx, forgotten, at(60))
        storage.fetches.abandon(tx, claim, Problem("zoom_list_too_old"), FetchState.FAILED)
    with reading(engine) as tx:
        assert storage.attention.forgotten(tx) == []
    assert stored(engine, planned).status is ClassStatus.SCHEDULED


# Sessions and deliveries


def test_what_is_known_of_a_session_is_never_forgotten(engine: Engine) -> None:
    for known, expected in [
        (run("u1", 1, None), run("u1", 1, None)),
        (run("u1", 1, 60), run("u1", 1, 60)),
        (run("u1", 2, None), run("u1", 1, 60)),
        (run("u1", 0, 61), run("u1", 0, 61)),
    ]:
        with transaction(engine) as tx:
            storage.sessions.save_session(tx, MEETING, known)
            assert storage.sessions.list_sessions(tx, MEETING) == [expected]
    with reading(engine) as tx:
        assert storage.sessions.meeting_of_session(tx, "u1") == MEETING
        assert storage.sessions.meeting_of_session(tx, "u2") is None


def test_the_sessions_of_a_meeting_come_by_their_start(engine: Engine) -> None:
    with transaction(engine) as tx:
        for meeting, session in ((MEETING, run("b", 5, 9)), ("other", run("c", 1, 2)), (MEETING, run("a", 0, 4))):
            storage.sessions.save_session(tx, meeting, session)
        assert storage.sessions.list_sessions(tx, MEETING) == [run("a", 0, 4), run("b", 5, 9)]


def test_a_delivery_is_new_once(engine: Engine, teacher: Member) -> None:
    class_id = lesson(engine, teacher)

    def note(body_hash: str, minute: float) -> bool:
        with transaction(engine) as tx:
            return storage.webhook_log.note(tx, body_hash, "meeting.ended", class_id, at(minute))

    assert [note("a", 0), note("a", 5), note("b", 6), note("a", 25)] == [True, False, True, False]
    with reading(engine) as tx:
        assert storage.webhook_log.last(tx) == at(6)
    with transaction(engine) as tx:
        storage.webhook_log.forget(tx, at(6))
    assert [note("b", 7), note("a", 8)] == [False, True]


def test_before_the_first_delivery_there_is_no_last_one(engine: Engine) -> None:
    with reading(engine) as tx:
        assert storage.webhook_log.last(tx) is None


# People


def test_a_person_is_found_by_email_in_any_case(engine: Engine) -> None:
    ana = member(engine, " Ana@School.Example ")
    assert (ana.email, ana.zoom_user, ana.is_admin) == ("ana@school.example", "ana@school.example", False)
    ben = member(engine, "ben@school.example", "admin", zoom_user="zoom-7")
    assert (ben.zoom_user, ben.is_admin) == ("zoom-7", True)
    with reading(engine) as tx:
        assert storage.members.find_member(tx, " ANA@school.example") == ana
        assert storage.members.find_member(tx, "nobody@school.example") is None
        assert storage.members.list_members(tx) == [ana, ben]


def test_an_email_belongs_to_one_person(engine: Engine, teacher: Member) -> None:
    with pytest.raises(InvalidInput, match="has an account already"):
        member(engine, "ANA@school.example")
    with reading(engine) as tx:
        assert storage.members.list_members(tx) == [teacher]


def test_a_time_zone_that_nobody_knows_is_utc(engine: Engine) -> None:
    class_id = lesson(engine, member(engine), timezone="Mars/Olympus")
    assert stored(engine, class_id).timezone == "UTC"


# Zoom's lists


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        ([5, 3], (5, 3, None)),
        ([5, 3, 5], (5, None, None)),
        ([5, 3, 4], (5, 4, None)),
        ([5, 3, "other"], (3, None, 5)),
        ([5, 3, "other", 3], (3, None, 5)),
        ([5, 3, "other", 2], (3, None, 5)),
        ([5, 3, "other", 4], (4, None, 5)),
        ([5, 3, "other", 6], (6, None, None)),
        ([5, 3, "other", "other"], (5, 3, None)),
        ([5, "other"], (5, None, None)),
    ],
)
def test_of_two_lists_the_longer_one_counts_until_a_person_takes_the_other(
    engine: Engine, read: list[int | str], expected: tuple[int, int | None, int | None]
) -> None:
    with transaction(engine) as tx:
        for number in read:
            if isinstance(number, str):
                storage.session_records.take_beside(tx, "u1")
            else:
                stays = [stay(f"P{one}", 0, 60) for one in range(number)]
                storage.session_records.save_list(tx, MEETING, "u1", stays, complete=True, now=NOW)
    with reading(engine) as tx:
        found = storage.session_records.lists_of_sessions(tx, ["u1"])["u1"]
        assert (len(found.stays or ()), found.shorter, found.longer) == expected
        noted = storage.session_records.to_look_at(tx, ["u1", "u2"])
    assert bool(noted) == (expected[1] is not None or expected[2] is not None)
