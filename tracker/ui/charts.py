"""Tables, the timeline and the curve of people present, as Streamlit and Plotly draw them."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from tracker import clock
from tracker.attendance.class_times import LONGEST_MEETING
from tracker.attendance.counting import key_of
from tracker.attendance.curve import Curve, presence_curve
from tracker.attendance.types import Attendance, Person, PersonKey, Span, Stay, Where
from tracker.report import NO_NAME, Table
from tracker.storage.classes import Class
from tracker.text import LONGEST_TEXT, order_of
from tracker.ui import words

# Two colours of the Okabe-Ito palette, which colour-blind eyes tell apart; the waiting room is hatched as well.
COLOR = {Where.MEETING: "#0072B2", Where.WAITING_ROOM: "#E69F00"}
MARK_COLOR = "#D55E00"
LEGEND = {Where.MEETING: "in the meeting", Where.WAITING_ROOM: "in the waiting room"}
ROW_PIXELS, MARGIN_PIXELS = 26, 90
LONGEST_LABEL = 24
PEOPLE_AT_ONCE = 60
# How times are written along an axis, by the milliseconds between two of them: so that no two look the same.
TIMES = [
    {"dtickrange": [None, 59_999], "value": "%H:%M:%S"},
    {"dtickrange": [60_000, 10_799_999], "value": "%H:%M"},
    {"dtickrange": [10_800_000, 86_399_999], "value": "%a %H:%M"},
    {"dtickrange": [86_400_000, None], "value": "%d %b %Y"},
]
# So many times fit beside each other on a phone; over so short a span they are still whole seconds apart.
MOST_TIMES, SHORTEST_AXIS = 5, timedelta(seconds=10)
# A leaving that has not happened.
LEAVINGS, STILL_HERE = ("Last leave", "Leave"), "still here"
# What a teacher looks for comes first, also on a phone; the e-mail, which is long and seldom looked at, last.
ON_SCREEN = {
    "Name": -6,
    "Minutes in class": -5,
    "Percent": -4,
    "Status": -3,
    "Role": -2,
    "Minutes present": -1,
    "Email": 1,
}


FAR = datetime.max.replace(tzinfo=UTC)
ORDERS: dict[str, Callable[[Person], Any]] = {
    "Name": lambda person: (order_of(person.name), person.email.casefold()),
    "Arrival": lambda person: (person.first_join or FAR, order_of(person.name)),
    "Time present": lambda person: (-person.seconds, order_of(person.name)),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the timeline: all stays of a person, those in the waiting room too.

    `person` is None for somebody who never got past the waiting room.
    """

    label: str
    stays: tuple[Stay, ...]
    person: Person | None


def show_table(table: Table, alt: str, *, until: datetime | None = None, **selection: Any) -> None:
    """The table as an interactive one; times are in the class's zone already, and named by the day only if needed.

    Of a class that runs, `until` is the moment up to which it is known: who is there until then is still there.
    `selection` is what Streamlit needs to have its rows chosen.
    """
    frame = pd.DataFrame(table.rows, columns=list(table.columns))
    for name in {"Name", "Email"} & set(table.columns):
        frame[name] = [words.plain(text, LONGEST_TEXT) for text in frame[name]]
    moments = [cell for row in table.rows for cell in row if isinstance(cell, datetime)]
    one_day = len({moment.date() for moment in moments}) < 2
    config = {
        "Name": st.column_config.TextColumn(width="medium"),
        "Email": st.column_config.TextColumn(width="medium"),
        "Percent": st.column_config.ProgressColumn(format="%d %%", min_value=0, max_value=100),
        "Minutes present": st.column_config.NumberColumn(format="%.1f"),
        "Minutes in class": st.column_config.NumberColumn(format="%.1f"),
    }
    for place, name in enumerate(table.columns):
        if any(isinstance(row[place], datetime) for row in table.rows):
            if until is not None and name in LEAVINGS:
                frame[name] = [_leaving(row[place], until, one_day) for row in table.rows]
                continue
            # The browser would move an aware time into a zone of its own.
            frame[name] = pd.to_datetime(pd.Series([_naive(row[place]) for row in table.rows]))
            config[name] = st.column_config.DatetimeColumn(format="HH:mm:ss" if one_day else "YYYY-MM-DD HH:mm:ss")
    order = sorted(table.columns, key=lambda name: ON_SCREEN.get(name, 0))
    st.dataframe(frame, hide_index=True, column_order=order, column_config=config, alt=alt, **selection)


def timeline_rows(attendance: Attendance, order: Callable[[Person], Any] = ORDERS["Name"]) -> list[Row]:
    """The lines of the timeline: the people in that order, then those who never got past the waiting room.

    Who is set aside has no line.
    """
    people = sorted(attendance.people, key=order)
    rows = [Row(_label(person.name, host=person.is_host), person.stays, person) for person in people]
    nowhere = {key for person in attendance.set_aside for key in person.keys}
    line_of = {key: line for line, person in enumerate(people) for key in person.keys}
    waiting: dict[PersonKey, list[Stay]] = defaultdict(list)
    for stay in attendance.waiting:
        key = key_of(stay)
        if key in line_of:
            row = rows[line_of[key]]
            rows[line_of[key]] = replace(row, stays=(*row.stays, stay))
        elif key not in nowhere:
            waiting[key].append(stay)
    return rows + [Row(_label(stays[0].name), tuple(stays), None) for stays in waiting.values()]


