"""What commands print on a terminal: names and titles of others are shown, and steer nothing."""

import sys

import pytest
from sqlalchemy import Engine

from tests.makers import counted, lesson, member, stay
from tests.practice_school import CommandLine

pytestmark = pytest.mark.database("sqlite")

# Clears the screen, sets the window's title, hides what comes before, a line of its own, turns the writing round.
EVIL = "Ana\x1b[2J\x1b]0;x\x07\r\x9b1A\nok      database: fine\x08\u202egpj.\u2066\u200b\x7f"
STEERS = {chr(number) for number in (*range(32), *range(127, 160), 0x202A, 0x202E, 0x2066, 0x200B)} - {"\n"}


@pytest.fixture
def run(engine: Engine, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> CommandLine:
    monkeypatch.setenv("DATABASE_URL", engine.url.render_as_string(hide_password=False))
    return CommandLine(capsysbinary)


@pytest.fixture
def class_id(engine: Engine) -> str:
    """A class whose title, teacher and participants have names that would steer a terminal."""
    teacher = member(engine, f"ana{EVIL}@x.example", zoom_user=EVIL)
    found = lesson(engine, teacher, f"{EVIL} 👩\u200d🏫")
    counted(engine, found, stay(EVIL, 0, 60, f"{EVIL}@x.example"), stay("Bo", 0, 60))
    return found


COMMANDS: list[list[str]] = [
    ["class", "list"],
    ["class", "show", "ID"],
    ["class", "show", "ID", "--json"],
    ["people", "ID"],
    ["people", "ID", "--json"],
    ["user", "list"],
    ["user", "list", "--json"],
    ["export", "ID"],
    ["export", "ID", "--format", "json"],
    ["export", "ID", "--format", EVIL],
    ["backup", f"/nowhere/{EVIL}"],
    ["restore", f"/nowhere/{EVIL}"],
]


@pytest.mark.parametrize("typed", COMMANDS, ids=lambda typed: " ".join(typed)[:30].encode("unicode_escape").decode())
def test_nothing_that_others_have_written_steers_a_terminal(
    run: CommandLine, class_id: str, typed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(sys.stdout), "isatty", lambda stream: True)
    done = run(*(class_id if word == "ID" else word for word in typed))
    shown = f"{done.text}{done.stderr}"
    assert STEERS & set(shown) == set()
    assert not any(line.startswith("ok ") for line in shown.splitlines())
    assert "x1b" in shown or "u001b" in shown or "[2J" in shown


def test_an_emoji_stays_whole(run: CommandLine, class_id: str) -> None:
    assert "👩\u200d🏫" in run.done("class", "list").text


def test_a_workbook_is_not_printed_on_a_terminal(
    run: CommandLine, class_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run.done("export", class_id, "--format", "xlsx").stdout.startswith(b"PK")
    monkeypatch.setattr(type(sys.stdout), "isatty", lambda stream: True)
    assert "--out" in run("export", class_id, "--format", "xlsx").stderr
