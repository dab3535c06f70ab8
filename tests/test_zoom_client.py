"""The Zoom client: signing in, meetings, and the lists of past ones."""

import json
import re
import threading
from base64 import b64encode
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qs

import pytest
import requests
import responses
from responses import RequestsMock

from tests.fake_zoom import API, OAUTH, grant, sent
from tests.makers import CLIENT_SECRET, NOW, Clock, at, participant, settings
from tracker.attendance.meeting_options import MeetingOptions
from tracker.attendance.types import Session, Stay, Where
from tracker.errors import NotConfigured, ZoomMisconfigured, ZoomRateLimited, ZoomRefused, ZoomUnreachable
from tracker.zoom import NewMeeting, Zoom
from tracker.zoom.client import MOST_PAGES
from tracker.zoom.connection import SCOPES_TRIED_AGAIN_SECONDS

PLAN = NewMeeting("Algebra 7B", NOW, 60, "Europe/Berlin")
MADE = {
    "uuid": "eMWIqFAKEQyRdgwM/cYe1Q==",
    "id": 81418900011,
    "topic": "Algebra 7B",
    "join_url": "https://us05web.zoom.us/j/81418900011?pwd=x.1",
    "start_url": "https://us05web.zoom.us/s/81418900011?zak=s3cret.start",
    "settings": {"waiting_room": True},
}
HOSTS = ("bea@x.example", "cy@x.example", "an-Id")
LIST = f"{API}/past_meetings/u1/participants"
EMPTY = {"participants": [], "next_page_token": ""}


@pytest.fixture
def zoom(clock: Clock) -> Zoom:
    return Zoom(settings(), clock, clock.monotonic)


def bearers(http: RequestsMock) -> list[str]:
    return [request.headers["Authorization"] for request in sent(http)]


# Signing in


def test_a_token_is_asked_for_in_the_body_with_the_apps_credentials(http: RequestsMock, zoom: Zoom) -> None:
    grant(http, scope="meeting:read:meeting:admin  meeting:write:meeting:admin")
    token = zoom.token()
    (request,) = sent(http, OAUTH)
    assert parse_qs(str(request.body)) == {"grant_type": ["account_credentials"], "account_id": ["account-1"]}
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    credentials = b64encode(f"client-1:{CLIENT_SECRET}".encode()).decode()
    assert request.headers["Authorization"] == f"Basic {credentials}"
    assert request.url == OAUTH
    assert (token.value, token.scopes) == (
        "token-1",
        {"meeting:read:meeting:admin", "meeting:write:meeting:admin"},
    )


def test_a_token_serves_until_shortly_before_its_end(http: RequestsMock, zoom: Zoom, clock: Clock) -> None:
    grant(http, "token-1", "token-2")
    assert zoom.token().value == "token-1"
    clock.forward(seconds=3600 - 121)
    assert zoom.token().value == "token-1"
    clock.forward(seconds=1)
    assert zoom.token().value == "token-2"


@pytest.mark.parametrize("life", [120, 60, 1])
def test_a_short_token_serves_for_half_its_life(http: RequestsMock, zoom: Zoom, clock: Clock, life: int) -> None:
    grant(http, "token-1", "token-2", expires_in=life)
    zoom.token()
    clock.forward(seconds=life * 0.49)
    assert zoom.token().value == "token-1"
    clock.forward(seconds=life * 0.02)
    assert zoom.token().value == "token-2"


@pytest.mark.parametrize("life", [None, "soon", 0, -5, 1.5, [], 10**400])
def test_a_token_without_a_usable_life_is_taken_for_an_hour(
    http: RequestsMock, zoom: Zoom, clock: Clock, life: object
) -> None:
    grant(http, "token-1", "token-2", expires_in=life)
    zoom.token()
    clock.forward(seconds=3479)
    assert zoom.token().value == "token-1"
    clock.forward(seconds=1)
    assert zoom.token().value == "token-2"


