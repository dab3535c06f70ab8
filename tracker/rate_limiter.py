"""Zoom's rate limits, kept over all processes that share a database: Zoom counts calls per account.

Each category of calls has a row with its next free slot. Slots lie evenly apart; interactive calls, for which somebody
waits, have slots of their own beside those of background calls. Meetings that are made and changed are counted for each
host and day as well: Zoom allows a hundred.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from tracker import clock
from tracker.errors import ZoomRateLimited
from tracker.settings import Plan
from tracker.storage.database import Engine, reading, transaction
from tracker.storage.rates import Usage, is_paused, lock_usage, lock_writes, save_usage, save_writes
from tracker.zoom import Category, used_up_for
from tracker.zoom.rate_limit import INTERACTIVE_SHARE, INTERACTIVE_WRITES, RATES, WRITES_PER_DAY, Rate, next_day

# A call waits this long for its slot before it is put off.
LONGEST_WAIT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Slot:
    """When a call may go out, and the usage after it."""

    at: datetime
    used: Usage


def next_slot(used: Usage, rate: Rate | None, now: datetime, *, interactive: bool) -> Slot | datetime:
    """The next slot, or when (aware UTC) to ask again because there is none for now.

    A background call gets the next background slot, an `interactive` one the earlier of the two next slots.
    """
    used = used.today(now)
    if used.paused_until is not None and used.is_paused(now):
        return used.paused_until
    counted = replace(used, calls=used.calls + 1)
    if rate is None:
        return Slot(now, counted)
    if rate.per_day is not None and used.calls >= rate.per_day * (1 if interactive else 1 - INTERACTIVE_SHARE):
        return next_day(now)
    moment = now.timestamp()
    slot, after = _free(used.next_at, rate.gap(interactive=False), moment)
    told = replace(counted, next_at=after)
    if interactive:
        own, after = _free(used.next_interactive_at, rate.gap(interactive=True), moment)
        if own < slot:
            slot, told = own, replace(counted, next_interactive_at=after)
    at = now + timedelta(milliseconds=math.ceil(1000 * (slot - moment)))
    return Slot(at, told) if slot - moment <= LONGEST_WAIT_SECONDS else at


def _free(next_at: float, gap: float, moment: float) -> tuple[float, float]:
    """The next slot and the one after it.

    Nobody takes slots further ahead than a call waits: a later one was written by a clock that is, or was, ahead of
    ours.
    """
    slot = next_at if moment < next_at <= moment + LONGEST_WAIT_SECONDS + gap else moment
    return slot, slot + gap


class SharedRateLimiter:
    """The rate limiter of one process; its state is in the database. `interactive`: somebody waits for its calls."""

    def __init__(
        self,
        engine: Engine,
        plan: Plan,
        *,
        interactive: bool,
        now: Callable[[], datetime] = clock.now,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._engine, self._rates, self._interactive, self._now, self._wait = (
            engine,
            RATES[plan],
            interactive,
            now,
            wait,
        )

    def admit(self, category: Category) -> None:
        """Returns when the call may go out. Raises ZoomRateLimited where that is too long to wait for."""
        left = LONGEST_WAIT_SECONDS
        while True:
            slot, now = self._take_slot(category)
            at = slot.at if isinstance(slot, Slot) else slot
            seconds = max((at - now).total_seconds(), 0.0)
            if seconds > left:
                raise ZoomRateLimited("zoom_rate_used_up", retry_at=at)
            if seconds > 0:
                left -= seconds
                self._wait(seconds)
            # Zoom may have asked for a pause meanwhile.
            if isinstance(slot, Slot) and (seconds == 0 or not self._is_paused(category)):
                return

    def admit_write(self, host: str) -> None:
        """Counts a meeting that is made or changed for this host. Raises ZoomRateLimited where the day's are used up.

        In the background that is so while some are left: what somebody does by hand on that day must still work. She
        is never refused here, since Zoom knows better.
        """
        with transaction(self._engine) as tx:
            now = self._now()
            writes = lock_writes(tx, host, now)
            used_up = not self._interactive and writes >= WRITES_PER_DAY - INTERACTIVE_WRITES
            if not used_up:
                save_writes(tx, host, writes + 1, now)
        if used_up:
            raise used_up_for(host, next_day(now))

    def stop_writes(self, host: str) -> None:
        """Zoom says that the day's meetings of this host are used up."""
        with transaction(self._engine) as tx:
            now = self._now()
            lock_writes(tx, host, now)
            save_writes(tx, host, WRITES_PER_DAY, now)

    def pause(self, category: Category, until: datetime) -> None:
        """Zoom has refused a call: none of this category goes out until then, whoever makes it."""
        # Stored in whole seconds, and not to be early.
        until = datetime.fromtimestamp(math.ceil(until.timestamp()), UTC)
        with transaction(self._engine) as tx:
            now = self._now()
            used = lock_usage(tx, category).today(now)
            latest = max(until, used.paused_until) if used.paused_until and used.is_paused(now) else until
            save_usage(tx, replace(used, refused=used.refused + 1, paused_until=latest))

    def _take_slot(self, category: Category) -> tuple[Slot | datetime, datetime]:
        """Takes the next slot, or says when to ask again; and what time it is."""
        with transaction(self._engine) as tx:
            now = self._now()
            slot = next_slot(lock_usage(tx, category), self._rates.get(category), now, interactive=self._interactive)
            if isinstance(slot, Slot):
                save_usage(tx, slot.used)
            return slot, now

    def _is_paused(self, category: Category) -> bool:
        with reading(self._engine) as tx:
            return is_paused(tx, category, self._now())
