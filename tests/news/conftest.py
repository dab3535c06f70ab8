"""A teacher of a school that has a mail server, an hour after the start of her class."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from tests.mail_server import Mailbox, mail_server
from tests.makers import Clock, at, member, services
from tests.news.algebra import FROM
from tracker.services import Services
from tracker.storage.members import Member


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mail_server() as made:
        yield made


@pytest.fixture
def clock() -> Clock:
    return Clock(at(60))


@pytest.fixture
def school(engine: Engine, clock: Clock, box: Mailbox) -> Services:
    """A school that has a mail server."""
    return services(engine, clock, SMTP_URL=f"smtp://127.0.0.1:{box.port}?tls=none", SMTP_FROM=FROM)


@pytest.fixture
def maria(engine: Engine) -> Member:
    return member(engine, "maria@school.example")
