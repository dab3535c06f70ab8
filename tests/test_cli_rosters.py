"""`tracker roster show` and `tracker roster import`: what they print, and what they refuse with nothing changed."""

import json
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.matrix.cast import dump
from tests.practice_school import TEACHER, CommandLine
from tests.rosters.files import sheet_of

pytestmark = pytest.mark.database("sqlite")

OF_ANA = ("--teacher", TEACHER)
SPANISH = (
    "I.E.S. Ramón y Cajal;;;;;;\r\n"
    "Nº;Apellidos;Nombre;Correo electrónico;Matrícula;Grupo;Fecha de alta;Fecha de baja\r\n"
    "1;García López;José;jose@x.org;00071;1ºA;15/01/2026;\r\n"
    "2;Núñez;Íñigo;inigo@x.org;00072;1ºA;;30/06/2026\r\n"
    "3;Ruiz;Eva;;00073;1ºB;;\r\n"
    "Total;;3;;;;;\r\n"
)
JOSE = {
    "name": "José García López",
    "email": "jose@x.org",
    "number": "00071",
    "group": "1ºA",
    "from": "2026-01-15",
    "until": None,
}
INIGO = {
    "name": "Íñigo Núñez",
    "email": "inigo@x.org",
    "number": "00072",
    "group": "1ºA",
    "from": None,
    "until": "2026-06-30",
}
EVA = {"name": "Eva Ruiz", "email": "", "number": "00073", "group": "1ºB", "from": None, "until": None}


@pytest.fixture
def school(tracker: CommandLine) -> CommandLine:
    """The command line of a school with one teacher."""
    tracker.add_teacher()
    return tracker


def saved(folder: Path, content: str | bytes, name: str = "list.csv") -> str:
    """A file with this in it."""
    file = folder / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(file)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.quick
def test_a_list_as_a_school_has_it_is_imported_and_shown(school: CommandLine, tmp_path: Path, encoding: str) -> None:
    file = saved(tmp_path, SPANISH.encode(encoding))
    expected = {"course": "Álgebra", "students": [JOSE, INIGO, EVA], "problems": []}
    assert school.done("roster", "import", "Álgebra", file, *OF_ANA, "--json").json == expected
    assert school.done("roster", "show", "Álgebra", *OF_ANA, "--json").json == expected
    assert school.done("roster", "import", "Álgebra", file, *OF_ANA, "--json").json == expected


def test_a_workbook_is_imported(school: CommandLine, tmp_path: Path) -> None:
    rows = [["Class list"], [], ["Student name", "E-mail", "Student ID"], ["Lima, Ana", "ana@x.org", "007"]]
    file = saved(tmp_path, sheet_of(rows), "list.xlsx")
    made = school.done("roster", "import", "Algebra", file, *OF_ANA, "--json").json
    ana = {"name": "Ana Lima", "email": "ana@x.org", "number": "007", "group": "", "from": None, "until": None}
    assert made == {"course": "Algebra", "students": [ana], "problems": []}


def test_in_words(school: CommandLine, tmp_path: Path) -> None:
    file = saved(tmp_path, SPANISH)
    shown = (
        "José García López  <jose@x.org>  number 00071  group 1ºA  from 2026-01-15\n"
        "Íñigo Núñez  <inigo@x.org>  number 00072  group 1ºA  until 2026-06-30\n"
        "Eva Ruiz  number 00073  group 1ºB\n"
    )
    assert school.done("roster", "import", "Algebra", file, *OF_ANA).text == f"{shown}3 students: 3 new, 0 changed\n"
    assert school.done("roster", "show", "Algebra", *OF_ANA).text == f"{shown}3 students\n"


def test_what_is_odd_is_named_with_its_line(school: CommandLine, tmp_path: Path) -> None:
    text = "Name,Email,Number\nAna,home@x.org,1\nBo,home@x.org,2\nCy,cy at x,3\n,,4\nAna,ana2@x.org,9\n"
    made = school.done("roster", "import", "Algebra", saved(tmp_path, text), *OF_ANA, "--json").json
    assert [(one["name"], one["email"]) for one in made["students"]] == [
        ("Ana", "home@x.org"),
        ("Bo", "home@x.org"),
        ("Cy", ""),
        ("Ana", "ana2@x.org"),
    ]
    assert made["problems"] == [
        {"line": 3, "what": "home@x.org is on line 2 too."},
        {"line": 4, "what": "“cy at x” is not an e-mail address."},
        {"line": 5, "what": "There is neither a name nor an e-mail address."},
    ]
    told = school.done("roster", "import", "Algebra", saved(tmp_path, text), *OF_ANA).text
    assert "line 3: home@x.org is on line 2 too.\n" in told


