"""The timeline and the curve of people present, as Plotly draws them; times are in the zone that is given."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from tracker.attendance.class_times import LONGEST_MEETING
from tracker.attendance.counting import key_of
from tracker.attendance.curve import Curve, presence_curve
from tracker.attendance.types import Attendance, Person, PersonKey, Span, Stay, Where
from tracker.messages import formats, languages, people_in_words
from tracker.messages.languages import gettext as _
from tracker.messages.languages import marked
from tracker.messages.languages import ngettext as _n
from tracker.messages.vocabulary import NO_NAME, PLACES
from tracker.report import file_name
from tracker.storage.classes import Class
from tracker.ui import words
from tracker.ui.people_panel import ORDERS

# Two colours of the Okabe-Ito palette, which colour-blind eyes tell apart; the waiting room is hatched as well.
COLOR = {Where.MEETING: "#0072B2", Where.WAITING_ROOM: "#E69F00"}
MARK_COLOR = "#D55E00"
LEGEND = {Where.MEETING: PLACES["meeting"], Where.WAITING_ROOM: PLACES["waiting room"]}
CAME_LATE, LEFT_EARLY = marked("came late"), marked("left early")
# Above the timeline is the button that saves it, and below that the times.
ROW_PIXELS, TOP_PIXELS, MARGIN_PIXELS = 26, 56, 118
LONGEST_LABEL = 24
PEOPLE_AT_ONCE = 60
# So many times fit beside each other on a phone; over so short a span they are still whole seconds apart.
MOST_TIMES, SHORTEST_AXIS = 5, timedelta(seconds=10)
# A picture is drawn without the page's own font, and with another one there would be too little room for names.
FONT = "sans-serif"
# Plotly's name of the button that makes a picture of a chart.
SAVE_PICTURE = "Download plot as a PNG"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the timeline: all stays of a person, those in the waiting room too.

    `person` is None for somebody who never got past the waiting room.
    """

    label: str
    stays: tuple[Stay, ...]
    person: Person | None


def timeline_rows(attendance: Attendance, order: Callable[[Person], Any] = ORDERS["name"]) -> list[Row]:
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


