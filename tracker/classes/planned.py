"""A class that has not begun, as it is looked up before it is changed.

And with it the others in its Zoom meeting, and those that follow it in its series.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta

from tracker import auth, storage
from tracker.attendance.types import ClassStatus
from tracker.errors import InvalidInput
from tracker.services import Services
from tracker.sessions import following
from tracker.storage.classes import Class
from tracker.storage.database import Transaction, reading
from tracker.storage.members import Member


def classes_of_meeting(tx: Transaction, meeting_id: str) -> list[Class]:
    """The classes that use this Zoom meeting and are not cancelled."""
    return storage.classes.classes_of_meeting(tx, meeting_id)


def others_in_meeting(tx: Transaction, found: Class) -> list[Class]:
    """The other classes that are held in the Zoom meeting of a class and are not cancelled."""
    same = classes_of_meeting(tx, found.zoom_meeting_id or "")
    return [one for one in same if one.id != found.id and one.api_meeting_id == found.api_meeting_id]


def those_that_follow(tx: Transaction, found: Class) -> list[Class]:
    """The class and those that come after it in its series and have not begun either, by their starts."""
    if found.series_id is None:
        return [found]
    later = [one for one in storage.series.classes_of(tx, found.series_id) if one.id != found.id]
    planned = [one for one in later if one.status is ClassStatus.SCHEDULED]
    return [found, *(one for one in planned if one.scheduled_start >= found.scheduled_start)]


def following_for(tx: Transaction, viewer: Member, found: Class) -> list[Class]:
    """Those that come after a class in its series; none where one of them is not this person's to change."""
    later = those_that_follow(tx, found)[1:]
    return later if all(auth.may_see(viewer, one) for one in later) else []


@contextmanager
def all_following(tx: Transaction, classes: Sequence[Class], delay: timedelta, now: datetime) -> Iterator[None]:
    """Whatever is changed of these classes in the block, all classes of their meetings follow."""
    meetings = sorted({one.zoom_meeting_id for one in classes if one.zoom_meeting_id is not None})
    beside = (other.id for meeting in meetings for other in storage.classes.classes_in_meeting(tx, meeting))
    # All at once and in one order, so that two who lock them never wait for each other.
    storage.series.lock_classes(tx, {*(one.id for one in classes), *beside})
    with ExitStack() as stack:
        for meeting_id in meetings:
            stack.enter_context(following(tx, meeting_id, delay, now))
        yield


def still_planned(services: Services, acting: Member, class_id: str) -> Class:
    """The class that somebody is about to change. Raises InvalidInput where it has begun, NotAllowed, NotFound."""
    with reading(services.engine) as tx:
        found = storage.classes.get_class(tx, class_id)
    auth.check_may_change(acting, found)
    _check_planned(found)
    return found


def lock_planned(tx: Transaction, acting: Member, class_id: str) -> Class:
    """The class, locked, asked once more: it may have begun, or may be hers no more, while Zoom was told.

    Raises NotAllowed, and as `_check_planned`.
    """
    found = storage.classes.lock_class(tx, class_id)
    auth.check_may_change(acting, found)
    _check_planned(found)
    return found


def _check_planned(found: Class) -> None:
    if found.status is not ClassStatus.SCHEDULED:
        raise InvalidInput("class_not_changeable")


def check_not_taken(tx: Transaction, meeting_id: str | None, start: datetime) -> None:
    """Two classes in one meeting at one time would be one and the same: only one of them could have its sessions.

    Raises InvalidInput.
    """
    classes = storage.classes.classes_of_meeting(tx, meeting_id) if meeting_id is not None else []
    if any(found.scheduled_start == start for found in classes):
        raise InvalidInput("meeting_taken")
