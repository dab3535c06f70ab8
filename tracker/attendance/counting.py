"""From Zoom's records to people, their presence and the one count. Pure functions.

Every figure on a screen, in a file and in the database comes from `take_attendance`, so that no two places can
disagree.

The counting rule: a person is all records with the same e-mail (trimmed, any case), or with the same name (in one
form, blanks folded, any case) where there is no e-mail, or of one person by Zoom's ids where there is neither. Records
from the waiting room are kept and never counted. Time present is the union of a person's stays: two devices at once,
or a reconnect that Zoom reports twice, add nothing.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from tracker.attendance.names import looks_like_robot, names_device
from tracker.attendance.statuses import DEFAULT_RULES, Rules, percent_of, status_of
from tracker.attendance.types import (
    Attendance,
    Mark,
    Person,
    PersonKey,
    Role,
    Said,
    Session,
    Source,
    Span,
    Status,
    Stay,
    Where,
)
from tracker.text import compared_name, fold_name, order_of

NAMELESS: PersonKey = ("name", "")
# The kinds of keys of those without name and e-mail: an account or registrant of Zoom's, or one joining alone.
ZOOM, JOINING = "zoom", "joining"
NOTHING_SAID = Said()


def person_key(name: str, email: str) -> PersonKey:
    """What makes two records the same person."""
    if address := email.strip().casefold():
        return "email", address
    return "name", compared_name(name)


def key_of(stay: Stay) -> PersonKey:
    """Whose record it is; by Zoom's ids where it withholds names and e-mails, as it does on some accounts."""
    key = person_key(stay.name, stay.email)
    if key != NAMELESS:
        return key
    if stay.zoom_user_id or stay.registrant_id:
        return ZOOM, stay.zoom_user_id or stay.registrant_id
    return JOINING, f"{stay.session_uuid}:{stay.user_id or stay.span}"


def is_of_one_class(key: PersonKey) -> bool:
    """Whether a key can be in no other class: Zoom has withheld all that would tell who it is."""
    return key[0] == JOINING


def is_nameless(key: PersonKey) -> bool:
    """Whether somebody is told apart by Zoom's ids alone."""
    return key[0] in (JOINING, ZOOM)


