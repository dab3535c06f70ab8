"""Work that shares its transaction with others that wait, and bursts of webhooks, which are such work."""

import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from tests.lives import due, life, sessions
from tests.makers import NOW, ended, lesson, seen, started
from tracker import storage
from tracker.services import Services
from tracker.sessions import note_delivery
from tracker.storage.database import make_engine, reading, together, transaction
from tracker.storage.members import Member

pytestmark = pytest.mark.database("sqlite")

Work = Callable[[Session], Any]


def adding(name: str) -> Work:
    """Work that adds a person."""
    return lambda tx: storage.members.add_member(tx, f"{name}@school.example", name, "teacher", None, NOW)


def names(engine: Engine) -> set[str]:
    with reading(engine) as tx:
        return {one.name for one in storage.members.list_members(tx)}


@contextmanager
def all_at_once(engine: Engine, *work: Work) -> Iterator[list[Future[Any]]]:
    """All of this work waits for one writer; it is done when the block is left."""
    with ThreadPoolExecutor(len(work)) as pool:
        with transaction(engine):
            futures = [pool.submit(together, engine, one) for one in work]
            until = time.monotonic() + 10
            while len(storage.database._WRITERS[engine].waiting) < len(work):
                assert time.monotonic() < until
        yield futures


def outcomes(futures: list[Future[Any]]) -> list[type[BaseException] | None]:
    """What each of them raised."""
    return [type(error) if (error := future.exception(timeout=60)) else None for future in futures]


@pytest.mark.database("sqlite", "postgresql")
def test_what_is_done_together_is_returned_and_committed(engine: Engine) -> None:
    made = together(engine, adding("Ana"))
    engine.dispose()
    with reading(engine) as tx:
        assert storage.members.list_members(tx) == [made]


@pytest.mark.database("sqlite", "postgresql")
def test_what_raises_is_taken_back_and_told(engine: Engine) -> None:
    def half_done(tx: Session) -> None:
        adding("Ana")(tx)
        raise LookupError

    with pytest.raises(LookupError):
        together(engine, half_done)
    assert names(engine) == set()


def test_those_who_wait_share_one_commit(engine: Engine) -> None:
    commits: list[object] = []
    event.listen(engine, "commit", commits.append)
    with all_at_once(engine, *(adding(str(number)) for number in range(20))) as futures:
        assert outcomes(futures) == [None] * 20
    assert len(commits) == 1
    assert names(engine) == {str(number) for number in range(20)}


def test_no_group_is_larger_than_the_largest(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage.database, "LARGEST_GROUP", 3)
    commits: list[object] = []
    event.listen(engine, "commit", commits.append)
    with all_at_once(engine, *(adding(str(number)) for number in range(10))) as futures:
        assert outcomes(futures) == [None] * 10
    assert len(commits) == 4
    assert len(names(engine)) == 10


def test_one_that_fails_leaves_the_others_alone(engine: Engine) -> None:
    def half_done(tx: Session) -> None:
        adding("Ben")(tx)
        raise LookupError

    with all_at_once(engine, adding("Ana"), half_done, adding("Cem"), adding("ana"), adding("Dora")) as futures:
        failed = sorted(str(error) for error in outcomes(futures) if error)
    assert failed == ["<class 'LookupError'>", "<class 'tracker.errors.InvalidInput'>"]
    assert {name.lower() for name in names(engine)} == {"ana", "cem", "dora"}


def test_where_the_disk_is_full_nobody_is_told_that_it_is_done(engine: Engine) -> None:
    pages = [1]
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(f"PRAGMA max_page_count = {pages[0]}"))
    with all_at_once(engine, adding("Ana"), adding("B" * 100_000), adding("Cem")) as futures:
        assert outcomes(futures) == [OperationalError] * 3
    assert names(engine) == set()
    pages[0] = 1_000_000
    assert together(engine, adding("Ana")).name == "Ana"


def test_where_the_file_is_locked_everybody_is_told_at_once(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage.database, "BUSY_MILLISECONDS", 50)
    other = sqlite3.connect(str(engine.url.database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    with all_at_once(engine, *(adding(str(number)) for number in range(50))) as futures:
        assert outcomes(futures) == [OperationalError] * 50
    assert time.monotonic() - began < 5
    other.execute("ROLLBACK")
    other.close()
    assert together(engine, adding("Ana")).name == "Ana"


@pytest.mark.slow
def test_two_processes_that_write_all_the_time_keep_nobody_out(engine: Engine) -> None:
    """Two engines on one file wait for each other as two processes do."""
    other = make_engine(f"sqlite:///{engine.url.database}")
    with ThreadPoolExecutor(16) as pool:
        futures = [pool.submit(together, (engine, other)[number % 2], adding(str(number))) for number in range(300)]
        assert outcomes(futures) == [None] * 300
    other.dispose()
    assert len(names(engine)) == 300


# Webhooks


@pytest.mark.database("sqlite", "postgresql")
def test_a_burst_in_any_order_ends_as_one_after_another(school: Services, ana: Member) -> None:
    class_id = lesson(school.engine, ana)
    deliveries = [started(), ended(), started("uuid-2", 70), ended("uuid-2", 70, 90)]
    for number in range(1, 21):
        deliveries += [seen("joined", number, number), seen("left", number, 60, start=None)]
    deliveries += [seen("put_in_waiting_room", 99, 5), *deliveries[:10]]
    random.Random(7).shuffle(deliveries)
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda delivery: note_delivery(school, delivery), deliveries))
    burst = (life(school, class_id), due(school, class_id), sessions(school, class_id))
    with reading(school.engine) as tx:
        sighted = set(storage.presence.list_sightings(tx, ["uuid-1"]))
    assert sorted(told) == ["noted"] * 45 + ["repeat"] * 10
    assert len(sighted) == 41

    alone = lesson(school.engine, ana, zoom_meeting_id="85099999999")
    for delivery in (started("a", meeting="85099999999"), ended("a", meeting="85099999999")):
        note_delivery(school, delivery)
    for delivery in (started("b", 70, "85099999999"), ended("b", 70, 90, "85099999999")):
        note_delivery(school, delivery)
    assert burst[:2] == (life(school, alone), due(school, alone))
    assert [(run.start, run.end) for run in burst[2]] == [(run.start, run.end) for run in sessions(school, alone)]


def test_a_webhook_that_fails_leaves_the_rest_of_its_burst_alone(
    engine: Engine, school: Services, ana: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    lesson(engine, ana)
    add = storage.presence.add_sighting

    def stumble(tx: Session, class_id: str, sighting: Any) -> None:
        add(tx, class_id, sighting)
        if sighting.user_id == "3":
            raise LookupError

    monkeypatch.setattr(storage.presence, "add_sighting", stumble)
    deliveries = [seen("joined", str(number), number) for number in range(6)]
    with ThreadPoolExecutor(6) as pool:
        futures = [pool.submit(note_delivery, school, delivery) for delivery in deliveries]
        assert outcomes(futures) == [LookupError if number == 3 else None for number in range(6)]
    monkeypatch.undo()
    with reading(engine) as tx:
        assert {sighting.user_id for sighting in storage.presence.list_sightings(tx, ["uuid-1"])} == {
            "0",
            "1",
            "2",
            "4",
            "5",
        }
    # Zoom sends it again, and it is no repeat: it was taken back as a whole.
    assert [note_delivery(school, delivery) for delivery in deliveries[2:4]] == ["repeat", "noted"]
