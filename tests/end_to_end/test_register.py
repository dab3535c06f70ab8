"""A course of twelve weeks from the practice Zoom to the register: commands, webhooks and lists over real HTTP."""

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook

from tests.end_to_end.twelve_weeks import (
    CORRECTED,
    COURSE,
    EXPECTED,
    GUESTS,
    OF_ANA,
    PLAN,
    WITHOUT_LIST,
    School,
    cells_of,
    hold_course,
    import_roster,
)
from tests.practice_school import TEACHER, CommandLine, environment, practice_zoom
from tests.tracker_process import ShiftedClock, serving
from tracker import auth, courses, paths, storage
from tracker.attendance.counting import person_key
from tracker.attendance.types import PersonKey
from tracker.clock import to_zoom
from tracker.services import open_services

pytestmark = [pytest.mark.slow, pytest.mark.database("sqlite")]


@pytest.fixture
def school(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> Iterator[School]:
    """A school with a tracker as a process of its own, in which the whole course was held."""
    with practice_zoom(ShiftedClock()) as host:
        given = environment(host.url, database_url, tmp_path, FETCH_DELAY_SECONDS="0")
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(paths, "CHECKOUT", tmp_path)
        found = School(CommandLine(capsysbinary), host)
        found.command.add_teacher()
        import_roster(found, tmp_path)
        for number in PLAN:
            found.create(number)
        with serving(given, tmp_path / "tracker.log") as running:
            hold_course(found, running)
            yield found
        assert "Traceback" not in (tmp_path / "tracker.log").read_text()


def test_the_register_of_twelve_weeks_is_the_one_that_was_made_by_hand(school: School) -> None:
    expected, own = cells_of(EXPECTED)
    assert school.cells() == expected
    told = school.register()
    assert told["course"] == COURSE
    assert [(one["id"], one["title"], one["scheduledStart"]) for one in told["classes"]] == [
        (school.classes[number]["id"], f"Lesson {number}", to_zoom(school.begin(number))) for number in PLAN
    ]
    ids = {number: one["id"] for number, one in school.classes.items()}
    assert [(one["name"], one["email"], one["classes"]) for one in told["guests"]] == [
        (name, email, [ids[number] for number in numbers]) for name, email, numbers in GUESTS
    ]
    assert [(one["name"], one["email"], one["number"]) for one in told["students"]] == [
        ("Ada Abt", "ada@school.example", "001"),
        ("Bo Bell", "bo@home.example", "002"),
        ("Cy Cole", "cy@school.example", "003"),
        ("Eva Diaz", "eva@school.example", "004"),
        ("Eva Diaz", "", "005"),
        ("Fay Eck", "fay@school.example", "006"),
        ("Gil Fox", "", "007"),
        ("Hal Gray", "", "008"),
        ("Ivo Hill", "", "009"),
    ]
    for row in told["students"]:
        for number, class_id in ids.items():
            if mark := row["marks"].get(class_id):
                seconds, length = mark["secondsInClass"], own[number]
                assert mark["percent"] == (None if length is None else int(100 * seconds / length + 0.5))
                assert (mark["by"], mark["remark"]) == ("rule", "")
    check_choices(school)


def check_choices(school: School) -> None:
    """Who a teacher says that somebody is holds for the whole course, until it is undone."""
    cells, _ = cells_of(EXPECTED)
    before = school.register()
    with open_services(os.environ) as services:
        course = services.read(courses.teachers_course, auth.OPERATOR, TEACHER, COURSE)
        roster = services.read(storage.students.list_students, course.id)
        ids = {one.student.number: one.id for one in roster}
        eva, tablet, robot = person_key("Eva Diaz", ""), person_key("Ada Abt", ""), person_key("Otter.ai", "")

        def say(key: PersonKey, *numbers: str) -> None:
            courses.choose(services, auth.OPERATOR, course.id, [key], [ids[number] for number in numbers])

        # The one of two who has no account; a tablet that two share, beside the device of one of them; the recorder of
        # somebody who could not come.
        say(eva, "005")
        say(tablet, "001", "005")
        say(robot, "001")
        cells |= {(4, "Eva D."): "P 3600", (5, "Eva D."): "P 3600", (15, "Ada"): "P 3600"}
        assert school.cells() == cells
        assert school.register()["guests"] == []
        for key in (eva, tablet, robot):
            courses.undo_choice(services, auth.OPERATOR, course.id, [key])
        assert school.register() == before
        # The address of what was taken for Hal is Ivo's: it weighs more than the name.
        courses.add_address(services, auth.OPERATOR, course.id, ids["009"], "HAL@elsewhere.example")
        cells, _ = cells_of(EXPECTED)
        cells |= {(number, "Hal"): "A 0" for number in (1, 2, 3, 4, 5, 10, 14, 15)}
        cells |= {(number, "Ivo"): "P 3600" for number in (2, 10, 14, 15)} | {(3, "Ivo"): "P 3420"}
        assert school.cells() == cells
        courses.remove_address(services, auth.OPERATOR, course.id, ids["009"], "hal@elsewhere.example")
        assert school.register() == before


def test_a_mark_by_hand_a_rule_and_a_correction_by_zoom_end_in_the_expected_marks_and_files(
    school: School, tmp_path: Path
) -> None:
    cells, _ = cells_of(EXPECTED)
    # By hand, before Zoom's list is whole: by number, by a name that one student has, and not by one that two have.
    school.mark(13, "009", "--status", "excused", "--remark", "At the dentist")
    school.mark(CORRECTED, "Ivo Hill", "--status", "excused", "--remark", "Called in sick")
    school.mark(WITHOUT_LIST, "008", "--status", "present")
    ran = school.command("mark", school.classes[13]["id"], "Eva Diaz", "--status", "present")
    assert (ran.code, ran.stdout) == (1, b"")
    cells |= {(13, "Ivo"): "X 0", (CORRECTED, "Ivo"): "X 0", (WITHOUT_LIST, "Hal"): "P"}
    assert school.cells() == cells

    # Other rules, for the whole past; what was said by hand holds.
    school.command.done("course", "rules", COURSE, *OF_ANA, "--late-after", "12", "--present-from", "40")
    cells |= {
        (2, "Bo"): "P 3299", (3, "Bo"): "E 1500", (6, "Ivo"): "P 2880", (9, "Bo"): "E 1799", (9, "Eva"): "E 2400",
        (14, "Bo"): "P 3180", (14, "Ivo"): "E 1740",
    }  # fmt: skip
    assert school.cells() == cells

    # Zoom's list of one class has become whole, and that of another one has come; Ivo is excused from the one still.
    school.host.call("PUT", "/list-limits", {"uuid": school.uuids[CORRECTED]})
    school.host.call("PUT", "/refusals", {"uuid": school.uuids[WITHOUT_LIST], "kind": None})
    for number in (CORRECTED, WITHOUT_LIST):
        school.fetch(number)
    cells |= {
        (16, "Fay"): "P 3540", (16, "Hal"): "P 3120", (16, "Ivo"): "X 3540",
        (8, "Ada"): "P 3600", (8, "Bo"): "P 3600", (8, "Cy"): "A 0", (8, "Eva"): "A 0", (8, "Eva D."): "A 0",
        (8, "Hal"): "P 0", (8, "Ivo"): "P 3600",
    }  # fmt: skip
    assert school.cells() == cells
    school.mark(CORRECTED, "Ivo Hill", "--clear")
    school.mark(WITHOUT_LIST, "008", "--clear")
    cells |= {(16, "Ivo"): "P 3540", (8, "Hal"): "A 0"}
    assert school.cells() == cells
    check_files(school, tmp_path)


def check_files(school: School, folder: Path) -> None:
    """CSV and Excel say what the JSON says, of which the marks are known."""
    told = school.register()
    of_student = [(one["name"], one["email"], one["number"]) for one in told["students"]]
    ids = [one["id"] for one in told["classes"]]
    wide = [
        [*who, *(one["marks"].get(class_id, {"status": ""})["status"] for class_id in ids)]
        for who, one in zip(of_student, told["students"], strict=True)
    ]
    assert school.rows(folder, "wide") == wide
    starts = {class_id: school.begin(number).isoformat() for number, class_id in zip(PLAN, ids, strict=True)}
    long = [
        [
            *who, f"Lesson {1 + ids.index(class_id)}", starts[class_id], mark["status"],
            "" if mark["secondsInClass"] is None else f"{mark['secondsInClass'] / 60 + 0.0001:.1f}",
            "" if mark["percent"] is None else str(mark["percent"]), mark["by"], mark["remark"],
        ]
        for who, one in zip(of_student, told["students"], strict=True)
        for class_id, mark in one["marks"].items()
    ]  # fmt: skip
    assert school.rows(folder, "long") == long
    assert [row[8:] for row in long if row[-2] == "hand"] == [["hand", "At the dentist"]]

    book = load_workbook(school.file(folder, "xlsx"))
    (first, second) = book.worksheets
    assert first.freeze_panes is not None
    assert first.freeze_panes.startswith("B")
    assert [["" if cell is None else cell for cell in row] for row in first.iter_rows(2, values_only=True)] == wide
    read = [["" if cell is None else cell for cell in row] for row in second.iter_rows(2, values_only=True)]
    assert [[*row[:4], *row[5:6], *row[8:]] for row in read] == [[*row[:4], *row[5:6], *row[8:]] for row in long]
    for cells, row in zip(read, long, strict=True):
        assert cells[4] == datetime.fromisoformat(row[4]).replace(tzinfo=None)
        assert (cells[6], cells[7]) == (("", "") if not row[6] else (float(row[6]), int(row[7]) / 100))
