"""API tokens: random, each with a name, stored as a hash, shown once."""

import secrets
from datetime import datetime

from tracker import storage
from tracker.auth.sign_ins import digest
from tracker.errors import NotSignedIn
from tracker.storage.database import Engine, Transaction, transaction
from tracker.storage.members import Member

# The name of the token that `tracker user token` makes.
OF_COMMAND = "command line"


def new_api_token(engine: Engine, email: str, now: datetime) -> str:
    """A new API token of the command line for this person; the one before stops working. Raises NotFound."""
    with transaction(engine) as tx:
        member = storage.members.get_member(tx, email)
        return _add(tx, member.id, OF_COMMAND, now, None)


def _add(tx: Transaction, member_id: str, name: str, now: datetime, expires_at: datetime | None) -> str:
    token = "zpt_" + secrets.token_urlsafe(32)
    storage.api_tokens.add(tx, digest(token), member_id, name, now, expires_at)
    return token


def member_by_bearer(tx: Transaction, authorization: str, now: datetime) -> Member:
    """The person whose API token an `Authorization: Bearer …` header carries. Raises NotSignedIn."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        member = storage.api_tokens.member_with(tx, digest(token.strip()), now)
        if member is not None:
            return member
    raise NotSignedIn("api_token_needed")
