"""Every use case that changes something is noted, in its own transaction, with who did it and from where."""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, event

from tests.audited_school import (
    ADDRESS,
    BROWSER,
    NEW,
    PASSWORD,
    PLAN,
    SAME,
    School,
    accepted,
    asked,
    by_school_account,
    changed_student,
    chosen_student,
    end_one,
    ended_share,
    made_links,
    marked,
    other_list,
    removed_student,
    second_factor,
    tried_again,
    undo_seen_to,
    undone_answer,
    with_address,
)
from tests.fake_zoom import FakeZoom
from tests.makers import Clock, at, entries, member
from tests.test_house import PROJECT, SOURCES, tree_of
from tracker import audit, auth, class_attendance, classes, courses, decisions, fetching, listing, news
from tracker.attendance.assignment import Choice
from tracker.attendance.types import Mark, Status
from tracker.audit import Action
from tracker.classes import SeriesPlan
from tracker.messages.actions import ACTIONS
from tracker.reports import read_report
from tracker.rosters import Student, read_pasted
from tracker.services import Services

REPORT, UTC_ZONE = b"Name,Join Time,Leave Time\nBo,2026-05-01 10:00,2026-05-01 11:00\n", ZoneInfo("UTC")
# Of those of accounts and courses, what is noted of a class.
OF_A_CLASS = (
    "share",
    "mark",
    "restore",
    "import_report",
    "add_class",
    "courses.accept",
    "courses.decline",
    "courses.undo_answer",
)
# What is done for nobody, or notes a use and changes nothing that somebody asked for.
OF_NOBODY = {
    "auth.note_use",
    "auth.note_bearer_use",
    "health.note_alive",
    "health.note_gone",
    "audit.export",  # tried below, with the other things that somebody is shown
    "audit.note_read",
    "audit.note_look",
    "audit.note_person_look",
    "audit.note_course_look",
    "audit.note_failed_sign_in",
}


