"""The files that leave the product, compared whole."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.makers import Sheet, at, read_workbook, run, span, stay, waiting
from tracker.attendance.counting import take_attendance
from tracker.attendance.types import Attendance, Mark, Said, Session, Span, Stay
from tracker.report import (
    Table,
    csv_bytes,
    file_name,
    in_words,
    json_bytes,
    minutes,
    people_table,
    stays_table,
    workbook,
    xlsx_bytes,
)

UTC_ZONE, BERLIN, KOLKATA = ZoneInfo("UTC"), ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kolkata")
BOM = b"\xef\xbb\xbf"
PEOPLE = "Name,Email,First join,Last leave,Minutes present,Percent,Stays,Status,Role,Minutes in class"


def lesson() -> Attendance:
    """An hour in two sessions: the host on two devices, somebody late, somebody who came before class, one who was left
    outside, and a robot that was set aside."""
    stays = [
        stay("Ana Díaz", 0, 30, "ana@school.example", session_uuid="one"),
        stay("Ana (phone)", 20, 30, "ANA@school.example ", session_uuid="one"),
        stay("Ana  Díaz", 35, 60, "ana@school.example", session_uuid="two"),
        stay("Bo", 10, 30, session_uuid="one"),
        stay("Müller, Jörg", -10, 29.05, session_uuid="one"),
        waiting("Left Outside", 1, 2, session_uuid="one"),
        stay("Otter.ai", 0, 60, session_uuid="one"),
        waiting("OTTER.AI", -5, 0, session_uuid="one"),
    ]
    said = Said(marks={("name", "otter.ai"): Mark.SET_ASIDE})
    sessions = [run("one", -10, 30), run("two", 35, 60)]
    return take_attendance(stays, sessions, span(0, 60), said=said, hosts={"ana@school.example"})


def attendance(*stays: Stay) -> Attendance:
    return take_attendance(stays, [run("one", 0, 60)], span(0, 60))


def people_sheet(table: Table) -> Sheet:
    """The table as it is read from a workbook that has nothing else."""
    (sheet,) = read_workbook(xlsx_bytes({"people": table})).values()
    return sheet


def moment(hour: int, minute: int, second: int = 0) -> datetime:
    """A time of the day of the class, without a zone as Excel has it."""
    return datetime(2026, 5, 14, hour, minute, second)


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
        f"{PEOPLE}\r\n"
        "Ana Díaz,ana@school.example,2026-05-14T14:00:00+02:00,2026-05-14T15:00:00+02:00,"
        "55.0,100,3,present,host,55.0\r\n"
        "Bo,,2026-05-14T14:10:00+02:00,2026-05-14T14:30:00+02:00,20.0,36,1,partly,participant,20.0\r\n"
        '"Müller, Jörg",,2026-05-14T13:50:00+02:00,2026-05-14T14:29:03+02:00,39.1,53,1,left early,participant,29.1\r\n'
    )
    assert csv_bytes(people_table(lesson(), BERLIN)) == BOM + expected.encode()


def test_the_stays_of_a_class_are_this_file_byte_for_byte() -> None:
    expected = (
        "Name,Email,Join,Leave,Seconds,Session,Where\r\n"
        '"Müller, Jörg",,2026-05-14T17:20:00+05:30,2026-05-14T17:59:03+05:30,2343,1,meeting\r\n'
        "Ana Díaz,ana@school.example,2026-05-14T17:30:00+05:30,2026-05-14T18:00:00+05:30,1800,1,meeting\r\n"
        "Left Outside,,2026-05-14T17:31:00+05:30,2026-05-14T17:32:00+05:30,60,1,waiting room\r\n"
        "Bo,,2026-05-14T17:40:00+05:30,2026-05-14T18:00:00+05:30,1200,1,meeting\r\n"
        "Ana (phone),ANA@school.example,2026-05-14T17:50:00+05:30,2026-05-14T18:00:00+05:30,600,1,meeting\r\n"
        "Ana Díaz,ana@school.example,2026-05-14T18:05:00+05:30,2026-05-14T18:30:00+05:30,1500,2,meeting\r\n"
    )
    assert csv_bytes(stays_table(lesson(), KOLKATA)) == BOM + expected.encode()


def test_a_class_without_anybody_is_a_file_with_the_header_alone() -> None:
    assert csv_bytes(people_table(attendance(), UTC_ZONE)) == (BOM + f"{PEOPLE}\r\n".encode())


def test_a_person_without_name_and_times_has_a_row_of_their_own() -> None:
    nobody = attendance(Stay("", "", None, None, 90))
    people, stays = csv_bytes(people_table(nobody, UTC_ZONE)), csv_bytes(stays_table(nobody, UTC_ZONE))
    assert people.splitlines()[1] == b"No name,,,,0.0,0,1,outside,participant,0.0"
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
    assert people_sheet(table).rows[1][0] == name
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
    assert people_sheet(table).rows[1][0] == "half ? pair"
    assert json.loads(json_bytes(broken, UTC_ZONE, {}))["people"][0]["Name"] == "half ? pair"


# -- times and minutes


def test_the_hour_that_the_clocks_repeat_is_told_apart_by_its_offset() -> None:
    start = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    end = start + timedelta(hours=1)
    night = take_attendance(
        [Stay("Ana", "", start, end, 3600)], [Session("one", start, end)], Span(start, start + timedelta(hours=1))
    )
    assert csv_bytes(people_table(night, BERLIN)).splitlines()[1] == (
        b"Ana,,2026-10-25T02:30:00+02:00,2026-10-25T02:30:00+01:00,60.0,100,1,present,participant,60.0"
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


# -- XLSX


def test_a_workbook_has_times_minutes_and_percent_as_what_they_are() -> None:
    sheets = read_workbook(workbook(lesson(), BERLIN))
    assert list(sheets) == ["People", "Joins and leaves"]
    people, stays = sheets.values()
    assert people.rows == [
        PEOPLE.split(","),
        ["Ana Díaz", "ana@school.example", moment(14, 0), moment(15, 0), 55, 1.0, 3, "present", "host", 55],
        ["Bo", None, moment(14, 10), moment(14, 30), 20, 0.36, 1, "partly", "participant", 20],
        ["Müller, Jörg", None, moment(13, 50), moment(14, 29, 3), 39.1, 0.53, 1, "left early", "participant", 29.1],
    ]
    time = "yyyy-mm-dd hh:mm:ss"
    assert people.formats == ["", "", time, time, "0.0", "0%", "", "", "", "0.0"]
    assert (people.filtered, people.frozen) == ("A1:J4", "A2")
    assert stays.rows[0] == ["Name", "Email", "Join", "Leave", "Seconds", "Session", "Where"]
    assert stays.rows[4] == ["Bo", None, moment(14, 10), moment(14, 30), 1200, 1, "meeting"]
    assert stays.formats == ["", "", time, time, "", "", ""]
    assert (stays.filtered, stays.frozen) == ("A1:G7", "A2")


def test_the_sheets_have_the_rows_of_the_csv_files_and_the_one_asked_for_comes_first() -> None:
    sheets = read_workbook(workbook(lesson(), KOLKATA, first="stays"))
    assert list(sheets) == ["Joins and leaves", "People"]
    for sheet, table in zip(sheets.values(), (stays_table, people_table), strict=True):
        rows = csv.reader(io.StringIO(csv_bytes(table(lesson(), KOLKATA)).removeprefix(BOM).decode()))
        assert [row[0] for row in sheet.rows] == [row[0] for row in rows]


def test_columns_are_wide_enough_for_what_is_in_them_and_no_wider_than_a_screen_takes() -> None:
    long = attendance(stay("x" * 500, 0, 60, "somebody.with.a.long.name@school.example"))
    widths = read_workbook(workbook(long, BERLIN))["People"].widths
    assert 40 < widths[0] < 50
    assert 40 < widths[1] < 50
    assert all(width >= 20 for width in widths[2:4])
    assert all(width < 25 for width in widths[4:])


def test_the_same_class_makes_the_same_file() -> None:
    assert workbook(lesson(), BERLIN) == workbook(lesson(), BERLIN)


def test_a_time_before_excel_has_dates_is_a_text() -> None:
    old = datetime(1899, 12, 31, 12, tzinfo=UTC)
    assert people_sheet(Table(("Join",), ((old,),))).rows[1] == ["1899-12-31T12:00:00+00:00"]


@pytest.mark.parametrize(
    "text", ["=1+1", "{=SUM(A1)}", "https://evil.example", "mailto:a@b.example", "internal:A1", "007", "1e5", "TRUE"]
)
def test_text_in_a_workbook_stays_text_whatever_it_looks_like(text: str) -> None:
    # read_workbook refuses formulas and links, and gives numbers as numbers.
    assert people_sheet(Table(("Name",), ((text,),))).rows == [["Name"], [text]]


def test_a_workbook_of_nobody_can_be_opened() -> None:
    assert [len(sheet.rows) for sheet in read_workbook(workbook(attendance(), UTC_ZONE)).values()] == [1, 1]


# -- sessions


def test_sessions_are_numbered_by_their_start_those_too_of_which_only_people_are_shared() -> None:
    stays = [
        stay("Ana", -20, -5, session_uuid="b"),
        stay("Ben", -10, -6, session_uuid="b"),
        stay("Ana", 0, 20, session_uuid="c"),
        stay("Ana", 25, 60, session_uuid="a"),
        Stay("Ana", "", None, None, 60, session_uuid="timeless"),
    ]
    table = stays_table(take_attendance(stays, [run("c", 0, 20), run("a", 25, 60)], span(0, 60)), UTC_ZONE)
    assert [row[5] for row in table.rows] == [1, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("sessions", "number"), [([], 1), ([run("one", 0, 60)], 1), ([run("one", 0, 20), run("two", 30, 60)], None)]
)
def test_a_record_without_a_session_is_of_the_only_one(sessions: list[Session], number: int | None) -> None:
    (row,) = stays_table(take_attendance([stay("Ana", 0, 60)], sessions, span(0, 60)), UTC_ZONE).rows
    assert row[5] == number


def test_who_was_set_aside_is_in_no_file_but_among_zooms_records() -> None:
    seen = lesson()
    assert [row[0] for row in people_table(seen, UTC_ZONE).rows] == ["Ana Díaz", "Bo", "Müller, Jörg"]
    assert b"otter" not in csv_bytes(stays_table(seen, UTC_ZONE)).lower()
    document = json.loads(json_bytes(seen, UTC_ZONE, {}))
    assert [row["Name"] for row in document["people"]] == ["Ana Díaz", "Bo", "Müller, Jörg"]
    assert [entry["name"] for entry in document["participants"]].count("Otter.ai") == 1
    assert document["uniqueCount"] == 4


# -- JSON


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
                "Role": "participant",
                "Minutes in class": 60.0,
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


# -- In a language


def test_headings_statuses_roles_and_places_are_told_in_a_language_and_nothing_else_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for room in ("table", "class_files"):
        monkeypatch.setattr(f"tracker.report.{room}._", lambda message: f"<{message}>")
    nameless = attendance(stay("", 0, 60), stay("late", 10, 60), waiting("Bo", 0, 5))
    people, stays = (in_words(table(nameless, UTC_ZONE)) for table in (people_table, stays_table))
    assert csv_bytes(people).splitlines()[:2] == [
        BOM + b"<Name>,<E-mail>,<First join>,<Last leave>,<Minutes present>,<Percent>,<Joins>,<Status>,<Role>,"
        b"<Minutes in class>",
        b"<No name>,,2026-05-14T12:00:00+00:00,2026-05-14T13:00:00+00:00,60.0,100,1,<present>,<participant>,60.0",
    ]
    assert [row[0] for row in people.rows] == ["<No name>", "late"]
    assert [row[-1] for row in stays.rows] == ["<in the waiting room>", "<in the meeting>", "<in the meeting>"]
    sheets = read_workbook(xlsx_bytes({"people": people}))
    assert list(sheets) == ["<People>"]
