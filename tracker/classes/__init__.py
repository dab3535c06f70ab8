"""Classes: made, changed and cancelled, here and at Zoom; listed for whoever may see them.

plan.py        title and time as somebody typed them
planned.py     a class that has not begun
meetings.py    the Zoom meeting that a pasted link names, and whose it is
cancelling.py  cancelled, taken back, and the meeting deleted

Each use case opens its own short transactions, and never keeps one open while it talks to Zoom.
"""

from contextlib import suppress
from datetime import datetime

from tracker import audit, auth, clock, retry, storage
from tracker.attendance.assignment import LATE
from tracker.attendance.types import ClassStatus, FetchState
from tracker.audit import Action
from tracker.classes.cancelling import (
    UNDO_FOR as UNDO_FOR,
)
from tracker.classes.cancelling import cancel_class as cancel_class
from tracker.classes.cancelling import delete_due_meeting as delete_due_meeting
from tracker.classes.cancelling import is_deletion_due as is_deletion_due
from tracker.classes.cancelling import may_be_undone as may_be_undone
from tracker.classes.cancelling import undo_cancelling as undo_cancelling
from tracker.classes.meetings import check_host as check_host
from tracker.classes.meetings import check_may_link, linked_meeting
from tracker.classes.plan import LONGEST_CLASS_MINUTES as LONGEST_CLASS_MINUTES
from tracker.classes.plan import LONGEST_TITLE as LONGEST_TITLE
from tracker.classes.plan import Plan as Plan
from tracker.classes.plan import next_plan as next_plan
from tracker.classes.plan import one_line
from tracker.classes.planned import check_not_taken, lock_planned, still_planned
from tracker.classes.planned import classes_of_meeting as classes_of_meeting
from tracker.classes.planned import others_in_meeting as others_in_meeting
from tracker.errors import NoMeeting, NotAllowed, NotFound, ZoomError
from tracker.services import Services
from tracker.sessions import following
from tracker.storage.audit import Entry, Which
from tracker.storage.class_lists import Filter
from tracker.storage.classes import Class, FetchProgress, NewClass
from tracker.storage.database import AWAY, Transaction, reading, transaction
from tracker.storage.members import Member
from tracker.zoom import Meeting

MOST_LATEST = 60


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
    return storage.courses.list_courses(tx, teacher.id)


def courses_beside(tx: Transaction, found: Class) -> list[str]:
    """The names of the courses of a class's teacher, in order."""
    return storage.courses.list_courses(tx, found.teacher_id)


def latest_of(tx: Transaction, teacher: Member) -> list[Class]:
    """The classes that the teacher has planned last, newest first, to plan the next one like them."""
    return storage.classes.latest_of(tx, teacher.id, MOST_LATEST)


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
    course_name = one_line(course or "", "course_name_too_long")
    if link is not None and link.strip():
        meeting = linked_meeting(services, link)
        check_may_link(services, acting, teacher, meeting)
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
            check_not_taken(tx, new.zoom_meeting_id, new.scheduled_start)
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


def change_class(services: Services, acting: Member, class_id: str, plan: Plan, *, course: str | None = None) -> None:
    """Changes title and time of a class that has not begun, at Zoom as well; and its `course`, "" for none.

    Raises as `create_class` does, and NotAllowed where a co-teacher puts it into another course.
    """
    plan = plan.checked()
    course = None if course is None else one_line(course, "course_name_too_long")
    current = still_planned(services, acting, class_id)
    services.read(_check_may_move, acting, current, plan, course)
    meeting = None
    told = _is_changed(current, plan) or not _is_moved(current, course)
    if told and current.zoom_meeting_made and current.api_meeting_id:
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
        locked = lock_planned(tx, acting, class_id)
        _check_may_move(tx, acting, locked, plan, course)
        if _is_moved(locked, course):
            storage.courses.set_course(tx, class_id, course or "")
            audit.note(tx, acting, Action.CLASS_MOVED, now, class_id=class_id)
        if told:
            storage.classes.change_class(tx, class_id, plan.title, plan.start, plan.minutes, plan.timezone)
            _note_change(tx, acting, locked, plan, now)
        if meeting is not None:
            api_id = meeting.id if meeting.personal_id else None
            storage.classes.set_meeting(tx, class_id, meeting.announced_id, api_id, meeting.join_url)


def _note_change(tx: Transaction, acting: Member, was: Class, plan: Plan, now: datetime) -> None:
    # A title may be a person's name, and no entry keeps one that the class does not have any more.
    audit.note(
        tx,
        acting,
        Action.CLASS_CHANGED,
        now,
        class_id=was.id,
        start=clock.to_zoom(plan.start),
        minutes=plan.minutes,
        old_start=clock.to_zoom(was.scheduled_start),
        old_minutes=was.duration_minutes,
        renamed=int(plan.title != was.title),
    )


def _is_changed(found: Class, plan: Plan) -> bool:
    """Whether title or time would be others; `plan` is checked."""
    return plan != Plan(found.title, found.scheduled_start, found.duration_minutes, found.timezone)


def _is_moved(found: Class, course: str | None) -> bool:
    """Whether its course would be another one, or none."""
    return course is not None and course != (found.course or "")


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


def _check_may_move(tx: Transaction, acting: Member, found: Class, plan: Plan, course: str | None) -> None:
    """Raises NotAllowed where another time would reach into classes that a co-teacher may not see.

    And where she would put it into another course: that shares it with whoever has the course.
    """
    if (plan.start, plan.minutes) != (found.scheduled_start, found.duration_minutes):
        auth.check_reach(tx, acting, found)
    if _is_moved(found, course):
        auth.check_may_share(acting, found)