# Every use case that changes something, what is noted of it, and how Ana does it from ADDRESS.
DOES: dict[str, tuple[Action, Callable[[School], object]]] = {
    "news.switch": (
        Action.NEWS_SWITCHED,
        lambda s: news.switch(s.using, s.ana, s.of_course()[1].id, digest=True),
    ),
    "auth.add_member": (
        Action.ACCOUNT_ADDED,
        lambda s: auth.add_member(s.engine, s.ana, NEW, "New", "teacher", PASSWORD, s.now),
    ),
    "auth.change_password": (
        Action.PASSWORD_CHANGED,
        lambda s: auth.change_password(s.engine, s.ana, s.with_password(), PASSWORD, "a new one of words", s.now),
    ),
    "auth.change_role": (
        Action.ROLE_CHANGED,
        lambda s: auth.change_role(s.engine, s.ana, s.other().email, "admin", s.now),
    ),
    "auth.disable": (Action.ACCOUNT_CLOSED, lambda s: auth.disable(s.engine, s.ana, s.other().email, s.now)),
    "auth.enable": (Action.ACCOUNT_OPENED, lambda s: auth.enable(s.engine, s.ana, s.closed().email, s.now)),
    "auth.remove": (Action.ACCOUNT_REMOVED, lambda s: auth.remove(s.engine, s.ana, s.other().email, None, s.now)),
    "auth.hand_over": (
        Action.ACCOUNT_HANDED_OVER,
        lambda s: auth.hand_over(s.engine, s.ana, s.other().email, s.ana.email, s.now),
    ),
    "auth.share": (Action.SHARED, lambda s: auth.share(s.engine, s.ana, s.planned(), s.other().email, s.now)),
    "auth.end_share": (Action.SHARE_ENDED, ended_share),
    "auth.set_language": (Action.LANGUAGE_CHOSEN, lambda s: auth.set_language(s.engine, s.ana, "es", s.now)),
    "auth.set_password": (
        Action.PASSWORD_SET,
        lambda s: auth.set_password(s.engine, s.ana, s.other().email, PASSWORD, s.now),
    ),
    "auth.accept": (Action.INVITATION_ACCEPTED, accepted),
    "auth.invite": (Action.ACCOUNT_INVITED, lambda s: auth.invite(s.engine, s.ana, NEW, "New", "teacher", s.now)),
    "auth.invite_again": (Action.ACCOUNT_RESET, lambda s: auth.invite_again(s.engine, s.ana, s.other().email, s.now)),
    "auth.sign_in_with": (Action.SIGNED_IN, by_school_account),
    "auth.switch_on": (Action.SECOND_FACTOR_ON, lambda s: second_factor(s, off=False)),
    "auth.switch_off": (Action.SECOND_FACTOR_OFF, lambda s: second_factor(s, off=True)),
    "auth.end_sign_in": (Action.SIGN_IN_ENDED, end_one),
    "auth.end_other_sign_ins": (
        Action.SIGN_INS_ENDED,
        lambda s: auth.end_other_sign_ins(s.engine, s.ana, s.with_password(), s.now),
    ),
    "auth.sign_in": (
        Action.SIGNED_IN,
        lambda s: (s.with_password(), auth.sign_in(s.engine, s.ana.email, PASSWORD, BROWSER, s.now)),
    ),
    "auth.sign_out": (Action.SIGNED_OUT, lambda s: auth.sign_out(s.engine, s.with_password(), s.now, ADDRESS)),
    "auth.new_api_token": (Action.TOKEN_MADE, lambda s: auth.new_api_token(s.engine, s.ana, s.ana.email, s.now)),
    "auth.revoke_api_tokens": (
        Action.TOKENS_REVOKED,
        lambda s: auth.revoke_api_tokens(s.engine, s.ana, s.ana.email, s.now),
    ),
    "class_attendance.choose_session": (
        Action.SESSION_LEFT_OUT,
        lambda s: class_attendance.choose_session(
            s.using, s.ana, found := s.held(), Choice(found.id, "uuid-1", counts=False)
        ),
    ),
    "class_attendance.undo_session_choice": (
        Action.SESSION_CHOICE_UNDONE,
        lambda s: class_attendance.undo_session_choice(s.using, s.ana, s.chosen(), "uuid-1"),
    ),
    "class_attendance.take_other_list": (Action.LIST_TAKEN, other_list),
    "classes.create_class": (Action.CLASS_MADE, lambda s: classes.create_class(s.using, s.ana, PLAN)),
    "classes.create_series": (
        Action.CLASS_MADE,
        lambda s: classes.create_series(
            s.using, s.ana, SeriesPlan(PLAN, frozenset({4}), PLAN.start.date()), one_meeting=True
        ),
    ),
    "classes.change_class": (
        Action.CLASS_CHANGED,
        lambda s: classes.change_class(s.using, s.ana, s.planned(), replace(PLAN, title="Algebra 7C")),
    ),
    "classes.cancel_class": (Action.CLASS_CANCELLED, lambda s: classes.cancel_class(s.using, s.ana, s.planned())),
    "classes.undo_cancelling": (
        Action.CLASS_CANCELLING_UNDONE,
        lambda s: classes.undo_cancelling(s.using, s.ana, s.cancelled()),
    ),
    "courses.import_report": (
        Action.CLASS_FROM_REPORT,
        lambda s: courses.import_report(s.using, s.ana, s.ana.email, "Algebra", read_report(REPORT, UTC_ZONE, s.now)),
    ),
    "auth.share_course": (
        Action.SHARED,
        lambda s: auth.share_course(s.engine, s.ana, s.of_course()[1].id, s.other().email, s.now),
    ),
    "courses.new_course": (Action.COURSE_MADE, lambda s: courses.new_course(s.using, s.ana, "Algebra", s.ana)),
    "courses.rename": (
        Action.COURSE_CHANGED,
        lambda s: courses.rename(s.using, s.ana, s.of_course()[1].id, "Geometry"),
    ),
    "courses.archive": (Action.COURSE_ARCHIVED, lambda s: courses.archive(s.using, s.ana, s.of_course()[1].id)),
    "courses.take_out": (Action.COURSE_TAKEN_OUT, lambda s: courses.take_out(s.using, s.ana, s.of_course()[1].id)),
    "courses.delete": (
        Action.COURSE_DELETED,
        lambda s: courses.delete(s.using, s.ana, courses.new_course(s.using, auth.OPERATOR, "Algebra", s.ana)),
    ),
    "courses.hand_over": (
        Action.COURSE_HANDED_OVER,
        lambda s: courses.hand_over(s.using, s.ana, s.of_course()[1].id, s.other().email),
    ),
    "courses.add_class": (
        Action.CLASS_MOVED,
        lambda s: courses.add_class(
            s.using, s.ana, courses.new_course(s.using, auth.OPERATOR, "Algebra", s.ana), s.held().id
        ),
    ),
    "courses.import_list": (
        Action.ROSTER_IMPORTED,
        lambda s: courses.import_list(s.using, s.ana, s.of_course()[1].id, read_pasted("Di")),
    ),
    "courses.add_student": (
        Action.STUDENT_ADDED,
        lambda s: courses.add_student(s.using, s.ana, s.of_course()[1].id, Student("Di")),
    ),
    "courses.change_student": (Action.STUDENT_CHANGED, changed_student),
    "courses.remove_students": (Action.STUDENTS_REMOVED, removed_student),
    "courses.import_roster": (
        Action.ROSTER_IMPORTED,
        lambda s: courses.import_roster(
            s.using, s.ana, s.ana.email, "Algebra", read_pasted("Name\tEmail\nBo\t\nCy\tcy@x.example")
        ),
    ),
    "courses.mark": (Action.STUDENTS_MARKED, marked),
    "courses.restore": (Action.STUDENTS_MARKED, marked),
    "courses.set_rules": (
        Action.COURSE_CHANGED,
        lambda s: courses.set_rules(s.using, s.ana, s.of_course()[1], late_after=10),
    ),
    "courses.choose": (Action.STUDENTS_MATCHED, chosen_student),
    "courses.undo_choice": (Action.STUDENTS_MATCHED, lambda s: chosen_student(s, undo=True)),
    "courses.add_address": (Action.STUDENT_CHANGED, with_address),
    "courses.remove_address": (Action.STUDENT_CHANGED, lambda s: with_address(s, remove=True)),
    "courses.make_links": (Action.STUDENT_LINKS_MADE, made_links),
    "courses.close_links": (Action.STUDENT_LINKS_CLOSED, lambda s: made_links(s, close=True)),
    "courses.accept": (
        Action.REQUEST_ACCEPTED,
        lambda s: courses.accept(s.using, s.ana, asked(s)[1], Status.PRESENT, "You were."),
    ),
    "courses.decline": (
        Action.REQUEST_DECLINED,
        lambda s: courses.decline(s.using, s.ana, asked(s)[1], "You were not."),
    ),
    "courses.undo_answer": (Action.REQUEST_REOPENED, undone_answer),
    "decisions.decide": (Action.PEOPLE_DECIDED, lambda s: decisions.decide(s.using, s.ana, s.held(), SAME)),
    "decisions.join": (Action.PEOPLE_DECIDED, lambda s: decisions.join(s.using, s.ana, *s.people())),
    "decisions.part": (Action.PEOPLE_DECIDED, lambda s: decisions.part(s.using, s.ana, *s.people())),
    "decisions.undo_decision": (
        Action.PEOPLE_DECISION_UNDONE,
        lambda s: decisions.undo_decision(s.using, s.ana, s.decided(), SAME),
    ),
    "decisions.mark": (
        Action.PEOPLE_MARKED,
        lambda s: decisions.mark(s.using, s.ana, *s.people(), Mark.SET_ASIDE),
    ),
    "decisions.undo_mark": (
        Action.PEOPLE_MARK_UNDONE,
        lambda s: decisions.undo_mark(s.using, s.ana, s.decided(), ("name", "bo")),
    ),
    "fetching.fetch_now": (
        Action.PARTICIPANTS_FETCHED,
        lambda s: fetching.fetch_now(s.using, s.ana, s.held().id),
    ),
    "listing.see_to": (
        Action.TROUBLE_SEEN_TO,
        lambda s: listing.see_to(s.using, s.ana, s.planned(), "not_held"),
    ),
    "listing.undo_seen_to": (Action.TROUBLE_SEEN_TO_UNDONE, undo_seen_to),
    "fetching.try_again": (Action.FETCH_TRIED_AGAIN, lambda s: fetching.try_again(s.using, s.ana, s.held().id)),
    "fetching.try_all_again": (Action.FETCH_TRIED_AGAIN, tried_again),
}


