"""What holds for every attendance, whatever the records are."""

import json
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.makers import HELD, PLANNED, at, run, span, stay, taken, waiting
from tracker.attendance.counting import clip, person_key, take_attendance, union
from tracker.attendance.stored_form import participants_data, stays_from_data
from tracker.attendance.types import Attendance, PersonKey, Said, Session, Stay, Where

pytestmark = pytest.mark.slow

minutes = st.integers(-30, 200)
names = st.sampled_from(["Ana", "ana ", "Ben", "Ben  K", "", "iPhone", "Ünal"])
emails = st.sampled_from(["", "", " ", "ana@x.example", "ANA@x.example ", "ben@x.example"])
ids = st.sampled_from(["", "1", "2"])
stays = st.builds(
    Stay,
    name=names,
    email=emails,
    join=st.none() | minutes.map(at),
    leave=st.none() | minutes.map(at),
    seconds=st.integers(0, 7200),
    where=st.sampled_from(Where),
    user_id=ids,
    zoom_user_id=ids,
    registrant_id=ids,
    session_uuid=st.sampled_from(["s1", "s2"]),
)
spans_in_the_lesson = st.tuples(st.integers(0, 60), st.integers(0, 60)).map(lambda pair: (min(pair), max(pair)))
session_lists = st.sampled_from([(), HELD, (run("s1", 0, None),), (run("s1", 0, 20), run("s2", 30, 70))])


@given(st.lists(stays, max_size=8), session_lists, st.randoms(use_true_random=False))
def test_the_order_of_the_records_has_no_effect(
    records: list[Stay], sessions: tuple[Session, ...], random: Random
) -> None:
    shuffled = list(records)
    random.shuffle(shuffled)
    assert taken(*shuffled, sessions=sessions) == taken(*records, sessions=sessions)


@given(st.lists(stays, max_size=6), session_lists, st.data())
def test_records_that_are_repeated_exactly_have_no_effect(
    records: list[Stay], sessions: tuple[Session, ...], data: st.DataObject
) -> None:
    repeats = data.draw(st.lists(st.sampled_from(records), max_size=5)) if records else []
    with_them, without = taken(*records, *repeats, sessions=sessions), taken(*records, sessions=sessions)
    assert with_them.repeats == without.repeats + len(repeats)
    assert replace(with_them, repeats=without.repeats) == without


@given(st.lists(stays, max_size=6), session_lists, stays)
def test_a_waiting_room_record_changes_no_figure_but_the_number_of_records(
    records: list[Stay], sessions: tuple[Session, ...], waiter: Stay
) -> None:
    extra = waiting("Wu", 0, 150, waiter.email, session_uuid="s1", user_id="waiting")
    with_it, without = taken(*records, extra, sessions=sessions), taken(*records, sessions=sessions)
    assert with_it.people == without.people
    assert with_it.lesson == without.lesson
    assert with_it.unique_count == without.unique_count
    assert with_it.total_records == without.total_records + 1


@given(st.lists(st.tuples(names, emails, spans_in_the_lesson), min_size=1, max_size=6), st.integers(0, 60))
def test_cutting_a_stay_into_touching_stays_changes_nobodys_time(
    records: list[tuple[str, str, tuple[int, int]]], cut: int
) -> None:
    whole = [stay(name, *times, email) for name, email, times in records]
    assume(all(name.strip() or email.strip() for name, email, _ in records))  # each joining of nobody is a person
    (name, email, (start, end)), rest = records[0], whole[1:]
    middle = min(max(cut, start), end)
    pieces = [stay(name, start, middle, email), stay(name, middle, end, email)]

    def figures(attendance: Attendance) -> dict[tuple[str, str], tuple[int, int | None, str]]:
        # Not the name: it is the one used last, and which stay is the last has changed.
        return {person_key(p.name, p.email): (p.seconds, p.percent, p.status) for p in attendance.people}

    assert figures(taken(*pieces, *rest)) == figures(taken(*whole))


@given(st.lists(st.tuples(names, emails, spans_in_the_lesson), max_size=8))
def test_nobody_is_present_longer_than_the_session(records: list[tuple[str, str, tuple[int, int]]]) -> None:
    for person in taken(*(stay(name, *times, email) for name, email, times in records)).people:
        assert 0 <= person.seconds <= 3600
        assert person.percent is not None
        assert 0 <= person.percent <= 100


@given(st.lists(stays, max_size=8), session_lists)
def test_every_figure_is_within_its_bounds(records: list[Stay], sessions: tuple[Session, ...]) -> None:
    attendance = taken(*records, sessions=sessions)
    counted = [record for record in attendance.stays if record.where is Where.MEETING]
    assert sorted(counted, key=repr) == sorted((s for p in attendance.people for s in p.stays), key=repr)
    assert attendance.unique_count <= attendance.total_records == len(records) - attendance.repeats
    for person in attendance.people:
        assert all(first.end < second.start for first, second in pairwise(person.present))
        assert person.percent is None or 0 <= person.percent <= 100


