"""Makes reports, and tells in short what was read of them."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from tracker.reports import Report, ReportedClass, read_report

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
BLOCK = "Meeting ID,Topic,Start Time,End Time,User Email,Duration (Minutes),Participants\n"
PLAIN = (
    "Name (Original Name),User Email,Join Time,Leave Time,Duration (Minutes),Guest,In Waiting Room,Recording Consent\n"
)


def read(content: str | bytes, encoding: str = "utf-8", zone: ZoneInfo = BERLIN, **more: Any) -> Report:
    """The report in a file of this text; its times are those of Berlin, and today is in November 2026."""
    return read_report(content.encode(encoding) if isinstance(content, str) else content, zone, NOW, **more)


def times(found: ReportedClass) -> str:
    """When a class was, in UTC: `2026-05-14 10:00:00-11:00:00`."""
    return f"{found.start:%Y-%m-%d %H:%M:%S}-{found.end:%H:%M:%S}"


def stays(found: ReportedClass) -> list[str]:
    """Each stay of a class, in UTC: `Bo Ek <bo@x.org> 10:00:00-11:00:00 3600`, with a `w` for the waiting room."""
    return [
        " ".join(
            filter(
                None,
                (
                    one.name,
                    f"<{one.email}>" if one.email else "",
                    "-".join(f"{moment:%H:%M:%S}" if moment else "?" for moment in (one.join, one.leave)),
                    str(one.seconds),
                    "w" if one.waiting else "",
                ),
            )
        )
        for one in found.presences
    ]


def told(report: Report) -> list[tuple[str, str, list[str]]]:
    """Title, time and stays of each class."""
    return [(one.title, times(one), stays(one)) for one in report.classes]


def problems(report: Report) -> list[tuple[int, str]]:
    """Line and code of what is to be said of lines."""
    return [(one.line, one.code) for one in report.problems]
