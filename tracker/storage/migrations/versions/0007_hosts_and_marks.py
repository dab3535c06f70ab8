"""Hosts of meetings and sessions, what teachers say of people, the figures shown, and sessions that were given up."""

import sqlalchemy as sa
from alembic import op

from tracker.storage.models import UtcSeconds

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

OF_CLASSES = (
    ("zoomApiMeetingId", sa.String()),
    ("zoomHostId", sa.String()),
    ("zoomLinkChecked", sa.Boolean()),
    ("peopleShown", sa.Integer()),
    ("hostsShown", sa.Integer()),
    ("figuresOfCount", sa.Integer()),
)
WITHOUT_FIGURES = sa.text(
    '"participantsData" IS NOT NULL AND "participantCount" IS NOT NULL '
    'AND ("peopleShown" IS NULL OR "figuresOfCount" IS NULL OR "figuresOfCount" != "participantCount")'
)
OF_SESSIONS = (("hostId", sa.String()), ("droppedAt", UtcSeconds()))


def upgrade() -> None:
    for table, columns in (("LiveStream", OF_CLASSES), ("MeetingSession", OF_SESSIONS)):
        for name, kind in columns:
            op.add_column(table, sa.Column(name, kind, nullable=True))
    op.create_index(
        "LiveStream_withoutFigures",
        "LiveStream",
        ["scheduledStart"],
        unique=False,
        sqlite_where=WITHOUT_FIGURES,
        postgresql_where=WITHOUT_FIGURES,
    )
    op.create_table(
        "PersonMark",
        sa.Column("teacherId", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("mark", sa.String(), nullable=False),
        sa.Column("decidedAt", UtcSeconds(), nullable=False),
        sa.ForeignKeyConstraint(["teacherId"], ["User.id"]),
        sa.PrimaryKeyConstraint("teacherId", "person"),
    )


def downgrade() -> None:
    op.drop_table("PersonMark")
    op.drop_index("LiveStream_withoutFigures", table_name="LiveStream")
    for table, columns in (("LiveStream", OF_CLASSES), ("MeetingSession", OF_SESSIONS)):
        for name, _ in columns:
            op.drop_column(table, name)
