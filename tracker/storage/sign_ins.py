"""Sign-ins of browsers, and attempts to sign in. Every function runs in the caller's transaction.

Of every token only a hash is kept here, and of the e-mail of an attempt as well.
"""

from datetime import datetime

from sqlalchemy import func
from sqlmodel import col, delete, select

from tracker.storage.database import Transaction
from tracker.storage.members import Member, member_of
from tracker.storage.models import SignIn, SignInAttempt, User


def add(tx: Transaction, token_hash: str, member_id: str, now: datetime, expires_at: datetime) -> None:
    """Stores the sign-in of a browser."""
    tx.add(SignIn(token_hash=token_hash, user_id=member_id, created_at=now, expires_at=expires_at))


def member_signed_in(tx: Transaction, token_hash: str, now: datetime) -> Member | None:
    """The person whose browser has the token with this hash."""
    statement = select(User).join(SignIn, col(SignIn.user_id) == col(User.id))
    row = tx.exec(statement.where(SignIn.token_hash == token_hash, col(SignIn.expires_at) > now)).first()
    return member_of(row) if row else None


def end(tx: Transaction, token_hash: str) -> None:
    """Ends one sign-in."""
    tx.exec(delete(SignIn).where(col(SignIn.token_hash) == token_hash))


def end_all(tx: Transaction, member_id: str) -> None:
    """Ends every sign-in of a person."""
    tx.exec(delete(SignIn).where(col(SignIn.user_id) == member_id))


def note_attempt(tx: Transaction, email_hash: str, address: str, now: datetime) -> None:
    """Notes that somebody tried a password."""
    tx.add(SignInAttempt(email_hash=email_hash, address=address, at=now))


def count_attempts(tx: Transaction, email_hash: str, after: datetime) -> tuple[dict[str, int], int]:
    """How often passwords were tried for an account after that moment: from each address, and in all."""
    counts = select(SignInAttempt.address, func.count()).where(
        col(SignInAttempt.email_hash) == email_hash, col(SignInAttempt.at) > after
    )
    by_address = dict(tx.exec(counts.group_by(col(SignInAttempt.address))).all())
    return by_address, sum(by_address.values())


def forget_attempts(tx: Transaction, email_hash: str, address: str) -> None:
    """Drops the attempts from this address, after one that succeeded."""
    ours = (col(SignInAttempt.email_hash) == email_hash, col(SignInAttempt.address) == address)
    tx.exec(delete(SignInAttempt).where(*ours))


def forget(tx: Transaction, now: datetime, attempts_before: datetime) -> None:
    """Drops sign-ins that have expired, and attempts up to that moment."""
    tx.exec(delete(SignIn).where(col(SignIn.expires_at) <= now))
    tx.exec(delete(SignInAttempt).where(col(SignInAttempt.at) <= attempts_before))
