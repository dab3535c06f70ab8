"""Which sessions of a meeting are which class. Pure functions.

A session belongs to its meeting. What a class has of it is decided here, from all classes of the meeting with their
planned times, all its sessions, and what teachers have decided. Nothing depends on the order in which any of them
became known.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

from tracker.attendance.class_times import LONGEST_MEETING
from tracker.attendance.counting import clip, union
from tracker.attendance.types import ClassStatus, Session, Span

# A class has a part in what overlaps it by this much, and a short class by half of its length.
LEAST_OVERLAP, SHORT_CLASS = timedelta(minutes=10), timedelta(minutes=20)
# A session that begins so soon after another one is its restart.
RESTART = timedelta(minutes=15)
# A room is opened so long before a class at the most.
EARLY = timedelta(minutes=30)
# A class that was not held at its time may begin so long after its planned end.
LATE = timedelta(minutes=120)

NOTHING = timedelta()
ALWAYS = Span(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


class Why(StrEnum):
    """Why a session is a class's, or takes part in it."""

    TIME = "time"
    OPENED_EARLY = "opened_early"
    RESTARTED = "restarted"
    HELD_LATE = "held_late"
    HELD_AT_ANOTHER_TIME = "held_at_another_time"
    CHOSEN = "chosen"
    PEOPLE_SHARED = "people_shared"


@dataclass(frozen=True, slots=True)
class MeetingClass:
    """A class as far as it matters for its sessions: cancelled classes are left out by the caller.

    `made_for_it`: the Zoom meeting was made for this class, and serves nothing else unless others were linked to it.
    """

    id: str
    planned: Span
    zone: ZoneInfo
    made_for_it: bool

    @property
    def least_overlap(self) -> timedelta:
        """What overlaps the planned time by this much has a part in the class."""
        length = self.planned.end - self.planned.start
        return length / 2 if length < SHORT_CLASS else LEAST_OVERLAP


@dataclass(frozen=True, slots=True)
class Choice:
    """A teacher's word that a session counts for her class, or does not."""

    class_id: str
    session_uuid: str
    counts: bool


@dataclass(frozen=True, slots=True)
class ClassSession:
    """A session that has a part in a class. Of `PEOPLE_SHARED` ones only the people are, not the time.

    `share` is how far the class reaches into a session whose people it shares with other classes: to the middle of the
    pause between their planned times. It is `ALWAYS` where nothing is shared. `shared_with` are these other classes.
    `runs`: it is not over yet.
    """

    session: Session
    span: Span
    why: Why
    runs: bool = False
    share: Span = ALWAYS
    shared_with: tuple[str, ...] = ()

    @property
    def counted(self) -> bool:
        """Whether its time is the class's."""
        return self.why is not Why.PEOPLE_SHARED


@dataclass(frozen=True, slots=True)
class Stray:
    """A session near a class that has no part in it; `left_out` where the teacher has said so.

    `runs`: it is not over yet.
    """

    session: Session
    span: Span
    left_out: bool
    runs: bool = False


@dataclass(frozen=True, slots=True)
class ClassPart:
    """What a class has of its meeting's sessions.

    `own_time` is what percentages are of: the planned time as far as its sessions ran in it, or what stands for it
    where the class was held at another time.
    """

    sessions: tuple[ClassSession, ...]
    strays: tuple[Stray, ...]
    own_time: tuple[Span, ...]
    at_another_time: bool

    @property
    def counted(self) -> tuple[ClassSession, ...]:
        """The sessions whose time is the class's, by start."""
        return tuple(one for one in self.sessions if one.counted)


def spans_of(sessions: Iterable[Session], latest_leave: Mapping[str, datetime], now: datetime) -> dict[str, Span]:
    """When each session of one meeting ran, by UUID.

    Zoom runs a meeting once at a time, so only the latest session can still run; it lasts until `now`, and no longer
    than Zoom lets a meeting last. An earlier one whose end was never told lasts until the latest leave in its list, and
    never past the start of the next one.
    """
    ordered = _ordered(sessions)
    spans: dict[str, Span] = {}
    for session, following in pairwise((*ordered, None)):
        if session is None:
            continue
        end = session.end
        if end is None and following is not None:
            end = min(latest_leave.get(session.uuid, following.start), following.start)
        if end is None:  # it runs in the second in which it begins, too
            end = max(min(now, session.start + LONGEST_MEETING), session.start + timedelta(seconds=1))
        spans[session.uuid] = Span(session.start, max(session.start, end))
    return spans


