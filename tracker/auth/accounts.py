"""The people with an account, and who may see which class."""

from datetime import datetime

from tracker import storage
from tracker.auth.passwords import check_choice, hash_password
from tracker.errors import NotAllowed
from tracker.storage.classes import Class
from tracker.storage.database import Engine, Transaction, transaction
from tracker.storage.members import Member, Role

# Who acts on the command line: whoever may run it has the database in hand anyway.
OPERATOR = Member(id="", email="", name="operator", role="admin", zoom_user="")


def add_member(
    engine: Engine, email: str, name: str, role: Role, password: str, now: datetime, zoom_user: str | None = None
) -> Member:
    """Adds a person who can sign in. Raises InvalidInput where the e-mail is taken or the password is unfit."""
    check_choice(password, email, name)
    password_hash = hash_password(password)
    with transaction(engine) as tx:
        member = storage.members.add_member(tx, email, name, role, zoom_user, now)
        storage.members.set_password_hash(tx, member.id, password_hash)
    return member


def set_password(engine: Engine, email: str, password: str) -> None:
    """Sets a new password; every sign-in and API token of the person ends. Raises NotFound, InvalidInput."""
    with transaction(engine) as tx:
        member = storage.members.get_member(tx, email)
    check_choice(password, member.email, member.name)
    password_hash = hash_password(password)
    with transaction(engine) as tx:
        end_everything(tx, member.id)
        storage.members.set_password_hash(tx, member.id, password_hash)


def end_everything(tx: Transaction, member_id: str, but_sign_in: str = "") -> None:
    """Ends all that lets somebody in: sign-ins, but for the one with this hash, API tokens and an invitation.

    Locks the row of the person first: who signs in at this moment either is done, and is ended here, or waits, and
    finds then that the account is not what it was.
    """
    storage.members.lock(tx, member_id)
    storage.sign_ins.end_all(tx, member_id, but_sign_in)
    storage.api_tokens.end_all(tx, member_id)
    storage.invitations.end(tx, member_id)


def list_members(tx: Transaction) -> list[Member]:
    """Everybody with an account, by e-mail."""
    return storage.members.list_members(tx)


def get_member(tx: Transaction, email: str) -> Member:
    """The person with this e-mail. Raises NotFound."""
    return storage.members.get_member(tx, email)


def check_may_see(viewer: Member, found: Class) -> None:
    """Raises NotAllowed unless the class is the viewer's own or the viewer is an admin."""
    if not viewer.is_admin and found.teacher_id != viewer.id:
        raise NotAllowed("class_of_somebody_else")
