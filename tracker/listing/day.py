"""The classes of the page Today, sorted by what a teacher does with them."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from tracker import storage
from tracker.attendance.types import ClassStatus
from tracker.listing.states import needs_attention
from tracker.storage.class_lists import Filter
from tracker.storage.classes import Class
from tracker.storage.database import Transaction
from tracker.storage.members import Member

# Today reaches a little into yesterday, for a class that ended last night and is still being waited for.
BACK = timedelta(hours=36)
# A class that was held before its planned day is looked for this far ahead.
AHEAD = timedelta(days=7)
# What nobody has seen to for longer than this is found on the page Classes alone.
TROUBLE_BACK = timedelta(days=14)
MOST_LIVE, MOST_TODAY, MOST_TOMORROW, MOST_LATER, MOST_OVER, MOST_TROUBLED, MOST_READ = 50, 30, 10, 3, 10, 10, 200


@dataclass(frozen=True, slots=True)
class Day:
    """The classes of a day: what needs attention, what runs, what comes (soonest first), what is over (latest first).

    Each is in one place only. `later` has the next ones where neither today nor tomorrow has any. `more_attention`:
    how many more of the last days need it. `first_visit`: there is no class at all.
    """

    attention: tuple[Class, ...]
    more_attention: int
    live: tuple[Class, ...]
    today: tuple[Class, ...]
    tomorrow: tuple[Class, ...]
    later: tuple[Class, ...]
    over: tuple[Class, ...]
    first_visit: bool

    @property
    def every(self) -> tuple[Class, ...]:
        """All of them."""
        return self.attention + self.live + self.today + self.tomorrow + self.later + self.over


def of_day(tx: Transaction, member: Member, now: datetime, zone: ZoneInfo) -> Day:
    """The classes that `member` may see round `now`; a day begins and ends in this zone."""
    midnight = datetime.combine(now.astimezone(zone).date() + timedelta(days=1), time(), zone)
    after_tomorrow = datetime.combine(midnight.date() + timedelta(days=1), time(), zone)

    def listed(which: Filter, limit: int = MOST_READ, *, oldest_first: bool = False) -> list[Class]:
        return storage.class_lists.list_classes(tx, member, which, limit=limit, oldest_first=oldest_first)

    live = listed(Filter(statuses=(ClassStatus.LIVE,)), MOST_LIVE)
    planned = listed(Filter(statuses=(ClassStatus.SCHEDULED,), since=now - BACK), oldest_first=True)
    ended = listed(Filter(statuses=(ClassStatus.ENDED,), since=now - BACK, until=now + AHEAD))
    unsolved = listed(Filter(unsolved=True, since=now - TROUBLE_BACK, until=after_tomorrow))
    troubled = [found for found in unsolved if needs_attention(found, now)]
    elsewhere = {found.id for found in (*live, *troubled)}
    planned, ended = ([found for found in some if found.id not in elsewhere] for some in (planned, ended))
    coming = [found for found in planned if found.planned.end >= now]
    over = ended + [found for found in planned if found.planned.end < now]
    over.sort(key=lambda found: found.ended_at or found.planned.end, reverse=True)
    today = [found for found in coming if found.scheduled_start < midnight]
    tomorrow = [found for found in coming if midnight <= found.scheduled_start < after_tomorrow]
    later = [] if today or tomorrow else coming
    nothing = not (live or troubled or coming or over)
    return Day(
        tuple(troubled[:MOST_TROUBLED]),
        len(troubled[MOST_TROUBLED:]),
        tuple(live),
        tuple(today[:MOST_TODAY]),
        tuple(tomorrow[:MOST_TOMORROW]),
        tuple(later[:MOST_LATER]),
        tuple(over[:MOST_OVER]),
        nothing and not listed(Filter(), 1),
    )
