"""How the columns of the tables are made: times, and the names that other programs know them by."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Dialect
from sqlalchemy.dialects import sqlite
from sqlalchemy.types import Date, DateTime, Text, TypeDecorator, TypeEngine

from tracker.attendance.meeting_options import MeetingOptions, options_from

# In the place of what is no time: SQLite keeps whatever another program has written.
NO_TIME = datetime(2, 1, 1)  # noqa: DTZ001 - as SQLite gives times


class _SqliteTime(sqlite.DATETIME):
    """A time of SQLite's, of which one that cannot be read is no reason to show none of the others."""

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None]:
        read: Callable[[Any], datetime | None] = super().result_processor(dialect, coltype)  # type: ignore[assignment]

        def read_any(value: Any) -> datetime | None:
            try:
                return read(value)
            except (ValueError, TypeError):
                return NO_TIME

        return read_any


class Day(TypeDecorator[date]):
    """A day without a time; SQLite keeps it as `YYYY-MM-DD`. One there that cannot be read is none."""

    impl = Date
    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], date | None] | None:
        read: Callable[[Any], date | None] | None = super().result_processor(dialect, coltype)
        if read is None:
            return None

        def read_any(value: Any) -> date | None:
            try:
                return read(value)
            except (ValueError, TypeError):
                return None

        return read_any


class UtcSeconds(TypeDecorator[datetime]):
    """An aware UTC datetime in whole seconds.

    SQLite keeps it as `YYYY-MM-DD HH:MM:SS`, exactly as its own `datetime('now')` writes, so that hand-written
    queries compare as they should; PostgreSQL as `timestamptz`. A naive datetime is refused with ValueError:
    nobody knows which moment it means.
    """

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(_SqliteTime(truncate_microseconds=True))  # type: ignore[no-untyped-call]
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a time zone cannot be stored: {value}")
        moment = value.astimezone(UTC).replace(microsecond=0)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        # Nothing could be counted on from the first or the last year there is, which another program may have written.
        value = value.replace(year=min(max(value.year, 2), 9998))
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Options(TypeDecorator[MeetingOptions]):
    """Options of a meeting, as JSON. What another program has written and nobody can read says nothing of any."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: MeetingOptions | None, dialect: Dialect) -> str | None:
        return None if value is None else json.dumps(value.record())

    def process_result_value(self, value: str | None, dialect: Dialect) -> MeetingOptions | None:
        try:
            return None if value is None else options_from(json.loads(value))
        except (ValueError, RecursionError):
            return MeetingOptions()


def column(name: str) -> dict[str, Any]:
    """What SQLModel needs to give a column this name."""
    return {"name": name}
