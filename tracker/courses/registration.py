"""The students of a course are registered at Zoom for the meetings of its classes to come, by any tracker.

What is to be done is a due time of each meeting. One that takes it puts it off first: where it dies, another one comes
after that. It asks Zoom who is registered, and registers whom the roster has and Zoom has not; so it does not matter
where a tracker dies, and nothing about single students is stored. Zoom mails each of them a join link of her own, which
is seen by nobody here. Whom somebody has denied or cancelled at Zoom is left so, and who was taken off the roster stays
registered. No transaction is open meanwhile.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tracker import clock, storage
from tracker.attendance.matching import Enrolled
from tracker.attendance.meeting_options import OFF, ON
from tracker.attendance.register import is_on_roster
from tracker.classes.making import LATER, put_off_until
from tracker.errors import NotConfigured, Problem, ZoomError, ZoomMeetingUnknown, ZoomRateLimited, ZoomRefused
from tracker.permissions import check_may_see
from tracker.rosters import Student
from tracker.services import Services
from tracker.storage.classes import Class
from tracker.storage.database import Transaction, reading, transaction
from tracker.storage.members import Member
from tracker.storage.registrations import Registration

log = logging.getLogger(__name__)
# Longer than the calls for so many students take.
LEASE, MOST_AT_ONCE = timedelta(minutes=15), 200
# When somebody whom Zoom does not take is tried again: her address may have been corrected at Zoom's end.
TRIED_AGAIN = timedelta(days=1)
REGISTRANT_USED_UP = "zoom_registrant_used_up"
# Refusals of the meeting or the app, and so of every student.
OF_MEETING = frozenset({"zoom_registration_off", "zoom_registration_needs_plan", "zoom_app_deauthorised"})
APPROVED, OTHERS = "approved", ("pending", "denied")


@dataclass(frozen=True, slots=True)
class RegistrationOfClass:
    """The registration for a class's meeting, as its page tells it.

    `students` are those of the course on the class's day, `without_email` the names of those who cannot be registered.
    `found` is how far it is, None where nobody has looked yet.
    """

    students: int
    without_email: tuple[str, ...]
    found: Registration | None


@dataclass(slots=True)
class _Outcome:
    """What came of one turn, and when to come again.

    `counts` are how many students there are and how many of them are registered, None where nobody knows; `new` is how
    many this turn has registered, `refused` what Zoom has against single students, and `error` what failed.
    """

    counts: tuple[int, int] | None = None
    new: int = 0
    error: Problem | None = None
    again_at: datetime | None = None
    refused: list[ZoomRefused] = field(default_factory=list)


def registers_roster(found: Class) -> bool:
    """Whether the students of the class's course are registered: Zoom was asked for it, and does not say it did not."""
    sent, has = found.meeting_sent, found.meeting_has
    asked = found.zoom_meeting_made and sent is not None and sent.registration == ON
    return asked and (has is None or has.registration != OFF)


def registration_of(tx: Transaction, viewer: Member, found: Class) -> RegistrationOfClass | None:
    """How far the registration for a class's meeting is; None where there is none. Raises NotAllowed."""
    check_may_see(viewer, found)
    if not registers_roster(found) or found.api_meeting_id is None:
        return None
    students = _students_of(tx, [found])
    without = tuple(one.student.name for one in students if not _email_of(one.student))
    return RegistrationOfClass(len(students), without, storage.registrations.find(tx, found.api_meeting_id))


def is_registration_due(services: Services) -> bool:
    """Whether roster and registrants of a meeting are to be compared now."""
    with reading(services.engine) as tx:
        return storage.registrations.is_due(tx, services.now())


def register_due_students(services: Services) -> bool:
    """Registers the students for the one meeting that has been due the longest; whether there was one."""
    now = services.now()
    with transaction(services.engine) as tx:
        claimed = storage.registrations.claim(tx, now, now + LEASE)
        if claimed is None:
            return False
        classes = [one for one in storage.registrations.classes_of(tx, claimed.meeting_id) if _is_wanted(one, now)]
        students = _students_of(tx, classes)
    outcome = _Outcome(counts=(0, 0))
    if students:
        outcome = _registered(services, claimed, [one.student for one in students])
        _log(claimed.meeting_id, outcome)
    with transaction(services.engine) as tx:
        storage.registrations.finish(tx, claimed, services.now(), outcome.counts, outcome.error, outcome.again_at)
    return True


