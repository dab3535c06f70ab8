"""The pages My account and People, and the link of an invitation."""

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import Engine, text
from sqlmodel import col, update
from starlette.applications import Starlette
from streamlit.testing.v1 import AppTest

from tests.accounts.people import who
from tests.asgi import post, request, websocket
from tests.gate_client import EMAIL, account, cookie_of, fault, get, log_in
from tests.gate_client import PASSWORD as OTHERS_PASSWORD
from tests.makers import NOW, Clock, lesson, stored
from tests.screens import PASSWORD, Screens, raw, refused, said, tables
from tracker import auth, storage
from tracker.auth import Browser
from tracker.auth.guessing import MOST_ATTEMPTS_FROM_ADDRESS
from tracker.errors import NotSignedIn
from tracker.storage.database import reading, transaction
from tracker.storage.members import Member
from tracker.storage.models import User
from tracker.ui import page
from tracker.ui.my_account import browser_in_words
from tracker.ui.sign_in import COOKIE
from tracker.ui.words import WORD_JOINER

pytestmark = pytest.mark.database("sqlite")

NEW_PASSWORD = "maria plants seven tulips"
BOSS = "boss@school.example"
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0 Safari/537.36"


@pytest.fixture
def boss(screens: Screens, engine: Engine) -> Member:
    made = account(engine, BOSS, "admin")
    screens.sign_in(made)
    return made


def bearer(engine: Engine, token: str) -> bool:
    try:
        with reading(engine) as tx:
            return bool(auth.member_by_bearer(tx, f"Bearer {token}", NOW))
    except NotSignedIn:
        return False


def texts(boxes: Iterable[Any]) -> list[str]:
    """What these boxes say, without what keeps it from being Markdown."""
    return [re.sub(r"\\(.)", r"\1", str(box.value)).replace(WORD_JOINER, "") for box in boxes]


def press(at: AppTest, label: str) -> AppTest:
    """The page after a click on the first button of this name."""
    assert not at.exception
    return next(button for button in at.button if button.label == label).click().run()


def fill(at: AppTest, **texts: str) -> AppTest:
    """Types into fields by the first words of their labels."""
    for label, typed in texts.items():
        next(field for field in at.text_input if field.label == label.replace("_", " ")).input(typed)
    return at


# My account: the password


def change(at: AppTest, present: str = PASSWORD, new: str = NEW_PASSWORD, again: str = NEW_PASSWORD) -> AppTest:
    fill(at, Present_password=present, New_password=new, New_password_again=again)
    return press(at, "Change password")


@pytest.mark.quick
def test_a_password_is_changed_and_all_else_ends_but_this_browser(signed_in: Screens, engine: Engine) -> None:
    elsewhere = auth.sign_in(engine, EMAIL, PASSWORD, "192.0.2.7", NOW)
    api_token = auth.new_api_token(engine, auth.OPERATOR, EMAIL, NOW)
    at = change(signed_in.open(page.MY_ACCOUNT))
    assert texts(at.success) == ["Your password is changed."]
    assert (who(engine, elsewhere), bearer(engine, api_token)) == (None, False)
    assert who(engine, signed_in.cookies[COOKIE]) is not None
    with pytest.raises(NotSignedIn):
        auth.sign_in(engine, EMAIL, PASSWORD, "192.0.2.7", NOW)
    assert auth.sign_in(engine, EMAIL, NEW_PASSWORD, "192.0.2.7", NOW)
    assert not at.run().success


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"present": "wrong password"}, "Your present password is not this one."),
        ({"again": "something else, long"}, "The two new passwords are not the same."),
        ({"new": "short", "again": "short"}, "A password has from 10 to 1024 characters."),
        (
            {"new": "password123", "again": "password123"},
            "This password is too easy to guess. Take a longer one, of several words for example.",
        ),
    ],
)
def test_a_password_that_cannot_be_changed_is_a_sentence_and_stays(
    signed_in: Screens, engine: Engine, given: dict[str, str], sentence: str
) -> None:
    at = change(signed_in.open(page.MY_ACCOUNT), **given)
    assert texts(at.error) == [sentence]
    assert auth.sign_in(engine, EMAIL, PASSWORD, "192.0.2.7", NOW)


