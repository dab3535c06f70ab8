"""Whether a student comes more or less often of late than before."""

import pytest

from tracker.attendance.matching import Enrolled
from tracker.attendance.register import Row, StudentMark
from tracker.attendance.trend import Trend, trend_of
from tracker.attendance.types import Status
from tracker.rosters import Student

STATUSES = {"p": Status.PRESENT, "l": Status.LATE, "a": Status.ABSENT, "e": Status.EXCUSED, "?": Status.NOT_YET_KNOWN}


@pytest.mark.parametrize(
    ("came", "trend"),
    [
        ("", Trend.STEADY),
        ("pppaaaa", Trend.STEADY),  # three before are too few
        ("ppppaaaa", Trend.LESS),
        ("aaaapppp", Trend.MORE),
        ("aaaaplpl", Trend.MORE),
        ("pppppppp", Trend.STEADY),
        ("pppppppa", Trend.LESS),  # a quarter of the latest four
        ("ppppppppapppp", Trend.STEADY),
        ("aaaaeeeepppp??", Trend.MORE),  # excused ones, and those to come, are none
    ],
)
def test_the_latest_four_classes_are_compared_with_all_before(came: str, trend: Trend) -> None:
    marks = {str(place): StudentMark(STATUSES[one], STATUSES[one]) for place, one in enumerate(came)}
    assert trend_of(Row(Enrolled("1", 0, Student("Bo")), marks)) is trend
