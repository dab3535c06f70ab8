"""When to ask Zoom again: after a failure, and to see whether its list has settled. Pure functions."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from tracker.attendance.types import Snapshot
from tracker.errors import (
    ClassNotReady,
    MailPerhapsSent,
    MailRefused,
    ZoomError,
    ZoomMeetingUnknown,
    ZoomRateLimited,
    ZoomRefusedForNow,
)

LONGEST_GAP = timedelta(hours=1)
# How long an empty list, a meeting that Zoom does not know, or an odd refusal may still turn into a list.
PATIENCE = timedelta(hours=24)
# A day may also pass while no tracker runs, or because the clock was set: so many attempts have to be made too.
LEAST_ATTEMPTS = 6
# The code of a class of which Zoom has no list: it gives none of somebody who was alone.
NO_LIST = "no_list_yet"
# Zoom's answers that it knows of no session of a class: of one that was not held they are no fault.
NO_SESSION = frozenset(
    {
        "no_session_ended",
        "sessions_elsewhere",
        "zoom_meeting_not_over",
        "zoom_meeting_gone",
    }
)
# The codes of a fetch that came without some of the class's sessions, or of their records.
SESSIONS_MISSING, LIST_INCOMPLETE = "sessions_missing", "list_incomplete"
# No failure puts a try off further: Zoom's own limits end with its day at the latest.
FARTHEST_TRY = timedelta(hours=26)
# Zoom keeps lists of participants for 15 months.
KEPT_BY_ZOOM = timedelta(days=456)
# When Zoom's list is read again, in delays after the end of the class, and how far apart two equal snapshots have
# to be for the list to count as settled.
SNAPSHOTS = (1, 6, 144)
SETTLING_DELAYS = 4
# News that are older are none any more.
MAIL_PATIENCE = timedelta(hours=48)
FIRST_GAP_OF_MAIL = timedelta(minutes=1)


def first_gap(delay: timedelta) -> timedelta:
    """A tenth of the delay: a minute for the usual ten, and less where a school is in more of a hurry."""
    return min(max(delay / 10, timedelta(seconds=1)), timedelta(minutes=1))


def next_try(
    error: Exception, attempts: int, asked_at: datetime, now: datetime, *, first_gap: timedelta, spread: float
) -> datetime | None:
    """When to try again after `error`; None to give up.

    The gaps double from `first_gap` up to an hour. A time that Zoom stated is obeyed. `spread` in [0, 1) makes a
    gap up to a quarter longer, so that many classes that failed together do not come back together. What
    somebody can mend, or what passes, is tried for ever: the class was held and its list is worth waiting for.
    """
    if isinstance(error, ZoomError) and error.permanent:
        return None
    waited_enough = attempts >= LEAST_ATTEMPTS and now >= asked_at + PATIENCE
    if isinstance(error, ClassNotReady | ZoomMeetingUnknown | ZoomRefusedForNow) and waited_enough:
        return None
    gap: timedelta = min(first_gap * 2 ** min(attempts - 1, 16), LONGEST_GAP)
    stated = error.retry_at if isinstance(error, ZoomError) else None
    if stated is not None and isinstance(error, ZoomRateLimited):
        return max(stated, now) + first_gap * (spread / 4)
    return max(now + gap, stated or now) + gap * (spread / 4)


def next_of_incomplete(latest: datetime, ended_at: datetime) -> datetime | None:
    """When to read a list again that was still incomplete in its last reading; None when Zoom will have dropped it.

    The gaps double: a day after the last of the usual readings, then two days, and so on.
    """
    at = latest + max(latest - ended_at, PATIENCE)
    return at if at < ended_at + KEPT_BY_ZOOM else None


def next_snapshot(snapshots: Sequence[Snapshot], ended_at: datetime, delay: timedelta) -> datetime | None:
    """When to read Zoom's list again after the last of `snapshots`; None when it is settled.

    Zoom's list grows after the end of a class: it is read at the end + delay (ten minutes), six delays (an hour)
    and 144 delays (a day). It is settled when it is complete and an earlier snapshot was the same: one that was
    taken after the end of the class, and SETTLING_DELAYS or more before.
    """
    latest = snapshots[-1]
    for earlier in reversed(snapshots):
        if earlier.digest != latest.digest or earlier.at < ended_at or not latest.complete:
            break
        if latest.at - earlier.at >= SETTLING_DELAYS * delay:
            return None
    return next((at for at in (ended_at + times * delay for times in SNAPSHOTS) if at > latest.at), None)


def next_mail(error: Exception, attempts: int, asked_at: datetime, now: datetime, *, spread: float) -> datetime | None:
    """When to send an e-mail again that was not sent because of `error`; None to give up.

    The gaps double from a minute up to an hour, for two days since it was asked for. What the server will never take is
    given up at once, and so is what may have been sent: nothing is sent twice. `spread` is as in `next_try`.
    """
    if isinstance(error, MailRefused | MailPerhapsSent):
        return None
    gap: timedelta = min(FIRST_GAP_OF_MAIL * 2 ** min(attempts - 1, 16), LONGEST_GAP)
    at = now + gap * (1 + spread / 4)
    return at if at < asked_at + MAIL_PATIENCE else None