def test_an_open_tab_is_no_place_to_guess_the_password(signed_in: Screens, engine: Engine) -> None:
    at = signed_in.open(page.MY_ACCOUNT)
    for _ in range(MOST_ATTEMPTS_FROM_ADDRESS):
        change(at, present="wrong password")
    assert "Too many wrong passwords" in change(at).error[0].value
    assert auth.sign_in(engine, EMAIL, PASSWORD, "192.0.2.7", NOW)  # and she is not locked out by it


# My account: sign-ins


def test_sign_ins_are_listed_and_ended_one_by_one(signed_in: Screens, engine: Engine, wired: Clock) -> None:
    phone = Browser("2001:db8::9", "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0) Version/19.0 Mobile Safari/604.1")
    first = auth.sign_in(engine, EMAIL, PASSWORD, Browser("192.0.2.7", CHROME), NOW)
    second = auth.sign_in(engine, EMAIL, PASSWORD, phone, NOW)
    wired.forward(minutes=30)
    auth.note_use(engine, second, wired(), auth.sign_ins.USUAL_LIMITS)
    at = signed_in.open(page.MY_ACCOUNT)
    text_shown = said(at)
    assert "**Safari on an iPhone**" in text_shown
    assert "Last used Thu, 14 May 2026, 14:30. Signed in Thu, 14 May 2026, 14:00 from 2001:db8::9." in text_shown
    assert "**Chrome on Windows**" in text_shown
    assert text_shown.count("this browser") == 1
    press(at, "Sign out")
    assert [who(engine, token) is None for token in (first, second)] == [False, True]
    assert "iPhone" not in said(at)


def test_all_other_sign_ins_are_ended_at_once(signed_in: Screens, engine: Engine) -> None:
    tokens = [auth.sign_in(engine, EMAIL, PASSWORD, "192.0.2.7", NOW) for _ in range(3)]
    account(engine, "ben@school.example")
    bens = auth.sign_in(engine, "ben@school.example", OTHERS_PASSWORD, "192.0.2.7", NOW)
    at = press(signed_in.open(page.MY_ACCOUNT), "Sign out everywhere else")
    assert [who(engine, token) for token in tokens] == [None] * 3
    assert who(engine, signed_in.cookies[COOKIE]) is not None
    assert who(engine, bens) is not None
    assert "Sign out everywhere else" not in [button.label for button in at.button]


def test_nobody_ends_the_sign_in_of_somebody_else(engine: Engine, ana: Member) -> None:
    ben = account(engine, "ben@school.example")
    auth.set_password(engine, auth.OPERATOR, EMAIL, NEW_PASSWORD, NOW)
    token = auth.sign_in(engine, EMAIL, NEW_PASSWORD, "192.0.2.7", NOW)
    with reading(engine) as tx:
        (hers,) = auth.list_sign_ins(tx, ana, NOW)
    auth.end_sign_in(engine, ben, hers, NOW)
    assert who(engine, token) == ana
    auth.end_sign_in(engine, ana, hers, NOW)
    assert who(engine, token) is None


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (CHROME, "Chrome on Windows"),
        (CHROME + " Edg/149.0", "Edge on Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:149.0) Gecko/20100101 Firefox/149.0", "Firefox on Linux"),
        ("Mozilla/5.0 (Linux; Android 16) AppleWebKit Chrome/149.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (iPad; CPU OS 19_0 like Mac OS X) Version/19 Safari/604.1", "Safari on an iPad"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) Version/19 Safari/604.1", "Safari on a Mac"),
        ("curl/8.0", "A browser"),
        ("<script>alert(1)</script>", "A browser"),
        ("", "A browser"),
    ],
)
def test_a_browser_is_named_as_a_person_would(user_agent: str, words: str) -> None:
    assert browser_in_words(user_agent) == words


