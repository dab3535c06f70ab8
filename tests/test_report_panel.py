"""The panel for reports of earlier classes: chosen, asked about, understood, and taken in."""

from datetime import date, time
from typing import Any

import pytest
from sqlalchemy import Engine
from streamlit.testing.v1 import AppTest

from tests.courses.reports import MINUTES, REPORT
from tests.makers import Clock, entries, member, shared
from tests.reports.files import BLOCK, PLAIN
from tests.screens import button, said, tables
from tracker import storage
from tracker.storage.courses import Course
from tracker.storage.database import reading, transaction
from tracker.storage.members import Member
from tracker.ui import page, report_panel

pytestmark = pytest.mark.database("sqlite")

BOTH = f"{PLAIN}Bo,,03/04/2026 10:00:00,03/04/2026 10:50:00,50,No,No,\n"


def script() -> None:
    """A page with nothing but the panel."""
    import streamlit as st  # the harness runs this text by itself

    from tracker.ui import report_panel

    report_panel.panel(st.session_state["member"], st.session_state["course"])


@pytest.fixture
def course(ana: Member, wired: Clock, engine: Engine) -> Course:
    """A course of Ana's."""
    with transaction(engine) as tx:
        storage.courses.course_id(tx, ana.id, "Algebra")
        return storage.courses.get_course(tx, ana.id, "Algebra")