def test_a_token_that_zoom_no_longer_takes_is_replaced_once(http: RequestsMock, zoom: Zoom) -> None:
    grant(http, "token-1", "token-2")
    http.get(LIST, status=401, json={"code": 124, "message": "Access token is expired."})
    http.get(LIST, json=EMPTY)
    assert list(zoom.past_participants("u1").stays) == []
    assert bearers(http) == ["Bearer token-1", "Bearer token-2"]
    assert list(zoom.past_participants("u1").stays) == []
    assert bearers(http)[-1] == "Bearer token-2"


def test_a_fresh_token_that_is_refused_as_well_is_an_error(http: RequestsMock, zoom: Zoom) -> None:
    grant(http, "token-1", "token-2", "token-3")
    http.get(LIST, status=401, json={"code": 124, "message": "Invalid access token."})
    with pytest.raises(ZoomMisconfigured, match="refuses the app's access token"):
        zoom.past_participants("u1")
    assert bearers(http) == ["Bearer token-1", "Bearer token-2"]


LACKS = {"code": 4711, "message": "Invalid access token, does not contain scopes:[a, a:admin]."}


def test_a_scope_that_was_just_granted_works_under_a_fresh_token(http: RequestsMock, zoom: Zoom) -> None:
    grant(http, "token-1", "token-2")
    http.get(LIST, status=400, json=LACKS)
    http.get(LIST, json=EMPTY)
    assert zoom.past_participants("u1").stays == ()
    assert bearers(http) == ["Bearer token-1", "Bearer token-2"]


def test_a_scope_that_is_missing_for_good_asks_for_a_token_a_minute_at_most(
    http: RequestsMock, zoom: Zoom, clock: Clock
) -> None:
    grant(http, "token-1", "token-2", "token-3", "token-4")
    http.get(LIST, status=400, json=LACKS)

    def refused() -> int:
        """How many calls it takes to be refused."""
        before = len(sent(http))
        with pytest.raises(ZoomMisconfigured, match="lacks the scope a:admin"):
            zoom.past_participants("u1")
        return len(sent(http)) - before

    assert [refused(), refused(), refused()] == [2, 1, 1]
    clock.forward(seconds=SCOPES_TRIED_AGAIN_SECONDS)
    assert [refused(), refused()] == [2, 1]
    assert len(sent(http, OAUTH)) == 3


def test_several_threads_share_one_token(http: RequestsMock, zoom: Zoom) -> None:
    asked = threading.Event()

    def slow(_: object) -> tuple[int, dict[str, str], str]:
        asked.wait(timeout=60)
        return 200, {}, json.dumps({"access_token": "token-1", "expires_in": 3600})

    http.add_callback(responses.POST, OAUTH, slow)
    values: list[str] = []
    threads = [threading.Thread(target=lambda: values.append(zoom.token().value)) for _ in range(8)]
    for thread in threads:
        thread.start()
    asked.set()
    for thread in threads:
        thread.join(timeout=60)
    assert values == ["token-1"] * 8
    assert len(sent(http, OAUTH)) == 1


@pytest.mark.parametrize("missing", ["ZOOM_ACCOUNT_ID", "ZOOM_CLIENT_ID", "ZOOM_CLIENT_SECRET"])
def test_without_all_credentials_zoom_is_not_asked(http: RequestsMock, missing: str) -> None:
    with pytest.raises(NotConfigured, match="ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID and ZOOM_CLIENT_SECRET"):
        Zoom(settings(**{missing: ""})).past_participants("u1")
    assert not http.calls


def test_the_addresses_of_zoom_are_settings(http: RequestsMock) -> None:
    http.post("http://127.0.0.1:9/token", json={"access_token": "t"})
    http.get("http://127.0.0.1:9/v2/past_meetings/u1/participants", json=EMPTY)
    elsewhere = settings(ZOOM_API_URL="http://127.0.0.1:9/v2/", ZOOM_OAUTH_URL="http://127.0.0.1:9/token")
    assert list(Zoom(elsewhere).past_participants("u1").stays) == []


# Meetings


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


# Past meetings


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


# Zoom's clock


