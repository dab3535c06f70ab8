"""What happens to a class: it is made, changed, cancelled, held, and its participants are fetched.

Each use case opens its own short transactions, and never keeps one open while it talks to Zoom.
"""

import logging
import random
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from sqlalchemy import Engine
from sqlmodel import Session as Transaction

from tracker import clock, fetches, store
from tracker.attendance import (
    WINDOW_AFTER,
    Attendance,
    ClassStatus,
    FetchState,
    Session,
    Stay,
    in_window,
    life_of_class,
    sessions_of_class,
    take_attendance,
)
from tracker.database import reading, transaction
from tracker.errors import (
    AlreadyFetched,
    ClassNotReady,
    InvalidInput,
    LeaseLost,
    NoDataFromZoom,
    NoMeeting,
    NotEnded,
    NotFound,
    TooSoon,
    ZoomError,
    ZoomMeetingUnknown,
    ZoomMisconfigured,
)
from tracker.fetches import Claim
from tracker.meeting_link import MeetingLinkError, read_meeting_link
from tracker.settings import Settings
from tracker.store import Class, Member, NewClass
from tracker.webhook import Delivery, MeetingEnded, MeetingStarted
from tracker.zoom import Meeting, NewMeeting, Zoom

log = logging.getLogger(__name__)

LONGEST_CLASS_MINUTES = 24 * 60
LONGEST_TITLE = 200
# A class may run over; this long after its planned end Zoom is asked whether it is over.
UNHEARD_AFTER = timedelta(minutes=30)

Progress = Callable[[int], None]
Outcome = Literal["noted", "repeat", "not ours", "nothing to note"]


@dataclass(frozen=True, slots=True)
class Services:
    """What the use cases need of the outside: database, Zoom, settings and the time."""

    engine: Engine
    zoom: Zoom
    settings: Settings
    now: Callable[[], datetime] = clock.now

    @property
    def delay(self) -> timedelta:
        """How long after the end of a class its participants are asked for."""
        return timedelta(seconds=self.settings.fetch_delay_seconds)


@dataclass(frozen=True, slots=True)
class Plan:
    """Title and time of a class as somebody typed them. `start` is local time in `timezone` when it is naive."""

    title: str
    start: datetime
    minutes: int
    timezone: str

    def checked(self) -> "Plan":
        """The same, fit to be stored: clean title, aware start. Raises InvalidInput with a sentence."""
        title = " ".join("".join(char for char in self.title if char.isprintable() or char.isspace()).split())
        if not title:
            raise InvalidInput("Give the class a title.")
        if len(title) > LONGEST_TITLE:
            raise InvalidInput(f"The title is longer than {LONGEST_TITLE} characters.")
        if not 1 <= self.minutes <= LONGEST_CLASS_MINUTES:
            raise InvalidInput(f"A class lasts from 1 to {LONGEST_CLASS_MINUTES} minutes.")
        # Before anything is worked out with it: the first and the last year there is have no neighbours.
        if not 2000 <= self.start.year < 2100:
            raise InvalidInput("The start of the class is not in this century.")
        try:
            zone = clock.zone(self.timezone)
        except ValueError as error:
            raise InvalidInput(f"{error}.") from None
        start = self.start if self.start.tzinfo else self.start.replace(tzinfo=zone)
        if not clock.exists(start):
            raise InvalidInput(
                f"{start:%H:%M} does not exist on {start:%Y-%m-%d} in {self.timezone}: the clocks go forward then."
            )
        return replace(self, title=title, start=start.astimezone(UTC))

    def meeting(self) -> NewMeeting:
        """What to ask of Zoom."""
        return NewMeeting(self.title, self.start, self.minutes, self.timezone)


