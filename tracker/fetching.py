"""Fetching the participants of classes from Zoom: for a person, for a program, from the queue; and trying again.

Each use case opens its own short transactions, and never keeps one open while it talks to Zoom.
"""

import logging
import random
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Literal

from tracker import audit, auth, retry, storage
from tracker.attendance.class_times import LONGEST_MEETING
from tracker.attendance.types import Attendance, ClassStatus, FetchState
from tracker.audit import Action
from tracker.class_attendance import attendance_of, attendance_seen, check_has_names, has_zooms_list
from tracker.collecting import NOBODY_YET, Progress, collect
from tracker.errors import (
    AlreadyFetched,
    ClassNotReady,
    LeaseLost,
    NoDataFromZoom,
    NoMeeting,
    NotEnded,
    Problem,
    TooSoon,
    TrackerError,
    ZoomMeetingUnknown,
    ZoomRateLimited,
    ZoomRefused,
)
from tracker.services import Services
from tracker.storage.classes import Class
from tracker.storage.database import Transaction, reading, transaction
from tracker.storage.fetches import Claim
from tracker.storage.members import Member
from tracker.zoom import Category

log = logging.getLogger(__name__)
MOST_RETRIED = 10_000
# Whoever asks for a class within so long after somebody has gets what that one got, and Zoom is not asked again.
BY_HAND_EVERY = timedelta(minutes=1)
Outcome = Literal["collected", "put_off"]


def check_fetchable(found: Class, now: datetime) -> None:
    """Raises the reason why there is nothing to fetch. A class whose planned time has passed may be over unheard."""
    if found.zoom_meeting_id is None:
        raise NoMeeting()
    if found.status is ClassStatus.CANCELLED:
        raise NotEnded("class_cancelled")
    check_has_names(found)
    if found.status is not ClassStatus.ENDED and now < found.planned.end:
        raise NotEnded("class_not_ended")


def fetch_now(
    services: Services,
    acting: Member,
    class_id: str,
    progress: Progress = lambda records: None,
    *,
    anew: bool = False,
) -> Attendance:
    """Fetches the participants at once, for a person who waits; the planned fetch stays planned.

    Within a minute of another one for this class, what that one got is given, whoever asked for it; unless Zoom is to
    be asked `anew`.

    Raises ClassNotReady with the reason (no meeting, not ended, under way, no list yet), ZoomError, NotConfigured,
    NotAllowed, NotFound.
    """
    with transaction(services.engine) as tx:
        now = services.now()
        found = storage.classes.lock_class(tx, class_id)
        auth.check_may_change(acting, found)
        check_fetchable(found, now)
        if not anew and (shared := _of_last_minute(tx, found, now)) is not None:
            return shared
        claim = storage.fetches.claim_class(tx, class_id, now)
        audit.note(tx, acting, Action.PARTICIPANTS_FETCHED, now, class_id=class_id)
    try:
        attendance = collect(services, claim, progress)
    except BaseException as error:
        # What was the matter is noted, so that all who look at the class read the latest reason.
        problem = error.problem if isinstance(error, TrackerError) else None
        with suppress(LeaseLost), transaction(services.engine) as tx:
            storage.fetches.release(tx, claim, problem)
        raise
    if attendance is None:
        raise NoDataFromZoom(NOBODY_YET)
    return attendance


def _of_last_minute(tx: Transaction, found: Class, now: datetime) -> Attendance | None:
    """What somebody got who asked for this class within the last minute; None where nobody did, or got nothing."""
    asked_at = storage.fetches.asked_by_hand_at(tx, found.id, now)
    if asked_at is None or not timedelta(0) <= now - asked_at < BY_HAND_EVERY:
        return None
    problem = found.fetch.error if found.fetch else None
    if problem is not None and problem.code not in (retry.SESSIONS_MISSING, retry.LIST_INCOMPLETE):
        return None
    return attendance_of(tx, found, now)


def fetch_if_due(services: Services, class_id: str, address: str = "") -> Attendance:
    """Fetches the participants, for a program at this address, unless they are known or not due.

    Raises as `fetch_now`, AlreadyFetched, TooSoon.
    """
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
    return fetch_now(services, audit.from_where(auth.PROGRAM, address), class_id)


def fetch_due(services: Services) -> Outcome | None:
    """Works on the one fetch that has been due the longest; None where none is due, or Zoom wants no calls now."""
    with transaction(services.engine) as tx:
        now = services.now()
        claim = None if storage.rates.is_paused(tx, Category.MEDIUM, now) else storage.fetches.claim_due(tx, now)
    if claim is None:
        return None
    try:
        attendance = collect(services, claim, lambda records: None)
        people = attendance.unique_count if attendance else None
        log.info("participants collected", extra={"class": claim.class_id, "people": people, "attempt": claim.attempts})
        return "collected"
    except LeaseLost:
        log.info("the fetch was taken over", extra={"class": claim.class_id})
    except TrackerError as error:
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


def try_again(services: Services, acting: Member, class_id: str) -> None:
    """Puts the fetch of a class back into the queue, to be tried at once and as patiently as at first.

    Raises ClassNotReady with the reason why there is nothing to fetch, NotAllowed, NotFound.
    """
    with transaction(services.engine) as tx:
        now = services.now()
        found = storage.classes.lock_class(tx, class_id)
        auth.check_may_change(acting, found)
        check_fetchable(found, now)
        storage.fetches.ask(tx, class_id, now, now)
        audit.note(tx, acting, Action.FETCH_TRIED_AGAIN, now, class_id=class_id)


def try_all_again(services: Services, acting: Member) -> int:
    """Does so for every class whose fetch fails or was given up; how many there were. Raises NotAllowed."""
    auth.check_is_admin(acting)
    with reading(services.engine) as tx:
        troubled = storage.attention.troubled(tx, limit=MOST_RETRIED, no_session=retry.NO_SESSION)
    tried = 0
    for found in troubled:
        with suppress(ClassNotReady):
            try_again(services, acting, found.id)
            tried += 1
    return tried


def _put_off(services: Services, claim: Claim, error: Exception, problem: Problem) -> None:
    """Puts the fetch off until the next try, or gives it up."""
    fields = {"class": claim.class_id, "attempt": claim.attempts, **problem.log_fields()}
    log.warning("the fetch failed", extra=fields)
    gave_up = FetchState.FAILED if isinstance(error, ZoomRefused) else FetchState.NO_DATA
    try:
        with transaction(services.engine) as tx:
            now = services.now()
            at = retry.next_try(
                error,
                claim.attempts,
                _patient_from(tx, claim, error),
                now,
                first_gap=retry.first_gap(services.delay),
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
                storage.participants.save_attendance(tx, found.id, seen, now)
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
