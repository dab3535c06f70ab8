"""The tables of courses and series: rules, whom they are shared with, students, and what is said of and by these."""

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import Index, Text, UniqueConstraint, false, text
from sqlmodel import Field, SQLModel

from tracker.storage.columns import Day, UtcSeconds, column


class Course(SQLModel, table=True):
    """A series of classes of one teacher."""

    __tablename__ = "Course"
    __table_args__: ClassVar[Any] = (UniqueConstraint("teacherId", "name"),)
    id: str = Field(primary_key=True)
    teacher_id: str = Field(foreign_key="User.id", sa_column_kwargs=column("teacherId"))
    name: str
    # How many days after a class its participants' names are kept; null where the setting for all classes holds.
    retention_days: int | None = Field(default=None, sa_column_kwargs=column("retentionDays"))
    # The rules by which statuses are given, as `tracker.attendance.register.Rules` has them; null for its defaults.
    late_after_minutes: int | None = Field(default=None, sa_column_kwargs=column("lateAfterMinutes"))
    present_from_percent: int | None = Field(default=None, sa_column_kwargs=column("presentFromPercent"))
    at_risk_below_percent: int | None = Field(default=None, sa_column_kwargs=column("atRiskBelowPercent"))
    # Which e-mails its teacher wants: of each class when it is counted, and every week of who is at risk.
    sends_digest: bool = Field(default=False, sa_column_kwargs={"name": "sendsDigest", "server_default": false()})
    sends_weekly: bool = Field(default=False, sa_column_kwargs={"name": "sendsWeekly", "server_default": false()})
    # Since when it is put away: it is listed apart, and its classes go on.
    archived_at: datetime | None = Field(default=None, sa_type=UtcSeconds, sa_column_kwargs=column("archivedAt"))


OF_SERIES_DUE = text('"zoomDueAt" IS NOT NULL')


class Series(SQLModel, table=True):
    """Classes that were planned together, every week; each of them is a `LiveStream` of its own.

    `oneMeeting`: they are held in one recurring Zoom meeting. `leftOut` are the dates of that which are no class's, as
    a JSON list of UTC times; `zoomDueAt` is when a tracker is to bring its dates in line with the classes.
    """

    __tablename__ = "Series"
    __table_args__: ClassVar[Any] = (
        Index("Series_zoomDueAt", "zoomDueAt", sqlite_where=OF_SERIES_DUE, postgresql_where=OF_SERIES_DUE),
    )
    id: str = Field(primary_key=True)
    one_meeting: bool = Field(sa_column_kwargs=column("oneMeeting"))
    left_out: str = Field(default="[]", sa_type=Text, sa_column_kwargs=column("leftOut"))
    created_at: datetime = Field(sa_type=UtcSeconds, sa_column_kwargs=column("createdAt"))
    zoom_due_at: datetime | None = Field(default=None, sa_type=UtcSeconds, sa_column_kwargs=column("zoomDueAt"))


class CourseShare(SQLModel, table=True):
    """A colleague with whom a course is shared: she sees and changes all of its classes."""

    __tablename__ = "CourseShare"
    course_id: str = Field(primary_key=True, foreign_key="Course.id", sa_column_kwargs=column("courseId"))
    user_id: str = Field(primary_key=True, foreign_key="User.id", index=True, sa_column_kwargs=column("userId"))
    shared_at: datetime = Field(sa_type=UtcSeconds, sa_column_kwargs=column("sharedAt"))