# My account: API tokens


def test_an_api_token_is_made_shown_once_and_revoked(signed_in: Screens, engine: Engine) -> None:
    at = fill(signed_in.open(page.MY_ACCOUNT), Name="My *script*")
    at.selectbox[0].set_value(90)
    press(at, "Make a token")
    token = at.code[0].value
    assert bearer(engine, token)
    assert "**My *script***" in said(at)
    assert "Made Thu, 14 May 2026, 14:00. Never used. Expires Wed, 12 Aug 2026, 14:00." in said(at)
    assert not at.run().code
    press(at, "Revoke")
    assert not bearer(engine, token)
    assert "script" not in said(at)


def test_an_api_token_without_a_name_is_refused(signed_in: Screens) -> None:
    at = press(signed_in.open(page.MY_ACCOUNT), "Make a token")
    assert texts(at.error) == ["The name of a token has from 1 to 60 characters."]


# People


def test_only_an_admin_sees_the_people(signed_in: Screens) -> None:
    at = signed_in.open(page.PEOPLE)
    assert refused(at) == "This page is for admins."
    assert not at.text_input
    assert not at.button


def invite(screens: Screens, email: str = "new@school.example") -> AppTest:
    at = fill(screens.open(page.PEOPLE), **{"E-mail": email, "Name": "Noa New"})
    return press(at, "Make an invitation")


def path_of(link: str) -> str:
    return urlsplit(link).path


@pytest.mark.quick
def test_somebody_is_invited_by_a_link_that_sets_her_password_once(
    screens: Screens, app: Starlette, engine: Engine, boss: Member
) -> None:
    at = invite(screens)
    assert texts(at.success) == ["new@school.example is invited."]
    path = path_of(at.code[0].value)
    assert re.fullmatch(r"/invite/[\w-]{43}", path)
    assert not at.run().code
    form = get(app, path)
    assert form.status == 200
    assert 'value="new@school.example"' in form.text
    assert form.header("cache-control") == "no-store"
    answer = post(app, path, {"password": NEW_PASSWORD, "again": NEW_PASSWORD})
    assert (answer.status, answer.header("location")) == (303, "/")
    assert get(app, "/", {"cookie": f"{COOKIE}={answer.cookies[COOKIE].value}"}).status == 200
    assert log_in(app, "new@school.example", NEW_PASSWORD).status == 303
    for again in (get(app, path), post(app, path, {"password": "another long one", "again": "another long one"})):
        assert (again.status, fault(again)) == (
            410,
            "This link has been used, or its time is over. Ask an admin for another one.",
        )
        assert again.header("set-cookie") == ""


def test_an_invitation_expires(screens: Screens, app: Starlette, boss: Member, wired: Clock) -> None:
    path = path_of(invite(screens).code[0].value)
    wired.time += auth.INVITATION_LIFE
    assert get(app, path).status == 410
    assert post(app, path, {"password": NEW_PASSWORD, "again": NEW_PASSWORD}).status == 410
    assert log_in(app, "new@school.example", NEW_PASSWORD).status == 401


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"password": NEW_PASSWORD, "again": "other"}, "The two new passwords are not the same."),
        ({"password": "short", "again": "short"}, "A password has from 10 to 1024 characters."),
        ({}, "A password has from 10 to 1024 characters."),
        ({"password": "noa.new.2026", "again": "noa.new.2026"}, "is no password"),
    ],
)
def test_a_password_that_is_unfit_leaves_the_invitation_as_it_is(
    screens: Screens, app: Starlette, boss: Member, fields: dict[str, str], sentence: str
) -> None:
    path = path_of(invite(screens).code[0].value)
    answer = post(app, path, fields)
    assert answer.status == 400
    assert sentence in fault(answer)
    assert answer.header("set-cookie") == ""
    assert post(app, path, {"password": NEW_PASSWORD, "again": NEW_PASSWORD}).status == 303


