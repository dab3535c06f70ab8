"""A course of twelve weeks, as it is held in the practice Zoom.

Times are minutes from a class's planned start; a class lasts an hour. The tables say what a careful teacher would have
written on paper.
"""

import csv
import io
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.practice_school import TEACHER, CommandLine, Host
from tests.tracker_process import Tracker, wait_until
from tracker import clock, health
from tracker.clock import to_zoom
from tracker.services import open_services

COURSE, ZONE = "Algebra 7B", "Europe/Berlin"

OF_ANA = ("--teacher", TEACHER)
# Week, weekday (Monday is 0) and hour of each class, by its number.
PLAN = {
    1: (1, 1, 10), 2: (1, 3, 10), 3: (2, 1, 10), 4: (3, 1, 10), 5: (4, 1, 10), 6: (5, 1, 10), 7: (6, 1, 10),
    8: (6, 3, 10), 9: (7, 1, 10), 10: (8, 1, 10), 11: (8, 1, 11), 12: (9, 1, 10), 13: (10, 1, 10), 14: (10, 3, 10),
    15: (11, 1, 10), 16: (12, 1, 10),
}  # fmt: skip
# The eleventh is held in the meeting of the tenth. Fay's first class, and Gil's last one.
SHARED, FIRST_OF_FAY, LAST_OF_GIL = {11: 10}, 9, 6

NOT_HELD, WITHOUT_LIST, CORRECTED = 7, 8, 16

# Who joins, as Zoom has it. Of the two called Eva Diaz one is signed in.
JOINS = {
    "Ana": ("Ana", TEACHER),
    "Ada": ("Ada Abt", "ada@school.example"),
    "Ada's phone": ("iPhone", "ada@school.example"),
    "Ada's tablet": ("Ada Abt", ""),
    "Bo": ("Bo Bell", ""),
    "Cy": ("Cy Cole", "CY@school.example"),
    "Cy, by another name": ("Grandma's laptop", "cy@school.example"),
    "Eva": ("Eva Diaz", "eva@school.example"),
    "Eva D.": ("Eva Diaz", ""),
    "Fay": ("Fay Eck", "fay@school.example"),
    "Gil": ("Gil Fox", ""),
    "Hal": ("Hal Gray", "hal@elsewhere.example"),
    "Ivo": ("ivo  HILL", ""),
    "robot": ("Otter.ai", ""),
}

GUESTS = [("Ada Abt", "", [5]), ("Eva Diaz", "", [4]), ("Otter.ai", "", [15])]

STUDENTS = ("Ada", "Bo", "Cy", "Eva", "Eva D.", "Fay", "Gil", "Hal", "Ivo")


@dataclass(frozen=True)
class Held:
    """A session: who was in it, each from a minute to a minute, the host all the time; `knocked` has who waited."""

    start: float
    end: float
    there: Mapping[str, tuple[float, float]]
    again: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    knocked: Mapping[str, tuple[float, float]] = field(default_factory=dict)


def all_of(minutes: tuple[float, float], *names: str) -> dict[str, tuple[float, float]]:
    """These people, at the same time."""
    return dict.fromkeys(names, minutes)


def at(minute: int, second: int) -> float:
    return minute + second / 60


WHOLE = (0, 60)

