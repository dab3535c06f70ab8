"""Signing in and out, and the host's way into a meeting."""

import asyncio
import html
import logging
import re
import threading
from collections import Counter
from urllib.parse import urlencode, urlsplit

import pytest
from responses import RequestsMock
from sqlalchemy import Engine
from starlette.applications import Starlette

from tests.asgi import HOST, Answer, post, request, requested, websocket
from tests.fake_zoom import FakeZoom, sent
from tests.gate_client import BEHIND, EMAIL, PAGE, PASSWORD, account, cookie_of, fault, get, log_in
from tests.makers import MEETING, Clock, lesson, member
from tracker.auth import SIGN_IN_LIFE, passwords
from tracker.auth.guessing import ATTEMPT_WINDOW, MOST_ATTEMPTS_FROM_ADDRESS
from tracker.storage.members import Member
from tracker.ui.cookies import STRICT
from tracker.ui.forms import LARGEST_FORM
from tracker.ui.short_queue import PLACES
from tracker.ui.sign_in import BROWSER_COOKIE, COOKIE

pytestmark = pytest.mark.database("sqlite")

HOSTILE_TARGETS = [
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https://evil.example",
    "https:evil.example",
    "javascript:alert(1)",
    "evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    "/\r\nSet-Cookie: a=b",
    "/\0",
    " //evil.example",
    "",
]


@pytest.fixture
def ana(engine: Engine) -> Member:
    return account(engine)


# Signing in


