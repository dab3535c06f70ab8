"""What a person sees where there is no page for her: own words, never the faces of Streamlit."""

import ast
import re
import runpy
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

import pytest
from sqlalchemy import Engine, text
from starlette.applications import Starlette
from streamlit.runtime import Runtime

from tests.asgi import request
from tests.gate_client import BEHIND, EMAIL, PAGE, PASSWORD, account, cookie_of, fault, get
from tests.makers import NOW, Clock
from tests.screens import PAGES, PROJECT, Screens, said
from tracker import auth
from tracker.messages import languages
from tracker.server import dashboard_process
from tracker.storage.members import Member
from tracker.ui import index_page, look, my_account, page, wiring
from tracker.ui.headers import content_policy
from tracker.ui.index_page import ADDRESSES

pytestmark = pytest.mark.database("sqlite")


@pytest.fixture
def ana(engine: Engine) -> Member:
    return account(engine)


@pytest.fixture
def dashboard(monkeypatch: pytest.MonkeyPatch, wired: Clock, ana: Member) -> Iterator[Any]:
    """The dashboard as `streamlit run` would start it."""
    monkeypatch.setattr(wiring, "log_like_the_tracker", lambda: None)
    monkeypatch.setattr(dashboard_process, "end_with_parent", lambda environment: None)
    app = runpy.run_path(str(PROJECT / "dashboard.py"), run_name="dashboard")["app"]
    yield app
    Runtime._instance = None


# Addresses


def test_every_page_has_its_address() -> None:
    assert sorted(page.PAGES) == sorted(PAGES)
    assert len(ADDRESSES) == len(PAGES)


@pytest.mark.parametrize("path", ["/nothing", "/x/classes", "/classes/x", "/index.html", "/pages/class.py", "/CLASSES"])
def test_an_address_without_a_page_is_said_to_a_browser_that_is_signed_in(
    app: Starlette, ana: Member, path: str
) -> None:
    shown = get(app, path, cookie_of(app))
    assert (shown.status, fault(shown)) == (404, "There is nothing at this address.")
    assert "<h1>Page not found</h1>" in shown.text
    assert '<a class="button" href="/">Today</a>' in shown.text
    assert get(app, path).status == 303


def test_files_and_programs_are_left_alone(app: Starlette, ana: Member) -> None:
    cookie = cookie_of(app)
    assert get(app, "/static/js/index.js", cookie).text == BEHIND
    assert request(app, "GET", "/favicon.png", headers=cookie).text == BEHIND


def test_whoever_comes_under_a_wrong_name_is_told_in_a_page(app: Starlette) -> None:
    there = {"host": "evil.example"}
    assert fault(get(app, "/", there)).startswith("This dashboard has no name evil.example.")
    assert request(app, "GET", "/", headers=there).text.startswith("This dashboard has no name")


# Streamlit's own page


@pytest.mark.parametrize("header", ["en", "es", "pt-BR"])
def test_streamlits_page_comes_in_the_readers_language_and_with_our_name(dashboard: Any, header: str) -> None:
    built = dashboard._build_starlette_app()
    shown = request(built, "GET", "/classes", headers=PAGE | cookie_of(built) | {"accept-language": header})
    assert shown.status == 200
    assert f'<html lang="{header}">' in shown.text
    assert "Streamlit</title>" not in shown.text
    assert 'rel="preload"' not in shown.text
    assert int(shown.header("content-length")) == len(shown.text.encode())
    assert (shown.header("cache-control"), shown.header("etag")) == ("no-store", "")
    assert "--unreachable:" in shown.text
    assert "'sha256-" in content_policy()
    assert shown.text.count("<script>") == 2


def test_our_style_comes_after_streamlits_own() -> None:
    with languages.speaking(languages.best("en")):
        shown = index_page._index("en")
    assert shown.index("</head>") < shown.index("<style>") < shown.index("</body>")


def test_a_text_in_a_style_sheet_stays_a_text() -> None:
    hostile = 'x"; } </style><script>alert(1)</script> \\'
    quoted = look.quoted(hostile)
    assert not set(quoted[1:-1]) & set("\"<>;}{'") - {";"}
    assert re.sub(r"\\([0-9a-f]+) ", lambda found: chr(int(found[1], 16)), quoted)[1:-1] == hostile


