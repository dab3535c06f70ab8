"""How every page looks in a real browser: on a desk, a small screen and a phone, in light and dark.

Nothing is wider than the window, headings are in their order, and axe finds nothing serious. The pictures that are
taken on the way are in the folder `PICTURES`, or else in the test's own, for somebody to look at.
"""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page
from sqlalchemy import Engine

from tests import browser as browsers
from tests import catalogues
from tests.browser import expect, new_context, settle
from tests.demo_process import free_port
from tests.makers import NOW, Clock, at, counted, environment, lesson, member, services, stay
from tests.matrix.doors import dialogs
from tests.matrix.table import OPENERS
from tests.screens import ADDRESS, COURSE_VIEWS, PAGES
from tests.states import classes_in_every_state
from tracker import auth, courses, health, sessions
from tracker.attendance.types import Status
from tracker.rosters import read_pasted
from tracker.server.dashboard_process import Dashboard
from tracker.services import Services
from tracker.settings import read_settings
from tracker.storage.database import make_engine
from tracker.storage.members import Member
from tracker.ui import page as pages
from tracker.ui.language import COOKIE as LANGUAGE
from tracker.ui.sign_in import COOKIE

pytestmark = browsers.pytestmark

WIDTHS = {1440: 900, 1024: 768, 390: 844}
THEMES = ("light", "dark")
PASSWORD = "seven tulips in the rain"
FOR_ADMINS = (pages.SYSTEM, pages.PEOPLE, pages.ACTIVITY, pages.PEOPLES_DATA)
LONG = "Wolfeschlegelsteinhausenbergerdorff" * 3
SPANISH, ENGLISH_THERE = "es-ES", "en-GB"
# Beside what axe looks for by itself: nothing to be hit is smaller than 24 pixels.
AXE = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
GRAVE = ("serious", "critical")
# What is wider than its place, with what sticks out of it farthest.
TOO_WIDE = """() => [document.documentElement, ...document.querySelectorAll(
  "[data-testid=stMain], [data-testid=stMainBlockContainer], [role=dialog]")]
  .filter(one => one.scrollWidth > Math.max(one.clientWidth, 1) + 1)
  .map(one => {
    const edge = part => part.getBoundingClientRect().right
    const widest = [...one.querySelectorAll("*")].reduce((most, part) => edge(part) > edge(most) ? part : most, one)
    return `${one.dataset.testid || one.tagName}: ${one.scrollWidth} px in ${one.clientWidth}, by `
      + widest.outerHTML.slice(0, 120)
  })"""
HEADINGS = """() => [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")]
  .filter(one => one.checkVisibility() && !one.closest("[data-testid=stSidebar], [role=dialog]"))
  .map(one => [Number(one.tagName[1]), one.innerText])"""
# Charts follow the window a little later than all else.
FOLLOWED = """() => new Promise(done => document.querySelector(".js-plotly-plot")
  ? setTimeout(done, 200) : requestAnimationFrame(() => requestAnimationFrame(done)))"""
LINES = "() => document.body.innerText.split('\\n').map(line => line.trim()).filter(Boolean)"


@dataclass(frozen=True)
class View:
    """What is looked at: who looks, at which address, in which state; `whole` with axe and in every width."""

    name: str
    who: str
    path: str
    state: str = ""
    whole: bool = False


def path_of(name: str) -> str:
    """The address of a page."""
    return "/" if name == pages.TODAY else f"/{Path(name).stem}"


