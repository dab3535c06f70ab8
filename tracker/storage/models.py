"""The tables. Column names are camelCase because other programs read this database by them."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Index, Text, UniqueConstraint, false, text
from sqlmodel import Field, SQLModel

from tracker.attendance.meeting_options import MeetingOptions
from tracker.attendance.types import ClassStatus, FetchState
from tracker.storage.columns import Options, column
from tracker.storage.columns import UtcSeconds as UtcSeconds
from tracker.storage.course_models import Course as Course
from tracker.storage.course_models import CourseShare as CourseShare
from tracker.storage.course_models import Series as Series
from tracker.storage.course_models import Student as Student
from tracker.storage.course_models import StudentAddress as StudentAddress
from tracker.storage.course_models import StudentChoice as StudentChoice
from tracker.storage.course_models import StudentLink as StudentLink
from tracker.storage.course_models import StudentMark as StudentMark
from tracker.storage.course_models import StudentRequest as StudentRequest
from tracker.storage.mail_models import Mail as Mail
from tracker.storage.rate_models import ZoomRate as ZoomRate
from tracker.storage.rate_models import ZoomWrites as ZoomWrites
from tracker.storage.registration_models import MeetingRegistration as MeetingRegistration


class User(SQLModel, table=True):
    """A person who may sign in. `email` is lower case."""

    __tablename__ = "User"
    __table_args__: ClassVar[Any] = (Index("User_identity", "oidcIssuer", "oidcSubject", unique=True),)
    id: str = Field(primary_key=True)
    email: str = Field(unique=True)
    name: str
    role: str
    password_hash: str | None = Field(default=None, sa_column_kwargs=column("passwordHash"))
    zoom_user_id: str | None = Field(default=None, sa_column_kwargs=column("zoomUserId"))
    api_token_hash: str | None = Field(default=None, unique=True, sa_column_kwargs=column("apiTokenHash"))
    created_at: datetime = Field(sa_type=UtcSeconds, sa_column_kwargs=column("createdAt"))
    # Who this is to the school's sign-in provider (OpenID Connect); null until she has signed in with it.
    oidc_issuer: str | None = Field(default=None, sa_column_kwargs=column("oidcIssuer"))
    oidc_subject: str | None = Field(default=None, sa_column_kwargs=column("oidcSubject"))
    # The key of the second factor (TOTP), needed as it is to check a code, and the number of the last code taken.
    totp_key: str | None = Field(default=None, sa_column_kwargs=column("totpKey"))
    totp_last_step: int | None = Field(default=None, sa_column_kwargs=column("totpLastStep"))
    # Since when the account is closed: nobody can sign in to it, and its classes go on being counted.
    disabled_at: datetime | None = Field(default=None, sa_type=UtcSeconds, sa_column_kwargs=column("disabledAt"))
    # In which the pages speak to her, as `tracker.messages.languages` names them; null where her browser says it.
    language: str | None = None


class SignIn(SQLModel, table=True):
    """A browser that is signed in. Only the hash of its cookie is kept; deleting the row signs it out.

    `expiresAt` moves on with each use, up to `endsAt`. The columns that may be null are so for older sign-ins.
    """

    __tablename__ = "SignIn"
    token_hash: str = Field(primary_key=True, sa_column_kwargs=column("tokenHash"))
    user_id: str = Field(foreign_key="User.id", index=True, sa_column_kwargs=column("userId"))
    created_at: datetime = Field(sa_type=UtcSeconds, sa_column_kwargs=column("createdAt"))
    expires_at: datetime = Field(sa_type=UtcSeconds, sa_column_kwargs=column("expiresAt"))
    ends_at: datetime | None = Field(default=None, sa_type=UtcSeconds, sa_column_kwargs=column("endsAt"))
    last_used_at: datetime | None = Field(default=None, sa_type=UtcSeconds, sa_column_kwargs=column("lastUsedAt"))
    address: str | None = None
    # What the browser calls itself (`User-Agent`), cut to a length that is enough to tell which one it is.
    user_agent: str | None = Field(default=None, sa_column_kwargs=column("userAgent"))


class SignInAttempt(SQLModel, table=True):
    """Somebody tried a password: for which account (a hash of the e-mail) and from where. Success deletes it.

    `browserHash` is set where the browser had signed in to this account before.
    """

    __tablename__ = "SignInAttempt"
    __table_args__: ClassVar[Any] = (
        Index("SignInAttempt_emailHash_at", "emailHash", "at"),
        Index("SignInAttempt_address_at", "address", "at"),
        Index("SignInAttempt_at", "at"),
    )
    id: int | None = Field(default=None, primary_key=True)
    email_hash: str = Field(sa_column_kwargs=column("emailHash"))
    address: str
    browser_hash: str | None = Field(default=None, sa_column_kwargs=column("browserHash"))
    at: datetime = Field(sa_type=UtcSeconds)


class KnownBrowser(SQLModel, table=True):
    """A browser that has signed in to an account, by the hash of a cookie that outlasts the sign-in."""

    __tablename__ = "KnownBrowser"
    browser_hash: str = Field(primary_key=True, sa_column_kwargs=column("browserHash"))
    user_id: str = Field(primary_key=True, foreign_key="User.id", index=True, sa_column_kwargs=column("userId"))
    last_used_at: datetime = Field(sa_type=UtcSeconds, index=True, sa_column_kwargs=column("lastUsedAt"))


class ApiToken(SQLModel, table=True):
    """A token for the HTTP interface, by its hash; a person has one of each name. Without `expiresAt` it stays valid.

    The token of `tracker user token` is in `User.apiTokenHash` as well, where earlier versions look for it.
    """

    __tablename__ = "ApiToken"
    __table_args__: ClassVar[Any] = (UniqueConstraint("userId", "name"),)
    token_hash: str = Field(primary_key=True, sa_column_kwargs=column("tokenHash"))
    user_id: str = Field(foreign_key="User.id", sa_column_kwargs=column("userId"))
    name: str
    created_at: datetime = Field(sa_type=UtcSeconds, sa_column_kwargs=column("createdAt"))
    last_used_at: datetime | None = Field(default=None, sa_type=UtcSeconds, sa_column_kwargs=column("lastUsedAt"))
    expires_at: datetime | None = Field(default=None, sa_type=UtcSeconds, sa_column_kwargs=column("expiresAt"))


class Invitation(SQLModel, table=True):
    """A link that sets the password of an account, once; by the hash of its token. A person has one at most."""

    __tablename__ = "Invitation"
    token_hash: str = Field(primary_key=True, sa_column_kwargs=column("tokenHash"))
    user_id: str = Field(foreign_key="User.id", unique=True, sa_column_kwargs=column("userId"))
    created_at: datetime = Field(sa_type=UtcSeconds, sa_column_kwargs=column("createdAt"))
    expires_at: datetime = Field(sa_type=UtcSeconds, index=True, sa_column_kwargs=column("expiresAt"))


# Of a class: its participants are known, and no figures to show for their count. The query that looks for these classes
# has to say it in the words of the index, or the index is not used.
WITHOUT_FIGURES = text(
    '"participantsData" IS NOT NULL AND "participantCount" IS NOT NULL '
    'AND ("peopleShown" IS NULL OR "figuresOfCount" IS NULL OR "figuresOfCount" != "participantCount")'
)

# Of a class: its participants have names, as far as they are known. It says which classes may be due to lose them.
WITH_NAMES = text('"namesRemovedAt" IS NULL')
TO_BE_DELETED = text('"zoomDeletionDueAt" IS NOT NULL')
TO_BE_MADE = text('"zoomMeetingDueAt" IS NOT NULL')


class LiveStream(SQLModel, table=True):
    """A class. `participantCount`, `participantsFetchedAt` and `participantsData` are null until known."""

    __tablename__ = "LiveStream"
    __table_args__: ClassVar[Any] = (
        Index("LiveStream_teacherId_scheduledStart", "teacherId", "scheduledStart"),
        Index("LiveStream_scheduledStart", "scheduledStart"),
        Index("LiveStream_zoomMeetingId", "zoomMeetingId"),
        Index(
            "LiveStream_withoutFigures",
            "scheduledStart",
            sqlite_where=WITHOUT_FIGURES,
            postgresql_where=WITHOUT_FIGURES,
        ),
        Index("LiveStream_withNames", "scheduledStart", sqlite_where=WITH_NAMES, postgresql_where=WITH_NAMES),
        Index(
            "LiveStream_zoomDeletionDueAt",
            "zoomDeletionDueAt",
            sqlite_where=TO_BE_DELETED,
            postgresql_where=TO_BE_DELETED,
        ),
        Index("LiveStream_zoomMeetingDueAt", "zoomMeetingDueAt", sqlite_where=TO_BE_MADE, postgresql_where=TO_BE_MADE),
    )
    id: str = Field(primary_key=True)
    title: str
    status: str = Field(default=ClassStatus.SCHEDULED.value)
    scheduled_start: datetime = Field(sa_type=UtcSeconds, sa_column_kwargs=column("scheduledStart"))
    duration_minutes: int = Field(sa_column_kwargs=column("durationMinutes"))
    timezone: str
    zoom_meeting_id: str | None = Field(default=None, sa_column_kwargs=column("zoomMeetingId"))
    zoom_join_url: str | None = Field(default=None, sa_column_kwargs=column("zoomJoinUrl"))
    # The number that Zoom's API knows the meeting by, where webhooks carry another one: its host's personal meeting id.
    zoom_api_meeting_id: str | None = Field(default=None, sa_column_kwargs=column("zoomApiMeetingId"))
    # Zoom's id of the user who hosts the meeting; null until Zoom has told it.
    zoom_host_id: str | None = Field(default=None, sa_column_kwargs=column("zoomHostId"))
    # Whether a teacher pasted its link, so that it has to be her own meeting; null where another program linked it.
    zoom_linked_by_teacher: bool | None = Field(default=None, sa_column_kwargs=column("zoomLinkedByTeacher"))
    # Whether the meeting was made for this class: only then is it changed or deleted at Zoom with the class.
    zoom_meeting_made: bool = Field(
        default=False, sa_column_kwargs={"name": "zoomMeetingMade", "server_default": false()}
    )
    started_at: datetime | None = Field(default=None, sa_type=UtcSeconds, sa_column_kwargs=column("startedAt"))
    ended_at: datetime | None = Field(default=None, sa_type=UtcSeconds, sa_column_kwargs=column("endedAt"))
    participant_count: int | None = Field(default=None, sa_column_kwargs=column("participantCount"))
    participants_fetched_at: datetime | None = Field(
        default=None, sa_type=UtcSeconds, sa_column_kwargs=column("participantsFetchedAt")
    )
    participants_data: str | None = Field(default=None, sa_type=Text, sa_column_kwargs=column("participantsData"))
    # What is shown: people by the teacher's decisions without hosts, hosts, and how many of the people came late.
    # `participantCount` keeps to the rule.
    people_shown: int | None = Field(default=None, sa_column_kwargs=column("peopleShown"))
    hosts_shown: int | None = Field(default=None, sa_column_kwargs=column("hostsShown"))
    late_shown: int | None = Field(default=None, sa_column_kwargs=column("lateShown"))
    # The `participantCount` that the three were worked out beside: another program changes only the count.
    figures_of_count: int | None = Field(default=None, sa_column_kwargs=column("figuresOfCount"))
    teacher_id: str = Field(foreign_key="User.id", sa_column_kwargs=column("teacherId"))
    course_id: str | None = Field(default=None, foreign_key="Course.id", sa_column_kwargs=column("courseId"))
    created_at: datetime = Field(sa_type=UtcSeconds, sa_column_kwargs=column("createdAt"))
    # Since when its participants are nobody by name any more, because they were kept for long enough.
    names_removed_at: datetime | None = Field(
        default=None, sa_type=UtcSeconds, sa_column_kwargs=column("namesRemovedAt")
    )
    # The trouble that somebody has seen to, by its code: the page Today names it no more, until there is another one.
    seen_to: str | None = Field(default=None, sa_column_kwargs=column("seenTo"))
    cancelled_at: datetime | None = Field(default=None, sa_type=UtcSeconds, sa_column_kwargs=column("cancelledAt"))
    # When the meeting of a cancelled class is deleted at Zoom: until then the cancelling can be undone.
    zoom_deletion_due_at: datetime | None = Field(
        default=None, sa_type=UtcSeconds, sa_column_kwargs=column("zoomDeletionDueAt")
    )
    # Of a class that was made from a report that somebody had: a digest of what the report says.
    report_digest: str | None = Field(default=None, index=True, sa_column_kwargs=column("reportDigest"))
    # The series that it was planned in; it may have no other class any more.
    series_id: str | None = Field(default=None, index=True, sa_column_kwargs=column("seriesId"))
    # Of a class in a recurring meeting: its date there, by Zoom's id; "" where Zoom has told none.
    zoom_occurrence_id: str | None = Field(default=None, sa_column_kwargs=column("zoomOccurrenceId"))
    # When Zoom is to be told of the class, by a tracker: its meeting is made, or changed.
    zoom_meeting_due_at: datetime | None = Field(
        default=None, sa_type=UtcSeconds, sa_column_kwargs=column("zoomMeetingDueAt")
    )
    # Since when a tracker asks Zoom for that meeting; it stays where nobody knows whether Zoom has made it.
    zoom_meeting_asked_at: datetime | None = Field(
        default=None, sa_type=UtcSeconds, sa_column_kwargs=column("zoomMeetingAskedAt")
    )
    # What the class's meeting is to be like where it is not as the school's settings say; what Zoom was asked for when
    # it was told of the class the last time, null for a meeting that is not ours; and what Zoom said last that it has.
    meeting_asked: MeetingOptions | None = Field(default=None, sa_type=Options, sa_column_kwargs=column("meetingAsked"))
    meeting_sent: MeetingOptions | None = Field(default=None, sa_type=Options, sa_column_kwargs=column("meetingSent"))
    meeting_has: MeetingOptions | None = Field(default=None, sa_type=Options, sa_column_kwargs=column("meetingHas"))


class ClassShare(SQLModel, table=True):
    """A colleague with whom a class is shared: she sees and changes it."""

    __tablename__ = "ClassShare"
    class_id: str = Field(primary_key=True, foreign_key="LiveStream.id", sa_column_kwargs=column("streamId"))
    user_id: str = Field(primary_key=True, foreign_key="User.id", index=True, sa_column_kwargs=column("userId"))
    shared_at: datetime = Field(sa_type=UtcSeconds, sa_column_kwargs=column("sharedAt"))


class MeetingSession(SQLModel, table=True):
    """One run of a Zoom meeting, by Zoom's UUID. It belongs to its meeting; which class has it is worked out."""

    __tablename__ = "MeetingSession"
    uuid: str = Field(primary_key=True)
    meeting_id: str = Field(index=True, sa_column_kwargs=column("meetingId"))
    started_at: datetime = Field(sa_type=UtcSeconds, sa_column_kwargs=column("startedAt"))
    ended_at: datetime | None = Field(default=None, sa_type=UtcSeconds, sa_column_kwargs=column("endedAt"))
    zooms_count: int | None = Field(default=None, sa_column_kwargs=column("zoomsCount"))
    # Zoom's id of the user who hosts it.
    host_id: str | None = Field(default=None, sa_column_kwargs=column("hostId"))
    # When it was given up: an announcement named it, nobody was seen in it, and Zoom does not know it.
    dropped_at: datetime | None = Field(default=None, sa_type=UtcSeconds, sa_column_kwargs=column("droppedAt"))


