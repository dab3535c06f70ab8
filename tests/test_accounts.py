"""Accounts that are closed, change their role or are removed; API tokens with names; the same as commands."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, text
from sqlmodel import SQLModel

from tests.gate_client import EMAIL, PASSWORD, account
from tests.makers import MEETING, NOW, at, counted, lesson, stay, stored
from tests.practice_school import TEACHER, CommandLine
from tracker import auth, clock, decisions, storage
from tracker.attendance.types import Mark
from tracker.auth import OPERATOR
from tracker.auth.tokens import MOST_TOKENS
from tracker.errors import InvalidInput, NotAllowed, NotFound, NotSignedIn
from tracker.services import Services
from tracker.storage import leaving
from tracker.storage.database import Transaction, make_engine, reading, transaction
from tracker.storage.members import Member
from tracker.storage.models import Course, LiveStream

BEN, BOSS = "ben@school.example", "boss@school.example"


@pytest.fixture
def ana(engine: Engine) -> Member:
    return account(engine)


@pytest.fixture
def ben(engine: Engine) -> Member:
    return account(engine, BEN)


@pytest.fixture
def boss(engine: Engine) -> Member:
    return account(engine, BOSS, "admin")


def sign_in(engine: Engine, email: str = EMAIL) -> str:
    return auth.sign_in(engine, email, PASSWORD, "192.0.2.1", NOW)


def who(engine: Engine, token: str) -> Member | None:
    with reading(engine) as tx:
        return auth.member_signed_in(tx, token, NOW)


def bearer(engine: Engine, token: str, minute: float = 0) -> str | None:
    """The e-mail of whoever this API token lets in."""
    try:
        with reading(engine) as tx:
            return auth.member_by_bearer(tx, f"Bearer {token}", at(minute)).email
    except NotSignedIn:
        return None


def emails(engine: Engine) -> list[str]:
    with reading(engine) as tx:
        return [one.email for one in auth.list_members(tx)]


# Closing


def test_a_closed_account_lets_nobody_in_and_its_classes_stay(engine: Engine, ana: Member, boss: Member) -> None:
    class_id = lesson(engine, ana)
    token, api_token = sign_in(engine), auth.new_api_token(engine, auth.OPERATOR, EMAIL, NOW)
    auth.disable(engine, boss, EMAIL, NOW)
    assert (who(engine, token), bearer(engine, api_token)) == (None, None)
    with pytest.raises(NotSignedIn, match="This account is closed"):
        sign_in(engine)
    with pytest.raises(NotSignedIn, match=r"E-mail or password is wrong\."):
        auth.sign_in(engine, EMAIL, "wrong password", "192.0.2.1", NOW)
    with pytest.raises(InvalidInput, match="This account is closed"):
        auth.new_api_token(engine, auth.OPERATOR, EMAIL, NOW)
    assert stored(engine, class_id).teacher_id == ana.id
    assert sign_in(engine, BOSS)


def test_an_account_that_is_opened_again_has_its_password_and_no_old_sign_in(
    engine: Engine, ana: Member, boss: Member
) -> None:
    token, api_token = sign_in(engine), auth.new_api_token(engine, auth.OPERATOR, EMAIL, NOW)
    auth.disable(engine, boss, EMAIL, NOW)
    auth.enable(engine, boss, EMAIL, NOW)
    assert (who(engine, token), bearer(engine, api_token)) == (None, None)
    assert who(engine, sign_in(engine)) == ana


def test_an_account_that_is_closed_while_somebody_signs_in_lets_her_not_in(
    engine: Engine, ana: Member, boss: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = auth.passwords.password_matches

    def meanwhile(password: str, stored_hash: str | None) -> bool:
        found = right(password, stored_hash)
        auth.disable(engine, boss, EMAIL, NOW)
        return found

    monkeypatch.setattr(auth.passwords, "password_matches", meanwhile)
    with pytest.raises(NotSignedIn, match="This account is closed"):
        sign_in(engine)


def test_a_token_that_waits_for_an_account_to_be_closed_is_not_made(
    engine: Engine, ana: Member, boss: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On PostgreSQL the account is read before the other transaction ends, and locked after it."""
    inside, go_on = threading.Event(), threading.Event()
    set_disabled, lock = storage.members.set_disabled, storage.members.lock_member

    def slow(tx: Transaction, member_id: str, since: datetime | None) -> None:
        set_disabled(tx, member_id, since)
        tx.flush()
        inside.set()
        go_on.wait(1)

    def tell(tx: Transaction, member_id: str) -> None:
        if inside.is_set():
            go_on.set()
        lock(tx, member_id)

    monkeypatch.setattr(storage.members, "set_disabled", slow)
    monkeypatch.setattr(storage.members, "lock_member", tell)
    with ThreadPoolExecutor(2) as threads:
        closing = threads.submit(auth.disable, engine, boss, EMAIL, NOW)
        assert inside.wait(20)
        making = threads.submit(auth.new_api_token, engine, auth.OPERATOR, EMAIL, NOW)
        assert closing.exception() is None
        assert isinstance(making.exception(), InvalidInput)


