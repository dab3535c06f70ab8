"""What holds for the register of every class and course."""

from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.makers import NOW, PLANNED, run, stay
from tests.registers import DAY, attended, held, in_class
from tracker.attendance.counting import take_attendance
from tracker.attendance.matching import Choice, Enrolled
from tracker.attendance.register import Register, StudentMark, is_on_roster, register
from tracker.attendance.statuses import DEFAULT_RULES, Rules
from tracker.attendance.types import CAME, PersonKey, Said, Span, Status, Stay
from tracker.rosters.types import Student

names = st.sampled_from(["Ana Lima", "ana  lima", "Bo Ek", "BO EK", "Cy Day", "iPad", "", "Otter.ai", "Ana Lima Reis"])

emails = st.sampled_from(["", "", "", "ana@x.org", "ANA@x.org ", "bo@x.org", "home@x.org", "ute@x.org"])

minutes = st.integers(-20, 80)

stays = st.builds(
    lambda name, email, ends, uuid: stay(name, min(ends), max(ends), email, user_id=uuid),
    names,
    emails,
    st.tuples(minutes, minutes),
    st.sampled_from(["1", "2"]),
)

students = st.lists(
    st.tuples(names.filter(bool), emails, st.sampled_from([None, DAY, DAY + timedelta(days=1)])), max_size=5
).map(
    lambda found: [
        Enrolled(str(place), place, Student(name, email, since=since))
        for place, (name, email, since) in enumerate(found)
    ]
)

keys: st.SearchStrategy[PersonKey] = st.sampled_from(
    [("name", "ana lima"), ("name", "ipad"), ("email", "ana@x.org"), ("name", "otter.ai"), ("email", "home@x.org")]
)

choices = st.lists(
    st.builds(Choice, keys, st.sampled_from(["0", "1", "2", "gone"]), st.booleans(), st.just(NOW)), max_size=4
)

said = st.lists(st.tuples(keys, keys), max_size=2).map(lambda same: Said(tuple(same)))

HOSTS = frozenset({"ute@x.org"})


@pytest.mark.slow
@given(st.lists(stays, max_size=8), students, choices, said)
def test_everybody_is_a_student_a_guest_or_a_host_and_nobody_is_counted_twice(
    records: list[Stay], on_roster: list[Enrolled], words: list[Choice], joined: Said
) -> None:
    attendance = attended(*records, said=joined, hosts=HOSTS)
    found = in_class(attendance, on_roster, choices=words)
    matched = {person.keys for mark in found.marks.values() for person, _ in mark.people}
    guests = [guest.keys for guest in found.guests]
    hosts = {person.keys for person in attendance.hosts}
    assert len(set(guests)) == len(guests)
    assert matched.isdisjoint(guests)
    assert hosts.isdisjoint(guests)
    assert matched | set(guests) | hosts == {person.keys for person in attendance.people}
    assert set(found.marks) == {one.id for one in on_roster if is_on_roster(one, DAY)}
    by_rule = [
        one.student_id
        for person in attendance.people
        for one in found.matches.get(person.keys, ())
        if one.why.value != "by_choice"
    ]
    # By rule one person is one student; several students share a device by a word alone.
    assert len(by_rule) == sum(
        any(one.why.value != "by_choice" for one in matches) for matches in found.matches.values()
    )
    for mark in found.marks.values():
        assert mark.seconds == sum(one.seconds for one in _union(mark))
        assert (mark.status is Status.ABSENT) == (mark.seconds == 0)
        assert mark.status in CAME or mark.status is Status.ABSENT


def _union(mark: StudentMark) -> list[Span]:
    ordered = sorted(span for person, _ in mark.people for span in person.in_class)
    joined: list[Span] = []
    for one in ordered:
        if joined and one.start <= joined[-1].end:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, one.end))
        else:
            joined.append(one)
    return joined


@pytest.mark.slow
@given(st.lists(stays, max_size=8), students, choices, st.randoms(use_true_random=False))
def test_the_order_of_records_and_students_never_matters(
    records: list[Stay], on_roster: list[Enrolled], words: list[Choice], random: Random
) -> None:
    def made(given: list[Stay], order: list[Enrolled]) -> Register:
        attendance = attended(*given, hosts=HOSTS)
        told = [held(0)]
        return register("c", "C", DEFAULT_RULES, told, order, {"0": in_class(attendance, order, choices=words)})

    shuffled = random.sample(records, len(records)), random.sample(on_roster, len(on_roster))
    assert made(*shuffled) == made(records, on_roster)


@pytest.mark.slow
@given(st.lists(stays, max_size=6), students, st.integers(0, 60), st.integers(0, 100))
def test_a_stricter_rule_makes_nobody_better_and_seconds_stay(
    records: list[Stay], on_roster: list[Enrolled], late_after: int, present_from: int
) -> None:
    attendance = attended(*records)
    usual, strict = Rules(late_after, present_from), Rules(max(late_after - 5, 0), min(present_from + 10, 100))
    one, other = in_class(attendance, on_roster, rules=usual), in_class(attendance, on_roster, rules=strict)
    for student_id, mark in one.marks.items():
        stricter = other.marks[student_id]
        assert (mark.seconds, mark.percent) == (stricter.seconds, stricter.percent)
        if mark.status is Status.PARTLY:
            assert stricter.status is Status.PARTLY
        assert (mark.status is Status.ABSENT) == (stricter.status is Status.ABSENT)


def test_a_register_says_the_same_of_a_class_as_the_class_itself() -> None:
    """The status of a student who is one person is that of the person, but for `outside`, which is `absent`."""
    records = [stay(f"S{start} {end}", start, end) for start in range(-10, 60, 7) for end in range(start + 3, 75, 9)]
    attendance = take_attendance(records, (run("s1", 3, 58),), PLANNED)
    students = [Enrolled(person.name, 0, Student(person.name)) for person in attendance.people]
    marks = in_class(attendance, students).marks
    for person in attendance.people:
        status = Status.ABSENT if person.status is Status.OUTSIDE else person.status
        assert (marks[person.name].status, marks[person.name].percent) == (status, person.percent)
