"""The status of somebody in one class, by the rules of its course. Pure functions.

One function gives it for the page of the class, for files and for the register.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from tracker.attendance.types import Span, Status

# Leaving earlier than this before the class's own time ends is early.
EARLY = timedelta(minutes=5)
# After so many minutes at the most somebody is late.
LONGEST_GRACE = 240


@dataclass(frozen=True, slots=True)
class Rules:
    """By what a course gives statuses.

    Who comes more than `late_after` minutes after the class's own time began is late; who is there for less than
    `present_from` percent of it is there partly. Who comes to less than `at_risk_below` percent of the classes is at
    risk.
    """

    late_after: int = 5
    present_from: int = 50
    at_risk_below: int = 75


DEFAULT_RULES = Rules()


def status_of(
    in_class: Sequence[Span], own_time: Sequence[Span], rules: Rules = DEFAULT_RULES, *, untimed: int = 0
) -> Status:
    """The status of somebody who was there at these times, all of them within the class's own time.

    `untimed` are seconds of hers of which nobody knows when they were. Shares of the class are compared in seconds,
    never as a rounded percentage. Where nobody knows when the class was held, whoever came was there.
    """
    seconds, own_seconds = sum(span.seconds for span in in_class) + untimed, sum(span.seconds for span in own_time)
    if not own_seconds:
        return Status.PRESENT
    if not seconds:
        return Status.ABSENT
    if seconds * 100 < rules.present_from * own_seconds:
        return Status.PARTLY
    if not in_class:
        return Status.PRESENT
    late = in_class[0].start > own_time[0].start + timedelta(minutes=rules.late_after)
    early = in_class[-1].end < own_time[-1].end - EARLY
    if late:
        return Status.LATE_AND_LEFT_EARLY if early else Status.LATE
    return Status.LEFT_EARLY if early else Status.PRESENT


def percent_of(seconds: int, own_time: Sequence[Span]) -> int | None:
    """How much of the class's own time these seconds are, in whole percent, rounded half up; None where it has none."""
    own_seconds = sum(span.seconds for span in own_time)
    return (200 * seconds + own_seconds) // (2 * own_seconds) if own_seconds else None
