"""The classes and their courses. Every function runs in the caller's transaction.

What comes back are frozen values, never table rows: a row belongs to its transaction, a value can be kept.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import uuid4

from sqlalchemy import bindparam, func, inspect
from sqlalchemy import select as sa_select
from sqlalchemy.orm import defer
from sqlmodel import col, select, update

from tracker import clock
from tracker.attendance.class_times import planned_time, status_of
from tracker.attendance.meeting_options import NOTHING_SAID, MeetingOptions
from tracker.attendance.statuses import DEFAULT_RULES, Rules
from tracker.attendance.types import ClassStatus, FetchState, Span
from tracker.errors import NotFound, Problem
from tracker.storage import courses
from tracker.storage.database import Transaction, run
from tracker.storage.models import ClassShare, Course, CourseShare, Fetch, LiveStream, User
from tracker.storage.problems import problem_of
from tracker.text import comparable

OF_MEETINGS = sa_select(
    col(LiveStream.zoom_meeting_id),
    col(LiveStream.id),
    col(LiveStream.status),
    col(LiveStream.scheduled_start),
    col(LiveStream.duration_minutes),
    col(LiveStream.timezone),
    col(LiveStream.zoom_meeting_made),
    col(LiveStream.zoom_api_meeting_id),
    col(LiveStream.started_at),
    col(LiveStream.ended_at),
    col(LiveStream.teacher_id),
    col(LiveStream.names_removed_at),
).order_by(col(LiveStream.id))
_IN_MEETING = OF_MEETINGS.where(col(LiveStream.zoom_meeting_id) == bindparam("meeting_id"))
_LOCK_IN_MEETING = _IN_MEETING.with_for_update()
# The ids of those with whom a class, and its course, are shared; null where there is nobody.
_CLASS_SHARED_WITH, _COURSE_SHARED_WITH = (
    sa_select(func.aggregate_strings(col(table.user_id), ",")).where(of == shared).scalar_subquery()
    for table, of, shared in (
        (ClassShare, col(ClassShare.class_id), col(LiveStream.id)),
        (CourseShare, col(CourseShare.course_id), col(LiveStream.course_id)),
    )
)
# So many classes of one course are read at the most.
MOST_OF_COURSE = 1_000
# More than PostgreSQL keeps is no number of minutes.
MOST_MINUTES = 2**31 - 1
_SET_LIFE = update(LiveStream).where(col(LiveStream.id) == bindparam("class_id"))


@dataclass(frozen=True, slots=True)
class FetchProgress:
    """How far the fetch of a class is: stored state, next due time, and what was the matter the last time."""

    stored_state: FetchState
    due_at: datetime | None
    attempts: int
    error: Problem | None
    leased_until: datetime | None

    def state(self, now: datetime) -> FetchState:
        """The state at `now`: a fetch with a running lease is collecting."""
        leased = self.leased_until is not None and self.leased_until > now
        return FetchState.COLLECTING if leased else self.stored_state


@dataclass(frozen=True, slots=True)
class Class:
    """A class without its participants. Times are aware UTC; counts are None until known. `rules` are its course's.

    `shared_with`: the ids of the colleagues with whom it, or its course, is shared. `seen_to`: the code of the trouble
    that somebody has seen to. `zoom_deletion_due_at`: when the meeting of a cancelled class is deleted at Zoom.
    `report_digest`: it was made from a report that says this; it has no meeting, and is never fetched.
    `zoom_meeting_due_at`: when its meeting is made there, or changed. `zoom_occurrence_id`: its date in a recurring
    meeting, "" where Zoom has told none; None where the meeting is no recurring one. `meeting_asked`: the options of
    its meeting that are its own, and not the school's; `meeting_sent`: which Zoom was asked for, None where it was not
    told, or the meeting is not ours; `meeting_has`: which Zoom says that it has, None where it was not asked yet.
    """

    id: str
    title: str
    status: ClassStatus
    scheduled_start: datetime
    duration_minutes: int
    timezone: str
    zoom_meeting_id: str | None
    zoom_join_url: str | None
    zoom_api_meeting_id: str | None
    zoom_host_id: str | None
    zoom_linked_by_teacher: bool | None
    zoom_meeting_made: bool
    started_at: datetime | None
    ended_at: datetime | None
    participant_count: int | None
    participants_fetched_at: datetime | None
    people_shown: int | None
    hosts_shown: int | None
    figures_of_count: int | None
    teacher_id: str
    teacher_email: str
    teacher_zoom_user: str
    teacher_name: str
    course_id: str | None
    course: str | None
    created_at: datetime
    names_removed_at: datetime | None
    fetch: FetchProgress | None
    shared_with: frozenset[str] = frozenset()
    rules: Rules = DEFAULT_RULES
    late_shown: int | None = None
    seen_to: str | None = None
    cancelled_at: datetime | None = None
    zoom_deletion_due_at: datetime | None = None
    report_digest: str | None = None
    series_id: str | None = None
    zoom_occurrence_id: str | None = None
    zoom_meeting_due_at: datetime | None = None
    zoom_meeting_asked_at: datetime | None = None
    meeting_asked: MeetingOptions = NOTHING_SAID
    meeting_sent: MeetingOptions | None = None
    meeting_has: MeetingOptions | None = None

    @property
    def planned(self) -> Span:
        """The planned time."""
        return planned_time(self.scheduled_start, self.duration_minutes)

    @property
    def figures(self) -> tuple[int | None, int]:
        """How many people came, and how many hosts, as a teacher wants them counted; None until it is known.

        Where nobody has worked these figures out yet for the present count, it is the count by the rule.
        """
        count = self.participant_count
        if count is None or self.people_shown is None or self.figures_of_count != count:
            return count, 0
        return self.people_shown, self.hosts_shown or 0

    @property
    def late(self) -> int | None:
        """How many of the people came late; None until it is known, and while it is of another count."""
        return self.late_shown if self.figures_of_count == self.participant_count else None

    @property
    def api_meeting_id(self) -> str | None:
        """The number that Zoom's API knows the meeting by."""
        return self.zoom_api_meeting_id or self.zoom_meeting_id

    @property
    def may_host(self) -> tuple[str, ...]:
        """Who may host its meeting beside its host, as Zoom says, by e-mail."""
        return (self.meeting_has.substitutes if self.meeting_has else None) or ()

    @property
    def own_meeting(self) -> bool:
        """Whether what runs in the meeting is this class: it was made for it alone, under no personal meeting id."""
        return self.zoom_meeting_made and self.zoom_api_meeting_id is None and self.zoom_occurrence_id is None

    def record(self) -> dict[str, Any]:
        """The class as a JSON object with the database's column names as keys; times as Zoom writes them."""
        columns = {name: column.name for name, column in inspect(LiveStream).columns.items()}
        columns.pop("participants_data")
        values = {column: getattr(self, name) for name, column in columns.items()}
        return {name: _plain(value) for name, value in values.items()}


