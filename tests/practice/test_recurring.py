"""Recurring meetings of the practice Zoom: made by a rule, and changed and deleted as a whole or one date at a time."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.practice.clients import HOST, SETTINGS, Client, Clock, Open, Receiver
from tracker.practice import PracticeZoom

WEEKLY = {"type": 2, "weekly_days": "3,5", "end_times": 4}
TERM = {
    "type": 8,
    "start_time": "2026-10-20T10:00:00",
    "timezone": "Europe/Berlin",
    "duration": 45,
    "recurrence": WEEKLY,
}
STARTS = ["2026-10-20T08:00:00Z", "2026-10-22T08:00:00Z", "2026-10-27T09:00:00Z", "2026-10-29T09:00:00Z"]


def dates(zoom: Client, number: int, **query: Any) -> list[tuple[str, int, str]]:
    found = zoom.get(f"/meetings/{number}", **query).json()["occurrences"]
    return [(one["start_time"], one["duration"], one["status"]) for one in found]


def ids(meeting: dict[str, Any]) -> list[str]:
    return [one["occurrence_id"] for one in meeting["occurrences"]]


def test_the_dates_of_a_rule_keep_their_local_time_and_have_ids(zoom: Client) -> None:
    meeting = zoom.create(**TERM)
    assert dates(zoom, meeting["id"]) == [(start, 45, "available") for start in STARTS]
    assert (meeting["type"], meeting["recurrence"], meeting["start_time"]) == (8, WEEKLY, STARTS[0])
    assert zoom.get(f"/meetings/{meeting['id']}").json() == meeting
    assert len(set(ids(meeting))) == 4


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"type": 2, "weekly_days": "5", "end_times": 2}, ["2026-10-22T08:00:00Z", "2026-10-29T09:00:00Z"]),
        ({"type": 2, "weekly_days": "3", "end_date_time": "2026-10-27T09:00:00Z"}, [STARTS[0], STARTS[2]]),
        ({"type": 2, "weekly_days": "1,3", "end_times": 3}, [STARTS[0], "2026-10-25T09:00:00Z", STARTS[2]]),
        (
            {"type": 2, "weekly_days": "3", "repeat_interval": 2, "end_times": 2},
            [STARTS[0], "2026-11-03T09:00:00Z"],
        ),
        ({"type": 1, "repeat_interval": 2, "end_times": 2}, STARTS[:2]),
    ],
)
def test_a_rule_may_be_weekly_or_daily_and_ends_after_a_number_or_on_a_day(
    zoom: Client, rule: dict[str, Any], expected: list[str]
) -> None:
    meeting = zoom.create(**TERM | {"recurrence": rule})
    assert [start for start, _, _ in dates(zoom, meeting["id"])] == expected


@pytest.mark.parametrize(
    ("rule", "faulty"),
    [
        (None, ["recurrence"]),
        ({"type": 3, "monthly_day": 1}, ["recurrence"]),
        ({"type": 2, "weekly_days": "0"}, ["recurrence.weekly_days"]),
        ({"type": 2, "weekly_days": "8", "end_times": 51}, ["recurrence.end_times", "recurrence.weekly_days"]),
        ({"type": 2, "repeat_interval": 13}, ["recurrence.repeat_interval"]),
        ({"type": 2, "end_times": 2, "end_date_time": "2026-10-27T09:00:00Z"}, ["recurrence.end_times"]),
        ({"type": 2, "end_date_time": "2026-10-27"}, ["recurrence.end_date_time"]),
        ({"type": 2, "end_date_time": "2026-10-01T09:00:00Z"}, ["recurrence.end_date_time"]),
    ],
)
def test_every_wrong_field_of_a_rule_is_named(zoom: Client, rule: object, faulty: list[str]) -> None:
    fields = TERM | {"topic": "x", "recurrence": rule}
    if rule is None:
        del fields["recurrence"]
    answer = zoom.call("POST", f"/v2/users/{HOST}/meetings", json=fields)
    assert (answer.status_code, answer.json()["code"]) == (400, 300)
    assert sorted(error["field"] for error in answer.json()["errors"]) == faulty


def test_one_date_is_changed_and_deleted_and_the_others_stay(zoom: Client, clock: Clock) -> None:
    meeting = zoom.create(**TERM)
    path, first, second = f"/v2/meetings/{meeting['id']}", *ids(meeting)[:2]
    change = {"start_time": "2026-10-21T10:00:00Z", "duration": 90, "topic": "Exam"}
    answer = zoom.call("PATCH", path, params={"occurrence_id": first}, json=change)
    assert (answer.status_code, answer.content) == (204, b"")
    assert zoom.call("DELETE", path, params={"occurrence_id": second}).status_code == 204
    assert dates(zoom, meeting["id"]) == [
        ("2026-10-21T10:00:00Z", 90, "available"),
        (STARTS[1], 45, "deleted"),
        (STARTS[2], 45, "available"),
        (STARTS[3], 45, "available"),
    ]
    after = zoom.get(f"/meetings/{meeting['id']}").json()
    assert (after["topic"], ids(after)) == ("Algebra 7B", ids(meeting))
    for method in ("PATCH", "DELETE"):
        answer = zoom.call(method, path, params={"occurrence_id": second}, json={"duration": 30})
        assert (answer.status_code, answer.json()["code"]) == (404, 3001)


def test_the_whole_meeting_is_renamed_alone_and_moved_with_its_rule_only(zoom: Client) -> None:
    meeting = zoom.create(**TERM)
    path = f"/v2/meetings/{meeting['id']}"
    assert zoom.call("PATCH", path, json={"topic": "Algebra 8"}).status_code == 204
    assert [start for start, _, _ in dates(zoom, meeting["id"])] == STARTS
    moved = {"start_time": "2026-10-20T12:00:00", "timezone": "Europe/Berlin"}
    answer = zoom.call("PATCH", path, json=moved)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "recurrence")
    assert zoom.call("PATCH", path, json=moved | {"recurrence": WEEKLY | {"end_times": 2}}).status_code == 204
    assert [start for start, _, _ in dates(zoom, meeting["id"])] == ["2026-10-20T10:00:00Z", "2026-10-22T10:00:00Z"]


def test_dates_that_are_over_are_told_where_they_are_asked_for(serve: Open, clock: Clock) -> None:
    zoom = serve(token_seconds=10**9)
    meeting = zoom.create(**TERM)
    clock.time = clock.time.replace(month=10, day=23)
    assert len(dates(zoom, meeting["id"])) == 2
    assert len(dates(zoom, meeting["id"], show_previous_occurrences="true")) == 4
    listed = zoom.get(f"/users/{HOST}/meetings", type="upcoming").json()["meetings"]
    assert [one["id"] for one in listed] == [meeting["id"]]


def test_each_change_of_a_date_counts_for_the_day_and_deleting_does_not(zoom: Client) -> None:
    meeting = zoom.create(**TERM)
    path, first = f"/v2/meetings/{meeting['id']}", ids(meeting)[0]
    for _ in range(99):
        assert zoom.call("PATCH", path, params={"occurrence_id": first}, json={"duration": 30}).status_code == 204
    answer = zoom.call("PATCH", path, params={"occurrence_id": first}, json={"duration": 40})
    assert (answer.status_code, "(100) of Meeting Create/Update" in answer.json()["message"]) == (429, True)
    assert zoom.call("DELETE", path, params={"occurrence_id": first}).status_code == 204


def test_a_date_that_is_changed_or_deleted_is_announced_with_its_id(serve: Open, receiver: Receiver) -> None:
    zoom = serve(webhook_url=receiver.url)
    meeting = zoom.create(**TERM)
    path, first = f"/v2/meetings/{meeting['id']}", ids(meeting)[0]
    zoom.call("PATCH", path, params={"occurrence_id": first}, json={"duration": 30})
    zoom.call("DELETE", path, params={"occurrence_id": first})
    told = receiver.events(3)
    assert [one["event"] for one in told] == ["meeting.created", "meeting.updated", "meeting.deleted"]
    for one in told[1:]:
        assert [date["occurrence_id"] for date in one["payload"]["object"]["occurrences"]] == [first]


def test_a_recurring_meeting_outlives_a_restart(clock: Clock, tmp_path: Path) -> None:
    settings = replace(SETTINGS, state_file=tmp_path / "state.json")
    with PracticeZoom(settings, clock) as before, Client(before.url) as zoom:
        meeting = zoom.create(**TERM)
        zoom.call("DELETE", f"/v2/meetings/{meeting['id']}", params={"occurrence_id": ids(meeting)[0]})
        told = zoom.get(f"/meetings/{meeting['id']}").json()
    with PracticeZoom(settings, clock) as after, Client(after.url) as zoom:
        again = zoom.get(f"/meetings/{meeting['id']}").json()
    assert (again["occurrences"], again["recurrence"]) == (told["occurrences"], WEEKLY)
    assert again["occurrences"][0]["status"] == "deleted"
