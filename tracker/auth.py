"""Who is there, and what they may see: passwords, signed-in browsers, API tokens.

Of every secret only a hash is stored: scrypt for passwords, SHA-256 for random tokens, which cannot be guessed.
"""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from sqlalchemy import Engine, func
from sqlmodel import Session, col, delete, select

from tracker import store
from tracker.database import transaction
from tracker.errors import InvalidInput, NotAllowed, NotFound, NotSignedIn, TooManyTries
from tracker.models import SignIn, SignInAttempt, User
from tracker.store import Class, Member

SIGN_IN_LIFE = timedelta(days=7)
SHORTEST_PASSWORD, LONGEST_PASSWORD = 10, 1024
# scrypt's cost as OWASP's password storage cheat sheet gives it: 16 MiB and some 30 ms a password.
SCRYPT_N, SCRYPT_R, SCRYPT_P = 2**14, 8, 5
ATTEMPT_WINDOW = timedelta(minutes=15)
# From one place few tries; from everywhere together more, so that a stranger cannot lock a teacher out easily.
MOST_ATTEMPTS_FROM_ADDRESS, MOST_ATTEMPTS = 8, 100


def hash_password(password: str) -> str:
    """The form in which a password is stored. Raises InvalidInput for one that is too short or too long."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise InvalidInput(f"A password has from {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters.")
    salt = secrets.token_bytes(16)
    return "$".join(("scrypt", base64.b64encode(salt).decode(), base64.b64encode(_scrypt(password, salt)).decode()))


def password_matches(password: str, stored: str | None) -> bool:
    """Whether the password is the stored one. As slow for an account that does not exist: nobody can tell."""
    _, salt, expected = (stored or _NOBODY).split("$")
    given = _scrypt(password[:LONGEST_PASSWORD], base64.b64decode(salt))
    return hmac.compare_digest(given, base64.b64decode(expected)) and stored is not None


def set_password(tx: Session, email: str, password: str) -> None:
    """Sets a new password and signs the person out everywhere. Raises NotFound, InvalidInput."""
    row = _user(tx, email)
    row.password_hash = hash_password(password)
    tx.add(row)
    tx.exec(delete(SignIn).where(col(SignIn.user_id) == row.id))


def sign_in(engine: Engine, email: str, password: str, address: str, now: datetime) -> str:
    """A new token for a browser. Raises NotSignedIn for a wrong password, TooManyTries after too many.

    The attempt is committed before the password is looked at, so that parallel guesses count as well.
    """
    email = _as_stored(email)
    email_hash = _digest(email)
    with transaction(engine) as tx:
        _check_attempts(tx, email_hash, address, now)
        tx.add(SignInAttempt(email_hash=email_hash, address=address, at=now))
        row = tx.exec(select(User).where(User.email == email)).first()
        user_id, stored = (row.id, row.password_hash) if row else ("", None)
    if not password_matches(password, stored):
        raise NotSignedIn("E-mail or password is wrong.")
    token = secrets.token_urlsafe(32)
    with transaction(engine) as tx:
        tx.add(SignIn(token_hash=_digest(token), user_id=user_id, created_at=now, expires_at=now + SIGN_IN_LIFE))
        tx.exec(
            delete(SignInAttempt).where(
                col(SignInAttempt.email_hash) == email_hash, col(SignInAttempt.address) == address
            )
        )
    return token


def sign_out(tx: Session, token: str) -> None:
    """Ends one browser's sign-in; its token is worth nothing from then on."""
    tx.exec(delete(SignIn).where(col(SignIn.token_hash) == _digest(token)))


def signed_in(tx: Session, token: str, now: datetime) -> Member | None:
    """The person whose browser has this token."""
    statement = select(User).join(SignIn, col(SignIn.user_id) == col(User.id))
    row = tx.exec(statement.where(SignIn.token_hash == _digest(token), col(SignIn.expires_at) > now)).first()
    return store.member_of(row) if row else None


def new_api_token(tx: Session, email: str) -> str:
    """A new API token for this person; the one before stops working. Raises NotFound."""
    row = _user(tx, email)
    token = "zpt_" + secrets.token_urlsafe(32)
    row.api_token_hash = _digest(token)
    tx.add(row)
    return token


def bearer(tx: Session, authorization: str) -> Member:
    """The person whose API token an `Authorization: Bearer …` header carries. Raises NotSignedIn."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        row = tx.exec(select(User).where(User.api_token_hash == _digest(token.strip()))).first()
        if row is not None:
            return store.member_of(row)
    raise NotSignedIn("A valid API token is needed: Authorization: Bearer <token>.")


def check_may_see(viewer: Member, found: Class) -> None:
    """Raises NotAllowed unless the class is the viewer's own or the viewer is an admin."""
    if not viewer.is_admin and found.teacher_id != viewer.id:
        raise NotAllowed("This class belongs to somebody else.")


def forget_old(tx: Session, now: datetime) -> None:
    """Drops sign-ins and attempts that no longer mean anything."""
    tx.exec(delete(SignIn).where(col(SignIn.expires_at) <= now))
    tx.exec(delete(SignInAttempt).where(col(SignInAttempt.at) <= now - ATTEMPT_WINDOW))


def _check_attempts(tx: Session, email_hash: str, address: str, now: datetime) -> None:
    recent = (col(SignInAttempt.email_hash) == email_hash, col(SignInAttempt.at) > now - ATTEMPT_WINDOW)
    count = select(func.count()).select_from(SignInAttempt).where(*recent)
    from_here = tx.exec(count.where(SignInAttempt.address == address)).one()
    if from_here >= MOST_ATTEMPTS_FROM_ADDRESS or tx.exec(count).one() >= MOST_ATTEMPTS:
        minutes = int(ATTEMPT_WINDOW.total_seconds() // 60)
        raise TooManyTries(f"Too many wrong passwords. Try again in {minutes} minutes.")


def _user(tx: Session, email: str) -> User:
    row = tx.exec(select(User).where(User.email == _as_stored(email))).first()
    if row is None:
        raise NotFound(f"There is no account for {email}.")
    return row


def _as_stored(email: str) -> str:
    """The e-mail as accounts have it; what a database refuses even in a comparison is replaced."""
    return email.strip().lower().encode("utf-8", "replace").decode().replace("\0", "?")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _scrypt(password: str, salt: bytes) -> bytes:
    secret = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(secret, salt=salt, n=SCRYPT_N, r=SCRYPT_R, p=SCRYPT_P, maxmem=64 * 1024 * 1024, dklen=32)


# A stored form that no password leads to, for accounts that do not exist.
_NOBODY = "scrypt$" + base64.b64encode(bytes(16)).decode() + "$" + base64.b64encode(bytes(32)).decode()
