"""The past classes of a made-up term: believable, and always the same for the same request.

The untidy things that real participant lists show are all in it: late comers,
dropped lines, second devices, guests without an e-mail, new names, phones with their own name, a telephone, a
note-taking robot, the waiting room, classes that had to be restarted, one to which nobody came, one that was never
held, and one whose link was opened again in the evening.
"""

import random
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tracker.practice.students import PHONE, Student, on_phone, students
from tracker.practice.values import (
    DEFAULT_SETTINGS,
    FIRST_USER_ID,
    USER_ID_STEP,
    Meeting,
    Session,
    Stay,
    name_of,
    session_uuid,
)

COURSES = (
    ("Algebra 7B", 45),
    ("Physics 10A", 60),
    ("Spanish for Beginners", 90),
    ("World History 9C", 45),
    ("Introduction to Statistics", 90),
    ("Biology 8A", 60),
    ("Creative Writing", 60),
    ("German B1", 90),
)

CLASSES_A_WEEK = 3
# A class may run over by this much; the term's last one has ended by then.
LONGEST_OVERRUN = timedelta(minutes=10)


@dataclass(frozen=True)
class Course:
    """A series of classes of `minutes` each with the same people."""

    title: str
    minutes: int
    roster: tuple[Student, ...]
    waiting_room: bool


@dataclass(frozen=True)
class Presence:
    """One device of one person in the class, from join to leave, before sessions cut it into stays."""

    name: str
    email: str
    join: datetime
    leave: datetime
    phone: str = ""


def sample_term(host: str, weeks: int, until: datetime, zone: ZoneInfo) -> list[tuple[str, Meeting]]:
    """Course title and meeting of each class in the `weeks` weeks before `until`, in order of time.

    The same arguments give the same term, to the last digit.
    """
    chance = _chance(host, str(weeks))
    courses = _courses(chance)
    planned = []
    for slot, weekday in enumerate(chance.sample(range(5), CLASSES_A_WEEK)):
        course = courses[slot % len(courses)]
        at = time(chance.randrange(8, 18), chance.choice((0, 15, 30)))
        planned += [(start, course) for start in _weekly(weekday, at, course.minutes, weeks, until, zone)]
    planned.sort(key=lambda each: each[0])
    found: list[tuple[str, Meeting]] = []
    for number, (start, course) in enumerate(planned):
        lesson = 1 + sum(title == course.title for title, _ in found)
        meeting = _meeting(host, weeks, number, len(planned), course, start, zone)
        found.append((course.title, replace(meeting, topic=f"{course.title} – lesson {lesson}")))
    return found


def sample_rosters(host: str, weeks: int) -> dict[str, tuple[Student, ...]]:
    """The students of each course of the term that `sample_term` makes, by the course's title."""
    return {course.title: course.roster for course in _courses(_chance(host, str(weeks)))}


def _chance(*parts: str) -> random.Random:
    return random.Random("|".join(parts))  # noqa: S311 - the same data each time, no secret


def _weekly(weekday: int, at: time, minutes: int, weeks: int, until: datetime, zone: ZoneInfo) -> list[datetime]:
    """The last `weeks` lessons of a weekly slot that are over at `until`, in UTC."""
    length = timedelta(minutes=minutes) + LONGEST_OVERRUN
    day = until.astimezone(zone).date()
    while day.weekday() != weekday or datetime.combine(day, at, zone) + length > until:
        day -= timedelta(days=1)
    return [datetime.combine(day - timedelta(weeks=back), at, zone).astimezone(UTC) for back in range(weeks)]


def _courses(chance: random.Random) -> list[Course]:
    titles = chance.sample(COURSES, chance.choice((2, 3)))
    return [Course(title, minutes, students(chance), place == 0) for place, (title, minutes) in enumerate(titles)]


def _meeting(
    host: str, weeks: int, number: int, total: int, course: Course, start: datetime, zone: ZoneInfo
) -> Meeting:
    """Class `number` of `total`. The number decides which of the rare things happen in it."""
    chance = _chance(host, str(weeks), str(number))
    meeting = Meeting(
        number=chance.randrange(81_000_000_000, 90_000_000_000),
        uuid=session_uuid(chance.randbytes(16)),
        host=host,
        topic=course.title,
        type=2,
        start_time=start,
        duration=course.minutes,
        timezone=zone.key,
        agenda="",
        password=f"{chance.randrange(10**6):06}",
        settings={**DEFAULT_SETTINGS, "waiting_room": course.waiting_room},
        created_at=start - timedelta(days=7),
    )
    # A term of three classes or so is left ordinary.
    if total >= 6 and number == total // 3:
        return meeting
    begin = start - timedelta(seconds=chance.randint(60, 420))
    end = start + timedelta(minutes=course.minutes, seconds=chance.randint(-180, 540))
    presences = [Presence(name_of(host), host, begin, end)]
    if total >= 6 and number == total // 2:
        end = start + timedelta(minutes=9)
        return replace(meeting, sessions=(_session(chance, number, begin, end, presences, False),))
    progress = number / total
    for student in course.roster:
        presences += _attendance(chance, student, progress, start, end)
    if number % 5 == 3:
        presences.append(_caller(chance, start, end))
    if number % 6 == 1:
        presences.append(Presence("iPad von Mama", "", start + timedelta(minutes=3), end))
    if number % 6 == 2:
        presences.append(Presence("Otter.ai", "", start - timedelta(seconds=40), end))
    sessions = tuple(
        _session(chance, number + place, first, last, presences, course.waiting_room)
        for place, (first, last) in enumerate(_session_times(chance, number, begin, end))
    )
    if total >= 6 and number == total * 2 // 3:
        sessions += (_opened_again(chance, number + len(sessions), course, end),)
        meeting = replace(meeting, settings={**meeting.settings, "join_before_host": True})
    return replace(meeting, sessions=sessions)


