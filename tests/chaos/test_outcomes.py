"""The comparison sees what is wrong: a harness that cannot fail proves nothing."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

import pytest

from tests.chaos.lessons import Room, Story
from tests.chaos.outcomes import Outcome, differences, strays, truths
from tests.chaos.school import Lesson, PracticeHost
from tests.makers import at
from tracker.clock import to_zoom

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


# Whose is whose, as a story says it


def _nothing(room: Room) -> Iterator[None]:
    yield


def _session(uuid: str, start: float, end: float, *names: str) -> dict[str, Any]:
    times = {"join": to_zoom(at(start)), "leave": to_zoom(at(end))}
    stays = [{"name": name, "email": "", "user_id": name, "in_waiting_room": False} | times for name in names]
    return {"uuid": uuid, "start": to_zoom(at(start)), "end": to_zoom(at(end)), "stays": stays}


class FakeHost:
    """A practice Zoom with these sessions in every meeting."""

    def __init__(self, *sessions: dict[str, Any]) -> None:
        self.sessions = sessions

    def call(self, method: str, path: str) -> Any:
        return {"sessions": self.sessions}


def test_each_class_of_a_shared_meeting_has_its_sessions_and_its_people() -> None:
    held = (_session("u1", 0, 40, "Ana"), _session("u2", 41, 122, "Ana", "Dee", "Fay"), _session("u3", 200, 201, "X"))
    host = cast(PracticeHost, FakeHost(*held, _session("yesterday", -1440, -1400, "Ana")))
    story = Story("two classes", _nothing, ("A", "AB", ""), {"Ana": "A", "Dee": "B", "Fay": "AB"})
    lessons = [Lesson(letter, "1", at(0), story, letter) for letter in "AB"]
    found = truths(host, lessons)
    people = {letter: [(record[0], record[-1]) for record in truth.records] for letter, truth in found.items()}
    assert people == {"A": [("Ana", "u1"), ("Ana", "u2"), ("Fay", "u2")], "B": [("Dee", "u2"), ("Fay", "u2")]}
    assert [(found[letter].started_at, found[letter].count) for letter in "AB"] == [
        (to_zoom(at(0)), 2),
        (to_zoom(at(41)), 2),
    ]
    assert [uuid for uuid, _, _ in found["A"].sessions] == ["u1", "u2"]
    assert strays(host, lessons) == {"u3"}
