"""The table of the registration of students for meetings."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Index, Text, text
from sqlmodel import Field, SQLModel

from tracker.storage.columns import UtcSeconds, column

OF_REGISTRATIONS_DUE = text('"dueAt" IS NOT NULL')


class MeetingRegistration(SQLModel, table=True):
    """The registration of a roster for a Zoom meeting, by the number that Zoom's API knows the meeting by.

    `dueAt` is when a tracker is to compare roster and registrants. `lookedAt` is when one last did, `students` and
    `registered` how many it found, and `error` what was the matter (JSON for its details). Nothing of a person is here.
    """

    __tablename__ = "MeetingRegistration"
    __table_args__: ClassVar[Any] = (
        Index(
            "MeetingRegistration_dueAt",
            "dueAt",
            sqlite_where=OF_REGISTRATIONS_DUE,
            postgresql_where=OF_REGISTRATIONS_DUE,
        ),
    )
    meeting_id: str = Field(primary_key=True, sa_column_kwargs=column("meetingId"))
    due_at: datetime | None = Field(default=None, sa_type=UtcSeconds, sa_column_kwargs=column("dueAt"))
    looked_at: datetime | None = Field(default=None, sa_type=UtcSeconds, sa_column_kwargs=column("lookedAt"))
    students: int = 0
    registered: int = 0
    error: str | None = None
    error_details: str | None = Field(default=None, sa_type=Text, sa_column_kwargs=column("errorDetails"))
