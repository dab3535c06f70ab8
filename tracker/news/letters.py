"""The e-mail that a row of the queue becomes at the moment at which it is sent, from what is known then."""

from datetime import datetime, timedelta

from tracker import storage
from tracker.attendance.register import Known, Register
from tracker.courses import class_in_register, course_register, roster_of, students_of_class
from tracker.errors import Problem
from tracker.mail import Letter
from tracker.messages import languages
from tracker.messages.languages import gettext as _
from tracker.news.digest import Digest, digest_of, weekly_of
from tracker.storage.classes import Class
from tracker.storage.courses import Course
from tracker.storage.database import Transaction
from tracker.storage.mails import MailClaim
from tracker.storage.members import Member
from tracker.text import plain

NOTHING_TO_SAY, NOT_WANTED = Problem("mail_nothing_to_say"), Problem("mail_not_wanted")
# Who is at risk is told in weeks that had a class.
OF_LATE = timedelta(days=7)


def letter_of(tx: Transaction, claim: MailClaim, now: datetime) -> Letter | Problem:
    """The letter to the teacher of the course, in her language; or why there is none to send.

    Raises UnreadableRecords.
    """
    found = storage.classes.get_class(tx, claim.class_id) if claim.class_id else None
    course_id = found.course_id if found else claim.course_id
    if course_id is None:
        return NOT_WANTED
    course = storage.courses.course_by_id(tx, course_id)
    teacher = storage.members.member_with_id(tx, course.teacher_id)
    wanted = course.sends_digest if found else course.sends_weekly
    if not wanted or course.archived_at is not None or teacher.disabled_at is not None:
        return NOT_WANTED
    with languages.speaking(languages.best(teacher.language)):
        told = _digest(tx, teacher, found, now) if found else _weekly(tx, teacher, course, now)
        if told is None:
            return NOTHING_TO_SAY
        return Letter(claim.key, teacher.email, told.subject, _with_why(told.text, course), languages.html_lang())


def _digest(tx: Transaction, teacher: Member, found: Class, now: datetime) -> Digest | None:
    known = students_of_class(tx, teacher, found, now)
    return digest_of(class_in_register(found, now), roster_of(tx, found)[0], known) if known else None


def _weekly(tx: Transaction, teacher: Member, course: Course, now: datetime) -> Digest | None:
    made = course_register(tx, teacher, course, now)
    return weekly_of(made) if _has_class_of_late(made, now) else None


def _has_class_of_late(made: Register, now: datetime) -> bool:
    return any(held.known is Known.COUNTED and held.start >= now - OF_LATE for held in made.classes)


def _with_why(text: str, course: Course) -> str:
    why = _(
        "This e-mail comes because it is turned on for the course “{course}”. Turn it off on the course's page.",
        course=plain(course.name),
    )
    return f"{text}\n\n{why}"
