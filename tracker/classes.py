"""Classes: made, changed and cancelled, here and at Zoom; listed for whoever may see them.

Each use case opens its own short transactions, and never keeps one open while it talks to Zoom.
"""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from tracker import audit, auth, clock, retry, storage
from tracker.attendance.assignment import LATE
from tracker.attendance.types import ClassStatus, FetchState
from tracker.audit import Action
from tracker.errors import (
    InvalidInput,
    NoMeeting,
    NotAllowed,
    NotConfigured,
    NotFound,
    ZoomError,
    ZoomMeetingUnknown,
    ZoomRateLimited,
    ZoomRefused,
    ZoomRefusedForNow,
)
from tracker.services import Services
from tracker.sessions import following
from tracker.storage.audit import Entry, Which
from tracker.storage.class_lists import Filter
from tracker.storage.classes import Class, FetchProgress, NewClass
from tracker.storage.database import AWAY, Transaction, reading, transaction
from tracker.storage.members import Member
from tracker.zoom import Meeting, NewMeeting
from tracker.zoom.meeting_link import read_meeting_link

LONGEST_CLASS_MINUTES = 24 * 60
LONGEST_TITLE = 200
# The code where Zoom does not tell whose a meeting is.
HOST_UNKNOWN = "meeting_host_unknown"


@dataclass(frozen=True, slots=True)
class Plan:
    """Title and time of a class as somebody typed them. `start` is local time in `timezone` when it is naive."""

    title: str
    start: datetime
    minutes: int
    timezone: str

    def checked(self) -> "Plan":
        """The same, fit to be stored: clean title, aware start. Raises InvalidInput."""
        title = _one_line(self.title, "title_too_long")
        if not title:
            raise InvalidInput("title_missing")
        if not 1 <= self.minutes <= LONGEST_CLASS_MINUTES:
            raise InvalidInput("class_length_unusable", most=LONGEST_CLASS_MINUTES)
        # Before anything is worked out with it.
        if not clock.in_this_century(self.start):
            raise InvalidInput("start_not_in_century")
        try:
            zone = clock.zone(self.timezone)
        except ValueError:
            raise InvalidInput("time_zone_unknown", zone=self.timezone) from None
        start = self.start if self.start.tzinfo else self.start.replace(tzinfo=zone)
        if not clock.exists(start):
            raise InvalidInput("time_skipped", time=f"{start:%H:%M}", day=f"{start:%Y-%m-%d}", zone=self.timezone)
        return replace(self, title=title, start=start.astimezone(UTC))

    def in_words(self) -> dict[str, str | int]:
        """What is noted of it; `start` is aware."""
        return {"title": self.title, "start": clock.to_zoom(self.start), "minutes": self.minutes}

    def meeting(self) -> NewMeeting:
        """What to ask of Zoom."""
        return NewMeeting(self.title, self.start, self.minutes, self.timezone)


def visible_class(tx: Transaction, viewer: Member, class_id: str) -> Class:
    """The class, for somebody who may see it. Raises NotFound, NotAllowed."""
    found = storage.classes.get_class(tx, class_id)
    auth.check_may_see(viewer, found)
    return found


def look_at(services: Services, acting: Member, class_id: str) -> Class:
    """The same for a person who looks at it, which is noted. Raises NotFound, NotAllowed."""
    found = services.read(visible_class, acting, class_id)
    audit.note_look(services.engine, acting, class_id, services.now())
    return found


def note_export(services: Services, acting: Member, class_id: str, form: str, shape: str) -> None:
    """Notes that somebody takes a class away as a file. Raises NotFound, NotAllowed."""
    services.read(visible_class, acting, class_id)
    now = services.now()
    audit.note_read(services.engine, acting, Action.CLASS_EXPORTED, now, class_id=class_id, format=form, shape=shape)


def history(tx: Transaction, viewer: Member, class_id: str, limit: int) -> list[Entry]:
    """Who has looked at a class, and what was changed, latest first. Raises NotFound, NotAllowed."""
    visible_class(tx, viewer, class_id)
    return storage.audit.list_entries(tx, Which(class_id=class_id), limit)


def list_classes(
    tx: Transaction, viewer: Member, which: Filter, *, limit: int, offset: int = 0, oldest_first: bool = False
) -> list[Class]:
    """The classes that `viewer` may see and `which` lets through, by planned start, newest first."""
    return storage.class_lists.list_classes(tx, viewer, which, limit=limit, offset=offset, oldest_first=oldest_first)


