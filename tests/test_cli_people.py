"""`tracker people`: who was in a class as JSON and in words, through the command line."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from tests.lives import note
from tests.makers import MEETING, NOW, Clock, ended, seen, services, started, stored
from tests.practice_school import HELD, CommandLine, Host
from tracker import class_attendance, clock, decisions, storage
from tracker.attendance.types import Attendance, Mark
from tracker.auth import OPERATOR
from tracker.errors import Problem
from tracker.services import Services
from tracker.storage.database import reading, transaction
from tracker.storage.decisions import Decision

pytestmark = pytest.mark.database("sqlite")

NOTHING: dict[str, list[Any]] = {"people": [], "suggestions": [], "sessions": [], "missing": []}
# What `Host.hold` makes of a class of an hour.
ANA = {
    "name": "Ana",
    "email": "ana@school.example",
    "role": "host",
    "secondsInClass": 3600,
    "secondsPresent": 3600,
    "percent": 100,
    "status": "present",
    "robot": False,
    "setAside": False,
    "student": None,
}
BO = ANA | {
    "name": "Bo",
    "email": "bo@x.example",
    "role": "participant",
    "secondsInClass": 1500,
    "secondsPresent": 1500,
    "percent": 42,
    "status": "partly",
}
CY = ANA | {
    "name": "=Cy",
    "email": "",
    "role": "participant",
    "secondsInClass": 3300,
    "secondsPresent": 3300,
    "percent": 92,
}


@pytest.fixture
def school(engine: Engine) -> Services:
    """What a teacher's clicks use, on the database of the commands."""
    return services(engine, Clock(HELD))


@pytest.fixture
def made(tracker: CommandLine) -> dict[str, Any]:
    tracker.add_teacher()
    return dict(tracker.create())


@pytest.fixture
def hold(tracker: CommandLine, host: Host, made: dict[str, Any]) -> Callable[..., str]:
    """Holds the class for an hour, with others besides who come in from a minute to another; then it is fetched."""

    def hold(*others: tuple[str, str, int, int]) -> str:
        host.clock.time = HELD
        host.start(made["zoomMeetingId"])
        moments = sorted({minute for *_, start, end in others for minute in (start, end)})
        there: dict[tuple[str, str, int, int], str] = {}
        for minute in moments:
            host.clock.time = HELD + timedelta(minutes=minute)
            for one in others:
                if one[3] == minute:
                    host.leave(made["zoomMeetingId"], there[one])
            for one in others:
                if one[2] == minute:
                    there[one] = host.join(made["zoomMeetingId"], one[0], one[1])
        host.clock.time = HELD + timedelta(minutes=60)
        host.end(made["zoomMeetingId"])
        tracker.done("fetch", made["id"])
        return str(made["id"])

    return hold


def attendance(school: Services, class_id: str) -> Attendance:
    with reading(school.engine) as tx:
        found = class_attendance.attendance_of(tx, storage.classes.get_class(tx, class_id), clock.now())
    assert found is not None
    return found


@pytest.mark.database("sqlite", "postgresql")
@pytest.mark.quick
def test_people_are_given_with_hosts_roles_and_seconds(tracker: CommandLine, host: Host, made: dict[str, Any]) -> None:
    host.hold(made["zoomMeetingId"])
    tracker.done("fetch", made["id"])
    found = tracker.done("people", made["id"], "--json").json
    (session,) = found.pop("sessions")
    assert found == {"people": [CY, ANA, BO], "suggestions": [], "missing": []}
    assert session == {
        "uuid": session["uuid"],
        "start": "2025-05-14T10:00:00Z",
        "end": "2025-05-14T11:00:00Z",
        "counted": True,
        "why": "time",
    }
    assert session["uuid"]
    assert tracker.done("people", made["id"]).text == (
        "2 people and the host\n"
        "=Cy: 55.0 min in class (92 %), present\n"
        "Ana (ana@school.example), host: 60.0 min in class (100 %), present\n"
        "Bo (bo@x.example): 25.0 min in class (42 %), partly\n"
    )


