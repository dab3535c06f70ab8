"""The attendance of a class as it is stored, as it was seen live, and who is in class now."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from tracker import audit, auth, storage
from tracker.attendance import live
from tracker.attendance.anonymous import ERASED
from tracker.attendance.assignment import Choice, ClassPart
from tracker.attendance.counting import key_of, leaders, take_attendance
from tracker.attendance.remembered import take_again
from tracker.attendance.same_person import Suggestion, likely_same, undecided
from tracker.attendance.sharing import share_records
from tracker.attendance.stored_form import participants_data, source_in_data, stays_from_data
from tracker.attendance.types import (
    Attendance,
    ClassStatus,
    FetchState,
    Person,
    PersonKey,
    Said,
    Snapshot,
    Source,
    Stay,
    Where,
)
from tracker.audit import Action
from tracker.errors import NamesRemoved, NotAllowed, NotFound, Problem, UnreadableRecords
from tracker.services import Services
from tracker.sessions import Meeting, ReadAhead, following, meeting_of, part_of
from tracker.storage.classes import Class
from tracker.storage.database import Transaction, transaction
from tracker.storage.members import Member
from tracker.storage.session_records import SessionList

# What a person says of a session: it counts, it does not, or what she said before is taken back.
SAID_OF_SESSION = {
    True: Action.SESSION_COUNTED_IN,
    False: Action.SESSION_LEFT_OUT,
    None: Action.SESSION_CHOICE_UNDONE,
}


def attendance_of(
    tx: Transaction, found: Class, now: datetime, said: Said | None = None, ahead: ReadAhead | None = None
) -> Attendance | None:
    """The attendance of a class from what is stored; None while it is not known. `said` is what its teacher has said.

    Of sessions whose lists Zoom has not given, those are in it who were seen live in them: what is known is kept.
    """
    stored = ahead.stored(found.id) if ahead else storage.participants.get_stored(tx, found.id)
    if stored is None:
        return None
    meeting = ahead.meetings.get(found.zoom_meeting_id or "") if ahead else None
    part, stays = part_of(tx, found, now, meeting), stored.stays
    if unlisted := _unlisted(tx, part, stays, ahead):
        seen = live.until(_seen(tx, found, now, meeting), now)
        stays = (*stays, *(stay for stay in seen if stay.session_uuid in unlisted))
    return take_class_attendance(
        stays,
        found,
        part,
        said=stored.said or said or said_by(tx, found.teacher_id),
        repeats=stored.repeats,
        source=stored.source,
        take=take_again,
    )


def attendance_seen(tx: Transaction, found: Class, now: datetime) -> Attendance | None:
    """The attendance of a class as its joins and leaves were seen live, up to `now`; None where nothing was seen."""
    stays = live.until(_seen(tx, found, now), now)
    if not stays:
        return None
    part = part_of(tx, found, now)
    return take_class_attendance(stays, found, part, said=said_by(tx, found.teacher_id), source=Source.SEEN)


def attendance_shown(tx: Transaction, found: Class, now: datetime) -> Attendance | None:
    """What is shown of a class: what is stored, else what was seen live; while it runs again, both together."""
    known = attendance_of(tx, found, now) or attendance_seen(tx, found, now)
    return replace(known, until=now) if known is not None and found.status is ClassStatus.LIVE else known


def figures_shown(tx: Transaction, found: Class, now: datetime) -> tuple[int | None, int]:
    """How many people a class has and how many hosts, as its page has it; (None, 0) before anything is known."""
    if found.participant_count is not None or found.status is not ClassStatus.ENDED:
        return found.figures
    seen = attendance_seen(tx, found, now)
    return (len(seen.participants), len(seen.hosts)) if seen else (None, 0)


def _unlisted(tx: Transaction, part: ClassPart, stays: Iterable[Stay], ahead: ReadAhead | None) -> set[str]:
    """The UUIDs of a class's sessions whose lists Zoom has not given, where what is stored is of its lists."""
    uuids = {one.session.uuid for one in part.sessions}
    listed = uuids & ahead.listed if ahead else storage.session_records.listed(tx, uuids)
    if not listed and not any(one.runs for one in part.sessions):
        return set()
    return uuids - listed - {stay.session_uuid for stay in stays}


@dataclass(frozen=True, slots=True)
class Overview:
    """All that is known of who was in a class, with what is left for its teacher to decide.

    `attendance` is None before anything is known. `missing` says why Zoom does not give the lists of sessions that it
    never gave, by UUID.
    """

    attendance: Attendance | None
    suggestions: tuple[Suggestion, ...]
    part: ClassPart
    missing: Mapping[str, Problem]


