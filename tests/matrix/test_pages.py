"""The matrix of the dashboard: pages, parts that are drawn again, dialogs, downloads and buttons, each cell tried."""

from collections.abc import Callable
from itertools import count

import pytest
import streamlit as st
from responses import RequestsMock
from sqlalchemy import Engine, text
from streamlit.runtime.media_file_storage import MediaFileStorageError
from streamlit.testing.v1 import AppTest

from tests.fake_zoom import FakeZoom, sent
from tests.makers import stored
from tests.matrix import doors
from tests.matrix.cast import TITLE, Cast, make_cast
from tests.matrix.table import BEFORE, DIALOGS, DOWNLOADS, OPENERS, PAGES, PARTS, WHO, rows
from tests.screens import Screens, button, dialog_buttons, parts, refused, rerun_part, said, said_everywhere
from tracker import auth, classes, courses, storage
from tracker.attendance.types import ClassStatus, Status
from tracker.errors import TrackerError
from tracker.rosters import read_pasted
from tracker.storage.database import reading
from tracker.ui import page
from tracker.ui.sign_in import COOKIE
from tracker.ui.wiring import services

pytestmark = pytest.mark.database("sqlite")

SIGN_IN = "You are signed out Sign in, and you come back to this page. Sign in"


@pytest.fixture
def cast(screens: Screens, engine: Engine, zoom: FakeZoom) -> Cast:
    st.cache_data.clear()
    return make_cast(services())


def come(screens: Screens, cast: Cast, who: str, name: str, class_id: str = "") -> AppTest:
    """The page as this person's browser opens it."""
    token = cast.cookies.get(who)
    screens.cookies = {COOKIE: token} if token else {}
    ids = {page.COURSE: cast.course, page.STUDENT: cast.student}
    return screens.open(name, id=ids.get(name, class_id or cast.live))


def shown(at: AppTest) -> str:
    """What a page shows, as the table says it."""
    assert not at.exception
    text = said_everywhere(at)
    if SIGN_IN in text:
        assert said(at) == SIGN_IN
        assert len(at.sidebar) == 0
        return "sign-in"
    if refused(at):
        assert (list(at.title), TITLE in text) == ([], False)
        return "refused"
    assert at.title
    return "class" if TITLE in text else "page"


# Pages, and the parts of them that are drawn again


@pytest.mark.parametrize("name", rows(PAGES))
def test_a_page_shows_to_everybody_what_the_table_says(screens: Screens, cast: Cast, name: str) -> None:
    found = {}
    for who in WHO:
        at = come(screens, cast, who, name)
        if who in BEFORE:
            assert shown(at) == rows(PAGES)[name][BEFORE[who]]
            cast.end(who)
            at.run()
        found[who] = shown(at)
    assert found == rows(PAGES)[name]


