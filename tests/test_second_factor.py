"""The second factor of admins: codes of an app beside the password."""

import pyotp
import pytest
from sqlalchemy import Engine
from starlette.applications import Starlette
from streamlit.testing.v1 import AppTest

from tests.asgi import post
from tests.gate_client import PASSWORD, account, fault, get, log_in
from tests.makers import NOW, Clock, at
from tests.pages.test_accounts import press, texts
from tests.screens import Screens, said
from tracker import auth
from tracker.auth.guessing import MOST_ATTEMPTS_FROM_ADDRESS
from tracker.errors import InvalidInput, NotAllowed, NotSignedIn, TooManyTries
from tracker.storage.database import reading
from tracker.storage.members import Member
from tracker.ui import page
from tracker.ui.sign_in import COOKIE

BOSS = "boss@school.example"
HALF = 0.5  # minutes that a code is shown


@pytest.fixture
def boss(engine: Engine) -> Member:
    return account(engine, BOSS, "admin")


@pytest.fixture
def key(engine: Engine, boss: Member) -> str:
    """The key of a second factor that is on; the code of NOW is used up."""
    made = auth.new_second_factor()
    auth.switch_on_second_factor(engine, boss, made, code(made), NOW)
    return made


def code(key: str, minute: float = 0) -> str:
    """What an app with this key shows then."""
    return pyotp.TOTP(key).at(at(minute))


def sign_in(engine: Engine, given: str = "", minute: float = 0, password: str = PASSWORD, place: str = "here") -> str:
    return auth.sign_in(engine, BOSS, password, place, at(minute), code=given)


def is_on(engine: Engine, member: Member) -> bool:
    with reading(engine) as tx:
        return auth.second_factor_is_on(tx, member)


def test_a_password_alone_does_not_open_the_account_any_more(engine: Engine, key: str) -> None:
    with pytest.raises(NotSignedIn, match="and the code that your app shows"):
        sign_in(engine)
    with pytest.raises(NotSignedIn, match="This code is wrong"):
        sign_in(engine, "000000", 1)
    with pytest.raises(NotSignedIn, match=r"E-mail or password is wrong\."):
        sign_in(engine, code(key, 1), 1, "wrong password")
    assert sign_in(engine, code(key, 1), 1)


@pytest.mark.database("sqlite")
@pytest.mark.parametrize(("shown", "taken"), [(0.5, False), (1.5, True), (2, True), (2.5, True), (3, False)])
def test_the_clock_of_a_phone_may_be_off_by_one_code(engine: Engine, key: str, shown: float, taken: bool) -> None:
    if taken:
        assert sign_in(engine, code(key, shown), 2)
    else:
        with pytest.raises(NotSignedIn, match="This code is wrong"):
            sign_in(engine, code(key, shown), 2)


def test_a_code_is_good_once_and_none_before_it_afterwards(engine: Engine, key: str) -> None:
    with pytest.raises(NotSignedIn, match="used already"):
        sign_in(engine, code(key))  # it has switched the second factor on
    assert sign_in(engine, f" {code(key, 1)[:3]} {code(key, 1)[3:]}", 1)
    for before in (1, HALF):
        with pytest.raises(NotSignedIn, match="used already"):
            sign_in(engine, code(key, before), 1)
    assert sign_in(engine, code(key, 1.5), 1)


@pytest.mark.database("sqlite")
@pytest.mark.parametrize("given", ["", " ", "abc", "12345", "1234567", "٠٠٠٠٠٠", "\ud800", "\0", "0" * 5000])
def test_what_is_no_code_lets_nobody_in(engine: Engine, key: str, given: str) -> None:
    with pytest.raises(NotSignedIn):
        sign_in(engine, given, 1)


@pytest.mark.database("sqlite")
def test_codes_are_not_guessed_without_end(engine: Engine, boss: Member, key: str) -> None:
    for _ in range(MOST_ATTEMPTS_FROM_ADDRESS):
        with pytest.raises(NotSignedIn):
            sign_in(engine, "000000", 1)
    with pytest.raises(TooManyTries):
        sign_in(engine, code(key, 1), 1)
    for _ in range(MOST_ATTEMPTS_FROM_ADDRESS):
        with pytest.raises(NotSignedIn):
            auth.switch_off_second_factor(engine, boss, "000000", at(1))
    with pytest.raises(TooManyTries):
        auth.switch_off_second_factor(engine, boss, code(key, 1), at(1))
    assert is_on(engine, boss)


