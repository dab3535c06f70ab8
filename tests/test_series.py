"""Classes every week: all are there at once, and a tracker tells Zoom of them, whatever happens to it meanwhile."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from responses import RequestsMock
from sqlalchemy import Engine

from tests.fake_zoom import FakeZoom, sent
from tests.makers import NOW, Clock, entries, services, shared, stored
from tests.makers import member as account
from tracker import classes, listing, reconcile, storage
from tracker.attendance.types import ClassStatus
from tracker.auth import OPERATOR
from tracker.classes import UNDO_FOR, Plan, SeriesPlan
from tracker.errors import InvalidInput, NotAllowed, NotConfigured, ZoomError, ZoomUnreachable
from tracker.rate_limiter import SharedRateLimiter
from tracker.services import Services
from tracker.storage.classes import Class
from tracker.storage.database import reading, transaction
from tracker.storage.members import Member
from tracker.zoom import Zoom

# Tuesdays and Thursdays; the clocks go back on 25 October.
PLAN = Plan("Algebra 7B", datetime(2026, 10, 13, 10, 0), 60, "Europe/Berlin")
SERIES = SeriesPlan(PLAN, frozenset({1, 3}), date(2026, 10, 29))
STARTS = [
    "2026-10-13T08:00:00Z",
    "2026-10-15T08:00:00Z",
    "2026-10-20T08:00:00Z",
    "2026-10-22T08:00:00Z",
    "2026-10-27T09:00:00Z",
    "2026-10-29T09:00:00Z",
]
FAULT = (500, {"code": 500, "message": "Internal error"})
TOMORROW = datetime(2026, 5, 15, tzinfo=UTC)
LONG = replace(SERIES, weekdays=frozenset(range(7)), until=date(2027, 1, 20))  # a hundred classes
Make = Callable[..., list[str]]


class Killed(BaseException):
    """The tracker is killed at this point."""


def limited(school: Services, clock: Clock, *, interactive: bool) -> Services:
    """The same services at Zoom's rate, for people or for the tracker."""
    limiter = SharedRateLimiter(school.engine, "pro", interactive=interactive, now=clock, wait=clock.wait)
    return replace(school, zoom=Zoom(school.settings, clock, clock.monotonic, limiter))


@pytest.fixture
def each(school: Services, zoom: FakeZoom, ana: Member, clock: Clock) -> Make:
    zoom.now = clock

    def make(plan: SeriesPlan = SERIES) -> list[str]:
        return classes.create_series(school, ana, plan, one_meeting=False)

    return make


@pytest.fixture
def one(school: Services, zoom: FakeZoom, ana: Member, clock: Clock) -> Make:
    zoom.now = clock

    def make(plan: SeriesPlan = SERIES) -> list[str]:
        return classes.create_series(school, ana, plan, one_meeting=True)

    return make


def work(school: Services) -> int:
    """What a tracker does with what is due now; how many steps there were."""
    steps = 0
    while any(
        step(school) for step in (classes.make_due_meeting, classes.bring_due_dates_in_line, classes.delete_due_meeting)
    ):
        steps += 1
    return steps


def of(engine: Engine, ids: list[str]) -> list[Class]:
    return [stored(engine, class_id) for class_id in ids]


def starts_of(zoom: FakeZoom) -> list[str]:
    return [meeting["start_time"] for meeting in zoom.meetings.values()]


def writes(http: RequestsMock) -> list[str]:
    return [str(request.method) for request in sent(http) if request.method != "GET"]


# A meeting each


def test_all_classes_are_there_at_once_and_their_meetings_are_made_one_after_another(
    each: Make, school: Services, zoom: FakeZoom, ana: Member
) -> None:
    ids = each()
    assert zoom.meetings == {}
    found = of(school.engine, ids)
    assert [(one.title, one.status, one.zoom_meeting_id, one.zoom_meeting_due_at) for one in found] == [
        ("Algebra 7B", ClassStatus.SCHEDULED, None, NOW)
    ] * 6
    assert {listing.trouble_of(one, NOW) for one in found} == {None}
    assert [one.action for one in entries(school.engine)] == ["class_made"] * 6
    assert classes.is_meeting_due(school)
    assert work(school) == 6
    assert not classes.is_meeting_due(school)
    found = of(school.engine, ids)
    assert starts_of(zoom) == STARTS
    assert [one.zoom_meeting_id for one in found] == list(zoom.meetings)
    assert {(one.zoom_meeting_due_at, one.zoom_meeting_asked_at, one.own_meeting) for one in found} == {
        (None, None, True)
    }
    assert {one.zoom_join_url for one in found} == {one["join_url"] for one in zoom.meetings.values()}


