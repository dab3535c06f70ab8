"""The rules of courses, further addresses of students, and what is said of students by hand."""

import sqlalchemy as sa
from alembic import op

from tracker.storage.models import UtcSeconds

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

OF_COURSES = (
    ("lateAfterMinutes", sa.Integer()),
    ("presentFromPercent", sa.Integer()),
    ("atRiskBelowPercent", sa.Integer()),
    ("archivedAt", UtcSeconds()),
)


def upgrade() -> None:
    op.create_table(
        "StudentAddress",
        sa.Column("studentId", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("addedAt", UtcSeconds(), nullable=False),
        sa.ForeignKeyConstraint(["studentId"], ["Student.id"]),
        sa.PrimaryKeyConstraint("studentId", "email"),
    )
    op.create_table(
        "StudentChoice",
        sa.Column("courseId", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("studentId", sa.String(), nullable=False),
        sa.Column("isHer", sa.Boolean(), nullable=False),
        sa.Column("decidedAt", UtcSeconds(), nullable=False),
        sa.ForeignKeyConstraint(["courseId"], ["Course.id"]),
        sa.ForeignKeyConstraint(["studentId"], ["Student.id"]),
        sa.PrimaryKeyConstraint("courseId", "person", "studentId"),
    )
    op.create_index("ix_StudentChoice_studentId", "StudentChoice", ["studentId"])
    op.create_table(
        "StudentMark",
        sa.Column("streamId", sa.String(), nullable=False),
        sa.Column("studentId", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("remark", sa.String(), nullable=False),
        sa.Column("decidedAt", UtcSeconds(), nullable=False),
        sa.ForeignKeyConstraint(["streamId"], ["LiveStream.id"]),
        sa.ForeignKeyConstraint(["studentId"], ["Student.id"]),
        sa.PrimaryKeyConstraint("streamId", "studentId"),
    )
    op.create_index("ix_StudentMark_studentId", "StudentMark", ["studentId"])
    for name, kind in OF_COURSES:
        op.add_column("Course", sa.Column(name, kind, nullable=True))
    # Who was there for less than half of the class is no longer counted among those who came late.
    op.execute('UPDATE "LiveStream" SET "figuresOfCount" = NULL WHERE "namesRemovedAt" IS NULL')
    op.add_column("LiveStream", sa.Column("reportDigest", sa.String(), nullable=True))
    op.create_index("ix_LiveStream_reportDigest", "LiveStream", ["reportDigest"])


def downgrade() -> None:
    op.drop_index("ix_LiveStream_reportDigest", "LiveStream")
    op.drop_column("LiveStream", "reportDigest")
    for name, _kind in OF_COURSES:
        op.drop_column("Course", name)
    for name in ("StudentMark", "StudentChoice", "StudentAddress"):
        op.drop_table(name)
