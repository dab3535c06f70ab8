"""The options of a class's Zoom meeting: the fields for them, and what is said of them on the page of the class."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import streamlit as st

from tracker import auth, classes, courses
from tracker.attendance.meeting_options import CHOICES, NOTHING_SAID, OFF, ON, ZOOM, MeetingOptions
from tracker.errors import InvalidInput, NotFound, Problem
from tracker.messages import formats, sentence_of
from tracker.messages.languages import gettext as _
from tracker.messages.languages import marked
from tracker.messages.languages import ngettext as _n
from tracker.storage.classes import Class
from tracker.storage.members import Member
from tracker.ui import page, words
from tracker.ui.wiring import services

LABELS: Mapping[str, str] = {
    "waiting_room": marked("Waiting room"),
    "sign_in": marked("Sign-in to Zoom"),
    "recording": marked("Automatic recording"),
    "registration": marked("Registration of students"),
}
# The choice of what is usual at the school: for a field, None is that nothing is chosen.
USUAL = "usual"
AS_ZOOM = marked("As the Zoom account has it")
# What is chosen from, and what is said of a meeting that has it.
VALUES: Mapping[tuple[str, str], tuple[str, str]] = {
    ("waiting_room", "on"): (marked("On"), marked("Waiting room on")),
    ("waiting_room", "off"): (marked("Off"), marked("No waiting room")),
    ("sign_in", "on"): (marked("Required"), marked("Sign-in required")),
    ("sign_in", "off"): (marked("Not required"), marked("No sign-in required")),
    ("recording", "none"): (marked("None"), marked("Not recorded")),
    ("recording", "local"): (marked("On the host's computer"), marked("Recorded on the host's computer")),
    ("recording", "cloud"): (marked("To the cloud"), marked("Recorded to the cloud")),
    ("registration", "on"): (marked("By the course's list"), marked("Students register")),
    ("registration", "off"): (marked("None"), marked("No registration")),
}
# Two fields stand side by side, and what is usual at the school fits in.
WIDTH = 325
# What Zoom says of students to be registered that only the school's admins can change.
FOR_ADMINS = frozenset(
    ("zoom_scope_missing", "zoom_app_deauthorised", "zoom_not_connected", "zoom_registration_needs_plan")
)
# So many students who cannot be registered are named.
MOST_NAMED = 10
# A meeting has these where nobody asks for anything; they are worth a word only where somebody has.
PLAIN = MeetingOptions(OFF, OFF, "none", (), OFF)


def fill_in(asked: MeetingOptions, key: str) -> None:
    """Has the fields of this key show these options, whatever they say now; before they are drawn."""
    for name, value in _values(asked).items():
        st.session_state[f"{key}-{name}"] = value


def fields(asked: MeetingOptions, key: str, *, in_charge: bool) -> tuple[MeetingOptions, bool]:
    """Draws the fields, filled with what is asked at first. Who starts the class is said by whoever is in charge of it.

    Returns what they say now, and whether to share the class with its substitutes.
    """
    for name, value in _values(asked).items():
        st.session_state.setdefault(f"{key}-{name}", value)
    school = classes.school_options(services())
    shares, is_asked = False, asked != NOTHING_SAID
    with st.expander(_("Meeting options"), icon=":material/tune:", expanded=is_asked, key=f"{key}-options"):
        with st.container(horizontal=True):
            said = {name: _choice(name, getattr(asked, name), getattr(school, name), key) for name in LABELS}
        typed = st.text_input(
            _("Substitutes: e-mails of colleagues (optional)"),
            key=f"{key}-substitutes",
            disabled=not in_charge,
            help=_("Who may start the class in your place. She needs a licence in the school's Zoom account."),
        )
        people = tuple(filter(None, re.split(r"[\s,;]+", typed)))
        if in_charge:
            label = _("Share the class with them here, so that they see and change it as you do")
            shares = st.checkbox(label, key=f"{key}-share")
    # That there are none (any more) has to be said where there was somebody.
    substitutes = people or (None if asked.substitutes is None else ())
    return MeetingOptions(**said, substitutes=substitutes), shares and bool(people)


def _values(asked: MeetingOptions) -> dict[str, str]:
    """What each field shows, by its name."""
    return {
        **{name: getattr(asked, name) or USUAL for name in LABELS},
        "substitutes": ", ".join(asked.substitutes or ()),
    }


def _choice(name: str, present: str | None, usual: str, key: str) -> str | None:
    """Draws the choice of one option; None for what is usual at the school."""
    # Where the school leaves it to Zoom, that need not be offered twice.
    twice = usual == ZOOM and present != ZOOM
    chosen = st.selectbox(
        _(LABELS[name]),
        [USUAL, *(one for one in CHOICES[name] if one != ZOOM or not twice)],
        format_func=lambda one: _choice_in_words(name, one, usual),
        key=f"{key}-{name}",
        width=WIDTH,
    )
    return None if chosen == USUAL else chosen


def _choice_in_words(name: str, value: str, usual: str) -> str:
    if value == ZOOM or (value == USUAL and usual == ZOOM):
        return _(AS_ZOOM)
    if value == USUAL:
        return _("As the school has it: {value}", value=_(VALUES[name, usual][0]))
    return _(VALUES[name, value][0])


def share(class_ids: Iterable[str], options: MeetingOptions) -> list[str]:
    """Shares classes with their substitutes; the addresses of those who have no account that is open."""
    without: dict[str, None] = {}
    for class_id in class_ids:
        for email in options.substitutes or ():
            try:
                auth.share(services().engine, page.acting(), class_id, email, services().now())
            except (NotFound, InvalidInput):
                without[email] = None
    return list(without)


def not_shared(emails: Sequence[str]) -> str:
    """That these substitutes have no account to share a class with."""
    return _(
        "Not shared with {names}: there is no account here with this e-mail. An admin can invite them.",
        names=words.listed(list(emails)),
    )


def told(found: Class) -> None:
    """Draws what the class's meeting has, and what Zoom did not take of what was asked for."""
    has, sent = found.meeting_has, found.meeting_sent
    if has is None:
        wanted = sent or found.meeting_asked.over(classes.school_options(services()))
        if found.zoom_meeting_made and found.zoom_meeting_id and (asked := _in_words(wanted)):
            st.caption(_("Asked of Zoom: {options}", options=asked))
        return
    linked = not found.zoom_meeting_made
    if known := _in_words(has if linked else _worth_a_word(has, sent or NOTHING_SAID)):
        st.caption(known)
    missing = classes.not_taken(found)
    if options := _in_words(replace(missing, substitutes=None)):
        told = _(
            "Zoom did not take: {options}. The Zoom account has it locked, or its plan does not have it. Whoever "
            "administers Zoom can change that in its account settings; then press Change and Save here.",
            options=options,
        )
        if missing.registration:
            told += " " + _("For registration Zoom needs a paid plan, and a licence for the host.")
        st.warning(told, icon=":material/lock:")
    if missing.substitutes:
        st.warning(
            _(
                "Zoom did not take as substitute: {names}. A substitute needs a user with a licence in the school's "
                "own Zoom account. Have it given to her and press Change and Save here, or name somebody else.",
                names=_names(missing.substitutes),
            ),
            icon=":material/person_off:",
        )