def assign(
    classes: Iterable[MeetingClass],
    sessions: Iterable[Session],
    choices: Iterable[Choice] = (),
    *,
    latest_leave: Mapping[str, datetime],
    now: datetime,
) -> dict[str, ClassPart]:
    """What each class of one meeting has of its sessions, by class id; a session that runs lasts until `now`."""
    ranked = sorted(classes, key=lambda one: (one.planned, not one.made_for_it, one.id))
    ordered = _ordered(sessions)
    spans = spans_of(ordered, latest_leave, now)
    found = _Assignment(ranked, ordered, spans, now)
    found.take_cores()
    with_core = {class_id for class_id, own in found.parts.items() if own}
    found.take_around(with_core)
    found.take_late()
    found.take_other_times(with_core)
    return found.result(tuple(choices), with_core)


def sharing_with(class_id: str, parts: Mapping[str, ClassPart]) -> set[str]:
    """A class, and those that have sessions in common with it, also by way of others."""
    having: dict[str, list[str]] = defaultdict(list)
    for other, part in parts.items():
        for one in part.sessions:
            having[one.session.uuid].append(other)
    found: set[str] = set()
    wanted = [class_id] if class_id in parts else []
    while wanted:
        taken = wanted.pop()
        if taken not in found:
            found.add(taken)
            wanted += [other for one in parts[taken].sessions for other in having[one.session.uuid]]
    return found


def life_of(part: ClassPart) -> tuple[ClassStatus, datetime | None, datetime | None]:
    """Status, start and end of a class from what it has of its meeting's sessions."""
    counted = part.counted
    if not counted:
        return ClassStatus.SCHEDULED, None, None
    started = counted[0].session.start
    if any(one.runs for one in counted):
        return ClassStatus.LIVE, started, None
    return ClassStatus.ENDED, started, max(one.span.end for one in counted)


def _ordered(sessions: Iterable[Session]) -> list[Session]:
    return sorted(sessions, key=lambda one: (one.start, one.uuid))


def _overlap(span: Span, other: Span) -> timedelta:
    return max(NOTHING, min(span.end, other.end) - max(span.start, other.start))


def _met(classes: Sequence[MeetingClass], spans: Mapping[str, Span]) -> dict[str, list[tuple[MeetingClass, timedelta]]]:
    """The classes whose planned time each session overlaps, with how much, by UUID; `classes` are by planned start."""
    starts = [one.planned.start for one in classes]
    longest = max((one.planned.end - one.planned.start for one in classes), default=NOTHING)
    found: dict[str, list[tuple[MeetingClass, timedelta]]] = {}
    for uuid, span in spans.items():
        near = classes[bisect_left(starts, span.start - longest) : bisect_right(starts, span.end)]
        overlaps = ((one, _overlap(span, one.planned)) for one in near)
        found[uuid] = [(one, length) for one, length in overlaps if length > NOTHING]
    return found


