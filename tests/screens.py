"""Opens the dashboard's pages in Streamlit's own test harness, and reads what is on them."""

import re
from collections.abc import Iterable, Iterator
from functools import partial
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime import context
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage
from streamlit.runtime.scriptrunner.script_cache import ScriptCache
from streamlit.testing.v1 import AppTest, app_test, local_script_runner

from tests.makers import Clock
from tracker import auth, sessions
from tracker.storage.members import Member
from tracker.ui import page, wiring
from tracker.ui.sign_in import COOKIE
from tracker.ui.words import WORD_JOINER
from tracker.zoom.webhook import Delivery

PROJECT = Path(__file__).resolve().parent.parent
PAGES = [page.TODAY, *sorted(f"pages/{file.name}" for file in (PROJECT / "pages").glob("*.py"))]
# The views of the page of a course, by the word for each in its address.
COURSE_VIEWS = ("register", "students", "charts", "reports", "settings")
PASSWORD = "correct horse"
# Each page is compiled once for all tests; the harness would do so at every draw.
COMPILED = ScriptCache()
# From where the browser connects.
ADDRESS = "192.0.2.1"
# The places where Markdown or HTML would be read as such.
MARKUP = ("title", "header", "subheader", "markdown", "caption", "error", "warning", "info", "success", "html")
LABELLED = ("page_link", "link_button", "button", "download_button", "metric", "expander", "status")


