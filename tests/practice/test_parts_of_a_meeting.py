"""Waiting rooms and breakout rooms, personal meeting ids, webinars, and sessions about which Zoom tells less."""

from typing import Any

import pytest

from tests.practice.clients import HOST, Client, Clock, Open, Receiver
from tracker.practice.values import personal_number, user_id_of

PERSONAL = personal_number(HOST)


def happened(receiver: Receiver, count: int) -> list[tuple[str, str]]:
    """The events of participants without their common beginning, and whose they are."""
    told = receiver.events(count)
    return [
        (event["event"].removeprefix("meeting.participant_"), event["payload"]["object"]["participant"]["user_id"])
        for event in told
        if "participant" in event["payload"]["object"]
    ]


# Waiting rooms and breakout rooms


def test_somebody_waits_is_let_in_is_sent_back_and_leaves(serve: Open, receiver: Receiver, clock: Clock) -> None:
    zoom = serve(webhook_url=receiver.url, settle_seconds=0)
    number = zoom.create()["id"]
    zoom.practice(f"/meetings/{number}/start")
    waits = zoom.practice(f"/meetings/{number}/join", {"name": "Ana", "waiting_room": True})["user_id"]
    clock.forward(minutes=1)
    inside = zoom.practice(f"/meetings/{number}/admit", {"user_id": waits})["user_id"]
    clock.forward(minutes=1)
    back = zoom.practice(f"/meetings/{number}/waiting-room", {"user_id": inside})["user_id"]
    assert len({waits, inside, back}) == 3
    clock.forward(minutes=1)
    zoom.practice(f"/meetings/{number}/leave", {"user_id": back})
    zoom.practice(f"/meetings/{number}/end")
    assert happened(receiver, 11)[1:7] == [
        ("joined_waiting_room", waits),
        ("admitted", waits),
        ("joined", inside),
        ("left", inside),
        ("put_in_waiting_room", back),
        ("left_waiting_room", back),
    ]
    zoom.new_token()
    rows = zoom.participants(number).json()["participants"][1:]
    assert [(row["name"], row["status"], row["duration"]) for row in rows] == [
        ("Ana", "in_waiting_room", 60),
        ("Ana", "in_meeting", 60),
        ("Ana", "in_waiting_room", 60),
    ]


def test_events_of_the_waiting_room_have_date_time_and_no_join(serve: Open, receiver: Receiver) -> None:
    zoom = serve(webhook_url=receiver.url)
    number = zoom.create()["id"]
    zoom.practice(f"/meetings/{number}/start")
    zoom.practice(f"/meetings/{number}/join", {"name": "Ana", "waiting_room": True})
    person = receiver.events(4)[-1]["payload"]["object"]["participant"]
    assert (person["date_time"], person["user_name"]) == ("2026-05-14T10:00:00Z", "Ana")
    assert not {"join_time", "leave_time"} & set(person)


