"""Courses themselves: listed, made, named, archived, handed over, deleted."""

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tracker import audit, storage
from tracker.attendance.counting import key_of
from tracker.attendance.stored_form import stays_from_data
from tracker.audit import Action
from tracker.classes.plan import one_line
from tracker.errors import InvalidInput, NotAllowed, UnreadableRecords
from tracker.permissions import check_is_in_charge_of_course, check_may_change_course, check_may_see
from tracker.services import Services
from tracker.storage.classes import Class
from tracker.storage.course_lists import Figures, Version
from tracker.storage.courses import Course
from tracker.storage.database import Transaction, transaction
from tracker.storage.decisions import key_text
from tracker.storage.members import Member

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ListedCourse:
    """A course in the list of courses."""

    course: Course
    figures: Figures


def list_seen(tx: Transaction, viewer: Member, now: datetime) -> list[ListedCourse]:
    """The courses that are the viewer's own or shared with her, for an admin all of them, by name."""
    found = storage.courses.courses_seen(tx, viewer)
    figures = storage.course_lists.figures(tx, [one.id for one in found], now)
    return [ListedCourse(one, figures[one.id]) for one in found]


def figures_of(tx: Transaction, viewer: Member, course: Course, now: datetime) -> Figures:
    """How many students and classes a course has. Raises NotAllowed."""
    check_may_change_course(viewer, course)
    return storage.course_lists.figures(tx, [course.id], now)[course.id]


def classes_of(tx: Transaction, viewer: Member, course_id: str) -> list[Class]:
    """The classes of a course that are not cancelled, by planned start. Raises NotFound, NotAllowed."""
    return storage.classes.classes_of_course(tx, _visible(tx, viewer, course_id).id)


@dataclass(frozen=True, slots=True)
class CourseVersion:
    """What there is to see of a course: a value that differs when students, classes, or words on them have changed.

    What Zoom tells of a class is in it as the class's own figures.
    """

    course: Course
    known: Version

    def is_sure(self, now: datetime) -> bool:
        """Whether a further change would give another value: the latest one was not in this second."""
        return self.known.latest is None or self.known.latest < now - timedelta(seconds=1)


def version(tx: Transaction, viewer: Member, course_id: str, now: datetime) -> CourseVersion:
    """The version of a course at this moment. Raises NotFound, NotAllowed."""
    found = _visible(tx, viewer, course_id)
    return CourseVersion(found, storage.course_lists.version(tx, course_id, found.teacher_id, now))


def new_course(services: Services, acting: Member, name: str, teacher: Member) -> str:
    """Makes a course without classes and students for a teacher, and returns its id.

    Raises NotAllowed for who is neither this teacher nor an admin, and InvalidInput for a name that is none, or that
    another course of hers has.
    """
    title = _name(name)
    if not acting.is_admin and acting.id != teacher.id:
        raise NotAllowed("course_of_somebody_else")
    with transaction(services.engine) as tx:
        # While the account is removed or handed over no course of its is made.
        storage.members.lock_member(tx, teacher.id)
        _check_free(tx, teacher, title)
        course_id = storage.courses.course_id(tx, teacher.id, title)
        audit.note(tx, acting, Action.COURSE_MADE, services.now(), course=title, account=teacher.email)
    return course_id


def rename(services: Services, acting: Member, course_id: str, name: str) -> None:
    """Gives a course another name. Raises NotFound, NotAllowed, and InvalidInput as `new_course` does."""
    title = _name(name)

    def store(tx: Transaction, found: Course) -> Action | None:
        if title == found.name:
            return None
        _check_free(tx, storage.members.member_with_id(tx, found.teacher_id), title)
        storage.courses.rename(tx, found.id, title)
        return Action.COURSE_CHANGED

    _change(services, acting, course_id, store)


def archive(services: Services, acting: Member, course_id: str) -> None:
    """Puts a course away: it is listed apart, and its classes and its register stay. Raises NotFound, NotAllowed."""

    def store(tx: Transaction, found: Course) -> Action:
        storage.courses.set_archived(tx, found.id, services.now())
        return Action.COURSE_ARCHIVED

    _change(services, acting, course_id, store)


def take_out(services: Services, acting: Member, course_id: str) -> None:
    """Takes a course out of the archive. Raises NotFound, NotAllowed."""

    def store(tx: Transaction, found: Course) -> Action:
        storage.courses.set_archived(tx, found.id, None)
        return Action.COURSE_TAKEN_OUT

    _change(services, acting, course_id, store)


def delete(services: Services, acting: Member, course_id: str) -> None:
    """Deletes a course without classes, with its roster and all that was said of its students.

    Raises NotFound, NotAllowed, and InvalidInput for a course with classes.
    """

    def store(tx: Transaction, found: Course) -> Action:
        if storage.leaving.classes_of_course(tx, found.id):
            raise InvalidInput("course_has_classes")
        storage.students.remove(tx, [one.id for one in storage.students.list_students(tx, found.id)])
        storage.courses.delete_course(tx, found.id)
        return Action.COURSE_DELETED

    _change(services, acting, course_id, store)


