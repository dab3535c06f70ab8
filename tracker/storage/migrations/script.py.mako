"""${message}."""

import sqlalchemy as sa
from alembic import op
from sqlmodel import AutoString

from tracker.storage.models import UtcSeconds

revision = "${up_revision}"
down_revision = "${down_revision}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
