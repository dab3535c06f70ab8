"""The participants of a class: fetched from Zoom when they are due, taken from what is stored, or seen live.

Each use case opens its own short transactions, and never keeps one open while it talks to Zoom.
"""

import hashlib
import json
import logging
import random
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Literal

from sqlmodel import Session as Transaction

from tracker import fetches, live, pacing, records, store, watchlist
from tracker.attendance import (
    Attendance,
    ClassStatus,
    FetchState,
    Person,
    PersonKey,
    Session,
    Source,
    Stay,
    life_of_class,
    number_of,
    participants_data,
    stays_from_data,
    take_attendance,
)
from tracker.database import reading, transaction
from tracker.discovery import Discovery, sessions_at_zoom
from tracker.errors import (
    AlreadyFetched,
    ClassNotReady,
    LeaseLost,
    NoDataFromZoom,
    NoMeeting,
    NotEnded,
    TooSoon,
    UnreadableRecords,
    ZoomError,
    ZoomMeetingUnknown,
    ZoomRateLimited,
)
from tracker.fetches import Claim
from tracker.records import TakenReading
from tracker.services import Services
from tracker.sessions import counted_sessions, own_session, sessions_of
from tracker.store import Class
from tracker.zoom import Category

log = logging.getLogger(__name__)

# Zoom ends every meeting after this long.
LONGEST_MEETING = timedelta(hours=30)

MOST_RETRIED = 10_000

Progress = Callable[[int], None]
Outcome = Literal["collected", "put off"]


def check_fetchable(found: Class, now: datetime) -> None:
    """Raises the reason why there is nothing to fetch. A class whose planned time has passed may be over unheard."""
    if found.zoom_meeting_id is None:
        raise NoMeeting("This class has no Zoom meeting.")
    if found.status is ClassStatus.CANCELLED:
        raise NotEnded("This class was cancelled.")
    if found.status is not ClassStatus.ENDED and now < found.planned.end:
        raise NotEnded("This class has not ended.")


def fetch_now(services: Services, class_id: str, progress: Progress = lambda records: None) -> Attendance:
    """Fetches the participants at once, for a person who waits; the planned fetch stays planned.

    Raises ClassNotReady with the reason (no meeting, not ended, under way, no list yet), ZoomError, NotFound.
    """
    with transaction(services.engine) as tx:
        now = services.now()
        check_fetchable(store.lock_class(tx, class_id), now)
        claim = fetches.claim_class(tx, class_id, now)
    try:
        return _collect(services, claim, progress)
    except BaseException:
        with suppress(LeaseLost), transaction(services.engine) as tx:
            fetches.release(tx, claim)
        raise


def fetch_if_due(services: Services, class_id: str) -> Attendance:
    """Fetches the participants unless they are known or not due. Raises as `fetch_now`, AlreadyFetched, TooSoon."""
    with reading(services.engine) as tx:
        found = store.get_class(tx, class_id)
        known = _has_zooms_list(tx, found)
    if found.zoom_meeting_id is None:
        raise NoMeeting("This class has no Zoom meeting.")
    if found.status is not ClassStatus.ENDED or found.ended_at is None:
        raise NotEnded("This class has not ended.")
    if known:
        raise AlreadyFetched("The participants of this class are known.")
    if services.now() < found.ended_at + services.delay:
        raise TooSoon("Zoom is still preparing the list of this class.")
    return fetch_now(services, class_id)


def fetch_due(services: Services) -> Outcome | None:
    """Works on the one fetch that has been due the longest; None where none is due, or Zoom wants no calls now."""
    with transaction(services.engine) as tx:
        now = services.now()
        claim = None if pacing.is_paused(tx, Category.MEDIUM, now) else fetches.claim_due(tx, now)
    if claim is None:
        return None
    try:
        attendance = _collect(services, claim, lambda records: None)
        people = attendance.unique_count
        log.info("participants collected", extra={"class": claim.class_id, "people": people, "attempt": claim.attempts})
        return "collected"
    except LeaseLost:
        log.info("the fetch was taken over", extra={"class": claim.class_id})
    except (ZoomError, ClassNotReady) as error:
        _put_off(services, claim, error, error.sentence)
    except Exception as error:
        # One class with a fault that nobody foresaw must not stop the others, nor be lost.
        log.exception("unexpected fault", extra={"class": claim.class_id, "attempt": claim.attempts})
        _put_off(services, claim, error, "Something went wrong here; the operator's log has the details.")
    return "put off"


def retry(services: Services, class_id: str) -> None:
    """Puts the fetch of a class back into the queue, to be tried at once and as patiently as at first.

    Raises ClassNotReady with the reason why there is nothing to fetch, NotFound.
    """
    with transaction(services.engine) as tx:
        now = services.now()
        check_fetchable(store.lock_class(tx, class_id), now)
        fetches.ask(tx, class_id, now, now)


