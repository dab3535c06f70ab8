"""Title, time and course of a class that has not begun are changed, here and at Zoom.

Of a class with a meeting of its own Zoom is told first, and somebody waits for that. Where it is one date of a
recurring meeting, or where all that follow in its series are changed too, it is changed here, and a tracker tells Zoom.
"""

from contextlib import suppress
from datetime import datetime

from tracker import audit, auth, clock, storage
from tracker.audit import Action
from tracker.classes.plan import Plan, one_line
from tracker.classes.planned import all_following, classes_of_meeting, lock_planned, still_planned, those_that_follow
from tracker.classes.series_plan import shifted
from tracker.errors import InvalidInput, ZoomError
from tracker.services import Services
from tracker.sessions import following
from tracker.storage.classes import Class
from tracker.storage.database import Transaction, transaction
from tracker.storage.members import Member


def change_class(
    services: Services,
    acting: Member,
    class_id: str,
    plan: Plan,
    *,
    course: str | None = None,
    with_following: bool = False,
) -> None:
    """Changes title and time of a class that has not begun, at Zoom as well; and its `course`, "" for none.

    Those that follow in its series move by as many days and by as much on the clock, and take over what else was
    changed. Raises as `create_class` does, and NotAllowed where a co-teacher puts it into another course.
    """
    plan = plan.checked()
    course = None if course is None else one_line(course, "course_name_too_long")
    current = still_planned(services, acting, class_id)
    if with_following or current.zoom_occurrence_id is not None or current.zoom_meeting_due_at is not None:
        _change_and_tell_later(services, acting, current, plan, course, with_following=with_following)
        return
    services.read(_check_may_move, acting, current, plan, course)
    meeting = None
    if _is_told(current, plan, course) and current.zoom_meeting_made and current.api_meeting_id:
        services.zoom.change_meeting(current.api_meeting_id, plan.meeting(), current.teacher_zoom_user)
        if current.zoom_api_meeting_id is not None:
            # Zoom was asked once more not to hold it under the personal meeting id; both its numbers hang on that.
            with suppress(ZoomError):
                meeting = services.zoom.meeting(current.api_meeting_id)
    now = services.now()
    with (
        transaction(services.engine) as tx,
        following(tx, current.zoom_meeting_id or "", services.delay, now),
    ):
        _change(tx, acting, class_id, plan, course, now, told=_is_told(current, plan, course))
        if meeting is not None:
            api_id = meeting.id if meeting.personal_id else None
            storage.classes.set_meeting(tx, class_id, meeting.announced_id, api_id, meeting.join_url)


def _change_and_tell_later(
    services: Services, acting: Member, current: Class, plan: Plan, course: str | None, *, with_following: bool
) -> None:
    now, was = services.now(), _plan_of(current)
    with transaction(services.engine) as tx:
        meant = those_that_follow(tx, current) if with_following else [current]
        with all_following(tx, meant, services.delay, now):
            for one in meant:
                after = plan if one.id == current.id else shifted(one, was, plan)
                told = _is_changed(one, after) or (one.id == current.id and not _is_moved(one, course))
                locked = _change(tx, acting, one.id, after, course, now, told=told)
                if told:
                    _ask_to_tell(tx, locked, now)
            if current.zoom_meeting_id is not None:
                starts = [one.scheduled_start for one in classes_of_meeting(tx, current.zoom_meeting_id)]
                if len(starts) != len(set(starts)):
                    raise InvalidInput("meeting_taken")


def _ask_to_tell(tx: Transaction, found: Class, now: datetime) -> None:
    """Has a tracker tell Zoom of the class."""
    if found.series_id is not None and found.zoom_occurrence_id is not None:
        storage.series.ask(tx, found.series_id, now)
    elif found.zoom_meeting_made and (found.zoom_meeting_id is not None or found.zoom_meeting_asked_at is not None):
        storage.series.ask_for_meeting(tx, found.id, now)
    # Else its meeting is still to be made, and will be as the class is by then.


def _change(
    tx: Transaction, acting: Member, class_id: str, plan: Plan, course: str | None, now: datetime, *, told: bool
) -> Class:
    """Changes a class here, where it still may be; returns it as it was."""
    locked = lock_planned(tx, acting, class_id)
    _check_may_move(tx, acting, locked, plan, course)
    if _is_moved(locked, course):
        storage.courses.set_course(tx, class_id, course or "")
        audit.note(tx, acting, Action.CLASS_MOVED, now, class_id=class_id)
    if told:
        storage.classes.change_class(tx, class_id, plan.title, plan.start, plan.minutes, plan.timezone)
        _note_change(tx, acting, locked, plan, now)
    return locked


def _plan_of(found: Class) -> Plan:
    return Plan(found.title, found.scheduled_start, found.duration_minutes, found.timezone)


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
    return plan != _plan_of(found)


def _is_told(found: Class, plan: Plan, course: str | None) -> bool:
    """Whether Zoom is to be told: not where it is only put into another course."""
    return _is_changed(found, plan) or not _is_moved(found, course)


def _is_moved(found: Class, course: str | None) -> bool:
    """Whether its course would be another one, or none."""
    return course is not None and course != (found.course or "")


def _check_may_move(tx: Transaction, acting: Member, found: Class, plan: Plan, course: str | None) -> None:
    """Raises NotAllowed where another time would reach into classes that a co-teacher may not see.

    And where she would put it into another course: that shares it with whoever has the course.
    """
    if (plan.start, plan.minutes) != (found.scheduled_start, found.duration_minutes):
        auth.check_reach(tx, acting, found)
    if _is_moved(found, course):
        auth.check_may_share(acting, found)
