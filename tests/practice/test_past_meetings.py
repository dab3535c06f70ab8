"""What the practice Zoom tells of meetings that were held, and the sample term."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from tests.practice.clients import HOST, Client, Clock, Open
from tracker.practice.values import user_id_of

# Past meetings


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


def test_a_session_of_more_than_fifteen_months_ago_is_told_of_no_more(zoom: Client, clock: Clock) -> None:
    number, uuid = zoom.hold(clock, ("Ana",))
    clock.forward(days=456)
    zoom.new_token()
    assert zoom.participants(uuid).json()["total_records"] == 2
    clock.forward(seconds=1)
    answer = zoom.participants(uuid)
    assert (answer.status_code, answer.json()["code"]) == (400, 12702)
    assert zoom.get(f"/past_meetings/{number}/instances").json() == {"meetings": []}


# The sample term


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


def apart(sessions: list[dict[str, str]]) -> timedelta:
    """The time between the starts of the first and the last of these sessions."""
    starts = [datetime.fromisoformat(session["start_time"]) for session in sessions]
    return max(starts) - min(starts) if starts else timedelta()


def test_a_term_is_believable(serve: Open) -> None:
    zoom = serve(settle_seconds=0)
    rows = zoom.practice("/term", {"host": HOST, "weeks": 12, "until": "2026-05-14T09:00:00Z"})
    assert len(rows) == len({row["id"] for row in rows}) == 36
    assert len({row["course"] for row in rows}) in (2, 3)
    starts = [row["start_time"] for row in rows]
    assert starts == sorted(starts)
    assert starts[-1] < "2026-05-14T09:00:00Z"
    assert starts[0] > "2026-02-15"
    instances = {row["id"]: zoom.get(f"/past_meetings/{row['id']}/instances").json()["meetings"] for row in rows}
    assert [len(sessions) for sessions in instances.values()].count(0) == 1
    # A session hours after another one is no restart: somebody has opened the link again.
    opened_again = [sessions for sessions in instances.values() if apart(sessions) > timedelta(hours=2)]
    assert len(opened_again) == 1
    stray = opened_again[0][0]["uuid"]
    assert len(zoom.participants(stray).json()["participants"]) == 2
    uuids = [session["uuid"] for sessions in instances.values() for session in sessions if session["uuid"] != stray]
    lists = [zoom.participants(uuid, page_size=300).json()["participants"] for uuid in uuids]
    assert [] in lists
    assert all(5 <= len({row["name"] for row in people}) <= 60 for people in lists if people)
    everybody = [row for people in lists for row in people]
    assert all(row["duration"] > 0 and row["join_time"] < row["leave_time"] for row in everybody)
    assert {row["status"] for row in everybody} == {"in_meeting", "in_waiting_room"}
    assert {row["internal_user"] for row in everybody} == {True, False}
    assert any(row["name"].endswith("(iPhone)") for row in everybody)
    assert any(row["name"].startswith("4930") for row in everybody)
    assert any(not row["name"].isascii() for row in everybody)
    assert "Otter.ai" in {row["name"] for row in everybody}
    guests = {row["name"] for row in everybody if not row["user_email"]}
    assert {name.removesuffix(" (iPhone)") for name in guests if name.endswith(" (iPhone)")} & guests
    hosts = [[row["id"] for row in people if row["user_email"] == HOST] for people in lists if people]
    assert {one for ids in hosts for one in ids} == {user_id_of(HOST)}
    assert all(hosts)
    assert any(len(each) == 2 and apart(each) < timedelta(hours=1) for each in instances.values())


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
