"""The links by which students see their own attendance: made, shown once, and closed again by a teacher."""

import secrets
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from tracker import audit, storage
from tracker.attendance.matching import Enrolled
from tracker.audit import Action
from tracker.auth.digests import digest
from tracker.courses.register import visible_course
from tracker.errors import InvalidInput, NotFound
from tracker.permissions import check_may_change_course
from tracker.services import Services
from tracker.storage.database import Transaction, transaction
from tracker.storage.members import Member
from tracker.storage.student_links import Link

# How long a link lasts where nobody says otherwise, and at most.
USUAL_DAYS, MOST_DAYS = 90, 400


def make_links(
    services: Services,
    acting: Member,
    course_id: str,
    student_ids: Collection[str],
    expires_at: datetime,
    *,
    only_without: bool = False,
) -> Mapping[str, str]:
    """New links for these students of a course, which open their pages until then: the token of each, by student.

    A link that a student had before is closed by it; `only_without` leaves out who has one that is open. Raises
    NotFound, NotAllowed, and InvalidInput for a time that is over or too far away.
    """
    now = services.now()
    if not now < expires_at <= now + timedelta(days=MOST_DAYS + 1):
        raise InvalidInput("link_day_unusable", most=MOST_DAYS)
    with transaction(services.engine) as tx:
        storage.courses.lock_course(tx, course_id)
        course = storage.courses.course_by_id(tx, course_id)
        check_may_change_course(acting, course)
        known = {one.id for one in storage.students.list_students(tx, course_id)}
        if not known.issuperset(student_ids):
            raise NotFound("student_gone")
        links = storage.student_links.links_of(tx, course_id) if only_without else {}
        have = {student_id for student_id, link in links.items() if link.is_open(now)}
        made = {student_id: secrets.token_urlsafe(32) for student_id in student_ids if student_id not in have}
        for student_id, token in made.items():
            storage.student_links.put(tx, student_id, digest(token), now, expires_at)
        told = {"course": course.name, "account": course.teacher_email}
        if made:
            audit.note(tx, acting, Action.STUDENT_LINKS_MADE, now, **told, links=len(made))
    return made


def close_links(services: Services, acting: Member, course_id: str, student_ids: Collection[str]) -> None:
    """Closes the links of these students of a course: nobody sees anything by them any more.

    Raises NotFound, NotAllowed.
    """
    now = services.now()
    with transaction(services.engine) as tx:
        storage.courses.lock_course(tx, course_id)
        course = storage.courses.course_by_id(tx, course_id)
        check_may_change_course(acting, course)
        theirs = storage.student_links.links_of(tx, course_id).keys() & set(student_ids)
        closed = sum(storage.student_links.revoke(tx, student_id, now) for student_id in sorted(theirs))
        told = {"course": course.name, "account": course.teacher_email}
        audit.note(tx, acting, Action.STUDENT_LINKS_CLOSED, now, **told, links=closed)


def list_links(tx: Transaction, acting: Member, course_id: str) -> list[tuple[Enrolled, Link | None]]:
    """The students of a course, each with her link, None where she has none. Raises NotFound, NotAllowed."""
    course = visible_course(tx, acting, course_id)
    links = storage.student_links.links_of(tx, course.id)
    return [(one, links.get(one.id)) for one in storage.students.list_students(tx, course.id)]