def _is_wanted(found: Class, now: datetime) -> bool:
    return registers_roster(found) and found.planned.end > now


def _students_of(tx: Transaction, classes: Sequence[Class]) -> list[Enrolled]:
    """The students who are on the roster of one of these classes on its day, each once."""
    rosters = {
        one.course_id: storage.students.list_students(tx, one.course_id) for one in classes if one.course_id is not None
    }
    found: dict[str, Enrolled] = {}
    for one in classes:
        day = one.scheduled_start.astimezone(clock.zone(one.timezone)).date()
        of_day = (student for student in rosters.get(one.course_id or "", ()) if is_on_roster(student, day))
        found |= {student.id: student for student in of_day}
    return list(found.values())


def _registered(services: Services, claimed: Registration, students: Sequence[Student]) -> _Outcome:
    """Registers those whom Zoom has not, as far as it takes them."""
    outcome, meeting_id = _Outcome(), claimed.meeting_id
    try:
        approved = services.zoom.registrants(meeting_id, APPROVED)
        known = approved.union(*(services.zoom.registrants(meeting_id, status) for status in OTHERS))
        outcome.counts = _counted(students, approved)
        # Siblings may share an address, and so a registrant.
        missing = {email: one for one in students if (email := _email_of(one)) and email not in known}
        for email in _as_long_as_ours(services, claimed, list(missing)[:MOST_AT_ONCE]):
            if _register(services, meeting_id, email, missing[email], outcome):
                approved.add(email)
                outcome.new += 1
                outcome.counts = _counted(students, approved)
        if len(missing) > MOST_AT_ONCE:
            outcome.again_at = services.now()
    except (ZoomError, NotConfigured) as error:
        outcome.error = error.problem
        # Where somebody has deleted the meeting at Zoom there is nothing more to do.
        gone = isinstance(error, ZoomMeetingUnknown)
        outcome.again_at = None if gone else put_off_until(error, services.now())
    if outcome.refused and outcome.error is None:
        message = str(outcome.refused[-1].details.get("message", ""))
        outcome.error = Problem("zoom_registrants_refused", {"number": len(outcome.refused), "message": message})
        outcome.again_at = outcome.again_at or services.now() + TRIED_AGAIN
    return outcome


def _log(meeting_id: str, outcome: _Outcome) -> None:
    failed = outcome.error.log_fields() if outcome.error else {}
    level = logging.WARNING if failed else logging.INFO
    fields = {"meeting": meeting_id, "new": outcome.new, "counts": outcome.counts, **failed}
    log.log(level, "students were registered for a meeting", extra=fields)


def _register(services: Services, meeting_id: str, email: str, student: Student, outcome: _Outcome) -> bool:
    """Registers one student; False where Zoom does not take her. Raises ZoomError for what concerns all of them."""
    try:
        services.zoom.register(meeting_id, email, *_names_of(student))
    except ZoomRateLimited as error:
        if error.code != REGISTRANT_USED_UP:
            raise
        outcome.again_at = error.retry_at or services.now() + LATER
        return False
    except ZoomRefused as error:
        if error.code in OF_MEETING:
            raise
        outcome.refused.append(error)
        return False
    return True


def _as_long_as_ours(services: Services, claimed: Registration, emails: Sequence[str]) -> Iterator[str]:
    """These addresses, until another tracker has the meeting, or somebody has asked for it anew."""
    for email in emails:
        if not services.read(storage.registrations.is_still_claimed, claimed):
            return
        yield email


def _counted(students: Sequence[Student], approved: set[str]) -> tuple[int, int]:
    """How many students there are, and how many of them are registered."""
    return len(students), sum(_email_of(one) in approved for one in students)


def _email_of(student: Student) -> str:
    """Her e-mail address (lower case); "" where it is none."""
    email = student.email.strip().casefold()
    return email if "@" in email else ""


def _names_of(student: Student) -> tuple[str, str]:
    """First and last name, where the list tells them apart; else all of it is the first."""
    first = student.name.removesuffix(student.surname).strip()
    return (first, student.surname) if first and first != student.name else (student.name, "")
