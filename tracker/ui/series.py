"""A class every week: the fields that plan it, what comes of them, and what is said of a class that was planned so."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import streamlit as st

from tracker import classes, clock
from tracker.classes import Plan, SeriesPlan
from tracker.errors import InvalidInput
from tracker.messages import formats, sentence_of
from tracker.messages.languages import gettext as _
from tracker.messages.languages import marked
from tracker.messages.languages import ngettext as _n
from tracker.storage.classes import Class
from tracker.storage.members import Member
from tracker.ui import page, words
from tracker.ui.plan import ALL_DATES

ONCE, WEEKLY = marked("Once"), marked("Every week")
ONE_LINK, LINK_EACH = marked("One link for the whole term"), marked("A link for each class")
ONLY_THIS, ALL_FOLLOWING = marked("Only this class"), marked("This and all that follow")
USUAL_LENGTH = timedelta(weeks=12)


def how_often(plan: Plan, key: str) -> bool:
    """Draws the choice between a class that is held once and one every week; whether it is every week."""
    days = f"{key}-weekdays"

    def begin() -> None:
        st.session_state[days] = [plan.start.weekday()]

    chosen = st.radio(
        _("How often"), [ONCE, WEEKLY], format_func=_, key=f"{key}-often", horizontal=True, on_change=begin
    )
    return chosen == WEEKLY


def fields(plan: Plan, key: str) -> SeriesPlan:
    """Draws the days of the week, the last day and the days without class, and returns what they say now."""
    first = formats.first_weekday()
    days = st.pills(
        _("Days of the week"),
        [(first + day) % 7 for day in range(7)],
        selection_mode="multi",
        format_func=lambda day: formats.weekday(day, short=True),
        key=f"{key}-weekdays",
    )
    st.session_state.setdefault(f"{key}-until", plan.start.date() + USUAL_LENGTH)
    with st.container(horizontal=True):
        until = st.date_input(
            _("Last day"), "today", *ALL_DATES, format=formats.order_of_date(), key=f"{key}-until", width=160
        )
    series = SeriesPlan(plan, frozenset(days), until or plan.start.date())
    without = st.multiselect(
        _("Not on these days (optional)"),
        _days(series),
        format_func=formats.day,
        key=f"{key}-without",
        placeholder=_("Holidays, for example"),
    )
    return replace(series, without=frozenset(without))


def _days(series: SeriesPlan) -> list[date]:
    """The days to choose those without class from; the title is typed when it is."""
    try:
        return replace(series, first=_titled(series.first)).dates()
    except InvalidInput:
        return []


def _titled(plan: Plan) -> Plan:
    return plan if plan.title.strip() else replace(plan, title="…")


def preview(series: SeriesPlan, *, one_meeting: bool) -> int:
    """Says how many classes these are, or why they cannot be planned; how many, 0 where they cannot."""
    named = replace(series, first=_titled(series.first))
    try:
        plans = named.checked()
        if one_meeting:
            named.meeting()
    except InvalidInput as error:
        st.warning(words.markdown(sentence_of(error), 400), icon=":material/warning:")
        return 0
    zone = clock.zone(plans[0].timezone)
    first, last = plans[0].start.astimezone(zone), plans[-1].start.astimezone(zone)
    told = _n(
        "{number} class, on {first} at {time}.",
        "{number} classes, from {first} to {last}, at {time}.",
        len(plans),
        first=formats.day(first),
        last=formats.day(last),
        time=formats.time(first),
    )
    changes = [formats.day(day) for day in classes.changes_of_clocks(plans)]
    if changes:
        days, time = formats.listed(changes), formats.time(first)
        stay = _("The clocks change on {days}; the classes stay at {time}.", days=days, time=time)
        told = f"{told} {stay}"
    st.info(words.markdown(told, 600), icon=":material/event_repeat:")
    return len(plans)


def told_of(found: Class) -> str:
    """What a class's page says of the series that it was planned in; "" where it stands alone."""
    series = page.read(classes.classes_of_series, found)
    if len(series) < 2:
        return ""
    days = formats.listed([formats.weekday(day) for day in classes.weekdays_of(series)])
    return _("One of {number} classes every {days}.", number=formats.number(len(series)), days=days)


def with_following(found: Class, member: Member, key: str) -> Sequence[Class]:
    """Draws the choice between this class and all that follow; the classes that are meant beside it."""
    later: list[Class] = page.read(classes.following_for, member, found)
    if not later:
        return []
    chosen = st.radio(
        _("Which classes"),
        [ONLY_THIS, ALL_FOLLOWING],
        format_func=lambda one: f"{_(one)} ({formats.number(len(later) + 1)})" if one == ALL_FOLLOWING else _(one),
        key=f"{key}-which",
        horizontal=True,
    )
    return later if chosen == ALL_FOLLOWING else []
