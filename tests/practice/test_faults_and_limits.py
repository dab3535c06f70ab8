"""Faults on request and by chance, and rate limits."""

import time
from contextlib import suppress
from typing import Any

import pytest
import requests

from tests.practice.clients import HOST, SETTINGS, Client, Clock, Open
from tracker.practice import PracticeZoom

# Faults


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


def test_random_faults_have_each_kind_in_turn_until_it_ends(zoom: Client) -> None:
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


@pytest.mark.parametrize(("path", "category"), [("/users/me", "Light"), ("/past_meetings/1/participants", "Medium")])
def test_a_random_429_names_the_category_of_the_call_and_the_day_where_the_calls_are_used_up(
    zoom: Client, path: str, category: str
) -> None:
    zoom.practice("/fault-plan", BAD_LUCK)
    limited: dict[str | None, str] = {}
    for _ in range(14):
        with suppress(requests.RequestException):
            answer = zoom.get(path)
            if answer.status_code == 429:
                assert answer.headers["X-RateLimit-Category"] == category
                limited[answer.headers.get("Retry-After")] = answer.headers["X-RateLimit-Type"]
    assert limited.pop(None) == "QPS"
    assert set(limited.values()) == {"Daily-limit"}


def test_a_meeting_is_made_at_the_light_rate_and_listed_at_the_medium_one(zoom: Client) -> None:
    zoom.create()
    zoom.get(f"/users/{HOST}/meetings")
    assert zoom.practice("/calls", method="GET")["calls"] == {"Token": 1, "Light": 1, "Medium": 1}


def test_random_faults_fail_a_share_of_the_calls_each_as_it_can(zoom: Client) -> None:
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
def test_a_wrong_plan_of_random_faults_is_refused(zoom: Client, plan: object) -> None:
    assert zoom.call("POST", "/practice/fault-plan", json=plan).status_code == 400


# Rate limits


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
    answers = [zoom.get("/users/me") for _ in range(100)]
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.headers["X-RateLimit-Category"] for answer in answers} == {"Light"}
    assert zoom.practice("/calls", method="GET") == {"calls": {"Token": 1, "Light": 100}, "refused": {}}