def opened(who: Member, course: Course, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setattr(page, "acting", lambda: who)
    at = AppTest.from_function(script, default_timeout=30)
    at.context = {"timezone": "Europe/Berlin", "locale": "en-GB"}
    at.session_state["member"], at.session_state["course"] = who, course
    return at.run()


def chosen(at: AppTest, *contents: str | bytes) -> AppTest:
    files = [
        (f"report{number}.csv", content.encode() if isinstance(content, str) else content, "text/csv")
        for number, content in enumerate(contents, start=1)
    ]
    field: Any = at.get("file_uploader")[0]
    return field.set_value(files).run()


def shown(at: AppTest) -> list[dict[str, str]]:
    """The classes that were understood."""
    (rows,) = tables(at).values()
    return rows


def classes_of(engine: Engine, course: Course) -> list[tuple[str, str, str]]:
    with reading(engine) as tx:
        found = storage.classes.latest_of(tx, course.teacher_id, 100)
    return [(one.title, f"{one.scheduled_start:%Y-%m-%d %H:%M}", one.timezone) for one in found]


def test_reports_are_understood_shown_and_taken_in(
    engine: Engine, ana: Member, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = opened(ana, course, monkeypatch)
    assert not at.button
    at = chosen(at, REPORT, MINUTES)
    assert [list(row.values()) for row in shown(at)] == [
        ["Algebra 7B", "7 May 2026, 10:00", "1 h 1 min", "3", "new class"],
        ["Latin", "8 May 2026, 10:00", "1 h", "2", "new class"],
    ]
    assert "report2.csv, line 5: This report has no times of joining and leaving" in said(at)
    assert classes_of(engine, course) == []
    button(at, "Import 2 classes").click()
    at = at.run()
    assert "2 classes were taken in." in said(at)
    assert classes_of(engine, course) == [
        ("Latin", "2026-05-08 08:00", "Europe/Berlin"),
        ("Algebra 7B", "2026-05-07 08:00", "Europe/Berlin"),
    ]
    assert [one.actor for one in entries(engine)] == [ana.email] * 2
    # The field is empty again, and the same report is known.
    assert not at.button
    at = chosen(at, REPORT)
    assert "All of these classes are here already." in said(at)
    assert not at.button


def test_the_time_zone_is_that_of_the_browser_until_another_is_chosen(
    engine: Engine, ana: Member, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = chosen(opened(ana, course, monkeypatch), REPORT)
    assert at.selectbox[0].value == "Europe/Berlin"
    at = at.selectbox[0].select("America/New_York").run()
    at.time_input[0].set_value(time(10, 15))
    at.number_input[0].set_value(45)
    at = at.run()
    assert list(shown(at)[0].values()) == ["Algebra 7B", "7 May 2026, 16:15", "45 min", "3", "new class"]
    button(at, "Import 1 class").click()
    at.run()
    assert classes_of(engine, course) == [("Algebra 7B", "2026-05-07 14:15", "America/New_York")]


@pytest.mark.slow
def test_whether_day_or_month_comes_first_is_asked_where_both_fit_and_not_else(
    engine: Engine, ana: Member, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = chosen(opened(ana, course, monkeypatch), REPORT)
    assert not at.radio
    at = chosen(opened(ana, course, monkeypatch), REPORT, BOTH)
    assert at.radio[0].label.replace("\\", "") == "What comes first in the dates, as in 03/04/2026 10:00:00?"
    assert at.radio[0].options == ["The day: 3 Apr 2026", "The month: 4 Mar 2026"]
    assert len(shown(at)) == 1  # the other one is shown meanwhile
    at = at.radio[0].set_value(at.radio[0].options[1]).run()
    button(at, "Import 2 classes").click()
    at.run()
    assert classes_of(engine, course)[1][:2] == ("Algebra", "2026-03-04 09:00")


def test_when_it_was_is_asked_where_a_report_does_not_say(
    engine: Engine, ana: Member, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = chosen(opened(ana, course, monkeypatch), "Name (Original Name),User Email,Total Duration (Minutes)\nBo,,50\n")
    assert "report1.csv does not say when the meeting was. When did it begin?" in said(at)
    assert not at.button
    at.date_input[0].set_value(date(2026, 5, 4))
    at.time_input[1].set_value(time(8, 30))
    at = at.run()
    button(at, "Import 1 class").click()
    at.run()
    assert classes_of(engine, course) == [("Algebra", "2026-05-04 06:30", "Europe/Berlin")]


def test_what_is_no_report_is_named_and_the_others_are_shown(
    engine: Engine, ana: Member, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    to_come = REPORT.replace("2026-05-07", "2026-05-15")
    at = chosen(opened(ana, course, monkeypatch), b"\x89PNG\r\n" + bytes(99), to_come, f"{BLOCK}1,A,,,,,\n", REPORT)
    told = said(at)
    assert "report1.csv: This is no report of participants of Zoom's or Teams'." in told
    assert "report2.csv: By this report a class is still to come" in told
    assert "report3.csv: This report lists meetings, and not who was in them." in told
    assert len(shown(at)) == 1
    assert button(at, "Import 1 class")


@pytest.mark.slow
def test_a_colleague_takes_them_in_for_the_teacher_and_a_stranger_does_not(
    engine: Engine, ana: Member, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    eva = member(engine, "eva@school.example")
    at = chosen(opened(eva, course, monkeypatch), REPORT)
    assert "This course belongs to another teacher." in said(at)
    assert not at.button
    at = chosen(opened(ana, course, monkeypatch), REPORT)
    button(at, "Import 1 class").click()
    at.run()
    with reading(engine) as tx:
        (class_id,) = [one.id for one in storage.classes.latest_of(tx, ana.id, 9)]
    shared(engine, class_id, eva, "course")
    at = chosen(opened(eva, course, monkeypatch), MINUTES)
    button(at, "Import 1 class").click()
    at.run()
    assert len(classes_of(engine, course)) == 2


def test_what_strangers_wrote_is_no_markup(
    engine: Engine, ana: Member, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "<script>alert(1)</script> **b** $x$"
    text = f"{BLOCK}812,{name},2026-05-07 10:00:00,2026-05-07 11:00:00,,60,1\n\n{PLAIN}{name},,**soon**,,50,No,No,\n"
    at = chosen(opened(ana, course, monkeypatch), text)
    drawn = " ".join([*(one.value for one in at.markdown), *(one.proto.body for one in at.get("html"))])
    assert "<script" not in drawn
    assert "**soon**" not in drawn
    assert report_panel.MOST_MEGABYTES == 5
