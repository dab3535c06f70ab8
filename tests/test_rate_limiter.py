"""When a call may go to Zoom: within its rate limits, shared by all who use the database, and not during a pause."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from responses import RequestsMock
from sqlalchemy import Engine

from tests.fake_zoom import API, FakeZoom, grant, sent
from tests.makers import NOW, Clock, at, settings
from tracker.errors import ZoomRateLimited
from tracker.rate_limiter import LONGEST_WAIT_SECONDS, SharedRateLimiter, Slot, next_slot
from tracker.settings import PLANS, Plan
from tracker.storage.database import reading
from tracker.storage.rates import Usage, list_usages
from tracker.zoom import Category, NewMeeting, Zoom
from tracker.zoom.rate_limit import RATES, Rate

UNUSED = Usage(Category.MEDIUM, 0.0, 0.0, "", 0, 0, None)
MIDNIGHT = datetime(2026, 5, 15, tzinfo=UTC)


def made(rate: Rate, wishes: list[tuple[float, bool]]) -> list[float]:
    """When calls wished for at these seconds (interactive or not) go out, each asking again when it is told to."""
    used, gone = UNUSED, []
    waiting = sorted((second, order, interactive) for order, (second, interactive) in enumerate(wishes))
    while waiting:
        second, order, interactive = waiting.pop(0)
        now = NOW + timedelta(seconds=second)
        slot = next_slot(used, rate, now, interactive=interactive)
        if isinstance(slot, Slot):
            assert slot.at <= now + timedelta(seconds=LONGEST_WAIT_SECONDS + 0.001)
            used = slot.used
            gone.append((slot.at - NOW).total_seconds())
        else:
            assert slot > now
            waiting = sorted([*waiting, ((slot - NOW).total_seconds(), order, interactive)])
    return gone


@pytest.mark.parametrize("rate", [Rate(2), Rate(4), Rate(20), Rate(30), Rate(80)])
@given(st.lists(st.tuples(st.floats(0, 3), st.booleans()), max_size=60))
def test_in_no_second_do_more_calls_go_out_than_zoom_allows(rate: Rate, wishes: list[tuple[float, bool]]) -> None:
    gone = made(rate, wishes)
    assert len(gone) == len(wishes)
    for first in gone:
        # A slot is told in whole milliseconds, so that two may be one closer together.
        assert sum(first <= second < first + 1 - 0.002 for second in gone) <= rate.per_second


@pytest.mark.parametrize(("per_second", "backlog"), [(2, 1), (4, 3), (20, 16), (80, 64)])
def test_a_backlog_leaves_a_share_of_the_rate_to_people(per_second: int, backlog: int) -> None:
    gone = made(Rate(per_second), [(0.0, False)] * 200)
    assert max(gone) == pytest.approx(199 / backlog, rel=0.01)


@pytest.mark.parametrize("rate", [Rate(2), Rate(20)])
def test_somebody_who_waits_goes_ahead_of_the_backlog(rate: Rate) -> None:
    used = UNUSED
    for _ in range(5 * rate.per_second // 2):
        slot = next_slot(used, rate, NOW, interactive=False)
        assert isinstance(slot, Slot)
        used = slot.used
    for number in range(3):
        slot = next_slot(used, rate, NOW, interactive=True)
        assert isinstance(slot, Slot)
        assert (slot.at - NOW).total_seconds() == pytest.approx(number * rate.gap(interactive=True), abs=0.001)
        used = slot.used


def test_a_tracker_whose_clock_is_behind_gets_its_slots_all_the_same() -> None:
    used, slots = UNUSED, {0.0: 0, 0.3: 0}
    for second in range(200):
        for ahead in slots:
            now = NOW + timedelta(seconds=second / 10 + ahead)
            slot = next_slot(used, Rate(20), now, interactive=False)
            if isinstance(slot, Slot):
                used = slot.used
                slots[ahead] += 1
    assert min(slots.values()) > 0.4 * sum(slots.values())


def test_zooms_daily_limit_holds_until_midnight_utc_and_its_last_fifth_is_for_people_who_wait() -> None:
    rate = Rate(2, per_day=10)
    used = replace(UNUSED, day="2026-05-14", calls=8)
    assert next_slot(used, rate, NOW, interactive=False) == MIDNIGHT
    assert isinstance(next_slot(used, rate, NOW, interactive=True), Slot)
    assert next_slot(replace(used, calls=10), rate, NOW, interactive=True) == MIDNIGHT
    fresh = next_slot(replace(used, calls=10), rate, MIDNIGHT, interactive=False)
    assert isinstance(fresh, Slot)
    assert (fresh.used.day, fresh.used.calls) == ("2026-05-15", 1)


def test_what_a_clock_wrote_that_has_been_set_back_since_holds_nobody_up() -> None:
    future = replace(UNUSED, next_at=at(600).timestamp(), paused_until=NOW + timedelta(days=400))
    slot = next_slot(future, Rate(20), NOW, interactive=False)
    assert isinstance(slot, Slot)
    assert (slot.at, slot.used.next_at) == (NOW, pytest.approx(NOW.timestamp() + 1 / 16))


@pytest.mark.parametrize("plan", PLANS)
def test_every_plan_has_its_rates(plan: Plan) -> None:
    rates = RATES[plan]
    assert rates.keys() == {Category.LIGHT, Category.MEDIUM, Category.HEAVY}
    assert rates[Category.LIGHT].per_second > rates[Category.MEDIUM].per_second > rates[Category.HEAVY].per_second


# In the database


@pytest.fixture
def limiter(engine: Engine, clock: Clock) -> Callable[..., SharedRateLimiter]:
    """Makes the rate limiter of another process on this database; waiting moves the clock."""

    def make(plan: Plan = "pro", interactive: bool = False) -> SharedRateLimiter:
        return SharedRateLimiter(
            engine, plan, interactive=interactive, now=clock, wait=lambda seconds: clock.forward(seconds=seconds)
        )

    return make


def test_two_processes_share_one_rate(limiter: Callable[..., SharedRateLimiter], clock: Clock) -> None:
    one, other = limiter(), limiter()
    for _ in range(16):
        one.admit(Category.MEDIUM)
        other.admit(Category.MEDIUM)
    assert (clock.time - NOW).total_seconds() == pytest.approx(31 / 16, abs=0.1)


def test_the_categories_do_not_wait_for_each_other(limiter: Callable[..., SharedRateLimiter], clock: Clock) -> None:
    for category in Category:
        limiter().admit(category)
    assert clock.time == NOW


def test_a_pause_holds_for_every_process_and_is_over_when_zoom_said(
    limiter: Callable[..., SharedRateLimiter], clock: Clock
) -> None:
    limiter().pause(Category.MEDIUM, at(30))
    for interactive in (False, True):
        with pytest.raises(ZoomRateLimited) as refused:
            limiter(interactive=interactive).admit(Category.MEDIUM)
        assert refused.value.retry_at == at(30)
    limiter().admit(Category.LIGHT)
    assert clock.time == NOW
    clock.time = at(30)
    limiter().admit(Category.MEDIUM)
    assert clock.time == at(30)


def test_a_short_pause_is_waited_for(limiter: Callable[..., SharedRateLimiter], clock: Clock) -> None:
    limiter().pause(Category.MEDIUM, NOW + timedelta(seconds=1.5))
    limiter().admit(Category.MEDIUM)
    assert clock.time == NOW + timedelta(seconds=2)


def test_a_pause_that_begins_while_a_call_waits_for_its_slot_holds_it_too(
    engine: Engine, limiter: Callable[..., SharedRateLimiter], clock: Clock
) -> None:
    def wait(seconds: float) -> None:
        if clock.time == NOW:
            limiter().pause(Category.MEDIUM, NOW + timedelta(seconds=3))
        clock.forward(seconds=seconds)

    waiting = SharedRateLimiter(engine, "pro", interactive=False, now=clock, wait=wait)
    waiting.admit(Category.MEDIUM)
    waiting.admit(Category.MEDIUM)
    assert clock.time >= NOW + timedelta(seconds=3)


def test_a_shorter_pause_does_not_end_a_longer_one(limiter: Callable[..., SharedRateLimiter], engine: Engine) -> None:
    limiter().pause(Category.MEDIUM, at(30))
    limiter().pause(Category.MEDIUM, at(1))
    with reading(engine) as tx:
        (used,) = list_usages(tx)
    assert (used.paused_until, used.refused) == (at(30), 2)


@pytest.mark.database("sqlite", "postgresql", "pgbouncer")
def test_calls_that_come_at_once_are_each_counted(engine: Engine) -> None:
    limiters = [SharedRateLimiter(engine, "business", interactive=True) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(limiter.admit, Category.LIGHT) for limiter in limiters * 5]:
            done.result()
    with reading(engine) as tx:
        (used,) = list_usages(tx)
    assert used.calls == 20


# Round the client


@pytest.fixture
def client(limiter: Callable[..., SharedRateLimiter], clock: Clock) -> Zoom:
    return Zoom(settings(), clock, clock.monotonic, limiter())


def test_calls_are_counted_in_their_categories(client: Zoom, zoom: FakeZoom, engine: Engine) -> None:
    zoom.hold("u", meeting="85011112222")
    client.instances("85011112222")
    client.past_meeting("u")
    client.past_participants("u")
    with reading(engine) as tx:
        assert {used.category: used.calls for used in list_usages(tx)} == {
            Category.LIGHT: 1,
            Category.MEDIUM: 2,
            Category.TOKEN: 1,
        }


@pytest.mark.parametrize(
    ("header", "minutes"),
    [("600", 10), ("2026-05-14T12:10:00Z", 10), ("Thu, 14 May 2026 12:10:00 GMT", 10), (None, 2 / 60)],
)
@pytest.mark.database("sqlite")
def test_a_429_in_each_of_its_forms_stops_that_category_for_the_whole_account(
    limiter: Callable[..., SharedRateLimiter], clock: Clock, http: RequestsMock, header: str | None, minutes: float
) -> None:
    grant(http)
    http.get(
        f"{API}/past_meetings/1/instances",
        json={"code": 429, "message": "You have reached the maximum per-second rate limit for this API."},
        status=429,
        headers={"Retry-After": header} if header else {},
    )
    http.get(f"{API}/past_meetings/2/instances", json={"meetings": []})
    first, second = (Zoom(settings(), clock, clock.monotonic, limiter()) for _ in range(2))
    with pytest.raises(ZoomRateLimited):
        first.instances("1")
    if header:
        with pytest.raises(ZoomRateLimited) as refused:
            second.instances("2")
        assert refused.value.retry_at == at(minutes)
        assert len(sent(http)) == 1
        clock.time = at(minutes)
    second.instances("2")
    assert clock.time == at(minutes)


def test_the_daily_limit_of_one_host_does_not_stop_the_others(
    limiter: Callable[..., SharedRateLimiter], clock: Clock, http: RequestsMock
) -> None:
    grant(http)
    message = (
        "You have exceeded the daily rate limit (100) of Meeting Create/Update API requests permitted for this "
        "particular user. You may resume these requests at GMT 00:00:00."
    )
    http.patch(f"{API}/meetings/1", json={"code": 429, "message": message}, status=429)
    http.get(f"{API}/meetings/2", json={"id": 2, "join_url": "https://zoom.us/j/2"})
    http.post(f"{API}/users/ana@x/meetings", json={"code": 429, "message": message}, status=429)
    client = Zoom(settings(), clock, clock.monotonic, limiter())
    plan = NewMeeting("Algebra", NOW, 60, "UTC")
    for call in (lambda: client.change_meeting("1", plan, host="ana@x"), lambda: client.create_meeting("ana@x", plan)):
        with pytest.raises(ZoomRateLimited) as refused:
            call()
        assert refused.value.retry_at == MIDNIGHT
        assert str(refused.value) == (
            "Zoom lets 100 meetings a day be made or changed for one person, and ana@x has used them up. It goes on at "
            "2026-05-15 00:00 UTC; other teachers are not affected."
        )
    assert client.meeting("2").id == "2"


@pytest.mark.parametrize(
    ("named", "paused"),
    [
        ("Heavy", Category.HEAVY),
        ("heavy", Category.HEAVY),
        (" LIGHT ", Category.LIGHT),
        ("Resource-intensive", Category.MEDIUM),
        ("Token", Category.MEDIUM),
        ("", Category.MEDIUM),
        (None, Category.MEDIUM),
    ],
)
@pytest.mark.database("sqlite")
def test_a_429_pauses_the_category_that_the_reply_names(
    engine: Engine,
    limiter: Callable[..., SharedRateLimiter],
    clock: Clock,
    http: RequestsMock,
    named: str | None,
    paused: Category,
) -> None:
    grant(http)
    headers = {"Retry-After": "600"} | ({} if named is None else {"X-RateLimit-Category": named})
    http.get(f"{API}/past_meetings/1/instances", json={"code": 4001, "message": ""}, status=429, headers=headers)
    with pytest.raises(ZoomRateLimited):
        Zoom(settings(), clock, clock.monotonic, limiter()).instances("1")
    with reading(engine) as tx:
        assert {used.category for used in list_usages(tx) if used.is_paused(clock())} == {paused}


@pytest.mark.database("sqlite")
def test_calls_are_paced_by_the_category_that_zooms_replies_name(
    engine: Engine, limiter: Callable[..., SharedRateLimiter], clock: Clock, http: RequestsMock
) -> None:
    grant(http)
    headers = {"X-RateLimit-Category": "Heavy"}
    for number in range(3):
        http.get(f"{API}/past_meetings/{number}/instances", json={"meetings": []}, headers=headers)
    http.get(f"{API}/past_meetings/u/participants", json={"participants": [], "next_page_token": ""})
    client = Zoom(settings(), clock, clock.monotonic, limiter())
    for number in range(3):
        client.instances(str(number))
    client.past_participants("u")  # of which no reply has said anything
    with reading(engine) as tx:
        calls = {used.category: used.calls for used in list_usages(tx)}
    assert calls == {Category.MEDIUM: 2, Category.HEAVY: 2, Category.TOKEN: 1}
