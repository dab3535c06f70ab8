"""Times and lengths as reports have them. Which of day and month comes first is decided over a whole file."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo

from tracker.errors import InvalidInput
from tracker.reports.types import DateOrder
from tracker.tables.dates import readings_of

_TIME = re.compile(
    r"(?:(?P<day>.*?\S)(?:T|,?\s+(?:(?:at|um|a las|as|às|à)\s+)?))?"
    r"(?P<hour>\d{1,2})\s?[:h]\s?(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?"
    r"\s*(?P<half>[ap]\.?\s?m\.?)?"
    r"\s*\(?(?P<zone>Z|(?:UTC|GMT)?[+-]\d{1,2}(?::?\d{2})?|UTC|GMT)?\)?",
    re.IGNORECASE,
)
_OFFSET = re.compile(r"([+-])(\d{1,2}):?(\d{2})?$")
_WEEKDAY = re.compile(r"^[^\W\d]+\.?,?\s+(?=\d)|^[^\W\d]+\.?,\s+")
_CLOCK = re.compile(r"(\d{1,3}):(\d{2})(?::(\d{2}))?")
_NUMBER = re.compile(r"\d{1,6}(?:[.,]\d{1,4})?")
_UNITS = re.compile(r"(\d{1,6})\s*([^\W\d_]+)\.?")
# The longest length that is one.
MOST_SECONDS = 10**7


@dataclass(frozen=True, slots=True)
class Moment:
    """A time in a cell. `days` are its day, or what it is with the day first and with the month first; none where the
    cell has only a time of the day. `zone` is the one that the cell tells.
    """

    text: str
    days: tuple[date | None, ...]
    at: time
    zone: tzinfo | None = None

    def told(self, order: DateOrder, day: date | None) -> datetime | None:
        """The time as it stands there, without a zone; that of `day` where it has none of its own."""
        if not self.days:
            return datetime.combine(day, self.at) if day else None
        first = self.days[::-1] if order is DateOrder.MONTH_FIRST else self.days
        return datetime.combine(next(filter(None, first)), self.at)


def moment_of(cell: str, *, is_utc: bool = False) -> Moment | None:
    """The time in a cell; None for what is none."""
    found = _TIME.fullmatch(cell)
    if found is None:
        return None
    hour, minute, second = (int(found[part] or 0) for part in ("hour", "minute", "second"))
    half = (found["half"] or "")[:1].casefold()
    if half and hour <= 12:
        hour = hour % 12 + (12 if half == "p" else 0)
    zone = _zone(found["zone"]) if found["zone"] else UTC if is_utc else None
    text = (found["day"] or "").strip(" ,")
    days = readings_of(text) or readings_of(_WEEKDAY.sub("", text)) if text else ()
    try:
        at = time(hour, minute, second)
    except ValueError:
        return None
    if text and not any(days):
        return None
    return Moment(cell, days, at, zone)


def order_of(moments: Iterable[Moment], today: date, said: DateOrder | None = None) -> DateOrder:
    """Which of day and month comes first in all of these. A report is of the past: what is long after
    `today` is no day of it.

    Where both fit it is what somebody has `said`, and else raises `InvalidInput`.
    """
    # In another time zone it may be tomorrow.
    latest = today + timedelta(days=1)
    one_of_both: Moment | None = None
    can_be = {DateOrder.DAY_FIRST: True, DateOrder.MONTH_FIRST: True}
    for moment in (moment for moment in moments if len(moment.days) == 2):
        day, month = (one is not None and one <= latest for one in moment.days)
        can_be[DateOrder.DAY_FIRST] &= day or not month
        can_be[DateOrder.MONTH_FIRST] &= month or not day
        if day and month and moment.days[0] != moment.days[1] and one_of_both is None:
            one_of_both = moment
    possible = [order for order, can in can_be.items() if can]
    if len(possible) == 1:
        return possible[0]
    if said is not None or one_of_both is None:
        return said or DateOrder.DAY_FIRST
    first, second = (one.isoformat() for one in one_of_both.days if one)
    raise InvalidInput("report_dates_ambiguous", text=one_of_both.text, day_first=first, month_first=second)


def in_utc(told: datetime, zone: tzinfo, *, not_before: datetime | None = None) -> datetime:
    """A time without a zone as aware UTC; of an hour that comes twice the one that is `not_before` another time."""
    moment = told.replace(tzinfo=zone).astimezone(UTC)
    if not_before is not None and moment < not_before:
        later = told.replace(tzinfo=zone, fold=1).astimezone(UTC)
        return later if later >= not_before else moment
    return moment


def after(told: datetime, other: datetime) -> datetime:
    """A time of the day on the first day on which it is after another one."""
    return told + timedelta(days=1) if told < other else told


def seconds_of(cell: str) -> int | None:
    """A length: a number of minutes, `1:05:30`, or `1h 5m 30s` in words of a language; None for what is none."""
    if _NUMBER.fullmatch(cell):
        return min(round(float(cell.replace(",", ".")) * 60), MOST_SECONDS)
    if found := _CLOCK.fullmatch(cell):
        return int(found[1]) * 3600 + int(found[2]) * 60 + int(found[3] or 0)
    pieces = _UNITS.findall(cell.casefold())
    if not pieces or _UNITS.sub("", cell.casefold()).strip(" ,"):
        return None
    return min(sum(int(number) * _seconds_in(unit) for number, unit in pieces), MOST_SECONDS)


def _seconds_in(unit: str) -> int:
    """The German "Std." and "Stunden" are hours, like "h" and "horas"."""
    if unit.startswith(("h", "st")):
        return 3600
    return 60 if unit.startswith("m") else 1


def _zone(text: str) -> tzinfo:
    found = _OFFSET.search(text)
    if found is None:
        return UTC
    offset = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    return timezone(-offset if found[1] == "-" else offset) if offset < timedelta(days=1) else UTC
