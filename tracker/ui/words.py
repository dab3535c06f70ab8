"""Texts on the screen: times, lengths, and the state of a class in one sentence; names of strangers made harmless."""

import re
import string
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from tracker import classes, clock, messages
from tracker.attendance.types import Attendance, ClassStatus, FetchState, Person
from tracker.messages import and_hosts, people_in_words, sentence_of
from tracker.report import NO_NAME
from tracker.retry import LIST_INCOMPLETE, SESSIONS_MISSING
from tracker.storage.classes import Class, FetchProgress
from tracker.storage.members import Member
from tracker.text import plain as plain

Color = Literal["red", "orange", "blue", "green", "violet", "gray"]
# A fetch that is due is taken within a second or two; much longer means that no tracker is running.
OVERDUE = timedelta(minutes=2)
NO_MEETING = "no_zoom_meeting_id"
MARKDOWN_SIGNS = frozenset(string.punctuation)
# Even where every sign is escaped, the browser makes links of bare addresses, a picture of `:streamlit:` and other
# signs of `->`, `--` and `>=`; a joiner inside them is not seen and keeps a name what it is.
WORD_JOINER = "\u2060"
REWRITTEN = re.compile(
    r"(?<=://)(?=\w)|(?<=www)(?=\.\w)|(?<=@)(?=\w)|(?<=:)(?=streamlit:)|(?<=-)(?=[->])|(?<=<)(?=-)|(?<=[<>~])(?==)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class State:
    """The state of a class: a word for a badge with its colour and icon, and a sentence."""

    word: str
    color: Color
    icon: str
    sentence: str


def state(found: Class, now: datetime) -> State:
    """What a teacher should know of the class at `now`. An unknown count is never shown as a number."""
    if found.status is ClassStatus.CANCELLED:
        return State("Cancelled", "gray", ":material/event_busy:", "This class was cancelled.")
    if found.status is ClassStatus.LIVE:
        since = f"It began {moment(found, found.started_at, now)}." if found.started_at else "It is under way."
        return State("Live", "red", ":material/sensors:", since)
    if found.status is ClassStatus.ENDED and found.participants_fetched_at is not None:
        error = found.fetch.error if found.fetch is not None else None
        if found.names_removed_at is not None:
            removed = f"Its names were removed {moment(found, found.names_removed_at, now)}, for good."
            return State("Counted", "green", ":material/check:", f"{people_in_words(*found.figures)}. {removed}")
        sentence = _counted(found, found.participants_fetched_at, now)
        if error is not None and error.code in (SESSIONS_MISSING, LIST_INCOMPLETE):
            return State("Counted in part", "orange", ":material/rule:", sentence)
        return State("Counted", "green", ":material/check:", sentence)
    if found.status is ClassStatus.SCHEDULED:
        return _planned(found, now)
    return _waiting(found, now)


def _planned(found: Class, now: datetime) -> State:
    """The state of a class of which no session is known."""
    fetch = found.fetch
    should = f"Should have begun {moment(found, found.planned.start, now, seconds=False)}"
    if now <= found.planned.end:
        sentence = "It begins when its host starts the meeting."
        if found.zoom_meeting_id is None:
            sentence = messages.sentence(NO_MEETING)
        elif now > found.planned.start:
            sentence = f"{should}, and Zoom has not said that it did."
        return State("Planned", "blue", ":material/event:", sentence)
    if classes.was_not_held(found, now):
        asked = fetch is not None and classes.found_no_session(fetch)
        sentence = "Nobody held this class at its time" + ("." if asked else ", as far as Zoom has announced.")
        return State("Not held", "gray", ":material/event_busy:", sentence)
    unseen = f"{should}, and Zoom has not said that it was held. If it was, fetch its participants now."
    if found.zoom_meeting_id is None:
        unseen = messages.sentence(NO_MEETING)
    elif fetch is not None and classes.found_no_session(fetch):
        unseen = f"{should}. {_why(fetch)} {_next_try(found, fetch, now)}".rstrip()
    elif fetch is not None and (fetch.due_at is not None or fetch.error is not None):
        return _waiting(found, now)
    return State("Not seen yet", "orange", ":material/help:", unseen)


def _counted(found: Class, fetched_at: datetime, now: datetime) -> str:
    # It stands beside the class's own date, so the day is said unless it is the same.
    fetched = f"Fetched from Zoom {moment(found, fetched_at, found.scheduled_start)}."
    fetch = found.fetch
    if fetch is None:
        return fetched
    if fetch.stored_state in (FetchState.FAILED, FetchState.NO_DATA):
        return f"Counted from joins and leaves that were seen live. {_why(fetch)}".rstrip()
    if fetch.error is not None and fetch.error.code in (SESSIONS_MISSING, LIST_INCOMPLETE):
        they = "It is" if fetch.error.details.get("missing", 1) == 1 else "They are"
        again = f"asked for again {moment(found, fetch.due_at, now)}" if fetch.due_at else "not asked for any more"
        return f"{fetched} {_why(fetch)} {they} {again}."
    if fetch.error is not None:
        return f"{fetched} Reading it again failed: {_why(fetch)} {_next_try(found, fetch, now)}".rstrip()
    if fetch.due_at is not None and fetch.due_at > now:
        return f"{fetched} It may still change; Zoom's list is read again {moment(found, fetch.due_at, now)}."
    return f"{fetched} It is settled." if fetch.stored_state is FetchState.SETTLED else fetched


def _waiting(found: Class, now: datetime) -> State:
    """The state of a class that is over, or should be, and whose participants are not known."""
    fetch = found.fetch
    if fetch is not None and fetch.state(now) is FetchState.COLLECTING:
        return State("Collecting", "violet", ":material/sync:", "The participants are being fetched from Zoom.")
    if fetch is not None and fetch.state(now) in (FetchState.FAILED, FetchState.NO_DATA):
        word = "No list" if fetch.state(now) is FetchState.NO_DATA else "Failed"
        return State(word, "orange", ":material/error:", _why(fetch) or "Zoom gave no list of participants.")
    if fetch is None or fetch.due_at is None:
        if found.zoom_meeting_id is None:
            sentence = messages.sentence(NO_MEETING)
        else:
            sentence = (_why(fetch) if fetch else "") or "Nobody has asked Zoom for the participants yet."
        return State("Not fetched", "orange", ":material/help:", sentence)
    if now > fetch.due_at + OVERDUE:
        due = moment(found, fetch.due_at, now)
        sentence = f"Zoom's list was due {due}, and the tracker has not fetched it: is it running?"
        return State("Overdue", "orange", ":material/warning:", sentence)
    if fetch.error:
        sentence = f"{_why(fetch)} {_next_try(found, fetch, now)}"
        return State("Trying again", "orange", ":material/refresh:", sentence)
    due = f"Zoom's list is due {moment(found, fetch.due_at, now)}."
    return State("Waiting", "violet", ":material/hourglass_top:", due)


def _why(fetch: FetchProgress) -> str:
    return sentence_of(fetch.error) if fetch.error else ""


def _next_try(found: Class, fetch: FetchProgress, now: datetime) -> str:
    return f"Next try {moment(found, fetch.due_at, now)}." if fetch.due_at else ""


def count(number: int, one: str, several: str) -> str:
    """A number of things: `1 record`, `2 records`."""
    return f"{number} {one if number == 1 else several}"


def people(number: int | None) -> str:
    """The count for the eye: a dash while it is unknown, and 0 where it is zero."""
    return people_in_words(number)


def who_has(found: Class, member: Member, *, inside: bool = False) -> str:
    """Who has decided something about a class, to its reader, in Markdown: `You have`, or `Maria Keller has`.

    `inside` a sentence it is `you have`.
    """
    if found.teacher_id != member.id:
        return f"{markdown(found.teacher_name, 60)} has"
    return "you have" if inside else "You have"


def in_class_now(present: Sequence[Person]) -> str:
    """How many are in class now, the hosts apart: `2 and the host`, or `only the host`."""
    hosts = sum(person.is_host for person in present)
    others = len(present) - hosts
    if hosts and not others:
        return "only the host" if hosts == 1 else f"only {hosts} hosts"
    return f"{others}{and_hosts(hosts)}"


def without_hosts(attendance: Attendance) -> str:
    """What a figure has left out where the class had hosts: `without the host`; nothing where it had none."""
    hosts = len(attendance.hosts)
    return "" if not hosts else "without the host" if hosts == 1 else f"without the {hosts} hosts"


def name_of(person: Person, limit: int = 60) -> str:
    """What a person is called on the screen, as plain text; the e-mail follows where there is one."""
    name = plain(person.name, limit) or NO_NAME
    return f"{name} ({plain(person.email, limit)})" if person.email else name


def listed(names: Sequence[str], most: int = 5) -> str:
    """Names that others have chosen, in Markdown: `Ana, Ben and Cy`, or `Ana, Ben and 3 more`."""
    rest = len(names[most:])
    shown = [markdown(name, 130) or NO_NAME for name in names[:most]]
    if rest:
        return f"{', '.join(shown)} and {rest} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def here(found: Class, present: Sequence[Person], most: int) -> str:
    """Who is in class now and since when, in Markdown: `Ana (host, since 10:05) · Ben (since 10:07) and 12 more`."""
    zone = clock.zone(found.timezone)
    names = [
        f"{markdown(person.name, 60) or NO_NAME} ({'host, ' if person.is_host else ''}"
        f"since {person.first_join.astimezone(zone):%H:%M})"
        for person in present[:most]
        if person.first_join
    ]
    more = f" and {len(present) - most} more" if len(present) > most else ""
    return " · ".join(names) + more


def when(found: Class, viewer_zone: str | None) -> str:
    """The planned time in the class's zone, which is named where the reader's own is another."""
    zone = clock.zone(found.timezone)
    start, end = found.planned.start.astimezone(zone), found.planned.end.astimezone(zone)
    text = f"{start:%a} {start.day} {start:%b %Y, %H:%M}–{end:%H:%M}"
    return text if viewer_zone == found.timezone else f"{text} ({found.timezone})"


def moment(found: Class, when: datetime, now: datetime, *, seconds: bool = True) -> str:
    """A moment in the class's zone: `at 11:40`; with the day when that is another, and with seconds when it is near.

    Where `seconds` is False it never has them: somebody has planned it.
    """
    local = when.astimezone(clock.zone(found.timezone))
    if local.date() != now.astimezone(local.tzinfo).date():
        return f"on {local:%a} {local.day} {local:%b %Y} at {local:%H:%M}"
    return f"at {local:%H:%M:%S}" if seconds and abs(when - now) < OVERDUE else f"at {local:%H:%M}"


def length(seconds: int) -> str:
    """A length of time: `1 h 05 min`, `45 min`, `35 s`."""
    if seconds < 60:
        return f"{seconds} s"
    hours, rest = divmod((seconds + 30) // 60, 60)
    return f"{hours} h {rest:02d} min" if hours else f"{rest} min"


def markdown(text: str, limit: int = 120) -> str:
    """The same for a place that reads Markdown: every sign that could mean something there is escaped."""
    kept = REWRITTEN.sub(WORD_JOINER, plain(text, limit))
    return "".join(f"\\{sign}" if sign in MARKDOWN_SIGNS else sign for sign in kept)
