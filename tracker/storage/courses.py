"""The courses of teachers. Every function runs in the caller's transaction."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlmodel import col, delete, func, or_, select, update

from tracker.attendance.statuses import DEFAULT_RULES, LONGEST_GRACE, Rules
from tracker.errors import NotFound
from tracker.storage.database import Transaction, insert, run
from tracker.storage.members import Member
from tracker.storage.models import Course as CourseRow
from tracker.storage.models import CourseShare, LiveStream, Mail, User

_ADD_COURSE = insert(CourseRow, lambda row: row.on_conflict_do_nothing())


@dataclass(frozen=True, slots=True)
class Course:
    """A series of classes of one teacher. `shared_with` are the ids of the colleagues with whom it is shared.

    `archived_at` is since when it is put away. `sends_digest` and `sends_weekly`: which e-mails its teacher wants.
    """

    id: str
    name: str
    teacher_id: str
    shared_with: frozenset[str]
    teacher_email: str = ""
    teacher_name: str = ""
    rules: Rules = DEFAULT_RULES
    archived_at: datetime | None = None
    sends_digest: bool = False
    sends_weekly: bool = False


def find_course(tx: Transaction, teacher_id: str, name: str) -> Course | None:
    """The teacher's course of that name."""
    return next(iter(_courses(tx, CourseRow.teacher_id == teacher_id, CourseRow.name == name)), None)


def get_course(tx: Transaction, teacher_id: str, name: str) -> Course:
    """The same. Raises NotFound where the teacher has none of that name."""
    found = find_course(tx, teacher_id, name)
    if found is None:
        raise NotFound("no_such_course", course=name)
    return found


def course_by_id(tx: Transaction, course_id: str) -> Course:
    """The course. Raises NotFound."""
    found = next(iter(_courses(tx, CourseRow.id == course_id)), None)
    if found is None:
        raise NotFound("course_not_there")
    return found


def courses_seen(tx: Transaction, viewer: Member) -> list[Course]:
    """The courses that are the viewer's own or shared with her, for an admin all of them, by name."""
    if viewer.is_admin:
        return _courses(tx)
    shared = select(CourseShare.course_id).where(CourseShare.user_id == viewer.id)
    return _courses(tx, or_(CourseRow.teacher_id == viewer.id, col(CourseRow.id).in_(shared)))


def rules_of(row: CourseRow) -> Rules:
    """The rules of a course; what it does not set is as everywhere."""
    usual = DEFAULT_RULES
    return Rules(
        _within(row.late_after_minutes, LONGEST_GRACE, usual.late_after),
        _within(row.present_from_percent, 100, usual.present_from),
        _within(row.at_risk_below_percent, 100, usual.at_risk_below),
    )


def _within(stored: object, most: int, usual: int) -> int:
    """A number that is stored; the usual one where none is, or another program has written what no rule can be."""
    return stored if isinstance(stored, int) and 0 <= stored <= most else usual


def forget_figures(tx: Transaction, course_id: str) -> None:
    """What is shown of the classes of a course in lists is to be worked out anew, at once or by the tracker's loop.

    They are locked, so that a course is locked after them.
    """
    of_course = select(LiveStream.id).where(LiveStream.course_id == course_id).order_by(LiveStream.id)
    tx.exec(of_course.with_for_update()).all()
    tx.exec(update(LiveStream).where(col(LiveStream.course_id) == course_id).values(figures_of_count=None))


def set_rules(tx: Transaction, course_id: str, rules: Rules) -> None:
    """Sets the rules of a course, which the caller has locked."""
    values = {
        "late_after_minutes": rules.late_after,
        "present_from_percent": rules.present_from,
        "at_risk_below_percent": rules.at_risk_below,
    }
    tx.exec(update(CourseRow).where(col(CourseRow.id) == course_id).values(values))


def set_news(tx: Transaction, course_id: str, digest: bool | None, weekly: bool | None) -> None:
    """Sets which e-mails the teacher of a course wants; None leaves one as it is. The caller has locked the course."""
    values = {"sends_digest": digest, "sends_weekly": weekly}
    chosen = {name: value for name, value in values.items() if value is not None}
    if chosen:
        tx.exec(update(CourseRow).where(col(CourseRow.id) == course_id).values(chosen))


