"""Authentication and permissions: passwords, sign-ins of browsers, API tokens, who may see which class.

Of every secret only a hash is stored: argon2id for passwords, SHA-256 for random tokens, which cannot be guessed.
"""

import base64
import hashlib
import hmac
import secrets
import threading
from datetime import datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from tracker import storage
from tracker.errors import InvalidInput, NotAllowed, NotSignedIn, TooManyTries
from tracker.storage.classes import Class
from tracker.storage.database import Engine, Transaction, transaction
from tracker.storage.members import Member, Role

# Who acts on the command line: whoever may run it has the database in hand anyway.
OPERATOR = Member(id="", email="", name="operator", role="admin", zoom_user="")
SIGN_IN_LIFE = timedelta(days=7)
SHORTEST_PASSWORD, LONGEST_PASSWORD = 10, 1024
# argon2id as RFC 9106 recommends it; its cost is part of each hash, so it may be changed at any time.
HASHER = PasswordHasher()
# Each takes 64 MiB while it is computed; more at a time would let strangers fill the memory.
HASHES_AT_ONCE = 4
# The form of hashes from before argon2: `scrypt$salt$hash`, with this cost.
OLD_SCHEME, OLD_SCRYPT_N, OLD_SCRYPT_R, OLD_SCRYPT_P = "scrypt$", 2**14, 8, 5
ATTEMPT_WINDOW = timedelta(minutes=15)
# From one place few tries; from everywhere together more, so that a stranger cannot lock a teacher out easily.
MOST_ATTEMPTS_FROM_ADDRESS, MOST_ATTEMPTS = 8, 100

_hash_slots = threading.BoundedSemaphore(HASHES_AT_ONCE)


def hash_password(password: str) -> str:
    """The form in which a password is stored. Raises InvalidInput for one that is too short or too long."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise InvalidInput("password_length", least=SHORTEST_PASSWORD, most=LONGEST_PASSWORD)
    with _hash_slots:
        return HASHER.hash(_bytes(password))


def password_matches(password: str, stored: str | None) -> bool:
    """Whether the password is the stored one. Takes as long where there is no account: nobody can tell."""
    given = _bytes(password[:LONGEST_PASSWORD])
    with _hash_slots:
        if stored is not None and stored.startswith(OLD_SCHEME):
            return _matches_old(given, stored)
        try:
            return HASHER.verify(stored or _dummy_hash(HASHER), given) and stored is not None
        except (VerificationError, InvalidHashError):
            return False


def is_outdated(stored: str) -> bool:
    """Whether a password's hash is of another scheme or cost than new ones."""
    return stored.startswith(OLD_SCHEME) or HASHER.check_needs_rehash(stored)


def add_member(
    engine: Engine, email: str, name: str, role: Role, password: str, now: datetime, zoom_user: str | None = None
) -> Member:
    """Adds a person who can sign in. Raises InvalidInput where the e-mail is taken or the password is unfit."""
    password_hash = hash_password(password)
    with transaction(engine) as tx:
        member = storage.members.add_member(tx, email, name, role, zoom_user, now)
        storage.members.set_password_hash(tx, member.id, password_hash)
    return member


def set_password(engine: Engine, email: str, password: str) -> None:
    """Sets a new password and signs the person out everywhere. Raises NotFound, InvalidInput."""
    password_hash = hash_password(password)
    with transaction(engine) as tx:
        member = storage.members.get_member(tx, email)
        storage.members.set_password_hash(tx, member.id, password_hash)
        storage.sign_ins.end_all(tx, member.id)


def list_members(tx: Transaction) -> list[Member]:
    """Everybody with an account, by e-mail."""
    return storage.members.list_members(tx)


def get_member(tx: Transaction, email: str) -> Member:
    """The person with this e-mail. Raises NotFound."""
    return storage.members.get_member(tx, email)


