"""Who is who, and how each comes in."""

from sqlalchemy import Engine

from tests.gate_client import EMAIL, PASSWORD
from tests.makers import at
from tracker import auth
from tracker.errors import NotSignedIn
from tracker.storage.database import reading
from tracker.storage.members import Member

BEN, BOSS = "ben@school.example", "boss@school.example"
HERE = "192.0.2.1"


def sign_in(engine: Engine, password: str = PASSWORD, email: str = EMAIL, place: str = HERE, minute: float = 0) -> str:
    """The token of somebody who signs in, `minute` after NOW."""
    return auth.sign_in(engine, email, password, place, at(minute))


def who(engine: Engine, token: str, minute: float = 0) -> Member | None:
    """Whom this token lets in."""
    with reading(engine) as tx:
        return auth.member_signed_in(tx, token, at(minute))


def bearer(engine: Engine, token: str, minute: float = 0) -> str | None:
    """The e-mail of whoever this API token lets in."""
    try:
        with reading(engine) as tx:
            return auth.member_by_bearer(tx, f"Bearer {token}", at(minute)).email
    except NotSignedIn:
        return None


def emails(engine: Engine) -> list[str]:
    with reading(engine) as tx:
        return [one.email for one in auth.list_members(tx)]
