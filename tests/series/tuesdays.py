"""A class on Tuesdays and Thursdays, and what a tracker does for it at Zoom."""

from collections.abc import Callable
from datetime import date, datetime

import pytest
from responses import RequestsMock
from sqlalchemy import Engine

from tests.fake_zoom import FakeZoom, sent
from tests.makers import stored
from tracker import classes, storage
from tracker.classes import Plan, SeriesPlan
from tracker.services import Services
from tracker.storage.classes import Class
from tracker.zoom import Zoom

# Tuesdays and Thursdays; the clocks go back on 25 October.
PLAN = Plan("Algebra 7B", datetime(2026, 10, 13, 10, 0), 60, "Europe/Berlin")

SERIES = SeriesPlan(PLAN, frozenset({1, 3}), date(2026, 10, 29))

STARTS = [
    "2026-10-13T08:00:00Z",
    "2026-10-15T08:00:00Z",
    "2026-10-20T08:00:00Z",
    "2026-10-22T08:00:00Z",
    "2026-10-27T09:00:00Z",
    "2026-10-29T09:00:00Z",
]

FAULT = (500, {"code": 500, "message": "Internal error"})

Make = Callable[..., list[str]]


class Killed(BaseException):
    """The tracker is killed at this point."""


def work(school: Services) -> int:
    """What a tracker does with what is due now; how many steps there were."""
    steps = 0
    while any(
        step(school) for step in (classes.make_due_meeting, classes.bring_due_dates_in_line, classes.delete_due_meeting)
    ):
        steps += 1
    return steps


def of(engine: Engine, ids: list[str]) -> list[Class]:
    return [stored(engine, class_id) for class_id in ids]


def starts_of(zoom: FakeZoom) -> list[str]:
    return [meeting["start_time"] for meeting in zoom.meetings.values()]


def writes(http: RequestsMock) -> list[str]:
    return [str(request.method) for request in sent(http) if request.method != "GET"]


def killed_at(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process dies at its step of this number: before a statement of the database, a call to Zoom, or after it."""
    left = [step]

    def dying(function: Callable[..., object], *, after: bool) -> Callable[..., object]:
        def called(*arguments: object, **more: object) -> object:
            count()
            found = function(*arguments, **more)
            if after:
                count()
            return found

        return called

    def count() -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Killed

    for module, names in (
        (storage.series, ("claim_meeting", "told", "set_made_meeting", "claim", "put_off", "known_meetings")),
        (storage.classes, ("lock_class",)),
    ):
        for name in names:
            monkeypatch.setattr(module, name, dying(getattr(module, name), after=True))
    for name in (
        "create_meeting",
        "change_meeting",
        "find_meeting",
        "change_occurrence",
        "delete_occurrence",
        "meeting",
    ):
        monkeypatch.setattr(Zoom, name, dying(getattr(Zoom, name), after=True))
