"""The comparison sees what is wrong: a harness that cannot fail proves nothing."""

from dataclasses import replace
from typing import Any

import pytest

from tests.chaos.outcomes import Outcome, differences

RECORD = ("Bo", "bo@x.example", "2026-05-14T10:00:00Z", "2026-05-14T10:05:00Z", 300, "in_meeting", "16778240", "u1")
EXACT = Outcome(
    status="ended",
    started_at="2026-05-14T10:00:00Z",
    ended_at="2026-05-14T11:00:00Z",
    sessions=(("u1", "2026-05-14T10:00:00Z", "2026-05-14T11:00:00Z"),),
    count=1,
    said_count=1,
    said_records=1,
    source="Zoom's list",
    records=(RECORD,),
)


def test_what_is_exact_has_no_differences() -> None:
    assert list(differences(EXACT, replace(EXACT))) == []


def test_a_class_that_is_not_there_is_a_difference() -> None:
    assert len(list(differences(EXACT, None))) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"status": "live"},
        {"started_at": None},
        {"ended_at": "2026-05-14T11:00:01Z"},
        {"sessions": ()},
        {"count": 0},
        {"said_count": None},
        {"said_records": 2},
        {"source": "seen live"},
        {"in_order": False},
        {"records": ()},
        {"records": (RECORD, RECORD)},
        {"records": ((*RECORD[:4], 299, *RECORD[5:]),)},
    ],
)
def test_whatever_is_not_exact_is_one_difference(change: dict[str, Any]) -> None:
    assert len(list(differences(EXACT, replace(EXACT, **change)))) == 1
