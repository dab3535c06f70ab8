"""When a call may go to Zoom. Zoom counts them per account, so all who share a database share the pace.

The rates are those of Zoom's page "Rate limits". One row a category holds when the next call may go out (the
generic cell rate algorithm): in no second do more calls go out than Zoom allows.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine
from sqlmodel import Session, select

from tracker import clock
from tracker.database import transaction
from tracker.errors import ZoomRateLimited
from tracker.models import ZoomRate
from tracker.settings import Plan
from tracker.store import insert_into
from tracker.zoom import Category

# The backlog goes at this share of a rate. What is left is for somebody who waits for an answer.
BACKLOG_SHARE = 0.8
# A call waits this long for its turn before it is put off.
LONGEST_WAIT_SECONDS = 5.0
# Nobody is ever given a turn this far ahead, and Zoom's longest pause is the rest of a day: what is later was written
# by a clock that has been set back since.
FARTHEST_TURN_SECONDS, LONGEST_PAUSE = 60.0, timedelta(hours=26)


@dataclass(frozen=True, slots=True)
class Rate:
    """What Zoom allows: calls a second, and calls a UTC day (None: as many as you like)."""

    per_second: float
    per_day: int | None = None


RATES: dict[Plan, dict[Category, Rate]] = {
    "free": {Category.LIGHT: Rate(4, 6_000), Category.MEDIUM: Rate(2, 2_000), Category.HEAVY: Rate(1, 1_000)},
    "pro": {Category.LIGHT: Rate(30), Category.MEDIUM: Rate(20), Category.HEAVY: Rate(10, 30_000)},
    "business": {Category.LIGHT: Rate(80), Category.MEDIUM: Rate(60), Category.HEAVY: Rate(40, 60_000)},
}


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of a category is used. `next_at` is in seconds since 1970; the counts are of the UTC `day`."""

    category: Category
    next_at: float
    day: str
    calls: int
    refused: int
    paused_until: datetime | None

    def today(self, now: datetime) -> "Usage":
        """The same with the counts of the day of `now`."""
        day = now.astimezone(UTC).date().isoformat()
        return self if self.day == day else replace(self, day=day, calls=0, refused=0)

    def is_paused(self, now: datetime) -> bool:
        """Whether Zoom wants no calls at `now`."""
        return self.paused_until is not None and now < self.paused_until < now + LONGEST_PAUSE


def next_turn(used: Usage, rate: Rate | None, now: datetime, *, hurried: bool) -> Usage | datetime:
    """The usage after a call at `now`, or when (aware UTC) to ask again because it may not go out yet.

    Calls of the backlog come evenly; a `hurried` one goes ahead of them, and they make up for it. Together they stay
    within the rate in every second.
    """
    used = used.today(now)
    if used.paused_until is not None and used.is_paused(now):
        return used.paused_until
    counted = replace(used, calls=used.calls + 1)
    if rate is None:
        return counted
    if rate.per_day is not None and used.calls >= rate.per_day * (1 if hurried else BACKLOG_SHARE):
        return datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), datetime.min.time(), UTC)
    moment, gap = now.timestamp(), 1 / (rate.per_second * BACKLOG_SHARE)
    # One less than is left of the rate: a second that begins with a call has one more in it than its gaps.
    ahead = max(rate.per_second * (1 - BACKLOG_SHARE) - 1, 0) * gap if hurried else 0.0
    free_at = used.next_at if used.next_at < moment + FARTHEST_TURN_SECONDS else moment
    if free_at > moment + ahead:
        return now + timedelta(milliseconds=math.ceil(1000 * (free_at - moment - ahead)))
    return replace(counted, next_at=max(free_at, moment) + gap)


class SharedPace:
    """The pace of one process's calls, kept in the database. `hurried` calls are those that somebody waits for."""

    def __init__(
        self,
        engine: Engine,
        plan: Plan,
        *,
        hurried: bool,
        now: Callable[[], datetime] = clock.now,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._engine, self._rates, self._hurried, self._now, self._wait = engine, RATES[plan], hurried, now, wait

    def admit(self, category: Category) -> None:
        """Returns when the call may go out. Raises ZoomRateLimited where that is too long to wait for."""
        left = LONGEST_WAIT_SECONDS
        while (turn := self._take_turn(category)) is not None:
            seconds = max((turn - self._now()).total_seconds(), 0.0)
            if seconds > left:
                raise ZoomRateLimited("Zoom takes no more requests from this account at the moment.", retry_at=turn)
            left -= seconds
            self._wait(seconds)

    def pause(self, category: Category, until: datetime) -> None:
        """Zoom has refused a call: none of this category goes out until then, whoever makes it."""
        # Stored in whole seconds, and not to be early.
        until = datetime.fromtimestamp(math.ceil(until.timestamp()), UTC)
        with transaction(self._engine) as tx:
            now = self._now()
            used = _locked(tx, category).today(now)
            latest = max(until, used.paused_until) if used.paused_until and used.is_paused(now) else until
            _save(tx, replace(used, refused=used.refused + 1, paused_until=latest))

    def _take_turn(self, category: Category) -> datetime | None:
        """Takes the turn that is free now, or says when to ask again."""
        with transaction(self._engine) as tx:
            now = self._now()
            turn = next_turn(_locked(tx, category), self._rates.get(category), now, hurried=self._hurried)
            if isinstance(turn, datetime):
                return turn
            _save(tx, turn)
            return None


def is_paused(tx: Session, category: Category, now: datetime) -> bool:
    """Whether Zoom wants no calls of this category at `now`."""
    row = tx.get(ZoomRate, category.value)
    return row is not None and _usage(row).is_paused(now)


def usages(tx: Session) -> list[Usage]:
    """How much of each category is used, of those that were."""
    return [_usage(row) for row in tx.exec(select(ZoomRate).order_by(ZoomRate.category))]


def _locked(tx: Session, category: Category) -> Usage:
    """The usage of a category as it stays until the end of the transaction."""
    row = tx.get(ZoomRate, category.value, with_for_update=True)
    if row is None:
        fresh = {"category": category.value, "next_at": 0.0, "day": "", "calls": 0, "refused": 0}
        tx.exec(insert_into(tx, ZoomRate).values(**fresh).on_conflict_do_nothing())
        row = tx.get_one(ZoomRate, category.value, with_for_update=True)
    return _usage(row)


def _save(tx: Session, used: Usage) -> None:
    row = tx.get_one(ZoomRate, used.category.value)
    row.next_at, row.day, row.calls, row.refused = used.next_at, used.day, used.calls, used.refused
    row.paused_until = used.paused_until
    tx.add(row)


def _usage(row: ZoomRate) -> Usage:
    return Usage(Category(row.category), row.next_at, row.day, row.calls, row.refused, row.paused_until)