class SessionRecords(SQLModel, table=True):
    """Zoom's list of participants of one session, as it was read last; a shorter one read later is kept beside it.

    `data` is a JSON list in the form of `participantsData.participants`. `error` is the code of why Zoom does not give
    the list, with its details as JSON; it may stand beside a list that was given before.
    """

    __tablename__ = "SessionRecords"
    session_uuid: str = Field(primary_key=True, sa_column_kwargs=column("sessionUuid"))
    meeting_id: str = Field(index=True, sa_column_kwargs=column("meetingId"))
    read_at: datetime | None = Field(default=None, sa_type=UtcSeconds, sa_column_kwargs=column("readAt"))
    complete: bool = False
    latest_leave: datetime | None = Field(default=None, sa_type=UtcSeconds, sa_column_kwargs=column("latestLeave"))
    data: str | None = Field(default=None, sa_type=Text)
    shorter_data: str | None = Field(default=None, sa_type=Text, sa_column_kwargs=column("shorterData"))
    error: str | None = None
    error_details: str | None = Field(default=None, sa_type=Text, sa_column_kwargs=column("errorDetails"))


class SessionChoice(SQLModel, table=True):
    """A teacher's decision that a session counts for a class, or does not, against the rule."""

    __tablename__ = "SessionChoice"
    class_id: str = Field(primary_key=True, foreign_key="LiveStream.id", sa_column_kwargs=column("streamId"))
    session_uuid: str = Field(primary_key=True, sa_column_kwargs=column("sessionUuid"))
    counts: bool
    decided_at: datetime = Field(sa_type=UtcSeconds, sa_column_kwargs=column("decidedAt"))


