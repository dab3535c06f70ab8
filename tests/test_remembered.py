"""Attendances that were worked out before are the same as those that are worked out anew."""

import json

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


def test_only_so_many_are_kept() -> None:
    for number in range(remembered.MOST + 10):
        again(rules=Rules(late_after=number))
    assert remembered._taken.cache_info().currsize == remembered.MOST