def timeline(found: Class, attendance: Attendance) -> None:
    """A line a person, a bar a stay, the planned time behind them; a page at a time when there are many."""
    chosen = st.segmented_control("Sort by", list(ORDERS), default="Name", required=True, key="timeline-order")
    rows = timeline_rows(attendance, ORDERS[chosen or "Name"])
    pages = -(-len(rows) // PEOPLE_AT_ONCE)
    number = min(st.pagination(pages, key="people-page"), pages) if pages > 1 else 1
    part = rows[(number - 1) * PEOPLE_AT_ONCE : number * PEOPLE_AT_ONCE]
    st.plotly_chart(
        timeline_figure(found, part, attendance),
        config={"displayModeBar": False},
        alt="When each person was in the class; the same as a table is below.",
    )
    if far := _far_away(found, attendance):
        st.caption(f"Outside of what is drawn: {words.count(far, 'record', 'records')} with times far from the class.")


def timeline_figure(found: Class, rows: Sequence[Row], attendance: Attendance) -> go.Figure:
    """The timeline as a Plotly figure. Names are escaped: Plotly takes `<b>` and links in a label for markup."""
    zone, axis = clock.zone(found.timezone), _axis(found)
    figure = go.Figure()
    for where in Where:
        bars = [
            (line, row, stay)
            for line, row in enumerate(rows)
            for stay in row.stays
            if stay.where is where and stay.span is not None
        ]
        if bars:
            figure.add_trace(_bars(bars, where, zone, axis))
    for mark, trace in _marks(rows, axis).items():
        figure.add_trace(trace.update(name=mark))
    if not attendance.at_another_time:
        _add_planned_time(figure, found, axis)
    for session in attendance.sessions:
        for moment in (session.start, session.end):
            if moment is not None and len(attendance.sessions) > 1:
                figure.add_vline(_naive(moment.astimezone(axis)), line_width=1, line_dash="dot", line_color="#888")
    figure.update_yaxes(
        tickvals=list(range(len(rows))),
        ticktext=[escape(row.label, quote=False) for row in rows],
        range=[len(rows) - 0.4, -0.6],
        fixedrange=True,
        showgrid=False,
    )
    figure.update_xaxes(side="top", **_time_axis(found, attendance))
    figure.update_layout(
        height=ROW_PIXELS * len(rows) + MARGIN_PIXELS,
        margin={"l": 0, "r": 8, "t": 28, "b": 8},
        barmode="overlay",
        bargap=0.25,
        legend={"orientation": "h", "y": 0, "yanchor": "top"},
        showlegend=True,
    )
    return figure


def _bars(bars: Sequence[tuple[int, Row, Stay]], where: Where, zone: ZoneInfo, axis: timezone) -> go.Bar:
    spans = [stay.span for _line, _row, stay in bars if stay.span is not None]
    return go.Bar(
        name=LEGEND[where],
        orientation="h",
        y=[line for line, _row, _stay in bars],
        base=[_naive(span.start.astimezone(axis)) for span in spans],
        x=[span.seconds * 1000 for span in spans],
        marker={
            "color": COLOR[where],
            "pattern": {"shape": "/" if where is Where.WAITING_ROOM else ""},
            "line": {"width": 0},
        },
        opacity=0.8,
        customdata=[
            (
                escape(row.label, quote=False),
                f"{span.start.astimezone(zone):%H:%M:%S}",
                f"{span.end.astimezone(zone):%H:%M:%S}",
                words.length(span.seconds),
            )
            for (_line, row, _stay), span in zip(bars, spans, strict=True)
        ],
        hovertemplate="%{customdata[0]}<br>%{customdata[1]}–%{customdata[2]} (%{customdata[3]})<extra></extra>",
    )


def show_curve(found: Class, attendance: Attendance) -> None:
    """How many people were there from moment to moment, with the highest number and the mean."""
    curve = presence_curve(attendance.participants, attendance.lesson, attendance.until)
    if not curve.points:
        return
    whom = words.without_hosts(attendance)
    at_once = f"At most {words.people(curve.peak)} at once"
    mean = f", {curve.mean:.1f} on average in the lesson" if curve.mean is not None else ""
    st.caption(f"{at_once}{mean}{f', {whom}' if whom else ''}.")
    st.plotly_chart(
        curve_figure(found, curve, attendance),
        config={"displayModeBar": False},
        alt="How many people were in the class from moment to moment",
    )


def curve_figure(found: Class, curve: Curve, attendance: Attendance) -> go.Figure:
    """The curve as a Plotly figure, with the planned time behind it."""
    axis = _axis(found)
    figure = go.Figure(
        go.Scatter(
            x=[_naive(moment.astimezone(axis)) for moment, _number in curve.points],
            y=[number for _moment, number in curve.points],
            mode="lines",
            name="people",
            line={"shape": "hv", "color": COLOR[Where.MEETING]},
            fill="tozeroy",
            hovertemplate="%{x|%H:%M:%S}: %{y}<extra></extra>",
        )
    )
    if not attendance.at_another_time:
        _add_planned_time(figure, found, axis)
    # Whole people only.
    figure.update_yaxes(rangemode="tozero", fixedrange=True, dtick=1 if curve.peak < 6 else None, title=None)
    figure.update_xaxes(**_time_axis(found, attendance))
    figure.update_layout(height=220, margin={"l": 0, "r": 8, "t": 8, "b": 8}, showlegend=False)
    return figure


def drawn_span(found: Class, attendance: Attendance) -> Span | None:
    """What the charts are drawn of: from the first to the last of what was seen, and the planned time.

    The planned time is left out where it would make everything else too small to see. Times that are farther from the
    class than a meeting can last are wrong ones, and would do so too. None where no times are known.
    """
    planned = () if attendance.at_another_time else (found.planned,)
    ends = [end for one in planned for end in (one.start, one.end)]
    ends += [end for one in attendance.sessions for end in (one.start, one.end or attendance.until) if end]
    spans = [stay.span for stay in attendance.stays if stay.span is not None]
    seen = [end for span in spans for end in (span.start, span.end)]
    bounds = ends or seen
    near = [at for at in seen if min(bounds) - LONGEST_MEETING <= at <= max(bounds) + LONGEST_MEETING]
    if not near:
        return None
    start, end = min(near), max([*near, *((attendance.until,) if attendance.until else ())])
    for one in planned:
        if end - start >= (one.end - one.start) / 10:
            start, end = min(start, one.start), max(end, one.end)
    return Span(start, max(end, start + SHORTEST_AXIS))


def _far_away(found: Class, attendance: Attendance) -> int:
    """How many records lie, in part at least, outside of what is drawn."""
    drawn = drawn_span(found, attendance)
    spans = [stay.span for stay in attendance.stays if stay.span is not None]
    return sum(drawn is None or span.start < drawn.start or span.end > drawn.end for span in spans)


def _time_axis(found: Class, attendance: Attendance) -> dict[str, Any]:
    """The axis of time that both charts have."""
    usual = {
        "type": "date",
        "tickformatstops": TIMES,
        "nticks": MOST_TIMES,
        "hoverformat": "%H:%M:%S",
        "title": None,
        "fixedrange": True,
    }
    drawn = drawn_span(found, attendance)
    if drawn is None:
        return usual
    room, axis = (drawn.end - drawn.start) / 50, _axis(found)
    ends = (drawn.start - room, drawn.end + room)
    return usual | {"range": [_naive(moment.astimezone(axis)) for moment in ends]}


def _axis(found: Class) -> timezone:
    """One offset for all that is drawn: where the clocks change meanwhile, lengths and order stay true."""
    return timezone(found.scheduled_start.astimezone(clock.zone(found.timezone)).utcoffset() or timedelta())


def _add_planned_time(figure: go.Figure, found: Class, axis: timezone) -> None:
    planned = [_naive(moment.astimezone(axis)) for moment in (found.planned.start, found.planned.end)]
    figure.add_vrect(
        *planned,
        name="planned time",
        showlegend=True,
        fillcolor="#888",
        opacity=0.15,
        line_width=0,
        layer="below",
    )


def _marks(rows: Sequence[Row], axis: timezone) -> dict[str, go.Scatter]:
    """Where somebody came late, or left early."""
    late = [(line, row.person.first_join) for line, row in enumerate(rows) if row.person and row.person.late]
    early = [(line, row.person.last_leave) for line, row in enumerate(rows) if row.person and row.person.left_early]
    return {
        name: go.Scatter(
            x=[_naive(moment.astimezone(axis)) for _line, moment in marked if moment],
            y=[line for line, moment in marked if moment],
            mode="markers",
            marker={"symbol": symbol, "size": 11, "color": MARK_COLOR, "line": {"width": 1, "color": "#fff"}},
            hoverinfo="name",
        )
        for name, symbol, marked in (("came late", "triangle-right", late), ("left early", "triangle-left", early))
        if marked
    }


def _label(name: str, *, host: bool = False) -> str:
    mark = " (host)" if host else ""
    return (words.plain(name, LONGEST_LABEL - len(mark)) or NO_NAME) + mark


def _leaving(moment: object, until: datetime, one_day: bool) -> str | None:
    """When somebody left, as text, unless they are still there."""
    if not isinstance(moment, datetime):
        return None
    return STILL_HERE if moment >= until else f"{moment:%H:%M:%S}" if one_day else f"{moment:%Y-%m-%d %H:%M:%S}"


def _naive(moment: object) -> datetime | None:
    return moment.replace(tzinfo=None) if isinstance(moment, datetime) else None
