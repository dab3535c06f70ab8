"""Registrants of the practice Zoom: registered once, listed in pages, refused as Zoom does, and in records."""

from typing import Any

import pytest
import requests

from tests.practice.clients import HOST, Client, Clock
from tracker.practice.users import BASIC

BO = {"email": "Bo@x.example", "first_name": "Bo", "last_name": "Ek"}
REGISTRATION = {"approval_type": 0, "registration_type": 1}


@pytest.fixture
def meeting(zoom: Client) -> dict[str, Any]:
    """A meeting with registration."""
    return zoom.create(settings=REGISTRATION)


def register(zoom: Client, number: int, **fields: Any) -> requests.Response:
    return zoom.call("POST", f"/v2/meetings/{number}/registrants", json=BO | fields)


def listed(zoom: Client, number: int, **query: Any) -> list[str]:
    answer = zoom.get(f"/meetings/{number}/registrants", **query)
    assert answer.status_code == 200
    return [one["email"] for one in answer.json()["registrants"]]


def test_whoever_is_registered_again_stays_the_same_registrant(zoom: Client, meeting: dict[str, Any]) -> None:
    first, again = (register(zoom, meeting["id"]) for _ in range(2))
    assert first.status_code == again.status_code == 201
    assert first.json()["registrant_id"] == again.json()["registrant_id"]
    assert f"/w/{meeting['id']}?tk=" in first.json()["join_url"]
    assert listed(zoom, meeting["id"]) == ["bo@x.example"]


def test_the_list_comes_in_pages_and_by_status(zoom: Client, meeting: dict[str, Any]) -> None:
    for number in range(3):
        register(zoom, meeting["id"], email=f"s{number}@x.example")
    page = zoom.get(f"/meetings/{meeting['id']}/registrants", page_size=2).json()
    assert (len(page["registrants"]), page["total_records"]) == (2, 3)
    assert len(listed(zoom, meeting["id"], page_size=2, next_page_token=page["next_page_token"])) == 1
    assert listed(zoom, meeting["id"], status="denied") == []
    assert zoom.error(f"/meetings/{meeting['id']}/registrants", status="asleep")[:2] == (400, 300)


@pytest.mark.parametrize("fields", [{"email": "bo"}, {"email": 7}, {"first_name": ""}, {"last_name": "x" * 65}])
def test_faults_are_refused(zoom: Client, meeting: dict[str, Any], fields: dict[str, Any]) -> None:
    answer = register(zoom, meeting["id"], **fields)
    assert (answer.status_code, answer.json()["code"]) == (400, 300)
    assert listed(zoom, meeting["id"]) == []


def test_the_host_does_not_register(zoom: Client, meeting: dict[str, Any]) -> None:
    assert register(zoom, meeting["id"], email=HOST).json()["code"] == 3027


def test_one_person_is_registered_three_times_a_day(zoom: Client, clock: Clock, meeting: dict[str, Any]) -> None:
    assert [register(zoom, meeting["id"]).status_code for _ in range(4)] == [201, 201, 201, 429]
    assert register(zoom, meeting["id"], email="cy@x.example").status_code == 201
    clock.forward(days=1)
    zoom.new_token()
    assert register(zoom, meeting["id"]).status_code == 201


@pytest.mark.parametrize(
    "settings", [{}, {"approval_type": 2}, REGISTRATION | {"use_pmi": True}], ids=["none", "off", "personal"]
)
def test_a_meeting_without_registration_takes_nobody(zoom: Client, settings: dict[str, Any]) -> None:
    made = zoom.create(settings=settings)
    assert made["settings"]["approval_type"] == 2
    answer = register(zoom, made["id"])
    assert (answer.status_code, answer.json()["code"]) == (404, 404)
    assert "Registration has not been enabled" in answer.json()["message"]


def test_registration_needs_a_host_with_a_licence(zoom: Client) -> None:
    zoom.call("PUT", f"/practice/users/{HOST}/account", json={"type": BASIC})
    assert zoom.create(settings=REGISTRATION)["settings"]["approval_type"] == 2


def test_many_are_registered_at_once_as_far_as_the_app_may_and_only_by_its_scope(
    zoom: Client, meeting: dict[str, Any]
) -> None:
    answer = zoom.call("POST", f"/v2/meetings/{meeting['id']}/batch_registrants", json={"registrants": [BO]})
    assert (answer.status_code, answer.json()["code"]) == (400, 4711)


def test_only_who_is_registered_joins_and_the_records_say_so(
    zoom: Client, clock: Clock, meeting: dict[str, Any]
) -> None:
    number = meeting["id"]
    registrant = register(zoom, number).json()["registrant_id"]
    zoom.practice(f"/meetings/{number}/start")
    stranger = zoom.call("POST", f"/practice/meetings/{number}/join", json={"name": "Eve"})
    assert (stranger.status_code, stranger.json()["message"]) == (409, "Only who is registered can join this meeting.")
    zoom.practice(f"/meetings/{number}/join", {"name": "Bo on the phone", "email": "bo@x.example"})
    clock.forward(minutes=30)
    zoom.practice(f"/meetings/{number}/end")
    clock.forward(minutes=10)
    rows = zoom.get(f"/past_meetings/{number}/participants", page_size=300).json()["participants"]
    assert {row["user_email"]: row["registrant_id"] for row in rows}["bo@x.example"] == registrant


def test_the_common_link_leads_to_the_registration_and_that_to_a_link_of_ones_own(
    zoom: Client, meeting: dict[str, Any]
) -> None:
    link = meeting["join_url"].removeprefix(zoom.url)
    assert "Register: Algebra 7B" in zoom.call("GET", link).text
    zoom.practice(f"/meetings/{meeting['id']}/start")
    form = {"name": "Bo Ek", "email": "bo@x.example", "pwd": link.partition("pwd=")[2]}
    inside = zoom.call("POST", link.partition("?")[0], data=form)
    assert "Your name here: Bo Ek" in inside.text
    assert zoom.call("GET", f"/w/{meeting['id']}?tk=wrong").status_code == 404
    own = zoom.get(f"/meetings/{meeting['id']}/registrants").json()["registrants"][0]["join_url"]
    assert "Your name here: Bo Ek" in zoom.call("GET", own.removeprefix(zoom.url)).text
