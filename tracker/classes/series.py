"""Classes every week are made: with one recurring Zoom meeting, or with a meeting each.

The recurring meeting is made at once, while somebody waits. Of the others each is a due time in the database: a tracker
makes them one after another, as many a day as Zoom allows for one host.
"""

from contextlib import suppress
from datetime import datetime, timedelta

from tracker import audit, auth, storage
from tracker.attendance.meeting_options import NOTHING_SAID, MeetingOptions
from tracker.attendance.types import ClassStatus
from tracker.audit import Action
from tracker.classes import meeting_options
from tracker.classes.meetings import check_may_link, deleted_without_class, linked_meeting
from tracker.classes.plan import Plan, one_line
from tracker.classes.planned import check_not_taken
from tracker.classes.series_plan import SeriesPlan
from tracker.errors import InvalidInput, ZoomError, ZoomRateLimited, ZoomUnreachable
from tracker.services import Services
from tracker.sessions import following
from tracker.storage.classes import Class, NewClass
from tracker.storage.database import Transaction, transaction
from tracker.storage.members import Member
from tracker.zoom import Meeting
from tracker.zoom.rate_limit import INTERACTIVE_WRITES, WRITES_PER_DAY, next_day


def create_series(
    services: Services,
    acting: Member,
    series: SeriesPlan,
    *,
    one_meeting: bool,
    teacher: Member | None = None,
    course: str | None = None,
    link: str | None = None,
    options: MeetingOptions = NOTHING_SAID,
) -> list[str]:
    """Makes the classes of a series, all or none, and returns their ids by their starts.

    `one_meeting`: they share a recurring Zoom meeting; else each gets a meeting of its own in a while. With a pasted
    `link` they share the meeting that it names, and may have been held; `options` are those of meetings that are made.
    They are the acting person's own, or another `teacher`'s where an admin makes them. Raises InvalidInput for what
    cannot be used, ZoomError where Zoom does not make the recurring meeting, or refuses us, NotConfigured, NotAllowed
    for a meeting that is somebody else's.
    """
    teacher = teacher or acting
    if teacher.id != acting.id:
        auth.check_is_admin(acting)
    plans = series.checked()
    course = one_line(course or "", "course_name_too_long") or None
    options = meeting_options.checked(options, teacher.email)
    now = services.now()
    if link is not None and link.strip():
        meeting_options.check_none(options)
        return _with_linked_meeting(services, acting, teacher, plans, course, link)
    if plans[0].start < now:
        raise InvalidInput("series_start_passed")
    if one_meeting:
        return _with_one_meeting(services, acting, teacher, series, course, options)
    with suppress(ZoomUnreachable, ZoomRateLimited):
        services.zoom.token()  # what will never work is said at once
    with transaction(services.engine) as tx:
        series_id = storage.series.add_series(tx, now, one_meeting=False)
        due = _due_times(tx, teacher, len(plans), now)
        return [
            _add(
                tx,
                acting,
                teacher,
                _new(plan, teacher, course, series_id, zoom_meeting_due_at=at, meeting_asked=options),
                plan,
                now,
            )
            for plan, at in zip(plans, due, strict=True)
        ]


def classes_of_series(tx: Transaction, found: Class) -> list[Class]:
    """The classes that were planned together with this one, it among them, without those that are cancelled."""
    if found.series_id is None:
        return []
    return [one for one in storage.series.classes_of(tx, found.series_id) if one.status is not ClassStatus.CANCELLED]