def timeline(found: Class, attendance: Attendance, order: str, zone: ZoneInfo) -> None:
    """A line a person, a bar a stay, the planned time behind them; a page at a time when there are many.

    `order` is a key of `ORDERS`.
    """
    rows = timeline_rows(attendance, ORDERS[order])
    pages = -(-len(rows) // PEOPLE_AT_ONCE)
    number = min(st.pagination(pages, key="people-page"), pages) if pages > 1 else 1
    part = rows[(number - 1) * PEOPLE_AT_ONCE : number * PEOPLE_AT_ONCE]
    st.plotly_chart(
        timeline_figure(found, part, attendance, zone),
        config=_settings(found, zone, "timeline"),
        alt=_("When each person was in the class. Every join and leave is in a list below."),
    )
    if far := _far_away(found, attendance):
        told = _n(
            "{number} join with a time far from the class is not drawn.",
            "{number} joins with times far from the class are not drawn.",
            far,
        )
        st.caption(told)


def _settings(found: Class, zone: ZoneInfo, what: str) -> dict[str, Any]:
    return picture_settings(file_name(found.title, found.scheduled_start.astimezone(zone), what, "png"))


def picture_settings(name: str) -> dict[str, Any]:
    """What Plotly shows beside a chart: one button, which saves it as a picture of this name."""
    locale = languages.html_lang()
    return {
        "displayModeBar": True,
        "displaylogo": False,
        "modeBarButtons": [["toImage"]],
        "toImageButtonOptions": {"format": "png", "filename": name.removesuffix(".png"), "scale": 2},
        "locale": locale,
        "locales": {locale: {"dictionary": {SAVE_PICTURE: _("Save as a picture")}}},
    }


def timeline_figure(found: Class, rows: Sequence[Row], attendance: Attendance, zone: ZoneInfo) -> go.Figure:
    """The timeline as a Plotly figure. Names are escaped: Plotly takes `<b>` and links in a label for markup."""
    axis = _axis(found, zone)
    figure = go.Figure()
    bars = _bars(rows, zone, axis)
    for where in Where:
        if len(shown := bars[bars["where"] == where]):
            figure.add_trace(_trace(shown, where))
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
    figure.update_xaxes(side="top", **_time_axis(found, attendance, axis))
    figure.update_layout(
        height=ROW_PIXELS * len(rows) + MARGIN_PIXELS,
        margin={"l": 0, "r": 8, "t": TOP_PIXELS, "b": 8},
        barmode="overlay",
        bargap=0.25,
        legend={"orientation": "h", "y": 0, "yanchor": "top"},
        showlegend=True,
        font={"family": FONT},
    )
    return figure


def _bars(rows: Sequence[Row], zone: ZoneInfo, axis: timezone) -> pd.DataFrame:
    """A line for each bar: on which line of the chart, from when, how long, and what is said of it."""
    columns = ["where", "line", "base", "milliseconds", "label", "from", "to", "length"]
    bars = [
        (
            stay.where,
            line,
            _naive(stay.span.start.astimezone(axis)),
            stay.span.seconds * 1000,
            escape(row.label, quote=False),
            formats.time(stay.span.start.astimezone(zone), seconds=True),
            formats.time(stay.span.end.astimezone(zone), seconds=True),
            formats.length(stay.span.seconds),
        )
        for line, row in enumerate(rows)
        for stay in row.stays
        if stay.span is not None
    ]
    return pd.DataFrame(bars, columns=columns, dtype=object)  # times stay what they are


def _trace(bars: pd.DataFrame, where: Where) -> go.Bar:
    return go.Bar(
        name=_(LEGEND[where]),
        orientation="h",
        y=bars["line"].tolist(),
        base=bars["base"].tolist(),
        x=bars["milliseconds"].tolist(),
        marker={
            "color": COLOR[where],
            "pattern": {"shape": "/" if where is Where.WAITING_ROOM else ""},
            "line": {"width": 0},
        },
        opacity=0.8,
        customdata=bars[["label", "from", "to", "length"]].to_numpy().tolist(),
        hovertemplate="%{customdata[0]}<br>%{customdata[1]}–%{customdata[2]} (%{customdata[3]})<extra></extra>",
    )


def show_curve(found: Class, attendance: Attendance, zone: ZoneInfo) -> None:
    """How many people were there from moment to moment, with the highest number and the mean."""
    curve = presence_curve(attendance.participants, attendance.lesson, attendance.until)
    if not curve.points:
        return
    told = [_("At most {people} at once.", people=people_in_words(curve.peak))]
    if curve.mean is not None:
        told.append(_("On average in class: {number}.", number=formats.number(curve.mean, 1)))
    if attendance.hosts:
        told.append(_n("The host is not in it.", "The {number} hosts are not in it.", len(attendance.hosts)))
    st.caption(" ".join(told))
    st.plotly_chart(
        curve_figure(found, curve, attendance, zone),
        config=_settings(found, zone, "curve"),
        alt=_("How many people were in the class from moment to moment"),
    )


def curve_figure(found: Class, curve: Curve, attendance: Attendance, zone: ZoneInfo) -> go.Figure:
    """The curve as a Plotly figure, with the planned time behind it."""
    axis = _axis(found, zone)
    figure = go.Figure(
        go.Scatter(
            x=[_naive(moment.astimezone(axis)) for moment, _number in curve.points],
            y=[number for _moment, number in curve.points],
            mode="lines",
            name=_("people"),
            line={"shape": "hv", "color": COLOR[Where.MEETING]},
            fill="tozeroy",
            hovertemplate=f"%{{x|{_clock(seconds=True)}}}: %{{y}}<extra></extra>",
        )
    )
    if not attendance.at_another_time:
        _add_planned_time(figure, found, axis)
    # Whole people only.
    figure.update_yaxes(rangemode="tozero", fixedrange=True, dtick=1 if curve.peak < 6 else None, title=None)
    figure.update_xaxes(**_time_axis(found, attendance, axis))
    figure.update_layout(height=240, margin={"l": 0, "r": 8, "t": 28, "b": 8}, showlegend=False, font={"family": FONT})
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


def _clock(*, seconds: bool = False) -> str:
    """How the reader writes the time of the day, as Plotly spells it."""
    if formats.has_half_days():
        return "%-I:%M:%S %p" if seconds else "%-I:%M %p"
    return "%H:%M:%S" if seconds else "%H:%M"


def _times_along() -> list[dict[str, Any]]:
    """How times are written along an axis, by the milliseconds between two: so that no two look the same."""
    order = formats.order_of_date()
    date = order.replace("DD", "%d").replace("MM", "%m").replace("YYYY", "%Y")
    day = date.replace("%Y", "").strip("/")
    return [
        {"dtickrange": [None, 59_999], "value": _clock(seconds=True)},
        {"dtickrange": [60_000, 10_799_999], "value": _clock()},
        {"dtickrange": [10_800_000, 86_399_999], "value": f"{day} {_clock()}"},
        {"dtickrange": [86_400_000, None], "value": date},
    ]


def _time_axis(found: Class, attendance: Attendance, axis: timezone) -> dict[str, Any]:
    """The axis of time that both charts have."""
    usual = {
        "type": "date",
        "tickformatstops": _times_along(),
        "nticks": MOST_TIMES,
        "hoverformat": _clock(seconds=True),
        "title": None,
        "fixedrange": True,
    }
    drawn = drawn_span(found, attendance)
    if drawn is None:
        return usual
    room = (drawn.end - drawn.start) / 50
    ends = (drawn.start - room, drawn.end + room)
    return usual | {"range": [_naive(moment.astimezone(axis)) for moment in ends]}


def _axis(found: Class, zone: ZoneInfo) -> timezone:
    """One offset for all that is drawn: where the clocks change meanwhile, lengths and order stay true."""
    return timezone(found.scheduled_start.astimezone(zone).utcoffset() or timedelta())


def _add_planned_time(figure: go.Figure, found: Class, axis: timezone) -> None:
    planned = [_naive(moment.astimezone(axis)) for moment in (found.planned.start, found.planned.end)]
    figure.add_vrect(
        *planned,
        name=_("planned time"),
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
        for name, symbol, marked in ((_(CAME_LATE), "triangle-right", late), (_(LEFT_EARLY), "triangle-left", early))
        if marked
    }


def _label(name: str, *, host: bool = False) -> str:
    if not host:
        return words.plain(name, LONGEST_LABEL) or _(NO_NAME)
    room = LONGEST_LABEL - len(_("{name} (host)", name=""))
    return _("{name} (host)", name=words.plain(name, room) or _(NO_NAME))


def _naive(moment: datetime) -> datetime:
    return moment.replace(tzinfo=None)