@dataclass(frozen=True, slots=True)
class ClassInMeeting:
    """As much of a class as tells which sessions of its meeting are its own, and what it was told to be so far.

    `own_meeting`: the meeting was made for the class, and is not held under its host's personal meeting id.
    """

    id: str
    status: ClassStatus
    planned: Span
    timezone: str
    own_meeting: bool
    started_at: datetime | None
    ended_at: datetime | None
    teacher_id: str
    names_removed: bool


@dataclass(frozen=True, slots=True)
class NewClass:
    """A class about to be stored, checked already.

    `zoom_meeting_id` is the number that webhooks carry. Where that is the host's personal meeting id,
    `zoom_api_meeting_id` is the number that Zoom's API knows the meeting by. `zoom_linked_by_teacher`: its teacher has
    linked it, so that it has to be her own. Without a meeting, it is made when `zoom_meeting_due_at` says so.
    """

    title: str
    teacher_id: str
    scheduled_start: datetime
    duration_minutes: int
    timezone: str
    zoom_meeting_id: str | None
    zoom_join_url: str | None
    zoom_meeting_made: bool
    course: str | None = None
    zoom_api_meeting_id: str | None = None
    zoom_host_id: str | None = None
    zoom_linked_by_teacher: bool = False
    series_id: str | None = None
    zoom_occurrence_id: str | None = None
    zoom_meeting_due_at: datetime | None = None
    meeting_asked: MeetingOptions = NOTHING_SAID
    meeting_sent: MeetingOptions | None = None
    meeting_has: MeetingOptions | None = None


def add_class(tx: Transaction, new: NewClass, now: datetime) -> str:
    """Stores a class and returns its id. A course of that name is made where the teacher has none."""
    row = LiveStream(
        id=uuid4().hex,
        title=new.title,
        scheduled_start=new.scheduled_start,
        duration_minutes=new.duration_minutes,
        timezone=new.timezone,
        zoom_meeting_id=new.zoom_meeting_id,
        zoom_join_url=new.zoom_join_url,
        zoom_api_meeting_id=new.zoom_api_meeting_id,
        zoom_host_id=new.zoom_host_id,
        zoom_linked_by_teacher=new.zoom_linked_by_teacher,
        zoom_meeting_made=new.zoom_meeting_made,
        teacher_id=new.teacher_id,
        course_id=courses.course_id(tx, new.teacher_id, new.course) if new.course else None,
        created_at=now,
        series_id=new.series_id,
        zoom_occurrence_id=new.zoom_occurrence_id,
        zoom_meeting_due_at=new.zoom_meeting_due_at,
        meeting_asked=None if new.meeting_asked == NOTHING_SAID else new.meeting_asked,
        meeting_sent=new.meeting_sent,
        meeting_has=new.meeting_has,
    )
    tx.add(row)
    return row.id