class Student(SQLModel, table=True):
    """A student on the roster of a course, at her `place` in the list; "" for what is not known of her.

    `since` and `until` are her first and last day, both inclusive. `updatedAt` is when a list has last said something
    new of her.
    """

    __tablename__ = "Student"
    __table_args__: ClassVar[Any] = (Index("Student_courseId_place", "courseId", "place"),)
    id: str = Field(primary_key=True)
    course_id: str = Field(foreign_key="Course.id", sa_column_kwargs=column("courseId"))
    place: int
    name: str
    # Known only where a list tells it apart.
    surname: str = ""
    email: str = ""
    number: str = ""
    group: str = ""
    since: date | None = Field(default=None, sa_type=Day)
    until: date | None = Field(default=None, sa_type=Day)
    created_at: datetime = Field(sa_type=UtcSeconds, sa_column_kwargs=column("createdAt"))
    updated_at: datetime = Field(sa_type=UtcSeconds, sa_column_kwargs=column("updatedAt"))


class StudentAddress(SQLModel, table=True):
    """A further e-mail address of a student, lower case: a second one of hers, or a guardian's that she joins with."""

    __tablename__ = "StudentAddress"
    student_id: str = Field(primary_key=True, foreign_key="Student.id", sa_column_kwargs=column("studentId"))
    email: str = Field(primary_key=True)
    added_at: datetime = Field(sa_type=UtcSeconds, sa_column_kwargs=column("addedAt"))


class StudentChoice(SQLModel, table=True):
    """A teacher's word, for a course, on whether a person who joins, given by a person key, is this student.

    One person may be several students, who share a device.
    """

    __tablename__ = "StudentChoice"
    course_id: str = Field(primary_key=True, foreign_key="Course.id", sa_column_kwargs=column("courseId"))
    person: str = Field(primary_key=True)
    student_id: str = Field(
        primary_key=True, foreign_key="Student.id", index=True, sa_column_kwargs=column("studentId")
    )
    is_her: bool = Field(sa_column_kwargs=column("isHer"))
    decided_at: datetime = Field(sa_type=UtcSeconds, sa_column_kwargs=column("decidedAt"))


class StudentMark(SQLModel, table=True):
    """The status that somebody has given a student in a class by hand, against what the rule says."""

    __tablename__ = "StudentMark"
    class_id: str = Field(primary_key=True, foreign_key="LiveStream.id", sa_column_kwargs=column("streamId"))
    student_id: str = Field(
        primary_key=True, foreign_key="Student.id", index=True, sa_column_kwargs=column("studentId")
    )
    status: str
    remark: str = ""
    decided_at: datetime = Field(sa_type=UtcSeconds, sa_column_kwargs=column("decidedAt"))


class StudentLink(SQLModel, table=True):
    """The link by which a student sees her own attendance; of its token the hash alone is kept.

    A new one takes the place of the one before. `revokedAt` is since when a teacher has closed it.
    """

    __tablename__ = "StudentLink"
    student_id: str = Field(primary_key=True, foreign_key="Student.id", sa_column_kwargs=column("studentId"))
    token_hash: str = Field(unique=True, sa_column_kwargs=column("tokenHash"))
    created_at: datetime = Field(sa_type=UtcSeconds, sa_column_kwargs=column("createdAt"))
    expires_at: datetime = Field(sa_type=UtcSeconds, sa_column_kwargs=column("expiresAt"))
    revoked_at: datetime | None = Field(default=None, sa_type=UtcSeconds, sa_column_kwargs=column("revokedAt"))


class StudentRequest(SQLModel, table=True):
    """What a student says of her status in a class that is not right, in her words.

    Once it is decided, `accepted` says how and `answer` is what she is told.
    """

    __tablename__ = "StudentRequest"
    id: str = Field(primary_key=True)
    student_id: str = Field(foreign_key="Student.id", index=True, sa_column_kwargs=column("studentId"))
    class_id: str = Field(foreign_key="LiveStream.id", index=True, sa_column_kwargs=column("streamId"))
    text: str
    made_at: datetime = Field(sa_type=UtcSeconds, sa_column_kwargs=column("madeAt"))
    decided_at: datetime | None = Field(default=None, sa_type=UtcSeconds, sa_column_kwargs=column("decidedAt"))
    accepted: bool | None = None
    answer: str = ""
