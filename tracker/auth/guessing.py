"""Guessing at passwords is stopped: by account, by address, and never for a browser that has signed in before."""

from datetime import datetime, timedelta

from tracker import storage
from tracker.errors import TooManyTries
from tracker.storage.database import Transaction

ATTEMPT_WINDOW = timedelta(minutes=15)
# From one place few tries at an account; from everywhere together more, since strangers could else lock a teacher out.
MOST_ATTEMPTS_FROM_ADDRESS, MOST_ATTEMPTS = 8, 100
# One place at all accounts together: a whole school may be behind one address.
MOST_ATTEMPTS_AT_ALL_ACCOUNTS = 60


def note_attempt(tx: Transaction, email_hash: str, place: str, known_browser: str | None, now: datetime) -> None:
    """Notes that a password is about to be tried. Raises TooManyTries, and notes nothing, after too many.

    A browser that has signed in to this account before counts for itself: wrong passwords of strangers do not lock it
    out, and its own do not lock out others (the "device cookies" of OWASP).
    """
    after = now - ATTEMPT_WINDOW
    count = storage.sign_in_attempts.count
    if known_browser is not None:
        too_many = count(tx, after, email_hash=email_hash, browser_hash=known_browser) >= MOST_ATTEMPTS_FROM_ADDRESS
    else:
        too_many = (
            count(tx, after, email_hash=email_hash, place=place) >= MOST_ATTEMPTS_FROM_ADDRESS
            or count(tx, after, email_hash=email_hash) >= MOST_ATTEMPTS
            or count(tx, after, place=place) >= MOST_ATTEMPTS_AT_ALL_ACCOUNTS
        )
    if too_many:
        raise TooManyTries("too_many_passwords", minutes=int(ATTEMPT_WINDOW.total_seconds() // 60))
    storage.sign_in_attempts.note(tx, email_hash, place, known_browser, now)