def change_class(tx: Transaction, class_id: str, title: str, start: datetime, minutes: int, timezone: str) -> None:
    """New title and planned time. The caller has locked the class."""
    row = class_row(tx, class_id)
    row.title, row.scheduled_start, row.duration_minutes, row.timezone = title, start, minutes, timezone
    tx.add(row)


def set_meeting(tx: Transaction, class_id: str, meeting_id: str, api_meeting_id: str | None, join_url: str) -> None:
    """Other numbers and another join link of the same Zoom meeting. The caller has locked the class."""
    row = class_row(tx, class_id)
    row.zoom_meeting_id, row.zoom_api_meeting_id, row.zoom_join_url = meeting_id, api_meeting_id, join_url
    tx.add(row)


def set_life(
    tx: Transaction, class_id: str, status: ClassStatus, started_at: datetime | None, ended_at: datetime | None
) -> None:
    """Status, real start and real end. What is known of the participants stays until there is better."""
    run(tx, _SET_LIFE, class_id=class_id, status=status.value, startedAt=started_at, endedAt=ended_at)


def set_seen_to(tx: Transaction, class_id: str, trouble: str | None) -> None:
    """Somebody has seen to this trouble of a class, or to none. The caller has locked the class."""
    row = class_row(tx, class_id)
    row.seen_to = trouble
    tx.add(row)


def lock_class(tx: Transaction, class_id: str) -> Class:
    """The class, locked for the rest of the transaction. Raises NotFound."""
    row = tx.exec(select(LiveStream.id).where(LiveStream.id == _known_id(class_id)).with_for_update()).first()
    if row is None:
        raise NotFound("no_such_class")
    return get_class(tx, class_id)


def classes_in_meeting(tx: Transaction, meeting_id: str, *, locked: bool = False) -> list[ClassInMeeting]:
    """Every class that uses this Zoom meeting, cancelled ones too; `locked` for the rest of the transaction."""
    return [in_meeting(row) for row in run(tx, _LOCK_IN_MEETING if locked else _IN_MEETING, meeting_id=meeting_id)]


def get_class(tx: Transaction, class_id: str) -> Class:
    """The class. Raises NotFound."""
    found = classes_where(tx, LiveStream.id == _known_id(class_id), limit=1)
    if not found:
        raise NotFound("no_such_class")
    return found[0]


def classes_of_meeting(tx: Transaction, meeting_id: str) -> list[Class]:
    """The classes that use this Zoom meeting and are not cancelled."""
    return classes_where(
        tx,
        LiveStream.zoom_meeting_id == meeting_id,
        LiveStream.status != ClassStatus.CANCELLED.value,
        limit=1000,
    )


def classes_of_course(tx: Transaction, course_id: str) -> list[Class]:
    """The classes of a course that are not cancelled, by planned start; of very many the latest."""
    wanted = (col(LiveStream.course_id) == course_id, col(LiveStream.status) != ClassStatus.CANCELLED.value)
    order = (col(LiveStream.scheduled_start).desc(), col(LiveStream.id).desc())
    return classes_where(tx, *wanted, order=order, limit=MOST_OF_COURSE)[::-1]


def latest_of(tx: Transaction, teacher_id: str, limit: int) -> list[Class]:
    """The teacher's own classes that are not cancelled, by planned start, newest first."""
    return classes_where(
        tx,
        LiveStream.teacher_id == teacher_id,
        LiveStream.status != ClassStatus.CANCELLED.value,
        order=(col(LiveStream.scheduled_start).desc(), col(LiveStream.id)),
        limit=limit,
    )


def _known_id(class_id: str) -> str:
    """The id, unless no class can have it: PostgreSQL refuses some texts even in a comparison. Raises NotFound."""
    if class_id != comparable(class_id):
        raise NotFound("no_such_class")
    return class_id


def class_row(tx: Transaction, class_id: str) -> LiveStream:
    """The row of a class, for the modules of this floor. Raises NotFound."""
    row = tx.get(LiveStream, class_id)
    if row is None:
        raise NotFound("no_such_class")
    return row