class ParticipantEvent(SQLModel, table=True):
    """Somebody came into a part of a meeting or left it, as a webhook told it. The key makes every repeat the same."""

    __tablename__ = "ParticipantEvent"
    session_uuid: str = Field(primary_key=True, sa_column_kwargs=column("sessionUuid"))
    user_id: str = Field(primary_key=True, sa_column_kwargs=column("userId"))
    place: str = Field(primary_key=True)
    came: bool = Field(primary_key=True)
    at: datetime = Field(primary_key=True, sa_type=UtcSeconds)
    meeting_id: str = Field(index=True, sa_column_kwargs=column("meetingId"))
    name: str
    email: str
    zoom_user_id: str = Field(sa_column_kwargs=column("zoomUserId"))
    parent_user_id: str = Field(sa_column_kwargs=column("parentUserId"))


class Reading(SQLModel, table=True):
    """What one reading of Zoom's list gave; two that agree are the settled list. `digest` is of all its records."""

    __tablename__ = "Reading"
    class_id: str = Field(primary_key=True, foreign_key="LiveStream.id", sa_column_kwargs=column("streamId"))
    at: datetime = Field(primary_key=True, sa_type=UtcSeconds, index=True)
    records: int
    people: int
    complete: bool
    digest: str


class SamePerson(SQLModel, table=True):
    """A teacher's word on whether two people, each given by a person key, are one. `first` is the smaller key."""

    __tablename__ = "SamePerson"
    teacher_id: str = Field(primary_key=True, foreign_key="User.id", sa_column_kwargs=column("teacherId"))
    first: str = Field(primary_key=True)
    second: str = Field(primary_key=True)
    same: bool
    decided_at: datetime = Field(sa_type=UtcSeconds, sa_column_kwargs=column("decidedAt"))


