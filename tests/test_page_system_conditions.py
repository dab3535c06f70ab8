"""What trackers say is wrong with them: on System once for all that have it, and on Today for whoever can mend it."""

import pytest
import streamlit as st
from sqlalchemy import Engine
from streamlit.testing.v1 import AppTest

from tests.makers import NOW, member
from tests.screens import Screens, said, tables
from tracker import doctor, health
from tracker.doctor import Check
from tracker.errors import Problem
from tracker.health import Condition, Severity
from tracker.storage.members import Member
from tracker.ui import page

pytestmark = pytest.mark.database("sqlite")

DOES_NOT_WORK = "A part of this service does not work. The page System says how to mend it."
FULL = Condition(Problem("disk_full", {"where": "/data"}), Severity.DOWN)
STANDS = Condition(Problem("loop_stands", {"seconds": 400}), Severity.DOWN)


@pytest.fixture
def admin(screens: Screens, engine: Engine) -> Member:
    st.cache_data.clear()
    made = member(engine, "ada@school.example", "admin")
    screens.sign_in(made)
    return made


def trackers_say(engine: Engine, **told: Condition) -> None:
    """Trackers of these names run, each with something wrong."""
    for name, wrong in told.items():
        health.note_alive(engine, name, NOW, NOW, [wrong])


def headings(shown: AppTest) -> list[str]:
    return [one.value.partition("] ")[2].replace("\\", "") for one in shown.subheader]


def test_what_several_trackers_have_is_told_once_with_their_names(
    screens: Screens, engine: Engine, admin: Member
) -> None:
    trackers_say(engine, one=FULL, two=FULL, three=STANDS)
    told = headings(screens.open(page.SYSTEM))
    assert "one and two: The disk is full, so nothing more can be stored: /data." in told
    assert "three: The tracker's loop has stood for 400 s; nothing is fetched meanwhile." in told
    assert sum("The disk is full" in one for one in told) == 1


def test_what_the_only_tracker_has_is_told_without_its_name(screens: Screens, engine: Engine, admin: Member) -> None:
    trackers_say(engine, **{"one:8787": FULL})  # the one that every test begins with
    assert "The disk is full, so nothing more can be stored: /data." in headings(screens.open(page.SYSTEM))


@pytest.mark.parametrize(
    ("wrong", "is_told"),
    [
        (FULL, True),
        (Condition(Problem("zoom_tokens_fail", {"since": "2026-05-14 11:00 UTC", "why": "…"})), True),
        (Condition(Problem("tracker_starting"), Severity.DOWN), False),
        (Condition(Problem("disk_low", {"free": 90, "where": "/data"})), False),
    ],
)
def test_an_admin_is_told_on_today_when_something_does_not_work(
    screens: Screens, engine: Engine, admin: Member, wrong: Condition, is_told: bool
) -> None:
    trackers_say(engine, one=wrong)
    shown = screens.open(page.TODAY)
    assert [one.value for one in shown.error] == ([DOES_NOT_WORK] if is_told else [])
    assert ("System" in [one.label for one in shown.main.get("page_link")]) is is_told
    screens.sign_in(member(engine))
    assert DOES_NOT_WORK not in said(screens.open(page.TODAY))


def test_a_check_that_waits_for_zoom_has_nothing_to_be_mended(
    screens: Screens, admin: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = Problem("zoom_no_answer")
    checks = [
        Check("zoom", False, away),
        Check("clock", False, away),
        Check("plan", False, Problem("waits_for_zoom")),
        Check("files", True, Problem("files_ours")),
    ]
    monkeypatch.setattr(doctor, "examine", lambda _services: checks)
    rows = tables(screens.open(page.SYSTEM))["What was checked"]
    states = {row["Check"]: row["State"].lstrip("✓!? ") for row in rows}
    assert states == {"zoom": "to be mended", "clock": "not checked", "Zoom plan": "not checked", "files": "fine"}