def retry_all(services: Services) -> int:
    """Does so for every class whose fetch fails or was given up; how many there were."""
    with reading(services.engine) as tx:
        troubled = watchlist.troubled(tx, limit=MOST_RETRIED)
    tried = 0
    for found in troubled:
        with suppress(ClassNotReady):
            retry(services, found.id)
            tried += 1
    return tried


def attendance_of(tx: Transaction, found: Class) -> Attendance | None:
    """The attendance of a class from what is stored; None while it is not known."""
    data = store.participants_data(tx, found.id)
    if data is None:
        return None
    return take_attendance(
        stays_from_data(data),
        counted_sessions(tx, found) or own_session(found),
        found.planned,
        same=_same_people(tx, found),
        repeats=number_of(data.get("repeats")),
        source=Source.SEEN if data.get("source") == Source.SEEN else Source.ZOOM,
    )


def attendance_seen(tx: Transaction, found: Class, now: datetime) -> Attendance | None:
    """The attendance of a class as its joins and leaves were seen live, up to `now`; None where nothing was seen."""
    sessions = counted_sessions(tx, found)
    ends = _ends(sessions)
    uuids = {session.uuid for session in sessions}
    seen = [sighting for sighting in records.sightings(tx, found.id) if sighting.session_uuid in uuids]
    stays = live.until(live.stays_seen(seen, ends), now)
    if not stays:
        return None
    return take_attendance(stays, sessions, found.planned, same=_same_people(tx, found), source=Source.SEEN)


def people_in_class_now(tx: Transaction, found: Class) -> tuple[Person, ...]:
    """Who is in a class that runs, with their present stay, as far as it was seen; by name."""
    # Zoom runs a meeting once at a time: an earlier session without an end is one whose end was never announced.
    sessions = [session for session in counted_sessions(tx, found)[-1:] if session.end is None]
    uuids = {session.uuid for session in sessions}
    seen = [sighting for sighting in records.sightings(tx, found.id) if sighting.session_uuid in uuids]
    here = [stay for stay in live.stays_seen(seen, {}) if live.is_open(stay)]
    return take_attendance(here, sessions, found.planned, same=_same_people(tx, found)).people


def _ends(sessions: Sequence[Session]) -> dict[str, datetime]:
    """The ends of the sessions that are over; where one was never announced, it was over when the next began."""
    ends = {before.uuid: before.end or after.start for before, after in pairwise(sessions)}
    return ends | {session.uuid: session.end for session in sessions if session.end is not None}


def _same_people(tx: Transaction, found: Class) -> list[tuple[PersonKey, PersonKey]]:
    """Who is one person by the word of the class's teacher."""
    said = records.decisions(tx, found.teacher_id)
    return [(decision.first, decision.second) for decision in said if decision.same]


def _collect(services: Services, claim: Claim, progress: Progress) -> Attendance:
    """Fetches and stores the participants of a claimed class; nothing is stored unless all of it came."""
    with reading(services.engine) as tx:
        found = store.get_class(tx, claim.class_id)
        known = counted_sessions(tx, found)
    ended = found.status is ClassStatus.ENDED

    def renew() -> None:
        with transaction(services.engine) as tx:
            fetches.renew(tx, claim, services.now())

    try:
        discovered = sessions_at_zoom(services, found, known, renew)
        asked = True
    except ZoomError as error:
        if not ended or not known:
            raise
        # What the webhooks told is enough to go on with; a session that they missed is found by the next reading.
        discovered, asked = Discovery((), error), False
        log.info("Zoom did not list the sessions", extra={"class": found.id, "reason": error.sentence})
    runs = sessions_of(found, _merged(known, discovered.sessions))
    if not ended and not _may_be_over(runs, discovered):
        raise discovered.refusal or NotEnded("Zoom knows of no session of this class that has ended.")

    stays: list[Stay] = []
    for meeting in [run.uuid for run in runs] or [_only_session(services, found, discovered)]:
        before = len(stays)

        def turned_page(records: int, before: int = before) -> None:
            renew()
            progress(before + records)

        stays += services.zoom.past_participants(meeting, turned_page)
    if not any(stay.seconds > 0 for stay in stays):
        raise NoDataFromZoom(fetches.NO_LIST)

    runs = tuple(_with_end(run, stays) for run in runs)
    attendance = take_attendance(stays, runs or own_session(found), found.planned)
    with transaction(services.engine) as tx:
        now = services.now()
        store.lock_class(tx, claim.class_id)
        for run in runs:
            store.save_session(tx, claim.class_id, run)
        if runs and runs[-1].end is not None:
            store.set_life(tx, claim.class_id, *life_of_class(runs))
        records.add_reading(tx, claim.class_id, _reading(attendance, now, complete=asked))
        # A class may have had a session before its time, and another one that nobody has announced.
        ended_at = max(store.get_class(tx, claim.class_id).ended_at or now, found.planned.end)
        again_at = fetches.next_reading(records.readings(tx, claim.class_id), ended_at, services.delay)
        fetches.finish(tx, claim, again_at)
        store.save_attendance(tx, claim.class_id, attendance, now)
    return attendance


