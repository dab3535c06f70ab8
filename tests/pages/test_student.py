"""The page of a student, the panels of requests and links, and the charts of a course, as a teacher sees them."""

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import plotly.graph_objects as go
import pytest
from streamlit.testing.v1 import AppTest

from tests.course_of_students import COURSE, WEEK, School, make_school
from tests.makers import NOW, Clock, at, counted, lesson, member, stay
from tests.screens import Screens, button, figures, headings, raw, refused, said, tables
from tracker import auth, courses, storage
from tracker.attendance.averages import numbers_by_class
from tracker.attendance.types import Status
from tracker.rosters import read_pasted
from tracker.storage.database import transaction
from tracker.storage.members import Member
from tracker.ui import course_charts, menu, page
from tracker.ui.wiring import services

pytestmark = pytest.mark.database("sqlite")

HOSTILE = "<script>alert(1)</script> **bold** [link](http://evil.example) :red[x]"

SCRIPT = """
from tracker import courses
from tracker.ui import course_charts, page, requests_panel, student_links_panel
from tracker.ui.wiring import services
member = page.gate("Classes")
course = page.read(courses.teachers_course, member, "ana@school.example", "{course}")
with page.shown_errors():
    {call}
"""
CHARTS = "course_charts.panel(page.read(courses.course_register, member, course, services().now()))"
REQUESTS = "requests_panel.panel(member, course)"
LINKS = "student_links_panel.panel(member, course)"


@pytest.fixture
def here(screens: Screens, ana: Member, wired: Clock) -> School:
    made = make_school(services(), ana, wired)
    screens.sign_in(ana)
    return made


def show(screens: Screens, here: School, name: str = "Bo Ek") -> AppTest:
    at_page = screens.open(page.STUDENT, id=here.ids[name])
    assert not at_page.exception
    return at_page


Panel = Callable[..., AppTest]


