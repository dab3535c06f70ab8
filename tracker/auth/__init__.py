"""Authentication: passwords, sign-ins of browsers, API tokens. What who may see is in `tracker.permissions`.

passwords.py  which are fit to be one, and the form in which they are stored
guessing.py   how many may be tried
sign_ins.py   browsers that are signed in
tokens.py     API tokens
school_account.py  signing in with the school's account (OpenID Connect)
second_factor.py  a code beside the password, for admins
invitations.py  links that set a password, once
shares.py     classes and courses that are shared with colleagues
accounts.py   the people with an account

Of every secret only a hash is stored: argon2id for passwords, SHA-256 for random tokens, which cannot be guessed.
But for the key of a second factor: it is needed as it is.
"""

from tracker.auth.accounts import (
    add_member,
    change_password,
    change_role,
    disable,
    enable,
    get_member,
    hand_over,
    has_accounts,
    list_members,
    names_of,
    remove,
    set_language,
    set_password,
)
from tracker.auth.addresses import caller_of, is_proxy, place_of
from tracker.auth.invitations import INVITATION_LIFE, accept, invite, invite_again, invited
from tracker.auth.passwords import HASHES_AT_ONCE, hash_password, is_weak_secret
from tracker.auth.school_account import (
    begin_at_provider,
    check_provider,
    identity_of,
    is_offered,
    provider_name,
    sign_in_with,
)
from tracker.auth.second_factor import address_for_app
from tracker.auth.second_factor import is_on as second_factor_is_on
from tracker.auth.second_factor import new_key as new_second_factor
from tracker.auth.second_factor import switch_off as switch_off_second_factor
from tracker.auth.second_factor import switch_on as switch_on_second_factor
from tracker.auth.shares import (
    check_reach,
    end_share,
    share,
    share_course,
    shares_by,
    shares_of,
    shares_of_course,
    shares_with,
)
from tracker.auth.sign_ins import (
    BROWSER_KNOWN_FOR,
    SIGN_IN_LIFE,
    Browser,
    Limits,
    end_other_sign_ins,
    end_sign_in,
    forget_old,
    is_known_browser,
    is_of,
    limits_of,
    list_sign_ins,
    log_refusal,
    member_signed_in,
    note_use,
    sign_in,
    sign_out,
    use_is_to_be_noted,
)
from tracker.auth.tokens import (
    OF_COMMAND,
    list_api_tokens,
    member_by_bearer,
    new_api_token,
    note_bearer_use,
    revoke_api_tokens,
)
from tracker.permissions import (
    OPERATOR,
    PROGRAM,
    check_is_admin,
    check_may_change,
    check_may_see,
    check_may_share,
    check_owns_account,
    is_in_charge,
    is_in_charge_of_course,
    may_see,
)

__all__ = [
    "BROWSER_KNOWN_FOR",
    "HASHES_AT_ONCE",
    "INVITATION_LIFE",
    "OF_COMMAND",
    "OPERATOR",
    "PROGRAM",
    "SIGN_IN_LIFE",
    "Browser",
    "Limits",
    "accept",
    "add_member",
    "address_for_app",
    "begin_at_provider",
    "caller_of",
    "change_password",
    "change_role",
    "check_is_admin",
    "check_may_change",
    "check_may_see",
    "check_may_share",
    "check_owns_account",
    "check_provider",
    "check_reach",
    "disable",
    "enable",
    "end_other_sign_ins",
    "end_share",
    "end_sign_in",
    "forget_old",
    "get_member",
    "hand_over",
    "has_accounts",
    "hash_password",
    "identity_of",
    "invite",
    "invite_again",
    "invited",
    "is_in_charge",
    "is_in_charge_of_course",
    "is_known_browser",
    "is_of",
    "is_offered",
    "is_proxy",
    "is_weak_secret",
    "limits_of",
    "list_api_tokens",
    "list_members",
    "list_sign_ins",
    "log_refusal",
    "may_see",
    "member_by_bearer",
    "member_signed_in",
    "names_of",
    "new_api_token",
    "new_second_factor",
    "note_bearer_use",
    "note_use",
    "place_of",
    "provider_name",
    "remove",
    "revoke_api_tokens",
    "second_factor_is_on",
    "set_language",
    "set_password",
    "share",
    "share_course",
    "shares_by",
    "shares_of",
    "shares_of_course",
    "shares_with",
    "sign_in",
    "sign_in_with",
    "sign_out",
    "switch_off_second_factor",
    "switch_on_second_factor",
    "use_is_to_be_noted",
]
