"""Times and lengths in reports; which of day and month comes first; meetings whose report does not say when."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from tests.reports.files import BLOCK, PLAIN, problems, read, stays, times, told
from tracker.errors import InvalidInput
from tracker.messages import sentence_of
from tracker.reports import DateOrder
from tracker.reports.times import moment_of, order_of, seconds_of

TODAY = date(2026, 11, 26)
AFTERNOON = datetime(2026, 5, 14, 14, 5, 9)
NEW_YORK = ZoneInfo("America/New_York")


def of(day: str, until: str = "") -> str:
    """A report of a meeting on a day."""
    return f"{PLAIN}Bo,,{day} 10:00:00,{until or day} 10:50:00,50,No,No,\n"


@pytest.mark.parametrize(
    "cell",
    [
        "2026-05-14 14:05:09",
        "2026-05-14T14:05:09.123",
        "2026/05/14 14:05:09",
        "05/14/2026 02:05:09 PM",
        "5/14/26, 2:05:09 PM",
        "5/14/26, 2:05:09 pm",
        "14/05/2026 14:05:09",
        "14/5/2026, 2:05:09 p. m.",
        "14.05.2026, 14:05:09",
        "14.05.26 14:05:09",
        "14-05-2026 14:05:09",
        "May 14, 2026 02:05:09 PM",
        "May 14, 2026 at 2:05:09 PM",
        "14 May 2026 14:05:09",
        "14. Mai 2026 um 14:05:09",
        "14 de mayo de 2026, 14:05:09",
        "14 de mai. de 2026 14:05:09",
        "14 mai 2026 à 14:05:09",
        "Thu, May 14, 2026 2:05:09 PM",
        "Donnerstag, 14. Mai 2026 14:05:09",
        "2026-05-14 13:05:09 PM".replace("13", "14"),
    ],
)
def test_a_time_is_read(cell: str) -> None:
    moment = moment_of(cell)
    assert moment is not None
    assert moment.told(order_of([moment], TODAY), None) == AFTERNOON


@pytest.mark.parametrize(
    ("cell", "hour"), [("12:05 AM", 0), ("12:05 PM", 12), ("1:05 pm", 13), ("11:05 PM", 23), ("00:05", 0), ("9h05", 9)]
)
def test_a_time_of_the_day_alone_is_read(cell: str, hour: int) -> None:
    moment = moment_of(cell)
    assert moment is not None
    assert moment.told(DateOrder.DAY_FIRST, None) is None
    assert moment.told(DateOrder.DAY_FIRST, TODAY) == datetime(2026, 11, 26, hour, 5)


@pytest.mark.parametrize(
    "cell",
    [
        "",
        "soon",
        "2026-05-14",
        "14.05.26",
        "14:60",
        "25:00",
        "31/02/2026 10:00",
        "2026-13-01 10:00",
        "1:2",
        "5:00:61",
        "x" * 320,
    ],
)
def test_what_is_no_time_is_none(cell: str) -> None:
    assert moment_of(cell) is None


@pytest.mark.parametrize(
    ("cell", "seconds"),
    [
        ("57", 3420),
        ("57.5", 3450),
        ("57,5", 3450),
        ("1:05:30", 3930),
        ("0:57", 3420),
        ("1h 5m 30s", 3930),
        ("1h5m30s", 3930),
        ("57 min", 3420),
        ("8s", 8),
        ("1 Std. 5 Min. 30 Sek.", 3930),
        ("1 hora, 5 minutos, 30 segundos", 3930),
        ("soon", None),
        ("", None),
        ("about 5 min", None),
        ("-5", None),
        ("9" * 9, None),
    ],
)
def test_a_length_is_read(cell: str, seconds: int | None) -> None:
    assert seconds_of(cell) == seconds


# Day or month first


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (of("05/14/2026"), "2026-05-14"),
        (of("14/05/2026"), "2026-05-14"),
        (of("05/05/2026"), "2026-05-05"),
        (of("03.04.2026"), "2026-04-03"),
        (of("2026-03-04"), "2026-03-04"),
        # A report is of the past.
        (of("10/12/2026"), "2026-10-12"),
        (of("12/10/2026"), "2026-10-12"),
        (of("04/05/2026", "04/05/2026") + "Cy,,05/13/2026 10:00:00,05/13/2026 10:10:00,10,No,No,\n", "2026-04-05"),
        (of("04/05/2026", "04/05/2026") + "Cy,,13/05/2026 10:00:00,13/05/2026 10:10:00,10,No,No,\n", "2026-05-04"),
    ],
)
def test_the_whole_file_decides(text: str, expected: str) -> None:
    assert f"{read(text).classes[0].start:%Y-%m-%d}" == expected


def test_when_the_meeting_was_made_decides_as_well() -> None:
    text = (
        "Topic,Creation Time,Name,Join Time,Leave Time\nAlgebra,31/01/2026 09:00,Bo,03/04/2026 10:00,03/04/2026 10:50\n"
    )
    assert times(read(text).classes[0]) == "2026-04-03 08:00:00-08:50:00"


def test_where_both_fit_it_is_asked() -> None:
    with pytest.raises(InvalidInput) as asked:
        read(of("03/04/2026"))
    assert asked.value.code == "report_dates_ambiguous"
    assert dict(asked.value.details) == {
        "text": "03/04/2026 10:00:00",
        "day_first": "2026-04-03",
        "month_first": "2026-03-04",
    }
    assert sentence_of(asked.value).startswith("In this report either the day or the month may come first: 03/04/2026")
    assert "--dates day-first" in sentence_of(asked.value)
    for order, expected in ((DateOrder.DAY_FIRST, "2026-04-03"), (DateOrder.MONTH_FIRST, "2026-03-04")):
        assert f"{read(of('03/04/2026'), dates=order).classes[0].start:%Y-%m-%d}" == expected
        # What the whole file says needs nobody's word.
        assert f"{read(of('03/14/2026'), dates=order).classes[0].start:%Y-%m-%d}" == "2026-03-14"


# Zones


def test_the_same_file_in_another_zone_is_at_another_time_and_says_the_same() -> None:
    berlin, york = read(of("2026-05-14")).classes[0], read(of("2026-05-14"), zone=NEW_YORK).classes[0]
    assert (times(berlin), times(york)) == ("2026-05-14 08:00:00-08:50:00", "2026-05-14 14:00:00-14:50:00")
    assert berlin.digest == york.digest
    assert read(of("2026-05-14"), zone=NEW_YORK).timezone == "America/New_York"


def test_a_class_over_the_change_of_clocks_is_as_long_as_it_was() -> None:
    autumn = f"{PLAIN}Bo,,2025-10-26 02:30:00,2025-10-26 02:15:00,45,No,No,\n"
    assert stays(read(autumn).classes[0]) == ["Bo 00:30:00-01:15:00 2700"]
    spring = f"{PLAIN}Bo,,2026-03-29 01:30:00,2026-03-29 03:30:00,60,No,No,\n"
    assert stays(read(spring).classes[0]) == ["Bo 00:30:00-01:30:00 3600"]


# When the meeting was


def test_minutes_alone_do_not_say_when_it_was_so_that_is_asked() -> None:
    text = "Name (Original Name),User Email,Total Duration (Minutes),Guest\nBo,,50,No\nDi,,20,No\n"
    with pytest.raises(InvalidInput) as asked:
        read(text)
    assert asked.value.code == "report_without_date"
    report = read(text, held=datetime(2026, 5, 14, 10, 0))
    assert told(report) == [("", "2026-05-14 08:00:00-08:50:00", ["Bo ?-? 3000", "Di ?-? 1200"])]
    assert problems(report) == [(2, "report_without_times")]


def test_times_of_the_day_alone_do_not_either() -> None:
    text = "Name,Join Time,Leave Time\nBo,10:00,10:50\n"
    with pytest.raises(InvalidInput) as asked:
        read(text)
    assert asked.value.code == "report_without_date"
    held = datetime(2026, 5, 14, 9, 0)
    assert times(read(text, held=held).classes[0]) == "2026-05-14 08:00:00-08:50:00"


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        # No end, and no use of it: the length tells it, or the last leave.
        ("812,Algebra,2026-05-14 10:00:00,,,60,1", "2026-05-14 08:00:00-09:00:00"),
        ("812,Algebra,2026-05-14 10:00:00,2026-05-14 09:00:00,,60,1", "2026-05-14 08:00:00-09:00:00"),
        ("812,Algebra,2026-05-14 10:00:00,2027-05-14 09:00:00,,60,1", "2026-05-14 08:00:00-09:00:00"),
        ("812,Algebra,2026-05-14 10:00:00,,,,1", "2026-05-14 08:00:00-08:50:00"),
        # No start: from the first join on.
        ("812,Algebra,,,,60,1", "2026-05-14 08:00:00-08:50:00"),
        # Told in another time zone than the joins.
        ("812,Algebra,2026-05-14 04:00:00,2026-05-14 05:00:00,,60,1", "2026-05-14 08:00:00-08:50:00"),
    ],
)
def test_what_is_told_of_the_meeting_is_used_as_far_as_it_can_be(block: str, expected: str) -> None:
    (found,) = read(f"{BLOCK}{block}\n\n{of('2026-05-14')}").classes
    assert (found.title, times(found)) == ("Algebra", expected)


def test_a_meeting_to_which_nobody_came_is_one() -> None:
    report = read(f"{BLOCK}812,Algebra,2026-05-14 10:00:00,2026-05-14 11:00:00,,60,0\n\n{PLAIN}")
    assert told(report) == [("Algebra", "2026-05-14 08:00:00-09:00:00", [])]
