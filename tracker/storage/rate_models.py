"""The tables of how much of Zoom's rate limits is used."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from tracker.storage.columns import UtcSeconds, column


class ZoomRate(SQLModel, table=True):
    """How much of one category of Zoom's rate limits is used; one account, so shared by all who use this database.

    `nextAt` and `nextHurriedAt` (seconds since 1970) are when the next call of the backlog may go out, and the next one
    that somebody waits for.
    """

    __tablename__ = "ZoomRate"
    category: str = Field(primary_key=True)
    next_at: float = Field(sa_column_kwargs=column("nextAt"))
    next_interactive_at: float = Field(sa_column_kwargs=column("nextHurriedAt"))
    # The UTC day (`YYYY-MM-DD`) of the two counts.
    day: str
    calls: int
    refused: int
    paused_until: datetime | None = Field(default=None, sa_type=UtcSeconds, sa_column_kwargs=column("pausedUntil"))


class ZoomWrites(SQLModel, table=True):
    """How many meetings were made or changed for one host on a UTC day (`YYYY-MM-DD`)."""

    __tablename__ = "ZoomWrites"
    host: str = Field(primary_key=True)
    day: str
    writes: int
