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
from tracker.classes.planned import (
    all_following,
    check_not_taken,
    lock_planned,
    others_in_meeting,
    still_planned,
    those_that_follow,
)
from tracker.errors import InvalidInput, TrackerError
from tracker.services import Services
from tracker.storage.classes import Class
from tracker.storage.database import Transaction, reading, transaction
from tracker.storage.members import Member

log = logging.getLogger(__name__)
# For so long a cancelling can be taken back; only then the meeting is deleted.
UNDO_FOR = timedelta(minutes=10)
# Longer than any call to Zoom may take.
LEASE = timedelta(minutes=5)


def cancel_class(services: Services, acting: Member, class_id: str, *, with_following: bool = False) -> None:
    """Cancels a class that has not begun, or it and all that follow in its series.

    A meeting that was made for it, and that no other has, is deleted in a while; of a recurring one its date.
    Raises InvalidInput for one that has begun, NotAllowed, NotFound.
    """
    current = still_planned(services, acting, class_id)
    now = services.now()
    with transaction(services.engine) as tx:
        meant = those_that_follow(tx, current) if with_following else [current]
        with all_following(tx, meant, services.delay, now):
            for one in meant:
                _cancel(tx, lock_planned(tx, acting, one.id), now)
                audit.note(tx, acting, Action.CLASS_CANCELLED, now, class_id=one.id)


def _cancel(tx: Transaction, found: Class, now: datetime) -> None:
    # Where other classes are held in it, their link would stop working.
    deletes = found.zoom_meeting_made and found.api_meeting_id and not others_in_meeting(tx, found)
    storage.classes.set_life(tx, found.id, ClassStatus.CANCELLED, None, None)
    storage.cancelling.set_cancelling(tx, found.id, now, now + UNDO_FOR if deletes else None)
    storage.fetches.withdraw(tx, found.id)
    if found.series_id is not None and found.zoom_occurrence_id is not None:
        storage.series.ask(tx, found.series_id, now + UNDO_FOR)


def undo_cancelling(services: Services, acting: Member, class_id: str, *, with_others: bool = False) -> None:
    """Puts a cancelled class back to what it was, as long as `may_be_undone` says so.

    Or it and all others of its series that were cancelled together with it, as far as they can be. Raises InvalidInput
    where it is too late, or where another class has the meeting at this time now; NotAllowed, NotFound.
    """
    current = services.read(storage.classes.get_class, class_id)
    auth.check_may_change(acting, current)
    now = services.now()
    with transaction(services.engine) as tx:
        meant = [current, *(cancelled_with(tx, acting, current, now) if with_others else ())]
        with all_following(tx, meant, services.delay, now):
            for one in meant:
                found = storage.classes.lock_class(tx, one.id)
                auth.check_may_change(acting, found)
                if not may_be_undone(found, now):
                    raise InvalidInput("cancelling_not_undoable")
                check_not_taken(tx, found.zoom_meeting_id, found.scheduled_start)
                storage.classes.set_life(tx, one.id, ClassStatus.SCHEDULED, None, None)
                storage.cancelling.set_cancelling(tx, one.id, None, None)
                storage.registrations.ask_for_class(tx, one.id, now)
                audit.note(tx, acting, Action.CLASS_CANCELLING_UNDONE, now, class_id=one.id)


def cancelled_with(tx: Transaction, viewer: Member, found: Class, now: datetime) -> list[Class]:
    """The others of its series that were cancelled together with a class, and that this person can put back."""
    if found.series_id is None or found.cancelled_at is None:
        return []
    series = storage.series.classes_of(tx, found.series_id)
    together = [one for one in series if one.id != found.id and one.cancelled_at == found.cancelled_at]
    return [one for one in together if may_be_undone(one, now) and auth.may_see(viewer, one)]


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
