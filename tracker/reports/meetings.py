"""From what a report tells of a meeting to a class: when it was, and who was there."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from tracker.errors import InvalidInput, Problem
from tracker.reports.headings import Field
from tracker.reports.layout import About
from tracker.reports.times import Moment, after, in_utc, seconds_of
from tracker.reports.types import DateOrder, Presence, ReportedClass
from tracker.text import plain

LONGEST_TITLE = 200
# Zoom ends a meeting after 30 hours; what is longer is a mistake.
LONGEST_STAY = timedelta(hours=30)
# A meeting ends when everybody has gone: after so long with nobody there it is another one.
ANOTHER_MEETING_AFTER = timedelta(hours=1)
Say = Callable[[int, Problem], None]


@dataclass(frozen=True, slots=True)
class Entry:
    """A stay as a report tells of it; `seconds` None where no length stands there.

    `still_there`: nobody has told that she left; `leave` is the end of the report.
    """

    line: int
    name: str
    email: str
    join: Moment | None
    leave: Moment | None
    seconds: int | None
    waiting: bool = False
    still_there: bool = False


@dataclass(slots=True)
class Told:
    """What a report tells of a meeting, and of the stays in it."""

    about: About
    moments: dict[Field, Moment]
    entries: list[Entry] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Times:
    """How the times of a report are read. `held` is the local time at which a meeting began that does not tell it."""

    order: DateOrder
    zone: ZoneInfo
    held: datetime | None

    def told(self, moment: Moment, day: date | None) -> datetime | None:
        """The time as it stands there; without its day it is that day's."""
        return moment.told(self.order, day)

    def utc(self, moment: Moment, told: datetime, not_before: datetime | None = None) -> datetime:
        """The same as aware UTC."""
        return in_utc(told, moment.zone or self.zone, not_before=not_before)


def meetings_of(
    told: Iterable[Told], order: DateOrder, zone: ZoneInfo, held: datetime | None, say: Say
) -> list[ReportedClass]:
    """The classes by their start. Raises `InvalidInput` where it is not told when one was."""
    times = _Times(order, zone, held)
    found = [one for meeting in told for one in _classes(meeting, times, say)]
    return sorted(found, key=lambda one: (one.start, one.title, one.digest))


def _classes(meeting: Told, times: _Times, say: Say) -> Iterator[ReportedClass]:
    start = meeting.moments.get(Field.START)
    began = times.told(start, None) if start else None
    day = began.date() if began else times.held.date() if times.held else None
    stays = [one for entry in meeting.entries if (one := _stay(entry, times, day, say)) is not None]
    title = plain(meeting.about.cells.get(Field.TOPIC, ""), LONGEST_TITLE)
    if start is None or began is None:
        for some in _apart(stays):
            yield _class(title, some, None, times)
    else:
        yield _class(title, stays, (times.utc(start, began), _end_told(meeting, times, began), began), times)
    _say_what_is_missing(meeting, say)


@dataclass(frozen=True, slots=True)
class _Stay:
    """A presence, with what the report says of it for its digest."""

    presence: Presence
    told: tuple[str, str, str, str, int, bool]


def _stay(entry: Entry, times: _Times, day: date | None, say: Say) -> _Stay | None:
    """A stay with its times; None where nothing tells when it was."""
    join = times.told(entry.join, day) if entry.join else None
    leave = times.told(entry.leave, day) if entry.leave else None
    if (entry.join and join is None) or (entry.leave and leave is None):
        raise InvalidInput("report_without_date")
    if join and leave and entry.leave and not entry.leave.days:
        leave = after(leave, join)
    began = times.utc(entry.join, join) if entry.join and join else None
    went = times.utc(entry.leave, leave, began) if entry.leave and leave else None
    if began and went and not began <= went <= began + LONGEST_STAY:
        say(entry.line, Problem("report_leave_before_join"))
        leave = went = None
    seconds = int((went - began).total_seconds()) if began and went else entry.seconds or 0
    presence = Presence(entry.name, entry.email, began, went, seconds, entry.waiting, entry.line)
    from_when, to_when = (one.isoformat() if one else "" for one in (join, leave))
    return _Stay(presence, (entry.name, entry.email.casefold(), from_when, to_when, seconds, entry.waiting))


