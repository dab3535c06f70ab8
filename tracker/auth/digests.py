"""The form in which random tokens are stored."""

import hashlib


def digest(text: str) -> str:
    """The SHA-256 of a token, which cannot be guessed, or of the e-mail of an attempt."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
