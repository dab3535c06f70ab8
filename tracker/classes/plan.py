"""Title and time of a class as somebody typed them, and the time that the next one will want. Pure functions."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from tracker import clock
from tracker.errors import InvalidInput
from tracker.storage.classes import Class
from tracker.zoom import NewMeeting

LONGEST_CLASS_MINUTES = 24 * 60
LONGEST_TITLE = 200
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Plan:
    """Title and time of a class as somebody typed them. `start` is local time in `timezone` when it is naive."""

    title: str
    start: datetime
    minutes: int
    timezone: str

    def checked(self) -> "Plan":
        """The same, fit to be stored: clean title, aware start. Raises InvalidInput."""
        title = one_line(self.title, "title_too_long")
        if not title:
            raise InvalidInput("title_missing")
        if not 1 <= self.minutes <= LONGEST_CLASS_MINUTES:
            raise InvalidInput("class_length_unusable", most=LONGEST_CLASS_MINUTES)
        # Before anything is worked out with it.
        if not clock.in_this_century(self.start):
            raise InvalidInput("start_not_in_century")
        try:
            zone = clock.zone(self.timezone)
        except ValueError:
            raise InvalidInput("time_zone_unknown", zone=self.timezone) from None
        start = self.start if self.start.tzinfo else self.start.replace(tzinfo=zone)
        if not clock.exists(start):
            raise InvalidInput("time_skipped", time=f"{start:%H:%M}", day=f"{start:%Y-%m-%d}", zone=self.timezone)
        return replace(self, title=title, start=start.astimezone(UTC))

    def in_words(self) -> dict[str, str | int]:
        """What is noted of it; `start` is aware."""
        return {"title": self.title, "start": clock.to_zoom(self.start), "minutes": self.minutes}

    def meeting(self) -> NewMeeting:
        """What to ask of Zoom."""
        return NewMeeting(self.title, self.start, self.minutes, self.timezone)


def one_line(text: str, too_long: str) -> str:
    """The text fit for one line of a list. Raises InvalidInput with the code `too_long` for one that is."""
    line = " ".join("".join(char for char in text if char.isprintable() or char.isspace()).split())
    if len(line) > LONGEST_TITLE:
        raise InvalidInput(too_long, most=LONGEST_TITLE)
    return line


def next_plan(earlier: Iterable[Class], now: datetime) -> Plan | None:
    """The plan of the class that comes after these ones, as they were planned; None where there are none.

    It is in the week after one of them, at its time of the day, and the first that is neither over nor taken: so a
    course with classes on Monday and Thursday goes on with the one of the two days that is next.
    """
    known = list(earlier)
    last = max((one.scheduled_start for one in known), default=now)
    offers = []
    for one in known:
        zone = clock.zone(one.timezone)
        # A week later is at the same time of the day, also where the clocks are changed in between.
        local = one.scheduled_start.astimezone(zone).replace(tzinfo=None)
        weeks = max(1, (max(last, now) - one.scheduled_start) // WEEK)
        while (start := (local + weeks * WEEK).replace(tzinfo=zone)) <= max(last, now):
            weeks += 1
        offers.append((start, Plan(one.title, start.replace(tzinfo=None), one.duration_minutes, one.timezone)))
    return min(offers, key=lambda offer: offer[0])[1] if offers else None
