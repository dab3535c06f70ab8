"""Collecting the participants of a claimed class: which lists Zoom is to be asked for, asking, and storing them.

No transaction is open while Zoom is asked, and everything is stored in one, if the lease is still ours.
"""

import hashlib
import json
import logging
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tracker import classes, retry, storage
from tracker.attendance.assignment import life_of
from tracker.attendance.counting import key_of, tidy
from tracker.attendance.stored_form import stored_entries
from tracker.attendance.types import Attendance, ClassStatus, FetchState, Session, Snapshot, Span, Where
from tracker.class_attendance import attendance_of, check_has_names, refresh
from tracker.errors import (
    NoDataFromZoom,
    NotEnded,
    Problem,
    ZoomError,
    ZoomMisconfigured,
    ZoomRateLimited,
)
from tracker.retry import LIST_INCOMPLETE, SESSIONS_MISSING
from tracker.services import Services
from tracker.sessions import Discovery, apply_sessions, meeting_of, sessions_at_zoom
from tracker.storage.classes import Class
from tracker.storage.database import Transaction, reading, transaction
from tracker.storage.fetches import Claim
from tracker.storage.session_records import SessionList
from tracker.zoom import ParticipantList

log = logging.getLogger(__name__)
# The codes with which Zoom says of a session that it has none such.
UNKNOWN = frozenset({"zoom_meeting_not_over", "zoom_nothing_there"})
# The code where Zoom has lists of the class's sessions, and none of their people is this class's so far.
NOBODY_YET = "no_record_of_this_class"
# So long after its end it is news how many came to a class.
NEWS = timedelta(days=7)
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class _Questions:
    """What Zoom is to be asked for: the lists of these sessions, by UUID.

    `complete` is whether Zoom has listed the class's sessions: without that, one of them may be missing. `pending`: one
    of them is not over yet.
    """

    found: Class
    discovered: Discovery
    uuids: tuple[str, ...]
    complete: bool
    pending: bool


@dataclass(frozen=True, slots=True)
class _Answers:
    """The lists that Zoom gave, by session, and why it did not give the others."""

    lists: Mapping[str, ParticipantList]
    missing: Mapping[str, ZoomError]


def collect(services: Services, claim: Claim, progress: Progress) -> Attendance | None:
    """Fetches and stores the participants of a claimed class. Raises ClassNotReady, ZoomError where nothing came."""

    def renew() -> None:
        with transaction(services.engine) as tx:
            storage.fetches.renew(tx, claim, services.now())

    questions = _what_to_ask(services, claim, renew)
    answers = _ask(services, claim, questions, renew, progress)
    return _store(services, claim, questions, answers)


def _what_to_ask(services: Services, claim: Claim, renew: Callable[[], None]) -> _Questions:
    """Which sessions the class has, from what is known and what Zoom lists, and which lists are wanted of them.

    Raises NotEnded, NamesRemoved, NoDataFromZoom, ZoomError.
    """
    with reading(services.engine) as tx:
        now = services.now()
        found = storage.classes.get_class(tx, claim.class_id)
        check_has_names(found)
        known = meeting_of(tx, found.zoom_meeting_id or "", now)
    ended = found.status is ClassStatus.ENDED
    try:
        discovered = sessions_at_zoom(services, found, known, renew)
        listed = True
    except ZoomError as error:
        if not ended or not known.parts[found.id].sessions:
            raise
        # What the webhooks told is enough to go on with; a session that they missed is found by the next snapshot.
        discovered, listed = Discovery(refusal=error), False
        log.info("Zoom did not list the sessions", extra={"class": found.id, **error.problem.log_fields()})
    with reading(services.engine) as tx:
        part = meeting_of(tx, known.id, now, discovered.sessions).parts[found.id]
        lists = storage.session_records.lists_of_sessions(tx, [one.session.uuid for one in part.sessions])
    host_ids = {one.session.host_id for one in part.sessions}
    if found.zoom_linked_by_teacher and host_ids != {found.zoom_host_id}:
        classes.check_host(services, found)
    over = [one.session.uuid for one in part.sessions if not one.runs]
    if not ended and life_of(part)[0] is not ClassStatus.ENDED and not (part.sessions and discovered.refusal):
        raise discovered.refusal or NotEnded("no_session_ended")
    if not part.sessions:
        return _Questions(found, discovered, (_only_session(services, found, discovered),), listed, pending=False)
    # Where Zoom does not list what is over, its answer to the question for the participants shows it.
    wanted = over or [one.session.uuid for one in part.sessions]
    # A list that was read since this fetch became due serves all classes that share the session.
    since = claim.due_at
    fresh = {uuid for uuid, one in lists.items() if since and one.read_at and since <= one.read_at <= now}
    uuids = tuple(uuid for uuid in wanted if uuid not in fresh - discovered.unclear)
    return _Questions(found, discovered, uuids, listed, pending=len(wanted) < len(part.sessions))


