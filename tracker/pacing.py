"""When a call may go to Zoom. Zoom counts them per account, so all who share a database share the pace.

The rates are those of Zoom's page "Rate limits". In one row a category, calls take turns that lie evenly apart; those
that somebody waits for have turns of their own beside the backlog's.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine
from sqlmodel import Session, select

from tracker import clock, statements
from tracker.database import reading, transaction
from tracker.errors import ZoomRateLimited
from tracker.models import ZoomRate
from tracker.settings import Plan
from tracker.zoom import Category

# This share of a rate is kept for calls that somebody waits for.
HURRIED_SHARE = 0.2
# A call waits this long for its turn before it is put off.
LONGEST_WAIT_SECONDS = 5.0
# Zoom's longest pause is the rest of a day: what is later was written by a clock that has been set back since.
LONGEST_PAUSE = timedelta(hours=26)
_FIRST_USE = statements.insert(ZoomRate, lambda row: row.on_conflict_do_nothing())


@dataclass(frozen=True, slots=True)
class Rate:
    """What Zoom allows: calls a second, and calls a UTC day (None: as many as you like)."""

    per_second: int
    per_day: int | None = None

    def gap(self, *, hurried: bool) -> float:
        """The seconds between two turns. Both kinds together make up the rate in every second."""
        kept = max(1, round(self.per_second * HURRIED_SHARE))
        return 1 / (kept if hurried else self.per_second - kept)


RATES: dict[Plan, dict[Category, Rate]] = {
    "free": {Category.LIGHT: Rate(4, 6_000), Category.MEDIUM: Rate(2, 2_000), Category.HEAVY: Rate(1, 1_000)},
    "pro": {Category.LIGHT: Rate(30), Category.MEDIUM: Rate(20), Category.HEAVY: Rate(10, 30_000)},
    "business": {Category.LIGHT: Rate(80), Category.MEDIUM: Rate(60), Category.HEAVY: Rate(40, 60_000)},
}


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of a category is used; the counts are of the UTC `day`.

    `next_at` and `next_hurried_at` are the next turns that are free, in seconds since 1970.
    """

    category: Category
    next_at: float
    next_hurried_at: float
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


@dataclass(frozen=True, slots=True)
class Turn:
    """When a call may go out, and the usage after it."""

    at: datetime
    used: Usage


def next_turn(used: Usage, rate: Rate | None, now: datetime, *, hurried: bool) -> Turn | datetime:
    """The next turn, or when (aware UTC) to ask again because there is none for now.

    A call of the backlog gets a turn of the backlog's, a `hurried` one the earlier of the two that are next.
    """
    used = used.today(now)
    if used.paused_until is not None and used.is_paused(now):
        return used.paused_until
    counted = replace(used, calls=used.calls + 1)
    if rate is None:
        return Turn(now, counted)
    if rate.per_day is not None and used.calls >= rate.per_day * (1 if hurried else 1 - HURRIED_SHARE):
        return datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), datetime.min.time(), UTC)
    moment = now.timestamp()
    turn, after = _free(used.next_at, rate.gap(hurried=False), moment)
    told = replace(counted, next_at=after)
    if hurried:
        own, after = _free(used.next_hurried_at, rate.gap(hurried=True), moment)
        if own < turn:
            turn, told = own, replace(counted, next_hurried_at=after)
    at = now + timedelta(milliseconds=math.ceil(1000 * (turn - moment)))
    return Turn(at, told) if turn - moment <= LONGEST_WAIT_SECONDS else at


def _free(next_at: float, gap: float, moment: float) -> tuple[float, float]:
    """The next turn and the one after it.

    Nobody takes turns further ahead than a call waits: later ones are those of another machine, or of another time,
    whose clock is ahead of ours.
    """
    turn = next_at if moment < next_at <= moment + LONGEST_WAIT_SECONDS + gap else moment
    return turn, turn + gap


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
        while True:
            turn, now = self._take_turn(category)
            at = turn.at if isinstance(turn, Turn) else turn
            seconds = max((at - now).total_seconds(), 0.0)
            if seconds > left:
                raise ZoomRateLimited("Zoom takes no more requests from this account at the moment.", retry_at=at)
            if seconds > 0:
                left -= seconds
                self._wait(seconds)
            # Zoom may have asked for a pause meanwhile.
            if isinstance(turn, Turn) and (seconds == 0 or not self._is_paused(category)):
                return

    def pause(self, category: Category, until: datetime) -> None:
        """Zoom has refused a call: none of this category goes out until then, whoever makes it."""
        # Stored in whole seconds, and not to be early.
        until = datetime.fromtimestamp(math.ceil(until.timestamp()), UTC)
        with transaction(self._engine) as tx:
            now = self._now()
            used = _locked(tx, category).today(now)
            latest = max(until, used.paused_until) if used.paused_until and used.is_paused(now) else until
            _save(tx, replace(used, refused=used.refused + 1, paused_until=latest))

    def _take_turn(self, category: Category) -> tuple[Turn | datetime, datetime]:
        """Takes the next turn, or says when to ask again; and what time it is."""
        with transaction(self._engine) as tx:
            now = self._now()
            turn = next_turn(_locked(tx, category), self._rates.get(category), now, hurried=self._hurried)
            if isinstance(turn, Turn):
                _save(tx, turn.used)
            return turn, now

    def _is_paused(self, category: Category) -> bool:
        with reading(self._engine) as tx:
            return is_paused(tx, category, self._now())


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
        unused = {"nextAt": 0.0, "nextHurriedAt": 0.0, "day": "", "calls": 0, "refused": 0}
        statements.run(tx, _FIRST_USE, category=category.value, **unused)
        row = tx.get_one(ZoomRate, category.value, with_for_update=True)
    return _usage(row)


def _save(tx: Session, used: Usage) -> None:
    row = tx.get_one(ZoomRate, used.category.value)
    row.next_at, row.next_hurried_at, row.paused_until = used.next_at, used.next_hurried_at, used.paused_until
    row.day, row.calls, row.refused = used.day, used.calls, used.refused
    tx.add(row)


def _usage(row: ZoomRate) -> Usage:
    turns = (row.next_at, row.next_hurried_at)
    return Usage(Category(row.category), *turns, row.day, row.calls, row.refused, row.paused_until)
