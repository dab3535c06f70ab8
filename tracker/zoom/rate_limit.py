"""Zoom's rate limits: what calls are counted by, and how many each plan allows.

The figures are those of Zoom's page "Rate limits".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum

from tracker.settings import Plan


class Category(StrEnum):
    """What Zoom counts calls by, over a whole account. For access tokens it names no category."""

    LIGHT = "Light"
    MEDIUM = "Medium"
    HEAVY = "Heavy"
    TOKEN = "Token"  # noqa: S105 - no secret


_NAMED = {category.lower(): category for category in (Category.LIGHT, Category.MEDIUM, Category.HEAVY)}


def category_named(headers: Mapping[str, str], *, otherwise: Category) -> Category:
    """The category that a reply says its call is counted by (`X-RateLimit-Category`, in any case).

    `otherwise` where it names none, or none that we keep count of. `headers` is case-insensitive.
    """
    return _NAMED.get(headers.get("X-RateLimit-Category", "").strip().lower(), otherwise)


def stated_rate(headers: Mapping[str, str]) -> int | None:
    """The calls a second that a reply says are allowed; None where it says none. `headers` is case-insensitive."""
    limit = headers.get("X-RateLimit-Limit", "")
    counted_by_second = headers.get("X-RateLimit-Type", "").upper() == "QPS"
    return int(limit) if counted_by_second and re.fullmatch(r"[0-9]{1,6}", limit) else None


# This share of a rate is kept for calls that somebody waits for.
INTERACTIVE_SHARE = 0.2
# So many meetings may be made or changed for one host a UTC day, and of these so many are kept for who waits.
WRITES_PER_DAY, INTERACTIVE_WRITES = 100, 20


@dataclass(frozen=True, slots=True)
class Rate:
    """What Zoom allows: calls a second, and calls a UTC day (None: as many as you like)."""

    per_second: int
    per_day: int | None = None

    def gap(self, *, interactive: bool) -> float:
        """The seconds between two slots. Both kinds together make up the rate in every second."""
        kept = max(1, round(self.per_second * INTERACTIVE_SHARE))
        return 1 / (kept if interactive else self.per_second - kept)


RATES: dict[Plan, dict[Category, Rate]] = {
    "free": {Category.LIGHT: Rate(4, 6_000), Category.MEDIUM: Rate(2, 2_000), Category.HEAVY: Rate(1, 1_000)},
    "pro": {Category.LIGHT: Rate(30), Category.MEDIUM: Rate(20), Category.HEAVY: Rate(10, 30_000)},
    "business": {Category.LIGHT: Rate(80), Category.MEDIUM: Rate(60), Category.HEAVY: Rate(40, 60_000)},
}


def next_day(now: datetime) -> datetime:
    """When Zoom's next day begins: at 00:00 UTC."""
    return datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(), UTC)


def plan_of(allowed: Mapping[Category, int]) -> Plan | None:
    """The plan that has these rates; None where none has, or none was told."""
    fitting = [
        plan
        for plan, rates in RATES.items()
        if allowed
        and all(category in rates and rates[category].per_second == most for category, most in allowed.items())
    ]
    return fitting[0] if fitting else None
