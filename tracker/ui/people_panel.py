"""The people of a class on its page, as a table in which a teacher chooses people and says something of them."""

import zlib
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from tracker import auth, decisions, report
from tracker.attendance.counting import is_of_one_class
from tracker.attendance.names import names_nobody
from tracker.attendance.types import Attendance, Mark, Person, PersonKey
from tracker.storage.classes import Class
from tracker.storage.members import Member
from tracker.ui import charts, words
from tracker.ui.page import acting, shown_errors
from tracker.ui.wiring import services

HINT = "Tick people to say who is the same person, who is a host, or who is to be set aside."
# Who is chosen is kept by people's keys, never by rows: a class that runs is redrawn with others in between.
Chosen = list[tuple[PersonKey, ...]]


def show(found: Class, attendance: Attendance, table: report.Table, member: Member) -> None:
    """The table of people, whose rows can be chosen, and the buttons for those who are; then who is set aside."""
    people = attendance.people
    chosen = chosen_people(found, people)
    # Where the rows are others the table is another one to the browser, so that no tick of before is on a wrong row.
    key = f"people-{found.id}-{st.session_state.get(_times(found), 0)}-{_digest(people)}"

    def choose() -> None:
        rows = st.session_state[key]["selection"]["rows"]
        st.session_state[_chosen(found)] = [people[row].keys for row in rows if row < len(people)]

    charts.show_table(
        table,
        "Everybody who was in the class",
        until=attendance.until,
        key=key,
        on_select=choose,
        selection_mode="multi-row",
        selection_default={"selection": {"rows": [row for row, person in enumerate(people) if person in chosen]}},
    )
    if chosen:
        _actions(found, chosen, member)
    elif people:
        st.caption(HINT)
    if attendance.set_aside:
        st.caption(f"Set aside: {words.listed([words.name_of(person) for person in attendance.set_aside])}.")


def chosen_people(found: Class, people: Sequence[Person]) -> list[Person]:
    """Who of these people is chosen in this browser; of those who have been joined meanwhile, whoever they are now."""
    chosen: Chosen = st.session_state.get(_chosen(found), [])
    keys = {key for one in chosen for key in one}
    return [person for person in people if keys and not keys.isdisjoint(person.keys)]


def say(found: Class, act: Callable[..., None], *arguments: Any) -> None:
    """Has a use case remember what a teacher has clicked, and draws the page anew with nobody chosen."""
    with shown_errors():
        act(services(), acting(), found, *arguments)
    st.session_state[_chosen(found)] = []
    st.session_state[_times(found)] = st.session_state.get(_times(found), 0) + 1
    st.rerun()


def _actions(found: Class, chosen: list[Person], member: Member) -> None:
    """The buttons that say something of the people who are chosen."""
    st.markdown(f"**{words.listed([words.name_of(person) for person in chosen])}**")
    hosts = [person for person in chosen if person.is_host]
    joined = any(len(person.keys) > 1 for person in chosen)
    one = len(chosen) == 1
    offered: list[tuple[str, str, bool, Callable[..., None], tuple[Any, ...]]] = [
        ("The same person", "merge", not one, decisions.join, (chosen,)),
        ("Not the same", "call_split", joined or len(chosen) == 2, decisions.part, (chosen,)),
        ("Set aside", "person_remove", True, decisions.mark, (chosen, Mark.SET_ASIDE)),
        ("Is a host" if one else "Are hosts", "school", hosts != chosen, decisions.mark, (chosen, Mark.HOST)),
        (
            "Is no host" if len(hosts) == 1 else "Are no hosts",
            "person",
            bool(hosts),
            decisions.mark,
            (hosts, Mark.PARTICIPANT),
        ),
    ]
    with st.container(horizontal=True):
        for label, icon, possible, act, arguments in offered:
            if possible and st.button(label, icon=f":material/{icon}:", key=f"say-{label}"):
                say(found, act, *arguments)
    st.caption(_reach(chosen))
    if not auth.is_in_charge(member, found):
        st.caption("Where one of them is also in a class of this teacher that is not shared with you, it is refused.")


def _reach(chosen: Sequence[Person]) -> str:
    """For which classes a word on these people holds, in Markdown."""
    keys = [key for person in chosen for key in person.keys]
    if all(is_of_one_class(key) for key in keys):
        return "This holds for this class only: Zoom has withheld what would tell them again in another one."
    devices = sorted({person.name for person in chosen if not person.email and names_nobody(person.name)})
    if devices:
        name = words.markdown(devices[0], 60)
        return (
            f"This holds for all classes of this teacher, so for everybody who joins one of them as “{name}”, "
            "a name that says nothing but the device."
        )
    return "This is remembered for all classes of this teacher, and can be undone on this page at any time."


def _chosen(found: Class) -> str:
    """The key in Streamlit's session state of who is chosen."""
    return f"chosen-{found.id}"


def _times(found: Class) -> str:
    """The key in Streamlit's session state of how often something was said, after which nobody is chosen."""
    return f"said-{found.id}"


def _digest(people: Sequence[Person]) -> int:
    """A number that is another one where other people, or the same in another order, are in the rows."""
    return zlib.crc32(repr([person.keys for person in people]).encode("utf-8", "replace"))
