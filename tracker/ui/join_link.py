"""The join link of a class for its students: to copy, as an invitation, and as an entry for a calendar (RFC 5545)."""

from collections.abc import Sequence
from datetime import datetime

import streamlit as st
from icalendar import Calendar, Event

from tracker import classes, clock, report
from tracker.messages import formats, languages
from tracker.messages.languages import gettext as _
from tracker.storage.classes import Class
from tracker.storage.database import Transaction
from tracker.storage.members import Member
from tracker.ui import meeting_options, page, words
from tracker.ui.wiring import services

# Who has made a calendar file, as RFC 5545 wants it said.
PRODUCT = "-//Zoom Participant Tracking//Class//EN"


def show(found: Class, member: Member, *, opened: bool) -> None:
    """Draws the link with a button that copies it; and the invitation, unfolded where it is `opened`."""
    if not found.zoom_join_url:
        return
    link(found)
    series = page.read(_with_one_link, member, found)
    with st.expander(_("Invitation to send"), expanded=opened, icon=":material/mail:"):
        st.code(invitation(found, series), language=None, wrap_lines=True)
        _calendar_button(found)


def link(found: Class) -> None:
    """Draws the link alone."""
    with st.container(gap="xsmall"):
        st.markdown(_("Join link for your students"))
        st.code(address(found), language=None, wrap_lines=True)
        if meeting_options.registers(found):
            text = _(
                "It leads to Zoom's page for registering. Who is registered has a link of her own, by e-mail from Zoom."
            )
            st.caption(text)


def _with_one_link(tx: Transaction, viewer: Member, found: Class) -> list[Class]:
    """The class, and with one link for the whole term those that follow: the students are told of them once."""
    later = classes.following_for(tx, viewer, found)
    return [found, *later] if all(one.zoom_meeting_id == found.zoom_meeting_id for one in later) else [found]


def invitation(found: Class, series: Sequence[Class] = ()) -> str:
    """What a teacher sends to her students, in her language: what, when in the class's time zone, and the link.

    `series` are the classes that have the same link, this one and those that follow.
    """
    when = _when_of_all(found, series) if len(series) > 1 else [_when(found)]
    lines = [words.plain(found.title, 200), *when, _("Join with Zoom: {link}", link=address(found))]
    if meeting_options.registers(found):
        lines.append(
            _("Zoom asks you to register there. If Zoom has sent you a link of your own by e-mail, use that one.")
        )
    return "\n".join(lines)


def _when_of_all(found: Class, series: Sequence[Class]) -> list[str]:
    zone = clock.zone(found.timezone)
    start, end = found.planned.start.astimezone(zone), found.planned.end.astimezone(zone)
    told = _(
        "Every {weekdays}, {times} ({zone} time), from {first} to {last}",
        weekdays=formats.listed([formats.weekday(day) for day in classes.weekdays_of(series)]),
        times=formats.times(start, end),
        zone=words.zone_name(found.timezone),
        first=formats.day(start),
        last=formats.day(series[-1].planned.start.astimezone(zone)),
    )
    without = [formats.day(day) for day in classes.days_without(series)]
    return [told, _("Not on {days}", days=formats.listed(without))] if without else [told]


def _when(found: Class) -> str:
    zone = clock.zone(found.timezone)
    start, end = found.planned.start.astimezone(zone), found.planned.end.astimezone(zone)
    return _(
        "{day}, {times} ({zone} time)",
        day=formats.day(start),
        times=formats.times(start, end),
        zone=words.zone_name(found.timezone),
    )


def calendar_file(series: Sequence[Class], now: datetime) -> bytes:
    """The classes as entries for a calendar, which replace earlier ones of them."""
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", PRODUCT)
    for one in series:
        calendar.add_component(_entry(one, now))
    made: bytes = calendar.to_ical(sorted=False)
    return made


def _entry(found: Class, now: datetime) -> Event:
    link = address(found)
    event = Event()
    event.add("uid", words.plain(found.id, 255))
    event.add("dtstamp", now)
    event.add("dtstart", found.planned.start)
    event.add("dtend", found.planned.end)
    event.add("summary", words.plain(found.title, 200))
    event.add("description", _("Join with Zoom: {link}", link=link))
    event.add("location", link)
    event.add("url", link)
    return event


def _calendar_button(found: Class) -> None:
    who, locale = page.acting_later(), languages.spoken()

    def made() -> bytes:
        viewer = who()
        latest = services().read(classes.visible_class, viewer, found.id)
        series = services().read(_with_one_link, viewer, latest)
        with languages.speaking(locale):
            return calendar_file(series, services().now())

    local_start = found.scheduled_start.astimezone(clock.zone(found.timezone))
    st.download_button(
        _("Calendar entry (.ics)"),
        made,
        report.file_name(found.title, local_start, "class", "ics"),
        "text/calendar",
        on_click="ignore",
        icon=":material/event:",
    )


def address(found: Class) -> str:
    """The link without what an address cannot hold, or what nobody sees; another program may have written it."""
    return "".join(sign for sign in found.zoom_join_url or "" if sign.isprintable() and not sign.isspace())
