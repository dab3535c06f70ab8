"""The people with an account. Every function runs in the caller's transaction."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import uuid4

from sqlalchemy import and_, or_
from sqlmodel import col, select

from tracker.errors import InvalidInput, NotFound
from tracker.storage.database import Transaction
from tracker.storage.models import User
from tracker.text import comparable, without_marks

Role = Literal["teacher", "admin"]
ROLES: tuple[Role, ...] = ("teacher", "admin")


@dataclass(frozen=True, slots=True)
class Member:
    """A person with an account. `zoom_user` is the host that her meetings are made for: an id, or her e-mail.

    `origin` is from where she acts: the address of her browser or program, or a code such as `command_line`.
    """

    id: str
    email: str
    name: str
    role: str
    zoom_user: str
    # Since when the account is closed.
    disabled_at: datetime | None = None
    # In which the pages speak to her; None where her browser says it.
    language: str | None = field(default=None, compare=False)
    # It is not of the person: the same one acts from several places.
    origin: str = field(default="", compare=False)

    @property
    def is_admin(self) -> bool:
        """Whether this person sees every class."""
        return self.role == "admin"


def add_member(tx: Transaction, email: str, name: str, role: Role, zoom_user: str | None, now: datetime) -> Member:
    """Adds a person. Raises InvalidInput where the e-mail is taken."""
    address = stored_email(email)
    if find_member(tx, address) is not None:
        raise InvalidInput("account_exists", email=address)
    row = User(id=uuid4().hex, email=address, name=name.strip(), role=role, zoom_user_id=zoom_user, created_at=now)
    tx.add(row)
    tx.flush()
    return member_of(row)


def find_member(tx: Transaction, email: str) -> Member | None:
    """The person with this e-mail."""
    row = _row(tx, email)
    return member_of(row) if row else None


def get_member(tx: Transaction, email: str) -> Member:
    """The person with this e-mail. Raises NotFound."""
    found = find_member(tx, email)
    if found is None:
        raise NotFound("no_such_account", email=email)
    return found


def member_with_id(tx: Transaction, member_id: str) -> Member:
    """The person with this id, who is there."""
    return member_of(tx.get_one(User, member_id))


def list_members(tx: Transaction) -> list[Member]:
    """Everybody with an account, by e-mail."""
    return [member_of(row) for row in tx.exec(select(User).order_by(User.email))]


def first_id(tx: Transaction) -> str | None:
    """The first of the ids of all accounts, which are random; None where there is none."""
    return tx.exec(select(User.id).order_by(User.id).limit(1)).first()


def names_of(tx: Transaction, emails: Iterable[str]) -> dict[str, str]:
    """What the people with these e-mails are called, as far as there are any."""
    return dict(tx.exec(select(User.email, User.name).where(col(User.email).in_(sorted(set(emails))))).all())


# The order of locks, the same for all: rows of classes before those of people, and each in the order of ids.


def hold(tx: Transaction, member_ids: Iterable[str]) -> None:
    """Keeps what these people have said of others as it is, until the end of the transaction."""
    whose = select(User.id).where(col(User.id).in_(sorted(member_ids))).order_by(User.id)
    tx.exec(whose.with_for_update(read=True)).all()


def lock_member(tx: Transaction, member_id: str) -> None:
    """Locks a person for the rest of the transaction: nobody signs in, changes her account or says her words meanwhile.

    Raises NotFound where the account was removed.
    """
    # What was read of it before may have changed while this waited.
    if tx.get(User, member_id, with_for_update=True, populate_existing=True) is None:
        raise NotFound("account_removed")


def password_hash(tx: Transaction, email: str) -> tuple[str, str | None] | None:
    """The id of the person with this e-mail, and the hash of her password, if she has one."""
    row = _row(tx, email)
    return (row.id, row.password_hash) if row else None


def lock_password_hash(tx: Transaction, email: str) -> tuple[str, str | None] | None:
    """The same, as it stays until the end of the transaction."""
    row = tx.exec(select(User).where(User.email == stored_email(email)).with_for_update()).first()
    return (row.id, row.password_hash) if row else None


def set_password_hash(tx: Transaction, member_id: str, password_hash: str | None) -> None:
    """Stores the hash of a new password; without one there is none that opens the account."""
    row = tx.get_one(User, member_id)
    row.password_hash = password_hash
    tx.add(row)


def find_by_identity(tx: Transaction, issuer: str, subject: str) -> Member | None:
    """Who has signed in before as this person of this provider."""
    row = tx.exec(select(User).where(User.oidc_issuer == issuer, User.oidc_subject == subject)).first()
    return member_of(row) if row else None


def set_identity(tx: Transaction, member_id: str, issuer: str, subject: str) -> bool:
    """Stores who a person is to the provider, and returns True; False where she is somebody else there already."""
    lock_member(tx, member_id)
    row = tx.get_one(User, member_id)
    if row.oidc_issuer == issuer and row.oidc_subject != subject:
        return False
    row.oidc_issuer, row.oidc_subject = issuer, subject
    tx.add(row)
    tx.flush()
    return True


def second_factor(tx: Transaction, member_id: str) -> tuple[str | None, int]:
    """The key of a person's second factor, if she has one, and the number of the last code that was taken."""
    row = tx.get_one(User, member_id)
    return row.totp_key, row.totp_last_step or 0


def set_second_factor(tx: Transaction, member_id: str, key: str | None, last_step: int) -> None:
    """Stores the key of a person's second factor and the number of the last code taken; None for no second factor."""
    row = tx.get_one(User, member_id)
    row.totp_key, row.totp_last_step = key, last_step
    tx.add(row)


def lock_admins(tx: Transaction, *others: str) -> list[Member]:
    """The admins whose accounts are open; none becomes one or ceases to be one until the end of the transaction.

    The people with these ids are locked with them: one after the other, two who do so might wait for each other.
    """
    admins = and_(col(User.role) == "admin", col(User.disabled_at).is_(None))
    rows = select(User).where(or_(admins, col(User.id).in_(others))).order_by(User.id).with_for_update()
    found = [member_of(row) for row in tx.exec(rows, execution_options={"populate_existing": True})]
    return [one for one in found if one.is_admin and one.disabled_at is None]


def set_disabled(tx: Transaction, member_id: str, since: datetime | None) -> None:
    """Closes an account, or opens it again."""
    row = tx.get_one(User, member_id)
    row.disabled_at = since
    tx.add(row)


def set_role(tx: Transaction, member_id: str, role: Role) -> None:
    """Stores what a person may see."""
    row = tx.get_one(User, member_id)
    row.role = role
    tx.add(row)


def is_disabled(tx: Transaction, member_id: str) -> bool:
    """Whether the account is closed."""
    return tx.get_one(User, member_id).disabled_at is not None


def member_of(row: User) -> Member:
    """The value of a row."""
    return Member(row.id, row.email, row.name, row.role, row.zoom_user_id or row.email, row.disabled_at, row.language)


def stored_email(email: str) -> str:
    """An e-mail address in the form in which it is stored."""
    return without_marks(comparable(email)).strip().lower()


def set_language(tx: Transaction, member_id: str, language: str | None) -> None:
    """In which language the pages speak to somebody from now on; None for that of her browser."""
    row = tx.get_one(User, member_id)
    row.language = language
    tx.add(row)


def _row(tx: Transaction, email: str) -> User | None:
    return tx.exec(select(User).where(User.email == stored_email(email))).first()
