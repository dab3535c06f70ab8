"""Zoom's rates shared by all trackers, webhooks by what became of them, and the trackers' signs of life."""

import sqlalchemy as sa
from alembic import op

from tracker.storage.models import UtcSeconds

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ZoomRate",
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("nextAt", sa.Float(), nullable=False),
        sa.Column("nextHurriedAt", sa.Float(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("pausedUntil", UtcSeconds(), nullable=True),
        sa.PrimaryKeyConstraint("category"),
    )
    op.create_table(
        "WebhookTally",
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("lastAt", UtcSeconds(), nullable=False),
        sa.PrimaryKeyConstraint("day", "outcome"),
    )
    op.create_table(
        "TrackerProcess",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("startedAt", UtcSeconds(), nullable=False),
        sa.Column("seenAt", UtcSeconds(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_index("Fetch_state_dueAt", "Fetch", ["state", "dueAt"], unique=False)
    op.create_index("ix_Reading_at", "Reading", ["at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_Reading_at", "Reading")
    op.drop_index("Fetch_state_dueAt", "Fetch")
    for table in ("TrackerProcess", "WebhookTally", "ZoomRate"):
        op.drop_table(table)
