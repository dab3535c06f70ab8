"""The files of a register, compared whole: for spreadsheets in two shapes, for programs, and as Moodle, Canvas and
Google Sheets take them."""

import csv
import io
import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from openpyxl import load_workbook

from tests.makers import NOW
from tracker import report
from tracker.attendance.matching import Enrolled
from tracker.attendance.register import ByHand, Guest, Known, Register, RegisterClass, Row, StudentMark
from tracker.attendance.statuses import DEFAULT_RULES
from tracker.attendance.types import BY_HAND, Status
from tracker.report import RegisterFormat
from tracker.report.register import class_headings
from tracker.rosters.types import Student

BOM = b"\xef\xbb\xbf"
# Half past two in Berlin, half an hour before it is two once more.
BACK = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def held(number: str, start: datetime = NOW, title: str = "Algebra", zone: str = "Europe/Berlin") -> RegisterClass:
    return RegisterClass(number, title, start, 60, zone, start.date(), Known.COUNTED)


def by_rule(status: Status, seconds: int | None = None, percent: int | None = None) -> StudentMark:
    return StudentMark(status, status, seconds, percent)


def enrolled(place: int, name: str, email: str = "", number: str = "", group: str = "") -> Enrolled:
    return Enrolled(str(place), place, Student(name, email, number, group))


EXCUSED = StudentMark(Status.EXCUSED, Status.ABSENT, 0, 0, ByHand(Status.EXCUSED, "ill, till Monday", NOW))
REGISTER = Register(
    "course",
    "Álgebra",
    DEFAULT_RULES,
    (held("a"), held("b", NOW + timedelta(days=7), "Quiz"), held("c", NOW + timedelta(days=14))),
    (
        Row(
            enrolled(0, "Zoë Abel", "zoe@x.org", "007", "7B"),
            {"a": by_rule(Status.PRESENT, 3600, 100), "b": EXCUSED, "c": by_rule(Status.NOT_YET_KNOWN)},
        ),
        Row(
            enrolled(1, "=Bo, Ek", "+bo@x.org", "-1"),
            {"b": by_rule(Status.LATE_AND_LEFT_EARLY, 1830, 51), "c": by_rule(Status.NOT_HELD)},
        ),
        Row(enrolled(2, "Cy"), {"a": by_rule(Status.ABSENT, 0, 0), "b": by_rule(Status.PARTLY, 59, 2)}),
    ),
    (Guest("@Guest", "", (("name", "@guest"),), ("a", "b")), Guest("", "g@y.org", (("email", "g@y.org"),), ("b",))),
)


def lines(form: RegisterFormat, register: Register = REGISTER, shape: report.RegisterShape = "wide") -> list[list[str]]:
    content = report.register_file(register, form, shape).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(content, newline="")))


# For spreadsheets


def test_wide_is_this_file_byte_for_byte() -> None:
    assert (
        report.register_csv(REGISTER)
        == BOM
        + (
            "Name,Email,Number,2026-05-14 14:00,2026-05-21 14:00,2026-05-28 14:00\r\n"
            "Zoë Abel,zoe@x.org,007,present,excused,not yet known\r\n"
            '"\'=Bo, Ek",\'+bo@x.org,\'-1,,"late, left early",not held\r\n'
            "Cy,,,absent,partly,\r\n"
        ).encode()
    )