def count_classes(tx: Transaction, viewer: Member, which: Filter) -> int:
    """How many `list_classes` has in all."""
    return storage.class_lists.count_classes(tx, viewer, which)


def list_courses(tx: Transaction, teacher: Member) -> list[str]:
    """The names of the teacher's courses, in order."""
    return storage.class_lists.list_courses(tx, teacher)


def classes_of_meeting(tx: Transaction, meeting_id: str) -> list[Class]:
    """The classes that use this Zoom meeting and are not cancelled."""
    return storage.classes.classes_of_meeting(tx, meeting_id)


def others_in_meeting(tx: Transaction, found: Class) -> list[Class]:
    """The other classes that are held in the Zoom meeting of a class and are not cancelled."""
    same = classes_of_meeting(tx, found.zoom_meeting_id or "")
    return [one for one in same if one.id != found.id and one.api_meeting_id == found.api_meeting_id]


def create_class(
    services: Services,
    acting: Member,
    plan: Plan,
    *,
    teacher: Member | None = None,
    link: str | None = None,
    course: str | None = None,
) -> str:
    """Makes a class and returns its id. Its Zoom meeting is made too, or taken from a pasted `link`.

    It is the acting person's own, or another `teacher`'s where an admin makes it. Raises InvalidInput for what cannot
    be used, ZoomError where Zoom does not make the meeting, NotAllowed for a meeting that is somebody else's.
    """
    teacher = teacher or acting
    if teacher.id != acting.id:
        auth.check_is_admin(acting)
    plan = plan.checked()
    course_name = _one_line(course or "", "course_name_too_long")
    if link is not None and link.strip():
        meeting = _linked_meeting(services, link)
        _check_may_link(services, acting, teacher, meeting)
    else:
        meeting = services.zoom.create_meeting(teacher.zoom_user, plan.meeting())
        link = None
    new = NewClass(
        title=plan.title,
        teacher_id=teacher.id,
        scheduled_start=plan.start,
        duration_minutes=plan.minutes,
        timezone=plan.timezone,
        zoom_meeting_id=meeting.announced_id,
        zoom_join_url=meeting.join_url,
        zoom_api_meeting_id=meeting.id if meeting.personal_id else None,
        zoom_host_id=meeting.host_id or None,
        zoom_linked_by_teacher=link is not None and not acting.is_admin,
        zoom_meeting_made=link is None,
        course=course_name or None,
    )
    try:
        now = services.now()
        with transaction(services.engine) as tx, following(tx, new.zoom_meeting_id, services.delay, now):
            _check_not_taken(tx, new)
            class_id = storage.classes.add_class(tx, new, now)
            audit.note(tx, acting, Action.CLASS_MADE, now, class_id=class_id, teacher=teacher.email, **plan.in_words())
            if link is not None and storage.classes.get_class(tx, class_id).planned.end < now:
                # Held already: no webhook will come, so Zoom is asked.
                storage.fetches.ask(tx, class_id, now, now)
    except Exception:
        if link is None:
            # Without its class the meeting would be left over in the teacher's Zoom. Where the database went away, the
            # class may be there all the same.
            with suppress(ZoomError, *AWAY):
                if not _is_used(services, meeting):
                    services.zoom.delete_meeting(meeting.id)
        raise
    return class_id


def _is_used(services: Services, meeting: Meeting) -> bool:
    """Whether a class has the meeting; others may be held under the same personal meeting id."""
    with reading(services.engine) as tx:
        classes = storage.classes.classes_of_meeting(tx, meeting.announced_id)
    return any(found.api_meeting_id == meeting.id for found in classes)