def classes_where(
    tx: Transaction, *conditions: Any, order: Iterable[Any] = (), limit: int, offset: int = 0
) -> list[Class]:
    """The classes that these conditions on `LiveStream`, `Course` and `Fetch` let through.

    Everything of them but the participants, which are large and rarely wanted.
    """
    statement = (
        sa_select(LiveStream, User, Course, Fetch, _CLASS_SHARED_WITH, _COURSE_SHARED_WITH)
        .join(User, col(User.id) == col(LiveStream.teacher_id))
        .outerjoin(Course, col(Course.id) == col(LiveStream.course_id))
        .outerjoin(Fetch, col(Fetch.class_id) == col(LiveStream.id))
        .options(defer(cast(Any, LiveStream.participants_data)))
        .where(*conditions)
        .order_by(*order)
        .limit(limit)
        .offset(offset)
        # What another function of this transaction has read before may have been changed since by a bare UPDATE.
        .execution_options(populate_existing=True)
    )
    return [_class(*row) for row in tx.execute(statement)]


def _class(
    row: LiveStream, teacher: User, course: Course | None, fetch: Fetch | None, *shared_with: str | None
) -> Class:
    return Class(
        id=row.id,
        title=row.title,
        status=status_of(row.status, row.started_at, row.ended_at),
        scheduled_start=row.scheduled_start,
        duration_minutes=_minutes(row.duration_minutes),
        timezone=_zone_name(row.timezone),
        zoom_meeting_id=row.zoom_meeting_id,
        zoom_join_url=row.zoom_join_url,
        zoom_api_meeting_id=row.zoom_api_meeting_id,
        zoom_host_id=row.zoom_host_id,
        zoom_linked_by_teacher=row.zoom_linked_by_teacher,
        zoom_meeting_made=row.zoom_meeting_made,
        started_at=row.started_at,
        ended_at=row.ended_at,
        participant_count=row.participant_count,
        participants_fetched_at=row.participants_fetched_at,
        people_shown=row.people_shown,
        hosts_shown=row.hosts_shown,
        figures_of_count=row.figures_of_count,
        teacher_id=row.teacher_id,
        teacher_email=teacher.email,
        teacher_zoom_user=teacher.zoom_user_id or teacher.email,
        teacher_name=teacher.name,
        course_id=row.course_id,
        course=course.name if course else None,
        created_at=row.created_at,
        names_removed_at=row.names_removed_at,
        fetch=_fetch_progress(fetch) if fetch else None,
        shared_with=frozenset(colleague for ids in shared_with if ids for colleague in ids.split(",")),
        rules=courses.rules_of(course) if course else DEFAULT_RULES,
        late_shown=row.late_shown,
        seen_to=row.seen_to,
        cancelled_at=row.cancelled_at,
        zoom_deletion_due_at=row.zoom_deletion_due_at,
        report_digest=row.report_digest,
        series_id=row.series_id,
        zoom_occurrence_id=row.zoom_occurrence_id,
        zoom_meeting_due_at=row.zoom_meeting_due_at,
        zoom_meeting_asked_at=row.zoom_meeting_asked_at,
        meeting_asked=row.meeting_asked or NOTHING_SAID,
        meeting_sent=row.meeting_sent,
        meeting_has=row.meeting_has,
    )


def _plain(value: object) -> object:
    """The value of a column as JSON has it."""
    if isinstance(value, MeetingOptions):
        return value.record()
    return clock.to_zoom(value) if isinstance(value, datetime) else value


def _minutes(found: object) -> int:
    """A number of minutes that can be counted with; SQLite keeps whatever another program has written."""
    return min(max(found, -MOST_MINUTES), MOST_MINUTES) if isinstance(found, int) else 0


def _fetch_progress(row: Fetch) -> FetchProgress:
    return FetchProgress(
        FetchState(row.state), row.due_at, row.attempts, problem_of(row.error, row.error_details), row.leased_until
    )


def in_meeting(row: Any) -> ClassInMeeting:
    """A row of `OF_MEETINGS`, for the modules of this floor."""
    return ClassInMeeting(
        row.id,
        status_of(row.status, row.startedAt, row.endedAt),
        planned_time(row.scheduledStart, _minutes(row.durationMinutes)),
        _zone_name(row.timezone),
        row.zoomMeetingMade and row.zoomApiMeetingId is None,
        row.startedAt,
        row.endedAt,
        row.teacherId,
        row.namesRemovedAt is not None,
    )


def _zone_name(stored: str) -> str:
    """Another program may have written a name that nobody knows; times are shown in UTC then."""
    return stored if stored in clock.zone_names() else "UTC"