def test_long_is_this_file_byte_for_byte() -> None:
    assert (
        report.register_csv(REGISTER, "long")
        == BOM
        + (
            "Name,Email,Number,Class,Start,Status,Minutes,Percent,By,Remark\r\n"
            "Zoë Abel,zoe@x.org,007,Algebra,2026-05-14T14:00:00+02:00,present,60.0,100,rule,\r\n"
            'Zoë Abel,zoe@x.org,007,Quiz,2026-05-21T14:00:00+02:00,excused,0.0,0,hand,"ill, till Monday"\r\n'
            "Zoë Abel,zoe@x.org,007,Algebra,2026-05-28T14:00:00+02:00,not yet known,,,rule,\r\n"
            '"\'=Bo, Ek",\'+bo@x.org,\'-1,Quiz,2026-05-21T14:00:00+02:00,"late, left early",30.5,51,rule,\r\n'
            "\"'=Bo, Ek\",'+bo@x.org,'-1,Algebra,2026-05-28T14:00:00+02:00,not held,,,rule,\r\n"
            "Cy,,,Algebra,2026-05-14T14:00:00+02:00,absent,0.0,0,rule,\r\n"
            "Cy,,,Quiz,2026-05-21T14:00:00+02:00,partly,1.0,2,rule,\r\n"
        ).encode()
    )


def test_a_course_without_classes_or_students_is_a_file_with_the_header_alone() -> None:
    empty = replace(REGISTER, classes=(), rows=(), guests=())
    assert report.register_csv(empty) == BOM + b"Name,Email,Number\r\n"
    assert len(report.register_csv(empty, "long").splitlines()) == 1
    book = load_workbook(io.BytesIO(report.register_workbook(empty)))
    assert [sheet.max_row for sheet in book] == [1, 1]


