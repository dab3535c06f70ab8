"""How a class stands, as a code, and what the trouble with it is. No database and no clock."""

from datetime import datetime, timedelta

from tracker import classes
from tracker.attendance.types import ClassStatus, FetchState
from tracker.retry import LIST_INCOMPLETE, SESSIONS_MISSING
from tracker.storage.classes import Class

# A fetch that is due is taken within a second or two; much longer means that no tracker is running.
OVERDUE = timedelta(minutes=2)
# What somebody has to do something about, or to know of.
TROUBLES = frozenset({"failed", "no_list", "not_held", "not_seen", "not_fetched", "no_meeting", "overdue"})
# What may be the reason of a trouble: with another one it is another trouble.
_WITH_REASON = frozenset({"failed", "no_list", "not_fetched"})


def state_of(found: Class, now: datetime) -> str:
    """The code of how a class stands; `tracker.ui.words.state` says it in words."""
    if found.status is ClassStatus.CANCELLED:
        return "cancelled"
    if found.status is ClassStatus.LIVE:
        return "live"
    if found.status is ClassStatus.ENDED and found.participants_fetched_at is not None:
        error = found.fetch.error if found.fetch is not None else None
        missing = error is not None and error.code in (SESSIONS_MISSING, LIST_INCOMPLETE)
        return "counted_in_part" if missing and found.names_removed_at is None else "counted"
    return _planned(found, now) if found.status is ClassStatus.SCHEDULED else _waiting(found, now)


def trouble_of(found: Class, now: datetime) -> str | None:
    """The code of what is the matter with a class, with that of its reason; None where nothing is."""
    state = state_of(found, now)
    if state == "planned" and found.zoom_meeting_id is None:
        return None if found.zoom_meeting_due_at is not None else "no_meeting"
    if state not in TROUBLES:
        return None
    reason = found.fetch.error.code if found.fetch and found.fetch.error and state in _WITH_REASON else None
    return f"{state} {reason}" if reason else state


def needs_attention(found: Class, now: datetime) -> bool:
    """Whether something is the matter with a class that nobody has seen to."""
    trouble = trouble_of(found, now)
    return trouble is not None and trouble != found.seen_to


def _planned(found: Class, now: datetime) -> str:
    """How a class stands of which no session is known."""
    if now <= found.planned.end:
        return "planned"
    if classes.was_not_held(found, now):
        return "not_held"
    if found.zoom_meeting_id is None:
        return "no_meeting"
    fetch = found.fetch
    asked_in_vain = fetch is not None and classes.found_no_session(fetch)
    if fetch is not None and not asked_in_vain and (fetch.due_at is not None or fetch.error is not None):
        return _waiting(found, now)
    return "not_seen"


def _waiting(found: Class, now: datetime) -> str:
    """How a class stands that is over, or should be, and whose participants are not known."""
    fetch = found.fetch
    state = fetch.state(now) if fetch is not None else None
    if state is FetchState.COLLECTING:
        return "collecting"
    if state is FetchState.NO_DATA:
        return "no_list"
    if state is FetchState.FAILED:
        return "failed"
    if found.zoom_meeting_id is None and (fetch is None or fetch.due_at is None):
        return "no_meeting"
    if fetch is None or fetch.due_at is None:
        return "not_fetched"
    if now > fetch.due_at + OVERDUE:
        return "overdue"
    return "trying_again" if fetch.error else "waiting"
