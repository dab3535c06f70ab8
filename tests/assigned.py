"""Sessions of a meeting, and the classes that they are parts of; times are minutes from a class's start."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tracker.attendance.assignment import Choice, ClassPart, MeetingClass, assign
from tracker.attendance.counting import person_key
from tracker.attendance.sharing import share_records
from tracker.attendance.types import Session, Span, Stay

START = datetime(2026, 5, 14, 10, 0, tzinfo=UTC)

LONG_AFTER = 100_000


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def planned(name: str, start: float, end: float, *, own: bool = False) -> MeetingClass:
    return MeetingClass(name, Span(at(start), at(end)), ZoneInfo("Europe/Berlin"), own)


def ran(start: float, end: float | None) -> Session:
    return Session(f"{start:g}", at(start), None if end is None else at(end))


def stay(name: str, session: Session, join: float, leave: float) -> Stay:
    return Stay(name, "", at(join), at(leave), round(60 * (leave - join)), session_uuid=session.uuid)


def parts(
    classes: Sequence[MeetingClass],
    sessions: Sequence[Session],
    *,
    now: float = LONG_AFTER,
    choices: Sequence[Choice] = (),
    latest_leave: dict[str, datetime] | None = None,
) -> dict[str, ClassPart]:
    return assign(classes, sessions, choices, latest_leave=latest_leave or {}, now=at(now))


def counted(part: ClassPart) -> list[str]:
    return [one.session.uuid for one in part.counted]


def own_time(part: ClassPart) -> list[tuple[float, float]]:
    return [
        ((span.start - START) / timedelta(minutes=1), (span.end - START) / timedelta(minutes=1))
        for span in part.own_time
    ]


def people(classes: Sequence[MeetingClass], sessions: Sequence[Session], stays: Sequence[Stay]) -> dict[str, list[str]]:
    shared = share_records(classes, parts(classes, sessions), stays, lambda one: person_key(one.name, one.email))
    return {class_id: sorted({one.name for one in records}) for class_id, records in shared.items()}
