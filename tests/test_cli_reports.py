"""`tracker report import`: what it prints and makes, and what it refuses with nothing changed."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from tests.matrix.cast import dump
from tests.practice_school import TEACHER, CommandLine
from tests.reports.files import BLOCK, PLAIN
from tests.reports.test_shapes import ACTIVITIES, TEAMS
from tests.test_cli_rosters import saved

pytestmark = pytest.mark.database("sqlite")

OF_ANA = ("--teacher", TEACHER, "--timezone", "Europe/Berlin")
REPORT = (
    f"{BLOCK}812,Algebra 7B,2025-05-07 10:00:00,2025-05-07 11:00:30,{TEACHER},61,3\n\n{PLAIN}"
    f"Ana,{TEACHER},2025-05-07 10:00:00,2025-05-07 11:00:30,61,No,No,\n"
    "Bo,bo@x.org,2025-05-07 10:00:00,2025-05-07 11:00:30,61,No,No,\n"
    "Cy,,2025-05-07 10:06:00,soon,24,Yes,No,\n"
)
BOTH = f"{PLAIN}Bo,,03/04/2025 10:00:00,03/04/2025 10:50:00,50,No,No,\n"
UNDATED = "Name (Original Name),User Email,Total Duration (Minutes),Guest\nBo,bo@x.org,50,No\n"


@pytest.fixture
def school(tracker: CommandLine) -> CommandLine:
    """The command line of a school with one teacher."""
    tracker.add_teacher()
    return tracker


def brought(school: CommandLine, file: str, *options: str, course: str = "Algebra") -> Any:
    """What the command prints as JSON."""
    return school.done("report", "import", course, file, *OF_ANA, *options, "--json").json


@pytest.mark.quick
def test_a_report_becomes_a_class(school: CommandLine, tmp_path: Path) -> None:
    file = saved(tmp_path, REPORT)
    one = {
        "title": "Algebra 7B",
        "scheduledStart": "2025-05-07T08:00:00Z",
        "durationMinutes": 61,
        "participantCount": 3,
    }
    problems = [{"line": 7, "what": "“soon” is no time that can be read."}]
    dry = brought(school, file, "--dry-run")
    assert dry == {"course": "Algebra", "classes": [{"id": None, **one, "known": False}], "problems": problems}
    assert school.done("class", "list", "--json").json == []
    made = brought(school, file)
    class_id = made["classes"][0]["id"]
    assert made == {"course": "Algebra", "classes": [{"id": class_id, **one, "known": False}], "problems": problems}
    again = {"course": "Algebra", "classes": [{"id": class_id, **one, "known": True}], "problems": problems}
    assert brought(school, file) == brought(school, file, "--dry-run") == again
    assert len(school.done("class", "list", "--json").json) == 1


def test_everything_that_is_asked_of_a_class_is_answered_for_it(school: CommandLine, tmp_path: Path) -> None:
    (one,) = brought(school, saved(tmp_path, REPORT))["classes"]
    record = school.done("class", "show", one["id"], "--json").json
    assert (record["status"], record["zoomMeetingId"], record["participantCount"], record["fetchState"]) == (
        "ended",
        None,
        3,
        None,
    )
    assert (record["startedAt"], record["endedAt"]) == ("2025-05-07T08:00:00Z", "2025-05-07T09:00:30Z")
    data = record["participantsData"]
    assert (data["totalRecords"], data["uniqueCount"], data["source"]) == (3, 3, "report")
    assert list(data["participants"][1].items())[:5] == [
        ("name", "Bo"),
        ("email", "bo@x.org"),
        ("joinTime", "2025-05-07T08:00:00Z"),
        ("leaveTime", "2025-05-07T09:00:30Z"),
        ("duration", 3630),
    ]
    found = school.done("people", one["id"], "--json").json
    told = ("name", "role", "secondsInClass", "percent", "status")
    assert [tuple(person[key] for key in told) for person in found["people"]] == [
        ("Ana", "host", 3630, 100, "present"),
        ("Bo", "participant", 3630, 100, "present"),
        ("Cy", "participant", 1440, 40, "partly"),
    ]
    assert (found["sessions"], found["missing"]) == ([], [])
    people = school.done("export", one["id"], "--format", "csv").text
    assert people.splitlines()[2] == (
        "Bo,bo@x.org,2025-05-07T10:00:00+02:00,2025-05-07T11:00:30+02:00,60.5,100,1,present,participant,60.5"
    )
    stays = school.done("export", one["id"], "--format", "csv", "--shape", "stays").text
    assert stays.splitlines()[3] == "Cy,,2025-05-07T10:06:00+02:00,,1440,1,meeting"
    assert school.done("export", one["id"], "--format", "json").json["people"][2]["Minutes in class"] == 24.0
    assert school.done("export", one["id"], "--format", "xlsx").stdout.startswith(b"PK")
    assert school.refused("fetch", one["id"]) == "This class has no Zoom meeting."
    assert "3 people" not in school.done("class", "list").text  # the host is apart
    assert "2 people and the host" in school.done("class", "list").text


def test_a_report_with_minutes_alone_is_shown_with_minutes(school: CommandLine, tmp_path: Path) -> None:
    text = f"{BLOCK}812,Latin,2025-05-08 10:00:00,2025-05-08 11:00:00,,60,1\n\n{UNDATED}"
    (one,) = brought(school, saved(tmp_path, text))["classes"]
    people = school.done("export", one["id"], "--format", "csv").text
    assert people.splitlines()[1] == "Bo,bo@x.org,,,50.0,83,1,present,participant,50.0"
    assert "Bo (bo@x.org): 50.0 min in class (83 %), present" in school.done("people", one["id"]).text


def test_teams_report_in_utf_16(school: CommandLine, tmp_path: Path) -> None:
    file = saved(tmp_path, (TEAMS + ACTIVITIES).replace("9/22/26", "9/22/25").encode("utf-16"))
    (one,) = brought(school, file)["classes"]
    assert (one["title"], one["scheduledStart"], one["participantCount"]) == ("Biology", "2025-09-22T12:48:05Z", 2)
    found = school.done("people", one["id"], "--json").json["people"]
    assert {person["name"]: person["secondsInClass"] for person in found} == {"Ana Lima": 3600, "Bo Ek": 2880}


def test_in_words(school: CommandLine, tmp_path: Path) -> None:
    file = saved(tmp_path, REPORT)
    told = school.done("report", "import", "Algebra", file, *OF_ANA, "--dry-run").text
    assert told == (
        "–  2025-05-07T08:00:00Z  61 min  3 people     Algebra 7B\n"
        "line 7: “soon” is no time that can be read.\n"
        "1 class: 1 new, 0 known already\n"
    )
    school.done("report", "import", "Algebra", file, *OF_ANA)
    again = school.done("report", "import", "Algebra", file, *OF_ANA).text
    assert "Algebra 7B  (known already)\n" in again
    assert again.endswith("1 class: 0 new, 1 known already\n")


def test_day_or_month_first_is_asked_and_said(school: CommandLine, tmp_path: Path) -> None:
    file = saved(tmp_path, BOTH)
    assert school.refused("report", "import", "Algebra", file, *OF_ANA) == (
        "In this report either the day or the month may come first: 03/04/2025 10:00:00 may be 2025-04-03 or "
        "2025-03-04. Say which (on the command line: --dates day-first, or --dates month-first)."
    )
    for order, start in (("day-first", "2025-04-03T08:00:00Z"), ("month-first", "2025-03-04T09:00:00Z")):
        shown = brought(school, file, "--dates", order, "--dry-run")
        assert shown["classes"][0]["scheduledStart"] == start
    assert "invalid choice" in school.refused("report", "import", "Algebra", file, *OF_ANA, "--dates", "year-first")


def test_when_it_was_is_asked_and_said(school: CommandLine, tmp_path: Path) -> None:
    file = saved(tmp_path, UNDATED)
    assert "does not say when the meeting was" in school.refused("report", "import", "Algebra", file, *OF_ANA)
    for start in ("2025-05-14T10:00", "2025-05-14T08:00Z"):
        (one,) = brought(school, file, "--start", start, "--dry-run")["classes"]
        assert (one["title"], one["scheduledStart"], one["durationMinutes"]) == ("Algebra", "2025-05-14T08:00:00Z", 50)


def test_when_the_classes_began_and_how_long_they_were_can_be_said(school: CommandLine, tmp_path: Path) -> None:
    (one,) = brought(school, saved(tmp_path, REPORT), "--begins", "10:05", "--minutes", "45")["classes"]
    assert (one["scheduledStart"], one["durationMinutes"]) == ("2025-05-07T08:05:00Z", 45)
    found = school.done("people", one["id"], "--json").json["people"]
    assert [(person["secondsInClass"], person["status"]) for person in found] == [
        (2700, "present"),
        (2700, "present"),
        (1440, "left early"),
    ]


REFUSED: dict[str, tuple[str | bytes, tuple[str, ...], str]] = {
    "empty": ("", (), "This is no report of participants of Zoom's or Teams'."),
    "binary": (bytes(range(256)) * 40, (), "This is no report of participants of Zoom's or Teams'."),
    "a list of students": ("Name,Email\nBo,bo@x.org\n", (), "This is no report of participants"),
    "a workbook": (b"PK\x03\x04" + bytes(200), (), "This is an Excel file."),
    "too large": (b"x" * 5_000_001, (), "This file is too large for a report of participants."),
    "to come": (REPORT.replace("2025-", "2099-"), (), "By this report a class is still to come"),
    "no such zone": (REPORT, ("--timezone", "Atlantis"), "“Atlantis” is not a time zone"),
    "no time of the day": (REPORT, ("--begins", "soon"), "“soon” is not a time of the day"),
    "no length": (REPORT, ("--minutes", "0"), "A class lasts from 1 to 1440 minutes."),
    "no time": (UNDATED, ("--start", "soon"), "“soon” is not a time"),
    "no such teacher": (REPORT, ("--teacher", "nobody@x.org"), "There is no account for nobody@x.org."),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_used_is_refused_and_nothing_has_changed(
    school: CommandLine, engine: Engine, tmp_path: Path, what: str
) -> None:
    content, options, sentence = REFUSED[what]
    file, before = saved(tmp_path, content), dump(engine)
    for dry_run in ((), ("--dry-run",)):
        assert school.refused("report", "import", "Algebra", file, *OF_ANA, *options, *dry_run).startswith(sentence)
    assert dump(engine) == before


def test_a_file_that_is_not_there_is_named(school: CommandLine, tmp_path: Path) -> None:
    told = school.refused("report", "import", "Algebra", str(tmp_path / "nothing.csv"), *OF_ANA)
    assert "nothing.csv" in told


def test_json_is_one_value_in_ascii(school: CommandLine, tmp_path: Path) -> None:
    text = REPORT.replace("Algebra 7B", "Álgebra \u202e")
    told = school.done("report", "import", "Álgebra", saved(tmp_path, text), *OF_ANA, "--json").stdout
    assert told.isascii()
    assert json.loads(told)["classes"][0]["title"] == "Álgebra"