def registers(found: Class) -> bool:
    """Whether the join link of a class leads to Zoom's page for registering, as far as is known."""
    has = found.meeting_has
    return has.registration == ON if has is not None else courses.registers_roster(found)


def registration(found: Class, member: Member) -> None:
    """Draws how many students of a class are registered at Zoom, who cannot be, and what is the matter."""
    told = page.read(courses.registration_of, member, found)
    if told is None:
        return
    if not told.students:
        nobody = _("Nobody is registered at Zoom: the course has no students yet.")
        if found.course_id is None:
            nobody = _("Nobody is registered at Zoom: the class is in no course. Choose one under Change.")
        st.caption(nobody)
        return
    state = told.found
    if state is not None and state.looked_at is not None and state.students:
        said = _n(
            "Registered at Zoom: {registered} of {number} student, as of {when}.",
            "Registered at Zoom: {registered} of {number} students, as of {when}.",
            state.students,
            registered=formats.number(state.registered),
            when=words.stamp(state.looked_at),
        )
        st.caption(said)
    elif state is None or state.error is None:
        st.caption(_("Nobody is registered at Zoom yet. It happens by itself, within minutes."))
    if state is not None and state.error is not None:
        st.warning(_not_registered(state.error, state.due_at, member), icon=":material/how_to_reg:")
    if told.without_email:
        _without_email(found, told.without_email, member)


def _not_registered(error: Problem, again_at: datetime | None, member: Member) -> str:
    """Why students could not be registered, who can mend it, and when it is tried again; in Markdown."""
    said = [_("Not all students could be registered: {why}", why=words.markdown(sentence_of(error), 400))]
    if error.code in FOR_ADMINS and not member.is_admin:
        said.append(_("An admin can mend this."))
    if again_at is not None:
        said.append(_("Next try {when}.", when=words.moment(again_at, services().now())))
    return " ".join(said)


def _without_email(found: Class, names: Sequence[str], member: Member) -> None:
    """Draws who cannot be registered, and the way to the list on which an e-mail is missing."""
    st.caption(
        _n(
            "{number} student has no e-mail address and cannot be registered: {names}.",
            "{number} students have no e-mail address and cannot be registered: {names}.",
            len(names),
            names=words.listed(names, MOST_NAMED),
        )
    )
    if found.course_id is not None and auth.is_in_charge(member, found):
        query = {"id": found.course_id, "view": "students"}
        st.page_link(page.COURSE, label=_("The students of this course"), icon=":material/group:", query_params=query)


def _worth_a_word(has: MeetingOptions, sent: MeetingOptions) -> MeetingOptions:
    """What a meeting has that not every meeting has, or that was asked for."""
    kept = {
        name: value
        for name in CHOICES
        if (value := getattr(has, name)) != getattr(PLAIN, name) or getattr(sent, name) is not None
    }
    return MeetingOptions(**kept, substitutes=has.substitutes)


def _in_words(options: MeetingOptions) -> str:
    """Options in one line of Markdown; "" where nothing is said."""
    said = [_(VALUES[name, value][1]) for name in CHOICES if (value := getattr(options, name)) is not None]
    if people := options.substitutes:
        said.append(_n("Substitute: {names}", "Substitutes: {names}", len(people), names=_names(people)))
    return " · ".join(said)


def _names(emails: Iterable[str]) -> str:
    """Who these are: by name where they have an account."""
    known = page.read(auth.names_of, emails)
    return words.listed([known.get(one, one) for one in emails])