class PersonMark(SQLModel, table=True):
    """A teacher's word on what somebody is in her classes: set aside, a person, a host, or no host."""

    __tablename__ = "PersonMark"
    teacher_id: str = Field(primary_key=True, foreign_key="User.id", sa_column_kwargs=column("teacherId"))
    person: str = Field(primary_key=True)
    mark: str
    decided_at: datetime = Field(sa_type=UtcSeconds, sa_column_kwargs=column("decidedAt"))


class WebhookDelivery(SQLModel, table=True):
    """A webhook about one of our classes. The hash of its raw body is the key: Zoom repeats the same body."""

    __tablename__ = "WebhookDelivery"
    body_hash: str = Field(primary_key=True, sa_column_kwargs=column("bodyHash"))
    event: str
    class_id: str = Field(foreign_key="LiveStream.id", sa_column_kwargs=column("streamId"))
    received_at: datetime = Field(sa_type=UtcSeconds, index=True, sa_column_kwargs=column("receivedAt"))


class Fetch(SQLModel, table=True):
    """The waiting, running or finished work of collecting a class's participants; one row a class.

    `dueAt` is what drives it: null means there is nothing to do. A lease (`leasedUntil`, `leaseToken`) marks
    the row as being worked on and ends by itself.
    """

    __tablename__ = "Fetch"
    __table_args__: ClassVar[Any] = (
        Index(
            "Fetch_open",
            "dueAt",
            sqlite_where=text('"dueAt" IS NOT NULL'),
            postgresql_where=text('"dueAt" IS NOT NULL'),
        ),
        Index("Fetch_state_dueAt", "state", "dueAt"),
    )
    class_id: str = Field(primary_key=True, foreign_key="LiveStream.id", sa_column_kwargs=column("streamId"))
    state: str = Field(default=FetchState.WAITING.value)
    # When the list was first asked for; patience with an empty list is counted from here.
    asked_at: datetime = Field(sa_type=UtcSeconds, sa_column_kwargs=column("askedAt"))
    due_at: datetime | None = Field(default=None, sa_type=UtcSeconds, sa_column_kwargs=column("dueAt"))
    attempts: int = 0
    # The code of what was the matter the last time, and what its sentence names (JSON).
    error: str | None = None
    error_details: str | None = Field(default=None, sa_type=Text, sa_column_kwargs=column("errorDetails"))
    leased_until: datetime | None = Field(default=None, sa_type=UtcSeconds, sa_column_kwargs=column("leasedUntil"))
    lease_token: str | None = Field(default=None, sa_column_kwargs=column("leaseToken"))
    # When somebody last asked for the list at once.
    asked_by_hand_at: datetime | None = Field(
        default=None, sa_type=UtcSeconds, sa_column_kwargs=column("askedByHandAt")
    )


