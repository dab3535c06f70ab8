"""Joins and leaves seen live, readings of Zoom's list, people a teacher has joined, Zoom's own count."""

import sqlalchemy as sa
from alembic import op

from tracker.storage.models import UtcSeconds

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ParticipantEvent",
        sa.Column("sessionUuid", sa.String(), nullable=False),
        sa.Column("userId", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("came", sa.Boolean(), nullable=False),
        sa.Column("at", UtcSeconds(), nullable=False),
        sa.Column("streamId", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("zoomUserId", sa.String(), nullable=False),
        sa.Column("parentUserId", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["streamId"], ["LiveStream.id"]),
        sa.PrimaryKeyConstraint("sessionUuid", "userId", "place", "came", "at"),
    )
    op.create_index("ix_ParticipantEvent_streamId", "ParticipantEvent", ["streamId"], unique=False)
    op.create_table(
        "Reading",
        sa.Column("streamId", sa.String(), nullable=False),
        sa.Column("at", UtcSeconds(), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["streamId"], ["LiveStream.id"]),
        sa.PrimaryKeyConstraint("streamId", "at"),
    )
    op.create_table(
        "SamePerson",
        sa.Column("teacherId", sa.String(), nullable=False),
        sa.Column("first", sa.String(), nullable=False),
        sa.Column("second", sa.String(), nullable=False),
        sa.Column("same", sa.Boolean(), nullable=False),
        sa.Column("decidedAt", UtcSeconds(), nullable=False),
        sa.ForeignKeyConstraint(["teacherId"], ["User.id"]),
        sa.PrimaryKeyConstraint("teacherId", "first", "second"),
    )
    op.add_column("MeetingSession", sa.Column("zoomsCount", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("MeetingSession", "zoomsCount")
    for table in ("SamePerson", "Reading", "ParticipantEvent"):
        op.drop_table(table)