SESSIONS: dict[int, tuple[Held, ...]] = {
    # On time.
    1: (Held(-2, 60, all_of((-1, 60), "Ada", "Bo", "Cy", "Eva", "Gil", "Hal", "Ivo")),),
    # Opened early: Cy leaves before class, Ada comes back at five minutes sharp, Bo a second later.
    2: (
        Held(
            -25, 61,
            {"Ada": (-20, -10), "Bo": (at(5, 1), 60), "Cy": (-20, -5), **all_of((-3, 61), "Eva", "Gil", "Hal")},
            {"Ada": (5, 61)},
        ),
    ),
    # Broken off and started again, three minutes later.
    3: (
        Held(0, 25, all_of((0, 25), "Ada", "Bo", "Eva", "Gil", "Hal", "Ivo")),
        Held(28, 60, {**all_of((28, 60), "Ada", "Cy", "Gil", "Hal"), "Eva": (29, 60), "Ivo": (28, 54)}),
    ),
    # Run over: Bo leaves five minutes before the planned end, Cy a second earlier, Eva comes when class is over.
    4: (
        Held(
            0, 75,
            {
                **all_of((0, 75), "Ada", "Gil", "Hal", "Ivo", "Eva D."),
                "Bo": (0, 55), "Cy": (0, at(54, 59)), "Eva": (60, 75),
            },
        ),
    ),
    # Two devices, a rename in the meeting, and a third device that only has the name of somebody who is there.
    5: (
        Held(
            0, 60,
            {
                **all_of(WHOLE, "Ada's tablet", "Eva", "Gil", "Hal", "Ivo"),
                "Ada": (0, 30), "Bo": (0, 40), "Cy": (10, 60),
            },
            {"Ada's phone": (20, 60), "Bo": (30, 60), "Cy, by another name": (0, 10)},
        ),
    ),
    # Hal is let in never, and Ivo after twelve minutes.
    6: (
        Held(
            0, 60,
            {**all_of(WHOLE, "Ada", "Bo", "Cy", "Eva", "Gil"), "Ivo": (12, 60)},
            knocked={"Hal": (0, 60), "Ivo": (0, 12)},
        ),
    ),
    8: (Held(0, 60, all_of(WHOLE, "Ada", "Bo", "Fay", "Ivo")),),
    # By halves.
    9: (
        Held(
            0, 60,
            {
                **all_of(WHOLE, "Ada", "Fay"),
                "Bo": (0, at(29, 59)), "Cy": (30, 60), "Eva": (10, 50), "Ivo": (40, 60),
            },
        ),
    ),
    # One session for this class and the next one: Cy comes early for the next, Eva and Hal stay on for a while.
    10: (
        Held(
            -3, 118,
            {"Ada": (-2, 118), "Bo": (-2, 60), "Cy": (55, 118), "Eva": (0, 70), "Fay": (0, 58), "Hal": (0, 66)},
            {"Fay": (61, 118)},
        ),
    ),
    # Over after forty minutes.
    12: (Held(0, 40, {**all_of((0, 40), "Ada", "Eva", "Fay", "Ivo"), "Bo": (0, at(34, 59)), "Cy": (4, 40)}),),
    # Bo and Hal open the link at night.
    13: (Held(0, 60, all_of(WHOLE, "Ada", "Cy", "Eva", "Fay")), Held(300, 304, all_of((300, 304), "Bo", "Hal"))),
    # Held 55 minutes late.
    14: (Held(55, 115, {**all_of((55, 115), "Ada", "Cy", "Fay", "Hal"), "Bo": (62, 115), "Ivo": (55, 84)}),),
    # With a robot.
    15: (Held(0, 60, {**all_of(WHOLE, "robot", "Bo", "Cy", "Eva", "Fay", "Hal"), "Ivo": (0, 50)}),),
    # Of whom Zoom's list has four at first.
    16: (Held(0, 60, {**all_of(WHOLE, "Ada", "Bo", "Cy"), "Fay": (1, 60), "Hal": (8, 60), "Ivo": (1, 60)}),),
}  # fmt: skip

WORDS = {
    "P": "present", "L": "late", "E": "left early", "LE": "late, left early", "H": "partly", "A": "absent",
    "X": "excused", "-": "not held", "?": "not yet known",
}  # fmt: skip
# A line a class: how long it was itself, in seconds, and for each student the word and the seconds in class.
EXPECTED = """
    |  own | Ada    | Bo     | Cy     | Eva     | Eva D. | Fay    | Gil    | Hal    | Ivo
  1 | 3600 | P 3600 | P 3600 | P 3600 | P 3600  | A 0    |        | P 3600 | P 3600 | P 3600
  2 | 3600 | P 3300 | L 3299 | A 0    | P 3600  | A 0    |        | P 3600 | P 3600 | A 0
  3 | 3420 | P 3420 | H 1500 | L 1920 | P 3360  | A 0    |        | P 3420 | P 3420 | E 3060
  4 | 3600 | P 3600 | P 3300 | E 3299 | A 0     | A 0    |        | P 3600 | P 3600 | P 3600
  5 | 3600 | P 3600 | P 3600 | P 3600 | P 3600  | A 0    |        | P 3600 | P 3600 | P 3600
  6 | 3600 | P 3600 | P 3600 | P 3600 | P 3600  | A 0    |        | P 3600 | A 0    | L 2880
  7 |      | -      | -      | -      | -       | -      |        |        | -      | -
  8 |      | ?      | ?      | ?      | ?       | ?      |        |        | ?      | ?
  9 | 3600 | P 3600 | H 1799 | L 1800 | LE 2400 | A 0    | P 3600 |        | A 0    | H 1200
 10 | 3600 | P 3600 | P 3600 | A 0    | P 3600  | A 0    | P 3480 |        | P 3600 | A 0
 11 | 3480 | P 3480 | A 0    | P 3480 | H 600   | A 0    | P 3420 |        | A 0    | A 0
 12 | 2400 | P 2400 | E 2099 | P 2160 | P 2400  | A 0    | P 2400 |        | A 0    | P 2400
 13 | 3600 | P 3600 | A 0    | P 3600 | P 3600  | A 0    | P 3600 |        | A 0    | A 0
 14 | 3600 | P 3600 | L 3180 | P 3600 | A 0     | A 0    | P 3600 |        | P 3600 | H 1740
 15 | 3600 | A 0    | P 3600 | P 3600 | P 3600  | A 0    | P 3600 |        | P 3600 | E 3000
 16 | 3600 | P 3600 | P 3600 | P 3600 | A 0     | A 0    | A 0    |        | A 0    | A 0
"""

