"""The links of students to their own pages, and what they ask there. Every function runs in the caller's transaction.

Of a token the hash alone is kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import col, delete, or_, select, update

from tracker.storage.database import Transaction
from tracker.storage.members import Member
from tracker.storage.models import Course, CourseShare, LiveStream, Student, StudentLink, StudentRequest


@dataclass(frozen=True, slots=True)
class Link:
    """The link of a student: since when it is there, until when it opens her page, and since when it is closed."""

    student_id: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None

    @property
    def last(self) -> datetime:
        """The last second at which it opens her page."""
        return self.expires_at - timedelta(seconds=1)

    def is_open(self, now: datetime) -> bool:
        """Whether it opens her page."""
        return self.revoked_at is None and now < self.expires_at


@dataclass(frozen=True, slots=True)
class Request:
    """What a student says is not right in a class, and what was made of it.

    `accepted` is None while it is open, and of one that she has withdrawn.
    """

    id: str
    student_id: str
    class_id: str
    text: str
    made_at: datetime
    decided_at: datetime | None
    accepted: bool | None
    answer: str

    @property
    def is_open(self) -> bool:
        """Whether nobody has decided it."""
        return self.decided_at is None

    @property
    def is_withdrawn(self) -> bool:
        """Whether the student has taken it back."""
        return self.decided_at is not None and self.accepted is None


@dataclass(frozen=True, slots=True)
class Asked:
    """An open request with what is known where it stands among others: whose it is, and in which class and course."""

    request: Request
    student: str
    course_id: str
    course: str
    title: str
    start: datetime


def put(tx: Transaction, student_id: str, token_hash: str, now: datetime, expires_at: datetime) -> None:
    """Stores the link of a student, in place of the one before."""
    row = StudentLink(student_id=student_id, token_hash=token_hash, created_at=now, expires_at=expires_at)
    tx.merge(row)


def revoke(tx: Transaction, student_id: str, now: datetime) -> bool:
    """Closes the link of a student; whether there was one to close."""
    theirs = (col(StudentLink.student_id) == student_id, col(StudentLink.revoked_at).is_(None))
    return tx.exec(update(StudentLink).where(*theirs).values(revoked_at=now)).rowcount > 0


def student_with(tx: Transaction, token_hash: str, now: datetime, *, locked: bool = False) -> str | None:
    """The id of the student whose link has this hash; None where it is closed, or its time is over.

    `locked`: for the rest of the transaction nobody else does something by it.
    """
    valid = (
        StudentLink.token_hash == token_hash,
        col(StudentLink.expires_at) > now,
        col(StudentLink.revoked_at).is_(None),
    )
    found = select(StudentLink.student_id).where(*valid)
    return tx.exec(found.with_for_update() if locked else found).first()


def links_of(tx: Transaction, course_id: str) -> Mapping[str, Link]:
    """The links of a course's students, by student."""
    rows = select(StudentLink).join(Student, col(Student.id) == col(StudentLink.student_id))
    found = tx.exec(rows.where(Student.course_id == course_id))
    return {row.student_id: Link(row.student_id, row.created_at, row.expires_at, row.revoked_at) for row in found}


def add_request(tx: Transaction, request: Request) -> None:
    """Stores what a student asks."""
    tx.add(
        StudentRequest(
            id=request.id,
            student_id=request.student_id,
            class_id=request.class_id,
            text=request.text,
            made_at=request.made_at,
        )
    )
    tx.flush()


def class_of(tx: Transaction, request_id: str) -> str | None:
    """The id of the class that a request is about; None where there is no such request."""
    return tx.exec(select(StudentRequest.class_id).where(StudentRequest.id == request_id)).first()


def lock_request(tx: Transaction, request_id: str) -> Request | None:
    """A request, locked for the rest of the transaction; None where there is none."""
    row = tx.exec(select(StudentRequest).where(StudentRequest.id == request_id).with_for_update()).first()
    return _request(row) if row else None


