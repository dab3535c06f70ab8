"""A class is cancelled, which can be taken back for a while; then the meeting that was made for it is deleted at Zoom.

The deletion is a due time in the database, so that any tracker does it, after a pause of any length as well. One that
takes it puts the due time off first: where it dies, another one comes after that. No transaction is open meanwhile.
"""

import logging
import math
import random
from datetime import datetime, timedelta

from tracker import audit, auth, retry, storage
from tracker.attendance.types import ClassStatus
from tracker.audit import Action
from tracker.classes.planned import check_not_taken, lock_planned, others_in_meeting, still_planned
from tracker.errors import InvalidInput, TrackerError
from tracker.services import Services
from tracker.sessions import following
from tracker.storage.classes import Class
from tracker.storage.database import reading, transaction
from tracker.storage.members import Member

log = logging.getLogger(__name__)
# For so long a cancelling can be taken back; only then the meeting is deleted.
UNDO_FOR = timedelta(minutes=10)
# Longer than any call to Zoom may take.
LEASE = timedelta(minutes=5)


def cancel_class(services: Services, acting: Member, class_id: str) -> None:
    """Cancels a class that has not begun; a meeting that was made for it, and that no other has, is deleted in a while.

    Raises InvalidInput for one that has begun, NotAllowed, NotFound.
    """
    current = still_planned(services, acting, class_id)
    now = services.now()
    with (
        transaction(services.engine) as tx,
        following(tx, current.zoom_meeting_id or "", services.delay, now),
    ):
        found = lock_planned(tx, acting, class_id)
        # Where other classes are held in it, their link would stop working.
        deletes = found.zoom_meeting_made and found.api_meeting_id and not others_in_meeting(tx, found)
        storage.classes.set_life(tx, class_id, ClassStatus.CANCELLED, None, None)
        storage.cancelling.set_cancelling(tx, class_id, now, now + UNDO_FOR if deletes else None)
        storage.fetches.withdraw(tx, class_id)
        audit.note(tx, acting, Action.CLASS_CANCELLED, now, class_id=class_id)


def undo_cancelling(services: Services, acting: Member, class_id: str) -> None:
    """Puts a cancelled class back to what it was, as long as `may_be_undone` says so.

    Raises InvalidInput where it is too late, or where another class has the meeting at this time now; NotAllowed,
    NotFound.
    """
    current = services.read(storage.classes.get_class, class_id)
    auth.check_may_change(acting, current)
    now = services.now()
    with (
        transaction(services.engine) as tx,
        following(tx, current.zoom_meeting_id or "", services.delay, now),
    ):
        found = storage.classes.lock_class(tx, class_id)
        auth.check_may_change(acting, found)
        if not may_be_undone(found, now):
            raise InvalidInput("cancelling_not_undoable")
        check_not_taken(tx, found.zoom_meeting_id or "", found.scheduled_start)
        storage.classes.set_life(tx, class_id, ClassStatus.SCHEDULED, None, None)
        storage.cancelling.set_cancelling(tx, class_id, None, None)
        audit.note(tx, acting, Action.CLASS_CANCELLING_UNDONE, now, class_id=class_id)


def may_be_undone(found: Class, now: datetime) -> bool:
    """Whether a class is cancelled, and its meeting is still as it was: no tracker has begun to delete it."""
    if found.status is not ClassStatus.CANCELLED or found.cancelled_at is None:
        return False
    until = found.cancelled_at + UNDO_FOR
    return now < until if found.zoom_deletion_due_at is None else found.zoom_deletion_due_at == until


def is_deletion_due(services: Services) -> bool:
    """Whether the meeting of a cancelled class is to be deleted now."""
    with reading(services.engine) as tx:
        return storage.cancelling.is_deletion_due(tx, services.now())


def delete_due_meeting(services: Services) -> bool:
    """Deletes the one meeting at Zoom that has been due the longest; whether there was one."""
    now = services.now()
    with transaction(services.engine) as tx:
        found = storage.cancelling.claim_deletion(tx, now, now + LEASE)
        if found is None:
            return False
        meeting_id = found.api_meeting_id
        if meeting_id is None or others_in_meeting(tx, found):
            # Another class is held in it since: that one's link must go on working.
            storage.cancelling.put_off_deletion(tx, found, None)
            return True
    again_at = None
    try:
        services.zoom.delete_meeting(meeting_id)
        log.info("the meeting of a cancelled class is deleted", extra={"class": found.id})
    except TrackerError as error:
        again_at = _next_try(services, found, error)
        fields = {"class": found.id, "gave_up": again_at is None, **error.problem.log_fields()}
        log.warning("the meeting of a cancelled class cannot be deleted", extra=fields)
    with transaction(services.engine) as tx:
        storage.cancelling.put_off_deletion(tx, found, again_at)
    return True


def _next_try(services: Services, found: Class, error: TrackerError) -> datetime | None:
    """When to try again after `error`; None to give up. How often it was tried is told by the time that has passed."""
    now, gap = services.now(), retry.first_gap(services.delay)
    asked_at = (found.cancelled_at or now) + UNDO_FOR
    attempts = 1 + int(math.log2(1 + max(now - asked_at, timedelta(0)) / gap))
    spread = random.random()  # noqa: S311 - spreads load, guards nothing
    return retry.next_try(error, attempts, asked_at, now, first_gap=gap, spread=spread)
