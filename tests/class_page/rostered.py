"""A class of a course with students, and what its page says of them."""

import re
from typing import Any

from sqlalchemy import Engine
from streamlit.testing.v1 import AppTest

from tests.makers import counted, lesson, stay, stored
from tests.screens import tables
from tracker import auth, courses, storage
from tracker.rosters import read_pasted
from tracker.storage.database import reading
from tracker.storage.members import Member
from tracker.storage.students import Enrolled
from tracker.ui.wiring import services

COURSE = "Algebra"

ROSTER = """Name,Email,Number
Ana Lima,ana.lima@x.example,007
Ben Ortiz,ben@x.example,008
Carla Souza,carla@x.example,009
Dora Lind,dora@x.example,010
Elif Yılmaz,elif@x.example,011
"""


def with_roster(teacher: Member, roster: str = ROSTER) -> None:
    courses.import_roster(services(), auth.OPERATOR, teacher.email, COURSE, read_pasted(roster))


def held(engine: Engine, teacher: Member, *more: Any, roster: str = ROSTER) -> str:
    """A class of five students: Ana by e-mail, Ben late and by his name, a Carla S. of whom nobody knows, a visitor."""
    class_id = lesson(engine, teacher, course=COURSE)
    if roster:
        with_roster(teacher, roster)
    there = (
        stay("Ana", 0, 60, "ana.lima@x.example"),
        stay("Ben Ortiz", 20, 60),
        stay("Carla S.", 0, 60, "mum@home.example"),
        stay("Visitor", 0, 60),
        stay("Maria", 0, 60, "maria@school.example"),
    )
    counted(engine, class_id, *there, *more)
    return class_id


def student(engine: Engine, class_id: str, name: str, number: str = "") -> Enrolled:
    with reading(engine) as tx:
        students = storage.students.list_students(tx, stored(engine, class_id).course_id or "")
    return next(one for one in students if one.student.name == name and number in one.student.number)


def statuses(shown: AppTest) -> dict[str, str]:
    """The status of each student as the list says it."""
    return {row["Name"]: row["Status"] for row in tables(shown)["Students"]}


def recognised(shown: AppTest) -> dict[str, str]:
    return {row["Name"]: row["Recognised"] for row in tables(shown)["Students"] if row["Recognised"]}


def names(shown: AppTest, caption: str) -> list[str]:
    return [row["Name"] for row in tables(shown).get(caption, [])]


def click(shown: AppTest, label: str, place: int = 0) -> None:
    """Clicks a button, the first of this label unless another place is given."""
    [one for one in shown.button if said_of_label(one.label) == label][place].click()
    shown.run()
    assert not shown.exception


def said_of_label(label: str) -> str:
    return re.sub(r"\\(.)", r"\1", label).replace("\u2060", "")


def labels(shown: AppTest) -> list[str]:
    return [said_of_label(one.label) for one in shown.button]


def field(shown: AppTest, kind: str, label: str) -> Any:
    found: list[Any] = list(shown.get(kind))
    return next(one for one in found if one.label == label)


def choose_person(shown: AppTest, name: str) -> None:
    """Chooses somebody of the class who is known by a name alone, to say who it is."""
    field(shown, "selectbox", "Who was in the class").set_value((("name", name.casefold()),)).run()
    assert not shown.exception
