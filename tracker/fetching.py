"""Fetching the participants of a class from Zoom: what to ask, asking, storing, putting off, trying again.

Each use case opens its own short transactions, and never keeps one open while it talks to Zoom.
"""

import hashlib
import json
import logging
import random
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from tracker import retry, storage
from tracker.attendance.class_times import LONGEST_MEETING
from tracker.attendance.counting import take_attendance
from tracker.attendance.stored_form import participants_data
from tracker.attendance.types import Attendance, ClassStatus, FetchState, Session, Snapshot, Stay
from tracker.class_attendance import attendance_seen, has_zooms_list
from tracker.errors import (
    AlreadyFetched,
    ClassNotReady,
    LeaseLost,
    NoDataFromZoom,
    NoMeeting,
    NotEnded,
    Problem,
    TooSoon,
    ZoomError,
    ZoomMeetingUnknown,
    ZoomRateLimited,
)
from tracker.services import Services
from tracker.sessions import Discovery, apply_sessions, counted_sessions, own_session, sessions_at_zoom, sessions_of
from tracker.storage.classes import Class
from tracker.storage.database import Transaction, reading, transaction
from tracker.storage.fetches import Claim
from tracker.zoom import Category

log = logging.getLogger(__name__)
MOST_RETRIED = 10_000
Progress = Callable[[int], None]
Outcome = Literal["collected", "put_off"]


def check_fetchable(found: Class, now: datetime) -> None:
    """Raises the reason why there is nothing to fetch. A class whose planned time has passed may be over unheard."""
    if found.zoom_meeting_id is None:
        raise NoMeeting()
    if found.status is ClassStatus.CANCELLED:
        raise NotEnded("class_cancelled")
    if found.status is not ClassStatus.ENDED and now < found.planned.end:
        raise NotEnded("class_not_ended")


def fetch_now(services: Services, class_id: str, progress: Progress = lambda records: None) -> Attendance:
    """Fetches the participants at once, for a person who waits; the planned fetch stays planned.

    Raises ClassNotReady with the reason (no meeting, not ended, under way, no list yet), ZoomError, NotFound.
    """
    with transaction(services.engine) as tx:
        now = services.now()
        check_fetchable(storage.classes.lock_class(tx, class_id), now)
        claim = storage.fetches.claim_class(tx, class_id, now)
    try:
        return _collect(services, claim, progress)
    except BaseException:
        with suppress(LeaseLost), transaction(services.engine) as tx:
            storage.fetches.release(tx, claim)
        raise


def fetch_if_due(services: Services, class_id: str) -> Attendance:
    """Fetches the participants unless they are known or not due. Raises as `fetch_now`, AlreadyFetched, TooSoon."""
    with reading(services.engine) as tx:
        found = storage.classes.get_class(tx, class_id)
        known = has_zooms_list(tx, found)
    if found.zoom_meeting_id is None:
        raise NoMeeting()
    if found.status is not ClassStatus.ENDED or found.ended_at is None:
        raise NotEnded("class_not_ended")
    if known:
        raise AlreadyFetched()
    if services.now() < found.ended_at + services.delay:
        raise TooSoon()
    return fetch_now(services, class_id)


def fetch_due(services: Services) -> Outcome | None:
    """Works on the one fetch that has been due the longest; None where none is due, or Zoom wants no calls now."""
    with transaction(services.engine) as tx:
        now = services.now()
        claim = None if storage.rates.is_paused(tx, Category.MEDIUM, now) else storage.fetches.claim_due(tx, now)
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
        _put_off(services, claim, error, error.problem)
    except Exception as error:
        # One class with a fault that nobody foresaw must not stop the others, nor be lost.
        log.exception("unexpected fault", extra={"class": claim.class_id, "attempt": claim.attempts})
        _put_off(services, claim, error, Problem("unexpected_fault"))
    return "put_off"


