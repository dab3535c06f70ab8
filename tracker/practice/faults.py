"""Faults of calls on request: single planned ones, and random ones for a share of all calls."""

import json
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, Literal

from tracker.practice.values import to_zoom
from tracker.practice.wire import Answer

TOO_FAST = {
    "code": 429,
    "message": "You have reached the maximum per-second rate limit for this API. Try again later.",
}
TOO_MANY = {
    "code": 429,
    "message": "You have reached the maximum daily rate limit for this API. "
    "Refer to the response header for details on when you can make another request.",
}

LOST_PAGE = "lost page token"


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong `times` times with requests whose path and query contain `match`.

    status, html: answer so instead of doing the work. reset: break the connection before the work.
    hang: do the work. cut: do the work and send half of the answer's body. Each of them after `seconds`.
    """

    match: str
    kind: Literal["status", "hang", "reset", "cut", "html"]
    times: int = 1
    status: int = 500
    body: Any = ""
    headers: tuple[tuple[str, str], ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True)
class FaultPlan:
    """Random faults for a `share` (0 to 1) of Zoom's calls.

    A hang lasts up to `hang_seconds`, and a 429 that says when to come back says `retry_after_seconds`.
    """

    share: float = 0.0
    seed: int = 0
    hang_seconds: float = 1.0
    retry_after_seconds: int = 2


@dataclass(frozen=True)
class ListLimit:
    """What Zoom's list of one session lacks: only its first `rows` are given, and more or fewer are spoken of."""

    rows: int | None = None
    total_records: int | None = None


def is_zooms_call(path: str) -> bool:
    """Whether Zoom has such calls, as against the pages behind links and the calls that control it."""
    return path == "/oauth/token" or path.startswith("/v2/")


def refused(status: int, body: object, **headers: str) -> Fault:
    """The fault that answers with this status; the names of `headers` are written with underscores."""
    named = tuple((name.replace("_", "-"), text) for name, text in headers.items())
    return Fault("", "status", status=status, body=body, headers=named)


def fault_answer(fault: Fault) -> Answer | None:
    """What a fault answers instead of the work; None when the work is to be done."""
    if fault.kind not in ("status", "html"):
        return None
    if fault.kind == "html":
        default = "<html><head><title>Bad gateway</title></head><body>Try again later.</body></html>"
        body, content_type = str(fault.body) or default, "text/html"
    else:
        body = fault.body if isinstance(fault.body, str) else json.dumps(fault.body)
        content_type = "application/json"
    return Answer(fault.status, body.encode(), {"Content-Type": content_type, **dict(fault.headers)})


def _too_many(retry_after: str) -> Fault:
    # Zoom says when to come back only where the calls of the day are used up.
    return refused(429, TOO_MANY, Retry_After=retry_after, X_RateLimit_Type="Daily-limit")


BLOCKED = "<html><head><title>403 Forbidden</title></head><body>The request was blocked.</body></html>"
# The ways in which Zoom, or what is between it and its client, refuses everything about one session.
REFUSALS: Mapping[str, Callable[[str], Fault]] = {
    "unknown": lambda uuid: refused(404, {"code": 3001, "message": f"Meeting does not exist: {uuid}."}),
    "blocked": lambda uuid: Fault("", "html", status=403, body=BLOCKED),
    "invalid": lambda uuid: refused(400, {"code": 300, "message": "Validation Failed."}),
}


# Each kind of random fault, made of a length in seconds for those that hang, and the moment to come back for those
# that name one; `now` is what that moment is counted from.
KINDS: Mapping[str, Callable[[float, datetime, datetime], Fault]] = {
    "429": lambda seconds, now, back: refused(429, TOO_FAST, X_RateLimit_Type="QPS"),
    "429 in seconds": lambda seconds, now, back: _too_many(str(int((back - now).total_seconds()))),
    "429 with ISO date": lambda seconds, now, back: _too_many(to_zoom(back)),
    "429 with HTTP date": lambda seconds, now, back: _too_many(format_datetime(back.astimezone(UTC), usegmt=True)),
    "500": lambda seconds, now, back: refused(500, {"code": 500, "message": "Internal server error."}),
    "502": lambda seconds, now, back: refused(502, ""),
    "503": lambda seconds, now, back: refused(503, ""),
    "hang": lambda seconds, now, back: Fault("", "hang", seconds=seconds),
    "hang and reset": lambda seconds, now, back: Fault("", "reset", seconds=seconds),
    "reset": lambda seconds, now, back: Fault("", "reset"),
    "cut body": lambda seconds, now, back: Fault("", "cut"),
    "HTML as 200": lambda seconds, now, back: Fault("", "html", status=200),
    "HTML as 502": lambda seconds, now, back: Fault("", "html", status=502),
    "expired token": lambda seconds, now, back: refused(401, {"code": 124, "message": "Access token is expired."}),
    LOST_PAGE: lambda seconds, now, back: refused(
        400, {"code": 300, "message": "The next page token is invalid or expired."}
    ),
}


class RandomFaults:
    """Draws which calls fail by chance, and how. Hold the state's lock round every use."""

    def __init__(self) -> None:
        self.calls = 0
        self.counts: Counter[str] = Counter()
        self.set_plan(FaultPlan())

    def set_plan(self, plan: FaultPlan) -> None:
        """Go by `plan` from now on; what was counted stays."""
        self.plan = plan
        self._random = random.Random(plan.seed)  # noqa: S311 - chance for tests, no secret
        self._kinds_left: list[str] = []

    def draw(self, target: str, now: datetime) -> Fault | None:
        """What goes wrong with a call of this path and query; each kind comes once before one comes again."""
        self.calls += 1
        if self._random.random() >= self.plan.share:
            return None
        if not any(_fits(kind, target) for kind in self._kinds_left):
            # Few calls have a page token, so it is lost whenever one of them is to fail.
            common = [kind for kind in KINDS if kind != LOST_PAGE]
            self._kinds_left = [LOST_PAGE, *self._random.sample(common, len(common))]
        kind = next(kind for kind in self._kinds_left if _fits(kind, target))
        self._kinds_left.remove(kind)
        self.counts[kind] += 1
        back = now + timedelta(seconds=self.plan.retry_after_seconds)
        return KINDS[kind](self._random.uniform(0, self.plan.hang_seconds), now, back)


def _fits(kind: str, target: str) -> bool:
    if kind == LOST_PAGE:
        return "next_page_token=" in target
    return kind != "expired token" or target.startswith("/v2/")
