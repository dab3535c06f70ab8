"""Who saw, exported and changed what: when it is noted, who reads it, and how long it is kept."""

import json
from dataclasses import replace
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import DBAPIError, OperationalError

from tests.fake_zoom import FakeZoom
from tests.makers import (
    MEETING,
    NOW,
    Clock,
    at,
    counted,
    ended,
    entries,
    lesson,
    member,
    participant,
    server_state_on,
    services,
    stay,
)
from tests.tracker_process import wait_until
from tracker import audit, auth, classes, privacy, sessions, storage
from tracker.audit import ONE_LOOK, SCHEDULE, Action
from tracker.auth import caller_of
from tracker.classes import Plan
from tracker.clock import now as machine_time
from tracker.errors import NotAllowed, NotSignedIn
from tracker.server.http_server import HttpServer
from tracker.server.worker import Worker
from tracker.services import Services
from tracker.storage.audit import Which
from tracker.storage.database import reading, transaction
from tracker.storage.members import Member

ADDRESS, PASSWORD = "192.0.2.7", "maria plants seven tulips"
PLAN = Plan("Algebra 7B", NOW + timedelta(days=1), 60, "UTC")


# What is seen


@pytest.fixture
def eva(engine: Engine) -> Member:
    return replace(member(engine, "eva@school.example"), origin="198.51.100.2")


def test_a_look_at_a_class_is_noted_once_in_a_while_for_each_who_looks(
    school: Services, engine: Engine, eva: Member, clock: Clock
) -> None:
    found, other = lesson(engine, eva), lesson(engine, eva, "Chemistry")
    boss = member(engine, "boss@school.example", "admin")
    for who, class_id in ((eva, found), (eva, found), (boss, found), (auth.OPERATOR, found), (eva, other)) * 2:
        classes.look_at(school, who, class_id)
    stolen = replace(eva, origin="203.0.113.66")
    classes.look_at(school, stolen, found)
    clock.time += ONE_LOOK
    classes.look_at(school, eva, found)
    noted = [(one.actor, one.origin, one.title) for one in entries(engine, action="class_seen")]
    assert noted == [
        (eva.email, "198.51.100.2", "Algebra 7B"),
        (eva.email, "203.0.113.66", "Algebra 7B"),
        (eva.email, "198.51.100.2", "Chemistry"),
        ("operator", "command_line", "Algebra 7B"),
        (boss.email, "", "Algebra 7B"),
        (eva.email, "198.51.100.2", "Algebra 7B"),
    ]
    with pytest.raises(NotAllowed):
        classes.look_at(school, member(engine, "tom@school.example"), found)
    assert len(entries(engine)) == 6


def test_files_start_links_and_the_list_itself_are_noted_when_they_leave(
    school: Services, zoom: FakeZoom, engine: Engine, eva: Member
) -> None:
    ana = replace(member(engine, role="admin"), origin=ADDRESS)
    class_id = classes.create_class(school, ana, PLAN)
    classes.note_export(school, ana, class_id, "csv", "people")
    classes.host_meeting(school, ana, class_id)
    audit.export(school, ana, Which())
    told = [audit.in_words(one) for one in entries(engine, actor=ana.email)]
    assert told[:3] == [
        "exported 3 entries of this list",
        "opened the start link of the class, as its host",
        "exported the class (people, csv)",
    ]
    with pytest.raises(NotAllowed):
        classes.note_export(school, eva, class_id, "csv", "people")


def test_who_looks_up_a_person_is_noted_once_in_a_while_and_handed_out_with_her_data(
    engine: Engine, eva: Member, clock: Clock, tmp_path: Path
) -> None:
    school = services(engine, clock, TRACKER_DATA_DIR=str(tmp_path))
    boss = replace(member(engine, "boss@school.example", "admin"), origin=ADDRESS)
    counted(engine, lesson(engine, eva), stay("Zita", 0, 60, "zita@x.example"))
    for who in ("zita@x.example", "zita@x.example", "Zita", " ZITA@x.example") * 2:
        privacy.find(school, boss, who)
    with pytest.raises(NotAllowed):
        privacy.find(school, eva, "zita@x.example")
    clock.time += ONE_LOOK
    privacy.find(school, boss, "zita@x.example")
    noted = entries(engine)
    assert [(one.actor, one.origin, one.action) for one in noted] == [(boss.email, ADDRESS, "person_seen")] * 3
    assert [audit.in_words(one) for one in noted[:2]] == [
        "looked at what is kept on somebody, who was in 1 class",
        "looked at what is kept on somebody, who was in 0 classes",
    ]
    assert "zita" not in str(noted).lower()
    assert len(privacy.export(school, boss, "Zita")["audit"]) == 1
    privacy.erase(school, boss, "somebody@x.example")
    privacy.find(school, boss, "zita@x.example")
    assert len(privacy.export(school, boss, "zita@x.example")["audit"]) == 3


