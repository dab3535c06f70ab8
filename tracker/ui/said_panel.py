"""What is suggested to a teacher about people on the page of a class, and what she has said, as a list to undo."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from tracker import class_attendance, decisions
from tracker.attendance.counting import is_nameless, key_of, leaders
from tracker.attendance.matching import Matches
from tracker.attendance.same_person import Suggestion
from tracker.attendance.types import Attendance, Mark, Person, PersonKey
from tracker.messages import formats, sentence
from tracker.messages.languages import gettext as _
from tracker.messages.languages import marked
from tracker.messages.languages import ngettext as _n
from tracker.storage.classes import Class
from tracker.storage.decisions import Decision
from tracker.storage.members import Member
from tracker.text import fold_name
from tracker.ui import words
from tracker.ui.correct_panel import say
from tracker.ui.page import read

MOST_SUGGESTIONS = 10
# Of those who are not in this class; each is listed first on the page of a class that it concerns.
MOST_OF_OTHER_CLASSES = 20
SAME, TWO = marked("{who}: the same person"), marked("{who}: two people")
IS = {
    Mark.SET_ASIDE: marked("{who}: set aside"),
    Mark.PERSON: marked("{who}: a person, no robot"),
    Mark.HOST: marked("{who}: a host"),
    Mark.PARTICIPANT: marked("{who}: no host"),
}


@dataclass(frozen=True, slots=True)
class _Line:
    """One decision: about whom, what as a message, and the use case that undoes it, with what it needs."""

    keys: tuple[PersonKey, ...]
    what: str
    undo: Callable[..., None]
    arguments: tuple[Any, ...]


def show(found: Class, attendance: Attendance, member: Member) -> None:
    """What was said about people; nothing where it is nothing."""
    same, marks = read(decisions.list_said, member, found, _names(attendance).keys())
    if same or marks:
        teacher = words.markdown(found.teacher_name, 60)
        mine = words.is_owner(found, member)
        title = _("What you said about people") if mine else _("What {teacher} said about people", teacher=teacher)
        with st.expander(title, icon=":material/history_edu:", key="said"):
            _said(found, attendance, _lines(same, marks))


def show_suggestions(found: Class, attendance: Attendance, matches: Matches) -> None:
    """Robots, and people who may be the same, for the teacher to decide; `matches` are the students that they are.

    Two who are different students are not the same.
    """

    def are_apart(pair: Suggestion) -> bool:
        first, second = ({one.student_id for one in matches.get(one.keys, ())} for one in (pair.first, pair.second))
        return bool(first and second) and first.isdisjoint(second)

    robots = [person for person in attendance.people if person.robot]
    pairs = [pair for pair in read(class_attendance.suggestions, found, attendance.people) if not are_apart(pair)]
    number = len(robots) + len(pairs)
    if not number:
        return
    title = _n("{number} suggestion on who is who", "{number} suggestions on who is who", number)
    with st.expander(title, icon=":material/lightbulb:", key="suggestions"):
        for place, person in enumerate(robots[:MOST_SUGGESTIONS]):
            _robot(found, person, place)
        for place, pair in enumerate(pairs[: max(0, MOST_SUGGESTIONS - len(robots))]):
            _pair(found, pair, place)
        if number > MOST_SUGGESTIONS:
            rest = number - MOST_SUGGESTIONS
            more = _n(
                "{number} more follows when these are answered.", "{number} more follow when these are answered.", rest
            )
            st.caption(more)


def _robot(found: Class, person: Person, place: int) -> None:
    st.markdown(_("{name} looks like a note-taking robot.", name=_bold(person)))
    with st.container(horizontal=True):
        for label, mark in ((_("Set aside"), Mark.SET_ASIDE), (_("It is a person"), Mark.PERSON)):
            if st.button(label, key=f"robot-{place}-{mark}"):
                say(found, decisions.mark, [person], mark)


def _pair(found: Class, pair: Suggestion, place: int) -> None:
    both = _("{first} and {second}: {why}.", first=_bold(pair.first), second=_bold(pair.second), why=sentence(pair.why))
    st.markdown(both)
    with st.container(horizontal=True):
        if st.button(_("The same person"), key=f"same-{place}"):
            say(found, decisions.join, [pair.first, pair.second])
        if st.button(_("Two people"), key=f"two-{place}"):
            two = Decision(pair.first.keys[0], pair.second.keys[0], same=False)
            say(found, decisions.decide, two)


def _bold(person: Person) -> str:
    return f"**{words.markdown(words.name_of(person), 140)}**"


def _lines(same: Iterable[Decision], marks: Mapping[PersonKey, Mark]) -> list[_Line]:
    """Every decision, the latest first of each kind; what somebody of several names is, is one line."""
    said = [
        _Line(
            (decision.first, decision.second),
            SAME if decision.same else TWO,
            decisions.undo_decision,
            (decision,),
        )
        for decision in same
    ]
    leader = leaders(marks, [(decision.first, decision.second) for decision in same if decision.same])
    together: dict[tuple[PersonKey, Mark], list[PersonKey]] = defaultdict(list)
    for key, mark in marks.items():
        together[leader[key], mark].append(key)
    for (_leader, mark), keys in together.items():
        said.append(_Line(tuple(keys), IS[mark], decisions.undo_mark, tuple(keys)))
    return said


def _said(found: Class, attendance: Attendance, said: list[_Line]) -> None:
    """The decisions that concern this class first, then those on people who were not in it, each with its undo."""
    names = _names(attendance)
    here = [one for one in said if not names.keys().isdisjoint(one.keys)]
    elsewhere = [one for one in said if names.keys().isdisjoint(one.keys)]
    for place, one in enumerate(here):
        _draw(found, one, names, f"here-{place}")
    if elsewhere:
        st.caption(_("About people who were not in this class"))
    for place, one in enumerate(elsewhere[:MOST_OF_OTHER_CLASSES]):
        _draw(found, one, names, f"elsewhere-{place}")
    if len(elsewhere) > MOST_OF_OTHER_CLASSES:
        rest = len(elsewhere) - MOST_OF_OTHER_CLASSES
        more = _n(
            "And {number} more, on the pages of the classes they were in.",
            "And {number} more, on the pages of the classes they were in.",
            rest,
        )
        st.caption(more)


def _draw(found: Class, one: _Line, names: Mapping[PersonKey, str], key: str) -> None:
    who = formats.listed([words.markdown(names.get(whose) or _known_as(whose), 130) for whose in one.keys])
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(_(one.what, who=who), width="stretch")
        if st.button(_("Undo"), key=f"undo-{key}", width="content"):
            say(found, one.undo, *one.arguments)


def _names(attendance: Attendance) -> dict[PersonKey, str]:
    """What each key of this class was called in it, with the e-mail where there is one."""
    found = {}
    for stay in attendance.stays:
        name, address = fold_name(stay.name), stay.email.strip()
        found[key_of(stay)] = f"{name} ({address})" if name and address else name or address
    return found


def _known_as(key: PersonKey) -> str:
    """What somebody is called whose name is not known here."""
    return _("Somebody without a name") if is_nameless(key) else key[1]
