"""The matrix of the commands: each is in the table, and each line of it is tried."""

import io
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.makers import NOW, member
from tests.matrix import doors
from tests.matrix.cast import dump
from tests.matrix.table import COMMANDS, rows
from tests.practice_school import TEACHER, CommandLine, Host
from tracker import auth
from tracker.cli import command_parser

pytestmark = pytest.mark.database("sqlite")

PARSERS = dict(doors.commands(command_parser()))
NOBODY = "nobody@school.example"
NUMBERS = count()


def command_of(line: str) -> str:
    """The command that a line of the table begins with."""
    return max((name for name in PARSERS if f"{line} ".startswith(f"{name} ")), key=len)


def test_every_command_has_a_line() -> None:
    assert {command_of(line) for line in rows(COMMANDS)} == PARSERS.keys()


def test_a_command_that_names_an_account_is_tried_with_each_kind_of_it() -> None:
    naming = {
        name
        for name, parser in PARSERS.items()
        if {"email", "teacher", "to"} & {action.dest for action in parser._actions}
    }
    assert {command_of(line) for line in rows(COMMANDS) if "WHO" in line.split()} == naming - {"user add"}


def somebody(engine: Engine) -> str:
    """The e-mail of an account that no other line has used."""
    return member(engine, f"somebody{next(NUMBERS)}@school.example").email


def closed(engine: Engine) -> str:
    email = somebody(engine)
    auth.disable(engine, auth.OPERATOR, email, NOW)
    return email


@pytest.mark.slow
def test_every_command_does_what_the_table_says(
    tracker: CommandLine, host: Host, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    member(engine, "boss@school.example", "admin")
    tracker.add_teacher()
    created = tracker.create("--course", "Algebra", start="2025-05-14T12:00")
    host.hold(created["zoomMeetingId"])
    students = tmp_path / "students.csv"
    students.write_text("Name,Email\nBo,bo@x.example\n")
    report = tmp_path / "report.csv"
    report.write_text("Name,Join Time,Leave Time\nBo,2025-05-01 10:00,2025-05-01 11:00\n")
    found: dict[str, dict[str, str]] = {}
    for line, cells in rows(COMMANDS).items():
        found[line] = {}
        for kind, expected in cells.items():
            if expected in ("serves", "-"):
                found[line][kind] = expected
                continue
            words = {
                "WHO": {"open": somebody, "closed": closed}.get(kind, lambda _: NOBODY)(engine),
                "TEACHER": somebody(engine),
                "NEW": f"new{next(NUMBERS)}@school.example",
                "HOLDER": TEACHER,
                "CLASS": created["id"],
                "SOMEBODY": "Ana",
                "BUNDLE": str(tmp_path / "support.zip"),
                "FILE": str(tmp_path / "backup"),
                "FOLDER": str(tmp_path / "deploy"),
                "LIST": str(students),
                "REPORT": str(report),
            }
            monkeypatch.setattr("sys.stdin", io.StringIO("maria plants seven tulips\n"))
            before = dump(engine)
            ran = tracker(*(words.get(word, word) for word in line.split()))
            found[line][kind] = "asks" if expected == "asks" else "refused" if ran.code else "done"
            if ran.code and expected != "asks":
                assert (dump(engine), ran.stdout, ran.stderr.count("\n")) == (before, b"", 1), (line, kind, ran)
            else:
                assert "Traceback" not in ran.stderr
    assert found == rows(COMMANDS)
