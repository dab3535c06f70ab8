"""Which person of a class is which student: by a teacher's word, by e-mail, by a name that fits one alone; and what is
only suggested."""

from datetime import timedelta

import pytest

from tests.makers import NOW, at, stay
from tests.registers import attended, roster
from tracker.attendance.counting import person_key
from tracker.attendance.matching import Choice, Enrolled, Matches, Why, match, suggest
from tracker.attendance.types import Attendance, Mark, Person, PersonKey, Said, Stay

ANA, BO, CY = ("Ana Lima", "ana@x.org"), ("Bo Ek", "bo@x.org"), ("Cy Day", "")
IPAD: PersonKey = ("name", "ipad")


def there(name: str, email: str = "") -> Stay:
    return stay(name, 0, 60, email)


def word(key: PersonKey, student_id: str, *, is_her: bool = True, minute: int = 0) -> Choice:
    return Choice(key, student_id, is_her, at(minute))


def told(attendance: Attendance, matches: Matches) -> dict[str, list[tuple[str, str]]]:
    """The students of each person by the name that is shown of her (with the e-mail where there is one), and why."""
    names = {person.keys: person.name + (f" <{person.email}>" if person.email else "") for person in attendance.people}
    return {names[keys]: sorted((one.student_id, one.why.value) for one in found) for keys, found in matches.items()}


def matched(
    students: list[Enrolled], *stays: Stay, choices: tuple[Choice, ...] = (), said: Said | None = None
) -> dict[str, list[tuple[str, str]]]:
    attendance = attended(*stays, said=said)
    return told(attendance, match(attendance.people, students, choices))


# By e-mail


@pytest.mark.parametrize("email", ["ana@x.org", " ANA@X.ORG ", "Ana@x.org"])
def test_whoever_joins_with_a_students_address_is_she_whatever_her_name(email: str) -> None:
    assert matched(roster(ANA, BO), there("iPhone", email)) == {f"iPhone <{email.strip()}>": [("0", "by_email")]}


def test_a_second_address_and_a_guardians_are_hers_as_well() -> None:
    students = roster(("Ana Lima", "ana@x.org", "Ana@Home.example", "mother@y.example"), BO)
    for email in ("ana@home.example", "MOTHER@y.example"):
        assert matched(students, there("?", email)) == {f"? <{email}>": [("0", "by_email")]}


def test_an_address_that_two_students_have_tells_neither_and_the_name_decides() -> None:
    students = roster(("Ana Lima", "home@x.org"), ("Eva Lima", "home@x.org"), ("Ute Lima", "", "HOME@x.org"))
    assert matched(students, there("Family", "home@x.org")) == {}
    assert matched(students, there("Eva Lima", "home@x.org")) == {"Eva Lima <home@x.org>": [("1", "by_name")]}


def test_the_address_comes_before_the_name() -> None:
    assert matched(roster(ANA, BO), there("Ana Lima", "bo@x.org")) == {"Ana Lima <bo@x.org>": [("1", "by_email")]}


def test_an_address_of_another_student_is_an_objection_to_the_name_and_one_that_is_shared_with_her_is_none() -> None:
    shared = roster(("Bo Ek", "family@x.org"), ("Bea Ek", "family@x.org"), CY)
    assert matched(shared, there("Cy Day", "family@x.org")) == {}
    assert matched(shared, there("Bea Ek", "family@x.org")) == {"Bea Ek <family@x.org>": [("1", "by_name")]}


def test_an_address_that_is_not_on_the_roster_is_no_objection_to_the_name() -> None:
    assert matched(roster(ANA, BO), there("Bo Ek", "bo@home.example")) == {
        "Bo Ek <bo@home.example>": [("1", "by_name")]
    }


# By name


@pytest.mark.parametrize(
    "name",
    ["Zoë Abel", "  zoë   ABEL ", "Zoe\u0308 Abel", "Zoë\u00a0Abel", "\u200eZoë Abel\u200f", "Ｚoë Abel"],
)
def test_a_name_is_compared_in_one_form_with_blanks_folded_in_any_case(name: str) -> None:
    (found,) = matched(roster(("Zoë Abel", "zoe@x.org"), BO), there(name)).values()
    assert found == [("0", "by_name")]


