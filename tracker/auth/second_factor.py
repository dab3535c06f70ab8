"""A second factor for admins: six digits of an app, new every 30 seconds (TOTP, RFC 6238)."""

import hmac
import logging
from datetime import datetime

import pyotp

from tracker import audit, storage
from tracker.audit import Action
from tracker.auth.digests import digest
from tracker.auth.guessing import note_attempt
from tracker.errors import InvalidInput, NotSignedIn
from tracker.permissions import check_is_admin
from tracker.storage.database import Engine, Transaction, transaction
from tracker.storage.members import Member

log = logging.getLogger(__name__)

SECONDS_A_CODE = 30
# The clock of a phone may be off by one code (RFC 6238, section 5.2).
STEPS_OFF = 1
ISSUER = "Class attendance"


def new_key() -> str:
    """A key to share with an app; it counts once a code of it was shown to be right."""
    return pyotp.random_base32()


def address_for_app(key: str, member: Member) -> str:
    """What an app reads, as the text of a QR code."""
    return pyotp.TOTP(key).provisioning_uri(name=member.email, issuer_name=ISSUER)


def is_on(tx: Transaction, member: Member) -> bool:
    """Whether this person needs a code to sign in."""
    return storage.members.second_factor(tx, member.id)[0] is not None


def switch_on(engine: Engine, member: Member, key: str, code: str, now: datetime) -> None:
    """From now on this admin needs a code to sign in.

    Raises NotAllowed for whoever is no admin, InvalidInput for a code that is not one of this key.
    """
    check_is_admin(member)
    step = _step_of(key, code, now, after=0)
    if step is None:
        raise InvalidInput("code_wrong")
    with transaction(engine) as tx:
        storage.members.lock_member(tx, member.id)
        storage.members.set_second_factor(tx, member.id, key, step)
        audit.note(tx, member, Action.SECOND_FACTOR_ON, now)
    log.info("account", extra={"outcome": "second_factor_on", "user": member.id})


def switch_off(engine: Engine, member: Member, code: str, now: datetime) -> None:
    """From now on this person needs no code. Raises NotSignedIn for a wrong code, TooManyTries after too many."""
    with transaction(engine) as tx:
        note_attempt(tx, digest(member.email), "", digest(f"second factor:{member.id}"), now)
    with transaction(engine) as tx:
        storage.members.lock_member(tx, member.id)
        check(tx, member.id, code, now)
        storage.members.set_second_factor(tx, member.id, None, 0)
        audit.note(tx, member, Action.SECOND_FACTOR_OFF, now)
    log.info("account", extra={"outcome": "second_factor_off", "user": member.id})


def check(tx: Transaction, member_id: str, code: str, now: datetime) -> None:
    """Takes the code of a person whose row the caller has locked; a code is good once.

    Raises NotSignedIn where one is needed and is not given, or is wrong.
    """
    key, last_step = storage.members.second_factor(tx, member_id)
    if key is None:
        return
    if not code.strip():
        raise NotSignedIn("code_needed")
    step = _step_of(key, code, now, after=last_step)
    if step is None:
        raise NotSignedIn("code_wrong")
    storage.members.set_second_factor(tx, member_id, key, step)


def _step_of(key: str, code: str, now: datetime, after: int) -> int | None:
    """The number of the 30 seconds that this code is of; None where it is of none that may be taken still."""
    given = "".join(code.split()).encode("utf-8", "replace")
    present = int(now.timestamp()) // SECONDS_A_CODE
    steps = range(max(present - STEPS_OFF, after + 1), present + STEPS_OFF + 1)
    right = [step for step in steps if hmac.compare_digest(pyotp.TOTP(key).generate_otp(step).encode(), given)]
    return right[0] if right else None
