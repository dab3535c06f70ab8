"""The summary of a class, to copy, and the switches of a course's e-mails."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine
from streamlit.testing.v1 import AppTest

from tests.makers import Clock, counted, entries, lesson, member, shared, stay
from tests.screens import Screens, said
from tracker import courses, news
from tracker.auth import OPERATOR
from tracker.rosters import read_pasted
from tracker.storage import courses as stored_courses
from tracker.storage.members import Member
from tracker.ui import wiring

pytestmark = pytest.mark.database("sqlite")


def summary() -> None:
    """A page with the summary of the class in the address."""
    import streamlit as st

    from tracker import classes
    from tracker.ui import digest_panel, page
    from tracker.ui.sign_in import member_of
    from tracker.ui.wiring import services

    member = member_of(page.sign_in_cookies(), page.browser_address())
    assert member is not None
    st.session_state[page.DRAWN_FOR] = member
    with page.shown_errors():
        found = services().read(classes.visible_class, member, st.query_params["id"])
        digest_panel.panel(found, member)


def switches() -> None:
    """A page with the switches of the course in the address."""
    import streamlit as st

    from tracker import courses
    from tracker.ui import news_panel, page
    from tracker.ui.sign_in import member_of
    from tracker.ui.wiring import services

    member = member_of(page.sign_in_cookies(), page.browser_address())
    assert member is not None
    st.session_state[page.DRAWN_FOR] = member
    with page.shown_errors():
        news_panel.panel(services().read(courses.visible_course, member, st.query_params["id"]), member)


def opened(screens: Screens, script: Callable[[], None], id: str) -> AppTest:
    at = AppTest.from_function(script, default_timeout=30)
    at.context = {"timezone": screens.zone, "locale": screens.locale}
    at.query_params["id"] = id
    return at.run()


@pytest.fixture
def taught(engine: Engine, ana: Member, wired: Clock) -> str:
    """A class of Ana's, with a roster."""
    courses.import_roster(
        wiring.services(), OPERATOR, ana.email, "Algebra", read_pasted("Name\nBo <b>Roth</b>\nCy Young")
    )
    return lesson(engine, ana, course="Algebra")


def course_of(ana: Member) -> stored_courses.Course:
    return wiring.services().read(stored_courses.get_course, ana.id, "Algebra")


def test_a_counted_class_has_a_summary_to_copy(screens: Screens, engine: Engine, ana: Member, taught: str) -> None:
    screens.sign_in(ana)
    assert not opened(screens, summary, taught).expander
    counted(engine, taught, stay("Cy Young", 0, 60))
    at = opened(screens, summary, taught)
    assert [one.label for one in at.expander] == ["Summary to copy"]
    (text,) = (str(one.value) for one in at.code)
    assert text.splitlines()[3:] == ["1 of 2 students was there.", "Absent: Bo <b>Roth</b>"]
    assert not at.exception


def test_a_class_without_students_has_none(screens: Screens, engine: Engine, ana: Member, wired: Clock) -> None:
    class_id = lesson(engine, ana)
    counted(engine, class_id, stay("Cy Young", 0, 60))
    screens.sign_in(ana)
    assert not opened(screens, summary, class_id).expander


def test_a_teacher_turns_her_emails_on_and_off(
    screens: Screens, engine: Engine, ana: Member, taught: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    screens.sign_in(ana)
    at = opened(screens, switches, course_of(ana).id)
    assert not at.toggle
    assert "No e-mails can be sent yet" in said(at)
    monkeypatch.setenv("SMTP_URL", "smtp://127.0.0.1:25?tls=none")
    monkeypatch.setenv("SMTP_FROM", "news@school.example")
    wiring.close()
    at = opened(screens, switches, course_of(ana).id)
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
    at = opened(screens, switches, course_of(ana).id)
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
    at = opened(screens, switches, course_of(ana).id)
    assert not at.toggle
    assert not at.header
    assert not at.exception
