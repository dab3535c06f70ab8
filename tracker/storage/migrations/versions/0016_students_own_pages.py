"""The links by which students see their own attendance, and what they say is not right in it."""

import sqlalchemy as sa
from alembic import op

from tracker.storage.models import UtcSeconds

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "StudentLink",
        sa.Column("studentId", sa.String(), nullable=False),
        sa.Column("tokenHash", sa.String(), nullable=False),
        sa.Column("createdAt", UtcSeconds(), nullable=False),
        sa.Column("expiresAt", UtcSeconds(), nullable=False),
        sa.Column("revokedAt", UtcSeconds(), nullable=True),
        sa.ForeignKeyConstraint(["studentId"], ["Student.id"]),
        sa.PrimaryKeyConstraint("studentId"),
        sa.UniqueConstraint("tokenHash"),
    )
    op.create_table(
        "StudentRequest",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("studentId", sa.String(), nullable=False),
        sa.Column("streamId", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("madeAt", UtcSeconds(), nullable=False),
        sa.Column("decidedAt", UtcSeconds(), nullable=True),
        sa.Column("accepted", sa.Boolean(), nullable=True),
        sa.Column("answer", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["studentId"], ["Student.id"]),
        sa.ForeignKeyConstraint(["streamId"], ["LiveStream.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    for name in ("studentId", "streamId"):
        op.create_index(f"ix_StudentRequest_{name}", "StudentRequest", [name])


def downgrade() -> None:
    for name in ("studentId", "streamId"):
        op.drop_index(f"ix_StudentRequest_{name}", "StudentRequest")
    op.drop_table("StudentRequest")
    op.drop_table("StudentLink")
