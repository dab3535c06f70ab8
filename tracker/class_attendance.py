"""The attendance of a class as it is stored, as it was seen live, and who is in class now."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from tracker import storage
from tracker.attendance import live
from tracker.attendance.assignment import Choice, ClassPart
from tracker.attendance.counting import key_of, leaders, take_attendance
from tracker.attendance.sharing import share_records
from tracker.attendance.stored_form import participants_data, stays_from_data
from tracker.attendance.types import Attendance, ClassStatus, Person, PersonKey, Session, Snapshot, Source, Stay, Where
from tracker.errors import UnreadableRecords
from tracker.services import Services
from tracker.sessions import Meeting, choose, meeting_of, part_of, undo_choice
from tracker.storage.classes import Class
from tracker.storage.database import Transaction, transaction
from tracker.storage.decisions import Decision
from tracker.storage.session_records import SessionList
from tracker.text import number_of


def attendance_of(tx: Transaction, found: Class, now: datetime) -> Attendance | None:
    """The attendance of a class from what is stored; None while it is not known."""
    data = storage.classes.get_participants_data(tx, found.id)
    if data is None:
        return None
    return take_class_attendance(
        stays_from_data(data),
        found,
        part_of(tx, found, now),
        same=same_people(tx, found.teacher_id),
        repeats=number_of(data.get("repeats")),
        source=Source.SEEN if data.get("source") == Source.SEEN else Source.ZOOM,
    )


def attendance_seen(tx: Transaction, found: Class, now: datetime) -> Attendance | None:
    """The attendance of a class as its joins and leaves were seen live, up to `now`; None where nothing was seen."""
    stays = live.until(_seen(tx, found, now), now)
    if not stays:
        return None
    part = part_of(tx, found, now)
    return take_class_attendance(stays, found, part, same=same_people(tx, found.teacher_id), source=Source.SEEN)


def attendance_shown(tx: Transaction, found: Class, now: datetime) -> Attendance | None:
    """What is shown of a class: what is stored, else what was seen live; while it runs again, both together."""
    stored = attendance_of(tx, found, now)
    if found.status is not ClassStatus.LIVE:
        return stored or attendance_seen(tx, found, now)
    if stored is None:
        seen_live = attendance_seen(tx, found, now)
        return replace(seen_live, until=now) if seen_live else None
    listed = {stay.session_uuid for stay in stored.stays}
    seen = [stay for stay in live.until(_seen(tx, found, now), now) if stay.session_uuid not in listed]
    part, same = part_of(tx, found, now), same_people(tx, found.teacher_id)
    both = take_class_attendance([*stored.stays, *seen], found, part, same=same, source=Source.SEEN)
    return replace(both, until=now)


def people_in_class_now(tx: Transaction, found: Class, now: datetime) -> tuple[Person, ...]:
    """Who is in a class that runs, with their present stay, as far as it was seen; by name."""
    part = part_of(tx, found, now)
    running = {one.session.uuid for one in part.sessions if one.runs}
    here = [stay for stay in _seen(tx, found, now) if live.is_open(stay) and stay.session_uuid in running]
    return take_class_attendance(here, found, part, same=same_people(tx, found.teacher_id)).people


def take_class_attendance(
    stays: tuple[Stay, ...] | list[Stay],
    found: Class,
    part: ClassPart,
    *,
    same: list[tuple[PersonKey, PersonKey]],
    repeats: int = 0,
    source: Source = Source.ZOOM,
) -> Attendance:
    """The attendance of a class from its records and what it has of its meeting's sessions."""
    sessions = [
        Session(one.session.uuid, one.span.start, None if one.runs else one.span.end, one.session.zooms_count)
        for one in part.counted
    ]
    return take_attendance(
        stays,
        sessions,
        found.planned,
        own_time=part.own_time if part.sessions else None,
        at_another_time=part.at_another_time,
        shares={one.session.uuid: one.share for one in part.sessions if one.shared_with},
        same=same,
        repeats=repeats,
        source=source,
    )


