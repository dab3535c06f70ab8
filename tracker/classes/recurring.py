"""The dates of a recurring Zoom meeting are brought in line with the classes that are held in it, by any tracker.

Zoom is asked for the dates, and told what is different: a class that was moved, one that was cancelled for longer than
that can be taken back, a day without class, another title, other options. So it does not matter where a tracker dies:
the next one sees what is left to do. Of a date Zoom changes time and length; title and options are those of the whole
meeting.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from tracker import storage
from tracker.attendance.meeting_options import NOTHING_SAID
from tracker.attendance.types import ClassStatus
from tracker.classes import meeting_options
from tracker.classes.cancelling import UNDO_FOR
from tracker.classes.making import LATER, put_off_until
from tracker.errors import NotConfigured, ZoomError, ZoomMeetingUnknown, ZoomRefused
from tracker.services import Services
from tracker.storage.classes import Class
from tracker.storage.database import reading, transaction
from tracker.storage.series import SeriesOfClasses
from tracker.zoom import Meeting, NewMeeting, Occurrence

log = logging.getLogger(__name__)
# Longer than the calls for all dates of a meeting take.
LEASE = timedelta(minutes=15)


def are_dates_due(services: Services) -> bool:
    """Whether the dates of a recurring meeting are to be brought in line now."""
    with reading(services.engine) as tx:
        return storage.series.is_due(tx, services.now())


def bring_due_dates_in_line(services: Services) -> bool:
    """Does so for the one series that has been due the longest; whether there was one."""
    now = services.now()
    with transaction(services.engine) as tx:
        series = storage.series.claim(tx, now, now + LEASE)
        if series is None:
            return False
        classes = storage.series.classes_of(tx, series.id)
    again_at = None
    try:
        refused = _bring_in_line(services, series, classes, now)
        again_at = now + LATER if refused else _next_end_of_undo(classes, now)
    except ZoomMeetingUnknown as error:  # somebody has deleted it at Zoom
        log.warning("a recurring meeting is gone", extra={"series": series.id, **error.problem.log_fields()})
    except (ZoomError, NotConfigured) as error:
        again_at = put_off_until(error, now)
        fields = {"series": series.id, **error.problem.log_fields()}
        log.warning("the dates of a recurring meeting cannot be brought in line", extra=fields)
    with transaction(services.engine) as tx:
        storage.series.put_off(tx, series, again_at)
    return True


def _bring_in_line(services: Services, series: SeriesOfClasses, classes: Sequence[Class], now: datetime) -> bool:
    """Tells Zoom everything that is different; whether it has refused some of it. Raises ZoomError."""
    meeting_id = next((one.api_meeting_id for one in classes if one.api_meeting_id), None)
    if meeting_id is None or all(one.status is ClassStatus.CANCELLED for one in classes):
        return False  # the whole meeting is deleted
    meeting = services.zoom.meeting(meeting_id)
    dates = _dates_of(classes, meeting)
    _note_dates(services, classes, dates)
    _note_has(services, classes, meeting)
    refused = 0
    for call in _calls(services, series, classes, dates, meeting, now):
        try:
            call()
        except ZoomRefused as error:  # that of one date holds up no other
            refused += 1
            fields = {"series": series.id, **error.problem.log_fields()}
            log.warning("Zoom refuses to change a date of a recurring meeting", extra=fields)
    return refused > 0


def _calls(
    services: Services,
    series: SeriesOfClasses,
    classes: Sequence[Class],
    dates: Mapping[str, Occurrence],
    meeting: Meeting,
    now: datetime,
) -> Iterator[Callable[[], None]]:
    """What Zoom is to be told."""
    zoom, host = services.zoom, classes[0].teacher_zoom_user
    # A start that has passed is changed neither here nor at Zoom.
    planned = [one for one in classes if one.status is ClassStatus.SCHEDULED and one.scheduled_start > now]
    if planned and planned[-1].title != meeting.topic:
        yield partial(zoom.rename_meeting, meeting.id, planned[-1].title, host)
    if planned and _are_options_due(services, planned[-1], meeting):
        yield partial(_set_options, services, planned)
    for one in planned:
        date = dates.get(one.id)
        if date is not None and (date.start, date.minutes) != (one.scheduled_start, one.duration_minutes):
            changed = NewMeeting(one.title, one.scheduled_start, one.duration_minutes, one.timezone)
            yield partial(zoom.change_occurrence, meeting.id, date.id, changed, host)
    for date in _needless(series, classes, dates, meeting, now):
        yield partial(zoom.delete_occurrence, meeting.id, date.id)


def _are_options_due(services: Services, found: Class, meeting: Meeting) -> bool:
    """Whether Zoom was not asked for all that is wanted, or did not take it: that may be mended since."""
    wanted = meeting_options.wanted(services, found.meeting_asked)
    return wanted != (found.meeting_sent or NOTHING_SAID) or wanted.not_in(meeting.options) != NOTHING_SAID


def _set_options(services: Services, planned: Sequence[Class]) -> None:
    """Tells Zoom the options of all classes to come, and keeps what it has made of them."""
    sent = meeting_options.wanted(services, planned[-1].meeting_asked)
    has = meeting_options.has_of(meeting_options.set_of_all_dates(services, planned[-1], sent))
    with transaction(services.engine) as tx:
        for one in sorted(planned, key=lambda one: one.id):
            storage.classes.lock_class(tx, one.id)
            storage.meeting_options.set_told(tx, one.id, sent, has)
        storage.registrations.ask_for_class(tx, planned[-1].id, services.now())


def _note_has(services: Services, classes: Sequence[Class], meeting: Meeting) -> None:
    """Keeps for the classes to come what their meeting has."""
    has = meeting_options.has_of(meeting)
    other = [one for one in classes if one.status is ClassStatus.SCHEDULED and one.meeting_has != has]
    if has is not None and other:
        with transaction(services.engine) as tx:
            for one in sorted(other, key=lambda one: one.id):
                storage.classes.lock_class(tx, one.id)
                storage.meeting_options.set_has(tx, one.id, has)


def _dates_of(classes: Sequence[Class], meeting: Meeting) -> Mapping[str, Occurrence]:
    """The date of each class: by its id, or else the one at its time."""
    by_id = {date.id: date for date in meeting.occurrences if date.available}
    found = {one.id: by_id[one.zoom_occurrence_id] for one in classes if one.zoom_occurrence_id in by_id}
    taken = {date.id for date in found.values()}
    free = {date.start: date for date in by_id.values() if date.id not in taken}
    return found | {
        one.id: free[one.scheduled_start] for one in classes if one.id not in found and one.scheduled_start in free
    }


def _note_dates(services: Services, classes: Sequence[Class], dates: Mapping[str, Occurrence]) -> None:
    fresh = [one for one in classes if one.id in dates and dates[one.id].id != one.zoom_occurrence_id]
    if fresh:
        with transaction(services.engine) as tx:
            for one in sorted(fresh, key=lambda one: one.id):
                storage.classes.lock_class(tx, one.id)
                storage.series.set_occurrence(tx, one.id, dates[one.id].id)


def _needless(
    series: SeriesOfClasses,
    classes: Sequence[Class],
    dates: Mapping[str, Occurrence],
    meeting: Meeting,
    now: datetime,
) -> Iterator[Occurrence]:
    """The dates that are no class's (any more); what somebody has added at Zoom stays."""
    for one in classes:
        if one.id in dates and one.status is ClassStatus.CANCELLED and _end_of_undo(one, now) <= now:
            yield dates[one.id]
    of_classes = {date.id for date in dates.values()}
    for date in meeting.occurrences:
        if date.available and date.start in series.left_out and date.id not in of_classes:
            yield date


def _end_of_undo(found: Class, now: datetime) -> datetime:
    return (found.cancelled_at or now) + UNDO_FOR


def _next_end_of_undo(classes: Sequence[Class], now: datetime) -> datetime | None:
    """When the next class that was cancelled a moment ago loses its date; None where there is none."""
    ends = (_end_of_undo(one, now) for one in classes if one.status is ClassStatus.CANCELLED)
    return min((end for end in ends if end > now), default=None)
