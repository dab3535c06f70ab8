"""The demo, and its teacher signed in to it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.browser import sign_in
from tests.demo_process import Demo
from tracker.demo import TEACHER


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    running = Demo(tmp_path_factory.mktemp("demo"))
    running.start()
    yield running
    assert running.interrupt() == 0


@pytest.fixture
def teacher(context: BrowserContext, demo: Demo) -> Page:
    return sign_in(context.new_page(), demo, TEACHER)