VIEWS = [
    *(
        View(Path(name).stem, "admin" if name in FOR_ADMINS else "teacher", path_of(name), whole=True)
        for name in PAGES
        if name not in (pages.CLASS, pages.COURSE, pages.STUDENT)
    ),
    *(View(f"course {view}, few", "teacher", f"/course?view={view}", "few", whole=True) for view in COURSE_VIEWS),
    *(View(f"course {view}, none", "teacher", f"/course?view={view}", "none") for view in COURSE_VIEWS),
    *(View(f"course {view}, many", "teacher", f"/course?view={view}", "many") for view in COURSE_VIEWS[:2]),
    View("course with long names", "teacher", "/course", "long course"),
    View("course of somebody else", "newcomer", "/course", "few"),
    View("courses for an admin", "admin", "/courses"),
    View("courses, none yet", "newcomer", "/courses"),
    *(View(f"class {state}", "teacher", "/class", state, whole=True) for state in ("planned", "live", "counted")),
    *(View(f"class {state}", "teacher", "/class", state) for state in ("late", "not held", "no meeting")),
    *(View(f"class {state}", "teacher", "/class", state) for state in ("cancelled", "waiting", "failed", "no list")),
    *(View(f"class {state}", "teacher", "/class", state) for state in ("nobody", "long names", "1,000 people")),
    View("student", "teacher", "/student", "student", whole=True),
    View("student that is not there", "teacher", "/student?id=nothing"),
    View("own page of a student", "", "/my/", "link", whole=True),
    View("own page that is over", "", "/my/" + "x" * 43),
    View("class for an admin", "admin", "/class", "counted"),
    View("classes, many for an admin", "admin", "/classes"),
    View("classes, none that fits", "teacher", "/classes?q=nothing-has-this-name"),
    View("today, first visit", "newcomer", "/", whole=True),
    View("classes, none yet", "newcomer", "/classes"),
    View("class that is not there", "teacher", "/class?id=nothing", whole=True),
    View("class of somebody else", "newcomer", "/class", "counted"),
    View("sign-in", "", "/login", whole=True),
    View("invitation that is over", "", "/invite/" + "x" * 43),
]


@dataclass
class Place:
    """A dashboard on a database with everything in it; `tokens` are the sign-ins of those who look.

    `classes` are the ids of classes by their state, and those of courses.
    """

    url: str
    engine: Engine
    pictures: Path
    classes: dict[str, str]
    tokens: dict[str, str]
    tabs: dict[tuple[str, str], Page] = field(default_factory=dict)

    def address(self, view: View) -> str:
        """Where the view is."""
        if not view.state:
            return f"{self.url}{view.path}"
        to = "" if view.path.endswith("/") else "&id=" if "?" in view.path else "?id="
        return f"{self.url}{view.path}{to}{self.classes[view.state]}"

    def shoot(self, tab: Page, name: str) -> None:
        """Takes a picture of what is seen."""
        file = re.sub(r"\W+", "-", name).strip("-")
        tab.screenshot(path=self.pictures / f"{file}.png", animations="disabled")


def seed(engine: Engine, ana: Member, now: float) -> dict[str, str]:
    """Classes in every state, and of everything too much."""
    school = services(engine, Clock(at(now)))
    made = classes_in_every_state(engine, ana, lambda delivery: sessions.note_delivery(school, delivery), now)
    made["long names"] = lesson(engine, ana, LONG, now - 500, course=LONG)
    crowd = [stay(f"{LONG} {number}", now - 500, now - 450, f"{LONG}{number}@x.example") for number in range(5)]
    counted(engine, made["long names"], *crowd, start=now - 500, end=now - 440, fetched=now - 400)
    made["1,000 people"] = lesson(engine, ana, "Assembly", now - 600)
    crowd = [stay(f"Person {number}", now - 600 + number % 20, now - 540 - number % 9) for number in range(1000)]
    counted(engine, made["1,000 people"], *crowd, start=now - 600, end=now - 540, fetched=now - 500)
    for number in range(130):
        past = lesson(engine, ana, f"Lesson {number}", now - 1440 * (number + 2), course="Sciences")
        counted(engine, past, stay("Bo", now - 1440 * (number + 2), now), start=now - 1440 * (number + 2), end=now)
    return made | courses_with(school, ana, now) | with_student(school, ana, made["counted"])


