"""A series in one recurring meeting of Zoom's, or in one that exists."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from responses import RequestsMock

from tests.fake_zoom import FakeZoom
from tests.makers import Clock, stored
from tests.makers import member as account
from tests.series.tuesdays import FAULT, PLAN, SERIES, STARTS, Make, of, work, writes
from tracker import classes, storage
from tracker.auth import OPERATOR
from tracker.classes import UNDO_FOR
from tracker.errors import InvalidInput, NotAllowed, ZoomError
from tracker.services import Services
from tracker.storage.database import reading
from tracker.storage.members import Member


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


def test_the_classes_of_a_series_are_known(one: Make, school: Services, ana: Member, zoom: FakeZoom) -> None:
    ids = one()
    classes.cancel_class(school, ana, ids[1])
    with reading(school.engine) as tx:
        found = storage.classes.get_class(tx, ids[2])
        assert [one.id for one in classes.classes_of_series(tx, found)] == [ids[0], *ids[2:]]
        assert [one.id for one in classes.those_that_follow(tx, found)] == ids[2:]
        alone = replace(found, series_id=None)
        assert (classes.classes_of_series(tx, alone), classes.those_that_follow(tx, alone)) == ([], [alone])