@pytest.mark.parametrize("door", rows(PARTS))
def test_a_part_that_is_drawn_again_alone_shows_to_everybody_what_the_table_says(
    screens: Screens, cast: Cast, door: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[str] = []
    fragment, name = page.fragment, door.split()[0]

    def noted(part: Callable[[], None], *, every: float) -> None:
        drawn.append(f"{name} {part.__name__}")
        fragment(part, every=every)

    monkeypatch.setattr(page, "fragment", noted)
    found = {}
    for who in WHO:
        drawn.clear()
        at = come(screens, cast, who, name)
        assert set(drawn) <= rows(PARTS).keys()
        if door not in drawn:
            found[who] = "none"
            continue
        part = parts(at)[list(dict.fromkeys(drawn)).index(door)]  # a page may be drawn twice
        if who in BEFORE:
            cast.end(who)
        rerun_part(at, part, monkeypatch)
        assert not at.exception
        # The tab has got that part alone, or the whole page anew.
        anew = at.title or refused(at) or SIGN_IN in said(at)
        found[who] = shown(at) if anew else "kept"
    assert found == rows(PARTS)[door]


# Dialogs and downloads


@pytest.mark.parametrize("door", rows(DIALOGS))
def test_a_dialog_opens_for_whom_the_table_says_and_does_nothing_more_once_that_has_changed(
    screens: Screens, cast: Cast, http: RequestsMock, door: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {}
    for who in WHO:
        at = come(screens, cast, who, page.CLASS, cast.planned)
        if OPENERS[door] not in labels(at):
            found[who] = "none"
            continue
        before = set(parts(at))
        button(at, OPENERS[door]).click().run()
        (part,) = set(parts(at)) - before
        inside = dialog_buttons(at)
        assert inside
        found[who] = "opens"
        if who in BEFORE:
            cast.end(who)
            unchanged = cast.dump(), len(sent(http))
            for one in inside:
                one.click()
            rerun_part(at, part, monkeypatch)
            assert not at.exception
            assert (cast.dump(), len(sent(http))) == unchanged
            found[who] = "stopped"
    assert found == rows(DIALOGS)[door]


@pytest.mark.parametrize("door", rows(DOWNLOADS))
def test_a_file_is_given_to_whom_the_table_says_also_by_a_button_that_is_still_there(
    screens: Screens, cast: Cast, door: str
) -> None:
    name, _, label = door.partition(" ")
    found = {}
    for who in WHO:
        # A class that was held is in no calendar any more.
        at = come(screens, cast, who, name, cast.planned if "Calendar" in label else cast.held)
        if name == page.PEOPLES_DATA and at.text_input:
            at.text_input[0].input("Bo")
            at = button(at, "Look up").click().run()
        if label not in {one.proto.label for one in at.get("download_button")}:
            found[who] = "none"
            continue
        if who in BEFORE:
            cast.end(who)
        try:
            assert screens.download(at, label)[1]
            found[who] = "given"
        except (TrackerError, MediaFileStorageError):
            found[who] = "refused"
    assert found == rows(DOWNLOADS)[door]


# Buttons

# Whose tab each page is clicked in, of those that have buttons.
CLICKED = [
    (page.TODAY, "signed-out"),
    (page.TODAY, "unshared"),
    (page.TODAY, "demoted"),
    (page.CLASSES, "closed"),
    (page.CLASS, "signed-out"),
    (page.CLASS, "unshared"),
    (page.CLASS, "demoted"),
    (page.COURSES, "closed"),
    (page.COURSE, "signed-out"),
    (page.COURSE, "unshared"),
    (page.COURSE, "demoted"),
    (page.STUDENT, "signed-out"),
    (page.STUDENT, "unshared"),
    (page.STUDENT, "demoted"),
    (page.NEW_CLASS, "closed"),
    (page.NEW_CLASS, "demoted"),
    (page.MY_ACCOUNT, "signed-out"),
    (page.PEOPLE, "closed"),
    (page.PEOPLE, "demoted"),
    (page.SYSTEM, "closed"),
    (page.SYSTEM, "demoted"),
    (page.PEOPLES_DATA, "closed"),
    (page.PEOPLES_DATA, "demoted"),
]
# They change nothing but what this browser shows.
HARMLESS = {"Set up", "Check again", "Look up"}


def labels(at: AppTest) -> list[str]:
    """What the buttons of a page are called that can be clicked."""
    return [one.label for one in at.button if not one.disabled]


def filled_in(at: AppTest, cast: Cast) -> AppTest:
    """The page with all that can be filled in, so that each of its buttons would do something."""
    for one in at.selectbox:
        if one.key == "chosen":
            one.set_value(cast.members["teacher"]).run()
    for one in at.selectbox:
        if (one.key or "").startswith(("to-", "heir-")):
            one.set_value(cast.members["stranger"])
    for field in at.text_input:
        field.input("Bo" if field.label == "Whom" else "zoe@school.example")
    for box in at.checkbox:
        box.check()
    # Somebody was looked up now, and is to be erased.
    for box in at.run().checkbox:
        box.check()
    at.run()
    for one in at.selectbox:
        if one.key == "course-of-days":  # one of a form: a run without it forgets what was chosen
            one.select_index(0)
    return at


def held_class(screens: Screens, cast: Cast, who: str, name: str) -> AppTest:
    """The page of a class that was held, on which somebody is chosen."""
    at = come(screens, cast, who, name, cast.held)
    at.session_state[f"chosen-{cast.held}-0"] = [(("name", "bo"),), (("name", "cy"),)]
    return at.run()


def class_with_students(screens: Screens, cast: Cast, who: str, name: str) -> AppTest:
    """The page of a class whose course has a list of students, of whom something was said, and is being said."""
    found, using = stored(cast.engine, cast.held), services()
    roster = read_pasted("Bo\nCy\nEva")
    courses.import_roster(using, auth.OPERATOR, found.teacher_email, found.course or "", roster)
    bo, _cy, eva = using.read(courses.roster_of, found)[0]
    courses.mark(using, auth.OPERATOR, found.id, [bo.id], Status.PRESENT)
    courses.choose(using, auth.OPERATOR, found.course_id or "", [("name", "eva's phone")], [eva.id])
    at = come(screens, cast, who, name, cast.held)
    at.session_state[f"marked-students-{found.id}-0"] = [eva.id]
    at.session_state[f"whose-{found.id}-0"] = (("name", "bo"),)
    at.run()
    assert {"Excuse", "Save", "Take back", "It is Bo", "Somebody else", "Not Bo", "Undo"} <= set(labels(at))
    return at


def cancelled_class(screens: Screens, cast: Cast, who: str, name: str) -> AppTest:
    """The page of a class that was cancelled a moment ago."""
    if stored(cast.engine, cast.planned).status is ClassStatus.SCHEDULED:
        classes.cancel_class(services(), auth.OPERATOR, cast.planned)
    return come(screens, cast, who, name, cast.planned)


def other_page(screens: Screens, cast: Cast, who: str, name: str) -> AppTest:
    return filled_in(come(screens, cast, who, name, cast.planned), cast)


def end_at_call(cast: Cast, who: str, number: int, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """From now on, when it is asked for this time who is signed in, that changes; what is stored then is returned."""
    asked, stored = count(1), list[object]()
    member_of = page.member_of

    def meanwhile(cookies: dict[str, str], address: str) -> object:
        if next(asked) == number:
            cast.end(who)
            stored.append(cast.dump())
        return member_of(cookies, address)

    monkeypatch.setattr(page, "member_of", meanwhile)
    return stored


def day_with_trouble(screens: Screens, cast: Cast, who: str, name: str) -> AppTest:
    """The page Today, where the planned class cannot be counted."""
    with cast.engine.begin() as connection:
        connection.execute(text('UPDATE "LiveStream" SET "zoomMeetingId" = NULL WHERE id = :id'), {"id": cast.planned})
    at = come(screens, cast, who, name)
    assert "Seen to" in labels(at)
    return at


def course_view(view: str) -> Callable[[Screens, Cast, str, str], AppTest]:
    """A view of the course, with all that can be filled in and chosen."""

    def opened(screens: Screens, cast: Cast, who: str, name: str) -> AppTest:
        at = come(screens, cast, who, name)
        next(one for one in at.segmented_control if one.key == "view").set_value(view).run()
        for one in at.selectbox:
            if one.label == "Student":
                one.select_index(0).run()
        for one in at.selectbox:
            if one.label == "Colleague":
                one.set_value(cast.members["stranger"])
        for several in at.multiselect:
            with reading(cast.engine) as tx:
                several.set_value([storage.students.list_students(tx, cast.course)[0].id])
        for field in at.text_input:
            field.input("zoe@school.example")
        for box in at.checkbox:
            box.check()
        return at

    return opened


VIEWS = {
    page.COURSE: tuple(map(course_view, ("register", "students", "settings"))),
    page.CLASS: (held_class, class_with_students, other_page, cancelled_class),
    page.TODAY: (day_with_trouble,),
}


def test_the_other_pages_have_no_button(screens: Screens, cast: Cast) -> None:
    without = {page.ACTIVITY, page.KEPT}
    for name in without:
        assert labels(come(screens, cast, "admin", name)) == []
    assert {name for name, _ in CLICKED} | without == doors.pages()


@pytest.mark.parametrize(("name", "who"), CLICKED)
def test_a_click_does_nothing_where_what_its_person_may_changes_between_the_click_and_what_it_does(
    screens: Screens, cast: Cast, http: RequestsMock, monkeypatch: pytest.MonkeyPatch, name: str, who: str
) -> None:
    for view in VIEWS.get(name, (other_page,)):
        at = view(screens, cast, who, name)
        assert at.button
        for label in sorted(set(labels(at))):
            at = view(screens, cast, who, name)
            calls = len(sent(http))
            with monkeypatch.context() as patch:
                # First the gate asks, then what the click does.
                stored = end_at_call(cast, who, 2, patch)
                button(at, label).click().run()
            assert not at.exception
            if stored or label not in HARMLESS:
                assert (cast.dump(), len(sent(http))) == (stored[0], calls), label
            if stored:
                cast.restore(who)


@pytest.mark.parametrize("who", ["signed-out", "unshared", "demoted"])
@pytest.mark.parametrize("door", rows(DIALOGS))
def test_so_does_a_click_in_a_dialog(
    screens: Screens, cast: Cast, http: RequestsMock, monkeypatch: pytest.MonkeyPatch, door: str, who: str
) -> None:
    def opened() -> tuple[AppTest, str]:
        at = come(screens, cast, who, page.CLASS, cast.planned)
        before = set(parts(at))
        button(at, OPENERS[door]).click().run()
        (part,) = set(parts(at)) - before
        for field in at.text_input:
            if not field.disabled:
                field.input("zoe@school.example")
        return at, part

    # “Give back” would do what has happened meanwhile.
    for label in sorted({one.label for one in dialog_buttons(opened()[0])} - {"Give back"}):
        at, part = opened()
        calls = len(sent(http))
        with monkeypatch.context() as patch:
            # The dialog asks when it is drawn; that of sharing once more, to know whom it is drawn for.
            stored = end_at_call(cast, who, 3 if door.endswith(" share") else 2, patch)
            next(one for one in dialog_buttons(at) if one.label == label).click()
            rerun_part(at, part, monkeypatch)
        assert not at.exception
        assert (cast.dump(), len(sent(http))) == (stored[0], calls), label
        cast.restore(who)