def test_of_two_trackers_one_makes_a_meeting(each: Make, school: Services, zoom: FakeZoom, http: RequestsMock) -> None:
    each(replace(SERIES, until=date(2026, 10, 13)))
    with ThreadPoolExecutor(4) as trackers:
        took = list(trackers.map(lambda _: classes.make_due_meeting(school), range(4)))
    assert sorted(took) == [False, False, False, True]
    assert writes(http) == ["POST"]


@pytest.mark.parametrize("after_it", [False, True])
def test_a_tracker_that_dies_while_it_makes_a_meeting_leaves_it_to_another_which_makes_no_second_one(
    each: Make, school: Services, zoom: FakeZoom, clock: Clock, monkeypatch: pytest.MonkeyPatch, after_it: bool
) -> None:
    (class_id,) = each(replace(SERIES, until=date(2026, 10, 13)))
    with monkeypatch.context() as killing:
        create = Zoom.create_meeting

        def die(*arguments: object) -> object:
            if after_it:
                create(*arguments)  # type: ignore[arg-type]
            raise Killed

        killing.setattr(Zoom, "create_meeting", die)
        with pytest.raises(Killed):
            classes.make_due_meeting(school)
    assert len(zoom.meetings) == after_it
    assert work(school) == 0  # the other one does not know that it is dead
    clock.forward(minutes=5)
    assert work(school) == 1
    assert list(zoom.meetings) == [stored(school.engine, class_id).zoom_meeting_id]


@pytest.mark.parametrize("line", range(1, 40))
@pytest.mark.database("sqlite")
def test_wherever_a_tracker_is_killed_each_class_gets_one_meeting(
    each: Make, school: Services, zoom: FakeZoom, clock: Clock, monkeypatch: pytest.MonkeyPatch, line: int
) -> None:
    ids = each(replace(SERIES, until=date(2026, 10, 15)))
    killed_at(line, monkeypatch)
    with suppress(Killed):
        work(school)
    monkeypatch.undo()
    clock.forward(minutes=6)
    work(school)
    assert sorted(starts_of(zoom)) == STARTS[:2]
    assert {one.zoom_meeting_id for one in of(school.engine, ids)} == zoom.meetings.keys()