def rename(tx: Transaction, course_id: str, name: str) -> None:
    """Gives a course, which the caller has locked with its teacher, another name; she has none of that name yet."""
    tx.exec(update(CourseRow).where(col(CourseRow.id) == course_id).values(name=name))


def set_archived(tx: Transaction, course_id: str, since: datetime | None) -> None:
    """Puts a course away; None takes it out again."""
    tx.exec(update(CourseRow).where(col(CourseRow.id) == course_id).values(archived_at=since))


def set_teacher(tx: Transaction, course_id: str, teacher_id: str) -> None:
    """Gives a course to another teacher, who may turn e-mails on; with its classes it is `leaving.hand_over_course`."""
    given = {"teacher_id": teacher_id, "sends_digest": False, "sends_weekly": False}
    tx.exec(update(CourseRow).where(col(CourseRow.id) == course_id).values(given))


def delete_course(tx: Transaction, course_id: str) -> None:
    """Deletes a course that has no class and no student any more, with whom it is shared and what was to be sent."""
    tx.exec(delete(Mail).where(col(Mail.course_id) == course_id))
    tx.exec(delete(CourseShare).where(col(CourseShare.course_id) == course_id))
    tx.exec(delete(CourseRow).where(col(CourseRow.id) == course_id))


def _courses(tx: Transaction, *conditions: Any) -> list[Course]:
    rows = tx.exec(
        select(CourseRow, User)
        .join(User, col(User.id) == col(CourseRow.teacher_id))
        .where(*conditions)
        .order_by(func.lower(CourseRow.name), CourseRow.id)
        # What another function of this transaction has read before may have been changed since by a bare UPDATE.
        .execution_options(populate_existing=True)
    ).all()
    shares = select(CourseShare).where(col(CourseShare.course_id).in_([row.id for row, _ in rows]))
    colleagues: dict[str, set[str]] = defaultdict(set)
    for share in tx.exec(shares):
        colleagues[share.course_id].add(share.user_id)
    return [
        Course(
            row.id,
            row.name,
            row.teacher_id,
            frozenset(colleagues[row.id]),
            teacher.email,
            teacher.name,
            rules_of(row),
            row.archived_at,
            row.sends_digest,
            row.sends_weekly,
        )
        for row, teacher in rows
    ]


# Courses are locked after classes and people, and several of them in the order of their ids.


def lock_course(tx: Transaction, course_id: str) -> None:
    """Locks a course for the rest of the transaction: nobody changes its roster meanwhile. Raises NotFound."""
    if tx.exec(select(CourseRow.id).where(CourseRow.id == course_id).with_for_update()).first() is None:
        raise NotFound("course_not_there")


def lock_courses(tx: Transaction, *teacher_ids: str) -> None:
    """Locks all courses of these people, or without any of everybody."""
    whose = select(CourseRow.id).order_by(CourseRow.id)
    if teacher_ids:
        whose = whose.where(col(CourseRow.teacher_id).in_(teacher_ids))
    tx.exec(whose.with_for_update()).all()


def list_courses(tx: Transaction, teacher_id: str) -> list[str]:
    """The names of the teacher's courses that are not archived, in order."""
    hers = (CourseRow.teacher_id == teacher_id, col(CourseRow.archived_at).is_(None))
    return list(tx.exec(select(CourseRow.name).where(*hers).order_by(func.lower(CourseRow.name))))


def set_course(tx: Transaction, class_id: str, course: str) -> None:
    """Puts a class into its teacher's course of that name, made where she has none; "" for no course.

    The caller has locked the class. Raises NotFound.
    """
    row = tx.get(LiveStream, class_id)
    if row is None:
        raise NotFound("no_such_class")
    row.course_id = course_id(tx, row.teacher_id, course) if course else None
    # How many were late is by the rules of the course.
    row.figures_of_count = None
    tx.add(row)


def course_id(tx: Transaction, teacher_id: str, name: str) -> str:
    """The teacher's course of that name, made where she has none: somebody else may make it at the same moment."""
    run(tx, _ADD_COURSE, id=uuid4().hex, teacherId=teacher_id, name=name)
    return tx.exec(select(CourseRow.id).where(CourseRow.teacher_id == teacher_id, CourseRow.name == name)).one()
