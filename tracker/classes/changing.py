"""Title, time, course and options of a class that has not begun are changed, here and at Zoom.

Of a class with a meeting of its own Zoom is told first, and somebody waits for that. Where it is one date of a
recurring meeting, or where all that follow in its series are changed too, it is changed here, and a tracker tells Zoom.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from tracker import audit, auth, clock, storage
from tracker.attendance.meeting_options import NOTHING_SAID, MeetingOptions
from tracker.attendance.types import ClassStatus
from tracker.audit import Action
from tracker.classes import meeting_options
from tracker.classes.plan import Plan, one_line
from tracker.classes.planned import all_following, classes_of_meeting, lock_planned, still_planned, those_that_follow
from tracker.classes.series_plan import shifted
from tracker.errors import InvalidInput, NotAllowed
from tracker.services import Services
from tracker.sessions import following
from tracker.storage.classes import Class
from tracker.storage.database import Transaction, transaction
from tracker.storage.members import Member


@dataclass(frozen=True, slots=True)
class _Change:
    """What a class is to be like; None for a course or for options that stay as they are."""

    plan: Plan
    course: str | None
    options: MeetingOptions | None

    def moves(self, found: Class) -> bool:
        """Whether the class gets another course, or none."""
        return self.course is not None and self.course != (found.course or "")

    def has_options(self, found: Class) -> bool:
        """Whether the class gets other options."""
        return self.options is not None and self.options != found.meeting_asked

    def lets_others_start(self, found: Class) -> bool:
        """Whether the class gets other substitutes."""
        asked = found.meeting_asked
        return self.options is not None and set(self.options.substitutes or ()) != set(asked.substitutes or ())

    def is_told(self, found: Class) -> bool:
        """Whether Zoom is to be told: not where the class is only put into another course."""
        return self.changes(found) or not self.moves(found)

    def changes(self, found: Class) -> bool:
        """Whether title, time or options are others, or Zoom did not take the options when it was told."""
        return (
            self.plan != _plan_of(found) or self.has_options(found) or meeting_options.not_taken(found) != NOTHING_SAID
        )


def change_class(
    services: Services,
    acting: Member,
    class_id: str,
    plan: Plan,
    *,
    course: str | None = None,
    with_following: bool = False,
    options: MeetingOptions | None = None,
) -> None:
    """Changes title and time of a class that has not begun, at Zoom as well; its `course`, "" for none; its `options`.

    Those that follow in its series move by as many days and by as much on the clock, and take over what else was
    changed. The options of one date of a recurring meeting are those of all. Raises as `create_class` does, and
    NotAllowed where a co-teacher puts it into another course.
    """
    course = None if course is None else one_line(course, "course_name_too_long")
    change = _Change(plan.checked(), course, options)
    current = still_planned(services, acting, class_id)
    if options is not None:
        change = replace(change, options=meeting_options.checked(options, current.teacher_email))
        if change.has_options(current) and not current.zoom_meeting_made:
            raise InvalidInput("options_of_linked_meeting")
    if with_following or current.zoom_occurrence_id is not None or current.zoom_meeting_due_at is not None:
        _change_and_tell_later(services, acting, current, change, with_following=with_following)
        return
    services.read(_check_may_move, acting, current, change)
    meeting, sent = None, None
    if change.is_told(current) and current.zoom_meeting_made and current.api_meeting_id:
        asked = current.meeting_asked if change.options is None else change.options
        meeting, sent = meeting_options.change(services, replace(current, meeting_asked=asked), change.plan.meeting())
    now = services.now()
    with (
        transaction(services.engine) as tx,
        following(tx, current.zoom_meeting_id or "", services.delay, now),
    ):
        _change(tx, acting, class_id, change, now, told=change.is_told(current))
        if sent is not None:
            storage.meeting_options.set_told(tx, class_id, sent, meeting_options.has_of(meeting))
        if meeting is not None and current.zoom_api_meeting_id is not None:
            # Zoom was asked once more not to hold it under the personal meeting id; both its numbers hang on that.
            api_id = meeting.id if meeting.personal_id else None
            storage.classes.set_meeting(tx, class_id, meeting.announced_id, api_id, meeting.join_url)
        storage.registrations.ask_for_class(tx, class_id, now)


def _change_and_tell_later(
    services: Services, acting: Member, current: Class, change: _Change, *, with_following: bool
) -> None:
    now, was = services.now(), _plan_of(current)
    with transaction(services.engine) as tx:
        meant = those_that_follow(tx, current) if with_following else [current]
        with all_following(tx, meant, services.delay, now):
            for one in meant:
                plan = change.plan if one.id == current.id else shifted(one, was, change.plan)
                its = replace(change, plan=plan)
                told = its.is_told(one) if one.id == current.id else its.changes(one)
                locked = _change(tx, acting, one.id, its, now, told=told)
                if told:
                    _ask_to_tell(tx, locked, now)
                storage.registrations.ask_for_class(tx, one.id, now)
            if change.has_options(current) and current.zoom_occurrence_id is not None:
                _set_options_of_all_dates(tx, acting, current, change.options or NOTHING_SAID, now)
            if current.zoom_meeting_id is not None:
                starts = [one.scheduled_start for one in classes_of_meeting(tx, current.zoom_meeting_id)]
                if len(starts) != len(set(starts)):
                    raise InvalidInput("meeting_taken")


def _set_options_of_all_dates(
    tx: Transaction, acting: Member, current: Class, options: MeetingOptions, now: datetime
) -> None:
    """The classes to come of one recurring meeting have the same options: Zoom knows none of single dates.

    Raises NotAllowed for a co-teacher who may not see all of them.
    """
    auth.check_reach(tx, acting, current)
    for one in classes_of_meeting(tx, current.zoom_meeting_id or ""):
        if one.status is ClassStatus.SCHEDULED and one.zoom_meeting_made:
            storage.meeting_options.set_asked(tx, one.id, options)
            meeting_options.note_asked(tx, acting, one.id, options, now, was=one.meeting_asked)


def _ask_to_tell(tx: Transaction, found: Class, now: datetime) -> None:
    """Has a tracker tell Zoom of the class."""
    if found.series_id is not None and found.zoom_occurrence_id is not None:
        storage.series.ask(tx, found.series_id, now)
    elif found.zoom_meeting_made and (found.zoom_meeting_id is not None or found.zoom_meeting_asked_at is not None):
        storage.series.ask_for_meeting(tx, found.id, now)
    # Else its meeting is still to be made, and will be as the class is by then.


def _change(tx: Transaction, acting: Member, class_id: str, change: _Change, now: datetime, *, told: bool) -> Class:
    """Changes a class here, where it still may be; returns it as it was."""
    locked, plan = lock_planned(tx, acting, class_id), change.plan
    _check_may_move(tx, acting, locked, change)
    if change.moves(locked):
        storage.courses.set_course(tx, class_id, change.course or "")
        audit.note(tx, acting, Action.CLASS_MOVED, now, class_id=class_id)
    if change.options is not None:
        storage.meeting_options.set_asked(tx, class_id, change.options)
        meeting_options.note_asked(tx, acting, class_id, change.options, now, was=locked.meeting_asked)
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


def _check_may_move(tx: Transaction, acting: Member, found: Class, change: _Change) -> None:
    """Raises NotAllowed where another time would reach into classes that a co-teacher may not see.

    And where she would put it into another course: that shares it with whoever has the course. Or would say who starts
    it: that goes with the start link, which is its teacher's alone.
    """
    if (change.plan.start, change.plan.minutes) != (found.scheduled_start, found.duration_minutes):
        auth.check_reach(tx, acting, found)
    if change.moves(found):
        auth.check_may_share(acting, found)
    if change.lets_others_start(found) and not auth.is_in_charge(acting, found):
        raise NotAllowed("substitutes_of_somebody_else")