def refresh(tx: Transaction, meeting_id: str, now: datetime, final: str | None = None) -> None:
    """Works out anew, from Zoom's lists of its sessions, the participants of every class of a meeting that has any.

    A class whose sessions have no record of its own stays unknown, unless it is the one whose list is `final`.
    """
    meeting = meeting_of(tx, meeting_id, now)
    lists = storage.session_records.lists_of_meeting(tx, meeting_id)
    stays = [stay for one in lists.values() if one.stays for stay in one.stays]
    shared = share_records(meeting.planned, meeting.parts, stays, _whose(tx, meeting))
    for one in meeting.classes:
        part = meeting.parts[one.id]
        read = [lists[session.session.uuid] for session in part.sessions if session.session.uuid in lists]
        read_at = [known.read_at for known in read if known.stays is not None and known.read_at is not None]
        if not read_at or (not shared[one.id] and one.id != final):
            continue
        found = storage.classes.get_class(tx, one.id)
        attendance = take_class_attendance(shared[one.id], found, part, same=[])
        if participants_data(attendance) != _readable(tx, one.id) or found.participants_fetched_at is None:
            storage.classes.save_attendance(tx, one.id, attendance, max(read_at))


@dataclass(frozen=True, slots=True)
class SharedWith:
    """Another class that shares sessions with a class, and how many of their people are only that one's."""

    other: Class
    people: int


def shared_with(tx: Transaction, found: Class, now: datetime) -> tuple[SharedWith, ...]:
    """The classes with which a class shares sessions of its meeting, by planned start."""
    meeting = meeting_of(tx, found.zoom_meeting_id or "", now)
    part = meeting.parts.get(found.id)
    sharing = {one.session.uuid: one.shared_with for one in part.sessions if one.shared_with} if part else {}
    if not sharing:
        return ()
    whose = _whose(tx, meeting)
    lists = storage.session_records.lists_of_meeting(tx, meeting.id)
    stays = [stay for one in lists.values() for stay in one.stays or ()]
    listed = {stay.session_uuid for stay in stays}
    stays += [stay for stay in live.until(_seen_in(tx, meeting), now) if stay.session_uuid not in listed]
    shared = share_records(meeting.planned, meeting.parts, stays, whose)

    def people_of(class_id: str) -> set[PersonKey]:
        of_meeting = (stay for stay in shared[class_id] if stay.where is Where.MEETING)
        return {whose(stay) for stay in of_meeting if stay.session_uuid in sharing}

    ours = people_of(found.id)
    others = [storage.classes.get_class(tx, other) for other in {other for ids in sharing.values() for other in ids}]
    others.sort(key=lambda one: (one.planned, one.id))
    return tuple(SharedWith(other, len(people_of(other.id) - ours)) for other in others)


def lists_to_look_at(tx: Transaction, part: ClassPart) -> list[SessionList]:
    """The lists of a class's sessions that Zoom does not give, or has given longer or shorter, by session."""
    uuids = [one.session.uuid for one in part.sessions]
    lists = storage.session_records.to_look_at(tx, uuids)
    return [lists[uuid] for uuid in uuids if uuid in lists]


def take_other_list(services: Services, found: Class, session_uuid: str) -> None:
    """Takes the shorter list of a session in place of the longer one, or that one again: each is kept beside the other.

    The classes that have the session follow at once.
    """
    meeting_id = found.zoom_meeting_id or ""
    with transaction(services.engine) as tx:
        now = services.now()
        meeting_of(tx, meeting_id, now, locked=True)
        storage.session_records.take_beside(tx, session_uuid)
        refresh(tx, meeting_id, now)


def choose_session(services: Services, found: Class, choice: Choice) -> None:
    """A teacher counts a session in, or leaves it out; the class and what is known of its people follow at once."""
    choose(services, found, choice)
    _follow_choice(services, found)


def undo_session_choice(services: Services, found: Class, session_uuid: str) -> None:
    """The rule decides on this session again; the class and what is known of its people follow at once."""
    undo_choice(services, found, session_uuid)
    _follow_choice(services, found)