def test_pages_do_not_wait_for_the_many_who_sign_in_at_once(
    app: Starlette, ana: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    cookie, begun, go = cookie_of(app), threading.Event(), threading.Event()

    def slow(password: str, stored: str | None) -> bool:
        begun.set()
        return not go.wait(60)

    monkeypatch.setattr(passwords, "password_matches", slow)

    async def crowd() -> tuple[Answer, list[Answer]]:
        forms = (f"email=somebody{number}%40school.example&password=guessed".encode() for number in range(60))
        tries = [asyncio.create_task(requested(app, "POST", "/login", body=[form])) for form in forms]
        try:
            await asyncio.to_thread(begun.wait, 60)
            page = await asyncio.wait_for(requested(app, "GET", "/", headers=PAGE | cookie), 20)
        finally:
            go.set()
        return page, await asyncio.gather(*tries)

    page, tried = asyncio.run(crowd())
    assert page.text == BEHIND
    counts = Counter(answer.status for answer in tried)
    assert counts == {401: PLACES, 503: 60 - PLACES}
    refused = next(answer for answer in tried if answer.status == 503)
    assert fault(refused) == "Too many people are signing in at this moment. Please try again in a few seconds."
    assert refused.header("retry-after") == "5"


@pytest.mark.slow
def test_a_crowd_of_strangers_leaves_a_place_for_a_browser_that_was_signed_in_before(
    app: Starlette, ana: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {"cookie": f"{BROWSER_COOKIE}={log_in(app).cookies[BROWSER_COOKIE].value}"}
    forged = {"cookie": f"{BROWSER_COOKIE}={'x' * 43}"}
    right, go = passwords.password_matches, threading.Event()

    def slow(password: str, stored: str | None) -> bool:
        assert go.wait(60)
        return right(password, stored)

    monkeypatch.setattr(passwords, "password_matches", slow)
    form = urlencode({"email": EMAIL, "password": PASSWORD}).encode()

    async def crowd() -> tuple[list[int], int, int]:
        forms = (f"email=somebody{number}%40school.example&password=guessed".encode() for number in range(60))
        tries = [asyncio.create_task(requested(app, "POST", "/login", body=[form])) for form in forms]
        done, waiting = await asyncio.wait(tries, timeout=2)
        try:
            stranger = await requested(app, "POST", "/login", body=[form], headers=forged)
            hers = asyncio.create_task(requested(app, "POST", "/login", body=[form], headers=known))
            await asyncio.wait([hers], timeout=1)
        finally:
            go.set()
        await asyncio.wait(waiting)
        return [task.result().status for task in done], stranger.status, (await hers).status

    assert asyncio.run(crowd()) == ([503] * (60 - PLACES), 503, 303)


def test_the_form_asks_for_what_a_password_manager_knows(app: Starlette, ana: Member) -> None:
    form = get(app, "/login")
    assert form.status == 200
    assert form.header("content-type") == "text/html; charset=utf-8"
    assert form.header("cache-control") == "no-store"
    assert 'method="post" action="/login"' in form.text
    assert re.search(r'<label for="email">.*\n<input id="email" [^>]*autocomplete="username"', form.text)
    assert re.search(r'<label for="password">.*\n<input id="password" [^>]*type="password"', form.text)
    assert fault(form) == ""
    assert "set-cookie" not in dict(form.headers)


def test_a_dashboard_without_any_account_says_that_nobody_can_sign_in(app: Starlette, engine: Engine) -> None:
    told = "There is no account here yet. If you had one, please tell whoever runs this service."
    answer = get(app, "/login")
    assert (answer.status, fault(answer)) == (200, told)
    member(engine)
    assert told not in get(app, "/login").text


def test_the_right_password_opens_the_dashboard(app: Starlette, ana: Member) -> None:
    answer = log_in(app, " ANA@School.example ")
    assert (answer.status, answer.header("location")) == (303, "/")
    assert get(app, "/", {"cookie": f"{COOKIE}={answer.cookie.value}"}).status == 200
    assert log_in(app).cookie.value != answer.cookie.value


@pytest.mark.parametrize(
    ("headers", "secure"),
    [
        ({}, ""),
        ({"x-forwarded-proto": "http"}, ""),
        ({"x-forwarded-proto": "https"}, True),
        ({"x-forwarded-proto": "HTTPS"}, True),
        ({"x-forwarded-proto": "https, http"}, True),
    ],
)
def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(
    app: Starlette, ana: Member, headers: dict[str, str], secure: object
) -> None:
    prefix = STRICT if secure else ""
    cookies = {name.removeprefix(prefix): cookie for name, cookie in log_in(app, headers=headers).cookies.items()}
    assert set(cookies) == {COOKIE, BROWSER_COOKIE}
    for cookie in cookies.values():
        assert cookie["secure"] == secure
        assert cookie["httponly"] is True
        assert cookie["samesite"] == "lax"
        assert cookie["path"] == "/"
        assert cookie["domain"] == ""
    assert int(cookies[COOKIE]["max-age"]) == SIGN_IN_LIFE.total_seconds()
    assert int(cookies[BROWSER_COOKIE]["max-age"]) == 400 * 24 * 60 * 60


@pytest.mark.parametrize(
    ("email", "password"),
    [
        (EMAIL, "wrong password"),
        (EMAIL, "x" * 5000),
        ("nobody@school.example", PASSWORD),
        ("", ""),
    ],
)
def test_a_wrong_password_is_answered_with_the_form_again(
    app: Starlette, ana: Member, email: str, password: str
) -> None:
    answer = log_in(app, email, password, "/classes")
    assert (answer.status, fault(answer)) == (401, "E-mail or password is wrong.")
    assert 'name="next" value="/classes"' in answer.text
    assert answer.header("set-cookie") == ""
    assert password == "" or password not in html.unescape(answer.text) or password == email
    assert get(app, "/").status == 303


@pytest.mark.parametrize(
    "email", ['"><script>alert(1)</script>', "' onfocus='alert(1)", "</input><b>", "&quot;", "\ud800", "x" * 2000]
)
def test_a_hostile_email_comes_back_as_text(app: Starlette, ana: Member, email: str) -> None:
    body = f"email={''.join(f'%{byte:02X}' for byte in email.encode('utf-8', 'surrogatepass'))}&password=x".encode()
    answer = request(app, "POST", "/login", body=[body[:LARGEST_FORM]])
    assert answer.status == 401
    assert "<script" not in answer.text
    (value,) = re.findall(r'name="email" type="email" autocomplete="username" required value="([^"]*)"', answer.text)
    assert not set(value) & set("<>'")
    assert html.unescape(value) in (email, "\ufffd" * 3, "")


@pytest.mark.parametrize("target", HOSTILE_TARGETS)
def test_the_way_on_after_signing_in_never_leaves_this_server(app: Starlette, ana: Member, target: str) -> None:
    answer = log_in(app, target=target)
    assert (answer.status, answer.header("location")) == (303, "/")
    quoted = "".join(f"%{byte:02X}" for byte in target.encode())
    for shown in (get(app, "/login", query=f"next={quoted}"), log_in(app, password="wrong password", target=target)):
        assert re.findall(r'name="next" value="([^"]*)"', shown.text) == ["/"]


@pytest.mark.parametrize("target", ["/", "/class?id=abc", "/classes?q=ü&page=2", '/x"><script>', "/a//b", "/?next=//e"])
def test_the_way_on_is_kept_where_it_stays_here(app: Starlette, ana: Member, target: str) -> None:
    there = urlsplit(log_in(app, target=target).header("location"))
    assert (there.scheme, there.netloc) == ("", "")
    assert there.path == urlsplit(target).path.replace('"><', "%22%3E%3C").replace(">", "%3E")
    shown = log_in(app, password="wrong password", target=target).text
    assert "<script>" not in shown
    assert html.unescape(re.findall(r'name="next" value="([^"]*)"', shown)[0]) == target


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "", f"http://{HOST}.evil.example", f"http://evil.example/{HOST}", "http://["],
)
def test_a_form_from_another_site_is_refused(app: Starlette, ana: Member, origin: str) -> None:
    cookie = cookie_of(app)
    fields = {"email": EMAIL, "password": PASSWORD}
    for path in ("/login", "/logout"):
        answer = post(app, path, fields, headers=cookie | {"origin": origin})
        assert answer.status == 403
        assert answer.header("set-cookie") == ""
        assert get(app, "/", cookie).status == 200