class WebhookTally(SQLModel, table=True):
    """How many webhooks of a UTC day (`YYYY-MM-DD`) came to what, those that were refused included."""

    __tablename__ = "WebhookTally"
    day: str = Field(primary_key=True)
    outcome: str = Field(primary_key=True)
    count: int
    last_at: datetime = Field(sa_type=UtcSeconds, sa_column_kwargs=column("lastAt"))


class AuditEntry(SQLModel, table=True):
    """Somebody did something with a class or a person: who, from where, what, when. Entries are never changed.

    `userId` is the account that acted, and `actor` what it was called then; an entry outlasts the account. `origin` is
    the address that the browser or program came from, or a code such as `command_line`. `action` is a code, with
    `details` as JSON. `person` is a digest: an entry does not tell whom it is about to who does not ask for a person.
    """

    __tablename__ = "AuditEntry"
    # How often somebody did something lately is asked with every look at a class.
    __table_args__: ClassVar[Any] = (Index("AuditEntry_userId_at", "userId", "at"),)
    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=UtcSeconds, index=True)
    user_id: str | None = Field(default=None, sa_column_kwargs=column("userId"))
    actor: str
    origin: str
    action: str
    class_id: str | None = Field(default=None, index=True, sa_column_kwargs=column("streamId"))
    person: str | None = None
    details: str | None = Field(default=None, sa_type=Text)


class ErasedPerson(SQLModel, table=True):
    """Somebody who was erased, by a salted digest of a person key: records of until then are not stored again.

    `done`: nothing of her is in this database any more; else she is still to be erased, or it was broken off.
    """

    __tablename__ = "ErasedPerson"
    digest: str = Field(primary_key=True)
    salt: str
    done: bool = False
    erased_at: datetime = Field(sa_type=UtcSeconds, sa_column_kwargs=column("erasedAt"))


class TrackerProcess(SQLModel, table=True):
    """A tracker's sign of life. `name` is machine and port: a restart goes on in the same row.

    `conditions` is what it says is wrong, as JSON (`tracker.health.conditions`).
    """

    __tablename__ = "TrackerProcess"
    name: str = Field(primary_key=True)
    version: str
    started_at: datetime = Field(sa_type=UtcSeconds, sa_column_kwargs=column("startedAt"))
    seen_at: datetime = Field(sa_type=UtcSeconds, sa_column_kwargs=column("seenAt"))
    conditions: str | None = None
