"""Which person of a class is which student, on the page of the class: suggestions, choices by hand, and their undo."""

import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import streamlit as st

from tracker import courses
from tracker.attendance.counting import is_nameless
from tracker.attendance.matching import Enrolled, Likeness, Match, Suggested
from tracker.attendance.types import Attendance, Person, PersonKey
from tracker.courses import StudentsOfClass
from tracker.messages import formats
from tracker.messages.languages import gettext as _
from tracker.messages.languages import ngettext as _n
from tracker.messages.vocabulary import LIKENESS, WHY_STUDENT
from tracker.storage.classes import Class
from tracker.ui import words
from tracker.ui.correct_panel import told_apart
from tracker.ui.page import acting, shown_errors
from tracker.ui.students_panel import name_of
from tracker.ui.wiring import services

MOST_ASKED = 10
# Of choices about people who are not in this class; each is listed first on the page of a class that it concerns.
MOST_OF_OTHER_CLASSES = 20
# Names that say so much are not told in percent.
SURE = 99


@dataclass(slots=True)
class _Chosen:
    """What was said of a person: which students she is, and which she is not, since when."""

    keys: list[PersonKey] = field(default_factory=list)
    is_: dict[str, datetime] = field(default_factory=dict)
    is_not: dict[str, datetime] = field(default_factory=dict)


def ask(found: Class, students: StudentsOfClass) -> None:
    """Guests who may be students, for the teacher to decide; nothing where there are none."""
    if not students.may_match or not students.suggestions:
        return
    of: dict[tuple[PersonKey, ...], list[Suggested]] = defaultdict(list)
    for one in students.suggestions:
        of[one.person.keys].append(one)
    title = _n("{number} guest may be a student", "{number} guests may be students", len(of))
    with st.expander(title, icon=":material/lightbulb:", key="may-be-students"):
        for some in list(of.values())[:MOST_ASKED]:
            _question(found, students, some)
        if (rest := len(of) - MOST_ASKED) > 0:
            st.caption(
                _n(
                    "{number} more follows when these are answered.",
                    "{number} more follow when these are answered.",
                    rest,
                )
            )


def show(found: Class, students: StudentsOfClass, attendance: Attendance | None) -> None:
    """The fold in which is said which student somebody is, with whatever was said before."""
    people = attendance.people if attendance is not None else ()
    if not students.may_match or not (people or students.choices):
        return
    with st.expander(_("Which person is which student"), icon=":material/person_search:", key="which-student"):
        if people:
            _choose(found, students, people)
        _chosen(found, students, people)


def _question(found: Class, students: StudentsOfClass, some: Sequence[Suggested]) -> None:
    """Somebody who is no student yet, and the students that she may be."""
    person, likely, whose = some[0].person, [one.student for one in some], _sum_of(some[0].person.keys)
    lines = [_("**{name}** is none of the students so far.", name=words.markdown(words.name_of(person), 140))]
    lines += [f"- {_likely(students, one)}" for one in some]
    if any(one.why is Likeness.SAME_NAME and one.student.id in students.namesakes for one in some):
        lines.append("")
        lines.append(_("Two students have this name, so the name alone decides nothing."))
    st.markdown("\n".join(lines))
    with st.container(horizontal=True):
        for one in likely:
            label = _("It is {student}", student=words.markdown(name_of(students, one), 80))
            if st.button(label, key=f"is-student-{whose}-{one.id}"):
                _say(found, courses.choose, students.course_id, person.keys, [one.id])
        if st.button(_("Somebody else") if len(likely) == 1 else _("None of them"), key=f"is-none-{whose}"):
            refused = {*_refused(students, person), *(one.id for one in likely)}
            _say(found, courses.choose, students.course_id, person.keys, [], refused=sorted(refused))


def _likely(students: StudentsOfClass, one: Suggested) -> str:
    student, why = words.markdown(name_of(students, one.student), 130), _(LIKENESS[one.why])
    if one.score >= SURE:
        return _("{student}: {why}", student=student, why=why)
    return _("{student}: {why}, {percent} alike", student=student, why=why, percent=formats.percent(one.score))


def _choose(found: Class, students: StudentsOfClass, people: Sequence[Person]) -> None:
    """Somebody of the class is chosen, and then who she is; one device may be of several students."""
    names, by_keys = told_apart(people), {person.keys: person for person in people}
    key = f"{found.id}-{st.session_state.get(_times(found), 0)}"
    keys = st.selectbox(
        _("Who was in the class"),
        list(by_keys),
        None,
        format_func=lambda one: names.get(one, ""),
        key=f"whose-{key}",
        placeholder=_("Choose somebody"),
    )
    person = by_keys.get(keys) if keys else None
    if person is None:
        return
    now = students.students_of(person)
    for one in now:
        _counted_as(found, students, person, one)
    labels = {one.id: name_of(students, one) for one in students.roster}
    chosen: list[str] = st.multiselect(
        _("Is which student? Several where they share a device."),
        list(labels),
        [one.id for one in now],
        format_func=lambda one: labels.get(one, ""),
        key=f"is-{key}-{_sum_of(person.keys)}",
        placeholder=_("Choose a student"),
    )
    if st.button(_("Save"), key="save-student", type="primary", disabled={*chosen} == {one.id for one in now}):
        refused = ({one.id for one in now} | _refused(students, person)) - {*chosen}
        _say(found, courses.choose, students.course_id, person.keys, chosen, refused=sorted(refused))


