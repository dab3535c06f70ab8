"""What the Zoom client makes of every failure: which error, which sentence, and whether to come back."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from responses import RequestsMock
from urllib3.exceptions import ProtocolError

from tests.fake_zoom import API, OAUTH, grant, sent
from tests.makers import CLIENT_SECRET, NOW, participant, settings
from tracker.errors import (
    ZoomError,
    ZoomMeetingUnknown,
    ZoomMisconfigured,
    ZoomRateLimited,
    ZoomRefused,
    ZoomRefusedForNow,
    ZoomUnreachable,
)
from tracker.zoom import NewMeeting, Zoom
from tracker.zoom.connection import LARGEST_REPLY, retry_at

LIST = f"{API}/past_meetings/u1/participants"
MIDNIGHT = datetime(2026, 5, 15, tzinfo=UTC)
SCOPE = "meeting:read:list_past_participants"


def error(code: int, message: str, **more: Any) -> dict[str, Any]:
    return {"code": code, "message": message} | more


def failure(http: RequestsMock, zoom: Zoom, **answer: Any) -> ZoomError:
    """The error that the list of a meeting ends in when Zoom answers like this."""
    grant(http)
    http.get(LIST, **answer)
    with pytest.raises(ZoomError) as caught:
        zoom.past_participants("u1")
    return caught.value


# Codes


@pytest.mark.parametrize(
    ("status", "body", "kind", "sentence"),
    [
        (401, error(124, "Invalid access token."), ZoomMisconfigured, "refuses the app's access token"),
        (400, error(124, "Invalid access token."), ZoomMisconfigured, "refuses the app's access token"),
        (401, "", ZoomMisconfigured, "refuses the app's access token"),
        (
            400,
            error(4711, f"Invalid access token, does not contain scopes:[{SCOPE}, {SCOPE}:admin]."),
            ZoomMisconfigured,
            f"lacks the scope {SCOPE}:admin.",
        ),
        (
            400,
            error(4700, "Invalid access token, does not contain scopes: [meeting:read:admin]."),
            ZoomMisconfigured,
            "lacks the scope meeting:read:admin.",
        ),
        (
            401,
            error(4711, "Invalid access token, does not contain scopes:[user:read]."),
            ZoomMisconfigured,
            "lacks the scope user:read.",
        ),
        (400, error(4711, "Something new."), ZoomMisconfigured, "refuses the app's access token"),
        (400, error(200, "Only available for paid account: fake."), ZoomRefused, "need Zoom Pro or higher"),
        (400, error(200, "No permission."), ZoomMisconfigured, "No permission."),
        (400, error(200, "Invalid api key or secret."), ZoomMisconfigured, "Invalid api key or secret."),
        (400, error(12702, "Can not access a meeting a year ago."), ZoomRefused, "for 15 months"),
        (404, error(3001, "Meeting does not exist: eMWI==."), ZoomMeetingUnknown, "no such meeting, or it is not over"),
        (400, error(3001, "Meeting ID is invalid or not end."), ZoomMeetingUnknown, "not over yet"),
        (404, error(1001, "User does not exist: a@x."), ZoomRefused, "no user in the school's Zoom account"),
        (400, error(1010, "User not belong to this account"), ZoomRefused, "no user in the school's Zoom account"),
        (404, error(1120, "A valid user"), ZoomRefused, "no user in the school's Zoom account"),
        (404, error(404, "unheard of"), ZoomMeetingUnknown, "does not have what was asked for"),
        (
            404,
            error(2300, "This API endpoint is not recognized."),
            ZoomMisconfigured,
            "ZOOM_API_URL has to be https://",
        ),
        (400, error(4717, "The app has been disabled."), ZoomRefused, "was disabled, or is no longer authorised"),
        (401, error(4741, "The token has been revoked."), ZoomRefused, "was disabled, or is no longer authorised"),
        (429, error(4001, "You have reached the maximum per-second rate limit."), ZoomRateLimited, "asks to wait"),
        (400, error(4001, "Something else."), ZoomRefusedForNow, "(HTTP 400): Something else."),
        (400, error(3000, "Cannot access webinar info."), ZoomRefusedForNow, "(HTTP 400): Cannot access webinar info."),
        (400, error(300, ""), ZoomRefusedForNow, "(HTTP 400): no reason given"),
        (
            400,
            error(300, "Validation Failed.", errors=[{"field": "duration", "message": "Invalid field."}, 7]),
            ZoomRefusedForNow,
            "Validation Failed. duration: Invalid field.",
        ),
        (400, error(300, "Validation Failed.", errors="none"), ZoomRefusedForNow, "Validation Failed."),
        (400, error(300, "The next page token is invalid or expired."), ZoomUnreachable, "page token"),
        (500, error(500, "Internal error"), ZoomUnreachable, "fault of its own (HTTP 500)"),
        (502, "<html>Bad gateway</html>", ZoomUnreachable, "(HTTP 502)"),
        (503, "", ZoomUnreachable, "(HTTP 503)"),
        (403, "<html>Blocked by the firewall</html>", ZoomUnreachable, "(HTTP 403)"),
        (408, "", ZoomUnreachable, "(HTTP 408)"),
        (404, "<html>Not found</html>", ZoomMeetingUnknown, "does not have what was asked for"),
    ],
)
def test_each_failure_has_its_error_and_its_sentence(
    http: RequestsMock, zoom: Zoom, status: int, body: object, kind: type[ZoomError], sentence: str
) -> None:
    given = body if isinstance(body, str) else json.dumps(body)
    found = failure(http, zoom, status=status, body=given)
    assert type(found) is kind
    assert sentence in str(found)
    assert found.permanent is (kind is ZoomRefused)
    assert (found.retry_at is None) is (kind is not ZoomRateLimited)


def test_a_long_reason_is_cut_to_one_short_line(http: RequestsMock, zoom: Zoom) -> None:
    found = failure(http, zoom, status=400, json=error(300, "line\n" * 500))
    assert "\n" not in str(found)
    assert len(str(found)) < 250
    assert str(found).endswith("…")


@pytest.mark.parametrize(
    ("status", "reply", "kind", "sentence"),
    [
        (400, {"reason": "Invalid client_id or client_secret", "error": "invalid_client"}, ZoomMisconfigured, "client"),
        (401, {"reason": "Bad Request", "error": "invalid_request"}, ZoomMisconfigured, "Zoom says: Bad Request."),
        (400, {"reason": ["odd"]}, ZoomMisconfigured, "the app is activated."),
        (400, None, ZoomMisconfigured, "the app is activated."),
        (429, error(429, "slow down"), ZoomRateLimited, "asks to wait"),
        (500, {}, ZoomUnreachable, "(HTTP 500)"),
        (302, {}, ZoomUnreachable, "(HTTP 302)"),
        (200, {"token_type": "bearer"}, ZoomUnreachable, "without access_token"),
        (200, {"access_token": ""}, ZoomUnreachable, "without access_token"),
        (200, {"access_token": ["t"]}, ZoomUnreachable, "without access_token"),
        (200, [], ZoomUnreachable, "another shape"),
    ],
)
def test_signing_in_fails_with_what_is_to_be_checked(
    http: RequestsMock, zoom: Zoom, status: int, reply: object, kind: type[ZoomError], sentence: str
) -> None:
    http.post(OAUTH, status=status, json=reply)
    with pytest.raises(ZoomError) as caught:
        zoom.past_participants("u1")
    assert type(caught.value) is kind
    assert sentence in str(caught.value)
    assert not caught.value.permanent
    assert sent(http) == []


# When to come back

DAILY = "You have reached the maximum daily rate limit for this API. Refer to the response header."
PER_SECOND = "You have reached the maximum per-second rate limit for this API. Try again later."
PER_HOST = (
    "You have exceeded the daily rate limit (100) of Meeting Create/Update API requests permitted for this "
    "particular user. You may resume these requests at GMT 00:00:00."
)


@pytest.mark.parametrize(
    ("headers", "message", "expected"),
    [
        ({"Retry-After": "7"}, PER_SECOND, NOW + timedelta(seconds=7)),
        ({"Retry-After": " 7 "}, PER_SECOND, NOW + timedelta(seconds=7)),
        ({"Retry-After": "0"}, PER_SECOND, NOW),
        ({"Retry-After": "1.2"}, PER_SECOND, NOW + timedelta(seconds=2)),
        ({"Retry-After": "999999999"}, PER_SECOND, NOW + timedelta(hours=25)),
        ({"Retry-After": "2026-05-15T00:00:00Z"}, DAILY, MIDNIGHT),
        ({"Retry-After": "2026-05-15T02:00:00+02:00"}, DAILY, MIDNIGHT),
        ({"Retry-After": "2026-05-15T00:00:00"}, DAILY, MIDNIGHT),
        ({"Retry-After": "Fri, 15 May 2026 00:00:00 GMT"}, DAILY, MIDNIGHT),
        ({"Retry-After": "2026-05-13T00:00:00Z"}, DAILY, NOW),
        ({"Retry-After": "2036-05-15T00:00:00Z"}, DAILY, NOW + timedelta(hours=25)),
        ({"Retry-After": "Thu, 01 Jan 1970 00:00:00 GMT"}, DAILY, NOW),
        ({"Retry-After": "soon"}, PER_SECOND, NOW + timedelta(seconds=2)),
        ({"Retry-After": ""}, PER_SECOND, NOW + timedelta(seconds=2)),
        ({"Retry-After": "-5"}, PER_SECOND, NOW + timedelta(seconds=2)),
        ({"Retry-After": "٧"}, PER_SECOND, NOW + timedelta(seconds=2)),
        ({"Retry-After": "soon"}, DAILY, MIDNIGHT),
        ({}, PER_SECOND, NOW + timedelta(seconds=2)),
        ({}, "", NOW + timedelta(seconds=2)),
        ({"X-RateLimit-Type": "QPS"}, "", NOW + timedelta(seconds=2)),
        ({"X-RateLimit-Type": "Daily-limit"}, "", MIDNIGHT),
        ({}, PER_HOST, MIDNIGHT),
        ({"X-RateLimit-Category": "Light", "X-RateLimit-Remaining": "5893"}, PER_HOST, MIDNIGHT),
    ],
)
def test_after_too_many_requests_zoom_says_when_to_come_back(
    http: RequestsMock, zoom: Zoom, headers: dict[str, str], message: str, expected: datetime
) -> None:
    assert retry_at(headers, message, NOW) == expected
    if headers.get("Retry-After", "").isascii():
        found = failure(http, zoom, status=429, json=error(429, message), headers=headers)
        assert (type(found), found.retry_at, found.permanent) == (ZoomRateLimited, expected, False)


@pytest.mark.parametrize("now", [datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC), datetime(2028, 2, 28, tzinfo=UTC)])
def test_zooms_day_ends_at_the_next_midnight(now: datetime) -> None:
    moment = retry_at({}, DAILY, now)
    assert (moment.hour, moment.minute, moment.second) == (0, 0, 0)
    assert timedelta(0) < moment - now <= timedelta(days=1)


@given(st.text(alphabet=st.characters(codec="latin-1"), max_size=40))
def test_any_text_in_retry_after_gives_a_near_time(text: str) -> None:
    assert NOW <= retry_at({"Retry-After": text}, "", NOW) <= NOW + timedelta(hours=25)


def test_a_fault_of_zooms_may_say_when_to_come_back(http: RequestsMock, zoom: Zoom) -> None:
    found = failure(http, zoom, status=503, headers={"Retry-After": "120"})
    assert found.retry_at == NOW + timedelta(seconds=120)


# Answers that cannot be used


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"{}",
        b"<html></html>",
        b'{"participants": [{"name": "Ana"',
        b'{"participants": null}',
        b'{"participants": {}}',
        b'{"participants": "none"}',
        b'{"participants": 0}',
        b'{"participants": [null]}',
        b'{"participants": [[]]}',
        b'{"participants": ["Ana"]}',
        b'{"total_records": 0}',
        b'{"meetings": []}',
        b"\xff\xfe{}",
        b"{\xe9}",
        b"[" * 10_000,
        b'{"participants":' + b"[" * 10_000 + b"]" * 10_000 + b"}",
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b'{"participants": [{"duration": ' + b"9" * 5_000 + b"}]}",
    ],
    ids=lambda body: repr(body[:30]),
)
def test_an_answer_that_cannot_be_read_is_never_an_empty_list(http: RequestsMock, zoom: Zoom, body: bytes) -> None:
    found = failure(http, zoom, status=200, body=body)
    assert type(found) is ZoomUnreachable
    assert str(found).startswith("Zoom's answer cannot be used")


@pytest.mark.parametrize("uuid", ["u\0", "\ud800", "ü", "a\nb", "", "x" * 300, 1.5, ["u"]])
def test_a_uuid_that_could_not_be_stored_is_no_uuid(http: RequestsMock, zoom: Zoom, uuid: object) -> None:
    grant(http)
    http.get(f"{API}/past_meetings/u1", json={"uuid": uuid, "start_time": "2026-05-14T12:00:00Z"})
    with pytest.raises(ZoomUnreachable, match="an answer without uuid"):
        zoom.past_meeting("u1")


def test_a_page_token_that_cannot_be_sent_is_no_crash(http: RequestsMock, zoom: Zoom) -> None:
    grant(http)
    http.get(LIST, json={"participants": [participant("Ana", 0, 60)], "next_page_token": "\ud800"})
    with pytest.raises(ZoomUnreachable):
        zoom.past_participants("u1")


def test_an_answer_without_content_is_never_an_empty_list(http: RequestsMock, zoom: Zoom) -> None:
    assert type(failure(http, zoom, status=204)) is ZoomUnreachable


@pytest.mark.parametrize(
    ("path", "call", "body"),
    [
        ("/past_meetings/81/instances", Zoom.instances, {}),
        ("/past_meetings/81/instances", Zoom.instances, {"meetings": [{"start_time": "2026-05-14T12:00:00Z"}]}),
        ("/past_meetings/81", Zoom.past_meeting, {}),
        ("/past_meetings/81", Zoom.past_meeting, {"uuid": "u1", "start_time": "yesterday"}),
        ("/past_meetings/81", Zoom.past_meeting, {"start_time": "2026-05-14T12:00:00Z"}),
        ("/meetings/81", Zoom.meeting, {"id": 81}),
        ("/meetings/81", Zoom.meeting, {"join_url": "https://zoom.us/j/81"}),
        ("/meetings/81", Zoom.meeting, {"id": True, "join_url": "https://zoom.us/j/81"}),
        ("/meetings/81", Zoom.meeting, {"id": 81, "join_url": None}),
    ],
)
def test_an_answer_that_lacks_what_is_needed_is_an_error(
    http: RequestsMock, zoom: Zoom, path: str, call: Any, body: dict[str, Any]
) -> None:
    grant(http)
    http.get(API + path, json=body)
    with pytest.raises(ZoomUnreachable, match="cannot be used"):
        call(zoom, "81")


def test_a_page_that_fails_loses_the_whole_list(http: RequestsMock, zoom: Zoom) -> None:
    grant(http)
    http.get(LIST, json={"participants": [participant("Ana", 0, 60)], "next_page_token": "two"})
    http.get(LIST, status=500, json={})
    with pytest.raises(ZoomUnreachable):
        zoom.past_participants("u1")


def test_an_answer_without_end_is_broken_off(http: RequestsMock, zoom: Zoom) -> None:
    found = failure(http, zoom, body=b'{"participants": [], "more": "' + b"x" * LARGEST_REPLY + b'"}')
    assert "too slowly or was too large" in str(found)


def test_an_answer_that_drips_is_broken_off(http: RequestsMock) -> None:
    seconds = iter(range(0, 10**6, 30))  # every look at the clock is half a minute later
    found = failure(http, Zoom(settings(), monotonic=lambda: next(seconds)), body=b"x" * 10**6)
    assert "too slowly or was too large" in str(found)


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (requests.ConnectTimeout("…"), "did not answer in time"),
        (requests.ReadTimeout("…"), "did not answer in time"),
        (requests.ConnectionError("…"), "could not be reached"),
        (requests.exceptions.SSLError("…"), "could not be reached"),
        (requests.exceptions.ProxyError("…"), "could not be reached"),
        (ProtocolError("…"), "could not be reached"),
        (OSError("…"), "could not be reached"),
    ],
)
def test_a_network_that_fails_is_told_in_a_sentence(
    http: RequestsMock, zoom: Zoom, fault: Exception, sentence: str
) -> None:
    found = failure(http, zoom, body=fault)
    assert type(found) is ZoomUnreachable
    assert sentence in str(found)
    assert not found.permanent


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(http: RequestsMock, zoom: Zoom, status: int) -> None:
    http.get("https://elsewhere.example/", json={"participants": []})
    found = failure(http, zoom, status=status, headers={"Location": "https://elsewhere.example/"})
    assert type(found) is ZoomUnreachable
    assert sent(http, "https://elsewhere.example") == []


# Answers that break off on the wire


@contextmanager
def wire(*answers: bytes) -> Iterator[str]:
    """A server that gives these bytes, one connection each, and hangs up; its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(60)

        def serve() -> None:
            for answer in answers:
                connection, _ = listener.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join(timeout=60)


