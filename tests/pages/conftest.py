"""Ana's browser, signed in."""

import pytest

from tests.screens import Screens
from tracker.storage.members import Member


@pytest.fixture
def signed_in(screens: Screens, ana: Member) -> Screens:
    screens.sign_in(ana)
    return screens