def test_a_form_of_our_own_is_taken(app: Starlette, ana: Member) -> None:
    assert log_in(app, headers={"origin": f"http://{HOST}"}).status == 303
    behind_proxy = {"x-forwarded-proto": "https"}
    assert log_in(app, headers={"origin": f"https://{HOST}"} | behind_proxy).status == 303
    assert log_in(app, headers={"origin": f"http://{HOST}"} | behind_proxy).status == 403


@pytest.mark.parametrize("pieces", [1, 1000])
def test_a_form_that_is_too_large_is_not_read(app: Starlette, ana: Member, pieces: int) -> None:
    form = f"email={EMAIL}&password={PASSWORD}&padding=".encode() + b"x" * LARGEST_FORM
    step = -(-len(form) // pieces)
    body = [form[start : start + step] for start in range(0, len(form), step)]
    answer = request(app, "POST", "/login", body=body)
    assert answer.status == 413
    assert answer.header("set-cookie") == ""
    assert EMAIL not in answer.text


@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe", b"%", b"&&&=", b"{}", b"email=%FF&password=%00", b"email=a&email=b"]
)
def test_a_form_that_makes_no_sense_is_a_wrong_password(app: Starlette, ana: Member, body: bytes) -> None:
    assert request(app, "POST", "/login", body=[body]).status == 401


def test_guessing_is_slowed_down_and_a_teacher_elsewhere_is_not_locked_out(
    app: Starlette, ana: Member, wired: Clock
) -> None:
    for _ in range(MOST_ATTEMPTS_FROM_ADDRESS):
        assert log_in(app, password="wrong password").status == 401
    refused = log_in(app)
    assert (refused.status, refused.header("set-cookie")) == (429, "")
    assert fault(refused) == "Too many wrong passwords. Try again in 15 minutes."
    assert log_in(app, address="198.51.100.7").status == 303
    wired.time += ATTEMPT_WINDOW
    assert log_in(app).status == 303


# Signing out


def test_signing_out_makes_the_token_worthless_wherever_it_was_copied_to(app: Starlette, ana: Member) -> None:
    cookie, elsewhere = cookie_of(app), cookie_of(app)
    answer = post(app, "/logout", {}, headers=cookie | PAGE)
    assert (answer.status, answer.header("location")) == (303, "/login")
    assert answer.cookie.value == ""
    assert answer.cookie["max-age"] == "0"
    assert get(app, "/", cookie).status == 303
    assert websocket(app, "/_stcore/stream", cookie) == ["websocket.close"]
    assert get(app, "/", elsewhere).status == 200


def test_a_link_signs_nobody_out(app: Starlette, ana: Member) -> None:
    cookie = cookie_of(app)
    get(app, "/logout", cookie)
    assert get(app, "/", cookie).status == 200


# The host's link


