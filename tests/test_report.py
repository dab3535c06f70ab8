"""The files that leave the product, compared whole."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.makers import at, read_workbook, run, span, stay, waiting
from tracker.attendance.counting import take_attendance
from tracker.attendance.types import Attendance, Session, Span, Stay
from tracker.report import (
    Table,
    csv_bytes,
    file_name,
    json_bytes,
    minutes,
    people_table,
    stays_table,
    xlsx_bytes,
)

UTC_ZONE, BERLIN, KOLKATA = ZoneInfo("UTC"), ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kolkata")
BOM = b"\xef\xbb\xbf"


def lesson() -> Attendance:
    """An hour in two sessions: somebody on two devices, somebody late, a namesake, and one who was left outside."""
    stays = [
        stay("Ana Díaz", 0, 30, "ana@school.example", session_uuid="one"),
        stay("Ana (phone)", 20, 30, "ANA@school.example ", session_uuid="one"),
        stay("Ana  Díaz", 35, 60, "ana@school.example", session_uuid="two"),
        stay("Bo", 10, 30, session_uuid="one"),
        stay("Müller, Jörg", 0, 29.05, session_uuid="one"),
        waiting("Left Outside", 1, 2, session_uuid="one"),
    ]
    return take_attendance(stays, [run("one", 0, 30), run("two", 35, 60)], span(0, 60))


def attendance(*stays: Stay) -> Attendance:
    return take_attendance(stays, [run("one", 0, 60)], span(0, 60))


def cell_in_csv(text: str) -> str:
    """What a CSV reader makes of the one cell with this text."""
    content = csv_bytes(Table(("Name",), ((text,),))).removeprefix(BOM).decode()
    rows = list(csv.reader(io.StringIO(content, newline="")))
    assert rows[0] == ["Name"]
    assert len(rows) == 2
    return rows[1][0]


# -- CSV


def test_the_people_of_a_class_are_this_file_byte_for_byte() -> None:
    expected = (
        "Name,Email,First join,Last leave,Minutes present,Percent,Stays,Status\r\n"
        "Ana Díaz,ana@school.example,2026-05-14T14:00:00+02:00,2026-05-14T15:00:00+02:00,55.0,100,3,present\r\n"
        'Bo,,2026-05-14T14:10:00+02:00,2026-05-14T14:30:00+02:00,20.0,36,1,"late, left early"\r\n'
        '"Müller, Jörg",,2026-05-14T14:00:00+02:00,2026-05-14T14:29:03+02:00,29.1,53,1,left early\r\n'
    )
    assert csv_bytes(people_table(lesson(), BERLIN)) == BOM + expected.encode()


def test_the_stays_of_a_class_are_this_file_byte_for_byte() -> None:
    expected = (
        "Name,Email,Join,Leave,Seconds,Session,Where\r\n"
        '"Müller, Jörg",,2026-05-14T17:30:00+05:30,2026-05-14T17:59:03+05:30,1743,1,meeting\r\n'
        "Ana Díaz,ana@school.example,2026-05-14T17:30:00+05:30,2026-05-14T18:00:00+05:30,1800,1,meeting\r\n"
        "Left Outside,,2026-05-14T17:31:00+05:30,2026-05-14T17:32:00+05:30,60,1,waiting room\r\n"
        "Bo,,2026-05-14T17:40:00+05:30,2026-05-14T18:00:00+05:30,1200,1,meeting\r\n"
        "Ana (phone),ANA@school.example,2026-05-14T17:50:00+05:30,2026-05-14T18:00:00+05:30,600,1,meeting\r\n"
        "Ana Díaz,ana@school.example,2026-05-14T18:05:00+05:30,2026-05-14T18:30:00+05:30,1500,2,meeting\r\n"
    )
    assert csv_bytes(stays_table(lesson(), KOLKATA)) == BOM + expected.encode()


def test_a_class_without_anybody_is_a_file_with_the_header_alone() -> None:
    assert csv_bytes(people_table(attendance(), UTC_ZONE)) == (
        BOM + b"Name,Email,First join,Last leave,Minutes present,Percent,Stays,Status\r\n"
    )


def test_a_person_without_name_and_times_has_a_row_of_their_own() -> None:
    nobody = attendance(Stay("", "", None, None, 90))
    people, stays = csv_bytes(people_table(nobody, UTC_ZONE)), csv_bytes(stays_table(nobody, UTC_ZONE))
    assert people.splitlines()[1] == b"No name,,,,0.0,0,1,outside"
    assert stays.splitlines()[1] == b"No name,,,,90,1,meeting"


@pytest.mark.parametrize(
    "text",
    [
        "=HYPERLINK(1)",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\tplain",
        "\r=1",
        "\rplain",
        "\nplain",
        " =1",
        "   +1",
        "\u00a0=1",
        "\u3000=1",
        "\u200b=1",
        "\ufeff=1",
        "\u200e\u2066-1",
        "\u00ad@x",
        " \u200b \u2060=1",
        "\x01=1",
        "\x7f=1",
        "\uff1d1",
        "\uff0b1",
        "\uff0d1",
        "\uff20x",
    ],
)
def test_a_cell_that_a_spreadsheet_may_run_begins_with_an_apostrophe(text: str) -> None:
    assert cell_in_csv(text) == "'" + text


@pytest.mark.parametrize(
    "text",
    ["Ana-Maria", "a=b", "bob+zoom@school.example", "", " ", "\u200b", "'quoted", '"', "0=1", "1-2", "a\r\nb", "😀=1"],
)
def test_a_cell_that_no_spreadsheet_runs_stays_as_it_is(text: str) -> None:
    assert cell_in_csv(text) == text


def test_a_formula_in_a_name_or_an_address_of_zooms_is_defused_in_both_files() -> None:
    evil = attendance(stay("\t=cmd|' /C calc'!A0", 0, 60, email="+1@x.example"))
    for table in (people_table(evil, UTC_ZONE), stays_table(evil, UTC_ZONE)):
        (row,) = list(csv.reader(io.StringIO(csv_bytes(table).removeprefix(BOM).decode())))[1:]
        assert row[:2] == ["'=cmd|' /C calc'!A0", "'+1@x.example"]


def test_a_number_below_zero_is_no_formula() -> None:
    assert csv_bytes(Table(("a", "b"), ((-1, -2.5),))) == BOM + b"a,b\r\n-1,-2.5\r\n"


@pytest.mark.parametrize(
    "name",
    [
        "<script>alert(1)</script>",
        "<b>&amp;</b>",
        "👩‍🏫 Ms K",
        "\u202eevil\u202c",
        "محمد علي",
        "שרה",
        'Rob "the Tank", Jr',
        "semi;colon",
        "Ω" * 10_000,
        "null",
        "名前",
        "e\u0301",
    ],
)
def test_a_name_of_any_kind_comes_through_every_file_unchanged(name: str) -> None:
    there = attendance(stay(name, 0, 60))
    table = people_table(there, UTC_ZONE)
    rows = list(csv.reader(io.StringIO(csv_bytes(table).removeprefix(BOM).decode(), newline="")))
    assert rows[1][0] == name
    assert read_workbook(xlsx_bytes(table))[1][0] == name
    document = json.loads(json_bytes(there, UTC_ZONE, {}))
    assert (document["people"][0]["Name"], document["participants"][0]["name"]) == (name, name)


def test_blanks_in_names_are_folded_for_people_to_read() -> None:
    messy = attendance(stay("  Ana \n\t Díaz\u00a0", 0, 60))
    assert people_table(messy, UTC_ZONE).rows[0][0] == "Ana Díaz"
    assert stays_table(messy, UTC_ZONE).rows[0][0] == "Ana Díaz"


def test_half_a_surrogate_pair_breaks_no_file() -> None:
    broken = attendance(stay("half \ud83d pair", 0, 60))
    table = people_table(broken, UTC_ZONE)
    assert b"\r\nhalf ? pair," in csv_bytes(table)
    assert read_workbook(xlsx_bytes(table))[1][0] == "half ? pair"
    assert json.loads(json_bytes(broken, UTC_ZONE, {}))["people"][0]["Name"] == "half ? pair"


# -- times and minutes


def test_the_hour_that_the_clocks_repeat_is_told_apart_by_its_offset() -> None:
    start = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    end = start + timedelta(hours=1)
    night = take_attendance(
        [Stay("Ana", "", start, end, 3600)], [Session("one", start, end)], Span(start, start + timedelta(hours=1))
    )
    assert csv_bytes(people_table(night, BERLIN)).splitlines()[1] == (
        b"Ana,,2026-10-25T02:30:00+02:00,2026-10-25T02:30:00+01:00,60.0,100,1,present"
    )


def test_a_time_is_the_same_moment_in_every_zone() -> None:
    for zone in (UTC_ZONE, BERLIN, KOLKATA):
        assert people_table(lesson(), zone).rows[0][2] == at(0)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, 0.0),
        (1, 0.0),
        (2, 0.0),
        (3, 0.1),
        (8, 0.1),
        (9, 0.2),
        (57, 1.0),
        (60, 1.0),
        (63, 1.1),
        (3596, 59.9),
        (3597, 60.0),
        (86_400, 1440.0),
        (15, 0.3),
        (27, 0.5),
    ],
)
def test_minutes_have_one_decimal_rounded_half_up(seconds: int, shown: float) -> None:
    assert minutes(seconds) == shown


# -- XLSX and JSON


def test_a_workbook_says_what_the_csv_says_with_text_as_text_and_figures_as_figures() -> None:
    rows = read_workbook(xlsx_bytes(people_table(lesson(), BERLIN)))
    assert rows == [
        ["Name", "Email", "First join", "Last leave", "Minutes present", "Percent", "Stays", "Status"],
        [
            "Ana Díaz",
            "ana@school.example",
            "2026-05-14T14:00:00+02:00",
            "2026-05-14T15:00:00+02:00",
            55.0,
            100.0,
            3.0,
            "present",
        ],
        ["Bo", "", "2026-05-14T14:10:00+02:00", "2026-05-14T14:30:00+02:00", 20.0, 36.0, 1.0, "late, left early"],
        [
            "Müller, Jörg",
            "",
            "2026-05-14T14:00:00+02:00",
            "2026-05-14T14:29:03+02:00",
            29.1,
            53.0,
            1.0,
            "left early",
        ],
    ]


@pytest.mark.parametrize(
    "text", ["=1+1", "{=SUM(A1)}", "https://evil.example", "mailto:a@b.example", "internal:A1", "007", "1e5", "TRUE"]
)
def test_text_in_a_workbook_stays_text_whatever_it_looks_like(text: str) -> None:
    # read_workbook refuses formulas and links, and gives numbers as numbers.
    assert read_workbook(xlsx_bytes(Table(("Name",), ((text,),)))) == [["Name"], [text]]


def test_a_workbook_of_nobody_can_be_opened() -> None:
    assert len(read_workbook(xlsx_bytes(stays_table(attendance(), UTC_ZONE)))) == 1


def test_the_json_file_has_the_class_its_people_and_every_record() -> None:
    there = attendance(stay("Ana", 0, 60, "ana@school.example", session_uuid="one"), waiting("Out", 1, 2))
    assert json.loads(json_bytes(there, BERLIN, {"id": "c1", "title": "Álgebra"})) == {
        "class": {"id": "c1", "title": "Álgebra"},
        "people": [
            {
                "Name": "Ana",
                "Email": "ana@school.example",
                "First join": "2026-05-14T14:00:00+02:00",
                "Last leave": "2026-05-14T15:00:00+02:00",
                "Minutes present": 60.0,
                "Percent": 100,
                "Stays": 1,
                "Status": "present",
            }
        ],
        "totalRecords": 2,
        "uniqueCount": 1,
        "participants": [
            {
                "name": "Ana",
                "email": "ana@school.example",
                "joinTime": "2026-05-14T12:00:00Z",
                "leaveTime": "2026-05-14T13:00:00Z",
                "duration": 3600,
                "status": "in_meeting",
                "userId": "",
                "zoomUserId": "",
                "registrantId": "",
                "sessionUuid": "one",
            },
            {
                "name": "Out",
                "email": "",
                "joinTime": "2026-05-14T12:01:00Z",
                "leaveTime": "2026-05-14T12:02:00Z",
                "duration": 60,
                "status": "in_waiting_room",
                "userId": "",
                "zoomUserId": "",
                "registrantId": "",
                "sessionUuid": "",
            },
        ],
        "repeats": 0,
        "source": "Zoom's list",
    }


# -- file names


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Algebra 7B", "Algebra-7B-2026-05-14-people.csv"),
        ("Ökologie & Größen", "Okologie-Groen-2026-05-14-people.csv"),
        ("../../etc/passwd", "etc-passwd-2026-05-14-people.csv"),
        ('a"b\r\nSet-Cookie: x', "a-b-Set-Cookie-x-2026-05-14-people.csv"),
        ("數學", "class-2026-05-14-people.csv"),
        ("", "class-2026-05-14-people.csv"),
        ("...", "class-2026-05-14-people.csv"),
        ("CON", "CON-2026-05-14-people.csv"),
        ("x" * 200, "x" * 60 + "-2026-05-14-people.csv"),
        ("x" * 59 + " y z", "x" * 59 + "-2026-05-14-people.csv"),
    ],
)
def test_a_file_name_is_one_that_every_system_takes(title: str, name: str) -> None:
    assert file_name(title, at(0), "people", "csv") == name


def test_the_date_in_a_file_name_is_the_local_one() -> None:
    late = datetime(2026, 5, 14, 23, 30, tzinfo=UTC).astimezone(BERLIN)
    assert file_name("Algebra", late, "stays", "xlsx") == "Algebra-2026-05-15-stays.xlsx"