def requests_of(tx: Transaction, student_id: str) -> list[Request]:
    """What a student has asked: what is open, then the latest first."""
    theirs = select(StudentRequest).where(StudentRequest.student_id == student_id)
    order = (col(StudentRequest.decided_at).is_not(None), col(StudentRequest.made_at).desc(), StudentRequest.id)
    return [_request(row) for row in tx.exec(theirs.order_by(*order))]


def decide(tx: Transaction, request_id: str, *, accepted: bool, answer: str, now: datetime) -> None:
    """Stores what was made of a request, which the caller has locked."""
    values = {"accepted": accepted, "answer": answer, "decided_at": now}
    tx.exec(update(StudentRequest).where(col(StudentRequest.id) == request_id).values(values))


def withdraw(tx: Transaction, student_id: str, request_id: str, now: datetime) -> bool:
    """Takes an open request of this student back, and forgets its words; whether there was one."""
    theirs = (
        col(StudentRequest.id) == request_id,
        col(StudentRequest.student_id) == student_id,
        col(StudentRequest.decided_at).is_(None),
    )
    return tx.exec(update(StudentRequest).where(*theirs).values(decided_at=now, text="")).rowcount > 0


def reopen(tx: Transaction, request_id: str) -> None:
    """Forgets what was made of a request, which the caller has locked."""
    values = {"accepted": None, "answer": "", "decided_at": None}
    tx.exec(update(StudentRequest).where(col(StudentRequest.id) == request_id).values(values))


def open_requests(tx: Transaction, viewer: Member, course_id: str | None = None, limit: int = 100) -> list[Asked]:
    """The open requests of courses that are the viewer's own or shared with her, the oldest first.

    Those of one course alone where it is given: then the caller has asked whether it is hers to see.
    """
    rows = (
        select(StudentRequest, Student, Course, LiveStream)
        .join(Student, col(Student.id) == col(StudentRequest.student_id))
        .join(Course, col(Course.id) == col(Student.course_id))
        .join(LiveStream, col(LiveStream.id) == col(StudentRequest.class_id))
        .where(*_open(viewer, course_id))
        .order_by(col(StudentRequest.made_at), StudentRequest.id)
        .limit(limit)
    )
    return [
        Asked(_request(row), student.name, course.id, course.name, of.title, of.scheduled_start)
        for row, student, course, of in tx.exec(rows)
    ]


def forget_requests(tx: Transaction, class_id: str) -> None:
    """Drops what students have asked of a class: in their words there may be anything of anybody."""
    tx.exec(delete(StudentRequest).where(col(StudentRequest.class_id) == class_id))


def give_to(tx: Transaction, student_id: str, other_id: str) -> None:
    """What a student has asked, and her link, are those of another student, unless that one has a link already."""
    if tx.get(StudentLink, other_id) is None:
        whose = col(StudentLink.student_id) == student_id
        tx.exec(update(StudentLink).where(whose).values(student_id=other_id))
    asked = col(StudentRequest.student_id) == student_id
    tx.exec(update(StudentRequest).where(asked).values(student_id=other_id))


def forget_links(tx: Transaction, before: datetime) -> None:
    """Drops the links whose time was over by then."""
    tx.exec(delete(StudentLink).where(col(StudentLink.expires_at) <= before))


def _open(viewer: Member, course_id: str | None) -> list[Any]:
    conditions: list[Any] = [col(StudentRequest.decided_at).is_(None)]
    if course_id is not None:
        return [*conditions, Student.course_id == course_id]
    shared = select(CourseShare.course_id).where(CourseShare.user_id == viewer.id)
    return [*conditions, or_(Course.teacher_id == viewer.id, col(Course.id).in_(shared))]


def _request(row: StudentRequest) -> Request:
    return Request(
        row.id,
        row.student_id,
        row.class_id,
        row.text,
        row.made_at,
        row.decided_at,
        row.accepted,
        row.answer,
    )
