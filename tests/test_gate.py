"""The gate in front of everything that the dashboard's server answers."""

import html
import re
from datetime import timedelta
from itertools import product
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import Engine
from starlette.applications import Starlette

from tests.asgi import post, request, websocket
from tests.gate_client import BEHIND, account, cookie_of, fault, get, log_in
from tests.makers import AWAY_SENTENCE, Clock
from tests.screens import Away
from tracker.auth.sign_ins import USUAL_LIMITS
from tracker.storage.members import Member
from tracker.ui import wiring
from tracker.ui.headers import HEADERS
from tracker.ui.sign_in import COOKIE

pytestmark = pytest.mark.database("sqlite")

CLOSED = [
    "/",
    "/classes",
    "/media/abc.csv",
    "/_stcore/stream",
    "/_stcore/metrics",
    "/_stcore/host-config",
    "/static/app.js",
    "/host",
    "/logout",
    "/loginx",
    "/login/",
    "//login",
    "/LOGIN",
    "/login;x",
    "/login\0",
    "/x/../login",
    "/_stcore/healthz",
    "/_stcore/health/",
    "/app/login",
    "",
]


@pytest.fixture
def ana(engine: Engine) -> Member:
    return account(engine)


def test_nobody_gets_past_the_gate_without_a_token(app: Starlette, ana: Member) -> None:
    cookies: tuple[dict[str, str], ...] = (
        {},
        {"cookie": f"{COOKIE}="},
        {"cookie": f"{COOKIE}=made-up"},
        {"cookie": "other=1"},
    )
    for path, cookie in product(CLOSED, cookies):
        refused = request(app, "GET", path, headers=cookie)
        assert (refused.status, refused.text) == (401, "Please sign in.")
        assert websocket(app, path, cookie) == ["websocket.close"]
        assert get(app, path, cookie).status == 303


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "X"])
def test_no_method_gets_past_the_gate(app: Starlette, ana: Member, method: str) -> None:
    for path in ("/", "/_stcore/stream", "/host", "/logout"):
        assert request(app, method, path).status == 401


def test_the_sign_in_and_the_health_are_open_to_anybody(app: Starlette) -> None:
    assert "<form" in get(app, "/login").text
    assert request(app, "GET", "/_stcore/health").text == BEHIND


def test_whoever_has_a_token_gets_to_pages_files_and_the_websocket(app: Starlette, ana: Member) -> None:
    cookie = cookie_of(app)
    for path in ("/", "/classes", "/media/abc.csv", "/_stcore/host-config"):
        assert get(app, path, cookie).text == BEHIND
    assert websocket(app, "/_stcore/stream", cookie) == ["websocket.accept", "websocket.close"]


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        ("/", "", "/login"),
        ("/class", "id=abc&x=%C3%BC", "/class?id=abc&x=%C3%BC"),
        ("/classes", "q=a b&status=Ended", "/classes?q=a b&status=Ended"),
        ("/a&next=//evil.example", "", "/a&next=//evil.example"),
    ],
)
def test_a_link_is_kept_through_the_sign_in(app: Starlette, ana: Member, path: str, query: str, expected: str) -> None:
    refused = get(app, path, query=query)
    assert refused.status == 303
    there = urlsplit(refused.header("location"))
    assert (there.scheme, there.netloc, there.path) == ("", "", "/login")
    if expected == "/login":
        assert there.query == ""
        return
    assert parse_qs(there.query) == {"next": [expected]}
    form = get(app, "/login", query=there.query)
    (target,) = re.findall(r'name="next" value="([^"]*)"', form.text)
    assert html.unescape(target) == expected
    leads = log_in(app, target=expected).header("location")
    assert urlsplit(leads).netloc == ""
    assert leads.startswith(path)


