"""Tables and the timeline as the browser shows them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from html import escape
from zoneinfo import ZoneInfo

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from tracker import clock
from tracker.attendance import Attendance, Stay, Where, person_key
from tracker.report import NO_NAME, Table
from tracker.store import Class
from tracker.ui import words

# Two colours of the Okabe-Ito palette, which colour-blind eyes tell apart; the waiting room is hatched as well.
COLOR = {Where.MEETING: "#0072B2", Where.WAITING_ROOM: "#E69F00"}
LEGEND = {Where.MEETING: "in the meeting", Where.WAITING_ROOM: "in the waiting room"}
ROW_PIXELS, MARGIN_PIXELS = 26, 90
LONGEST_LABEL = 24
PEOPLE_AT_ONCE = 60
# What a teacher looks for comes first, also on a phone; the e-mail, which is long and seldom looked at, last.
ON_SCREEN = {"Name": -3, "Minutes present": -2, "Percent": -2, "Status": -1, "Email": 1}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the timeline: a person and all their stays, those in the waiting room too."""

    label: str
    stays: tuple[Stay, ...]


def show_table(table: Table, alt: str) -> None:
    """The table as an interactive one; times are in the class's zone already, and named by the day only if needed."""
    frame = pd.DataFrame(table.rows, columns=list(table.columns))
    moments = [cell for row in table.rows for cell in row if isinstance(cell, datetime)]
    one_day = len({moment.date() for moment in moments}) < 2
    config = {
        "Name": st.column_config.TextColumn(width="medium"),
        "Email": st.column_config.TextColumn(width="medium"),
        "Percent": st.column_config.ProgressColumn(format="%d %%", min_value=0, max_value=100),
        "Minutes present": st.column_config.NumberColumn(format="%.1f"),
    }
    for place, name in enumerate(table.columns):
        if any(isinstance(row[place], datetime) for row in table.rows):
            # The browser would move an aware time into a zone of its own.
            frame[name] = pd.to_datetime(pd.Series([_naive(row[place]) for row in table.rows]))
            config[name] = st.column_config.DatetimeColumn(format="HH:mm:ss" if one_day else "YYYY-MM-DD HH:mm:ss")
    order = sorted(table.columns, key=lambda name: ON_SCREEN.get(name, 0))
    st.dataframe(frame, hide_index=True, column_order=order, column_config=config, alt=alt)


def timeline_rows(attendance: Attendance) -> list[Row]:
    """The lines of the timeline: the people in their order, then those who never got past the waiting room."""
    groups: dict[tuple[str, str], list[Stay]] = defaultdict(list)
    for person in attendance.people:
        groups[_key(person.stays[0])] = []
    for stay in attendance.stays:
        groups[_key(stay)].append(stay)
    names = {_key(person.stays[0]): person.name for person in attendance.people}
    return [
        Row(words.plain(names.get(key, stays[0].name), LONGEST_LABEL) or NO_NAME, tuple(stays))
        for key, stays in groups.items()
    ]


def timeline(found: Class, attendance: Attendance) -> None:
    """A line a person, a bar a stay, the planned time behind them; a page at a time when there are many."""
    rows = timeline_rows(attendance)
    pages = -(-len(rows) // PEOPLE_AT_ONCE)
    number = min(st.pagination(pages, key="people-page"), pages) if pages > 1 else 1
    part = rows[(number - 1) * PEOPLE_AT_ONCE : number * PEOPLE_AT_ONCE]
    st.plotly_chart(
        timeline_figure(found, part),
        config={"displayModeBar": False},
        alt="When each person was in the class; the same as a table is below.",
    )


def timeline_figure(found: Class, rows: Sequence[Row]) -> go.Figure:
    """The timeline as a Plotly figure. Names are escaped: Plotly takes `<b>` and links in a label for markup."""
    zone = clock.zone(found.timezone)
    # One offset for all that is drawn: where the clocks change meanwhile, lengths and order stay true.
    axis = timezone(found.scheduled_start.astimezone(zone).utcoffset() or timedelta())
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
    figure.update_yaxes(
        tickvals=list(range(len(rows))),
        ticktext=[escape(row.label) for row in rows],
        range=[len(rows) - 0.4, -0.6],
        fixedrange=True,
        showgrid=False,
    )
    figure.update_xaxes(
        type="date", side="top", tickformat="%H:%M", hoverformat="%H:%M:%S", title=None, fixedrange=True
    )
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
                escape(row.label),
                f"{span.start.astimezone(zone):%H:%M:%S}",
                f"{span.end.astimezone(zone):%H:%M:%S}",
                words.length(span.seconds),
            )
            for (_line, row, _stay), span in zip(bars, spans, strict=True)
        ],
        hovertemplate="%{customdata[0]}<br>%{customdata[1]}–%{customdata[2]} (%{customdata[3]})<extra></extra>",
    )


def _key(stay: Stay) -> tuple[str, str]:
    return person_key(stay.name, stay.email)


def _naive(moment: object) -> datetime | None:
    return moment.replace(tzinfo=None) if isinstance(moment, datetime) else None
