"""The durable queue of fetches: one row a class, driven by its due time, worked on under a lease.

Every function runs in the caller's transaction. Whoever changes a class locks its row first
(`storage.classes.lock_class`), so `ask`, `withdraw` and `claim_class` never race with each other on one class.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, bindparam, func, or_
from sqlmodel import col, select, update

from tracker.attendance.types import FetchState
from tracker.errors import FetchUnderWay, LeaseLost, Problem
from tracker.storage.database import Transaction, insert, run
from tracker.storage.models import Fetch
from tracker.storage.problems import details_of

_ASK = insert(
    Fetch,
    lambda row: row.on_conflict_do_update(
        index_elements=[Fetch.class_id],
        set_={name: row.excluded[name] for name in ("state", "dueAt", "askedAt", "attempts")}
        | {"error": None, "errorDetails": None, "leasedUntil": None, "leaseToken": None},
    ),
)
_WITHDRAW = (
    update(Fetch)
    .where(col(Fetch.class_id) == bindparam("class_id"))
    .values(
        state=FetchState.WAITING.value,
        attempts=0,
        due_at=None,
        error=None,
        error_details=None,
        leased_until=None,
        lease_token=None,
    )
)

# Renewed after every call to Zoom, so it only has to outlast one, with its wait, its token and its commit.
LEASE = timedelta(minutes=2)
# A lease that lasts longer was given by a clock that has been set back since.
LONGEST_LEASE = 2 * LEASE


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on one class's fetch until the lease ends. A list read since `due_at` serves it.

    `due_at` is None for a person who waits: every list is read anew.
    """

    class_id: str
    token: str
    attempts: int
    asked_at: datetime
    due_at: datetime | None


def ask(tx: Transaction, class_id: str, due_at: datetime, now: datetime) -> None:
    """Asks for the participants of a class at `due_at`.

    A fetch under way loses its lease: what it collects may be out of date.
    """
    run(
        tx,
        _ASK,
        streamId=class_id,
        state=FetchState.WAITING.value,
        dueAt=due_at,
        askedAt=max(due_at, now),
        attempts=0,
    )


def withdraw(tx: Transaction, class_id: str) -> None:
    """The class is not over after all, or does not take place: nothing is to be fetched."""
    run(tx, _WITHDRAW, class_id=class_id)


def claim_due(tx: Transaction, now: datetime) -> Claim | None:
    """Takes the fetch that has been due the longest, in one atomic statement; None if there is none.

    Counting the attempt here, and not at its end, makes a row that kills its process step aside like any other.
    """
    longest_due = (
        select(Fetch.class_id)
        .where(col(Fetch.due_at) <= now, is_free(now))
        .order_by(col(Fetch.due_at), col(Fetch.class_id))
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    statement = (
        update(Fetch)
        .where(col(Fetch.class_id) == longest_due)
        .values(leased_until=now + LEASE, lease_token=token_hex(8), attempts=Fetch.attempts + 1)
        .returning(
            col(Fetch.class_id), col(Fetch.lease_token), col(Fetch.attempts), col(Fetch.asked_at), col(Fetch.due_at)
        )
        .execution_options(synchronize_session=False)
    )
    row = tx.exec(statement).first()
    return Claim(*row) if row else None


def claim_class(tx: Transaction, class_id: str, now: datetime) -> Claim:
    """Takes the fetch of one class, due or not, for a person who waits, and notes when. The caller has
    locked the class.

    Raises FetchUnderWay where somebody has it.
    """
    row = _locked(tx, class_id) or Fetch(class_id=class_id, asked_at=now)
    if row.leased_until is not None and now < row.leased_until <= now + LONGEST_LEASE:
        raise FetchUnderWay()
    row.leased_until, row.lease_token, row.asked_by_hand_at = now + LEASE, token_hex(8), now
    tx.add(row)
    return Claim(class_id, row.lease_token, row.attempts, row.asked_at, None)


def asked_by_hand_at(tx: Transaction, class_id: str, now: datetime) -> datetime | None:
    """When the fetch of this class was last taken by `claim_class`; None while somebody works on it."""
    return tx.exec(select(Fetch.asked_by_hand_at).where(Fetch.class_id == class_id, is_free(now))).first()


def renew(tx: Transaction, claim: Claim, now: datetime) -> None:
    """Keeps the lease for another while. Raises LeaseLost."""
    _change(tx, claim, leased_until=now + LEASE)


def finish(tx: Transaction, claim: Claim, again_at: datetime | None, problem: Problem | None = None) -> None:
    """The participants are stored in this same transaction; Zoom's list is read again at `again_at`, or settled.

    `problem` is why they are not known all the same. Raises LeaseLost, and with it rolls the caller's result back.
    """
    state = FetchState.SETTLED if again_at is None else FetchState.COLLECTED
    _end(tx, claim, problem, state=state.value, due_at=again_at, attempts=0)


def postpone(tx: Transaction, claim: Claim, problem: Problem, at: datetime, attempts: int) -> None:
    """Tries again at `at`, after so many attempts; the problem is shown meanwhile. Raises LeaseLost."""
    _end(tx, claim, problem, due_at=at, attempts=attempts)


def abandon(tx: Transaction, claim: Claim, problem: Problem, state: FetchState) -> None:
    """Gives the fetch up because of this. Raises LeaseLost."""
    _end(tx, claim, problem, state=state.value, due_at=None)


def release(tx: Transaction, claim: Claim, problem: Problem | None = None) -> None:
    """Gives the fetch back as it was before `claim_class`, due when it was; a problem is noted. Raises LeaseLost."""
    if problem is None:
        _change(tx, claim, leased_until=None, lease_token=None)
    else:
        _end(tx, claim, problem)


def failing_due_after(tx: Transaction, moment: datetime) -> list[str]:
    """The ids of classes whose fetch has failed and is tried again only later than that."""
    far = (col(Fetch.error).is_not(None), col(Fetch.due_at) > moment)
    return list(tx.exec(select(Fetch.class_id).where(*far)))


def count_free(tx: Transaction, now: datetime) -> int:
    """How many fetches are due and worked on by nobody."""
    due = select(func.count()).select_from(Fetch).where(col(Fetch.due_at) <= now, is_free(now))
    return tx.exec(due).one()


def is_free(now: datetime) -> ColumnElement[bool]:
    """Whether nobody works on a fetch."""
    until = col(Fetch.leased_until)
    return or_(until.is_(None), until <= now, until > now + LONGEST_LEASE)


def _locked(tx: Transaction, class_id: str) -> Fetch | None:
    """The row as it is now, and as it stays until the end of the transaction."""
    return tx.get(Fetch, class_id, with_for_update=True, populate_existing=True)


def _end(tx: Transaction, claim: Claim, problem: Problem | None, **values: Any) -> None:
    """Ends the lease, and stores the problem."""
    error = problem.code if problem else None
    details = details_of(problem) if problem else None
    _change(tx, claim, error=error, error_details=details, leased_until=None, lease_token=None, **values)


def _change(tx: Transaction, claim: Claim, **values: Any) -> None:
    """Writes only under our lease: nothing is changed once somebody else has the work. Raises LeaseLost."""
    statement = (
        update(Fetch)
        .where(col(Fetch.class_id) == claim.class_id, col(Fetch.lease_token) == claim.token)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    if cast(CursorResult[Any], tx.exec(cast(Any, statement))).rowcount != 1:
        raise LeaseLost()