def _opened_again(chance: random.Random, number: int, course: Course, end: datetime) -> Session:
    """Two students open the link again, hours after the class, and find nobody."""
    begin = end + timedelta(minutes=chance.randint(125, 180))
    over = begin + timedelta(minutes=3)
    curious = [Presence(student.name, student.email, begin, over) for student in course.roster[3:5]]
    return _session(chance, number, begin, over, curious, waiting_room=False)


def _session_times(
    chance: random.Random, number: int, begin: datetime, end: datetime
) -> list[tuple[datetime, datetime]]:
    """Start and end of each session: one, or two where the host dropped and started again."""
    if number % 9 != 4:
        return [(begin, end)]
    broken = begin + (end - begin) * chance.uniform(0.35, 0.6)
    broken = broken.replace(microsecond=0)
    return [(begin, broken), (broken + timedelta(seconds=chance.randint(40, 150)), end)]


def _attendance(
    chance: random.Random, student: Student, progress: float, start: datetime, end: datetime
) -> list[Presence]:
    """When the student was there in one class; nothing when absent."""
    if chance.random() > student.reliability or not student.comes(progress):
        return []
    late = chance.random() < (0.7 if student.comes_late else 0.06)
    join = start + timedelta(seconds=chance.randint(240, 1500) if late else chance.randint(-300, 110))
    early = chance.random() < (0.3 if student.comes_late else 0.08)
    leave = end - timedelta(seconds=chance.randint(300, 1300) if early else chance.choice((0, 0, 0, 4, 15, 70)))
    if student.leaves_halfway and chance.random() < 0.4:
        leave = join + (leave - join) * chance.uniform(0.3, 0.45)
        leave = leave.replace(microsecond=0)
    name = student.name_at(progress)
    if not student.email and name != PHONE and chance.random() < 0.2:
        # A guest who joins by phone this once is shown with the phone's name.
        name = on_phone(name)
    found = [Presence(name, student.email, join, leave)]
    if student.drops_out and chance.random() < 0.6:
        gone = join + (leave - join) * chance.uniform(0.2, 0.8)
        gone = gone.replace(microsecond=0)
        back = gone + timedelta(seconds=chance.randint(15, 200))
        found = [Presence(name, student.email, join, gone), Presence(name, student.email, back, leave)]
    if student.second_device and chance.random() < 0.5:
        phone_join = join + timedelta(seconds=chance.randint(60, 900))
        found.append(Presence(on_phone(student.name_at(progress)), student.email, phone_join, leave))
    return found


def _caller(chance: random.Random, start: datetime, end: datetime) -> Presence:
    """Somebody on the telephone: Zoom shows a masked number for a name."""
    tail = f"{chance.randrange(100):02}"
    join = start + timedelta(seconds=chance.randint(0, 300))
    return Presence(f"4930*****{tail}", "", join, end, phone=f"4930*****{tail}")


def _session(
    chance: random.Random,
    number: int,
    begin: datetime,
    end: datetime,
    presences: list[Presence],
    waiting_room: bool,
) -> Session:
    """One session: the part of each presence that lies in it, as stays."""
    stays: list[Stay] = []
    for place, presence in enumerate(presences):
        # Nobody is in before the host, and after a restart people trickle back.
        join = max(presence.join, begin + timedelta(seconds=chance.randint(2, 70) if place else 0))
        leave = min(presence.leave, end)
        if join >= leave:
            continue
        stay = Stay("", presence.name, presence.email, join, leave, _seat(chance), phone=presence.phone)
        if waiting_room and not presence.email:
            knock = max(begin, join - timedelta(seconds=chance.randint(5, 90)))
            stays.append(replace(stay, join=knock, leave=join, seat=_seat(chance), in_waiting_room=True))
        stays.append(stay)
    stays.sort(key=lambda stay: stay.join)
    numbered = [replace(stay, user_id=str(FIRST_USER_ID + USER_ID_STEP * place)) for place, stay in enumerate(stays)]
    # Zoom sometimes lists a row twice.
    repeated = numbered[-1:] if number % 7 == 5 else []
    return Session(_uuid(chance, number), begin, end, (*numbered, *repeated))


def _seat(chance: random.Random) -> str:
    return str(uuid.UUID(bytes=chance.randbytes(16), version=4)).upper()


def _uuid(chance: random.Random, number: int) -> str:
    """A session's UUID; now and then one that has to be percent-encoded twice in a path."""
    raw = bytearray(chance.randbytes(16))
    if number % 11 == 2:
        # Six bits set make a leading slash; twelve at a boundary of base64 make two inside.
        raw[0] |= 0b1111_1100
    elif number % 11 == 7:
        raw[3] = 0b1111_1111
        raw[4] |= 0b1111_0000
    return session_uuid(bytes(raw))