def _counted_as(found: Class, students: StudentsOfClass, person: Person, one: Enrolled) -> None:
    """Why somebody is taken for this student, and the way to say that she is not."""
    student = words.markdown(name_of(students, one), 130)
    match = next(match for of, match in _matches(students, person) if of == one.id)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            _("Counted as **{student}**, {why}.", student=student, why=_(WHY_STUDENT[match.why])), width="content"
        )
        if st.button(_("Not {student}", student=words.markdown(name_of(students, one), 80)), key=f"is-not-{one.id}"):
            kept = [of for of, _match in _matches(students, person) if of != one.id]
            refused = _refused(students, person) | {one.id}
            _say(found, courses.choose, students.course_id, person.keys, kept, refused=sorted(refused))
        _offer_address(found, students, person.email, one, f"person-{one.id}")


def _matches(students: StudentsOfClass, person: Person) -> list[tuple[str, Match]]:
    return [(match.student_id, match) for match in students.in_class.matches.get(person.keys, ())]


def _offer_address(found: Class, students: StudentsOfClass, email: str, one: Enrolled, key: str) -> None:
    """A button that adds the address with which somebody joined to a student who has it not."""
    address = email.strip().casefold()
    if not address or any(address in other.emails for other in students.roster):
        return
    label = _("Add {address} to {student}", address=words.markdown(address, 60), student=_short(students, one))
    if st.button(label, key=f"add-address-{key}", icon=":material/alternate_email:"):
        _say(found, courses.add_address, students.course_id, one.id, address)


def _chosen(found: Class, students: StudentsOfClass, people: Sequence[Person]) -> None:
    """What is remembered of who is which student: of this class first, then of others, each with its undo."""
    here, elsewhere = _remembered(students, people)
    if here or elsewhere:
        st.markdown(f"**{_('Remembered for this course')}**")
    known = {key: words.name_of(person) for person in people for key in person.keys}
    for one in here:
        _line(found, students, one, known)
    if elsewhere:
        st.caption(_("About people who were not in this class"))
    for one in elsewhere[:MOST_OF_OTHER_CLASSES]:
        _line(found, students, one, known)
    if (rest := len(elsewhere) - MOST_OF_OTHER_CLASSES) > 0:
        st.caption(
            _n(
                "And {number} more, on the pages of the classes they were in.",
                "And {number} more, on the pages of the classes they were in.",
                rest,
            )
        )


def _remembered(students: StudentsOfClass, people: Sequence[Person]) -> tuple[list[_Chosen], list[_Chosen]]:
    """What was said of the people of this class, and of others, the latest first; once of whom it was said twice."""
    whose: Mapping[PersonKey, PersonKey] = {key: person.keys[0] for person in people for key in person.keys}
    said: dict[PersonKey, _Chosen] = defaultdict(_Chosen)
    for choice in students.choices:
        if choice.student_id in students.by_id:
            one = said[whose.get(choice.person, choice.person)]
            if choice.person not in one.keys:
                one.keys.append(choice.person)
            (one.is_ if choice.is_her else one.is_not).setdefault(choice.student_id, choice.decided_at)
    here = [one for one in said.values() if not whose.keys().isdisjoint(one.keys)]
    return here, [one for one in said.values() if whose.keys().isdisjoint(one.keys)]


def _line(found: Class, students: StudentsOfClass, one: _Chosen, known: Mapping[PersonKey, str]) -> None:
    name = words.markdown(next((known[of] for of in one.keys if of in known), _known_as(one.keys[0])), 130)
    is_, since = [of for of in students.roster if of.id in one.is_], max([*one.is_.values(), *one.is_not.values()])
    day = formats.day(since.astimezone(words.zone()), weekday=False)
    if is_:
        counted = words.listed([name_of(students, of) for of in is_])
        told = _("**{name}** is counted as {students} since {day}.", name=name, students=counted, day=day)
    else:
        others = words.listed([name_of(students, of) for of in students.roster if of.id in one.is_not])
        told = _("**{name}** is not {students}, as you said on {day}.", name=name, students=others, day=day)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(told, width="stretch")
        if st.button(_("Undo"), key=f"undo-student-{_sum_of(one.keys)}", width="content"):
            _say(found, courses.undo_choice, students.course_id, one.keys)
        if len(is_) == 1:
            email = next((value for kind, value in one.keys if kind == "email"), "")
            _offer_address(found, students, email, is_[0], _sum_of(one.keys))


def _refused(students: StudentsOfClass, person: Person) -> set[str]:
    """The students that a person is not, by what was said before."""
    said = (one for one in students.choices if one.person in person.keys and one.student_id in students.by_id)
    return {one.student_id for one in said if not one.is_her}


def _sum_of(keys: Iterable[PersonKey]) -> str:
    """What stands for somebody in the key of a button: by who it is, so that a click on a page that is just drawn anew
    hits nobody else."""
    return f"{zlib.crc32(repr(sorted(keys)).encode('utf-8', 'replace')):08x}"


def _short(students: StudentsOfClass, one: Enrolled) -> str:
    return words.markdown(name_of(students, one), 60)


def _known_as(key: PersonKey) -> str:
    """What somebody is called whose name is not known here."""
    return _("Somebody without a name") if is_nameless(key) else key[1]


def _say(found: Class, act: Callable[..., None], *arguments: Any, **more: Any) -> None:
    """Has a use case remember what was clicked, and draws the page anew with nobody chosen."""
    with shown_errors():
        act(services(), acting(), *arguments, **more)
    st.session_state[_times(found)] = st.session_state.get(_times(found), 0) + 1
    st.rerun()


def _times(found: Class) -> str:
    """The key in Streamlit's session state of how often something was said."""
    return f"matched-{found.id}"
