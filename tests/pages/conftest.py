"""Ana's browser, and the form in which she plans a class."""

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from tests.fake_zoom import FakeZoom
from tests.screens import Screens
from tracker.storage.members import Member
from tracker.ui import page


@pytest.fixture
def signed_in(screens: Screens, ana: Member) -> Screens:
    screens.sign_in(ana)
    return screens


@pytest.fixture
def form(screens: Screens, zoom: FakeZoom, ana: Member) -> Iterator[AppTest]:
    """The page New class, with a title typed in."""
    opened = screens.open(page.NEW_CLASS)
    opened.text_input(key="new-title").input("Algebra 7B")
    yield opened
    assert not opened.exception
