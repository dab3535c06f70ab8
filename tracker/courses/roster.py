"""The roster of a course: who is on it, and bringing it up to date by a list that somebody has.

The list was read before (`tracker.rosters`), outside of any transaction; all of it is stored, or nothing.
"""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tracker import audit, storage
from tracker.audit import Action
from tracker.classes.plan import one_line
from tracker.errors import InvalidInput, NotAllowed
from tracker.permissions import check_may_change_course
from tracker.rosters import LineProblem, Roster, Student
from tracker.rosters.updating import Updated, updated
from tracker.services import Services
from tracker.storage.courses import Course
from tracker.storage.database import Transaction, transaction
from tracker.storage.members import Member
from tracker.storage.students import Enrolled

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CourseRoster:
    """The whole roster of a course in the order of its list, and what is to be said of lines of a list.

    `new` and `changed` are how many students a list has added and changed.
    """

    course: str
    students: tuple[Student, ...]
    problems: tuple[LineProblem, ...] = ()
    new: int = 0
    changed: int = 0


def show_roster(services: Services, acting: Member, teacher: str, course: str) -> CourseRoster:
    """The roster of the teacher's course of that name; the teacher is named by her e-mail. That it was seen is noted.

    Raises NotFound, NotAllowed.
    """

    def find(tx: Transaction) -> tuple[CourseRoster, Member]:
        holder = storage.members.get_member(tx, teacher)
        found = storage.courses.get_course(tx, holder.id, one_line(course, "course_name_too_long"))
        check_may_change_course(acting, found)
        students = (one.student for one in storage.students.list_students(tx, found.id))
        return CourseRoster(found.name, tuple(students)), holder

    shown, holder = services.read(find)
    engine, now = services.engine, services.now()
    audit.note_read(engine, acting, Action.ROSTER_SEEN, now, course=shown.course, account=holder.email)
    return shown


def import_roster(
    services: Services, acting: Member, teacher: str, course: str, read: Roster, *, dry_run: bool = False
) -> CourseRoster:
    """Brings the roster of the teacher's course of that name up to date by a list; the course is made where she has
    none. With `dry_run` nothing is changed, and the answer is the same.

    Whom the list does not have stays. Raises NotFound, NotAllowed, and InvalidInput for a name that is none, and where
    the course would have too many students; then nothing has changed.
    """
    name = one_line(course, "course_name_too_long")
    if not name:
        raise InvalidInput("course_unnamed")
    if dry_run:
        return services.read(_previewed, acting, teacher, name, read)
    with transaction(services.engine) as tx:
        holder = storage.members.get_member(tx, teacher)
        # While the account is removed or handed over no course of its is changed.
        storage.members.lock_member(tx, holder.id)
        check_may_import(tx, acting, holder, name)
        course_id = storage.courses.course_id(tx, holder.id, name)
        storage.courses.lock_course(tx, course_id)
        return save_list(tx, acting, storage.courses.course_by_id(tx, course_id), read, services.now())


def save_list(tx: Transaction, acting: Member, course: Course, read: Roster, now: datetime) -> CourseRoster:
    """Brings the roster of a course, which the caller has locked, up to date by a list. Raises InvalidInput."""
    known, made = brought_up_to_date(tx, course.id, read)
    entries = [(None if one.known is None else known[one.known], one.student) for one in made.entries]
    storage.students.save(tx, course.id, entries, now)
    numbers: dict[str, Any] = {"new": made.new, "changed": made.changed}
    audit.note(tx, acting, Action.ROSTER_IMPORTED, now, course=course.name, account=course.teacher_email, **numbers)
    log.info("a roster was imported", extra={"by": acting.id or acting.name, "course": course.id, **numbers})
    return _told(course.name, made)


def _previewed(tx: Transaction, acting: Member, teacher: str, name: str, read: Roster) -> CourseRoster:
    holder = storage.members.get_member(tx, teacher)
    found = check_may_import(tx, acting, holder, name)
    _known, made = brought_up_to_date(tx, found.id if found else None, read)
    return _told(name, made)


def check_may_import(tx: Transaction, acting: Member, holder: Member, name: str) -> Course | None:
    """The course, where there is one. Raises NotAllowed for who may not change it, or not make it for its teacher."""
    found = storage.courses.find_course(tx, holder.id, name)
    if found is not None:
        check_may_change_course(acting, found)
    elif not acting.is_admin and acting.id != holder.id:
        raise NotAllowed("course_of_somebody_else")
    return found


def brought_up_to_date(tx: Transaction, course_id: str | None, read: Roster) -> tuple[list[Enrolled], Updated]:
    """The students of a course, and its roster as it is to be by a list. Raises InvalidInput for too many."""
    known = storage.students.list_students(tx, course_id) if course_id else []
    return known, updated([one.student for one in known], read)


def _told(name: str, made: Updated) -> CourseRoster:
    return CourseRoster(name, made.students, made.problems, made.new, made.changed)
