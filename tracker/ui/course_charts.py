"""The charts of a course: attendance over the term, when students arrive, and how many stay, over all its classes."""

from collections.abc import Sequence
from html import escape
from urllib.parse import quote
from zoneinfo import ZoneInfo

import plotly.graph_objects as go
import streamlit as st

from tracker.attendance.averages import EARLIEST, LATEST, PARTS, Averages, ClassNumbers, averages, numbers_by_class
from tracker.attendance.register import Register
from tracker.messages import formats
from tracker.messages.languages import gettext as _
from tracker.messages.languages import marked
from tracker.messages.languages import ngettext as _n
from tracker.messages.vocabulary import STATUSES
from tracker.report import file_name
from tracker.ui import charts, components, words
from tracker.ui.charts import FONT
from tracker.ui.components import Cell, Column, Html
from tracker.ui.people_panel import MOST_WITHOUT_BOX

# Colours of the Okabe-Ito palette, which colour-blind eyes tell apart; the parts of a bar are hatched as well.
PARTS_OF_BAR: dict[str, tuple[str, str, str]] = {
    "in_time": (marked("in time"), "#0072B2", ""),
    "late": (STATUSES["late"], "#56B4E9", "/"),
    "partly": (STATUSES["partly"], "#E69F00", "."),
    "absent": (STATUSES["absent"], "#D55E00", "x"),
    "excused": (STATUSES["excused"], "#999999", "-"),
}
PATTERN = {"fillmode": "overlay", "fgcolor": "#fff", "fgopacity": 0.8, "size": 7, "solidity": 0.25}
HEIGHT = 280
# So many dates fit below each other's side on a phone.
MOST_DATES = 6
MARGIN = {"l": 0, "r": 24, "t": 28, "b": 8}


def panel(register: Register) -> None:
    """The charts of a course, each with its numbers as text; where nothing is counted, what will be there."""
    numbers = numbers_by_class(register)
    st.header(_("Over the term"), anchor=False)
    if not numbers:
        components.empty(":material/show_chart:", _("When a class is counted, attendance over the term is shown here."))
        return
    zone = words.zone()
    st.caption(_told(numbers))
    st.plotly_chart(
        term_figure(numbers, zone),
        config=_settings(register, numbers, zone, "attendance"),
        alt=_("How many students came to each class. The numbers are in a table below."),
    )
    with st.expander(_("The numbers"), icon=":material/table:", key="term-numbers"):
        _table(numbers, zone)
    over_all = averages(register)
    if over_all.classes:
        _arrivals(register, numbers, over_all, zone)
        _staying(register, numbers, over_all, zone)


def _told(numbers: Sequence[ClassNumbers]) -> str:
    """The best and the worst class in a sentence."""
    rated = [one for one in numbers if one.percent is not None]
    if len(rated) < 2:
        return _n("{number} class is counted.", "{number} classes are counted.", len(numbers))
    came, of_all = sum(one.came for one in rated), sum(one.came + one.absent for one in rated)
    least, most = (pick(rated, key=lambda one: one.percent or 0) for pick in (min, max))
    return _(
        "On average {percent} came: at least {least}, at most {most}.",
        percent=formats.percent(100 * came / of_all),
        least=formats.percent(least.percent or 0),
        most=formats.percent(most.percent or 0),
    )


