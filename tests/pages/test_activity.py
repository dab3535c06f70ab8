"""The pages Activity and What is kept, the part of the first on the page of a class, and the command `audit`."""

import csv
import io
import json
from dataclasses import replace

import pytest
from sqlalchemy import Engine, text
from streamlit.testing.v1 import AppTest

from tests.makers import Clock, at, counted, entries, lesson, member, stay
from tests.practice_school import CommandLine
from tests.screens import ADDRESS, Screens, refused, said, tables
from tracker import audit, auth, storage
from tracker.audit import Action
from tracker.errors import NotSignedIn
from tracker.storage.database import transaction
from tracker.storage.members import Member
from tracker.storage.models import AuditEntry
from tracker.ui import page
from tracker.ui.sign_in import COOKIE

pytestmark = pytest.mark.database("sqlite")
FORMULA = "=HYPERLINK(1)"


@pytest.fixture
def boss(engine: Engine, screens: Screens) -> Member:
    """An admin, who looks."""
    boss = member(engine, "boss@school.example", "admin")
    screens.sign_in(boss)
    return boss


@pytest.fixture
def held(engine: Engine, ana: Member) -> str:
    class_id = lesson(engine, ana)
    counted(engine, class_id, stay("Bo", 0, 30))
    return class_id


def note(
    engine: Engine, who: Member, action: Action, minute: float, class_id: str | None = None, **more: str | int
) -> None:
    with transaction(engine) as tx:
        audit.note(tx, who, action, at(minute), class_id=class_id, **more)


def shown(found: AppTest) -> list[list[str]]:
    """The rows of the list, without their times."""
    return [list(row.values())[1:] for row in tables(found).get("Activity", [])]


@pytest.mark.quick
def test_an_admin_sees_who_did_what_from_where_and_finds_it(
    screens: Screens, engine: Engine, ana: Member, boss: Member, held: str
) -> None:
    note(engine, replace(ana, origin="203.0.113.5"), Action.CLASS_EXPORTED, 5, held, format="csv", shape="people")
    note(engine, audit.SCHEDULE, Action.AUDIT_FORGOTTEN, 6, entries=3)
    everything = shown(screens.open(page.ACTIVITY))
    assert everything[:2] == [
        ["The tracker dropped 3 entries of this list that were old enough", "", "by itself"],
        ["Ana exported the class (people, CSV)", "Algebra 7B", "203.0.113.5"],
    ]
    assert [f"The operator set a new password for {boss.email}", "", "command line"] in everything
    assert shown(screens.open(page.ACTIVITY, who=ana.email)) == everything[1:2]
    assert shown(screens.open(page.ACTIVITY, what="class_exported")) == everything[1:2]
    assert shown(screens.open(page.ACTIVITY, **{"class": held})) == everything[1:2]
    assert shown(screens.open(page.ACTIVITY, since="2026-05-14", until="2026-05-14")) == everything
    assert shown(screens.open(page.ACTIVITY, since="2026-05-15")) == []


@pytest.mark.parametrize(
    ("action", "details", "told"),
    [
        ("of_another_version", "{", "Somebody elsewhere of_another_version"),
        ("people_marked", '{"people": "many", "mark": "<b>"}', "said of many people: <b>"),
        ("class_made", '{"start": "noon", "minutes": [1], "title": 7}', "made the class “7”, noon, … minutes, for …"),
        ("role_changed", '{"role": "janitor", "account": null}', "gave … the role janitor"),
        ("sign_in_failed", "[1, 2]", "tried to sign in and failed: …"),
        ("person_seen", '{"classes": {}}', "who was in … classes"),
    ],
)
def test_an_entry_that_another_program_wrote_is_a_row_like_the_others(
    screens: Screens, engine: Engine, boss: Member, action: str, details: str, told: str
) -> None:
    with transaction(engine) as tx:
        tx.add(
            AuditEntry(
                at=at(1),
                user_id=None,
                actor="Somebody elsewhere",
                origin="?",
                action=action,
                class_id="'<x",
                details=details,
            )
        )
    found = screens.open(page.ACTIVITY, who="Somebody elsewhere")
    assert not found.exception
    ((row,), _all) = shown(found), tables(found)
    assert told in row[0]
    assert row[1:] == ["'<x", "?"]


