"""The people with an account."""

import logging
from collections.abc import Iterable
from datetime import datetime

from tracker import audit, storage
from tracker.audit import Action
from tracker.auth.digests import digest
from tracker.auth.guessing import note_attempt
from tracker.auth.passwords import check_choice, hash_password, password_matches
from tracker.errors import InvalidInput, NotSignedIn
from tracker.permissions import check_is_admin
from tracker.storage.database import Engine, Transaction, transaction
from tracker.storage.members import Member, Role

log = logging.getLogger(__name__)


def add_member(
    engine: Engine,
    acting: Member,
    email: str,
    name: str,
    role: Role,
    password: str,
    now: datetime,
    zoom_user: str | None = None,
) -> Member:
    """Adds a person who can sign in.

    Raises NotAllowed for whoever is no admin, InvalidInput where the e-mail is taken or the password is unfit.
    """
    check_is_admin(acting)
    check_choice(password, email, name)
    password_hash = hash_password(password)
    with transaction(engine) as tx:
        member = storage.members.add_member(tx, email, name, role, zoom_user, now)
        storage.members.set_password_hash(tx, member.id, password_hash)
        audit.note(tx, acting, Action.ACCOUNT_ADDED, now, account=member.email, role=role)
    return member


def set_password(engine: Engine, acting: Member, email: str, password: str, now: datetime) -> None:
    """Sets somebody's new password; every sign-in and API token of hers ends, and her second factor is off.

    Raises NotAllowed for whoever is no admin, NotFound, InvalidInput.
    """
    check_is_admin(acting)
    with transaction(engine) as tx:
        member = storage.members.get_member(tx, email)
    check_choice(password, member.email, member.name)
    password_hash = hash_password(password)
    with transaction(engine) as tx:
        end_everything(tx, member.id)
        storage.members.set_password_hash(tx, member.id, password_hash)
        storage.members.set_second_factor(tx, member.id, None, 0)
        audit.note(tx, acting, Action.PASSWORD_SET, now, account=member.email)


def change_password(engine: Engine, member: Member, sign_in: str, present: str, new: str, now: datetime) -> None:
    """Somebody who is signed in takes a new password; all her API tokens and other sign-ins end.

    `sign_in` is the token of the browser that goes on. Raises NotSignedIn where the present password is wrong or the
    sign-in has ended, TooManyTries after too many, InvalidInput for a password that is unfit.
    """
    ours = digest(sign_in)
    with transaction(engine) as tx:
        stored = storage.members.password_hash(tx, member.email)
        # Whoever sits down at an open tab may guess no more than anybody else.
        note_attempt(tx, digest(member.email), "", digest(f"account:{member.id}"), now)
    if not password_matches(present, stored[1] if stored else None):
        _log("wrong_present_password", member, member)
        audit.note_failed_sign_in(engine, member.email, member.origin, "present_password_wrong", now)
        raise NotSignedIn("present_password_wrong")
    check_choice(new, member.email, member.name)
    password_hash = hash_password(new)
    with transaction(engine) as tx:
        still = storage.members.lock_password_hash(tx, member.email)
        if still != stored or storage.sign_ins.member_signed_in(tx, ours, now) is None:
            raise NotSignedIn("sign_in_needed")
        end_everything(tx, member.id, ours)
        storage.members.set_password_hash(tx, member.id, password_hash)
        audit.note(tx, member, Action.PASSWORD_CHANGED, now)
    _log("password_changed", member, member)


def set_language(engine: Engine, member: Member, language: str | None, now: datetime) -> None:
    """In which language the pages speak to somebody from now on; None for that of her browser."""
    with transaction(engine) as tx:
        storage.members.lock_member(tx, member.id)
        storage.members.set_language(tx, member.id, language)
        audit.note(tx, member, Action.LANGUAGE_CHOSEN, now)


def end_everything(tx: Transaction, member_id: str, but_sign_in: str = "") -> None:
    """Ends all that lets somebody in: sign-ins, but for the one with this hash, API tokens and an invitation.

    Locks the row of the person first: who signs in at this moment either is done, and is ended here, or waits, and
    finds then that the account is not what it was.
    """
    storage.members.lock_member(tx, member_id)
    storage.sign_ins.end_all(tx, member_id, but_sign_in)
    storage.api_tokens.end_all(tx, member_id)
    storage.invitations.end(tx, member_id)


def disable(engine: Engine, acting: Member, email: str, now: datetime) -> Member:
    """Closes an account: its sign-ins and API tokens end, and so does what colleagues share with it.

    Its classes go on being counted, and stay shared with whom they are.

    Raises NotAllowed for whoever is no admin, NotFound, InvalidInput for the last admin.
    """
    with transaction(engine) as tx:
        member = _to_be_changed(tx, acting, email, stays_admin=False)
        end_everything(tx, member.id)
        storage.members.set_disabled(tx, member.id, now)
        storage.shares.end_all_with(tx, member.id)
        audit.note(tx, acting, Action.ACCOUNT_CLOSED, now, account=member.email)
    _log("disabled", acting, member)
    return member


