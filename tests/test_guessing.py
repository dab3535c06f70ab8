"""Guessing at passwords: the limits, whom they never lock out, and what is logged of it."""

import logging
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from sqlalchemy import Engine, text
from starlette.applications import Starlette

from tests.demo_process import free_port
from tests.gate_client import EMAIL, PASSWORD, account, fault, log_in
from tests.makers import NOW, Clock, at, environment
from tracker import auth
from tracker.auth import Browser, sign_ins
from tracker.auth.addresses import place_of
from tracker.auth.guessing import (
    ATTEMPT_WINDOW,
    MOST_ATTEMPTS,
    MOST_ATTEMPTS_AT_ALL_ACCOUNTS,
    MOST_ATTEMPTS_FROM_ADDRESS,
)
from tracker.errors import NotSignedIn, TooManyTries
from tracker.server.dashboard_process import Dashboard
from tracker.settings import read_settings
from tracker.storage.members import Member
from tracker.ui.sign_in import BROWSER_COOKIE

pytestmark = pytest.mark.slow

HERE, ELSEWHERE = "192.0.2.1", "198.51.100.7"


@pytest.fixture
def ana(engine: Engine) -> Member:
    return account(engine)


@pytest.fixture(autouse=True)
def _fresh_refusals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_ins, "_refusals", sign_ins._Refusals())


def guess(engine: Engine, times: int, browser: Browser | str = HERE, email: str = EMAIL, minute: float = 0) -> None:
    for _ in range(times):
        with pytest.raises(NotSignedIn):
            auth.sign_in(engine, email, "wrong password", browser, at(minute))


# Places


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9%eth0", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::9", "2001:db8:1:3::/64"),
        ("::1", "::/64"),
        ("", ""),
        ("unix:", "unix:"),
        ("x" * 5000, "x" * 64),
    ],
    ids=lambda text: text[:40],
)
def test_addresses_of_one_ipv6_network_are_one_place(address: str, place: str) -> None:
    assert place_of(address) == place


def test_a_guesser_who_takes_addresses_of_one_network_is_stopped(engine: Engine, ana: Member) -> None:
    for number in range(MOST_ATTEMPTS_FROM_ADDRESS):
        guess(engine, 1, f"2001:db8:1:2::{number}")
    with pytest.raises(TooManyTries):
        auth.sign_in(engine, EMAIL, PASSWORD, "2001:db8:1:2:ffff::9", NOW)
    assert auth.sign_in(engine, EMAIL, PASSWORD, "2001:db8:1:3::9", NOW)


def test_guessing_at_many_accounts_from_one_place_is_stopped(engine: Engine, ana: Member) -> None:
    for number in range(MOST_ATTEMPTS_AT_ALL_ACCOUNTS):
        guess(engine, 1, email=f"somebody{number}@school.example")
    with pytest.raises(TooManyTries):
        auth.sign_in(engine, EMAIL, PASSWORD, HERE, NOW)
    assert auth.sign_in(engine, EMAIL, PASSWORD, ELSEWHERE, NOW)
    assert auth.sign_in(engine, EMAIL, PASSWORD, HERE, NOW + ATTEMPT_WINDOW)


def test_a_school_behind_one_address_may_sign_in_all_at_once(engine: Engine) -> None:
    for number in range(MOST_ATTEMPTS_AT_ALL_ACCOUNTS + 5):
        account(engine, f"teacher{number}@school.example")
        assert auth.sign_in(engine, f"teacher{number}@school.example", PASSWORD, HERE, NOW)


# Browsers that have signed in before


@pytest.fixture
def hers(engine: Engine, ana: Member) -> Browser:
    browser = Browser(HERE, "Firefox", "token of her browser")
    auth.sign_in(engine, EMAIL, PASSWORD, browser, NOW)
    return browser


def test_strangers_never_lock_out_a_browser_that_was_signed_in_before(
    engine: Engine, ana: Member, hers: Browser
) -> None:
    for number in range(MOST_ATTEMPTS):
        guess(engine, 1, f"198.51.100.{number}")
    for number in range(MOST_ATTEMPTS_AT_ALL_ACCOUNTS):
        guess(engine, 1, HERE, f"somebody{number}@school.example")
    for stranger in (HERE, "203.0.113.9", Browser("203.0.113.9", "Firefox", "an invented token")):
        with pytest.raises(TooManyTries):
            auth.sign_in(engine, EMAIL, PASSWORD, stranger, NOW)
    assert auth.sign_in(engine, EMAIL, PASSWORD, hers, NOW)


def test_a_browser_is_known_for_the_accounts_only_that_it_signed_in_to(
    engine: Engine, ana: Member, hers: Browser
) -> None:
    account(engine, "ben@school.example")
    for number in range(MOST_ATTEMPTS):
        guess(engine, 1, f"198.51.100.{number}", "ben@school.example")
    with pytest.raises(TooManyTries):
        auth.sign_in(engine, "ben@school.example", PASSWORD, hers, NOW)


def test_a_known_browser_may_not_guess_without_end_and_locks_out_nobody_else(
    engine: Engine, ana: Member, hers: Browser
) -> None:
    guess(engine, MOST_ATTEMPTS_FROM_ADDRESS, hers)
    with pytest.raises(TooManyTries):
        auth.sign_in(engine, EMAIL, PASSWORD, hers, NOW)
    assert auth.sign_in(engine, EMAIL, PASSWORD, HERE, NOW)
    assert auth.sign_in(engine, EMAIL, PASSWORD, hers, NOW + ATTEMPT_WINDOW)


