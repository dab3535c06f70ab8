"""The pictures of the README and the teacher's guides, made anew from the demo: `python -m tests.pictures`.

Everything in them is the demo's: its sample term, two classes that are made here, and people who are made up. They go
to `.docs/pictures/<language>/`; `--into FOLDER` puts them elsewhere, and languages may be named to make theirs alone.
"""

import argparse
import io
import json
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from PIL import Image
from playwright.sync_api import Browser, Locator, Page

from tests.browser import expect, new_context, running_chromium, settle
from tests.demo_process import Demo
from tests.matrix.table import OPENERS
from tracker.demo import TEACHER, environment
from tracker.messages.languages import best, gettext, offered, speaking
from tracker.sample_term import TIME_ZONE
from tracker.ui.language import COOKIE as LANGUAGE

PICTURES = Path(__file__).resolve().parent.parent / ".docs" / "pictures"
DESK, PHONE = {"width": 1180, "height": 760}, {"width": 390, "height": 844}
# Where each language is spoken; the browsers' times are those of the sample classes.
SPOKEN = {"en": "en-GB", "es": "es-ES", "pt_BR": "pt-BR"}
# No picture may be larger, in bytes; fewer colours make it smaller.
LARGEST, COLORS = 120_000, (256, 128, 64, 32)
LIVE, PLANNED = "Rhetoric: speaking in public", "Rhetoric: the second draft"
PEOPLE = ("Amara Nwosu", "Bruno Teixeira", "Chiara Conti", "Dilnoza Karimova", "Emil Novak", "Fátima Duarte")

# A list as a spreadsheet has it, with a line that is no student.
ROSTER = """Last name\tFirst name\tE-mail\tStudent ID\tGroup
Nwosu\tAmara\tamara.nwosu@school.example\t00412\tA
Teixeira\tBruno\t\t00413\tA
Karimova\tDilnoza\tdilnoza.karimova@school.example\t00415\tB
Duarte\tFátima\tfatima.duarte@school.example\t00417\tB
Total\t4\t\t\t"""


class School:
    """The demo, with a class that runs, one that is planned, and one that was counted."""

    def __init__(self, demo: Demo) -> None:
        self.demo = demo
        now = datetime.now(ZoneInfo(TIME_ZONE)).replace(second=0, microsecond=0)
        live = self._create(LIVE, now - timedelta(minutes=5))
        self._held(str(live["zoomMeetingId"]))
        self.live = str(live["id"])
        self.planned = str(self._create(PLANNED, now + timedelta(hours=1))["id"])
        fullest = self._fullest(live["teacherId"])
        self.counted, self.course = str(fullest["id"]), str(fullest["courseId"])

    def tracker(self, *words: str) -> Any:
        """What a command answers."""
        command = [sys.executable, "-m", "tracker", *words, "--json"]
        answer = subprocess.run(command, env=self._settings(), stdout=subprocess.PIPE, check=True)
        return json.loads(answer.stdout)

    def _settings(self) -> dict[str, str]:
        """Those that the demo has given its own processes."""
        return {**self.demo.environment, **environment(self.demo.environment)}

    def _create(self, title: str, start: datetime) -> dict[str, Any]:
        when = ("--start", start.strftime("%Y-%m-%dT%H:%M"), "--minutes", "45", "--timezone", TIME_ZONE)
        made: dict[str, Any] = self.tracker("class", "create", "--title", title, "--teacher", TEACHER.email, *when)
        return made

    def _held(self, meeting: str) -> None:
        """The practice Zoom holds the meeting from now on, with people in it."""
        self._zoom(f"/practice/meetings/{meeting}/start")
        for name in PEOPLE:
            self._zoom(f"/practice/meetings/{meeting}/join", {"name": name})

    def _zoom(self, path: str, body: object = None) -> None:
        headers = {"Content-Type": "application/json"}
        call = urllib.request.Request(self.demo.practice_url + path, json.dumps(body or {}).encode(), headers)
        with urllib.request.urlopen(call, timeout=10):
            pass

    def _fullest(self, teacher_id: str) -> dict[str, Any]:
        """The class of the teacher's sample term with the most people, of the latest where several have as many."""
        held = [one for one in self.tracker("class", "list") if one["teacherId"] == teacher_id]
        classes: list[dict[str, Any]] = [one for one in held if one["participantCount"]]
        return max(classes, key=lambda one: (one["participantCount"], one["scheduledStart"]))


def arrange_sign_in(page: Page, school: School) -> None:
    page.goto(f"{school.demo.url}/login")
    page.locator("input[type=email], input[name=email]").first.fill(TEACHER.email)


def sign_in(page: Page, school: School) -> None:
    """Signs in as the teacher of the demo, whatever the language of the form is."""
    arrange_sign_in(page, school)
    page.locator("input[type=password]").first.fill(TEACHER.password)
    page.locator("input[type=password]").first.press("Enter")
    expect(page.get_by_test_id("stApp")).to_be_visible()
    settle(page)


def arrange_today(page: Page, school: School) -> None:
    page.goto(school.demo.url)


def arrange_new_class(page: Page, school: School) -> None:
    page.goto(f"{school.demo.url}/new_class")
    settle(page)
    title = page.get_by_test_id("stMain").get_by_test_id("stTextInput").first.locator("input")
    title.fill(PLANNED)
    title.press("Enter")


def arrange_link(page: Page, school: School) -> None:
    page.goto(f"{school.demo.url}/class?id={school.planned}")


def arrange_live(page: Page, school: School) -> None:
    page.goto(f"{school.demo.url}/class?id={school.live}")


def arrange_class(page: Page, school: School) -> None:
    page.goto(f"{school.demo.url}/class?id={school.counted}")