def create_class(
    services: Services, teacher: Member, plan: Plan, *, link: str | None = None, course: str | None = None
) -> str:
    """Makes a class and returns its id. Its Zoom meeting is made too, or taken from a pasted `link`.

    Raises InvalidInput for what cannot be used, ZoomError where Zoom does not make the meeting.
    """
    plan = plan.checked()
    if link is not None and link.strip():
        meeting_id, join_url = _linked_meeting(services, link)
    else:
        made = services.zoom.create_meeting(teacher.zoom_user, plan.meeting())
        meeting_id, join_url = made.id, made.join_url
        link = None
    new = NewClass(
        title=plan.title,
        teacher_id=teacher.id,
        scheduled_start=plan.start,
        duration_minutes=plan.minutes,
        timezone=plan.timezone,
        zoom_meeting_id=meeting_id,
        zoom_join_url=join_url,
        zoom_meeting_made=link is None,
        course=(course or "").strip() or None,
    )
    try:
        with transaction(services.engine) as tx:
            now = services.now()
            _check_not_taken(tx, new)
            class_id = store.add_class(tx, new, now)
            if link is not None and store.get_class(tx, class_id).planned.end < now:
                # Held already: no webhook will come, so Zoom is asked.
                fetches.ask(tx, class_id, now, now)
    except Exception:
        if link is None:
            # Without its class the meeting would be left over in the teacher's Zoom.
            with suppress(ZoomError):
                services.zoom.delete_meeting(meeting_id)
        raise
    return class_id


def change_class(services: Services, class_id: str, plan: Plan) -> None:
    """Changes title and time of a class that has not begun, at Zoom as well. Raises as `create_class` does."""
    plan = plan.checked()
    current = _still_planned(services, class_id)
    if current.zoom_meeting_made and current.zoom_meeting_id:
        services.zoom.change_meeting(current.zoom_meeting_id, plan.meeting())
    with transaction(services.engine) as tx:
        store.lock_class(tx, class_id)
        store.change_class(tx, class_id, plan.title, plan.start, plan.minutes, plan.timezone)


def cancel_class(services: Services, class_id: str) -> None:
    """Cancels a class that has not begun; a meeting that was made for it is deleted at Zoom."""
    current = _still_planned(services, class_id)
    if current.zoom_meeting_made and current.zoom_meeting_id:
        services.zoom.delete_meeting(current.zoom_meeting_id)
    with transaction(services.engine) as tx:
        store.lock_class(tx, class_id)
        store.set_life(tx, class_id, ClassStatus.CANCELLED, None, None)
        fetches.withdraw(tx, class_id)


def host_meeting(services: Services, class_id: str, host: Member) -> Meeting:
    """The meeting with a fresh start link, for its teacher only. Raises NotFound to anybody else, NoMeeting."""
    with reading(services.engine) as tx:
        found = store.get_class(tx, class_id)
    if found.teacher_id != host.id:
        raise NotFound("There is no such class of yours.")
    if found.zoom_meeting_id is None:
        raise NoMeeting("This class has no Zoom meeting.")
    return services.zoom.meeting(found.zoom_meeting_id)


def note_delivery(services: Services, delivery: Delivery) -> Outcome:
    """Takes in a webhook: committed when this returns, and changing nothing when it came before."""
    event = delivery.event
    if not isinstance(event, MeetingStarted | MeetingEnded):
        return "nothing to note"
    started = event.at if isinstance(event, MeetingStarted) else event.started_at
    run = Session(event.uuid, started, event.at if isinstance(event, MeetingEnded) else None)
    with reading(services.engine) as tx:
        class_id = _class_of(tx, event.meeting_id, run)
    if class_id is None:
        return "not ours"
    with transaction(services.engine) as tx:
        now = services.now()
        current = store.lock_class(tx, class_id)
        if not store.note_delivery(tx, delivery.body_hash, delivery.name, class_id, now):
            return "repeat"
        before = _counted_sessions(tx, current)
        store.save_session(tx, class_id, run)
        after = _counted_sessions(tx, current)
        if current.status is not ClassStatus.CANCELLED and after != before:
            _follow_sessions(tx, class_id, after, services.delay, now)
    return "noted"


def may_be_held(found: Class, now: datetime) -> bool:
    """Whether the class is running, or may still begin or go on: then its links are of use."""
    if found.status is ClassStatus.CANCELLED:
        return False
    return found.status is ClassStatus.LIVE or now <= found.planned.end + WINDOW_AFTER


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
    if found.zoom_meeting_id is None:
        raise NoMeeting("This class has no Zoom meeting.")
    if found.status is not ClassStatus.ENDED or found.ended_at is None:
        raise NotEnded("This class has not ended.")
    if found.participants_fetched_at is not None:
        raise AlreadyFetched("The participants of this class are known.")
    if services.now() < found.ended_at + services.delay:
        raise TooSoon("Zoom is still preparing the list of this class.")
    return fetch_now(services, class_id)


