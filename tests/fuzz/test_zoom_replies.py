"""Whatever Zoom answers: the client gives a value that can be stored and shown, or one of its own errors."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from responses import RequestsMock
from sqlalchemy import Engine

from tests.fuzz.attendances import check_shown
from tests.fuzz.values import as_json, number, slow, spoilt, values
from tests.makers import NOW, Clock, at, ended, lesson, participant, services, settings, stored
from tracker import class_attendance, fetching, sessions, storage
from tracker.auth import OPERATOR
from tracker.errors import TrackerError, ZoomError
from tracker.storage.database import reading
from tracker.storage.members import Member
from tracker.zoom import NewMeeting, Zoom

pytestmark = pytest.mark.slow

UTC_ZONE = ZoneInfo("UTC")
TOKEN = {"access_token": "token-1", "token_type": "bearer", "expires_in": 3600, "scope": "a b"}
MEETING = {"id": 81418900011, "join_url": "https://zoom.us/j/81418900011", "start_url": "https://zoom.us/s/1?zak=x"}
MEETING |= {"topic": "Algebra", "settings": {"waiting_room": True}}
PAST = {
    "uuid": "u1==",
    "start_time": "2026-05-14T12:00:00Z",
    "end_time": "2026-05-14T13:00:00Z",
    "participants_count": 9,
}
RECORDS = [participant("Ana", 0, 60, "ana@x.example"), participant("Ben", 5, 30, id="z1", user_id="2")]
LIST = {"participants": RECORDS, "next_page_token": "", "page_count": 1, "total_records": 2}
FAULT = {"code": 3001, "message": "Meeting does not exist.", "errors": [{"field": "a", "message": "b"}], "reason": "x"}
GOOD = (TOKEN, MEETING, PAST, LIST, {"meetings": [PAST, PAST]}, FAULT)

statuses = st.sampled_from([200, 200, 200, 201, 204, 301, 400, 401, 404, 429, 500, 503]) | st.integers(200, 599)
header_texts = st.text(st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=30) | st.sampled_from(
    ["Fri, 31 Dec 9999 23:59:59 -2300", "Mon, 1 Jan 2024 00:00:00 +999999999999999999999", "9999-12-31T23:59:59Z", "-1"]
)
headers = st.dictionaries(
    st.sampled_from(["Retry-After", "X-RateLimit-Type", "X-RateLimit-Category", "Date", "Content-Type"]), header_texts
)
bodies = st.sampled_from(GOOD).flatmap(spoilt).map(as_json) | values.map(as_json) | st.binary(max_size=60)
replies = st.tuples(statuses, headers, bodies)
CALLS: tuple[Callable[[Zoom], object], ...] = (
    lambda zoom: zoom.create_meeting("ana@school.example", NewMeeting("Algebra", NOW, 60, "UTC")),
    lambda zoom: zoom.meeting("81418900011"),
    lambda zoom: zoom.change_meeting("81418900011", NewMeeting("Algebra", NOW, 60, "UTC")),
    lambda zoom: zoom.delete_meeting("81418900011"),
    lambda zoom: zoom.instances("81418900011"),
    lambda zoom: zoom.past_meeting("u1=="),
    lambda zoom: zoom.past_participants("/u1=="),
    lambda zoom: zoom.token(),
    lambda zoom: zoom.clock_offset(),
)


@contextmanager
def answering(*answers: tuple[int, dict[str, str], bytes]) -> Iterator[None]:
    """A Zoom that gives these answers, whatever it is asked; the last one again and again."""
    left = list(answers)

    def answer(request: requests.PreparedRequest) -> tuple[int, dict[str, str], bytes]:
        return left.pop(0) if len(left) > 1 else left[0]

    with RequestsMock(assert_all_requests_are_fired=False) as http:
        for method in ("GET", "POST", "PATCH", "DELETE", "HEAD"):
            http.add_callback(method, re.compile("https://.*zoom.us/.*"), answer)
        yield


def good(document: object) -> tuple[int, dict[str, str], bytes]:
    return 200, {}, as_json(document)


@given(
    call=st.sampled_from(CALLS), token=st.just(good(TOKEN)) | replies, answers=st.lists(replies, min_size=1, max_size=3)
)
def test_any_answer_is_a_value_or_an_error_of_zooms(
    call: Callable[[Zoom], object], token: Any, answers: list[Any]
) -> None:
    clock = Clock()
    zoom = Zoom(settings(), clock, clock.monotonic)
    with answering(token, *answers):
        for _ in range(2):
            failed = error_of(call, zoom)
            if failed is not None:
                assert str(failed).isprintable()
                assert len(str(failed)) < 1000
                assert failed.retry_at is None or failed.retry_at >= NOW


def error_of(call: Callable[[Zoom], object], zoom: Zoom) -> ZoomError | None:
    """The error that the call ends with, if it is one of Zoom's."""
    try:
        call(zoom)
    except ZoomError as error:
        return error
    return None


@slow
@given(answers=st.lists(spoilt(LIST, 5).map(good), min_size=1, max_size=2))
def test_any_list_of_participants_is_stored_and_shown_as_it_was_counted(
    engine: Engine, ana: Member, answers: list[Any]
) -> None:
    meeting = number()
    uuid = f"{meeting}-0"
    class_id = lesson(engine, ana, zoom_meeting_id=meeting)
    school = services(engine, Clock(at(70)))
    sessions.note_delivery(school, ended(uuid, meeting=meeting))
    run = good({"meetings": [PAST | {"uuid": uuid}]})
    with answering(good(TOKEN), run, good(PAST | {"uuid": uuid}), *answers):
        try:
            attendance = fetching.fetch_now(school, OPERATOR, class_id)
        except TrackerError:
            return
    check_shown(stored(engine, class_id), attendance)
    with reading(engine) as tx:
        kept = class_attendance.attendance_of(tx, storage.classes.get_class(tx, class_id), at(10_000))
    assert kept == attendance
    assert stored(engine, class_id).participant_count == attendance.unique_count


@slow
@given(instances=spoilt({"meetings": [PAST, PAST]}), past=spoilt(PAST), records=spoilt(LIST))
def test_any_sessions_that_zoom_lists_are_stored_or_refused(
    engine: Engine, ana: Member, instances: Any, past: Any, records: Any
) -> None:
    class_id = lesson(engine, ana, zoom_meeting_id=number())
    school = services(engine, Clock(at(70)))
    uuid = number()
    own = [json.loads(json.dumps(one).replace("u1==", uuid)) for one in (instances, past, records)]
    with answering(*(good(one) for one in (TOKEN, *own))):
        try:
            attendance = fetching.fetch_now(school, OPERATOR, class_id)
        except TrackerError:
            return
    check_shown(stored(engine, class_id), attendance)
    with reading(engine) as tx:
        kept = class_attendance.attendance_of(tx, storage.classes.get_class(tx, class_id), at(10_000))
    assert kept is not None
    assert kept.stays == attendance.stays
