"""Every join and leave of a class, or of one person in it, as a list to be read, a page at a time."""

from collections.abc import Iterable
from datetime import datetime

import streamlit as st

from tracker.attendance.counting import key_of
from tracker.attendance.types import Attendance, Stay, Where
from tracker.messages import formats
from tracker.messages.languages import gettext as _
from tracker.messages.vocabulary import HEADINGS, NO_NAME, PLACES
from tracker.text import fold_name
from tracker.ui import components, words
from tracker.ui.components import Column
from tracker.ui.people_panel import of_one_day, time_of

MOST_ON_A_PAGE = 100


def show(attendance: Attendance) -> None:
    """All of them but those of people who were set aside, in order of joining."""
    set_aside = {key for person in attendance.set_aside for key in person.keys}
    table([stay for stay in attendance.stays if key_of(stay) not in set_aside], attendance.until, "joins-page")


def table(stays: list[Stay], until: datetime | None, key: str) -> None:
    """These joins and leaves. Who is there at `until`, up to which a class that runs is known, is still there."""
    pages = -(-len(stays) // MOST_ON_A_PAGE)
    number = min(st.pagination(pages, key=key), pages) if pages > 1 else 1
    columns = [
        Column(_(HEADINGS["Name"])),
        Column(_(HEADINGS["Join"]), numbers=True),
        Column(_(HEADINGS["Leave"]), numbers=True),
        Column(_("How long"), numbers=True),
        Column(_(HEADINGS["Where"]), look="wide"),
        Column(_(HEADINGS["Email"]), look="wide quiet"),
    ]
    part = stays[(number - 1) * MOST_ON_A_PAGE : number * MOST_ON_A_PAGE]
    components.table(_("Every join and leave"), columns, _rows(part, until), look="joins")


def _rows(stays: list[Stay], until: datetime | None) -> Iterable[list[components.Cell]]:
    zone = words.zone()
    one_day = of_one_day((moment for stay in stays for moment in (stay.join, stay.leave)), zone)
    for stay in stays:
        here = until is not None and stay.leave is not None and stay.leave >= until
        waiting = stay.where is Where.WAITING_ROOM
        yield [
            fold_name(stay.name) or _(NO_NAME),
            time_of(stay.join, zone, one_day=one_day, seconds=True),
            _("still here") if here else time_of(stay.leave, zone, one_day=one_day, seconds=True),
            formats.length(stay.seconds),
            _(PLACES["waiting room" if waiting else "meeting"]),
            stay.email.strip(),
        ]
