"""One class of a series is cancelled, or all that follow, and what becomes of their meetings and dates."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from responses import RequestsMock

from tests.fake_zoom import FakeZoom
from tests.makers import Clock, stored
from tests.series.tuesdays import FAULT, PLAN, SERIES, STARTS, Killed, Make, killed_at, of, starts_of, work, writes
from tracker import classes, storage
from tracker.attendance.types import ClassStatus
from tracker.classes import UNDO_FOR
from tracker.services import Services
from tracker.storage.database import transaction
from tracker.storage.members import Member


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
