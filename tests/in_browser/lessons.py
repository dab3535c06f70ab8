"""Classes that are planned and held in the browser, and what is read of them."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from playwright.sync_api import BrowserContext, Locator, Page

from tests.browser import ZONE, expect, heading, settled


def figure(page: Page, name: str) -> Locator:
    """A figure of a class by its name, with its value and what belongs to it."""
    return page.locator(".figures > div", has=page.get_by_text(name, exact=True))


def badge(page: Page, word: str) -> Locator:
    """The states of classes that say this word."""
    return page.locator(".stMarkdownBadge", has_text=word)


def plan_soon(page: Page) -> None:
    """Plans the class in the form for some minutes from now, so that a meeting that begins now is its opening.

    What is done before the class's time has five minutes at the least.
    """
    start = datetime.now(ZoneInfo(ZONE)) + timedelta(minutes=10)
    start = start.replace(minute=start.minute // 5 * 5)
    for label, texts in (("Date", f"{start:%m %d %Y}".split()), ("Time", f"{start:%H %M}".split())):
        parts = page.get_by_role("group", name=label, exact=True).get_by_role("spinbutton")
        expect(parts).to_have_count(len(texts))
        for number, text in enumerate(texts):
            parts.nth(number).press_sequentially(text)
        page.keyboard.press("Escape")  # the calendar that has opened covers the button


def join(context: BrowserContext, link: str, name: str, email: str = "") -> Page:
    """Somebody opens the join link in a tab of their own."""
    tab = context.new_page()
    tab.goto(link)
    settled(tab.get_by_label("Your name")).fill(name)
    settled(tab.get_by_label("E-mail")).fill(email)
    settled(tab.get_by_role("button", name="Join")).click()
    expect(tab.get_by_role("button", name="Leave")).to_be_visible()
    return tab


def hold(teacher: Page, context: BrowserContext, title: str, *names: str) -> None:
    """Plans and holds a class in which people of these names are, and has it counted; its page is open then."""
    settled(teacher.get_by_role("link", name="New class")).click()
    expect(teacher.get_by_role("button", name=f"Time zone: {ZONE}")).to_be_visible()
    settled(teacher.get_by_label("Title")).fill(title)
    settled(teacher.get_by_label("Title")).press("Enter")
    plan_soon(teacher)
    settled(teacher.get_by_role("button", name="Create class")).click()
    expect(heading(teacher, title)).to_be_visible()
    link = settled(teacher.get_by_test_id("stCode").first).inner_text().strip()
    teacher.mouse.move(0, 0)
    with context.expect_page() as opened:
        settled(teacher.get_by_role("link", name="Start class")).click()
    host = opened.value
    settled(host.get_by_role("button", name="Start meeting")).click()
    for number, name in enumerate(names, start=1):
        join(context, link, name)
        expect(figure(teacher, "In class now")).to_contain_text(f"{number}and the host")
    host.wait_for_timeout(1100)  # Zoom's records are in whole seconds; nobody is to have been there for none
    settled(host.get_by_role("button", name="End meeting for all")).click()
    settled(teacher.get_by_role("button", name="Count it")).click()
    expect(badge(teacher, "Counted")).to_be_visible()
