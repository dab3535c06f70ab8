"""One class of a series is changed, or all that follow, here and at Zoom."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from responses import RequestsMock

from tests.fake_zoom import FakeZoom
from tests.makers import Clock, shared, stored
from tests.makers import member as account
from tests.series.tuesdays import PLAN, SERIES, STARTS, Make, of, starts_of, work, writes
from tracker import classes
from tracker.attendance.types import ClassStatus
from tracker.classes import SeriesPlan
from tracker.errors import InvalidInput, NotAllowed
from tracker.services import Services
from tracker.storage.members import Member


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
