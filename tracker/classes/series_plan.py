"""A class every week: on which days, at which local time, until when. Pure functions."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from tracker import clock
from tracker.classes.plan import Plan
from tracker.errors import InvalidInput
from tracker.storage.classes import Class
from tracker.zoom import NewMeeting, Recurrence

MOST_CLASSES = 200
# Zoom's recurring meetings have at most so many dates, those included that are left out afterwards.
MOST_IN_ONE_MEETING = 50
DAY = timedelta(days=1)
# Nobody plans further ahead; a typing error in the year would take long to work out.
LONGEST = timedelta(days=731)


@dataclass(frozen=True, slots=True)
class SeriesPlan:
    """Classes on these `weekdays` (0 is Monday) from the day of `first` until a last day, both included.

    `first` has the title, the local time, the length and the zone of all of them. There is none on the days `without`.
    """

    first: Plan
    weekdays: frozenset[int]
    until: date
    without: frozenset[date] = frozenset()

    def checked(self) -> list[Plan]:
        """The plan of each class, fit to be stored, by their starts. Raises InvalidInput.

        The time of the day stays the same when clocks change. A start in the hour that they skip is named.
        """
        first = self._first()
        if not self.weekdays:
            raise InvalidInput("series_without_weekday")
        if self.until < first.start.date():
            raise InvalidInput("series_ends_before_it_begins")
        if self.until - first.start.date() > LONGEST:
            raise InvalidInput("series_until_too_late")
        days = [day for day in _days(first.start, self.weekdays, self.until) if day.date() not in self.without]
        if not days:
            raise InvalidInput("series_without_class")
        if len(days) > MOST_CLASSES:
            raise InvalidInput("series_too_long", most=MOST_CLASSES, classes=len(days))
        return [replace(first, start=day).checked() for day in days]

    def dates(self) -> list[date]:
        """The days of the rule, those `without` a class too. Raises InvalidInput."""
        return [day.date() for day in _days(self._first().start, self.weekdays, self.until)]

    def meeting(self) -> tuple[NewMeeting, frozenset[datetime]]:
        """The one recurring meeting of these classes to ask Zoom for, and its dates that are no class's (aware UTC).

        Raises InvalidInput, also where there are more dates than Zoom takes.
        """
        plans, first = self.checked(), self._first()
        zone = clock.zone(first.timezone)
        starts = [day.replace(tzinfo=zone).astimezone(UTC) for day in _days(first.start, self.weekdays, self.until)]
        dates = [start for start in starts if plans[0].start <= start <= plans[-1].start]
        if len(dates) > MOST_IN_ONE_MEETING:
            raise InvalidInput("series_too_long_for_one_link", most=MOST_IN_ONE_MEETING, dates=len(dates))
        repeats = Recurrence(self.weekdays, len(dates))
        return replace(plans[0].meeting(), recurrence=repeats), frozenset(dates) - {plan.start for plan in plans}

    def _first(self) -> Plan:
        """The plan with its local start. Raises InvalidInput for what is wrong with any class of it.

        The first day need not have a class, so that its time need not exist there.
        """
        noon = replace(self.first, start=self.first.start.replace(hour=12, minute=0, tzinfo=None)).checked()
        start = self.first.start
        local = start.astimezone(clock.zone(noon.timezone)) if start.tzinfo else start
        return replace(noon, start=local.replace(tzinfo=None))


def _days(start: datetime, weekdays: frozenset[int], until: date) -> list[datetime]:
    """The local starts by the rule."""
    last, found = min(until, start.date() + LONGEST), []
    while start.date() <= last:
        if start.weekday() in weekdays:
            found.append(start)
        start += DAY
    return found


def changes_of_clocks(plans: Sequence[Plan]) -> list[date]:
    """The days from the first to the last of these classes on which the clocks of their zone are changed."""
    if not plans:
        return []
    zone = clock.zone(plans[0].timezone)
    day, last = (plan.start.astimezone(zone).replace(hour=12, tzinfo=None) for plan in (plans[0], plans[-1]))
    found = []
    while day < last:
        if day.replace(tzinfo=zone).utcoffset() != (day + DAY).replace(tzinfo=zone).utcoffset():
            found.append((day + DAY).date())
        day += DAY
    return found


def weekdays_of(classes: Iterable[Class]) -> list[int]:
    """The days of the week (0 is Monday) on which these classes mostly are; one that was moved does not count."""
    days = Counter(one.scheduled_start.astimezone(clock.zone(one.timezone)).weekday() for one in classes)
    return sorted(day for day, number in days.items() if number * 5 >= max(days.values()))


def days_without(series: Sequence[Class]) -> list[date]:
    """The days from the first to the last of these classes that are days of theirs, and have no class."""
    held = {one.scheduled_start.astimezone(clock.zone(one.timezone)).date() for one in series}
    days = set(weekdays_of(series))
    between = range((max(held) - min(held)).days) if held else ()
    every = (min(held) + number * DAY for number in between)
    return [day for day in every if day.weekday() in days and day not in held]


def shifted(one: Class, was: Plan, now: Plan) -> Plan:
    """The plan of a class that follows another one which is changed from one plan to another; each is checked.

    It moves by as many days and by as much on the clock, and takes over what else was changed. Raises InvalidInput.
    """
    zone = clock.zone(one.timezone)
    by = _local(now) - _local(was)
    return Plan(
        now.title if now.title != was.title else one.title,
        one.scheduled_start.astimezone(zone).replace(tzinfo=None) + by,
        now.minutes if now.minutes != was.minutes else one.duration_minutes,
        now.timezone if now.timezone != was.timezone else one.timezone,
    ).checked()


def _local(plan: Plan) -> datetime:
    return plan.start.astimezone(clock.zone(plan.timezone)).replace(tzinfo=None)
