"""The summary of a class, to copy, and the switches of a course's e-mails."""

import pytest
from sqlalchemy import Engine
from streamlit.testing.v1 import AppTest

from tests.makers import Clock, counted, entries, lesson, member, shared, stay
from tests.screens import Screens, headings, said
from tracker import courses, news
from tracker.auth import OPERATOR
from tracker.rosters import read_pasted
from tracker.storage import courses as stored_courses
from tracker.storage.members import Member
from tracker.ui import page, wiring

pytestmark = pytest.mark.database("sqlite")


def summary(at: AppTest) -> list[str]:
    """The lines of the summary of a class on its page; none where there is no summary."""
    found = [one for one in at.expander if one.label == "Summary to copy"]
    return [line for one in found for code in one.code for line in str(code.value).splitlines()]


def settings_of(screens: Screens, teacher: Member) -> AppTest:
    """The settings on the page of her course."""
    return screens.open(page.COURSE, id=course_of(teacher).id, view="settings")


@pytest.fixture
def taught(engine: Engine, ana: Member, wired: Clock) -> str:
    """A class of Ana's, with a roster."""
    courses.import_roster(
        wiring.services(), OPERATOR, ana.email, "Algebra", read_pasted("Name\nBo <b>Roth</b>\nCy Young")
    )
    return lesson(engine, ana, course="Algebra")


def course_of(ana: Member) -> stored_courses.Course:
    return wiring.services().read(stored_courses.get_course, ana.id, "Algebra")


@pytest.mark.quick
def test_a_counted_class_has_a_summary_to_copy(screens: Screens, engine: Engine, ana: Member, taught: str) -> None:
    screens.sign_in(ana)
    assert not summary(screens.open(page.CLASS, id=taught))
    counted(engine, taught, stay("Cy Young", 0, 60))
    at = screens.open(page.CLASS, id=taught)
    assert summary(at)[3:] == ["1 of 2 students was there.", "Absent: Bo <b>Roth</b>"]
    assert not at.exception


def test_a_class_without_students_has_none(screens: Screens, engine: Engine, ana: Member, wired: Clock) -> None:
    class_id = lesson(engine, ana)
    counted(engine, class_id, stay("Cy Young", 0, 60))
    screens.sign_in(ana)
    assert not summary(screens.open(page.CLASS, id=class_id))


def test_a_teacher_turns_her_emails_on_and_off(
    screens: Screens, engine: Engine, ana: Member, taught: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    screens.sign_in(ana)
    at = settings_of(screens, ana)
    assert not at.toggle
    assert "E-mails" in headings(at)
    assert "No e-mails can be sent yet" in said(at)
    monkeypatch.setenv("SMTP_URL", "smtp://127.0.0.1:25?tls=none")
    monkeypatch.setenv("SMTP_FROM", "news@school.example")
    wiring.close()
    at = settings_of(screens, ana)
    assert f"They go to {ana.email} alone." in said(at)
    at.toggle[0].set_value(True).run()
    assert (course_of(ana).sends_digest, course_of(ana).sends_weekly) == (True, False)
    assert [one.value for one in at.toggle] == [True, False]
    at.toggle[1].set_value(True).run()
    at.toggle[0].set_value(False).run()
    assert (course_of(ana).sends_digest, course_of(ana).sends_weekly) == (False, True)
    assert len(entries(engine, action="news_switched")) == 3
    assert not at.exception


def test_what_was_switched_elsewhere_is_not_switched_back(
    screens: Screens, engine: Engine, ana: Member, taught: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMTP_URL", "smtp://127.0.0.1:25?tls=none")
    monkeypatch.setenv("SMTP_FROM", "news@school.example")
    wiring.close()
    screens.sign_in(ana)
    at = settings_of(screens, ana)
    at.toggle[0].set_value(True).run()
    news.switch(wiring.services(), ana, course_of(ana).id, digest=False)
    at.run()
    assert [one.value for one in at.toggle] == [False, False]
    assert not course_of(ana).sends_digest


def test_a_colleague_does_not_see_whose_emails_they_are(
    screens: Screens, engine: Engine, ana: Member, taught: str
) -> None:
    colleague = member(engine, "co@school.example")
    shared(engine, taught, colleague, "course")
    screens.sign_in(colleague)
    at = settings_of(screens, ana)
    assert not at.toggle
    assert "E-mails" not in headings(at)
    assert not at.exception
