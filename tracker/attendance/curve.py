"""The curve of the number of people present. Pure functions."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tracker.attendance.counting import clip
from tracker.attendance.types import Person, Span


@dataclass(frozen=True, slots=True)
class Curve:
    """How many people were present: `points` has the number from each moment on at which it changed, to the second.

    `peak` is the highest of these numbers. `mean` is over the lesson; None where no time of the lesson is known.
    """

    points: tuple[tuple[datetime, int], ...]
    peak: int
    mean: float | None


def presence_curve(people: Sequence[Person], lesson: Sequence[Span], now: datetime | None = None) -> Curve:
    """The curve of people present, from the first arrival to the last leaving.

    Of a class that runs, `now` is given: the curve goes on until then, and who is there until `now` has not left.
    """
    changes: dict[datetime, int] = defaultdict(int)
    for person in people:
        for span in person.present:
            changes[span.start] += 1
            changes[span.end] -= 1
    present = 0
    points: list[tuple[datetime, int]] = []
    for moment in sorted(changes):
        if now is not None and moment >= now:
            break
        if changes[moment]:
            present += changes[moment]
            points.append((moment, present))
    if now is not None and points:
        points.append((now, present))
    lesson_seconds = sum(span.seconds for span in lesson)
    there = sum(span.seconds for person in people for span in clip(person.present, lesson))
    mean = there / lesson_seconds if lesson_seconds else None
    return Curve(tuple(points), max((number for _, number in points), default=0), mean)