def _end_told(meeting: Told, times: _Times, began: datetime) -> tuple[datetime, datetime] | None:
    """When a meeting ended by what is told of it, as aware UTC and as it stands there; None where that is of no use."""
    start, end = meeting.moments[Field.START], meeting.moments.get(Field.END)
    first = times.utc(start, began)
    if end is not None and (ended := times.told(end, began.date())) is not None:
        ended = ended if end.days else after(ended, began)
        last = times.utc(end, ended, first)
        if first < last <= first + LONGEST_STAY:
            return last, ended
    length = timedelta(seconds=seconds_of(meeting.about.cells.get(Field.DURATION, "")) or 0)
    return (first + length, began + length) if timedelta() < length <= LONGEST_STAY else None


def _class(
    title: str,
    stays: list[_Stay],
    told: tuple[datetime, tuple[datetime, datetime] | None, datetime] | None,
    times: _Times,
) -> ReportedClass:
    """A class at the time that is told, else from the first join to the last leave."""
    presences = sorted((one.presence for one in stays), key=lambda one: one.line)
    spans = [_span(one) for one in presences if not one.waiting] or [_span(one) for one in presences]
    known = [one for one in spans if one is not None]
    longest = timedelta(seconds=max((one.seconds for one in presences), default=0))
    start_told, end_told = ("", "")
    if told is not None:
        start, ended, began = told
        start_told, end_told = began.isoformat(), ended[1].isoformat() if ended else ""
        end = ended[0] if ended else max([start + longest, *(last for _first, last in known)])
        if known and not any(first < end and start < last for first, last in known):
            # It is told in another time zone than the stays.
            start, end = min(known)[0], max(last for _first, last in known)
    elif known:
        start, end = min(known)[0], max(last for _first, last in known)
    elif times.held is not None:
        start = in_utc(times.held, times.zone)
        start_told, end = times.held.isoformat(), start + longest
    else:
        raise InvalidInput("report_without_date")
    content = [title, start_told, end_told, sorted({one.told for one in stays})]
    digest = hashlib.sha256(json.dumps(content, ensure_ascii=True).encode()).hexdigest()
    return ReportedClass(title, start, max(start, end), tuple(presences), digest)


def _span(one: Presence) -> tuple[datetime, datetime] | None:
    length = timedelta(seconds=one.seconds)
    if one.join is not None:
        return one.join, one.leave or one.join + length
    return (one.leave - length, one.leave) if one.leave is not None else None


def _apart(stays: list[_Stay]) -> list[list[_Stay]]:
    """The stays of each meeting, where nothing but the time tells them apart."""
    timed = [(span, one) for one in stays if (span := _span(one.presence)) is not None]
    found: list[list[_Stay]] = []
    until = datetime.min.replace(tzinfo=UTC)
    for (first, last), one in sorted(timed, key=lambda pair: (pair[0], pair[1].told)):
        if not found or first > until + ANOTHER_MEETING_AFTER:
            found.append([])
        found[-1].append(one)
        until = max(until, last)
    untimed = [one for one in stays if _span(one.presence) is None]
    if untimed and len(found) != 1:
        return [*found, untimed]
    if found:
        found[0] += untimed
    return found


def _say_what_is_missing(meeting: Told, say: Say) -> None:
    """That there are no times of anybody, or that people were still there at the end of the report."""
    entries = meeting.entries
    if not entries:
        return
    first = min(entry.line for entry in entries)
    if not any(entry.join or entry.leave for entry in entries):
        say(first, Problem("report_without_times"))
    if still := sum(entry.still_there for entry in entries):
        say(first, Problem("report_still_there", {"people": still}))