@pytest.mark.parametrize("name", ["Zoe Abel", "Abel Zoë", "Zoë", "Zoë Abel (she)", "Zoë Abel 2", "Zoë-Abel", ""])
def test_accents_order_and_every_word_count(name: str) -> None:
    assert matched(roster(("Zoë Abel", "zoe@x.org"), BO), there(name)) == {}


def test_a_name_that_two_students_share_is_nobodys() -> None:
    students = roster(("Ana Lima", "ana@x.org"), ("ana  LIMA", ""))
    assert matched(students, there("Ana Lima")) == {}


def test_a_name_that_two_students_share_is_nobodys_even_where_one_is_matched_by_e_mail() -> None:
    students = roster(("Ana Lima", "ana@x.org"), ("Ana Lima", "ana2@x.org"))
    found = matched(students, there("Ana Lima", "ana@x.org"), there("Ana Lima"))
    assert found == {"Ana Lima <ana@x.org>": [("0", "by_email")]}


def test_a_name_that_two_people_have_is_nobodys() -> None:
    assert matched(roster(BO), there("Bo Ek"), there("Bo Ek", "bo@home.example")) == {}
    assert matched(roster(BO), there("Bo Ek"), there("Bo Ek", "bo@x.org")) == {"Bo Ek <bo@x.org>": [("0", "by_email")]}


def test_a_host_of_that_name_is_one_who_has_it_and_is_matched_by_her_address_alone() -> None:
    students = roster(BO, ("Ute Berg", "ute@x.org"))
    attendance = attended(there("Bo Ek", "boss@x.org"), there("Bo Ek"), hosts=frozenset({"boss@x.org"}))
    assert match(attendance.people, students, ()) == {}
    alone = attended(there("Bo Ek", "boss@x.org"), hosts=frozenset({"boss@x.org"}))
    assert match(alone.people, students, ()) == {}
    known = attended(there("Whoever", "ute@x.org"), hosts=frozenset({"ute@x.org"}))
    assert [one.why for (one,) in match(known.people, students, ()).values()] == [Why.EMAIL]


def test_the_second_name_of_a_person_tells_her_too() -> None:
    stays = [stay("iPhone", 0, 10, "a@home.example"), stay("Ana Lima", 10, 60, "a@home.example")]
    assert matched(roster(ANA), *stays) == {"Ana Lima <a@home.example>": [("0", "by_name")]}
    renamed = [stay("Ana Lima", 0, 10, "a@home.example"), stay("iPhone 12", 10, 60, "a@home.example")]
    (found,) = matched(roster(ANA), *renamed).values()
    assert found == [("0", "by_name")]


def test_whoever_has_had_the_names_of_two_students_is_neither_by_rule() -> None:
    stays = [stay("Ana Lima", 0, 30, "a@home.example"), stay("Bo Ek", 30, 60, "a@home.example")]
    assert matched(roster(ANA, BO), *stays) == {}


def test_a_robot_is_nobody_until_somebody_says_that_it_is_a_person() -> None:
    students = roster(("Otter.ai", "otter@x.org"), BO)
    robots = (there("Otter.ai"), there("Otter.ai", "otter@x.org"))
    assert matched(students, *robots) == {}
    key = person_key("Otter.ai", "otter@x.org")
    person = Said(marks={key: Mark.PERSON})
    assert matched(students, robots[1], said=person) == {"Otter.ai <otter@x.org>": [("0", "by_email")]}
    assert matched(students, robots[1], choices=(word(key, "0"),)) == {"Otter.ai <otter@x.org>": [("0", "by_choice")]}


def test_who_was_set_aside_is_nobody() -> None:
    aside = Said(marks={person_key("Bo Ek", ""): Mark.SET_ASIDE})
    assert matched(roster(BO), there("Bo Ek"), said=aside) == {}
    assert matched(roster(BO), there("Bo Ek"), there("Bo Ek", "b@y.org"), said=aside) == {
        "Bo Ek <b@y.org>": [("0", "by_name")]
    }


