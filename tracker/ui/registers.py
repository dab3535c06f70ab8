"""The registers of courses as pages have them, kept for a little while as long as nothing changes."""

from datetime import datetime, timedelta
from threading import Lock
from typing import Generic, TypeVar

from tracker import audit, courses
from tracker.attendance.register import Register
from tracker.audit import Action
from tracker.storage.courses import Course
from tracker.storage.members import Member
from tracker.ui import page
from tracker.ui.wiring import services

# A large register takes longer than a click should: kept for a few seconds, turning it over is quick. Whatever of its
# people does not change the version, as when one is erased, shows in it after these.
REGISTER_KEPT_FOR = timedelta(seconds=10)
NUMBER_KEPT_FOR = timedelta(minutes=10)

Value = TypeVar("Value")


class _Kept(Generic[Value]):
    """The latest values by course, at most `most` of them, each with what it was made of and until when it is good."""

    def __init__(self, kept_for: timedelta, most: int) -> None:
        self._lock = Lock()
        self._kept_for, self._most = kept_for, most
        self._known: dict[str, tuple[courses.CourseVersion, datetime, Value]] = {}

    def find(self, version: courses.CourseVersion, now: datetime) -> Value | None:
        known = self._known.get(version.course.id)
        return known[2] if known is not None and known[0] == version and now < known[1] else None

    def keep(self, version: courses.CourseVersion, now: datetime, made: Value) -> None:
        if not version.is_sure(now):
            return
        with self._lock:
            good = {course_id: one for course_id, one in self._known.items() if now < one[1]}
            good.pop(version.course.id, None)
            good[version.course.id] = (version, now + self._kept_for, made)
            while len(good) > self._most:
                del good[next(iter(good))]
            self._known = good


_registers = _Kept[Register](REGISTER_KEPT_FOR, 10)
_at_risk = _Kept[int](NUMBER_KEPT_FOR, 2_000)


def register_of(member: Member, course: Course) -> Register:
    """The register of a course at this moment. Raises NotFound, NotAllowed."""
    now = services().now()
    return _register(member, page.read(courses.version, member, course.id, now), now)


def _register(member: Member, version: courses.CourseVersion, now: datetime) -> Register:
    known = _registers.find(version, now)
    if known is None:
        known = page.read(courses.course_register, member, version.course, now)
        _registers.keep(version, now, known)
        _at_risk.keep(version, now, len(known.at_risk))
    return known


def number_at_risk(member: Member, course: Course, *, known_only: bool) -> int | None:
    """How many students of a course are at risk; None where it is not known, and is not to be worked out now.

    Raises NotFound, NotAllowed.
    """
    now = services().now()
    version = page.read(courses.version, member, course.id, now)
    known = _at_risk.find(version, now)
    return known if known is not None or known_only else len(_register(member, version, now).at_risk)


def seen(member: Member, course: Course) -> Register:
    """The register for somebody who looks at it, which is noted."""
    found = register_of(member, course)
    told = {"course": course.name, "account": course.teacher_email}
    audit.note_course_look(services().engine, member, Action.REGISTER_SEEN, services().now(), **told)
    return found
