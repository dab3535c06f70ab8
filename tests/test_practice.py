"""The practice Zoom, asked as a client asks Zoom: over HTTP on this machine."""

import hashlib
import hmac
import json
import queue
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import requests

from tracker.practice import PracticeSettings, PracticeZoom

HOST = "teacher@school.example"
ALL_SCOPES = (
    *PracticeSettings(account_id="", client_id="", client_secret="", webhook_secret="").scopes,
    "meeting:update:status:admin",
    "meeting:read:list_meetings:admin",
    "user:read:user:admin",
)
SETTINGS = PracticeSettings(
    account_id="acc", client_id="client", client_secret="s3cret", webhook_secret="hook", scopes=ALL_SCOPES
)


class Clock:
    """A time that passes only when it is told to."""

    def __init__(self) -> None:
        self.time = datetime(2026, 5, 14, 10, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def forward(self, **span: float) -> None:
        self.time += timedelta(**span)


class Client:
    """Asks one practice Zoom with a token for everything."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.trust_env = False
        self.new_token()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()

    def new_token(self) -> None:
        fields = {"grant_type": "account_credentials", "account_id": "acc"}
        answer = self.session.post(f"{self.url}/oauth/token", data=fields, auth=("client", "s3cret"), timeout=5)
        self.session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def call(self, method: str, path: str, **rest: Any) -> requests.Response:
        return self.session.request(method, self.url + path, timeout=5, **rest)

    def get(self, path: str, **query: Any) -> requests.Response:
        return self.call("GET", "/v2" + path, params=query)

    def error(self, path: str, **query: Any) -> tuple[int, int, str]:
        answer = self.get(path, **query)
        return answer.status_code, answer.json()["code"], answer.json()["message"]

    def create(self, **fields: Any) -> Any:
        answer = self.call("POST", f"/v2/users/{HOST}/meetings", json={"topic": "Algebra 7B", **fields})
        assert answer.status_code == 201
        return answer.json()

    def practice(self, path: str, content: Any = None, method: str = "POST") -> Any:
        answer = self.call(method, "/practice" + path, json=content if content is not None else {})
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def hold(self, clock: Clock, names: tuple[str, ...], meeting: int | None = None) -> tuple[int, str]:
        """A meeting of one hour in which each person comes ten minutes after the one before."""
        number = meeting or self.create()["id"]
        uuid = self.practice(f"/meetings/{number}/start")["uuid"]
        for name in names:
            clock.forward(minutes=10)
            self.practice(f"/meetings/{number}/join", {"name": name})
        clock.forward(minutes=60 - 10 * len(names))
        self.practice(f"/meetings/{number}/end")
        self.new_token()
        return number, uuid

    def participants(self, meeting: object, **query: Any) -> Any:
        return self.get(f"/past_meetings/{quote(quote(str(meeting), safe=''), safe='')}/participants", **query)


@dataclass
class Receiver:
    """A receiver of webhooks. It answers with the statuses in `answers`, then with 200."""

    url: str
    got: queue.Queue[tuple[dict[str, str], bytes]]
    answers: list[int]
    secret: str = "hook"

    def next(self) -> tuple[dict[str, str], bytes]:
        return self.got.get(timeout=5)

    def events(self, count: int) -> list[dict[str, Any]]:
        return [json.loads(self.next()[1]) for _ in range(count)]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            content = json.loads(body)
            reply = b""
            if content["event"] == "endpoint.url_validation":
                token = content["payload"]["plainToken"]
                digest = hmac.new(found.secret.encode(), token.encode(), hashlib.sha256).hexdigest()
                reply = json.dumps({"plainToken": token, "encryptedToken": digest}).encode()
            found.got.put(({name.lower(): text for name, text in self.headers.items()}, body))
            self.send_response(found.answers.pop(0) if found.answers else 200)
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found = Receiver(f"http://127.0.0.1:{server.server_address[1]}/hook", queue.Queue(), [])
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def clock() -> Clock:
    return Clock()


Open = Callable[..., Client]


@pytest.fixture
def serve(clock: Clock) -> Iterator[Open]:
    """Starts a practice Zoom with the given settings changed, and returns a client of it."""
    with ExitStack() as stack:

        def start(**changes: Any) -> Client:
            zoom = stack.enter_context(PracticeZoom(replace(SETTINGS, **changes), clock))
            return stack.enter_context(Client(zoom.url))

        yield start


@pytest.fixture
def zoom(serve: Open) -> Client:
    return serve()


def wait_until(fact: Callable[[], bool]) -> None:
    """Wait for the background sender to note what the receiver has already seen."""
    deadline = time.monotonic() + 5
    while not fact():
        assert time.monotonic() < deadline
        time.sleep(0.005)


# -- tokens


def test_a_token_is_given_for_a_form_body_and_for_a_query_string(zoom: Client) -> None:
    fields = {"grant_type": "account_credentials", "account_id": "acc"}
    for where in ("data", "params"):
        answer = zoom.call("POST", "/oauth/token", auth=("client", "s3cret"), **{where: fields})
        assert answer.status_code == 200
        assert answer.json()["token_type"] == "bearer"
        assert answer.json()["expires_in"] == 3600
        assert answer.json()["scope"].split() == list(ALL_SCOPES)
        assert answer.json()["api_url"] == zoom.url


@pytest.mark.parametrize(
    ("secret", "grant", "account", "error"),
    [
        ("wrong", "account_credentials", "acc", "invalid_client"),
        ("s3cret", "client_credentials", "acc", "unsupported_grant_type"),
        ("s3cret", "account_credentials", "other", "invalid_request"),
    ],
)
def test_the_token_endpoint_refuses_with_reason_and_error(
    zoom: Client, secret: str, grant: str, account: str, error: str
) -> None:
    fields = {"grant_type": grant, "account_id": account}
    answer = zoom.call("POST", "/oauth/token", data=fields, auth=("client", secret))
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert set(answer.json()) == {"reason", "error"}


def test_a_wrong_token_and_an_expired_one_are_told_apart(zoom: Client, clock: Clock) -> None:
    clock.forward(seconds=3600)
    assert zoom.error("/users/me") == (401, 124, "Access token is expired.")
    zoom.new_token()
    assert zoom.get("/users/me").status_code == 200
    zoom.session.headers["Authorization"] = f"{zoom.session.headers['Authorization']!s}x"
    assert zoom.error("/users/me") == (401, 124, "Invalid access token.")
    del zoom.session.headers["Authorization"]
    assert zoom.error("/users/me") == (401, 124, "Invalid access token.")


def test_a_missing_scope_is_named_in_zooms_words(serve: Open) -> None:
    zoom = serve(scopes=("meeting:read:meeting:admin",))
    assert zoom.error("/past_meetings/1/participants") == (
        400,
        4711,
        "Invalid access token, does not contain scopes:[meeting:read:list_past_participants, "
        "meeting:read:list_past_participants:admin].",
    )


# -- meetings


def test_a_created_meeting_has_zooms_shape(zoom: Client) -> None:
    meeting = zoom.create(
        start_time="2026-06-01T10:00:00", timezone="Europe/Berlin", duration=45, settings={"waiting_room": True}
    )
    assert type(meeting["id"]) is int
    assert len(str(meeting["id"])) == 11
    assert meeting["start_time"] == "2026-06-01T08:00:00Z"
    assert (meeting["status"], meeting["duration"], meeting["host_email"]) == ("waiting", 45, HOST)
    assert meeting["settings"]["waiting_room"] is True
    assert meeting["join_url"].startswith(f"{zoom.url}/j/{meeting['id']}?pwd=")
    assert meeting["join_url"].endswith(meeting["encrypted_password"])
    assert meeting["start_url"].startswith(f"{zoom.url}/s/{meeting['id']}?zak=")
    assert zoom.get(f"/meetings/{meeting['id']}").json() == meeting


def test_a_meeting_without_passcode_has_no_password_fields(zoom: Client) -> None:
    meeting = zoom.create(default_password=False)
    assert "password" not in meeting
    assert "encrypted_password" not in meeting
    assert meeting["join_url"] == f"{zoom.url}/j/{meeting['id']}"


@pytest.mark.parametrize(
    ("fields", "faulty"),
    [
        ({"topic": None}, ["topic"]),
        ({"topic": "x" * 201}, ["topic"]),
        ({"topic": "x", "timezone": "Mars/Olympus", "duration": 0}, ["duration", "timezone"]),
        ({"topic": "x", "duration": "60"}, ["duration"]),
        ({"topic": "x", "start_time": "next Monday"}, ["start_time"]),
        ({"topic": "x", "start_time": "2026-02-30T10:00:00Z"}, ["start_time"]),
        ({"topic": "x", "settings": {"jbh_time": 7}}, ["settings.jbh_time"]),
        ({"topic": "x", "settings": {"waiting_room": "yes"}}, ["settings.waiting_room"]),
        ({"topic": "x", "settings": []}, ["settings"]),
    ],
)
def test_every_wrong_field_of_a_meeting_is_named(zoom: Client, fields: dict[str, Any], faulty: list[str]) -> None:
    answer = zoom.call("POST", f"/v2/users/{HOST}/meetings", json=fields)
    assert (answer.status_code, answer.json()["code"]) == (400, 300)
    assert answer.json()["message"] == "Validation Failed."
    assert sorted(error["field"] for error in answer.json()["errors"]) == faulty


def test_a_body_that_is_no_object_is_refused(zoom: Client) -> None:
    for body in (b"{", b"[]", b'{"topic":"\\ud800"}'):
        answer = zoom.call("POST", f"/v2/users/{HOST}/meetings", data=body)
        assert (answer.status_code, answer.json()["code"]) == (400, 300)
        assert answer.json()["message"] == "Request Body should be a valid JSON object."


def test_users_are_known_by_mail_and_then_by_id(zoom: Client) -> None:
    unknown = (404, 1001, "User does not exist: someone@elsewhere.example.")
    assert zoom.error("/users/someone@elsewhere.example") == unknown
    user = zoom.get(f"/users/{HOST}").json()
    assert zoom.get(f"/users/{user['id']}").json() == user
    assert zoom.create()["host_id"] == user["id"]
    assert zoom.get("/users/me").json()["type"] == 2


def test_the_hundred_and_first_write_of_the_day_waits_for_midnight(zoom: Client, clock: Clock) -> None:
    number = zoom.create()["id"]
    for _ in range(99):
        assert zoom.call("PATCH", f"/v2/meetings/{number}", json={"topic": "Again"}).status_code == 204
    answer = zoom.call("POST", f"/v2/users/{HOST}/meetings", json={"topic": "One more"})
    assert (answer.status_code, answer.json()["code"]) == (429, 429)
    assert "(100) of Meeting Create/Update" in answer.json()["message"]
    assert answer.headers["X-RateLimit-Category"] == "Light"
    assert "Retry-After" not in answer.headers
    assert zoom.call("POST", "/v2/users/other@school.example/meetings", json={"topic": "x"}).status_code == 201
    clock.forward(days=1)
    zoom.new_token()
    zoom.create()


def test_a_meeting_can_be_changed_and_deleted(zoom: Client) -> None:
    number = zoom.create(start_time="2026-06-01T10:00:00Z")["id"]
    change = {"topic": "Moved", "start_time": "2020-01-01T10:00:00Z", "settings": {"mute_upon_entry": True}}
    answer = zoom.call("PATCH", f"/v2/meetings/{number}", json=change)
    assert (answer.status_code, answer.content) == (204, b"")
    meeting = zoom.get(f"/meetings/{number}").json()
    assert (meeting["topic"], meeting["start_time"]) == ("Moved", "2026-06-01T10:00:00Z")
    assert meeting["settings"]["mute_upon_entry"] is True
    assert zoom.call("DELETE", f"/v2/meetings/{number}").status_code == 204
    gone = (404, 3001, f"Meeting does not exist: {number}.")
    assert zoom.error(f"/meetings/{number}") == gone
    assert zoom.call("DELETE", f"/v2/meetings/{number}").status_code == 404


def test_a_running_meeting_is_started_cannot_be_deleted_and_can_be_ended(zoom: Client) -> None:
    number = zoom.create()["id"]
    zoom.practice(f"/meetings/{number}/start")
    assert zoom.get(f"/meetings/{number}").json()["status"] == "started"
    assert zoom.call("DELETE", f"/v2/meetings/{number}").json()["code"] == 3002
    assert zoom.call("PUT", f"/v2/meetings/{number}/status", json={"action": "x"}).status_code == 400
    assert zoom.call("PUT", f"/v2/meetings/{number}/status", json={"action": "end"}).status_code == 204
    assert zoom.get(f"/meetings/{number}").json()["status"] == "waiting"


def test_the_meetings_of_a_host_are_listed_by_kind(zoom: Client) -> None:
    coming, running = (zoom.create(start_time=f"2026-0{month}-01T10:00:00Z")["id"] for month in (6, 4))
    zoom.practice(f"/meetings/{running}/start")

    def listed(**query: Any) -> list[int]:
        return [row["id"] for row in zoom.get(f"/users/{HOST}/meetings", **query).json()["meetings"]]

    assert listed() == [coming, running]
    assert listed(type="live") == [running]
    assert listed(type="upcoming") == [coming]
    assert listed(type="previous_meetings") == []
    assert zoom.error(f"/users/{HOST}/meetings", type="odd")[:2] == (400, 300)


def test_a_path_that_zoom_does_not_have_is_not_found(zoom: Client) -> None:
    assert zoom.error("/nothing")[:2] == (404, 2300)


# -- past meetings


def test_participants_have_zooms_shape(zoom: Client, clock: Clock) -> None:
    number = zoom.create()["id"]
    uuid = zoom.practice(f"/meetings/{number}/start")["uuid"]
    waiting = zoom.practice(f"/meetings/{number}/join", {"name": "Ana Lima", "waiting_room": True})
    clock.forward(seconds=35)
    zoom.practice(f"/meetings/{number}/leave", waiting)
    zoom.practice(f"/meetings/{number}/join", {"name": "Ana Lima"})
    clock.forward(minutes=60)
    zoom.practice(f"/meetings/{number}/end")
    clock.forward(seconds=5)
    zoom.new_token()
    content = zoom.participants(uuid).json()
    host, knocked, inside = content.pop("participants")
    assert content == {"next_page_token": "", "page_count": 1, "page_size": 30, "total_records": 3}
    assert host["user_email"] == HOST
    assert host["id"] == zoom.get(f"/users/{HOST}").json()["id"]
    assert (host["internal_user"], host["duration"]) == (True, 3635)
    assert (knocked["status"], knocked["duration"]) == ("in_waiting_room", 35)
    assert inside == {
        "id": "",
        "user_id": str(int(host["user_id"]) + 2048),
        "name": "Ana Lima",
        "user_email": "",
        "join_time": "2026-05-14T10:00:35Z",
        "leave_time": "2026-05-14T11:00:35Z",
        "duration": 3600,
        "registrant_id": "",
        "failover": False,
        "status": "in_meeting",
        "internal_user": False,
    }
    assert zoom.participants(number).json()["participants"] == [host, knocked, inside]


def test_the_list_is_empty_then_has_gaps_then_is_complete(serve: Open, clock: Clock) -> None:
    zoom = serve(settle_seconds=100)
    _, uuid = zoom.hold(clock, ("Ana", "Ben", "Cleo", "Dia"))

    def rows() -> list[tuple[str, bool]]:
        return [(row["name"], row["duration"] > 0) for row in zoom.participants(uuid).json()["participants"]]

    clock.forward(seconds=39)
    assert rows() == []
    clock.forward(seconds=1)
    assert rows() == [("Teacher", True), ("Ana", False), ("Ben", True), ("Cleo", False)]
    clock.forward(seconds=60)
    assert rows() == [(name, True) for name in ("Teacher", "Ana", "Ben", "Cleo", "Dia")]


def test_nothing_is_incomplete_when_nothing_has_to_settle(serve: Open, clock: Clock) -> None:
    zoom = serve(settle_seconds=0)
    _, uuid = zoom.hold(clock, ("Ana",))
    assert zoom.participants(uuid).json()["total_records"] == 2


def test_a_meeting_of_one_person_has_no_list(serve: Open, clock: Clock) -> None:
    zoom = serve(settle_seconds=0)
    _, uuid = zoom.hold(clock, ())
    assert zoom.participants(uuid).json()["participants"] == []


def test_each_start_is_a_session_and_the_number_means_the_latest(serve: Open, clock: Clock) -> None:
    zoom = serve(settle_seconds=0)
    number, first = zoom.hold(clock, ("Ana", "Ben"))
    _, second = zoom.hold(clock, ("Cleo",), number)
    assert first != second
    assert [row["name"] for row in zoom.participants(number).json()["participants"]] == ["Teacher", "Cleo"]
    assert [row["name"] for row in zoom.participants(first).json()["participants"]][1:] == ["Ana", "Ben"]
    assert zoom.get(f"/past_meetings/{number}/instances").json() == {
        "meetings": [
            {"uuid": second, "start_time": "2026-05-14T11:00:00Z"},
            {"uuid": first, "start_time": "2026-05-14T10:00:00Z"},
        ]
    }
    past = zoom.get(f"/past_meetings/{number}").json()
    assert (past["uuid"], past["id"], past["duration"]) == (second, number, 60)
    assert (past["end_time"], past["participants_count"]) == ("2026-05-14T12:00:00Z", 2)


def test_a_meeting_that_runs_or_never_ran_has_no_past(zoom: Client) -> None:
    number = zoom.create()["id"]
    for _ in range(2):
        for path in ("", "/participants"):
            assert zoom.error(f"/past_meetings/{number}{path}")[:2] == (404, 3001)
        assert zoom.get(f"/past_meetings/{number}/instances").json() == {"meetings": []}
        zoom.practice(f"/meetings/{number}/start")
    assert zoom.error("/past_meetings/99999999999/instances")[:2] == (404, 3001)


def test_a_uuid_is_found_raw_and_encoded_unless_slashes_need_double_encoding(zoom: Client) -> None:
    term = {"host": HOST, "weeks": 12, "until": "2026-05-14T09:00:00Z"}
    numbers = [row["id"] for row in zoom.practice("/term", term)]
    found = [zoom.get(f"/past_meetings/{number}/instances").json()["meetings"] for number in numbers]
    uuids = [session["uuid"] for sessions in found for session in sessions]
    assert any(uuid.startswith("/") for uuid in uuids)
    assert any("//" in uuid for uuid in uuids)
    assert any("+" in uuid for uuid in uuids)
    for uuid in uuids:
        once = quote(uuid, safe="")
        hard = uuid.startswith("/") or "//" in uuid
        for path, works in ((uuid, not hard), (once, not hard), (quote(once, safe=""), True)):
            answer = zoom.call("GET", f"/v2/past_meetings/{path}")
            assert answer.status_code == (200 if works else 404)
            assert answer.json()["uuid" if works else "code"] == (uuid if works else 3001)


def test_pages_follow_each_other_and_their_tokens_expire(serve: Open, clock: Clock) -> None:
    zoom = serve(settle_seconds=0)
    _, uuid = zoom.hold(clock, ("Ana", "Ben", "Cleo", "Dia"))
    first = zoom.participants(uuid, page_size=2).json()
    assert (first["page_count"], first["total_records"], len(first["participants"])) == (3, 5, 2)
    second = zoom.participants(uuid, page_size=2, next_page_token=first["next_page_token"]).json()
    third = zoom.participants(uuid, page_size=2, next_page_token=second["next_page_token"]).json()
    assert third["next_page_token"] == ""
    names = [row["name"] for page in (first, second, third) for row in page["participants"]]
    assert names == ["Teacher", "Ana", "Ben", "Cleo", "Dia"]

    _, other = zoom.hold(clock, ("Eve", "Fay"))
    zoom.new_token()
    for token in ("nonsense", first["next_page_token"]):
        answer = zoom.participants(other, next_page_token=token)
        assert (answer.status_code, answer.json()["code"]) == (400, 300)
    fresh = zoom.participants(uuid, page_size=2).json()["next_page_token"]
    clock.forward(minutes=15)
    answer = zoom.participants(uuid, page_size=2, next_page_token=fresh)
    assert answer.json()["message"] == "The next page token is invalid or expired."
    for size in ("0", "301", "many"):
        assert zoom.participants(uuid, page_size=size).status_code == 400


def test_the_free_plan_has_no_participant_list(serve: Open) -> None:
    zoom = serve(plan="free")
    message = "Only available for paid account: acc."
    assert zoom.error("/past_meetings/81418900011/participants") == (400, 200, message)


def test_a_meeting_of_more_than_a_year_ago_is_closed(zoom: Client, clock: Clock) -> None:
    _, uuid = zoom.hold(clock, ("Ana",))
    clock.forward(days=365, seconds=1)
    zoom.new_token()
    answer = zoom.participants(uuid)
    assert (answer.status_code, answer.json()["code"]) == (400, 12702)


# -- faults


def test_faults_are_used_up_in_order_and_then_zoom_works_again(zoom: Client) -> None:
    daily = {"X-RateLimit-Type": "Daily-limit", "Retry-After": "2026-05-15T00:00:00Z"}
    plan = [
        {"match": "/users/me", "kind": "status", "status": 429, "body": {"code": 429}, "headers": daily},
        {"match": "/users/me", "kind": "html", "times": 2},
        {"match": "/users/me", "kind": "reset"},
        {"match": "/users/me", "kind": "cut"},
        {"match": "/elsewhere", "kind": "reset"},
    ]
    assert zoom.practice("/faults", plan) == {"faults": 5}
    limited = zoom.get("/users/me")
    assert (limited.status_code, limited.json()) == (429, {"code": 429})
    assert limited.headers["Retry-After"] == "2026-05-15T00:00:00Z"
    for _ in range(2):
        assert zoom.get("/users/me").status_code == 502
    for _ in range(2):
        with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
            zoom.get("/users/me")
    assert zoom.get("/users/me").status_code == 200
    zoom.practice("/faults", method="DELETE")
    assert zoom.get("/elsewhere").status_code == 404


def test_a_hanging_answer_outlasts_an_impatient_client_but_not_the_stop(clock: Clock) -> None:
    with PracticeZoom(SETTINGS, clock) as practice, Client(practice.url) as zoom:
        zoom.practice("/faults", [{"match": "/users/me", "kind": "hang", "seconds": 60}])
        with pytest.raises(requests.ReadTimeout):
            zoom.session.get(f"{zoom.url}/v2/users/me", timeout=0.05)
        began = time.monotonic()
        practice.stop()
        assert time.monotonic() - began < 2


def test_a_wrong_fault_is_refused(zoom: Client) -> None:
    wrong: tuple[Any, ...] = ({}, [{"match": "x", "kind": "flood"}], [{"match": "x", "kind": "cut", "times": "2"}], [1])
    for plan in wrong:
        assert zoom.call("POST", "/practice/faults", json=plan).status_code == 400


BAD_LUCK = {"share": 1, "seed": 5, "hang_seconds": 0.01, "retry_after_seconds": 3}


def outcome(zoom: Client, path: str, **query: Any) -> tuple[object, ...]:
    """How a call went: its status, its error code if it has one, and when it may be made again."""
    try:
        answer = zoom.get(path, **query)
    except requests.RequestException:
        return ("broken",)
    is_json = "json" in answer.headers["Content-Type"] and answer.content
    return answer.status_code, is_json and answer.json().get("code"), answer.headers.get("Retry-After")


def test_bad_luck_has_each_kind_in_turn_until_it_ends(zoom: Client) -> None:
    assert zoom.practice("/fault-plan", BAD_LUCK)["plan"] == BAD_LUCK
    # All fifteen kinds, since the call carries a page token.
    outcomes = [outcome(zoom, "/users/me", next_page_token="x") for _ in range(15)]
    assert outcomes.count(("broken",)) == 3  # a reset, one after a while, and half a body
    expected = [
        (429, 429, None),
        (429, 429, "3"),
        (429, 429, "2026-05-14T10:00:03Z"),
        (429, 429, "Thu, 14 May 2026 10:00:03 GMT"),
        (500, 500, None),
        (502, b"", None),
        (503, b"", None),
        (200, None, None),  # after a while
        (200, False, None),
        (502, False, None),
        (401, 124, None),
        (400, 300, None),
    ]
    assert sorted(map(repr, outcomes)) == sorted(map(repr, [*expected, *[("broken",)] * 3]))
    told = zoom.practice("/fault-plan", {})
    assert told["calls"] == 1 + 15  # the client's token was the first
    assert len(told["faults"]) == 15
    assert set(told["faults"].values()) == {1}
    assert zoom.get("/users/me").status_code == 200
    assert zoom.practice("/fault-plan", method="GET")["calls"] == 1 + 15 + 1


def test_bad_luck_fails_a_share_of_the_calls_each_as_it_can(zoom: Client) -> None:
    zoom.practice("/fault-plan", BAD_LUCK | {"share": 0.3})
    for _ in range(100):
        outcome(zoom, "/users/me")
        with suppress(requests.RequestException):
            zoom.call("POST", "/oauth/token")
    told = zoom.practice("/fault-plan", {})
    assert told["calls"] == 1 + 200
    assert 40 < sum(told["faults"].values()) < 80
    assert "lost page token" not in told["faults"]


@pytest.mark.parametrize("plan", [{"share": "0.3"}, {"seed": 0.5}, {"retry_after_seconds": 0.5}, {"often": 1}, []])
def test_a_wrong_plan_of_bad_luck_is_refused(zoom: Client, plan: object) -> None:
    assert zoom.call("POST", "/practice/fault-plan", json=plan).status_code == 400


# -- rate limits


def test_calls_beyond_the_plans_rate_are_refused_until_the_next_second(serve: Open, clock: Clock) -> None:
    zoom = serve(rate_limits="free")
    assert [zoom.get("/users/me").status_code for _ in range(6)] == [200] * 4 + [429] * 2
    assert [zoom.get(f"/users/{HOST}/meetings").status_code for _ in range(2)] == [200] * 2
    past = [zoom.get("/past_meetings/1/participants"), zoom.get("/past_meetings/1/instances")]
    assert [answer.status_code for answer in past] == [429, 429]
    limited = past[0]
    assert limited.json()["code"] == 429
    assert limited.headers["X-RateLimit-Category"] == "Medium"
    assert limited.headers["X-RateLimit-Type"] == "QPS"
    assert "Retry-After" not in limited.headers
    clock.forward(seconds=1)
    assert zoom.get("/past_meetings/1").status_code == 404
    assert zoom.practice("/calls", method="GET") == {
        "calls": {"Token": 1, "Light": 7, "Medium": 4},
        "refused": {"Light": 2, "Medium": 2},
    }


def test_without_limits_calls_are_only_counted(zoom: Client) -> None:
    assert {zoom.get("/users/me").status_code for _ in range(100)} == {200}
    assert zoom.practice("/calls", method="GET") == {"calls": {"Token": 1, "Light": 100}, "refused": {}}


# -- the sample term


def test_a_term_is_the_same_on_each_machine_and_made_only_once(serve: Open) -> None:
    ask = {"host": HOST, "weeks": 12, "until": "2026-05-14T09:00:00Z", "timezone": "Europe/Berlin"}
    here, there = serve(settle_seconds=0), serve(settle_seconds=0)
    mine = here.practice("/term", ask)
    assert here.practice("/term", {**ask, "until": "2026-05-20T09:00:00Z"}) == mine

    def facts(rows: Any) -> Any:
        return [{key: text for key, text in row.items() if key != "join_url"} for row in rows]

    assert facts(there.practice("/term", ask)) == facts(mine)
    for row in mine:
        assert there.participants(row["id"]).json() == here.participants(row["id"]).json()


def test_a_term_is_believable(serve: Open) -> None:
    zoom = serve(settle_seconds=0)
    rows = zoom.practice("/term", {"host": HOST, "weeks": 12, "until": "2026-05-14T09:00:00Z"})
    assert len(rows) == len({row["id"] for row in rows}) == 36
    assert len({row["course"] for row in rows}) in (2, 3)
    starts = [row["start_time"] for row in rows]
    assert starts == sorted(starts)
    assert starts[-1] < "2026-05-14T09:00:00Z"
    assert starts[0] > "2026-02-15"
    answers = {row["id"]: zoom.participants(row["id"], page_size=300) for row in rows}
    not_held = [number for number, answer in answers.items() if answer.status_code == 404]
    assert len(not_held) == 1
    lists = [answer.json()["participants"] for answer in answers.values() if answer.status_code == 200]
    assert [] in lists
    assert all(5 <= len({row["name"] for row in people}) <= 60 for people in lists if people)
    everybody = [row for people in lists for row in people]
    assert all(row["duration"] > 0 and row["join_time"] < row["leave_time"] for row in everybody)
    assert {row["status"] for row in everybody} == {"in_meeting", "in_waiting_room"}
    assert {row["internal_user"] for row in everybody} == {True, False}
    assert any(row["name"].endswith("(iPhone)") for row in everybody)
    assert any(row["name"].startswith("4930") for row in everybody)
    assert any(not row["name"].isascii() for row in everybody)
    sessions = [zoom.get(f"/past_meetings/{row['id']}/instances").json()["meetings"] for row in rows]
    assert any(len(each) == 2 for each in sessions)


def test_hosts_have_terms_of_their_own_and_odd_wishes_are_refused(zoom: Client) -> None:
    mine = zoom.practice("/term", {"host": HOST, "weeks": 2})
    other = zoom.practice("/term", {"host": "maria.silva@school.example", "weeks": 2})
    assert not {row["id"] for row in mine} & {row["id"] for row in other}
    wrong: tuple[Any, ...] = (
        {"host": "who@elsewhere.example"},
        {"host": HOST, "weeks": 0},
        {"host": HOST, "weeks": 3, "until": "soon"},
        {"host": HOST, "timezone": "Mars/Olympus"},
        [],
    )
    for wish in wrong:
        assert zoom.call("POST", "/practice/term", json=wish).status_code == 400


# -- webhooks


def test_webhooks_tell_the_whole_story_with_zooms_types(serve: Open, receiver: Receiver, clock: Clock) -> None:
    zoom = serve(webhook_url=receiver.url)
    meeting = zoom.create(topic="Größe & Maß")
    number = meeting["id"]
    zoom.call("PATCH", f"/v2/meetings/{number}", json={"topic": "Moved"})
    uuid = zoom.practice(f"/meetings/{number}/start")["uuid"]
    guest = zoom.practice(f"/meetings/{number}/join", {"name": "Zoë"})
    clock.forward(minutes=5)
    zoom.practice(f"/meetings/{number}/leave", guest)
    zoom.practice(f"/meetings/{number}/end")
    zoom.call("DELETE", f"/v2/meetings/{number}")
    created, updated, started, host_in, guest_in, guest_out, host_out, ended, deleted = receiver.events(9)
    assert [created["event"], updated["event"], deleted["event"]] == [
        "meeting.created",
        "meeting.updated",
        "meeting.deleted",
    ]
    assert created["payload"]["object"]["id"] == number
    assert created["payload"]["object"]["join_url"] == meeting["join_url"]
    assert updated["payload"]["object"] == {"id": number, "topic": "Moved"}
    assert updated["payload"]["old_object"] == {"id": number, "topic": "Größe & Maß"}
    assert deleted["payload"]["object"]["id"] == number
    assert started["event_ts"] == 1778752800000
    assert started["payload"] == {
        "account_id": "acc",
        "object": {
            "id": str(number),
            "uuid": uuid,
            "host_id": meeting["host_id"],
            "topic": "Moved",
            "type": 2,
            "start_time": "2026-05-14T10:00:00Z",
            "timezone": "UTC",
            "duration": 60,
        },
    }
    assert ended["payload"]["object"] == {
        **started["payload"]["object"],
        "end_time": "2026-05-14T10:05:00Z",
    }
    person = guest_in["payload"]["object"]["participant"]
    assert (person["user_id"], person["user_name"]) == (guest["user_id"], "Zoë")
    assert (person["join_time"], person["email"]) == ("2026-05-14T10:00:00Z", "")
    gone = guest_out["payload"]["object"]["participant"]
    assert (gone["user_id"], gone["leave_time"]) == (guest["user_id"], "2026-05-14T10:05:00Z")
    assert host_in["payload"]["object"]["participant"]["email"] == HOST
    reason = host_out["payload"]["object"]["participant"]["leave_reason"]
    assert reason == "Teacher left the meeting.<br>Reason: Host ended the meeting."


def test_a_retry_has_the_same_body_and_a_fresh_signature(serve: Open, receiver: Receiver, clock: Clock) -> None:
    receiver.answers = [500, 404]
    zoom = serve(webhook_url=receiver.url, retry_delays=(0.05, 0.05, 0.05))
    zoom.create()
    seen = []
    for _ in range(3):
        seen.append(receiver.next())
        clock.forward(minutes=5)
    for headers, body in seen:
        message = b"v0:" + headers["x-zm-request-timestamp"].encode() + b":" + body
        signature = "v0=" + hmac.new(b"hook", message, hashlib.sha256).hexdigest()
        assert headers["x-zm-signature"] == signature
        assert re.fullmatch(r"\d{10}", headers["x-zm-request-timestamp"])
        assert headers["user-agent"] == "Zoom Marketplace/1.0a"
        assert b'": ' not in body
    assert len({body for _, body in seen}) == 1
    assert len({headers["x-zm-request-id"] for headers, _ in seen}) == 1
    assert len({headers["x-zm-signature"] for headers, _ in seen}) == 3
    wait_until(lambda: zoom.practice("/webhooks", method="GET")["counts"] == {"delivered": 1})
    (row,) = zoom.practice("/webhooks", method="GET")["deliveries"]
    assert (row["event"], row["attempts"], row["last_status"]) == ("meeting.created", 3, 200)


def test_after_the_last_retry_zoom_gives_up(serve: Open, receiver: Receiver) -> None:
    receiver.answers = [503, 503]
    zoom = serve(webhook_url=receiver.url, retry_delays=(0.01,))
    zoom.create()
    wait_until(lambda: zoom.practice("/webhooks", method="GET")["counts"] == {"given up": 1})
    assert zoom.practice("/webhooks", method="GET")["deliveries"][0]["last_status"] == 503


def test_a_replay_sends_the_past_in_order_and_the_same_bytes_each_time(serve: Open, receiver: Receiver) -> None:
    zoom = serve(webhook_url=receiver.url)
    rows = zoom.practice("/term", {"host": HOST, "weeks": 1, "until": "2026-05-14T09:00:00Z"})
    meetings = {"meetings": [row["id"] for row in rows[:2]]}
    queued = zoom.practice("/replay", meetings)["queued"]
    first = [receiver.next()[1] for _ in range(queued)]
    assert zoom.practice("/replay", meetings)["queued"] == queued
    assert [receiver.next()[1] for _ in range(queued)] == first
    told = [json.loads(body) for body in first]
    assert [event["event_ts"] for event in told] == sorted(event["event_ts"] for event in told)
    assert (told[0]["event"], told[-1]["event"]) == ("meeting.started", "meeting.ended")
    joins = [event for event in told if event["event"] == "meeting.participant_joined"]
    leaves = [event for event in told if event["event"] == "meeting.participant_left"]
    assert len(joins) == len(leaves) == (queued - 4) / 2
    assert zoom.call("POST", "/practice/replay", json={"meetings": [1]}).status_code == 404
    assert zoom.call("POST", "/practice/replay", json={"meetings": 1}).status_code == 400


def test_deliveries_can_be_lost_doubled_and_shuffled(serve: Open, receiver: Receiver) -> None:
    zoom = serve(webhook_url=receiver.url)
    number = zoom.practice("/term", {"host": HOST, "weeks": 1, "until": "2026-05-14T09:00:00Z"})[0]["id"]
    zoom.practice("/webhook-plan", {"lose": 1})
    assert zoom.practice("/replay", {"meetings": [number]}) == {"queued": 0}
    lost = zoom.practice("/webhooks", method="GET")["counts"]["lost"]
    zoom.practice("/webhook-plan", {"double": 1, "shuffle": True, "seed": 7})
    assert zoom.practice("/replay", {"meetings": [number]}) == {"queued": 2 * lost}
    bodies = [receiver.next()[1] for _ in range(2 * lost)]
    assert len(set(bodies)) <= lost
    assert all(bodies.count(body) >= 2 for body in bodies)
    order = [json.loads(body)["event_ts"] for body in bodies]
    assert order != sorted(order)
    wrong: tuple[Any, ...] = ({"lose": "often"}, {"other": 1}, [])
    for plan in wrong:
        assert zoom.call("POST", "/practice/webhook-plan", json=plan).status_code == 400


def test_several_deliveries_are_under_way_at_once(serve: Open) -> None:
    together = threading.Barrier(3)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            together.wait(timeout=2)
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        zoom = serve(webhook_url=f"http://127.0.0.1:{server.server_port}", deliveries_at_once=3, retry_delays=())
        for _ in range(3):
            zoom.create()
        wait_until(lambda: zoom.practice("/webhooks", method="GET")["counts"] == {"delivered": 3})
        server.shutdown()


def test_the_challenge_shows_whether_the_receiver_knows_the_secret(zoom: Client, receiver: Receiver) -> None:
    assert zoom.practice("/challenge")["ok"] is False
    zoom.practice("/webhook-url", {"url": receiver.url}, "PUT")
    assert zoom.practice("/challenge") == {"ok": True, "status": 200, "reason": ""}
    headers, body = receiver.next()
    assert json.loads(body)["event"] == "endpoint.url_validation"
    assert headers["x-zm-signature"].startswith("v0=")
    receiver.secret = "another"
    assert "secret" in zoom.practice("/challenge")["reason"]
    receiver.answers = [401]
    assert zoom.practice("/challenge")["status"] == 401
    for url in ("ftp://x/", "nonsense", 7, "http://x:99999/"):
        assert zoom.call("PUT", "/practice/webhook-url", json={"url": url}).status_code == 400


# -- restart


def test_a_restart_finds_meetings_sessions_tokens_and_undelivered_webhooks(
    tmp_path: Path, clock: Clock, receiver: Receiver
) -> None:
    state = tmp_path / "deep" / "practice.json"
    settings = replace(SETTINGS, state_file=state, webhook_url="http://127.0.0.1:9/", settle_seconds=0)
    with PracticeZoom(settings, clock) as practice, Client(practice.url) as zoom:
        term = zoom.practice("/term", {"host": HOST, "weeks": 2})
        number, uuid = zoom.hold(clock, ("Ana", "Ողջույն"))
        before = zoom.participants(uuid).json()
        zoom.practice(f"/meetings/{number}/start")
        wait_until(state.exists)
        token = zoom.session.headers["Authorization"]
    assert not state.with_name(state.name + ".tmp").exists()
    port = urlsplit(practice.url).port or 0
    again = replace(settings, port=port, webhook_url=receiver.url, retry_delays=(0.0,))
    saved = json.loads(state.read_text(encoding="utf-8"))
    assert [row["event"] for row in saved["webhooks"]][:2] == ["meeting.created", "meeting.started"]
    saved["webhooks"] = [row | {"due": 0} for row in saved["webhooks"]]
    state.write_text(json.dumps(saved), encoding="utf-8")
    with PracticeZoom(again, clock) as practice, Client(practice.url) as zoom:
        zoom.session.headers["Authorization"] = token
        assert zoom.participants(uuid).json() == before
        assert zoom.get(f"/meetings/{number}").json()["status"] == "started"
        assert zoom.practice("/term", {"host": HOST, "weeks": 2}) == term
        names = {event["event"] for event in receiver.events(len(saved["webhooks"]))}
        assert {"meeting.created", "meeting.ended", "meeting.participant_left"} <= names


def test_nothing_is_told_that_a_kill_could_still_make_unhappen(serve: Open, tmp_path: Path, receiver: Receiver) -> None:
    state = tmp_path / "state.json"
    zoom = serve(state_file=state, webhook_url=receiver.url)
    for _ in range(3):
        number = zoom.create()["id"]
        (event,) = receiver.events(1)
        assert event["payload"]["object"]["id"] == number
        assert str(number) in state.read_text(encoding="utf-8")


def test_a_change_is_on_disk_soon_without_a_stop(serve: Open, tmp_path: Path) -> None:
    zoom = serve(state_file=tmp_path / "state.json")
    number = zoom.create()["id"]
    wait_until(lambda: (tmp_path / "state.json").exists() and str(number) in (tmp_path / "state.json").read_text())


def test_a_file_that_is_no_state_is_left_alone(tmp_path: Path) -> None:
    state = tmp_path / "notes.txt"
    for text in ("shopping list", "[]", "{}"):
        state.write_text(text)
        with pytest.raises(ValueError, match="no state of a practice Zoom"):
            PracticeZoom(replace(SETTINGS, state_file=state)).start()
        assert state.read_text() == text


# -- pages


class Tab:
    """One browser tab: the page it shows, and its forms."""

    def __init__(self, zoom: Client, url: str) -> None:
        self.session = zoom.session
        self.show(self.session.get(url, timeout=5))

    def show(self, answer: requests.Response) -> None:
        self.status, self.text, self.url = answer.status_code, answer.text, answer.url

    def reload(self) -> None:
        self.show(self.session.get(self.url, timeout=5))

    def press(self, button: str, **fields: str) -> None:
        """Send the form with that button."""
        form = re.search(rf"<form([^>]*)>((?:(?!</form>).)*)<button[^>]*>{button}</button></form>", self.text)
        assert form, self.text
        action = re.search(r'action="([^"]*)"', form[1])
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form[2]))
        base = self.url if action is None else "{0.scheme}://{0.netloc}".format(urlsplit(self.url)) + action[1]
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(self.url))
        self.show(self.session.post(base, data=hidden | fields, headers={"Origin": origin}, timeout=5))


def test_a_class_can_be_held_with_nothing_but_a_browser(serve: Open, clock: Clock) -> None:
    zoom = serve(settle_seconds=0)
    meeting = zoom.create(topic="Algebra <7B>")
    early = Tab(zoom, meeting["join_url"])
    assert "Practice Zoom – not the real Zoom" in early.text
    early.press("Join", name="Ana")
    assert "The host has not started this meeting yet" in early.text
    assert 'http-equiv="refresh"' in early.text

    host = Tab(zoom, meeting["start_url"])
    host.press("Start meeting")
    early.reload()
    assert "You are in: Algebra &lt;7B&gt;" in early.text
    late = Tab(zoom, meeting["join_url"])
    late.press("Join", name="Ben", email="ben@school.example")
    assert "Participants: 3" in late.text
    late.reload()
    assert "Participants: 3" in late.text

    clock.forward(minutes=5)
    late.press("Leave")
    assert "You have left the meeting" in late.text
    host.reload()
    assert "<li>Ana</li>" in host.text
    assert "<li>Ben</li>" not in host.text
    host.press("End meeting for all")
    assert "Start meeting" in host.text
    early.reload()
    assert "This meeting has ended" in early.text
    rows = zoom.participants(meeting["id"]).json()["participants"]
    assert [(row["name"], row["user_email"], row["duration"]) for row in rows] == [
        ("Teacher", HOST, 300),
        ("Ana", "", 300),
        ("Ben", "ben@school.example", 300),
    ]


def test_hostile_names_and_topics_stay_text(zoom: Client) -> None:
    evil = "\"><script>alert(1)</script>&amp;'"
    meeting = zoom.create(topic=evil)
    host = Tab(zoom, meeting["start_url"])
    host.press("Start meeting")
    guest = Tab(zoom, meeting["join_url"])
    guest.press("Join", name=evil, email=evil)
    host.reload()
    for tab in (host, guest, Tab(zoom, meeting["join_url"])):
        assert "<script" not in tab.text
        assert "&quot;&gt;&lt;script&gt;" in tab.text
    assert parse_qs(urlsplit(guest.url).query)["name"] == [evil]


def test_links_without_their_key_are_refused(zoom: Client) -> None:
    meeting = zoom.create()
    for path in (f"/j/{meeting['id']}", f"/j/{meeting['id']}?pwd=x", f"/s/{meeting['id']}?zak=x"):
        assert zoom.call("GET", path).status_code == 403
    assert zoom.call("POST", f"/s/{meeting['id']}/start", data={"zak": "x"}).status_code == 403
    assert zoom.call("POST", f"/j/{meeting['id']}", data={"name": "Ana"}).status_code == 403
    assert zoom.call("POST", f"/in/{meeting['id']}", data={"seat": "x"}).status_code == 403
    assert zoom.call("GET", "/j/81111111111").status_code == 404
    nameless = Tab(zoom, meeting["join_url"])
    nameless.press("Join", name="  ")
    assert nameless.status == 400


def test_an_open_meeting_starts_with_its_first_guest_unless_the_waiting_room_is_on(zoom: Client) -> None:
    open_one = zoom.create(settings={"join_before_host": True})
    guest = Tab(zoom, open_one["join_url"])
    guest.press("Join", name="Ana")
    assert "Participants: 1" in guest.text
    Tab(zoom, open_one["start_url"])
    zoom.practice(f"/meetings/{open_one['id']}/start")
    guest.reload()
    assert "Participants: 2" in guest.text
    guarded = zoom.create(settings={"join_before_host": True, "waiting_room": True})["id"]
    answer = zoom.call("POST", f"/practice/meetings/{guarded}/join", json={"name": "Ana"})
    assert (answer.status_code, answer.json()["message"]) == (409, "The host has not started this meeting yet.")


def test_everything_that_happened_in_a_meeting_can_be_read(zoom: Client, clock: Clock) -> None:
    number, uuid = zoom.hold(clock, ("Zoë",))
    assert zoom.practice(f"/meetings/{number}/start")
    told = zoom.practice(f"/meetings/{number}", method="GET")
    held, running = told["sessions"]
    assert (told["id"], held["uuid"]) == (number, uuid)
    assert (held["start"], held["end"]) == ("2026-05-14T10:00:00Z", "2026-05-14T11:00:00Z")
    assert [(stay["name"], stay["join"], stay["leave"]) for stay in held["stays"]] == [
        ("Teacher", "2026-05-14T10:00:00Z", "2026-05-14T11:00:00Z"),
        ("Zoë", "2026-05-14T10:10:00Z", "2026-05-14T11:00:00Z"),
    ]
    assert (running["end"], [stay["leave"] for stay in running["stays"]]) == (None, [None])


def test_steering_says_what_does_not_fit(zoom: Client) -> None:
    number = zoom.create()["id"]
    uuid = zoom.practice(f"/meetings/{number}/start")["uuid"]
    assert zoom.practice(f"/meetings/{number}/start")["uuid"] == uuid
    assert zoom.call("POST", f"/practice/meetings/{number}/join", json={}).status_code == 400
    assert zoom.call("POST", f"/practice/meetings/{number}/leave", json={"user_id": "1"}).status_code == 409
    zoom.practice(f"/meetings/{number}/end")
    assert zoom.call("POST", f"/practice/meetings/{number}/end").status_code == 409
    assert zoom.call("POST", "/practice/meetings/1/start").status_code == 404
    assert zoom.practice(f"/meetings/{number}/start")["uuid"] != uuid


# -- the door


def test_other_names_and_other_sites_are_turned_away(zoom: Client) -> None:
    for headers in ({"Host": "evil.example"}, {"Origin": "http://evil.example"}, {"Origin": "null"}):
        assert zoom.call("GET", "/practice/webhooks", headers=headers).status_code == 403
    assert zoom.call("GET", "/practice/webhooks", headers={"Origin": zoom.url}).status_code == 200


def test_bodies_have_a_limit_and_a_length(zoom: Client) -> None:
    assert zoom.call("POST", "/practice/faults", headers={"Content-Length": "1000001"}).status_code == 413
    assert zoom.call("POST", "/practice/faults", data=iter([b"[]"])).status_code == 411
    assert zoom.call("GET", "/").status_code == 200


def test_only_this_machine_is_served() -> None:
    for host in ("0.0.0.0", "192.168.0.1", "example.com"):
        with pytest.raises(ValueError, match="loopback"):
            PracticeZoom(replace(SETTINGS, host=host))


def test_secrets_do_not_show_in_the_settings_text() -> None:
    assert "s3cret" not in repr(SETTINGS)
    assert "hook'" not in repr(SETTINGS)
