"""Settings of the practice Zoom's meetings: kept as sent, locked by the account, refused for who cannot host."""

from typing import Any

import pytest

from tests.practice.clients import HOST, Client
from tracker.practice.users import BASIC, LICENSED

BEA = "bea@school.example"
ASKED = {"waiting_room": True, "meeting_authentication": True, "auto_recording": "cloud"}


def settings_of(zoom: Client, number: int) -> dict[str, Any]:
    return dict(zoom.get(f"/meetings/{number}").json()["settings"])


def test_settings_are_kept_as_they_are_sent_and_changed_alone(zoom: Client) -> None:
    meeting = zoom.create(settings=ASKED | {"alternative_hosts": f" {BEA}, cy@school.example;"})
    assert meeting["settings"].items() >= ASKED.items()
    assert meeting["settings"]["alternative_hosts"] == f"{BEA};cy@school.example"
    changed = zoom.call("PATCH", f"/v2/meetings/{meeting['id']}", json={"settings": {"waiting_room": False}})
    assert changed.status_code == 204
    assert settings_of(zoom, meeting["id"]) == meeting["settings"] | {"waiting_room": False}


def test_what_the_account_has_locked_is_changed_without_a_word(zoom: Client) -> None:
    assert zoom.call("PUT", "/practice/locked-settings", json={"waiting_room": False}).status_code == 204
    meeting = zoom.create(settings=ASKED)
    assert meeting["settings"]["waiting_room"] is False
    assert meeting["settings"]["auto_recording"] == "cloud"
    zoom.call("PUT", "/practice/locked-settings", json={})
    zoom.call("PATCH", f"/v2/meetings/{meeting['id']}", json={"settings": ASKED})
    assert settings_of(zoom, meeting["id"])["waiting_room"] is True


@pytest.mark.parametrize("locked", [{"waiting_room": 1}, {"auto_recording": "tape"}, {"colour": "blue"}, []])
def test_only_settings_that_there_are_can_be_locked(zoom: Client, locked: object) -> None:
    assert zoom.call("PUT", "/practice/locked-settings", json=locked).status_code == 400


@pytest.mark.parametrize("who", ["eve@elsewhere.example", "nobody", BEA])
def test_an_alternative_host_is_a_licensed_user_of_the_account(zoom: Client, who: str) -> None:
    assert zoom.call("PUT", f"/practice/users/{BEA}/account", json={"type": BASIC}).status_code == 200
    fields = {"topic": "x", "settings": {"alternative_hosts": f"cy@school.example;{who}"}}
    answer = zoom.call("POST", f"/v2/users/{HOST}/meetings", json=fields)
    assert (answer.status_code, answer.json()["code"]) == (400, 1114)
    assert f"'{who}'" in answer.json()["message"]
    assert zoom.get(f"/users/{HOST}/meetings").json()["meetings"] == []
    zoom.call("PUT", f"/practice/users/{BEA}/account", json={"type": LICENSED})
    assert zoom.create(settings={"alternative_hosts": BEA})["settings"]["alternative_hosts"] == BEA


def test_alternative_hosts_are_a_text(zoom: Client) -> None:
    fields = {"topic": "x", "settings": {"alternative_hosts": [BEA]}}
    answer = zoom.call("POST", f"/v2/users/{HOST}/meetings", json=fields)
    assert [error["field"] for error in answer.json()["errors"]] == ["settings.alternative_hosts"]
