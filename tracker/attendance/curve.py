"""The curve of the number of people present. Pure functions."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tracker.attendance.counting import clip
from tracker.attendance.types import Person, Span

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Curve:
    """How many people were present: `points` has the number from a minute on; `peak` and `mean` are exact.

    `mean` is over the lesson; None where no time of the lesson is known.
    """

    points: tuple[tuple[datetime, int], ...]
    peak: int
    mean: float | None


def presence_curve(people: Sequence[Person], lesson: Sequence[Span]) -> Curve:
    """The curve of people present per minute, from the first arrival to the last leaving."""
    changes: dict[datetime, int] = defaultdict(int)
    for person in people:
        for span in person.present:
            changes[span.start] += 1
            changes[span.end] -= 1
    present, peak = 0, 0
    steps: list[tuple[datetime, int]] = []
    for moment in sorted(changes):
        present += changes[moment]
        peak = max(peak, present)
        steps.append((moment, present))
    lesson_seconds = sum(span.seconds for span in lesson)
    there = sum(span.seconds for person in people for span in clip(person.present, lesson))
    return Curve(tuple(_by_minute(steps)), peak, there / lesson_seconds if lesson_seconds else None)


def _by_minute(steps: Sequence[tuple[datetime, int]]) -> Iterable[tuple[datetime, int]]:
    """For each minute the number at its end, so that somebody who came within it is there.

    Where nothing changes for longer than a day, the minutes up to the next change are left out: a record with a
    wrong date would make millions of them.
    """
    if not steps:
        return
    minute = steps[0][0].replace(second=0, microsecond=0)
    place, present = 0, 0
    while minute < steps[-1][0] + MINUTE:
        while place < len(steps) and steps[place][0] < minute + MINUTE:
            present = steps[place][1]
            place += 1
        yield minute, present
        minute += MINUTE
        if place < len(steps) and steps[place][0] > minute + DAY:
            minute = steps[place][0].replace(second=0, microsecond=0)
