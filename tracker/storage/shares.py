"""With whom classes and courses are shared. Every function runs in the caller's transaction."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import select as sa_select
from sqlalchemy.orm import aliased
from sqlmodel import col, delete, select

from tracker.errors import NotFound
from tracker.storage.database import Transaction, insert, run
from tracker.storage.members import Member, member_of
from tracker.storage.models import ClassShare, Course, CourseShare, LiveStream, User

Kind = Literal["class", "course"]
KINDS: tuple[Kind, ...] = ("course", "class")
# Of each kind: the table of shares, its column that names what is shared, that one's own table, and its title there.
_TABLES: dict[Kind, tuple[Any, Any, Any, Any]] = {
    "class": (ClassShare, ClassShare.class_id, LiveStream, LiveStream.title),
    "course": (CourseShare, CourseShare.course_id, Course, Course.name),
}
_ADD = {
    "class": insert(ClassShare, lambda row: row.on_conflict_do_nothing()),
    "course": insert(CourseShare, lambda row: row.on_conflict_do_nothing()),
}
_KEY = {"class": "streamId", "course": "courseId"}
_TEACHER, _COLLEAGUE = aliased(User), aliased(User)


@dataclass(frozen=True, slots=True)
class Share:
    """A class, or a course with all its classes, that its teacher shares with a colleague.

    `id` and `title` are those of the class or the course, `teacher` is whose it is.
    """

    kind: Kind
    id: str
    title: str
    teacher: Member
    colleague: Member
    shared_at: datetime


def add(tx: Transaction, kind: Kind, shared_id: str, member_id: str, now: datetime) -> None:
    """Shares a class or a course with a colleague; what is shared with her already stays so."""
    run(tx, _ADD[kind], **{_KEY[kind]: shared_id, "userId": member_id, "sharedAt": now})


def end(tx: Transaction, kind: Kind, shared_id: str, member_id: str) -> None:
    """Takes a share back."""
    table, of, _, _ = _TABLES[kind]
    tx.exec(delete(table).where(of == shared_id, table.user_id == member_id))


def end_all_with(tx: Transaction, member_id: str) -> None:
    """Nothing is shared with this person any more."""
    for table, *_ in _TABLES.values():
        tx.exec(delete(table).where(table.user_id == member_id))


def end_needless(tx: Transaction, member_id: str) -> None:
    """Whoever has become the teacher of a class or a course needs no share of it."""
    for table, of, shared, _ in _TABLES.values():
        own = select(shared.id).where(shared.teacher_id == member_id)
        tx.exec(delete(table).where(table.user_id == member_id, of.in_(own)))


def move_course(tx: Transaction, course_id: str, into_id: str) -> None:
    """With whom a course was shared, the one is shared that has taken its classes in."""
    for row in tx.exec(select(CourseShare).where(CourseShare.course_id == course_id)).all():
        add(tx, "course", into_id, row.user_id, row.shared_at)
    tx.exec(delete(CourseShare).where(col(CourseShare.course_id) == course_id))


def get(tx: Transaction, kind: Kind, shared_id: str, colleague: Member) -> Share:
    """The share of this class or course with this person. Raises NotFound where there is none."""
    table, of, _, _ = _TABLES[kind]
    for found in _shares(tx, kind, of == shared_id, table.user_id == colleague.id):
        return found
    raise NotFound("no_such_share", email=colleague.email)


def of_class(tx: Transaction, class_id: str, course_id: str | None) -> list[Share]:
    """With whom the course of a class is shared, and with whom the class; by name."""
    ids = {"class": class_id, "course": course_id}
    return [one for kind in KINDS for one in _shares(tx, kind, _TABLES[kind][1] == ids[kind])]


def of_course(tx: Transaction, course_id: str) -> list[Share]:
    """With whom a course is shared; by name."""
    return list(_shares(tx, "course", _TABLES["course"][1] == course_id))


def given_by(tx: Transaction, member_id: str) -> list[Share]:
    """What a teacher shares: courses, then classes, by title."""
    return [one for kind in KINDS for one in _shares(tx, kind, _TABLES[kind][2].teacher_id == member_id)]


def given_to(tx: Transaction, member_id: str) -> list[Share]:
    """What is shared with somebody: courses, then classes, by title."""
    return [one for kind in KINDS for one in _shares(tx, kind, _TABLES[kind][0].user_id == member_id)]


def _shares(tx: Transaction, kind: Kind, *conditions: Any) -> list[Share]:
    table, of, shared, title = _TABLES[kind]
    statement = (
        sa_select(of, title, _TEACHER, _COLLEAGUE, table.shared_at)
        .join(shared, shared.id == of)
        .join(_TEACHER, _TEACHER.id == shared.teacher_id)
        .join(_COLLEAGUE, _COLLEAGUE.id == table.user_id)
        .where(*conditions)
        .order_by(title, of, _COLLEAGUE.name, _COLLEAGUE.id)
    )
    return [
        Share(kind, shared_id, name, member_of(teacher), member_of(colleague), at)
        for shared_id, name, teacher, colleague, at in tx.execute(statement)
    ]