class Screens:
    """Opens pages as whoever is signed in. `zone` and `locale` are the browser's, `files` what can be downloaded."""

    def __init__(self, engine: Engine, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
        self.engine, self.clock = engine, clock
        self.zone: str | None = "Europe/Berlin"
        self.locale = "en-GB"
        self.cookies: dict[str, str] = {}
        self.files = MemoryMediaFileStorage("/mock/media")
        monkeypatch.setattr(page, "sign_in_cookies", lambda: self.cookies)
        monkeypatch.setattr(page, "browser_address", lambda: ADDRESS)
        monkeypatch.setattr(app_test, "MemoryMediaFileStorage", self._new_files)
        monkeypatch.setattr(app_test, "MediaFileManager", self._new_manager)
        # In the harness nobody has connected; its mock would say so with cookies and headers that are mocks as well.
        monkeypatch.setattr(context, "_get_client_context", lambda: None)
        for harness in (app_test, local_script_runner):
            monkeypatch.setattr(harness, "ScriptCache", lambda: COMPILED)
        # The pages use no installed component, and looking through every package for one takes half a second.
        monkeypatch.setattr(manifest_scanner, "scan_component_manifests", list)

    def sign_in(self, who: Member) -> None:
        """From now on the browser has a token of this person's."""
        auth.set_password(self.engine, auth.OPERATOR, who.email, PASSWORD, self.clock())
        self.cookies = {COOKIE: auth.sign_in(self.engine, who.email, PASSWORD, ADDRESS, self.clock())}

    def open(self, name: str, **query: str) -> AppTest:
        """The page, drawn once."""
        at = AppTest.from_file(PROJECT / page.TODAY, default_timeout=30)
        at.context = {"timezone": self.zone, "locale": self.locale}
        at.query_params |= query
        if name != page.TODAY:
            at.switch_page(name)
        return at.run()

    def download(self, at: AppTest, label: str) -> tuple[str, bytes]:
        """Name and bytes of the file that this button hands out; it may be made only now."""
        button = next(button for button in at.get("download_button") if button.proto.label == label)
        late = button.proto.HasField("deferred_file_id")
        url = self.manager.execute_deferred(button.proto.deferred_file_id) if late else button.proto.url
        found = self.files.get_file(url.rpartition("/")[2])
        return str(found.filename), found.content

    def _new_files(self, endpoint: str) -> MemoryMediaFileStorage:
        self.files = MemoryMediaFileStorage(endpoint)
        return self.files

    def _new_manager(self, files: MemoryMediaFileStorage) -> MediaFileManager:
        self.manager = MediaFileManager(files)
        return self.manager


class Away:
    """A database that goes away before its statement number `after`, until told otherwise."""

    def __init__(self) -> None:
        self.asked, self.after = 0, 10**9
        event.listen(wiring.services().engine, "before_cursor_execute", self._ask)

    def _ask(self, *_: object) -> None:
        self.asked += 1
        if self.asked > self.after:
            raise OperationalError("SELECT", {}, Exception("the server closed the connection"))


def note(delivery: Delivery) -> None:
    """The tracker takes this webhook in."""
    sessions.note_delivery(wiring.services(), delivery)


def raw(at: AppTest) -> list[str]:
    """Every text that the browser would read as Markdown or HTML, as it is sent there."""
    markdown = _texts(node for node in at if node.type != "html")
    return [*markdown, *(str(node.value) for node in at if node.type == "html")]


def said(at: AppTest) -> str:
    """What there is to read on the page, a line each."""
    return _as_read(_texts(at.main))


def said_everywhere(at: AppTest) -> str:
    """The same with what is beside the page: the sidebar, and a dialog that is open."""
    return _as_read(_texts(at))


def _as_read(texts: Iterable[str]) -> str:
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", "\n".join(texts).replace(WORD_JOINER, ""))


def refused(at: AppTest) -> str:
    """The sentence that stands in place of a page that is not for its reader; empty where there is none."""
    found = [re.search(r'<div class="notice.*?<p>(.*?)</p>', str(one.value)) for one in at.main if one.type == "html"]
    return next((unescape(one[1]) for one in found if one), "")


def headings(at: AppTest) -> list[str]:
    """Headings of parts and links of the page in their order: what is listed under what."""
    found = [node for node in at.main if node.type in ("header", "subheader", "page_link")]
    return [said_of(node) for node in found]


def said_of(node: Any) -> str:
    """A heading's or a link's text without the signs of Markdown."""
    return re.sub(r"\\(.)", r"\1", str(node.value)).strip("*")


def links(at: AppTest) -> list[str]:
    """The titles of the classes listed."""
    return [said_of(node) for node in at.main if node.type == "page_link"]


def button(at: AppTest, label: str) -> Any:
    """The button with this label."""
    return next(one for one in at.button if one.label == label)


def metric(at: AppTest, label: str) -> str:
    """The value of this key figure, without what belongs to it."""
    shown = {one.label: str(one.value) for one in at.metric} | figures(at)
    return shown[label].partition(" (")[0]


def figures(at: AppTest) -> dict[str, str]:
    """The figures of a class by their names; what belongs to one follows in brackets."""
    drawn = (str(node.value) for node in at.main if node.type == "html" and "class='figures'" in str(node.value))
    return {
        unescape(name): unescape(f"{value} ({note})" if note else value)
        for html in drawn
        for name, value, note in re.findall(
            r"<dt>(.*?)</dt><dd class='value'>(.*?)</dd>(?:<dd class='note'>(.*?)</dd>)?", html
        )
    }


def tables(at: AppTest) -> dict[str, list[dict[str, str]]]:
    """The lists on the page by their captions, a row by its headings; what only a phone shows is left out."""
    found = {}
    for html in (str(node.value) for node in at.main if node.type == "html" and "<caption" in str(node.value)):
        wide = re.sub(r"<span class='narrow.*?</span>", "", html)
        texts = [[_text_of(cell) for cell in re.findall(r"<t[hd][ >].*?</t[hd]>", row)] for row in wide.split("<tr>")]
        _before, headings, *rows = texts
        (caption,) = re.findall(r"<caption[^>]*>(.*?)</caption>", html)
        found[unescape(caption)] = [dict(zip(headings, row, strict=True)) for row in rows]
    return found


def _text_of(html: str) -> str:
    """What there is to read of a piece of HTML; the signs of marks are left out."""
    signs = re.sub(r"<span aria-hidden='true'>.*?</span>", "", html)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", signs)).split())


def _texts(nodes: Any) -> Iterator[str]:
    for node in nodes:
        if node.type == "html":
            text = re.sub(r"<style>.*?</style>|<[^>]*>", " ", str(node.value), flags=re.DOTALL)
            yield from filter(None, [" ".join(unescape(text).split())])
        elif node.type in MARKUP:
            yield str(node.value)
        elif node.type in LABELLED:
            yield str(getattr(node, "label", None) or node.value)
            if node.type == "metric":
                yield str(node.value)
            if help_text := getattr(node, "help", None):
                yield str(help_text)


def show(screens: Screens, class_id: str) -> AppTest:
    """The page of a class."""
    shown = screens.open(page.CLASS, id=class_id)
    assert not shown.exception
    return shown


def rerun_part(at: AppTest, part: str, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """Draws one part of an open page alone, by Streamlit's id of it, as its timer or a click in a dialog does."""
    asked = partial(local_script_runner.RerunData, fragment_id_queue=[part])
    with monkeypatch.context() as patch:
        patch.setattr(local_script_runner, "RerunData", asked)
        return at.run()


def parts(at: AppTest) -> list[str]:
    """Streamlit's ids of the parts of the page that are drawn by themselves, in their order; an open dialog is one."""
    return list(at._fragment_storage._fragments)


def dialog_buttons(at: AppTest) -> list[Any]:
    """The buttons in the dialog that is open."""
    return [one for one in at._tree[2].get("button") if not one.disabled] if 2 in at._tree.children else []
