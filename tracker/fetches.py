"""The durable queue of fetches: one row a class, driven by its due time, worked on under a lease.

Every function runs in the caller's transaction. Whoever changes a class locks its row first
(`store.lock_class`), so `ask`, `withdraw` and `claim_class` never race with each other on one class.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, func, or_, update
from sqlmodel import Session, col, select

from tracker import statements
from tracker.attendance import FetchState
from tracker.errors import ClassNotReady, FetchUnderWay, LeaseLost, ZoomError, ZoomMeetingUnknown, ZoomRateLimited
from tracker.models import Fetch
from tracker.records import TakenReading

# Renewed after every call to Zoom, so it only has to outlast one, with its wait, its token and its commit.
LEASE = timedelta(minutes=2)
# A lease that lasts longer was given by a clock that has been set back since.
LONGEST_LEASE = 2 * LEASE
LONGEST_GAP = timedelta(hours=1)
# How long an empty list, or a meeting that Zoom does not know, may still turn into a list.
PATIENCE = timedelta(hours=24)
# A day may also pass while no tracker runs, or because the clock was set.
LEAST_ATTEMPTS = 6
# What a class is told of which Zoom has no list: it gives none of somebody who was alone.
NO_LIST = "Zoom has no participant list for this class yet."
# No failure puts a try off further: Zoom's own limits end with its day at the latest.
FARTHEST_TRY = timedelta(hours=26)
# When Zoom's list is read again, in delays after the end of the class, and how far apart two readings have to be
# before their being the same means anything.
READINGS = (1, 6, 144)
SETTLING_DELAYS = 4


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on one class's fetch until the lease ends."""

    class_id: str
    token: str
    attempts: int
    asked_at: datetime


def next_try(
    error: Exception, attempts: int, asked_at: datetime, now: datetime, *, first_gap: timedelta, spread: float
) -> datetime | None:
    """When to try again after `error`; None to give up.

    The gaps double from `first_gap` up to an hour. A time that Zoom stated is obeyed. `spread` in [0, 1) makes a
    gap up to a quarter longer, so that many classes that failed together do not come back together. What
    somebody can mend, or what passes, is tried for ever: the class was held and its list is worth waiting for.
    """
    if isinstance(error, ZoomError) and error.permanent:
        return None
    waited_enough = attempts >= LEAST_ATTEMPTS and now >= asked_at + PATIENCE
    if isinstance(error, ClassNotReady | ZoomMeetingUnknown) and waited_enough:
        return None
    gap: timedelta = min(first_gap * 2 ** min(attempts - 1, 16), LONGEST_GAP)
    stated = error.retry_at if isinstance(error, ZoomError) else None
    if stated is not None and isinstance(error, ZoomRateLimited):
        return max(stated, now) + first_gap * (spread / 4)
    return max(now + gap, stated or now) + gap * (spread / 4)


def ask(tx: Session, class_id: str, due_at: datetime, now: datetime) -> None:
    """Asks for the participants of a class at `due_at`. A fetch under way loses its lease: it may miss the news."""
    statements.run(
        tx,
        statements.ASK,
        streamId=class_id,
        state=FetchState.WAITING.value,
        dueAt=due_at,
        askedAt=max(due_at, now),
        attempts=0,
    )


def withdraw(tx: Session, class_id: str) -> None:
    """The class is not over after all, or does not take place: nothing is to be fetched."""
    statements.run(tx, statements.WITHDRAW, class_id=class_id)


def claim_due(tx: Session, now: datetime) -> Claim | None:
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
        .returning(col(Fetch.class_id), col(Fetch.lease_token), col(Fetch.attempts), col(Fetch.asked_at))
        .execution_options(synchronize_session=False)
    )
    row = tx.exec(statement).first()
    return Claim(*row) if row else None


