"""Passwords: which are taken, how they are kept, and hashes of before."""

import base64
import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Engine, text

from tests.accounts.people import sign_in, who
from tests.gate_client import EMAIL, PASSWORD
from tests.makers import NOW, member
from tracker import auth, storage
from tracker.auth import passwords, sign_ins
from tracker.errors import InvalidInput, NotFound, NotSignedIn
from tracker.storage.database import reading, transaction
from tracker.storage.members import Member

# Passwords


@pytest.mark.parametrize(
    "password", ["x" * 10, PASSWORD, "💡" * 10, "with \0 inside", "\ud800" * 10, " " * 12, "x" * 1024]
)
def test_a_password_matches_itself_and_nothing_else(password: str) -> None:
    found = auth.hash_password(password)
    assert passwords.password_matches(password, found)
    assert not passwords.password_matches(password[:-1], found)
    assert not passwords.password_matches(password[:-1] + "?", found)


def test_the_same_password_is_stored_differently_each_time() -> None:
    first, second = auth.hash_password(PASSWORD), auth.hash_password(PASSWORD)
    assert first != second
    assert PASSWORD not in first


@pytest.mark.parametrize("password", ["", "x" * 9, "x" * 1025])
@pytest.mark.database("sqlite")
def test_a_password_that_is_too_short_or_too_long_is_refused(engine: Engine, ana: Member, password: str) -> None:
    with pytest.raises(InvalidInput, match="A password has"):
        auth.set_password(engine, auth.OPERATOR, EMAIL, password, NOW)
    assert sign_in(engine)


@pytest.mark.parametrize(
    "password",
    ["password123", "qwertyuiop", "1234567890", "xxxxxxxxxx", "Password2024!", "hunter22hunter22"],
)
@pytest.mark.database("sqlite")
def test_a_common_password_is_refused(engine: Engine, ana: Member, password: str) -> None:
    with pytest.raises(InvalidInput, match="too easy to guess"):
        auth.set_password(engine, auth.OPERATOR, EMAIL, password, NOW)
    with pytest.raises(InvalidInput, match="too easy to guess"):
        auth.add_member(engine, auth.OPERATOR, "new@school.example", "New", "teacher", password, NOW)
    assert sign_in(engine)


@pytest.mark.parametrize(
    "password",
    [
        "maria.keller",
        "Maria Keller",
        "mariakeller2026",
        "KELLERMARIA",
        "maria.keller@school.example",
        "keller-school",
        "schoolexample1",
        "attendance1",
        "keller12345",
        "zoom12345678",
        "!Maria2026Keller!",
    ],
)
@pytest.mark.database("sqlite")
def test_a_password_of_ones_own_name_address_or_of_this_product_is_refused(engine: Engine, password: str) -> None:
    with pytest.raises(InvalidInput, match="is no password"):
        auth.add_member(engine, auth.OPERATOR, "maria.keller@school.example", "Maria Keller", "teacher", password, NOW)
    with pytest.raises(NotFound):
        auth.set_password(engine, auth.OPERATOR, "maria.keller@school.example", password, NOW)


@pytest.mark.parametrize("password", [PASSWORD, "maria plants seven tulips", "x8#kQz!m2Lpw", "Übermut tut selten gut"])
@pytest.mark.database("sqlite")
def test_a_password_that_is_hard_to_guess_is_taken(engine: Engine, password: str) -> None:
    auth.add_member(engine, auth.OPERATOR, "maria.keller@school.example", "Maria Keller", "teacher", password, NOW)
    assert sign_in(engine, password, "maria.keller@school.example")


@pytest.mark.parametrize("given", ["", PASSWORD, "x" * 100_000])
@pytest.mark.database("sqlite")
def test_no_password_opens_an_account_that_has_none(engine: Engine, given: str) -> None:
    member(engine, EMAIL)
    assert not passwords.password_matches(given, None)
    with pytest.raises(NotSignedIn):
        sign_in(engine, given)


# Hashes of before


def scrypt_hash(password: str) -> str:
    """The form in which passwords were stored before argon2."""
    salt = b"0123456789abcdef"
    found = hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=5, maxmem=64 * 1024 * 1024, dklen=32)
    return "$".join(["scrypt", *(base64.b64encode(part).decode() for part in (salt, found))])


OTHER_COST = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)


def hash_of(engine: Engine, email: str = EMAIL) -> str:
    """The stored hash of somebody's password."""
    with reading(engine) as tx:
        found = storage.members.password_hash(tx, email)
    assert found is not None
    return str(found[1])


def store_hash(engine: Engine, who: Member, stored_hash: str) -> None:
    with transaction(engine) as tx:
        storage.members.set_password_hash(tx, who.id, stored_hash)


