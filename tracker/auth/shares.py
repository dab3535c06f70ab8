"""Sharing classes and courses with colleagues, who then see and change them as their teacher does."""

import logging
from datetime import datetime

from tracker import audit, storage
from tracker.audit import Action
from tracker.errors import InvalidInput, NotAllowed
from tracker.permissions import (
    check_is_in_charge_of_course,
    check_may_change_course,
    check_may_end_share,
    check_may_see,
    check_may_share,
    is_in_charge,
    may_see,
)
from tracker.storage.classes import Class
from tracker.storage.database import Engine, Transaction, transaction
from tracker.storage.members import Member
from tracker.storage.shares import Kind, Share

log = logging.getLogger(__name__)


def share(engine: Engine, acting: Member, class_id: str, email: str, now: datetime, kind: Kind = "class") -> Share:
    """Shares a class, or the course that it belongs to, with the colleague who has this e-mail.

    Raises NotAllowed for whoever is neither its teacher nor an admin, NotFound for a class or an account that is not
    there, InvalidInput for a closed account, for the teacher herself, and for a class without a course.
    """
    with transaction(engine) as tx:
        # Locked: while it is handed over, or the account is closed, nothing is shared.
        found = storage.classes.lock_class(tx, class_id)
        check_may_share(acting, found)
        shared_id = found.id if kind == "class" else found.course_id
        if shared_id is None:
            raise InvalidInput("class_without_course")
        made = _given(tx, kind, shared_id, found.teacher_id, email, now)
        _note(tx, acting, Action.SHARED, now, made, found.id)
    _log("shared", acting, made)
    return made


def share_course(engine: Engine, acting: Member, course_id: str, email: str, now: datetime) -> Share:
    """Shares a course, which may have no class yet. Raises as `share` does."""
    with transaction(engine) as tx:
        storage.courses.course_by_id(tx, course_id)
        # Courses are locked after people.
        storage.members.lock_member(tx, storage.members.get_member(tx, email).id)
        storage.courses.lock_course(tx, course_id)
        found = storage.courses.course_by_id(tx, course_id)
        check_is_in_charge_of_course(acting, found)
        made = _given(tx, "course", course_id, found.teacher_id, email, now)
        _note(tx, acting, Action.SHARED, now, made, None)
    _log("shared", acting, made)
    return made


def _given(tx: Transaction, kind: Kind, shared_id: str, teacher_id: str, email: str, now: datetime) -> Share:
    """The share with whoever has this e-mail. Raises NotFound, InvalidInput."""
    colleague = storage.members.get_member(tx, email)
    storage.members.lock_member(tx, colleague.id)
    if storage.members.is_disabled(tx, colleague.id):
        raise InvalidInput("share_with_closed", email=colleague.email)
    if colleague.id == teacher_id:
        raise InvalidInput("share_with_teacher")
    storage.shares.add(tx, kind, shared_id, colleague.id, now)
    return storage.shares.get(tx, kind, shared_id, colleague)


def end_share(engine: Engine, acting: Member, given: Share, now: datetime, class_id: str | None = None) -> None:
    """Takes a share back, or gives it up; that of a course, maybe on the page of one of its classes.

    Raises NotAllowed for whoever is neither the teacher, nor an admin, nor the colleague herself; NotFound where it has
    ended already.
    """
    with transaction(engine) as tx:
        current = storage.shares.get(tx, given.kind, given.id, given.colleague)
        check_may_end_share(acting, current)
        storage.shares.end(tx, current.kind, current.id, current.colleague.id)
        _note(tx, acting, Action.SHARE_ENDED, now, current, class_id)
    _log("share_ended", acting, current)


def shares_of(tx: Transaction, viewer: Member, found: Class) -> list[Share]:
    """With whom a class is shared, and with whom its course. Raises NotAllowed, NotFound."""
    current = storage.classes.get_class(tx, found.id)
    check_may_see(viewer, current)
    return storage.shares.of_class(tx, current.id, current.course_id)


def shares_of_course(tx: Transaction, viewer: Member, course_id: str) -> list[Share]:
    """With whom a course is shared. Raises NotAllowed, NotFound."""
    check_may_change_course(viewer, storage.courses.course_by_id(tx, course_id))
    return storage.shares.of_course(tx, course_id)


def check_reach(tx: Transaction, acting: Member, found: Class) -> None:
    """Raises NotAllowed for a co-teacher where the Zoom meeting of a class serves classes too that she may not see.

    Which sessions are which class's is decided for all classes of a meeting together: whoever moves one of them, or
    decides on a session, changes the others, and might have their people come to the class that she may see.
    """
    if is_in_charge(acting, found):
        return
    for other in storage.classes.classes_of_meeting(tx, found.zoom_meeting_id or ""):
        if not may_see(acting, other):
            raise NotAllowed("meeting_of_hidden_class", teacher=found.teacher_name)


def shares_by(tx: Transaction, member: Member) -> list[Share]:
    """What this person shares with others."""
    return storage.shares.given_by(tx, member.id)


def shares_with(tx: Transaction, member: Member) -> list[Share]:
    """What others share with this person."""
    return storage.shares.given_to(tx, member.id)


def _note(tx: Transaction, acting: Member, action: Action, now: datetime, one: Share, class_id: str | None) -> None:
    class_id = one.id if one.kind == "class" else class_id
    told = {"kind": one.kind, "title": one.title, "account": one.colleague.email}
    audit.note(tx, acting, action, now, class_id=class_id, **told)


def _log(outcome: str, acting: Member, one: Share) -> None:
    fields = {"outcome": outcome, "user": one.colleague.id, "by": acting.id or acting.name, one.kind: one.id}
    log.info("share", extra=fields)
