"""Runs migrations on the connection that `tracker.storage.database.migrate` hands over."""

from alembic import context
from sqlmodel import SQLModel

from tracker.storage import models

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    user_module_prefix="",  # the template imports our column types by name
    render_as_batch=True,  # SQLite cannot alter a column in place
)
assert models  # imported for its tables  # noqa: S101
with context.begin_transaction():
    context.run_migrations()