def _may_be_over(runs: Sequence[Session], discovered: Discovery) -> bool:
    """Whether it is worth asking for the participants of a class whose end was not announced.

    Where Zoom does not list what is over, its answer to the question for the participants shows it.
    """
    if not runs:
        return False
    over = {run.uuid for run in discovered.sessions}
    return runs[-1].end is not None or runs[-1].uuid in over or discovered.refusal is not None


def _only_session(services: Services, found: Class, discovered: Discovery) -> str:
    """The meeting's id, which Zoom takes for its latest session, for a class of which no session is known.

    Raises NoDataFromZoom where that may be another class's, and why Zoom does not say whose it is.
    """
    if discovered.elsewhere:
        raise NoDataFromZoom("Zoom has sessions of this meeting, and none at the time of this class.")
    meeting_id = found.zoom_meeting_id or ""
    if discovered.refusal is not None and not found.zoom_meeting_made:
        with reading(services.engine) as tx:
            if len(store.classes_of_meeting(tx, meeting_id)) > 1:
                raise discovered.refusal
    return meeting_id


def _with_end(run: Session, stays: Iterable[Stay]) -> Session:
    """A session whose list Zoom gives is over; where its end was never told, it is when the last one left."""
    if run.end is not None:
        return run
    leaves = [stay.leave for stay in stays if stay.session_uuid == run.uuid and stay.leave is not None]
    return replace(run, end=max(leaves, default=None))


def _merged(known: Iterable[Session], listed: Iterable[Session]) -> Iterable[Session]:
    """Each session once, as Zoom lists it; an end that is known is not forgotten where Zoom leaves it out."""
    ends = {run.uuid: run.end for run in known}
    latest = (run if run.end else replace(run, end=ends.get(run.uuid)) for run in listed)
    return {run.uuid: run for run in (*known, *latest)}.values()


def _reading(attendance: Attendance, now: datetime, *, complete: bool) -> TakenReading:
    """What this reading of Zoom's list gave. A record of no length is one that Zoom is still working on.

    `complete` is whether Zoom listed the sessions: without that, one of them may be missing.
    """
    content = json.dumps(participants_data(attendance)["participants"])
    return TakenReading(
        at=now.replace(microsecond=0),
        records=attendance.total_records,
        people=attendance.unique_count,
        complete=complete and all(stay.seconds > 0 for stay in attendance.stays),
        digest=hashlib.sha256(content.encode()).hexdigest(),
    )


def _has_zooms_list(tx: Transaction, found: Class) -> bool:
    try:
        data = store.participants_data(tx, found.id)
    except UnreadableRecords:
        return False
    return data is not None and data.get("source") != Source.SEEN.value


def _put_off(services: Services, claim: Claim, error: Exception, sentence: str) -> None:
    """Puts the fetch off until the next try, or gives it up."""
    log.warning("the fetch failed", extra={"class": claim.class_id, "attempt": claim.attempts, "reason": sentence})
    gave_up = FetchState.FAILED if isinstance(error, ZoomError) and error.permanent else FetchState.NO_DATA
    try:
        with transaction(services.engine) as tx:
            now = services.now()
            at = fetches.next_try(
                error,
                claim.attempts,
                _patient_from(tx, claim, error),
                now,
                # A tenth of the delay: a minute for the usual ten, and less where a school is in more of a hurry.
                first_gap=min(max(services.delay / 10, timedelta(seconds=1)), timedelta(minutes=1)),
                spread=random.random(),  # noqa: S311 - spreads load, guards nothing
            )
            if at is not None:
                # That the account was too busy says nothing against this class.
                attempts = claim.attempts - 1 if isinstance(error, ZoomRateLimited) else claim.attempts
                fetches.postpone(tx, claim, sentence, at, attempts)
                return
            found = store.lock_class(tx, claim.class_id)
            if _has_zooms_list(tx, found):
                gave_up = FetchState.COLLECTED  # an earlier reading is there; only this one is given up
            elif found.status is ClassStatus.ENDED and (seen := attendance_seen(tx, found, now)) is not None:
                store.save_attendance(tx, found.id, seen, now)
            fetches.abandon(tx, claim, sentence, gave_up)
    except LeaseLost:
        log.info("the fetch was taken over", extra={"class": claim.class_id})


def _patient_from(tx: Transaction, claim: Claim, error: Exception) -> datetime:
    """From when on patience with an answer that is empty is counted: not while the class may still run."""
    if not isinstance(error, ClassNotReady | ZoomMeetingUnknown):
        return claim.asked_at
    found = store.get_class(tx, claim.class_id)
    if found.status is not ClassStatus.LIVE or found.started_at is None:
        return claim.asked_at
    return max(claim.asked_at, found.started_at + LONGEST_MEETING)