def called(node: ast.AST) -> set[str]:
    return {one.func.id for one in ast.walk(node) if isinstance(one, ast.Call) and isinstance(one.func, ast.Name)}


def changing() -> Iterator[str]:
    """Every function of the use cases that somebody calls and that opens a transaction to write in."""
    for path in SOURCES:
        room = path.relative_to(PROJECT).with_suffix("").parts[1:2]
        rooms = ("auth", "classes", "courses", "health", "listing", "news")
        if path.parent not in (PROJECT / "tracker", *(PROJECT / "tracker" / room for room in rooms)):
            continue
        functions = {node.name: node for node in tree_of(path).body if isinstance(node, ast.FunctionDef)}
        writing = {name for name, node in functions.items() if "transaction" in called(node)}
        while more := {name for name, node in functions.items() if called(node) & writing} - writing:
            writing |= more
        for name in writing:
            arguments = [argument.arg for argument in functions[name].args.args]
            if not name.startswith("_") and ("acting" in arguments or arguments[:1] == ["engine"]):
                yield f"{room[0]}.{name}"


@pytest.fixture
def school_of_ana(school: Services, engine: Engine, zoom: FakeZoom, clock: Clock) -> School:
    ana = replace(member(engine, role="admin"), origin=ADDRESS)
    clock.time = at(75)
    return School(school, ana, zoom)


