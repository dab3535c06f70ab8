"""Those who write to PostgreSQL at the same time: each has a turn, in the order in which they came."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import TimeoutError as PoolTimeout

from tracker.storage import database
from tracker.storage.database import MOST_POSTGRES_WRITERS, together

pytestmark = pytest.mark.database("postgresql")


@contextmanager
def all_busy(engine: Engine) -> Iterator[ThreadPoolExecutor]:
    """All who may write at a time do not get on until the end of the block; its pool has threads for others."""
    go_on, writing = threading.Event(), threading.Barrier(MOST_POSTGRES_WRITERS + 1)

    def hold(_tx: object) -> None:
        writing.wait(60)
        go_on.wait(60)

    with ThreadPoolExecutor(32) as pool:
        holding = [pool.submit(together, engine, hold) for _ in range(MOST_POSTGRES_WRITERS)]
        writing.wait(60)
        try:
            yield pool
        finally:
            go_on.set()
            for one in holding:
                one.result(60)


def test_whoever_comes_first_writes_first(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    came = threading.Semaphore(0)

    def wait_once_it_is_known_who_waits(given: list[Future[Any]], seconds: float) -> object:
        came.release()
        return wait(given, 60)

    order: list[int] = []
    with all_busy(engine) as pool:
        monkeypatch.setattr(database, "wait", wait_once_it_is_known_who_waits)
        waiting = []
        for number in range(20):
            waiting.append(pool.submit(together, engine, lambda _tx, number=number: order.append(number)))
            assert came.acquire(timeout=60)
        assert order == []
    for one in waiting:
        one.result(60)
    # Four write at a time, so that one may be slower than the next three.
    assert all(number - place < MOST_POSTGRES_WRITERS for place, number in enumerate(order))


def test_who_waits_for_those_who_do_not_get_on_gives_up_and_is_not_done_later(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    monkeypatch.setattr(database, "POSTGRES_WRITER_SECONDS", 0.01)
    with all_busy(engine), pytest.raises(PoolTimeout):
        together(engine, lambda _tx: done.append("late"))
    monkeypatch.undo()
    together(engine, lambda _tx: done.append("next"))
    assert done == ["next"]


def test_what_the_work_raises_reaches_who_gave_it(engine: Engine) -> None:
    def fail(_tx: object) -> None:
        raise ValueError("its own")

    with pytest.raises(ValueError, match="its own"):
        together(engine, fail)
