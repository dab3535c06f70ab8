"""What the Zoom meeting of a class is to be like, what Zoom was asked for, and what it has."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

OF_CLASSES = ("meetingAsked", "meetingSent", "meetingHas")


def upgrade() -> None:
    for name in OF_CLASSES:
        op.add_column("LiveStream", sa.Column(name, sa.Text(), nullable=True))


def downgrade() -> None:
    for name in OF_CLASSES:
        op.drop_column("LiveStream", name)