def _follow_choice(services: Services, found: Class) -> None:
    meeting_id = found.zoom_meeting_id or ""
    with transaction(services.engine) as tx:
        now = services.now()
        meeting = meeting_of(tx, meeting_id, now, locked=True)
        refresh(tx, meeting_id, now)
        part = meeting.parts.get(found.id)
        if part is None or not part.sessions:
            storage.classes.forget_attendance(tx, found.id)


def has_zooms_list(tx: Transaction, found: Class) -> bool:
    """Whether what is stored of a class's participants is Zoom's list, and not what was seen live."""
    data = _readable(tx, found.id)
    return data is not None and data.get("source") != Source.SEEN.value


def snapshots(tx: Transaction, found: Class) -> list[Snapshot]:
    """What the readings of Zoom's list gave, in order of their time."""
    return storage.snapshots.list_snapshots(tx, found.id)


def count_sightings(tx: Transaction, found: Class) -> int:
    """How many joins and leaves were seen live: a cheap way to see that something has happened."""
    return storage.presence.count_sightings(tx, found.zoom_meeting_id or "")


def decisions(tx: Transaction, found: Class) -> list[Decision]:
    """What the class's teacher has said about who is the same person, latest first."""
    return storage.decisions.list_decisions(tx, found.teacher_id)


def decide(services: Services, found: Class, decision: Decision) -> None:
    """Remembers a word of the class's teacher, for all her classes; it replaces an earlier one about the same two."""
    with transaction(services.engine) as tx:
        storage.decisions.decide(tx, found.teacher_id, decision, services.now())


def undo_decision(services: Services, found: Class, decision: Decision) -> None:
    """Forgets a word of the class's teacher."""
    with transaction(services.engine) as tx:
        storage.decisions.undo_decision(tx, found.teacher_id, decision)


def same_people(tx: Transaction, teacher_id: str) -> list[tuple[PersonKey, PersonKey]]:
    """Who is one person by the word of a teacher."""
    said = storage.decisions.list_decisions(tx, teacher_id)
    return [(decision.first, decision.second) for decision in said if decision.same]


def _seen(tx: Transaction, found: Class, now: datetime) -> tuple[Stay, ...]:
    """The class's stays as they were seen live; those of people who are still there are open."""
    if found.zoom_meeting_id is None:
        return ()
    meeting = meeting_of(tx, found.zoom_meeting_id, now)
    stays = _seen_in(tx, meeting)
    ended = live.until(stays, now)
    as_seen = dict(zip(ended, stays, strict=True))
    shared = share_records(meeting.planned, meeting.parts, ended, _whose(tx, meeting))
    return tuple(as_seen[stay] for stay in shared.get(found.id, ()))


def _seen_in(tx: Transaction, meeting: Meeting) -> tuple[Stay, ...]:
    """The stays of a meeting's sessions as they were seen live, of those that are any class's."""
    sessions = [one for part in meeting.parts.values() for one in part.sessions]
    ends = {one.session.uuid: one.span.end for one in sessions if not one.runs}
    return live.stays_seen(storage.presence.list_sightings(tx, {one.session.uuid for one in sessions}), ends)


def _whose(tx: Transaction, meeting: Meeting) -> Callable[[Stay], PersonKey]:
    """Whose record one is: by the counting rule, and by the word of the teachers of this meeting."""
    same = [
        pair for teacher in sorted({one.teacher_id for one in meeting.classes}) for pair in same_people(tx, teacher)
    ]
    leader: Mapping[PersonKey, PersonKey] = leaders({key for pair in same for key in pair}, same)

    def whose(stay: Stay) -> PersonKey:
        key = key_of(stay)
        return leader.get(key, key)

    return whose


def _readable(tx: Transaction, class_id: str) -> dict[str, object] | None:
    try:
        return storage.classes.get_participants_data(tx, class_id)
    except UnreadableRecords:
        return None