@pytest.mark.parametrize(
    ("classes", "headings"),
    [
        ((held("a"), held("b", NOW + timedelta(hours=1))), ["2026-05-14 14:00", "2026-05-14 15:00"]),
        ((held("a"), held("b", title="Quiz")), ["2026-05-14 14:00 Algebra", "2026-05-14 14:00 Quiz"]),
        (
            (held("a"), held("b"), held("c", NOW + timedelta(days=1))),
            ["2026-05-14 14:00 Algebra", "2026-05-14 14:00 Algebra (2)", "2026-05-15 14:00"],
        ),
        ((held("a"), held("b", NOW, zone="UTC")), ["2026-05-14 14:00", "2026-05-14 12:00"]),
        # The same hour twice, when clocks are set back.
        (
            (
                held("a", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
                held("b", datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
            ),
            ["2026-10-25 02:30 Algebra", "2026-10-25 02:30 Algebra (2)"],
        ),
        (
            (held("a"), held("b"), held("c", title="Algebra (2)")),
            ["2026-05-14 14:00 Algebra", "2026-05-14 14:00 Algebra (2)", "2026-05-14 14:00 Algebra (2) (2)"],
        ),
    ],
)
def test_no_two_columns_of_a_wide_file_have_one_heading(
    classes: tuple[RegisterClass, ...], headings: list[str]
) -> None:
    assert class_headings(classes) == headings


def test_a_heading_is_one_line_and_not_endless() -> None:
    found = class_headings([held("a", title="x" * 500), held("b", title="=1+1\r\n\u202eevil")])
    assert [len(one) <= 100 and one.isprintable() for one in found] == [True, True]
    assert found[1].startswith("2026-05-14 14:00 =1+1")


def test_two_classes_at_one_start_are_two_columns_with_marks_of_their_own() -> None:
    row = Row(enrolled(0, "Cy"), {"a": by_rule(Status.PRESENT, 1, 1), "b": by_rule(Status.ABSENT, 0, 0)})
    both = replace(REGISTER, classes=(held("a"), held("b")), rows=(row,))
    assert lines("csv", both)[1][3:] == ["present", "absent"]


def test_the_workbook_is_made_of_real_dates_and_numbers_with_everything_in_sight() -> None:
    content = report.register_workbook(REGISTER)
    assert report.register_workbook(REGISTER) == content
    book = load_workbook(io.BytesIO(content))
    register, details = book["Register"], book["Details"]
    assert (register.freeze_panes, details.freeze_panes) == ("B2", "B2")
    assert (register.auto_filter.ref, details.auto_filter.ref) == ("A1:F4", "A1:J8")
    assert [[cell.value for cell in row] for row in register.iter_rows()] == [
        ["Name", "Email", "Number", "2026-05-14 14:00", "2026-05-21 14:00", "2026-05-28 14:00"],
        ["Zoë Abel", "zoe@x.org", "007", "present", "excused", "not yet known"],
        ["=Bo, Ek", "+bo@x.org", "-1", None, "late, left early", "not held"],
        ["Cy", None, None, "absent", "partly", None],
    ]
    line = [cell.value for cell in details[5]]
    assert line == [
        *["=Bo, Ek", "+bo@x.org", "-1", "Quiz", datetime(2026, 5, 21, 14)],
        *["late, left early", 30.5, 0.51, "rule", None],
    ]
    # Text that looks like a formula is text.
    assert [cell.data_type for cell in details[5]][:3] == ["s", "s", "s"]
    unknown = [cell.value for cell in details[4]]
    assert unknown[5:9] == ["not yet known", None, None, "rule"]


def test_in_a_language_headings_and_words_are_told_and_names_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    for room in ("table", "register"):
        monkeypatch.setattr(f"tracker.report.{room}._", lambda message: f"<{message}>")
    named = replace(REGISTER, rows=(replace(REGISTER.rows[0], enrolled=enrolled(0, "present", "late", "rule")),))
    wide, long = (report.register_csv(named, shape, told=True).decode() for shape in report.REGISTER_SHAPES)
    assert wide.splitlines() == [
        "\ufeff<Name>,<E-mail>,<Student number>,2026-05-14 14:00,2026-05-21 14:00,2026-05-28 14:00",
        "present,late,rule,<present>,<excused>,<not yet known>",
    ]
    assert long.splitlines()[2] == (
        'present,late,rule,Quiz,2026-05-21T14:00:00+02:00,<excused>,0.0,0,<a person>,"ill, till Monday"'
    )
    assert load_workbook(io.BytesIO(report.register_workbook(named, told=True))).sheetnames == [
        "<Register>",
        "<Details>",
    ]


# For programs


def test_json_has_everything_in_english_whatever_is_spoken() -> None:
    found = json.loads(report.register_json(REGISTER))
    assert list(found) == ["course", "classes", "students", "guests"]
    assert found["classes"][1] == {"id": "b", "title": "Quiz", "scheduledStart": "2026-05-21T12:00:00Z"}
    assert found["students"][0] == {
        "name": "Zoë Abel",
        "email": "zoe@x.org",
        "number": "007",
        "marks": {
            "a": {"status": "present", "secondsInClass": 3600, "percent": 100, "by": "rule", "remark": ""},
            "b": {"status": "excused", "secondsInClass": 0, "percent": 0, "by": "hand", "remark": "ill, till Monday"},
            "c": {"status": "not yet known", "secondsInClass": None, "percent": None, "by": "rule", "remark": ""},
        },
    }
    assert list(found["students"][1]["marks"]) == ["b", "c"]
    assert found["guests"] == [
        {"name": "@Guest", "email": "", "classes": ["a", "b"]},
        {"name": "", "email": "g@y.org", "classes": ["b"]},
    ]


# Moodle, Canvas, Google Sheets


def test_moodle_has_a_row_for_each_mark_that_it_has_a_word_for() -> None:
    """As its attendance reads marks: session by local start to the minute, user, status; lower case does not matter to
    the e-mail, and it does to the status."""
    assert lines("moodle") == [
        ["Session", "Email", "Status", "Remarks", "ID number"],
        ["2026-05-14 14:00", "zoe@x.org", "P", "", "007"],
        ["2026-05-21 14:00", "zoe@x.org", "E", "ill, till Monday", "007"],
        ["2026-05-21 14:00", "'+bo@x.org", "L", "late, left early", "'-1"],
    ]
    assert not report.register_file(REGISTER, "moodle").startswith(BOM)


@pytest.mark.parametrize(
    ("status", "acronym", "remark"),
    [
        (Status.PRESENT, "P", ""),
        (Status.LATE, "L", ""),
        (Status.LEFT_EARLY, "P", "left early"),
        (Status.LATE_AND_LEFT_EARLY, "L", "late, left early"),
        (Status.PARTLY, "L", "partly"),
        (Status.ABSENT, "A", ""),
        (Status.EXCUSED, "E", ""),
        (Status.NOT_YET_KNOWN, None, None),
        (Status.NOT_HELD, None, None),
    ],
)
def test_each_status_is_one_of_moodles_and_the_remark_says_what_that_leaves_out(
    status: Status, acronym: str | None, remark: str | None
) -> None:
    row = Row(enrolled(0, "Cy", "cy@x.org"), {"a": by_rule(status)})
    found = lines("moodle", replace(REGISTER, classes=(held("a"),), rows=(row,)))[1:]
    assert [line[2:4] for line in found] == ([[acronym, remark]] if acronym else [])


def test_every_status_that_a_student_can_have_has_an_acronym() -> None:
    assert set(report.hand_off.MOODLE_STATUS) == set(BY_HAND)


def test_canvas_has_points_of_a_hundred_for_each_student() -> None:
    found = lines("canvas")
    assert found == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Attendance"],
        ["    Points Possible", "", "", "", "", "100"],
        ["Zoë Abel", "", "007", "zoe@x.org", "7B", "100"],
        ["'=Bo, Ek", "", "'-1", "'+bo@x.org", "", "100"],
        ["Cy", "", "", "", "", "50"],
    ]
    # What its importer asks of the header: these words, and Section the last one before the assignments.
    head = found[0]
    assert ("Student" in head[0], "ID" in head[1], bool(re.match(r"SIS\s+User\s+ID", head[2]))) == (True, True, True)
    assert (bool(re.match(r"SIS\s+Login\s+ID", head[3])), head[4]) == (True, "Section")
    assert {len(line) for line in found} == {6}


def test_google_sheets_has_dates_and_whole_numbers_alone() -> None:
    content = report.register_file(REGISTER, "sheets", "long")
    assert not content.startswith(BOM)
    found = lines("sheets", shape="long")
    assert found[1] == [
        *["Zoë Abel", "zoe@x.org", "007", "Algebra", "2026-05-14 14:00:00", "present", "60", "100", "rule", ""]
    ]
    assert [line[6] for line in found[1:]] == ["60", "0", "", "31", "", "0", "1"]
    assert all(re.fullmatch(r"\d*", cell) for line in found[1:] for cell in line[6:8])
    assert lines("sheets")[0][3] == "2026-05-14 14:00"


@pytest.mark.parametrize("form", ["csv", "moodle", "canvas", "sheets"])
@pytest.mark.parametrize("shape", report.REGISTER_SHAPES)
def test_nothing_in_a_file_can_run_in_a_spreadsheet(form: RegisterFormat, shape: report.RegisterShape) -> None:
    evil = '=HYPERLINK("http://x")'
    said = StudentMark(Status.LATE, Status.LATE, 1, 1, ByHand(Status.LATE, evil, NOW))
    row = Row(enrolled(0, evil, evil, evil, evil), {"a": said, "b": said})
    bad = replace(REGISTER, classes=(held("a", title=evil), held("b", title=evil)), rows=(row,))
    cells = [cell for line in lines(form, bad, shape) for cell in line]
    assert "'" + evil in cells
    assert [cell for cell in cells if cell[:1] in tuple("=+-@")] == []


def test_the_language_changes_no_file_for_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    forms: tuple[RegisterFormat, ...] = ("json", "moodle", "canvas", "sheets")
    before = [report.register_file(REGISTER, form) for form in forms]
    for room in ("table", "register"):
        monkeypatch.setattr(f"tracker.report.{room}._", lambda message: f"<{message}>")
    assert [report.register_file(REGISTER, form, told=True) for form in forms] == before


def test_dates_of_students_are_no_columns() -> None:
    row = Row(Enrolled("0", 0, Student("Cy", since=date(2026, 1, 1))), {})
    assert lines("csv", replace(REGISTER, rows=(row,)))[1] == ["Cy", "", "", "", "", ""]
