"""The Zoom client makes, reads, changes and deletes meetings."""

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from responses import RequestsMock

from tests.fake_zoom import API, grant, sent
from tests.makers import NOW
from tests.zoom_client.answers import MADE
from tracker.attendance.meeting_options import MeetingOptions
from tracker.errors import ZoomMisconfigured, ZoomRefused
from tracker.zoom import NewMeeting, Zoom

PLAN = NewMeeting("Algebra 7B", NOW, 60, "Europe/Berlin")

HOSTS = ("bea@x.example", "cy@x.example", "an-Id")


def test_a_meeting_is_asked_for_with_its_time_and_zone(http: RequestsMock, zoom: Zoom) -> None:
    grant(http)
    http.post(f"{API}/users/ana@school.example/meetings", status=201, json=MADE)
    start = datetime(2026, 10, 25, 9, 30, tzinfo=timezone(timedelta(hours=2)))
    meeting = zoom.create_meeting("ana@school.example", NewMeeting("Größe & Maß", start, 45, "America/Sao_Paulo"))
    body = json.loads(str(sent(http)[0].body or b"", "utf-8"))
    assert {name: body[name] for name in ("topic", "type", "start_time", "duration", "timezone")} == {
        "topic": "Größe & Maß",
        "type": 2,
        "start_time": "2026-10-25T07:30:00Z",
        "duration": 45,
        "timezone": "America/Sao_Paulo",
    }
    assert body["default_password"] is True
    assert body["settings"]["email_in_attendee_report"] is True
    assert body["settings"]["participant_video"] is False
    assert "waiting_room" not in body["settings"]
    assert body["settings"]["use_pmi"] is False
    assert (meeting.id, meeting.topic, meeting.join_url) == ("81418900011", "Algebra 7B", MADE["join_url"])


@pytest.mark.parametrize(
    ("settings", "options"),
    [
        ({"waiting_room": True}, MeetingOptions("on")),
        ({"waiting_room": False, "meeting_authentication": True}, MeetingOptions("off", "on")),
        ({"auto_recording": "cloud", "alternative_hosts": ""}, MeetingOptions(recording="cloud", substitutes=())),
        ({"alternative_hosts": "Bea@x.example, cy@x.example;;an-Id"}, MeetingOptions(substitutes=HOSTS)),
        ({"waiting_room": "yes", "meeting_authentication": 1, "auto_recording": "tape"}, MeetingOptions()),
        ({"auto_recording": ["cloud"], "alternative_hosts": 7}, MeetingOptions()),
        ({}, MeetingOptions()),
        (None, MeetingOptions()),
    ],
)
def test_what_zoom_made_of_the_settings_is_read_back(
    http: RequestsMock, zoom: Zoom, settings: object, options: MeetingOptions
) -> None:
    grant(http)
    http.post(f"{API}/users/ana@school.example/meetings", status=200, json=MADE | {"settings": settings})
    assert zoom.create_meeting("ana@school.example", PLAN).options == options


@pytest.mark.parametrize(
    ("reply", "announced"),
    [
        ({}, "81418900011"),
        ({"pmi": 5551112222}, "81418900011"),
        ({"pmi": 5551112222, "settings": {"use_pmi": False}}, "81418900011"),
        ({"pmi": 5551112222, "settings": {"use_pmi": True}}, "5551112222"),
        ({"pmi": "5551112222", "settings": {"use_pmi": True}}, "5551112222"),
        ({"settings": {"use_pmi": True}}, "81418900011"),
        ({"pmi": "5\0", "settings": {"use_pmi": True}}, "81418900011"),
        ({"pmi": True, "settings": {"use_pmi": True}}, "81418900011"),
        ({"pmi": 10**40, "settings": {"use_pmi": True}}, "81418900011"),
    ],
)
def test_a_meeting_under_a_personal_id_is_announced_by_that_number(
    http: RequestsMock, zoom: Zoom, reply: dict[str, Any], announced: str
) -> None:
    grant(http)
    http.post(f"{API}/users/ana@x/meetings", json=MADE | reply)
    made = zoom.create_meeting("ana@x", PLAN)
    assert (made.id, made.announced_id) == ("81418900011", announced)


@pytest.mark.parametrize(("told", "host_id"), [("host-7", "host-7"), (None, ""), (7, ""), ("h\0", ""), ("h" * 300, "")])
def test_the_host_of_a_meeting_and_of_a_session_is_told(
    http: RequestsMock, zoom: Zoom, told: object, host_id: str
) -> None:
    grant(http)
    http.get(f"{API}/meetings/81418900011", json=MADE | {"host_id": told})
    http.get(f"{API}/past_meetings/u1", json={"uuid": "u1", "start_time": "2026-05-14T12:00:00Z", "host_id": told})
    assert zoom.meeting("81418900011").host_id == zoom.past_meeting("u1").host_id == host_id


def test_a_host_is_one_piece_of_the_path(http: RequestsMock, zoom: Zoom) -> None:
    grant(http)
    http.post(f"{API}/users/a%2F..%3Fb@x/meetings", json=MADE)
    assert zoom.create_meeting("a/..?b@x", PLAN).id == "81418900011"


def test_a_long_title_is_cut_to_what_zoom_takes() -> None:
    assert len(NewMeeting("ä" * 201, NOW, 60, "UTC").body()["topic"]) == 200


def test_a_meeting_is_changed_with_the_same_fields(http: RequestsMock, zoom: Zoom) -> None:
    grant(http)
    http.patch(f"{API}/meetings/81418900011", status=204)
    zoom.change_meeting("81418900011", PLAN)
    assert json.loads(str(sent(http)[0].body or b"", "utf-8")) == PLAN.body()


def test_deleting_a_meeting_that_is_gone_is_as_good_as_deleting_it(http: RequestsMock, zoom: Zoom) -> None:
    grant(http)
    http.delete(f"{API}/meetings/81418900011", status=204)
    http.delete(f"{API}/meetings/81418900011", status=404, json={"code": 3001, "message": "Meeting does not exist"})
    http.delete(f"{API}/meetings/81418900011", status=400, json={"code": 3002, "message": "in progress"})
    zoom.delete_meeting("81418900011")
    zoom.delete_meeting("81418900011")
    with pytest.raises(ZoomRefused):
        zoom.delete_meeting("81418900011")


def test_an_api_address_that_is_none_deletes_no_meeting(http: RequestsMock, zoom: Zoom) -> None:
    grant(http)
    body = {"code": 2300, "message": "This API endpoint is not recognized."}
    http.delete(f"{API}/meetings/81418900011", status=404, json=body)
    with pytest.raises(ZoomMisconfigured, match="ZOOM_API_URL"):
        zoom.delete_meeting("81418900011")


def test_a_start_link_is_fetched_fresh_and_hidden_from_logs(http: RequestsMock, zoom: Zoom) -> None:
    grant(http)
    http.get(f"{API}/meetings/81418900011", json=MADE)
    meeting = zoom.meeting("81418900011")
    assert meeting.start_url == MADE["start_url"]
    assert "s3cret" not in repr(meeting)
