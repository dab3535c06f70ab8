"""The lists in a real browser: searched, paged, gone back to, and to be seen by whom they are for."""

import re
import urllib.request

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page

from tests import browser as browsers
from tests.browser import expect, heading, new_context, settled, sign_in
from tests.demo_process import Demo
from tracker.demo import ADMIN, TEACHER

pytestmark = browsers.pytestmark


def listed(page: Page, word: str) -> Locator:
    """The states in the list of classes that say this word."""
    return page.locator(".state .mark", has_text=word)


def test_the_history_is_searched_and_paged_and_survives_a_reload(teacher: Page) -> None:
    settled(teacher.get_by_role("link", name="Classes")).click()
    settled(teacher.get_by_role("button", name="Ended")).click()
    expect(listed(teacher, "Counted")).to_have_count(20)
    settled(teacher.get_by_role("textbox", name="Search")).fill("lesson 12")
    settled(teacher.get_by_role("textbox", name="Search")).press("Enter")
    expect(teacher.get_by_role("link", name=re.compile("lesson 12$"))).to_have_count(3)
    expect(teacher.get_by_role("link", name=re.compile("lesson 11$"))).to_have_count(0)
    assert "q=lesson" in teacher.url
    teacher.reload()
    expect(teacher.get_by_role("link", name=re.compile("lesson 12$"))).to_have_count(3)
    expect(listed(teacher, "Counted")).to_have_count(3)


def test_the_way_back_from_a_class_leads_to_the_list_as_it_was(teacher: Page) -> None:
    settled(teacher.get_by_role("link", name="Classes")).click()
    settled(teacher.get_by_role("textbox", name="Search")).fill("lesson 12")
    settled(teacher.get_by_role("textbox", name="Search")).press("Enter")
    expect(teacher.get_by_role("link", name=re.compile("lesson"))).to_have_count(3)
    for back in (teacher.go_back, teacher.get_by_test_id("stMain").get_by_role("link", name="Classes").click):
        settled(teacher.get_by_role("link", name=re.compile("lesson 12$")).first).click()
        expect(teacher.get_by_role("heading", name=re.compile("lesson 12$"))).to_be_visible()
        back()
        expect(heading(teacher, "Classes")).to_be_visible()
        expect(teacher.get_by_label("Search", exact=True)).to_have_value("lesson 12")
        expect(teacher.get_by_role("link", name=re.compile("lesson"))).to_have_count(3)


def test_nobody_sees_anything_without_signing_in_and_a_link_leads_on_after_it(
    teacher: Page, browser: Browser, demo: Demo
) -> None:
    settled(teacher.get_by_role("link", name="Classes")).click()
    settled(teacher.get_by_role("link", name=re.compile("lesson 12$")).first).click()
    expect(teacher.get_by_role("button", name="Fetch participants now")).to_be_visible()
    shared = teacher.url

    stranger = new_context(browser)
    page = stranger.new_page()
    page.goto(shared)
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert "lesson 12" not in page.content()
    settled(page.get_by_label("E-mail")).fill(ADMIN.email)
    settled(page.get_by_label("Password")).fill("not-the-password")
    settled(page.get_by_role("button", name="Sign in")).click()
    expect(page.get_by_role("alert")).to_have_text("E-mail or password is wrong.")
    settled(page.get_by_label("Password")).fill(ADMIN.password)
    settled(page.get_by_role("button", name="Sign in")).click()
    expect(page.get_by_role("heading", name=re.compile("lesson 12$"))).to_be_visible()
    assert page.url == shared

    token = next(cookie for cookie in stranger.cookies() if cookie.get("name") == "tracker_session")
    assert token.get("httpOnly")
    assert token.get("sameSite") == "Lax"
    settled(page.get_by_role("button", name="Sign out")).click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    request = urllib.request.Request(demo.url + "/_stcore/metrics")
    request.add_header("Cookie", f"tracker_session={token.get('value')}")
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(request, timeout=10)
    stranger.close()


