"""What the practice Zoom tells by itself, and that a restart forgets nothing of it."""

import hashlib
import hmac
import json
import re
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.practice.clients import HOST, SETTINGS, Client, Clock, Open, Receiver, wait_until
from tracker.practice import PracticeZoom

# Webhooks


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
    joins = [event for event in told if event["event"].startswith("meeting.participant_joined")]
    leaves = [event for event in told if event["event"].startswith("meeting.participant_left")]
    assert len(joins) == len(leaves) == (queued - 4) / 2
    assert "meeting.participant_joined_waiting_room" in {event["event"] for event in joins}
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


# Restart


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