@given(st.lists(stays, max_size=8))
def test_the_stored_form_gives_the_same_attendance_again(records: list[Stay]) -> None:
    attendance = taken(*records)
    stored = json.loads(json.dumps(participants_data(attendance)))
    assert take_attendance(stays_from_data(stored), HELD, PLANNED, repeats=stored["repeats"]) == attendance
    assert [list(entry)[:5] for entry in stored["participants"]] == [
        ["name", "email", "joinTime", "leaveTime", "duration"]
    ] * attendance.total_records


@given(st.lists(spans_in_the_lesson), st.lists(spans_in_the_lesson))
def test_a_union_is_ordered_apart_and_as_long_as_the_seconds_it_covers(
    first: list[tuple[int, int]], second: list[tuple[int, int]]
) -> None:
    joined = union(span(*pair) for pair in first)
    assert all(left.end < right.start for left, right in pairwise(joined))
    covered = {minute for start, end in first for minute in range(start, end)}
    assert sum((s.end - s.start for s in joined), timedelta()) == timedelta(minutes=len(covered))
    inside = covered & {minute for start, end in second for minute in range(start, end)}
    clipped = clip([span(*pair) for pair in first], [span(*pair) for pair in second])
    assert sum(s.seconds for s in clipped) == 60 * len(inside)


# People whom a teacher has joined

keys = st.sampled_from(
    [("name", "ana"), ("name", "ben"), ("name", "iphone"), ("email", "ana@x.example"), ("name", "?")]
)
pairs = st.lists(st.tuples(keys, keys), max_size=5)


@given(st.lists(stays, max_size=8), session_lists, pairs)
def test_a_teachers_word_joins_people_and_changes_neither_the_records_nor_the_count(
    records: list[Stay], sessions: tuple[Session, ...], same: list[tuple[PersonKey, PersonKey]]
) -> None:
    plain = taken(*records, sessions=sessions)
    joined = take_attendance(records, sessions, PLANNED, said=Said(tuple(same)))
    assert participants_data(joined) == participants_data(plain)
    assert (joined.lesson, joined.unique_count) == (plain.lesson, len(plain.people))
    assert sorted(key for person in joined.people for key in person.keys) == sorted(
        key for person in plain.people for key in person.keys
    )
    assert sorted(map(repr, (s for p in joined.people for s in p.stays))) == sorted(
        map(repr, (s for p in plain.people for s in p.stays))
    )
    person_of = {key: number for number, person in enumerate(joined.people) for key in person.keys}
    assert all(person_of[one] == person_of[other] for one, other in same if one in person_of and other in person_of)


@given(st.lists(stays, max_size=8), session_lists, pairs, st.randoms(use_true_random=False))
def test_the_order_of_a_teachers_words_has_no_effect(
    records: list[Stay], sessions: tuple[Session, ...], same: list[tuple[PersonKey, PersonKey]], random: Random
) -> None:
    shuffled = [random.choice([(one, other), (other, one)]) for one, other in same]
    random.shuffle(shuffled)
    expected = take_attendance(records, sessions, PLANNED, said=Said(tuple(same)))
    assert take_attendance(records, sessions, PLANNED, said=Said(tuple(shuffled))) == expected


@given(st.lists(stays, max_size=8), session_lists, pairs)
def test_the_time_of_a_person_is_never_above_the_sum_of_the_stays(
    records: list[Stay], sessions: tuple[Session, ...], same: list[tuple[PersonKey, PersonKey]]
) -> None:
    for person in take_attendance(records, sessions, PLANNED, said=Said(tuple(same))).people:
        assert 0 <= person.seconds <= person.added_up
        assert max((s.span.seconds for s in person.stays if s.span), default=0) <= person.seconds


@given(st.lists(st.tuples(names, emails, spans_in_the_lesson), max_size=8), pairs)
def test_all_people_together_are_never_present_longer_than_the_session_for_each(
    records: list[tuple[str, str, tuple[int, int]]], same: list[tuple[PersonKey, PersonKey]]
) -> None:
    stays = [stay(name, *times, email) for name, email, times in records]
    attendance = take_attendance(stays, HELD, PLANNED, said=Said(tuple(same)))
    assert all(person.seconds <= 3600 for person in attendance.people)
    assert sum(person.seconds for person in attendance.people) <= 3600 * len(attendance.people)
    # People who are joined have, together, at most the time that they had apart.
    apart = take_attendance(stays, HELD, PLANNED)
    assert sum(p.seconds for p in attendance.people) <= sum(p.seconds for p in apart.people)
