"""E-mails to be sent, and which of them the teacher of a course wants."""

import sqlalchemy as sa
from alembic import op

from tracker.storage.models import UtcSeconds

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

SWITCHES = ("sendsDigest", "sendsWeekly")


def upgrade() -> None:
    op.create_table(
        "Mail",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("courseId", sa.String(), nullable=True),
        sa.Column("streamId", sa.String(), nullable=True),
        sa.Column("askedAt", UtcSeconds(), nullable=False),
        sa.Column("dueAt", UtcSeconds(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("errorDetails", sa.Text(), nullable=True),
        sa.Column("leasedUntil", UtcSeconds(), nullable=True),
        sa.Column("leaseToken", sa.String(), nullable=True),
        sa.Column("sendingAt", UtcSeconds(), nullable=True),
        sa.Column("sentAt", UtcSeconds(), nullable=True),
        sa.ForeignKeyConstraint(["courseId"], ["Course.id"]),
        sa.ForeignKeyConstraint(["streamId"], ["LiveStream.id"]),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("ix_Mail_courseId", "Mail", ["courseId"])
    op.create_index("ix_Mail_askedAt", "Mail", ["askedAt"])
    op.create_index(
        "Mail_open",
        "Mail",
        ["dueAt"],
        sqlite_where=sa.text('"dueAt" IS NOT NULL'),
        postgresql_where=sa.text('"dueAt" IS NOT NULL'),
    )
    for name in SWITCHES:
        op.add_column("Course", sa.Column(name, sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    for name in SWITCHES:
        op.drop_column("Course", name)
    op.drop_table("Mail")