def test_people_whom_a_teacher_has_joined_are_matched_by_whatever_they_have() -> None:
    same = Said(((IPAD, ("email", "ana@x.org")),))
    (found,) = matched(roster(ANA), there("iPad"), there("A", "ana@x.org"), said=same).values()
    assert found == [("0", "by_email")]
    two = Said(((("email", "ana@x.org"), ("email", "bo@x.org")),))
    assert matched(roster(ANA, BO), there("A", "ana@x.org"), there("B", "bo@x.org"), said=two) == {}


def test_one_student_may_be_several_people() -> None:
    assert matched(roster(ANA), there("iPad", "ana@x.org"), there("Ana Lima")) == {
        "iPad <ana@x.org>": [("0", "by_email")],
        "Ana Lima": [("0", "by_name")],
    }


# By a teacher's word


def test_a_remembered_choice_beats_address_and_name() -> None:
    choices = (word(("email", "ana@x.org"), "1"),)
    assert matched(roster(ANA, BO), there("Ana Lima", "ana@x.org"), choices=choices) == {
        "Ana Lima <ana@x.org>": [("1", "by_choice")]
    }


def test_a_match_by_choice_says_when_it_was_made() -> None:
    attendance = attended(there("iPad"))
    ((found,),) = match(attendance.people, roster(ANA), [word(IPAD, "0", minute=5)]).values()
    assert (found.student_id, found.why, found.decided_at) == ("0", Why.CHOICE, NOW + timedelta(minutes=5))


def test_a_device_that_two_share_is_both() -> None:
    choices = (word(IPAD, "0"), word(IPAD, "1"))
    assert matched(roster(ANA, BO), there("iPad"), choices=choices) == {
        "iPad": [("0", "by_choice"), ("1", "by_choice")]
    }


def test_a_negative_choice_keeps_the_rule_from_this_student_and_no_other() -> None:
    students = roster(ANA, ("Eva Lima", "eva@x.org"))
    refused = (word(("email", "ana@x.org"), "0", is_her=False),)
    assert matched(students, there("Ana Lima", "ana@x.org"), choices=refused) == {}
    assert matched(students, there("Eva Lima", "ana@x.org"), choices=refused) == {
        "Eva Lima <ana@x.org>": [("1", "by_name")]
    }


def test_the_latest_word_on_the_two_counts() -> None:
    newest_first = (word(IPAD, "0", is_her=False, minute=9), word(IPAD, "0", minute=1))
    same = Said(((IPAD, ("name", "tablet")),))
    joined = (word(("name", "tablet"), "0", minute=9), word(IPAD, "0", is_her=False, minute=1))
    assert matched(roster(ANA), there("iPad"), choices=newest_first) == {}
    assert matched(roster(ANA), there("iPad"), there("Tablet"), choices=joined, said=same) == {
        "iPad": [("0", "by_choice")]
    }


def test_without_the_choice_the_rule_holds_again() -> None:
    assert matched(roster(ANA, BO), there("Ana Lima", "ana@x.org")) == {"Ana Lima <ana@x.org>": [("0", "by_email")]}


def test_a_choice_of_a_student_who_is_on_another_roster_says_nothing() -> None:
    choices = (word(("name", "bo ek"), "gone"),)
    assert matched(roster(BO), there("Bo Ek"), choices=choices) == {"Bo Ek": [("0", "by_name")]}


def test_a_host_and_a_robot_may_be_a_student_by_a_word() -> None:
    attendance = attended(there("Ute", "ute@x.org"), hosts=frozenset({"ute@x.org"}))
    found = match(attendance.people, roster(ANA), [word(("email", "ute@x.org"), "0")])
    assert told(attendance, found) == {"Ute <ute@x.org>": [("0", "by_choice")]}


# Suggestions


def suggested(
    students: list[Enrolled], *stays: Stay, choices: tuple[Choice, ...] = (), hosts: frozenset[str] = frozenset()
) -> list[tuple[str, str, str, int]]:
    """Each person, student, reason and score, in their order."""
    attendance = attended(*stays, hosts=hosts)
    matches = match(attendance.people, students, choices)
    return [
        (one.person.name, one.student.student.name, one.why.value, one.score)
        for one in suggest(attendance.people, students, matches, choices)
    ]