@pytest.mark.database("sqlite")
def test_a_database_that_can_only_be_read_shows_its_classes_all_the_same(
    school: Services, engine: Engine, eva: Member
) -> None:
    found = lesson(engine, eva)

    @event.listens_for(engine, "before_cursor_execute")
    def refuse(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if statement.startswith(("INSERT", "BEGIN IMMEDIATE")):
            raise OperationalError(statement, {}, Exception("attempt to write a readonly database"))

    assert classes.look_at(school, eva, found).title == "Algebra 7B"
    classes.note_export(school, eva, found, "csv", "people")
    assert entries(engine) == []


# Signing in


def test_a_failed_sign_in_is_noted_without_what_a_stranger_typed(engine: Engine, eva: Member) -> None:
    auth.set_password(engine, auth.OPERATOR, eva.email, PASSWORD, NOW)
    for email in (eva.email, "my secret password"):
        with pytest.raises(NotSignedIn):
            auth.sign_in(engine, email, "wrong", ADDRESS, NOW)
    noted = [(one.user_id, one.actor, one.origin) for one in entries(engine, action="sign_in_failed")]
    assert noted == [(None, "unknown", ADDRESS), (eva.id, eva.email, ADDRESS)]
    assert "secret" not in str(entries(engine))
    told = audit.in_words(entries(engine, action="sign_in_failed")[0])
    assert told == "tried to sign in and failed: E-mail or password is wrong."


@pytest.mark.database("sqlite")
def test_a_wrong_present_password_at_an_open_tab_is_noted_too(engine: Engine, eva: Member) -> None:
    auth.set_password(engine, auth.OPERATOR, eva.email, PASSWORD, NOW)
    token = auth.sign_in(engine, eva.email, PASSWORD, ADDRESS, NOW)
    with pytest.raises(NotSignedIn):
        auth.change_password(engine, eva, token, "wrong", "a new one of words", NOW)
    assert [(one.actor, one.origin) for one in entries(engine, action="sign_in_failed")] == [(eva.email, eva.origin)]


@pytest.mark.database("sqlite")
def test_strangers_cannot_fill_the_list(engine: Engine, eva: Member) -> None:
    for number in range(audit.MOST_FAILURES + 5):
        for email in (eva.email, f"{number}@x.example"):
            with pytest.raises(NotSignedIn):
                auth.sign_in(engine, email, "wrong", f"192.0.2.{number}", NOW)
    assert len(entries(engine, action="sign_in_failed")) == 2 * audit.MOST_FAILURES
    audit.note_failed_sign_in(engine, eva.email, ADDRESS, "password_wrong", NOW + audit.FAILURES_WITHIN)
    assert len(entries(engine, action="sign_in_failed")) == 2 * audit.MOST_FAILURES + 1


@pytest.mark.parametrize("of_class", [True, False], ids=["a look", "a failed sign-in"])
def test_how_often_somebody_did_it_lately_is_read_without_all_she_ever_did(
    engine: Engine, eva: Member, of_class: bool
) -> None:
    found = lesson(engine, eva) if of_class else None
    asked: list[tuple[str, Any]] = []
    event.listen(engine, "before_cursor_execute", lambda *call: asked.append((call[2], call[3])))
    with reading(engine) as tx:
        storage.audit.count_since(tx, NOW, "class_seen", eva.id, class_id=found)
        statement, parameters = asked[-1]
        explain = "EXPLAIN QUERY PLAN" if engine.dialect.name == "sqlite" else "EXPLAIN"
        if explain == "EXPLAIN":
            tx.connection().exec_driver_sql("SET enable_seqscan = off")
        plan = tx.connection().exec_driver_sql(f"{explain} {statement}", parameters).all()
    assert "AuditEntry_userId_at" in str(plan)


# The list


def test_only_admins_read_it_and_it_is_found_by_who_what_and_when(
    school: Services, engine: Engine, eva: Member, clock: Clock
) -> None:
    found, boss = lesson(engine, eva), member(engine, "boss@school.example", "admin")
    for minute, who in enumerate((eva, boss, eva)):
        classes.note_export(school, who, found, "csv", "people")
        clock.time = at(minute + 1)
    classes.look_at(school, eva, found)

    def count(**which: Any) -> int:
        return school.read(audit.count_entries, boss, Which(**which))

    assert (count(), count(actor=eva.email), count(action="class_seen"), count(class_id="other")) == (4, 3, 1, 0)
    assert (count(since=at(1)), count(until=at(1)), count(since=at(1), until=at(2))) == (3, 1, 1)
    shown = school.read(audit.list_entries, boss, Which(actor=eva.email), 2, 1)
    assert [one.at for one in shown] == [at(2), at(0)]
    for refused in (audit.list_entries, audit.count_entries):
        with pytest.raises(NotAllowed):
            school.read(refused, eva, Which(), *((5,) if refused is audit.list_entries else ()))
    assert [one.actor for one in school.read(classes.history, eva, found, 2)] == [eva.email, eva.email]
    with pytest.raises(NotAllowed):
        school.read(classes.history, member(engine, "tom@school.example"), found, 2)


@pytest.mark.parametrize("statement", ["UPDATE \"AuditEntry\" SET actor = 'x'", 'DELETE FROM "AuditEntry"'])
def test_nobody_changes_an_entry_or_takes_a_young_one_away(engine: Engine, eva: Member, statement: str) -> None:
    with transaction(engine) as tx:
        audit.note(tx, eva, Action.SIGNED_OUT, machine_time())
    with pytest.raises(DBAPIError), transaction(engine) as tx:
        tx.connection().execute(text(statement))
    assert len(entries(engine)) == 1


def test_entries_go_after_so_many_days_a_few_at_a_time(
    school: Services, engine: Engine, eva: Member, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "MOST_FORGOTTEN_AT_ONCE", 2)
    days = school.settings.audit_days
    for age in (days + 30, days + 20, days + 10, days - 1, 0):
        with transaction(engine) as tx:
            audit.note(tx, eva, Action.SIGNED_OUT, NOW - timedelta(days=age))
    audit.forget_old(school)
    audit.forget_old(school)
    left = entries(engine)
    assert [one.at for one in left if one.action == "signed_out"] == [NOW, NOW - timedelta(days=days - 1)]
    dropped = [(one.actor, one.origin, one.details) for one in left if one.action == "audit_forgotten"]
    assert dropped == [(SCHEDULE.name, "schedule", {"entries": 1}), (SCHEDULE.name, "schedule", {"entries": 2})]


@pytest.mark.database("sqlite")
def test_the_loop_drops_them(school: Services, engine: Engine, eva: Member) -> None:
    with transaction(engine) as tx:
        audit.note(tx, eva, Action.SIGNED_OUT, NOW - timedelta(days=school.settings.audit_days + 1))
    loop = Worker(school, "one:8787")
    loop.start()
    wait_until(lambda: entries(engine, action="audit_forgotten"), "the old entry is gone")
    loop.stop()
    assert entries(engine, action="signed_out") == []


# Over HTTP


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "caller"),
    [
        ("203.0.113.5", "", "127.0.0.1", "203.0.113.5"),
        ("203.0.113.5", "10.0.0.9", "127.0.0.1", "203.0.113.5"),  # anybody may write that
        ("127.0.0.1", "203.0.113.5", "127.0.0.1,::1", "203.0.113.5"),
        ("127.0.0.1", "10.0.0.9, 203.0.113.5", "127.0.0.1", "203.0.113.5"),
        ("10.1.0.7", "203.0.113.5, 10.1.0.8", "10.1.0.0/16", "203.0.113.5"),
        ("10.1.0.7", "203.0.113.5", "*", "203.0.113.5"),
        ("::1", "2001:db8::7", "127.0.0.1,::1", "2001:db8::7"),
        ("127.0.0.1", "<script>", "127.0.0.1", "<script>"),
        ("127.0.0.1", " , ", "127.0.0.1", "127.0.0.1"),
    ],
)
def test_the_address_of_a_caller_is_what_a_trusted_web_server_says(
    peer: str, forwarded: str, trusted: str, caller: str
) -> None:
    assert caller_of(peer, forwarded, trusted) == caller


