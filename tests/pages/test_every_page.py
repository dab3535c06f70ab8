"""What every page has in common."""

import re

import pytest
import streamlit as st
from sqlalchemy import Engine

from tests.fake_zoom import FakeZoom
from tests.makers import AWAY_SENTENCE, NOW, Clock, at, counted, lesson, member, stay
from tests.screens import PAGES, Away, Screens, raw, said
from tracker import auth, storage
from tracker.attendance.types import ClassStatus
from tracker.rosters import Student
from tracker.storage.database import transaction
from tracker.storage.members import Member
from tracker.ui import page, wiring
from tracker.ui.sign_in import COOKIE
from tracker.ui.wiring import services

pytestmark = pytest.mark.database("sqlite")

HOSTILE = "<img src=x onerror=alert(1)> [win](https://evil.example) **bold** `code` $x$ :red[e] \u202eright"
# Each of these in a text that is sent as Markdown would be read as markup.
SIGNED_OUT = "You are signed out Sign in, and you come back to this page. Sign in"

TITLES = (
    *("Today", "Classes", "New class", "Algebra 7B", "System", "People", "People's data", "Activity", "My account"),
    *("What is kept", "Bo", "Courses", "Algebra"),
)

UNESCAPED = ("<img", "[win", "](", "**bold", "`code", "$x", ":red", "https:", "\u202e")

UNESCAPED_IN_HTML = ("<img", "\u202e")


@pytest.fixture
def allowed(signed_in: Screens, engine: Engine, zoom: FakeZoom, name: str) -> Screens:
    """Somebody is signed in who may see the page of this name: a teacher, or an admin where it is for admins."""
    st.cache_data.clear()
    if name in (page.SYSTEM, page.PEOPLE, page.ACTIVITY, page.PEOPLES_DATA):
        signed_in.sign_in(member(engine, "ada@school.example", "admin"))
    return signed_in


def asked_for(engine: Engine, teacher: Member, name: str, class_id: str) -> str:
    """The id that a page of this name is opened with: that of a class, of its course, or of a student of that."""
    if name not in (page.STUDENT, page.COURSE):
        return class_id
    with transaction(engine) as tx:
        storage.courses.set_course(tx, class_id, "Algebra")
        course_id = storage.courses.course_id(tx, teacher.id, "Algebra")
        storage.students.save(tx, course_id, [(None, Student("Bo"))], NOW)
        return course_id if name == page.COURSE else storage.students.list_students(tx, course_id)[0].id


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.quick
def test_a_page_shows_a_stranger_nothing_but_the_way_to_sign_in(
    screens: Screens, engine: Engine, ana: Member, name: str
) -> None:
    class_id = lesson(engine, ana, "Algebra 7B")
    for token in (None, "", "made-up", "\0"):
        screens.cookies = {} if token is None else {COOKIE: token}
        at = screens.open(name, id=class_id)
        assert not at.exception
        (shown,) = [str(one.value) for one in at.main if hasattr(one, "value")]
        assert said(at) == SIGNED_OUT
        assert "Algebra" not in shown
        assert len(at.sidebar) == 0


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_drawn_without_a_class(signed_in: Screens, name: str) -> None:
    at = signed_in.open(name)
    assert not at.exception
    assert [one.value for one in at.sidebar.get("text")] == ["Ana"]
    assert [one.value for one in at.sidebar.get("page_link")] == [
        *("Today", "Classes", "Courses", "New class", "My account", "What is kept"),
    ]


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.database("sqlite", "postgresql", "pgbouncer")
@pytest.mark.quick
def test_a_page_is_drawn_with_classes_of_every_kind_in_any_browser(
    allowed: Screens, engine: Engine, ana: Member, name: str
) -> None:
    for number, status in enumerate(ClassStatus):
        class_id = lesson(engine, ana, f"Class {number}", course="Algebra", zoom_meeting_id=None)
        with transaction(engine) as tx:
            storage.classes.set_life(tx, class_id, status, None, None)
    shown = lesson(engine, ana)
    counted(engine, shown, stay("Bo", 0, 30))
    shown = asked_for(engine, ana, name, shown)
    for zone in ("Asia/Kathmandu", "UTC", "Mars/Base", "", None):
        allowed.zone = zone
        at = allowed.open(name, id=shown)
        assert not at.exception
        assert not at.error
        assert at.title[0].value in TITLES


@pytest.mark.parametrize("name", PAGES)
def test_an_open_page_is_of_no_use_once_its_person_signed_out_elsewhere(
    allowed: Screens, engine: Engine, ana: Member, name: str
) -> None:
    at = allowed.open(name, id=asked_for(engine, ana, name, lesson(engine, ana)))
    assert at.title
    auth.sign_out(engine, allowed.cookies[COOKIE], NOW)
    at.run()
    assert not at.title
    assert said(at) == SIGNED_OUT


@pytest.mark.parametrize("name", PAGES)
def test_a_sign_in_ends_by_itself(signed_in: Screens, wired: Clock, name: str) -> None:
    wired.time += auth.SIGN_IN_LIFE
    assert "You are signed out" in said(signed_in.open(name))


@pytest.mark.parametrize("name", PAGES)
def test_a_database_that_goes_away_at_any_moment_is_a_sentence_and_no_trace(
    allowed: Screens, engine: Engine, ana: Member, name: str
) -> None:
    class_id = lesson(engine, ana)
    counted(engine, class_id, stay("Bo", 0, 30))
    services()
    asked = asked_for(engine, ana, name, class_id)
    away = Away()
    at = allowed.open(name, id=asked)
    away.asked = 0
    at.run()  # the first time Zoom is asked about its scopes, and only then this is among what is shown
    whole, statements = said(at), away.asked
    assert statements >= 2
    for after in range(statements):
        away.asked, away.after = 0, after
        at.run()
        assert not at.exception
        assert [error.value for error in at.error] == [AWAY_SENTENCE] or said(at) == whole
    away.asked, away.after = 0, 0
    at.run()
    assert [error.value for error in at.error] == [AWAY_SENTENCE]
    assert said(at) == AWAY_SENTENCE
    away.after = 10**9
    at.run()
    assert said(at) == whole


@pytest.mark.parametrize("name", PAGES)
def test_settings_that_make_no_sense_are_said_on_the_page(
    signed_in: Screens, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("ZOOM_PLAN", "gold")
    wiring.close()
    at = signed_in.open(name)
    assert not at.exception
    assert said(at) == "The settings need attention: ZOOM_PLAN must be one of free, pro, business."


@pytest.mark.parametrize("name", [page.TODAY, page.CLASSES, page.CLASS])
def test_a_hostile_title_is_read_as_text_and_not_as_markup(
    screens: Screens, engine: Engine, ana: Member, name: str
) -> None:
    with transaction(engine) as tx:
        boss = storage.members.add_member(tx, "boss@school.example", HOSTILE, "admin", None, at(0))
        villain = storage.members.add_member(tx, "v@school.example", HOSTILE, "teacher", None, at(0))
    class_id = lesson(engine, villain, HOSTILE, course=HOSTILE)
    screens.sign_in(boss)
    shown = screens.open(name, id=class_id)
    assert not shown.exception
    assert "<img src=x onerror=alert(1)> [win](https://evil.example) **bold** `code` $x$ :red[e] right" in said(shown)
    for text in raw(shown):
        if not text.startswith(("<style", "<form")):
            signs = UNESCAPED_IN_HTML if text.startswith("<") else UNESCAPED
            assert [sign for sign in signs if re.search(rf"(?<!\\){re.escape(sign)}", text)] == []
