"""`tracker register`, `tracker course rules`, `tracker mark` and the student in `tracker people`, end to end with a
practice Zoom: what they print, and what they refuse with nothing changed."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import Engine

from tests.makers import entries
from tests.matrix.cast import dump
from tests.practice_school import TEACHER, CommandLine, Host
from tracker.audit import Action

pytestmark = pytest.mark.database("sqlite")

OF_ANA = ("--teacher", TEACHER)
BO = {"status": "partly", "secondsInClass": 1500, "percent": 42, "by": "rule", "remark": ""}
ABSENT = {"status": "absent", "secondsInClass": 0, "percent": 0, "by": "rule", "remark": ""}
UNKNOWN = {"secondsInClass": None, "percent": None, "by": "rule", "remark": ""}
ROSTER = (
    "First name,Last name,Email,Number,From,Until\n"
    "Zoë,Abel,zoe@x.example,003,,\n"
    "Bo,Ek,bo@x.example,001,,\n"
    "Di,Day,di@x.example,002,2025-05-15,\n"
)
Register = Callable[..., Any]


@pytest.fixture
def algebra(tracker: CommandLine, host: Host, tmp_path: Path) -> dict[str, Any]:
    """The first class of a course of three students, to which Bo came for 25 minutes and “=Cy”, who is none of them."""
    tracker.add_teacher()
    (tmp_path / "list.csv").write_text(ROSTER, "utf-8")
    tracker.done("roster", "import", "Algebra", str(tmp_path / "list.csv"), *OF_ANA)
    made = dict(tracker.create("--course", "Algebra"))
    host.hold(made["zoomMeetingId"])
    tracker.done("fetch", made["id"])
    return made


@pytest.fixture
def register(tracker: CommandLine) -> Register:
    return lambda *options: tracker.done("register", "Algebra", *OF_ANA, "--format", "json", *options).json


def marks(found: Any, class_id: str) -> dict[str, Any]:
    """What each student was in a class, by her name; without those whose dates it is outside of."""
    return {one["name"]: one["marks"][class_id] for one in found["students"] if class_id in one["marks"]}


@pytest.mark.database("sqlite", "postgresql")
@pytest.mark.quick
def test_the_register_as_json_is_this_object(
    tracker: CommandLine, algebra: dict[str, Any], register: Register, engine: Engine
) -> None:
    later = tracker.create("--course", "Algebra", start="2025-05-21T12:00")
    assert register() == {
        "course": "Algebra",
        "classes": [
            {"id": algebra["id"], "title": "Algebra 7B", "scheduledStart": "2025-05-14T10:00:00Z"},
            {"id": later["id"], "title": "Algebra 7B", "scheduledStart": "2025-05-21T10:00:00Z"},
        ],
        "students": [
            {
                "name": "Zoë Abel",
                "email": "zoe@x.example",
                "number": "003",
                "marks": {algebra["id"]: ABSENT, later["id"]: UNKNOWN | {"status": "not held"}},
            },
            {
                "name": "Di Day",
                "email": "di@x.example",
                "number": "002",
                "marks": {later["id"]: UNKNOWN | {"status": "not held"}},
            },
            {
                "name": "Bo Ek",
                "email": "bo@x.example",
                "number": "001",
                "marks": {algebra["id"]: BO, later["id"]: UNKNOWN | {"status": "not held"}},
            },
        ],
        "guests": [{"name": "=Cy", "email": "", "classes": [algebra["id"]]}],
    }
    (noted, *_) = entries(engine, action=Action.REGISTER_EXPORTED)
    assert dict(noted.details) == {
        "course": "Algebra",
        "account": TEACHER,
        "format": "json",
        "shape": "everything",
    }


def test_a_class_that_runs_or_waits_for_zooms_list_has_no_absentees(
    tracker: CommandLine, host: Host, algebra: dict[str, Any], register: Register
) -> None:
    made = tracker.create("--course", "Algebra", start="2025-05-14T15:00")
    found = marks(register(), made["id"])
    assert {one["status"] for one in found.values()} <= {"not yet known", "not held"}


def test_wide_and_long_as_csv(tracker: CommandLine, algebra: dict[str, Any]) -> None:
    tracker.done("mark", algebra["id"], "003", "--status", "excused", "--remark", "ill")
    wide = tracker.done("register", "Algebra", *OF_ANA)
    assert wide.text == (
        "\ufeffName,Email,Number,2025-05-14 12:00\r\n"
        "Zoë Abel,zoe@x.example,003,excused\r\n"
        "Di Day,di@x.example,002,\r\n"
        "Bo Ek,bo@x.example,001,partly\r\n"
    )
    long = tracker.done("register", "Algebra", *OF_ANA, "--shape", "long")
    assert long.text == (
        "\ufeffName,Email,Number,Class,Start,Status,Minutes,Percent,By,Remark\r\n"
        "Zoë Abel,zoe@x.example,003,Algebra 7B,2025-05-14T12:00:00+02:00,excused,0.0,0,hand,ill\r\n"
        "Bo Ek,bo@x.example,001,Algebra 7B,2025-05-14T12:00:00+02:00,partly,25.0,42,rule,\r\n"
    )


def test_the_workbook_has_both_shapes_with_real_dates_and_numbers(
    tracker: CommandLine, algebra: dict[str, Any], tmp_path: Path
) -> None:
    file = tmp_path / "register.xlsx"
    for first, sheets in (("wide", ["Register", "Details"]), ("long", ["Details", "Register"])):
        options = ("--format", "xlsx", "--shape", first, "--out", str(file))
        tracker.done("register", "Algebra", *OF_ANA, *options)
        before = file.read_bytes()
        tracker.done("register", "Algebra", *OF_ANA, *options)
        assert file.read_bytes() == before
        assert load_workbook(file).sheetnames == sheets
    book = load_workbook(file)
    register, details = book["Register"], book["Details"]
    assert (register.freeze_panes, details.freeze_panes) == ("B2", "B2")
    assert [cell.value for cell in register[1]] == ["Name", "Email", "Number", "2025-05-14 12:00"]
    assert [cell.value for cell in register[4]] == ["Bo Ek", "bo@x.example", "001", "partly"]
    line = [cell.value for cell in details[3]]
    assert line[:4] == ["Bo Ek", "bo@x.example", "001", "Algebra 7B"]
    assert line[4].isoformat() == "2025-05-14T12:00:00"
    assert line[5:] == ["partly", 25, pytest.approx(0.42), "rule", None]
    assert (details["G3"].number_format, details["H3"].number_format) == ("0.0", "0%")


def test_in_a_language_the_headings_and_words_of_spreadsheets_are_told_and_of_programs_not(
    tracker: CommandLine, algebra: dict[str, Any]
) -> None:
    spanish = tracker.done("register", "Algebra", *OF_ANA, "--language", "es").text
    assert spanish.startswith("\ufeffNombre,")
    assert "2025-05-14 12:00" in spanish
    for form in ("json", "moodle", "canvas", "sheets"):
        options = ("register", "Algebra", *OF_ANA, "--format", form)
        assert tracker.done(*options, "--language", "es").stdout == tracker.done(*options).stdout


def test_one_class_alone(tracker: CommandLine, algebra: dict[str, Any], register: Register) -> None:
    tracker.create("--course", "Algebra", start="2025-05-21T12:00")
    found = register("--class", algebra["id"])
    assert [one["id"] for one in found["classes"]] == [algebra["id"]]
    assert [one["name"] for one in found["students"]] == ["Zoë Abel", "Bo Ek"]
    assert tracker.refused("register", "Algebra", *OF_ANA, "--class", "nothing") == "There is no such class."


def test_moodle_canvas_and_google_sheets(tracker: CommandLine, algebra: dict[str, Any]) -> None:
    tracker.done("mark", algebra["id"], "zoe@x.example", "--status", "excused", "--remark", "=ill")

    def written(form: str, *options: str) -> list[list[str]]:
        content = tracker.done("register", "Algebra", *OF_ANA, "--format", form, *options).stdout
        assert not content.startswith(b"\xef\xbb\xbf")
        return list(csv.reader(io.StringIO(content.decode(), newline="")))

    assert written("moodle") == [
        ["Session", "Email", "Status", "Remarks", "ID number"],
        ["2025-05-14 12:00", "zoe@x.example", "E", "'=ill", "003"],
        ["2025-05-14 12:00", "bo@x.example", "L", "partly", "001"],
    ]
    assert written("canvas") == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Attendance"],
        ["    Points Possible", "", "", "", "", "100"],
        ["Zoë Abel", "", "003", "zoe@x.example", "", ""],
        ["Di Day", "", "002", "di@x.example", "", ""],
        ["Bo Ek", "", "001", "bo@x.example", "", "100"],
    ]
    assert written("sheets")[3] == ["Bo Ek", "bo@x.example", "001", "partly"]
    assert written("sheets", "--shape", "long")[2] == [
        *["Bo Ek", "bo@x.example", "001", "Algebra 7B", "2025-05-14 12:00:00", "partly", "25", "42", "rule", ""]
    ]


def test_changing_one_rule_leaves_the_others_and_the_past_follows(
    tracker: CommandLine, algebra: dict[str, Any], register: Register
) -> None:
    rules = ("course", "rules", "Algebra", *OF_ANA, "--json")
    usual = {"course": "Algebra", "lateAfterMinutes": 5, "presentFromPercent": 50, "atRiskBelowPercent": 75}
    assert tracker.done(*rules).json == usual
    assert tracker.done(*rules, "--present-from", "40").json == usual | {"presentFromPercent": 40}
    assert marks(register(), algebra["id"])["Bo Ek"]["status"] == "left early"
    changed = usual | {"presentFromPercent": 40, "lateAfterMinutes": 4}
    assert tracker.done(*rules, "--late-after", "4").json == changed
    assert marks(register(), algebra["id"])["Bo Ek"]["status"] == "late, left early"
    assert tracker.done(*rules).json == changed
    assert tracker.done(*rules, "--at-risk-below", "0").json == changed | {"atRiskBelowPercent": 0}
    assert tracker.done("course", "rules", "Algebra", *OF_ANA).text == (
        "late: from more than 4 minutes after the class began\n"
        "partly there: for less than 40 % of the class\n"
        "at risk: who comes to less than 0 % of the classes\n"
    )


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--present-from", "140"), "The percentage has to be between 0 and 100."),
        (("--present-from", "-1"), "The percentage has to be between 0 and 100."),
        (("--at-risk-below", "101"), "The percentage has to be between 0 and 100."),
        (("--late-after", "-5"), "The minutes have to be between 0 and 240."),
        (("--late-after", "10", "--present-from", "140"), "The percentage has to be between 0 and 100."),
        (
            ("--late-after", "soon"),
            "tracker course rules: argument --late-after: invalid int value: 'soon'.",
        ),
    ],
)
def test_a_rule_that_cannot_be_is_refused_and_nothing_changes(
    tracker: CommandLine, algebra: dict[str, Any], engine: Engine, options: tuple[str, ...], told: str
) -> None:
    before = dump(engine)
    assert tracker.refused("course", "rules", "Algebra", *OF_ANA, *options) == told
    assert dump(engine) == before


def test_a_status_by_hand_survives_a_later_fetch_until_it_is_taken_back(
    tracker: CommandLine, host: Host, algebra: dict[str, Any], register: Register
) -> None:
    said = {"status": "excused", "secondsInClass": 1500, "percent": 42, "by": "hand", "remark": "doctor, till noon"}
    told = tracker.done(
        "mark", algebra["id"], "BO@x.example", "--status", "excused", "--remark", " doctor,  till noon "
    )
    assert told.text == "excused (by hand: doctor, till noon)\n"
    assert marks(register(), algebra["id"])["Bo Ek"] == said
    tracker.done("fetch", algebra["id"])
    assert marks(register(), algebra["id"])["Bo Ek"] == said
    tracker.done("course", "rules", "Algebra", *OF_ANA, "--present-from", "10")
    assert marks(register(), algebra["id"])["Bo Ek"] == said
    # What the rule says today, not what it said when the status was given.
    assert tracker.done("mark", algebra["id"], "001", "--clear").text == "left early (by the rule)\n"
    assert marks(register(), algebra["id"])["Bo Ek"] == BO | {"status": "left early"}


def test_each_person_is_shown_with_the_student_that_she_is(tracker: CommandLine, algebra: dict[str, Any]) -> None:
    people = tracker.done("people", algebra["id"], "--json").json["people"]
    bo = {"name": "Bo Ek", "email": "bo@x.example", "number": "001", "why": "by_email"}
    assert {one["name"]: one["student"] for one in people} == {"=Cy": None, "Ana": None, "Bo": bo}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nobody@x.example", "--status", "late"), "There is no student “nobody@x.example” on the roster."),
        (("Bo", "--status", "late"), "There is no student “Bo” on the roster."),
        (("Twin Day", "--status", "late"), "2 students are called “Twin Day”. Name the one by her e-mail or number."),
        (("001", "--status", "late", "--remark", "x" * 501), "A remark has at most 500 characters."),
        (("001", "--status", "not held"), "invalid choice: 'not held'"),
        (("001", "--status", "outside"), "invalid choice: 'outside'"),
        (("001",), "one of the arguments --status --clear is required"),
        (("001", "--status", "late", "--clear"), "not allowed with argument"),
        (("001", "--clear", "--remark", "ill"), "A remark goes with a status."),
    ],
)
def test_a_mark_that_cannot_be_is_refused_and_nothing_changes(
    tracker: CommandLine,
    algebra: dict[str, Any],
    engine: Engine,
    tmp_path: Path,
    arguments: tuple[str, ...],
    told: str,
) -> None:
    (tmp_path / "twins.csv").write_text("Name,Email\nTwin Day,t1@x.example\nTwin Day,t2@x.example\n")
    tracker.done("roster", "import", "Algebra", str(tmp_path / "twins.csv"), *OF_ANA)
    before = dump(engine)
    ran = tracker("mark", algebra["id"], *arguments)
    assert (ran.code, ran.stdout, ran.stderr.count("\n")) == (1, b"", 1)
    assert told in ran.stderr
    assert dump(engine) == before


def test_a_student_is_named_by_a_name_that_only_she_has(tracker: CommandLine, algebra: dict[str, Any]) -> None:
    assert tracker.done("mark", algebra["id"], " zoë  ABEL", "--status", "late").text == "late (by hand)\n"


def test_a_mark_outside_of_a_students_dates_is_said_to_be_so(tracker: CommandLine, algebra: dict[str, Any]) -> None:
    assert "outside" in tracker.done("mark", algebra["id"], "di@x.example", "--status", "late").text


def test_what_is_not_there_is_said(tracker: CommandLine, algebra: dict[str, Any], engine: Engine) -> None:
    loose = tracker.create()
    before = dump(engine)
    for command in ("register", "course rules"):
        no_course = tracker.refused(*command.split(), "Biology", *OF_ANA)
        assert no_course == "This teacher has no course “Biology”."
        assert "nobody@x.example" in tracker.refused(*command.split(), "Algebra", "--teacher", "nobody@x.example")
    assert tracker.refused("mark", "nothing", "001", "--status", "late") == "There is no such class."
    told = tracker.refused("mark", loose["id"], "001", "--status", "late")
    assert told == "There is no student “001” on the roster."
    assert dump(engine) == before


def test_a_workbook_is_not_written_on_a_terminal_and_names_cannot_steer_it(
    tracker: CommandLine, algebra: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "list.csv").write_text("Name,Email\nAna \u202eLima,ana@y.example\n", "utf-8")
    tracker.done("roster", "import", "Algebra", str(tmp_path / "list.csv"), *OF_ANA)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    assert "terminal" in tracker.refused("register", "Algebra", *OF_ANA, "--format", "xlsx")
    for form in ("csv", "moodle", "json"):
        assert "\u202e" not in tracker.done("register", "Algebra", *OF_ANA, "--format", form).text


def test_a_file_is_for_this_user_alone(tracker: CommandLine, algebra: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "register.json"
    tracker.done("register", "Algebra", *OF_ANA, "--format", "json", "--out", str(file))
    assert (file.stat().st_mode & 0o777, json.loads(file.read_bytes())["course"]) == (0o600, "Algebra")
    missing = str(tmp_path / "missing" / "register.csv")
    assert missing in tracker.refused("register", "Algebra", *OF_ANA, "--out", missing)
