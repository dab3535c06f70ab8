"""Every command with its options, run in this process against a practice Zoom, on both databases."""

import io
import json
import os
import re
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from tests.examined import PORTS
from tests.makers import read_workbook
from tests.practice_school import (
    HELD,
    PEOPLE_CSV,
    STAYS_CSV,
    TEACHER,
    CommandLine,
    Host,
)
from tracker import auth, clock
from tracker.errors import NotSignedIn
from tracker.messages import languages
from tracker.messages.vocabulary import HEADINGS
from tracker.settings import read_settings
from tracker.storage.database import make_engine, reading
from tracker.zoom import NewMeeting, Zoom

pytestmark = pytest.mark.database("sqlite")

PASSWORD = "correct horse battery"
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@pytest.fixture
def database(database_url: str) -> Iterator[Engine]:
    """The database that the commands use."""
    engine = make_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def held(tracker: CommandLine, host: Host) -> str:
    """A class that was held, and that nobody has fetched yet."""
    tracker.add_teacher()
    created = tracker.create()
    host.hold(created["zoomMeetingId"])
    return str(created["id"])


@pytest.fixture
def fetched(tracker: CommandLine, held: str) -> str:
    tracker.done("fetch", held)
    return held


def can_sign_in(database: Engine, password: str) -> bool:
    try:
        return bool(auth.sign_in(database, TEACHER, password, "here", clock.now()))
    except NotSignedIn:
        return False


def type_in(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content), "utf-8"))


# -- people


@pytest.mark.database("sqlite", "postgresql")
def test_a_person_gets_a_password_that_is_printed_once_and_works(tracker: CommandLine, database: Engine) -> None:
    said = tracker.done("user", "add", " Ana@School.example", "--role", "teacher", "--name", "Ana Díaz").text
    first, second = said.splitlines()
    assert first == "ana@school.example can sign in as teacher."
    assert can_sign_in(database, second.removeprefix("Password (shown once): "))


@pytest.mark.parametrize("ending", [b"", b"\n", b"\r\n", b"\nmore\n"])
@pytest.mark.quick
def test_a_person_gets_the_password_that_stdin_gives(
    tracker: CommandLine, database: Engine, monkeypatch: pytest.MonkeyPatch, ending: bytes
) -> None:
    type_in(monkeypatch, PASSWORD.encode() + ending)
    assert PASSWORD not in tracker.done("user", "add", TEACHER, "--role", "admin", "--password-stdin").text
    assert can_sign_in(database, PASSWORD)


