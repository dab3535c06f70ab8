"""Classes and courses that are shared, who did what, whom to forget, and until when names are kept."""

import sqlalchemy as sa
from alembic import op

from tracker.storage.models import UtcSeconds

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# Nobody changes an entry, and nobody takes one away within this many days.
ON_SQLITE = (
    """CREATE TRIGGER "AuditEntry_unchanged" BEFORE UPDATE ON "AuditEntry"
    BEGIN SELECT RAISE(ABORT, 'an audit entry cannot be changed'); END""",
    """CREATE TRIGGER "AuditEntry_kept" BEFORE DELETE ON "AuditEntry" WHEN OLD."at" > datetime('now', '-30 days')
    BEGIN SELECT RAISE(ABORT, 'an audit entry is kept for 30 days at least'); END""",
)
ON_POSTGRESQL = (
    """CREATE FUNCTION "AuditEntry_refuse"() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'an audit entry cannot be changed, and is kept for 30 days at least'; END $$""",
    """CREATE TRIGGER "AuditEntry_unchanged" BEFORE UPDATE ON "AuditEntry"
    FOR EACH ROW EXECUTE FUNCTION "AuditEntry_refuse"()""",
    """CREATE TRIGGER "AuditEntry_kept" BEFORE DELETE ON "AuditEntry"
    FOR EACH ROW WHEN (OLD."at" > now() - interval '30 days') EXECUTE FUNCTION "AuditEntry_refuse"()""",
)


def upgrade() -> None:
    for table, column, whole in (("ClassShare", "streamId", "LiveStream"), ("CourseShare", "courseId", "Course")):
        op.create_table(
            table,
            sa.Column(column, sa.String(), nullable=False),
            sa.Column("userId", sa.String(), nullable=False),
            sa.Column("sharedAt", UtcSeconds(), nullable=False),
            sa.ForeignKeyConstraint([column], [f"{whole}.id"]),
            sa.ForeignKeyConstraint(["userId"], ["User.id"]),
            sa.PrimaryKeyConstraint(column, "userId"),
        )
        op.create_index(f"ix_{table}_userId", table, ["userId"])
    op.create_table(
        "AuditEntry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", UtcSeconds(), nullable=False),
        sa.Column("userId", sa.String(), nullable=True),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("streamId", sa.String(), nullable=True),
        sa.Column("person", sa.String(), nullable=True),
        sa.Column("details", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    for column in ("at", "streamId"):
        op.create_index(f"ix_AuditEntry_{column}", "AuditEntry", [column])
    op.create_index("AuditEntry_userId_at", "AuditEntry", ["userId", "at"])
    op.create_table(
        "ErasedPerson",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("salt", sa.String(), nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.Column("erasedAt", UtcSeconds(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.add_column("Course", sa.Column("retentionDays", sa.Integer(), nullable=True))
    op.add_column("LiveStream", sa.Column("namesRemovedAt", UtcSeconds(), nullable=True))
    op.add_column("Fetch", sa.Column("askedByHandAt", UtcSeconds(), nullable=True))
    with_names = sa.text('"namesRemovedAt" IS NULL')
    op.create_index(
        "LiveStream_withNames",
        "LiveStream",
        ["scheduledStart"],
        sqlite_where=with_names,
        postgresql_where=with_names,
    )
    for statement in ON_SQLITE if op.get_bind().dialect.name == "sqlite" else ON_POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    op.drop_index("LiveStream_withNames", table_name="LiveStream")
    op.drop_column("Fetch", "askedByHandAt")
    op.drop_column("LiveStream", "namesRemovedAt")
    op.drop_column("Course", "retentionDays")
    for table in ("ErasedPerson", "AuditEntry", "CourseShare", "ClassShare"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute('DROP FUNCTION "AuditEntry_refuse"()')