def overview(tx: Transaction, found: Class, now: datetime) -> Overview:
    """All that is known of who was in a class; up to `now` while it runs."""
    attendance, part = attendance_shown(tx, found, now), part_of(tx, found, now)
    lists = lists_to_look_at(tx, part)
    return Overview(
        attendance,
        suggestions(tx, found, attendance.people) if attendance else (),
        part,
        {one.session_uuid: one.missing for one in lists if one.missing is not None and one.stays is None},
    )


def suggestions(tx: Transaction, found: Class, people: Sequence[Person]) -> tuple[Suggestion, ...]:
    """Who of these people may be the same, as far as the class's teacher has not decided it."""
    decided = storage.decisions.list_decisions(tx, found.teacher_id)
    return undecided(likely_same(people), ((one.first, one.second) for one in decided))


def people_in_class_now(tx: Transaction, found: Class, now: datetime) -> tuple[Person, ...]:
    """Who is in a class that runs, with their present stay, as far as it was seen; by name."""
    part = part_of(tx, found, now)
    running = {one.session.uuid for one in part.sessions if one.runs}
    here = [stay for stay in _seen(tx, found, now) if live.is_open(stay) and stay.session_uuid in running]
    return take_class_attendance(here, found, part, said=said_by(tx, found.teacher_id)).people


def not_here_yet(tx: Transaction, viewer: Member, found: Class, seen: Attendance, now: datetime) -> tuple[Person, ...]:
    """Who came to the latest counted class of a class's course, and was not seen in this one; nobody else's class."""
    if found.course_id is None:
        return ()
    latest = storage.participants.latest_counted(tx, found.teacher_id, found.course_id, found.scheduled_start)
    if latest is None:
        return ()
    before = storage.classes.get_class(tx, latest)
    with suppress(NotAllowed, UnreadableRecords):
        auth.check_may_see(viewer, before)
        if known := attendance_of(tx, before, now):
            came = {key for person in (*seen.people, *seen.set_aside) for key in person.keys}
            awaited = (person for person in known.participants if not person.name.startswith(ERASED))
            return tuple(person for person in awaited if came.isdisjoint(person.keys))
    return ()


def take_class_attendance(
    stays: tuple[Stay, ...] | list[Stay],
    found: Class,
    part: ClassPart,
    *,
    said: Said,
    repeats: int = 0,
    source: Source = Source.ZOOM,
    take: Callable[..., Attendance] = take_attendance,
) -> Attendance:
    """The attendance of a class from its records and what it has of its meeting's sessions."""
    sessions = [
        replace(one.session, start=one.span.start, end=None if one.runs else one.span.end) for one in part.counted
    ]
    return take(
        stays,
        sessions,
        found.planned,
        own_time=part.own_time if part.sessions or part.own_time else None,
        at_another_time=part.at_another_time,
        shares={one.session.uuid: one.share for one in part.sessions if one.shared_with},
        said=said,
        hosts=_hosts(found, part),
        rules=found.rules,
        repeats=repeats,
        source=source,
    )


def refresh(tx: Transaction, found: Class, now: datetime, *, final: bool = False) -> None:
    """Works out anew, from Zoom's lists, the participants of a class and of those with which it shares sessions.

    A class whose sessions have no record of its own is not known yet, unless its list is `final`: then nobody was
    there. The figures that are shown follow what its teacher has said of people.
    """
    meeting = meeting_of(tx, found.zoom_meeting_id or "", now)
    _refresh(tx, meeting.shared_with(found.id), now, found.id if final else None)


def refresh_all(tx: Transaction, meeting_id: str, class_ids: Iterable[str], now: datetime) -> None:
    """Does so for these classes of a meeting; the caller has locked its classes."""
    meeting, done = meeting_of(tx, meeting_id, now), set[str]()
    for class_id in class_ids:
        if class_id not in meeting.parts:
            add_figures(tx, class_id, now)
        elif class_id not in done:
            group = meeting.shared_with(class_id)
            _refresh(tx, group, now, None)
            done |= group.parts.keys()


