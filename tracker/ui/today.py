"""What the page Today shows: classes that run, that come next, and that are just over."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tracker import classes
from tracker.attendance.types import ClassStatus
from tracker.storage.classes import Class, Filter
from tracker.storage.database import Transaction
from tracker.storage.members import Member

# "Today" reaches a little into yesterday, for a class that ended last night and is still being waited for.
BACK = timedelta(hours=36)
# A class that was held before its planned day is looked for this far ahead.
AHEAD = timedelta(days=7)
MOST_LIVE, MOST_UPCOMING, MOST_OVER, LOOKED_AT = 50, 5, 10, 200


@dataclass(frozen=True, slots=True)
class Today:
    """Classes that run now, that come next (soonest first), and whose time is over (latest first)."""

    live: tuple[Class, ...]
    upcoming: tuple[Class, ...]
    over: tuple[Class, ...]

    @property
    def every(self) -> tuple[Class, ...]:
        """All of them."""
        return self.live + self.upcoming + self.over


def today(tx: Transaction, member: Member, now: datetime) -> Today:
    """The classes of `member` round `now`."""
    live = classes.list_classes(tx, member, Filter(statuses=(ClassStatus.LIVE,)), limit=MOST_LIVE)
    planned = classes.list_classes(
        tx,
        member,
        Filter(statuses=(ClassStatus.SCHEDULED,), since=now - BACK),
        limit=LOOKED_AT,
        oldest_first=True,
    )
    ended = classes.list_classes(
        tx, member, Filter(statuses=(ClassStatus.ENDED,), since=now - BACK, until=now + AHEAD), limit=LOOKED_AT
    )
    upcoming = [found for found in planned if found.planned.end >= now]
    over = ended + [found for found in planned if found.planned.end < now]
    over.sort(key=lambda found: found.ended_at or found.planned.end, reverse=True)
    return Today(tuple(live), tuple(upcoming[:MOST_UPCOMING]), tuple(over[:MOST_OVER]))
