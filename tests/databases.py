"""What is in a SQLite database, all of it; and the migrations, to take any database to any schema."""

import sqlite3
from contextlib import closing
from pathlib import Path

from alembic.config import Config
from sqlalchemy import Connection

from tracker.storage.schema import MIGRATIONS

Contents = dict[str, list[tuple[object, ...]]]


def url_of(path: Path) -> str:
    """The address of the database in this file."""
    return f"sqlite:///{path}"


def contents(path: Path) -> Contents:
    """Every row of every table of a whole database."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: sorted(connection.execute(f'SELECT * FROM "{name}"'), key=repr) for name in names}


def migrations(connection: Connection | None = None) -> Config:
    """What alembic's commands need to work on this connection, if on any."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS))
    return config
