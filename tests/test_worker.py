"""The tracker's loop: it works on what is due, survives what fails, and stops when it is told to."""

import datetime as datetime_module
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
import schedule
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlmodel import select

from tests.fake_zoom import FakeZoom
from tests.makers import NOW, Clock, at, ended, lesson, member, participant, settings, stored
from tracker import auth, classes, fetching, reconcile, sessions, storage
from tracker.attendance.types import ClassStatus
from tracker.errors import NotSignedIn
from tracker.rate_limiter import SharedRateLimiter
from tracker.reconcile import tidy_up
from tracker.server import worker
from tracker.server.worker import FETCHERS, Worker
from tracker.services import Services
from tracker.storage.database import reading, transaction
from tracker.storage.models import SignInAttempt, WebhookDelivery
from tracker.zoom import Category, Zoom

pytestmark = pytest.mark.database("sqlite")

PASSWORD = "correct horse"


@pytest.fixture
def clock() -> Clock:
    """A quarter of an hour after the end of the classes, so that their lists are due."""
    return Clock(at(75))


@pytest.fixture
def services(engine: Engine, clock: Clock, zoom: FakeZoom) -> Services:
    return Services(engine, Zoom(settings(), clock, clock.monotonic), settings(), clock)


@pytest.fixture
def loop(services: Services, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    """A worker that is started by the test and stopped after it; it does not rest between two turns."""
    monkeypatch.setattr(worker, "SECONDS_BETWEEN_TURNS", 0.01)
    made = Worker(services, "one:8787", clock.monotonic)
    yield made
    made.stop()


def hold(services: Services, zoom: FakeZoom, count: int) -> list[str]:
    """Classes that ended, each with two people, in the order in which their fetches are due."""
    teacher = member(services.engine)
    made = []
    for number in range(count):
        meeting, uuid = str(85_000_000_000 + number), f"uuid-{number}"
        made.append(lesson(services.engine, teacher, zoom_meeting_id=meeting))
        people = (participant("Ana", 0, 30), participant("Bo", 0, 30))
        zoom.hold(uuid, *people, meeting=meeting, end=50 + number)
        sessions.note_delivery(services, ended(uuid, end=50 + number, meeting=meeting))
    return made


def counts(services: Services, made: list[str]) -> list[int | None]:
    return [stored(services.engine, class_id).participant_count for class_id in made]


def wait_until(fact: Callable[[], bool]) -> None:
    """Until another thread has done it, or a minute has gone."""
    until = time.monotonic() + 60
    while not fact():
        assert time.monotonic() < until, "it did not happen"
        threading.Event().wait(0.01)


@pytest.mark.database("sqlite", "postgresql")
def test_every_class_that_is_due_is_fetched_and_no_other(
    loop: Worker, services: Services, zoom: FakeZoom, clock: Clock
) -> None:
    made = hold(services, zoom, 4)
    clock.time = at(62)
    loop.drain()
    assert counts(services, made) == [2, 2, 2, None]
    clock.time = at(63)
    loop.drain()
    assert counts(services, made) == [2, 2, 2, 2]


def test_the_meetings_of_cancelled_classes_are_deleted_beside_the_loop(
    loop: Worker, services: Services, zoom: FakeZoom, clock: Clock
) -> None:
    teacher = member(services.engine)
    for day in range(2):
        plan = classes.Plan("Algebra", at(75 + (day + 1) * 24 * 60), 60, "UTC")
        classes.cancel_class(services, auth.OPERATOR, classes.create_class(services, teacher, plan))
    loop.delete_meetings()
    assert len(zoom.meetings) == 2  # they may still be taken back
    clock.forward(minutes=10)
    slow, done = threading.Event(), threading.Event()
    zoom.meanwhile = lambda path: done.set() if slow.wait(60) else None
    loop.delete_meetings()
    loop.delete_meetings()  # goes on at once, and asks for no second thread
    assert not done.is_set()
    slow.set()
    wait_until(lambda: not zoom.meetings)


def test_the_meetings_of_a_series_are_made_beside_the_loop_and_the_dates_of_another_brought_in_line(
    loop: Worker, services: Services, zoom: FakeZoom
) -> None:
    teacher = member(services.engine)
    first = classes.Plan("Algebra", at(75 + 24 * 60), 60, "UTC")
    days = frozenset({first.start.weekday()})
    series = classes.SeriesPlan(first, days, first.start.date() + timedelta(days=21))
    without = frozenset({first.start.date() + timedelta(days=7)})
    classes.create_series(services, teacher, series, one_meeting=False)
    one = classes.SeriesPlan(first, days, series.until, without)
    classes.create_series(services, teacher, one, one_meeting=True)
    loop.make_meetings()
    (recurring,) = [number for number, meeting in zoom.meetings.items() if meeting["type"] == 8]
    wait_until(lambda: len(zoom.meetings) == 5 and len(zoom.dates(recurring)) == 3)
    wait_until(lambda: not classes.is_meeting_due(services) and not classes.are_dates_due(services))


def test_the_class_that_has_waited_longest_comes_first(loop: Worker, services: Services, zoom: FakeZoom) -> None:
    hold(services, zoom, 3)
    asked: list[str] = []
    zoom.meanwhile = asked.append
    loop.drain()
    lists = [path for path in asked if path.endswith("/participants")]
    assert lists == [f"/past_meetings/uuid-{number}/participants" for number in range(3)]


@pytest.mark.parametrize(
    "fault", [(500, ""), (429, {}), (400, {"code": 12702, "message": "a year ago"}), (200, "not JSON"), (404, {})]
)
def test_a_class_that_zoom_fails_to_tell_of_does_not_hold_up_the_others(
    loop: Worker, services: Services, zoom: FakeZoom, fault: tuple[int, object]
) -> None:
    made = hold(services, zoom, 3)
    zoom.list_faults.append(fault)
    loop.drain()
    assert counts(services, made) == [None, 2, 2]
    failed = stored(services.engine, made[0]).fetch
    assert failed is not None
    assert failed.error
    assert failed.due_at is None or failed.due_at > services.now()


def test_a_fault_that_nobody_foresaw_does_not_hold_up_the_others(
    loop: Worker, services: Services, zoom: FakeZoom, clock: Clock
) -> None:
    made = hold(services, zoom, 3)

    def stumble(path: str) -> None:
        if "uuid-1" in path:
            raise RuntimeError("what is this?")

    zoom.meanwhile = stumble
    loop.drain()
    assert counts(services, made) == [2, None, 2]
    zoom.meanwhile = lambda path: None
    clock.forward(minutes=10)
    loop.drain()
    assert counts(services, made) == [2, 2, 2]


def test_a_job_that_fails_does_not_hurt_the_others(
    services: Services, zoom: FakeZoom, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def stumble(*_: object) -> None:
        raise RuntimeError("what is this?")

    tidied = threading.Event()
    monkeypatch.setattr(reconcile, "ask_for_forgotten", stumble)
    monkeypatch.setattr(reconcile, "tidy_up", lambda services: tidied.set())
    made = hold(services, zoom, 1)
    loop = Worker(services, "one:8787")
    loop.start()
    assert tidied.wait(60)
    wait_until(lambda: loop.seconds_since_turn() is not None)
    loop.stop()
    assert counts(services, made) == [2]
    assert [record.job for record in caplog.records if record.message.startswith("a job failed")] == ["stumble"]


def test_a_failing_drain_is_tried_again_at_the_next_turn(
    services: Services, zoom: FakeZoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = hold(services, zoom, 1)
    monkeypatch.setattr(worker, "SECONDS_BETWEEN_TURNS", 0.01)
    right, failures = fetching.fetch_due, iter([True])

    def fetch_due(services: Services) -> bool:
        if next(failures, False):
            raise RuntimeError("no database just now")
        return right(services)

    monkeypatch.setattr(fetching, "fetch_due", fetch_due)
    loop = Worker(services, "one:8787")
    loop.start()
    wait_until(lambda: counts(services, made) == [2])
    loop.stop()


@pytest.mark.database("sqlite", "postgresql")
@pytest.mark.slow
def test_a_class_for_which_zoom_takes_long_does_not_hold_up_the_others(
    loop: Worker, services: Services, zoom: FakeZoom
) -> None:
    made = hold(services, zoom, FETCHERS + 3)
    go_on = threading.Event()

    def hang(path: str) -> None:
        if "uuid-0" in path:
            assert go_on.wait(60)

    zoom.meanwhile = hang
    loop.start()
    wait_until(lambda: counts(services, made) == [None] + [2] * (FETCHERS + 2))
    go_on.set()
    wait_until(lambda: counts(services, made) == [2] * (FETCHERS + 3))


def test_nothing_is_asked_of_zoom_while_it_wants_no_calls(
    loop: Worker, services: Services, zoom: FakeZoom, clock: Clock
) -> None:
    made = hold(services, zoom, 3)
    asked: list[str] = []
    zoom.meanwhile = asked.append
    SharedRateLimiter(services.engine, "pro", interactive=False, now=clock).pause(
        Category.MEDIUM, clock() + timedelta(minutes=5)
    )
    loop.drain()
    assert (asked, counts(services, made)) == ([], [None] * 3)
    fetches = [stored(services.engine, class_id).fetch for class_id in made]
    assert [fetch and fetch.attempts for fetch in fetches] == [0, 0, 0]
    clock.forward(minutes=5)
    loop.drain()
    assert counts(services, made) == [2] * 3


def test_a_job_that_goes_on_failing_is_logged_once_and_again_when_it_works(
    loop: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    faults: list[Exception | None] = [RuntimeError("what?"), RuntimeError("what?"), None, RuntimeError("what?")]
    away = OperationalError("SELECT", {}, Exception("the server closed the connection"))

    def job() -> None:
        if (fault := faults.pop(0)) is not None:
            raise fault

    broken = []
    for _ in range(4):
        loop.guarded(job)
        broken.append(loop.failing_jobs())
    assert broken == [("job",), ("job",), (), ("job",)]
    assert [record.getMessage() for record in caplog.records] == [
        "a job failed; it goes on trying",
        "a job works again",
        "a job failed; it goes on trying",
    ]
    caplog.clear()
    faults += [None, away, away, None]
    for _ in range(4):
        loop.guarded(job)
    assert [(record.getMessage(), record.exc_info is None) for record in caplog.records] == [
        ("a job works again", True),
        ("a job cannot reach the database; it goes on trying", True),
        ("a job works again", True),
    ]
    assert loop.failing_jobs() == ()  # the database's faults are told as such


def test_what_was_missed_is_caught_up_at_the_start(
    loop: Worker, services: Services, zoom: FakeZoom, clock: Clock
) -> None:
    made = hold(services, zoom, 2)
    clock.forward(days=3)
    loop.start()
    wait_until(lambda: counts(services, made) == [2, 2])


@pytest.mark.database("sqlite", "postgresql")
def test_a_class_that_another_program_ended_is_found_and_fetched(
    loop: Worker, services: Services, zoom: FakeZoom
) -> None:
    class_id = lesson(services.engine, member(services.engine), zoom_meeting_id="85077777777")
    zoom.hold("uuid-7", participant("Ana", 0, 30), participant("Bo", 0, 30), meeting="85077777777")
    with transaction(services.engine) as tx:
        storage.classes.set_life(tx, class_id, ClassStatus.ENDED, at(0), at(60))
    loop.start()
    wait_until(lambda: counts(services, [class_id]) == [2])


def test_the_loops_age_is_unknown_at_first_and_then_grows(loop: Worker, clock: Clock) -> None:
    assert loop.seconds_since_turn() is None
    loop.turn()
    clock.forward(seconds=40)
    assert loop.seconds_since_turn() == 40
    loop.turn()
    assert loop.seconds_since_turn() == 0


def test_stopping_an_idle_loop_is_prompt(loop: Worker) -> None:
    loop.start()
    wait_until(lambda: loop.seconds_since_turn() is not None)
    began = time.monotonic()
    loop.stop()
    assert time.monotonic() - began < 2


def test_stopping_ends_after_the_class_that_is_being_fetched(loop: Worker, services: Services, zoom: FakeZoom) -> None:
    made = hold(services, zoom, FETCHERS + 2)
    all_begun, go_on = threading.Barrier(FETCHERS + 1), threading.Event()

    def hold_up(path: str) -> None:
        if not go_on.is_set():
            all_begun.wait(30)
        assert go_on.wait(30)

    zoom.meanwhile = hold_up
    loop.start()
    all_begun.wait(30)
    stopping = threading.Thread(target=loop.stop)
    stopping.start()
    wait_until(loop._stop.is_set)
    go_on.set()
    stopping.join(30)
    assert counts(services, made) == [2] * FETCHERS + [None] * 2


def test_a_loop_that_was_stopped_before_its_start_fetches_nothing(
    loop: Worker, services: Services, zoom: FakeZoom
) -> None:
    made = hold(services, zoom, 1)
    loop._stop.set()
    loop.drain()
    assert counts(services, made) == [None]


class WallClock(datetime):
    """What `schedule` reads, set by hand."""

    shown = datetime(2026, 10, 25, 2, 59, 30)

    @classmethod
    def now(cls, tz: object = None) -> datetime:
        return cls.shown


def test_a_clock_that_is_set_back_does_not_stop_the_loop(
    services: Services, zoom: FakeZoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "datetime", SimpleNamespace(**vars(datetime_module) | {"datetime": WallClock}))
    monkeypatch.setattr(WallClock, "shown", datetime(2026, 10, 25, 2, 59, 30))
    loop = Worker(services, "one:8787")
    WallClock.shown += timedelta(seconds=1)
    loop.turn()
    WallClock.shown -= timedelta(hours=1)
    made = hold(services, zoom, 1)
    loop.turn()
    wait_until(lambda: counts(services, made) == [2])
    loop.stop()


def test_each_chore_has_a_pace_of_its_own(services: Services, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "datetime", SimpleNamespace(**vars(datetime_module) | {"datetime": WallClock}))
    monkeypatch.setattr(WallClock, "shown", datetime(2026, 5, 14, 12))
    done: list[str] = []
    chores = ((lambda: done.append("often"), 10), (lambda: done.append("seldom"), 60))
    loop = Worker(services, "one:8787", clock.monotonic, chores)
    for _ in range(12):
        WallClock.shown += timedelta(seconds=10)
        loop.turn()
    assert (done.count("often"), done.count("seldom")) == (12, 2)


@pytest.mark.database("sqlite", "postgresql")
def test_tidying_drops_what_has_served_its_purpose_and_nothing_else(services: Services, clock: Clock) -> None:
    engine = services.engine
    class_id = lesson(engine, member(engine))
    auth.set_password(engine, auth.OPERATOR, "ana@school.example", PASSWORD, NOW)
    with transaction(engine) as tx:
        for name, days in (("old", 31), ("recent", 29)):
            storage.webhook_log.note(tx, name, "meeting.ended", class_id, clock() - timedelta(days=days))
    old = auth.sign_in(engine, "ana@school.example", PASSWORD, "1.2.3.4", clock() - timedelta(days=8))
    fresh = auth.sign_in(engine, "ana@school.example", PASSWORD, "1.2.3.4", clock() - timedelta(days=2))
    for minutes in (20, 5):
        with pytest.raises(NotSignedIn):
            auth.sign_in(engine, "ana@school.example", "wrong", "9.9.9.9", clock() - timedelta(minutes=minutes))
    tidy_up(services)
    with reading(engine) as tx:
        assert tx.exec(select(WebhookDelivery.body_hash)).all() == ["recent"]
        assert tx.exec(select(SignInAttempt.at)).all() == [clock() - timedelta(minutes=5)]
        # Asked about a moment at which both were good still, so that only the missing row can be the reason.
        assert auth.member_signed_in(tx, old, clock() - timedelta(days=7)) is None
        assert auth.member_signed_in(tx, fresh, clock()) is not None