def hand_over(services: Services, acting: Member, course_id: str, to: str) -> Member:
    """Gives a course with all its classes, its roster and what was said of its people to the account `to`.

    Its Zoom meetings stay those of who hosts them now. Raises NotFound, NotAllowed for who is neither its teacher nor
    an admin, and InvalidInput for an account that is closed or has the course, or a course of this name, already.
    """
    done = None
    while done is None:
        with transaction(services.engine) as tx:
            done = _handed_over(tx, acting, course_id, to, services.now())
    log.info("a course was handed over", extra={"by": acting.id or acting.name, "course": course_id, "to": done.id})
    return done


def _handed_over(tx: Transaction, acting: Member, course_id: str, to: str, now: datetime) -> Member | None:
    """Who has it now; None, and nothing is changed, where the course got a class that has to be locked before it."""
    locked = storage.leaving.lock_classes_of_course(tx, course_id)
    found = storage.courses.course_by_id(tx, course_id)
    check_is_in_charge_of_course(acting, found)
    heir = storage.members.get_member(tx, to)
    for member_id in sorted({heir.id, found.teacher_id}):
        storage.members.lock_member(tx, member_id)
    storage.courses.lock_course(tx, course_id)
    if storage.leaving.classes_of_course(tx, course_id) != locked:
        return None
    found = storage.courses.course_by_id(tx, course_id)
    check_is_in_charge_of_course(acting, found)
    if heir.id == found.teacher_id or storage.members.is_disabled(tx, heir.id):
        raise InvalidInput("course_to_nobody", email=heir.email)
    _check_free(tx, heir, found.name)
    keys = {key for class_id in locked for key in _people_of(tx, class_id)}
    storage.leaving.hand_over_course(tx, course_id, heir.id, keys=keys, by_admin=acting.is_admin)
    told: dict[str, Any] = {"account": found.teacher_email, "heir": heir.email, "classes": len(locked)}
    audit.note(tx, acting, Action.COURSE_HANDED_OVER, now, course=found.name, **told)
    return heir


def classes_without_course(tx: Transaction, acting: Member, course: Course, limit: int) -> list[Class]:
    """The latest classes of a course's teacher that are in no course, for who may see them. Raises NotAllowed."""
    check_is_in_charge_of_course(acting, course)
    latest = storage.classes.latest_of(tx, course.teacher_id, limit)
    return [found for found in latest if found.course_id is None]


def add_class(services: Services, acting: Member, course_id: str, class_id: str) -> None:
    """Puts a class of the course's teacher that is in no course into it, whatever the class's state.

    Raises NotFound, NotAllowed; nothing is changed where it is in a course already.
    """
    now = services.now()
    with transaction(services.engine) as tx:
        found = storage.classes.lock_class(tx, class_id)
        storage.courses.lock_course(tx, course_id)
        course = storage.courses.course_by_id(tx, course_id)
        check_may_see(acting, found)
        check_is_in_charge_of_course(acting, course)
        if found.teacher_id != course.teacher_id:
            raise NotAllowed("class_of_somebody_else")
        if found.course_id is None:
            storage.courses.set_course(tx, class_id, course.name)
            storage.registrations.ask_for_class(tx, class_id, now)
            audit.note(tx, acting, Action.CLASS_MOVED, now, class_id=class_id)


def _visible(tx: Transaction, viewer: Member, course_id: str) -> Course:
    found = storage.courses.course_by_id(tx, course_id)
    check_may_change_course(viewer, found)
    return found


def _people_of(tx: Transaction, class_id: str) -> set[str]:
    """The keys of all who are in the records of a class, as texts."""
    with suppress(UnreadableRecords):
        data = storage.participants.get_participants_data(tx, class_id)
        return {key_text(key_of(stay)) for stay in stays_from_data(data)} if data else set()
    return set()


def _name(given: str) -> str:
    """The name of a course in one line. Raises InvalidInput for none."""
    name = one_line(given, "course_name_too_long")
    if not name:
        raise InvalidInput("course_unnamed")
    return name


def _check_free(tx: Transaction, teacher: Member, name: str) -> None:
    """Raises InvalidInput where the teacher has a course of that name."""
    if storage.courses.find_course(tx, teacher.id, name) is not None:
        raise InvalidInput("course_name_taken", teacher=teacher.name, course=name)


def _change(
    services: Services,
    acting: Member,
    course_id: str,
    store: Callable[[Transaction, Course], Action | None],
) -> None:
    """Changes a course, under its teacher's lock and its own, for who is in charge of it, and notes what was done."""
    with transaction(services.engine) as tx:
        found = storage.courses.course_by_id(tx, course_id)
        storage.members.lock_member(tx, found.teacher_id)
        storage.courses.lock_course(tx, course_id)
        found = storage.courses.course_by_id(tx, course_id)
        check_is_in_charge_of_course(acting, found)
        action = store(tx, found)
        if action is not None:
            audit.note(tx, acting, action, services.now(), course=found.name, account=found.teacher_email)
