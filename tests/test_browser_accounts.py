"""Accounts in a real browser: the school's sign-in, an invitation, and an account that is closed."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests import test_browser
from tests.demo_process import Demo
from tests.oidc_provider import Provider, running_provider
from tests.test_browser import browser, context, heading, sign_in  # noqa: F401 - fixtures
from tracker.demo import ADMIN, TEACHER

pytestmark = test_browser.pytestmark

NEW_PASSWORD = "seven tulips in the rain"


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with running_provider() as running:
        running.person |= {"email": TEACHER.email, "name": TEACHER.name}
        yield running


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Iterator[Demo]:
    running = Demo(tmp_path_factory.mktemp("demo"), **provider.settings)
    running.start()
    yield running
    assert running.interrupt() == 0


def at_provider(page: Page, demo: Demo) -> None:
    """Goes to the dashboard, and from there to the provider."""
    page.goto(f"{demo.url}/classes")
    page.get_by_role("link", name="Sign in with the school's account").click()
    expect(heading(page, "The school's sign-in")).to_be_visible()


def test_a_teacher_signs_in_with_the_schools_account(
    context: BrowserContext,  # noqa: F811
    demo: Demo,
    provider: Provider,
) -> None:
    page = context.new_page()
    at_provider(page, demo)
    page.get_by_role("link", name="Continue as").click()
    expect(heading(page, "Classes")).to_be_visible()
    assert page.url == f"{demo.url}/classes"
    cookies = {cookie["name"]: cookie for cookie in context.cookies()}
    assert cookies["tracker_session"]["httpOnly"]
    assert "tracker_school" not in cookies
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("E-mail")).to_be_visible()


def test_a_stranger_of_the_same_provider_is_not_let_in(
    context: BrowserContext,  # noqa: F811
    demo: Demo,
    provider: Provider,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(provider, "person", provider.person | {"sub": "another", "email": "stranger@school.example"})
    page = context.new_page()
    at_provider(page, demo)
    page.get_by_role("link", name="Continue as").click()
    expect(page.get_by_role("alert")).to_have_text("You have no account here yet. Ask an admin to invite you.")


def test_somebody_is_invited_sets_a_password_and_is_signed_out_by_the_admin(
    browser: Browser,  # noqa: F811
    context: BrowserContext,  # noqa: F811
    demo: Demo,
) -> None:
    admin = sign_in(context.new_page(), demo, ADMIN)
    admin.get_by_role("link", name="People", exact=True).click()
    expect(heading(admin, "People")).to_be_visible()
    admin.get_by_role("textbox", name="E-mail").fill("noa@school.example")
    admin.get_by_role("textbox", name="Name").fill("Noa New")
    admin.get_by_role("button", name="Make an invitation").click()
    link = admin.get_by_test_id("stCode").inner_text().strip()
    assert re.fullmatch(re.escape(demo.url) + r"/invite/[\w-]{43}", link)

    other = browser.new_context()
    noa = other.new_page()
    noa.goto(link)
    noa.get_by_label("New password", exact=True).fill(NEW_PASSWORD)
    noa.get_by_label("New password again").fill(NEW_PASSWORD)
    noa.get_by_role("button", name="Set password and sign in").click()
    expect(heading(noa, "Today")).to_be_visible()
    noa.get_by_role("link", name="My account").click()
    expect(noa.get_by_text("this browser")).to_be_visible()

    account = admin.get_by_role("combobox", name="Account")
    account.click()
    account.press_sequentially("noa@")
    account.press("Enter")
    admin.get_by_role("button", name="Close", exact=True).click()
    expect(admin.get_by_text("cannot sign in any more")).to_be_visible()
    noa.get_by_role("button", name="Make a token").click()
    expect(noa.get_by_text("You are signed out.")).to_be_visible()
    other.close()
