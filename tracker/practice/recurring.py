"""Recurring meetings with fixed times (type 8): their rule, and the dates that come of it.

A date keeps its id, whatever becomes of its time. One that is deleted stays in the list, and says so.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tracker.practice.values import Meeting, Occurrence, to_zoom

RECURRING = 8
DAILY, WEEKLY = 1, 2
LONGEST_INTERVAL = {DAILY: 90, WEEKLY: 12}
MOST_DATES = 50


def faults_of(rule: object) -> list[str]:
    """The names of the fields of a rule that cannot be used. Monthly ones are not practised here."""
    if not isinstance(rule, dict) or type(rule.get("type")) is not int or rule["type"] not in LONGEST_INTERVAL:
        return ["recurrence"]
    checks = {
        "repeat_interval": _is_number(rule.get("repeat_interval", 1), LONGEST_INTERVAL[rule["type"]]),
        "weekly_days": re.fullmatch("[1-7](,[1-7])*", str(rule.get("weekly_days", "1"))) is not None,
        "end_times": _is_number(rule.get("end_times", 1), MOST_DATES)
        and not ("end_date_time" in rule and "end_times" in rule),
        "end_date_time": "end_date_time" not in rule or _moment(rule["end_date_time"]) is not None,
    }
    return [f"recurrence.{name}" for name, usable in checks.items() if not usable]


def occurrences(start: datetime, minutes: int, zone: ZoneInfo, rule: Mapping[str, Any]) -> tuple[Occurrence, ...]:
    """The dates of a rule without faults, from an aware start on: at the same time of the day when clocks change."""
    until = _moment(rule["end_date_time"]) if "end_date_time" in rule else None
    most = MOST_DATES if until else int(rule.get("end_times", 1))
    found: list[Occurrence] = []
    for local in _days(start.astimezone(zone).replace(tzinfo=None), rule):
        at = local.replace(tzinfo=zone).astimezone(UTC)
        if len(found) == most or (until is not None and at > until):
            break
        found.append(Occurrence(str(int(at.timestamp() * 1000)), at, minutes))
    return tuple(found)


def _days(local: datetime, rule: Mapping[str, Any]) -> Iterator[datetime]:
    days = {int(day) for day in str(rule.get("weekly_days", "1")).split(",")}
    interval = int(rule.get("repeat_interval", 1))
    sunday = local - timedelta(days=local.isoweekday() % 7)
    day = local
    while True:
        weeks = (day - sunday).days // 7
        if rule["type"] == DAILY:
            fits = (day - local).days % interval == 0
        else:
            fits = weeks % interval == 0 and day.isoweekday() % 7 + 1 in days
        if fits:
            yield day
        day += timedelta(days=1)


def find(meeting: Meeting, occurrence_id: str) -> Occurrence | None:
    """The date with that id, unless it is deleted."""
    return next((one for one in meeting.occurrences if one.id == occurrence_id and not one.deleted), None)


def with_date(meeting: Meeting, changed: Occurrence) -> Meeting:
    """The meeting with one date changed."""
    return replace(meeting, occurrences=tuple(changed if one.id == changed.id else one for one in meeting.occurrences))


def dates_in_reply(dates: Iterable[Occurrence]) -> list[dict[str, Any]]:
    """How Zoom writes dates."""
    return [
        {
            "occurrence_id": one.id,
            "start_time": to_zoom(one.start_time),
            "duration": one.duration,
            "status": "deleted" if one.deleted else "available",
        }
        for one in dates
    ]


def _is_number(given: object, most: int) -> bool:
    return type(given) is int and 1 <= given <= most


def _moment(text: object) -> datetime | None:
    if not isinstance(text, str) or not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
