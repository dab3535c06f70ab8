"""Classes: made, changed and cancelled, here and at Zoom; listed for whoever may see them.

plan.py         title and time as somebody typed them
planned.py      a class that has not begun, and those that follow it in its series
meeting_options.py  waiting room, sign-in, recording and substitutes of its meeting
meetings.py     the Zoom meeting that a pasted link names, and whose it is
changing.py     title, time and course changed
cancelling.py   cancelled, taken back, and the meeting deleted
series_plan.py  a class every week, as somebody typed it
series.py       the classes of it made
making.py       their meetings made and changed at Zoom, as many a day as it takes
recurring.py    the dates of their one recurring meeting brought in line

Each use case opens its own short transactions, and never keeps one open while it talks to Zoom.
"""

from contextlib import nullcontext
from datetime import datetime

from tracker import audit, auth, retry, storage
from tracker.attendance.assignment import LATE
from tracker.attendance.meeting_options import NOTHING_SAID, MeetingOptions
from tracker.attendance.types import ClassStatus, FetchState
from tracker.audit import Action
from tracker.classes import meeting_options
from tracker.classes.cancelling import (
    UNDO_FOR as UNDO_FOR,
)
from tracker.classes.cancelling import cancel_class as cancel_class
from tracker.classes.cancelling import cancelled_with as cancelled_with
from tracker.classes.cancelling import delete_due_meeting as delete_due_meeting
from tracker.classes.cancelling import is_deletion_due as is_deletion_due
from tracker.classes.cancelling import may_be_undone as may_be_undone
from tracker.classes.cancelling import undo_cancelling as undo_cancelling
from tracker.classes.changing import change_class as change_class
from tracker.classes.making import is_meeting_due as is_meeting_due
from tracker.classes.making import make_due_meeting as make_due_meeting
from tracker.classes.meeting_options import not_taken as not_taken
from tracker.classes.meeting_options import school_options as school_options
from tracker.classes.meetings import check_host as check_host
from tracker.classes.meetings import check_may_link, deleted_without_class, linked_meeting
from tracker.classes.plan import LONGEST_CLASS_MINUTES as LONGEST_CLASS_MINUTES
from tracker.classes.plan import LONGEST_TITLE as LONGEST_TITLE
from tracker.classes.plan import Plan as Plan
from tracker.classes.plan import next_plan as next_plan
from tracker.classes.plan import one_line
from tracker.classes.planned import check_not_taken
from tracker.classes.planned import classes_of_meeting as classes_of_meeting
from tracker.classes.planned import following_for as following_for
from tracker.classes.planned import others_in_meeting as others_in_meeting
from tracker.classes.planned import those_that_follow as those_that_follow
from tracker.classes.recurring import are_dates_due as are_dates_due
from tracker.classes.recurring import bring_due_dates_in_line as bring_due_dates_in_line
from tracker.classes.series import classes_of_series as classes_of_series
from tracker.classes.series import create_series as create_series
from tracker.classes.series_plan import SeriesPlan as SeriesPlan
from tracker.classes.series_plan import changes_of_clocks as changes_of_clocks
from tracker.classes.series_plan import days_without as days_without
from tracker.classes.series_plan import weekdays_of as weekdays_of
from tracker.errors import NoMeeting, NotAllowed, NotFound
from tracker.services import Services
from tracker.sessions import following
from tracker.storage.audit import Entry, Which
from tracker.storage.class_lists import Filter
from tracker.storage.classes import Class, FetchProgress, NewClass
from tracker.storage.database import Transaction, reading, transaction
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
    options: MeetingOptions = NOTHING_SAID,
) -> str:
    """Makes a class and returns its id. Its Zoom meeting is made too, or taken from a pasted `link`.

    It is the acting person's own, or another `teacher`'s where an admin makes it. `options` are those of a meeting that
    is made. Raises InvalidInput for what cannot be used, ZoomError where Zoom does not make the meeting, NotAllowed for
    a meeting that is somebody else's.
    """
    teacher = teacher or acting
    if teacher.id != acting.id:
        auth.check_is_admin(acting)
    plan, course = plan.checked(), one_line(course or "", "course_name_too_long")
    options, sent = meeting_options.checked(options, teacher.email), None
    link = link if link and link.strip() else None
    if link is not None:
        meeting_options.check_none(options)
        meeting = linked_meeting(services, link)
        check_may_link(services, acting, teacher, meeting)
    else:
        meeting, sent = meeting_options.make(services, teacher.zoom_user, plan.meeting(), options)
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
        course=course or None,
        meeting_asked=options,
        meeting_sent=sent,
        meeting_has=meeting_options.has_of(meeting),
    )
    now = services.now()
    with (
        deleted_without_class(services, meeting) if link is None else nullcontext(),
        transaction(services.engine) as tx,
        following(tx, meeting.announced_id, services.delay, now),
    ):
        check_not_taken(tx, meeting.announced_id, new.scheduled_start)
        class_id = storage.classes.add_class(tx, new, now)
        audit.note(tx, acting, Action.CLASS_MADE, now, class_id=class_id, teacher=teacher.email, **plan.in_words())
        meeting_options.note_asked(tx, acting, class_id, options, now)
        storage.registrations.ask_for_class(tx, class_id, now)
        if link is not None and storage.classes.get_class(tx, class_id).planned.end < now:
            # Held already: no webhook will come, so Zoom is asked.
            storage.fetches.ask(tx, class_id, now, now)
    return class_id


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
    meeting_options.note_has(services, found, meeting)
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
    be asked, or is only about to be, may have been held all the same.
    """
    if found.status is not ClassStatus.SCHEDULED or found.zoom_meeting_id is None or now < found.planned.end + LATE:
        return False
    fetch = found.fetch
    if fetch is not None and fetch.error is not None and not found_no_session(fetch):
        return False
    if fetch is not None and fetch.error is None and fetch.due_at is not None:
        return False
    return found.zoom_meeting_made or (fetch is not None and fetch.stored_state is FetchState.NO_DATA)


def found_no_session(fetch: FetchProgress) -> bool:
    """Whether Zoom was asked, and knows of no session of the class so far."""
    return fetch.error is not None and fetch.error.code in retry.NO_SESSION
