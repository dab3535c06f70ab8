"""The queue of fetches: when it is worth trying again, and who has the work."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from tests.makers import NOW, at, lesson, member, stored
from tracker import health, storage
from tracker.attendance.types import ClassStatus, FetchState
from tracker.errors import (
    FetchUnderWay,
    LeaseLost,
    NoDataFromZoom,
    NotEnded,
    Problem,
    ZoomMeetingUnknown,
    ZoomMisconfigured,
    ZoomRateLimited,
    ZoomRefused,
    ZoomRefusedForNow,
    ZoomUnreachable,
)
from tracker.retry import PATIENCE, next_try
from tracker.storage.attention import Queue
from tracker.storage.classes import FetchProgress
from tracker.storage.database import reading, transaction
from tracker.storage.fetches import LEASE, Claim

MINUTE = timedelta(minutes=1)
LEASE_MINUTES = LEASE / MINUTE
AWAY = ZoomUnreachable("zoom_no_answer")
GONE = AWAY.problem
NO = Problem("zoom_request_refused", {"status": 400, "message": "No."})
NO_LIST = Problem("no_list_yet")


# When to try again


@pytest.mark.parametrize(
    ("error", "attempts", "spread", "minutes"),
    [
        (AWAY, 1, 0, 1),
        (AWAY, 2, 0, 2),
        (AWAY, 3, 0, 4),
        (AWAY, 6, 0, 32),
        (AWAY, 7, 0, 60),
        (AWAY, 8, 0, 60),
        (AWAY, 1_000_000, 0, 60),
        (AWAY, 0, 0, 0.5),
        (AWAY, 1, 1, 1.25),
        (AWAY, 7, 0.5, 67.5),
        (ZoomUnreachable("zoom_no_answer", retry_at=at(10)), 1, 0, 10),
        (ZoomUnreachable("zoom_no_answer", retry_at=at(10)), 1, 1, 10.25),
        (ZoomUnreachable("zoom_no_answer", retry_at=at(10)), 7, 0, 60),
        (ZoomUnreachable("zoom_no_answer", retry_at=at(-10)), 1, 0, 1),
        (ZoomRateLimited("slow", retry_at=at(720)), 1, 0, 720),
        (ZoomMisconfigured("scope"), 50, 0, 60),
        (RuntimeError("a fault of ours"), 2, 0, 2),
        (NoDataFromZoom("empty"), 1, 0, 1),
        (NotEnded("not over"), 3, 0, 4),
        (ZoomMeetingUnknown("3001"), 1, 0, 1),
        (ZoomMeetingUnknown("3001", retry_at=at(10)), 1, 0, 10),
        (ZoomRefused("plan"), 1, 0, None),
        (ZoomRefused("plan", retry_at=at(10)), 1, 0, None),
        (ZoomRefusedForNow("odd"), 3, 0, 4),
    ],
)
def test_the_gaps_double_up_to_an_hour_and_a_stated_time_is_obeyed(
    error: Exception, attempts: int, spread: float, minutes: float | None
) -> None:
    found = next_try(error, attempts, NOW, NOW, first_gap=MINUTE, spread=spread)
    assert found == (None if minutes is None else at(minutes))


@pytest.mark.parametrize(
    ("error", "tried_for_ever"),
    [
        (AWAY, True),
        (ZoomMisconfigured("scope"), True),
        (ZoomRateLimited("slow"), True),
        (RuntimeError("a fault of ours"), True),
        (NoDataFromZoom("empty"), False),
        (NotEnded("not over"), False),
        (ZoomMeetingUnknown("3001"), False),
        (ZoomRefusedForNow("odd"), False),
    ],
)
def test_patience_with_a_list_that_does_not_come_ends(error: Exception, tried_for_ever: bool) -> None:
    def again(now: datetime) -> bool:
        return next_try(error, 30, NOW, now, first_gap=MINUTE, spread=0) is not None

    assert again(NOW + PATIENCE - timedelta(seconds=1))
    assert again(NOW + PATIENCE) is tried_for_ever
    assert again(NOW + 365 * PATIENCE) is tried_for_ever


# Asking and claiming


@pytest.fixture
def class_id(engine: Engine) -> str:
    return lesson(engine, member(engine))


def ask(engine: Engine, class_id: str, due: float, now: float = 0) -> None:
    with transaction(engine) as tx:
        storage.classes.lock_class(tx, class_id)
        storage.fetches.ask(tx, class_id, at(due), at(now))


def claim(engine: Engine, now: float) -> Claim | None:
    with transaction(engine) as tx:
        return storage.fetches.claim_due(tx, at(now))


def claimed(engine: Engine, now: float) -> Claim:
    found = claim(engine, now)
    assert found is not None
    return found


def claim_class(engine: Engine, class_id: str, now: float) -> Claim:
    with transaction(engine) as tx:
        storage.classes.lock_class(tx, class_id)
        return storage.fetches.claim_class(tx, class_id, at(now))


def change(engine: Engine, word: Callable[..., None], *arguments: object) -> None:
    with transaction(engine) as tx:
        word(tx, *arguments)


def progress(engine: Engine, class_id: str) -> FetchProgress:
    found = stored(engine, class_id).fetch
    assert found is not None
    return found


def test_nothing_is_claimed_where_nothing_is_asked_for(engine: Engine, class_id: str) -> None:
    assert claim(engine, 10_000) is None
    assert stored(engine, class_id).fetch is None


def test_a_fetch_is_claimed_when_it_is_due_and_not_before(engine: Engine, class_id: str) -> None:
    ask(engine, class_id, due=10)
    assert progress(engine, class_id) == FetchProgress(FetchState.WAITING, at(10), 0, None, None)
    assert claim(engine, 9.9) is None
    found = claimed(engine, 10)
    assert (found.class_id, found.attempts, found.asked_at) == (class_id, 1, at(10))
    assert progress(engine, class_id).leased_until == at(10) + LEASE


def test_what_has_been_due_the_longest_is_claimed_first(engine: Engine) -> None:
    teacher = member(engine)
    ids = [lesson(engine, teacher) for _ in range(4)]
    for class_id, due in zip(ids, (30, 10, 40, 20), strict=True):
        ask(engine, class_id, due)
    order = [claimed(engine, 35).class_id for _ in range(3)]
    assert order == [ids[1], ids[3], ids[0]]
    assert claim(engine, 35) is None


def test_a_claimed_fetch_is_collecting_until_its_lease_ends(engine: Engine, class_id: str) -> None:
    ask(engine, class_id, due=0)
    assert progress(engine, class_id).state(at(0)) is FetchState.WAITING
    claimed(engine, 0)
    assert progress(engine, class_id).state(at(LEASE_MINUTES - 0.1)) is FetchState.COLLECTING
    assert progress(engine, class_id).state(at(LEASE_MINUTES)) is FetchState.WAITING


def test_a_fetch_whose_process_died_comes_back_when_the_lease_ends(engine: Engine, class_id: str) -> None:
    ask(engine, class_id, due=0)
    first = claimed(engine, 0)
    assert claim(engine, LEASE_MINUTES - 0.1) is None
    second = claimed(engine, LEASE_MINUTES)
    assert (second.class_id, second.attempts) == (class_id, 2)
    assert second.token != first.token
    assert second.asked_at == first.asked_at


def test_a_lease_that_is_renewed_lasts_from_then_on(engine: Engine, class_id: str) -> None:
    ask(engine, class_id, due=0)
    mine = claimed(engine, 0)
    change(engine, storage.fetches.renew, mine, at(1))
    assert claim(engine, LEASE_MINUTES + 0.9) is None
    assert claim(engine, LEASE_MINUTES + 1) is not None


def test_asking_again_takes_the_work_from_whoever_has_it(engine: Engine, class_id: str) -> None:
    ask(engine, class_id, due=0)
    mine = claimed(engine, 0)
    change(engine, storage.fetches.postpone, mine, GONE, at(2), 1)
    mine = claimed(engine, 2)
    ask(engine, class_id, due=30, now=3)
    assert progress(engine, class_id) == FetchProgress(FetchState.WAITING, at(30), 0, None, None)
    for word, arguments in WORDS:
        with pytest.raises(LeaseLost):
            change(engine, word, mine, *arguments)
    assert claimed(engine, 30).asked_at == at(30)


@pytest.mark.parametrize(("due", "now", "asked"), [(10, 0, 10), (10, 20, 20), (-60, 0, 0)])
@pytest.mark.database("sqlite")
def test_patience_is_counted_from_when_the_list_may_be_there(
    engine: Engine, class_id: str, due: float, now: float, asked: float
) -> None:
    ask(engine, class_id, due, now)
    assert claimed(engine, 100).asked_at == at(asked)


# The ends of a claim


WORDS: list[tuple[Callable[..., None], tuple[object, ...]]] = [
    (storage.fetches.renew, (at(5),)),
    (storage.fetches.finish, (at(60),)),
    (storage.fetches.postpone, (GONE, at(9), 1)),
    (storage.fetches.abandon, (NO, FetchState.FAILED)),
    (storage.fetches.release, ()),
]


@pytest.mark.parametrize(
    ("word", "arguments", "expected"),
    [
        (storage.fetches.finish, (at(60),), FetchProgress(FetchState.COLLECTED, at(60), 0, None, None)),
        (storage.fetches.finish, (None,), FetchProgress(FetchState.SETTLED, None, 0, None, None)),
        (
            storage.fetches.postpone,
            (GONE, at(9), 1),
            FetchProgress(FetchState.WAITING, at(9), 1, GONE, None),
        ),
        (
            storage.fetches.abandon,
            (NO, FetchState.FAILED),
            FetchProgress(FetchState.FAILED, None, 1, NO, None),
        ),
        (
            storage.fetches.abandon,
            (NO_LIST, FetchState.NO_DATA),
            FetchProgress(FetchState.NO_DATA, None, 1, NO_LIST, None),
        ),
        (storage.fetches.release, (), FetchProgress(FetchState.WAITING, at(0), 1, None, None)),
    ],
)
def test_a_claim_ends_in_one_of_these_states(
    engine: Engine, class_id: str, word: Callable[..., None], arguments: tuple[object, ...], expected: FetchProgress
) -> None:
    ask(engine, class_id, due=0)
    change(engine, word, claimed(engine, 0), *arguments)
    assert progress(engine, class_id) == expected
    found = claim(engine, 8.9)
    assert (found is not None) == (expected.due_at == at(0))


def test_success_forgets_the_failures_before_it(engine: Engine, class_id: str) -> None:
    ask(engine, class_id, due=0)
    change(engine, storage.fetches.postpone, claimed(engine, 0), GONE, at(2), 1)
    change(engine, storage.fetches.finish, claimed(engine, 2), at(60))
    assert progress(engine, class_id) == FetchProgress(FetchState.COLLECTED, at(60), 0, None, None)
    assert claimed(engine, 60).attempts == 1


@pytest.mark.parametrize(("word", "arguments"), WORDS)
def test_who_has_lost_the_lease_changes_nothing(
    engine: Engine, class_id: str, word: Callable[..., None], arguments: tuple[object, ...]
) -> None:
    ask(engine, class_id, due=0)
    slow = claimed(engine, 0)
    quick = claimed(engine, LEASE_MINUTES)
    before = progress(engine, class_id)
    with pytest.raises(LeaseLost):
        change(engine, word, slow, *arguments)
    assert progress(engine, class_id) == before
    change(engine, storage.fetches.finish, quick, at(60))
    with pytest.raises(LeaseLost):
        change(engine, word, slow, *arguments)


def test_a_slow_worker_may_still_finish_while_nobody_else_has_the_work(engine: Engine, class_id: str) -> None:
    ask(engine, class_id, due=0)
    slow = claimed(engine, 0)
    change(engine, storage.fetches.finish, slow, at(60))
    assert progress(engine, class_id).stored_state is FetchState.COLLECTED


def test_a_lost_lease_takes_the_rest_of_the_transaction_back(engine: Engine, class_id: str) -> None:
    ask(engine, class_id, due=0)
    slow = claimed(engine, 0)
    claimed(engine, LEASE_MINUTES)

    def write_and_finish(tx: Session) -> None:
        storage.classes.change_class(tx, class_id, "Never seen", NOW, 60, "UTC")
        tx.flush()
        storage.fetches.finish(tx, slow, at(5))

    with pytest.raises(LeaseLost):
        change(engine, write_and_finish)
    assert stored(engine, class_id).title == "Algebra 7B"


# A person who waits


def test_a_person_may_fetch_before_it_is_due_and_the_plan_stays(engine: Engine, class_id: str) -> None:
    ask(engine, class_id, due=10)
    mine = claim_class(engine, class_id, now=1)
    assert mine.attempts == 0
    change(engine, storage.fetches.finish, mine, at(10))
    assert progress(engine, class_id) == FetchProgress(FetchState.COLLECTED, at(10), 0, None, None)
    assert claimed(engine, 10).class_id == class_id


def test_a_person_who_fetches_after_it_was_due_ends_the_plan(engine: Engine, class_id: str) -> None:
    ask(engine, class_id, due=10)
    change(engine, storage.fetches.finish, claim_class(engine, class_id, now=12), None)
    assert progress(engine, class_id) == FetchProgress(FetchState.SETTLED, None, 0, None, None)
    assert claim(engine, 1000) is None


def test_a_persons_fetch_that_fails_leaves_everything_as_it_was(engine: Engine, class_id: str) -> None:
    ask(engine, class_id, due=0)
    change(engine, storage.fetches.postpone, claimed(engine, 0), GONE, at(30), 1)
    before = progress(engine, class_id)
    change(engine, storage.fetches.release, claim_class(engine, class_id, now=5))
    assert progress(engine, class_id) == before


def test_two_do_not_fetch_one_class_at_once(engine: Engine, class_id: str) -> None:
    mine = claim_class(engine, class_id, now=0)
    with pytest.raises(FetchUnderWay):
        claim_class(engine, class_id, now=LEASE_MINUTES - 0.1)
    taken_over = claim_class(engine, class_id, now=LEASE_MINUTES)
    with pytest.raises(LeaseLost):
        change(engine, storage.fetches.finish, mine, at(5))
    change(engine, storage.fetches.finish, taken_over, at(5))


def test_the_loop_leaves_alone_what_a_person_fetches(engine: Engine, class_id: str) -> None:
    ask(engine, class_id, due=0)
    claim_class(engine, class_id, now=0)
    assert claim(engine, 1) is None
    assert claim(engine, LEASE_MINUTES) is not None


# Taking it back, and counting


def test_what_is_withdrawn_is_not_fetched_and_nobody_may_finish_it(engine: Engine, class_id: str) -> None:
    ask(engine, class_id, due=0)
    mine = claimed(engine, 0)
    change(engine, storage.fetches.withdraw, class_id)
    assert claim(engine, 10_000) is None
    with pytest.raises(LeaseLost):
        change(engine, storage.fetches.finish, mine, at(1))


def test_withdrawing_what_was_never_asked_for_does_nothing(engine: Engine, class_id: str) -> None:
    change(engine, storage.fetches.withdraw, class_id)
    assert stored(engine, class_id).fetch is None


def test_the_operator_sees_how_many_are_due_and_how_many_failed(engine: Engine) -> None:
    teacher = member(engine)
    ids = [lesson(engine, teacher) for _ in range(5)]
    with transaction(engine) as tx:
        for class_id in ids:
            storage.classes.set_life(tx, class_id, ClassStatus.ENDED, at(-60), at(0))
    for class_id, due in zip(ids, (0, 0, 1, 2, 99), strict=True):
        ask(engine, class_id, due)
    change(engine, storage.fetches.abandon, claimed(engine, 0), NO, FetchState.FAILED)
    change(engine, storage.fetches.abandon, claimed(engine, 0), NO_LIST, FetchState.NO_DATA)
    with reading(engine) as tx:
        assert health.queue(tx, at(1)) == Queue(3, 1, 0, 0, 0, 2, oldest_due=at(1))
        assert health.queue(tx, at(7)) == Queue(3, 2, 2, 0, 0, 2, oldest_due=at(1))
        assert [storage.fetches.count_free(tx, at(minutes)) for minutes in (1, 7)] == [1, 2]


# Many at once


@pytest.mark.database("sqlite", "postgresql", "pgbouncer")
def test_claimers_at_the_same_time_never_get_the_same_class(engine: Engine) -> None:
    teacher = member(engine)
    ids = {lesson(engine, teacher) for _ in range(24)}
    for class_id in ids:
        ask(engine, class_id, due=0)
    start = threading.Barrier(6)
    got: list[str] = []
    faults: list[Exception] = []

    def work() -> None:
        try:
            start.wait(timeout=60)
            while (found := claim(engine, 0)) is not None:
                got.append(found.class_id)
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert faults == []
    assert len(got) == len(ids)
    assert set(got) == ids
