"""Attendance arithmetic: from Zoom's records to people, their presence and the one count.

Pure functions over frozen values. Every figure on a screen, in a file and in the database comes from
`take_attendance`, so that no two places can disagree.

The counting rule: a person is all records with the same e-mail (trimmed, any case), or with the same name
(trimmed, blanks folded, any case) where there is no e-mail. Records from the waiting room are kept and never
counted. Time present is the union of a person's stays: two devices at once, or a reconnect that Zoom
reports twice, add nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from tracker.clock import parse_utc, to_zoom

# What makes two records the same person: ("email", …), or ("name", …) where there is no e-mail.
PersonKey = tuple[str, str]

# A session belongs to a class when it starts in this window around the planned time.
WINDOW_BEFORE = timedelta(minutes=30)
WINDOW_AFTER = timedelta(minutes=120)
# Later than this after the lesson's start is late; leaving earlier than this before its end is early.
GRACE = timedelta(minutes=5)
# No class is planned for longer; another program may have written any number.
LONGEST_PLAN = timedelta(days=7)
# A name may be long, and somebody may send one that is endless. So may a stay be: these are some months.
LONGEST_TEXT, MOST_SECONDS = 20_000, 10**7


class ClassStatus(StrEnum):
    """Where a class is in its life."""

    SCHEDULED = "scheduled"
    LIVE = "live"
    ENDED = "ended"
    CANCELLED = "cancelled"


class FetchState(StrEnum):
    """How far the collecting of a class's participants has come."""

    WAITING = "waiting"
    COLLECTING = "collecting"
    COLLECTED = "collected"
    SETTLED = "settled"
    FAILED = "failed"
    NO_DATA = "no data"


class Source(StrEnum):
    """Where the records of an attendance come from."""

    ZOOM = "Zoom's list"
    SEEN = "seen live"


class Where(StrEnum):
    """The part of the meeting a record speaks of, in Zoom's own words (`status` of a participant)."""

    MEETING = "in_meeting"
    WAITING_ROOM = "in_waiting_room"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of time from `start` up to `end` (both aware UTC, `start <= end`)."""

    start: datetime
    end: datetime

    @property
    def seconds(self) -> int:
        """Length in whole seconds."""
        return int((self.end - self.start).total_seconds())


@dataclass(frozen=True, slots=True)
class Session:
    """One run of the Zoom meeting; `end` is None while it runs, or where its end was never heard of.

    `zooms_count` is Zoom's own number of participants, which counts every joining; None where it was not told.
    """

    uuid: str
    start: datetime
    end: datetime | None
    zooms_count: int | None = None


@dataclass(frozen=True, slots=True)
class Stay:
    """One unbroken presence of one participant, as Zoom reported it.

    `seconds` is Zoom's own figure for this record. `user_id` is Zoom's number for this one join (a rejoin gets
    another), `zoom_user_id` the account of a signed-in person, blank for guests.
    """

    name: str
    email: str
    join: datetime | None
    leave: datetime | None
    seconds: int
    where: Where = Where.MEETING
    user_id: str = ""
    zoom_user_id: str = ""
    registrant_id: str = ""
    session_uuid: str = ""

    @property
    def span(self) -> Span | None:
        """The time of this stay; None where Zoom gave too little to tell.

        Zoom has sent stays without a time and with a leave before the join; the duration fills the gap.
        """
        length = timedelta(seconds=self.seconds)
        if self.join is not None:
            ends_after = self.leave is not None and self.leave >= self.join
            return Span(self.join, self.leave if ends_after and self.leave else self.join + length)
        if self.leave is not None:
            return Span(self.leave - length, self.leave)
        return None


@dataclass(frozen=True, slots=True)
class Person:
    """Everybody who is the same by the counting rule, or by a teacher's word, with the union of their stays.

    `keys` has more than one entry where a teacher has joined people.
    """

    keys: tuple[PersonKey, ...]
    name: str
    email: str
    stays: tuple[Stay, ...]
    present: tuple[Span, ...]
    percent: int | None
    late: bool
    left_early: bool

    @property
    def seconds(self) -> int:
        """Time present: the union of the stays, in whole seconds."""
        return sum(span.seconds for span in self.present)

    @property
    def added_up(self) -> int:
        """The seconds of the stays added up, as a naive report has it: time on two devices is in it twice."""
        return sum(stay.span.seconds for stay in self.stays if stay.span is not None)

    @property
    def first_join(self) -> datetime | None:
        """When the person was first there; None where Zoom gave no times."""
        return self.present[0].start if self.present else None

    @property
    def last_leave(self) -> datetime | None:
        """When the person was last there; None where Zoom gave no times."""
        return self.present[-1].end if self.present else None

    @property
    def status(self) -> str:
        """`present`, `late`, `left early`, or `late, left early`."""
        marks = [mark for mark, holds in (("late", self.late), ("left early", self.left_early)) if holds]
        return ", ".join(marks) or "present"


@dataclass(frozen=True, slots=True)
class Attendance:
    """Who was in a class: `stays` are all records in order of joining, `people` the counted persons by name.

    `unique_count` is the number of people by the counting rule; there are fewer `people` where a teacher has
    joined some. `repeats` is the number of exact repeats that were dropped. `lesson` is the time that
    percentages are of: the planned time as far as the meeting ran in it, or the whole run of a meeting that was
    held at another time (`at_another_time`).
    """

    stays: tuple[Stay, ...]
    people: tuple[Person, ...]
    sessions: tuple[Session, ...]
    lesson: tuple[Span, ...]
    unique_count: int
    repeats: int
    at_another_time: bool
    source: Source

    @property
    def total_records(self) -> int:
        """Zoom's records, exact repeats dropped, waiting room included."""
        return len(self.stays)

    @property
    def waiting(self) -> tuple[Stay, ...]:
        """The records from the waiting room."""
        return tuple(stay for stay in self.stays if stay.where is Where.WAITING_ROOM)


