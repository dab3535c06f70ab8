"""Odd records that Zoom has sent, from the JSON of its answer to the people of the class."""

from typing import Any

import pytest
from sqlalchemy import Engine

from tests.fake_zoom import FakeZoom
from tests.makers import MEETING, Clock, at, ended, lesson, member, participant, services, stored
from tracker import class_attendance, fetching, sessions, storage
from tracker.attendance.types import Attendance
from tracker.auth import OPERATOR
from tracker.services import Services
from tracker.storage.database import reading

pytestmark = pytest.mark.database("sqlite")

ANA = participant("Ana", 0, 60)
MAIL = "ana@x.example"
# A person: name, e-mail, seconds present, number of stays.
People = list[tuple[str, str, int, int]]


@pytest.fixture
def school(engine: Engine) -> Services:
    return services(engine, Clock(at(70)))


@pytest.fixture
def class_id(school: Services) -> str:
    return lesson(school.engine, member(school.engine))


def people(attendance: Attendance) -> People:
    return [(person.name, person.email, person.seconds, len(person.stays)) for person in attendance.people]


def kept(school: Services, class_id: str) -> Attendance:
    """The attendance from what is in the database."""
    with reading(school.engine) as tx:
        found = class_attendance.attendance_of(tx, storage.classes.get_class(tx, class_id), at(10_000))
    assert found is not None
    return found


def without(record: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in names}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        # Durations
        pytest.param({"duration": 0}, ("Ben", "", 3300, 1), id="no length, but times"),
        pytest.param({"duration": "3300"}, ("Ben", "", 3300, 1), id="a number as text"),
        pytest.param({"duration": -5}, ("Ben", "", 3300, 1), id="less than nothing"),
        pytest.param({"duration": None}, ("Ben", "", 3300, 1), id="no duration"),
        pytest.param({"duration": "an hour"}, ("Ben", "", 3300, 1), id="words for a number"),
        pytest.param({"duration": 3300.9}, ("Ben", "", 3300, 1), id="a fraction of a second"),
        pytest.param({"duration": 1e400}, ("Ben", "", 3300, 1), id="without end"),
        # Times
        pytest.param({"leave_time": ""}, ("Ben", "", 3300, 1), id="no leave: the duration fills the gap"),
        pytest.param({"join_time": ""}, ("Ben", "", 3300, 1), id="no join: the duration fills the gap"),
        pytest.param({"leave_time": None, "duration": 60}, ("Ben", "", 60, 1), id="null for a leave"),
        pytest.param({"join_time": "", "leave_time": ""}, ("Ben", "", 0, 1), id="no times: counted all the same"),
        pytest.param({"join_time": "noon", "leave_time": 1}, ("Ben", "", 0, 1), id="times that are none"),
        pytest.param(
            {"join_time": "2026-05-14T12:30:00Z", "leave_time": "2026-05-14T12:10:00Z", "duration": 120},
            ("Ben", "", 120, 1),
            id="left before the join: the duration counts from the join",
        ),
        pytest.param(
            {"join_time": "2026-05-14T12:30:00Z", "leave_time": "2026-05-14T12:30:00Z", "duration": 0},
            ("Ben", "", 0, 1),
            id="no time at all: counted all the same",
        ),
        pytest.param(
            {"join_time": "2026-05-14T12:05:00.750Z", "leave_time": "2026-05-14T13:00:00.250Z"},
            ("Ben", "", 3300, 1),
            id="fractions of seconds",
        ),
        pytest.param(
            {"join_time": "2026-05-14T14:05:00+02:00", "leave_time": "2026-05-14T08:00:00-05:00"},
            ("Ben", "", 3300, 1),
            id="other offsets",
        ),
        pytest.param(
            {"join_time": "2026-05-14T12:05:00", "leave_time": " 2026-05-14T13:00:00Z "},
            ("Ben", "", 3300, 1),
            id="no offset, and blanks round the time",
        ),
        # Names
        pytest.param({"name": ""}, ("", "", 3300, 1), id="a blank name"),
        pytest.param({"name": None}, ("", "", 3300, 1), id="no name"),
        pytest.param({"name": " \t "}, ("", "", 3300, 1), id="a name of blanks"),
        pytest.param({"name": " Ben   Fox\u00a0Jr "}, ("Ben Fox Jr", "", 3300, 1), id="blanks in a name"),
        pytest.param({"name": "Fox# Ben"}, ("Fox# Ben", "", 3300, 1), id="a comma that Zoom wrote as #"),
        pytest.param({"name": 4711}, ("4711", "", 3300, 1), id="a number for a name"),
        pytest.param({"name": "Ben\0"}, ("Ben", "", 3300, 1), id="a NUL in a name"),
        pytest.param({"name": "Ben \ud83d"}, ("Ben ?", "", 3300, 1), id="half an emoji"),
        pytest.param({"name": "+49 *** 4711", "id": ""}, ("+49 *** 4711", "", 3300, 1), id="a caller by phone"),
        pytest.param({"user_email": "  Ben@X.example "}, ("Ben", "Ben@X.example", 3300, 1), id="blanks in an e-mail"),
        pytest.param({"user_email": None}, ("Ben", "", 3300, 1), id="null for an e-mail"),
        # Numbers
        pytest.param({"user_id": 16778240}, ("Ben", "", 3300, 1), id="the number as a number"),
        pytest.param({"user_id": None}, ("Ben", "", 3300, 1), id="no number"),
        pytest.param({"user_id": "02020-04-01 15:02:01:040"}, ("Ben", "", 3300, 1), id="a time glued to the number"),
        pytest.param({"status": "something new"}, ("Ben", "", 3300, 1), id="a status that nobody knows"),
        pytest.param({"status": None}, ("Ben", "", 3300, 1), id="no status"),
        pytest.param({"status": "in_waiting_room"}, None, id="waited and was not let in"),
    ],
)
def test_an_odd_row_is_a_row_and_leaves_the_others_as_they_are(
    school: Services, zoom: FakeZoom, class_id: str, row: dict[str, Any], expected: tuple[str, str, int, int] | None
) -> None:
    zoom.hold("uuid-1", ANA, participant("Ben", 5, 60) | row, meeting=MEETING)
    sessions.note_delivery(school, ended())
    attendance = fetching.fetch_now(school, OPERATOR, class_id)
    wanted = [("Ana", "", 3600, 1), *([expected] if expected else [])]
    assert sorted(people(attendance)) == sorted(wanted)
    assert (attendance.total_records, attendance.unique_count) == (2, len(wanted))
    assert stored(school.engine, class_id).participant_count == len(wanted)
    assert people(kept(school, class_id)) == people(attendance)