Cells = dict[tuple[int, str], str]


def cells_of(table: str) -> tuple[Cells, dict[int, int | None]]:
    """The cells of a table by class and student, empty ones left out, and the seconds of each class."""
    (_, _, *students), *rows = ([cell.strip() for cell in line.split("|")] for line in table.strip().splitlines())
    assert tuple(students) == STUDENTS
    cells = {
        (int(number), student): cell
        for number, _, *marks in rows
        for student, cell in zip(students, marks, strict=True)
        if cell
    }
    return cells, {int(number): int(own) if own else None for number, own, *_ in rows}


@dataclass
class School:
    """The teacher's command line, the practice Zoom, and the classes of the course by number."""

    command: CommandLine
    host: Host
    classes: dict[int, dict[str, Any]] = field(default_factory=dict)
    uuids: dict[int, str] = field(default_factory=dict)

    def begin(self, number: int) -> datetime:
        """The planned start of a class. The last week is over, whenever the tests run."""
        week, weekday, hour = PLAN[number]
        monday = clock.now().astimezone(clock.zone(ZONE)).date() - timedelta(weeks=13)
        day = monday - timedelta(days=monday.weekday()) + timedelta(weeks=week - 1, days=weekday)
        return datetime(day.year, day.month, day.day, hour, tzinfo=clock.zone(ZONE))

    def create(self, number: int) -> None:
        """Plans a class, in a meeting of its own or in another one's."""
        link = ("--link", self.classes[SHARED[number]]["zoomJoinUrl"]) if number in SHARED else ()
        start = self.begin(number).replace(tzinfo=None).isoformat()
        title = f"Lesson {number}"
        self.classes[number] = self.command.create("--course", COURSE, *link, start=start, title=title)

    def hold(self, number: int) -> None:
        """The practice Zoom has had the sessions of a class, and tells of each by webhooks."""
        meeting, start = self.classes[number]["zoomMeetingId"], self.begin(number).astimezone(UTC)
        for held in SESSIONS[number]:
            stays = [("Ana", (held.start, held.end), "in_meeting")]
            stays += [(who, when, "in_meeting") for part in (held.there, held.again) for who, when in part.items()]
            stays += [(who, when, "in_waiting_room") for who, when in held.knocked.items()]
            body = {
                "start": to_zoom(start + timedelta(minutes=held.start)),
                "end": to_zoom(start + timedelta(minutes=held.end)),
                "stays": [
                    {
                        "name": JOINS[who][0],
                        "email": JOINS[who][1],
                        "join": to_zoom(start + timedelta(seconds=round(join * 60))),
                        "leave": to_zoom(start + timedelta(seconds=round(leave * 60))),
                        "status": status,
                    }
                    for who, (join, leave), status in stays
                ],
                # What Zoom's list lacks has to be said before anybody asks for it.
                "webhooks": number not in (WITHOUT_LIST, CORRECTED),
            }
            self.uuids[number] = self.host.call("POST", f"/meetings/{meeting}/sessions", body)["uuid"]

    def announce(self, number: int) -> None:
        """The webhooks of a class of which Zoom had told nothing."""
        self.host.call("POST", "/replay", {"meetings": [int(self.classes[number]["zoomMeetingId"])]})

    def counted(self) -> set[int]:
        """The classes of which it is known how many came."""
        told = {one["id"]: one["participantCount"] for one in self.command.done("class", "list", "--json").json}
        return {number for number, one in self.classes.items() if told[one["id"]] is not None}

    def is_ended(self, number: int) -> bool:
        shown = self.command.done("class", "show", self.classes[number]["id"], "--json").json
        return bool(shown["status"] == "ended")

    def fetch(self, number: int) -> None:
        """Zoom is asked again, also where the tracker asks at the same moment and the command is refused."""
        wait_until(lambda: self.command("fetch", self.classes[number]["id"]).code == 0, f"class {number} is fetched")

    def mark(self, number: int, student: str, *given: str) -> None:
        self.command.done("mark", self.classes[number]["id"], student, *given)

    def register(self) -> Any:
        """`tracker register COURSE --format json`."""
        return self.command.done("register", COURSE, *OF_ANA, "--format", "json").json

    def file(self, folder: Path, suffix: str, *options: str) -> Path:
        """The register as a file."""
        path = folder / f"register.{suffix}"
        self.command.done("register", COURSE, *OF_ANA, "--format", suffix, "--out", str(path), *options)
        return path

    def rows(self, folder: Path, shape: str) -> list[list[str]]:
        """The register as CSV, without the line of its headings."""
        text = self.file(folder, "csv", "--shape", shape).read_text("utf-8-sig")
        return list(csv.reader(io.StringIO(text, newline="")))[1:]

    def cells(self) -> Cells:
        """The cells of the register as the table has them."""
        told, numbers = self.register(), {one["id"]: number for number, one in self.classes.items()}
        signs = {word: sign for sign, word in WORDS.items()}
        return {
            (numbers[class_id], student): " ".join(
                [signs[mark["status"]], *([] if mark["secondsInClass"] is None else [str(mark["secondsInClass"])])]
            )
            for student, row in zip(STUDENTS, told["students"], strict=True)
            for class_id, mark in row["marks"].items()
        }


