"""A teacher's decisions on people: remembered for all her classes, and never changing the count by the rule."""

import pytest
from sqlalchemy import Engine, text

from tests.makers import Clock, at, counted, lesson, member, services, stay, stored
from tracker import class_attendance, decisions, reconcile, storage
from tracker.attendance.types import Attendance, Mark, Person, PersonKey, Role
from tracker.auth import OPERATOR
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
            data = storage.participants.get_participants_data(tx, class_id)
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


# Joined and parted in the table of people


def table_of(engine: Engine, class_id: str) -> dict[str, Person]:
    return {person.name: person for person in attendance(engine, class_id).people}


def test_several_people_are_joined_at_once_and_parted_again(engine: Engine, teacher: Member, clock: Clock) -> None:
    class_id, using = held(engine, teacher), services(engine, clock)
    found = table_of(engine, class_id)
    decisions.join(using, OPERATOR, stored(engine, class_id), [found["Ana"], found["Ana Lima"], found["iPhone: Ana"]])
    assert people(engine, class_id) == [{ANA, GUEST, PHONE}, {BEN}]
    (joined, _ben) = attendance(engine, class_id).people
    decisions.part(using, OPERATOR, stored(engine, class_id), [joined])
    assert people(engine, class_id) == [{ANA}, {GUEST}, {BEN}, {PHONE}]
    assert {(one.first, one.second, one.same) for one in said(engine, teacher)} == {
        (ANA, GUEST, False),
        (ANA, PHONE, False),
    }


def test_people_of_whom_it_was_said_that_they_are_two_can_be_joined(
    engine: Engine, teacher: Member, clock: Clock
) -> None:
    class_id, using = held(engine, teacher), services(engine, clock)
    say(engine, teacher, Decision(GUEST, PHONE, False), SAME)
    found = table_of(engine, class_id)
    decisions.join(using, OPERATOR, stored(engine, class_id), [found["Ana"], found["iPhone: Ana"]])
    assert people(engine, class_id) == [{ANA, GUEST, PHONE}, {BEN}]
    assert all(one.same for one in said(engine, teacher))


def test_to_part_two_people_breaks_a_chain_by_way_of_somebody_absent_and_no_other(
    engine: Engine, teacher: Member, clock: Clock
) -> None:
    class_id, using = held(engine, teacher), services(engine, clock)
    absent: PersonKey = ("email", "ana@home.example")
    elsewhere: PersonKey = ("name", "ana at home")
    kept = Decision(absent, elsewhere, True)
    say(engine, teacher, Decision(ANA, absent, True), Decision(absent, GUEST, True), kept, Decision(BEN, PHONE, True))
    (ana,) = [person for person in attendance(engine, class_id).people if set(person.keys) == {ANA, GUEST}]
    decisions.part(using, OPERATOR, stored(engine, class_id), [ana])
    assert people(engine, class_id) == [{ANA}, {GUEST}, {BEN, PHONE}]
    assert {(one.first, one.second) for one in said(engine, teacher) if one.same} == {(absent, elsewhere), (BEN, PHONE)}
    assert OTHER in said(engine, teacher)  # so that they are not suggested to be the same


def test_two_people_who_are_not_the_same_are_remembered_as_two(engine: Engine, teacher: Member, clock: Clock) -> None:
    class_id, using = held(engine, teacher), services(engine, clock)
    found = table_of(engine, class_id)
    decisions.part(using, OPERATOR, stored(engine, class_id), [found["Ana"], found["Ana Lima"]])
    assert said(engine, teacher) == [OTHER]


def test_somebody_without_a_name_is_joined_by_what_other_classes_know_of_them(
    engine: Engine, teacher: Member, clock: Clock
) -> None:
    class_id, using = lesson(engine, teacher), services(engine, clock)
    counted(engine, class_id, stay("Ben", 0, 30), stay("", 0, 30, user_id="1"), stay("", 30, 60, zoom_user_id="z1"))
    found = attendance(engine, class_id).people
    decisions.join(using, OPERATOR, stored(engine, class_id), [one for one in found if not one.name])
    (nameless,) = [one for one in attendance(engine, class_id).people if not one.name]
    decisions.join(using, OPERATOR, stored(engine, class_id), [nameless, table_of(engine, class_id)["Ben"]])
    assert Decision(BEN, ("zoom", "z1"), True) in said(engine, teacher)
    assert figures(engine, class_id) == (1, 0, 3)


# What somebody is


def roles(engine: Engine, class_id: str) -> dict[str, Role]:
    return {person.name: person.role for person in attendance(engine, class_id).people}


def figures(engine: Engine, class_id: str) -> tuple[int | None, int | None, int | None]:
    """People and hosts as they are shown, and the count by the rule."""
    found = stored(engine, class_id)
    return found.people_shown, found.hosts_shown, found.participant_count


@pytest.mark.parametrize(
    ("who", "host"),
    [
        ({"email": "ANA@school.example "}, True),  # the teacher's address
        ({"zoom_user_id": "zoom-ana"}, True),  # the teacher's Zoom user
        ({"zoom_user_id": "ZOOM-ANA"}, False),
        ({"email": "ana@elsewhere.example"}, False),
        ({}, False),
    ],
)
def test_the_teacher_is_the_host_by_account_and_never_by_the_name_that_somebody_has_typed(
    engine: Engine, who: dict[str, str], host: bool
) -> None:
    class_id = lesson(engine, member(engine, zoom_user="zoom-ana"))
    counted(engine, class_id, stay("Ana", 0, 60, **who), stay("Ben", 0, 60))
    assert roles(engine, class_id) == {"Ana": Role.HOST if host else Role.PARTICIPANT, "Ben": Role.PARTICIPANT}
    assert stored(engine, class_id).participant_count == 2


