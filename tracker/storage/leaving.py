"""What becomes of a person's rows when her account is removed. Every function runs in the caller's transaction."""

from typing import Any

from sqlalchemy import func
from sqlmodel import col, delete, select, update

from tracker.storage.database import Transaction
from tracker.storage.models import (
    ApiToken,
    Course,
    Invitation,
    KnownBrowser,
    LiveStream,
    PersonMark,
    SamePerson,
    SignIn,
    User,
)

# Rows of the account itself, which go with it.
OF_THE_ACCOUNT: tuple[Any, ...] = (SignIn, KnownBrowser, ApiToken, Invitation)
# A teacher's words on people, each with what tells them apart.
DECISIONS: tuple[tuple[Any, tuple[str, ...]], ...] = ((SamePerson, ("first", "second")), (PersonMark, ("person",)))


def count_classes(tx: Transaction, member_id: str) -> int:
    """How many classes and courses a person has."""
    classes = select(func.count()).select_from(LiveStream).where(LiveStream.teacher_id == member_id)
    courses = select(func.count()).select_from(Course).where(Course.teacher_id == member_id)
    return tx.exec(classes).one() + tx.exec(courses).one()


def hand_over(tx: Transaction, member_id: str, to_id: str) -> None:
    """Gives a person's classes, courses and words on people to somebody else.

    A course of the same name takes the classes in; where both have said something of the same people, the word of who
    takes over counts. Figures shown rest on these words, so those of her classes are to be worked out anew.
    """
    theirs = {course.name: course for course in tx.exec(select(Course).where(Course.teacher_id == to_id))}
    for course in tx.exec(select(Course).where(Course.teacher_id == member_id)).all():
        into = theirs.get(course.name)
        if into is None:
            course.teacher_id = to_id
            tx.add(course)
        else:
            ours = col(LiveStream.course_id) == course.id
            tx.exec(update(LiveStream).where(ours).values(course_id=into.id))
            tx.delete(course)
    tx.flush()
    tx.exec(update(LiveStream).where(col(LiveStream.teacher_id) == member_id).values(teacher_id=to_id))
    for table, names in DECISIONS:
        said = {owner: tx.exec(select(table).where(table.teacher_id == owner)).all() for owner in (member_id, to_id)}
        known = {tuple(getattr(row, name) for name in names) for row in said[to_id]}
        for row in said[member_id]:
            if tuple(getattr(row, name) for name in names) not in known:
                tx.add(table(**(row.model_dump() | {"teacher_id": to_id})))
    tx.exec(update(LiveStream).where(col(LiveStream.teacher_id) == to_id).values(people_shown=None, hosts_shown=None))


def remove(tx: Transaction, member_id: str) -> None:
    """Deletes a person who has no class any more, with all that is of the account alone."""
    for table in OF_THE_ACCOUNT:
        tx.exec(delete(table).where(table.user_id == member_id))
    for table, _ in DECISIONS:
        tx.exec(delete(table).where(table.teacher_id == member_id))
    tx.exec(delete(User).where(col(User.id) == member_id))
