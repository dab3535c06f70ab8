"""A class every week, as somebody types it: on which days, at which local time, until when."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests.makers import NOW, a_class
from tracker.classes import Plan, SeriesPlan, changes_of_clocks, weekdays_of
from tracker.classes.series_plan import MOST_CLASSES, MOST_IN_ONE_MEETING, shifted
from tracker.errors import InvalidInput

TUESDAY, THURSDAY, SUNDAY = 1, 3, 6


def series(
    first: str,
    until: str,
    *weekdays: int,
    zone: str = "Europe/Berlin",
    without: tuple[str, ...] = (),
    minutes: int = 60,
) -> SeriesPlan:
    plan = Plan("Algebra 7B", datetime.fromisoformat(first), minutes, zone)
    left_out = frozenset(map(date.fromisoformat, without))
    return SeriesPlan(plan, frozenset(weekdays), date.fromisoformat(until), left_out)


def starts(plan: SeriesPlan) -> list[str]:
    return [f"{one.start:%m-%d %H:%M}" for one in plan.checked()]


def refusal(plan: SeriesPlan, of: Callable[[SeriesPlan], Any] = SeriesPlan.checked) -> str:
    with pytest.raises(InvalidInput) as caught:
        of(plan)
    return caught.value.code


# When they are


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        pytest.param(
            series("2026-05-12T10:00", "2026-05-21", TUESDAY, THURSDAY),
            ["05-12 08:00", "05-14 08:00", "05-19 08:00", "05-21 08:00"],
            id="both days included",
        ),
        pytest.param(
            series("2026-05-13T10:00", "2026-05-19", TUESDAY, THURSDAY),
            ["05-14 08:00", "05-19 08:00"],
            id="begins later",
        ),
        pytest.param(
            series("2026-05-12T10:00", "2026-05-21", TUESDAY, THURSDAY, without=("2026-05-14", "2026-12-24")),
            ["05-12 08:00", "05-19 08:00", "05-21 08:00"],
            id="not on some days",
        ),
        pytest.param(
            series("2026-10-20T10:00", "2026-10-27", TUESDAY), ["10-20 08:00", "10-27 09:00"], id="clocks go back"
        ),
        pytest.param(
            series("2026-03-24T10:00", "2026-03-31", TUESDAY), ["03-24 09:00", "03-31 08:00"], id="clocks go forward"
        ),
        pytest.param(
            series("2026-10-20T10:00", "2026-11-03", TUESDAY, zone="America/Sao_Paulo"),
            ["10-20 13:00", "10-27 13:00", "11-03 13:00"],
            id="a zone without summer time",
        ),
        pytest.param(
            series("2026-09-29T10:00", "2026-10-06", TUESDAY, zone="Australia/Sydney"),
            ["09-29 00:00", "10-05 23:00"],
            id="the southern hemisphere",
        ),
        pytest.param(
            series("2026-10-18T02:30", "2026-10-25", SUNDAY),
            ["10-18 00:30", "10-25 00:30"],
            id="an hour twice: the first",
        ),
        pytest.param(
            series("2026-05-12T22:00+00:00", "2026-05-20", 2), ["05-12 22:00", "05-19 22:00"], id="with an offset"
        ),
    ],
)
def test_the_classes_keep_their_local_time(plan: SeriesPlan, expected: list[str]) -> None:
    assert starts(plan) == expected


def test_a_start_in_the_hour_that_the_clocks_skip_is_named() -> None:
    plan = series("2026-03-22T02:30", "2026-04-05", SUNDAY)
    with pytest.raises(InvalidInput, match="02:30 does not exist on 2026-03-29"):
        plan.checked()
    assert starts(replace(plan, without=frozenset({date(2026, 3, 29)}))) == ["03-22 01:30", "04-05 00:30"]


def test_the_first_day_needs_no_class_and_its_time_need_not_exist() -> None:
    assert starts(series("2026-03-29T02:30", "2026-03-31", TUESDAY)) == ["03-31 00:30"]


@pytest.mark.parametrize(
    ("plan", "code"),
    [
        (series("2026-05-12T10:00", "2026-05-21"), "series_without_weekday"),
        (series("2026-05-12T10:00", "2026-05-11", TUESDAY), "series_ends_before_it_begins"),
        (series("2026-05-13T10:00", "2026-05-18", TUESDAY), "series_without_class"),
        (series("2026-05-12T10:00", "2026-05-12", TUESDAY, without=("2026-05-12",)), "series_without_class"),
        (series("2026-05-12T10:00", "2029-05-12", TUESDAY), "series_until_too_late"),
        (series("2026-05-12T10:00", "9999-12-31", TUESDAY), "series_until_too_late"),
        (series("2026-05-12T10:00", "2027-05-12", *range(7)), "series_too_long"),
        (series("2026-05-12T10:00", "2026-05-21", TUESDAY, minutes=0), "class_length_unusable"),
        (series("2026-05-12T10:00", "2026-05-21", TUESDAY, zone="Mars/Base"), "time_zone_unknown"),
        (series("0001-01-01T10:00", "2026-05-21", TUESDAY), "start_not_in_century"),
        (series("9999-12-31T10:00", "9999-12-31", *range(7)), "start_not_in_century"),
    ],
)
def test_what_makes_no_sense_is_refused(plan: SeriesPlan, code: str) -> None:
    assert refusal(plan) == code


def test_as_many_as_allowed_can_be_planned() -> None:
    plan = series("2026-01-01T10:00", "2026-07-19", *range(7))
    assert len(plan.checked()) == MOST_CLASSES
    assert refusal(replace(plan, until=date(2026, 7, 20))) == "series_too_long"


# One recurring meeting


def test_the_recurring_meeting_has_the_days_without_class_too_and_says_which_they_are() -> None:
    meeting, left_out = series(
        "2026-10-13T10:00", "2026-10-29", TUESDAY, THURSDAY, without=("2026-10-13", "2026-10-22", "2026-10-29")
    ).meeting()
    body = meeting.body()
    assert body["type"] == 8
    assert body["recurrence"] == {"type": 2, "repeat_interval": 1, "weekly_days": "3,5", "end_times": 4}
    assert (body["start_time"], body["timezone"]) == ("2026-10-15T10:00:00", "Europe/Berlin")
    assert left_out == {datetime(2026, 10, 22, 8, tzinfo=UTC)}


def test_zooms_week_begins_on_sunday() -> None:
    meeting, _ = series("2026-05-11T10:00", "2026-05-18", 0, SUNDAY).meeting()
    assert meeting.body()["recurrence"]["weekly_days"] == "1,2"


def test_more_dates_than_zoom_takes_for_one_link_are_refused() -> None:
    plan = series("2026-01-05T10:00", "2026-12-14", 0)
    assert plan.meeting()[0].recurrence is not None
    assert len(plan.dates()) == MOST_IN_ONE_MEETING
    longer = replace(plan, until=date(2026, 12, 21))
    assert refusal(longer, SeriesPlan.meeting) == "series_too_long_for_one_link"
    # A date that is left out counts at Zoom, unless it is the first or the last.
    inside = replace(longer, without=frozenset({date(2026, 6, 1)}))
    assert refusal(inside, SeriesPlan.meeting) == "series_too_long_for_one_link"
    assert replace(longer, without=frozenset({date(2026, 12, 21)})).meeting()[1] == frozenset()


# What is said of them


def test_the_days_on_which_clocks_are_changed_are_known() -> None:
    def days(first: str, until: str, zone: str = "Europe/Berlin") -> list[date]:
        return changes_of_clocks(series(first, until, TUESDAY, zone=zone).checked())

    assert days("2026-02-03T10:00", "2026-11-24") == [date(2026, 3, 29), date(2026, 10, 25)]
    assert days("2026-04-07T10:00", "2026-10-20") == []
    assert days("2026-02-03T10:00", "2026-11-24", "America/Sao_Paulo") == []
    assert days("2026-02-03T10:00", "2026-11-24", "Australia/Sydney") == [date(2026, 4, 5), date(2026, 10, 4)]
    assert changes_of_clocks([]) == []


def test_a_class_that_was_moved_makes_no_further_day() -> None:
    days = [NOW + timedelta(days=7 * week) for week in range(8)] + [NOW + timedelta(days=5)]
    assert weekdays_of([a_class(scheduled_start=day) for day in days]) == [THURSDAY]
    assert weekdays_of([]) == []


# A change of one for all that follow


def test_those_that_follow_move_by_as_much_on_the_clock() -> None:
    was, now = (Plan("Algebra", datetime(2026, 10, 20, hour), 60, "Europe/Berlin") for hour in (10, 14))
    winter = a_class(title="Exam", scheduled_start=datetime(2026, 10, 27, 9, tzinfo=UTC), duration_minutes=90)
    moved = shifted(winter, was.checked(), replace(now, start=now.start + timedelta(days=1)).checked())
    assert (moved.title, moved.minutes) == ("Exam", 90)
    assert moved.start == datetime(2026, 10, 28, 13, tzinfo=UTC)
    renamed = shifted(winter, was.checked(), replace(was, title="Algebra 8", minutes=45).checked())
    assert (renamed.title, renamed.minutes, renamed.start) == ("Algebra 8", 45, winter.scheduled_start)
