"""The join link of a class for its students: to copy, as an invitation, and as an entry for a calendar (RFC 5545)."""

from datetime import datetime

import streamlit as st
from icalendar import Calendar, Event

from tracker import classes, clock, report
from tracker.messages import formats, languages
from tracker.messages.languages import gettext as _
from tracker.storage.classes import Class
from tracker.ui import page, words
from tracker.ui.wiring import services

# Who has made a calendar file, as RFC 5545 wants it said.
PRODUCT = "-//Zoom Participant Tracking//Class//EN"


def show(found: Class, *, opened: bool) -> None:
    """Draws the link with a button that copies it; and the invitation, unfolded where it is `opened`."""
    if not found.zoom_join_url:
        return
    link(found)
    with st.expander(_("Invitation to send"), expanded=opened, icon=":material/mail:"):
        st.code(invitation(found), language=None, wrap_lines=True)
        _calendar_button(found)


def link(found: Class) -> None:
    """Draws the link alone."""
    with st.container(gap="xsmall"):
        st.markdown(_("Join link for your students"))
        st.code(address(found), language=None, wrap_lines=True)


def invitation(found: Class) -> str:
    """What a teacher sends to her students, in her language: what, when in the class's time zone, and the link."""
    zone = clock.zone(found.timezone)
    start, end = found.planned.start.astimezone(zone), found.planned.end.astimezone(zone)
    when = _(
        "{day}, {times} ({zone} time)",
        day=formats.day(start),
        times=formats.times(start, end),
        zone=words.zone_name(found.timezone),
    )
    return "\n".join([words.plain(found.title, 200), when, _("Join with Zoom: {link}", link=address(found))])


def calendar_file(found: Class, now: datetime) -> bytes:
    """The class as an entry for a calendar, which replaces an earlier one of it."""
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
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", PRODUCT)
    calendar.add_component(event)
    made: bytes = calendar.to_ical(sorted=False)
    return made


def _calendar_button(found: Class) -> None:
    who, locale = page.acting_later(), languages.spoken()

    def made() -> bytes:
        latest = services().read(classes.visible_class, who(), found.id)
        with languages.speaking(locale):
            return calendar_file(latest, services().now())

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
