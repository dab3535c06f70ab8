"""API tokens: random, each with a name, stored as a hash, shown once."""

import secrets
from datetime import datetime, timedelta

from tracker import audit, storage
from tracker.audit import Action
from tracker.auth.digests import digest
from tracker.auth.sign_ins import BETWEEN_NOTES_OF_USE
from tracker.errors import InvalidInput, NotSignedIn
from tracker.permissions import check_owns_account
from tracker.storage.api_tokens import Token
from tracker.storage.database import Engine, Transaction, reading, transaction
from tracker.storage.members import Member
from tracker.text import comparable

# The name of the token that `tracker user token` makes.
OF_COMMAND = "command line"
LONGEST_NAME, MOST_DAYS, MOST_TOKENS = 60, 3650, 20


def new_api_token(
    engine: Engine, acting: Member, email: str, now: datetime, name: str = OF_COMMAND, days: int | None = None
) -> str:
    """A new API token for this person, valid for so many days; her one of the same name stops working.

    Raises NotAllowed for somebody else's account, unless to admins, NotFound, and InvalidInput for a name or a number
    of days that is unfit, or where the account is closed.
    """
    name = " ".join(comparable(name).split())
    if not 0 < len(name) <= LONGEST_NAME:
        raise InvalidInput("token_name_unusable", most=LONGEST_NAME)
    if days is not None and not 0 < days <= MOST_DAYS:
        raise InvalidInput("token_days_unusable", most=MOST_DAYS)
    token = "zpt_" + secrets.token_urlsafe(32)
    with transaction(engine) as tx:
        member = storage.members.get_member(tx, email)
        check_owns_account(acting, member)
        storage.members.lock_member(tx, member.id)
        if storage.members.is_disabled(tx, member.id):
            raise InvalidInput("account_closed")
        ours = storage.api_tokens.list_of(tx, member.id)
        if len(ours) >= MOST_TOKENS and name not in {one.name for one in ours}:
            raise InvalidInput("too_many_tokens", most=MOST_TOKENS)
        expires_at = None if days is None else now + timedelta(days=days)
        storage.api_tokens.add(tx, digest(token), member.id, name, now, expires_at)
        audit.note(tx, acting, Action.TOKEN_MADE, now, account=member.email, name=name)
    return token


def list_api_tokens(tx: Transaction, member: Member) -> list[Token]:
    """A person's API tokens, the newest first."""
    return storage.api_tokens.list_of(tx, member.id)


def revoke_api_tokens(engine: Engine, acting: Member, email: str, now: datetime, name: str | None = None) -> int:
    """Ends the person's API token of this name, or all of them; returns how many there were.

    Raises NotAllowed for somebody else's account, unless to admins, and NotFound.
    """
    with transaction(engine) as tx:
        member = storage.members.get_member(tx, email)
        check_owns_account(acting, member)
        storage.members.lock_member(tx, member.id)
        end, end_all = storage.api_tokens.end, storage.api_tokens.end_all
        ended = end_all(tx, member.id) if name is None else int(end(tx, member.id, name))
        audit.note(tx, acting, Action.TOKENS_REVOKED, now, account=member.email, tokens=ended)
    return ended


def note_bearer_use(engine: Engine, authorization: str, now: datetime) -> None:
    """Writes down that the API token in this header is used, no more often than every few minutes."""
    token_hash = digest(authorization.partition(" ")[2].strip())
    with reading(engine) as tx:
        last = storage.api_tokens.last_use(tx, token_hash)
    if last is None or now - last >= BETWEEN_NOTES_OF_USE:
        with transaction(engine) as tx:
            storage.api_tokens.note_use(tx, token_hash, now)


def member_by_bearer(tx: Transaction, authorization: str, now: datetime) -> Member:
    """The person whose API token an `Authorization: Bearer …` header carries. Raises NotSignedIn."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        member = storage.api_tokens.member_with(tx, digest(token.strip()), now)
        if member is not None:
            return member
    raise NotSignedIn("api_token_needed")
