"""The language of each person; of a class, what somebody has seen to, a cancelling to undo, and who came late."""

import sqlalchemy as sa
from alembic import op

from tracker.storage.models import UtcSeconds

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

OF_CLASSES = (
    ("seenTo", sa.String()),
    ("cancelledAt", UtcSeconds()),
    ("zoomDeletionDueAt", UtcSeconds()),
    ("lateShown", sa.Integer()),
)


def upgrade() -> None:
    op.add_column("User", sa.Column("language", sa.String(), nullable=True))
    for name, kind in OF_CLASSES:
        op.add_column("LiveStream", sa.Column(name, kind, nullable=True))
    # The tracker works the figures out anew where they are not those of the present count, now with who came late.
    op.execute('UPDATE "LiveStream" SET "figuresOfCount" = NULL WHERE "namesRemovedAt" IS NULL')
    op.create_index(
        "LiveStream_zoomDeletionDueAt",
        "LiveStream",
        ["zoomDeletionDueAt"],
        sqlite_where=sa.text('"zoomDeletionDueAt" IS NOT NULL'),
        postgresql_where=sa.text('"zoomDeletionDueAt" IS NOT NULL'),
    )


def downgrade() -> None:
    op.drop_index("LiveStream_zoomDeletionDueAt", "LiveStream")
    for name, _kind in OF_CLASSES:
        op.drop_column("LiveStream", name)
    op.drop_column("User", "language")
