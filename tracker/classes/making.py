"""The meetings of classes that were planned together are made at Zoom, and changed, by any tracker.

What is to be done is a due time of each class. One that takes it puts it off first: where it dies, another one comes
after that. Zoom may have made a meeting of which nobody could be told any more, since the tracker died or no answer
came. So before one is asked for a second time, Zoom's list is looked through for it. No transaction is open meanwhile.
"""

import logging
from datetime import datetime, timedelta

from tracker import storage
from tracker.attendance.meeting_options import MeetingOptions
from tracker.attendance.types import ClassStatus
from tracker.classes import meeting_options
from tracker.classes.cancelling import UNDO_FOR
from tracker.classes.plan import Plan
from tracker.classes.planned import others_in_meeting
from tracker.errors import (
    NotConfigured,
    TrackerError,
    ZoomError,
    ZoomMeetingUnknown,
    ZoomMisconfigured,
    ZoomRateLimited,
    ZoomRefused,
    ZoomUnreachable,
)
from tracker.services import Services
from tracker.sessions import following
from tracker.storage.classes import Class
from tracker.storage.database import reading, transaction
from tracker.zoom import Meeting

log = logging.getLogger(__name__)
# Longer than the calls to Zoom for one class may take.
LEASE = timedelta(minutes=5)
# When Zoom is asked again after a failure that passes, and after one that somebody has to mend.
SOON, LATER = timedelta(minutes=1), timedelta(hours=1)
NO_SUCH_HOST = "zoom_no_such_user"
# So far Zoom's clock may be behind ours.
CLOCKS_APART = timedelta(minutes=5)


def is_meeting_due(services: Services) -> bool:
    """Whether Zoom is to be told of a class now."""
    with reading(services.engine) as tx:
        return storage.series.is_meeting_due(tx, services.now())


def make_due_meeting(services: Services) -> bool:
    """Makes, or changes, the meeting of the one class that has been due the longest; whether there was one."""
    now = services.now()
    with transaction(services.engine) as tx:
        found = storage.series.claim_meeting(tx, now, now + LEASE)
        if found is None:
            return False
        if found.planned.end <= now:  # nobody needs its meeting any more
            storage.series.told(tx, found)
            return True
    plan = Plan(found.title, found.scheduled_start, found.duration_minutes, found.timezone)
    asked_at, makes = found.zoom_meeting_asked_at, found.api_meeting_id is None
    asked_before = asked_at is not None and asked_at < now.replace(microsecond=0)
    try:
        meeting = _made_before(services, found, plan) if makes and asked_before else None
        if meeting is not None:
            sent = meeting_options.wanted(services, found.meeting_asked)
        elif makes:
            meeting, sent = meeting_options.make(services, found.teacher_zoom_user, plan.meeting(), found.meeting_asked)
        else:
            meeting, sent = meeting_options.change(services, found, plan.meeting())
    except (ZoomError, NotConfigured) as error:
        _put_off(services, found, error, unknown=asked_before or isinstance(error, ZoomUnreachable))
        return True
    _store(services, found, meeting if makes else None, sent, meeting_options.has_of(meeting))
    return True


def _made_before(services: Services, found: Class, plan: Plan) -> Meeting | None:
    """The meeting that Zoom has made for the class already, where nobody was told of it; else None."""
    asked_at = found.zoom_meeting_asked_at or services.now()
    try:
        ids = services.zoom.find_meeting(found.teacher_zoom_user, plan.meeting(), asked_at - CLOCKS_APART)
    except ZoomMisconfigured as error:
        fields = {"class": found.id, **error.problem.log_fields()}
        log.warning("Zoom may have made the meeting of a class twice: its list cannot be read", extra=fields)
        return None
    with reading(services.engine) as tx:
        known = storage.series.known_meetings(tx, ids)
    return next((services.zoom.meeting(one) for one in ids if one not in known), None)


def _store(
    services: Services, found: Class, meeting: Meeting | None, sent: MeetingOptions, has: MeetingOptions | None
) -> None:
    """What Zoom has done is noted; a meeting that a class does not need (any more) is deleted.

    `meeting` is one that was made, `sent` what was asked of it, `has` what came of that.
    """
    now, needless = services.now(), False
    with (
        transaction(services.engine) as tx,
        following(tx, meeting.announced_id if meeting else found.zoom_meeting_id or "", services.delay, now),
    ):
        locked = storage.classes.lock_class(tx, found.id)
        storage.series.told(tx, found)
        if meeting is not None:
            needless = locked.api_meeting_id not in (None, meeting.id)
        if not needless:
            storage.meeting_options.set_told(tx, found.id, sent, has)
        if meeting is not None and not needless:
            api_id = meeting.id if meeting.personal_id else None
            storage.series.set_made_meeting(
                tx, found.id, meeting.announced_id, api_id, meeting.join_url, meeting.host_id
            )
            cancelled_at = locked.cancelled_at if locked.status is ClassStatus.CANCELLED else None
            if cancelled_at is not None and not others_in_meeting(tx, storage.classes.get_class(tx, found.id)):
                storage.cancelling.set_cancelling(tx, found.id, cancelled_at, cancelled_at + UNDO_FOR)
        if not needless:
            storage.registrations.ask_for_class(tx, found.id, now)
    if meeting is not None and needless:
        log.warning("a class had a meeting already; the second one is deleted", extra={"class": found.id})
        services.zoom.delete_meeting(meeting.id)
    log.info("Zoom was told of a class", extra={"class": found.id, "made": meeting is not None})


def _put_off(services: Services, found: Class, error: TrackerError, *, unknown: bool) -> None:
    now = services.now()
    gone = isinstance(error, ZoomMeetingUnknown) and found.api_meeting_id is not None
    at = None if gone else put_off_until(error, now)
    log.warning("Zoom was not told of a class", extra={"class": found.id, **error.problem.log_fields()})
    with transaction(services.engine) as tx:
        storage.classes.lock_class(tx, found.id)
        if at is None:  # somebody has deleted the meeting at Zoom
            storage.series.told(tx, found)
        else:
            storage.series.put_off_meeting(tx, found, at, unknown=unknown)
    if at is not None and (not isinstance(error, ZoomRefused) or error.code == NO_SUCH_HOST):
        # They would be refused in the same way. What Zoom has against one meeting holds up no other.
        with transaction(services.engine) as tx:
            storage.series.put_off_others(tx, found, at)


def put_off_until(error: TrackerError, now: datetime) -> datetime:
    """When Zoom is asked again: as long as the class is to come there is no giving up."""
    if isinstance(error, ZoomRateLimited):
        return max(error.retry_at or now, now + timedelta(seconds=1))
    return now + (SOON if isinstance(error, ZoomUnreachable) else LATER)
