"""What each tracker says is wrong, with its sign of life. A tracker of an earlier version writes rows without it."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("TrackerProcess", sa.Column("conditions", sa.String(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("TrackerProcess") as table:
        table.drop_column("conditions")