def test_a_time_that_is_none_takes_no_page_down(
    screens: Screens, engine: Engine, ana: Member, boss: Member, held: str
) -> None:
    with engine.begin() as connection:
        values = f"('soon', 'somebody', '', 'class_seen', '{held}')"
        connection.exec_driver_sql(f'INSERT INTO "AuditEntry" (at, actor, origin, action, "streamId") VALUES {values}')
        connection.exec_driver_sql(f"UPDATE \"User\" SET \"createdAt\" = 'once' WHERE email = '{ana.email}'")
    for name in (page.ACTIVITY, page.PEOPLE):
        assert not screens.open(name).exception
    found = screens.open(page.CLASS, id=held)
    assert not found.exception
    told = [row["What"] for row in tables(found)["Who has looked at this and what was changed"]]
    assert "somebody looked at the class" in told


def test_the_filters_are_in_the_address_in_words_of_no_language(
    screens: Screens, engine: Engine, ana: Member, boss: Member, held: str
) -> None:
    note(engine, ana, Action.CLASS_EXPORTED, 5, held, format="csv", shape="people")
    found = screens.open(page.ACTIVITY)
    found.selectbox(key="what").set_value("class_exported").run()
    assert found.query_params["what"] in ("class_exported", ["class_exported"])
    assert [row[0] for row in shown(found)] == ["Ana exported the class (people, CSV)"]
    found = screens.open(page.ACTIVITY, what="nonsense", who="", since="never")
    assert not found.exception
    assert len(shown(found)) > 1


def test_a_long_list_comes_in_pages(screens: Screens, engine: Engine, ana: Member, boss: Member) -> None:
    for number in range(60):
        note(engine, ana, Action.TOKEN_MADE, number, account=ana.email, name=str(number))
    asked = {"what": "token_made"}
    assert len(shown(screens.open(page.ACTIVITY, **asked))) == 50
    last = shown(screens.open(page.ACTIVITY, part="2", **asked))
    assert (len(last), last[-1][0]) == (10, f"Ana made the API token “0” for {ana.email}")


def test_its_files_have_all_of_it_and_run_nothing(
    screens: Screens, engine: Engine, ana: Member, boss: Member, held: str
) -> None:
    note(engine, replace(ana, origin=FORMULA), Action.CLASS_EXPORTED, 5, held, format=FORMULA, shape="x")
    found = screens.open(page.ACTIVITY, who=ana.email)
    name, content = screens.download(found, "CSV")
    assert name == "activity-2026-05-14.csv"
    (row,) = csv.DictReader(io.StringIO(content.decode("utf-8-sig")))
    assert row == {
        "When": "2026-05-14T12:05:00Z",
        "Who": ana.email,
        "From": f"'{FORMULA}",
        "Action": "class_exported",
        "What": f"exported the class (x, {FORMULA})",
        "Class": held,
        "Title": "Algebra 7B",
    }
    (record,) = json.loads(screens.download(found, "JSON")[1])
    assert (record["who"], record["streamId"], record["details"]) == (
        ana.email,
        held,
        {"format": FORMULA, "shape": "x"},
    )
    noted = [(one.actor, one.origin, one.details) for one in entries(engine, action="audit_exported")]
    assert noted == [(boss.email, ADDRESS, {"entries": 1})] * 2


def test_a_teacher_sees_the_part_on_her_class_without_addresses(
    screens: Screens, engine: Engine, ana: Member, held: str
) -> None:
    screens.sign_in(ana)
    closed = screens.open(page.ACTIVITY)
    assert refused(closed) == "This page is for admins."
    assert not closed.dataframe
    note(engine, replace(auth.OPERATOR, origin="203.0.113.5"), Action.CLASS_SEEN, 5, held)
    found = screens.open(page.CLASS, id=held)
    assert not found.exception
    told = [row["What"] for row in tables(found)["Who has looked at this and what was changed"]]
    assert "The operator looked at the class" in told
    assert "203.0.113.5" not in said(found)


