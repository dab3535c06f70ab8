"""API tokens: made with a name, used, revoked, and ended by themselves; the same as commands."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from tests.accounts.people import BEN, bearer
from tests.gate_client import EMAIL
from tests.makers import NOW, at
from tests.practice_school import TEACHER, CommandLine
from tracker import auth, clock, storage
from tracker.auth.tokens import MOST_TOKENS
from tracker.errors import InvalidInput
from tracker.storage.database import reading
from tracker.storage.members import Member

# API tokens


def test_a_person_may_have_several_api_tokens_each_with_a_name(engine: Engine, ana: Member, ben: Member) -> None:
    command, script = (
        auth.new_api_token(engine, auth.OPERATOR, EMAIL, NOW),
        auth.new_api_token(engine, auth.OPERATOR, EMAIL, at(1), " My  script "),
    )
    bens = auth.new_api_token(engine, auth.OPERATOR, BEN, NOW, "My script")
    assert [bearer(engine, token) for token in (command, script, bens)] == [EMAIL, EMAIL, BEN]
    with reading(engine) as tx:
        assert [one.name for one in auth.list_api_tokens(tx, ana)] == ["My script", "command line"]
    again = auth.new_api_token(engine, auth.OPERATOR, EMAIL, at(2), "My script")
    assert [bearer(engine, token) for token in (command, script, again, bens)] == [EMAIL, None, EMAIL, BEN]


def test_an_api_token_expires(engine: Engine, ana: Member) -> None:
    token = auth.new_api_token(engine, auth.OPERATOR, EMAIL, NOW, "script", 30)
    month = timedelta(days=30) / timedelta(minutes=1)
    assert [bearer(engine, token, minute) for minute in (month - 1, month)] == [EMAIL, None]


def test_api_tokens_are_revoked_one_by_one_or_all(engine: Engine, ana: Member, ben: Member) -> None:
    tokens = [auth.new_api_token(engine, auth.OPERATOR, EMAIL, NOW, name) for name in ("one", "two", "three")]
    bens = auth.new_api_token(engine, auth.OPERATOR, BEN, NOW)
    assert auth.revoke_api_tokens(engine, auth.OPERATOR, EMAIL, NOW, "two") == 1
    assert auth.revoke_api_tokens(engine, auth.OPERATOR, EMAIL, NOW, "two") == 0
    assert [bearer(engine, token) for token in tokens] == [EMAIL, None, EMAIL]
    assert auth.revoke_api_tokens(engine, auth.OPERATOR, EMAIL, NOW) == 2
    assert [bearer(engine, token) for token in (*tokens, bens)] == [None, None, None, BEN]


def test_an_earlier_version_beside_this_one_sees_a_token_come_and_go(engine: Engine, ana: Member) -> None:
    def seen() -> object:
        with engine.connect() as connection:
            return connection.execute(text('SELECT "apiTokenHash" FROM "User"')).scalar()

    assert seen() is None
    token = auth.new_api_token(engine, auth.OPERATOR, EMAIL, NOW)
    assert seen() == auth.sign_ins.digest(token)
    auth.new_api_token(
        engine, auth.OPERATOR, EMAIL, NOW, "for a month", 30
    )  # whose end an earlier version would not keep to
    assert seen() == auth.sign_ins.digest(token)
    auth.revoke_api_tokens(engine, auth.OPERATOR, EMAIL, NOW, auth.OF_COMMAND)
    assert seen() is None
    auth.new_api_token(engine, auth.OPERATOR, EMAIL, NOW)
    auth.set_password(engine, auth.OPERATOR, EMAIL, "maria plants seven tulips", NOW)
    assert seen() is None


def test_the_use_of_an_api_token_is_written_down(engine: Engine, ana: Member) -> None:
    token = auth.new_api_token(engine, auth.OPERATOR, EMAIL, NOW)

    def used() -> list[object]:
        with reading(engine) as tx:
            return [one.last_used_at for one in auth.list_api_tokens(tx, ana)]

    assert used() == [None]
    for minute, last in ((1, 1), (5, 1), (6, 6)):
        auth.note_bearer_use(engine, f"Bearer {token}", at(minute))
        assert used() == [at(last)]
    auth.note_bearer_use(engine, "Bearer nothing", at(20))
    assert used() == [at(6)]


@pytest.mark.database("sqlite")
@pytest.mark.parametrize(("name", "days"), [("", None), ("  ", None), ("x" * 61, None), ("ok", 0), ("ok", 3651)])
def test_a_token_without_a_usable_name_or_length_is_refused(
    engine: Engine, ana: Member, name: str, days: int | None
) -> None:
    with pytest.raises(InvalidInput):
        auth.new_api_token(engine, auth.OPERATOR, EMAIL, NOW, name, days)


@pytest.mark.database("sqlite")
def test_a_person_has_so_many_api_tokens_and_no_more(engine: Engine, ana: Member) -> None:
    for number in range(MOST_TOKENS):
        auth.new_api_token(engine, auth.OPERATOR, EMAIL, NOW, f"script {number}")
    with pytest.raises(InvalidInput, match="20 tokens already"):
        auth.new_api_token(engine, auth.OPERATOR, EMAIL, NOW, "one more")
    assert auth.new_api_token(engine, auth.OPERATOR, EMAIL, NOW, "script 3")


# The commands


@pytest.mark.database("sqlite")
@pytest.mark.quick
def test_api_tokens_are_made_and_revoked_by_command(tracker: CommandLine, database: Engine) -> None:
    tracker.add_teacher()

    def made(*options: str) -> str:
        return tracker.done("user", "token", TEACHER, *options).text.splitlines()[-1]

    def works(token: str) -> bool:
        with reading(database) as tx:
            return storage.api_tokens.member_with(tx, auth.sign_ins.digest(token), clock.now()) is not None

    first, script, short = made(), made("--name", "script"), made("--name", "short", "--days", "1")
    second = made()
    assert [works(token) for token in (first, second, script, short)] == [False, True, True, True]
    assert tracker.done("user", "token", TEACHER, "--revoke", "--name", "script").text == "1 API token was revoked.\n"
    assert [works(token) for token in (second, script, short)] == [True, False, True]
    assert tracker.done("user", "token", TEACHER, "--revoke").text == "2 API tokens were revoked.\n"
    assert [works(token) for token in (second, script, short)] == [False, False, False]
    assert tracker.refused("user", "token", "nobody@school.example", "--revoke").startswith("There is no account")