def test_a_breakout_room_is_a_further_join_of_somebody_who_stays_in_the_main_room(
    serve: Open, receiver: Receiver, clock: Clock
) -> None:
    zoom = serve(webhook_url=receiver.url, settle_seconds=0)
    number = zoom.create()["id"]
    zoom.practice(f"/meetings/{number}/start")
    ana, ben = (zoom.practice(f"/meetings/{number}/join", {"name": name})["user_id"] for name in ("Ana", "Ben"))
    clock.forward(minutes=10)
    where = f"/meetings/{number}/breakout-room"
    rooms = [zoom.practice(where, {"user_id": one, "room": "Room 2"})["user_id"] for one in (ana, ben)]
    clock.forward(minutes=5)
    zoom.practice(f"/meetings/{number}/leave", {"user_id": rooms[0]})
    zoom.practice(f"/meetings/{number}/leave", {"user_id": ben})
    clock.forward(minutes=5)
    zoom.practice(f"/meetings/{number}/end")
    told = receiver.events(13)
    ins = [event for event in told if event["event"].endswith("joined_breakout_room")]
    outs = [event for event in told if event["event"].endswith("left_breakout_room")]
    assert [event["payload"]["object"]["participant"]["parent_user_id"] for event in ins] == [ana, ben]
    assert len({event["payload"]["object"]["breakout_room_uuid"] for event in (*ins, *outs)}) == 1
    times = [event["payload"]["object"]["participant"]["leave_time"] for event in outs]
    assert times == ["2026-05-14T10:15:00Z"] * 2
    zoom.new_token()
    rows = zoom.participants(number).json()["participants"]
    assert [(row["name"], row["duration"] // 60) for row in rows] == [
        ("Teacher", 20),
        ("Ana", 20),
        ("Ben", 15),
        ("Ana", 5),
        ("Ben", 5),
    ]
    assert zoom.get(f"/past_meetings/{number}").json()["participants_count"] == 3


def test_nobody_moves_who_is_not_where_the_move_begins(zoom: Client) -> None:
    number = zoom.create()["id"]
    zoom.practice(f"/meetings/{number}/start")
    waits = zoom.practice(f"/meetings/{number}/join", {"name": "Ana", "waiting_room": True})
    inside = zoom.practice(f"/meetings/{number}/join", {"name": "Ben"})
    for where, who in (("admit", inside), ("waiting-room", waits), ("breakout-room", waits), ("admit", {})):
        assert zoom.call("POST", f"/practice/meetings/{number}/{where}", json=who).status_code == 409


# Personal meeting ids


def test_without_the_users_setting_no_meeting_has_the_personal_id_unless_it_is_asked_for(zoom: Client) -> None:
    plain, asked = zoom.create(), zoom.create(settings={"use_pmi": True})
    assert (plain["settings"]["use_pmi"], "pmi" in plain) == (False, False)
    assert (asked["settings"]["use_pmi"], asked["pmi"]) == (True, str(PERSONAL))
    assert zoom.get(f"/users/{HOST}").json()["pmi"] == PERSONAL


def test_with_the_users_setting_a_meeting_has_the_personal_id_unless_it_is_sent_as_not_wanted(zoom: Client) -> None:
    assert zoom.practice(f"/users/{HOST}/personal-id", {"use": "usually"}, "PUT") == {"pmi": PERSONAL}
    meeting = zoom.create()
    assert (meeting["settings"]["use_pmi"], meeting["pmi"]) == (True, str(PERSONAL))
    assert len(str(meeting["id"])) == 11
    assert f"/j/{PERSONAL}?pwd={meeting['encrypted_password']}" in meeting["join_url"]
    assert zoom.get(f"/meetings/{meeting['id']}").json() == meeting
    assert zoom.create(settings={"use_pmi": False})["settings"]["use_pmi"] is False
    zoom.practice(f"/users/{HOST}/personal-id", {"use": "always"}, "PUT")
    assert zoom.create(settings={"use_pmi": False})["pmi"] == str(PERSONAL)
    assert zoom.call("PUT", f"/practice/users/{HOST}/personal-id", json={"use": "often"}).status_code == 400
    assert zoom.call("PUT", "/practice/users/x@y.example/personal-id", json={"use": "never"}).status_code == 404


def test_what_happens_in_a_meeting_with_the_personal_id_is_told_under_that_id(
    serve: Open, receiver: Receiver, clock: Clock
) -> None:
    zoom = serve(webhook_url=receiver.url, settle_seconds=0)
    meeting = zoom.create(settings={"use_pmi": True})
    _, uuid = zoom.hold(clock, ("Ana",), meeting["id"])
    created, *told = receiver.events(7)
    assert created["payload"]["object"]["id"] == meeting["id"]
    assert {event["payload"]["object"]["id"] for event in told} == {str(PERSONAL)}
    assert zoom.participants(PERSONAL).json() == zoom.participants(uuid).json()
    assert zoom.get(f"/past_meetings/{uuid}").json()["id"] == PERSONAL
    assert zoom.get(f"/past_meetings/{PERSONAL}/instances").json()["meetings"][0]["uuid"] == uuid
    assert zoom.get(f"/past_meetings/{meeting['id']}/instances").json() == {"meetings": []}
    assert zoom.participants(meeting["id"]).json()["code"] == 3001


def test_two_meetings_with_the_personal_id_are_held_in_one_room_that_cannot_be_deleted(zoom: Client) -> None:
    first, second = (zoom.create(settings={"use_pmi": True})["id"] for _ in range(2))
    zoom.practice(f"/meetings/{first}/start")
    assert zoom.get(f"/meetings/{second}").json()["status"] == "started"
    assert zoom.get(f"/meetings/{PERSONAL}").json()["type"] == 4
    answer = zoom.call("DELETE", f"/v2/meetings/{PERSONAL}")
    assert (answer.status_code, answer.json()["code"]) == (400, 3018)
    listed = zoom.get(f"/users/{HOST}/meetings").json()["meetings"]
    assert [row["id"] for row in listed] == [first, second]


def test_a_meeting_can_be_given_the_personal_id_later(zoom: Client) -> None:
    number = zoom.create()["id"]
    assert zoom.call("PATCH", f"/v2/meetings/{number}", json={"settings": {"use_pmi": True}}).status_code == 204
    assert zoom.get(f"/meetings/{number}").json()["pmi"] == str(PERSONAL)


# Webinars


def test_a_webinar_has_a_link_of_its_own_kind_and_no_call_about_meetings_tells_of_it(zoom: Client) -> None:
    made = zoom.practice("/webinars", {"host": HOST, "topic": "Open day"})
    assert made["join_url"].startswith(f"{zoom.url}/w/{made['id']}?tk=")
    assert "Open day" in zoom.session.get(made["join_url"], timeout=5).text
    assert zoom.error(f"/meetings/{made['id']}") == (400, 3000, "Cannot access webinar info.")
    for path in ("", "/participants", "/instances"):
        assert zoom.error(f"/past_meetings/{made['id']}{path}") == (400, 300, "Cannot access webinar info.")
    assert zoom.get(f"/users/{HOST}/meetings").json()["meetings"] == []
    assert zoom.call("POST", f"/practice/meetings/{made['id']}/start").status_code == 409
    assert zoom.call("GET", f"/j/{made['id']}").status_code == 404
    assert zoom.call("POST", "/practice/webinars", json={"host": "x@y.example"}).status_code == 400


# Sessions that were held at chosen times

CHOSEN: dict[str, Any] = {
    "start": "2026-05-13T10:00:00Z",
    "end": "2026-05-13T11:00:00Z",
    "stays": [
        {"name": "Teacher", "email": HOST},
        {"name": "Ben", "join": "2026-05-13T12:10:00+02:00", "leave": "2026-05-13T10:30:00Z"},
        {"name": "Cy", "leave": "2026-05-13T10:01:00Z", "status": "in_waiting_room"},
    ],
}


def test_a_session_can_be_added_with_chosen_people_and_times_and_is_told_of(
    serve: Open, receiver: Receiver, clock: Clock
) -> None:
    zoom = serve(webhook_url=receiver.url)
    number, today = zoom.hold(clock, ("Ana",))
    receiver.events(7)
    uuid = zoom.practice(f"/meetings/{number}/sessions", CHOSEN)["uuid"]
    rows = zoom.participants(uuid).json()["participants"]
    assert [(row["name"], row["id"], row["duration"] // 60, row["status"]) for row in rows] == [
        ("Teacher", user_id_of(HOST), 60, "in_meeting"),
        ("Cy", "", 1, "in_waiting_room"),
        ("Ben", "", 20, "in_meeting"),
    ]
    told = receiver.events(8)
    assert (told[0]["event"], told[-1]["event"]) == ("meeting.started", "meeting.ended")
    assert {event["payload"]["object"]["host_id"] for event in told} == {user_id_of(HOST)}
    instances = zoom.get(f"/past_meetings/{number}/instances").json()["meetings"]
    assert [row["uuid"] for row in instances] == [today, uuid]


def test_a_session_can_be_added_without_a_word_of_it(serve: Open, receiver: Receiver) -> None:
    zoom = serve(webhook_url=receiver.url)
    number = zoom.create()["id"]
    zoom.practice(f"/meetings/{number}/sessions", {**CHOSEN, "webhooks": False})
    assert set(zoom.practice("/webhooks", method="GET")["counts"]) <= {"delivered", "waiting"}
    assert len(zoom.practice("/webhooks", method="GET")["deliveries"]) == 1


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"end": "2026-05-13T10:00:00Z"}, 409),
        ({"end": "2026-05-14T10:00:01Z"}, 409),
        ({"start": "2026-05-13T10:05:00Z"}, 409),
        ({"start": "2026-05-13T10:00:00"}, 400),
        ({"start": "soon"}, 400),
        ({"stays": [{"name": "Ana", "status": "elsewhere"}]}, 400),
        ({"stays": [{"email": "a@x.example"}]}, 400),
        ({"stays": {}}, 400),
        ({"webhooks": "no"}, 400),
    ],
)
def test_an_impossible_session_is_refused(zoom: Client, change: dict[str, Any], status: int) -> None:
    number = zoom.create()["id"]
    answer = zoom.call("POST", f"/practice/meetings/{number}/sessions", json={**CHOSEN, **change})
    assert (answer.status_code, zoom.get(f"/past_meetings/{number}").status_code) == (status, 404)