def test_success_forgets_the_wrong_tries_of_a_known_browser(engine: Engine, ana: Member, hers: Browser) -> None:
    for _ in range(3):
        guess(engine, MOST_ATTEMPTS_FROM_ADDRESS - 1, hers)
        auth.sign_in(engine, EMAIL, PASSWORD, hers, NOW)


def test_of_a_browsers_cookie_only_a_hash_is_stored_and_it_is_forgotten_after_400_days(
    engine: Engine, ana: Member, hers: Browser
) -> None:
    def known() -> list[Any]:
        with engine.connect() as connection:
            return list(connection.execute(text('SELECT * FROM "KnownBrowser"')).all())

    assert len(known()) == 1
    assert hers.token not in repr(known())
    for days, left in ((399, 1), (400, 0)):
        with auth.accounts.transaction(engine) as tx:
            auth.forget_old(tx, NOW + timedelta(days=days))
        assert len(known()) == left


@pytest.mark.database("sqlite")
def test_the_cookie_of_a_known_browser_is_kept_and_any_other_replaced(app: Starlette, engine: Engine) -> None:
    account(engine)
    first = log_in(app).cookies[BROWSER_COOKIE].value
    again = log_in(app, headers={"cookie": f"{BROWSER_COOKIE}={first}"}).cookies[BROWSER_COOKIE].value
    other = log_in(app, headers={"cookie": f"{BROWSER_COOKIE}=chosen-by-a-stranger"}).cookies[BROWSER_COOKIE].value
    assert (again, len(other)) == (first, len(first))
    assert other not in ("chosen-by-a-stranger", first)


@pytest.mark.database("sqlite")
def test_a_browser_that_is_known_signs_in_while_its_account_is_under_attack(
    app: Starlette, engine: Engine, wired: Clock
) -> None:
    account(engine)
    known = {"cookie": f"{BROWSER_COOKIE}={log_in(app).cookies[BROWSER_COOKIE].value}"}
    for _ in range(MOST_ATTEMPTS_FROM_ADDRESS):
        assert log_in(app, password="wrong password").status == 401
    refused = log_in(app)
    assert (refused.status, fault(refused)) == (429, "Too many wrong passwords. Try again in 15 minutes.")
    assert log_in(app, headers=known).status == 303


# What is logged


def lines(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str, object, object]]:
    return [
        (record.levelname, getattr(record, "outcome", ""), getattr(record, "user", ""), getattr(record, "address", ""))
        for record in caplog.records
        if record.name.startswith("tracker.auth")
    ]


@pytest.mark.database("sqlite")
def test_good_and_failed_sign_ins_are_logged_without_password_and_email(
    engine: Engine, ana: Member, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    auth.sign_in(engine, EMAIL, PASSWORD, HERE, NOW)
    guess(engine, 1)
    guess(engine, 1, ELSEWHERE, "nobody@school.example")
    assert lines(caplog) == [
        ("INFO", "signed_in", ana.id, HERE),
        ("WARNING", "wrong_password", ana.id, HERE),
        ("WARNING", "wrong_password", None, ELSEWHERE),
    ]
    everything = "".join(repr(vars(record)) for record in caplog.records)
    for secret in (PASSWORD, "wrong password", EMAIL, "nobody@school.example"):
        assert secret not in everything


@pytest.mark.database("sqlite")
def test_refusals_are_logged_once_a_minute_with_their_number(
    engine: Engine, ana: Member, caplog: pytest.LogCaptureFixture
) -> None:
    guess(engine, MOST_ATTEMPTS_FROM_ADDRESS)
    caplog.clear()
    for minute in (0, 0.1, 0.5, 0.9, 1.0):
        with pytest.raises(TooManyTries):
            auth.sign_in(engine, EMAIL, PASSWORD, HERE, at(minute))
    assert lines(caplog) == [("WARNING", "too_many_tries", ana.id, HERE)] * 2
    assert [vars(record)["others_before"] for record in caplog.records] == [0, 3]


# Where a request comes from


def attempt_from(url: str, forwarded_for: str) -> None:
    """Tries a password at a running dashboard."""
    form = urlencode({"email": EMAIL, "password": "wrong password"}).encode()
    request = Request(f"{url}/login", form, {"X-Forwarded-For": forwarded_for})
    with pytest.raises(OSError, match="401"), urlopen(request, timeout=60):
        pass


@pytest.mark.slow
@pytest.mark.database("sqlite")
@pytest.mark.parametrize(
    ("proxies", "place"), [("127.0.0.1", "203.0.113.5"), ("192.0.2.9,10.0.0.0/8", "127.0.0.1"), ("", "203.0.113.5")]
)
def test_a_forwarded_address_is_believed_only_from_the_web_servers_that_are_named(
    engine: Engine, database_url: str, tmp_path: Any, proxies: str, place: str
) -> None:
    given = environment(
        DATABASE_URL=database_url,
        TRACKER_DATA_DIR=str(tmp_path),
        DASHBOARD_PORT=str(free_port()),
        FORWARDED_ALLOW_IPS=proxies,
    )
    with Dashboard(read_settings(given), given) as dashboard:
        attempt_from(dashboard.url, "203.0.113.5")
    with engine.connect() as connection:
        assert connection.execute(text('SELECT address FROM "SignInAttempt"')).scalars().all() == [place]