def test_a_class_in_which_only_the_host_was_is_told_so(
    tracker: CommandLine, hold: Callable[..., str], school: Services
) -> None:
    class_id = hold(("Ben", "", 0, 60))
    ben = [person for person in attendance(school, class_id).people if person.name == "Ben"]
    decisions.mark(school, OPERATOR, stored(school.engine, class_id), ben, Mark.SET_ASIDE)
    assert tracker.done("people", class_id).text.splitlines()[0] == "Only the host was there"


def test_before_anything_is_known_there_is_nobody(tracker: CommandLine, made: dict[str, Any]) -> None:
    assert tracker.done("people", made["id"], "--json").json == NOTHING
    assert tracker.done("people", made["id"]).text == "The participants of this class are not known yet.\n"


def test_a_robot_is_marked_and_stays_in_the_list_when_it_is_set_aside(
    tracker: CommandLine, hold: Callable[..., str], school: Services
) -> None:
    class_id = hold(("Otter.ai", "", 0, 60), ("Ben", "", 0, 60))
    robot = CY | {"name": "Otter.ai", "secondsInClass": 3600, "secondsPresent": 3600, "percent": 100, "robot": True}
    assert robot in tracker.done("people", class_id, "--json").json["people"]
    assert "Otter.ai, looks like a note-taking robot: 60.0 min" in tracker.done("people", class_id).text
    found = [person for person in attendance(school, class_id).people if person.robot]
    decisions.mark(school, OPERATOR, stored(school.engine, class_id), found, Mark.SET_ASIDE)
    people = tracker.done("people", class_id, "--json").json["people"]
    assert [(one["name"], one["setAside"]) for one in people] == [("Ana", False), ("Ben", False), ("Otter.ai", True)]
    assert people[-1] == robot | {"setAside": True}
    lines = tracker.done("people", class_id).text.splitlines()
    assert (lines[0], lines[-1]) == ("1 person and the host", "Otter.ai: set aside")
    for shape in ("people", "stays"):
        assert b"Otter" not in tracker.done("export", class_id, "--shape", shape).stdout


def test_suggestions_have_a_code_until_the_teacher_has_decided(
    tracker: CommandLine, hold: Callable[..., str], school: Services
) -> None:
    class_id = hold(("Ben Kay", "", 0, 60), ("14 Ben Kay", "", 0, 60))
    (found,) = tracker.done("people", class_id, "--json").json["suggestions"]
    assert found == {
        "first": {"name": "14 Ben Kay", "email": ""},
        "second": {"name": "Ben Kay", "email": ""},
        "why": "same_name_with_seat_number",
    }
    told = "The same person? 14 Ben Kay and Ben Kay: the same name but for a seat number"
    assert tracker.done("people", class_id).text.splitlines()[-1] == told
    decision = Decision(("name", "ben kay"), ("name", "14 ben kay"), same=False)
    decisions.decide(school, OPERATOR, stored(school.engine, class_id), decision)
    assert tracker.done("people", class_id, "--json").json["suggestions"] == []


def test_a_nameless_person_has_the_name_that_is_empty_and_marks_in_names_do_nothing_to_the_terminal(
    tracker: CommandLine, hold: Callable[..., str]
) -> None:
    class_id = hold(("", "", 0, 60), ("\x1b[31mEve\u202e", "eve@x.example", 0, 60))
    assert {one["name"] for one in tracker.done("people", class_id, "--json").json["people"]} >= {"", "Ana"}
    lines = tracker.done("people", class_id).text.splitlines()
    assert "No name: 60.0 min in class (100 %), present" in lines
    assert not any("\x1b" in line or "\u202e" in line for line in lines)


def test_who_was_only_there_before_class_is_outside_with_no_percent(
    tracker: CommandLine, host: Host, made: dict[str, Any]
) -> None:
    host.clock.time = HELD - timedelta(minutes=10)
    host.start(made["zoomMeetingId"])
    early = host.join(made["zoomMeetingId"], "Eve")
    host.clock.forward(minutes=5)
    host.leave(made["zoomMeetingId"], early)
    host.clock.forward(minutes=65)
    host.end(made["zoomMeetingId"])
    tracker.done("fetch", made["id"])
    ana, eve = tracker.done("people", made["id"], "--json").json["people"]
    assert ana == ANA | {"secondsPresent": 4200}
    assert (eve["secondsInClass"], eve["secondsPresent"], eve["percent"], eve["status"]) == (0, 300, 0, "outside")


