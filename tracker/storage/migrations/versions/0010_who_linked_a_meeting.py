"""The column that says whether a teacher has linked a meeting has a name that says so.

Some databases have run 0007 with this name already, so its number does not tell which one a database has: we look.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

OLD, NEW = "zoomLinkChecked", "zoomLinkedByTeacher"


def upgrade() -> None:
    _rename(OLD, NEW)


def downgrade() -> None:
    _rename(NEW, OLD)


def _rename(before: str, after: str) -> None:
    columns = op.get_bind().execute(sa.text('SELECT * FROM "LiveStream" LIMIT 0')).keys()
    if before in columns:
        op.execute(f'ALTER TABLE "LiveStream" RENAME COLUMN "{before}" TO "{after}"')
