"""The services of the pages, and a teacher who is signed in."""

import pytest
from sqlalchemy import Engine

from tests.makers import member
from tests.screens import Screens
from tracker.services import Services
from tracker.storage.members import Member
from tracker.ui import wiring


@pytest.fixture
def school(screens: Screens) -> Services:
    """The services of the pages themselves."""
    return wiring.services()


@pytest.fixture
def ana(engine: Engine, screens: Screens) -> Member:
    """A teacher, who is signed in."""
    made = member(engine)
    screens.sign_in(made)
    return made