def fetch_due(services: Services) -> bool:
    """Works on the one fetch that has been due the longest; False where none is due."""
    with transaction(services.engine) as tx:
        claim = fetches.claim_due(tx, services.now())
    if claim is None:
        return False
    try:
        attendance = _collect(services, claim, lambda records: None)
        log.info("class %s: %d people collected", claim.class_id, attendance.unique_count)
    except LeaseLost:
        log.info("class %s: the fetch was taken over", claim.class_id)
    except (ZoomError, ClassNotReady) as error:
        _put_off(services, claim, error, error.sentence)
    except Exception as error:
        # One class with a fault that nobody foresaw must not stop the others, nor be lost.
        log.exception("class %s: unexpected fault", claim.class_id)
        _put_off(services, claim, error, "Something went wrong here; the operator's log has the details.")
    return True


def ask_for_forgotten(services: Services) -> None:
    """Asks for the participants of classes for which no announcement of Zoom's has asked.

    Ended ones that other programs wrote into the database, and those whose time is long over without Zoom having
    said that they ended: its announcements get lost.
    """
    with transaction(services.engine) as tx:
        now = services.now()
        for found in store.forgotten_classes(tx):
            if found.ended_at is not None:
                fetches.ask(tx, found.id, found.ended_at + services.delay, now)
        for found in store.unheard_classes(tx, now):
            if found.planned.end + UNHEARD_AFTER < now:
                fetches.ask(tx, found.id, now, now)


def attendance_of(tx: Transaction, found: Class) -> Attendance | None:
    """The attendance of a class from what is stored; None while it is not known."""
    stays = store.participants(tx, found.id)
    if stays is None:
        return None
    return take_attendance(stays, _counted_sessions(tx, found) or _session_of(found), found.planned)


def _check_not_taken(tx: Transaction, new: NewClass) -> None:
    """Two classes in one meeting at one time would be one and the same: only one of them could have its sessions."""
    for found in store.classes_of_meeting(tx, new.zoom_meeting_id):
        if found.scheduled_start == new.scheduled_start:
            raise InvalidInput("There is a class in this Zoom meeting at this time already.")


def _linked_meeting(services: Services, link: str) -> tuple[str, str]:
    try:
        given = read_meeting_link(link)
    except MeetingLinkError as error:
        raise InvalidInput(str(error)) from None
    if given.join_url is not None:
        return given.meeting_id, given.join_url
    try:
        return given.meeting_id, services.zoom.meeting(given.meeting_id).join_url
    except ZoomMeetingUnknown:
        # Zoom forgets a meeting's link 30 days after its last use, but not who was in it.
        return given.meeting_id, f"https://zoom.us/j/{given.meeting_id}"


def _still_planned(services: Services, class_id: str) -> Class:
    with reading(services.engine) as tx:
        found = store.get_class(tx, class_id)
    if found.status is not ClassStatus.SCHEDULED:
        raise InvalidInput("This class has begun, is over or was cancelled, so it can no longer be changed.")
    return found


def _class_of(tx: Transaction, meeting_id: str, run: Session) -> str | None:
    """The class that a session of this meeting belongs to.

    A new one belongs to the class in whose window it lies, and to whose planned start it is nearest.
    """
    known = store.class_of_session(tx, run.uuid)
    if known is not None:
        return known
    candidates = [
        (not in_window(run.start, found.planned), abs(run.start - found.scheduled_start), found.id)
        for found in store.classes_of_meeting(tx, meeting_id)
        if found.zoom_meeting_made or in_window(run.start, found.planned)
    ]
    return min(candidates)[-1] if candidates else None


def _counted_sessions(tx: Transaction, found: Class) -> tuple[Session, ...]:
    return _sessions_of(found, store.sessions(tx, found.id))


def _sessions_of(found: Class, runs: Iterable[Session]) -> tuple[Session, ...]:
    return sessions_of_class(runs, found.planned, made_for_it=found.zoom_meeting_made)


def _follow_sessions(
    tx: Transaction, class_id: str, counted: tuple[Session, ...], delay: timedelta, now: datetime
) -> None:
    """Brings the class in line with its sessions, and asks for its participants when it is over."""
    status, started_at, ended_at = life_of_class(counted)
    store.set_life(tx, class_id, status, started_at, ended_at)
    if ended_at is not None:
        fetches.ask(tx, class_id, ended_at + delay, now)
    else:
        fetches.withdraw(tx, class_id)


