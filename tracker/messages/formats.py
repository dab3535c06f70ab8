"""Times, dates, numbers and lengths, as whoever is spoken to writes them. Times come in the zone they are shown in."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from datetime import time as time_of_day
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import (
    format_date,
    format_skeleton,
    format_time,
    get_datetime_format,
    get_timezone_location,
    match_skeleton,
)
from babel.lists import format_list
from babel.numbers import format_decimal, format_percent

from tracker.messages.languages import gettext as _
from tracker.messages.languages import spoken

DASH = "–"


def time(at: datetime, *, seconds: bool = False) -> str:
    """The time of the day: `10:05`, or `10:05 AM` where it is written so."""
    return _time(at.hour, at.minute, at.second if seconds else None, spoken())


@lru_cache(maxsize=10_000)
def _time(hour: int, minute: int, second: int | None, locale: Locale) -> str:
    """A long list has the same times again and again, and Babel is slow."""
    at, form = time_of_day(hour, minute, second or 0), "short" if second is None else "medium"
    return format_time(at, form, locale=locale).replace("\u202f", "\u00a0")


def times(start: datetime, end: datetime) -> str:
    """From one time of a day to another: `10:05–11:00`."""
    return f"{time(start)}{DASH}{time(end)}"


def day(when: date, *, weekday: bool = True, year: bool = True) -> str:
    """A date: `Thu 14 May 2026`, as it is said."""
    skeleton = f"{'y' if year else ''}MMM{'E' if weekday else ''}d"
    return format_skeleton(skeleton, when, locale=spoken()).replace("\u202f", "\u00a0")


def long_day(when: date) -> str:
    """A date for a heading: `Thursday 14 May`."""
    patterns = spoken().datetime_skeletons
    nearest = match_skeleton("MMMMEd", patterns) or "MMMMEd"
    # Of the weekday most languages have the short name there.
    return format_date(when, re.sub("E+", "EEEE", str(patterns[nearest])), locale=spoken())


def short_day(when: date) -> str:
    """A date in figures for a narrow column: `14/05/2026`."""
    return format_date(when, "short", locale=spoken())


def weekday(number: int, *, short: bool = False) -> str:
    """The name of a day of the week (0 is Monday), as it stands in a sentence: `Tuesday`, or `Tue`."""
    names = spoken().days["format"]["abbreviated" if short else "wide"]
    return str(names[number])


def first_weekday() -> int:
    """The day with which a week begins in a calendar (0 is Monday)."""
    return int(spoken().first_week_day)


def moment(at: datetime, *, seconds: bool = False) -> str:
    """A date and a time for a list: `14 May 2026, 14:05`."""
    joined = str(get_datetime_format("medium", locale=spoken()))
    return joined.replace("{1}", day(at, weekday=False)).replace("{0}", time(at, seconds=seconds))


def number(value: float, decimals: int = 0) -> str:
    """A number with so many decimals: `1,234.5`."""
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    return format_decimal(value, pattern, locale=spoken())


def percent(value: float) -> str:
    """A share in percent, of 100: `85%`."""
    return format_percent(value / 100, locale=spoken())


def place_of(zone: ZoneInfo) -> str:
    """A time zone by its city: `New York`, `São Paulo`."""
    return get_timezone_location(zone, locale=spoken(), return_city=True)


def length(seconds: float) -> str:
    """A length of time: `1 h 5 min`, `45 min`, `35 s`."""
    if seconds < 60:
        return _("{seconds} s", seconds=round(seconds))
    hours, minutes = divmod(round(seconds / 60), 60)
    if not hours:
        return _("{minutes} min", minutes=minutes)
    return _("{hours} h {minutes} min", hours=hours, minutes=minutes) if minutes else _("{hours} h", hours=hours)


def listed(texts: Sequence[str]) -> str:
    """Texts one after another: `Ana, Ben and Cy`."""
    return format_list(list(texts), "standard", locale=spoken())


def has_half_days() -> bool:
    """Whether times are written with AM and PM."""
    return "a" in str(spoken().time_formats["short"].pattern)


def order_of_date() -> str:
    """How a field for a date writes it, as Streamlit spells it: `DD/MM/YYYY`, `MM/DD/YYYY` or `YYYY/MM/DD`."""
    pattern = str(spoken().date_formats["short"].pattern).lower()
    order = sorted("dmy", key=lambda sign: pattern.find(sign))
    return "/".join({"d": "DD", "m": "MM", "y": "YYYY"}[sign] for sign in order)
