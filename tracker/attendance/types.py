"""The values of attendance: sessions, stays, people, and what is known of a class."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

# What makes two records the same person: ("email", …), or ("name", …) where there is no e-mail.
PersonKey = tuple[str, str]


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
    # A file of Zoom's or another system's, which may have durations without times.
    REPORT = "report"


class Where(StrEnum):
    """The part of the meeting a record speaks of, in Zoom's own words (`status` of a participant)."""

    MEETING = "in_meeting"
    WAITING_ROOM = "in_waiting_room"


class Role(StrEnum):
    """What somebody is in a class."""

    HOST = "host"
    PARTICIPANT = "participant"


class Mark(StrEnum):
    """What a teacher has said somebody is in her classes, against what is assumed of them."""

    SET_ASIDE = "set aside"  # no person of hers: a note-taking robot, a test device
    PERSON = "person"  # no robot, whatever the name looks like
    HOST = "host"
    PARTICIPANT = "participant"  # no host, whatever Zoom says


class Status(StrEnum):
    """What is said of somebody in one class, as files, JSON and the database have it."""

    PRESENT = "present"
    LATE = "late"
    LEFT_EARLY = "left early"
    LATE_AND_LEFT_EARLY = "late, left early"
    PARTLY = "partly"
    ABSENT = "absent"
    EXCUSED = "excused"
    # Of somebody in a class's own list, what `absent` is of a student: there only before or after class.
    OUTSIDE = "outside"
    # Of a class: it is not over, or Zoom's list is not there; or nobody held it.
    NOT_YET_KNOWN = "not yet known"
    NOT_HELD = "not held"


# What somebody may say of a student by hand.
BY_HAND = (
    Status.PRESENT,
    Status.LATE,
    Status.LEFT_EARLY,
    Status.LATE_AND_LEFT_EARLY,
    Status.PARTLY,
    Status.ABSENT,
    Status.EXCUSED,
)
# Whoever has one of these was there.
CAME = frozenset({Status.PRESENT, Status.LATE, Status.LEFT_EARLY, Status.LATE_AND_LEFT_EARLY, Status.PARTLY})
LATE = frozenset({Status.LATE, Status.LATE_AND_LEFT_EARLY})
LEFT_EARLY = frozenset({Status.LEFT_EARLY, Status.LATE_AND_LEFT_EARLY})


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
    `host_id` is Zoom's id of the user who hosts it, "" where it was not told.
    """

    uuid: str
    start: datetime
    end: datetime | None
    zooms_count: int | None = None
    host_id: str = ""


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
class Said:
    """What a teacher has said about people: who is the same, and what somebody is, the latest word first."""

    same: tuple[tuple[PersonKey, PersonKey], ...] = ()
    marks: Mapping[PersonKey, Mark] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Person:
    """Everybody who is the same by the counting rule, or by a teacher's word, with the union of their stays.

    `keys` has more than one entry where a teacher has joined people. `present` is within the class's share of its
    sessions, `in_class` the part of it in the class's own time. `robot`: it looks like a note-taking robot, and the
    teacher has not said otherwise. `untimed` are seconds of stays of which only the length is known.
    """

    keys: tuple[PersonKey, ...]
    name: str
    email: str
    stays: tuple[Stay, ...]
    present: tuple[Span, ...]
    in_class: tuple[Span, ...]
    percent: int | None
    status: Status
    role: Role = Role.PARTICIPANT
    robot: bool = False
    untimed: int = 0

    @property
    def is_host(self) -> bool:
        """Whether the person hosts the class, and so is shown apart from the people who came to it."""
        return self.role is Role.HOST

    @property
    def seconds(self) -> int:
        """Time present: the union of the stays, in whole seconds."""
        return sum(span.seconds for span in self.present) + self.untimed

    @property
    def seconds_in_class(self) -> int:
        """Time in class: what of the time present lies in the class's own time, in whole seconds."""
        return sum(span.seconds for span in self.in_class) + self.untimed

    @property
    def outside(self) -> bool:
        """Whether the person was only there before or after class."""
        return self.status is Status.OUTSIDE

    @property
    def late(self) -> bool:
        """Whether the person came late, and was there for long enough all the same."""
        return self.status in LATE

    @property
    def left_early(self) -> bool:
        """Whether the person left early, and was there for long enough all the same."""
        return self.status in LEFT_EARLY

    @property
    def added_up(self) -> int:
        """The seconds of the stays added up, as a naive report has it: time on two devices is in it twice."""
        return sum(stay.span.seconds if stay.span is not None else stay.seconds for stay in self.stays)

    @property
    def first_join(self) -> datetime | None:
        """When the person was first there; None where Zoom gave no times."""
        return self.present[0].start if self.present else None

    @property
    def last_leave(self) -> datetime | None:
        """When the person was last there; None where Zoom gave no times."""
        return self.present[-1].end if self.present else None


@dataclass(frozen=True, slots=True)
class Attendance:
    """Who was in a class: `stays` are all records in order of joining, `people` the persons by name, hosts among them.

    `unique_count` is the number of people by the counting rule; there are fewer `people` where a teacher has joined
    some, or set some aside (`set_aside`). `repeats` is the number of exact repeats that were dropped. `lesson` is the
    time that percentages are of: the planned time as far as the meeting ran in it, or the whole run of a meeting that
    was held at another time (`at_another_time`). Of a class that runs, `until` is the moment up to which it is known:
    who is there until then is still there.
    """

    stays: tuple[Stay, ...]
    people: tuple[Person, ...]
    set_aside: tuple[Person, ...]
    sessions: tuple[Session, ...]
    lesson: tuple[Span, ...]
    unique_count: int
    repeats: int
    at_another_time: bool
    source: Source
    until: datetime | None = None

    @property
    def total_records(self) -> int:
        """Zoom's records, exact repeats dropped, waiting room included."""
        return len(self.stays)

    @property
    def participants(self) -> tuple[Person, ...]:
        """The people without the hosts: the figure that is shown."""
        return tuple(person for person in self.people if not person.is_host)

    @property
    def hosts(self) -> tuple[Person, ...]:
        """Who hosted the class."""
        return tuple(person for person in self.people if person.is_host)

    @property
    def without_times(self) -> bool:
        """Whether it is known of people for how long they were there, and of nobody when."""
        return any(one.untimed for one in self.people) and not any(one.present for one in self.people)

    @property
    def waiting(self) -> tuple[Stay, ...]:
        """The records from the waiting room."""
        return tuple(stay for stay in self.stays if stay.where is Where.WAITING_ROOM)


def where_of(value: object) -> Where:
    """The part of the meeting that Zoom's `status` means; a status that nobody knows is no waiting room."""
    return Where.WAITING_ROOM if value == Where.WAITING_ROOM else Where.MEETING


@dataclass(frozen=True, slots=True)
class Sighting:
    """Somebody came into a part of the meeting, or left it (`came` is False), at a moment.

    `parent_user_id` is the person's `user_id` in the main room where the sighting is of a breakout room.
    """

    session_uuid: str
    user_id: str
    where: Where
    came: bool
    at: datetime
    name: str = ""
    email: str = ""
    zoom_user_id: str = ""
    parent_user_id: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What one reading of Zoom's list gave. `complete`: no record is without a duration, as unfinished ones are."""

    at: datetime
    records: int
    people: int
    complete: bool
    digest: str
