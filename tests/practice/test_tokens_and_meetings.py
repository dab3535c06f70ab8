"""Tokens, and meetings before they are held."""

from typing import Any

import pytest

from tests.practice.clients import ALL_SCOPES, HOST, Client, Clock, Open

# Tokens


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


# Meetings


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
