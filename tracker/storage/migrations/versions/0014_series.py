"""Classes that were planned together, and when Zoom is to be told of a class; what one host has used of Zoom's day."""

import sqlalchemy as sa
from alembic import op

from tracker.storage.models import UtcSeconds

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

OF_CLASSES = (
    ("seriesId", sa.String()),
    ("zoomOccurrenceId", sa.String()),
    ("zoomMeetingDueAt", UtcSeconds()),
    ("zoomMeetingAskedAt", UtcSeconds()),
)


def upgrade() -> None:
    op.create_table(
        "Series",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("oneMeeting", sa.Boolean(), nullable=False),
        sa.Column("leftOut", sa.Text(), nullable=False),
        sa.Column("createdAt", UtcSeconds(), nullable=False),
        sa.Column("zoomDueAt", UtcSeconds(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    due = sa.text('"zoomDueAt" IS NOT NULL')
    op.create_index("Series_zoomDueAt", "Series", ["zoomDueAt"], sqlite_where=due, postgresql_where=due)
    op.create_table(
        "ZoomWrites",
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("writes", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("host"),
    )
    for name, kind in OF_CLASSES:
        op.add_column("LiveStream", sa.Column(name, kind, nullable=True))
    op.create_index("ix_LiveStream_seriesId", "LiveStream", ["seriesId"])
    due = sa.text('"zoomMeetingDueAt" IS NOT NULL')
    op.create_index(
        "LiveStream_zoomMeetingDueAt", "LiveStream", ["zoomMeetingDueAt"], sqlite_where=due, postgresql_where=due
    )


def downgrade() -> None:
    op.drop_index("LiveStream_zoomMeetingDueAt", "LiveStream")
    op.drop_index("ix_LiveStream_seriesId", "LiveStream")
    for name, _kind in OF_CLASSES:
        op.drop_column("LiveStream", name)
    op.drop_table("ZoomWrites")
    op.drop_table("Series")
