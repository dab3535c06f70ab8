"""Links that set a password, once: for somebody who is new, and for one who has forgotten hers."""

import logging
import secrets
from datetime import datetime, timedelta

from tracker import audit, storage
from tracker.audit import Action
from tracker.auth.accounts import end_everything
from tracker.auth.digests import digest
from tracker.auth.passwords import check_choice, hash_password
from tracker.auth.sign_ins import Browser, Limits, begin
from tracker.errors import InvalidInput, NotSignedIn
from tracker.permissions import check_is_admin
from tracker.storage.database import Engine, Transaction, transaction
from tracker.storage.members import Member, Role

log = logging.getLogger(__name__)

INVITATION_LIFE = timedelta(days=7)


def invite(
    engine: Engine, acting: Member, email: str, name: str, role: Role, now: datetime, zoom_user: str | None = None
) -> str:
    """Adds a person who has no password yet; returns the token of the link that sets one.

    Raises NotAllowed for whoever is no admin, InvalidInput for an e-mail that is none or is taken.
    """
    check_is_admin(acting)
    address = email.strip()
    if "@" not in address.strip("@"):
        raise InvalidInput("email_unusable", email=email)
    with transaction(engine) as tx:
        shown = name.strip() or address.partition("@")[0]
        member = storage.members.add_member(tx, address, shown, role, (zoom_user or "").strip() or None, now)
        token = _add(tx, member, now)
        audit.note(tx, acting, Action.ACCOUNT_INVITED, now, account=member.email, role=role)
    log.info("account", extra={"outcome": "invited", "user": member.id, "by": acting.id or acting.name})
    return token


def invite_again(engine: Engine, acting: Member, email: str, now: datetime) -> str:
    """Takes a person's password and second factor away, and all her sign-ins and API tokens.

    Returns the token of a link that sets a new password.

    Raises NotAllowed for whoever is no admin, NotFound, InvalidInput where the account is closed.
    """
    check_is_admin(acting)
    with transaction(engine) as tx:
        member = storage.members.get_member(tx, email)
        end_everything(tx, member.id)
        if storage.members.is_disabled(tx, member.id):
            raise InvalidInput("account_closed")
        storage.members.set_password_hash(tx, member.id, None)
        storage.members.set_second_factor(tx, member.id, None, 0)
        token = _add(tx, member, now)
        audit.note(tx, acting, Action.ACCOUNT_RESET, now, account=member.email)
    log.info("account", extra={"outcome": "password_reset", "user": member.id, "by": acting.id or acting.name})
    return token


def invited(tx: Transaction, token: str, now: datetime) -> Member:
    """Whose password this link sets. Raises NotSignedIn where it was used or has expired."""
    member = storage.invitations.member_invited(tx, digest(token), now)
    if member is None:
        raise NotSignedIn("invitation_over")
    return member


def accept(engine: Engine, token: str, password: str, browser: Browser, now: datetime, limits: Limits) -> str:
    """Sets the password of whoever was invited, and signs her browser in; returns its token. The link is used up.

    Raises NotSignedIn where it was used or has expired, InvalidInput for a password that is unfit, NotFound where the
    account is removed at this moment.
    """
    with transaction(engine) as tx:
        member = invited(tx, token, now)
    check_choice(password, member.email, member.name)
    password_hash = hash_password(password)
    with transaction(engine) as tx:
        storage.members.lock_member(tx, member.id)
        invited(tx, token, now)  # of two at once the second one finds it used
        end_everything(tx, member.id)
        storage.members.set_password_hash(tx, member.id, password_hash)
        audit.note(tx, audit.from_where(member, browser.address), Action.INVITATION_ACCEPTED, now)
        signed_in = begin(tx, member.id, browser, now, limits)
    log.info("account", extra={"outcome": "invitation_accepted", "user": member.id, "address": browser.address})
    return signed_in


def _add(tx: Transaction, member: Member, now: datetime) -> str:
    token = secrets.token_urlsafe(32)
    storage.invitations.add(tx, digest(token), member.id, now, now + INVITATION_LIFE)
    return token
