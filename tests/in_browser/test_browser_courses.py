"""A course in a real browser: from a list of students in Excel to the register as a file that openpyxl reads."""

import io
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from playwright.sync_api import Browser, FilePayload, Page
from sqlalchemy import Engine

from tests import browser as browsers
from tests.browser import expect, new_context, settled
from tests.demo_process import free_port
from tests.makers import NOW, counted, environment, lesson, member, stay
from tests.screens import ADDRESS
from tracker import auth, health
from tracker.server.dashboard_process import Dashboard
from tracker.settings import read_settings
from tracker.storage.database import make_engine
from tracker.ui.sign_in import COOKIE

pytestmark = browsers.pytestmark

PASSWORD = "seven tulips in the rain"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
STUDENTS = (("Bo Ek", "bo@x.example", "001"), ("Cy Lima", "", "002"), ("Di Day", "di@x.example", "003"))


@dataclass
class Place:
    """A dashboard on a database with a course of two classes, and a browser that is signed in to it."""

    url: str
    engine: Engine
    tab: Page
    folder: Path


@pytest.fixture
def place(tmp_path: Path, migrated_file: Path, browser: Browser) -> Iterator[Place]:
    shutil.copy(migrated_file, tmp_path / "test.sqlite3")
    said = environment(
        DATABASE_URL=f"sqlite:///{tmp_path / 'test.sqlite3'}",
        TRACKER_DATA_DIR=str(tmp_path),
        DASHBOARD_PORT=str(free_port()),
    )
    engine, now = make_engine(said["DATABASE_URL"]), datetime.now(UTC)
    minutes = round((now - NOW).total_seconds() / 60)
    ana = member(engine)
    for days in (7, 14):
        start = minutes - 1440 * days
        class_id = lesson(engine, ana, f"Algebra {days} days ago", start, course="Algebra 7B")
        people = [stay("Bo Ek", start, start + 60), stay("Guest", start, start + 60)]
        people += [stay("Cy Lima", start + 20, start + 60)] if days == 7 else []
        counted(engine, class_id, *people, start=start, end=start + 60, fetched=start + 75)
    health.note_alive(engine, "one:8787", now, now + timedelta(days=1))
    auth.set_password(engine, auth.OPERATOR, ana.email, PASSWORD, now)
    token = auth.sign_in(engine, ana.email, PASSWORD, ADDRESS, now)
    with Dashboard(read_settings(said), os.environ | said) as dashboard:
        context = new_context(browser, locale="en-GB", timezone_id="Europe/Berlin")
        context.add_cookies([{"name": COOKIE, "value": token, "url": dashboard.url}])
        yield Place(dashboard.url, engine, context.new_page(), tmp_path)
        context.close()
    engine.dispose()


def workbook(*rows: tuple[str, ...]) -> bytes:
    """An Excel file with these rows."""
    book = Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def test_from_a_list_of_students_in_excel_to_the_register_in_excel(place: Place) -> None:
    tab = place.tab
    tab.goto(f"{place.url}/courses")
    settled(tab.get_by_role("link", name="Algebra 7B")).click()
    expect(tab.get_by_role("heading", name="Algebra 7B")).to_be_visible()
    settled(tab.get_by_role("radio", name="Students")).click()
    settled(tab.get_by_role("radio", name="Upload a file")).click()

    given = workbook(("School of tests",), (), ("Name", "E-mail", "ID", "Seat"), *(((*one, "4")) for one in STUDENTS))
    file: FilePayload = {"name": "7B.xlsx", "mimeType": XLSX, "buffer": given}
    settled(tab.locator("input[type=file]")).set_input_files(file)
    expect(tab.get_by_text("“E-mail” is the e-mail")).to_be_visible()
    save = tab.get_by_role("button", name="Save 3 students")
    expect(save).to_be_visible()
    settled(save).click()
    expect(tab.get_by_text("Saved: 3 new students")).to_be_visible()
    assert [file for file in place.folder.rglob("*") if file.suffix in (".xlsx", ".csv")] == []

    settled(tab.get_by_role("radio", name="Register")).click()
    table = tab.get_by_role("table", name="Register")
    expect(table.get_by_role("row", name="Cy Lima")).to_contain_text("late")
    expect(table.get_by_role("row", name="Di Day")).to_contain_text("missed the last 2")
    with tab.expect_download() as started:
        settled(tab.get_by_role("button", name="Excel")).click()
    book = load_workbook(io.BytesIO(started.value.path().read_bytes()))
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    assert [row[0] for row in rows[1:]] == ["Di Day", "Bo Ek", "Cy Lima"]
    assert [row[3:] for row in rows[1:]] == [("absent", "absent"), ("present", "present"), ("absent", "late")]


def test_the_same_list_again_changes_nothing_and_another_one_updates(place: Place) -> None:
    tab = place.tab
    tab.goto(f"{place.url}/courses")
    settled(tab.get_by_role("link", name="Algebra 7B")).click()
    settled(tab.get_by_role("radio", name="Students")).click()
    settled(tab.get_by_role("radio", name="Paste a list")).click()
    text = tab.get_by_role("textbox", name="The list")
    settled(text).fill("Name\tE-mail\nBo Ek\tbo@x.example\nCy Lima\t")
    settled(text).press("Control+Enter")
    settled(tab.get_by_role("button", name="Save 2 students")).click()
    expect(tab.get_by_text("Saved: 2 new students")).to_be_visible()
    settled(tab.get_by_text("Bring the list up to date")).click()
    text = tab.get_by_role("textbox", name="The list")
    settled(text).fill("Name\tE-mail\nBo Ek\tbo@x.example\nCy Lima\tcy@x.example")
    settled(text).press("Control+Enter")
    settled(tab.get_by_role("button", name="Save 1 student")).click()
    expect(tab.get_by_text("1 changed")).to_be_visible()
    expect(tab.get_by_role("table", name="Students").get_by_role("row")).to_have_count(3)
