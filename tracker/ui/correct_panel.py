"""“Correct the list” on the page of a class: who is the same person, who is a host, who is to be set aside."""

import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from tracker import auth, decisions
from tracker.attendance.counting import is_of_one_class
from tracker.attendance.names import names_nobody
from tracker.attendance.types import Attendance, Mark, Person, PersonKey
from tracker.messages import formats
from tracker.messages.languages import gettext as _
from tracker.storage.classes import Class
from tracker.storage.members import Member
from tracker.ui import words
from tracker.ui.page import acting, shown_errors
from tracker.ui.wiring import services

# Who is chosen is kept by people's keys: a class that runs is redrawn with others in between.
Chosen = tuple[PersonKey, ...]


def show(found: Class, attendance: Attendance, member: Member) -> None:
    """The fold in which people are chosen, with the buttons that fit them; nothing where there is nobody."""
    people = {person.keys: person for person in attendance.people}
    if not people:
        return
    with st.expander(_("Correct the list"), icon=":material/edit_note:", key="correct"):
        names = told_apart(attendance.people)
        chosen: list[Chosen] = st.multiselect(
            _("Whom is it about?"),
            list(people),
            format_func=lambda keys: names.get(keys, ""),
            key=_key(found),
            placeholder=_("Choose one or more people"),
            help=_("Say who is the same person, who is a host, or who is to be set aside."),
        )
        if chosen:
            _actions(found, [people[keys] for keys in chosen], member)


def say(found: Class, act: Callable[..., None], *arguments: Any) -> None:
    """Has a use case remember what a teacher has clicked, and draws the page anew with nobody chosen."""
    with shown_errors():
        act(services(), acting(), found, *arguments)
    st.session_state[_times(found)] = st.session_state.get(_times(found), 0) + 1
    st.rerun()


def _actions(found: Class, chosen: list[Person], member: Member) -> None:
    """The buttons that say something of the people who are chosen."""
    hosts = [person for person in chosen if person.is_host]
    joined = any(len(person.keys) > 1 for person in chosen)
    one = len(chosen) == 1
    same, apart, aside = _("The same person"), _("Not the same person"), _("Set aside")
    is_host = _("Is a host") if one else _("Are hosts")
    is_no_host = _("Is no host") if len(hosts) == 1 else _("Are no hosts")
    offered: list[tuple[str, str, str, bool, Callable[..., None], tuple[Any, ...]]] = [
        ("same", same, "merge", not one, decisions.join, (chosen,)),
        ("apart", apart, "call_split", joined or len(chosen) == 2, decisions.part, (chosen,)),
        ("aside", aside, "person_remove", True, decisions.mark, (chosen, Mark.SET_ASIDE)),
        ("host", is_host, "school", hosts != chosen, decisions.mark, (chosen, Mark.HOST)),
        ("no-host", is_no_host, "person", bool(hosts), decisions.mark, (hosts, Mark.PARTICIPANT)),
    ]
    with st.container(horizontal=True):
        for key, label, icon, possible, act, arguments in offered:
            if possible and st.button(label, icon=f":material/{icon}:", key=f"say-{key}"):
                say(found, act, *arguments)
    st.caption(_reach(chosen))
    if not auth.is_in_charge(member, found):
        st.caption(_("This is refused where one of them is also in a class that is not shared with you."))


def _reach(chosen: Sequence[Person]) -> str:
    """For which classes a word on these people holds, in Markdown."""
    keys = [key for person in chosen for key in person.keys]
    if all(is_of_one_class(key) for key in keys):
        return _("This holds for this class only: Zoom has withheld what would tell them again in another one.")
    devices = sorted({person.name for person in chosen if not person.email and names_nobody(person.name)})
    if devices:
        return _(
            "This holds for all classes of this teacher, so for everybody who joins one of them as “{name}”, "
            "a name that says nothing but the device.",
            name=words.markdown(devices[0], 60),
        )
    return _("This holds for all classes of this teacher, and can be undone here at any time.")


def told_apart(people: Sequence[Person]) -> dict[Chosen, str]:
    """What each of these people is called in the field: no two the same, and the same as long as they are there."""
    names = {person.keys: words.name_of(person) for person in people}
    shared = {name for name, number in Counter(names.values()).items() if number > 1}
    for person in people:
        if (name := names[person.keys]) in shared:
            since = formats.time(person.first_join.astimezone(words.zone())) if person.first_join else formats.DASH
            own = zlib.crc32(repr(person.keys).encode("utf-8", "replace"))
            names[person.keys] = f"{name} · {since} · {own:08x}"
    return names


def _key(found: Class) -> str:
    """The key of the field: another one after each word, so that nobody is chosen any more."""
    return f"chosen-{found.id}-{st.session_state.get(_times(found), 0)}"


def _times(found: Class) -> str:
    """The key in Streamlit's session state of how often something was said."""
    return f"said-{found.id}"
