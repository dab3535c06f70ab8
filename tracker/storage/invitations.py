"""Links that set a password, once. Every function runs in the caller's transaction. Of a token a hash is kept."""

from datetime import datetime

from sqlmodel import col, delete, select

from tracker.storage.database import Transaction
from tracker.storage.members import Member, member_of
from tracker.storage.models import Invitation, User


def add(tx: Transaction, token_hash: str, member_id: str, now: datetime, expires_at: datetime) -> None:
    """Stores a person's invitation, in place of the one before."""
    end(tx, member_id)
    tx.add(Invitation(token_hash=token_hash, user_id=member_id, created_at=now, expires_at=expires_at))
    tx.flush()


def member_invited(tx: Transaction, token_hash: str, now: datetime) -> Member | None:
    """The person whose invitation has this hash, unless it has expired or her account is closed."""
    statement = select(User).join(Invitation, col(Invitation.user_id) == col(User.id))
    valid = (
        Invitation.token_hash == token_hash,
        col(Invitation.expires_at) > now,
        col(User.disabled_at).is_(None),
    )
    row = tx.exec(statement.where(*valid)).first()
    return member_of(row) if row else None


def end(tx: Transaction, member_id: str) -> None:
    """Ends the invitation of a person, if she has one."""
    tx.exec(delete(Invitation).where(col(Invitation.user_id) == member_id))


def forget(tx: Transaction, now: datetime) -> None:
    """Drops invitations that have expired."""
    tx.exec(delete(Invitation).where(col(Invitation.expires_at) <= now))