def claim_class(tx: Session, class_id: str, now: datetime) -> Claim:
    """Takes the fetch of one class, due or not, for a person who waits. The caller has locked the class.

    Raises FetchUnderWay where somebody has it.
    """
    row = _locked(tx, class_id) or Fetch(class_id=class_id, asked_at=now)
    if row.leased_until is not None and now < row.leased_until <= now + LONGEST_LEASE:
        raise FetchUnderWay("The participants of this class are being fetched right now.")
    row.leased_until, row.lease_token = now + LEASE, token_hex(8)
    tx.add(row)
    return Claim(class_id, row.lease_token, row.attempts, row.asked_at)


def renew(tx: Session, claim: Claim, now: datetime) -> None:
    """Keeps the lease for another while. Raises LeaseLost."""
    _change(tx, claim, leased_until=now + LEASE)


def next_reading(readings: Sequence[TakenReading], ended_at: datetime, delay: timedelta) -> datetime | None:
    """When to read Zoom's list again after the last of `readings`; None when it is settled.

    Zoom's list grows after the end of a class: it is read at the end + delay (ten minutes), six delays (an hour)
    and 144 delays (a day). It is settled when it is complete and an earlier reading, since the end of the class but not
    just before, was the same.
    """
    latest = readings[-1]
    for earlier in reversed(readings):
        if earlier.digest != latest.digest or earlier.at < ended_at or not latest.complete:
            break
        if latest.at - earlier.at >= SETTLING_DELAYS * delay:
            return None
    return next((at for at in (ended_at + times * delay for times in READINGS) if at > latest.at), None)


def finish(tx: Session, claim: Claim, again_at: datetime | None) -> None:
    """The participants are stored in this same transaction; Zoom's list is read again at `again_at`, or settled.

    Raises LeaseLost, and with it rolls the caller's result back.
    """
    state = FetchState.SETTLED if again_at is None else FetchState.COLLECTED
    _change(tx, claim, state=state.value, due_at=again_at, attempts=0, error=None, leased_until=None, lease_token=None)


def postpone(tx: Session, claim: Claim, sentence: str, at: datetime, attempts: int) -> None:
    """Tries again at `at`, after so many attempts; the sentence is what people see meanwhile. Raises LeaseLost."""
    _change(tx, claim, due_at=at, error=sentence, attempts=attempts, leased_until=None, lease_token=None)


def abandon(tx: Session, claim: Claim, sentence: str, state: FetchState) -> None:
    """Stops for good with this sentence. Raises LeaseLost."""
    _change(tx, claim, state=state.value, due_at=None, error=sentence, leased_until=None, lease_token=None)


def release(tx: Session, claim: Claim) -> None:
    """Gives the fetch back as it was before `claim_class`. Raises LeaseLost."""
    _change(tx, claim, leased_until=None, lease_token=None)


def put_off_too_far(tx: Session, now: datetime) -> list[str]:
    """The ids of classes whose next try is further off than any failure puts it."""
    far = (col(Fetch.error).is_not(None), col(Fetch.due_at) > now + FARTHEST_TRY)
    return list(tx.exec(select(Fetch.class_id).where(*far)))


def free(tx: Session, now: datetime) -> int:
    """How many fetches are due and worked on by nobody."""
    due = select(func.count()).select_from(Fetch).where(col(Fetch.due_at) <= now, is_free(now))
    return tx.exec(due).one()


def is_free(now: datetime) -> ColumnElement[bool]:
    """Whether nobody works on a fetch."""
    until = col(Fetch.leased_until)
    return or_(until.is_(None), until <= now, until > now + LONGEST_LEASE)


def _locked(tx: Session, class_id: str) -> Fetch | None:
    """The row as it is now, and as it stays until the end of the transaction."""
    return tx.get(Fetch, class_id, with_for_update=True, populate_existing=True)


def _change(tx: Session, claim: Claim, **values: Any) -> None:
    """The last word is the lease's: nothing is written once somebody else has the work."""
    statement = (
        update(Fetch)
        .where(col(Fetch.class_id) == claim.class_id, col(Fetch.lease_token) == claim.token)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    if cast(CursorResult[Any], tx.exec(cast(Any, statement))).rowcount != 1:
        raise LeaseLost("The fetch was given to somebody else meanwhile.")