def import_roster(school: School, folder: Path) -> None:
    """The list as the school has it. It names only one address of those that Zoom does not tell."""
    fay, gil = school.begin(FIRST_OF_FAY).date(), school.begin(LAST_OF_GIL).date()
    file = folder / "class list.csv"
    file.write_text(
        "Last name;First name;E-mail;Student ID;From;Until\r\n"
        "Hill;Ivo;;009;;\r\n"
        "Gray;Hal;;008;;\r\n"
        f"Fox;Gil;;007;;{gil:%d.%m.%Y}\r\n"
        f"Eck;Fay;fay@school.example;006;{fay:%d.%m.%Y};\r\n"
        "Diaz;Eva;eva@school.example;004;;\r\n"
        "Diaz;Eva;;005;;\r\n"
        "Cole;Cy;cy@school.example;003;;\r\n"
        "Bell;Bo;bo@home.example;002;;\r\n"
        "Abt;Ada;ada@school.example;001;;\r\n"
    )
    assert school.command.done("roster", "import", COURSE, str(file), *OF_ANA, "--json").json["problems"] == []


def hold_course(school: School, running: Tracker) -> None:
    """All classes of the course, until everything is counted of which Zoom has a list."""
    school.host.call("PUT", "/webhook-url", {"url": f"http://127.0.0.1:{running.port}/api/webhooks/zoom"})
    for number in SESSIONS:
        school.hold(number)
    school.host.call("PUT", "/refusals", {"uuid": school.uuids[WITHOUT_LIST], "kind": "unknown"})
    school.host.call("PUT", "/list-limits", {"uuid": school.uuids[CORRECTED], "rows": 4})
    for number in (WITHOUT_LIST, CORRECTED):
        school.announce(number)
    # Zoom tells of one after another, and of these two last.
    wait_until(lambda: school.is_ended(WITHOUT_LIST), "the tracker knows that the class without a list is over")
    wait_until(lambda: school.counted() == PLAN.keys() - {NOT_HELD, WITHOUT_LIST}, "all other classes are counted")
    with open_services(os.environ) as services:
        # A class that was broken off is fetched twice.
        wait_until(lambda: services.read(health.queue, services.now()).due == 0, "nothing more is to be fetched")