def test_an_invitation_that_is_accepted_twice_at_once_lets_one_in(
    engine: Engine, boss: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = auth.invite(engine, boss, "new@school.example", "Noa", "teacher", NOW)
    right = auth.invitations.hash_password

    def meanwhile(password: str) -> str:
        monkeypatch.setattr(auth.invitations, "hash_password", right)
        auth.accept(engine, token, "the first one wins here", Browser("192.0.2.7"), NOW, auth.sign_ins.USUAL_LIMITS)
        return right(password)

    monkeypatch.setattr(auth.invitations, "hash_password", meanwhile)
    with pytest.raises(NotSignedIn, match="This link has been used"):
        auth.accept(engine, token, NEW_PASSWORD, Browser("192.0.2.8"), NOW, auth.sign_ins.USUAL_LIMITS)
    assert auth.sign_in(engine, "new@school.example", "the first one wins here", "192.0.2.7", NOW)


@pytest.mark.parametrize("path", ["/invite/", "/invite/x", "/invite/" + "x" * 42, "/invite/" + "x" * 44, "/invite"])
def test_only_the_address_of_an_invitation_is_open(app: Starlette, path: str) -> None:
    assert request(app, "GET", path).status == 401
    assert websocket(app, path) == ["websocket.close"]


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_an_invitation_is_not_accepted_from_another_site(
    screens: Screens, app: Starlette, boss: Member, origin: str
) -> None:
    path = path_of(invite(screens).code[0].value)
    fields = {"password": NEW_PASSWORD, "again": NEW_PASSWORD}
    assert post(app, path, fields, headers={"origin": origin}).status == 403
    assert get(app, "/invite/" + "x" * 43).status == 410


def test_only_a_hash_of_an_invitation_is_stored(screens: Screens, engine: Engine, boss: Member) -> None:
    token = path_of(invite(screens).code[0].value).rpartition("/")[2]
    with engine.connect() as connection:
        rows = connection.execute(text('SELECT * FROM "Invitation"')).all()
    assert len(rows) == 1
    assert token not in repr(rows)


@pytest.mark.parametrize("email", ["", "nobody", "@", BOSS])
def test_an_invitation_for_no_usable_address_is_a_sentence(
    screens: Screens, engine: Engine, boss: Member, email: str
) -> None:
    at = invite(screens, email)
    assert len(at.error) == 1
    assert not at.code


def chosen(screens: Screens, email: str) -> AppTest:
    at = screens.open(page.PEOPLE)
    return pick(at, "Account", email)


def pick(at: AppTest, label: str, email: str) -> AppTest:
    """The page once this account is chosen in this box."""
    box = next(box for box in at.selectbox if box.label == label)
    return box.select_index(next(place for place, one in enumerate(box.options) if f"({email})" in one)).run()


def sure(at: AppTest, label: str) -> AppTest:
    """The page once this box is ticked."""
    return next(box for box in at.checkbox if box.label == label).check().run()


def test_a_password_is_reset_by_a_link(screens: Screens, app: Starlette, engine: Engine, boss: Member) -> None:
    account(engine)
    token, api_token = (
        auth.sign_in(engine, EMAIL, OTHERS_PASSWORD, "192.0.2.7", NOW),
        auth.new_api_token(engine, auth.OPERATOR, EMAIL, NOW),
    )
    at = press(sure(chosen(screens, EMAIL), "Yes, end them"), "Reset password")
    assert (who(engine, token), bearer(engine, api_token)) == (None, False)
    assert log_in(app).status == 401
    path = path_of(at.code[0].value)
    assert post(app, path, {"password": NEW_PASSWORD, "again": NEW_PASSWORD}).status == 303
    assert log_in(app, EMAIL, NEW_PASSWORD).status == 303


def test_an_account_is_promoted_closed_opened_and_removed_on_the_page(
    screens: Screens, engine: Engine, boss: Member
) -> None:
    ana = account(engine)
    class_id = lesson(engine, ana)

    def state() -> list[tuple[str, str, bool]]:
        with reading(engine) as tx:
            return [(one.email, one.role, one.disabled_at is not None) for one in auth.list_members(tx)]

    press(chosen(screens, EMAIL), "Make an admin")
    assert state()[0] == (EMAIL, "admin", False)
    assert next(button for button in chosen(screens, EMAIL).button if button.label == "Close account").disabled
    at = press(sure(chosen(screens, EMAIL), "Yes, close it"), "Close account")
    assert state()[0] == (EMAIL, "admin", True)
    assert texts(at.success) == ["ana@school.example cannot sign in any more."]
    press(chosen(screens, EMAIL), "Open again")
    assert state()[0] == (EMAIL, "admin", False)
    at = chosen(screens, EMAIL)
    assert next(button for button in at.button if button.label == "Remove").disabled
    press(sure(at, "Yes, remove it for good"), "Remove")
    assert texts(at.error) == ["ana@school.example has classes. Say who gets them (on the command line: --to EMAIL)."]
    pick(at, "Who gets the classes", BOSS)
    press(at, "Remove")
    assert [one[0] for one in state()] == [BOSS]
    assert stored(engine, class_id).teacher_id == boss.id


def test_the_last_admin_is_told_so_on_the_page(screens: Screens, engine: Engine, boss: Member) -> None:
    for label in ("Make a teacher", "Close account"):
        at = press(sure(chosen(screens, BOSS), "Yes, close it"), label)
        assert texts(at.error) == ["boss@school.example is the only admin left. Make somebody else an admin first."]


def test_a_hostile_name_is_text_on_the_page_people(screens: Screens, engine: Engine, boss: Member) -> None:
    auth.invite(engine, boss, "v@school.example", "<img src=x> **bold** [l](http://e)", "teacher", NOW)
    at = screens.open(page.PEOPLE)
    assert not at.exception
    assert "<img src=x> **bold** [l](http://e)" in [row["Name"] for row in tables(at)["Accounts"]]
    drawn = [text for text in raw(at) if "Accounts" in text and "<table" in text]
    assert drawn
    assert not [text for text in drawn if "<img" in text]


def test_a_role_that_nobody_knows_is_shown_and_can_be_set_right(screens: Screens, engine: Engine, boss: Member) -> None:
    account(engine)
    with transaction(engine) as tx:
        tx.exec(update(User).where(col(User.email) == EMAIL).values(role="<b>janitor</b>"))
    assert "<b>janitor</b>" in [row["Role"] for row in tables(screens.open(page.PEOPLE))["Accounts"]]
    at = chosen(screens, EMAIL)
    assert "has a role that is unknown here: <b>janitor</b>." in said(at)
    press(at, "Make a teacher")
    assert texts(at.success) == [f"{EMAIL} is a teacher now."]


def test_of_a_thousand_accounts_those_that_are_searched_for_are_shown(
    screens: Screens, engine: Engine, boss: Member
) -> None:
    with transaction(engine) as tx:
        for number in range(1, 1000):
            storage.members.add_member(tx, f"t{number}@school.example", f"Teacher {number}", "teacher", None, NOW)
    at = screens.open(page.PEOPLE)
    assert "1,000 accounts" in said(at)
    assert len(tables(at)["Accounts"]) == 50
    at.text_input(key="people-search").input(" teacher 99").run()
    assert [row["Name"] for row in tables(at)["Accounts"]] == [
        "Teacher 99",
        *(f"Teacher {n}" for n in range(990, 1000)),
    ]
    at.text_input(key="people-search").input("nobody").run()
    assert "Nobody has this name or e-mail." in said(at)


def test_the_use_of_a_browser_moves_its_sign_in_on(app: Starlette, engine: Engine, wired: Clock) -> None:
    account(engine)
    cookie = cookie_of(app)
    for _ in range(3):
        wired.forward(hours=40)
        assert get(app, "/", cookie).status == 200
    wired.forward(hours=72)
    assert get(app, "/", cookie).status == 303
