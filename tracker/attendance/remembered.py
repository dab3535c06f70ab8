"""Attendances that were worked out before: the same records, taken in the same way, are the same attendance.

A register takes those of all classes of a course each time that it is drawn, and hardly one of them has changed since.
Only so much is kept, what was asked for last.
"""

import json
from collections.abc import Callable, Hashable, Mapping, Sequence, Set
from dataclasses import dataclass
from sys import getsizeof
from typing import Any, Generic, TypeVar

from tracker.attendance.counting import take_attendance
from tracker.attendance.stored_form import said_in_data, source_in_data, stays_from_data
from tracker.attendance.types import Attendance, Said, Session, Source, Span, Stay
from tracker.text import number_of

Value = TypeVar("Value")

# Of how much text, in bytes: that of 450 classes of 300 people, so that the classes of two large courses are kept while
# one register is drawn after the other. With all that is made of it, it takes about five times as much memory.
MOST = 32 * 2**20
# How much text there is of one stay, about.
BYTES_OF_STAY = 230


class _Key:
    """What a value was made of, hashed once: of hundreds of stays that takes as long as all the rest."""

    __slots__ = ("_hash", "_of")

    def __init__(self, of: Hashable) -> None:
        self._of, self._hash = of, hash(of)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self._of == other._of


class Remembered(Generic[Value]):
    """Values by what they were made of, those that were asked for last, of at most `MOST` bytes of text together.

    Threads may use it at once: each step is one of a dict's own, and what one does not find it makes itself.
    """

    def __init__(self) -> None:
        self._known: dict[_Key, tuple[Value, int]] = {}
        self._size = 0

    def get(self, of: Hashable, size: int, make: Callable[[], Value]) -> Value:
        """The value that was made `of` this, which is as large as `size`; else it is made, and kept."""
        key = _Key(of)
        known = self._known.pop(key, None)
        if known is None:
            known = (make(), size)
            if size > MOST:
                return known[0]
            self._size += size
        self._known[key] = known  # the latest comes last
        if self._size > MOST:
            self._make_room()
        return known[0]

    def _make_room(self) -> None:
        """Drops what was not asked for the longest, so much that it is not soon to be done again."""
        known = list(self._known.items())
        # Where two threads made the same at once, it was added twice.
        self._size = sum(size for _key, (_made, size) in known)
        for key, (_made, size) in known:
            if self._size <= MOST - MOST // 4:
                return
            self._known.pop(key, None)
            self._size -= size


@dataclass(frozen=True, slots=True)
class Stored:
    """What is stored of a class's participants. `said` is None unless their names were removed."""

    stays: tuple[Stay, ...]
    said: Said | None
    repeats: int
    source: Source


_stored = Remembered[Stored]()
_taken = Remembered[Attendance]()


def stored_in(text: str) -> Stored:
    """What a `participantsData` says. Raises ValueError where another program wrote something else."""
    return _stored.get(text, getsizeof(text), lambda: _read(text))


def _read(text: str) -> Stored:
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
    given = (tuple(stays), tuple(sessions), planned, parts, said.same, words, frozenset(hosts), tuple(more.items()))

    def take() -> Attendance:
        return take_attendance(stays, sessions, planned, shares=shares, said=said, hosts=hosts, **more)

    return _taken.get(given, BYTES_OF_STAY * len(stays), take)