@pytest.fixture
def panel(screens: Screens, here: School, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Panel:
    """Draws a panel of a course alone, as the page of the course has it."""
    monkeypatch.setattr(menu, "show", lambda *_: None)

    def drawn(call: str, course: str = COURSE) -> AppTest:
        file = tmp_path / "panel.py"
        file.write_text(SCRIPT.format(call=call, course=course), encoding="utf-8")
        app = AppTest.from_file(file, default_timeout=30)
        app.context = {"timezone": screens.zone, "locale": screens.locale}
        app.run()
        assert not app.exception
        return app

    return drawn


# The page of a student


@pytest.mark.quick
def test_a_student_is_shown_with_her_figures_and_her_classes_the_latest_first(screens: Screens, here: School) -> None:
    courses.mark(here.using, here.ana, here.classes[0], [here.ids["Bo Ek"]], Status.LATE, "the bus")
    shown = show(screens, here)
    text = said(shown)
    assert [one.value for one in shown.title] == ["Bo Ek"]
    assert "bo@x.example · number 007 · group 7B" in text
    assert figures(shown) == {
        "Attended": "2 of 3 (67%)",
        "Excused": "0",
        "Came late": "2",
        "Absent": "1",
    }
    rows = tables(shown)["Classes"]
    assert [tuple(row.values()) for row in rows] == [
        ("Algebra 3 Thu, 28 May 2026", "absent", "0", "0%", "", ""),
        ("Algebra 2 Thu, 21 May 2026", "late", "52", "87%", "e-mail, as “Bo on the phone”", ""),
        ("Algebra 1 Thu, 14 May 2026", "late by hand", "60", "100%", "e-mail, as “Bo on the phone”", "the bus"),
    ]
    assert f"course?id={here.course.id}" in "".join(raw(shown))
    assert headings(shown) == ["Classes"]


def test_whoever_is_at_risk_is_told_to_be_and_why(screens: Screens, here: School) -> None:
    assert "At risk: came to 67% of the classes, and the course asks for 75%." in said(show(screens, here))
    absent = show(screens, here, "Di Day")
    assert "At risk: absent in the last 3 classes." in said(absent)
    assert figures(absent)["Absent"] == "3 (3 in a row now)"
    assert "At risk" not in said(show(screens, here, "Cy Fox"))


def test_of_many_classes_the_last_four_tell_how_it_goes_as_in_the_register(screens: Screens, here: School) -> None:
    for number in range(5):
        start = (3 + number) * WEEK
        class_id = lesson(here.using.engine, here.ana, f"More {number}", start, course=COURSE)
        who = ("Bo Ek",) if number else ("Secret Sauce",)
        stays = (stay(one, start, start + 60) for one in who)
        counted(here.using.engine, class_id, *stays, start=start, end=start + 60)
    assert figures(show(screens, here))["Last 4 classes"] == "4 of 4 (more often of late)"
    assert figures(show(screens, here, "Di Day"))["Last 4 classes"] == "0 of 4"
    assert "more often of late" in said(screens.open(page.COURSE, id=here.course.id))


def test_why_somebody_is_taken_for_her_is_said_of_each_class(screens: Screens, here: School) -> None:
    courses.choose(here.using, here.ana, here.course.id, [("email", "cy@x.example")], [here.ids["Di Day"]])
    day = "Thu, 28 May 2026"
    found = [row["Found by"] for row in tables(show(screens, here, "Di Day"))["Classes"]]
    assert found == [f"your choice on {day}, “Secret Sauce”"] * 3


def test_a_status_is_given_by_hand_undone_and_taken_back(screens: Screens, here: School) -> None:
    shown = show(screens, here)
    assert shown.selectbox[0].value == here.classes[2]
    shown.text_input(f"marked-remark-{here.classes[2]}").input("ill")
    button(shown, "Save").click().run()
    assert "Algebra 3: excused." in said(shown)
    assert tables(shown)["Classes"][0]["Status"] == "excused by hand"
    assert tables(shown)["Classes"][0]["Remark"] == "ill"
    button(shown, "Undo").click().run()
    assert tables(shown)["Classes"][0]["Status"] == "absent"
    shown.selectbox[0].set_value(here.classes[1]).run()
    chosen: Any = next(iter(shown.get("button_group")))
    chosen.set_value(Status.PRESENT).run()
    button(shown, "Save").click().run()
    assert tables(shown)["Classes"][1]["Status"] == "present by hand"
    button(shown, "Take back: late by the rule").click().run()
    assert tables(shown)["Classes"][1]["Status"] == "late"


def test_the_same_student_in_other_courses_is_a_click_away(screens: Screens, here: School) -> None:
    listed = read_pasted("Name\tEmail\nBo Ek\tbo@x.example")
    courses.import_roster(here.using, auth.OPERATOR, here.ana.email, "Physics", listed)
    physics = here.using.read(courses.teachers_course, here.ana, here.ana.email, "Physics")
    ((other, _link),) = here.using.read(courses.list_links, here.ana, physics.id)
    shown = show(screens, here)
    assert f"student?id={other.id}" in "".join(raw(shown))
    assert headings(shown)[-1] == "In other courses"
    there = screens.open(page.STUDENT, id=other.id)
    assert "No class has been counted yet." in said(there)
    assert figures(there)["Attended"] == "–"


def test_a_student_of_nobody_and_one_of_a_colleague_are_not_shown(screens: Screens, here: School) -> None:
    assert refused(screens.open(page.STUDENT, id="nothing")) == "This student is not on the roster any more."
    assert refused(screens.open(page.STUDENT)) == "This student is not on the roster any more."
    screens.sign_in(member(here.using.engine, "eva@school.example"))
    shown = screens.open(page.STUDENT, id=here.ids["Bo Ek"])
    assert refused(shown) == "This course belongs to another teacher."
    assert "Bo" not in said(shown)


def test_hostile_names_titles_and_words_are_shown_as_text(screens: Screens, here: School) -> None:
    student = f"Eve {HOSTILE}"
    courses.import_roster(here.using, here.ana, here.ana.email, COURSE, read_pasted(f"Name\tEmail\n{student}\te@x.org"))
    ids = {one.student.email: one.id for one, _link in here.using.read(courses.list_links, here.ana, here.course.id)}
    start = WEEK // 2
    class_id = lesson(here.using.engine, here.ana, HOSTILE, start, course=COURSE)
    counted(here.using.engine, class_id, stay(HOSTILE, start, start + 60, "e@x.org"), start=start, end=start + 60)
    until = here.using.now() + (at(WEEK) - NOW)
    token = courses.make_links(here.using, here.ana, here.course.id, [ids["e@x.org"]], until)[ids["e@x.org"]]
    courses.ask(here.using, token, class_id, HOSTILE)
    courses.mark(here.using, here.ana, class_id, [ids["e@x.org"]], Status.LATE, HOSTILE)
    shown = screens.open(page.STUDENT, id=ids["e@x.org"])
    assert not shown.exception
    today = screens.open(page.TODAY)
    for drawn in (shown, today):
        for text in raw(drawn):
            assert "<script>" not in text
            assert "**bold**" not in text or "<p" in text or "<table" in text
    button(shown, "Accept").click().run()
    assert not shown.exception
    assert all("<script>" not in text for text in raw(shown))


# What students say


def test_a_request_is_accepted_on_the_page_of_the_student_and_undone(screens: Screens, here: School) -> None:
    courses.ask(here.using, here.link(), here.classes[2], "I was there.")
    shown = show(screens, here)
    assert headings(shown)[0] == "What the student says is not right"
    assert "Algebra 3 Thu, 28 May 2026 So far: absent. “I was there.”" in said(shown)
    answer = next(one for one in shown.text_input if one.label.startswith("Answer"))
    answer.input("So you were.")
    button(shown, "Accept").click().run()
    assert "The request is accepted: present." in said(shown)
    assert tables(shown)["Classes"][0]["Status"] == "present by hand"
    assert "Algebra 3: “I was there.”, accepted. Your answer: “So you were.”" in said(shown)
    button(shown, "Undo").click().run()
    assert tables(shown)["Classes"][0]["Status"] == "absent"
    assert headings(shown)[0] == "What the student says is not right"


def test_requests_of_a_course_are_answered_on_its_page_a_few_at_a_time(
    screens: Screens, here: School, panel: Panel
) -> None:
    assert said(panel(REQUESTS)) == ""
    for name in ("Bo Ek", "Cy Fox", "Di Day"):
        token = here.link(name)
        for class_id in here.classes:
            courses.ask(here.using, token, class_id, f"{name} says no.")
    for number in range(3):
        class_id = lesson(here.using.engine, here.ana, f"More {number}", number, course=COURSE)
        counted(here.using.engine, class_id, stay("Di", number, number + 60), start=number, end=number + 60)
        courses.ask(here.using, token, class_id, "No.")
    shown = panel(REQUESTS)
    assert len([one for one in shown.button if one.label == "Accept"]) == 10
    assert "2 more follow when these are answered." in said(shown)
    button(shown, "Leave as it is").click().run()
    assert "The status stays as it is." in said(shown)
    assert len(here.using.read(courses.open_requests, here.ana)) == 11
    button(shown, "Undo").click().run()
    assert len(here.using.read(courses.open_requests, here.ana)) == 12


def test_an_answer_is_told_where_it_was_given_alone_and_for_a_short_while(
    screens: Screens, here: School, wired: Clock
) -> None:
    courses.import_roster(here.using, auth.OPERATOR, here.ana.email, "Physics", read_pasted("Bo\nCy"))
    physics = here.using.read(courses.teachers_course, here.ana, here.ana.email, "Physics")
    courses.ask(here.using, here.link(), here.classes[2], "I was there.")
    told = "The status stays as it is."
    shown = screens.open(page.COURSE, id=here.course.id)
    button(shown, "Leave as it is").click().run()
    assert told in said(shown)
    shown.query_params["id"] = physics.id
    assert told not in said(shown.run())
    shown.query_params["id"] = here.course.id
    assert told in said(shown.run())
    wired.forward(minutes=6)
    assert told not in said(shown.run())


def test_what_was_said_by_hand_of_a_student_is_told_on_her_page_alone_and_for_a_short_while(
    screens: Screens, here: School, wired: Clock
) -> None:
    shown = show(screens, here)
    button(shown, "Save").click().run()
    assert "Algebra 3: excused." in said(shown)
    shown.query_params["id"] = here.ids["Cy Fox"]
    assert "Algebra 3: excused." not in said(shown.run())
    shown.query_params["id"] = here.ids["Bo Ek"]
    assert "Algebra 3: excused." in said(shown.run())
    wired.forward(minutes=6)
    assert "Algebra 3: excused." not in said(shown.run())


def test_open_requests_need_attention_on_today_until_they_are_answered(screens: Screens, here: School) -> None:
    assert "Needs attention" not in said(screens.open(page.TODAY))
    for name in ("Bo Ek", "Cy Fox"):
        for class_id in here.classes[:2]:
            courses.ask(here.using, here.link(name), class_id, f"{name} says no.")
    text = said(screens.open(page.TODAY))
    assert "Needs attention" in text
    assert text.count("A student says this is not right") == 3
    assert "And 1 more, on the page of its course." in text
    screens.sign_in(member(here.using.engine, "eva@school.example"))
    assert "says" not in said(screens.open(page.TODAY))


# Links


def test_a_link_is_made_shown_once_and_closed(screens: Screens, here: School, wired: Clock) -> None:
    shown = show(screens, here)
    assert "There is no link yet." in said(shown)
    button(shown, "Make a link").click().run()
    (link,) = [one.value for one in shown.code]
    token = link.rpartition("/my/")[2]
    assert courses.own_attendance(here.using, token).name == "Bo Ek"
    assert "There is a link, made on Thu, 28 May 2026, which is good until Wed, 26 Aug 2026." in said(shown)
    shown.run()
    assert not shown.code
    button(shown, "Close the link").click().run()
    assert "The link was closed on Thu, 28 May 2026." in said(shown)
    with transaction(here.using.engine) as tx:
        links = storage.student_links.links_of(tx, here.course.id)
    assert not links[here.ids["Bo Ek"]].is_open(wired())


def test_links_of_a_whole_course_come_as_a_file_for_those_who_have_none_or_for_everybody(
    screens: Screens, here: School, panel: Panel
) -> None:
    first = here.link()
    shown = panel(LINKS)
    assert "1 of 3 students has a link." in said(shown)
    name, content = screens.download(shown, "CSV with 2 new links")
    assert re.fullmatch(r"Algebra-2026-05-28-links\.csv", name)
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert [(row["Name"], row["Email"]) for row in rows] == [("Cy Fox", "cy@x.example"), ("Di Day", "")]
    tokens = [row["Link"].rpartition("/my/")[2] for row in rows]
    assert [courses.own_attendance(here.using, token).name for token in tokens] == ["Cy Fox", "Di Day"]
    assert courses.own_attendance(here.using, first).name == "Bo Ek"
    again = panel(LINKS)
    assert "3 of 3 students have a link." in said(again)
    assert again.checkbox[0].value is False  # a second click makes the first file worthless for nobody
    button(again, "Close all links").click().run()
    assert "0 of 3 students have a link." in said(again)


def test_who_has_got_a_link_since_the_page_was_drawn_keeps_it(screens: Screens, here: School, panel: Panel) -> None:
    shown = panel(LINKS)
    meanwhile = here.link()
    _name, content = screens.download(shown, "CSV with 3 new links")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert [row["Name"] for row in rows] == ["Cy Fox", "Di Day"]
    assert courses.own_attendance(here.using, meanwhile).name == "Bo Ek"
    _name, content = screens.download(shown, "CSV with 3 new links")
    assert not list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    token = rows[0]["Link"].rpartition("/my/")[2]
    assert courses.own_attendance(here.using, token).name == "Cy Fox"


# Charts


def test_the_charts_of_a_course_have_their_numbers_in_a_table(screens: Screens, here: School, panel: Panel) -> None:
    shown = panel(CHARTS)
    assert headings(shown) == ["Over the term", "When they arrive", "How many stay"]
    assert len(shown.get("plotly_chart")) == 3
    assert "On average 56% came: at least 33%, at most 67%." in said(shown)
    latest, *_others = tables(shown)["The numbers"]
    assert latest == {
        "Class": "Algebra 3 Thu, 28 May 2026",
        "Attended": "1",
        "In time": "1",
        "Late": "0",
        "Partly present": "0",
        "Absent": "2",
        "Excused": "0",
        "Percent": "33%",
    }


def test_a_course_without_a_counted_class_says_what_will_be_there(screens: Screens, here: School, panel: Panel) -> None:
    courses.import_roster(here.using, here.ana, here.ana.email, "Art", read_pasted("Bo\nCy"))
    shown = panel(CHARTS, "Art")
    assert "When a class is counted, attendance over the term is shown here." in said(shown)
    assert not shown.get("plotly_chart")


def test_of_one_class_and_of_forty_the_dates_have_room_on_a_phone(here: School) -> None:
    numbers, zone = numbers_by_class(here.register), ZoneInfo("Europe/Berlin")

    def dates(figure: go.Figure) -> int:
        return len(figure.layout.xaxis.tickvals)

    assert dates(course_charts.term_figure(numbers[:1], zone)) == 1
    assert dates(course_charts.term_figure(numbers * 14, zone)) <= course_charts.MOST_DATES
