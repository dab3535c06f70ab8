"""Attempts to sign in, and browsers that have done so before. Every function runs in the caller's transaction.

Of the cookie of a browser and of the e-mail of an attempt only hashes are kept.
"""

from datetime import datetime

from sqlalchemy import func
from sqlmodel import col, delete, select

from tracker.storage.database import Transaction
from tracker.storage.members import stored_email
from tracker.storage.models import KnownBrowser, SignInAttempt, User


def note(tx: Transaction, email_hash: str, place: str, browser_hash: str | None, now: datetime) -> None:
    """Notes that somebody tries a password; `browser_hash` for a browser that the account knows."""
    tx.add(SignInAttempt(email_hash=email_hash, address=place, browser_hash=browser_hash, at=now))


def count(
    tx: Transaction,
    after: datetime,
    *,
    email_hash: str | None = None,
    place: str | None = None,
    browser_hash: str | None = None,
) -> int:
    """How often passwords were tried after that moment, at an account, from a place, or both.

    Those of browsers that an account knows are counted where one of them is named, and else left out.
    """
    wanted = select(func.count()).where(col(SignInAttempt.at) > after, SignInAttempt.browser_hash == browser_hash)
    if email_hash is not None:
        wanted = wanted.where(SignInAttempt.email_hash == email_hash)
    if place is not None:
        wanted = wanted.where(SignInAttempt.address == place)
    return tx.exec(wanted).one()


def forget(tx: Transaction, email_hash: str, place: str, browser_hash: str | None) -> None:
    """Drops the attempts at an account from this place, or of this browser, after one that succeeded."""
    ours = delete(SignInAttempt).where(
        col(SignInAttempt.email_hash) == email_hash, col(SignInAttempt.browser_hash) == browser_hash
    )
    tx.exec(ours.where(col(SignInAttempt.address) == place) if browser_hash is None else ours)


def forget_old(tx: Transaction, attempts_before: datetime, browsers_before: datetime) -> None:
    """Drops the attempts up to one moment, and the browsers that were last used up to another."""
    tx.exec(delete(SignInAttempt).where(col(SignInAttempt.at) <= attempts_before))
    tx.exec(delete(KnownBrowser).where(col(KnownBrowser.last_used_at) <= browsers_before))


def knows_browser(tx: Transaction, browser_hash: str, email: str) -> bool:
    """Whether this browser has signed in before to the account with this e-mail."""
    statement = select(KnownBrowser).join(User, col(User.id) == col(KnownBrowser.user_id))
    here = (KnownBrowser.browser_hash == browser_hash, User.email == stored_email(email))
    return tx.exec(statement.where(*here)).first() is not None


def is_known_browser(tx: Transaction, browser_hash: str) -> bool:
    """Whether this browser has signed in before to any account."""
    return tx.exec(select(KnownBrowser).where(KnownBrowser.browser_hash == browser_hash)).first() is not None


def remember_browser(tx: Transaction, browser_hash: str, member_id: str, now: datetime) -> None:
    """Notes that this browser has signed in to an account."""
    tx.merge(KnownBrowser(browser_hash=browser_hash, user_id=member_id, last_used_at=now))
