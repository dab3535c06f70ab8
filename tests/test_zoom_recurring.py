"""What is asked of Zoom about recurring meetings, and what its answers about them say."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from responses import RequestsMock, matchers

from tests.fake_zoom import API, grant, sent
from tests.makers import NOW, settings
from tracker.zoom import NewMeeting, Occurrence, Recurrence, Zoom

HOST = "ana@school.example"
START = datetime(2026, 10, 20, 8, tzinfo=UTC)
MEETING = NewMeeting("Algebra 7B", START, 60, "Europe/Berlin", Recurrence(frozenset({1, 3}), 4))
REPLY = {"id": 81418900011, "join_url": "https://zoom.us/j/81418900011"}


@pytest.fixture
def client(http: RequestsMock) -> Zoom:
    grant(http)
    return Zoom(settings())


def bodies(http: RequestsMock) -> list[Any]:
    return [json.loads(request.body) for request in sent(http) if request.body]


def test_a_recurring_meeting_is_asked_for_in_local_time_with_its_rule(client: Zoom, http: RequestsMock) -> None:
    http.post(f"{API}/users/{HOST}/meetings", json=REPLY, status=201)
    client.create_meeting(HOST, MEETING)
    (body,) = bodies(http)
    assert {name: body[name] for name in ("type", "start_time", "timezone", "duration", "recurrence")} == {
        "type": 8,
        "start_time": "2026-10-20T10:00:00",
        "timezone": "Europe/Berlin",
        "duration": 60,
        "recurrence": {"type": 2, "repeat_interval": 1, "weekly_days": "3,5", "end_times": 4},
    }
    assert body["settings"]["use_pmi"] is False


def test_one_date_is_changed_and_deleted_by_its_id(client: Zoom, http: RequestsMock) -> None:
    one_date = [matchers.query_param_matcher({"occurrence_id": "1792483200000"})]
    http.patch(f"{API}/meetings/81418900011", status=204, match=one_date)
    http.delete(f"{API}/meetings/81418900011", status=204, match=one_date)
    client.change_occurrence("81418900011", "1792483200000", MEETING, HOST)
    client.delete_occurrence("81418900011", "1792483200000")
    assert bodies(http) == [{"start_time": "2026-10-20T08:00:00Z", "duration": 60}]


def test_a_date_that_is_gone_is_as_good_as_deleted(client: Zoom, http: RequestsMock) -> None:
    http.delete(f"{API}/meetings/1", status=404, json={"code": 3001, "message": "Meeting does not exist: 1."})
    client.delete_occurrence("1", "2")


def test_a_new_title_alone_leaves_the_dates(client: Zoom, http: RequestsMock) -> None:
    http.patch(f"{API}/meetings/81418900011", status=204)
    client.rename_meeting("81418900011", "x" * 300, HOST)
    assert bodies(http) == [{"topic": "x" * 200}]


def test_dates_are_read_tolerantly(client: Zoom, http: RequestsMock) -> None:
    dates = [
        {"occurrence_id": "1", "start_time": "2026-10-20T08:00:00Z", "duration": 60, "status": "available"},
        {"occurrence_id": 2, "start_time": "2026-10-22T08:00:00Z"},
        {"occurrence_id": "3", "start_time": "2026-10-27T09:00:00Z", "duration": "45", "status": "deleted"},
        {"occurrence_id": "", "start_time": "2026-10-29T09:00:00Z"},
        {"occurrence_id": "5", "start_time": "soon"},
        {"occurrence_id": "6\n"},
        "7",
        None,
    ]
    http.get(f"{API}/meetings/81418900011", json=REPLY | {"occurrences": dates})
    assert client.meeting("81418900011").occurrences == (
        Occurrence("1", START, 60, available=True),
        Occurrence("2", datetime(2026, 10, 22, 8, tzinfo=UTC), 0, available=True),
        Occurrence("3", datetime(2026, 10, 27, 9, tzinfo=UTC), 45, available=False),
    )


@pytest.mark.parametrize("dates", [None, {}, "x", 7])
def test_a_meeting_without_readable_dates_has_none(client: Zoom, http: RequestsMock, dates: object) -> None:
    http.get(f"{API}/meetings/81418900011", json=REPLY | {"occurrences": dates})
    assert client.meeting("81418900011").occurrences == ()


def test_a_meeting_is_found_again_by_what_it_is_and_when_it_was_made(client: Zoom, http: RequestsMock) -> None:
    like: dict[str, Any] = {
        "id": 1,
        "topic": "Algebra 7B",
        "start_time": "2026-10-20T08:00:00Z",
        "duration": 60,
        "created_at": "2026-05-14T12:00:00Z",
    }
    others: list[dict[str, Any]] = [
        {"id": 2, "topic": "Algebra 7C"},
        {"id": 3, "start_time": "2026-10-20T09:00:00Z"},
        {"id": 4, "duration": 45},
        {"id": 5, "created_at": "2026-05-14T11:59:59Z"},
        {"id": 6, "created_at": None},
    ]
    path = f"{API}/users/{HOST}/meetings"
    first = {"meetings": [like | other for other in others], "next_page_token": "more"}
    http.get(path, json=first, match=[matchers.query_param_matcher({"type": "upcoming", "page_size": "300"})])
    http.get(
        path,
        json={"meetings": [like], "next_page_token": ""},
        match=[matchers.query_param_matcher({"next_page_token": "more"}, strict_match=False)],
    )
    assert client.find_meeting(HOST, MEETING, NOW) == ["1"]
