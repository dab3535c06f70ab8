"""Sign-ins of browsers. Every function runs in the caller's transaction. Of a token only the hash is kept."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_
from sqlmodel import col, delete, select

from tracker.storage.database import Transaction
from tracker.storage.members import Member, member_of
from tracker.storage.models import SignIn, User

# No sign-in is good for longer than this.
LONGEST = timedelta(days=3660)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A browser that is signed in. `token_hash` tells it from the others; it opens nothing."""

    token_hash: str
    member_id: str
    created_at: datetime
    last_used_at: datetime
    address: str
    user_agent: str


def add(tx: Transaction, new: SignedIn, expires_at: datetime, ends_at: datetime) -> None:
    """Stores the sign-in of a browser, which is good until `expires_at`; its use may move that on up to `ends_at`."""
    tx.add(
        SignIn(
            token_hash=new.token_hash,
            user_id=new.member_id,
            created_at=new.created_at,
            last_used_at=new.last_used_at,
            address=new.address,
            user_agent=new.user_agent,
            expires_at=expires_at,
            ends_at=ends_at,
        )
    )


def _is_good(now: datetime) -> ColumnElement[bool]:
    """Whether a sign-in has not expired. In SQLite a text that is no time comes after every time: it is no good."""
    return and_(col(SignIn.expires_at) > now, col(SignIn.expires_at) < now + LONGEST)


def member_signed_in(tx: Transaction, token_hash: str, now: datetime) -> Member | None:
    """The person whose browser has the token with this hash, unless her account is closed."""
    statement = select(User).join(SignIn, col(SignIn.user_id) == col(User.id))
    valid = (SignIn.token_hash == token_hash, _is_good(now), col(User.disabled_at).is_(None))
    row = tx.exec(statement.where(*valid)).first()
    return member_of(row) if row else None


def find(tx: Transaction, token_hash: str, now: datetime) -> SignedIn | None:
    """The sign-in with this hash, if it is good."""
    row = tx.exec(select(SignIn).where(SignIn.token_hash == token_hash, _is_good(now))).first()
    return _signed_in(row) if row else None


def list_of(tx: Transaction, member_id: str, now: datetime) -> list[SignedIn]:
    """The sign-ins of a person that are good, the one last used first."""
    rows = tx.exec(select(SignIn).where(SignIn.user_id == member_id, _is_good(now)))
    return sorted(map(_signed_in, rows), key=lambda one: one.last_used_at, reverse=True)


def note_use(tx: Transaction, token_hash: str, now: datetime, idle: timedelta) -> None:
    """A sign-in is used now: it is good for this long again, and never longer than was said when it began."""
    row = tx.get(SignIn, token_hash, with_for_update=True)
    if row is not None and row.expires_at > now:
        row.last_used_at = now
        row.expires_at = min(now + idle, row.ends_at or row.expires_at)
        tx.add(row)


def end(tx: Transaction, token_hash: str, member_id: str | None = None) -> None:
    """Ends one sign-in; with `member_id` only where it is that person's."""
    statement = delete(SignIn).where(col(SignIn.token_hash) == token_hash)
    tx.exec(statement if member_id is None else statement.where(col(SignIn.user_id) == member_id))


def end_all(tx: Transaction, member_id: str, but: str = "") -> None:
    """Ends every sign-in of a person, but for the one with this hash."""
    tx.exec(delete(SignIn).where(col(SignIn.user_id) == member_id, col(SignIn.token_hash) != but))


def forget(tx: Transaction, now: datetime) -> None:
    """Drops sign-ins that have expired."""
    tx.exec(delete(SignIn).where(col(SignIn.expires_at) <= now))


def _signed_in(row: SignIn) -> SignedIn:
    return SignedIn(
        row.token_hash,
        row.user_id,
        row.created_at,
        row.last_used_at or row.created_at,
        row.address or "",
        row.user_agent or "",
    )
