"""A course of twelve weeks with a practice Zoom: its register equals a table that was made by hand, in full."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from tests.makers import Clock, services
from tests.practice_school import TEACHER, CommandLine, Host
from tracker import auth, courses

pytestmark = [pytest.mark.slow, pytest.mark.database("sqlite")]

OF_ANA = ("--teacher", TEACHER)
FIRST = date(2025, 3, 4)  # a Tuesday; the clocks change after the fourth week
ROSTER = """\
Name,Email,Number,From,Until
Ada Abt,ada@x.org,01,,
Bo Berg,bo@x.org,02,,
Cy Dorn,,03,,
Di Eck,di@x.org,04,2025-03-18,
Eva Fink,eva@x.org,05,,2025-05-06
Max Gold,max@x.org,06,,
Max Gold,,07,,
Hana Hirt,hana@x.org,08,,
Ivo Jung,,09,,
Kim Jung,,10,,
"""
# Who came in each week, and from what minute to what minute.
WEEKS: list[list[tuple[str, str, int, int]]] = [
    # 1: Ada on two devices at once; a Max Gold without an address, who may be either; the Jungs' one tablet.
    [
        ("Ada Abt", "ada@x.org", 0, 40),
        ("iPhone", "ADA@x.org", 30, 60),
        ("Bo", "bo@x.org", 0, 60),
        ("Cy Dorn", "", 0, 60),
        ("Max Gold", "", 0, 60),
        ("Tablet", "", 0, 60),
        ("Eva Fink", "eva@x.org", 0, 60),
    ],
    # 2: Bo late, Cy early, Eva both; Di before she is enrolled; Max by his address.
    [
        ("Bo Berg", "bo@x.org", 6, 60),
        ("CY  DORN", "", 0, 54),
        ("Eva", "eva@x.org", 6, 54),
        ("Di Eck", "di@x.org", 0, 60),
        ("Max Gold", "max@x.org", 0, 60),
        ("Ada Abt", "ada@x.org", 5, 55),
    ],
    # 3: Di's first day; Bo for 29 minutes, Cy for 30; Hana with her mother's account.
    [
        ("Di Eck", "", 0, 60),
        ("Bo Berg", "bo@x.org", 0, 29),
        ("Cy Dorn", "", 0, 30),
        ("Mum", "mum@home.example", 0, 60),
        ("Tablet", "", 10, 60),
    ],
    # 4: nobody but Ada, only before class.
    [("Ada Abt", "ada@x.org", -10, -1)],
    # 5: a reconnect, a rename, and two Cys, of whom neither is he by rule.
    [
        ("Bo Berg", "bo@x.org", 0, 20),
        ("Bo Berg", "bo@x.org", 22, 60),
        ("Cy Dorn", "", 0, 60),
        ("Cy Dorn", "cy@home.example", 0, 60),
        ("Di Eck", "di@x.org", 0, 60),
    ],
    # 6: somebody else with Ada's name and Bo's address; a robot.
    [("Ada Abt", "bo@x.org", 0, 60), ("Otter.ai", "", 0, 60), ("Hana Hirt", "", 0, 60)],
    # 7: Hana on both.
    [("Hana Hirt", "hana@x.org", 0, 20), ("Mum", "MUM@home.example", 15, 60), ("Ada Abt", "ada@x.org", 0, 60)],
    # 8: everybody a little.
    [("Ada Abt", "ada@x.org", 0, 10), ("Bo Berg", "bo@x.org", 10, 20), ("Di Eck", "di@x.org", 55, 60)],
    # 9: the last one but one of Eva's, and a guest of her first name.
    [("Eva Fink", "eva@x.org", 0, 60), ("Eva", "", 0, 60)],
    # 10: her last day, both inclusive.
    [("Eva Fink", "eva@x.org", 0, 60), ("Tablet", "", 0, 60)],
    # 11: she is not on the roster any more.
    [("Eva Fink", "eva@x.org", 0, 60), ("Ada Abt", "ada@x.org", 0, 60)],
    # 12: nobody held it.
    [],
]
SIGNS = {
    "present": "P",
    "late": "L",
    "left early": "E",
    "late, left early": "B",
    "partly": "y",
    "absent": "a",
    "excused": "X",
    "not held": "n",
    "not yet known": "?",
}
# As the rule has it, with the words on Hana's mother and on the tablet; a point is outside of her dates.
BY_RULE = """\
Ada Abt    PPaaaaPyaaPn
Bo Berg    PLyaPPayaaan
Cy Dorn    PEEaaaaaaaan
Di Eck     ..PaPaayaaan
Eva Fink   PBaaaaaaPP..
Max Gold   aPaaaaaaaaan
Max Gold   aaaaaaaaaaan
Hana Hirt  aaPaaPPaaaan
Ivo Jung   PaLaaaaaaPan
Kim Jung   PaLaaaaaaPan
"""
# After ten minutes late, present from a quarter of the class; Cy excused in the fourth week, Ada there in the ninth.
CHANGED = """\
Ada Abt    PPaaaaPyPaPn
Bo Berg    PPEaPPayaaan
Cy Dorn    PEEXaaaaaaan
Di Eck     ..PaPaayaaan
Eva Fink   PEaaaaaaPP..
Max Gold   aPaaaaaaaaan
Max Gold   aaaaaaaaaaan
Hana Hirt  aaPaaPPaaaan
Ivo Jung   PaPaaaaaaPan
Kim Jung   PaPaaaaaaPan
"""
GUESTS = {
    "Cy Dorn": [5],
    "Cy Dorn cy@home.example": [5],
    "Di Eck di@x.org": [2],
    "Eva": [9],
    "Eva Fink eva@x.org": [11],
    "Max Gold": [1],
    "Otter.ai": [6],
}


def hold(host: Host, meeting: str, begin: datetime, people: list[tuple[str, str, int, int]]) -> None:
    """An hour with its host from ten minutes before on, and these people from minute to minute."""
    host.clock.time = begin - timedelta(minutes=10)
    host.start(meeting)
    there: dict[int, str] = {}
    for minute in sorted({minute for *_, start, end in people for minute in (start, end)}):
        host.clock.time = begin + timedelta(minutes=minute)
        for place, (name, email, start, end) in enumerate(people):
            if end == minute and end < 60:
                host.leave(meeting, there[place])
            elif start == minute:
                there[place] = host.join(meeting, name, email)
    host.clock.time = begin + timedelta(minutes=60)
    host.end(meeting)


def table(found: Any) -> str:
    """A line a student, with a sign for each class."""
    ids = [one["id"] for one in found["classes"]]
    lines = []
    for student in sorted(found["students"], key=lambda one: one["number"]):
        signs = "".join(SIGNS[student["marks"][one]["status"]] if one in student["marks"] else "." for one in ids)
        lines.append(f"{student['name']:<11}{signs}\n")
    return "".join(lines)


def test_the_register_of_a_term_equals_a_table_made_by_hand(
    tracker: CommandLine, host: Host, engine: Engine, tmp_path: Path
) -> None:
    tracker.add_teacher()
    (tmp_path / "list.csv").write_text(ROSTER)
    tracker.done("roster", "import", "Algebra", str(tmp_path / "list.csv"), *OF_ANA)
    ids = []
    for week, people in enumerate(WEEKS):
        day = FIRST + timedelta(weeks=week)
        made = tracker.create("--course", "Algebra", start=f"{day}T10:00")
        ids.append(made["id"])
        if people:
            hold(
                host,
                made["zoomMeetingId"],
                datetime(day.year, day.month, day.day, 10, tzinfo=ZoneInfo("Europe/Berlin")),
                people,
            )
            tracker.done("fetch", made["id"])
    school = services(engine, Clock())
    course = school.read(courses.teachers_course, auth.OPERATOR, TEACHER, "Algebra")
    register = school.read(courses.course_register, auth.OPERATOR, course, datetime(2026, 1, 1, tzinfo=ZoneInfo("UTC")))
    of_number = {row.enrolled.student.number: row.enrolled.id for row in register.rows}
    courses.choose(school, auth.OPERATOR, course.id, [("name", "tablet")], [of_number["09"], of_number["10"]])
    courses.add_address(school, auth.OPERATOR, course.id, of_number["08"], "mum@home.example")

    def found() -> Any:
        return tracker.done("register", "Algebra", *OF_ANA, "--format", "json").json

    assert table(found()) == BY_RULE
    guests = {f"{one['name']} {one['email']}".strip(): one["classes"] for one in found()["guests"]}
    assert guests == {who: [ids[week - 1] for week in weeks] for who, weeks in GUESTS.items()}

    tracker.done("mark", ids[3], "03", "--status", "excused", "--remark", "ill")
    tracker.done("mark", ids[8], "ada@x.org", "--status", "present")
    tracker.done("course", "rules", "Algebra", *OF_ANA, "--late-after", "10", "--present-from", "25")
    assert table(found()) == CHANGED
    for class_id in ids[:11]:
        tracker.done("fetch", class_id)
    assert table(found()) == CHANGED