def test_a_new_password_takes_the_place_of_the_old_one(
    tracker: CommandLine, database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    type_in(monkeypatch, PASSWORD.encode())
    tracker.add_teacher("--password-stdin")
    for options in (["--password-stdin"], []):
        type_in(monkeypatch, f"new {PASSWORD} {options}\n".encode())
        said = tracker.done("user", "password", TEACHER, *options).text
        assert said == "ana@school.example has a new password and is signed out everywhere.\n"
        assert can_sign_in(database, f"new {PASSWORD} {options}")
        assert not can_sign_in(database, PASSWORD)


def test_everybody_is_listed_by_email(tracker: CommandLine) -> None:
    assert tracker.done("user", "list", "--json").json == []
    tracker.done("user", "add", "zoe@school.example", "--role", "admin")
    tracker.add_teacher("--name", "Ana Díaz", "--zoom-user", "zoom-7")
    ana, zoe = tracker.done("user", "list", "--json").json
    assert ana == {
        "id": ana["id"],
        "email": TEACHER,
        "name": "Ana Díaz",
        "role": "teacher",
        "zoomUserId": "zoom-7",
        "disabledAt": None,
    }
    assert zoe == {
        "id": zoe["id"],
        "email": "zoe@school.example",
        "name": "zoe",
        "role": "admin",
        "zoomUserId": "zoe@school.example",
        "disabledAt": None,
    }
    assert tracker.done("user", "list").text == (
        "ana@school.example  teacher  Ana Díaz  (Zoom host zoom-7)\n"
        "zoe@school.example  admin  zoe  (Zoom host zoe@school.example)\n"
    )


def test_a_token_stands_alone_on_the_last_line_and_works(tracker: CommandLine, database: Engine) -> None:
    tracker.add_teacher()
    *_, token = tracker.done("user", "token", TEACHER).text.splitlines()
    assert re.fullmatch(r"zpt_[A-Za-z0-9_-]{40,}", token)
    with reading(database) as tx:
        assert auth.member_by_bearer(tx, f"Bearer {token}", clock.now()).email == TEACHER


# -- classes


@pytest.mark.quick
def test_a_class_is_made_with_its_zoom_meeting(tracker: CommandLine, host: Host) -> None:
    tracker.add_teacher()
    record = tracker.create("--course", "Algebra", title="  Álgebra \t 7B ", start="2098-05-14T12:00")
    assert record == {
        "id": record["id"],
        "title": "Álgebra 7B",
        "status": "scheduled",
        "scheduledStart": "2098-05-14T10:00:00Z",
        "durationMinutes": 60,
        "timezone": "Europe/Berlin",
        "zoomMeetingId": record["zoomMeetingId"],
        "zoomJoinUrl": record["zoomJoinUrl"],
        "zoomApiMeetingId": None,
        "zoomHostId": record["zoomHostId"],
        "zoomLinkedByTeacher": False,
        "zoomMeetingMade": True,
        "startedAt": None,
        "endedAt": None,
        "participantCount": None,
        "participantsFetchedAt": None,
        "peopleShown": None,
        "hostsShown": None,
        "figuresOfCount": None,
        "namesRemovedAt": None,
        "seenTo": None,
        "cancelledAt": None,
        "zoomDeletionDueAt": None,
        "reportDigest": None,
        "lateShown": None,
        "seriesId": None,
        "zoomOccurrenceId": None,
        "zoomMeetingDueAt": None,
        "zoomMeetingAskedAt": None,
        "meetingAsked": {},
        "meetingSent": {},
        "meetingHas": {
            "waitingRoom": "off",
            "signIn": "off",
            "recording": "none",
            "registration": "off",
            "substitutes": [],
        },
        "teacherId": tracker.done("user", "list", "--json").json[0]["id"],
        "courseId": record["courseId"],
        "createdAt": record["createdAt"],
    }
    assert record["courseId"]
    assert MOMENT.fullmatch(record["createdAt"])
    assert record["zoomJoinUrl"].startswith(f"{host.url}/j/{record['zoomMeetingId']}?pwd=")
    host.start(record["zoomMeetingId"])


@pytest.mark.database("sqlite", "postgresql")
def test_the_keys_of_a_class_are_the_columns_of_its_table(tracker: CommandLine, database: Engine) -> None:
    tracker.add_teacher()
    record = tracker.create()
    with database.connect() as connection:
        columns = connection.execute(text('SELECT * FROM "LiveStream"')).keys()
    assert set(record) == set(columns) - {"participantsData"}
    assert set(tracker.done("class", "show", record["id"], "--json").json) == {*columns, "fetchState", "sharedWith"}


def test_a_class_in_plain_words_says_where_to_join(tracker: CommandLine) -> None:
    tracker.add_teacher()
    given = ["--title", "Algebra", "--teacher", TEACHER, "--start", "2025-05-14T12:00", "--minutes", "60"]
    said = tracker.done("class", "create", *given).text
    (record,) = tracker.done("class", "list", "--json").json
    where = f"meeting {record['zoomMeetingId']}, join at {record['zoomJoinUrl']}"
    assert said == f"{record['id']}  Algebra: {where}\n"
    assert (record["timezone"], record["scheduledStart"]) == ("UTC", "2025-05-14T12:00:00Z")


@pytest.mark.parametrize(
    ("start", "stored"),
    [
        ("2025-05-14T12:00", "2025-05-14T10:00:00Z"),
        ("2025-05-14 12:00:30", "2025-05-14T10:00:30Z"),
        ("2025-05-14T12:00Z", "2025-05-14T12:00:00Z"),
        ("2025-05-14T12:00+05:30", "2025-05-14T06:30:00Z"),
        ("2025-01-14T12:00", "2025-01-14T11:00:00Z"),
        ("2025-05-14", "2025-05-13T22:00:00Z"),
    ],
)
def test_a_start_is_local_unless_it_says_otherwise(tracker: CommandLine, start: str, stored: str) -> None:
    tracker.add_teacher()
    assert tracker.create(start=start)["scheduledStart"] == stored


@pytest.mark.parametrize(
    ("link", "meeting", "url"),
    [
        ("https://zoom.us/j/85011112222?pwd=abc.1", "85011112222", "https://zoom.us/j/85011112222?pwd=abc.1"),
        ("850 1111 2222", "85011112222", "https://zoom.us/j/85011112222"),
    ],
)
def test_a_class_takes_the_meeting_in_a_link(tracker: CommandLine, link: str, meeting: str, url: str) -> None:
    tracker.add_teacher()
    record = tracker.create("--link", link)
    assert (record["zoomMeetingId"], record["zoomJoinUrl"], record["zoomMeetingMade"]) == (meeting, url, False)


def test_a_class_held_already_is_fetched_by_its_link_alone(tracker: CommandLine, host: Host) -> None:
    tracker.add_teacher()
    made = held_elsewhere(tracker, host, "Algebra")
    assert tracker.done("class", "show", made, "--json").json["fetchState"] == "waiting"
    assert tracker.done("fetch", made).text == "3 people from 3 records.\n"
    assert tracker.done("export", made).stdout == PEOPLE_CSV


def test_classes_are_listed_newest_first(tracker: CommandLine, fetched: str) -> None:
    later = tracker.create(start="2025-06-01T12:00", title="Later")
    earlier = tracker.create(start="2025-05-01T12:00", title="Earlier")
    records = tracker.done("class", "list", "--json").json
    assert [record["id"] for record in records] == [later["id"], fetched, earlier["id"]]
    assert tracker.done("class", "list").text == (
        f"{later['id']}  2025-06-01T10:00:00Z  scheduled  {'–':<23}  Later\n"
        f"{fetched}  2025-05-14T10:00:00Z  ended      {'2 people and the host':<23}  Algebra 7B\n"
        f"{earlier['id']}  2025-05-01T10:00:00Z  scheduled  {'–':<23}  Earlier\n"
    )


def test_a_school_without_classes_has_an_empty_list(tracker: CommandLine) -> None:
    assert tracker.done("class", "list", "--json").json == []
    assert tracker.done("class", "list").text == ""


def test_a_class_is_shown_before_anything_is_known(tracker: CommandLine) -> None:
    tracker.add_teacher()
    record = tracker.create()
    shown = tracker.done("class", "show", record["id"], "--json").json
    assert shown == record | {"participantsData": None, "fetchState": None, "sharedWith": []}
    lines = tracker.done("class", "show", record["id"]).text.splitlines()
    assert "title: Algebra 7B" in lines
    assert "participantCount: –" in lines
    assert json.loads(next(line for line in lines if line.startswith("meetingHas: "))[12:]) == record["meetingHas"]
    assert lines[-1] == "fetch: –"


def test_a_class_is_shown_with_its_participants(tracker: CommandLine, fetched: str) -> None:
    shown = tracker.done("class", "show", fetched, "--json").json
    assert (shown["status"], shown["participantCount"]) == ("ended", 3)
    assert (shown["startedAt"], shown["endedAt"]) == ("2025-05-14T10:00:00Z", "2025-05-14T11:00:00Z")
    assert MOMENT.fullmatch(shown["participantsFetchedAt"])
    assert shown["fetchState"] == "settled"  # it was held more than a day ago
    data = shown["participantsData"]
    assert (data["totalRecords"], data["uniqueCount"]) == (3, 3)
    assert list(data["participants"][1])[:5] == ["name", "email", "joinTime", "leaveTime", "duration"]
    assert [entry["name"] for entry in data["participants"]] == ["Ana", "Bo", "=Cy"]


def test_a_class_whose_fetch_failed_shows_why(tracker: CommandLine, held: str, database: Engine) -> None:
    tracker.done("fetch", held)
    with database.begin() as connection:
        connection.execute(text("UPDATE \"Fetch\" SET error = 'Zoom asks to wait.'"))
    assert tracker.done("class", "show", held).text.splitlines()[-1] == "fetch: settled (Zoom asks to wait.)"


@pytest.mark.quick
def test_fetching_counts_the_people(tracker: CommandLine, held: str) -> None:
    assert tracker.done("fetch", held).text == "3 people from 3 records.\n"
    record = tracker.done("fetch", held, "--json").json
    assert (record["id"], record["participantCount"], record["status"]) == (held, 3, "ended")


# -- files


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], PEOPLE_CSV),
        (["--format", "csv"], PEOPLE_CSV),
        (["--shape", "people"], PEOPLE_CSV),
        (["--shape", "stays"], STAYS_CSV),
        (["--language", "en"], PEOPLE_CSV),
    ],
)
@pytest.mark.quick
def test_a_csv_goes_to_stdout_or_into_a_file_byte_for_byte(
    tracker: CommandLine, fetched: str, tmp_path: Path, options: list[str], expected: bytes
) -> None:
    assert tracker.done("export", fetched, *options).stdout == expected
    target = tmp_path / "out.csv"
    target.write_text("something longer than what is to come" * 100)
    assert tracker.done("export", fetched, *options, "--out", str(target)).stdout == b""
    assert target.read_bytes() == expected