def test_a_meeting_has_one_session_at_a_time(zoom: Client) -> None:
    number = zoom.create()["id"]
    zoom.practice(f"/meetings/{number}/sessions", CHOSEN)
    again = {**CHOSEN, "start": "2026-05-13T09:00:00Z", "end": "2026-05-13T10:00:01Z", "stays": []}
    assert zoom.call("POST", f"/practice/meetings/{number}/sessions", json=again).status_code == 409
    zoom.practice(f"/meetings/{number}/sessions", {**again, "end": "2026-05-13T10:00:00Z"})


# Sessions about which Zoom tells less


@pytest.mark.parametrize(
    ("kind", "status", "told"),
    [
        ("unknown", 404, "Meeting does not exist"),
        ("blocked", 403, "<html>"),
        ("invalid", 400, "Validation Failed."),
    ],
)
def test_a_session_is_refused_until_told_otherwise_and_no_other_is(
    serve: Open, clock: Clock, kind: str, status: int, told: str
) -> None:
    zoom = serve(settle_seconds=0)
    number, first = zoom.hold(clock, ("Ana",))
    _, second = zoom.hold(clock, ("Ben",), number)
    zoom.practice("/refusals", {"uuid": first, "kind": kind}, "PUT")
    for _ in range(2):
        answer = zoom.participants(first)
        assert (answer.status_code, told in answer.text) == (status, True)
    assert zoom.participants(second).status_code == 200
    assert len(zoom.get(f"/past_meetings/{number}/instances").json()["meetings"]) == 2
    zoom.practice("/refusals", {"uuid": first, "kind": None}, "PUT")
    assert zoom.participants(first).json()["total_records"] == 2
    assert zoom.call("PUT", "/practice/refusals", json={"uuid": first, "kind": "odd"}).status_code == 400
    assert zoom.call("PUT", "/practice/refusals", json={"uuid": "nobody's", "kind": kind}).status_code == 404


def test_a_list_can_become_shorter_and_speak_of_more_than_it_has(serve: Open, clock: Clock) -> None:
    zoom = serve(settle_seconds=0)
    _, uuid = zoom.hold(clock, ("Ana", "Ben", "Cleo"))

    def told() -> tuple[int, int]:
        content = zoom.participants(uuid).json()
        return len(content["participants"]), content["total_records"]

    assert told() == (4, 4)
    zoom.practice("/list-limits", {"uuid": uuid, "rows": 2}, "PUT")
    assert told() == (2, 2)
    zoom.practice("/list-limits", {"uuid": uuid, "rows": 2, "total_records": 4}, "PUT")
    assert told() == (2, 4)
    zoom.practice("/list-limits", {"uuid": uuid}, "PUT")
    assert told() == (4, 4)
    assert zoom.call("PUT", "/practice/list-limits", json={"uuid": uuid, "rows": "2"}).status_code == 400
