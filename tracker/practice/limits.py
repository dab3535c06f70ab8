"""Zoom's rate limits: calls per second of an account by category, and a count of what was asked.

From "Rate limits" of Zoom's API reference. Of its categories the calls here have two; the limits per day are
not kept, but for the writes of one host (`PracticeState.count_write`).
"""

import re
from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from tracker.practice.faults import TOO_FAST, Fault, refused
from tracker.practice.values import RatePlan

PER_SECOND: Mapping[RatePlan, Mapping[str, int]] = {
    "free": {"Light": 4, "Medium": 2},
    "pro": {"Light": 30, "Medium": 20},
    "business": {"Light": 80, "Medium": 60},
}
# Lists of meetings, of participants and of instances; every other call here is light, also to create a meeting.
MEDIUM = re.compile(
    r"GET /v2/(users/[^/]+/meetings|meetings/[^/]+/registrants|past_meetings/.+/(participants|instances))"
)


def category_of(method: str, path: str) -> str:
    """The label that Zoom's reference has for a call; it has none for the token endpoint."""
    if not path.startswith("/v2/"):
        return "Token"
    return "Medium" if MEDIUM.fullmatch(f"{method} {path}") else "Light"


class Meter:
    """Counts calls, and refuses those beyond the plan's rates. Hold the state's lock round every use."""

    def __init__(self, plan: RatePlan | None, told: RatePlan) -> None:
        """`told` is the plan whose rates the answers speak of, whether they are kept or not."""
        self.calls: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self._rates, self._told = PER_SECOND[plan] if plan else {}, PER_SECOND[told]
        self._second: datetime | None = None
        self._in_second: Counter[str] = Counter()

    def headers(self, category: str) -> dict[str, str]:
        """What every answer to a call of this category says of its limit."""
        limit = self._told.get(category)
        if limit is None:
            return {"X-RateLimit-Category": category}
        return {
            "X-RateLimit-Category": category,
            "X-RateLimit-Type": "QPS",
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(max(limit - self._in_second[category], 0)),
        }

    def count(self, category: str, now: datetime) -> Fault | None:
        """Notes a call; Zoom's refusal where it is one too many in its calendar second."""
        self.calls[category] += 1
        second = now.replace(microsecond=0)
        if second != self._second:
            self._second, self._in_second = second, Counter()
        self._in_second[category] += 1
        rate = self._rates.get(category)
        if rate is None or self._in_second[category] <= rate:
            return None
        self.refused[category] += 1
        return refused(
            429,
            TOO_FAST,
            X_RateLimit_Category=category,
            X_RateLimit_Type="QPS",
            X_RateLimit_Limit=str(rate),
            X_RateLimit_Remaining="0",
        )
