"""What each tracker says is wrong, with its sign of life."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    nothing = sa.text("'[]'")
    op.add_column("TrackerProcess", sa.Column("conditions", sa.String(), server_default=nothing, nullable=False))
    with op.batch_alter_table("TrackerProcess") as table:
        table.alter_column("conditions", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("TrackerProcess") as table:
        table.drop_column("conditions")
