"""Classes that somebody has to look after, and how many there are. Every function runs in the caller's transaction."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_
from sqlmodel import col, select

from tracker.attendance.types import ClassStatus, FetchState
from tracker.storage import classes, fetches
from tracker.storage.classes import Class
from tracker.storage.database import Transaction
from tracker.storage.models import Fetch, LiveStream, MeetingSession

# Due for this long and not taken by anybody: the trackers do not keep up, or there is none.
LATE = timedelta(minutes=5)
# Of a fetch and its class: the class was held, and its participants are not waited for any more, but may be asked for.
GIVEN_UP = (
    col(LiveStream.status) == ClassStatus.ENDED.value,
    col(Fetch.due_at).is_(None),
    col(Fetch.state).in_([FetchState.FAILED.value, FetchState.NO_DATA.value]),
    col(LiveStream.names_removed_at).is_(None),
)
# Of a class and its fetch: there is none, or it was withdrawn, and the names of the class may still be asked for.
_NOBODY_ASKED = (
    col(Fetch.due_at).is_(None),
    or_(col(Fetch.state).is_(None), col(Fetch.state) == FetchState.WAITING.value),
    col(LiveStream.names_removed_at).is_(None),
)


@dataclass(frozen=True, slots=True)
class Queue:
    """How many fetches are open; of these how many are due, late, and failing.

    `stuck` are those of held classes that failed again and again, not counting lists that are only empty. `given_up`
    are not open any more. `oldest_due` is since when the one is due that has been due for longest.
    """

    open: int
    due: int
    late: int
    failing: int
    stuck: int
    given_up: int
    oldest_due: datetime | None = None


def forgotten(tx: Transaction) -> list[Class]:
    """Classes that ended, have no participants, and for which nobody has asked Zoom yet.

    Only another program that writes into the database makes these; they are to be fetched all the same.
    """
    return classes.classes_where(
        tx,
        LiveStream.status == ClassStatus.ENDED.value,
        col(LiveStream.ended_at).is_not(None),
        col(LiveStream.participants_fetched_at).is_(None),
        col(LiveStream.zoom_meeting_id).is_not(None),
        *_NOBODY_ASKED,
        limit=100,
    )


def unheard(tx: Transaction, now: datetime) -> list[Class]:
    """Classes that began, or should have, and of whose end nothing is known; for which nobody has asked Zoom yet.

    Their planned end may still be to come. Those that began first come first, and so cannot hide one that is over.
    """
    return classes.classes_where(
        tx,
        col(LiveStream.status).in_([ClassStatus.SCHEDULED.value, ClassStatus.LIVE.value]),
        col(LiveStream.scheduled_start) < now,
        col(LiveStream.zoom_meeting_id).is_not(None),
        *_NOBODY_ASKED,
        order=(col(LiveStream.scheduled_start), col(LiveStream.id)),
        limit=500,
    )


def beside_running(tx: Transaction, begun_after: datetime, planned_before: datetime) -> list[Class]:
    """Planned classes in whose meeting a session that began after that moment runs as far as is known."""
    running = select(MeetingSession.meeting_id).where(
        col(MeetingSession.ended_at).is_(None), col(MeetingSession.started_at) > begun_after
    )
    return classes.classes_where(
        tx,
        LiveStream.status == ClassStatus.SCHEDULED.value,
        col(LiveStream.scheduled_start) < planned_before,
        col(LiveStream.zoom_meeting_id).in_(running),
        limit=500,
    )


def planned_beside_sessions(tx: Transaction, after: datetime, before: datetime) -> list[Class]:
    """Planned classes that should have begun between these moments, and whose meeting has had a session at any time."""
    return classes.classes_where(
        tx,
        LiveStream.status == ClassStatus.SCHEDULED.value,
        col(LiveStream.scheduled_start) > after,
        col(LiveStream.scheduled_start) < before,
        col(LiveStream.zoom_meeting_id).in_(select(MeetingSession.meeting_id)),
        limit=500,
    )


def live_since(tx: Transaction, before: datetime) -> list[Class]:
    """Classes with a session that began before that moment, run as far as is known, and are not waited for."""
    return classes.classes_where(
        tx,
        LiveStream.status == ClassStatus.LIVE.value,
        col(LiveStream.started_at) < before,
        col(LiveStream.zoom_meeting_id).in_(select(MeetingSession.meeting_id)),
        col(Fetch.due_at).is_(None),
        limit=100,
    )


def troubled(tx: Transaction, limit: int, *, no_session: Collection[str]) -> list[Class]:
    """Classes whose fetch fails and is tried again, and held ones that were given up; latest first.

    That Zoom has no session (codes in `no_session`) is no trouble where the class was not held.
    """
    failing = and_(col(Fetch.due_at).is_not(None), _fails(no_session))
    order = (col(LiveStream.scheduled_start).desc(), col(LiveStream.id))
    return classes.classes_where(tx, or_(failing, and_(*GIVEN_UP)), order=order, limit=limit)


def queue(tx: Transaction, now: datetime, *, stuck_after: int, no_list: str, no_session: Collection[str]) -> Queue:
    """How many fetches are where. `stuck` are those that failed so often, and not with the code `no_list`.

    `no_session` as in `troubled`.
    """
    due, free = col(Fetch.due_at) <= now, fetches.is_free(now)
    number = func.count()
    numbers: Any = (
        number,
        number.filter(due),
        number.filter(col(Fetch.due_at) <= now - LATE, free),
        number.filter(_fails(no_session)),
        func.min(col(Fetch.due_at)).filter(due),
    )
    open_ones = select(*numbers).select_from(Fetch).join(LiveStream).where(col(Fetch.due_at).is_not(None))
    opened, due_now, late, failing, oldest_due = tx.exec(open_ones).one()
    of_held = select(number).select_from(Fetch).join(LiveStream).where(LiveStream.status == ClassStatus.ENDED.value)
    failed_often = (
        col(Fetch.attempts) >= stuck_after,
        col(Fetch.error).is_not(None),
        col(Fetch.error) != no_list,
    )
    stuck = tx.exec(of_held.where(col(Fetch.due_at).is_not(None), *failed_often)).one()
    given_up = tx.exec(select(number).select_from(Fetch).join(LiveStream).where(*GIVEN_UP)).one()
    return Queue(opened, due_now, late, failing, stuck, given_up, oldest_due)


def _fails(no_session: Collection[str]) -> ColumnElement[bool]:
    """Whether a fetch fails, of a fetch and its class."""
    held = col(LiveStream.status) != ClassStatus.SCHEDULED.value
    return and_(col(Fetch.error).is_not(None), or_(held, col(Fetch.error).not_in(sorted(no_session))))


def first_held_after(tx: Transaction, moment: datetime) -> datetime | None:
    """The start of the first class after that moment that was planned beforehand, and was held to its end."""
    held = select(func.min(LiveStream.started_at)).where(
        col(LiveStream.started_at) > moment,
        col(LiveStream.started_at) > col(LiveStream.created_at),
        col(LiveStream.ended_at).is_not(None),
    )
    return tx.exec(held).one()