# In a tab


def test_a_page_that_fails_says_so_in_our_words(dashboard: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    monkeypatch.setattr(page.st, "html", drawn.append)
    monkeypatch.setattr(page, "here", lambda: "/class?id=1")
    assert dashboard._on_script_error is page.went_wrong
    assert page.went_wrong(ValueError("a secret")) is True
    (shown,) = drawn
    assert "<h1>Something went wrong</h1>" in shown
    assert "secret" not in shown
    assert re.findall(r'href="([^"]*)"', shown) == ["/class?id=1", "/"]


def test_signing_in_again_leads_back_to_the_page_with_its_query(screens: Screens) -> None:
    at = screens.open(page.CLASSES, q="a b&c", status="Ended")
    (address,) = re.findall(
        r'href="/login\?next=([^"]*)"', next(str(one.value) for one in at.main if one.type == "html")
    )
    assert unquote(address).endswith("?q=a+b%26c&status=Ended")
    assert "You are signed out" in said(at)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (None, "/"),
        ("http://a.example", "/"),
        ("http://a.example/class", "/class"),
        ("http://a/new_/new_class", "/new_class"),
    ],
)
def test_the_address_of_the_open_page_is_told(monkeypatch: pytest.MonkeyPatch, url: str | None, expected: str) -> None:
    monkeypatch.setattr(page, "st", SimpleNamespace(context=SimpleNamespace(url=url), query_params={}))
    assert page.here() == expected


@pytest.mark.parametrize("sentence", ["<img src=x>", "a & b"])
def test_what_a_notice_says_is_text(sentence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    monkeypatch.setattr(page.st, "html", drawn.append)
    page.notice(sentence, sentence, (sentence, '/x?a="><b>'))
    assert "<img" not in drawn[0]
    assert "<b>" not in drawn[0]


def test_one_part_that_fails_leaves_the_rest_of_the_page(
    screens: Screens, ana: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    screens.sign_in(ana)

    def broken(_one: object) -> str:
        raise ValueError("a row that makes no sense")

    monkeypatch.setattr(my_account, "_sign_in_facts", broken)
    at = screens.open(page.MY_ACCOUNT)
    assert not at.exception
    assert [one.value for one in at.warning] == ["This part of the page cannot be shown. It has been noted in the log."]
    assert [one.value for one in at.header][-1] == "API tokens"


@pytest.mark.parametrize("column", ["createdAt", "lastUsedAt", "expiresAt", "userAgent", "address"])
def test_a_sign_in_with_nonsense_in_it_leaves_my_account_as_it_is(
    screens: Screens, engine: Engine, ana: Member, column: str
) -> None:
    auth.sign_in(engine, EMAIL, PASSWORD, "192.0.2.9", NOW)
    with engine.begin() as connection:
        connection.execute(text(f'UPDATE "SignIn" SET "{column}" = \'9999 <b>\''))
    screens.sign_in(ana)
    at = screens.open(page.MY_ACCOUNT)
    assert not at.exception
    assert at.title[0].value == "My account"
    assert [one.value for one in at.header][-1] == "API tokens"


def test_a_sign_in_that_nobody_can_read_lets_nobody_in(app: Starlette, engine: Engine, ana: Member) -> None:
    cookie = cookie_of(app)
    with engine.begin() as connection:
        connection.execute(text('UPDATE "SignIn" SET "expiresAt" = \'nonsense\''))
    assert get(app, "/", cookie).status == 303


def test_the_letters_and_colours_are_those_of_the_theme() -> None:
    assert "/fonts/figtree-latin-wght-normal.woff2" in look.fonts()
    assert "--st-primary-color:#0f6b62" in look.theme()
    assert "prefers-color-scheme:dark" in look.theme()


def test_no_page_draws_a_style_sheet_of_its_own() -> None:
    drawn = [
        path.name
        for path in [*(PROJECT / "pages").glob("*.py"), *(PROJECT / "tracker" / "ui").glob("*.py")]
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "<style" in node.value
    ]
    assert sorted(set(drawn)) == ["forms.py", "index_page.py"]
