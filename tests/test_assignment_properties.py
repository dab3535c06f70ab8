"""What holds however sessions and classes lie to each other."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from tests.assigned import START, at, counted, parts, planned, ran, stay
from tracker.attendance.assignment import ALWAYS, Choice, ClassPart, MeetingClass
from tracker.attendance.counting import clip, union
from tracker.attendance.sharing import share_records
from tracker.attendance.types import Session, Span, Stay

MINUTES = st.integers(-200, 500)
# Classes that follow each other are what most rules are about.
STARTS = st.one_of(st.sampled_from([0, 30, 60, 120]), MINUTES)


@st.composite
def meetings(draw: st.DrawFn) -> tuple[list[MeetingClass], list[Session], list[Stay], float]:
    """Classes of one meeting, its sessions (one at a time), and records inside them."""
    classes = [
        planned(f"class {number}", start, start + length, own=draw(st.booleans()))
        for number, (start, length) in enumerate(
            draw(st.lists(st.tuples(STARTS, st.sampled_from([5, 19, 30, 60])), min_size=1, max_size=4, unique=True))
        )
    ]
    sessions: list[Session] = []
    moment = draw(st.integers(-250, 0))
    for length, pause in draw(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 60)), max_size=5)):
        sessions.append(replace(ran(moment, moment + length), uuid=f"session {len(sessions)}"))
        moment += length + pause
    if sessions and draw(st.booleans()):
        sessions[-1] = replace(sessions[-1], end=None)
    now = moment + draw(st.integers(0, 300))
    stays = []
    for session in sessions:
        last = (session.end or at(now)) - START
        first = (session.start - START) / timedelta(minutes=1)
        length = max(0, int(last / timedelta(minutes=1) - first))
        for name in draw(st.lists(st.sampled_from("abcd"), max_size=4)):
            join = draw(st.integers(0, length))
            stays.append(stay(name, session, first + join, first + draw(st.integers(join, length))))
    return classes, sessions, list(dict.fromkeys(stays)), now


def whole(
    classes: Sequence[MeetingClass], sessions: Sequence[Session], stays: Sequence[Stay], now: float
) -> tuple[dict[str, ClassPart], dict[str, tuple[Stay, ...]]]:
    found = parts(classes, sessions, now=now)
    return found, share_records(classes, found, stays, lambda one: one.name)


@given(meetings())
def test_no_record_of_a_classs_session_is_lost_and_none_is_in_two_classes_unless_shared(
    meeting: tuple[list[MeetingClass], list[Session], list[Stay], float],
) -> None:
    classes, sessions, stays, now = meeting
    found, records = whole(classes, sessions, stays, now)
    has = {
        session.uuid: [part for part in found.values() if session.uuid in {one.session.uuid for one in part.sessions}]
        for session in sessions
    }
    for one in stays:
        of = [class_id for class_id, given in records.items() if one in given]
        assert bool(of) == bool(has[one.session_uuid])
        if len(of) > 1:
            assert all(
                session.shared_with
                for class_id in of
                for session in found[class_id].sessions
                if session.session.uuid == one.session_uuid
            )
        assert sum(given.count(one) for given in records.values()) == len(of)


@given(meetings())
def test_somebody_is_of_two_classes_only_by_enough_time_in_the_planned_time_of_each(
    meeting: tuple[list[MeetingClass], list[Session], list[Stay], float],
) -> None:
    classes, sessions, stays, now = meeting
    _, records = whole(classes, sessions, stays, now)
    for one in stays:
        of = [lesson for lesson in classes if one in records[lesson.id]]
        hers = union(other.span for other in stays if other.name == one.name and other.span is not None)
        for lesson in of if len(of) > 1 else []:
            there = sum((part.end - part.start for part in clip(hers, (lesson.planned,))), timedelta())
            assert there >= lesson.least_overlap


def together(found: dict[str, ClassPart], class_id: str) -> set[str]:
    """The classes with which a class shares people, also by way of others."""
    met, before = {class_id}, set[str]()
    while met != before:
        before = set(met)
        met |= {other for one in before for session in found[one].sessions for other in session.shared_with}
    return met


@given(meetings(), st.data())
def test_moving_a_class_changes_another_ones_records_only_where_they_share_people_or_its_sessions_change(
    meeting: tuple[list[MeetingClass], list[Session], list[Stay], float], data: st.DataObject
) -> None:
    classes, sessions, stays, now = meeting
    before, records = whole(classes, sessions, stays, now)
    moved = data.draw(st.sampled_from(classes))
    start = data.draw(MINUTES)
    length = (moved.planned.end - moved.planned.start) / timedelta(minutes=1)
    elsewhere = replace(moved, planned=Span(at(start), at(start + length)))
    after, records_after = whole([elsewhere if one is moved else one for one in classes], sessions, stays, now)
    for one in classes:
        if one is moved or set(records[one.id]) == set(records_after[one.id]):
            continue
        own = [[part.session for part in found[one.id].sessions] for found in (before, after)]
        assert own[0] != own[1] or moved.id in together(before, one.id) | together(after, one.id)


@given(meetings(), st.data())
def test_what_a_teacher_counts_in_or_leaves_out_takes_no_session_from_another_class(
    meeting: tuple[list[MeetingClass], list[Session], list[Stay], float], data: st.DataObject
) -> None:
    classes, sessions, _, now = meeting
    if not sessions:
        return
    one = data.draw(st.sampled_from(classes))
    choice = Choice(one.id, data.draw(st.sampled_from(sessions)).uuid, data.draw(st.booleans()))
    before, after = parts(classes, sessions, now=now), parts(classes, sessions, now=now, choices=[choice])
    for other in classes:
        if other is not one:
            assert counted(after[other.id]) == counted(before[other.id])
    assert (choice.session_uuid in counted(after[one.id])) == choice.counts


@given(meetings(), st.randoms())
def test_the_order_in_which_things_became_known_has_no_effect(
    meeting: tuple[list[MeetingClass], list[Session], list[Stay], float], random: Random
) -> None:
    classes, sessions, stays, now = meeting
    found, records = whole(classes, sessions, stays, now)
    random.shuffle(classes)
    random.shuffle(sessions)
    random.shuffle(stays)
    again, again_records = whole(classes, sessions, stays, now)
    assert again == found
    assert {key: set(value) for key, value in again_records.items()} == {
        key: set(value) for key, value in records.items()
    }


@given(meetings())
def test_time_is_counted_by_at_most_one_class_where_planned_times_do_not_overlap(
    meeting: tuple[list[MeetingClass], list[Session], list[Stay], float],
) -> None:
    classes, sessions, stays, now = meeting
    found, _ = whole(classes, sessions, stays, now)
    for one in classes:
        for other in classes:
            if one.id < other.id and not clip((one.planned,), (other.planned,)):
                both = clip(found[one.id].own_time, found[other.id].own_time)
                assert both == () or found[one.id].at_another_time or found[other.id].at_another_time


@given(meetings())
def test_a_classs_own_time_lies_in_sessions_that_count_for_it(
    meeting: tuple[list[MeetingClass], list[Session], list[Stay], float],
) -> None:
    classes, sessions, stays, now = meeting
    for part in whole(classes, sessions, stays, now)[0].values():
        runs = union(one.span for one in part.counted)
        assert clip(part.own_time, runs) == tuple(span for span in part.own_time if span.start < span.end)
        assert all(one.share == ALWAYS or one.shared_with for one in part.sessions)
