"""Attendances that were worked out before: the same records, taken in the same way, are the same attendance.

A register takes those of all classes of a course each time that it is drawn, and hardly one of them has changed since.
Only so many are kept, those that were asked for last.
"""

import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from tracker.attendance.counting import take_attendance
from tracker.attendance.statuses import Rules
from tracker.attendance.stored_form import said_in_data, source_in_data, stays_from_data
from tracker.attendance.types import Attendance, Mark, PersonKey, Said, Session, Source, Span, Stay
from tracker.text import number_of

# Of how many classes. One of 300 people takes about half a MiB.
MOST = 120


@dataclass(frozen=True, slots=True)
class Stored:
    """What is stored of a class's participants. `said` is None unless their names were removed."""

    stays: tuple[Stay, ...]
    said: Said | None
    repeats: int
    source: Source


@lru_cache(maxsize=MOST)
def stored_in(text: str) -> Stored:
    """What a `participantsData` says. Raises ValueError where another program wrote something else."""
    try:
        data = json.loads(text)
    except RecursionError as error:
        raise ValueError(text[:100]) from error
    entries = data.get("participants") if isinstance(data, dict) else None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ValueError(text[:100])
    return Stored(stays_from_data(data), said_in_data(data), number_of(data.get("repeats")), source_in_data(data))


def take_again(
    stays: Sequence[Stay],
    sessions: Sequence[Session],
    planned: Span,
    *,
    shares: Mapping[str, Span],
    said: Said,
    hosts: Set[str],
    **more: Any,
) -> Attendance:
    """The same as `take_attendance`, of whatever was taken in the same way before."""
    # The latest word comes first, so that their order counts too.
    words, parts = tuple(said.marks.items()), tuple(sorted(shares.items()))
    return _taken(tuple(stays), tuple(sessions), planned, parts, (said.same, words), frozenset(hosts), **more)


@lru_cache(maxsize=MOST)
def _taken(
    stays: tuple[Stay, ...],
    sessions: tuple[Session, ...],
    planned: Span,
    shares: tuple[tuple[str, Span], ...],
    said: tuple[tuple[tuple[PersonKey, PersonKey], ...], tuple[tuple[PersonKey, Mark], ...]],
    hosts: frozenset[str],
    own_time: tuple[Span, ...] | None,
    at_another_time: bool,
    rules: Rules,
    repeats: int,
    source: Source,
) -> Attendance:
    return take_attendance(
        stays,
        sessions,
        planned,
        own_time=own_time,
        at_another_time=at_another_time,
        shares=dict(shares),
        said=Said(said[0], dict(said[1])),
        hosts=hosts,
        rules=rules,
        repeats=repeats,
        source=source,
    )