def test_who_hosts_the_session_at_zoom_is_a_host(engine: Engine, teacher: Member) -> None:
    class_id = lesson(engine, teacher)
    counted(engine, class_id, stay("Cover", 0, 60, zoom_user_id="zoom-cover"), stay("Ben", 0, 60, zoom_user_id="z-ben"))
    assert set(roles(engine, class_id).values()) == {Role.PARTICIPANT}
    with transaction(engine) as tx:
        tx.execute(text('UPDATE "MeetingSession" SET "hostId" = \'zoom-cover\''))
    assert roles(engine, class_id) == {"Ben": Role.PARTICIPANT, "Cover": Role.HOST}


@pytest.mark.parametrize(
    ("mark", "shown"),
    [
        (Mark.HOST, (3, 1, 4)),
        (Mark.SET_ASIDE, (3, 0, 4)),
        (Mark.PERSON, (4, 0, 4)),
        (Mark.PARTICIPANT, (4, 0, 4)),
    ],
)
def test_the_figures_of_all_her_classes_follow_what_a_teacher_says_of_somebody(
    engine: Engine, teacher: Member, clock: Clock, mark: Mark, shown: tuple[int, int, int]
) -> None:
    first, later = held(engine, teacher), held(engine, teacher, start=7 * 24 * 60)
    stranger = held(engine, member(engine, "eva@school.example"), start=14 * 24 * 60)
    using = services(engine, clock)
    ben = next(person for person in attendance(engine, first).people if person.name == "Ben")
    decisions.mark(using, OPERATOR, stored(engine, first), [ben], mark)
    assert [figures(engine, class_id) for class_id in (first, later, stranger)] == [shown, shown, (4, 0, 4)]
    for class_id in (first, later):
        found = attendance(engine, class_id)
        assert (len(found.participants), len(found.hosts), found.unique_count) == shown
    decisions.undo_mark(using, OPERATOR, stored(engine, later), BEN)
    assert [figures(engine, class_id) for class_id in (first, later)] == [(4, 0, 4)] * 2


def test_the_figures_of_all_her_classes_follow_who_is_the_same(engine: Engine, teacher: Member, clock: Clock) -> None:
    first, later = held(engine, teacher), held(engine, teacher, start=7 * 24 * 60)
    using = services(engine, clock)
    decisions.decide(using, OPERATOR, stored(engine, first), SAME, Decision(GUEST, PHONE, True))
    assert [figures(engine, class_id) for class_id in (first, later)] == [(2, 0, 4)] * 2
    decisions.undo_decision(using, OPERATOR, stored(engine, first), SAME)
    assert [figures(engine, class_id) for class_id in (first, later)] == [(3, 0, 4)] * 2


def test_a_teacher_may_say_that_the_host_is_none(engine: Engine, teacher: Member, clock: Clock) -> None:
    class_id = lesson(engine, teacher)
    counted(engine, class_id, stay("Ana", 0, 60, "ana@school.example"), stay("Ben", 0, 60))
    using = services(engine, clock)
    decisions.mark(using, OPERATOR, stored(engine, class_id), attendance(engine, class_id).hosts, Mark.PARTICIPANT)
    assert roles(engine, class_id) == {"Ana": Role.PARTICIPANT, "Ben": Role.PARTICIPANT}
    assert figures(engine, class_id) == (2, 0, 2)


def test_the_latest_word_on_somebody_of_several_names_counts(engine: Engine, teacher: Member, clock: Clock) -> None:
    class_id = held(engine, teacher)
    using = services(engine, clock)
    one = {person.name: person for person in attendance(engine, class_id).people}
    decisions.mark(using, OPERATOR, stored(engine, class_id), [one["Ana"]], Mark.SET_ASIDE)
    clock.forward(minutes=1)
    decisions.mark(using, OPERATOR, stored(engine, class_id), [one["Ana Lima"]], Mark.HOST)
    decisions.decide(using, OPERATOR, stored(engine, class_id), SAME)
    assert figures(engine, class_id) == (2, 1, 4)
    decisions.undo_mark(using, OPERATOR, stored(engine, class_id), GUEST)
    assert figures(engine, class_id) == (2, 0, 4)
    assert [person.name for person in attendance(engine, class_id).set_aside] == ["Ana"]


def test_a_robot_is_known_by_its_name_and_stays_a_person_until_it_is_set_aside(
    engine: Engine, teacher: Member, clock: Clock
) -> None:
    class_id = lesson(engine, teacher)
    counted(engine, class_id, stay("Otter.ai", 0, 60), stay("Otto Aihara", 0, 60))
    found = attendance(engine, class_id)
    assert {person.name: person.robot for person in found.people} == {"Otter.ai": True, "Otto Aihara": False}
    decisions.mark(services(engine, clock), OPERATOR, stored(engine, class_id), found.people[:1], Mark.PERSON)
    assert not any(person.robot for person in attendance(engine, class_id).people)


def test_figures_that_are_missing_are_worked_out_once(engine: Engine, teacher: Member, clock: Clock) -> None:
    class_id, broken = held(engine, teacher), held(engine, teacher, start=7 * 24 * 60)
    with transaction(engine) as tx:
        tx.execute(text('UPDATE "LiveStream" SET "peopleShown" = NULL, "hostsShown" = NULL'))
        tx.execute(text('UPDATE "LiveStream" SET "participantsData" = \'[]\' WHERE id = :id'), {"id": broken})
    reconcile.fill_in_figures(services(engine, clock))
    assert [figures(engine, one) for one in (class_id, broken)] == [(4, 0, 4)] * 2
    with reading(engine) as tx:
        assert storage.participants.without_figures(tx, 10) == []
