"""What the practice Zoom does, as the product takes it: personal ids, webinars, lists that lack something."""

from datetime import timedelta
from typing import Any

import pytest

from tests.practice_school import HELD, TEACHER, CommandLine, Host
from tracker.clock import to_zoom
from tracker.practice.values import personal_number, user_id_of

pytestmark = pytest.mark.slow


def held(host: Host, meeting: str, start: int, end: int, **people: tuple[int, int]) -> str:
    """A session in minutes from HELD, with the host all the time; returns its UUID."""

    def moment(minute: int) -> str:
        return to_zoom(HELD + timedelta(minutes=minute))

    stays: list[dict[str, str]] = [{"name": "Ana", "email": TEACHER}]
    stays += [{"name": name, "join": moment(join), "leave": moment(leave)} for name, (join, leave) in people.items()]
    host.clock.time = max(host.clock.time, HELD + timedelta(minutes=end))
    given: dict[str, Any] = {"start": moment(start), "end": moment(end), "stays": stays}
    return str(host.call("POST", f"/meetings/{meeting}/sessions", given)["uuid"])


def people(tracker: CommandLine, class_id: str) -> dict[str, tuple[int, str]]:
    """Minutes in class and role of everybody, by name."""
    told = tracker.done("people", class_id, "--json").json["people"]
    return {one["name"]: (one["secondsInClass"] // 60, one["role"]) for one in told}


def test_the_host_of_a_class_is_told_apart_by_zooms_id(host: Host, tracker: CommandLine) -> None:
    tracker.add_teacher()
    made = tracker.create()
    held(host, made["zoomMeetingId"], 0, 60, Bo=(0, 30))
    tracker.done("fetch", made["id"])
    assert people(tracker, made["id"]) == {"Ana": (60, "host"), "Bo": (30, "participant")}
    (record,) = [
        one
        for one in tracker.done("class", "show", made["id"], "--json").json["participantsData"]["participants"]
        if one["name"] == "Ana"
    ]
    assert user_id_of(TEACHER) in record.values()


def test_a_meeting_has_an_id_of_its_own_although_its_host_usually_has_the_personal_one(
    host: Host, tracker: CommandLine
) -> None:
    tracker.add_teacher()
    host.call("PUT", f"/users/{TEACHER}/personal-id", {"use": "usually"})
    assert len(tracker.create()["zoomMeetingId"]) == 11


def test_a_meeting_that_zoom_gives_the_personal_id_nevertheless_is_found_under_it(
    host: Host, tracker: CommandLine
) -> None:
    tracker.add_teacher()
    host.call("PUT", f"/users/{TEACHER}/personal-id", {"use": "always"})
    made = tracker.create()
    assert made["zoomMeetingId"] == str(personal_number(TEACHER))
    host.hold(made["zoomMeetingId"])
    tracker.done("fetch", made["id"])
    assert people(tracker, made["id"]).keys() == {"Ana", "Bo", "=Cy"}


def test_the_link_of_a_webinar_is_refused_by_that_name(host: Host, tracker: CommandLine) -> None:
    tracker.add_teacher()
    link = host.call("POST", "/webinars", {"host": TEACHER})["join_url"].replace(host.url, "https://us02web.zoom.us")
    given = ("--title", "Open day", "--teacher", TEACHER, "--start", "2025-05-14T12:00", "--minutes", "60")
    assert "webinar" in tracker.refused("class", "create", *given, "--link", link)


@pytest.mark.parametrize("kind", ["unknown", "blocked", "invalid"])
def test_one_session_that_is_refused_is_named_and_the_other_counts_until_it_is_given(
    host: Host, tracker: CommandLine, kind: str
) -> None:
    tracker.add_teacher()
    made = tracker.create()
    held(host, made["zoomMeetingId"], 0, 25, Bo=(0, 25))
    second = held(host, made["zoomMeetingId"], 30, 60, Cy=(30, 60))
    host.call("PUT", "/refusals", {"uuid": second, "kind": kind})
    tracker.done("fetch", made["id"])
    assert people(tracker, made["id"]) == {"Ana": (25, "host"), "Bo": (25, "participant")}
    host.call("PUT", "/refusals", {"uuid": second, "kind": None})
    tracker.done("fetch", made["id"])
    assert people(tracker, made["id"]) == {
        "Ana": (55, "host"),
        "Bo": (25, "participant"),
        "Cy": (30, "participant"),
    }


def test_a_list_that_becomes_shorter_does_not_replace_the_longer_one(host: Host, tracker: CommandLine) -> None:
    tracker.add_teacher()
    made = tracker.create()
    uuid = held(host, made["zoomMeetingId"], 0, 60, Bo=(0, 60), Cy=(0, 60))
    tracker.done("fetch", made["id"])
    host.call("PUT", "/list-limits", {"uuid": uuid, "rows": 2})
    tracker.done("fetch", made["id"])
    assert people(tracker, made["id"]).keys() == {"Ana", "Bo", "Cy"}


def test_a_list_that_spoke_of_more_than_it_had_is_taken_once_it_is_whole(host: Host, tracker: CommandLine) -> None:
    tracker.add_teacher()
    made = tracker.create()
    uuid = held(host, made["zoomMeetingId"], 0, 60, Bo=(0, 60), Cy=(0, 60))
    host.call("PUT", "/list-limits", {"uuid": uuid, "rows": 2, "total_records": 3})
    tracker.done("fetch", made["id"])
    assert people(tracker, made["id"]).keys() == {"Ana", "Bo"}
    host.call("PUT", "/list-limits", {"uuid": uuid})
    tracker.done("fetch", made["id"])
    assert people(tracker, made["id"]).keys() == {"Ana", "Bo", "Cy"}
