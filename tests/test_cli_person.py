"""`tracker person …` and `tracker retention …`, and the page People's data, which does the same."""

import io
import json
import stat
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from streamlit.testing.v1 import AppTest

from tests.erasure.zita import everything
from tests.gate_client import account
from tests.makers import Clock, counted, lesson, member, services, stay, stored
from tests.practice_school import CommandLine
from tests.screens import Screens, button, metric, refused, said, show, tables
from tracker import auth, courses, privacy, storage
from tracker.privacy import Findings
from tracker.rosters import read_pasted
from tracker.storage.database import reading
from tracker.storage.members import Member
from tracker.ui import page

pytestmark = pytest.mark.database("sqlite")

MAIL = "zita.quark@pupils.example"


def fill(engine: Engine, title: str = "Zita's project") -> str:
    """A class with Zita by e-mail, a guest of her name, and Bo."""
    class_id = lesson(engine, member(engine), title, course="Physics")
    people = (stay("Zita Quark", 0, 60, MAIL), stay("Zita Quark", 0, 30), stay("Bo", 0, 60, "bo@x.example"))
    counted(engine, class_id, *people)
    return class_id


@pytest.mark.quick
def test_what_is_kept_is_shown_handed_out_and_erased(
    tracker: CommandLine, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class_id = fill(engine)
    out = tmp_path / "zita.json"
    out.write_text("of another person")
    told = tracker.done("person", "export", MAIL, "--out", str(out)).stdout.decode()
    assert "Zoom has its own copy" in told
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert [one["id"] for one in json.loads(out.read_text("utf-8"))["classes"]] == [class_id]
    assert json.loads(tracker.done("person", "export", "zita  quark").stdout)["identities"] == [
        "zita quark (no e-mail)"
    ]
    for answer in ("no", ""):
        monkeypatch.setattr(sys, "stdin", io.StringIO(answer))
        ran = tracker("person", "erase", MAIL)
        assert (ran.code, ran.stderr.startswith("Nothing was changed")) == (1, True)
        assert b"1 class has records of this person" in ran.stdout
    assert b"zita.quark" in everything(engine)
    monkeypatch.setattr(sys, "stdin", io.StringIO("yes\n"))
    told = tracker.done("person", "erase", MAIL).stdout.decode()
    assert f"{class_id}  2026-05-14T12:00:00Z  1 record  Zita's project (Ana)\n1 class has records" in told
    assert "Not touched: zita quark (no e-mail), the same name, in 1 class." in told
    assert (
        "Not touched: the title “Zita's project”. Change it by hand."
        in tracker.done("person", "erase", "zita", "--yes").stdout.decode()
    )
    assert "Erased: in 1 class, seen live 0 times. Counts stay as they are." in told
    assert b"zita.quark" not in everything(engine)
    assert stored(engine, class_id).participant_count == 3
    assert tracker.refused("person", "erase", "ana@school.example", "--yes").startswith("ana@school.example has an")


def test_a_name_that_nobody_has_erases_nobody_and_names_that_are_nearly_hers_are_told(
    tracker: CommandLine, engine: Engine
) -> None:
    counted(engine, lesson(engine, member(engine)), stay("Zita Quark (iPhone)", 0, 60), stay("Bo", 0, 60))
    told = tracker.done("person", "erase", "Zita Quark", "--yes").stdout.decode()
    assert "Not touched: zita quark (iphone) (no e-mail), the same name with a device, a number or the like" in told
    assert told.endswith("Nothing is kept on this person, so nothing is erased.\n")
    with reading(engine) as tx:
        assert storage.erased.list_erased(tx).people == {}


def enroll(engine: Engine, clock: Clock) -> None:
    """Zita is on the rosters of two courses."""
    member(engine)
    for course in ("Algebra", "Physics"):
        read = read_pasted(f"Name\tEmail\nZita Quark\t{MAIL}\nBo\tbo@x.example")
        courses.import_roster(services(engine, clock), auth.OPERATOR, "ana@school.example", course, read)


def test_who_is_on_rosters_alone_is_taken_off_them(tracker: CommandLine, engine: Engine, clock: Clock) -> None:
    enroll(engine, clock)
    exported = tracker.done("person", "export", MAIL).json["rosters"]
    assert [(one["course"], one["teacher"], one["name"]) for one in exported] == [
        ("Algebra", "Ana", "Zita Quark"),
        ("Physics", "Ana", "Zita Quark"),
    ]
    told = tracker.done("person", "erase", MAIL, "--yes").text
    assert told.startswith(
        "On the roster of the course “Algebra” (Ana).\nOn the roster of the course “Physics” (Ana).\n"
    )
    assert "Taken off the rosters of 2 courses.\n" in told
    assert b"zita.quark" not in everything(engine)


def test_how_long_names_are_kept_is_said_and_set(
    tracker: CommandLine, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    class_id = fill(engine)
    assert tracker.done("retention", "show").stdout.startswith(b"Off: names of participants are kept without limit")
    as_it_would_be = tracker.done("retention", "show", "--days", "3").stdout
    assert as_it_would_be.startswith(b"Names go 3 days after a class.\ndue now: " + class_id.encode())
    assert tracker.refused("retention", "show", "--days", "-1").startswith("The number of days is from 0")
    told = tracker.done("retention", "course", "Physics", "--teacher", "ana@school.example", "--days", "3")
    assert told.stdout == b"Physics: 3 days.\n"
    told = tracker.done("retention", "show")
    assert b"Physics (ana@school.example): 3 days\ndue now: " in told.stdout
    assert class_id.encode() in told.stdout
    tracker.done("retention", "course", "Physics", "--teacher", "ana@school.example")
    monkeypatch.setenv("RETENTION_DAYS", "36500")
    told = tracker.done("retention", "show")
    assert told.stdout.startswith(b"Names go 36500 days after a class.\nnext: 2126-")
    monkeypatch.setenv("RETENTION_ACTION", "shred")
    assert "RETENTION_ACTION must be one of names, records" in tracker.refused("retention", "show")


@pytest.fixture
def boss(screens: Screens, engine: Engine) -> Member:
    made = account(engine, "boss@school.example", "admin")
    screens.sign_in(made)
    return made


def look_up(screens: Screens, who: str) -> AppTest:
    at = screens.open(page.PEOPLES_DATA)
    at.text_input[0].input(who)
    return button(at, "Look up").click().run()  # type: ignore[no-any-return]


def test_an_admin_sees_on_which_rosters_somebody_is_and_takes_her_off_them(
    screens: Screens, boss: Member, engine: Engine, wired: Clock
) -> None:
    enroll(engine, wired)
    at = look_up(screens, MAIL)
    assert (metric(at, "Classes"), metric(at, "Rosters")) == ("0", "2")
    assert "On the roster of the course “Physics” (Ana)." in said(at)
    next(box for box in at.checkbox if box.label.startswith("Yes, erase")).check().run()
    at = button(at, "Erase").click().run()
    assert not at.exception
    assert "Taken off the rosters of 2 courses." in said(at)
    assert b"zita.quark" not in everything(engine)


def test_an_admin_looks_somebody_up_and_erases_her(
    screens: Screens, boss: Member, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    class_id, looked, find = fill(engine), [], privacy.find

    def find_and_count(*asked: Any, **more: Any) -> Findings:
        looked.append(asked)
        return find(*asked, **more)

    monkeypatch.setattr(privacy, "find", find_and_count)
    at = look_up(screens, MAIL)
    assert (metric(at, "Classes"), metric(at, "Zoom's lists")) == ("1", "0")
    assert [row["Class"] for row in tables(at)["Classes with this person"]] == ["Zita's project"]
    assert "Not touched: zita quark (no e-mail), the same name, in 1 class." in said(at)
    name, content = screens.download(at, "Download what is kept")
    assert (name, json.loads(content)["classes"][0]["id"]) == ("personal-data.json", class_id)
    assert button(at, "Erase").disabled
    next(box for box in at.checkbox if box.label.startswith("Yes, erase")).check().run()
    # All classes are looked through when somebody asks for it, and not whenever the page is drawn.
    assert len(looked) == 1
    button(at, "Look up").click().run()
    assert len(looked) == 2
    at = button(at, "Erase").click().run()
    assert not at.exception
    assert "Erased: in 1 class" in said(at)
    assert [len(told) for told in (at.success, at.warning)] == [1, 0]
    assert b"zita.quark" not in everything(engine)
    assert (at.text_input[0].value, "records of this person" in said(at)) == ("", False)


def test_what_an_erasing_leaves_to_be_done_is_not_said_to_be_done(
    screens: Screens, boss: Member, engine: Engine
) -> None:
    fill(engine)
    file = Path(str(engine.url.database))
    copy = file.with_name(f"{file.stem}.before-upgrade-0001{file.suffix}")
    copy.touch()
    at = look_up(screens, MAIL)
    next(box for box in at.checkbox if box.label.startswith("Yes, erase")).check().run()
    at = button(at, "Erase").click().run()
    (done,), (to_do,), (to_know, *_others) = (
        [one.value.replace("\\", "") for one in told] for told in (at.success, at.warning, at.info)
    )
    assert done.startswith("Erased: in 1 class")
    assert to_do.endswith(f"{copy.name} is a copy of an earlier database, and has the person in it: delete it.")
    assert "Zoom has its own copy" in to_know


def test_the_page_says_what_is_due_and_what_was_done(
    screens: Screens, boss: Member, engine: Engine, wired: Clock
) -> None:
    class_id = fill(engine)
    at = screens.open(page.PEOPLES_DATA)
    assert "Names are kept without a limit." in said(at)
    school = services(engine, wired)
    privacy.set_course_days(school, boss, "ana@school.example", "Physics", 3)
    wired.forward(days=10)
    screens.sign_in(boss)
    assert "Due now" in said(screens.open(page.PEOPLES_DATA))
    assert privacy.remove_due(school) == 1
    told = said(screens.open(page.PEOPLES_DATA))
    assert ("Due now" in told, "Done lately" in told) == (False, True)
    shown = show(screens, class_id)
    assert "3 people. The names were removed" in said(shown)
    assert tables(shown)["People"][0]["Name"] == "Person 1"
    fetch = button(shown, "Fetch participants now")
    assert (fetch.disabled, "removed for good" in said(shown)) == (True, True)


def test_the_page_is_for_admins(screens: Screens, ana: Member) -> None:
    screens.sign_in(ana)
    at = screens.open(page.PEOPLES_DATA)
    assert (refused(at), list(at.text_input)) == ("This page is for admins.", [])