def fold_name(name: str) -> str:
    """The name without blanks at its ends and with single blanks inside; for people to read."""
    return " ".join(name.split())


def person_key(name: str, email: str) -> PersonKey:
    """What makes two records the same person."""
    if address := email.strip().casefold():
        return "email", address
    return "name", fold_name(name).casefold()


def union(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same stretches of time with overlapping and touching ones joined, in order."""
    joined: list[Span] = []
    for span in sorted(spans):
        if joined and span.start <= joined[-1].end:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return tuple(joined)


def clip(spans: Iterable[Span], within: Iterable[Span]) -> tuple[Span, ...]:
    """The parts of `spans` that lie inside `within`, each a union on its own."""
    bounds = tuple(within)
    parts = (
        Span(max(span.start, bound.start), min(span.end, bound.end))
        for span in spans
        for bound in bounds
        if max(span.start, bound.start) < min(span.end, bound.end)
    )
    return union(parts)


def status_of(stored: str, started_at: datetime | None = None, ended_at: datetime | None = None) -> ClassStatus:
    """The stored status; where another program wrote one that nobody knows, what the class's times say."""
    if stored in list(ClassStatus):
        return ClassStatus(stored)
    return ClassStatus.ENDED if ended_at else ClassStatus.LIVE if started_at else ClassStatus.SCHEDULED


def planned_time(start: datetime, minutes: int) -> Span:
    """The time that a class is planned for."""
    return Span(start, start + max(timedelta(), min(timedelta(minutes=minutes), LONGEST_PLAN)))


def in_window(start: datetime, planned: Span) -> bool:
    """Whether a session that starts at `start` belongs to a class planned for that time."""
    return planned.start - WINDOW_BEFORE <= start <= planned.end + WINDOW_AFTER


def sessions_of_class(sessions: Iterable[Session], planned: Span, *, made_for_it: bool) -> tuple[Session, ...]:
    """The sessions that are the class, by start.

    Those in the window round the planned time: a student who opens the link again at night makes a session of
    the same meeting, and it is no part of the class. Where none lies there and the meeting was made for this
    class, it was held at another time and every session counts; a meeting that serves other purposes too
    (a personal room, a weekly link) was held for one of those.
    """
    ordered = sorted(sessions, key=lambda session: (session.start, session.uuid))
    near = tuple(session for session in ordered if in_window(session.start, planned))
    return near or (tuple(ordered) if made_for_it else ())


def life_of_class(sessions: Sequence[Session]) -> tuple[ClassStatus, datetime | None, datetime | None]:
    """Status, start and end of a class from its sessions, which are in order of their start.

    Zoom runs a meeting once at a time, so only the latest session can still be open; an earlier one without
    an end is one whose end was never announced.
    """
    if not sessions:
        return ClassStatus.SCHEDULED, None, None
    started = sessions[0].start
    if sessions[-1].end is None:
        return ClassStatus.LIVE, started, None
    return ClassStatus.ENDED, started, max(session.end for session in sessions if session.end is not None)


def tidy(stays: Iterable[Stay]) -> tuple[Stay, ...]:
    """The stays in order of joining, exact repeats dropped (a page read twice repeats its records)."""
    return tuple(sorted(dict.fromkeys(stays), key=_joining_order))


def take_attendance(
    stays: Iterable[Stay],
    sessions: Iterable[Session],
    planned: Span,
    *,
    same: Iterable[tuple[PersonKey, PersonKey]] = (),
    repeats: int = 0,
    source: Source = Source.ZOOM,
) -> Attendance:
    """Who was there, from Zoom's records of the class's sessions. The order of the records has no effect.

    `same` has the pairs that a teacher has declared to be one person; the count by the rule stays what it is.
    `repeats` were dropped before, and add to those that are dropped here.
    """
    given = tuple(stays)
    records = tidy(given)
    held = tuple(sorted(sessions, key=lambda session: (session.start, session.uuid)))
    runs = _runs(held, records)
    inside = clip(runs, (planned,))
    lesson = inside or union(runs)
    by_rule = {person_key(stay.name, stay.email) for stay in records if stay.where is Where.MEETING}
    leader = _leaders(by_rule, same)
    groups: dict[PersonKey, list[Stay]] = defaultdict(list)
    for stay in records:
        if stay.where is Where.MEETING:
            groups[leader[person_key(stay.name, stay.email)]].append(stay)
    people = (_person(group, lesson) for group in groups.values())
    ordered = sorted(people, key=lambda person: (person.name.casefold(), person.email.casefold()))
    return Attendance(
        stays=records,
        people=tuple(ordered),
        sessions=held,
        lesson=lesson,
        unique_count=len(by_rule),
        repeats=repeats + len(given) - len(records),
        at_another_time=bool(runs) and not inside,
        source=source,
    )


def _leaders(keys: Iterable[PersonKey], same: Iterable[tuple[PersonKey, PersonKey]]) -> dict[PersonKey, PersonKey]:
    """Each key's group, by its smallest member. Two may be joined by way of a third that is not among `keys`."""
    here, pairs = tuple(keys), tuple(same)
    leader = {key: key for key in (*here, *(key for pair in pairs for key in pair))}

    def find(key: PersonKey) -> PersonKey:
        while leader[key] != key:
            key = leader[key]
        return key

    for one, other in pairs:
        first, second = sorted((find(one), find(other)))
        leader[second] = first
    return {key: find(key) for key in here}


def participants_data(attendance: Attendance) -> dict[str, Any]:
    """The stored form of an attendance (column `participantsData`): everything needed to take it again."""
    return {
        "totalRecords": attendance.total_records,
        "uniqueCount": attendance.unique_count,
        "participants": [
            {
                "name": stay.name,
                "email": stay.email,
                "joinTime": to_zoom(stay.join) if stay.join else None,
                "leaveTime": to_zoom(stay.leave) if stay.leave else None,
                "duration": stay.seconds,
                "status": stay.where.value,
                "userId": stay.user_id,
                "zoomUserId": stay.zoom_user_id,
                "registrantId": stay.registrant_id,
                "sessionUuid": stay.session_uuid,
            }
            for stay in attendance.stays
        ],
        "repeats": attendance.repeats,
        "source": attendance.source.value,
    }


def stays_from_data(data: Mapping[str, Any]) -> tuple[Stay, ...]:
    """The stays in a stored `participantsData`; another program may have written it, with pieces that are odd."""
    return tuple(
        Stay(
            name=text_of(entry.get("name")),
            email=text_of(entry.get("email")),
            join=parse_utc(entry.get("joinTime")),
            leave=parse_utc(entry.get("leaveTime")),
            seconds=number_of(entry.get("duration")),
            where=where_of(entry.get("status")),
            user_id=text_of(entry.get("userId")),
            zoom_user_id=text_of(entry.get("zoomUserId")),
            registrant_id=text_of(entry.get("registrantId")),
            session_uuid=text_of(entry.get("sessionUuid")),
        )
        for entry in data["participants"]
    )


def text_of(value: object) -> str:
    """A text that others have written, without what a database cannot store, and not endless; "" for no text."""
    text = str(value)[:LONGEST_TEXT] if isinstance(value, str | int | float) else ""
    # Half a surrogate pair cannot be stored as UTF-8, and PostgreSQL stores no NUL.
    return text.encode("utf-8", "replace").decode().replace("\0", "")


def number_of(value: object) -> int:
    """A number of seconds that others have written, maybe as text; 0 where it is none."""
    try:
        return max(0, min(int(float(text_of(value))), MOST_SECONDS))
    except (ValueError, OverflowError):
        return 0


def where_of(value: object) -> Where:
    """The part of the meeting that Zoom's `status` means; a status that nobody knows is no waiting room."""
    return Where.WAITING_ROOM if value == Where.WAITING_ROOM else Where.MEETING


def _joining_order(stay: Stay) -> tuple[Any, ...]:
    """By joining time, those without one last; the rest only makes the order the same every time."""
    span = stay.span
    when = (span.start.timestamp(), span.end.timestamp()) if span else (float("inf"), float("inf"))
    return (*when, stay.name, stay.email, repr(stay))


def _runs(held: Sequence[Session], records: Sequence[Stay]) -> list[Span]:
    """When the meeting ran; a session without an end ran until the last person was seen in it."""
    last_seen: dict[str, datetime] = {}
    for stay in records:
        if stay.span is not None and stay.where is Where.MEETING:
            last_seen[stay.session_uuid] = max(stay.span.end, last_seen.get(stay.session_uuid, stay.span.end))
    runs = []
    for session in held:
        end = session.end or last_seen.get(session.uuid, session.start)
        runs.append(Span(session.start, max(session.start, end)))
    return runs


def _person(stays: Sequence[Stay], lesson: Sequence[Span]) -> Person:
    present = union(stay.span for stay in stays if stay.span is not None)
    lesson_seconds = sum(span.seconds for span in lesson)
    keys = tuple(sorted({person_key(stay.name, stay.email) for stay in stays}))
    names = [name for stay in stays if (name := fold_name(stay.name))]
    if len(keys) > 1:
        # Joined by a teacher: the name of the signed-in one, else the plainest ("Ana Lima (iPhone)", "Ana Lima").
        signed_in = [name for stay in stays if stay.email.strip() and (name := fold_name(stay.name))]
        names = signed_in or sorted(names, key=len, reverse=True)
    percent = None
    if lesson_seconds:
        there = sum(span.seconds for span in clip(present, lesson))
        percent = (200 * there + lesson_seconds) // (2 * lesson_seconds)  # rounded half up, in integers
    return Person(
        keys=keys,
        name=names[-1] if names else "",  # the last name used: people join as "iPhone" and then correct it
        email=next((address for stay in stays if (address := stay.email.strip())), ""),
        stays=tuple(stays),
        present=present,
        percent=percent,
        late=bool(present and lesson) and present[0].start > lesson[0].start + GRACE,
        left_early=bool(present and lesson) and present[-1].end < lesson[-1].end - GRACE,
    )