def change_class(services: Services, acting: Member, class_id: str, plan: Plan) -> None:
    """Changes title and time of a class that has not begun, at Zoom as well. Raises as `create_class` does."""
    plan = plan.checked()
    current = _still_planned(services, acting, class_id)
    services.read(_check_may_move, acting, current, plan)
    meeting = None
    if current.zoom_meeting_made and current.api_meeting_id:
        services.zoom.change_meeting(current.api_meeting_id, plan.meeting(), current.teacher_email)
        if current.zoom_api_meeting_id is not None:
            # Zoom was asked once more not to hold it under the personal meeting id; both its numbers hang on that.
            with suppress(ZoomError):
                meeting = services.zoom.meeting(current.api_meeting_id)
    now = services.now()
    with (
        transaction(services.engine) as tx,
        following(tx, current.zoom_meeting_id or "", services.delay, now),
    ):
        locked = _lock_planned(tx, acting, class_id)
        _check_may_move(tx, acting, locked, plan)
        storage.classes.change_class(tx, class_id, plan.title, plan.start, plan.minutes, plan.timezone)
        # A title may be a person's name, and no entry keeps one that the class does not have any more.
        audit.note(
            tx,
            acting,
            Action.CLASS_CHANGED,
            now,
            class_id=class_id,
            start=clock.to_zoom(plan.start),
            minutes=plan.minutes,
            old_start=clock.to_zoom(locked.scheduled_start),
            old_minutes=locked.duration_minutes,
            renamed=int(plan.title != locked.title),
        )
        if meeting is not None:
            api_id = meeting.id if meeting.personal_id else None
            storage.classes.set_meeting(tx, class_id, meeting.announced_id, api_id, meeting.join_url)


def cancel_class(services: Services, acting: Member, class_id: str) -> None:
    """Cancels a class that has not begun; a meeting that was made for it, and that no other has, is deleted at Zoom.

    Raises NotAllowed.
    """
    current = _still_planned(services, acting, class_id)
    # Where other classes are held in it, their link would stop working.
    if current.zoom_meeting_made and current.api_meeting_id and not services.read(others_in_meeting, current):
        services.zoom.delete_meeting(current.api_meeting_id)
    now = services.now()
    with (
        transaction(services.engine) as tx,
        following(tx, current.zoom_meeting_id or "", services.delay, now),
    ):
        _lock_planned(tx, acting, class_id)
        storage.classes.set_life(tx, class_id, ClassStatus.CANCELLED, None, None)
        storage.fetches.withdraw(tx, class_id)
        audit.note(tx, acting, Action.CLASS_CANCELLED, now, class_id=class_id)


def host_meeting(services: Services, acting: Member, class_id: str) -> Meeting:
    """The meeting with a fresh start link, for its teacher only.

    Raises NotFound to anybody else, NoMeeting, and NotAllowed where a meeting that she has linked is somebody else's.
    """
    with reading(services.engine) as tx:
        found = storage.classes.get_class(tx, class_id)
    if found.teacher_id != acting.id:
        raise NotFound("no_such_class_of_yours")
    if found.api_meeting_id is None:
        raise NoMeeting()
    meeting = services.zoom.meeting(found.api_meeting_id)
    if found.zoom_linked_by_teacher and not meeting.is_hosted_by(acting.zoom_user, acting.email):
        raise NotAllowed("meeting_of_somebody_else")
    audit.note_read(services.engine, acting, Action.START_LINK_OPENED, services.now(), class_id=class_id)
    return meeting


def may_be_held(found: Class, now: datetime) -> bool:
    """Whether the class is running, or may still begin or go on: then its links are of use."""
    if found.status is ClassStatus.CANCELLED:
        return False
    return found.status is ClassStatus.LIVE or now < found.planned.end + LATE


def was_not_held(found: Class, now: datetime) -> bool:
    """Whether nobody held the class, as far as Zoom tells: its time is over by so much that nothing counts for it now.

    Of a meeting that serves other classes too Zoom has to have been asked, and in vain. A class of which Zoom could not
    be asked may have been held all the same.
    """
    if found.status is not ClassStatus.SCHEDULED or found.zoom_meeting_id is None or now < found.planned.end + LATE:
        return False
    fetch = found.fetch
    if fetch is not None and fetch.error is not None and not found_no_session(fetch):
        return False
    return found.zoom_meeting_made or (fetch is not None and fetch.stored_state is FetchState.NO_DATA)


def found_no_session(fetch: FetchProgress) -> bool:
    """Whether Zoom was asked, and knows of no session of the class so far."""
    return fetch.error is not None and fetch.error.code in retry.NO_SESSION


def _one_line(text: str, too_long: str) -> str:
    """The text fit for one line of a list. Raises InvalidInput with the code `too_long` for one that is."""
    line = " ".join("".join(char for char in text if char.isprintable() or char.isspace()).split())
    if len(line) > LONGEST_TITLE:
        raise InvalidInput(too_long, most=LONGEST_TITLE)
    return line


