"""Passwords: which are fit to be one, the form in which they are stored, and whether one is the stored one."""

import base64
import hashlib
import hmac
import re
import secrets
import threading
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

from tracker.errors import InvalidInput

SHORTEST_PASSWORD, LONGEST_PASSWORD = 10, 1024
# argon2id as RFC 9106 recommends it for machines with little memory, but with one lane: each lane is a thread of its
# own, and those of a few sign-ins at once would leave pages no processor. It may be changed at any time: the cost is
# part of each hash.
HASHER = PasswordHasher(parallelism=1)
# Each takes 64 MiB and a processor while it is computed.
HASHES_AT_ONCE = 2
# The form of hashes from before argon2: `scrypt$salt$hash`, with this cost.
OLD_SCHEME, OLD_SCRYPT_N, OLD_SCRYPT_R, OLD_SCRYPT_P = "scrypt$", 2**14, 8, 5
# zxcvbn's scale: from 3 on a password holds out for years against guesses at the speed of argon2.
LEAST_STRENGTH = 3
# Machines remember secrets, so they may be longer.
SHORTEST_SECRET = 12
# What stands in examples for a secret that is to be filled in.
PLACEHOLDERS = ("changeme", "change-me", "change_me", "replace-me", "replace_me", "your-", "your_", "example")
# What is judged of a long password: the time that it takes grows with the square of the length.
LONGEST_JUDGED = 72
# What somebody who guesses at this product would try first.
PRODUCT_WORDS = ("zoom", "participant", "tracking", "tracker", "attendance", "class", "teacher", "admin")
# A password with one's own name in it needs as many letters beside it, figures and signs not counted.
FEWEST_OTHER_LETTERS = 6

_hash_slots = threading.BoundedSemaphore(HASHES_AT_ONCE)


def hash_password(password: str) -> str:
    """The form in which a password is stored."""
    with _hash_slots:
        return HASHER.hash(_bytes(password))


def check_choice(password: str, *about: str) -> None:
    """Raises InvalidInput for a password that is too short, too long, or among the first to be guessed.

    `about` are the e-mail address and the name of its owner: neither they nor their parts make a password.
    """
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise InvalidInput("password_length", least=SHORTEST_PASSWORD, most=LONGEST_PASSWORD)
    parts = {part for text in about for part in re.findall(r"[^\W\d_]{3,}", text.lower())}
    words = sorted(parts | set(PRODUCT_WORDS), key=len, reverse=True)
    without = re.sub("|".join(map(re.escape, words)), "", password.lower())
    left = re.sub(r"[\W\d_]+", "", without)
    if len(without) < len(password) and len(left) < FEWEST_OTHER_LETTERS:
        raise InvalidInput("password_about_oneself")
    judged = zxcvbn(password[:LONGEST_JUDGED], user_inputs=words)
    if judged["score"] < LEAST_STRENGTH:
        raise InvalidInput("password_common")


def is_weak_secret(secret: str) -> bool:
    """Whether a secret among the settings is short, repeats itself, or is among the first to be guessed."""
    placeholder = any(word in secret.lower() for word in PLACEHOLDERS)
    return placeholder or len(secret) < SHORTEST_SECRET or zxcvbn(secret[:LONGEST_JUDGED])["score"] < LEAST_STRENGTH


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