@pytest.mark.database("sqlite")
def test_it_is_switched_on_with_a_right_code_only_and_by_admins_only(engine: Engine, boss: Member) -> None:
    made = auth.new_second_factor()
    with pytest.raises(InvalidInput, match="This code is wrong"):
        auth.switch_on_second_factor(engine, boss, made, "000000", NOW)
    ana = account(engine)
    with pytest.raises(NotAllowed):
        auth.switch_on_second_factor(engine, ana, made, code(made), NOW)
    assert (is_on(engine, boss), is_on(engine, ana)) == (False, False)
    assert sign_in(engine)


def test_it_is_switched_off_with_a_code(engine: Engine, boss: Member, key: str) -> None:
    with pytest.raises(NotSignedIn):
        auth.switch_off_second_factor(engine, boss, "000000", at(1))
    assert is_on(engine, boss)
    auth.switch_off_second_factor(engine, boss, code(key, 1), at(1))
    assert not is_on(engine, boss)
    assert sign_in(engine)


@pytest.mark.database("sqlite")
def test_who_has_lost_the_phone_is_helped_by_an_admin_or_an_operator(engine: Engine, boss: Member, key: str) -> None:
    account(engine, "chief@school.example", "admin")
    auth.invite_again(engine, boss, BOSS, NOW)
    assert not is_on(engine, boss)
    auth.switch_on_second_factor(engine, boss, key, code(key, 1), at(1))
    auth.set_password(engine, auth.OPERATOR, BOSS, PASSWORD, NOW)
    assert sign_in(engine)


@pytest.mark.database("sqlite")
def test_the_form_asks_for_the_code_once_the_password_was_right(app: Starlette, wired: Clock, key: str) -> None:
    assert 'name="code"' not in get(app, "/login").text
    assert 'name="code"' not in log_in(app, BOSS, "wrong password").text
    asked = log_in(app, BOSS)
    assert (asked.status, fault(asked)) == (401, "Type your password again, and the code that your app shows.")
    assert 'name="code" inputmode="numeric" autocomplete="one-time-code"' in asked.text
    assert PASSWORD not in asked.text
    assert COOKIE not in asked.cookies
    wired.forward(minutes=1)
    fields = {"email": BOSS, "password": PASSWORD, "code": "000000", "next": "/classes"}
    wrong = post(app, "/login", fields)
    assert (wrong.status, fault(wrong)) == (401, "This code is wrong or was used already. Wait for the next one.")
    assert 'name="code"' in wrong.text
    right = post(app, "/login", fields | {"code": code(key, 1)})
    assert (right.status, right.header("location")) == (303, "/classes")


def type_code(at: AppTest, given: str, button: str) -> AppTest:
    next(field for field in at.text_input if field.label == "Code").input(given)
    return press(at, button)


@pytest.mark.database("sqlite")
def test_an_admin_switches_it_on_and_off_on_her_page(
    screens: Screens, engine: Engine, wired: Clock, boss: Member
) -> None:
    screens.sign_in(boss)
    shown = press(screens.open(page.MY_ACCOUNT), "Set up")
    key = shown.code[0].value
    type_code(shown, "000000", "Switch on")
    assert texts(shown.error) == ["This code is wrong or was used already. Wait for the next one."]
    type_code(shown, code(key), "Switch on")
    assert not shown.exception
    assert "The second factor is on." in said(shown)
    assert key not in said(shown)
    assert is_on(engine, boss)
    wired.forward(minutes=1)
    type_code(shown, code(key, 1), "Switch off")
    assert "The second factor is off." in said(shown)
    assert not is_on(engine, boss)


@pytest.mark.database("sqlite")
def test_teachers_are_not_offered_a_second_factor(screens: Screens, ana: Member) -> None:
    screens.sign_in(ana)
    shown = screens.open(page.MY_ACCOUNT)
    assert not shown.exception
    assert "Second factor" not in [one.value for one in shown.subheader]
