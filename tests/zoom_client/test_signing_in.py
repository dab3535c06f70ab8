"""The Zoom client signs in, and compares its clock with Zoom's."""

import json
import threading
from base64 import b64encode
from urllib.parse import parse_qs

import pytest
import responses
from responses import RequestsMock

from tests.fake_zoom import API, OAUTH, grant, sent
from tests.makers import CLIENT_SECRET, Clock, settings
from tests.zoom_client.answers import EMPTY, LIST
from tracker.errors import NotConfigured, ZoomMisconfigured
from tracker.zoom import Zoom
from tracker.zoom.connection import SCOPES_TRIED_AGAIN_SECONDS


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
