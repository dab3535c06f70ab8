"""The classes of the demo's term as the product counts them: what is untidy in them is where it belongs."""

from datetime import datetime, timedelta
from typing import Any

from tests.practice_school import TEACHER, CommandLine, Host


def made_and_fetched(tracker: CommandLine, row: dict[str, Any]) -> dict[str, Any]:
    """The class of a meeting of the term, once its participants are fetched."""
    options = ("--link", str(row["id"]), "--minutes", str(row["duration"]))
    class_id = tracker.create(*options, start=row["start_time"])["id"]
    tracker.done("fetch", class_id)
    shown: dict[str, Any] = tracker.done("class", "show", class_id, "--json").json
    return shown


def names_in(*sessions: dict[str, Any]) -> set[str]:
    return {stay["name"] for session in sessions for stay in session["stays"] if not stay["in_waiting_room"]}


def test_a_session_hours_after_a_class_of_the_term_is_no_part_of_it_and_a_restart_is(
    host: Host, tracker: CommandLine
) -> None:
    tracker.add_teacher()
    rows = host.call("POST", "/term", {"host": TEACHER, "weeks": 2})
    held = {row["id"]: host.call("GET", f"/meetings/{row['id']}")["sessions"] for row in rows}

    def pause(sessions: list[dict[str, Any]]) -> timedelta:
        first, second = (datetime.fromisoformat(one) for one in (sessions[-2]["end"], sessions[-1]["start"]))
        return second - first

    several = {row["id"]: pause(held[row["id"]]) for row in rows if len(held[row["id"]]) > 1}
    (opened_again,) = [number for number, length in several.items() if length > timedelta(hours=2)]
    row = next(row for row in rows if row["id"] == opened_again)
    *lesson, stray = held[opened_again]
    assert len(lesson) == 2
    shown = made_and_fetched(tracker, row)
    records = shown["participantsData"]["participants"]
    assert {record["sessionUuid"] for record in records} == {session["uuid"] for session in lesson}
    assert {record["name"] for record in records if record["status"] == "in_meeting"} == names_in(*lesson)
    assert len(stray["stays"]) == 2
    assert shown["endedAt"] == lesson[-1]["end"]


def test_a_note_taking_robot_and_the_host_are_in_the_classes_of_the_term(host: Host, tracker: CommandLine) -> None:
    tracker.add_teacher()
    rows = host.call("POST", "/term", {"host": TEACHER, "weeks": 4})
    held = {row["id"]: host.call("GET", f"/meetings/{row['id']}")["sessions"] for row in rows}
    row = next(row for row in rows if "Otter.ai" in names_in(*held[row["id"]]))
    shown = made_and_fetched(tracker, row)
    records = shown["participantsData"]["participants"]
    assert "Otter.ai" in {record["name"] for record in records}
    assert {record["email"] for record in records if record["name"] == "Ana"} == {TEACHER}