def _ask(
    services: Services, claim: Claim, questions: _Questions, renew: Callable[[], None], progress: Progress
) -> _Answers:
    """The lists of the sessions. One that Zoom refuses does not hold up the others.

    Raises ZoomError where it is not about one session or where none of them is given, and NoDataFromZoom where they are
    all empty.
    """
    uuids, meeting_id = questions.uuids, questions.found.zoom_meeting_id or ""
    lists: dict[str, ParticipantList] = {}
    missing: dict[str, ZoomError] = {}
    for uuid in uuids:
        before = sum(len(one.stays) for one in lists.values())

        def turned_page(records: int, before: int = before) -> None:
            renew()
            progress(before + records)

        try:
            lists[uuid] = services.zoom.past_participants(uuid, turned_page)
        except (ZoomRateLimited, ZoomMisconfigured):
            raise
        except ZoomError as error:
            missing[uuid] = error
    if uuids and not any(stay.seconds > 0 for one in lists.values() for stay in one.stays):
        _note_missing(services, claim, meeting_id, missing)
        raise _why_none(lists, missing)
    return _Answers(lists, missing)


def _note_missing(services: Services, claim: Claim, meeting_id: str, missing: Mapping[str, ZoomError]) -> None:
    """Names the sessions that Zoom does not give, if the lease is still ours. Raises LeaseLost."""
    with transaction(services.engine) as tx:
        now = services.now()
        meeting_of(tx, meeting_id, now, locked=True)
        storage.fetches.renew(tx, claim, now)
        for uuid in missing.keys() - {meeting_id}:
            storage.session_records.note_missing(tx, meeting_id, uuid, missing[uuid].problem)


def _why_none(lists: Mapping[str, ParticipantList], missing: Mapping[str, ZoomError]) -> Exception:
    """Why there is no list at all: a refusal for good counts only where every session was refused for good."""
    passing = [error for error in missing.values() if not error.permanent]
    if passing:
        return passing[0]
    return NoDataFromZoom(retry.NO_LIST) if lists or not missing else next(iter(missing.values()))