def _with_one_meeting(
    services: Services,
    acting: Member,
    teacher: Member,
    series: SeriesPlan,
    course: str | None,
    options: MeetingOptions,
) -> list[str]:
    plans = series.checked()
    wanted, left_out = series.meeting()
    meeting, sent = meeting_options.make(services, teacher.zoom_user, wanted, options)
    with deleted_without_class(services, meeting):
        meeting = _with_dates(services, meeting)
        ids = {one.start: one.id for one in meeting.occurrences}
        now = services.now()
        with transaction(services.engine) as tx, following(tx, meeting.announced_id, services.delay, now):
            series_id = storage.series.add_series(tx, now, one_meeting=True, left_out=left_out)
            if left_out or any(plan.start not in ids for plan in plans):
                storage.series.ask(tx, series_id, now)
            made = []
            for plan in plans:
                check_not_taken(tx, meeting.announced_id, plan.start)
                new = _new(
                    plan,
                    teacher,
                    course,
                    series_id,
                    **_of_meeting(meeting),
                    zoom_occurrence_id=ids.get(plan.start, ""),
                    meeting_asked=options,
                    meeting_sent=sent,
                )
                made.append(_add(tx, acting, teacher, new, plan, now))
            storage.registrations.ask_for_class(tx, made[0], now)
            return made


def _of_meeting(meeting: Meeting) -> dict[str, object]:
    """What a class has of the meeting in which it is held with others."""
    return {
        "zoom_meeting_id": meeting.announced_id,
        "zoom_join_url": meeting.join_url,
        "zoom_api_meeting_id": meeting.id if meeting.personal_id else None,
        "zoom_host_id": meeting.host_id or None,
        "meeting_has": meeting_options.has_of(meeting),
    }


def _with_linked_meeting(
    services: Services, acting: Member, teacher: Member, plans: list[Plan], course: str | None, link: str
) -> list[str]:
    meeting = linked_meeting(services, link)
    check_may_link(services, acting, teacher, meeting)
    now = services.now()
    with transaction(services.engine) as tx, following(tx, meeting.announced_id, services.delay, now):
        series_id = storage.series.add_series(tx, now, one_meeting=False)
        made = []
        for plan in plans:
            check_not_taken(tx, meeting.announced_id, plan.start)
            new = _new(
                plan,
                teacher,
                course,
                series_id,
                **_of_meeting(meeting),
                zoom_linked_by_teacher=not acting.is_admin,
                zoom_meeting_made=False,
            )
            made.append(_add(tx, acting, teacher, new, plan, now))
            if plan.start + timedelta(minutes=plan.minutes) < now:
                # Held already: no webhook will come, so Zoom is asked.
                storage.fetches.ask(tx, made[-1], now, now)
        return made


def _with_dates(services: Services, meeting: Meeting) -> Meeting:
    """The meeting with its dates, which not every answer has; without them a tracker looks for them later."""
    if not meeting.occurrences:
        with suppress(ZoomError):
            return services.zoom.meeting(meeting.id)
    return meeting


def _new(plan: Plan, teacher: Member, course: str | None, series_id: str, **meeting: object) -> NewClass:
    given = {"zoom_meeting_id": None, "zoom_join_url": None, "zoom_meeting_made": True} | meeting
    return NewClass(
        title=plan.title,
        teacher_id=teacher.id,
        scheduled_start=plan.start,
        duration_minutes=plan.minutes,
        timezone=plan.timezone,
        course=course,
        series_id=series_id,
        **given,  # type: ignore[arg-type]
    )


def _add(tx: Transaction, acting: Member, teacher: Member, new: NewClass, plan: Plan, now: datetime) -> str:
    class_id = storage.classes.add_class(tx, new, now)
    audit.note(tx, acting, Action.CLASS_MADE, now, class_id=class_id, teacher=teacher.email, **plan.in_words())
    meeting_options.note_asked(tx, acting, class_id, new.meeting_asked, now)
    return class_id


def _due_times(tx: Transaction, teacher: Member, number: int, now: datetime) -> list[datetime]:
    """When each of so many meetings will be made: as many a day as Zoom allows, but for a reserve for single classes.

    It is what the pages say. A tracker begins with what is due, and puts off what Zoom does not take.
    """
    a_day = WRITES_PER_DAY - INTERACTIVE_WRITES
    before = storage.rates.writes_of(tx, teacher.zoom_user, now) + storage.series.count_waiting(tx, teacher.id)
    days = [(before + place) // a_day for place in range(number)]
    return [now if day == 0 else next_day(now) + timedelta(days=day - 1) for day in days]
