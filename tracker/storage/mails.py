"""The durable queue of e-mails to teachers: driven by their due times, worked on under a lease, and never sent twice.

Every function runs in the caller's transaction. To whom an e-mail goes, its course says when it is sent.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, and_, func, or_
from sqlalchemy.orm import Mapped
from sqlmodel import col, delete, select, update

from tracker.errors import LeaseLost, Problem
from tracker.storage.attention import LATE
from tracker.storage.database import Transaction, insert, run
from tracker.storage.models import Course, LiveStream, Mail, User
from tracker.storage.problems import details_of, problem_of

_ASK = insert(Mail, lambda row: row.on_conflict_do_nothing())
# Longer than handing one in may take, from the first word with the server to its last.
LEASE = timedelta(minutes=15)
# A lease that lasts longer was given by a clock that has been set back since.
LONGEST_LEASE = 2 * LEASE
PERHAPS_SENT, TOO_LATE = "mail_perhaps_sent", "mail_too_late"
_OF_CLAIM = (
    col(Mail.key),
    col(Mail.course_id),
    col(Mail.class_id),
    col(Mail.lease_token),
    col(Mail.attempts),
    col(Mail.asked_at),
)
# Of e-mails that are not open any more: there was nothing to send, which is no trouble.
NO_TROUBLE = ("mail_nothing_to_say", "mail_not_wanted")


@dataclass(frozen=True, slots=True)
class MailClaim:
    """The right to send one e-mail until the lease ends, about a class or about a course."""

    key: str
    course_id: str | None
    class_id: str | None
    token: str
    attempts: int
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class WeeklyCourse:
    """A course whose teacher wants to hear every week of who is at risk; `timezone` is that of its latest class."""

    id: str
    timezone: str


@dataclass(frozen=True, slots=True)
class MailQueue:
    """How many e-mails are due; of these how many are late, and how many failed in several tries, and why the last.

    `given_up` were not sent lately, or perhaps not, and `latest` says why the last of them was not.
    """

    due: int = 0
    late: int = 0
    failing: int = 0
    given_up: int = 0
    why: Problem | None = None
    latest: Problem | None = None


def ask_digest(tx: Transaction, class_id: str, now: datetime) -> None:
    """Asks for the digest of a class, once for all time, if its course sends them. The caller has locked the class."""
    wanted = (
        select(LiveStream.id)
        .join(Course, col(Course.id) == LiveStream.course_id)
        .where(LiveStream.id == class_id, *_is_sent(col(Course.sends_digest)))
    )
    if tx.exec(wanted).first() is not None:
        run(tx, _ASK, key=f"digest:{class_id}", streamId=class_id, askedAt=now, dueAt=now, attempts=0)


def weekly_courses(tx: Transaction) -> list[WeeklyCourse]:
    """The courses that send a weekly e-mail and have had a class, by id."""
    latest = (
        select(LiveStream.timezone)
        .where(LiveStream.course_id == Course.id, LiveStream.teacher_id == Course.teacher_id)  # there is an index
        .order_by(col(LiveStream.scheduled_start).desc(), col(LiveStream.id))
        .limit(1)
        .correlate(Course)
        .scalar_subquery()
    )
    found = tx.exec(select(Course.id, latest).where(*_is_sent(col(Course.sends_weekly))).order_by(Course.id))
    return [WeeklyCourse(course_id, timezone) for course_id, timezone in found if timezone]


def ask_weekly(tx: Transaction, course_id: str, week: str, now: datetime) -> None:
    """Asks for the weekly e-mail of a course, once for the week, which is written like 2026-W22."""
    run(tx, _ASK, key=_weekly_key(course_id, week), courseId=course_id, askedAt=now, dueAt=now, attempts=0)


def knows_weekly(tx: Transaction, course_id: str, week: str) -> bool:
    """Whether that was asked for already."""
    return tx.exec(select(Mail.key).where(Mail.key == _weekly_key(course_id, week))).first() is not None


def claim_due(tx: Transaction, now: datetime) -> MailClaim | None:
    """Takes the e-mail that has been due the longest, in one atomic statement; None if there is none.

    Of those that are due at the same time the one that has failed most often comes first: where it is the server's
    fault they wait for that one's next try together.
    """
    longest_due = (
        select(Mail.key)
        .where(col(Mail.due_at) <= now, _is_free(now), col(Mail.sending_at).is_(None))
        .order_by(col(Mail.due_at), col(Mail.attempts).desc(), col(Mail.key))
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    statement = (
        update(Mail)
        .where(col(Mail.key) == longest_due)
        .values(leased_until=now + LEASE, lease_token=token_hex(8), attempts=Mail.attempts + 1)
        .returning(*_OF_CLAIM)
        .execution_options(synchronize_session=False)
    )
    row = tx.exec(statement).first()
    if row is None:
        return None
    key, course_id, class_id, token, attempts, asked_at = row
    return MailClaim(key, course_id, class_id, str(token), attempts, asked_at)


def is_due(tx: Transaction, now: datetime) -> bool:
    """Whether an e-mail is to be sent that nobody works on."""
    due = select(Mail.key).where(col(Mail.due_at) <= now, _is_free(now), col(Mail.sending_at).is_(None))
    return tx.exec(due.limit(1)).first() is not None


def note_sending(tx: Transaction, claim: MailClaim, now: datetime) -> None:
    """It is handed over as soon as this is committed. Raises LeaseLost."""
    _change(tx, claim, sending_at=now, leased_until=now + LEASE)


def finish(tx: Transaction, claim: MailClaim, now: datetime) -> None:
    """It was sent. Raises LeaseLost."""
    _end(tx, claim, None, due_at=None, sent_at=now)


def postpone(tx: Transaction, claim: MailClaim, problem: Problem, at: datetime) -> None:
    """Tries again at `at`: it was not handed over. Raises LeaseLost."""
    _end(tx, claim, problem, due_at=at, sending_at=None)


def abandon(tx: Transaction, claim: MailClaim, problem: Problem) -> None:
    """Gives it up because of this. Raises LeaseLost."""
    _end(tx, claim, problem, due_at=None)


def put_all_off(tx: Transaction, at: datetime) -> None:
    """No e-mail is due before `at`: the server takes none."""
    waiting = (col(Mail.due_at) < at, col(Mail.leased_until).is_(None))
    tx.exec(cast(Any, update(Mail).where(*waiting).values(due_at=at).execution_options(synchronize_session=False)))


def end_unsure(tx: Transaction, now: datetime) -> int:
    """Gives up those that were being handed over when their process ended: nobody knows. How many there were."""
    unsure = (col(Mail.due_at).is_not(None), col(Mail.sending_at).is_not(None), _is_free(now))
    return _end_where(tx, PERHAPS_SENT, *unsure)


def end_outdated(tx: Transaction, before: datetime, now: datetime) -> int:
    """Gives up those that were asked for before that moment. How many there were."""
    old = (col(Mail.due_at).is_not(None), col(Mail.asked_at) < before, _is_free(now), col(Mail.sending_at).is_(None))
    return _end_where(tx, TOO_LATE, *old)


def forget_weekly(tx: Transaction, before: datetime) -> None:
    """Drops the weekly ones that were asked for before that moment. That of a class is known for as long as it is."""
    old = delete(Mail).where(col(Mail.course_id).is_not(None), col(Mail.asked_at) < before)
    tx.exec(cast(Any, old.execution_options(synchronize_session=False)))


def queue(tx: Transaction, now: datetime, *, failing_after: int, since: datetime) -> MailQueue:
    """How many e-mails are where: `failing` have failed so often, `given_up` are those asked for since that moment."""
    due = (col(Mail.due_at) <= now, col(Mail.sending_at).is_(None))
    failing = (col(Mail.due_at).is_not(None), col(Mail.error).is_not(None), col(Mail.attempts) >= failing_after)
    given_up = (
        col(Mail.due_at).is_(None),
        col(Mail.sent_at).is_(None),
        col(Mail.error).not_in(NO_TROUBLE),
        col(Mail.asked_at) >= since,
    )
    number = func.count()
    late = and_(col(Mail.due_at) <= now - LATE, _is_free(now))
    open_ones: Any = (number.filter(*due), number.filter(late), number.filter(*failing))
    counts: tuple[int, int, int] = tx.exec(select(*open_ones).where(col(Mail.due_at).is_not(None))).one()
    gone = tx.exec(select(number).select_from(Mail).where(*given_up)).one()
    return MailQueue(*counts, gone, _latest_error(tx, *failing), _latest_error(tx, *given_up))


def _latest_error(tx: Transaction, *which: ColumnElement[bool]) -> Problem | None:
    found = tx.exec(select(Mail.error, Mail.error_details).where(*which).order_by(col(Mail.asked_at).desc()).limit(1))
    row = found.first()
    return problem_of(*row) if row else None


def _weekly_key(course_id: str, week: str) -> str:
    return f"weekly:{course_id}:{week}"


def _is_sent(switch: Mapped[bool]) -> tuple[ColumnElement[bool], ...]:
    """Of a course: its teacher wants these e-mails, and there is somebody to get them."""
    closed = select(User.id).where(col(User.disabled_at).is_not(None))
    return (switch.is_(True), col(Course.archived_at).is_(None), col(Course.teacher_id).not_in(closed))


def _is_free(now: datetime) -> ColumnElement[bool]:
    """Whether nobody works on an e-mail."""
    until = col(Mail.leased_until)
    return or_(until.is_(None), until <= now, until > now + LONGEST_LEASE)


def _end_where(tx: Transaction, code: str, *which: ColumnElement[bool]) -> int:
    values = {"due_at": None, "leased_until": None, "lease_token": None, "error": code, "error_details": None}
    ended = update(Mail).where(*which).values(**values).execution_options(synchronize_session=False)
    return cast(CursorResult[Any], tx.exec(cast(Any, ended))).rowcount


def _end(tx: Transaction, claim: MailClaim, problem: Problem | None, **values: Any) -> None:
    """Ends the lease, and stores the problem."""
    error = problem.code if problem else None
    details = details_of(problem) if problem else None
    _change(tx, claim, error=error, error_details=details, leased_until=None, lease_token=None, **values)


def _change(tx: Transaction, claim: MailClaim, **values: Any) -> None:
    """Writes only under our lease: nothing is changed once somebody else has the work. Raises LeaseLost."""
    statement = (
        update(Mail)
        .where(col(Mail.key) == claim.key, col(Mail.lease_token) == claim.token)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    if cast(CursorResult[Any], tx.exec(cast(Any, statement))).rowcount != 1:
        raise LeaseLost()
