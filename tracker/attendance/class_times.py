"""The planned time of a class and its status, as they are stored. Pure functions."""

from datetime import datetime, timedelta

from tracker.attendance.types import ClassStatus, Span

# No class is planned for longer; another program may have written any number.
LONGEST_PLAN = timedelta(days=7)
# Zoom ends every meeting after this long.
LONGEST_MEETING = timedelta(hours=30)


def status_of(stored: str, started_at: datetime | None = None, ended_at: datetime | None = None) -> ClassStatus:
    """The stored status; where another program wrote one that nobody knows, what the class's times say."""
    if stored in list(ClassStatus):
        return ClassStatus(stored)
    return ClassStatus.ENDED if ended_at else ClassStatus.LIVE if started_at else ClassStatus.SCHEDULED


def planned_time(start: datetime, minutes: int) -> Span:
    """The time that a class is planned for."""
    return Span(start, start + max(timedelta(), min(timedelta(minutes=minutes), LONGEST_PLAN)))
