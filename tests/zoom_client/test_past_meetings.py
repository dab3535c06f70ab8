"""The Zoom client reads past meetings, their sessions and who was there."""

import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

import pytest
import requests
import responses
from responses import RequestsMock

from tests.fake_zoom import API, grant, sent
from tests.makers import NOW, at, participant
from tests.zoom_client.answers import LIST
from tracker.attendance.types import Session, Stay, Where
from tracker.errors import ZoomUnreachable
from tracker.zoom import Zoom
from tracker.zoom.client import MOST_PAGES


def test_every_page_of_a_list_is_read_with_the_token_of_the_page_before(http: RequestsMock, zoom: Zoom) -> None:
    grant(http)
    pages = (("", "a+/="), ("a+/=", "b"), ("b", ""))
    for number, (_, following) in enumerate(pages):
        records = [participant(f"P{number}", number, 60), participant(f"Q{number}", number, 60)]
        http.get(LIST, json={"participants": records, "next_page_token": following})
    progress: list[int] = []
    stays = zoom.past_participants("u1", progress.append).stays
    assert [one.name for one in stays] == ["P0", "Q0", "P1", "Q1", "P2", "Q2"]
    assert progress == [2, 4, 6]
    queries = [parse_qs(str(request.url).partition("?")[2]) for request in sent(http)]
    assert [query["page_size"] for query in queries] == [["300"]] * 3
    assert [query.get("next_page_token", [""])[0] for query in queries] == [given for given, _ in pages]


def test_a_record_becomes_a_stay(http: RequestsMock, zoom: Zoom) -> None:
    grant(http)
    there = participant("Zoë 👩‍🏫", 0, 30, " Zoe@School.example ", id="acc-7", registrant_id="reg-9")
    outside = participant("Ben", -2, 0, status="in_waiting_room", user_id=16779264)
    http.get(LIST, json={"participants": [there, outside]})
    assert list(zoom.past_participants("u1").stays) == [
        Stay(
            "Zoë 👩‍🏫",
            "Zoe@School.example",
            at(0),
            at(30),
            1800,
            Where.MEETING,
            "16778240",
            "acc-7",
            "reg-9",
            "u1",
        ),
        Stay("Ben", "", at(-2), at(0), 120, Where.WAITING_ROOM, "16779264", "", "", "u1"),
    ]


@pytest.mark.parametrize(
    ("field", "given", "attribute", "expected"),
    [
        ("name", None, "name", ""),
        ("name", 42, "name", "42"),
        ("name", "a\0b", "name", "ab"),
        ("name", "\ud83d!", "name", "?!"),
        ("user_email", None, "email", ""),
        ("join_time", "", "join", None),
        ("join_time", None, "join", None),
        ("join_time", 1778752691, "join", None),
        ("join_time", "2026-05-14T14:00:00.900+02:00", "join", NOW),
        ("leave_time", "0001-01-01T00:00:00+14:00", "leave", None),
        ("duration", None, "seconds", 0),
        ("duration", "3600", "seconds", 3600),
        ("duration", 59.9, "seconds", 59),
        ("duration", -1, "seconds", 0),
        ("duration", "NaN", "seconds", 0),
        ("duration", "Infinity", "seconds", 0),
        ("duration", [], "seconds", 0),
        ("duration", 10**30, "seconds", 10**7),
        ("status", None, "where", Where.MEETING),
        ("status", "in_breakout_room", "where", Where.MEETING),
        ("status", "in_waiting_room", "where", Where.WAITING_ROOM),
    ],
)
def test_an_odd_field_leaves_the_rest_of_the_record_whole(
    http: RequestsMock, zoom: Zoom, field: str, given: object, attribute: str, expected: object
) -> None:
    grant(http)
    http.get(LIST, json={"participants": [participant("Ana", 0, 60) | {field: given}]})
    (found,) = zoom.past_participants("u1").stays
    assert getattr(found, attribute) == expected
    assert found.session_uuid == "u1"


def test_a_record_without_fields_is_still_a_record(http: RequestsMock, zoom: Zoom) -> None:
    grant(http)
    http.get(LIST, json={"participants": [{}]})
    assert list(zoom.past_participants("u1").stays) == [Stay("", "", None, None, 0, session_uuid="u1")]