def courses_with(school: Services, ana: Member, now: float) -> dict[str, str]:
    """Courses with no students, a few, many, and with names that are too long."""
    made = {"none": courses.new_course(school, ana, "A new course", ana)}
    many = [f"Somebody Number{number}" for number in range(300)]
    few = ["Bo Okafor", "Cy Lima", "Dee Park", "Siobhán O'Neill"]
    for state, names, classes in (("few", few, 6), ("many", many, 16), ("long course", [LONG, f"{LONG} too"], 2)):
        course = LONG if state == "long course" else f"Course with {state}"
        text = "Name\tE-mail\tGroup\n" + "\n".join(
            f"{name}\t{number}@x.example\t7B" for number, name in enumerate(names)
        )
        courses.import_roster(school, auth.OPERATOR, ana.email, course, read_pasted(text))
        for number in range(classes):
            start = now - 1440 * (number + 2)
            lesson_id = lesson(school.engine, ana, f"Lesson {number}", start, course=course)
            there = [name for place, name in enumerate(names) if (place * 7 + number) % 5]
            stays = [
                stay(name, start + 9 * (place % 3), start + 60 - 20 * (place % 2)) for place, name in enumerate(there)
            ]
            counted(school.engine, lesson_id, *stays, stay("A guest", start, start + 60), start=start, end=start + 60)
        made[state] = next(
            one.course.id for one in school.read(courses.list_seen, ana, NOW) if one.course.name == course
        )
    students = school.read(courses.course_register, ana, school.read(courses.visible_course, ana, made["few"]), at(now))
    newest = students.classes[-1].id
    courses.mark(school, ana, newest, [students.rows[0].enrolled.id], Status.EXCUSED, "A note from home")
    courses.archive(school, ana, courses.new_course(school, ana, "Last year's", ana))
    return made


def with_student(school: Services, teacher: Member, class_id: str) -> dict[str, str]:
    """A student of the course of these lessons, with the token of a link, who says that something is not right."""
    courses.import_roster(school, auth.OPERATOR, teacher.email, "Sciences", read_pasted("Bo\nCy"))
    course = school.read(courses.teachers_course, teacher, teacher.email, "Sciences")
    student, _other = (one.id for one, _link in school.read(courses.list_links, teacher, course.id))
    token = courses.make_links(school, teacher, course.id, [student], school.now() + timedelta(days=9))[student]
    courses.ask(school, token, class_id, LONG)
    return {"student": student, "link": token}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("looks")
    shutil.copy(migrated_file, folder / "test.sqlite3")
    port = str(free_port())
    said = environment(
        DATABASE_URL=f"sqlite:///{folder / 'test.sqlite3'}", TRACKER_DATA_DIR=str(folder), DASHBOARD_PORT=port
    )
    # Zoom is asked at an address where nobody is.
    said |= {"ZOOM_API_URL": "http://127.0.0.1:9/v2", "ZOOM_OAUTH_URL": "http://127.0.0.1:9/token"}
    engine = make_engine(said["DATABASE_URL"])
    now = datetime.now(UTC)
    people = {
        "teacher": member(engine),
        "newcomer": member(engine, "nina@school.example"),
        "admin": member(engine, "ada@school.example", "admin"),
    }
    classes = seed(engine, people["teacher"], round((now - NOW).total_seconds() / 60))
    health.note_alive(engine, "one:8787", now, now + timedelta(days=1))
    tokens = {}
    for who, person in people.items():
        auth.set_password(engine, auth.OPERATOR, person.email, PASSWORD, now)
        tokens[who] = auth.sign_in(engine, person.email, PASSWORD, ADDRESS, now)
    pictures = Path(os.environ.get("PICTURES") or folder / "pictures")
    pictures.mkdir(parents=True, exist_ok=True)
    with Dashboard(read_settings(said), os.environ | said) as dashboard:
        yield Place(dashboard.url, engine, pictures, classes, tokens)
    engine.dispose()


@pytest.fixture(scope="module")
def tab_of(browser: Browser, place: Place) -> Iterator[Callable[..., Page]]:
    """A tab in which this person is signed in, whose browser speaks this language; the same one each time."""
    contexts: list[BrowserContext] = []

    def opened(who: str, locale: str = ENGLISH_THERE) -> Page:
        if (who, locale) not in place.tabs:
            context = new_context(browser, locale=locale, timezone_id="Europe/Berlin", color_scheme="light")
            # A context's locale is said with requests, and not with the websocket that draws the page.
            language = {"name": LANGUAGE, "value": locale, "url": place.url}
            context.add_cookies([language])
            if who:
                context.add_cookies([{"name": COOKIE, "value": place.tokens[who], "url": place.url}])
            contexts.append(context)
            place.tabs[who, locale] = context.new_page()
        return place.tabs[who, locale]

    yield opened
    for context in contexts:
        context.close()


