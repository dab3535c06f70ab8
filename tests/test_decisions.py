"""A teacher's decisions on who is the same person: remembered for all her classes, and never changing the count."""

import pytest
from sqlalchemy import Engine

from tests.makers import at, counted, lesson, member, stay, stored
from tracker import class_attendance, storage
from tracker.attendance.types import Attendance, PersonKey
from tracker.storage.database import reading, transaction
from tracker.storage.decisions import Decision
from tracker.storage.members import Member

ANA: PersonKey = ("email", "ana@x.example")
GUEST: PersonKey = ("name", "ana lima")
PHONE: PersonKey = ("name", "iphone: ana")  # with the sign that keys are written with
BEN: PersonKey = ("name", "ben")
SAME, OTHER = Decision(ANA, GUEST, True), Decision(ANA, GUEST, False)


@pytest.fixture
def teacher(engine: Engine) -> Member:
    return member(engine)


def say(engine: Engine, teacher: Member, *decisions: Decision, minute: float = 0) -> None:
    with transaction(engine) as tx:
        for decision in decisions:
            storage.decisions.decide(tx, teacher.id, decision, at(minute))


def undo(engine: Engine, teacher: Member, decision: Decision) -> None:
    with transaction(engine) as tx:
        storage.decisions.undo_decision(tx, teacher.id, decision)


def said(engine: Engine, teacher: Member) -> list[Decision]:
    with reading(engine) as tx:
        return storage.decisions.list_decisions(tx, teacher.id)


def held(engine: Engine, teacher: Member, start: float = 0) -> str:
    """A class of four people by the counting rule, `start` minutes after NOW."""
    class_id = lesson(engine, teacher, start=start)
    stays = (
        stay("Ana", start, start + 20, "ana@x.example"),
        stay("Ana  Lima", start + 10, start + 40),
        stay("iPhone: Ana", start + 40, start + 60),
        stay("Ben", start, start + 60),
    )
    counted(engine, class_id, *stays, start=start, end=start + 60)
    return class_id


def people(engine: Engine, class_id: str) -> list[set[PersonKey]]:
    return [set(person.keys) for person in attendance(engine, class_id).people]


def attendance(engine: Engine, class_id: str) -> Attendance:
    with reading(engine) as tx:
        found = class_attendance.attendance_of(tx, storage.classes.get_class(tx, class_id), at(10_000))
    assert found is not None
    return found


# What is remembered


def test_a_word_is_remembered_the_latest_first(engine: Engine, teacher: Member) -> None:
    assert said(engine, teacher) == []
    say(engine, teacher, SAME, minute=1)
    say(engine, teacher, Decision(PHONE, BEN, False), minute=2)
    assert said(engine, teacher) == [Decision(BEN, PHONE, False), SAME]


@pytest.mark.parametrize("again", [OTHER, Decision(GUEST, ANA, False)])
def test_a_later_word_about_the_same_two_replaces_the_earlier(engine: Engine, teacher: Member, again: Decision) -> None:
    say(engine, teacher, SAME)
    say(engine, teacher, again, minute=1)
    assert said(engine, teacher) == [OTHER]
    say(engine, teacher, SAME, minute=2)
    assert said(engine, teacher) == [SAME]


@pytest.mark.parametrize("taken_back", [SAME, OTHER, Decision(GUEST, ANA, True)])
def test_a_word_can_be_taken_back(engine: Engine, teacher: Member, taken_back: Decision) -> None:
    say(engine, teacher, SAME, Decision(ANA, BEN, True))
    undo(engine, teacher, taken_back)
    undo(engine, teacher, taken_back)
    assert said(engine, teacher) == [Decision(ANA, BEN, True)]


def test_each_teacher_has_words_of_her_own(engine: Engine, teacher: Member) -> None:
    eva = member(engine, "eva@school.example")
    say(engine, teacher, SAME)
    say(engine, eva, OTHER)
    undo(engine, eva, Decision(ANA, BEN, True))
    assert (said(engine, teacher), said(engine, eva)) == ([SAME], [OTHER])


def test_names_in_any_writing_are_remembered_as_they_are(engine: Engine, teacher: Member) -> None:
    odd: PersonKey = ("name", "žofie 😀:: “x” \\ ' %")
    say(engine, teacher, Decision(("name", ""), odd, True))
    assert said(engine, teacher) == [Decision(("name", ""), odd, True)]


# What follows from it


def test_people_who_are_one_are_shown_as_one_in_every_class_and_counted_as_before(
    engine: Engine, teacher: Member
) -> None:
    first = held(engine, teacher)
    assert people(engine, first) == [{ANA}, {GUEST}, {BEN}, {PHONE}]
    say(engine, teacher, SAME)
    later = held(engine, teacher, start=7 * 24 * 60)
    for class_id in (first, later):
        assert people(engine, class_id) == [{ANA, GUEST}, {BEN}, {PHONE}]
        found = attendance(engine, class_id)
        assert (found.people[0].seconds, found.people[0].added_up) == (40 * 60, 50 * 60)
        assert (found.unique_count, stored(engine, class_id).participant_count) == (4, 4)
        with reading(engine) as tx:
            data = storage.classes.get_participants_data(tx, class_id)
        assert data is not None
        assert (data["uniqueCount"], data["totalRecords"]) == (4, 4)


def test_a_word_of_another_teacher_has_no_effect(engine: Engine, teacher: Member) -> None:
    mine = held(engine, teacher)
    say(engine, member(engine, "eva@school.example"), SAME)
    assert people(engine, mine) == [{ANA}, {GUEST}, {BEN}, {PHONE}]


def test_people_who_are_not_the_same_and_words_taken_back_join_nobody(engine: Engine, teacher: Member) -> None:
    class_id = held(engine, teacher)
    say(engine, teacher, OTHER)
    assert people(engine, class_id) == [{ANA}, {GUEST}, {BEN}, {PHONE}]
    say(engine, teacher, SAME)
    assert people(engine, class_id) == [{ANA, GUEST}, {BEN}, {PHONE}]
    undo(engine, teacher, SAME)
    assert people(engine, class_id) == [{ANA}, {GUEST}, {BEN}, {PHONE}]


@pytest.mark.parametrize(
    "chain",
    [[(ANA, GUEST), (GUEST, PHONE)], [(PHONE, ANA), (GUEST, ANA)], [(PHONE, GUEST), (GUEST, ANA), (ANA, PHONE)]],
)
@pytest.mark.database("sqlite")
def test_a_chain_of_words_makes_one_person(
    engine: Engine, teacher: Member, chain: list[tuple[PersonKey, PersonKey]]
) -> None:
    class_id = held(engine, teacher)
    say(engine, teacher, *(Decision(one, other, True) for one, other in chain))
    assert people(engine, class_id) == [{ANA, GUEST, PHONE}, {BEN}]
    assert attendance(engine, class_id).people[0].seconds == 3600


def test_a_chain_holds_where_the_one_in_the_middle_is_not_there(engine: Engine, teacher: Member) -> None:
    class_id = held(engine, teacher)
    absent: PersonKey = ("email", "ana@home.example")
    say(engine, teacher, Decision(ANA, absent, True), Decision(absent, GUEST, True))
    assert people(engine, class_id) == [{ANA, GUEST}, {BEN}, {PHONE}]