@pytest.mark.parametrize("language", ["es", "pt_BR"])
def test_headings_are_in_a_language_where_it_is_asked_for(tracker: CommandLine, fetched: str, language: str) -> None:
    first_line = tracker.done("export", fetched, "--language", language).stdout.decode("utf-8-sig").splitlines()[0]
    with languages.speaking(languages.best(language)):
        headings = [
            languages.gettext(HEADINGS[column]) for column in PEOPLE_CSV.decode("utf-8-sig").split("\r")[0].split(",")
        ]
    assert first_line.split(",") == headings
    assert "Email" not in headings


@pytest.mark.parametrize(
    ("options", "order"),
    [
        ([], ["People", "Joins and leaves"]),
        (["--shape", "people"], ["People", "Joins and leaves"]),
        (["--shape", "stays"], ["Joins and leaves", "People"]),
    ],
)
def test_a_workbook_has_people_and_stays_in_local_time_the_one_asked_for_first(
    tracker: CommandLine, fetched: str, options: list[str], order: list[str]
) -> None:
    sheets = read_workbook(tracker.done("export", fetched, "--format", "xlsx", *options).stdout)
    assert list(sheets) == order
    people, stays = sheets["People"].rows, sheets["Joins and leaves"].rows
    assert [row[0] for row in people] == ["Name", "=Cy", "Ana", "Bo"]
    assert people[1][2:6] == [datetime(2025, 5, 14, 12, 5), datetime(2025, 5, 14, 13, 0), 55, 0.92]
    assert [row[4] for row in stays] == ["Seconds", 3600, 1500, 3300]