def killed_at(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process dies at its step of this number: before a statement of the database, a call to Zoom, or after it."""
    left = [step]

    def dying(function: Callable[..., object], *, after: bool) -> Callable[..., object]:
        def called(*arguments: object, **more: object) -> object:
            count()
            found = function(*arguments, **more)
            if after:
                count()
            return found

        return called

    def count() -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Killed

    for module, names in (
        (storage.series, ("claim_meeting", "told", "set_made_meeting", "claim", "put_off", "known_meetings")),
        (storage.classes, ("lock_class",)),
    ):
        for name in names:
            monkeypatch.setattr(module, name, dying(getattr(module, name), after=True))
    for name in (
        "create_meeting",
        "change_meeting",
        "find_meeting",
        "change_occurrence",
        "delete_occurrence",
        "meeting",
    ):
        monkeypatch.setattr(Zoom, name, dying(getattr(Zoom, name), after=True))


def test_where_no_answer_came_zoom_is_asked_whether_it_has_made_the_meeting(
    each: Make, school: Services, zoom: FakeZoom, clock: Clock
) -> None:
    ids = each(replace(SERIES, until=date(2026, 10, 15)))
    zoom.faults.append(FAULT)
    work(school)
    assert zoom.meetings == {}
    assert [one.zoom_meeting_due_at for one in of(school.engine, ids)] == [NOW + timedelta(minutes=1)] * 2
    # It has made the first one all the same. Another of the same time is older, and the teacher's own.
    mine = {"topic": "Algebra 7B", "start_time": STARTS[0], "duration": 60, "host_email": "ana@school.example"}
    zoom.meetings["1"] = mine | {"id": 1, "created_at": "2026-05-13T12:00:00Z", "join_url": "https://zoom.us/j/1"}
    zoom.meetings["2"] = mine | {"id": 2, "created_at": "2026-05-14T12:00:00Z", "join_url": "https://zoom.us/j/2"}
    clock.forward(minutes=1)
    work(school)
    assert [one.zoom_meeting_id for one in of(school.engine, ids)] == ["2", "81418900013"]
    assert len(zoom.meetings) == 3


def test_where_zooms_list_may_not_be_read_the_meeting_is_made_and_the_log_says_so(
    each: Make, school: Services, zoom: FakeZoom, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    each(replace(SERIES, until=date(2026, 10, 13)))
    zoom.faults.append(FAULT)
    work(school)
    clock.forward(minutes=1)
    lacks = {"code": 4711, "message": "Invalid access token, does not contain scopes:[meeting:read:list_meetings]."}
    zoom.faults += [(400, lacks)] * 2  # once more with a fresh token
    work(school)
    assert len(zoom.meetings) == 1
    assert "Zoom may have made the meeting of a class twice" in caplog.text


def test_what_somebody_has_to_mend_is_tried_every_hour_and_holds_no_other_teacher_up(
    each: Make, school: Services, zoom: FakeZoom, clock: Clock, http: RequestsMock
) -> None:
    ids = each()
    zoom.faults.append((404, {"code": 1001, "message": "User does not exist"}))
    assert work(school) == 1
    assert {one.zoom_meeting_due_at for one in of(school.engine, ids)} == {NOW + timedelta(hours=1)}
    ben = account(school.engine, "ben@school.example")
    classes.create_series(school, ben, SERIES, one_meeting=False)
    assert work(school) == 6
    clock.forward(hours=1)
    assert work(school) == 6
    assert writes(http).count("POST") == 13


def test_what_zoom_has_against_one_meeting_holds_up_no_other(
    each: Make, school: Services, zoom: FakeZoom, clock: Clock
) -> None:
    ids = each()
    zoom.faults.append((400, {"code": 300, "message": "Validation Failed."}))
    assert work(school) == 6
    assert starts_of(zoom) == STARTS[1:]
    assert stored(school.engine, ids[0]).zoom_meeting_due_at == NOW + timedelta(hours=1)
    clock.forward(hours=1)
    assert work(school) == 1
    assert len(zoom.meetings) == 6


def test_without_a_zoom_account_no_series_is_planned(
    engine: Engine, clock: Clock, ana: Member, http: RequestsMock
) -> None:
    unconnected = services(engine, clock, ZOOM_ACCOUNT_ID="")
    for one_meeting in (True, False):
        with pytest.raises(NotConfigured):
            classes.create_series(unconnected, ana, SERIES, one_meeting=one_meeting)
    assert unconnected.read(classes.latest_of, ana) == []


def test_while_zoom_is_away_a_series_with_a_meeting_each_is_planned_all_the_same(
    each: Make, school: Services, zoom: FakeZoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: object) -> None:
        raise ZoomUnreachable("zoom_no_answer")

    monkeypatch.setattr(Zoom, "token", away)
    assert len(each()) == 6


def test_a_class_that_is_over_by_then_gets_no_meeting(
    each: Make, school: Services, zoom: FakeZoom, clock: Clock
) -> None:
    ids = each()
    clock.time = datetime(2026, 10, 20, 8, 30, tzinfo=UTC)
    work(school)
    assert starts_of(zoom) == STARTS[2:]
    over = stored(school.engine, ids[0])
    assert (over.zoom_meeting_due_at, listing.trouble_of(over, clock())) == (None, "no_meeting")


# A hundred a day


@pytest.mark.slow
def test_the_days_limit_is_not_run_into_and_leaves_some_for_who_waits(
    each: Make, school: Services, zoom: FakeZoom, clock: Clock, ana: Member
) -> None:
    ids = each(LONG)
    due = [one.zoom_meeting_due_at for one in of(school.engine, ids)]
    assert due == [NOW] * 80 + [TOMORROW] * 20
    tracker = limited(school, clock, interactive=False)
    assert work(tracker) == 80
    assert len(zoom.meetings) == 80
    person = limited(school, clock, interactive=True)
    for _ in range(3):
        classes.create_class(person, ana, replace(PLAN, start=datetime(2026, 6, 1, 10)))
    assert [one.zoom_meeting_id is None for one in of(school.engine, ids)] == [False] * 80 + [True] * 20
    clock.time = TOMORROW - timedelta(seconds=1)
    assert work(tracker) == 0
    clock.time = TOMORROW
    assert work(tracker) == 20
    assert len(zoom.meetings) == 103


def test_a_series_begins_where_what_was_used_and_what_waits_ends(
    each: Make, school: Services, ana: Member, zoom: FakeZoom, clock: Clock
) -> None:
    with transaction(school.engine) as tx:
        storage.rates.lock_writes(tx, ana.zoom_user, clock())
        storage.rates.save_writes(tx, ana.zoom_user, 70, clock())
    assert [one.zoom_meeting_due_at for one in of(school.engine, each())] == [NOW] * 6
    ids = each(replace(LONG, until=date(2027, 1, 10)))
    due = [one.zoom_meeting_due_at for one in of(school.engine, ids)]
    assert due == [NOW] * 4 + [TOMORROW] * 80 + [TOMORROW + timedelta(days=1)] * 6


def test_where_zoom_says_that_the_day_is_used_up_the_rest_of_that_host_waits_until_its_end(
    each: Make, school: Services, zoom: FakeZoom, clock: Clock, http: RequestsMock
) -> None:
    ids = each()
    tracker = limited(school, clock, interactive=False)
    zoom.writes_left = 2  # other programs make meetings too
    assert work(tracker) == 3
    assert {one.zoom_meeting_due_at for one in of(school.engine, ids)[2:]} == {TOMORROW}
    ben = account(school.engine, "ben@school.example")
    classes.create_series(school, ben, replace(SERIES, until=date(2026, 10, 13)), one_meeting=False)
    zoom.writes_left = None
    assert work(tracker) == 1
    before = len(writes(http))
    with transaction(school.engine) as tx:
        storage.series.ask_for_meeting(tx, ids[2], clock())
    assert work(tracker) == 1  # it is known that Zoom would refuse
    assert len(writes(http)) == before
    clock.time = TOMORROW
    assert work(tracker) == 4
    assert len(zoom.meetings) == 7


# One recurring meeting


def test_one_recurring_meeting_is_made_at_once_and_each_class_knows_its_date(
    one: Make, school: Services, zoom: FakeZoom, http: RequestsMock
) -> None:
    ids = one()
    ((number, meeting),) = zoom.meetings.items()
    assert (meeting["type"], zoom.dates(number)) == (8, STARTS)
    found = of(school.engine, ids)
    assert {(one.zoom_meeting_id, one.zoom_join_url, one.zoom_meeting_made) for one in found} == {
        (number, meeting["join_url"], True)
    }
    assert [one.zoom_occurrence_id for one in found] == [one["occurrence_id"] for one in meeting["occurrences"]]
    assert not any(one.own_meeting for one in found)
    assert work(school) == 0
    assert writes(http) == ["POST"]


def test_days_without_class_are_taken_out_of_the_recurring_meeting(one: Make, school: Services, zoom: FakeZoom) -> None:
    ids = one(replace(SERIES, without=frozenset({date(2026, 10, 15), date(2026, 10, 27)})))
    number = str(stored(school.engine, ids[0]).zoom_meeting_id)
    assert zoom.dates(number) == STARTS
    assert work(school) == 1
    assert zoom.dates(number) == [STARTS[place] for place in (0, 2, 3, 5)]
    assert work(school) == 0


def test_dates_that_zoom_tells_only_later_are_looked_for(one: Make, school: Services, zoom: FakeZoom) -> None:
    zoom.tells_dates = False
    ids = one()
    assert {one.zoom_occurrence_id for one in of(school.engine, ids)} == {""}
    assert not any(one.own_meeting for one in of(school.engine, ids))
    zoom.tells_dates = True
    assert work(school) == 1
    (meeting,) = zoom.meetings.values()
    dates = [one["occurrence_id"] for one in meeting["occurrences"]]
    assert [one.zoom_occurrence_id for one in of(school.engine, ids)] == dates


def test_where_the_classes_cannot_be_stored_the_recurring_meeting_is_deleted(
    one: Make, school: Services, zoom: FakeZoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(storage.series, "add_series", fail)
    with pytest.raises(RuntimeError):
        one()
    assert zoom.meetings == {}


def test_nothing_is_stored_where_zoom_makes_no_recurring_meeting(
    one: Make, school: Services, zoom: FakeZoom, ana: Member
) -> None:
    zoom.faults.append(FAULT)
    with pytest.raises(ZoomError):
        one()
    assert school.read(classes.latest_of, ana) == []


def test_a_series_that_begins_in_the_past_is_refused(one: Make, each: Make, zoom: FakeZoom) -> None:
    past = replace(SERIES, first=replace(PLAN, start=datetime(2026, 5, 12, 10)))
    for make in (one, each):
        with pytest.raises(InvalidInput, match="in the past"):
            make(past)
    assert zoom.meetings == {}


def test_only_an_admin_makes_a_series_for_somebody_else(school: Services, zoom: FakeZoom, ana: Member) -> None:
    ben = account(school.engine, "ben@school.example")
    with pytest.raises(NotAllowed):
        classes.create_series(school, ana, SERIES, one_meeting=False, teacher=ben)
    (first, *_) = classes.create_series(school, OPERATOR, SERIES, one_meeting=False, teacher=ben, course="Term 1")
    found = stored(school.engine, first)
    assert (found.teacher_id, found.course) == (ben.id, "Term 1")


def test_the_classes_may_share_a_meeting_that_exists_and_those_that_were_held_are_fetched(
    school: Services, zoom: FakeZoom, ana: Member, clock: Clock, http: RequestsMock
) -> None:
    link = "https://zoom.us/j/85011112222?pwd=abc"
    zoom.meetings["85011112222"] = {"id": 85011112222, "join_url": link, "host_email": ana.email}
    clock.time = datetime(2026, 10, 20, 12, tzinfo=UTC)
    ids = classes.create_series(school, ana, SERIES, one_meeting=False, link=link)
    found = of(school.engine, ids)
    assert {
        (one.zoom_meeting_id, one.zoom_join_url, one.zoom_meeting_made, one.zoom_linked_by_teacher) for one in found
    } == {("85011112222", link, False, True)}
    assert [one.fetch.due_at if one.fetch else None for one in found] == [clock()] * 3 + [None] * 3
    with pytest.raises(InvalidInput, match="at this time already"):
        classes.create_series(school, ana, SERIES, one_meeting=False, link=link)
    classes.change_class(school, ana, ids[3], replace(PLAN, start=datetime(2026, 10, 22, 11)), with_following=True)
    classes.cancel_class(school, ana, ids[4], with_following=True)
    clock.time += UNDO_FOR
    assert (classes.is_meeting_due(school), classes.are_dates_due(school), classes.is_deletion_due(school)) == (
        False,
        False,
        False,
    )
    assert writes(http) == []


def test_a_series_in_a_meeting_of_somebody_else_is_refused(school: Services, zoom: FakeZoom, ana: Member) -> None:
    zoom.meetings["85011112222"] = {"id": 85011112222, "join_url": "https://zoom.us/j/1", "host_email": "ben@x.example"}
    with pytest.raises(NotAllowed):
        classes.create_series(school, ana, SERIES, one_meeting=False, link="https://zoom.us/j/85011112222")
    assert school.read(classes.latest_of, ana) == []


def test_what_was_counted_on_earlier_days_is_forgotten(school: Services, clock: Clock, ana: Member) -> None:
    limiter = SharedRateLimiter(school.engine, "pro", interactive=True, now=clock)
    limiter.admit_write("Ana@School.example")
    limiter.admit_write("ana@school.example ")
    assert school.read(storage.rates.writes_of, ana.zoom_user, clock()) == 2
    clock.forward(days=1)
    assert school.read(storage.rates.writes_of, ana.zoom_user, clock()) == 0
    reconcile.tidy_up(school)
    assert school.read(storage.rates.writes_of, ana.zoom_user, NOW) == 0


# One is moved, or all that follow


def test_one_class_of_a_recurring_meeting_is_moved_with_its_date_alone(
    one: Make, school: Services, zoom: FakeZoom, ana: Member, clock: Clock
) -> None:
    ids = one()
    number = str(stored(school.engine, ids[0]).zoom_meeting_id)
    moved = replace(PLAN, title="Exam", start=datetime(2026, 10, 16, 12), minutes=90)
    classes.change_class(school, ana, ids[1], moved)
    assert stored(school.engine, ids[1]).scheduled_start == datetime(2026, 10, 16, 10, tzinfo=UTC)
    assert work(school) == 1
    assert zoom.dates(number) == [STARTS[0], "2026-10-16T10:00:00Z", *STARTS[2:]]
    meeting = zoom.meetings[number]
    assert (meeting["topic"], meeting["type"]) == ("Algebra 7B", 8)
    assert [one["duration"] for one in meeting["occurrences"]] == [60, 90, 60, 60, 60, 60]
    assert stored(school.engine, ids[0]).scheduled_start == datetime(2026, 10, 13, 8, tzinfo=UTC)


@pytest.mark.parametrize("kind", ["one", "each"])
def test_all_that_follow_move_with_it_and_zoom_is_told_of_each(
    kind: str, request: pytest.FixtureRequest, school: Services, zoom: FakeZoom, ana: Member, http: RequestsMock
) -> None:
    ids = request.getfixturevalue(kind)()
    work(school)
    before = len(writes(http))
    later = replace(PLAN, title="Algebra 8", start=datetime(2026, 10, 21, 14))
    classes.change_class(school, ana, ids[2], later, with_following=True)
    expected = [
        *STARTS[:2],
        "2026-10-21T12:00:00Z",
        "2026-10-23T12:00:00Z",
        "2026-10-28T13:00:00Z",
        "2026-10-30T13:00:00Z",
    ]
    found = of(school.engine, ids)
    assert [f"{one.scheduled_start:%Y-%m-%dT%H:%M:%SZ}" for one in found] == expected
    assert [one.title for one in found] == ["Algebra 7B"] * 2 + ["Algebra 8"] * 4
    work(school)
    told = zoom.dates(str(found[0].zoom_meeting_id)) if kind == "one" else starts_of(zoom)
    assert told == expected
    assert list(zoom.meetings.values())[-1]["topic"] == "Algebra 8"
    assert writes(http)[before:] == ["PATCH"] * (5 if kind == "one" else 4)  # of the recurring one the title once
    assert work(school) == 0


def test_classes_that_have_no_meeting_yet_get_it_at_their_new_time(
    each: Make, school: Services, zoom: FakeZoom, ana: Member, http: RequestsMock
) -> None:
    ids = each()
    classes.change_class(school, ana, ids[4], replace(PLAN, start=datetime(2026, 10, 27, 11)), with_following=True)
    classes.change_class(school, ana, ids[0], replace(PLAN, start=datetime(2026, 10, 13, 9)))
    work(school)
    assert starts_of(zoom) == ["2026-10-13T07:00:00Z", *STARTS[1:4], "2026-10-27T10:00:00Z", "2026-10-29T10:00:00Z"]
    assert writes(http) == ["POST"] * 6


def test_a_class_that_is_changed_while_its_meeting_is_made_is_told_once_more(
    each: Make, school: Services, zoom: FakeZoom, ana: Member, clock: Clock
) -> None:
    (class_id,) = each(replace(SERIES, until=date(2026, 10, 13)))

    def change(path: str) -> None:
        zoom.meanwhile = lambda path: None
        classes.change_class(school, ana, class_id, replace(PLAN, title="Changed meanwhile"))

    zoom.meanwhile = change
    assert work(school) == 2
    ((number, meeting),) = zoom.meetings.items()
    assert (meeting["topic"], stored(school.engine, class_id).zoom_meeting_id) == ("Changed meanwhile", number)


def test_two_classes_of_a_recurring_meeting_do_not_come_to_one_time(one: Make, school: Services, ana: Member) -> None:
    ids = one()
    for with_following in (False, True):
        with pytest.raises(InvalidInput, match="at this time already"):
            classes.change_class(school, ana, ids[1], PLAN, with_following=with_following)
    assert stored(school.engine, ids[1]).scheduled_start == datetime(2026, 10, 15, 8, tzinfo=UTC)


def test_a_co_teacher_of_one_class_changes_and_cancels_no_others(each: Make, school: Services, zoom: FakeZoom) -> None:
    ids = each()
    eva = account(school.engine, "eva@school.example")
    shared(school.engine, ids[0], eva)
    with pytest.raises(NotAllowed):
        classes.change_class(school, eva, ids[0], replace(PLAN, title="Hers"), with_following=True)
    with pytest.raises(NotAllowed):
        classes.cancel_class(school, eva, ids[0], with_following=True)
    assert {(one.title, one.status) for one in of(school.engine, ids)} == {("Algebra 7B", ClassStatus.SCHEDULED)}
    classes.change_class(school, eva, ids[0], replace(PLAN, title="Hers"))
    assert stored(school.engine, ids[0]).title == "Hers"


def test_a_change_that_leads_into_a_skipped_hour_changes_nothing(each: Make, school: Services, ana: Member) -> None:
    spring = SeriesPlan(replace(PLAN, start=datetime(2027, 3, 21, 10)), frozenset({6}), date(2027, 4, 4))
    ids = each(spring)
    with pytest.raises(InvalidInput, match="2027-03-28"):
        classes.change_class(
            school, ana, ids[0], replace(PLAN, start=datetime(2027, 3, 21, 2, 30)), with_following=True
        )
    assert stored(school.engine, ids[0]).scheduled_start == datetime(2027, 3, 21, 9, tzinfo=UTC)


# One is cancelled, or all that follow


def test_of_a_cancelled_class_only_its_date_is_deleted(
    one: Make, school: Services, zoom: FakeZoom, ana: Member, clock: Clock
) -> None:
    ids = one()
    number = str(stored(school.engine, ids[0]).zoom_meeting_id)
    classes.cancel_class(school, ana, ids[1])
    assert work(school) == 0
    clock.time += UNDO_FOR
    assert work(school) == 1
    assert zoom.dates(number) == [STARTS[0], *STARTS[2:]]
    assert {one.status for one in of(school.engine, ids)} == {ClassStatus.SCHEDULED, ClassStatus.CANCELLED}


def test_where_all_are_cancelled_the_recurring_meeting_is_deleted(
    one: Make, school: Services, zoom: FakeZoom, ana: Member, clock: Clock, http: RequestsMock
) -> None:
    ids = one()
    classes.cancel_class(school, ana, ids[0], with_following=True)
    assert {one.status for one in of(school.engine, ids)} == {ClassStatus.CANCELLED}
    clock.time += UNDO_FOR
    work(school)
    assert zoom.meetings == {}
    assert writes(http) == ["POST", "DELETE"]


def test_a_recurring_meeting_in_which_a_class_was_held_stays(
    one: Make, school: Services, zoom: FakeZoom, ana: Member, clock: Clock
) -> None:
    ids = one()
    number = str(stored(school.engine, ids[0]).zoom_meeting_id)
    with transaction(school.engine) as tx:
        begun = datetime(2026, 10, 13, 8, tzinfo=UTC)
        storage.classes.set_life(tx, ids[0], ClassStatus.ENDED, begun, begun + timedelta(hours=1))
    classes.cancel_class(school, ana, ids[1], with_following=True)
    clock.time += UNDO_FOR
    work(school)
    assert zoom.dates(number) == STARTS[:1]


def test_of_classes_with_a_meeting_each_those_that_are_cancelled_lose_theirs(
    each: Make, school: Services, zoom: FakeZoom, ana: Member, clock: Clock
) -> None:
    ids = each()
    for _ in range(4):
        classes.make_due_meeting(school)
    classes.cancel_class(school, ana, ids[2], with_following=True)
    clock.time += UNDO_FOR
    work(school)
    assert starts_of(zoom) == STARTS[:2]


def test_a_meeting_that_comes_after_its_class_was_cancelled_is_deleted(
    each: Make, school: Services, zoom: FakeZoom, ana: Member, clock: Clock
) -> None:
    (class_id,) = each(replace(SERIES, until=date(2026, 10, 13)))

    def cancel(path: str) -> None:
        zoom.meanwhile = lambda path: None
        classes.cancel_class(school, ana, class_id)

    zoom.meanwhile = cancel
    work(school)
    assert len(zoom.meetings) == 1
    clock.time += UNDO_FOR
    work(school)
    assert zoom.meetings == {}


@pytest.mark.parametrize("kind", ["one", "each"])
def test_a_cancelling_is_taken_back_for_one_or_for_all_of_it(
    kind: str, request: pytest.FixtureRequest, school: Services, zoom: FakeZoom, ana: Member, clock: Clock
) -> None:
    ids = request.getfixturevalue(kind)()
    work(school)
    classes.cancel_class(school, ana, ids[5])
    clock.forward(minutes=1)
    classes.cancel_class(school, ana, ids[2], with_following=True)
    first = stored(school.engine, ids[2])
    assert [one.id for one in school.read(classes.cancelled_with, ana, first, clock())] == ids[3:5]
    classes.undo_cancelling(school, ana, ids[3])
    classes.undo_cancelling(school, ana, ids[2], with_others=True)
    planned = [one.id for one in of(school.engine, ids) if one.status is ClassStatus.SCHEDULED]
    assert planned == ids[:5]
    clock.time += UNDO_FOR
    work(school)
    number = str(stored(school.engine, ids[0]).zoom_meeting_id)
    assert (zoom.dates(number) if kind == "one" else starts_of(zoom)) == STARTS[:5]


@pytest.mark.parametrize("line", range(1, 12))
@pytest.mark.database("sqlite")
def test_wherever_a_tracker_is_killed_the_dates_are_brought_in_line(
    one: Make, school: Services, zoom: FakeZoom, ana: Member, clock: Clock, monkeypatch: pytest.MonkeyPatch, line: int
) -> None:
    ids = one(replace(SERIES, without=frozenset({date(2026, 10, 15)})))
    number = str(stored(school.engine, ids[0]).zoom_meeting_id)
    classes.change_class(school, ana, ids[0], replace(PLAN, start=datetime(2026, 10, 14, 10)))
    killed_at(line, monkeypatch)
    with suppress(Killed):
        work(school)
    monkeypatch.undo()
    clock.forward(minutes=15)
    work(school)
    assert zoom.dates(number) == ["2026-10-14T08:00:00Z", *STARTS[2:]]


def test_dates_that_somebody_has_added_at_zoom_stay_and_one_that_is_gone_is_no_fault(
    one: Make, school: Services, zoom: FakeZoom, ana: Member, clock: Clock
) -> None:
    ids = one()
    number = str(stored(school.engine, ids[0]).zoom_meeting_id)
    dates = zoom.meetings[number]["occurrences"]
    dates[0]["status"] = "deleted"
    dates.append({"occurrence_id": "7", "start_time": "2026-11-05T09:00:00Z", "duration": 60, "status": "available"})
    classes.change_class(school, ana, ids[0], replace(PLAN, start=datetime(2026, 10, 13, 11)))
    assert work(school) == 1
    assert zoom.dates(number) == [*STARTS[1:], "2026-11-05T09:00:00Z"]
    zoom.meetings.clear()
    classes.change_class(school, ana, ids[0], replace(PLAN, start=datetime(2026, 10, 13, 12)))
    assert work(school) == 1
    assert work(school) == 0


def test_a_date_that_zoom_refuses_to_change_holds_up_no_other(
    one: Make, school: Services, zoom: FakeZoom, ana: Member, clock: Clock, http: RequestsMock
) -> None:
    ids = one()
    number = str(stored(school.engine, ids[0]).zoom_meeting_id)
    classes.change_class(school, ana, ids[0], replace(PLAN, start=datetime(2026, 10, 13, 11)), with_following=True)

    def refuse_first(path: str) -> None:
        if "PATCH" not in writes(http):
            return
        zoom.meanwhile = lambda path: None
        zoom.faults.append((400, {"code": 300, "message": "Validation Failed."}))

    zoom.meanwhile = refuse_first
    assert work(school) == 1
    assert len(set(zoom.dates(number)) & set(STARTS)) == 1
    clock.forward(hours=1)
    assert work(school) == 1
    assert set(zoom.dates(number)).isdisjoint(STARTS)


def test_while_zoom_is_away_the_dates_wait(
    one: Make, school: Services, zoom: FakeZoom, ana: Member, clock: Clock
) -> None:
    ids = one()
    classes.change_class(school, ana, ids[0], replace(PLAN, start=datetime(2026, 10, 13, 11)))
    zoom.faults.append(FAULT)
    assert work(school) == 1
    assert not classes.are_dates_due(school)
    clock.forward(minutes=1)
    assert work(school) == 1
    assert zoom.dates(str(stored(school.engine, ids[0]).zoom_meeting_id))[0] == "2026-10-13T09:00:00Z"


def test_the_classes_of_a_series_are_known(one: Make, school: Services, ana: Member, zoom: FakeZoom) -> None:
    ids = one()
    classes.cancel_class(school, ana, ids[1])
    with reading(school.engine) as tx:
        found = storage.classes.get_class(tx, ids[2])
        assert [one.id for one in classes.classes_of_series(tx, found)] == [ids[0], *ids[2:]]
        assert [one.id for one in classes.those_that_follow(tx, found)] == ids[2:]
        alone = replace(found, series_id=None)
        assert (classes.classes_of_series(tx, alone), classes.those_that_follow(tx, alone)) == ([], [alone])