@pytest.mark.parametrize("tokens", [["a", "a"], ["a", "b", "a"], [7], [["a"]]])
def test_a_page_token_that_leads_nowhere_new_is_an_error(http: RequestsMock, zoom: Zoom, tokens: list[Any]) -> None:
    grant(http)
    for token in tokens:
        http.get(LIST, json={"participants": [participant("Ana", 0, 60)], "next_page_token": token})
    with pytest.raises(ZoomUnreachable, match="a page token that repeats"):
        zoom.past_participants("u1")


@pytest.mark.slow
def test_pages_without_end_are_an_error(http: RequestsMock, zoom: Zoom) -> None:
    grant(http)
    tokens = iter(range(10**6))

    def endless(_: object) -> tuple[int, dict[str, str], str]:
        return 200, {}, json.dumps({"participants": [], "next_page_token": f"page-{next(tokens)}"})

    http.add_callback(responses.GET, LIST, endless)
    with pytest.raises(ZoomUnreachable, match="pages without end"):
        zoom.past_participants("u1")
    assert next(tokens) == MOST_PAGES


@pytest.mark.parametrize(
    ("meeting", "piece"),
    [
        ("81418900011", "81418900011"),
        ("eMWIqFAKEQyRdgwMcYe1Q==", "eMWIqFAKEQyRdgwMcYe1Q%3D%3D"),
        ("8/1CfakekGvH8gZ+3Fvgg==", "8%2F1CfakekGvH8gZ%2B3Fvgg%3D%3D"),
        ("/ajXfakekGvH8gZ+3Fvgg==", "%252FajXfakekGvH8gZ%252B3Fvgg%253D%253D"),
        ("a//Xfakek", "a%252F%252FXfakek"),
        ("../users?x#y", "..%2Fusers%3Fx%23y"),
    ],
)
@pytest.mark.parametrize("call", [Zoom.past_meeting, Zoom.past_participants])
def test_a_uuid_is_encoded_as_zoom_wants_it(
    http: RequestsMock, zoom: Zoom, call: Callable[[Zoom, str], object], meeting: str, piece: str
) -> None:
    grant(http)
    requests_seen: list[str] = []

    def note(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        requests_seen.append(request.path_url)
        return 200, {}, json.dumps({"participants": [], "uuid": "u1", "start_time": "2026-05-14T12:00:00Z"})

    http.add_callback(responses.GET, re.compile(".*"), note)
    call(zoom, meeting)
    assert requests_seen[0].startswith(f"/v2/past_meetings/{piece}")
    assert requests_seen[0].removeprefix(f"/v2/past_meetings/{piece}")[:1] in ("", "/")


def test_a_past_meeting_has_its_real_start_and_end(http: RequestsMock, zoom: Zoom) -> None:
    grant(http)
    reply = {"uuid": "u1", "id": 81418900011, "start_time": "2026-05-14T11:58:10Z", "duration": 63}
    http.get(f"{API}/past_meetings/81418900011", json=reply | {"end_time": "2026-05-14T13:01:40Z"})
    http.get(f"{API}/past_meetings/81418900011", json=reply)
    start = datetime.fromisoformat("2026-05-14T11:58:10Z")
    assert zoom.past_meeting("81418900011") == Session("u1", start, datetime.fromisoformat("2026-05-14T13:01:40Z"))
    assert zoom.past_meeting("81418900011") == Session("u1", start, None)


def test_the_sessions_of_a_meeting_come_in_order_of_their_start(http: RequestsMock, zoom: Zoom) -> None:
    grant(http)
    entries = [
        {"uuid": "late", "start_time": "2026-05-14T13:00:00Z"},
        {"uuid": "early", "start_time": "2026-05-14T12:00:00Z"},
        {"uuid": "never", "start_time": ""},
    ]
    http.get(f"{API}/past_meetings/81418900011/instances", json={"meetings": entries})
    assert zoom.instances("81418900011") == [("early", at(0)), ("late", at(60))]


@pytest.mark.parametrize("count", [-1, 10**6, 10**30, True, "9", None])
def test_a_number_of_participants_that_makes_no_sense_is_not_known(
    http: RequestsMock, zoom: Zoom, count: object
) -> None:
    grant(http)
    reply = {"uuid": "u1", "start_time": "2026-05-14T12:00:00Z", "participants_count": count}
    http.get(f"{API}/past_meetings/u1", json=reply)
    assert zoom.past_meeting("u1").zooms_count is None