def _store(services: Services, claim: Claim, questions: _Questions, answers: _Answers) -> Attendance | None:
    """Stores sessions, lists, snapshot and participants in one transaction, if the lease is still ours.

    None where none of the records is this class's, so far. Raises LeaseLost, and NoDataFromZoom where Zoom has no list.
    """
    found, meeting_id = questions.found, questions.found.zoom_meeting_id or ""
    with transaction(services.engine) as tx:
        now = services.now()
        known = meeting_of(tx, meeting_id, now, locked=True)  # nothing is read before the rows are locked
        for uuid, given in answers.lists.items():
            storage.session_records.save_list(tx, meeting_id, uuid, given.stays, complete=given.complete, now=now)
        for uuid, error in answers.missing.items():
            storage.session_records.note_missing(tx, meeting_id, uuid, error.problem)
        told = list(_with_ends(questions, answers, known.sessions))
        apply_sessions(tx, meeting_id, told, services.delay, now, fetching=found.id)
        read = _lists_of(tx, found, meeting_id, now)
        if not any(stay.seconds > 0 for one in read for stay in one.stays or ()):
            raise NoDataFromZoom(retry.NO_LIST)
        missing_at = _next_try_of_missing(services, claim, now)
        if missing_at is None and _drop_unknown(tx, read, now):
            apply_sessions(tx, meeting_id, (), services.delay, now, fetching=found.id)
            read = _lists_of(tx, found, meeting_id, now)
        again_at = _next_snapshot(tx, services, found, read, now, questions)
        missing = [one.missing for one in read if one.missing is not None and one.stays is None]
        refresh(tx, found, now, final=again_at is None and not missing)
        attendance = attendance_of(tx, storage.classes.get_class(tx, found.id), now)
        if missing and missing_at is not None:
            at = min(missing_at, again_at) if again_at else missing_at
            storage.fetches.postpone(tx, claim, _sessions_missing(missing, len(read)), at, claim.attempts)
        elif missing or not _all_records(read):
            problem = _sessions_missing(missing, len(read)) if missing else Problem(LIST_INCOMPLETE)
            if again_at is None:
                storage.fetches.abandon(tx, claim, problem, FetchState.COLLECTED)
            else:
                storage.fetches.finish(tx, claim, again_at, problem)
        else:
            storage.fetches.finish(tx, claim, again_at, Problem(NOBODY_YET) if attendance is None else None)
            if again_at is None:
                _tell(tx, services, found, now)
        return attendance


def _tell(tx: Transaction, services: Services, found: Class, now: datetime) -> None:
    """The list of a class has become final: its teacher hears of it, where she wants that.

    Not of one that was so before, and is counted again, nor of one that was over long ago.
    """
    was_final = found.fetch is not None and found.fetch.stored_state is FetchState.SETTLED
    if services.settings.smtp_url and not was_final and now - found.planned.end < NEWS:
        storage.mails.ask_digest(tx, found.id, now)


def _sessions_missing(missing: Sequence[Problem], number: int) -> Problem:
    """That Zoom does not give some of so many sessions, with the reason of the first."""
    why: tuple[Problem, ...] = tuple(missing[:1])
    return Problem(SESSIONS_MISSING, {"missing": len(missing), "sessions": number, "why": why})


def _lists_of(tx: Transaction, found: Class, meeting_id: str, now: datetime) -> list[SessionList]:
    """What Zoom has given of the sessions of a class."""
    uuids = [one.session.uuid for one in meeting_of(tx, meeting_id, now).parts[found.id].sessions]
    lists = storage.session_records.lists_of_sessions(tx, uuids)
    return [lists[uuid] for uuid in uuids if uuid in lists]


def _next_snapshot(
    tx: Transaction,
    services: Services,
    found: Class,
    read: Sequence[SessionList],
    now: datetime,
    questions: _Questions,
) -> datetime | None:
    """Remembers this snapshot of the class's lists, and says when to take the next one; None when they are settled."""
    stays = tidy(stay for one in read for stay in one.stays or ())
    whole = all(one.complete and one.shorter is None and one.missing is None for one in read)
    finished = all(stay.seconds > 0 for stay in stays)
    complete = questions.complete and not questions.pending and whole and finished
    content = json.dumps(stored_entries(stays))
    snapshot = Snapshot(
        at=now.replace(microsecond=0),
        records=len(stays),
        people=len({key_of(stay) for stay in stays if stay.where is Where.MEETING}),
        complete=complete,
        digest=hashlib.sha256(content.encode()).hexdigest(),
    )
    storage.snapshots.add_snapshot(tx, found.id, snapshot)
    # A class may have had a session before its time, and another one that nobody has announced.
    ended_at = max(storage.classes.get_class(tx, found.id).ended_at or now, found.planned.end)
    again_at = retry.next_snapshot(storage.snapshots.list_snapshots(tx, found.id), ended_at, services.delay)
    if again_at is None and not _all_records(read):
        return retry.next_of_incomplete(snapshot.at, ended_at)
    return again_at


