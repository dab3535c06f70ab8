"""The times of a class: when it is planned, which sessions are its own, and when it began and ended. Pure functions."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from tracker.attendance.types import ClassStatus, Session, Span

# A session belongs to a class when it starts in this window around the planned time.
WINDOW_BEFORE = timedelta(minutes=30)
WINDOW_AFTER = timedelta(minutes=120)
# No class is planned for longer; another program may have written any number.
LONGEST_PLAN = timedelta(days=7)


def status_of(stored: str, started_at: datetime | None = None, ended_at: datetime | None = None) -> ClassStatus:
    """The stored status; where another program wrote one that nobody knows, what the class's times say."""
    if stored in list(ClassStatus):
        return ClassStatus(stored)
    return ClassStatus.ENDED if ended_at else ClassStatus.LIVE if started_at else ClassStatus.SCHEDULED


def planned_time(start: datetime, minutes: int) -> Span:
    """The time that a class is planned for."""
    return Span(start, start + max(timedelta(), min(timedelta(minutes=minutes), LONGEST_PLAN)))


def in_window(start: datetime, planned: Span) -> bool:
    """Whether a session that starts at `start` belongs to a class planned for that time."""
    return planned.start - WINDOW_BEFORE <= start <= planned.end + WINDOW_AFTER


def sessions_of_class(sessions: Iterable[Session], planned: Span, *, made_for_it: bool) -> tuple[Session, ...]:
    """The sessions that are the class, by start.

    Those in the window round the planned time: a student who opens the link again at night makes a session of
    the same meeting, and it is no part of the class. Where none lies there and the meeting was made for this
    class, it was held at another time and every session counts; a meeting that serves other purposes too
    (a personal room, a weekly link) was held for one of those.
    """
    ordered = sorted(sessions, key=lambda session: (session.start, session.uuid))
    near = tuple(session for session in ordered if in_window(session.start, planned))
    return near or (tuple(ordered) if made_for_it else ())


def life_of_class(sessions: Sequence[Session]) -> tuple[ClassStatus, datetime | None, datetime | None]:
    """Status, start and end of a class from its sessions, which are in order of their start.

    Zoom runs a meeting once at a time, so only the latest session can still be open; an earlier one without
    an end is one whose end was never announced.
    """
    if not sessions:
        return ClassStatus.SCHEDULED, None, None
    started = sessions[0].start
    if sessions[-1].end is None:
        return ClassStatus.LIVE, started, None
    return ClassStatus.ENDED, started, max(session.end for session in sessions if session.end is not None)


# Zoom ends every meeting after this long.
LONGEST_MEETING = timedelta(hours=30)
