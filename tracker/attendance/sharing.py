"""Whose records are whose, where classes share sessions of one meeting. Pure functions."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import timedelta

from tracker.attendance.assignment import NOTHING, ClassPart, ClassSession, MeetingClass, Why
from tracker.attendance.counting import clip, union
from tracker.attendance.types import Span, Stay


def share_records(
    classes: Iterable[MeetingClass],
    parts: Mapping[str, ClassPart],
    records: Iterable[Stay],
    person: Callable[[Stay], Hashable],
) -> dict[str, tuple[Stay, ...]]:
    """The records that each class has of its meeting's sessions, by class id, in the order in which they are given.

    `person` tells whose record one is. Where classes share a session, a person's records in all sessions of these
    classes are taken together, those in the waiting room too. She is one of each class whose planned time they overlap
    by enough, else of the one that they overlap most, else of the nearest. Each record goes to those of her classes
    into whose share it reaches, else to the nearest of them. A session that a teacher has counted in is her class's
    with all its people.
    """
    ranked = sorted(classes, key=lambda one: (one.planned, not one.made_for_it, one.id))
    by_session: dict[str, dict[str, ClassSession]] = defaultdict(dict)
    for one in ranked:
        for session in parts[one.id].sessions:
            by_session[session.session.uuid][one.id] = session
    found: dict[str, list[Stay]] = {one.id: [] for one in ranked}
    given = tuple(records)
    group_of = _groups(ranked, parts)
    together: dict[tuple[int, Hashable], list[Stay]] = defaultdict(list)
    for stay in given:
        if sharers := _sharers(by_session[stay.session_uuid]):
            together[group_of[next(iter(sharers))], person(stay)].append(stay)
    hers = {
        key: _classes_of([one for one in ranked if group_of[one.id] == key[0]], stays, by_session)
        for key, stays in together.items()
    }
    for stay in given:
        sessions = by_session[stay.session_uuid]
        sharers = _sharers(sessions)
        to = {class_id for class_id, part in sessions.items() if part.why is Why.CHOSEN}
        if sharers:
            to |= _goes_to(stay, hers[group_of[next(iter(sharers))], person(stay)], sharers)
        for class_id in to:
            found[class_id].append(stay)
    return {class_id: tuple(stays) for class_id, stays in found.items()}


def _sharers(sessions: Mapping[str, ClassSession]) -> dict[str, ClassSession]:
    """The classes that have a session, but for those whose teacher has counted it in."""
    return {class_id: part for class_id, part in sessions.items() if part.why is not Why.CHOSEN}


def _groups(ranked: Sequence[MeetingClass], parts: Mapping[str, ClassPart]) -> dict[str, int]:
    """The number of each class's group: classes that share sessions, also by way of others."""
    group_of = {one.id: number for number, one in enumerate(ranked)}
    for one in ranked:
        for session in parts[one.id].sessions:
            for other in session.shared_with:
                low, high = sorted((group_of[one.id], group_of[other]))
                group_of = {class_id: low if number == high else number for class_id, number in group_of.items()}
    return group_of


def _classes_of(
    group: Sequence[MeetingClass], stays: Sequence[Stay], by_session: Mapping[str, Mapping[str, ClassSession]]
) -> list[MeetingClass]:
    """The classes of a group, by their planned start, whose a person is."""
    if len(group) == 1:
        return list(group)
    spans = union(stay.span for stay in stays if stay.span is not None)
    if not spans:  # Zoom gave no times: she is where the session is
        spans = union(part.span for stay in stays for part in by_session[stay.session_uuid].values())
    overlaps = [sum((part.end - part.start for part in clip(spans, (one.planned,))), NOTHING) for one in group]
    enough = [
        one for one, length in zip(group, overlaps, strict=True) if length > NOTHING and length >= one.least_overlap
    ]
    if enough:
        return enough
    if (most := max(overlaps)) > NOTHING:
        tied = [one for one, length in zip(group, overlaps, strict=True) if length == most]
        return [min(tied, key=lambda one: not one.made_for_it)]
    return [_nearest(group, spans)]


def _goes_to(stay: Stay, hers: Sequence[MeetingClass], sharers: Mapping[str, ClassSession]) -> set[str]:
    """The ids of the classes that a record goes to, of those whose the person is."""
    span = stay.span or next(iter(sharers.values())).span
    reached = {one.id for one in hers if one.id in sharers and _reaches(span, sharers[one.id].share)}
    return reached or {_nearest(hers, (span,)).id}


def _reaches(span: Span, share: Span) -> bool:
    """Whether a record lies in a share, or begins in it where it has no length."""
    return span.start < share.end and (span.end > share.start or span.start == span.end == share.start)


def _nearest(group: Sequence[MeetingClass], spans: Sequence[Span]) -> MeetingClass:
    """The class whose planned time is nearest; of two the one that the meeting was made for, else the later one."""

    def distance(one: MeetingClass) -> timedelta:
        return min(max(NOTHING, one.planned.start - span.end, span.start - one.planned.end) for span in spans)

    return min(reversed(group), key=lambda one: (distance(one), not one.made_for_it))