def _refresh(tx: Transaction, group: Meeting, now: datetime, final: str | None) -> None:
    """Works out anew the participants of classes that share sessions with each other and with no others."""
    lists = storage.session_records.lists_of_sessions(tx, group.of_classes)
    stays = [stay for one in lists.values() if one.stays for stay in one.stays]
    storage.members.hold(tx, {one.teacher_id for one in group.classes})
    shared = share_records(group.planned, group.parts, stays, _whose(tx, group))
    for class_id, part in sorted(group.parts.items()):
        read = [lists[session.session.uuid] for session in part.sessions if session.session.uuid in lists]
        read_at = [known.read_at for known in read if known.stays is not None and known.read_at is not None]
        one = storage.classes.get_class(tx, class_id)
        if one.names_removed_at is not None:
            continue  # nothing brings its names back
        if not read_at:
            if _is_of_other_sessions(tx, class_id, part):  # a person has taken the session out from which it had them
                storage.participants.forget_attendance(tx, class_id)
        elif shared[class_id] or class_id == final or _is_settled(one):
            attendance = take_class_attendance(shared[class_id], one, part, said=said_by(tx, one.teacher_id))
            if participants_data(attendance) != _readable(tx, class_id) or one.participants_fetched_at is None:
                storage.participants.save_attendance(tx, class_id, attendance, max(read_at))
        elif has_zooms_list(tx, one):  # its people have turned out to be another class's
            storage.participants.forget_attendance(tx, class_id)
        add_figures(tx, class_id, now)


def _is_of_other_sessions(tx: Transaction, class_id: str, part: ClassPart) -> bool:
    """Whether what is stored of a class is of sessions none of which is its own any more."""
    data = _readable(tx, class_id)
    told = {stay.session_uuid for stay in stays_from_data(data)} - {""} if data else set()
    return bool(told) and told.isdisjoint(one.session.uuid for one in part.sessions)


def _is_settled(found: Class) -> bool:
    return found.fetch is not None and found.fetch.stored_state is FetchState.SETTLED


@dataclass(frozen=True, slots=True)
class SharedWith:
    """Another class that shares sessions with a class, and how many of their people are only that one's."""

    other: Class
    people: int


def shared_with(tx: Transaction, found: Class, now: datetime) -> tuple[SharedWith, ...]:
    """The classes with which a class shares sessions of its meeting, by planned start."""
    meeting = meeting_of(tx, found.zoom_meeting_id or "", now).shared_with(found.id)
    part = meeting.parts.get(found.id)
    sharing = {one.session.uuid: one.shared_with for one in part.sessions if one.shared_with} if part else {}
    if not sharing:
        return ()
    whose = _whose(tx, meeting)
    lists = storage.session_records.lists_of_sessions(tx, meeting.of_classes)
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


def moved_to(tx: Transaction, found: Class, now: datetime) -> tuple[Class, ...]:
    """The classes that have the sessions now of which the list of a class is, where it has none of them any more.

    The class, or one of these, was moved: its list is kept, and whose its people are has to be said.
    """
    meeting, data = meeting_of(tx, found.zoom_meeting_id or "", now), _readable(tx, found.id)
    if data is None or found.id not in meeting.parts or meeting.parts[found.id].sessions:
        return ()
    told = {stay.session_uuid for stay in stays_from_data(data)}
    having = [one.id for one in meeting.classes if not told.isdisjoint(meeting.uuids_of(one.id))]
    return tuple(storage.classes.get_class(tx, class_id) for class_id in having)


def lists_to_look_at(tx: Transaction, part: ClassPart) -> list[SessionList]:
    """The lists of a class's sessions that Zoom does not give, or has given longer or shorter, by session."""
    uuids = [one.session.uuid for one in part.sessions]
    lists = storage.session_records.to_look_at(tx, uuids)
    return [lists[uuid] for uuid in uuids if uuid in lists]


def take_other_list(services: Services, acting: Member, found: Class, session_uuid: str) -> None:
    """Takes the shorter list of a session in place of the longer one, or that one again: each is kept beside the other.

    The classes that have the session follow at once. Raises NotAllowed, NotFound.
    """
    meeting_id = found.zoom_meeting_id or ""
    now = services.now()
    with transaction(services.engine) as tx:
        with following(tx, meeting_id, services.delay, now) as meeting:
            _check_may_decide(tx, acting, found)
            if session_uuid not in meeting.uuids_of(found.id):
                raise NotFound("no_such_session")
            # Until when a session lasted may hang on the latest leave in its list.
            storage.session_records.take_beside(tx, session_uuid)
            audit.note(tx, acting, Action.LIST_TAKEN, now, class_id=found.id, session=session_uuid)
        refresh(tx, found, now)


def choose_session(services: Services, acting: Member, found: Class, choice: Choice) -> None:
    """A teacher counts a session in, or leaves it out; the class and what is known of its people follow at once.

    Raises NotAllowed.
    """
    _decide_on_session(services, acting, found, choice.session_uuid, choice)


def undo_session_choice(services: Services, acting: Member, found: Class, session_uuid: str) -> None:
    """The rule decides on this session again; the class and what is known of its people follow at once.

    Raises NotAllowed.
    """
    _decide_on_session(services, acting, found, session_uuid, None)