def test_a_row_with_nothing_but_a_duration_is_a_nameless_person(
    school: Services, zoom: FakeZoom, class_id: str
) -> None:
    zoom.hold("uuid-1", ANA, {"duration": 60}, {}, {"duration": 60}, meeting=MEETING)
    sessions.note_delivery(school, ended())
    attendance = fetching.fetch_now(school, OPERATOR, class_id)
    assert people(attendance) == [("", "", 0, 2), ("Ana", "", 3600, 1)]
    assert (attendance.total_records, attendance.repeats) == (3, 1)


@pytest.mark.parametrize(
    ("rows", "expected", "repeats"),
    [
        pytest.param([ANA, ANA], [("Ana", "", 3600, 1)], 1, id="a row twice"),
        pytest.param(
            [ANA, without(ANA, "failover", "internal_user")], [("Ana", "", 3600, 1)], 1, id="and without more"
        ),
        pytest.param([ANA, ANA | {"user_id": "2"}], [("Ana", "", 3600, 2)], 0, id="two devices at the same time"),
        pytest.param(
            [participant("Ana", 0, 20), participant("ANA ", 20, 40), participant("ana", 39, 60)],
            [("ana", "", 3600, 3)],
            0,
            id="reconnects that overlap, and a name in three ways",
        ),
        pytest.param(
            [participant("iPhone", 0, 30, MAIL), participant("Ana", 30, 60, " ANA@X.example")],
            [("Ana", MAIL, 3600, 2)],
            0,
            id="renamed in class",
        ),
        pytest.param(
            [participant("Ana", 0, 30, MAIL), participant("Ana", 30, 60)],
            [("Ana", "", 1800, 1), ("Ana", MAIL, 1800, 1)],
            0,
            id="once signed in and once not: two by the rule",
        ),
        pytest.param(
            [participant("+49 *** 11", 0, 30), participant("+49 *** 12", 0, 60), participant("+49 *** 11", 40, 60)],
            [("+49 *** 11", "", 3000, 2), ("+49 *** 12", "", 3600, 1)],
            0,
            id="callers by phone",
        ),
        pytest.param(
            [participant("Ana", -2, 0, status="in_waiting_room", user_id="1"), participant("Ana", 0, 60, user_id="2")],
            [("Ana", "", 3600, 1)],
            0,
            id="waited and was let in under another number",
        ),
        pytest.param(
            [participant("", 0, 30, user_id="1"), participant(" ", 10, 60, user_id="2")],
            [("", "", 1800, 1), ("", "", 3000, 1)],
            0,
            id="two without a name are two",
        ),
    ],
)
def test_rows_that_belong_together_make_one_person(
    school: Services,
    zoom: FakeZoom,
    class_id: str,
    rows: list[dict[str, Any]],
    expected: People,
    repeats: int,
) -> None:
    zoom.hold("uuid-1", *rows, meeting=MEETING)
    sessions.note_delivery(school, ended())
    fetching.fetch_now(school, OPERATOR, class_id)
    found = kept(school, class_id)
    assert (people(found), found.repeats) == (expected, repeats)


def test_a_number_that_comes_again_in_another_session_is_not_the_same_person(
    school: Services, zoom: FakeZoom, class_id: str
) -> None:
    first, second = participant("Ana", 0, 20, user_id="16778240"), participant("Ben", 25, 60, user_id="16778240")
    zoom.hold("u1", first, meeting=MEETING, start=0, end=20)
    zoom.hold("u2", second, participant("Ana", 25, 60, user_id="16779264"), meeting=MEETING, start=25, end=60)
    for delivery in (ended("u1", 0, 20), ended("u2", 25, 60)):
        sessions.note_delivery(school, delivery)
    fetching.fetch_now(school, OPERATOR, class_id)
    assert people(kept(school, class_id)) == [("Ana", "", 55 * 60, 2), ("Ben", "", 35 * 60, 1)]


def test_the_same_row_in_two_sessions_is_no_repeat(school: Services, zoom: FakeZoom, class_id: str) -> None:
    for uuid, start, end in (("u1", 0, 20), ("u2", 25, 60)):
        zoom.hold(uuid, participant("Ana", 0, 60), meeting=MEETING, start=start, end=end)
        sessions.note_delivery(school, ended(uuid, start, end))
    fetching.fetch_now(school, OPERATOR, class_id)
    found = kept(school, class_id)
    assert (people(found), found.repeats) == ([("Ana", "", 3600, 2)], 0)