@pytest.mark.database("sqlite")
@pytest.mark.parametrize("old", [scrypt_hash(PASSWORD), OTHER_COST.hash(PASSWORD)], ids=["scrypt", "another cost"])
@pytest.mark.slow
def test_an_old_hash_is_accepted_and_renewed_at_the_next_sign_in(engine: Engine, ana: Member, old: str) -> None:
    store_hash(engine, ana, old)
    with pytest.raises(NotSignedIn):
        sign_in(engine, PASSWORD + "?")
    assert hash_of(engine) == old
    token = sign_in(engine)
    renewed = hash_of(engine)
    assert passwords.is_outdated(old)
    assert not passwords.is_outdated(renewed)
    assert renewed.startswith("$argon2id$")
    assert who(engine, token) == ana
    assert who(engine, sign_in(engine)) == ana
    assert hash_of(engine) == renewed  # and it is not renewed again


@pytest.mark.parametrize("old", [True, False])
@pytest.mark.slow
def test_a_password_that_is_changed_while_it_is_checked_signs_nobody_in(
    engine: Engine, ana: Member, monkeypatch: pytest.MonkeyPatch, old: bool
) -> None:
    if old:  # a hash that would be renewed must not undo the change either
        store_hash(engine, ana, scrypt_hash(PASSWORD))
    right = passwords.password_matches

    def slow_check(password: str, stored: str | None) -> bool:
        monkeypatch.setattr(passwords, "password_matches", right)
        found = right(password, stored)
        auth.set_password(engine, auth.OPERATOR, EMAIL, "another password", NOW)
        return found

    monkeypatch.setattr(passwords, "password_matches", slow_check)
    with pytest.raises(NotSignedIn, match=r"E-mail or password is wrong\."):
        sign_in(engine)
    assert who(engine, sign_in(engine, "another password")) == ana


@pytest.mark.parametrize("later", ["the new password", "the sign-in"])
def test_an_old_password_lets_nobody_in_who_signs_in_while_it_is_changed(
    engine: Engine, ana: Member, monkeypatch: pytest.MonkeyPatch, later: str
) -> None:
    """Two transactions at once: whichever comes second waits for the first one, and sees what it did."""
    inside, other_is_through = threading.Event(), threading.Event()
    begin, end_all = sign_ins.begin, storage.sign_ins.end_all

    def hold_if_first(name: str) -> None:
        if later == name:
            other_is_through.set()
        else:
            inside.set()
            other_is_through.wait(0.5)  # the other one has to wait, so this passes

    def slow_begin(*arguments: Any) -> str:
        token = begin(*arguments)
        arguments[0].flush()
        hold_if_first("the sign-in")
        return token

    def slow_end(*arguments: Any) -> None:
        end_all(*arguments)
        hold_if_first("the new password")

    monkeypatch.setattr(sign_ins, "begin", slow_begin)
    monkeypatch.setattr(storage.sign_ins, "end_all", slow_end)
    changes = {
        "the sign-in": lambda: sign_in(engine),
        "the new password": lambda: auth.set_password(engine, auth.OPERATOR, EMAIL, "another password", NOW),
    }
    second = changes.pop(later)
    (first,) = changes.values()
    with ThreadPoolExecutor(2) as threads:
        begun = threads.submit(first)
        assert inside.wait(20)
        after = threads.submit(second)
        tokens = [done.result() for done in (begun, after) if not done.exception()]
        assert [type(done.exception()) for done in (begun, after) if done.exception()] in ([], [NotSignedIn])
    assert [who(engine, token) for token in tokens if token] in ([], [None])
    with engine.connect() as connection:
        assert connection.execute(text('SELECT count(*) FROM "SignIn"')).scalar() == 0


@pytest.mark.slow
def test_two_browsers_may_sign_in_at_once_where_the_hash_is_renewed(
    engine: Engine, ana: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_hash(engine, ana, scrypt_hash(PASSWORD))
    right = passwords.password_matches

    def meanwhile(password: str, stored: str | None) -> bool:
        monkeypatch.setattr(passwords, "password_matches", right)
        assert sign_in(engine)
        return right(password, stored)

    monkeypatch.setattr(passwords, "password_matches", meanwhile)
    assert who(engine, sign_in(engine)) == ana


class CountingHasher(PasswordHasher):
    """Counts how often a password is compared with a hash."""

    compared = 0

    def verify(self, *arguments: Any) -> Any:
        self.compared += 1
        return super().verify(*arguments)


@pytest.mark.database("sqlite")
@pytest.mark.parametrize("email", [EMAIL, "nobody@school.example", "no-password@school.example"])
def test_every_sign_in_costs_one_comparison_whether_or_not_there_is_an_account(
    engine: Engine, ana: Member, monkeypatch: pytest.MonkeyPatch, email: str
) -> None:
    member(engine, "no-password@school.example")
    hasher = CountingHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "HASHER", hasher)
    with pytest.raises(NotSignedIn):
        sign_in(engine, "wrong password", email)
    assert hasher.compared == 1