def enable(engine: Engine, acting: Member, email: str, now: datetime) -> Member:
    """Opens an account again; its password is the one of before. Raises NotAllowed, NotFound."""
    with transaction(engine) as tx:
        member = _to_be_changed(tx, acting, email, stays_admin=True)
        storage.members.set_disabled(tx, member.id, None)
        audit.note(tx, acting, Action.ACCOUNT_OPENED, now, account=member.email)
    _log("enabled", acting, member)
    return member


def change_role(engine: Engine, acting: Member, email: str, role: Role, now: datetime) -> Member:
    """Makes somebody a teacher or an admin. Raises NotAllowed, NotFound, InvalidInput for the last admin."""
    with transaction(engine) as tx:
        member = _to_be_changed(tx, acting, email, stays_admin=role == "admin")
        storage.members.set_role(tx, member.id, role)
        audit.note(tx, acting, Action.ROLE_CHANGED, now, account=member.email, role=role)
    _log(f"role_{role}", acting, member)
    return member


def remove(engine: Engine, acting: Member, email: str, to: str | None, now: datetime) -> Member:
    """Removes an account for good; its classes, courses and words on people go to the account `to`.

    Raises NotAllowed, NotFound, and InvalidInput for the last admin and for classes that nobody would have.
    """
    member = _hand_over(engine, acting, email, to, now, then_remove=True)
    _log("removed", acting, member)
    return member


def hand_over(engine: Engine, acting: Member, email: str, to: str, now: datetime) -> Member:
    """Gives the classes, courses and words on people of an account, which stays, to the account `to`.

    Raises NotAllowed for whoever is no admin, NotFound, InvalidInput for an account that cannot take them.
    """
    member = _hand_over(engine, acting, email, to, now, then_remove=False)
    _log("handed_over", acting, member)
    return member


def _hand_over(
    engine: Engine, acting: Member, email: str, to: str | None, now: datetime, *, then_remove: bool
) -> Member:
    """Does so, anew where the account got a class meanwhile that has to be locked before it."""
    done = None
    while done is None:
        with transaction(engine) as tx:
            done = _handed_over(tx, acting, email, to, now, then_remove=then_remove)
    return done


def _handed_over(
    tx: Transaction, acting: Member, email: str, to: str | None, now: datetime, *, then_remove: bool
) -> Member | None:
    """The account, handed over; None, and nothing is changed, where it got a class that has to be locked before it.

    The rows of classes are locked before those of people, as by whoever stores participants.
    """
    ids = [storage.members.get_member(tx, one).id for one in (email, to) if one]
    locked = storage.leaving.lock_classes(tx, ids)
    member = _to_be_changed(tx, acting, email, *ids, stays_admin=not then_remove)
    if storage.leaving.classes_of(tx, ids) != locked:
        return None
    heir = storage.members.get_member(tx, to) if to else None
    if heir is None and storage.leaving.has_classes(tx, member.id):
        raise InvalidInput("account_has_classes", email=member.email)
    if heir is not None:
        if heir.id == member.id or heir.disabled_at is not None:
            raise InvalidInput("classes_to_nobody", email=heir.email)
        storage.leaving.hand_over(tx, member.id, heir.id)
        audit.note(tx, acting, Action.ACCOUNT_HANDED_OVER, now, account=member.email, heir=heir.email)
    if then_remove:
        audit.note(tx, acting, Action.ACCOUNT_REMOVED, now, account=member.email)
        storage.leaving.remove(tx, member.id)
    return member


def _to_be_changed(tx: Transaction, acting: Member, email: str, *others: str, stays_admin: bool) -> Member:
    """The account, locked, and these others. One admin has to be left who can sign in, or nobody could undo anything.

    Raises NotAllowed for whoever is no admin, NotFound, InvalidInput for the last admin.
    """
    check_is_admin(acting)
    admins = storage.members.lock_admins(tx, storage.members.get_member(tx, email).id, *others)
    member = storage.members.get_member(tx, email)  # it may have been removed before it was locked
    if not stays_admin and [admin.id for admin in admins] == [member.id]:
        raise InvalidInput("last_admin", email=member.email)
    return member


def _log(outcome: str, acting: Member, member: Member) -> None:
    log.info("account", extra={"outcome": outcome, "user": member.id, "by": acting.id or acting.name})


def has_accounts(tx: Transaction) -> bool:
    """Whether there is any account."""
    return storage.members.first_id(tx) is not None


def list_members(tx: Transaction) -> list[Member]:
    """Everybody with an account, by e-mail."""
    return storage.members.list_members(tx)


def names_of(tx: Transaction, emails: Iterable[str]) -> dict[str, str]:
    """What the people with these e-mails are called, as far as there are any."""
    return storage.members.names_of(tx, emails)


def get_member(tx: Transaction, email: str) -> Member:
    """The person with this e-mail. Raises NotFound."""
    return storage.members.get_member(tx, email)
