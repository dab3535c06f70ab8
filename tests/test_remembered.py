"""Attendances that were worked out before are the same as those that are worked out anew."""

import json
from functools import partial

import pytest

from tests.makers import HELD, PLANNED, stay
from tracker.attendance import remembered
from tracker.attendance.counting import take_attendance
from tracker.attendance.remembered import stored_in, take_again
from tracker.attendance.statuses import Rules
from tracker.attendance.stored_form import participants_data
from tracker.attendance.types import Attendance, Mark, Said, Source

STAYS = (stay("Ana", 8, 60, "ana@x.org"), stay("iPad", 0, 30))
IPAD, ANA = ("name", "ipad"), ("email", "ana@x.org")


def again(said: Said = Said(), rules: Rules = Rules()) -> Attendance:  # noqa: B008 - both are frozen
    more = {"own_time": None, "at_another_time": False, "repeats": 0, "source": Source.ZOOM}
    return take_again(STAYS, HELD, PLANNED, shares={}, said=said, hosts=set(), rules=rules, **more)


def test_what_is_taken_again_is_the_same_and_not_worked_out_anew() -> None:
    assert again() == take_attendance(STAYS, HELD, PLANNED)
    assert again() is again()
    late = again(rules=Rules(late_after=10))
    assert [person.status.value for person in late.people] == ["present", "left early"]
    assert [person.status.value for person in again().people] == ["late", "left early"]


def test_the_order_of_a_teachers_words_counts() -> None:
    same = ((IPAD, ANA),)
    host_last = Said(same, {IPAD: Mark.SET_ASIDE, ANA: Mark.HOST})
    host_first = Said(same, {ANA: Mark.HOST, IPAD: Mark.SET_ASIDE})
    assert [len(again(said).set_aside) for said in (host_last, host_first, host_last)] == [1, 0, 1]
    for said in (host_last, host_first):
        assert again(said) == take_attendance(STAYS, HELD, PLANNED, said=said)


def test_what_is_stored_is_read_once() -> None:
    text = json.dumps(participants_data(take_attendance(STAYS, HELD, PLANNED)))
    copy = json.dumps(json.loads(text))
    assert stored_in(text) is stored_in(copy)
    assert sorted(one.name for one in stored_in(text).stays) == ["Ana", "iPad"]


@pytest.mark.parametrize("text", ["{", "null", "[]", "{}", '{"participants": [null]}', "[" * 100_000])
def test_what_is_no_list_is_refused_each_time(text: str) -> None:
    for _ in range(2):
        with pytest.raises(ValueError, match=r"^[{\[n]|Expecting"):
            stored_in(text)


def noted(made: list[int], number: int) -> int:
    made.append(number)
    return number


def test_of_so_much_text_it_is_kept_and_what_was_asked_for_last_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    known, made = remembered.Remembered[int](), list[int]()

    def ask(number: int) -> int:
        return known.get(number, 10, partial(noted, made, number))

    monkeypatch.setattr(remembered, "MOST", 40)
    assert [ask(number) for number in (1, 2, 3, 4, 1, 5)] == [1, 2, 3, 4, 1, 5]
    assert made == [1, 2, 3, 4, 5]
    assert [ask(number) for number in (4, 1, 5)] == [4, 1, 5]
    assert made == [1, 2, 3, 4, 5]
    assert known.get("too large", 41, lambda: 7) == 7
    assert [ask(number) for number in (5, 2)] == [5, 2]
    assert made == [1, 2, 3, 4, 5, 2]


def test_the_classes_of_two_large_courses_are_kept_from_one_register_to_the_next() -> None:
    made = list[int]()
    known = remembered.Remembered[int]()
    for _time in range(2):
        for number in range(400):
            known.get(number, remembered.BYTES_OF_STAY * 300, partial(noted, made, number))
    assert made == list(range(400))