class _Assignment:
    """The rules one after another; each session has the reason why it is a class's."""

    def __init__(
        self, classes: Sequence[MeetingClass], sessions: Sequence[Session], spans: Mapping[str, Span], now: datetime
    ) -> None:
        self.classes, self.sessions, self.spans, self.now = classes, sessions, spans, now
        self.met = _met(classes, spans)
        self.parts: dict[str, dict[str, Why]] = {one.id: {} for one in classes}
        self.taken: set[str] = set()

    def take(self, class_id: str, session: Session, why: Why) -> None:
        self.parts[class_id][session.uuid] = why
        self.taken.add(session.uuid)

    def free(self) -> list[Session]:
        return [session for session in self.sessions if session.uuid not in self.taken]

    def take_cores(self) -> None:
        """A session is the core of each class that it overlaps by enough, else of the one that it overlaps most."""
        for session in self.sessions:
            met = self.met[session.uuid]
            cores = [one for one, length in met if length >= one.least_overlap]
            if not cores and met:
                most = max(length for _, length in met)
                cores = [next(one for one, length in met if length == most)]
            if not cores and self._runs(session):
                cores = [one for one in self.classes if NOTHING <= one.planned.start - session.start <= EARLY][:1]
            for one in cores:
                self.take(one.id, session, Why.TIME)

    def take_around(self, with_core: set[str]) -> None:
        """Restarts of what belongs to a class that has a core, and the opening of its room before it."""
        for session in self.free():
            span = self.spans[session.uuid]
            candidates: list[tuple[timedelta, int, str, Why]] = []
            for rank, one in enumerate(self.classes):
                if one.id not in with_core:
                    continue
                if (pause := self._pause(one.id, session)) is not None:
                    candidates.append((pause, -rank, one.id, Why.RESTARTED))
                if NOTHING <= one.planned.start - session.start <= EARLY:
                    candidates.append((one.planned.start - span.end, -rank, one.id, Why.OPENED_EARLY))
            if candidates:
                _, _, class_id, why = min(candidates)
                self.take(class_id, session, why)

    def take_late(self) -> None:
        """Of classes without any session yet: what begins soon after their time, and its restarts."""
        without = [one for one in self.classes if not self.parts[one.id]]
        for session in self.free():
            candidates = [
                (session.start - one.planned.end, rank, one.id, Why.HELD_LATE)
                for rank, one in enumerate(without)
                if NOTHING <= session.start - one.planned.end <= LATE
            ]
            restarts = [
                (pause, rank, one.id, Why.RESTARTED)
                for rank, one in enumerate(without)
                if (pause := self._pause(one.id, session)) is not None
            ]
            if chosen := min(candidates or restarts, default=None):
                self.take(chosen[2], session, chosen[3])

    def take_other_times(self, with_core: set[str]) -> None:
        """Of classes that were not held round their time, in a meeting of their own: what lasted long enough later on,
        else earlier on the same day."""
        for one in self.classes:
            if self.parts[one.id] or not one.made_for_it or self.now < one.planned.end + LATE:
                continue
            least = (one.planned.end - one.planned.start) / 3
            following = (other.planned.start for other in self.classes if other.planned.start > one.planned.start)
            until = min(following, default=None)
            day = one.planned.start.astimezone(one.zone).date()
            long_enough = [
                session
                for session in self.free()
                if (span := self.spans[session.uuid]).end - span.start >= max(least, timedelta(seconds=1))
            ]
            later = [
                session
                for session in long_enough
                if session.start > one.planned.start and (until is None or session.start < until)
            ]
            earlier = [
                session
                for session in long_enough
                if session.start <= one.planned.start and session.start.astimezone(one.zone).date() == day
            ]
            for session in later or earlier:
                self.take(one.id, session, Why.HELD_AT_ANOTHER_TIME)

    def result(self, choices: Sequence[Choice], with_core: set[str]) -> dict[str, ClassPart]:
        """What each class has, after the teachers' choices."""
        by_uuid = {session.uuid: session for session in self.sessions}
        left_out = {(one.class_id, one.session_uuid) for one in choices if not one.counts}
        chosen = [one for one in choices if one.counts and one.session_uuid in by_uuid and one.class_id in self.parts]
        own = {
            class_id: {uuid: why for uuid, why in part.items() if (class_id, uuid) not in left_out}
            for class_id, part in self.parts.items()
        }
        for choice in chosen:
            own[choice.class_id].setdefault(choice.session_uuid, Why.CHOSEN)
        sharing = self._sharing(own, with_core, left_out)
        taken = {uuid for part in own.values() for uuid in part}
        strays = self._strays(taken, left_out)
        result: dict[str, ClassPart] = {}
        for rank, one in enumerate(self.classes):
            shared = {uuid: Why.PEOPLE_SHARED for uuid, ids in sharing.items() if one.id in ids}
            parts = {**shared, **own[one.id]}
            sessions = tuple(
                self._part(rank, session, parts[session.uuid], sharing.get(session.uuid, set()))
                for session in _ordered(by_uuid[uuid] for uuid in parts)
            )
            own_time, elsewhere = self._own_time(rank, sessions)
            near = tuple(stray for class_id, stray in strays if class_id == one.id)
            result[one.id] = ClassPart(sessions, near, own_time, elsewhere)
        return result

    def _runs(self, session: Session) -> bool:
        return session.end is None and session is self.sessions[-1]

    def _pause(self, class_id: str, session: Session) -> timedelta | None:
        """The pause between the class's nearest earlier session and this one, where that makes it a restart."""
        ends = [self.spans[uuid].end for uuid in self.parts[class_id] if self.spans[uuid].start <= session.start]
        pause = session.start - max(ends) if ends else None
        return max(pause, NOTHING) if pause is not None and pause <= RESTART else None

    def _sharing(
        self, own: Mapping[str, Mapping[str, Why]], with_core: set[str], left_out: set[tuple[str, str]]
    ) -> dict[str, set[str]]:
        """The classes among which each session's people are shared, of sessions that are shared at all.

        A class whose teacher has left a session out has no part in its people either.
        """
        cores: dict[str, set[str]] = defaultdict(set)
        for class_id, part in own.items():
            for uuid, why in part.items():
                if why is Why.TIME:
                    cores[uuid].add(class_id)
        for uuid, ids in cores.items():
            met = {one.id for one, _ in self.met[uuid] if one.id in with_core and own[one.id]}
            ids |= {class_id for class_id in met if (class_id, uuid) not in left_out}
        return {uuid: ids for uuid, ids in cores.items() if len(ids) > 1}

    def _part(self, rank: int, session: Session, why: Why, sharers: set[str]) -> ClassSession:
        span, one = self.spans[session.uuid], self.classes[rank]
        runs = self._runs(session)
        if one.id not in sharers:
            return ClassSession(session, span, why, runs)
        others = [(place, other) for place, other in enumerate(self.classes) if other.id in sharers and place != rank]
        earlier = [_middle(other.planned.end, one.planned.start) for place, other in others if place < rank]
        later = [_middle(one.planned.end, other.planned.start) for place, other in others if place > rank]
        # Where planned times overlap, each class reaches at least over its own.
        start = min(max(earlier, default=ALWAYS.start), one.planned.start)
        end = max(min(later, default=ALWAYS.end), one.planned.end)
        return ClassSession(session, span, why, runs, Span(start, end), tuple(other.id for _, other in others))

    def _own_time(self, rank: int, sessions: Sequence[ClassSession]) -> tuple[tuple[Span, ...], bool]:
        """The class's own time, and whether that lies at another time than planned."""
        one = self.classes[rank]
        runs = union(part.span for part in sessions if part.counted and part.span.start < part.span.end)
        inside = clip(runs, (one.planned,))
        if not inside:
            # A room that was opened early, and still is, waits for the class's time.
            waits = any(part.why is Why.TIME for part in sessions)
            return ((), False) if waits else (runs, bool(runs))
        length = sum((span.end - span.start for span in inside), NOTHING)
        if length < one.least_overlap:
            following = [other.planned.start for other in self.classes if other.planned.start >= one.planned.end]
            limit = min(following, default=max(span.end for span in runs))
            after = clip(runs, (Span(one.planned.end, max(limit, one.planned.end)),))
            if sum((span.end - span.start for span in after), NOTHING) > length:
                return union((*inside, *after)), False
        return inside, False

    def _strays(self, taken: set[str], left_out: set[tuple[str, str]]) -> list[tuple[str, Stray]]:
        """Sessions that are no class's, each with the classes nearest before and after it, and those left out."""
        found: list[tuple[str, Stray]] = []
        for session in self.sessions:
            span = self.spans[session.uuid]
            near = {class_id for class_id, uuid in left_out if uuid == session.uuid and class_id in self.parts}
            out = set(near)
            if session.uuid not in taken:
                before = [one for one in self.classes if one.planned.start <= session.start]
                after = [one for one in self.classes if one.planned.start > session.start]
                near |= {one.id for one in (*before[-1:], *after[:1])}
            runs = self._runs(session)
            found += [(class_id, Stray(session, span, class_id in out, runs)) for class_id in sorted(near)]
        return found


def _middle(one: datetime, other: datetime) -> datetime:
    return one + (other - one) / 2