WHOLE = b'{"participants": [], "next_page_token": ""}'
TOKEN = b'HTTP/1.1 200 OK\r\nContent-Length: 21\r\nConnection: close\r\n\r\n{"access_token": "t"} '


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\n",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + WHOLE,
        b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n" + WHOLE[:20],
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2b\r\n" + WHOLE + b"\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2b\r\n" + WHOLE[:10],
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 43\r\n\r\n" + WHOLE,
    ],
)
def test_an_answer_that_breaks_off_is_never_an_empty_list(answer: bytes) -> None:
    with wire(TOKEN, answer) as address:
        zoom = Zoom(settings(ZOOM_API_URL=address, ZOOM_OAUTH_URL=address + "/token"))
        with pytest.raises(ZoomUnreachable):
            zoom.past_participants("u1")


def test_an_answer_in_chunks_is_read_to_its_end() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2b\r\n" + WHOLE + b"\r\n0\r\n\r\n"
    with wire(TOKEN, chunked) as address:
        zoom = Zoom(settings(ZOOM_API_URL=address, ZOOM_OAUTH_URL=address + "/token"))
        assert list(zoom.past_participants("u1").stays) == []


# Secrets


def test_no_text_of_the_clients_shows_a_secret(http: RequestsMock, zoom: Zoom) -> None:
    grant(http, "t0ken-secret")
    reply = {"id": 81, "join_url": "https://zoom.us/j/81", "start_url": "https://zoom.us/s/81?zak=s3cret.start"}
    http.post(f"{API}/users/ana@x/meetings", json=reply)
    http.get(LIST, status=500, json={})
    token, meeting = zoom.token(), zoom.create_meeting("ana@x", NewMeeting("Algebra", NOW, 60, "UTC"))
    with pytest.raises(ZoomUnreachable) as caught:
        zoom.past_participants("u1")
    for value in (zoom, token, meeting, settings(), caught.value):
        for secret in ("t0ken-secret", CLIENT_SECRET, "s3cret.start"):
            assert secret not in repr(value)
            assert secret not in str(value)
