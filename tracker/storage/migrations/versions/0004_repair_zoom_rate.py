"""What databases lack that ran 0003 in its first form: a column of ZoomRate, and two indexes.

0003 was changed after it had been run, so its number does not tell which form a database has: we look.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    columns = op.get_bind().execute(sa.text('SELECT * FROM "ZoomRate" LIMIT 0')).keys()
    if "nextHurriedAt" not in columns:
        # For the rows there are: a call that somebody waits for may go out at once.
        at_once = sa.text("0.0")
        op.add_column("ZoomRate", sa.Column("nextHurriedAt", sa.Float(), server_default=at_once, nullable=False))
        with op.batch_alter_table("ZoomRate") as table:
            table.alter_column("nextHurriedAt", server_default=None)
    op.create_index("Fetch_state_dueAt", "Fetch", ["state", "dueAt"], unique=False, if_not_exists=True)
    op.create_index("ix_Reading_at", "Reading", ["at"], unique=False, if_not_exists=True)


def downgrade() -> None:
    """Nothing to do: 0003 as it is now makes all of this itself, and takes it back."""
