"""What happens to a class: it is made, changed, cancelled and held.

Each use case opens its own short transactions, and never keeps one open while it talks to Zoom.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from sqlmodel import Session as Transaction

from tracker import clock, deliveries, fetches, records, store
from tracker.attendance import (
    WINDOW_AFTER,
    ClassStatus,
    Session,
    Where,
    life_of_class,
)
from tracker.database import AWAY, reading, together, transaction
from tracker.errors import (
    InvalidInput,
    NoMeeting,
    NotFound,
    ZoomError,
    ZoomMeetingUnknown,
)
from tracker.live import Sighting
from tracker.meeting_link import MeetingLinkError, read_meeting_link
from tracker.services import Services
from tracker.sessions import class_of, counted_sessions, lock_planned, sessions_of
from tracker.store import Class, Member, NewClass
from tracker.webhook import Delivery, MeetingEnded, MeetingStarted, ParticipantSeen
from tracker.zoom import Meeting, NewMeeting

LONGEST_CLASS_MINUTES = 24 * 60
LONGEST_TITLE = 200

Outcome = Literal["noted", "repeat", "not ours", "nothing to note"]


@dataclass(frozen=True, slots=True)
class Plan:
    """Title and time of a class as somebody typed them. `start` is local time in `timezone` when it is naive."""

    title: str
    start: datetime
    minutes: int
    timezone: str

    def checked(self) -> "Plan":
        """The same, fit to be stored: clean title, aware start. Raises InvalidInput with a sentence."""
        title = _one_line(self.title, "title")
        if not title:
            raise InvalidInput("Give the class a title.")
        if not 1 <= self.minutes <= LONGEST_CLASS_MINUTES:
            raise InvalidInput(f"A class lasts from 1 to {LONGEST_CLASS_MINUTES} minutes.")
        # Before anything is worked out with it.
        if not clock.in_this_century(self.start):
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
    course_name = _one_line(course or "", "course's name")
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
        course=course_name or None,
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
            # Without its class the meeting would be left over in the teacher's Zoom. Where the database went away, the
            # class may be there all the same.
            with suppress(ZoomError, *AWAY):
                if not _is_used(services, meeting_id):
                    services.zoom.delete_meeting(meeting_id)
        raise
    return class_id


def _is_used(services: Services, meeting_id: str) -> bool:
    with reading(services.engine) as tx:
        return bool(store.classes_of_meeting(tx, meeting_id))


def change_class(services: Services, class_id: str, plan: Plan) -> None:
    """Changes title and time of a class that has not begun, at Zoom as well. Raises as `create_class` does."""
    plan = plan.checked()
    current = _still_planned(services, class_id)
    if current.zoom_meeting_made and current.zoom_meeting_id:
        services.zoom.change_meeting(current.zoom_meeting_id, plan.meeting())
    with transaction(services.engine) as tx:
        _check_planned(store.lock_class(tx, class_id))
        store.change_class(tx, class_id, plan.title, plan.start, plan.minutes, plan.timezone)


def cancel_class(services: Services, class_id: str) -> None:
    """Cancels a class that has not begun; a meeting that was made for it is deleted at Zoom."""
    current = _still_planned(services, class_id)
    if current.zoom_meeting_made and current.zoom_meeting_id:
        services.zoom.delete_meeting(current.zoom_meeting_id)
    with transaction(services.engine) as tx:
        # It may have begun while Zoom was told.
        _check_planned(store.lock_class(tx, class_id))
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
    if not isinstance(event, MeetingStarted | MeetingEnded | ParticipantSeen):
        return "nothing to note"
    run, sighting = _told(event)

    def take_in(tx: Transaction) -> Outcome:
        class_id = class_of(tx, event.meeting_id, run)
        if class_id is None:
            return "not ours"
        now = services.now()
        current = lock_planned(tx, class_id)
        if not deliveries.note(tx, delivery.body_hash, delivery.name, class_id, now):
            return "repeat"
        if sighting is not None:
            records.add_sighting(tx, class_id, sighting)
            if not sighting.came or sighting.where is Where.WAITING_ROOM:
                return "noted"  # only somebody in the meeting shows that it runs
        known = store.sessions(tx, class_id)
        if _tells_nothing_new(run, known):
            return "noted"
        store.save_session(tx, class_id, run)
        before, after = sessions_of(current, known), counted_sessions(tx, current)
        if current.status is not ClassStatus.CANCELLED and after != before:
            _follow_sessions(tx, class_id, after, services.delay, now)
        return "noted"

    return together(services.engine, take_in)


def may_be_held(found: Class, now: datetime) -> bool:
    """Whether the class is running, or may still begin or go on: then its links are of use."""
    if found.status is ClassStatus.CANCELLED:
        return False
    return found.status is ClassStatus.LIVE or now <= found.planned.end + WINDOW_AFTER


def _one_line(text: str, what: str) -> str:
    """The text fit for one line of a list. Raises InvalidInput for one that is too long."""
    line = " ".join("".join(char for char in text if char.isprintable() or char.isspace()).split())
    if len(line) > LONGEST_TITLE:
        raise InvalidInput(f"The {what} is longer than {LONGEST_TITLE} characters.")
    return line


def _told(event: MeetingStarted | MeetingEnded | ParticipantSeen) -> tuple[Session, Sighting | None]:
    """The session that an event speaks of, and whom it saw in it."""
    match event:
        case MeetingStarted():
            return Session(event.uuid, event.at, None), None
        case MeetingEnded():
            return Session(event.uuid, event.started_at, event.at), None
        case ParticipantSeen():
            seen = event.sighting
            return Session(seen.session_uuid, event.started_at or seen.at, None), seen


def _tells_nothing_new(run: Session, known: Iterable[Session]) -> bool:
    """Whether saving the session would leave it as it is known: so it is with all but the first of its participants."""
    return any(one.uuid == run.uuid and one.start <= run.start and run.end in (None, one.end) for one in known)


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
    _check_planned(found)
    return found


def _check_planned(found: Class) -> None:
    if found.status is not ClassStatus.SCHEDULED:
        raise InvalidInput("This class has begun, is over or was cancelled, so it can no longer be changed.")


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
