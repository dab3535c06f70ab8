"""The pages behind join and start links, and which requests the practice Zoom refuses."""

import re
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.practice.clients import HOST, SETTINGS, Client, Clock, Open
from tracker.practice import PracticeZoom

# Pages


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


def test_a_call_that_does_not_fit_a_meetings_state_is_refused_with_a_sentence(zoom: Client) -> None:
    number = zoom.create()["id"]
    uuid = zoom.practice(f"/meetings/{number}/start")["uuid"]
    assert zoom.practice(f"/meetings/{number}/start")["uuid"] == uuid
    assert zoom.call("POST", f"/practice/meetings/{number}/join", json={}).status_code == 400
    assert zoom.call("POST", f"/practice/meetings/{number}/leave", json={"user_id": "1"}).status_code == 409
    zoom.practice(f"/meetings/{number}/end")
    assert zoom.call("POST", f"/practice/meetings/{number}/end").status_code == 409
    assert zoom.call("POST", "/practice/meetings/1/start").status_code == 404
    assert zoom.practice(f"/meetings/{number}/start")["uuid"] != uuid


# Requests that are refused


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