def tables_written(engine: Engine) -> list[list[tuple[str, str]]]:
    """From now on each transaction that writes: the tables of its statements, with their values."""
    transactions: list[list[tuple[str, str]]] = []

    @event.listens_for(engine, "begin")
    def begin(_connection: object) -> None:
        transactions.append([])

    @event.listens_for(engine, "before_cursor_execute")
    def execute(_connection: object, _cursor: object, statement: str, values: object, *_more: object) -> None:
        if written := re.match(r'(?:INSERT INTO|UPDATE|DELETE FROM) "(\w+)"', statement):
            transactions[-1].append((written[1], str(values)))

    return transactions


def test_every_use_case_that_changes_something_is_in_the_table() -> None:
    assert set(changing()) == set(DOES) | OF_NOBODY


@pytest.mark.parametrize("name", DOES)
@pytest.mark.database("sqlite")
def test_it_is_noted_with_the_change_who_did_it_and_from_where(school_of_ana: School, name: str) -> None:
    action, do = DOES[name]
    transactions = tables_written(school_of_ana.engine)
    do(school_of_ana)
    ana = school_of_ana.ana
    noted = [one for one in entries(school_of_ana.engine, action=action.value) if one.origin == ADDRESS]
    assert [(one.user_id, one.actor) for one in noted] == [(ana.id, ana.email)]
    of_a_class = not name.startswith(("auth.", "courses.", "news.")) or name.endswith(OF_A_CLASS)
    assert (noted[0].class_id is not None) is of_a_class
    assert "…" not in audit.in_words(noted[0])
    (together,) = [
        written for written in transactions if any(action.value in one and ADDRESS in one for _, one in written)
    ]
    assert {table for table, _ in together} > {"AuditEntry"}
    told = str(audit.record(noted[0])).lower()
    assert not any(person in told for person in ("'bo'", "cy", "name:", "ben"))


def test_a_change_of_a_class_is_noted_with_when_it_was_and_without_its_old_title(school_of_ana: School) -> None:
    DOES["classes.change_class"][1](school_of_ana)
    (noted,) = entries(school_of_ana.engine, action="class_changed")
    assert audit.in_words(noted) == (
        "changed the class from 2026-05-15T12:00:00Z, 60 minutes to 2026-05-15T12:00:00Z, 60 minutes, and its title"
    )
    assert (noted.title, "Algebra" in str(noted.details)) == ("Algebra 7C", False)


def test_every_action_has_its_words() -> None:
    # A change that renames too has other words.
    assert {one.value for one in Action} == set(ACTIONS)
