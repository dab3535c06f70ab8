"""Sharing on the pages: the dialog of a class, the list on My account; and what admins do for others."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine
from streamlit.testing.v1 import AppTest

from tests.fake_zoom import FakeZoom
from tests.makers import Clock, at, counted, lesson, member, shared, stay, stored
from tests.screens import Screens, button, links, said, said_everywhere, show
from tracker import storage
from tracker.attendance.types import Mark
from tracker.storage.class_lists import Filter
from tracker.storage.database import reading, transaction
from tracker.storage.members import Member
from tracker.ui import page

pytestmark = pytest.mark.database("sqlite")


@pytest.fixture
def eva(engine: Engine) -> Member:
    return member(engine, "eva@school.example")


@pytest.fixture
def boss(engine: Engine) -> Member:
    return member(engine, "boss@school.example", "admin")


def opened(shown: AppTest) -> AppTest:
    """The page with its dialog open."""
    return button(shown, "Share").click().run()


def press(shown: AppTest, label: str) -> AppTest:
    """The page after a click in the open dialog."""
    found = [one for one in shown.button if one.label == label]
    found[-1].click()
    return shown.run()


def test_a_teacher_shares_a_class_and_its_course_and_takes_it_back(
    screens: Screens, engine: Engine, ana: Member, eva: Member
) -> None:
    class_id = lesson(engine, ana, course="Term <1>")
    screens.sign_in(ana)
    for kind in ("class", "course"):
        dialog = opened(show(screens, class_id))
        dialog.text_input[0].input(" Eva@School.example ")
        dialog.radio[0].set_value(kind)
        after = press(dialog, "Share")
        assert not after.exception
        assert not after.error
        assert "Shared with Eva." in said(after)
    assert stored(engine, class_id).shared_with == {eva.id}
    dialog = opened(show(screens, class_id))
    assert "Eva (eva@school.example) has the whole course" in said_everywhere(dialog)
    assert "Eva (eva@school.example) has this class" in said_everywhere(dialog)
    press(dialog, "Take back")
    press(opened(show(screens, class_id)), "Take back")
    after = show(screens, class_id)
    assert stored(engine, class_id).shared_with == frozenset()
    assert "Shared with" not in said(after)


@pytest.mark.parametrize(
    ("email", "sentence"),
    [
        ("", "“” is not an e-mail address."),
        ("nobody@school.example", "There is no account for nobody@school.example."),
        ("ana@school.example", "It is this person's own class."),
    ],
)
def test_what_cannot_be_shared_is_said_in_the_dialog(
    screens: Screens, engine: Engine, ana: Member, email: str, sentence: str
) -> None:
    class_id = lesson(engine, ana)
    screens.sign_in(ana)
    dialog = opened(show(screens, class_id))
    assert dialog.radio[0].options == ["This class alone"]
    dialog.text_input[0].input(email)
    after = press(dialog, "Share")
    assert [one.value.replace("\\", "").replace("\u2060", "") for one in after.error] == [sentence]


def test_a_co_teacher_has_the_class_everywhere_without_its_start_link_and_leaves_it(
    screens: Screens, engine: Engine, ana: Member, eva: Member
) -> None:
    class_id = lesson(engine, ana, "Algebra", 60)
    screens.sign_in(eva)
    assert links(screens.open(page.TODAY)) == []
    shared(engine, class_id, eva)
    for name in (page.TODAY, page.CLASSES):
        listed = screens.open(name)
        assert links(listed) == ["Algebra"]
        assert "15:00–16:00" in said(listed)
        assert "Ana" in said(listed)
    shown = show(screens, class_id)
    assert not shown.get("link_button")
    assert "The start link stays with Ana" in said(shown)
    assert [one.label for one in shown.button] == ["Change", "Cancel class", "Share"]
    dialog = opened(shown)
    assert "You have this class of Ana" in said_everywhere(dialog)
    assert not dialog.text_input
    after = press(dialog, "Give back")
    assert (after.title[0].value, links(after)) == ("Classes", [])
    assert stored(engine, class_id).shared_with == frozenset()


def test_a_co_teacher_is_shown_the_files_and_nothing_that_was_said_of_people_of_other_classes(
    screens: Screens, engine: Engine, ana: Member, eva: Member, wired: Clock
) -> None:
    class_id = lesson(engine, ana)
    counted(engine, class_id, stay("Bo", 0, 60), stay("Cy", 0, 60))
    wired.time = at(300)
    with transaction(engine) as tx:
        for name in ("bo", "somebody elsewhere"):
            storage.decisions.mark(tx, ana.id, ("name", name), Mark.HOST, at(0))
    shared(engine, class_id, eva)
    for who, expected in ((ana, True), (eva, False)):
        screens.sign_in(who)
        shown = show(screens, class_id)
        assert "Bo: a host" in said(shown)
        assert "start link" not in said(shown)
        assert ("somebody elsewhere" in said(shown)) is expected
        assert b"Cy" in screens.download(shown, "CSV of people")[1]


def test_a_co_teacher_is_told_how_far_her_word_reaches_and_why_it_is_refused(
    screens: Screens, engine: Engine, ana: Member, eva: Member, wired: Clock
) -> None:
    ours, other = lesson(engine, ana), lesson(engine, ana, start=200)
    for class_id in (ours, other):
        counted(engine, class_id, stay("Bo", 0, 60))
    wired.time = at(300)
    shared(engine, ours, eva)
    for who, told in ((ana, False), (eva, True)):
        screens.sign_in(who)
        shown = show(screens, ours)
        shown.session_state[f"chosen-{ours}-0"] = [(("name", "bo"),)]
        shown.run()
        assert (
            "This is refused where one of them is also in a class that is not shared with you." in said(shown)
        ) is told
    button(shown, "Set aside").click().run()
    assert "Somebody of these is in other classes of Ana too, which are not shared with you." in said(shown)
    with reading(engine) as tx:
        assert storage.decisions.list_marks(tx, ana.id) == {}


def test_my_account_lists_what_is_shared_each_with_a_click_to_end_it(
    screens: Screens, engine: Engine, ana: Member, eva: Member
) -> None:
    screens.sign_in(ana)
    assert "You share nothing" in said(screens.open(page.MY_ACCOUNT))
    mine, hers = lesson(engine, ana, "Mine", course="Latin"), lesson(engine, eva, "Hers")
    shared(engine, mine, eva)
    shared(engine, mine, eva, "course")
    shared(engine, hers, ana)
    shown = screens.open(page.MY_ACCOUNT)
    for line in (
        "Eva (eva@school.example) has the course **Latin**",
        "Eva (eva@school.example) has the class **Mine**",
        "You have the class **Hers** of Eva",
    ):
        assert line in said(shown)
    for label in ("Take back", "Take back", "Give back"):
        button(shown, label).click()
        shown.run()
    assert "You share nothing" in said(shown)
    assert [stored(engine, one).shared_with for one in (mine, hers)] == [frozenset(), frozenset()]


def test_an_admin_makes_a_class_for_a_teacher_in_one_of_her_courses(
    screens: Screens, engine: Engine, zoom: FakeZoom, ana: Member, eva: Member, boss: Member
) -> None:
    lesson(engine, ana, course="Latin")
    with transaction(engine) as tx:
        storage.members.set_disabled(tx, eva.id, at(0))
    screens.sign_in(boss)
    form = screens.open(page.NEW_CLASS)
    teacher = form.selectbox(key="new-teacher")
    assert teacher.options == ["Boss (boss@school.example)", "Ana (ana@school.example)"]
    teacher.select_index(1).run()
    form.text_input(key="new-title").input("For Ana")
    assert form.selectbox(key="new-course").options == ["Latin"]
    form.selectbox(key="new-course").set_value("Latin")
    button(form, "Create class").click()
    form.run()
    assert not form.exception
    with reading(engine) as tx:
        (made,) = storage.class_lists.list_classes(tx, ana, Filter(text="For Ana"), limit=5)
    assert (made.teacher_id, made.course, made.scheduled_start > datetime(2026, 5, 14, tzinfo=UTC)) == (
        ana.id,
        "Latin",
        True,
    )
    assert zoom.meetings[made.zoom_meeting_id or ""]["host_email"] == ana.email
    screens.sign_in(ana)
    assert "new-teacher" not in [one.key for one in screens.open(page.NEW_CLASS).selectbox]


@pytest.mark.quick
def test_an_admin_hands_classes_over_on_the_page_people(
    screens: Screens, engine: Engine, ana: Member, eva: Member, boss: Member
) -> None:
    class_id = lesson(engine, ana)
    screens.sign_in(boss)
    shown = screens.open(page.PEOPLE)
    shown.selectbox(key="chosen").set_value(ana).run()
    assert button(shown, "Hand over").disabled
    shown.selectbox(key=f"to-{ana.id}").set_value(eva).run()
    button(shown, "Hand over").click().run()
    assert not shown.exception
    assert "eva@school.example has the classes of ana@school.example now." in said(shown)
    assert stored(engine, class_id).teacher_id == eva.id
