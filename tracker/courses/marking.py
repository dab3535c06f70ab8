"""A student's status in a class, given by hand: it holds whatever Zoom tells later, until somebody takes it back.

And the rules by which a course gives the others.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tracker import audit, storage
from tracker.attendance.register import ByHand
from tracker.attendance.statuses import LONGEST_GRACE, Rules
from tracker.attendance.types import BY_HAND, ClassStatus, Status
from tracker.audit import Action
from tracker.class_attendance import add_figures, check_has_names
from tracker.courses.register import find_student, roster_of
from tracker.errors import InvalidInput, NotFound
from tracker.permissions import check_may_change, check_may_change_course
from tracker.services import Services
from tracker.storage.classes import Class
from tracker.storage.courses import Course
from tracker.storage.database import Transaction, transaction
from tracker.storage.members import Member

LONGEST_REMARK = 500


@dataclass(frozen=True, slots=True)
class Marked:
    """What was said of students in a class, None where it was taken back, and what was said before, by student.

    All that `restore` needs to undo it.
    """

    said: ByHand | None
    before: Mapping[str, ByHand | None]


def mark(
    services: Services,
    acting: Member,
    class_id: str,
    student_ids: Sequence[str],
    status: Status | None,
    remark: str = "",
) -> Marked:
    """Gives students a status in a class; None takes back what was said, so that the rule holds again.

    Raises NotFound, NotAllowed, InvalidInput for a status that nobody can give, a cancelled class, and a remark that is
    too long, and NamesRemoved for a class whose participants are nobody any more.
    """
    now = services.now()
    said = by_hand(status, remark, now)
    with transaction(services.engine) as tx:
        return mark_in(tx, acting, class_id, student_ids, said, now)


def by_hand(status: Status | None, remark: str, now: datetime) -> ByHand | None:
    """What somebody says of a student now; None for nothing. Raises InvalidInput for what cannot be said by hand."""
    if status is not None and status not in BY_HAND:
        raise InvalidInput("status_not_by_hand")
    text = " ".join(remark.split())
    if len(text) > LONGEST_REMARK:
        raise InvalidInput("remark_too_long", most=LONGEST_REMARK)
    return ByHand(status, text, now) if status is not None else None


def mark_in(
    tx: Transaction, acting: Member, class_id: str, student_ids: Sequence[str], said: ByHand | None, now: datetime
) -> Marked:
    """The same in a transaction in which more is done."""
    current = _lock_marks(tx, acting, class_id, student_ids)
    _store(tx, acting, class_id, dict.fromkeys(student_ids, said), now)
    return Marked(said, {student_id: current.get(student_id) for student_id in student_ids})


def restore(services: Services, acting: Member, class_id: str, marked: Marked) -> Sequence[str]:
    """Undoes what was said of students in a class; the ids of those of whom something else is said by now, which stays.

    Raises NotFound, NotAllowed, InvalidInput, and NamesRemoved for a class whose participants are nobody any more.
    """
    with transaction(services.engine) as tx:
        return restore_in(tx, acting, class_id, marked, services.now())


def restore_in(tx: Transaction, acting: Member, class_id: str, marked: Marked, now: datetime) -> Sequence[str]:
    """The same in a transaction in which more is done."""
    current = _lock_marks(tx, acting, class_id, marked.before)
    theirs = {one: before for one, before in marked.before.items() if current.get(one) == marked.said}
    if theirs:
        _store(tx, acting, class_id, theirs, now)
    return [one for one in marked.before if one not in theirs]


def _lock_marks(tx: Transaction, acting: Member, class_id: str, student_ids: Collection[str]) -> Mapping[str, ByHand]:
    """What is said of the students in a class, by student; nobody else says anything until the transaction is over."""
    found = storage.classes.lock_class(tx, class_id)
    check_may_change(acting, found)
    if found.status is ClassStatus.CANCELLED:
        raise InvalidInput("class_is_cancelled")
    check_has_names(found)
    if found.course_id is not None:
        # Whoever is on the roster is there until this is stored.
        storage.courses.lock_course(tx, found.course_id)
    known = {one.id for one in roster_of(tx, found)[0]}
    if not known.issuperset(student_ids):
        raise NotFound("student_gone")
    return storage.said_of_students.list_marks(tx, [class_id])[class_id]


def _store(tx: Transaction, acting: Member, class_id: str, marks: Mapping[str, ByHand | None], now: datetime) -> None:
    for student_id, said in marks.items():
        if said is None:
            storage.said_of_students.clear_mark(tx, class_id, student_id)
        else:
            storage.said_of_students.set_mark(tx, class_id, student_id, said)
    given = sum(said is not None for said in marks.values())
    numbers = {"given": given, "taken_back": len(marks) - given}
    audit.note(tx, acting, Action.STUDENTS_MARKED, now, class_id=class_id, **numbers)


def student_of_class(tx: Transaction, acting: Member, class_id: str, who: str) -> str:
    """The id of the student of a class's course with this e-mail, number or name. Raises NotFound, NotAllowed."""
    found: Class = storage.classes.get_class(tx, class_id)
    check_may_change(acting, found)
    return find_student(roster_of(tx, found)[0], who).id


def set_rules(
    services: Services,
    acting: Member,
    course: Course,
    *,
    late_after: int | None = None,
    present_from: int | None = None,
    at_risk_below: int | None = None,
) -> Rules:
    """Changes the rules of a course, those that are given; the rules as they are now. All its classes follow at once.

    Raises NotFound, NotAllowed, and InvalidInput for a number out of its range.
    """
    _check_range(late_after, LONGEST_GRACE, "late_after_unusable")
    _check_range(present_from, 100, "percent_unusable")
    _check_range(at_risk_below, 100, "percent_unusable")
    given = {"late_after": late_after, "present_from": present_from, "at_risk_below": at_risk_below}
    now, for_lists = services.now(), late_after is not None or present_from is not None
    with transaction(services.engine) as tx:
        check_may_change_course(acting, storage.courses.course_by_id(tx, course.id))
        if for_lists:
            storage.courses.forget_figures(tx, course.id)  # classes are locked before courses
        storage.courses.lock_course(tx, course.id)
        current = storage.courses.course_by_id(tx, course.id)
        check_may_change_course(acting, current)
        rules = replace(current.rules, **{name: value for name, value in given.items() if value is not None})
        storage.courses.set_rules(tx, course.id, rules)
        audit.note(tx, acting, Action.COURSE_CHANGED, now, course=current.name, account=current.teacher_email)
        classes = [found.id for found in storage.classes.classes_of_course(tx, course.id)] if for_lists else []
    # How many were late is shown in lists; a short transaction for each, since webhooks have to be taken in meanwhile.
    for class_id in classes:
        with transaction(services.engine) as tx:
            storage.classes.lock_class(tx, class_id)
            add_figures(tx, class_id, now)
    return rules


def _check_range(value: int | None, most: int, code: str) -> None:
    if value is not None and not 0 <= value <= most:
        raise InvalidInput(code, most=most)
