"""What the tests in a real browser share: the browser, how long they wait, and when a page has come to rest."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Locator, Page, sync_playwright
from playwright.sync_api import expect as expect_at_once

from tests.demo_process import Demo
from tests.tools import needs, path_of
from tracker.demo import Account

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = path_of(*BROWSERS)
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
ZONE = "America/Sao_Paulo"
# In milliseconds: so long is waited for what has to come. Much, since other tests run on the same processors.
WAIT = 90_000

pytestmark = [
    needs(*BROWSERS),
    pytest.mark.slow,
    pytest.mark.timeout(600),  # seconds, and a few of the waits above
]

# In every page: when something was last asked of the server, and when anything was last heard from it.
LISTENS = """(() => {
  const line = window.lineToServer = {asked: 0, heard: 0}, Line = window.WebSocket
  window.WebSocket = class extends Line {
    constructor(...given) {
      super(...given)
      this.addEventListener("message", () => { line.heard = performance.now() })
      this.addEventListener("close", () => { line.asked = 0 })
    }
    send(message) {
      line.asked = performance.now()
      super.send(message)
    }
  }
})()"""
# A page of Streamlit's is at rest when it was answered, its script has ended, and nothing is left of what was there
# before; for a moment, in which a run that was asked for begins. Others are when they are loaded. The page looks for
# itself, often: between two questions of a page whether something has happened, it rests for a moment only.
AT_REST = """async () => {
  const rests = () => {
    if (!document.getElementById("root")) return document.readyState === "complete"
    const app = document.querySelector("[data-testid=stApp]"), {asked, heard} = window.lineToServer
    return app?.dataset.testConnectionState === "CONNECTED" && app.dataset.testScriptState === "notRunning"
      && !document.querySelector("[data-stale=true], [data-testid=stSkeleton]")
      && heard >= asked && performance.now() - heard > 60
  }
  for (let looked = 0; looked < 100 && !rests(); looked++) await new Promise(done => setTimeout(done, 10))
  return rests()
}"""
# What a person sees, and how Streamlit stands.
READ = "() => [{...document.querySelector('[data-testid=stApp]')?.dataset}, document.body.innerText]"

PageOrLocator = TypeVar("PageOrLocator", Page, Locator)


@contextmanager
def running_chromium() -> Iterator[Browser]:
    """Chromium without a window."""
    assert CHROMIUM, "the browser tests need Chromium"
    expect_at_once.set_options(timeout=WAIT)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


def new_context(browser: Browser, **options: Any) -> BrowserContext:
    """Somebody's browser: it waits for as long as needed, and its pages can be asked whether they are at rest."""
    context = browser.new_context(**options)
    context.set_default_timeout(WAIT)
    context.add_init_script(LISTENS)
    return context


def sign_in(page: Page, demo: Demo, account: Account) -> Page:
    page.goto(demo.url)
    page.get_by_label("E-mail").fill(account.email)
    page.get_by_label("Password").fill(account.password)
    page.get_by_role("button", name="Sign in").click()
    expect(heading(page, "Today")).to_be_visible()
    return page


def heading(page: Page, name: str) -> Locator:
    return page.get_by_role("heading", name=name, exact=True)


def settle(page: Page) -> None:
    """Waits until the page is drawn, and nothing of what was there before is left on it."""
    until(page, AT_REST)


def settled(target: PageOrLocator) -> PageOrLocator:
    """The same page or part of one, once it is there and its page is at rest.

    Whatever is done to a page, or read from it at once, needs that: while a page is drawn anew, parts of it are there
    twice, and what is done to the old ones is lost.
    """
    if isinstance(target, Page):
        settle(target)
    else:
        with _told(target.page):
            target.first.wait_for(state="attached")
        settle(target.page)
    return target


def until(page: Page, question: str, argument: Any = None) -> None:
    """Waits until a function of JavaScript says yes.

    Playwright's own way has the page evaluate a text again and again, which the content policy of our pages refuses.
    """
    deadline = time.monotonic() + WAIT / 1000
    while True:
        try:
            if page.evaluate(question, argument):
                return
        except Error as error:  # the page was left for another one at this moment
            if "Execution context was destroyed" not in str(error):
                raise
        with _told(page):
            assert time.monotonic() < deadline, f"still not so: {question}"
        page.wait_for_timeout(50)


@contextmanager
def _told(page: Page) -> Iterator[None]:
    """Adds to an error what there was to read on the page."""
    try:
        yield
    except (AssertionError, Error) as error:
        with suppress(Error):  # the page is closed, or was left at this moment
            error.add_note(f"{page.url}: {page.evaluate(READ)}")
        raise


def expect(actual: Page | Locator) -> Any:
    """Playwright's `expect`, which waits as well while there are several of what there has to be one of."""
    return _Expected(actual)


class _Expected:
    def __init__(self, actual: Page | Locator) -> None:
        self._page = actual if isinstance(actual, Page) else actual.page
        self._assertions = expect_at_once(actual)

    def __getattr__(self, name: str) -> Any:
        asserted = getattr(self._assertions, name)

        def tried(*arguments: Any, **options: Any) -> None:
            deadline = time.monotonic() + options.get("timeout", WAIT) / 1000
            while True:
                try:
                    with _told(self._page):
                        return asserted(*arguments, **options)
                except (AssertionError, Error) as error:
                    if "strict mode violation" not in str(error) or time.monotonic() > deadline:
                        raise
                self._page.wait_for_timeout(50)

        return tried
