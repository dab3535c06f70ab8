"""What becomes of a person's rows when her account is removed. Every function runs in the caller's transaction."""

import math
import sys
from collections.abc import Collection
from typing import Any

from sqlmodel import col, delete, select, update
from sqlmodel.sql.expression import SelectOfScalar

from tracker.storage import courses, shares, students
from tracker.storage.database import Transaction
from tracker.storage.models import (
    ApiToken,
    ClassShare,
    Course,
    CourseShare,
    Invitation,
    KnownBrowser,
    LiveStream,
    PersonMark,
    SamePerson,
    SignIn,
    User,
)

# Rows of the account itself, which go with it.
OF_THE_ACCOUNT: tuple[Any, ...] = (SignIn, KnownBrowser, ApiToken, Invitation, ClassShare, CourseShare)
# A teacher's words on people, each with what tells them apart.
DECISIONS: tuple[tuple[Any, tuple[str, ...]], ...] = ((SamePerson, ("first", "second")), (PersonMark, ("person",)))


def lock_classes(tx: Transaction, member_ids: Collection[str]) -> list[str]:
    """Locks all classes of these people, and returns their ids."""
    return list(tx.exec(_classes_of(member_ids).with_for_update()))


def classes_of(tx: Transaction, member_ids: Collection[str]) -> list[str]:
    """The ids of all classes of these people; none is added where they are locked."""
    return list(tx.exec(_classes_of(member_ids)))


def has_classes(tx: Transaction, member_id: str) -> bool:
    """Whether a person has a class or a course."""
    course = select(Course.id).where(Course.teacher_id == member_id).limit(1)
    return bool(classes_of(tx, [member_id])) or tx.exec(course).first() is not None


def hand_over(tx: Transaction, member_id: str, to_id: str) -> None:
    """Gives a person's classes, courses and words on people to somebody else.

    A course of the same name takes the classes in: with whom either was shared, that one is, it keeps names for the
    fewer days of both, and students who are not on its roster are now. Where both have said something of the same
    people, the word of who takes over counts. Figures shown rest on these words, so those of her classes are to be
    worked out anew. What was shared with who takes over is her own now. E-mails are hers to turn on.

    The caller has locked both, and before them their classes. Meetings that were linked need not be hosted by who takes
    over: an admin has given them to her.
    """
    courses.lock_courses(tx, member_id, to_id)
    theirs = {course.name: course for course in tx.exec(select(Course).where(Course.teacher_id == to_id))}
    for course in tx.exec(select(Course).where(Course.teacher_id == member_id)).all():
        into = theirs.get(course.name)
        if into is None:
            course.teacher_id = to_id
            course.sends_digest = course.sends_weekly = False
            tx.add(course)
        else:
            ours = col(LiveStream.course_id) == course.id
            tx.exec(update(LiveStream).where(ours).values(course_id=into.id))
            shares.move_course(tx, course.id, into.id)
            students.move(tx, course.id, into.id)
            into.retention_days = _fewer_days(course.retention_days, into.retention_days)
            tx.add(into)
            courses.delete_course(tx, course.id)
    tx.flush()
    linked = (col(LiveStream.teacher_id) == member_id, col(LiveStream.zoom_linked_by_teacher).is_(True))
    tx.exec(update(LiveStream).where(*linked).values(zoom_linked_by_teacher=False))
    tx.exec(update(LiveStream).where(col(LiveStream.teacher_id) == member_id).values(teacher_id=to_id))
    shares.end_needless(tx, to_id)
    _give_words(tx, member_id, to_id)


def hand_over_course(tx: Transaction, course_id: str, to_id: str, *, keys: Collection[str], by_admin: bool) -> None:
    """Gives a course with all its classes, and its teacher's words on the people in them, to somebody else.

    `keys` are the keys of these people, as texts. Where both have said something of the same people, the word of who
    takes over counts; figures shown rest on these words, so those of her classes are to be worked out anew. Meetings
    that the teacher has linked are hosted by who takes over, or she cannot start them, unless an admin gives them.

    The caller has locked both people, and before them the classes, and the course.
    """
    course = tx.exec(select(Course).where(Course.id == course_id)).one()
    from_id = course.teacher_id
    courses.set_teacher(tx, course_id, to_id)
    of_course = col(LiveStream.course_id) == course_id
    if by_admin:
        linked = col(LiveStream.zoom_linked_by_teacher).is_(True)
        tx.exec(update(LiveStream).where(of_course, linked).values(zoom_linked_by_teacher=False))
    tx.exec(update(LiveStream).where(of_course).values(teacher_id=to_id))
    shares.end_needless(tx, to_id)
    _give_words(tx, from_id, to_id, keys)


def classes_of_course(tx: Transaction, course_id: str) -> list[str]:
    """The ids of all classes of a course, cancelled ones too."""
    return list(tx.exec(_of_course(course_id)))


def lock_classes_of_course(tx: Transaction, course_id: str) -> list[str]:
    """Locks all classes of a course, and returns their ids."""
    return list(tx.exec(_of_course(course_id).with_for_update()))


def _give_words(tx: Transaction, from_id: str, to_id: str, keys: Collection[str] | None = None) -> None:
    """Who takes over has said of people what the other one has, of those with these keys or of all; her word counts."""
    for table, names in DECISIONS:
        said = {owner: tx.exec(select(table).where(table.teacher_id == owner)).all() for owner in (from_id, to_id)}
        known = {tuple(getattr(row, name) for name in names) for row in said[to_id]}
        for row in said[from_id]:
            of = tuple(getattr(row, name) for name in names)
            if of not in known and (keys is None or set(of) <= set(keys)):
                tx.add(table(**(row.model_dump() | {"teacher_id": to_id})))
    # Classes without names have the words of their own time in them.
    theirs_now = (col(LiveStream.teacher_id) == to_id, col(LiveStream.names_removed_at).is_(None))
    tx.exec(update(LiveStream).where(*theirs_now).values(people_shown=None, hosts_shown=None, late_shown=None))


def remove(tx: Transaction, member_id: str) -> None:
    """Deletes a person who has no class any more, with all that is of the account alone."""
    for table in OF_THE_ACCOUNT:
        tx.exec(delete(table).where(table.user_id == member_id))
    for table, _ in DECISIONS:
        tx.exec(delete(table).where(table.teacher_id == member_id))
    tx.exec(delete(User).where(col(User.id) == member_id))


def _fewer_days(one: int | None, other: int | None) -> int | None:
    """The fewer days of two courses: days of their own, else None (as the setting says), else 0 (no limit)."""
    return min(one, other, key=lambda days: math.inf if days == 0 else days or sys.maxsize)


def _classes_of(member_ids: Collection[str]) -> SelectOfScalar[str]:
    # In one order, so that two who lock them never wait for each other.
    return select(LiveStream.id).where(col(LiveStream.teacher_id).in_(member_ids)).order_by(LiveStream.id)


def _of_course(course_id: str) -> SelectOfScalar[str]:
    return select(LiveStream.id).where(col(LiveStream.course_id) == course_id).order_by(LiveStream.id)
