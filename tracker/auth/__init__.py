"""Authentication and permissions: passwords, sign-ins of browsers, API tokens, who may see which class.

passwords.py  which are fit to be one, and the form in which they are stored
guessing.py   how many may be tried
sign_ins.py   browsers that are signed in
tokens.py     API tokens
accounts.py   the people with an account, and what they may see

Of every secret only a hash is stored: argon2id for passwords, SHA-256 for random tokens, which cannot be guessed.
"""

from tracker.auth.accounts import OPERATOR, add_member, check_may_see, get_member, list_members, set_password
from tracker.auth.passwords import HASHES_AT_ONCE, hash_password
from tracker.auth.sign_ins import (
    BROWSER_KNOWN_FOR,
    SIGN_IN_LIFE,
    Browser,
    Limits,
    forget_old,
    is_known_browser,
    limits_of,
    log_refusal,
    member_signed_in,
    note_use,
    sign_in,
    sign_out,
    use_is_to_be_noted,
)
from tracker.auth.tokens import member_by_bearer, new_api_token

__all__ = [
    "BROWSER_KNOWN_FOR",
    "HASHES_AT_ONCE",
    "OPERATOR",
    "SIGN_IN_LIFE",
    "Browser",
    "Limits",
    "add_member",
    "check_may_see",
    "forget_old",
    "get_member",
    "hash_password",
    "is_known_browser",
    "limits_of",
    "list_members",
    "log_refusal",
    "member_by_bearer",
    "member_signed_in",
    "new_api_token",
    "note_use",
    "set_password",
    "sign_in",
    "sign_out",
    "use_is_to_be_noted",
]
