"""Who did what, with which class, when and from where.

A change is noted in its own transaction, so that neither is there without the other. What somebody has only seen is
noted afterwards. Entries name accounts and classes, and never somebody who took part in a class.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from tracker import clock, storage
from tracker.messages import Detail, action_in_words
from tracker.permissions import check_is_admin
from tracker.services import Services
from tracker.storage.audit import Entry, Which
from tracker.storage.database import AWAY, Engine, Transaction, reading, transaction
from tracker.storage.members import Member

# A page is drawn again and again; it is one look as long as no more time than this has passed.
ONE_LOOK = timedelta(minutes=10)
# Of one account no more failed sign-ins than this are noted in such a time; the log has them all.
FAILURES_WITHIN, MOST_FAILURES = timedelta(minutes=15), 10
# How much of an address is kept: that of a browser may be anything that a proxy says.
LONGEST_ORIGIN = 64
MOST_EXPORTED = 100_000
MOST_FORGOTTEN_AT_ONCE = 2_000
# The database refuses to drop what is young by its own clock, which may be behind ours.
MOST_SKEW = timedelta(hours=1)
# Who acts where nobody does: the tracker's loop.
SCHEDULE = Member(id="", email="", name="schedule", role="admin", zoom_user="", origin="schedule")


class Action(StrEnum):
    """What can be noted. The words for it are in `tracker.messages.actions`."""

    CLASS_SEEN = "class_seen"
    CLASS_EXPORTED = "class_exported"
    START_LINK_OPENED = "start_link_opened"
    CLASS_MADE = "class_made"
    CLASS_CHANGED = "class_changed"
    CLASS_MOVED = "class_moved"
    MEETING_OPTIONS_SET = "meeting_options_set"
    CLASS_CANCELLED = "class_cancelled"
    CLASS_CANCELLING_UNDONE = "class_cancelling_undone"
    TROUBLE_SEEN_TO = "trouble_seen_to"
    TROUBLE_SEEN_TO_UNDONE = "trouble_seen_to_undone"
    SESSION_COUNTED_IN = "session_counted_in"
    SESSION_LEFT_OUT = "session_left_out"
    SESSION_CHOICE_UNDONE = "session_choice_undone"
    LIST_TAKEN = "list_taken"
    PEOPLE_DECIDED = "people_decided"
    PEOPLE_DECISION_UNDONE = "people_decision_undone"
    PEOPLE_MARKED = "people_marked"
    PEOPLE_MARK_UNDONE = "people_mark_undone"
    PARTICIPANTS_FETCHED = "participants_fetched"
    FETCH_TRIED_AGAIN = "fetch_tried_again"
    CLASS_FROM_REPORT = "class_from_report"
    ROSTER_SEEN = "roster_seen"
    ROSTER_IMPORTED = "roster_imported"
    REGISTER_SEEN = "register_seen"
    REGISTER_EXPORTED = "register_exported"
    STUDENTS_MARKED = "students_marked"
    STUDENTS_MATCHED = "students_matched"
    STUDENT_CHANGED = "student_changed"
    STUDENT_ADDED = "student_added"
    STUDENTS_REMOVED = "students_removed"
    COURSE_MADE = "course_made"
    COURSE_CHANGED = "course_changed"
    NEWS_SWITCHED = "news_switched"
    DIGEST_SENT = "digest_sent"
    WEEKLY_SENT = "weekly_sent"
    COURSE_ARCHIVED = "course_archived"
    COURSE_TAKEN_OUT = "course_taken_out"
    COURSE_HANDED_OVER = "course_handed_over"
    COURSE_DELETED = "course_deleted"
    STUDENT_SEEN = "student_seen"
    STUDENT_LINKS_MADE = "student_links_made"
    STUDENT_LINKS_CLOSED = "student_links_closed"
    STUDENT_ASKED = "student_asked"
    STUDENT_WITHDREW = "student_withdrew"
    REQUEST_ACCEPTED = "request_accepted"
    REQUEST_DECLINED = "request_declined"
    REQUEST_REOPENED = "request_reopened"
    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGNED_OUT = "signed_out"
    SIGN_IN_ENDED = "sign_in_ended"
    SIGN_INS_ENDED = "sign_ins_ended"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - no password
    PASSWORD_SET = "password_set"  # noqa: S105 - no password
    SECOND_FACTOR_ON = "second_factor_on"
    SECOND_FACTOR_OFF = "second_factor_off"
    LANGUAGE_CHOSEN = "language_chosen"
    ACCOUNT_ADDED = "account_added"
    ACCOUNT_INVITED = "account_invited"
    ACCOUNT_RESET = "account_reset"
    INVITATION_ACCEPTED = "invitation_accepted"
    ACCOUNT_CLOSED = "account_closed"
    ACCOUNT_OPENED = "account_opened"
    ROLE_CHANGED = "role_changed"
    ACCOUNT_REMOVED = "account_removed"
    ACCOUNT_HANDED_OVER = "account_handed_over"
    SHARED = "shared"
    SHARE_ENDED = "share_ended"
    TOKEN_MADE = "token_made"  # noqa: S105 - no token
    TOKENS_REVOKED = "tokens_revoked"
    BACKUP_MADE = "backup_made"
    RESTORED = "restored"
    AUDIT_EXPORTED = "audit_exported"
    AUDIT_FORGOTTEN = "audit_forgotten"
    SAMPLE_DATA_REMOVED = "sample_data_removed"
    PERSON_SEEN = "person_seen"
    PERSON_EXPORTED = "person_exported"
    PERSON_ERASED = "person_erased"
    NAMES_REMOVED = "names_removed"
    RECORDS_REMOVED = "records_removed"
    RETENTION_SET = "retention_set"


def note(
    tx: Transaction, acting: Member, action: Action, now: datetime, *, class_id: str | None = None, **details: Detail
) -> None:
    """Notes what is done in this transaction. `details` name no participant."""
    _add(tx, acting, action, now, class_id, None, details)


def note_person(tx: Transaction, acting: Member, action: Action, now: datetime, person: str, **details: Detail) -> None:
    """Notes what is done in this transaction with the data of somebody who took part in classes, by a digest of her."""
    _add(tx, acting, action, now, None, person, details)


def note_read(
    engine: Engine, acting: Member, action: Action, now: datetime, *, class_id: str | None = None, **details: Detail
) -> None:
    """Notes what somebody was shown; a database that can only be read shows it all the same."""
    with suppress(*AWAY), transaction(engine) as tx:
        note(tx, acting, action, now, class_id=class_id, **details)


def note_look(engine: Engine, acting: Member, class_id: str, now: datetime) -> None:
    """Notes that somebody looks at a class, unless she has done so from the same address a few minutes ago."""
    with reading(engine) as tx:
        looked = _has_looked(tx, acting, Action.CLASS_SEEN, now, class_id=class_id)
    if not looked:
        note_read(engine, acting, Action.CLASS_SEEN, now, class_id=class_id)


def note_course_look(
    engine: Engine, acting: Member, action: Action, now: datetime, *, course: str, account: str
) -> None:
    """Notes that somebody looks at the roster or the register of a course, unless she did a few minutes ago."""
    told = {"course": course, "account": account}
    with reading(engine) as tx:
        looked = _has_looked(tx, acting, action, now, details=told)
    if not looked:
        note_read(engine, acting, action, now, course=course, account=account)


def note_person_look(
    engine: Engine,
    acting: Member,
    person: str,
    now: datetime,
    action: Action = Action.PERSON_SEEN,
    **details: Detail,
) -> None:
    """Notes that somebody looks at what is kept on a person, by a digest of her, unless she did a few minutes ago."""
    with reading(engine) as tx:
        looked = _has_looked(tx, acting, action, now, person=person)
    if not looked:
        with suppress(*AWAY), transaction(engine) as tx:
            note_person(tx, acting, action, now, person, **details)


def _has_looked(tx: Transaction, acting: Member, action: Action, now: datetime, **at: Any) -> bool:
    """Whether this person did the same from the same address a few minutes ago: another one may be somebody else."""
    after, who = now - ONE_LOOK, _called(acting)
    return storage.audit.count_since(tx, after, action.value, acting.id, actor=who, origin=acting.origin, **at) > 0


def note_failed_sign_in(engine: Engine, email: str, address: str, reason: str, now: datetime) -> None:
    """Notes that somebody could not sign in. What was typed is kept only where it is the e-mail of an account."""
    nobody = Member(id="", email="", name="unknown", role="", zoom_user="")
    with transaction(engine) as tx:
        who = storage.members.find_member(tx, email) or nobody
        after, failed = now - FAILURES_WITHIN, Action.SIGN_IN_FAILED
        if storage.audit.count_since(tx, after, failed.value, who.id, actor=_called(who)) < MOST_FAILURES:
            note(tx, from_where(who, address), failed, now, reason=reason)


def from_where(member: Member, origin: str) -> Member:
    """The same person, acting from this address."""
    return replace(member, origin=origin[:LONGEST_ORIGIN])


def list_entries(tx: Transaction, acting: Member, which: Which, limit: int, offset: int = 0) -> list[Entry]:
    """What was done, newest first. Raises NotAllowed for whoever is no admin."""
    check_is_admin(acting)
    return storage.audit.list_entries(tx, which, limit, offset)


def count_entries(tx: Transaction, acting: Member, which: Which) -> int:
    """How many `list_entries` has in all. Raises NotAllowed for whoever is no admin."""
    check_is_admin(acting)
    return storage.audit.count_entries(tx, which)


def export(services: Services, acting: Member, which: Which) -> list[Entry]:
    """The same for a file, up to MOST_EXPORTED entries; that is noted too.

    Raises NotAllowed for whoever is no admin.
    """
    with reading(services.engine) as tx:
        found = list_entries(tx, acting, which, MOST_EXPORTED)
    note_read(services.engine, acting, Action.AUDIT_EXPORTED, services.now(), entries=len(found))
    return found


def in_words(entry: Entry) -> str:
    """What was done, in words that follow the name of who did it."""
    return action_in_words(entry.action, entry.details)


def record(entry: Entry) -> Mapping[str, Any]:
    """An entry for a file and for other programs."""
    return {
        "at": clock.to_zoom(entry.at),
        "who": entry.actor,
        "userId": entry.user_id,
        "from": entry.origin,
        "action": entry.action,
        "what": in_words(entry),
        "streamId": entry.class_id,
        "title": entry.title,
        "person": entry.person,
        "details": dict(entry.details),
    }


def forget_old(services: Services) -> None:
    """Drops entries that were kept for AUDIT_DAYS, some at a time: webhooks have to be taken in meanwhile."""
    before = services.now() - timedelta(days=services.settings.audit_days) - MOST_SKEW
    dropped = MOST_FORGOTTEN_AT_ONCE
    while dropped == MOST_FORGOTTEN_AT_ONCE:
        with transaction(services.engine) as tx:
            dropped = storage.audit.forget(tx, before, MOST_FORGOTTEN_AT_ONCE)
            if dropped:
                note(tx, SCHEDULE, Action.AUDIT_FORGOTTEN, services.now(), entries=dropped)


def _add(
    tx: Transaction,
    acting: Member,
    action: Action,
    now: datetime,
    class_id: str | None,
    person: str | None,
    details: Mapping[str, Detail],
) -> None:
    storage.audit.add_entry(
        tx,
        at=now,
        user_id=acting.id or None,
        actor=_called(acting),
        origin=acting.origin,
        action=action.value,
        class_id=class_id,
        person=person,
        details=dict(details),
    )


def _called(acting: Member) -> str:
    return acting.email or acting.name
