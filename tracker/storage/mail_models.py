"""The table of e-mails to be sent."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Index, Text, text
from sqlmodel import Field, SQLModel

from tracker.storage.columns import UtcSeconds, column


class Mail(SQLModel, table=True):
    """An e-mail to the teacher of a course that is to be sent, or was. What it says is made then, and kept nowhere.

    `key` makes every repeat the same one. `dueAt` drives it, under a lease, as that of a fetch does. `sendingAt` is set
    just before it is handed over: where `sentAt` does not follow nobody knows whether it was, and it is not sent again.
    """

    __tablename__ = "Mail"
    __table_args__: ClassVar[Any] = (
        Index(
            "Mail_open",
            "dueAt",
            sqlite_where=text('"dueAt" IS NOT NULL'),
            postgresql_where=text('"dueAt" IS NOT NULL'),
        ),
    )
    key: str = Field(primary_key=True)
    # What it is about: the digest of a class, or who is at risk in a course this week.
    course_id: str | None = Field(
        default=None, foreign_key="Course.id", index=True, sa_column_kwargs=column("courseId")
    )
    class_id: str | None = Field(default=None, foreign_key="LiveStream.id", sa_column_kwargs=column("streamId"))
    asked_at: datetime = Field(sa_type=UtcSeconds, index=True, sa_column_kwargs=column("askedAt"))
    due_at: datetime | None = Field(default=None, sa_type=UtcSeconds, sa_column_kwargs=column("dueAt"))
    attempts: int = 0
    # Why it is not sent, or not yet: a code, and what its sentence names (JSON).
    error: str | None = None
    error_details: str | None = Field(default=None, sa_type=Text, sa_column_kwargs=column("errorDetails"))
    leased_until: datetime | None = Field(default=None, sa_type=UtcSeconds, sa_column_kwargs=column("leasedUntil"))
    lease_token: str | None = Field(default=None, sa_column_kwargs=column("leaseToken"))
    sending_at: datetime | None = Field(default=None, sa_type=UtcSeconds, sa_column_kwargs=column("sendingAt"))
    sent_at: datetime | None = Field(default=None, sa_type=UtcSeconds, sa_column_kwargs=column("sentAt"))