@pytest.mark.database("sqlite", "postgresql")
def test_a_json_file_has_the_class_and_its_people(tracker: CommandLine, fetched: str) -> None:
    document: Any = json.loads(tracker.done("export", fetched, "--format", "json").stdout)
    assert document["class"] == tracker.done("class", "list", "--json").json[0]
    assert [(row["Name"], row["Minutes present"]) for row in document["people"]] == [
        ("=Cy", 55.0),
        ("Ana", 60.0),
        ("Bo", 25.0),
    ]
    assert (document["totalRecords"], document["uniqueCount"]) == (3, 3)


# -- the doctor


@pytest.mark.quick
def test_the_doctor_says_what_is_in_place(tracker: CommandLine, host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in PORTS.items():
        monkeypatch.setenv(name, value)
    tracker.add_teacher()
    host.clock.time = clock.now()
    ran = tracker.done("doctor", "--json")
    assert ran.json["ok"] is True
    assert {"name": "people", "ok": True, "sentence": "Accounts: 1."} in ran.json["checks"]
    assert all(line.startswith("ok ") for line in tracker.done("doctor").text.splitlines())


def test_the_doctor_says_what_is_missing_and_ends_with_1(tracker: CommandLine) -> None:
    ran = tracker("doctor", "--json")
    assert (ran.code, ran.stderr) == (1, "Something needs attention; see above.\n")
    assert ran.json["ok"] is False
    plain = tracker("doctor")
    assert plain.code == 1
    (people,) = (line for line in plain.text.splitlines() if line.startswith("MISSING people: "))
    assert "nobody can sign in. At the first start, add somebody: `tracker user add EMAIL --role admin`." in people
    assert "If there were accounts before, this is another database" in people


# What an operator does about the queue


def held_elsewhere(tracker: CommandLine, host: Host, title: str) -> str:
    """A class whose meeting was made and held without the tracker; returns its id."""
    meeting = Zoom(read_settings(os.environ)).create_meeting(TEACHER, NewMeeting(title, HELD, 60, "UTC"))
    host.hold(meeting.id)
    return str(tracker.create("--link", meeting.id, title=title)["id"])


def test_everything_that_is_due_is_fetched_by_one_command(tracker: CommandLine, host: Host) -> None:
    tracker.add_teacher()
    for title in ("Algebra", "Biology"):
        held_elsewhere(tracker, host, title)
    tracker.create("--link", "85099999999", title="Chemistry")
    assert tracker.done("fetch", "--all-due").text == "2 collected, 1 put off, 0 still due.\n"
    counts = {row["title"]: row["participantCount"] for row in tracker.done("class", "list", "--json").json}
    assert counts == {"Algebra": 3, "Biology": 3, "Chemistry": None}
    assert tracker.done("fetch", "--all-due", "--json").json == {"collected": 0, "putOff": 0, "due": 0}


def test_what_was_put_off_is_tried_again_by_one_command(tracker: CommandLine, host: Host) -> None:
    tracker.add_teacher()
    failing = held_elsewhere(tracker, host, "Chemistry")
    for command in (["retry", "--all"], ["retry", failing]):
        host.call("POST", "/faults", [{"match": "/participants", "kind": "status"}])
        assert tracker.done("fetch", "--all-due", "--json").json == {"collected": 0, "putOff": 1, "due": 0}
        assert tracker.done("fetch", "--all-due", "--json").json == {"collected": 0, "putOff": 0, "due": 0}
        assert tracker.done(*command).text == "1 class is tried again.\n"
    assert tracker.refused("retry", "nothing") == "There is no such class."
    assert tracker.refused("retry", tracker.create(start="2099-05-14T12:00")["id"]) == "This class has not ended."