@pytest.mark.parametrize(
    ("name", "student", "why", "score"),
    [
        ("ana@x.org", ("Ana Lima", "ana@x.org"), "name_is_email", 100),
        ("MUM@y.example", ("Ana Lima", "ana@x.org", "mum@y.example"), "name_is_email", 100),
        ("Lima Ana", ("Ana Lima", ""), "same_name_other_writing", 99),
        ("Garcia Lopez, Jose", ("José García López", ""), "same_name_other_writing", 99),
        ("Jose", ("José García López", ""), "part_of_name", 90),
        ("José García López 7B", ("José García López", ""), "part_of_name", 90),
        ("Ana Lma", ("Ana Lima", ""), "alike_name", None),
        ("Giulia Rossi", ("Giulia Rosi", ""), "alike_name", None),
    ],
)
def test_what_is_likely_is_suggested_with_its_reason(
    name: str, student: tuple[str, ...], why: str, score: int | None
) -> None:
    (found,) = suggested(roster(student), there(name))
    assert found[:3] == (name, student[0], why)
    assert found[3] == score if score else 80 <= found[3] <= 95


def test_names_in_other_scripts_are_compared_in_latin_letters() -> None:
    (found,) = suggested(roster(("Natalya Ivanova", ""), BO), there("Наталья Иванова"))
    assert found[1] == "Natalya Ivanova"


@pytest.mark.parametrize("name", ["Zoltán Kis", "", "12", "😀", "An"])
def test_who_is_like_nobody_is_no_suggestion(name: str) -> None:
    assert suggested(roster(ANA, BO), there(name)) == []


def test_likeness_alone_never_makes_a_match() -> None:
    stays = [there("Lima Ana"), there("Ana Líma"), there("Bo"), there("ana@x.org")]
    assert matched(roster(ANA, BO), *stays) == {}


def test_both_students_of_one_name_are_suggested_and_neither_is_matched() -> None:
    students = roster(("Ana Lima", "a1@x.org"), ("Ana Lima", "a2@x.org"))
    assert suggested(students, there("Ana Lima")) == [
        ("Ana Lima", "Ana Lima", "same_name_as_others", 100),
        ("Ana Lima", "Ana Lima", "same_name_as_others", 100),
    ]


def test_for_one_person_there_are_three_suggestions_the_most_alike_first() -> None:
    students = roster(("Ana Lima Reis", ""), ("Ana Lma", ""), ("Lima Ana", ""), ("Ana Lima Paz", ""))
    found = suggested(students, there("Ana Lima"))
    assert [student for _, student, _, _ in found][:1] == ["Lima Ana"]
    assert len(found) == 3
    assert [score for *_, score in found] == sorted((score for *_, score in found), reverse=True)


def test_who_is_matched_refused_a_host_or_a_robot_is_not_suggested() -> None:
    students = roster(("Ana Lima", "ana@x.org"))
    assert suggested(students, there("Ana L", "ana@x.org")) == []
    assert suggested(students, there("Lima Ana"), choices=(word(("name", "lima ana"), "0", is_her=False),)) == []
    assert suggested(students, there("Lima Ana", "ute@x.org"), hosts=frozenset({"ute@x.org"})) == []
    assert suggested(students, there("Ana Lima's Notetaker (Otter.ai)")) == []


def test_a_student_who_was_there_is_suggested_for_another_device_too() -> None:
    found = suggested(roster(ANA), there("A", "ana@x.org"), there("Ana"))
    assert found == [("Ana", "Ana Lima", "part_of_name", 90)]


def test_suggestions_for_a_large_class_take_no_time() -> None:
    students = roster(*((f"Ana Lima {number}", f"s{number}@x.org") for number in range(500)))
    people: tuple[Person, ...] = attended(*(there(f"Lima {number} Ana") for number in range(100))).people
    found = suggest(people, students, {}, ())
    assert {one.score for one in found if one.student.student.name.split()[2] in one.person.name.split()} >= {99}