def go(tab: Page, place: Place, view: View) -> Page:
    """Opens a view, in light and on a desk, and waits until it is drawn."""
    tab.emulate_media(color_scheme="light")
    tab.set_viewport_size({"width": 1440, "height": WIDTHS[1440]})
    tab.goto(place.address(view))
    drawn(tab)
    return tab


def drawn(tab: Page) -> None:
    """Waits until everything is there; what is no page of Streamlit's is."""
    if tab.get_by_test_id("stApp").count() or not tab.get_by_role("main").count():
        settle(tab)
    tab.evaluate("() => document.fonts.ready.then(() => new Promise(requestAnimationFrame))")


def grave(tab: Page) -> list[str]:
    """What axe finds that is serious or worse."""
    found: dict[str, Any] = Axe().run(tab, options=AXE).response
    return [
        f"{fault['id']}: {fault['help']}: {' '.join(map(str, node['target']))} {node['html'][:160]}"
        for fault in found["violations"]
        if fault["impact"] in GRAVE
        for node in fault["nodes"]
    ]


def disorder(tab: Page) -> list[str]:
    """What is wrong with the order of the headings."""
    found = tab.evaluate(HEADINGS)
    levels = [level for level, _ in found]
    wrong = [f"the page begins with h{levels[0]}, and not with h1"] if levels[:1] not in ([], [1]) else []
    wrong += ["there is no heading"] if not levels else []
    wrong += [f"{levels.count(1)} headings of the first level"] if levels.count(1) > 1 else []
    return wrong + [
        f"h{level} ({text}) follows h{before}"
        for before, (level, text) in zip(levels, found[1:], strict=False)
        if level > before + 1
    ]


def too_wide(tab: Page) -> list[str]:
    """What is wider than its place, once tables and charts have followed the window."""
    for _attempt in range(30):
        found: list[str] = tab.evaluate(TOO_WIDE)
        if not found:
            break
        tab.wait_for_timeout(100)
    return found


def unfold(tab: Page) -> None:
    """Opens whatever is folded up on the page."""
    folded = tab.get_by_test_id("stMain").locator("details:not([open]) > summary").locator("visible=true")
    while folded.count():
        folded.first.click()
        settle(tab)


def behind_popovers(tab: Page) -> Iterator[str]:
    """What axe finds in each popover of the page."""
    for popover in tab.get_by_test_id("stMain").get_by_test_id("stPopover").get_by_role("button").all():
        popover.click()
        expect(tab.get_by_test_id("stPopoverBody")).to_be_visible()
        yield from grave(tab)
        yield from too_wide(tab)
        tab.keyboard.press("Escape")
        expect(tab.get_by_test_id("stPopoverBody")).to_have_count(0)


def widths(tab: Page, place: Place, view: View, theme: str, shown: tuple[int, ...]) -> list[str]:
    """What is too wide at these widths of the window; takes a picture at each."""
    faults = []
    for width in shown:
        tab.set_viewport_size({"width": width, "height": WIDTHS[width]})
        tab.evaluate(FOLLOWED)
        tab.evaluate("() => document.querySelector('[data-testid=stMain]')?.scrollTo(0, 0)")
        faults += [f"{width} px: {fault}" for fault in too_wide(tab)]
        place.shoot(tab, f"{view.name} {width} {theme}")
    return faults


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_a_page_looks_well(place: Place, tab_of: Callable[..., Page], view: View) -> None:
    tab = go(tab_of(view.who), place, view)
    expect(tab.get_by_test_id("stException")).to_have_count(0)
    faults = disorder(tab)
    for theme in THEMES:
        tab.emulate_media(color_scheme=theme)
        tab.set_viewport_size({"width": 1440, "height": WIDTHS[1440]})
        usual = tuple(WIDTHS) if view.whole else ((1024,) if theme == "light" else (390,))
        faults += [f"{theme}, {fault}" for fault in widths(tab, place, view, theme, usual)]
        if view.whole:
            unfold(tab)
            faults += [f"{theme}, on a phone: {fault}" for fault in too_wide(tab)]
            faults += [f"{theme}, on a phone: {fault}" for fault in [*grave(tab), *behind_popovers(tab)]]
    assert not faults, "\n".join(faults)


