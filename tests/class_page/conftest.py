"""A teacher who is signed in, two hours after the start of her class."""

import pytest
from sqlalchemy import Engine

from tests.makers import Clock, member
from tests.screens import Screens
from tracker.storage.members import Member


@pytest.fixture
def ana(engine: Engine, screens: Screens, wired: Clock) -> Member:
    """A teacher, two hours after the start of her class."""
    made = member(engine)
    wired.forward(hours=2)
    screens.sign_in(made)
    return made


@pytest.fixture
def maria(engine: Engine, screens: Screens, wired: Clock) -> Member:
    """A teacher, two hours after the start of her class."""
    made = member(engine, "maria@school.example")
    wired.forward(hours=2)
    screens.sign_in(made)
    return made