def _check_not_taken(tx: Transaction, new: NewClass) -> None:
    """Two classes in one meeting at one time would be one and the same: only one of them could have its sessions."""
    for found in storage.classes.classes_of_meeting(tx, new.zoom_meeting_id):
        if found.scheduled_start == new.scheduled_start:
            raise InvalidInput("meeting_taken")


def _check_may_link(services: Services, acting: Member, teacher: Member, meeting: Meeting) -> None:
    """Raises NotAllowed for a meeting that Zoom does not say to be hosted by the teacher, unless an admin links it.

    A link is no key: whoever has a colleague's must not get her start link, nor her participants.
    """
    if acting.is_admin:
        return
    with reading(services.engine) as tx:
        others = storage.classes.classes_of_meeting(tx, meeting.announced_id)
    if any(found.teacher_id != teacher.id for found in others):
        raise NotAllowed("meeting_of_other_class")
    if refusal := _why_not_hers(services, meeting, teacher.zoom_user, teacher.email):
        raise NotAllowed(refusal)


def check_host(services: Services, found: Class) -> None:
    """Raises ZoomRefused for a class whose meeting, linked by its teacher, Zoom does not say to be hosted by her."""
    try:
        meeting = services.zoom.meeting(found.api_meeting_id or "")
    except ZoomRateLimited:
        raise
    except ZoomError:
        meeting = Meeting(found.api_meeting_id or "", join_url="", start_url="", topic="", waiting_room=False)
    refusal = _why_not_hers(services, meeting, found.teacher_zoom_user, found.teacher_email)
    if refusal is not None:
        raise (ZoomRefusedForNow if refusal == HOST_UNKNOWN else ZoomRefused)(refusal)


def _why_not_hers(services: Services, meeting: Meeting, *teacher: str) -> str | None:
    """The code of why a teacher, by her Zoom user and e-mail, may not have this meeting; None where she hosts it."""
    if not meeting.hosts:
        # Zoom may have forgotten the meeting, but not who hosted what was held in it.
        with suppress(ZoomError, NotConfigured):
            meeting = replace(meeting, hosts=services.zoom.past_hosts(meeting.announced_id))
    if not meeting.hosts:
        return HOST_UNKNOWN
    return None if meeting.is_hosted_by(*teacher) else "meeting_of_somebody_else"


def _linked_meeting(services: Services, link: str) -> Meeting:
    """The meeting that a pasted text speaks of, with what Zoom tells of it. Its own link is kept where it has one."""
    given = read_meeting_link(link)
    try:
        found = services.zoom.meeting(given.meeting_id)
    except (ZoomError, NotConfigured) as error:
        if given.join_url is None and not isinstance(error, ZoomMeetingUnknown):
            raise
        # A link is enough to join by. Zoom forgets a meeting 30 days after its last use, but not who was in it.
        address = given.join_url or f"https://zoom.us/j/{given.meeting_id}"
        return Meeting(given.meeting_id, address, start_url="", topic="", waiting_room=False)
    # The number that was given is what the class is found by; Zoom's answer may only add the personal one.
    join_url = found.join_url if given.for_host or given.join_url is None else given.join_url
    return replace(found, id=given.meeting_id, join_url=join_url)


def _still_planned(services: Services, acting: Member, class_id: str) -> Class:
    with reading(services.engine) as tx:
        found = storage.classes.get_class(tx, class_id)
    auth.check_may_change(acting, found)
    _check_planned(found)
    return found


def _lock_planned(tx: Transaction, acting: Member, class_id: str) -> Class:
    """The class, locked, asked once more: it may have begun, or may be hers no more, while Zoom was told.

    Raises NotAllowed, and as `_check_planned`.
    """
    found = storage.classes.lock_class(tx, class_id)
    auth.check_may_change(acting, found)
    _check_planned(found)
    return found


def _check_may_move(tx: Transaction, acting: Member, found: Class, plan: Plan) -> None:
    """Raises NotAllowed where another time would reach into classes that a co-teacher may not see."""
    if (plan.start, plan.minutes) != (found.scheduled_start, found.duration_minutes):
        auth.check_reach(tx, acting, found)


def _check_planned(found: Class) -> None:
    if found.status is not ClassStatus.SCHEDULED:
        raise InvalidInput("class_not_changeable")
