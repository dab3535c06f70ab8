"""API tokens. Every function runs in the caller's transaction. Of a token only the hash is kept.

The token of each person that was made last is in the table of people as well, where earlier versions look for it; so it
is taken out of there with its row here.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_
from sqlmodel import col, delete, select

from tracker.storage.database import Transaction
from tracker.storage.members import Member, member_of
from tracker.storage.models import ApiToken, User


@dataclass(frozen=True, slots=True)
class Token:
    """An API token of a person. `expires_at` is None where it stays valid."""

    name: str
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None


def add(
    tx: Transaction, token_hash: str, member_id: str, name: str, now: datetime, expires_at: datetime | None
) -> None:
    """Stores the hash of a new token, in place of the one of the same name."""
    end(tx, member_id, name)
    tx.add(ApiToken(token_hash=token_hash, user_id=member_id, name=name, created_at=now, expires_at=expires_at))
    if expires_at is None:  # an earlier version knows of no end
        row = tx.get_one(User, member_id)
        row.api_token_hash = token_hash
        tx.add(row)
    tx.flush()


def member_with(tx: Transaction, token_hash: str, now: datetime) -> Member | None:
    """The person whose API token has this hash, unless it has expired or her account is closed."""
    statement = select(User).join(ApiToken, col(ApiToken.user_id) == col(User.id))
    valid = (
        ApiToken.token_hash == token_hash,
        or_(col(ApiToken.expires_at).is_(None), col(ApiToken.expires_at) > now),
        col(User.disabled_at).is_(None),
    )
    row = tx.exec(statement.where(*valid)).first()
    return member_of(row) if row else None


def list_of(tx: Transaction, member_id: str) -> list[Token]:
    """The API tokens of a person, the newest first."""
    rows = tx.exec(select(ApiToken).where(ApiToken.user_id == member_id).order_by(col(ApiToken.created_at).desc()))
    return [Token(row.name, row.created_at, row.last_used_at, row.expires_at) for row in rows]


def last_use(tx: Transaction, token_hash: str) -> datetime | None:
    """When the token with this hash was last used, as far as it was written down."""
    return tx.exec(select(ApiToken.last_used_at).where(ApiToken.token_hash == token_hash)).first()


def note_use(tx: Transaction, token_hash: str, now: datetime) -> None:
    """The token with this hash is used now."""
    row = tx.get(ApiToken, token_hash)
    if row is not None:
        row.last_used_at = now
        tx.add(row)


def end(tx: Transaction, member_id: str, name: str) -> bool:
    """Ends the token of this name; returns whether there was one."""
    row = tx.exec(select(ApiToken).where(ApiToken.user_id == member_id, ApiToken.name == name)).first()
    if row is None:
        return False
    _forget_in_user(tx, member_id, row.token_hash)
    tx.exec(delete(ApiToken).where(col(ApiToken.token_hash) == row.token_hash))
    return True


def end_all(tx: Transaction, member_id: str) -> int:
    """Ends every API token of a person; returns how many there were."""
    _forget_in_user(tx, member_id, None)
    return tx.exec(delete(ApiToken).where(col(ApiToken.user_id) == member_id)).rowcount


def _forget_in_user(tx: Transaction, member_id: str, token_hash: str | None) -> None:
    """Takes a token out of the table of people if it is this one; without a hash, whichever it is."""
    row = tx.get_one(User, member_id)
    if token_hash is None or row.api_token_hash == token_hash:
        row.api_token_hash = None
        tx.add(row)
        tx.flush()