@pytest.fixture
def zoom(http: RequestsMock) -> FakeZoom:
    fake = FakeZoom(http)
    fake.meetings[MEETING] = {
        "id": int(MEETING),
        "join_url": f"https://zoom.us/j/{MEETING}",
        "start_url": f"https://zoom.us/s/{MEETING}?zak=5ecret",
    }
    return fake


def test_a_teacher_is_sent_to_her_own_meeting_as_its_host(
    app: Starlette, ana: Member, engine: Engine, zoom: FakeZoom, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    class_id = lesson(engine, ana)
    cookie = cookie_of(app)
    answer = get(app, "/host", cookie, f"id={class_id}")
    assert (answer.status, answer.header("location")) == (303, f"https://zoom.us/s/{MEETING}?zak=5ecret")
    assert answer.text == ""
    assert "5ecret" not in caplog.text
    with engine.connect() as connection:
        assert "5ecret" not in repr(connection.exec_driver_sql('SELECT * FROM "LiveStream"').all())


def test_nobody_else_gets_the_hosts_link(
    app: Starlette, ana: Member, engine: Engine, zoom: FakeZoom, http: RequestsMock
) -> None:
    class_id = lesson(engine, ana)
    others = account(engine, "ben@school.example"), account(engine, "boss@school.example", "admin")
    for email in (other.email for other in others):
        answer = get(app, "/host", cookie_of(app, email), f"id={class_id}")
        assert (answer.status, fault(answer)) == (409, "There is no such class of yours.")
    assert get(app, "/host", query=f"id={class_id}").header("location") == f"/login?next=/host%3Fid%3D{class_id}"
    assert sent(http) == []


@pytest.mark.parametrize("query", ["", "id=", "id=nothing", "id=%00", "id=%FF", "id=" + "x" * 5000, "id=a&id=b"])
def test_the_hosts_link_of_a_class_that_is_not_there_is_a_sentence(
    app: Starlette, ana: Member, engine: Engine, query: str
) -> None:
    answer = get(app, "/host", cookie_of(app), query)
    assert answer.status == 409
    assert fault(answer) == "There is no such class."


@pytest.mark.parametrize(
    ("link", "sentence"),
    [
        ("", "Zoom gave no start link for this meeting."),
        ("javascript:alert(1)", "Zoom gave no start link for this meeting."),
        ("//evil.example", "Zoom gave no start link for this meeting."),
        ("http://[", "Zoom gave no start link for this meeting."),
        ("https://zoom.us/\ud800", "Zoom gave no start link for this meeting."),
    ],
)
def test_a_start_link_that_is_no_web_address_is_not_followed(
    app: Starlette, ana: Member, engine: Engine, zoom: FakeZoom, link: str, sentence: str
) -> None:
    zoom.meetings[MEETING]["start_url"] = link
    answer = get(app, "/host", cookie_of(app), f"id={lesson(engine, ana)}")
    assert (answer.status, answer.header("location"), fault(answer)) == (409, "", sentence)


def test_what_zoom_says_of_a_start_link_is_text(app: Starlette, ana: Member, engine: Engine, zoom: FakeZoom) -> None:
    zoom.faults.append((400, {"code": 300, "message": "<script>alert(1)</script>"}))
    answer = get(app, "/host", cookie_of(app), f"id={lesson(engine, ana)}")
    assert answer.status == 409
    assert "<script" not in answer.text
    assert fault(answer) == "Zoom refuses the request (HTTP 400): <script>alert(1)</script>"


def test_a_class_that_cannot_be_started_offers_to_try_again_and_the_way_back(
    app: Starlette, ana: Member, engine: Engine, zoom: FakeZoom
) -> None:
    zoom.faults.append((500, ""))
    class_id = lesson(engine, ana)
    answer = get(app, "/host", cookie_of(app), f"id={class_id}")
    assert "<h1>The class cannot be started now</h1>" in answer.text
    assert fault(answer) == "Zoom has a fault of its own (HTTP 500)."
    assert f'href="/host?id={class_id}">Try again</a>' in answer.text
    assert f'href="/class?id={class_id}">Back to the class</a>' in answer.text
    strange = get(app, "/host", cookie_of(app), "id=%22%3E%3Cb%3E")
    assert '"><b>' not in strange.text