def arrange_times(page: Page, school: School) -> None:
    arrange_class(page, school)
    settle(page)
    to_top(page, page.locator(".js-plotly-plot").first)


def arrange_correct(page: Page, school: School) -> None:
    """The part of the page in which the list is corrected, unfolded."""
    arrange_class(page, school)
    settle(page)
    unfold(page, page.locator(".st-key-correct details").first)


def arrange_class_students(page: Page, school: School) -> None:
    """The students of a class, with what they were in it."""
    arrange_class(page, school)
    settle(page)
    to_top(page, page.locator("table.students").first)


def arrange_roster_preview(page: Page, school: School) -> None:
    """A list that was pasted, and what was understood of it."""
    page.goto(f"{school.demo.url}/course?id={school.course}&view=students")
    settle(page)
    part = page.locator("[class*=st-key-roster-] details").first
    unfold(page, part)
    page.get_by_role("radio", name=gettext("Paste a list")).or_(
        page.get_by_role("button", name=gettext("Paste a list"))
    ).first.click()
    pasted = part.locator("textarea")
    pasted.fill(ROSTER)
    pasted.press("Control+Enter")
    understood = page.get_by_role("heading", name=gettext("What was understood"))
    expect(understood).to_be_visible()
    to_top(page, understood)


def arrange_register(page: Page, school: School) -> None:
    page.goto(f"{school.demo.url}/course?id={school.course}")


def arrange_share(page: Page, school: School) -> None:
    arrange_class(page, school)
    settle(page)
    press(page, gettext(OPENERS["tracker/ui/sharing.py share"]))
    expect(page.get_by_role("dialog")).to_be_visible()


def arrange_classes(page: Page, school: School) -> None:
    page.goto(f"{school.demo.url}/classes")


# The pictures in the order of the guide, and what is done for each before it is taken.
ARRANGED: dict[str, Callable[[Page, School], None]] = {
    "sign-in": arrange_sign_in,
    "today": arrange_today,
    "new-class": arrange_new_class,
    "link": arrange_link,
    "live": arrange_live,
    "class": arrange_class,
    "times": arrange_times,
    "correct": arrange_correct,
    "roster-preview": arrange_roster_preview,
    "class-students": arrange_class_students,
    "register": arrange_register,
    "share": arrange_share,
    "classes": arrange_classes,
}
ON_A_PHONE = {"live"}
# What is higher than others, so that its button is in it.
HIGHER = {"new-class": 830}


def press(page: Page, label: str) -> None:
    """Presses a button of the page, in whatever popover it is."""
    main = page.get_by_test_id("stMain")
    button = main.get_by_role("button", name=label, exact=True)
    if not button.count():
        for popover in main.get_by_test_id("stPopover").get_by_role("button").all():
            popover.click()
            button = page.get_by_role("button", name=label, exact=True)
            if button.count():
                break
            page.keyboard.press("Escape")
    button.first.click()


def unfold(page: Page, folded: Locator) -> None:
    """Opens a fold, and scrolls it to the top of the window."""
    if folded.get_attribute("open") is None:
        folded.locator("summary").first.click()
    settle(page)
    to_top(page, folded)


def to_top(page: Page, part: Locator) -> None:
    """Scrolls until this part of the page is at the top, with a little room above it."""
    part.scroll_into_view_if_needed()
    part.evaluate("one => { one.style.scrollMarginTop = '5rem'; one.scrollIntoView({block: 'start'}) }")


def take(page: Page, path: Path) -> None:
    """Takes a picture once all is drawn, small enough to be kept with the code."""
    if page.get_by_test_id("stApp").count():
        settle(page)
    page.mouse.move(0, 0)
    page.evaluate("() => document.fonts.ready.then(() => new Promise(done => setTimeout(done, 500)))")
    picture = Image.open(io.BytesIO(page.screenshot(animations="disabled", caret="hide"))).convert("RGB")
    path.parent.mkdir(parents=True, exist_ok=True)
    for colors in COLORS:
        small = picture.quantize(colors, dither=Image.Dither.NONE)
        small.save(path, optimize=True)
        if path.stat().st_size <= LARGEST:
            return
    raise ValueError(f"{path.name} is larger than {LARGEST} bytes")


def make(browser: Browser, school: School, language: str, folder: Path) -> None:
    """Makes the pictures of a language."""
    locale = SPOKEN[language]
    context = new_context(browser, locale=locale, timezone_id=TIME_ZONE, viewport=DESK, color_scheme="light")
    # A context's locale is said with requests, and not with the websocket that draws the page.
    context.add_cookies([{"name": LANGUAGE, "value": locale, "url": school.demo.url}])
    page = context.new_page()
    with speaking(best(locale)):
        for name, arrange in ARRANGED.items():
            desk = {**DESK, "height": HIGHER.get(name, DESK["height"])}
            page.set_viewport_size(PHONE if name in ON_A_PHONE else desk)
            arrange(page, school)
            take(page, folder / f"{name}.png")
            if name == "sign-in":
                sign_in(page, school)
    context.close()


def main() -> None:
    """Starts a demo, makes the pictures, and ends it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("languages", nargs="*", choices=[*offered(), []], help="as their catalogues are called")
    parser.add_argument("--into", type=Path, default=PICTURES, help="the folder for them (default: .docs/pictures)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, running_chromium() as browser:
        demo = Demo(Path(folder), PYTHONUNBUFFERED="1")
        demo.start()
        try:
            school = School(demo)
            for language in given.languages or offered():
                make(browser, school, language, given.into / language.replace("_", "-"))
                print(f"{language}: {len(ARRANGED)} pictures in {given.into}")
        finally:
            demo.interrupt()


if __name__ == "__main__":
    main()