def test_a_teacher_does_not_see_a_colleagues_class_and_an_admin_does(
    teacher: Page, browser: Browser, demo: Demo
) -> None:
    other = new_context(browser)
    admin = sign_in(other.new_page(), demo, ADMIN)
    admin.goto(demo.url + "/classes?status=Ended")
    expect(admin.get_by_role("link", name=re.compile("lesson")).nth(9)).to_be_visible()
    settled(admin.get_by_text(re.compile("Tom Adeyemi")).first.locator("xpath=(preceding::a)[last()]")).click()
    expect(admin.get_by_role("button", name="Fetch participants now")).to_be_visible()
    expect(admin.get_by_role("link", name="Go to class")).to_have_count(0)
    teacher.goto(admin.url)
    expect(teacher.get_by_text("This class belongs to somebody else.")).to_be_visible()
    assert "people" not in teacher.get_by_test_id("stMain").inner_text()
    other.close()


def test_an_admin_sees_how_everything_stands_and_has_what_fails_tried_again(
    context: BrowserContext, demo: Demo
) -> None:
    page = sign_in(context.new_page(), demo, ADMIN)
    settled(page.get_by_role("link", name="System")).click()
    expect(heading(page, "System")).to_be_visible()
    expect(page.get_by_text("127.0.0.1 accepts the app's credentials.")).to_be_visible()
    expect(page.get_by_text("8 of 8 are granted.")).to_be_visible()
    expect(page.get_by_text("No tracker is running")).to_have_count(0)
    # A class of one person, of which the practice Zoom gives no list.
    lonely = page.get_by_text("Zoom has no participant list for this class yet. ")
    expect(lonely).not_to_have_count(0)
    # Tried again and again by the tracker, with growing gaps, and the page not touched.
    few_tries, many_tries = (
        page.get_by_text(re.compile(tries)) for tries in (r"\bTried [23] times", r"\bTried ([4-9]|\d\d) times")
    )
    expect(many_tries).not_to_have_count(0)
    expect(few_tries).to_have_count(0)
    settled(page.get_by_role("button", name="Try all again")).click()
    expect(few_tries).not_to_have_count(0)
    expect(many_tries).not_to_have_count(0)


def test_the_pages_ask_nothing_of_other_sites(browser: Browser, demo: Demo) -> None:
    context = new_context(browser)
    asked: set[str] = set()
    page = context.new_page()
    page.on("request", lambda request: asked.add(request.url))
    sign_in(page, demo, TEACHER)
    for path in ("/classes", "/new_class", "/class?id=nothing"):
        page.goto(demo.url + path)
        expect(page.get_by_test_id("stSidebarUserContent").get_by_role("link", name="Today")).to_be_visible()
    assert {url for url in asked if not url.startswith((demo.url, "data:", "blob:"))} == set()
    context.close()


def test_a_click_anywhere_on_a_line_opens_the_class_and_its_link_is_copied(
    teacher: Page, context: BrowserContext
) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    line = teacher.locator("[class*='st-key-copy-link-']").first
    link = (settled(line.get_by_test_id("stCode")).text_content() or "").strip()
    assert "/j/" in link
    settled(line.get_by_role("button", name="Copy")).click()
    expect(line.get_by_role("button", name="Copied")).to_be_visible()
    assert teacher.evaluate("navigator.clipboard.readText()") == link

    settled(teacher.get_by_role("link", name="Classes")).click()
    expect(heading(teacher, "Classes")).to_be_visible()
    row = teacher.locator("[class*='st-key-class-row-']").first
    title = settled(row.get_by_role("link")).inner_text()
    box = settled(row).bounding_box()
    assert box
    teacher.mouse.click(box["x"] + box["width"] * 0.6, box["y"] + box["height"] / 2)
    expect(heading(teacher, title)).to_be_visible()
    teacher.go_back()
    expect(heading(teacher, "Classes")).to_be_visible()
    # By the keyboard too.
    settled(teacher.locator("[class*='st-key-class-row-']").nth(1).get_by_role("link")).press("Enter")
    expect(teacher).to_have_url(re.compile(r"/class\?id="))