def _all_records(read: Iterable[SessionList]) -> bool:
    """Whether Zoom gave all the records that it speaks of, in the lists that it gave."""
    return all(one.complete for one in read if one.stays is not None)


def _with_ends(questions: _Questions, answers: _Answers, known: Iterable[Session]) -> Iterator[Session]:
    """What Zoom told of sessions. An end that it did not tell is when the last person left.

    One that is over and that Zoom tells no more of lasts, as long as nothing better is known, until the planned end.
    """
    discovered, planned_end = questions.discovered, questions.found.planned.end
    for session in discovered.sessions:
        if session.uuid not in discovered.unclear:
            yield session
        elif (span := _span_of(answers, session.uuid)) is not None:
            yield replace(session, end=max(span.end, session.start))
        elif session.uuid in answers.missing and session.uuid in discovered.over:
            yield replace(session, end=max(session.start, min(planned_end, session.end or planned_end)))
    told = {session.uuid for session in discovered.sessions}
    for session in known:  # one whose list Zoom gives is over
        if session.end is None and session.uuid not in told and (span := _span_of(answers, session.uuid)) is not None:
            yield replace(session, end=max(span.end, session.start))
    meeting_id = questions.found.zoom_meeting_id or ""
    if questions.uuids == (meeting_id,) and (span := _span_of(answers, meeting_id)) is not None:
        # Zoom told nothing of the session itself; its list shows when it was.
        yield Session(meeting_id, span.start, span.end)


def _span_of(answers: _Answers, uuid: str) -> Span | None:
    """From the first join to the last leave in the list of a session."""
    given = answers.lists.get(uuid)
    spans = [stay.span for stay in given.stays if stay.span is not None] if given else []
    return Span(min(span.start for span in spans), max(span.end for span in spans)) if spans else None


def _only_session(services: Services, found: Class, discovered: Discovery) -> str:
    """The meeting's id, which Zoom takes for its latest session, for a class of which no session is known.

    Raises NoDataFromZoom where that may be another class's, and why Zoom does not say whose it is.
    """
    if discovered.listed:
        raise NoDataFromZoom("sessions_elsewhere")
    meeting_id = found.zoom_meeting_id or ""
    if discovered.refusal is not None and not found.own_meeting:
        with reading(services.engine) as tx:
            if len(storage.classes.classes_of_meeting(tx, meeting_id)) > 1:
                raise discovered.refusal
    return meeting_id


def _next_try_of_missing(services: Services, claim: Claim, now: datetime) -> datetime | None:
    """When to ask again for sessions that Zoom refuses, for as long as for an empty list; None to give up."""
    return retry.next_try(
        NoDataFromZoom(retry.NO_LIST),
        claim.attempts,
        claim.asked_at,
        now,
        first_gap=retry.first_gap(services.delay),
        spread=random.random(),  # noqa: S311 - spreads load, guards nothing
    )


def _drop_unknown(tx: Transaction, read: Iterable[SessionList], now: datetime) -> bool:
    """Gives up the sessions that Zoom does not know and in which nobody was seen; whether there were any."""
    unknown = [one.session_uuid for one in read if one.stays is None and one.missing and one.missing.code in UNKNOWN]
    seen = {sighting.session_uuid for sighting in storage.presence.list_sightings(tx, unknown)}
    dropped = [uuid for uuid in unknown if uuid not in seen]
    for uuid in dropped:
        storage.sessions.drop_session(tx, uuid, now)
        log.warning("a session that Zoom does not know is dropped", extra={"session": uuid})
    return bool(dropped)
