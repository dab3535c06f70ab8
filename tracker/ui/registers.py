"""The register of a course as the page has it, and how long a large one is kept while nothing changes."""

from datetime import datetime, timedelta
from threading import Lock

from tracker import audit, courses
from tracker.attendance.register import Register
from tracker.audit import Action
from tracker.storage.courses import Course
from tracker.storage.members import Member
from tracker.ui import page
from tracker.ui.wiring import services

# To make a register with more marks than this takes longer than a click should: it is kept for a few seconds, so that
# turning it over is quick. What is said of people in single classes shows in it after these.
MANY_MARKS = 3_000
KEPT_FOR = timedelta(seconds=10)
MOST_KEPT = 4


class _Kept:
    """The latest large registers by their course, each with what it was made of and until when it is good."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: dict[str, tuple[object, datetime, Register]] = {}

    def find(self, course_id: str, version: object, now: datetime) -> Register | None:
        known = self._known.get(course_id)
        return known[2] if known is not None and known[0] == version and now < known[1] else None

    def keep(self, course_id: str, version: object, now: datetime, made: Register) -> None:
        with self._lock:
            self._known.pop(course_id, None)
            self._known[course_id] = (version, now + KEPT_FOR, made)
            while len(self._known) > MOST_KEPT:
                self._known.pop(next(iter(self._known)))


_kept = _Kept()


def register_of(member: Member, course: Course) -> Register:
    """The register of a course at this moment. Raises NotFound, NotAllowed."""
    now = services().now()
    version = page.read(courses.version, member, course.id, now)
    known = _kept.find(course.id, version, now)
    if known is None:
        known = page.read(courses.course_register, member, course, now)
        if sum(len(row.marks) for row in known.rows) > MANY_MARKS:
            _kept.keep(course.id, version, now, known)
    return known


def seen(member: Member, course: Course) -> Register:
    """The same for somebody who looks at it, which is noted."""
    found = register_of(member, course)
    told = {"course": course.name, "account": course.teacher_email}
    audit.note_course_look(services().engine, member, Action.REGISTER_SEEN, services().now(), **told)
    return found