@pytest.mark.parametrize(
    ("headers", "offset"),
    [
        ({"Date": "Thu, 14 May 2026 12:00:00 GMT"}, 0),
        ({"Date": "Thu, 14 May 2026 11:50:00 GMT"}, 600),
        ({"Date": "Thu, 14 May 2026 14:00:30 +0200"}, -30),
        ({"Date": "yesterday"}, None),
        ({"Date": ""}, None),
        ({"Date": "Fri, 31 Dec 9999 23:59:59 -2300"}, None),
        ({"Date": "Mon, 1 Jan 2024 00:00:00 +99999999999999999999"}, None),
        ({}, None),
    ],
)
def test_the_clock_is_compared_with_zooms(
    http: RequestsMock, zoom: Zoom, headers: dict[str, str], offset: float | None
) -> None:
    http.head(API, headers=headers, status=404)
    assert zoom.clock_offset() == offset


# Registrants

REGISTRANTS = f"{API}/meetings/81418900011/registrants"


@pytest.mark.parametrize(
    ("told", "read"),
    [(0, "on"), (1, "on"), (2, "off"), (3, None), (True, None), ("0", None), (None, None)],
)
def test_whether_a_meeting_has_registration_is_read_back(
    http: RequestsMock, zoom: Zoom, told: object, read: str | None
) -> None:
    grant(http)
    http.get(f"{API}/meetings/81418900011", json=MADE | {"settings": {"approval_type": told}})
    assert zoom.meeting("81418900011").options == MeetingOptions(registration=read)


def test_registrants_are_read_page_by_page(http: RequestsMock, zoom: Zoom) -> None:
    grant(http)
    pages = [
        {"registrants": [{"email": "Bo@x.example", "join_url": "https://zoom.us/w/1?tk=s"}], "next_page_token": "n"},
        {"registrants": [{"email": " cy@x.example"}], "next_page_token": ""},
    ]
    for one in pages:
        http.get(REGISTRANTS, json=one)
    assert zoom.registrants("81418900011", "approved") == {"bo@x.example", "cy@x.example"}
    assert [parse_qs(str(one.url).partition("?")[2])["status"] for one in sent(http)] == [["approved"]] * 2


def test_a_page_of_registrants_that_repeats_is_no_whole_list(http: RequestsMock, zoom: Zoom) -> None:
    grant(http)
    http.get(REGISTRANTS, json={"registrants": [], "next_page_token": "n"})
    with pytest.raises(ZoomUnreachable, match="repeats"):
        zoom.registrants("81418900011", "approved")


def test_names_of_a_registrant_are_as_long_as_zoom_takes_them(http: RequestsMock, zoom: Zoom) -> None:
    grant(http)
    http.post(REGISTRANTS, status=201, json={"registrant_id": "r"})
    zoom.register("81418900011", "bo@x.example", "B" * 70, "")
    (request,) = sent(http)
    assert json.loads(request.body or b"") == {"email": "bo@x.example", "first_name": "B" * 64}


def test_the_limit_of_one_registrant_holds_back_no_other_call(http: RequestsMock, clock: Clock) -> None:
    held_back: list[object] = []

    class Limiter:
        def admit(self, category: object) -> None: ...

        def pause(self, category: object, until: datetime) -> None:
            held_back.append(category)

        def admit_write(self, host: str) -> None: ...

        def stop_writes(self, host: str) -> None: ...

    grant(http)
    limit = "daily rate limit of (3) for Add meeting registrant API requests"
    message = f"You have exceeded the {limit} for the registrant (bo@x.example)."
    http.post(REGISTRANTS, status=429, json={"code": 429, "message": message})
    with pytest.raises(ZoomRateLimited) as refused:
        Zoom(settings(), clock, clock.monotonic, Limiter()).register("81418900011", "bo@x.example", "Bo", "")
    assert (refused.value.code, refused.value.details, held_back) == ("zoom_registrant_used_up", {}, [])


def test_a_refusal_of_a_registrant_comes_without_her_address(http: RequestsMock, zoom: Zoom) -> None:
    grant(http)
    http.post(REGISTRANTS, status=400, json={"code": 300, "message": "The e-mail bo@x.example is not valid."})
    with pytest.raises(ZoomRefused) as refused:
        zoom.register("81418900011", "bo@x.example", "Bo", "")
    assert refused.value.details["message"] == "The e-mail … is not valid."