def term_figure(numbers: Sequence[ClassNumbers], zone: ZoneInfo) -> go.Figure:
    """A bar a class with how many students were what, as a Plotly figure."""
    days = [formats.day(one.held.start.astimezone(zone), weekday=False, year=False) for one in numbers]
    titles = [escape(words.plain(one.held.title, 60), quote=False) for one in numbers]
    figure = go.Figure()
    for name, (label, color, shape) in PARTS_OF_BAR.items():
        values = [getattr(one, name) for one in numbers]
        if any(values):
            figure.add_trace(
                go.Bar(
                    name=_(label),
                    x=list(range(len(numbers))),
                    y=values,
                    marker={"color": color, "pattern": {"shape": shape, **PATTERN}, "line": {"width": 0}},
                    customdata=list(zip(titles, days, strict=True)),
                    hovertemplate="%{customdata[0]}<br>%{customdata[1]}: %{y}",
                )
            )
    step = max(1, -(-len(numbers) // MOST_DATES))
    shown = list(range(0, len(numbers), step))
    figure.update_xaxes(tickvals=shown, ticktext=[days[one] for one in shown], fixedrange=True, tickangle=0)
    most = max(one.came + one.absent + one.excused for one in numbers)
    figure.update_yaxes(rangemode="tozero", fixedrange=True, dtick=1 if most < 6 else None)
    legend = {"orientation": "h", "y": -0.15, "yanchor": "top", "traceorder": "normal"}
    figure.update_layout(
        height=HEIGHT + 40, margin=MARGIN, barmode="stack", bargap=0.15, legend=legend, font={"family": FONT}
    )
    return figure


def _table(numbers: Sequence[ClassNumbers], zone: ZoneInfo) -> None:
    columns = [
        Column(_("Class")),
        Column(_("Attended"), numbers=True),
        *(Column(_(label).capitalize(), numbers=True, look="wide") for label, _color, _shape in PARTS_OF_BAR.values()),
        Column(_("Percent"), numbers=True),
    ]
    components.table(
        _("The numbers"),
        columns,
        (_row(one, zone) for one in reversed(numbers)),
        look="people",
        box=len(numbers) > MOST_WITHOUT_BOX,
    )


def _row(one: ClassNumbers, zone: ZoneInfo) -> list[Cell]:
    day = escape(formats.day(one.held.start.astimezone(zone)))
    title = escape(words.plain(one.held.title, 80))
    link = f"<a href='class?id={quote(one.held.id, safe='')}' target='_self'><bdi>{title}</bdi></a>"
    return [
        Html(f"{link}<span class='day quiet'>{day}</span>"),
        formats.number(one.came),
        *(formats.number(getattr(one, name)) for name in PARTS_OF_BAR),
        formats.DASH if one.percent is None else formats.percent(one.percent),
    ]


def _arrivals(register: Register, numbers: Sequence[ClassNumbers], over_all: Averages, zone: ZoneInfo) -> None:
    st.subheader(_("When they arrive"), anchor=False)
    st.caption(_arrivals_told(over_all.minute_of_share(0.5) or 0, over_all.minute_of_share(0.9) or 0))
    st.plotly_chart(
        arrivals_figure(over_all),
        config=_settings(register, numbers, zone, "arrivals"),
        alt=_("How many of the students who come arrive in each minute, before and after the beginning"),
    )


def _arrivals_told(half: int, most: int) -> str:
    """In which minutes half of the students, and nine of ten, have come who come at all."""
    if most < 0:
        return _("Nine of ten students who come are there before the beginning.")
    if half < 0:
        return _(
            "Half of the students who come are there before the beginning, nine of ten by minute {most}.",
            most=most + 1,
        )
    return _(
        "Half of the students who come are there by minute {half}, nine of ten by minute {most}.",
        half=half + 1,
        most=most + 1,
    )


def arrivals_figure(over_all: Averages) -> go.Figure:
    """The arrivals by the minute, in percent of all of them, as a Plotly figure."""
    minutes = list(range(EARLIEST, LATEST + 1))
    every = sum(over_all.arrivals.values())
    shares = [100 * over_all.arrivals.get(minute, 0) / every for minute in minutes]
    figure = go.Figure(
        go.Bar(
            x=minutes,
            y=shares,
            offset=0,
            marker={"color": PARTS_OF_BAR["in_time"][1]},
            customdata=[[_minute_in_words(minute)] for minute in minutes],
            hovertemplate=f"%{{customdata[0]}}: %{{y:.0f}}{_percent_sign()}<extra></extra>",
        )
    )
    ticks = list(range(EARLIEST, LATEST + 1, 10))
    ends = {EARLIEST: f"≤ {formats.number(EARLIEST)}", LATEST: f"≥ {formats.number(LATEST)}"}
    figure.update_xaxes(
        tickvals=ticks,
        ticktext=[ends.get(one, formats.number(one)) for one in ticks],
        title=_("minutes after the beginning"),
        fixedrange=True,
    )
    figure.update_yaxes(rangemode="tozero", fixedrange=True, ticksuffix=_percent_sign())
    figure.add_vline(0, line_width=1, line_dash="dot", line_color="#888")
    figure.update_layout(height=HEIGHT, margin=MARGIN, bargap=0.1, showlegend=False, font={"family": FONT})
    return figure


def _minute_in_words(minute: int) -> str:
    if minute < 0:
        return _n("{number} minute before", "{number} minutes before", -minute)
    return _("minute {number}", number=minute + 1)


def _staying(register: Register, numbers: Sequence[ClassNumbers], over_all: Averages, zone: ZoneInfo) -> None:
    st.subheader(_("How many stay"), anchor=False)
    told = [formats.percent(100 * over_all.present[PARTS * tenths // 10]) for tenths in (1, 5, 9)]
    st.caption(
        _n(
            "Of all students {first} are there after a tenth of the class, {half} in its middle, {last} shortly before "
            "its end; in {number} class.",
            "Of all students {first} are there after a tenth of the class, {half} in its middle, {last} shortly before "
            "its end; on average over {number} classes.",
            over_all.classes,
            first=told[0],
            half=told[1],
            last=told[2],
        )
    )
    st.plotly_chart(
        staying_figure(over_all),
        config=_settings(register, numbers, zone, "staying"),
        alt=_("The share of the students who are there, from the beginning of a class to its end"),
    )


def staying_figure(over_all: Averages) -> go.Figure:
    """The share of the students who are there along a class, as a Plotly figure."""
    figure = go.Figure(
        go.Scatter(
            x=[part + 0.5 for part in range(PARTS)],
            y=[100 * share for share in over_all.present],
            mode="lines",
            line={"color": PARTS_OF_BAR["in_time"][1]},
            fill="tozeroy",
            hovertemplate=f"%{{x:.0f}}{_percent_sign()}: %{{y:.0f}}{_percent_sign()}<extra></extra>",
        )
    )
    figure.update_xaxes(
        range=[0, 100],
        tickvals=[0, 25, 50, 75, 100],
        ticktext=[_("beginning"), *map(formats.percent, (25, 50, 75)), _("end")],
        fixedrange=True,
    )
    figure.update_yaxes(range=[0, 100], fixedrange=True, ticksuffix=_percent_sign())
    figure.update_layout(height=HEIGHT, margin=MARGIN, showlegend=False, font={"family": FONT})
    return figure


def _settings(register: Register, numbers: Sequence[ClassNumbers], zone: ZoneInfo, what: str) -> dict[str, object]:
    """What Plotly shows beside a chart; the picture has the date of the last class in its name."""
    last = numbers[-1].held.start.astimezone(zone)
    return charts.picture_settings(file_name(register.course, last, what, "png"))


def _percent_sign() -> str:
    """What follows a number of percent, as the reader writes it."""
    return formats.percent(1).replace(formats.number(1), "")
