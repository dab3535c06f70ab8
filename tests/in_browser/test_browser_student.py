"""A student's own page in a real browser: from the link that her teacher makes to the answer that she reads."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext

from tests import browser as browsers
from tests.attacks.test_pages_in_browser import Watched
from tests.browser import expect, heading, new_context, settled, sign_in
from tests.demo_process import Demo
from tracker import sample_data
from tracker.demo import TEACHER, environment

pytestmark = browsers.pytestmark

STRANGER = "Nobody Ofthatname"


def student_of_demo(demo: Demo, folder: Path) -> str:
    """The id of a student who has missed every class of a course of the demo's."""
    file = Path(demo.environment["TRACKER_DATA_DIR"], sample_data.DATABASE)
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        (course, data) = database.execute(
            'SELECT "Course".name, "participantsData" FROM "LiveStream" JOIN "Course" ON "Course".id = "courseId" '
            'JOIN "User" ON "User".id = "Course"."teacherId" '
            'WHERE "participantCount" > 3 AND "User".email = ? ORDER BY "scheduledStart" LIMIT 1',
            (TEACHER.email,),
        ).fetchone()
    names = sorted({one["name"] for one in json.loads(data)["participants"] if one["name"]})
    listed = folder / "roster.csv"
    listed.write_text("\n".join(["Name", STRANGER, *names[:3]]), encoding="utf-8")
    command = ("-m", "tracker", "roster", "import", course, str(listed), "--teacher", TEACHER.email)
    settings = {**demo.environment, **environment(demo.environment)}
    subprocess.run([sys.executable, *command], env=settings, check=True, stdout=subprocess.DEVNULL)
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        (student_id,) = database.execute('SELECT id FROM "Student" WHERE name = ?', (STRANGER,)).fetchone()
    return str(student_id)


def test_a_student_says_that_something_is_not_right_and_reads_the_answer(
    context: BrowserContext,
    browser: Browser,
    demo: Demo,
    tmp_path: Path,
) -> None:
    student_id = student_of_demo(demo, tmp_path)
    teacher = sign_in(context.new_page(), demo, TEACHER)
    teacher.goto(f"{demo.url}/student?id={student_id}")
    expect(heading(teacher, STRANGER)).to_be_visible()
    settled(teacher.get_by_text("The student's own page")).click()
    settled(teacher.get_by_role("button", name="Make a link")).click()
    link = str(settled(teacher.get_by_test_id("stCode")).inner_text()).strip()
    assert link.startswith(f"{demo.url}/my/")

    own = new_context(browser, viewport={"width": 390, "height": 844}, locale="en-GB")
    page = own.new_page()
    watched = Watched(page, demo)
    page.goto(link)
    expect(heading(page, "Your attendance")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    first = page.locator(".classes > li").first
    expect(first.get_by_text("absent")).to_be_visible()
    settled(first.get_by_text("This is not right")).click()
    settled(first.get_by_label("What is not right? Your teacher reads it.")).fill("I was there. <b>Really.</b>")
    settled(first.get_by_role("button", name="Send")).click()
    expect(first.get_by_text("Your teacher has not answered yet.")).to_be_visible()
    assert own.cookies() == []

    teacher.goto(demo.url)
    asked = teacher.locator(".requests li")
    expect(asked).to_contain_text("“I was there. <b>Really.</b>”")
    settled(asked.get_by_role("link", name=STRANGER)).click()
    settled(teacher.get_by_role("textbox", name="Answer, which the student reads")).fill("I saw you.")
    settled(teacher.get_by_role("button", name="Accept")).click()
    expect(teacher.get_by_text("The request is accepted: present.")).to_be_visible()

    page.reload()
    expect(first.locator(".mark")).to_contain_text("present")
    expect(first).to_contain_text("Your teacher has accepted it.")
    expect(first).to_contain_text("Answer: I saw you.")
    assert watched.faults == []
    own.close()