def test_a_second_list_updates_by_number_e_mail_or_name_and_who_is_missing_stays(
    school: CommandLine, tmp_path: Path
) -> None:
    first = "Name,Email,Number\nAna,ana@x.org,01\nBo,bo@x.org,02\nCy,cy@x.org,\nDi,,\nEd,ed@x.org,05\n"
    second = "Name,Email,Number,Group\nDi,di@x.org,,A\nCy Day,CY@x.org,,A\nBo Ek,bo2@x.org,02,A\nFay,,06,A\n"
    school.done("roster", "import", "Algebra", saved(tmp_path, first), *OF_ANA)
    dry = school.done("roster", "import", "Algebra", saved(tmp_path, second), *OF_ANA, "--dry-run", "--json").stdout
    assert "Fay" not in school.done("roster", "show", "Algebra", *OF_ANA).text
    made = school.done("roster", "import", "Algebra", saved(tmp_path, second), *OF_ANA, "--json").stdout
    assert dry == made
    assert [(one["name"], one["email"], one["number"], one["group"]) for one in json.loads(made)["students"]] == [
        ("Ana", "ana@x.org", "01", ""),
        ("Di", "di@x.org", "", "A"),
        ("Ed", "ed@x.org", "05", ""),
        ("Cy Day", "CY@x.org", "", "A"),
        ("Bo Ek", "bo2@x.org", "02", "A"),
        ("Fay", "", "06", "A"),
    ]


MANY = "Name,Email\n" + "".join(f"S{number},s{number}@x.org\n" for number in range(2001))
REFUSED: dict[str, tuple[str | bytes, str]] = {
    "too many": (MANY, "A course has at most 2000 students, and this list has more."),
    "empty": ("", "There is nothing in it."),
    "no student": ("Name,Email\n", "There is no student in this list."),
    "no list": (
        "Dear parents,\n\non Friday there is no school, since we are all away.\n\nKind regards\n",
        "This is no list of students that can be read. Save the list as Excel (.xlsx) or CSV, with a column of names.",
    ),
    "binary": (
        bytes(range(256)) * 40,
        "This is no list of students that can be read. Save the list as Excel (.xlsx) or CSV, with a column of names.",
    ),
    "a broken workbook": (
        b"PK\x03\x04" + bytes(200),
        "This workbook cannot be read. Save it again as Excel (.xlsx), or as CSV.",
    ),
    "endless": (
        b"Name,Email\n" + b"x" * 6_000_000,
        "This file is too large for a list of students. Copy their lines into a new one.",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
@pytest.mark.parametrize("options", [(), ("--dry-run",), ("--json",)])
def test_what_is_no_roster_is_refused_in_a_sentence_and_nothing_has_changed(
    school: CommandLine, engine: Engine, tmp_path: Path, what: str, options: tuple[str, ...]
) -> None:
    content, expected = REFUSED[what]
    school.done("roster", "import", "Algebra", saved(tmp_path, SPANISH), *OF_ANA)
    before = dump(engine)
    for course in ("Algebra", "New"):
        assert school.refused("roster", "import", course, saved(tmp_path, content), *OF_ANA, *options) == expected
    assert dump(engine) == before


def test_who_and_what_is_not_there_is_said(school: CommandLine, engine: Engine, tmp_path: Path) -> None:
    file, before = saved(tmp_path, SPANISH), dump(engine)
    nobody = ("--teacher", "nobody@school.example")
    assert school.refused("roster", "show", "Algebra", *OF_ANA) == "This teacher has no course “Algebra”."
    assert "nobody@school.example" in school.refused("roster", "show", "Algebra", *nobody)
    assert "nobody@school.example" in school.refused("roster", "import", "Algebra", file, *nobody)
    assert "nobody@school.example" in school.refused("roster", "import", "Algebra", file, *nobody, "--dry-run")
    missing = str(tmp_path / "missing.csv")
    assert missing in school.refused("roster", "import", "Algebra", missing, *OF_ANA)
    assert str(tmp_path) in school.refused("roster", "import", "Algebra", str(tmp_path), *OF_ANA)
    assert school.refused("roster", "import", " ", file, *OF_ANA) == "Give the course a name."
    assert dump(engine) == before


def test_a_course_with_classes_and_no_roster_has_an_empty_one(school: CommandLine) -> None:
    school.create("--course", "Algebra")
    shown = school.done("roster", "show", "Algebra", *OF_ANA, "--json").json
    assert shown == {"course": "Algebra", "students": [], "problems": []}
    assert school.done("roster", "show", "Algebra", *OF_ANA).text == "0 students\n"


def test_a_name_cannot_steer_the_terminal(school: CommandLine, tmp_path: Path) -> None:
    file = saved(tmp_path, "Name,Email\nAna \u202e\u2066Lima,ana@x.org\n")
    told = school.done("roster", "import", "Algebra\u202e", file, *OF_ANA).text
    assert ("\u202e" in told, "\u2066" in told) == (False, False)
