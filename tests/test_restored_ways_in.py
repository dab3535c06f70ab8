"""A backup brings data back, and nobody who was shut out since it was made."""

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from tests.databases import contents, url_of
from tests.makers import NOW, lesson, member, shared
from tracker import auth, storage
from tracker.auth import OPERATOR, Browser
from tracker.errors import NotSignedIn
from tracker.rosters import Student
from tracker.storage.backup import SHARES, WAYS_IN, back_up, restore
from tracker.storage.database import make_engine, reading, transaction
from tracker.storage.models import User

pytestmark = pytest.mark.database("sqlite")

PASSWORD = "a-l0ng-passphrase-of-eva"


def test_a_restore_brings_no_way_in_back_that_may_have_been_revoked_since(migrated_file: Path, tmp_path: Path) -> None:
    live, file = tmp_path / "live.sqlite3", tmp_path / "saved.sqlite3"
    shutil.copy(migrated_file, live)
    engine, browser = make_engine(url_of(live)), Browser("192.0.2.1", "Firefox", "a" * 43)
    lesson(engine, member(engine, "ana@x.example"))
    for email in ("eva@x.example", "bo@x.example"):
        auth.add_member(engine, OPERATOR, email, email, "teacher", PASSWORD, NOW)
    auth.sign_in(engine, "eva@x.example", PASSWORD, browser, NOW)
    with pytest.raises(NotSignedIn):
        auth.sign_in(engine, "eva@x.example", "guessed", "192.0.2.2", NOW)
    auth.new_api_token(engine, OPERATOR, "eva@x.example", NOW)
    auth.invite(engine, OPERATOR, "cy@x.example", "Cy", "teacher", NOW)
    with transaction(engine) as tx:
        course = storage.courses.course_id(tx, storage.members.get_member(tx, "ana@x.example").id, "Algebra")
        storage.students.save(tx, course, [(None, Student("Di"))], NOW)
        (student,) = storage.students.list_students(tx, course)
        storage.student_links.put(tx, student.id, "hash", NOW, NOW + timedelta(days=9))
    back_up(url_of(live), file)
    was = contents(file)
    assert all(was[str(table.__tablename__)] for table in WAYS_IN)
    auth.disable(engine, OPERATOR, "bo@x.example", NOW)
    restore(url_of(live), file, NOW)
    found = contents(live)
    assert [found[str(table.__tablename__)] for table in WAYS_IN] == [[]] * len(WAYS_IN)
    assert found["LiveStream"] == was["LiveStream"]
    with reading(engine) as tx:
        closed = {member.email for member in auth.list_members(tx) if member.disabled_at}
        assert set(tx.exec(select(User.api_token_hash))) == {None}
    assert closed == {"bo@x.example"}
    assert auth.sign_in(engine, "eva@x.example", PASSWORD, browser, NOW)
    engine.dispose()


def test_a_restore_brings_back_what_is_shared_still_and_nothing_that_was_taken_back(
    migrated_file: Path, tmp_path: Path
) -> None:
    live, file = tmp_path / "live.sqlite3", tmp_path / "saved.sqlite3"
    shutil.copy(migrated_file, live)
    engine = make_engine(url_of(live))
    ana, eva, bo = (member(engine, f"{name}@x.example") for name in ("ana", "eva", "bo"))
    class_id = lesson(engine, ana, course="Algebra")
    for one in (eva, bo):
        shared(engine, class_id, one)
        ended = shared(engine, class_id, one, "course")
    back_up(url_of(live), file)
    for given in (ended, replace(ended, kind="class", id=class_id)):
        auth.end_share(engine, OPERATOR, given, NOW)
    shares = {name: contents(live)[name] for name in SHARES}
    assert [len(rows) for rows in shares.values()] == [1, 1]
    restore(url_of(live), file, NOW)
    assert {name: contents(live)[name] for name in SHARES} == shares
    new_machine = tmp_path / "new.sqlite3"
    restore(url_of(new_machine), file, NOW)
    assert [len(contents(new_machine)[name]) for name in SHARES] == [2, 2]
    engine.dispose()


def test_a_restore_has_no_email_sent_a_second_time(migrated_file: Path, tmp_path: Path) -> None:
    live, file = tmp_path / "live.sqlite3", tmp_path / "saved.sqlite3"
    shutil.copy(migrated_file, live)
    engine = make_engine(url_of(live))
    ana = member(engine, "ana@x.example")
    sent, asked_later = (lesson(engine, ana, course="Algebra") for _ in range(2))
    with transaction(engine) as tx:
        course = storage.courses.get_course(tx, ana.id, "Algebra")
        storage.courses.set_news(tx, course.id, True, None)
        storage.mails.ask_digest(tx, sent, NOW)
    back_up(url_of(live), file)
    with transaction(engine) as tx:
        claim = storage.mails.claim_due(tx, NOW)
        assert claim is not None
        storage.mails.finish(tx, claim, NOW)
        storage.mails.ask_digest(tx, asked_later, NOW)
    restore(url_of(live), file, NOW)
    with transaction(engine) as tx:
        claim = storage.mails.claim_due(tx, NOW)
        assert claim is not None
        assert claim.class_id == asked_later
        assert storage.mails.claim_due(tx, NOW) is None
    engine.dispose()
    empty = tmp_path / "empty.sqlite3"
    restore(url_of(empty), file, NOW)  # nobody knows what became of it
    engine = make_engine(url_of(empty))
    with transaction(engine) as tx:
        assert storage.mails.claim_due(tx, NOW) is None
    engine.dispose()
