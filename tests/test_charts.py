"""The timeline and the curve: what is drawn, and that nobody's name is read as markup."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import plotly.graph_objects as go
import pytest
from streamlit.testing.v1 import AppTest

from tests.makers import a_class, at, run, span, stay, waiting
from tracker.attendance.counting import take_attendance
from tracker.attendance.curve import presence_curve
from tracker.attendance.types import Attendance, Said, Session, Stay
from tracker.clock import zone
from tracker.messages.languages import best, speaking
from tracker.ui.charts import (
    COLOR,
    LEGEND,
    PEOPLE_AT_ONCE,
    SAVE_PICTURE,
    curve_figure,
    drawn_span,
    timeline_figure,
    timeline_rows,
)
from tracker.ui.people_panel import ORDERS

BERLIN = zone("Europe/Berlin")
MARKUP = "<b>Bo</b> <a href='//e'>x</a>"
ESCAPED = "&lt;b&gt;Bo&lt;/b&gt; &lt;a href='"


def attendance(*stays: Stay) -> Attendance:
    return take_attendance(stays, [run("uuid-1", 0, 60)], span(0, 60))


def figure(*stays: Stay, zone: ZoneInfo = BERLIN) -> go.Figure:
    return timeline_figure(a_class(), timeline_rows(attendance(*stays)), attendance(*stays), zone)


def labels(*stays: Stay) -> list[str]:
    return [row.label for row in timeline_rows(attendance(*stays))]


def bar_traces(drawn: go.Figure) -> list[go.Bar]:
    """The stays, without the marks of those who came late or left early."""
    return [trace for trace in drawn.data if isinstance(trace, go.Bar)]


def bars(drawn: go.Figure) -> list[tuple[str, float, str, float]]:
    """Kind, line, beginning and minutes of each bar."""
    return [
        (trace.name, line, f"{base:%H:%M}", length / 60_000)
        for trace in bar_traces(drawn)
        for line, base, length in zip(trace.y, trace.base, trace.x, strict=True)
    ]


# The lines of the timeline


def test_people_come_by_name_and_after_them_those_who_only_waited() -> None:
    assert labels(stay("Cy", 0, 1), waiting("Al", 0, 5), stay("Bo", 5, 9)) == ["Bo", "Cy", "Al"]


def test_two_devices_and_a_rejoin_are_one_line() -> None:
    rows = timeline_rows(
        attendance(
            stay("Bo (phone)", 10, 20, "bo@x.example"),
            stay("Bo", 0, 60, "BO@x.example "),
            stay("Bo", 70, 80, "bo@x.example"),
        )
    )
    assert [(row.label, len(row.stays)) for row in rows] == [("Bo", 3)]


def test_the_time_in_the_waiting_room_is_on_the_line_of_its_person() -> None:
    (row,) = timeline_rows(attendance(waiting("bo", 0, 5), stay("Bo", 5, 60)))
    assert row.label == "Bo"
    assert len(row.stays) == 2
    assert bars(figure(waiting("bo", 0, 5), stay("Bo", 5, 60))) == [
        ("in the meeting", 0, "14:05", 55),
        ("in the waiting room", 0, "14:00", 5),
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("", "No name"),
        ("\u202e\u200b", "No name"),
        ("  Bo   Li ", "Bo Li"),
        ("\u202egnp.exe", "gnp.exe"),
        ("x" * 10_000, "x" * 23 + "…"),
        ("=1+1", "=1+1"),
        ("💡" * 24, "💡" * 24),
    ],
)
def test_a_label_is_short_visible_and_never_empty(name: str, expected: str) -> None:
    assert labels(stay(name, 0, 1, "bo@x.example")) == [expected]
    assert labels(waiting(name, 0, 1, "bo@x.example")) == [expected]


def test_namesakes_with_different_addresses_have_a_line_each() -> None:
    assert labels(stay("Bo", 0, 1, "b1@x.example"), stay("Bo", 0, 1, "b2@x.example")) == ["Bo", "Bo"]


# The figure


@pytest.mark.parametrize("name", [MARKUP, "<script>alert(1)</script>", "&lt;b&gt;", '"><img src=x>', "a<br>b"])
def test_names_are_escaped_wherever_plotly_might_read_markup(name: str) -> None:
    drawn = figure(stay(name, 0, 10), waiting(name + "2", 0, 5))
    texts = [*drawn.layout.yaxis.ticktext, *(entry[0] for trace in bar_traces(drawn) for entry in trace.customdata)]
    assert len(texts) == 4
    for text in texts:
        assert not set(text) & set("<>")
        assert "&lt;" in text or "&amp;lt;" in text
    for trace in bar_traces(drawn):
        assert "<" not in trace.hovertemplate.replace("<br>", "").replace("<extra></extra>", "")


def test_an_escaped_name_is_the_whole_label() -> None:
    (text,) = figure(stay(MARKUP, 0, 10)).layout.yaxis.ticktext
    assert text.startswith(ESCAPED)


def test_a_bar_lies_where_the_person_was_in_the_readers_zone() -> None:
    drawn = figure(stay("Bo", 5, 35), zone=zone("Asia/Kathmandu"))
    assert bars(drawn) == [("in the meeting", 0, "17:50", 30)]
    assert list(drawn.data[0].customdata[0]) == ["Bo", "17:50:00", "18:20:00", "30 min"]


def test_meeting_and_waiting_room_differ_in_more_than_colour() -> None:
    meeting, room = bar_traces(figure(stay("Bo", 5, 10), waiting("Bo", 0, 5)))
    assert (meeting.name, room.name) == tuple(LEGEND.values())
    assert (meeting.marker.color, room.marker.color) == tuple(COLOR.values())
    assert meeting.marker.pattern.shape != room.marker.pattern.shape


def test_a_stay_without_times_has_a_line_and_no_bar() -> None:
    lost = Stay("Bo", "", None, None, 600)
    drawn = figure(lost, stay("Cy", 0, 10))
    assert list(drawn.layout.yaxis.ticktext) == ["Bo", "Cy"]
    assert bars(drawn) == [("in the meeting", 1, "14:00", 10)]
    assert list(figure(lost).layout.yaxis.ticktext) == ["Bo"]
    assert bars(figure(lost)) == []
    assert bars(figure()) == []


def test_a_stay_with_half_its_times_is_drawn_by_its_length() -> None:
    left = Stay("Bo", "", None, at(30), 600)
    joined = Stay("Cy", "", at(10), None, 300)
    assert bars(figure(left, joined)) == [("in the meeting", 0, "14:20", 10), ("in the meeting", 1, "14:10", 5)]


def test_the_planned_time_lies_behind_the_bars() -> None:
    (planned,) = figure(stay("Bo", 0, 10)).layout.shapes
    assert (f"{planned.x0:%H:%M}", f"{planned.x1:%H:%M}", planned.layer) == ("14:00", "15:00", "below")


def test_every_line_has_room_and_the_first_is_on_top() -> None:
    few, many = figure(stay("A", 0, 1)), figure(*(stay(f"P{number:02}", 0, 1) for number in range(60)))
    assert many.layout.height - few.layout.height == 59 * 26
    assert many.layout.yaxis.range[0] > many.layout.yaxis.range[1]
    assert list(many.layout.yaxis.tickvals) == list(range(60))


# The night in which the clocks change


def nights(*stays: tuple[str, datetime, datetime], start: datetime, minutes: int) -> go.Figure:
    found = a_class(scheduled_start=start, duration_minutes=minutes)
    seen = [Stay(name, "", join, leave, int((leave - join).total_seconds())) for name, join, leave in stays]
    taken = take_attendance(seen, [Session("uuid-1", start, start + timedelta(minutes=minutes))], found.planned)
    return timeline_figure(found, timeline_rows(taken), taken, BERLIN)


def ends(drawn: go.Figure) -> list[datetime]:
    (trace,) = bar_traces(drawn)
    return [base + timedelta(milliseconds=length) for base, length in zip(trace.base, trace.x, strict=True)]


@pytest.mark.parametrize("start", [datetime(2026, 3, 29, 0, 0, tzinfo=UTC), datetime(2026, 10, 25, 0, 0, tzinfo=UTC)])
def test_bars_are_true_to_each_other_where_the_clocks_change(start: datetime) -> None:
    change, end = start + timedelta(hours=1), start + timedelta(hours=2)
    drawn = nights(("All", start, end), ("Before", start, change), ("After", change, end), start=start, minutes=120)
    after, everything, before = (drawn.data[0].base[line] for line in range(3))
    assert everything == before
    assert after - everything == timedelta(hours=1)
    assert ends(drawn) == [ends(drawn)[1], ends(drawn)[1], after]
    (planned,) = drawn.layout.shapes
    assert (planned.x0, planned.x1) == (everything, ends(drawn)[1])


def test_what_is_said_of_a_bar_is_the_clock_on_the_wall() -> None:
    start = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    drawn = nights(("Bo", start, start + timedelta(hours=1)), start=start, minutes=60)
    assert list(drawn.data[0].customdata[0]) == ["Bo", "01:30:00", "03:30:00", "1 h"]


# On the page


def draw_timeline(found: "Any", seen: "Any") -> None:  # runs as a script of its own, where nothing is imported
    from zoneinfo import ZoneInfo

    from tracker.ui import charts

    charts.timeline(found, seen, "name", ZoneInfo("Europe/Berlin"))


def shown(function: Any, *arguments: Any) -> AppTest:
    page = AppTest.from_function(function, args=arguments, default_timeout=30).run()
    assert not page.exception
    return page


@pytest.mark.parametrize(("count", "pages"), [(0, 0), (1, 0), (PEOPLE_AT_ONCE, 0), (PEOPLE_AT_ONCE + 1, 2), (1000, 17)])
def test_many_people_are_drawn_a_page_at_a_time(count: int, pages: int) -> None:
    page = shown(draw_timeline, a_class(), attendance(*(stay(f"P{number:04}", 0, 9) for number in range(count))))
    assert [one.proto.num_pages for one in page.pagination] == ([pages] if pages else [])
    assert len(page.get("plotly_chart")) == 1


def test_a_chart_is_saved_as_a_picture_by_a_button_in_the_readers_language() -> None:
    (chart,) = shown(draw_timeline, a_class(title="Übung 7B"), attendance(stay("Bo", 0, 9))).get("plotly_chart")
    config = json.loads(chart.proto.config)
    assert config["modeBarButtons"] == [["toImage"]]
    assert config["toImageButtonOptions"]["filename"] == "Ubung-7B-2026-05-14-timeline"
    assert config["locales"][config["locale"]]["dictionary"] == {SAVE_PICTURE: "Save as a picture"}


# Marks, order, and the curve


def test_who_came_late_or_left_early_is_marked_where_it_happened() -> None:
    drawn = figure(stay("Al", 0, 60), stay("Bo", 6, 60), stay("Cy", 0, 50))
    marks = {trace.name: (list(trace.y), [f"{x:%H:%M}" for x in trace.x]) for trace in drawn.data[1:]}
    assert marks == {"came late": ([1], ["14:06"]), "left early": ([2], ["14:50"])}


@pytest.mark.parametrize(
    ("order", "expected"),
    [("name", ["Al", "Bo", "Cy"]), ("arrival", ["Cy", "Al", "Bo"]), ("minutes", ["Bo", "Cy", "Al"])],
)
def test_the_lines_come_in_the_order_that_is_asked_for(order: str, expected: list[str]) -> None:
    taken = attendance(stay("Al", 5, 10), stay("Bo", 6, 60), stay("Cy", 0, 20))
    assert [row.label for row in timeline_rows(taken, ORDERS[order])] == expected


def test_people_whom_a_teacher_has_joined_are_one_line() -> None:
    taken = take_attendance(
        [stay("Bo", 0, 30), stay("Bo (phone)", 20, 60), waiting("bo", -2, 0)],
        [run("uuid-1", 0, 60)],
        span(0, 60),
        said=Said(((("name", "bo"), ("name", "bo (phone)")),)),
    )
    assert [(row.label, len(row.stays)) for row in timeline_rows(taken)] == [("Bo", 3)]


def test_a_class_held_at_another_time_is_drawn_without_the_planned_time() -> None:
    taken = take_attendance([stay("Bo", 500, 530)], [run("uuid-1", 500, 530)], span(0, 60))
    assert timeline_figure(a_class(), timeline_rows(taken), taken, BERLIN).layout.shapes == ()


def test_the_break_of_a_restarted_class_is_marked() -> None:
    runs = [run("uuid-1", 0, 20), run("uuid-2", 25, 60)]
    taken = take_attendance([stay("Bo", 0, 20), stay("Bo", 26, 60)], runs, span(0, 60))
    lines = [
        shape
        for shape in timeline_figure(a_class(), timeline_rows(taken), taken, BERLIN).layout.shapes
        if shape.line.dash
    ]
    assert [f"{line.x0:%H:%M}" for line in lines] == ["14:00", "14:20", "14:25", "15:00"]


def test_the_curve_changes_at_the_second_of_each_join_and_leave_in_the_readers_zone() -> None:
    taken = attendance(stay("Al", 0, 3), stay("Bo", 1.5, 2))
    drawn = curve_figure(a_class(), presence_curve(taken.people, taken.lesson), taken, BERLIN).data[0]
    assert [(f"{x:%H:%M:%S}", y) for x, y in zip(drawn.x, drawn.y, strict=True)] == [
        ("14:00:00", 1),
        ("14:01:30", 2),
        ("14:02:00", 1),
        ("14:03:00", 0),
    ]
    assert drawn.line.shape == "hv"


@pytest.mark.parametrize(
    ("seconds_apart", "expected"),
    [(1, "%H:%M:%S"), (30, "%H:%M:%S"), (60, "%H:%M"), (6 * 3600, "%d/%m %H:%M"), (7 * 86_400, "%d/%m/%Y")],
)
def test_times_along_a_chart_have_seconds_where_they_would_repeat_without(seconds_apart: int, expected: str) -> None:
    seen = attendance(stay("Al", 0, 1))
    for drawn in (
        figure(stay("Al", 0, 1)),
        curve_figure(a_class(), presence_curve(seen.people, seen.lesson), seen, BERLIN),
    ):
        stops = [(stop.dtickrange, stop.value) for stop in drawn.layout.xaxis.tickformatstops]
        apart = seconds_apart * 1000
        assert [said for (least, most), said in stops if (least or 0) <= apart <= (most or apart)] == [expected]


@pytest.mark.parametrize(
    ("stays", "until", "expected"),
    [
        ([("Al", 0, 60)], None, (0, 60)),
        ([("Al", 10, 20)], None, (0, 60)),
        ([("Al", -3, 62)], None, (-3, 62)),
        ([("Al", 10, 12)], None, (10, 12)),  # the planned hour would leave nothing to see of it
        ([("Al", 10, 12)], 14, (10, 14)),
        ([("Al", 10, 10.05)], None, (10, 10 + 1 / 6)),
        ([("Al", -10 * 365 * 1440, 30), ("Bo", 0, 60)], None, (0, 60)),
        ([("Al", 0, 10 * 365 * 1440)], None, (0, 10 * 1 / 60)),
    ],
)
def test_the_axis_of_time_shows_what_happened_and_no_wrong_dates(
    stays: list[tuple[str, float, float]], until: float | None, expected: tuple[float, float]
) -> None:
    taken = attendance(*(stay(*entry) for entry in stays))
    seen = replace(taken, until=None if until is None else at(until))
    found = drawn_span(a_class(), seen)
    assert found is not None
    assert (found.start, found.end) == (at(expected[0]), at(expected[1]))
    first, last = timeline_figure(a_class(), timeline_rows(seen), seen, BERLIN).layout.xaxis.range
    assert timedelta() < last - first <= (found.end - found.start) * 1.05


def test_the_axis_of_a_class_held_on_another_day_is_of_that_day() -> None:
    taken = take_attendance([stay("Bo", 3000, 3030)], [run("uuid-1", 3000, 3030)], span(0, 60))
    assert drawn_span(a_class(), taken) == span(3000, 3030)


def test_without_any_time_there_is_nothing_to_draw_along() -> None:
    lost = attendance(Stay("Bo", "", None, None, 600))
    assert drawn_span(a_class(), lost) is None
    assert timeline_figure(a_class(), timeline_rows(lost), lost, BERLIN).layout.xaxis.range is None


def test_times_along_a_chart_are_written_as_the_reader_writes_them() -> None:
    with speaking(best("en-US")):
        drawn = figure(stay("Al", 0, 1))
    assert [stop.value for stop in drawn.layout.xaxis.tickformatstops] == [
        "%-I:%M:%S %p",
        "%-I:%M %p",
        "%m/%d %-I:%M %p",
        "%m/%d/%Y",
    ]
    assert list(drawn.data[0].customdata[0])[1] == "2:00:00\u00a0PM"


def test_records_with_times_far_from_the_class_are_said_not_to_be_drawn() -> None:
    seen = attendance(stay("Al", -10 * 365 * 1440, 30), stay("Bo", 0, 60))
    (note,) = shown(draw_timeline, a_class(), seen).caption
    assert note.value == "1 join with a time far from the class is not drawn."
    assert not shown(draw_timeline, a_class(), attendance(stay("Bo", 0, 60))).caption
