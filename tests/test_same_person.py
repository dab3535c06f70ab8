"""Suggestions who may be the same person under two names."""

import pytest

from tests.makers import span, stay
from tracker.attendance.counting import take_attendance
from tracker.attendance.same_person import likely_same
from tracker.attendance.types import Person


def people(*names: str) -> tuple[Person, ...]:
    """One person for each name; `name <e-mail>` for those who are signed in."""
    stays = []
    for name in names:
        shown, _, email = name.partition(" <")
        stays.append(stay(shown, 0, 60, email.rstrip(">")))
    return take_attendance(stays, [], span(0, 60)).people


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        ("Ana Lima", "Ana Lima <ana@x.example>", "the same name, once without e-mail"),
        ("Ana Lima <a@x.example>", "ana  LIMA <b@y.example>", "the same name, with two e-mail addresses"),
        ("Ana Lima", "Ana Lima (iPhone)", "the same name on another device"),
        ("Ana Lima", "Ana Lima's iPad", "the same name on another device"),
        ("Ana Lima", "iPhone von Ana Lima", "the same name on another device"),
        ("Ana Lima", "Ana Lima - Laptop", "the same name on another device"),
        ("José Núñez", "Jose Nunez", "the same name, written another way"),
        ("王小明", "Wang XiaoMing", "the same name, written another way"),
        ("Lima, Ana", "Ana Lima", "the same name in another order"),
        ("Lima Ána", "Ana Lima (Phone)", "the same name in another order"),
        ("Hannah Vogel", "Hanah Vogel", "one letter apart"),
        ("Mehmet Yilmaz", "Mehmet Yilmza", "one letter apart"),
        ("Mia Schäfer", "Mia Schefer", "one letter apart"),
    ],
)
def test_likely_doubles_are_suggested_with_the_reason(one: str, other: str, why: str) -> None:
    (found,) = likely_same(people(one, other))
    assert {found.first.name, found.second.name} == {
        name.partition(" <")[0].replace("  ", " ") for name in (one, other)
    }
    assert found.why == why


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ana Lima", "Ana Silva"),
        ("Leo", "Lea"),
        ("Student 01", "Student 02"),
        ("Ana Lima", "Ana"),
        ("iPhone", "iPad"),
        ("李静", "李敬"),
        ("Paul Krüger", "Paula Krügers"),
        ("4930*****12", "4930*****13"),
    ],
)
def test_different_people_are_left_alone(one: str, other: str) -> None:
    assert likely_same(people(one, other)) == []


def test_a_blank_name_is_like_nobody() -> None:
    assert likely_same(people("", "Ana Lima", " <x@x.example>")) == []


def test_each_pair_comes_once_among_many_people() -> None:
    names = [f"Pupil number {first}{second}" for first in "abcdefghij" for second in "klmnopqrst"]
    found = likely_same(people(*names, "Ana Lima", "Lima Ana", "ana lima (Android)"))
    anas = [
        {suggestion.first.name, suggestion.second.name}
        for suggestion in found
        if "lima" in suggestion.first.name.lower()
    ]
    assert len(anas) == 3
    assert len({frozenset(pair) for pair in anas}) == 3


def test_what_is_too_long_for_a_name_is_compared_with_nobody() -> None:
    assert likely_same(people("-" * 100_000, "Ana " + " -" * 50_000, "ab" * 50_000, "ab" * 49_999 + "ba")) == []


def test_a_thousand_people_of_one_name_do_not_make_half_a_million_pairs() -> None:
    assert likely_same(people(*(f"Ana Lima <ana{number}@x.example>" for number in range(1000)))) == []