def count_free(services: Services) -> int:
    """How many fetches are due and worked on by nobody; 0 while Zoom wants no calls."""
    with reading(services.engine) as tx:
        now = services.now()
        return 0 if storage.rates.is_paused(tx, Category.MEDIUM, now) else storage.fetches.count_free(tx, now)


def try_again(services: Services, class_id: str) -> None:
    """Puts the fetch of a class back into the queue, to be tried at once and as patiently as at first.

    Raises ClassNotReady with the reason why there is nothing to fetch, NotFound.
    """
    with transaction(services.engine) as tx:
        now = services.now()
        check_fetchable(storage.classes.lock_class(tx, class_id), now)
        storage.fetches.ask(tx, class_id, now, now)


def try_all_again(services: Services) -> int:
    """Does so for every class whose fetch fails or was given up; how many there were."""
    with reading(services.engine) as tx:
        troubled = storage.attention.troubled(tx, limit=MOST_RETRIED)
    tried = 0
    for found in troubled:
        with suppress(ClassNotReady):
            try_again(services, found.id)
            tried += 1
    return tried


@dataclass(frozen=True, slots=True)
class _Questions:
    """What Zoom is to be asked for: the meetings (UUIDs, or the meeting's id) whose participants make up the class.

    `runs` are the sessions that are the class as far as is known, `complete` is whether Zoom has listed them: without
    that, one of them may be missing.
    """

    found: Class
    runs: tuple[Session, ...]
    meetings: tuple[str, ...]
    complete: bool


def _collect(services: Services, claim: Claim, progress: Progress) -> Attendance:
    """Fetches and stores the participants of a claimed class; nothing is stored unless all of it came."""

    def renew() -> None:
        with transaction(services.engine) as tx:
            storage.fetches.renew(tx, claim, services.now())

    questions = _what_to_ask(services, claim, renew)
    stays = _ask(services, questions.meetings, renew, progress)
    return _store(services, claim, questions, stays)


def _what_to_ask(services: Services, claim: Claim, renew: Callable[[], None]) -> _Questions:
    """Which sessions the class has, from what is known and what Zoom lists.

    Raises NotEnded, NoDataFromZoom, ZoomError.
    """
    with reading(services.engine) as tx:
        found = storage.classes.get_class(tx, claim.class_id)
        known = counted_sessions(tx, found)
    ended = found.status is ClassStatus.ENDED
    try:
        discovered = sessions_at_zoom(services, found, known, renew)
        listed = True
    except ZoomError as error:
        if not ended or not known:
            raise
        # What the webhooks told is enough to go on with; a session that they missed is found by the next snapshot.
        discovered, listed = Discovery((), error), False
        log.info("Zoom did not list the sessions", extra={"class": found.id, **error.problem.log_fields()})
    runs = sessions_of(found, _merged(known, discovered.sessions))
    if not ended and not _may_be_over(runs, discovered):
        raise discovered.refusal or NotEnded("no_session_ended")
    meetings = tuple(run.uuid for run in runs) or (_only_session(services, found, discovered),)
    return _Questions(found, runs, meetings, listed)


def _ask(services: Services, meetings: Iterable[str], renew: Callable[[], None], progress: Progress) -> list[Stay]:
    """The records of these meetings. Raises NoDataFromZoom where none of them has a duration yet, ZoomError."""
    stays: list[Stay] = []
    for meeting in meetings:
        before = len(stays)

        def turned_page(records: int, before: int = before) -> None:
            renew()
            progress(before + records)

        stays += services.zoom.past_participants(meeting, turned_page)
    if not any(stay.seconds > 0 for stay in stays):
        raise NoDataFromZoom(retry.NO_LIST)
    return stays


