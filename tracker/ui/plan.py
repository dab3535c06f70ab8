"""The fields for title, course and time of a class, for a class that is made and for one that is changed."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import streamlit as st

from tracker import clock
from tracker.classes import Plan
from tracker.errors import InvalidInput
from tracker.messages import formats
from tracker.messages.languages import gettext as _
from tracker.storage.classes import Class
from tracker.ui.page import shown_errors
from tracker.ui.wiring import services
from tracker.ui.words import viewer_zone

USUAL_MINUTES = 60
QUARTER, TIME_TO_FILL_IN = timedelta(minutes=15), timedelta(minutes=5)
ALL_DATES = (date.min, date.max)


def fresh_plan(others: Iterable[Class] = ()) -> Plan:
    """A plan without a title, in the browser's time zone: at the next quarter of an hour that `others` leave free.

    Not at one that passes while the form is filled in.
    """
    zone = viewer_zone()
    start = _quarter(services().now() + TIME_TO_FILL_IN, zone)
    for other in sorted(others, key=lambda one: one.scheduled_start):
        if other.planned.start < start + timedelta(minutes=USUAL_MINUTES) and other.planned.end > start:
            start = _quarter(other.planned.end, zone)
    return Plan("", start.replace(tzinfo=None), USUAL_MINUTES, zone)


def plan_of(found: Class) -> Plan:
    """The plan of an existing class, in its own time zone."""
    start = found.scheduled_start.astimezone(clock.zone(found.timezone)).replace(tzinfo=None)
    return Plan(found.title, start, found.duration_minutes, found.timezone)


def fill_in(plan: Plan, course: str | None, key: str) -> None:
    """Has the fields of this key show a plan and a course, whatever they say now; before they are drawn."""
    for name, value in _values(plan, course).items():
        st.session_state[f"{key}-{name}"] = value


def plan_fields(
    usual: Plan,
    key: str,
    courses: Sequence[str],
    course: str | None,
    *,
    may_move: bool = True,
    on_course: Callable[[], Any] | None = None,
) -> tuple[Plan, str]:
    """Draws the fields, filled with `usual` and `course` at first, and returns what they say now; "" for no course.

    The fields have no limits of their own: a browser drops what is beyond them without a word, and the class would
    be made with what stood there before. `Plan.checked` has an error for each.
    """
    for name, value in _values(usual, course).items():
        st.session_state.setdefault(f"{key}-{name}", value)
    title = st.text_input(_("Title"), key=f"{key}-title", placeholder=_("Algebra 7B"))
    chosen = course
    if may_move:
        chosen = st.selectbox(
            _("Course (optional)"),
            list(dict.fromkeys([*courses, *([course] if course else [])])),
            None,
            accept_new_options=True,
            key=f"{key}-course",
            placeholder=_("Choose one, or type a new name"),
            on_change=on_course,
        )
    with st.container(horizontal=True):
        day = st.date_input(
            _("Date"), "today", *ALL_DATES, format=formats.order_of_date(), key=f"{key}-date", width=160
        )
        time = st.time_input(_("Time"), key=f"{key}-time", width=130, step=timedelta(minutes=5))
        minutes = st.number_input(_("Minutes"), step=5, key=f"{key}-minutes", width=140)
    zone = st.session_state[f"{key}-zone"]
    with st.popover(_("Time zone: {zone}", zone=zone), type="tertiary", icon=":material/public:"):
        zone = st.selectbox(_("Time zone of the class"), clock.zone_names(), key=f"{key}-zone", width=300)
    with shown_errors():
        if day is None or time is None or minutes is None:
            raise InvalidInput("plan_incomplete")
    return Plan(title or "", datetime.combine(day, time), int(minutes), zone), chosen or ""


def _values(plan: Plan, course: str | None) -> dict[str, object]:
    """What each field shows, by its name."""
    return {
        "title": plan.title,
        "course": course,
        "date": plan.start.date(),
        "time": plan.start.time(),
        "minutes": plan.minutes,
        "zone": plan.timezone,
    }


def _quarter(moment: datetime, zone: str) -> datetime:
    """The first quarter of an hour in that zone that is not before a moment."""
    local = moment.astimezone(clock.zone(zone))
    hour = local.replace(minute=0, second=0, microsecond=0)
    return hour + -(-(local - hour) // QUARTER) * QUARTER