# Roles


def test_a_role_counts_at_once(engine: Engine, ana: Member, boss: Member) -> None:
    token = sign_in(engine)
    auth.change_role(engine, boss, EMAIL, "admin", NOW)
    found = who(engine, token)
    assert found is not None
    assert found.is_admin
    auth.change_role(engine, boss, EMAIL, "teacher", NOW)
    found = who(engine, token)
    assert found is not None
    assert not found.is_admin


def test_the_last_admin_stays_one(engine: Engine, ana: Member, boss: Member) -> None:
    for change in (
        lambda: auth.disable(engine, boss, BOSS, NOW),
        lambda: auth.change_role(engine, OPERATOR, BOSS, "teacher", NOW),
        lambda: auth.remove(engine, OPERATOR, BOSS, EMAIL, NOW),
    ):
        with pytest.raises(InvalidInput, match=r"boss@school\.example is the only admin left"):
            change()
    auth.change_role(engine, boss, BOSS, "admin", NOW)  # what she is already
    auth.change_role(engine, boss, EMAIL, "admin", NOW)
    auth.disable(engine, boss, EMAIL, NOW)  # a closed account is no admin who could help
    with pytest.raises(InvalidInput, match="only admin left"):
        auth.disable(engine, boss, BOSS, NOW)
    auth.enable(engine, boss, EMAIL, NOW)
    auth.change_role(engine, boss, BOSS, "teacher", NOW)