@pytest.mark.database("sqlite")
def test_a_call_over_http_is_noted_with_its_address(engine: Engine, eva: Member, zoom: FakeZoom) -> None:
    zoom.hold("uuid-1", participant("Bo", 0, 60), meeting=MEETING)
    clock = Clock(at(75))
    state = server_state_on(engine, clock, CRON_SECRET="cron-secret")
    class_id = lesson(engine, eva)
    sessions.note_delivery(state.services, ended())
    token = auth.new_api_token(engine, auth.OPERATOR, eva.email, NOW)
    served = HttpServer("127.0.0.1", 0, state)
    served.start()
    body = json.dumps({"streamId": class_id, "cronSecret": "cron-secret"})
    for method, content, headers in (
        ("POST", body, {"X-Forwarded-For": "203.0.113.9"}),
        ("GET", None, {"X-Forwarded-For": "203.0.113.5", "Authorization": f"Bearer {token}"}),
    ):
        connection = HTTPConnection("127.0.0.1", served.port, timeout=60)
        connection.request(method, f"/api/zoom/participants?streamId={class_id}", content, headers)
        assert connection.getresponse().status == 200
        connection.close()
        clock.forward(minutes=1)
    served.stop()
    noted = [(one.actor, one.origin, one.action) for one in entries(engine, class_id=class_id)]
    assert noted == [
        (eva.email, "203.0.113.5", "participants_fetched"),
        (eva.email, "203.0.113.5", "class_seen"),
        ("program", "203.0.113.9", "participants_fetched"),
    ]
