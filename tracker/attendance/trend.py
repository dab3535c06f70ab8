"""Whether a student comes more or less often of late than before. Pure functions."""

from enum import StrEnum

from tracker.attendance.register import Row
from tracker.attendance.types import CAME

# The latest so many classes are compared with all before them, of which there have to be as many.
LATEST = 4
# By so many percent of the classes it has to differ to be told.
DIFFERENCE = 20


class Trend(StrEnum):
    """How often a student comes of late, against before."""

    MORE = "more"
    LESS = "less"
    STEADY = "steady"


def trend_of(row: Row) -> Trend:
    """The trend of a student; steady where there are too few classes to tell."""
    came = [mark.status in CAME for mark in row.counted]
    before, late = came[:-LATEST], came[-LATEST:]
    if len(before) < LATEST:
        return Trend.STEADY
    change = 100 * (sum(late) * len(before) - sum(before) * len(late))
    if abs(change) < DIFFERENCE * len(before) * len(late):
        return Trend.STEADY
    return Trend.MORE if change > 0 else Trend.LESS