def test_every_answer_carries_the_security_headers(app: Starlette, ana: Member, engine: Engine) -> None:
    cookie = cookie_of(app)
    answers = [
        get(app, "/"),
        get(app, "/login"),
        get(app, "/classes", cookie),
        request(app, "GET", "/_stcore/health"),
        request(app, "GET", "/media/x"),
        log_in(app, password="wrong password"),
        log_in(app),
        post(app, "/login", {}, headers={"origin": "https://evil.example"}),
        get(app, "/host", cookie, "id=nothing"),
        post(app, "/logout", {}, headers=cookie),
        request(app, "PUT", "/login"),
    ]
    assert [answer.status for answer in answers] == [303, 200, 200, 200, 401, 401, 303, 403, 409, 303, 405]
    for answer in answers:
        assert {name: answer.header(name) for name in HEADERS} == HEADERS
    assert "frame-ancestors 'none'" in answers[0].header("content-security-policy")


def test_an_expired_token_opens_nothing(app: Starlette, ana: Member, wired: Clock) -> None:
    cookie = cookie_of(app)
    wired.time += USUAL_LIMITS.idle - timedelta(seconds=1)
    assert get(app, "/_stcore/health", cookie).status == 200  # open to anybody, so no use of the sign-in
    wired.forward(seconds=1)
    assert get(app, "/", cookie).status == 303
    assert websocket(app, "/_stcore/stream", cookie) == ["websocket.close"]


@pytest.mark.parametrize(
    "header", ["=", ";;;", f"{COOKIE}", f'{COOKIE}="', f"{COOKIE}=\xff\xfe", f"{COOKIE}=" + "x" * 60_000, "a" * 60_000]
)
def test_a_cookie_that_makes_no_sense_is_no_token(app: Starlette, ana: Member, header: str) -> None:
    assert get(app, "/", {"cookie": header}).status == 303


def test_a_database_that_is_away_opens_nothing_and_says_so(app: Starlette, ana: Member) -> None:
    cookie = cookie_of(app)
    away = Away()
    away.after = 0
    for path in ("/", "/classes", "/host", "/media/x"):
        refused = get(app, path, cookie)
        assert (refused.status, fault(refused)) == (503, AWAY_SENTENCE)
        assert request(app, "GET", path, headers=cookie).text == AWAY_SENTENCE
    assert websocket(app, "/_stcore/stream", cookie) == ["websocket.close"]
    assert post(app, "/logout", {}, headers=cookie).status == 503
    answer = log_in(app)
    assert (answer.status, fault(answer)) == (503, AWAY_SENTENCE)
    assert answer.header("set-cookie") == ""
    assert get(app, "/login").status == 200
    away.after = 10**9
    assert get(app, "/", cookie).status == 200


def test_what_is_refused_for_a_moment_is_asked_for_again_where_it_was(app: Starlette, ana: Member) -> None:
    cookie = cookie_of(app)
    Away().after = 0
    again, today = '<a class="button" href="">Try again</a>', '<a class="button" href="/">Today</a>'
    refused = get(app, "/classes", cookie, "q=algebra").text
    assert again in refused
    assert today not in refused
    refused = post(app, "/logout", {}, headers={**cookie, "accept": "text/html"}).text
    assert again not in refused
    assert today in refused


def test_the_form_is_shown_where_nothing_else_works(
    app: Starlette, wired: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOOM_PLAN", "gold")
    wiring.close()
    assert "<form" in get(app, "/login", {"host": "localhost"}).text


@pytest.mark.parametrize("path", ["/host", "/logout"])
def test_a_database_that_goes_away_behind_the_gate_is_said_as_well(app: Starlette, ana: Member, path: str) -> None:
    cookie = cookie_of(app)
    away = Away()
    get(app, "/", cookie)
    away.asked, away.after = 0, away.asked
    answer = post(app, path, {}, headers=cookie) if path == "/logout" else get(app, path, cookie)
    assert answer.status == 503
    assert AWAY_SENTENCE in answer.text
    away.after = 10**9
    assert get(app, "/", cookie).status == 200
