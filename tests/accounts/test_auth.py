"""Passwords, signed-in browsers, API tokens, and who may see what."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from tests.accounts.people import HERE, sign_in, who
from tests.gate_client import EMAIL, PASSWORD
from tests.makers import NOW, at, lesson, member, stored
from tracker import auth
from tracker.auth import OPERATOR, SIGN_IN_LIFE, Limits
from tracker.auth.guessing import ATTEMPT_WINDOW, MOST_ATTEMPTS, MOST_ATTEMPTS_FROM_ADDRESS
from tracker.errors import NotAllowed, NotFound, NotSignedIn, TooManyTries
from tracker.storage.database import reading, transaction
from tracker.storage.members import Member


def everything_stored(engine: Engine) -> str:
    with engine.connect() as connection:
        tables = [connection.execute(text(f'SELECT * FROM "{name}"')).all() for name in ("User", "SignIn")]
    return repr(tables)


# Browsers


def test_who_signs_in_is_known_by_the_token(engine: Engine, ana: Member) -> None:
    token = sign_in(engine, email=" ANA@School.example ")
    assert who(engine, token) == ana
    assert len(token) >= 40
    assert sign_in(engine) != token


@pytest.mark.parametrize(
    ("email", "password"),
    [
        (EMAIL, "wrong password"),
        (EMAIL, PASSWORD.upper()),
        (EMAIL, ""),
        ("nobody@school.example", PASSWORD),
        ("", PASSWORD),
        ("ana\0@school.example", PASSWORD),
        ("\ud800", PASSWORD),
        ("' OR 1=1 --", PASSWORD),
    ],
)
def test_a_wrong_email_or_password_is_answered_the_same(engine: Engine, ana: Member, email: str, password: str) -> None:
    with pytest.raises(NotSignedIn) as caught:
        sign_in(engine, password, email)
    assert str(caught.value) == "E-mail or password is wrong."


@pytest.mark.parametrize("token", ["", "x", "\ud800", "\0", "x" * 100_000])
@pytest.mark.database("sqlite")
def test_an_invented_token_belongs_to_nobody(engine: Engine, ana: Member, token: str) -> None:
    sign_in(engine)
    assert who(engine, token) is None


LIMITS = Limits(idle=timedelta(hours=10), absolute=timedelta(hours=24))


def test_a_sign_in_that_is_not_used_ends(engine: Engine, ana: Member) -> None:
    token = auth.sign_in(engine, EMAIL, PASSWORD, HERE, NOW, LIMITS)
    assert who(engine, token, 10 * 60 - 0.1) == ana
    assert who(engine, token, 10 * 60) is None


def test_a_sign_in_that_is_used_goes_on_until_it_ends_in_any_case(engine: Engine, ana: Member) -> None:
    token = auth.sign_in(engine, EMAIL, PASSWORD, HERE, NOW, LIMITS)
    for hours in (9, 18):
        auth.note_use(engine, token, at(hours * 60), LIMITS)
        assert who(engine, token, (hours + 5) * 60) == ana
    assert who(engine, token, 24 * 60 - 0.1) == ana
    assert who(engine, token, 24 * 60) is None


def test_a_sign_in_that_has_ended_is_not_brought_back_by_its_use(engine: Engine, ana: Member) -> None:
    token = auth.sign_in(engine, EMAIL, PASSWORD, HERE, NOW, LIMITS)
    auth.sign_out(engine, token, NOW)
    auth.note_use(engine, token, at(1), LIMITS)
    assert who(engine, token, 1) is None
    late = auth.sign_in(engine, EMAIL, PASSWORD, HERE, NOW, LIMITS)
    auth.note_use(engine, late, at(11 * 60), LIMITS)
    assert who(engine, late, 11 * 60) is None


def test_the_use_of_a_sign_in_is_written_down_every_five_minutes(engine: Engine, ana: Member) -> None:
    token = auth.sign_in(engine, EMAIL, PASSWORD, HERE, NOW, LIMITS)

    def due(minute: float) -> bool:
        with reading(engine) as tx:
            return auth.use_is_to_be_noted(tx, token, at(minute))

    assert [due(minute) for minute in (0, 4.9, 5)] == [False, False, True]
    auth.note_use(engine, token, at(5), LIMITS)
    assert [due(minute) for minute in (9.9, 10)] == [False, True]


def test_signing_out_ends_one_browser(engine: Engine, ana: Member) -> None:
    here, there = sign_in(engine), sign_in(engine)
    auth.sign_out(engine, here, NOW)
    auth.sign_out(engine, "unknown", NOW)
    assert who(engine, here) is None
    assert who(engine, there) == ana


def test_a_new_password_ends_every_sign_in_and_api_token_of_the_person(engine: Engine, ana: Member) -> None:
    member(engine, "ben@school.example")
    auth.set_password(engine, auth.OPERATOR, "ben@school.example", PASSWORD, NOW)
    tokens, bens = [sign_in(engine), sign_in(engine)], sign_in(engine, email="ben@school.example")
    api_token, bens_api_token = (
        auth.new_api_token(engine, auth.OPERATOR, who, NOW) for who in (EMAIL, "ben@school.example")
    )
    auth.set_password(engine, auth.OPERATOR, EMAIL, "another password", NOW)
    assert [who(engine, token) for token in tokens] == [None, None]
    assert who(engine, bens) is not None
    with reading(engine) as tx:
        assert auth.member_by_bearer(tx, f"Bearer {bens_api_token}", NOW)
        with pytest.raises(NotSignedIn):
            auth.member_by_bearer(tx, f"Bearer {api_token}", NOW)
    with pytest.raises(NotSignedIn):
        sign_in(engine)
    assert who(engine, sign_in(engine, "another password")) == ana


def test_only_hashes_of_secrets_are_stored(engine: Engine, ana: Member) -> None:
    token = sign_in(engine)
    api_token = auth.new_api_token(engine, auth.OPERATOR, EMAIL, NOW)
    dump = everything_stored(engine)
    assert EMAIL in dump
    for secret in (PASSWORD, token, api_token, api_token.removeprefix("zpt_")):
        assert secret not in dump


# Guessing


def guess(engine: Engine, times: int, place: str = HERE, email: str = EMAIL, minute: float = 0) -> None:
    for _ in range(times):
        with pytest.raises(NotSignedIn):
            sign_in(engine, "wrong password", email, place, minute)


@pytest.mark.parametrize("email", [EMAIL, "nobody@school.example"])
def test_guessing_is_stopped_for_a_while_also_for_the_right_password(engine: Engine, email: str) -> None:
    member(engine, EMAIL)
    auth.set_password(engine, auth.OPERATOR, EMAIL, PASSWORD, NOW)
    guess(engine, MOST_ATTEMPTS_FROM_ADDRESS, email=email)
    with pytest.raises(TooManyTries, match="Try again in 15 minutes"):
        sign_in(engine, email=f" {email.upper()} ", minute=14.9)
    with pytest.raises(TooManyTries):
        sign_in(engine, email=email)
    if email == EMAIL:
        assert sign_in(engine, minute=ATTEMPT_WINDOW / timedelta(minutes=1))


def test_guessing_elsewhere_or_at_others_does_not_lock_a_person_out(engine: Engine, ana: Member) -> None:
    auth.set_password(engine, auth.OPERATOR, EMAIL, PASSWORD, NOW)
    guess(engine, MOST_ATTEMPTS_FROM_ADDRESS, place="198.51.100.7")
    guess(engine, MOST_ATTEMPTS_FROM_ADDRESS, email="nobody@school.example")
    assert sign_in(engine)


@pytest.mark.slow
def test_guessing_from_many_places_is_stopped_as_well(engine: Engine) -> None:
    for number in range(MOST_ATTEMPTS):
        guess(engine, 1, place=f"198.51.100.{number}")
    with pytest.raises(TooManyTries):
        sign_in(engine, place="203.0.113.9")


def test_success_forgets_the_wrong_tries_from_there(engine: Engine) -> None:
    member(engine, EMAIL)
    auth.set_password(engine, auth.OPERATOR, EMAIL, PASSWORD, NOW)
    for _ in range(3):
        guess(engine, MOST_ATTEMPTS_FROM_ADDRESS - 1)
        sign_in(engine)
    guess(engine, MOST_ATTEMPTS_FROM_ADDRESS)


def test_old_sign_ins_and_attempts_are_dropped(engine: Engine, ana: Member) -> None:
    old, young = sign_in(engine), sign_in(engine, minute=5 * 24 * 60)
    guess(engine, 1)
    guess(engine, 1, minute=30)
    with transaction(engine) as tx:
        auth.forget_old(tx, NOW + SIGN_IN_LIFE)
        assert auth.member_signed_in(tx, old, NOW) is None
        assert auth.member_signed_in(tx, young, at(5 * 24 * 60)) == ana
        assert tx.connection().execute(text('SELECT count(*) FROM "SignInAttempt"')).scalar() == 0


def test_attempts_of_the_last_minutes_are_kept(engine: Engine) -> None:
    guess(engine, 1, minute=0)
    guess(engine, 1, minute=1)
    with transaction(engine) as tx:
        auth.forget_old(tx, NOW + ATTEMPT_WINDOW)
        assert tx.connection().execute(text('SELECT count(*) FROM "SignInAttempt"')).scalar() == 1


# API tokens


def test_an_api_token_is_taken_from_the_header(engine: Engine, ana: Member) -> None:
    token = auth.new_api_token(engine, auth.OPERATOR, " ANA@school.example", NOW)
    with reading(engine) as tx:
        for header in (f"Bearer {token}", f"bearer {token}", f"BEARER  {token} "):
            assert auth.member_by_bearer(tx, header, NOW) == ana


def test_a_new_api_token_replaces_the_one_before(engine: Engine, ana: Member) -> None:
    first, second = (
        auth.new_api_token(engine, auth.OPERATOR, EMAIL, NOW),
        auth.new_api_token(engine, auth.OPERATOR, EMAIL, NOW),
    )
    with reading(engine) as tx:
        assert auth.member_by_bearer(tx, f"Bearer {second}", NOW) == ana
        with pytest.raises(NotSignedIn):
            auth.member_by_bearer(tx, f"Bearer {first}", NOW)


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic TOKEN", "TOKEN", "Bearer TOKENx", "Bearer \ud800\0"]
)
@pytest.mark.database("sqlite")
def test_any_other_header_is_refused(engine: Engine, ana: Member, header: str) -> None:
    token = auth.new_api_token(engine, auth.OPERATOR, EMAIL, NOW)
    member(engine, "ben@school.example")  # has no token at all
    with reading(engine) as tx, pytest.raises(NotSignedIn, match="A valid API token is needed"):
        auth.member_by_bearer(tx, header.replace("TOKEN", token), NOW)


@pytest.mark.parametrize(
    "call",
    [
        lambda engine, email: auth.new_api_token(engine, auth.OPERATOR, email, NOW),
        lambda engine, email: auth.set_password(engine, auth.OPERATOR, email, PASSWORD, NOW),
    ],
)
def test_somebody_without_an_account_gets_nothing(engine: Engine, call: object) -> None:
    assert callable(call)
    with pytest.raises(NotFound, match=r"no account for nobody@school\.example"):
        call(engine, "nobody@school.example")


# Who may see what


def test_a_class_is_seen_by_its_teacher_and_by_admins(engine: Engine, ana: Member) -> None:
    found = stored(engine, lesson(engine, ana))
    for viewer in (ana, member(engine, "boss@school.example", "admin"), OPERATOR):
        auth.check_may_see(viewer, found)
    with pytest.raises(NotAllowed, match="belongs to somebody else"):
        auth.check_may_see(member(engine, "ben@school.example"), found)
