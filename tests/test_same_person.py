"""Suggestions who may be the same person under two names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.makers import span, stay
from tracker.attendance.counting import take_attendance
from tracker.attendance.same_person import Reason, likely_same, undecided
from tracker.attendance.types import Person, Stay
from tracker.messages import sentence


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
        ("Ana Lima", "Ana Lima <ana@x.example>", Reason.NAME_WITHOUT_EMAIL),
        ("Ana Lima <a@x.example>", "ana  LIMA <b@y.example>", Reason.NAME_WITH_OTHER_EMAIL),
        ("Ａｎａ Lima\u200e", "Ana Lima <ana@x.example>", Reason.NAME_WITHOUT_EMAIL),
        ("Ana Lima", "Ana Lima (iPhone)", Reason.DEVICE),
        ("Ana Lima", "Ana Lima's iPad", Reason.DEVICE),
        ("Ana Lima", "iPhone von Ana Lima", Reason.DEVICE),
        ("Ana Lima", "Ana Lima - Laptop", Reason.DEVICE),
        ("Ana Lima", "Ana Lima's iPhone 14 Pro", Reason.DEVICE),
        ("José Núñez", "Jose Nunez", Reason.OTHER_WRITING),
        ("王小明", "Wang XiaoMing", Reason.OTHER_WRITING),
        ("Ana Lima", "Ana Lima.", Reason.OTHER_WRITING),
        ("Lima, Ana", "Ana Lima", Reason.OTHER_ORDER),
        ("Lima Ána", "Ana Lima (Phone)", Reason.OTHER_ORDER),
        ("Hannah Vogel", "Hanah Vogel", Reason.ONE_LETTER),
        ("Mehmet Yilmaz", "Mehmet Yilmza", Reason.ONE_LETTER),
        ("Mia Schäfer", "Mia Schefer", Reason.ONE_LETTER),
        ("ana@x.example", "Ana Lima <Ana@X.example>", Reason.NAME_IS_EMAIL),
        ("Ana Lima", "14 Ana Lima", Reason.SEAT_NUMBER),
        ("Ana Lima", "Ana Lima 14", Reason.SEAT_NUMBER),
        ("Ana Lima", "7B-14 Ana Lima", Reason.SEAT_NUMBER),
        ("Ana Lima", "Nº 14 Ana Lima", Reason.SEAT_NUMBER),
        ("Ana Lima", "n.º 7 Ana Lima", Reason.SEAT_NUMBER),
        ("Ana Lima", "№7 Ana Lima", Reason.SEAT_NUMBER),
        ("Ana Lima", "#14 - ana lima", Reason.SEAT_NUMBER),
        ("Ana Lima", "Ana Lima, 7B", Reason.SEAT_NUMBER),
        ("Ana Lima", "Ana Lima 2º A", Reason.SEAT_NUMBER),
        ("小明", "小明 14", Reason.SEAT_NUMBER),
        ("14. Ana Lima", "Ana Lima - 014", Reason.SEAT_NUMBER),
        ("14 Ana Lima", "7B-14 Ana Lima", Reason.SEAT_NUMBER),
        ("7B Ana Lima", "Ana Lima (7B)", Reason.SEAT_NUMBER),
        ("Ana Lima <a@x.example>", "14 Ana Lima <b@x.example>", Reason.SEAT_NUMBER),
        ("14 José Núñez", "Jose Nunez", Reason.OTHER_WRITING),
        ("14 Hannah Vogel", "Hanah Vogel", Reason.ONE_LETTER),
        ("Ana Lima", "Ana Lima (7B)", Reason.BRACKET),
        ("Ana Lima", "Ana Lima （７Ｂ）", Reason.BRACKET),
        ("Ana Lima", "Ana Lima [delegada]", Reason.BRACKET),
        ("Ana Lima (she/her)", "Ana Lima (7B)", Reason.BRACKET),
        ("Ana Lima", "Ana Lima [she/her]", Reason.PRONOUNS),
        ("Ana Lima", "Ana Lima she/her", Reason.PRONOUNS),
        ("Ana Lima", "Ana Lima | She / Her / Hers", Reason.PRONOUNS),
        ("Ana Lima", "Ana Lima (ella)", Reason.PRONOUNS),
        ("Ana Lima", "Ana Lima (sie/ihr)", Reason.PRONOUNS),
        ("Ana Lima", "Ana Lima (ele/dele)", Reason.PRONOUNS),
        ("Ana Lima (she/her)", "Ana Lima (ella)", Reason.PRONOUNS),
    ],
)
def test_likely_doubles_are_suggested_with_the_reason(one: str, other: str, why: Reason) -> None:
    for pair in (people(one, other), people(other, one)):
        (found,) = likely_same(pair)
        assert {found.first, found.second} == set(pair)
        assert found.why is why


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ana Lima", "Ana Silva"),
        ("Leo", "Lea"),
        ("Student 01", "Student 02"),
        ("Ana 1", "Ana 2"),
        ("Ana Lima", "Ana"),
        ("iPhone", "iPad"),
        ("iPhone", "iPhone 14"),
        ("李静", "李敬"),
        ("Paul Krüger", "Paula Krügers"),
        ("4930*****12", "4930*****13"),
        ("14 Ana Lima", "15 Ana Lima"),
        ("14 Ana Lima", "14 Ana Silva"),
        ("14 Leo", "14 Lea"),
        ("7B-14 Ana Lima", "7C-14 Ana Lima"),
        ("14 Hannah Vogel", "15 Hanah Vogel"),
        ("Ana Lima (7B)", "Ana Lima (7C)"),
        ("Ana Lima", "Ana Lima 2010"),
        ("Ella Lima", "Lima"),
        ("Ana Lima", "Ana Lima (OtterPilot)"),
        ("14", "15"),
        ("(7B)", "(7C)"),
        ("ana@x.example", "Ana Lima <ana@y.example>"),
        ("ana", "Ana Lima <ana@x.example>"),
    ],
)
def test_different_people_are_left_alone(one: str, other: str) -> None:
    assert likely_same(people(one, other)) == []


@pytest.mark.parametrize("labelled", [("Ana 1", "Ana 2"), ("Ana (7B)", "Ana (7C)"), ("Ana 1", "Ana (7C)", "2 Ana")])
def test_a_name_that_two_people_with_numbers_have_is_neither_of_theirs(labelled: tuple[str, ...]) -> None:
    assert likely_same(people("Ana", "Ana (Phone)", *labelled)) == likely_same(people("Ana", "Ana (Phone)"))


# By what Zoom knows of them


def met(*stays: Stay) -> list[tuple[set[str], Reason]]:
    found = likely_same(take_attendance(stays, [], span(0, 60)).people)
    return [({one.first.name, one.second.name}, one.why) for one in found]


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        ({"zoom_user_id": "z1"}, {"zoom_user_id": "z1"}, Reason.ACCOUNT),
        ({"zoom_user_id": "z1", "registrant_id": "r1"}, {"registrant_id": "r1"}, Reason.REGISTRATION),
        ({"session_uuid": "u", "user_id": "1"}, {"session_uuid": "u", "user_id": "1"}, Reason.RENAMED),
        ({"zoom_user_id": "z1"}, {"zoom_user_id": "z2"}, None),
        ({"zoom_user_id": ""}, {"zoom_user_id": ""}, None),
        ({"registrant_id": "r1"}, {"registrant_id": "r2"}, None),
        ({"session_uuid": "u", "user_id": "1"}, {"session_uuid": "u", "user_id": "2"}, None),
        ({"session_uuid": "u", "user_id": "1"}, {"session_uuid": "v", "user_id": "1"}, None),
        ({"session_uuid": "u"}, {"session_uuid": "u"}, None),
        ({"user_id": "1"}, {"user_id": "1"}, None),
    ],
)
def test_people_whom_zoom_knows_by_one_id_are_suggested(
    first: dict[str, str], second: dict[str, str], why: Reason | None
) -> None:
    found = met(stay("iPhone", 0, 20, **first), stay("Ana Lima", 20, 60, **second))
    assert found == ([({"iPhone", "Ana Lima"}, why)] if why else [])


def test_two_who_are_there_at_once_were_not_renamed() -> None:
    one = {"session_uuid": "u", "user_id": "1"}
    assert met(stay("Ana", 0, 60, **one), stay("Ben", 30, 60, **one)) == []


def test_a_pair_has_the_strongest_reason_and_the_strongest_pairs_come_first() -> None:
    found = met(
        stay("Hannah Vogel", 0, 60),
        stay("Hanah Vogel", 0, 60),
        stay("Lima, Ana", 0, 60, zoom_user_id="z1", registrant_id="r1"),
        stay("Ana Lima", 0, 60, "ana@x.example", zoom_user_id="z1", registrant_id="r1"),
    )
    assert found == [
        ({"Ana Lima", "Lima, Ana"}, Reason.ACCOUNT),
        ({"Hannah Vogel", "Hanah Vogel"}, Reason.ONE_LETTER),
    ]


def test_every_reason_is_told_in_words() -> None:
    told = [sentence(why) for why in Reason]
    assert len(set(told)) == len(Reason)
    assert not set(told) & {why.value for why in Reason}


def test_what_the_teacher_has_decided_is_suggested_no_more() -> None:
    found = likely_same(people("Ana Lima", "Ana Lima (iPhone)", "Ben", "Ben <ben@x.example>"))
    assert undecided(found, []) == tuple(found)
    (left,) = undecided(found, [(("name", "ana lima (iphone)"), ("name", "ana lima"))])
    assert {left.first.name, left.second.name} == {"Ben"}


# Many people


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


@pytest.mark.parametrize("name", ["{} Ana Lima", "Ana Lima ({})", "Pupil {}", "Ana Lima"])
def test_a_thousand_people_who_differ_by_a_number_or_an_id_are_no_suggestions(name: str) -> None:
    stays = [
        stay(name.format(number), 0, 60, f"p{number}@x.example", zoom_user_id="room", registrant_id="all")
        for number in range(1000)
    ]
    assert met(*stays) == []


names = st.text(st.sampled_from("Aa14B7 ()[]/-º#éß王.@") | st.characters(), max_size=30)


@pytest.mark.slow
@given(st.lists(st.tuples(names, st.sampled_from(["", "a@x.example", "b@x.example"])), max_size=8))
def test_any_names_make_pairs_of_two_different_people_each_once(met: list[tuple[str, str]]) -> None:
    stays = [stay(name, 0, 60, email, user_id=str(number)) for number, (name, email) in enumerate(met)]
    there = take_attendance(stays, [], span(0, 60)).people
    found = likely_same(there)
    pairs = {frozenset((one.first.keys, one.second.keys)) for one in found}
    assert all(len(pair) == 2 for pair in pairs)
    assert len(pairs) == len(found)
    again = {frozenset((one.first.keys, one.second.keys)): one.why for one in likely_same(there[::-1])}
    assert again == {frozenset((one.first.keys, one.second.keys)): one.why for one in found}