def _decide_on_session(
    services: Services, acting: Member, found: Class, session_uuid: str, choice: Choice | None
) -> None:
    """Stores a choice, or forgets it, and brings all classes of the meeting and their people in line with it."""
    meeting_id, now = found.zoom_meeting_id or "", services.now()
    with transaction(services.engine) as tx:
        with following(tx, meeting_id, services.delay, now):
            _check_may_decide(tx, acting, found)
            storage.sessions.undo_choice(tx, found.id, session_uuid)
            if choice is not None:
                storage.sessions.choose(tx, choice, now)
            action = SAID_OF_SESSION[choice.counts if choice else None]
            audit.note(tx, acting, action, now, class_id=found.id, session=session_uuid)
        meeting = meeting_of(tx, meeting_id, now)
        having = {one.id for one in meeting.classes if session_uuid in meeting.uuids_of(one.id)}
        refresh_all(tx, meeting_id, sorted(having | {found.id}), now)


def size_of_records(tx: Transaction, found: Class) -> int | None:
    """How much is stored of a class's participants: a cheap way to see that it has changed, as when one is erased."""
    return storage.participants.size_of_data(tx, found.id)


def has_zooms_list(tx: Transaction, found: Class) -> bool:
    """Whether what is stored of a class's participants is Zoom's list, and neither what was seen live nor a report."""
    data = _readable(tx, found.id)
    return data is not None and source_in_data(data) is Source.ZOOM


def snapshots(tx: Transaction, found: Class) -> list[Snapshot]:
    """What the readings of Zoom's list gave, in order of their time."""
    return storage.snapshots.list_snapshots(tx, found.id)


def count_sightings(tx: Transaction, found: Class) -> int:
    """How many joins and leaves were seen live: a cheap way to see that something has happened."""
    return storage.presence.count_sightings(tx, found.zoom_meeting_id or "")


def said_by(tx: Transaction, teacher_id: str) -> Said:
    """Everything that a teacher has said about people."""
    decisions = storage.decisions.list_decisions(tx, teacher_id)
    same = tuple((decision.first, decision.second) for decision in decisions if decision.same)
    return Said(same, storage.decisions.list_marks(tx, teacher_id))


def add_figures(tx: Transaction, class_id: str, now: datetime) -> None:
    """Works out the figures that are shown of a class; of records that cannot be read it is their count."""
    found = storage.classes.get_class(tx, class_id)
    if found.participant_count is None:
        return
    attendance = None
    with suppress(UnreadableRecords):
        attendance = attendance_of(tx, found, now)
    if attendance is None:
        storage.participants.keep_to_rule(tx, class_id)
    else:
        storage.participants.save_figures(tx, class_id, attendance)


def _hosts(found: Class, part: ClassPart) -> frozenset[str]:
    """The Zoom ids and e-mail addresses of those who host a class: its teacher, and whoever may host its meeting."""
    teacher = (found.teacher_email, found.teacher_zoom_user)
    known = (found.zoom_host_id, *teacher, *found.may_host, *(one.session.host_id for one in part.sessions))
    return frozenset(one.casefold() if "@" in one else one for one in known if one)


def _seen(tx: Transaction, found: Class, now: datetime, meeting: Meeting | None = None) -> tuple[Stay, ...]:
    """The class's stays as they were seen live; those of people who are still there are open."""
    if found.zoom_meeting_id is None:
        return ()
    meeting = (meeting or meeting_of(tx, found.zoom_meeting_id, now)).shared_with(found.id)
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
    teachers = sorted({one.teacher_id for one in meeting.classes})
    same = [pair for teacher in teachers for pair in said_by(tx, teacher).same]
    leader: Mapping[PersonKey, PersonKey] = leaders({key for pair in same for key in pair}, same)

    def whose(stay: Stay) -> PersonKey:
        key = key_of(stay)
        return leader.get(key, key)

    return whose


def _check_may_decide(tx: Transaction, acting: Member, found: Class) -> None:
    """Raises NotAllowed unless the acting person may decide on the sessions of a class, NotFound, and NamesRemoved."""
    present = storage.classes.get_class(tx, found.id)
    auth.check_may_change(acting, present)
    auth.check_reach(tx, acting, present)
    check_has_names(present)


def check_has_names(found: Class) -> None:
    """Raises NamesRemoved where the participants of a class are nobody by name any more, which is for good."""
    if found.names_removed_at is not None:
        raise NamesRemoved()


def _readable(tx: Transaction, class_id: str) -> dict[str, object] | None:
    try:
        return storage.participants.get_participants_data(tx, class_id)
    except UnreadableRecords:
        return None