def test_the_theme_is_that_of_the_readers_system(place: Place, tab_of: Callable[..., Page]) -> None:
    tab = go(tab_of("teacher"), place, View("theme", "teacher", "/my_account"))
    app = tab.get_by_test_id("stApp")
    for theme, ground in zip(THEMES, ("rgb(255, 255, 255)", "rgb(20, 27, 29)"), strict=True):
        tab.emulate_media(color_scheme=theme)
        expect(app).to_have_css("background-color", ground)


@pytest.mark.parametrize("door", sorted(dialogs()))
def test_a_dialog_looks_well(place: Place, tab_of: Callable[..., Page], door: str) -> None:
    tab = opened_dialog(place, tab_of, OPENERS[door])
    faults = []
    for theme in THEMES:
        tab.emulate_media(color_scheme=theme)
        faults += widths(tab, place, View(f"dialog {OPENERS[door]}", "", ""), theme, (1440, 390))
        faults += [f"{theme}: {fault}" for fault in grave(tab)]
    assert not faults, "\n".join(faults)


def opened_dialog(place: Place, tab_of: Callable[..., Page], opener: str) -> Page:
    """A page on which the dialog behind this button is open, in whatever view it is found."""
    views = [view for view in VIEWS if view.who in ("teacher", "admin")]
    # The page of a class first: others have buttons of the same name that open nothing.
    for view in sorted(views, key=lambda view: (not view.state, view.path != "/class", not view.whole)):
        tab = go(tab_of(view.who), place, view)
        button = tab.get_by_test_id("stMain").get_by_role("button", name=opener, exact=True)
        if not button.count():
            for popover in tab.get_by_test_id("stMain").get_by_test_id("stPopover").get_by_role("button").all():
                popover.click()
                button = tab.get_by_role("button", name=opener, exact=True)
                if button.count():
                    break
                tab.keyboard.press("Escape")
        if button.count():
            button.first.click()
            expect(tab.get_by_role("dialog")).to_be_visible()
            settle(tab)
            return tab
    raise AssertionError(f"no page has a button {opener!r}")


# What is left of English on a page in Spanish: whole messages of the code that the catalogue has another text for.
ENGLISH = [
    re.compile(re.sub(r"\\\{\w+(:[^}]*)?\\\}", ".+", re.escape(form)))
    for message in catalogues.read_catalogue(catalogues.CATALOGUES / "es.po")
    for form in ([message.id] if isinstance(message.id, str) else message.id)
    if " " in (words := re.sub(r"\{\w+\}", "", form).strip()) and re.search(r"[^\W\d_]", words)
]


IN_SPANISH = ("dashboard", "classes", "new_class", "my_account", "system", "class live", "class counted", "sign-in")


@pytest.mark.parametrize("view", [view for view in VIEWS if view.name in IN_SPANISH], ids=lambda view: view.name)
def test_a_spanish_page_has_no_english_on_it(place: Place, tab_of: Callable[..., Page], view: View) -> None:
    tab = go(tab_of(view.who, SPANISH), place, view)
    assert tab.evaluate("document.documentElement.lang") == "es"
    unfold(tab)
    lines = tab.evaluate(LINES)
    assert [line for line in lines if any(english.fullmatch(line) for english in ENGLISH)] == []
    tab.set_viewport_size({"width": 390, "height": WIDTHS[390]})
    tab.evaluate(FOLLOWED)
    assert too_wide(tab) == []  # Spanish is longer
    place.shoot(tab, f"{view.name} 390 Spanish")


def test_without_a_tracker_the_pages_look_well(place: Place, tab_of: Callable[..., Page]) -> None:
    long_ago = datetime.now(UTC) - timedelta(hours=2)
    health.note_alive(place.engine, "one:8787", long_ago, long_ago)
    faults = []
    for view in (View("offline, today", "teacher", "/"), View("offline, system", "admin", "/system")):
        tab = go(tab_of(view.who), place, view)
        expect(tab.get_by_text(re.compile("Counting is paused|No tracker is running")).first).to_be_visible()
        for theme in THEMES:
            tab.emulate_media(color_scheme=theme)
            faults += widths(tab, place, view, theme, (1440, 390))
            faults += [f"{theme}: {fault}" for fault in grave(tab)]
    assert not faults, "\n".join(faults)
