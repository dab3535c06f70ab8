"""Classes as lines: of the table on the page Classes, and of the plan of the day. A click anywhere opens the class."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from tracker import class_attendance
from tracker.attendance.types import ClassStatus, Person
from tracker.messages import formats, people_in_words
from tracker.messages.formats import DASH
from tracker.messages.languages import gettext as _
from tracker.messages.languages import ngettext as _n
from tracker.storage.classes import Class
from tracker.storage.members import Member
from tracker.ui import components, join_link, page, words
from tracker.ui.wiring import services

NAMES_IN_A_LIST = 6


def table(found: Iterable[Class], member: Member, *, reasons: bool = False) -> None:
    """Draws classes as a table; with `reasons`, each with the sentence on how it stands."""
    names = {
        "date": _("Date"),
        "title": _("Class"),
        "course": _("Course"),
        "people": _("People"),
        "late": _("Late"),
        "state": _("State"),
    }
    with st.container(key="class-table", gap=None):
        head = "".join(f"<span class='{name}'>{escape(text)}</span>" for name, text in names.items())
        st.html(f"<div class='class-head' aria-hidden='true'>{head}</div>")
        for number, one in enumerate(found):
            with page.kept_apart():
                cells = f"<div class='cells'>{_cells(one, member, reasons=reasons)}</div>"
                _row(one, f"class-row-{number}", cells)


def planned(found: Class, member: Member, key: str, *, first: bool = False) -> None:
    """Draws a class that is still to come, or runs, with its links; `first` is the one to be started next."""
    with page.kept_apart():
        _planned(found, member, key, first=first)


def _planned(found: Class, member: Member, key: str, *, first: bool) -> None:
    live = found.status is ClassStatus.LIVE
    told = _who_is_here(found) if live else ""
    with _line(found, member, key, sentence=told, mark=live), _actions(key):
        if found.teacher_id == member.id and found.zoom_meeting_id:
            label = _("Go to class") if live else _("Start")
            main: Literal["primary", "secondary"] = "primary" if first or live else "secondary"
            st.link_button(label, f"/host?id={found.id}", icon=":material/video_call:", type=main)
        if found.zoom_join_url:
            copy_link(join_link.address(found), key)


def over(found: Class, member: Member, key: str) -> None:
    """Draws a class that is over, with its people or how it stands."""
    with page.kept_apart():
        _over(found, member, key)


def _over(found: Class, member: Member, key: str) -> None:
    people = page.read(class_attendance.figures_shown, found, services().now())
    told = [] if people[0] is None else [people_in_words(*people)]
    if found.late and people[0] is not None:
        told.append(_n("{number} late", "{number} late", found.late))
    state = words.state(found, services().now())
    if state.code != "counted":
        told.append(state.sentence)
    _line(found, member, key, sentence=" · ".join(told))


def troubled(found: Class, member: Member, key: str) -> bool:
    """Draws a class that needs attention, with the reason; whether somebody has just clicked “Seen to”."""
    with page.kept_apart(), _line(found, member, key), _actions(key):
        return st.button(_("Seen to"), key=f"{key}-seen-to", icon=":material/done:")
    return False


def copy_link(url: str, key: str) -> None:
    """Draws a button that puts a link on the clipboard: Streamlit's own, of a piece of code that is not shown."""
    with st.container(key=f"copy-link-{key}", width="content"):
        st.code(url, language=None)


def state_mark(state: words.State) -> str:
    """The badge of a state, as HTML."""
    return components.symbol_mark(state.icon, state.word, state.color).text


def _row(found: Class, key: str, cells: str) -> DeltaGenerator:
    """A class as a line with these cells, whose title is the link that is stretched over it."""
    label = f"**{words.markdown(found.title)}**"
    line = st.container(key=key, gap=None)
    with line:
        st.page_link(page.CLASS, label=label, query_params={"id": found.id})
        st.html(cells)
    return line


def _line(found: Class, member: Member, key: str, *, sentence: str | None = None, mark: bool = True) -> DeltaGenerator:
    """A class as a line of a day; what is drawn in it stands at its end."""
    state = words.state(found, services().now())
    facts = [one for one in (found.course, "" if found.teacher_id == member.id else found.teacher_name) if one]
    told = sentence or state.sentence
    # A range of times is not broken in the middle.
    whole = f"{words.WORD_JOINER}{DASH}{words.WORD_JOINER}"
    return _row(
        found,
        f"day-row-{key}",
        "<div class='cells'>"
        f"<span class='time'>{escape(words.when_today(found, services().now())).replace(DASH, whole)}</span>"
        f"<span class='facts'>{escape(words.plain(' · '.join(facts), 120))}</span>"
        f"<span class='state'>{state_mark(state) if mark and state.code != 'planned' else ''}</span>"
        f"<span class='told'>{escape(words.plain(told, 300))}</span></div>",
    )


def _actions(key: str) -> DeltaGenerator:
    return st.container(key=f"actions-{key}", horizontal=True, gap="small", width="content")


def _who_is_here(found: Class) -> str:
    """How many are in a class that runs, and who; nothing where no joins are announced: nobody knows then."""
    if not page.seen_so_far(found):
        return ""
    here = page.read(class_attendance.people_in_class_now, found, services().now())
    names = words.here(here, NAMES_IN_A_LIST, for_html=True)
    return _here_in_words(here) + (f": {names}" if names else "")


def _here_in_words(here: Sequence[Person]) -> str:
    told = _("{people} in class now", people=words.in_class_now(here))
    return f"{told[0].upper()}{told[1:]}"


def _cells(found: Class, member: Member, *, reasons: bool) -> str:
    """What is in a line of the table beside the title."""
    state = words.state(found, services().now())
    day, times = words.day_of(found), words.times_of(found)
    course = escape(words.plain(found.course or "", 60))
    teacher = "" if found.teacher_id == member.id else escape(words.plain(found.teacher_name, 60))
    told = escape(words.plain(state.sentence, 300)) if reasons else ""
    return (
        f"<span class='date'>{escape(day)} <span class='quiet'>{escape(times)}</span></span>"
        f"<span class='course'>{course}<span class='quiet'>{teacher}</span></span>"
        f"{_people(found)}<span class='state'>{state_mark(state)}</span>"
        + (f"<span class='told'>{told}</span>" if told else "")
    )


def _people(found: Class) -> str:
    """The cells of how many came, and how many of them late; in words where no heading stands above them."""
    people, hosts = page.read(class_attendance.figures_shown, found, services().now())
    late = found.late if people is not None else None
    if found.status is ClassStatus.LIVE and page.seen_so_far(found):
        here = page.read(class_attendance.people_in_class_now, found, services().now())
        number = formats.number(sum(not person.is_host for person in here))
        told = [(_("{number} now", number=number), _here_in_words(here)), ("", "")]
    else:
        told = [
            ("", "") if people is None else (formats.number(people), people_in_words(people, hosts)),
            ("", "") if late is None else (formats.number(late), _n("{number} late", "{number} late", late)),
        ]
    return "".join(
        f"<span class='{name} number'><span class='wide'>{escape(short)}</span>"
        f"<span class='narrow'>{escape(long)}</span></span>"
        for name, (short, long) in zip(("people", "late"), told, strict=True)
    )
