"""Runs migrations: on the connection that `migrate` hands over, or for the command `alembic`.

The command works on the database of DATABASE_URL; without one, on a database in memory that has the newest schema and
that ends with the command.
"""

import os

from alembic import context
from alembic.operations import MigrationScript, Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection
from sqlmodel import SQLModel

from tracker.storage import models
from tracker.storage.database import make_engine
from tracker.storage.schema import migrating

assert models  # imported for its tables  # noqa: S101


def run(connection: Connection) -> None:
    """Does on this connection what the command or `migrate` wants."""
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        user_module_prefix="",  # the template imports our column types by name
        render_as_batch=True,  # SQLite cannot alter a column in place
        compare_server_default=True,
        process_revision_directives=number_revision,
    )
    with context.begin_transaction():
        context.run_migrations()


def number_revision(_context: object, _revision: object, directives: list[MigrationScript]) -> None:
    """Gives a migration that is being written the next number, where alembic would take a random one."""
    newest = context.script.get_current_head()
    directives[0].rev_id = f"{int(newest or 0) + 1:04}"


def make_newest_schema(connection: Connection) -> None:
    """Runs every migration on an empty database; `migrate` would run this file again, inside itself."""
    migration = MigrationContext.configure(connection)
    with Operations.context(migration):
        for script in reversed([*context.script.walk_revisions()]):
            script.module.upgrade()
    migration.stamp(context.script, "head")


def run_command(url: str | None) -> None:
    """Runs the command `alembic` on this database, or on one of its own."""
    engine = make_engine(url or "sqlite://")
    with migrating(engine) as connection:
        if not url:
            make_newest_schema(connection)
        run(connection)
    engine.dispose()


if "connection" in context.config.attributes:
    run(context.config.attributes["connection"])
else:
    run_command(os.environ.get("DATABASE_URL"))