def test_two_admins_who_demote_each_other_at_once_leave_one(
    engine: Engine, boss: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = account(engine, "chief@school.example", "admin")
    both, lock = threading.Barrier(2, timeout=1), storage.members.lock_admins

    def slow_lock(tx: Transaction, *others: str) -> list[Member]:
        found = lock(tx, *others)
        with suppress(threading.BrokenBarrierError):  # the other one has to wait, so this passes
            both.wait()
        return found

    monkeypatch.setattr(storage.members, "lock_admins", slow_lock)
    with ThreadPoolExecutor(2) as threads:
        done = [
            threads.submit(auth.change_role, engine, actor, email, "teacher", NOW)
            for actor, email in ((boss, other.email), (other, BOSS))
        ]
        errors = [type(one.exception()) for one in done]
    assert sorted(map(str, errors)) == sorted(map(str, (type(None), InvalidInput)))


@pytest.mark.database("sqlite")
def test_only_admins_change_accounts(engine: Engine, ana: Member, ben: Member, boss: Member) -> None:
    for change in (
        lambda: auth.disable(engine, ana, BEN, NOW),
        lambda: auth.enable(engine, ana, EMAIL, NOW),
        lambda: auth.change_role(engine, ana, EMAIL, "admin", NOW),
        lambda: auth.remove(engine, ana, BEN, EMAIL, NOW),
        lambda: auth.add_member(engine, ana, "new@school.example", "New", "teacher", PASSWORD, NOW),
        lambda: auth.set_password(engine, ana, EMAIL, "maria plants seven tulips", NOW),
        lambda: auth.new_api_token(engine, ana, BEN, NOW),
        lambda: auth.revoke_api_tokens(engine, ana, BEN, NOW),
    ):
        with pytest.raises(NotAllowed):
            change()
    assert auth.new_api_token(engine, ana, EMAIL, NOW)
    assert auth.revoke_api_tokens(engine, ana, EMAIL, NOW) == 1
    assert emails(engine) == [EMAIL, BEN, BOSS]


# Removing


def test_a_person_without_classes_is_removed_with_all_of_her_account(
    engine: Engine, ana: Member, ben: Member, boss: Member
) -> None:
    sign_in(engine)
    auth.sign_in(engine, EMAIL, PASSWORD, auth.Browser("192.0.2.1", "Firefox", "token"), NOW)
    auth.new_api_token(engine, auth.OPERATOR, EMAIL, NOW)
    bens = sign_in(engine, BEN)
    auth.remove(engine, boss, EMAIL, None, NOW)
    assert emails(engine) == [BEN, BOSS]
    assert who(engine, bens) == ben
    with pytest.raises(NotSignedIn, match=r"E-mail or password is wrong\."):
        sign_in(engine)


def test_classes_need_somebody_to_have_them(engine: Engine, ana: Member, ben: Member, boss: Member) -> None:
    class_id = lesson(engine, ana, course="Algebra")
    with pytest.raises(InvalidInput, match="Say who gets them"):
        auth.remove(engine, boss, EMAIL, None, NOW)
    with pytest.raises(NotFound):
        auth.remove(engine, boss, EMAIL, "nobody@school.example", NOW)
    with pytest.raises(InvalidInput, match="cannot go to"):
        auth.remove(engine, boss, EMAIL, EMAIL, NOW)
    auth.disable(engine, boss, BEN, NOW)
    with pytest.raises(InvalidInput, match="cannot go to"):
        auth.remove(engine, boss, EMAIL, BEN, NOW)
    assert stored(engine, class_id).teacher_id == ana.id
    assert emails(engine) == [EMAIL, BEN, BOSS]


def test_classes_courses_and_words_on_people_are_handed_over(
    engine: Engine, ana: Member, ben: Member, boss: Member
) -> None:
    hers, shared, bens = (
        lesson(engine, ana, "Hers", course="Algebra"),
        lesson(engine, ana, "Shared", 100, course="Latin"),
        lesson(engine, ben, "Ben's", 200, course="Latin"),
    )
    counted(engine, hers, stay("Bo", 0, 30))
    robot, guest = ("name", "otter.ai"), ("name", "guest")
    with transaction(engine) as tx:
        storage.decisions.mark(tx, ana.id, robot, Mark.SET_ASIDE, NOW)
        storage.decisions.mark(tx, ana.id, guest, Mark.SET_ASIDE, NOW)
        storage.decisions.mark(tx, ben.id, guest, Mark.PERSON, NOW)
        storage.decisions.decide(tx, ana.id, storage.decisions.Decision(robot, guest, same=False), NOW)
    auth.remove(engine, boss, EMAIL, BEN, NOW)
    assert emails(engine) == [BEN, BOSS]
    courses = {stored(engine, one).title: (stored(engine, one).teacher_id, stored(engine, one).course) for one in (
        hers, shared, bens
    )}  # fmt: skip
    assert courses == {"Hers": (ben.id, "Algebra"), "Shared": (ben.id, "Latin"), "Ben's": (ben.id, "Latin")}
    assert stored(engine, shared).course_id == stored(engine, bens).course_id
    assert stored(engine, hers).participant_count == 1
    with reading(engine) as tx:
        assert storage.decisions.list_marks(tx, ben.id) == {robot: Mark.SET_ASIDE, guest: Mark.PERSON}
        assert len(storage.decisions.list_decisions(tx, ben.id)) == 1
        # Their figures rest on these words.
        assert storage.participants.without_figures(tx, 10) == [hers]


def test_a_removal_and_a_fetch_that_stores_participants_do_not_wait_for_each_other(
    engine: Engine, ana: Member, ben: Member, boss: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who stores participants has the rows of the classes, and then takes those of their teachers."""
    class_id = lesson(engine, ana)
    people_locked, lock = threading.Event(), storage.members.lock_admins

    def tell(tx: Transaction, *others: str) -> list[Member]:
        found = lock(tx, *others)
        people_locked.set()
        return found

    monkeypatch.setattr(storage.members, "lock_admins", tell)
    with ThreadPoolExecutor(1) as threads:
        with transaction(engine) as tx:
            storage.classes.classes_in_meeting(tx, MEETING, locked=True)
            removing = threads.submit(auth.remove, engine, boss, EMAIL, BEN, NOW)
            people_locked.wait(0.5)
            storage.members.hold(tx, [boss.id, ana.id])
        assert removing.result(20) == ana
    assert stored(engine, class_id).teacher_id == ben.id


def test_a_class_that_is_added_while_its_teacher_is_removed_is_handed_over_too(
    engine: Engine, ana: Member, ben: Member, boss: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    class_ids, lock = [lesson(engine, ana)], storage.leaving.lock_classes
    added = lesson(engine, boss, "Added", 100)

    def lock_and_lose(tx: Transaction, member_ids: list[str]) -> list[str]:
        found = lock(tx, member_ids)
        if len(class_ids) == 1:  # as if it was added after this moment
            class_ids.append(added)
            tx.get_one(LiveStream, added).teacher_id = ana.id
        return found

    monkeypatch.setattr(storage.leaving, "lock_classes", lock_and_lose)
    auth.remove(engine, boss, EMAIL, BEN, NOW)
    assert [stored(engine, one).teacher_id for one in class_ids] == [ben.id, ben.id]


def test_a_meeting_that_its_teacher_has_linked_is_handed_over_by_the_word_of_an_admin(
    engine: Engine, ana: Member, ben: Member, boss: Member
) -> None:
    class_id = lesson(engine, ana)
    with transaction(engine) as tx:
        tx.get_one(LiveStream, class_id).zoom_linked_by_teacher = True
    auth.remove(engine, boss, EMAIL, BEN, NOW)
    assert stored(engine, class_id).zoom_linked_by_teacher is False


def test_nothing_more_is_said_by_a_teacher_whose_account_was_removed(
    school: Services, engine: Engine, ana: Member, ben: Member, boss: Member
) -> None:
    before = stored(engine, lesson(engine, ana))
    auth.remove(engine, boss, EMAIL, BEN, NOW)
    with pytest.raises(NotFound, match="This account has been removed"):
        decisions.undo_mark(school, boss, before, ("name", "bo"))
    decisions.undo_mark(school, ben, stored(engine, before.id), ("name", "bo"))


def test_every_table_that_names_a_person_is_thought_of() -> None:
    naming = {
        table.name
        for table in SQLModel.metadata.sorted_tables
        for column in table.columns
        if any(key.column.table.name == "User" for key in column.foreign_keys)
    }
    handled = {*leaving.OF_THE_ACCOUNT, *(table for table, _ in leaving.DECISIONS), LiveStream, Course}
    assert naming == {table.__tablename__ for table in handled}


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


@pytest.fixture
def database(database_url: str) -> Iterator[Engine]:
    """The database that the commands use."""
    made = make_engine(database_url)
    yield made
    made.dispose()


def people(tracker: CommandLine) -> dict[str, tuple[str, bool]]:
    """Role of each account, and whether it is closed."""
    listed = tracker.done("user", "list", "--json").json
    return {one["email"]: (one["role"], one["disabledAt"] is not None) for one in listed}


@pytest.mark.database("sqlite")
def test_accounts_are_closed_opened_promoted_and_removed_by_command(tracker: CommandLine, database: Engine) -> None:
    tracker.add_teacher()
    tracker.done("user", "add", BOSS, "--role", "admin")
    created = tracker.create("--course", "Algebra")
    token = auth.new_api_token(database, auth.OPERATOR, TEACHER, clock.now())
    said = tracker.done("user", "disable", TEACHER.upper()).text
    assert said == f"{TEACHER} is signed out everywhere and cannot sign in any more.\n"
    assert people(tracker) == {BOSS: ("admin", False), TEACHER: ("teacher", True)}
    assert "closed" in tracker.done("user", "list").text
    assert bearer(database, token) is None
    assert tracker.done("user", "enable", TEACHER).text == f"{TEACHER} can sign in again.\n"
    assert tracker.done("user", "role", TEACHER, "admin").text == f"{TEACHER} is an admin now.\n"
    assert people(tracker) == {BOSS: ("admin", False), TEACHER: ("admin", False)}
    said = "has classes. Say who gets them (on the command line: --to EMAIL)."
    assert tracker.refused("user", "remove", TEACHER).endswith(said)
    said = tracker.done("user", "remove", TEACHER, "--to", BOSS).text
    assert said == f"{TEACHER} is removed. {BOSS} has the classes now.\n"
    assert people(tracker) == {BOSS: ("admin", False)}
    assert tracker.done("class", "show", created["id"], "--json").json["teacherId"]
    for command in (["disable"], ["remove"], ["role"]):
        assert "the only admin left" in tracker.refused("user", *command, BOSS, *["teacher"] * (command == ["role"]))


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


@pytest.mark.database("sqlite")
@pytest.mark.parametrize("command", [["disable"], ["enable"], ["remove"], ["role", "teacher"]])
def test_somebody_without_an_account_cannot_be_changed(tracker: CommandLine, command: list[str]) -> None:
    action, *more = command
    said = tracker.refused("user", action, "nobody@school.example", *more)
    assert said == "There is no account for nobody@school.example."