def sign_in(engine: Engine, email: str, password: str, address: str, now: datetime) -> str:
    """Signs a browser in and returns its token. Raises NotSignedIn for a wrong password, TooManyTries after too many.

    The attempt is committed before the password is looked at, so that parallel guesses count as well.
    """
    email_hash = _digest(email.strip().lower())
    with transaction(engine) as tx:
        _check_attempts(tx, email_hash, address, now)
        storage.sign_ins.note_attempt(tx, email_hash, address, now)
        member_id, stored = storage.members.password_hash(tx, email) or ("", None)
    if not password_matches(password, stored):
        raise NotSignedIn("password_wrong")
    renewed = hash_password(password) if stored and is_outdated(stored) else None
    token = secrets.token_urlsafe(32)
    with transaction(engine) as tx:
        if storage.members.lock_password_hash(tx, email) != (member_id, stored):
            raise NotSignedIn("password_wrong")  # it was changed a moment ago
        if renewed is not None:
            storage.members.set_password_hash(tx, member_id, renewed)
        storage.sign_ins.add(tx, _digest(token), member_id, now, now + SIGN_IN_LIFE)
        storage.sign_ins.forget_attempts(tx, email_hash, address)
    return token


def sign_out(engine: Engine, token: str) -> None:
    """Ends one browser's sign-in; its token is no longer valid."""
    with transaction(engine) as tx:
        storage.sign_ins.end(tx, _digest(token))


def member_signed_in(tx: Transaction, token: str, now: datetime) -> Member | None:
    """The person whose browser has this token."""
    return storage.sign_ins.member_signed_in(tx, _digest(token), now)


def new_api_token(engine: Engine, email: str) -> str:
    """A new API token for this person; the one before stops working. Raises NotFound."""
    token = "zpt_" + secrets.token_urlsafe(32)
    with transaction(engine) as tx:
        member = storage.members.get_member(tx, email)
        storage.members.set_api_token_hash(tx, member.id, _digest(token))
    return token


def member_by_bearer(tx: Transaction, authorization: str) -> Member:
    """The person whose API token an `Authorization: Bearer …` header carries. Raises NotSignedIn."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        member = storage.members.member_with_api_token(tx, _digest(token.strip()))
        if member is not None:
            return member
    raise NotSignedIn("api_token_needed")


def check_may_see(viewer: Member, found: Class) -> None:
    """Raises NotAllowed unless the class is the viewer's own or the viewer is an admin."""
    if not viewer.is_admin and found.teacher_id != viewer.id:
        raise NotAllowed("class_of_somebody_else")


def check_may_change(acting: Member, found: Class) -> None:
    """Raises NotAllowed unless the acting person may change the class: whoever may see it may."""
    check_may_see(acting, found)


def check_is_admin(acting: Member) -> None:
    """Raises NotAllowed unless the acting person is an admin."""
    if not acting.is_admin:
        raise NotAllowed("admins_only")


def forget_old(tx: Transaction, now: datetime) -> None:
    """Drops sign-ins that have expired and attempts that no longer count."""
    storage.sign_ins.forget(tx, now, now - ATTEMPT_WINDOW)


def _check_attempts(tx: Transaction, email_hash: str, address: str, now: datetime) -> None:
    by_address, in_all = storage.sign_ins.count_attempts(tx, email_hash, now - ATTEMPT_WINDOW)
    if by_address.get(address, 0) >= MOST_ATTEMPTS_FROM_ADDRESS or in_all >= MOST_ATTEMPTS:
        raise TooManyTries("too_many_passwords", minutes=int(ATTEMPT_WINDOW.total_seconds() // 60))


def _digest(text: str) -> str:
    return hashlib.sha256(_bytes(text)).hexdigest()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _matches_old(given: bytes, stored: str) -> bool:
    salt, expected = (base64.b64decode(part) for part in stored.removeprefix(OLD_SCHEME).split("$"))
    cost = {"n": OLD_SCRYPT_N, "r": OLD_SCRYPT_R, "p": OLD_SCRYPT_P, "maxmem": 64 * 1024 * 1024, "dklen": 32}
    return hmac.compare_digest(hashlib.scrypt(given, salt=salt, **cost), expected)


@cache
def _dummy_hash(hasher: PasswordHasher) -> str:
    """A hash that is as costly to check as any other, for accounts that do not exist."""
    return hasher.hash(secrets.token_bytes(16))
