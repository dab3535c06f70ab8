"""The tables of courses, of whom they are shared with, and of the students on their rosters."""

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import Index, UniqueConstraint
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