def _store(services: Services, claim: Claim, questions: _Questions, stays: Sequence[Stay]) -> Attendance:
    """Stores sessions, snapshot and participants in one transaction, if the lease is still ours. Raises LeaseLost."""
    found = questions.found
    runs = tuple(_with_end(run, stays) for run in questions.runs)
    attendance = take_attendance(stays, runs or own_session(found), found.planned)
    with transaction(services.engine) as tx:
        now = services.now()
        apply_sessions(tx, storage.classes.lock_class(tx, claim.class_id), runs)
        storage.snapshots.add_snapshot(tx, claim.class_id, _snapshot(attendance, now, complete=questions.complete))
        # A class may have had a session before its time, and another one that nobody has announced.
        ended_at = max(storage.classes.get_class(tx, claim.class_id).ended_at or now, found.planned.end)
        snapshots = storage.snapshots.list_snapshots(tx, claim.class_id)
        storage.fetches.finish(tx, claim, retry.next_snapshot(snapshots, ended_at, services.delay))
        storage.classes.save_attendance(tx, claim.class_id, attendance, now)
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
        raise NoDataFromZoom("sessions_elsewhere")
    meeting_id = found.zoom_meeting_id or ""
    if discovered.refusal is not None and not found.zoom_meeting_made:
        with reading(services.engine) as tx:
            if len(storage.classes.classes_of_meeting(tx, meeting_id)) > 1:
                raise discovered.refusal
    return meeting_id


def _with_end(run: Session, stays: Iterable[Stay]) -> Session:
    """A session whose list Zoom gives is over; where its end was never told, it is when the last one left."""
    if run.end is not None:
        return run
    ends = [stay.span.end for stay in stays if stay.session_uuid == run.uuid and stay.span is not None]
    return replace(run, end=max(ends, default=run.start))


def _merged(known: Iterable[Session], listed: Iterable[Session]) -> Iterable[Session]:
    """Each session once, as Zoom lists it; an end that is known is not forgotten where Zoom leaves it out."""
    ends = {run.uuid: run.end for run in known}
    latest = (run if run.end else replace(run, end=ends.get(run.uuid)) for run in listed)
    return {run.uuid: run for run in (*known, *latest)}.values()


def _snapshot(attendance: Attendance, now: datetime, *, complete: bool) -> Snapshot:
    """What this reading of Zoom's list gave. A record of no length is one that Zoom is still working on.

    `complete` is whether Zoom listed the sessions: without that, one of them may be missing.
    """
    content = json.dumps(participants_data(attendance)["participants"])
    return Snapshot(
        at=now.replace(microsecond=0),
        records=attendance.total_records,
        people=attendance.unique_count,
        complete=complete and all(stay.seconds > 0 for stay in attendance.stays),
        digest=hashlib.sha256(content.encode()).hexdigest(),
    )


def _put_off(services: Services, claim: Claim, error: Exception, problem: Problem) -> None:
    """Puts the fetch off until the next try, or gives it up."""
    fields = {"class": claim.class_id, "attempt": claim.attempts, **problem.log_fields()}
    log.warning("the fetch failed", extra=fields)
    gave_up = FetchState.FAILED if isinstance(error, ZoomError) and error.permanent else FetchState.NO_DATA
    try:
        with transaction(services.engine) as tx:
            now = services.now()
            at = retry.next_try(
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
                storage.fetches.postpone(tx, claim, problem, at, attempts)
                return
            found = storage.classes.lock_class(tx, claim.class_id)
            if has_zooms_list(tx, found):
                gave_up = FetchState.COLLECTED  # an earlier reading is there; only this one is given up
            elif found.status is ClassStatus.ENDED and (seen := attendance_seen(tx, found, now)) is not None:
                storage.classes.save_attendance(tx, found.id, seen, now)
            storage.fetches.abandon(tx, claim, problem, gave_up)
    except LeaseLost:
        log.info("the fetch was taken over", extra={"class": claim.class_id})


def _patient_from(tx: Transaction, claim: Claim, error: Exception) -> datetime:
    """From when on patience with an answer that is empty is counted: not while the class may still run."""
    if not isinstance(error, ClassNotReady | ZoomMeetingUnknown):
        return claim.asked_at
    found = storage.classes.get_class(tx, claim.class_id)
    if found.status is not ClassStatus.LIVE or found.started_at is None:
        return claim.asked_at
    return max(claim.asked_at, found.started_at + LONGEST_MEETING)
