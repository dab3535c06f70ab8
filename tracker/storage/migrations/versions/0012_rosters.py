"""The students on the rosters of courses."""

import sqlalchemy as sa
from alembic import op

from tracker.storage.models import UtcSeconds

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "Student",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("courseId", sa.String(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("surname", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("group", sa.String(), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("createdAt", UtcSeconds(), nullable=False),
        sa.Column("updatedAt", UtcSeconds(), nullable=False),
        sa.ForeignKeyConstraint(["courseId"], ["Course.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("Student_courseId_place", "Student", ["courseId", "place"])


def downgrade() -> None:
    op.drop_index("Student_courseId_place", "Student")
    op.drop_table("Student")
