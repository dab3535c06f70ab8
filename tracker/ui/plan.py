"""The fields for title and time of a class, for a class that is made and for one that is changed."""

from datetime import date, datetime, timedelta

import streamlit as st

from tracker import clock
from tracker.classes import Plan
from tracker.errors import InvalidInput
from tracker.storage.classes import Class
from tracker.ui.page import shown_errors
from tracker.ui.wiring import services
from tracker.ui.words import viewer_zone

USUAL_MINUTES = 60
QUARTER, TIME_TO_FILL_IN = timedelta(minutes=15), timedelta(minutes=5)
ALL_DATES = (date.min, date.max)


def fresh_plan() -> Plan:
    """A plan without a title at the next quarter of an hour, in the browser's time zone.

    Not at one that passes while the form is filled in.
    """
    zone = viewer_zone()
    soonest = (services().now() + TIME_TO_FILL_IN).astimezone(clock.zone(zone)).replace(tzinfo=None)
    hour = soonest.replace(minute=0, second=0, microsecond=0)
    start = hour + -(-(soonest - hour) // QUARTER) * QUARTER
    return Plan("", start, USUAL_MINUTES, zone)


def plan_of(found: Class) -> Plan:
    """The plan of an existing class, in its own time zone."""
    start = found.scheduled_start.astimezone(clock.zone(found.timezone)).replace(tzinfo=None)
    return Plan(found.title, start, found.duration_minutes, found.timezone)


def plan_fields(usual: Plan, key: str) -> Plan:
    """Draws the fields, filled with `usual`, and returns what they say now.

    The fields have no limits of their own: a browser drops what is beyond them without a word, and the class would
    be made with what stood there before. `Plan.checked` has an error for each.
    """
    title = st.text_input("Title", usual.title, key=f"{key}-title", placeholder="Algebra 7B")
    with st.container(horizontal=True):
        day = st.date_input("Date", usual.start.date(), *ALL_DATES, format="YYYY-MM-DD", key=f"{key}-date", width=160)
        time = st.time_input("Time", usual.start.time(), key=f"{key}-time", width=120, step=timedelta(minutes=5))
        minutes = st.number_input("Minutes", value=usual.minutes, step=5, key=f"{key}-minutes", width=140)
        zones = clock.zone_names()
        zone = st.selectbox("Time zone", zones, zones.index(usual.timezone), key=f"{key}-zone", width=260)
    with shown_errors():
        if day is None or time is None or minutes is None:
            raise InvalidInput("plan_incomplete")
    return Plan(title or "", datetime.combine(day, time), minutes, zone)
