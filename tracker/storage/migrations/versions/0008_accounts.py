"""Accounts that can be closed, what is known of sign-ins and browsers, several API tokens a person, invitations."""

import sqlalchemy as sa
from alembic import op

from tracker.storage.models import UtcSeconds

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

COLUMNS = {
    "User": (
        ("disabledAt", UtcSeconds()),
        ("oidcIssuer", sa.String()),
        ("oidcSubject", sa.String()),
        ("totpKey", sa.String()),
        ("totpLastStep", sa.Integer()),
    ),
    "SignIn": (
        ("endsAt", UtcSeconds()),
        ("lastUsedAt", UtcSeconds()),
        ("address", sa.String()),
        ("userAgent", sa.String()),
    ),
    "SignInAttempt": (("browserHash", sa.String()),),
}


def upgrade() -> None:
    for table, columns in COLUMNS.items():
        for name, kind in columns:
            op.add_column(table, sa.Column(name, kind, nullable=True))
    op.create_index("User_identity", "User", ["oidcIssuer", "oidcSubject"], unique=True)
    op.create_index("SignInAttempt_address_at", "SignInAttempt", ["address", "at"])
    op.create_table(
        "ApiToken",
        sa.Column("tokenHash", sa.String(), nullable=False),
        sa.Column("userId", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("createdAt", UtcSeconds(), nullable=False),
        sa.Column("lastUsedAt", UtcSeconds(), nullable=True),
        sa.Column("expiresAt", UtcSeconds(), nullable=True),
        sa.ForeignKeyConstraint(["userId"], ["User.id"]),
        sa.PrimaryKeyConstraint("tokenHash"),
        sa.UniqueConstraint("userId", "name"),
    )
    op.create_table(
        "KnownBrowser",
        sa.Column("browserHash", sa.String(), nullable=False),
        sa.Column("userId", sa.String(), nullable=False),
        sa.Column("lastUsedAt", UtcSeconds(), nullable=False),
        sa.ForeignKeyConstraint(["userId"], ["User.id"]),
        sa.PrimaryKeyConstraint("browserHash", "userId"),
    )
    op.create_index("ix_KnownBrowser_lastUsedAt", "KnownBrowser", ["lastUsedAt"])
    op.create_index("ix_KnownBrowser_userId", "KnownBrowser", ["userId"])
    op.create_table(
        "Invitation",
        sa.Column("tokenHash", sa.String(), nullable=False),
        sa.Column("userId", sa.String(), nullable=False),
        sa.Column("createdAt", UtcSeconds(), nullable=False),
        sa.Column("expiresAt", UtcSeconds(), nullable=False),
        sa.ForeignKeyConstraint(["userId"], ["User.id"]),
        sa.PrimaryKeyConstraint("tokenHash"),
        sa.UniqueConstraint("userId"),
    )
    op.create_index("ix_Invitation_expiresAt", "Invitation", ["expiresAt"])
    # When a token was made is not known; not before its account.
    op.execute(
        'INSERT INTO "ApiToken" ("tokenHash", "userId", "name", "createdAt") '
        """SELECT "apiTokenHash", "id", 'command line', "createdAt" FROM "User" WHERE "apiTokenHash" IS NOT NULL"""
    )


def downgrade() -> None:
    op.drop_table("Invitation")
    op.drop_table("KnownBrowser")
    op.drop_table("ApiToken")
    op.drop_index("SignInAttempt_address_at", "SignInAttempt")
    op.drop_index("User_identity", "User")
    for table, columns in COLUMNS.items():
        for name, _ in columns:
            op.drop_column(table, name)
