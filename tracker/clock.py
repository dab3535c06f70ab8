"""The time: the only reader of the system clock, and the parser of the times that others write.

Everything else takes `now` as an argument, so that a test can say what time it is.
"""

from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones


def now() -> datetime:
    """The present moment as an aware UTC datetime."""
    return datetime.now(UTC)


def parse_utc(text: object) -> datetime | None:
    """Zoom's `2026-05-14T09:58:11Z` (also with fractions or an offset) as aware UTC, whole seconds.

    Returns None for anything that is no time of a meeting: Zoom has sent empty and missing times, and a row of a
    participant list without a time still is a row.
    """
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        moment = moment.astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError):
        return None
    return moment if in_this_century(moment) else None


def in_this_century(moment: datetime) -> bool:
    """Whether this can be the time of a class: the first and the last year have no neighbours to count with."""
    return 2000 <= moment.year < 2100


def to_zoom(moment: datetime) -> str:
    """`moment` as Zoom writes times: UTC, whole seconds, `Z` at the end."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@cache
def zone_names() -> tuple[str, ...]:
    """The names of all IANA time zones, in order. Read once: it takes a walk through hundreds of files."""
    return tuple(sorted(available_timezones()))


def zone(name: str) -> ZoneInfo:
    """The IANA time zone of that name. Raises ValueError where there is none."""
    if name not in zone_names():
        raise ValueError(f"no such time zone: {name}")
    return ZoneInfo(name)


def exists(local: datetime) -> bool:
    """Whether this aware local time occurs at all; clocks that jump forward skip an hour once a year."""
    return local.astimezone(UTC).astimezone(local.tzinfo) == local
