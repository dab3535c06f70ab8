"""For which Zoom meetings the students of a roster are to be registered, and how many are."""

import sqlalchemy as sa
from alembic import op

from tracker.storage.columns import UtcSeconds

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "MeetingRegistration",
        sa.Column("meetingId", sa.String(), nullable=False),
        sa.Column("dueAt", UtcSeconds(), nullable=True),
        sa.Column("lookedAt", UtcSeconds(), nullable=True),
        sa.Column("students", sa.Integer(), nullable=False),
        sa.Column("registered", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("errorDetails", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("meetingId"),
    )
    due = sa.text('"dueAt" IS NOT NULL')
    op.create_index(
        "MeetingRegistration_dueAt", "MeetingRegistration", ["dueAt"], sqlite_where=due, postgresql_where=due
    )


def downgrade() -> None:
    op.drop_table("MeetingRegistration")
