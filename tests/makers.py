"""Values made with few words; each test names only what it is about."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.conftest import NOW
from tracker.attendance import Session, Span, Stay, Where
from tracker.settings import Settings, read_settings

WEBHOOK_SECRET = "test-secret"
CLIENT_SECRET = "client-secret-5up3r"


def at(minutes: float) -> datetime:
    """The moment this many minutes after NOW."""
    return NOW + timedelta(minutes=minutes)


def span(start: float, end: float) -> Span:
    """From one minute to another, counted from NOW."""
    return Span(at(start), at(end))


def run(uuid: str, start: float, end: float | None) -> Session:
    """A session from one minute to another; without an end it is still running."""
    return Session(uuid, at(start), None if end is None else at(end))


def stay(name: str, start: float, end: float, email: str = "", where: Where = Where.MEETING, **more: Any) -> Stay:
    """Somebody's presence from one minute to another."""
    join, leave = at(start), at(end)
    return Stay(name, email, join, leave, int((leave - join).total_seconds()), where, **more)


def waiting(name: str, start: float, end: float, email: str = "", **more: Any) -> Stay:
    """Somebody's time in the waiting room."""
    return stay(name, start, end, email, Where.WAITING_ROOM, **more)


def settings(**environment: str) -> Settings:
    """The settings of a school with a practice-free Zoom account; each may be said otherwise."""
    usual = {
        "TRACKER_DATA_DIR": str(Path("nowhere").absolute()),
        "ZOOM_ACCOUNT_ID": "account-1",
        "ZOOM_CLIENT_ID": "client-1",
        "ZOOM_CLIENT_SECRET": CLIENT_SECRET,
        "ZOOM_WEBHOOK_SECRET": WEBHOOK_SECRET,
    }
    return read_settings(usual | environment)