def test_a_session_of_which_only_people_are_shared_is_not_counted(
    tracker: CommandLine, host: Host, made: dict[str, Any]
) -> None:
    link = ["--link", made["zoomMeetingId"]]
    second = str(tracker.create(*link, start="2025-05-14T13:00", title="The next one")["id"])
    meeting = made["zoomMeetingId"]
    for start, end, names in ((0, 63, ("Ben", "Dee")), (66, 120, ("Dee",))):
        host.clock.time = HELD + timedelta(minutes=start)
        host.start(meeting)
        for name in names:
            host.join(meeting, name)
        host.clock.time = HELD + timedelta(minutes=end)
        host.end(meeting)
    for class_id in (made["id"], second):
        tracker.done("fetch", class_id)
    found = tracker.done("people", second, "--json").json["sessions"]
    assert [(one["start"], one["counted"], one["why"]) for one in found] == [
        ("2025-05-14T10:00:00Z", False, "people_shared"),
        ("2025-05-14T11:06:00Z", True, "time"),
    ]


# What is missing, and what still runs


def test_a_session_whose_list_zoom_never_gave_is_named_with_the_reason(
    tracker: CommandLine, host: Host, made: dict[str, Any], engine: Engine
) -> None:
    meeting = made["zoomMeetingId"]
    for start, end in ((0, 20), (25, 60)):
        host.clock.time = HELD + timedelta(minutes=start)
        host.start(meeting)
        host.join(meeting, "Ben")
        host.clock.time = HELD + timedelta(minutes=end)
        host.end(meeting)
    host.call("POST", "/faults", [{"match": "/participants", "kind": "status", "status": 503, "times": 1}])
    tracker.done("fetch", made["id"])
    found = tracker.done("people", made["id"], "--json").json
    first, second = found["sessions"]
    reason = "Zoom has a fault of its own (HTTP 503)."
    assert found["missing"] == [{"uuid": first["uuid"], "reason": reason}]
    assert [(one["name"], one["secondsInClass"]) for one in found["people"]] == [("Ana", 2100), ("Ben", 2100)]
    told = f"The list of the session of 2025-05-14T10:00:00Z is missing: {reason}"
    assert tracker.done("people", made["id"]).text.splitlines()[-1] == told
    with transaction(engine) as tx:  # a minute goes by
        tx.connection().exec_driver_sql('UPDATE "Fetch" SET "askedByHandAt" = NULL')
    tracker.done("fetch", made["id"])
    with transaction(engine) as tx:  # one whose list is known is not missing, even where Zoom does not give it now
        storage.session_records.note_missing(tx, meeting, second["uuid"], Problem("zoom_meeting_not_over"))
    assert tracker.done("people", made["id"], "--json").json["missing"] == []


def test_while_a_class_runs_it_is_given_who_was_seen_so_far_and_a_session_without_an_end(
    tracker: CommandLine, engine: Engine
) -> None:
    tracker.add_teacher()
    begun = clock.now().replace(microsecond=0) - timedelta(minutes=20)
    start = begun.isoformat()
    class_id = str(tracker.create("--link", MEETING, start=start)["id"])
    minute = (begun - NOW).total_seconds() / 60
    using = services(engine, Clock(clock.now()))
    note(using, started("u", minute), seen("joined", 1, minute, "Ben", "u", minute))
    found = tracker.done("people", class_id, "--json").json
    (ben,), (session,) = found["people"], found["sessions"]
    assert (ben["name"], ben["role"], ben["percent"]) == ("Ben", "participant", 100)
    assert 1200 <= ben["secondsInClass"] < 1500
    assert session == {"uuid": "u", "start": clock.to_zoom(begun), "end": None, "counted": True, "why": "time"}
    assert tracker.done("people", class_id).text.startswith("1 person\n")
    note(using, ended("u", minute, minute + 19))
    assert tracker.done("people", class_id, "--json").json["sessions"][0]["end"] is not None