def test_the_page_of_a_class_and_its_files_are_noted(screens: Screens, engine: Engine, ana: Member, held: str) -> None:
    screens.sign_in(ana)
    found = screens.open(page.CLASS, id=held)
    found.run()
    screens.download(found, "CSV of people")
    screens.download(found, "Excel")
    told = [(one.actor, one.origin, audit.in_words(one)) for one in entries(engine, class_id=held)]
    assert told == [
        (ana.email, ADDRESS, "exported the class (people, joins and leaves, xlsx)"),
        (ana.email, ADDRESS, "exported the class (people, csv)"),
        (ana.email, ADDRESS, "looked at the class"),
    ]


def test_no_file_is_made_for_a_tab_that_is_signed_out(screens: Screens, engine: Engine, ana: Member, held: str) -> None:
    screens.sign_in(ana)
    found = screens.open(page.CLASS, id=held)
    auth.sign_out(engine, screens.cookies[COOKIE], screens.clock())
    with pytest.raises(Exception, match="Please sign in") as refused:
        screens.download(found, "Excel")
    assert isinstance(refused.value.__cause__, NotSignedIn)


def test_what_is_kept_is_told_to_everybody_with_the_figures_that_are_set(
    screens: Screens, wired: Clock, ana: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("AUDIT_DAYS", "90"), ("SIGN_IN_IDLE_HOURS", "12"), ("SIGN_IN_DAYS", "3")):
        monkeypatch.setenv(name, value)
    screens.sign_in(ana)
    found = screens.open(page.KEPT)
    assert not found.exception
    told = said(found)
    assert "12 hours without use, 3 days at most" in told
    assert "90 days" in [row["How long"] for row in tables(found)["Of people with an account"]]
    assert "without a limit: none is set here" in told
    notice = found.code[0].value
    assert "kept for 90 days" in notice
    assert notice.rstrip().endswith("Ana")
    assert "For your students" in said(found)


def test_the_text_for_students_has_a_name_that_is_seen(screens: Screens, engine: Engine, ana: Member) -> None:
    with engine.begin() as connection:
        connection.execute(text('UPDATE "User" SET name = :name'), {"name": "Ana\u202e\r\n\x07 Bo"})
    screens.sign_in(ana)
    assert screens.open(page.KEPT).code[0].value.rstrip().endswith("\n\nAna Bo")


@pytest.mark.parametrize(("setting", "usual"), [("0", "without a limit"), ("180", "180 days after a class")])
def test_the_days_of_courses_are_told_to_whom_they_concern(
    screens: Screens,
    wired: Clock,
    engine: Engine,
    ana: Member,
    monkeypatch: pytest.MonkeyPatch,
    setting: str,
    usual: str,
) -> None:
    ben = member(engine, "ben@school.example")
    for course, teacher, days in (("Latin", ana, 1), ("Greek", ben, 0), ("Hebrew", ben, 400)):
        lesson(engine, teacher, course=course)
        with transaction(engine) as tx:
            storage.retention.set_course_days(tx, teacher.id, course, days)
    screens.sign_in(ana)
    monkeypatch.setenv("RETENTION_DAYS", setting)
    found = screens.open(page.KEPT)
    told, left = said(found), "; after that “Person 1, 2, …” is left"
    assert f"{usual} (some courses have days of their own: 1 day, 400 days and without a limit){left}" in told
    assert f"kept {usual} (some courses have days of their own: 1 day){left}. Zoom" in found.code[0].value
    assert "That somebody was erased" in told
    assert "no longer than anything else is kept of these people" in told


def test_the_command_tells_the_same(tracker: CommandLine) -> None:
    tracker.add_teacher()
    made = tracker.create()
    tracker.done("class", "show", made["id"])
    lines = tracker.done("audit").text.splitlines()
    assert [line.partition("  ")[2] for line in lines[:2]] == [
        f"operator (command line)  looked at the class  {made['id']} Algebra 7B",
        "operator (command line)  made the class “Algebra 7B”, 2025-05-14T10:00:00Z, 60 minutes, for "
        f"ana@school.example  {made['id']} Algebra 7B",
    ]
    (found,) = tracker.done("audit", "--json", "--class", made["id"], "--action", "class_seen").json
    assert (found["who"], found["from"], found["streamId"]) == ("operator", "command_line", made["id"])
    assert tracker.done("audit", "--since", "2099-01-01").text == ""
    assert tracker.done("audit", "--who", "ana@school.example").text == ""
    assert tracker.refused("audit", "--since", "soon") == "“soon” is not a time; write it like 2026-05-14T10:00."
