"""The main job in a real browser, against the real dashboard, tracker and practice Zoom."""

import csv
import io
import json
import re
import sqlite3
import subprocess
import sys
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import ANY
from zoneinfo import ZoneInfo

from playwright.sync_api import Browser, BrowserContext, Locator, Page
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests import browser as browsers
from tests.browser import ZONE, expect, heading, new_context, settled, sign_in, until
from tests.demo_process import Demo
from tests.in_browser.lessons import badge, figure, hold, join, plan_soon
from tests.makers import read_workbook
from tracker.demo import TEACHER

pytestmark = browsers.pytestmark

TITLE = "Rhetoric *1* <i> www.evil.example http://evil.example a@evil.example"

FORMULA_NAME, HTML_NAME = "=HYPERLINK(1)", "Ben <b>Okafor</b>"

BEN = "ben.okafor@school.example"


def zooms_records(demo: Demo, meeting_id: str) -> list[dict[str, Any]]:
    """What the practice Zoom itself has written down, read from its file."""
    state = json.loads(Path(demo.environment["TRACKER_DATA_DIR"], "practice-zoom.json").read_text("utf-8"))
    meeting = next(row for row in state["meetings"] if str(row["number"]) == meeting_id)
    return list(meeting["sessions"])


def test_a_class_is_made_held_counted_and_exported_without_touching_anything(
    teacher: Page, context: BrowserContext, demo: Demo
) -> None:
    settled(teacher.get_by_role("link", name="New class")).click()
    expect(heading(teacher, "New class")).to_be_visible()
    expect(teacher.get_by_role("button", name=f"Time zone: {ZONE}")).to_be_visible()
    settled(teacher.get_by_label("Title")).fill(TITLE)
    settled(teacher.get_by_label("Title")).press("Enter")
    plan_soon(teacher)
    settled(teacher.get_by_role("button", name="Create class")).click()
    expect(teacher.get_by_role("heading", name=re.compile(r"^Rhetoric \*1\* <i> www"))).to_be_visible()
    expect(teacher.get_by_role("link", name=re.compile("evil"))).to_have_count(0)
    expect(badge(teacher, "Planned")).to_be_visible()
    link = settled(teacher.get_by_test_id("stCode").first).inner_text().strip()

    teacher.mouse.move(0, 0)  # away from the button of before, where a hint may have opened
    with context.expect_page() as opened:
        settled(teacher.get_by_role("link", name="Start class")).click()
    host = opened.value
    settled(host.get_by_role("button", name="Start meeting")).click()
    expect(badge(teacher, "Live")).to_be_visible()
    expect(figure(teacher, "In class now")).to_contain_text("0and the host")
    guest = join(context, link, FORMULA_NAME)
    expect(figure(teacher, "In class now")).to_contain_text("1and the host")
    ben = join(context, link, HTML_NAME, BEN)
    expect(figure(teacher, "In class now")).to_contain_text("2and the host")
    # The page moves with the time alone. By then everybody has been there for more than none of Zoom's whole seconds.
    last_point = "[...document.querySelectorAll('.js-plotly-plot')].at(-1).data[0].x.at(-1)"
    teacher.bring_to_front()
    before = settled(teacher).evaluate(last_point)
    until(teacher, f"before => {last_point} !== before", before)
    expect(teacher.get_by_text("still here").first).to_be_attached()
    settled(guest.get_by_role("button", name="Leave")).click()
    expect(guest.get_by_text("You have left the meeting")).to_be_visible()
    settled(ben.get_by_role("button", name="Leave")).click()
    expect(ben.get_by_text("You have left the meeting")).to_be_visible()
    expect(figure(teacher, "In class now")).to_contain_text("0and the host")
    settled(host.get_by_role("button", name="End meeting for all")).click()

    expect(badge(teacher, "Planned")).to_be_visible()  # it was over before its time
    expect(teacher.get_by_text(re.compile("before the planned start"))).to_be_visible()
    settled(teacher.get_by_role("button", name="Count it")).click()
    expect(teacher.get_by_text(re.compile("Zoom's list is due at"))).to_be_visible()
    expect(badge(teacher, "Counted")).to_be_visible()
    people = figure(teacher, "People")
    expect(people).to_contain_text("2")
    expect(people).to_contain_text("and the host")
    expect(teacher.locator(".js-plotly-plot").first.locator(".ytick")).to_have_text(
        [FORMULA_NAME, HTML_NAME, f"{TEACHER.name} (host)"]
    )

    settled(teacher.get_by_role("button", name="Fetch participants now")).click()
    expect(teacher.get_by_text("Zoom has 3 joins of 3 people.")).to_be_visible()

    meeting_id = link.partition("/j/")[2].partition("?")[0]
    with teacher.expect_download() as download:
        settled(teacher.get_by_role("button", name="Excel")).click()
    assert re.fullmatch(r"Rhetoric-1-[a-z-]+-\d{4}-\d\d-\d\d-attendance\.xlsx", download.value.suggested_filename)
    sheets = read_workbook(Path(download.value.path()).read_bytes())
    assert [(name, len(sheet.rows)) for name, sheet in sheets.items()] == [("People", 4), ("Joins and leaves", 4)]
    for shape, label, expected in (("people", "people", people_csv), ("stays", "joins and leaves", stays_csv)):
        with teacher.expect_download() as download:
            settled(teacher.get_by_role("button", name=f"CSV of {label}")).click()
        assert re.fullmatch(
            rf"Rhetoric-1-i-www-[a-z-]+-\d{{4}}-\d\d-\d\d-{shape}\.csv",
            download.value.suggested_filename,
        )
        assert Path(download.value.path()).read_bytes() == expected(zooms_records(demo, meeting_id))