def _collect(services: Services, claim: Claim, progress: Progress) -> Attendance:
    """Fetches and stores the participants of a claimed class; nothing is stored unless all of it came."""
    with reading(services.engine) as tx:
        found = store.get_class(tx, claim.class_id)
        known = _counted_sessions(tx, found)
    discovered: tuple[Session, ...] = ()
    if found.status is not ClassStatus.ENDED or not known:
        discovered = _sessions_at_zoom(services, found)
    runs = _sessions_of(found, {run.uuid: run for run in (*known, *discovered)}.values())
    if found.status is not ClassStatus.ENDED and (not runs or runs[-1].end is None):
        raise NotEnded("Zoom knows of no session of this class that has ended.")

    stays: list[Stay] = []
    for meeting in [run.uuid for run in runs] or [found.zoom_meeting_id or ""]:
        before = len(stays)

        def turned_page(records: int, before: int = before) -> None:
            with transaction(services.engine) as tx:
                fetches.renew(tx, claim, services.now())
            progress(before + records)

        stays += services.zoom.past_participants(meeting, turned_page)
    if not any(stay.seconds > 0 for stay in stays):
        raise NoDataFromZoom("Zoom has no participant list for this class yet.")

    attendance = take_attendance(stays, runs or _session_of(found), found.planned)
    with transaction(services.engine) as tx:
        now = services.now()
        store.lock_class(tx, claim.class_id)
        fetches.finish(tx, claim, now)
        for run in discovered:
            store.save_session(tx, claim.class_id, run)
        if discovered:
            store.set_life(tx, claim.class_id, *life_of_class(runs))
        store.save_attendance(tx, claim.class_id, attendance, now)
    return attendance


def _sessions_at_zoom(services: Services, found: Class) -> tuple[Session, ...]:
    """The ended sessions of the class that Zoom knows of, for when no webhook told us.

    They are those that a webhook would have given to this class. A meeting made for the class is the class's
    whenever it was held; of a meeting that serves many classes only the sessions in this one's window are.
    An app without the scopes for this finds none.
    """
    meeting_id = found.zoom_meeting_id or ""
    try:
        instances = [Session(uuid, start, None) for uuid, start in services.zoom.instances(meeting_id)]
        near = [run for run in instances if in_window(run.start, found.planned)]
        if not near and found.zoom_meeting_made:
            near = instances
        with reading(services.engine) as tx:
            ours = [run for run in near if _class_of(tx, meeting_id, run) == found.id]
        return tuple(services.zoom.past_meeting(run.uuid) for run in ours)
    except (ZoomMisconfigured, ZoomMeetingUnknown) as error:
        log.info("class %s: Zoom lists no sessions (%s)", found.id, error.sentence)
        return ()


def _session_of(found: Class) -> tuple[Session, ...]:
    """The class's own start and end as its one session, for classes that another program wrote."""
    if found.started_at is None:
        return ()
    return (Session(found.zoom_meeting_id or "", found.started_at, found.ended_at),)


def _put_off(services: Services, claim: Claim, error: Exception, sentence: str) -> None:
    """Puts the fetch off until the next try, or gives it up."""
    now = services.now()
    at = fetches.next_try(
        error,
        claim.attempts,
        claim.asked_at,
        now,
        # A tenth of the delay: a minute for the usual ten, and less where a school is in more of a hurry.
        first_gap=min(max(services.delay / 10, timedelta(seconds=1)), timedelta(minutes=1)),
        spread=random.random(),  # noqa: S311 - spreads load, guards nothing
    )
    log.warning("class %s: %s (attempt %d)", claim.class_id, sentence, claim.attempts)
    gave_up = FetchState.FAILED if isinstance(error, ZoomError) and error.permanent else FetchState.NO_DATA
    try:
        with transaction(services.engine) as tx:
            if at is None:
                fetches.abandon(tx, claim, sentence, gave_up)
            else:
                fetches.postpone(tx, claim, sentence, at)
    except LeaseLost:
        log.info("class %s: the fetch was taken over", claim.class_id)