def union(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same stretches of time with overlapping and touching ones joined, in order."""
    joined: list[Span] = []
    for span in sorted(spans):
        if joined and span.start <= joined[-1].end:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return tuple(joined)


def clip(spans: Iterable[Span], within: Iterable[Span]) -> tuple[Span, ...]:
    """The parts of `spans` that lie inside `within`, each a union on its own."""
    bounds = tuple(within)
    parts = (
        Span(max(span.start, bound.start), min(span.end, bound.end))
        for span in spans
        for bound in bounds
        if max(span.start, bound.start) < min(span.end, bound.end)
    )
    return union(parts)


def tidy(stays: Iterable[Stay]) -> tuple[Stay, ...]:
    """The stays in order of joining, exact repeats dropped (a page read twice repeats its records)."""
    return tuple(sorted(dict.fromkeys(stays), key=_joining_order))


def take_attendance(
    stays: Iterable[Stay],
    sessions: Iterable[Session],
    planned: Span,
    *,
    own_time: Sequence[Span] | None = None,
    at_another_time: bool = False,
    shares: Mapping[str, Span] = MappingProxyType({}),
    said: Said = NOTHING_SAID,
    hosts: Set[str] = frozenset(),
    rules: Rules = DEFAULT_RULES,
    repeats: int = 0,
    source: Source = Source.ZOOM,
) -> Attendance:
    """Who was there, from Zoom's records of the class's sessions. The order of the records has no effect.

    `own_time` is what minutes in class and percentages are of; where it is not given, the planned time as far as the
    sessions ran in it, else all of them. `shares` is how far the class reaches into sessions that it shares, by UUID.
    Whatever a teacher has `said`, the count by the rule stays what it is. `hosts` are the Zoom ids and the e-mail
    addresses (lower case) of those who host the class, `rules` those of its course.
    `repeats` were dropped before, and add to those that are dropped here.
    """
    given = tuple(stays)
    records = tidy(given)
    held = tuple(sorted(sessions, key=lambda session: (session.start, session.uuid)))
    if own_time is None:
        runs = _runs(held, records)
        inside = clip(runs, (planned,))
        own_time, at_another_time = inside or union(runs), bool(runs) and not inside
    by_rule = {key_of(stay) for stay in records if stay.where is Where.MEETING}
    leader = leaders(by_rule, said.same)
    groups: dict[PersonKey, list[Stay]] = defaultdict(list)
    for stay in records:
        if stay.where is Where.MEETING:
            groups[leader[key_of(stay)]].append(stay)
    own_seconds = sum(span.seconds for span in own_time)
    people: list[Person] = []
    set_aside: list[Person] = []
    for group in groups.values():
        person = _person(group, own_time, shares, rules, own_seconds if source is Source.REPORT else 0)
        mark = _mark_of(person, said.marks)
        is_host = mark is Mark.HOST or (mark is not Mark.PARTICIPANT and _is_host(group, hosts))
        robot = mark not in (Mark.PERSON, Mark.HOST) and looks_like_robot(person.name)
        person = replace(person, role=Role.HOST if is_host else Role.PARTICIPANT, robot=robot)
        (set_aside if mark is Mark.SET_ASIDE else people).append(person)
    return Attendance(
        stays=records,
        people=_by_name(people),
        set_aside=_by_name(set_aside),
        sessions=held,
        lesson=tuple(own_time),
        unique_count=len(by_rule),
        repeats=repeats + len(given) - len(records),
        at_another_time=at_another_time,
        source=source,
    )


def leaders(keys: Iterable[PersonKey], same: Iterable[tuple[PersonKey, PersonKey]]) -> dict[PersonKey, PersonKey]:
    """Each key's group, by its smallest member. Two may be joined by way of a third that is not among `keys`."""
    here, pairs = tuple(keys), tuple(same)
    leader = {key: key for key in (*here, *(key for pair in pairs for key in pair))}

    def find(key: PersonKey) -> PersonKey:
        while leader[key] != key:
            key = leader[key]
        return key

    for one, other in pairs:
        first, second = sorted((find(one), find(other)))
        leader[second] = first
    return {key: find(key) for key in here}


def links_between(
    keys: Iterable[PersonKey], same: Iterable[tuple[PersonKey, PersonKey]]
) -> list[tuple[PersonKey, PersonKey]]:
    """The pairs of `same` that make these keys one person, also by way of keys that are not among them.

    A pair that leads only to somebody who is not among them stays out.
    """
    here = set(keys)
    pairs = tuple(same)
    leader = leaders([*here, *(key for pair in pairs for key in pair)], pairs)
    groups = {leader[key] for key in here}
    links = [pair for pair in pairs if leader[pair[0]] in groups]
    while True:
        ends = Counter(key for pair in links for key in pair)
        kept = [pair for pair in links if all(key in here or ends[key] > 1 for key in pair)]
        if len(kept) == len(links):
            return links
        links = kept


def _by_name(people: Iterable[Person]) -> tuple[Person, ...]:
    return tuple(sorted(people, key=lambda person: (order_of(person.name), person.email.casefold())))


def _mark_of(person: Person, marks: Mapping[PersonKey, Mark]) -> Mark | None:
    """The latest word on somebody who may have several keys; `marks` has the latest first."""
    if not any(key in marks for key in person.keys):
        return None
    return next(mark for key, mark in marks.items() if key in person.keys)


def _is_host(stays: Iterable[Stay], hosts: Set[str]) -> bool:
    """Whether one of a person's records is of a host by Zoom's id or by e-mail; a name is chosen by whoever joins."""
    return any(stay.zoom_user_id in hosts or stay.email.strip().casefold() in hosts for stay in stays)


def _shown_name(stays: Sequence[Stay], *, joined: bool) -> str:
    """The name to show of all that a person has joined with.

    One without a device comes before one with, and where a teacher has `joined` people, that of the signed-in one, and
    the plainest, before others. Of equal ones the last used counts: people join as "iPhone" and then correct it.
    """
    names = [(stay, name) for stay in stays if (name := fold_name(stay.name))]
    if len({name for _, name in names}) < 2:
        return names[0][1] if names else ""

    def rank(place: int) -> tuple[Any, ...]:
        stay, name = names[place]
        plainest = (bool(stay.email.strip()), -len(name)) if joined else ()
        return (not names_device(name), *plainest, place)

    return names[max(range(len(names)), key=rank)][1]


def _joining_order(stay: Stay) -> tuple[Any, ...]:
    """By joining time, those without one last; the rest only makes the order the same every time."""
    span = stay.span
    when = (span.start.timestamp(), span.end.timestamp()) if span else (float("inf"), float("inf"))
    return (*when, stay.name, stay.email, repr(stay))


def _runs(held: Sequence[Session], records: Sequence[Stay]) -> list[Span]:
    """When the meeting ran; a session without an end ran until the last person was seen in it."""
    last_seen: dict[str, datetime] = {}
    for stay in records:
        if stay.span is not None and stay.where is Where.MEETING:
            last_seen[stay.session_uuid] = max(stay.span.end, last_seen.get(stay.session_uuid, stay.span.end))
    runs = []
    for session in held:
        end = session.end or last_seen.get(session.uuid, session.start)
        runs.append(Span(session.start, max(session.start, end)))
    return runs


def _person(
    stays: Sequence[Stay], own_time: Sequence[Span], shares: Mapping[str, Span], rules: Rules, most_untimed: int
) -> Person:
    """Somebody who has these stays; of those without times the seconds count, together up to `most_untimed`."""
    spans = ((stay.span, shares.get(stay.session_uuid)) for stay in stays if stay.span is not None)
    # A class that went on into another one's share has what she was there of its own time all the same.
    present = union(part for span, share in spans for part in (clip((span,), (share, *own_time)) if share else (span,)))
    in_class = clip(present, own_time)
    keys = tuple(sorted({key_of(stay) for stay in stays}))
    there = sum(span.seconds for span in in_class)
    untimed = min(sum(stay.seconds for stay in stays if stay.span is None), max(0, most_untimed - there))
    status = status_of(in_class, own_time, rules, untimed=untimed)
    return Person(
        keys=keys,
        name=_shown_name(stays, joined=len(keys) > 1),
        email=next((address for stay in stays if (address := stay.email.strip())), ""),
        stays=tuple(stays),
        present=present,
        in_class=in_class,
        percent=percent_of(there + untimed, own_time),
        status=Status.OUTSIDE if status is Status.ABSENT else status,
        untimed=untimed,
    )