def local(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone(ZoneInfo(ZONE)).isoformat()


def seconds(start: str, end: str) -> int:
    return int((datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds())


def people_csv(sessions: list[dict[str, Any]]) -> bytes:
    """The file as product.md describes it, made from the practice Zoom's own notes."""
    (session,) = sessions
    length = seconds(session["start"], session["end"])
    lines = ["Name,Email,First join,Last leave,Minutes present,Percent,Stays,Status,Role,Minutes in class"]
    for name, shown in ((FORMULA_NAME, "'" + FORMULA_NAME), (HTML_NAME, HTML_NAME), (TEACHER.name, TEACHER.name)):
        (stay,) = (one for one in session["stays"] if one["name"] == name)
        there = seconds(stay["join"], stay["leave"])
        minutes, percent = (there * 10 + 30) // 60 / 10, (there * 200 + length) // (2 * length)
        when = f"{local(stay['join'])},{local(stay['leave'])}"
        status = "present" if 2 * there >= length else "partly"  # on a busy machine the second one comes in late
        role = "host" if name == TEACHER.name else "participant"
        lines.append(f"{shown},{stay['email']},{when},{minutes:.1f},{percent},1,{status},{role},{minutes:.1f}")
    return ("\ufeff" + "".join(f"{line}\r\n" for line in lines)).encode()


def stays_csv(sessions: list[dict[str, Any]]) -> bytes:
    (session,) = sessions
    lines = ["Name,Email,Join,Leave,Seconds,Session,Where"]
    for stay in session["stays"]:
        shown = "'" + FORMULA_NAME if stay["name"] == FORMULA_NAME else stay["name"]
        when = f"{local(stay['join'])},{local(stay['leave'])}"
        lines.append(f"{shown},{stay['email']},{when},{seconds(stay['join'], stay['leave'])},1,meeting")
    return ("\ufeff" + "".join(f"{line}\r\n" for line in lines)).encode()


def choose(teacher: Page, *names: str) -> None:
    """Chooses these people in “Correct the list”."""
    field = teacher.get_by_role("combobox", name="Whom is it about?")
    for name in names:
        # The list closes where the page is drawn anew, as once more after a class was counted: it is opened again then.
        for _attempt in range(5):
            settled(field).click()
            expect(field).to_have_attribute("aria-expanded", "true")  # what is typed before that is lost
            settled(field).press_sequentially(name)
            with suppress(PlaywrightTimeout):
                teacher.get_by_role("option", name=name, exact=True).click(timeout=5000)
                break
            settled(field).press("Escape")
            settled(field).clear()
        settled(field).press("Escape")
    for name in names:
        expect(teacher.get_by_test_id("stMultiSelect")).to_contain_text(name)


def expect_everywhere(teacher: Page, title: str, people: int, *names: str) -> None:
    """The class has so many people and the host, on its page, in the list of classes and in its file."""
    expect(figure(teacher, "People")).to_contain_text(f"{people}and the host")
    file = teacher.get_by_role("button", name="CSV of people")
    expect(file).to_have_count(1)  # of a page that is being drawn anew, parts are there twice
    with teacher.expect_download() as download:
        settled(file).click()
    text = Path(download.value.path()).read_text("utf-8-sig")
    assert [(row["Name"], row["Role"]) for row in csv.DictReader(io.StringIO(text))] == [
        *((name, "participant") for name in names),
        (TEACHER.name, "host"),
    ]
    page = teacher.context.new_page()
    page.goto(teacher.url.partition("/class?")[0] + f"/classes?q={title}")
    expect(page.locator(".cells .people .wide")).to_have_text(f"{people}")
    page.close()


def test_people_are_joined_and_set_aside_and_everything_agrees_until_it_is_undone(
    teacher: Page, context: BrowserContext
) -> None:
    ana, phone, robot = "Ana Lima", "Ana Lima (iPhone)", "Aaron's Otter.ai"
    hold(teacher, context, "Ethics", ana, phone, robot)
    expect_everywhere(teacher, "Ethics", 3, robot, ana, phone)

    settled(teacher.get_by_text("Correct the list")).click()
    choose(teacher, ana, phone)
    settled(teacher.get_by_role("button", name="The same person", exact=True)).click()
    expect(teacher.get_by_text(re.compile("You said that 1 is the same person as another"))).to_be_visible()
    # Nobody is chosen any more.
    expect(teacher.get_by_role("button", name="The same person", exact=True)).to_have_count(0)
    settled(teacher.get_by_text("1 suggestion on who is who")).click()
    expect(teacher.get_by_text(re.compile("looks like a note-taking robot"))).to_be_visible()
    settled(teacher.get_by_role("button", name="Set aside")).click()
    expect_everywhere(teacher, "Ethics", 1, ana)

    settled(teacher.get_by_text("What you said about people")).click()
    # By the keyboard: while the list unfolds, its buttons move away from under the mouse.
    settled(teacher.get_by_role("button", name="Undo").nth(1)).press("Enter")
    expect(teacher.get_by_text(f"Set aside: {robot}")).to_have_count(0)
    expect_everywhere(teacher, "Ethics", 2, robot, ana)
    settled(teacher.get_by_role("button", name="Undo").first).press("Enter")
    expect_everywhere(teacher, "Ethics", 3, robot, ana, phone)


def test_a_class_is_moved_and_cancelled_at_zoom_as_well(teacher: Page, context: BrowserContext, demo: Demo) -> None:
    settled(teacher.get_by_role("link", name="New class")).click()
    settled(teacher.get_by_label("Title")).fill("Logic")
    settled(teacher.get_by_label("Title")).press("Enter")
    settled(teacher.get_by_role("button", name="Create class")).click()
    expect(heading(teacher, "Logic")).to_be_visible()
    link = settled(teacher.get_by_test_id("stCode").first).inner_text().strip()

    settled(teacher.get_by_role("button", name="Change")).click()
    dialog = teacher.get_by_role("dialog")
    settled(dialog.get_by_label("Title")).fill("Logic and proof")
    settled(dialog.get_by_label("Title")).press("Enter")
    settled(dialog.get_by_role("button", name="Save")).click()
    expect(heading(teacher, "Logic and proof")).to_be_visible()
    student = context.new_page()
    student.goto(link)
    expect(student.get_by_role("heading", name="Join: Logic and proof")).to_be_visible()

    # What was typed in and abandoned is not there when the dialog is opened again.
    settled(teacher.get_by_role("button", name="Change")).click()
    expect(dialog.get_by_label("Title")).to_have_value("Logic and proof")
    settled(dialog.get_by_label("Title")).fill("Abandoned")
    settled(dialog.get_by_label("Title")).press("Enter")
    settled(dialog.get_by_role("button", name="Close")).click()
    expect(dialog).to_have_count(0)
    settled(teacher.get_by_role("button", name="Change")).click()
    expect(dialog.get_by_label("Title")).to_have_value("Logic and proof")
    settled(dialog.get_by_role("button", name="Close")).click()

    settled(teacher.get_by_role("button", name="Cancel class")).click()
    settled(dialog.get_by_role("button", name="Keep it")).click()
    expect(dialog).to_have_count(0)
    expect(badge(teacher, "Planned")).to_be_visible()
    for _ in range(2):
        settled(teacher.get_by_role("button", name="Cancel class")).click()
        settled(dialog.get_by_role("button", name="Cancel this class")).click()
        expect(badge(teacher, "Cancelled")).to_be_visible()
        settled(teacher.get_by_role("button", name="Undo")).click()
        expect(badge(teacher, "Planned")).to_be_visible()
    student.goto(link)
    expect(student.get_by_role("heading", name="Join: Logic and proof")).to_be_visible()

    settled(teacher.get_by_role("button", name="Cancel class")).click()
    settled(dialog.get_by_role("button", name="Cancel this class")).click()
    expect(badge(teacher, "Cancelled")).to_be_visible()
    # Ten minutes later a tracker deletes the meeting.
    with sqlite3.connect(Path(demo.environment["TRACKER_DATA_DIR"], "demo.sqlite3")) as database:
        back = "datetime({column}, '-10 minutes')"
        changes = ", ".join(f"{one} = {back.format(column=one)}" for one in ("cancelledAt", "zoomDeletionDueAt"))
        database.execute(f"UPDATE LiveStream SET {changes} WHERE zoomDeletionDueAt IS NOT NULL")
    expect(teacher.get_by_role("button", name="Make it again")).to_be_visible()
    student.goto(link)
    expect(student.get_by_role("heading", name="There is no such meeting")).to_be_visible()
    settled(teacher.get_by_role("button", name="Make it again")).click()
    expect(heading(teacher, "New class")).to_be_visible()
    expect(teacher.get_by_label("Title")).to_have_value("Logic and proof")


def test_a_first_time_teacher_has_the_join_link_copied_after_at_most_six_clicks(browser: Browser, demo: Demo) -> None:
    context = new_context(browser, timezone_id=ZONE, permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    clicks = 0

    def click(target: Locator) -> None:
        nonlocal clicks
        clicks += 1
        settled(target).click()

    page.goto(demo.url)
    settled(page.get_by_label("E-mail")).fill(TEACHER.email)
    settled(page.get_by_label("Password")).fill(TEACHER.password)
    click(page.get_by_role("button", name="Sign in"))
    click(page.get_by_role("link", name="New class").first)
    click(page.get_by_label("Title"))
    page.keyboard.type("My first class")
    click(page.get_by_role("button", name="Create class"))
    expect(heading(page, "My first class")).to_be_visible()
    texts = page.get_by_test_id("stCode")
    expect(texts).to_have_count(2)
    link, invitation = texts.all()
    click(link.get_by_role("button"))
    assert clicks <= 6
    join_link = settled(link).inner_text().strip()
    assert join_link.startswith(f"{demo.practice_url}/j/")
    assert page.evaluate("navigator.clipboard.readText()") == join_link

    # By the keyboard too; and the button is seen without a mouse above it, and large enough for a thumb.
    settled(invitation.get_by_role("button")).press("Enter")
    until(page, "link => navigator.clipboard.readText().then(text => text !== link)", join_link)
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.splitlines()[0] == "My first class"
    assert copied.endswith(join_link)
    assert "(São Paulo time)" in copied
    page.mouse.move(0, 0)
    for one in (link, invitation):
        expect(one.get_by_role("button")).to_be_visible()
        box = one.get_by_role("button").bounding_box()
        assert box
        assert min(box["width"], box["height"]) >= 24
    with page.expect_download() as download:
        settled(page.get_by_role("button", name="Calendar entry (.ics)")).click()
    assert f"URL:{join_link}" in Path(download.value.path()).read_text("utf-8").replace("\n ", "")
    context.close()


def test_the_join_link_is_copied_by_touch_and_taken_for_another_class(browser: Browser, demo: Demo) -> None:
    context = new_context(
        browser,
        timezone_id=ZONE,
        viewport={"width": 390, "height": 844},
        has_touch=True,
        is_mobile=True,
        permissions=["clipboard-read", "clipboard-write"],
    )
    page = sign_in(context.new_page(), demo, TEACHER)
    page.goto(f"{demo.url}/new_class")
    settled(page.get_by_label("Title")).fill("By phone")
    settled(page.get_by_label("Title")).press("Enter")
    settled(page.get_by_role("button", name="Create class")).tap()
    expect(heading(page, "By phone")).to_be_visible()
    settled(page.get_by_test_id("stCode").first.get_by_role("button")).tap()
    until(page, "() => navigator.clipboard.readText().then(text => text.includes('/j/'))")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

    page.goto(f"{demo.url}/new_class")
    settled(page.get_by_label("Title")).fill("In the same room")
    settled(page.get_by_label("Title")).press("Enter")
    settled(page.get_by_text("Use a meeting that exists")).tap()
    settled(page.get_by_role("textbox", name="Zoom link or meeting ID")).fill(copied)
    settled(page.get_by_role("textbox", name="Zoom link or meeting ID")).press("Enter")
    settled(page.get_by_role("button", name="Create class")).tap()
    expect(heading(page, "In the same room")).to_be_visible()
    expect(page.get_by_test_id("stCode").first).to_have_text(copied)
    context.close()


def dates_at_zoom(demo: Demo, title: str) -> list[tuple[int, bool]]:
    """Length of each date of the recurring meeting of this title, and whether it is deleted, as Zoom has it."""
    state = json.loads(Path(demo.environment["TRACKER_DATA_DIR"], "practice-zoom.json").read_text("utf-8"))
    (meeting,) = [row for row in state["meetings"] if row["topic"] == title and not row["deleted"]]
    return [(date["duration"], date["deleted"]) for date in meeting["occurrences"]]


def test_a_class_every_week_is_planned_with_one_link_and_changed_alone_and_cancelled_together(
    teacher: Page, demo: Demo
) -> None:
    title = "Rhetoric every week"
    settled(teacher.get_by_role("link", name="New class")).click()
    settled(teacher.get_by_label("Title")).fill(title)
    settled(teacher.get_by_text("Every week", exact=True)).click()
    days = (
        teacher.get_by_test_id("stButtonGroup")
        .get_by_role("button")
        .or_(teacher.get_by_test_id("stButtonGroup").get_by_role("checkbox"))
    )
    expect(days).to_have_count(7)
    today = datetime.now(ZoneInfo(ZONE)) + timedelta(minutes=10)
    settled(days.filter(has_text=f"{today + timedelta(days=2):%a}")).click()
    create = teacher.get_by_role("button", name=re.compile(r"Create \d+ classes"))
    expect(teacher.get_by_test_id("stAlert")).to_contain_text("classes, from")
    expect(create).to_have_text(re.compile(r"Create 2[45] classes"))
    number = int(re.sub(r"\D", "", create.inner_text()))
    settled(create).click()
    expect(heading(teacher, title)).to_be_visible()
    expect(teacher.get_by_text(f"One of {number} classes every")).to_be_visible()
    assert len(dates_at_zoom(demo, title)) == number
    first = teacher.url

    settled(teacher.get_by_role("button", name="Change", exact=True)).click()
    dialog = teacher.get_by_role("dialog")
    minutes = dialog.get_by_label("Minutes")
    settled(minutes).fill("45")
    settled(minutes).press("Tab")
    settled(dialog.get_by_role("button", name="Save")).click()
    expect(dialog).to_be_hidden()
    for _ in range(100):
        if (45, False) in dates_at_zoom(demo, title):
            break
        teacher.wait_for_timeout(200)
    assert dates_at_zoom(demo, title) == [(45, False)] + [(60, False)] * (number - 1)

    teacher.goto(first)
    settled(teacher.get_by_role("button", name="Cancel class")).click()
    settled(dialog.get_by_text("This and all that follow")).click()
    settled(dialog.get_by_role("button", name=f"Cancel {number} classes")).click()
    settled(teacher.get_by_role("button", name=f"Undo for all {number} classes")).click()
    expect(badge(teacher, "Planned")).to_be_visible()
    expect(teacher.get_by_text(f"One of {number} classes every")).to_be_visible()


def put_into_course(demo: Demo, title: str, course: str, roster: Path) -> None:
    """Makes a course of the teacher's with these students, and puts the class of this title into it."""
    file = Path(demo.environment["TRACKER_DATA_DIR"], "demo.sqlite3")
    command = [sys.executable, "-m", "tracker", "roster", "import", course, str(roster), "--teacher", TEACHER.email]
    subprocess.run(command, env={**demo.environment, "DATABASE_URL": f"sqlite:///{file}"}, check=True, timeout=60)
    with sqlite3.connect(file) as database:
        of_course = "(SELECT id FROM Course WHERE name = ?)"
        database.execute(f"UPDATE LiveStream SET courseId = {of_course} WHERE title = ?", (course, title))


def test_who_of_the_list_was_missing_is_excused_and_a_guest_is_told_to_be_a_student(
    teacher: Page, context: BrowserContext, demo: Demo, tmp_path: Path
) -> None:
    hold(teacher, context, "Poetics", "Ana Lima", "Carla S.")
    roster = tmp_path / "students.csv"
    roster.write_text("Name,Email\nAna Lima,ana@x.example\nBen Ortiz,ben@x.example\nCarla Souza,carla@x.example\n")
    put_into_course(demo, "Poetics", "Poetics 1", roster)
    expect(figure(teacher, "Students")).to_contain_text("1 of 3")
    missing = teacher.locator(".st-key-absent")
    expect(missing).to_contain_text("Ben Ortiz")
    expect(missing).to_contain_text("Carla Souza")

    settled(teacher.get_by_text("1 guest may be a student")).click()
    settled(teacher.get_by_role("button", name="It is Carla Souza")).press("Enter")
    expect(figure(teacher, "Students")).to_contain_text("2 of 3")
    expect(missing).not_to_contain_text("Carla Souza")
    settled(missing.get_by_role("button", name="Excuse")).press("Enter")
    expect(teacher.get_by_text("Excused: Ben Ortiz.")).to_be_visible()
    expect(figure(teacher, "Absent")).to_contain_text("0and 1 excused")

    teacher.reload()
    listed_students = teacher.locator("table.students tbody tr")
    expect(listed_students).to_have_text(
        [re.compile("Ana Lima.*present"), re.compile("Ben Ortiz.*excused"), re.compile("Carla Souza.*present")]
    )
    teacher.emulate_media(media="print")
    expect(teacher.get_by_role("button", name="Excel")).to_be_hidden()
    expect(listed_students).to_have_count(3)
    teacher.emulate_media(media="screen")
    with teacher.expect_download() as download:
        settled(teacher.get_by_role("button", name="Excel")).click()
    sheets = read_workbook(Path(download.value.path()).read_bytes())
    assert [row[:4] for row in sheets["Students"].rows] == [
        ["Name", "Email", "Number", "Status"],
        ["Ana Lima", "ana@x.example", None, "present"],
        ["Ben Ortiz", "ben@x.example", None, "excused"],
        ["Carla Souza", "carla@x.example", None, ANY],  # she came in when half of this short class was over, or not
    ]
