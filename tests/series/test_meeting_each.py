"""A series with a meeting each: a tracker makes them one after another, whatever happens to it meanwhile."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from responses import RequestsMock
from sqlalchemy import Engine

from tests.fake_zoom import FakeZoom
from tests.makers import NOW, Clock, entries, services, stored
from tests.makers import member as account
from tests.series.tuesdays import FAULT, SERIES, STARTS, Killed, Make, killed_at, of, starts_of, work, writes
from tracker import classes, listing
from tracker.attendance.types import ClassStatus
from tracker.errors import NotConfigured, ZoomUnreachable
from tracker.services import Services
from tracker.storage.members import Member
from tracker.zoom import Zoom


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
