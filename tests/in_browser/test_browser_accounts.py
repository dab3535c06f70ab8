"""Accounts in a real browser: the school's sign-in, an invitation, and an account that is closed."""

import re
from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, WebSocketRoute

from tests import browser as browsers
from tests.browser import expect, heading, new_context, settled, sign_in
from tests.demo_process import Demo
from tests.oidc_provider import Provider, running_provider
from tracker.demo import ADMIN, TEACHER

pytestmark = browsers.pytestmark

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
    settled(page.get_by_role("link", name="Sign in with the school's account")).click()
    expect(heading(page, "The school's sign-in")).to_be_visible()


def test_a_teacher_signs_in_with_the_schools_account(
    context: BrowserContext,
    demo: Demo,
    provider: Provider,
) -> None:
    page = context.new_page()
    at_provider(page, demo)
    settled(page.get_by_role("link", name="Continue as")).click()
    expect(heading(page, "Classes")).to_be_visible()
    assert page.url == f"{demo.url}/classes"
    cookies = {cookie["name"]: cookie for cookie in context.cookies()}
    assert cookies["tracker_session"]["httpOnly"]
    assert "tracker_school" not in cookies
    settled(page.get_by_role("button", name="Sign out")).click()
    expect(page.get_by_label("E-mail")).to_be_visible()


def test_a_stranger_of_the_same_provider_is_not_let_in(
    context: BrowserContext,
    demo: Demo,
    provider: Provider,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(provider, "person", provider.person | {"sub": "another", "email": "stranger@school.example"})
    page = context.new_page()
    at_provider(page, demo)
    settled(page.get_by_role("link", name="Continue as")).click()
    expect(page.get_by_role("alert")).to_have_text("You have no account here yet. Ask an admin to invite you.")


def invited(admin: Page, other: BrowserContext, demo: Demo, email: str) -> Page:
    """A browser in which somebody has signed in by the link of an invitation."""
    settled(admin.get_by_role("link", name="People", exact=True)).click()
    expect(heading(admin, "People")).to_be_visible()
    settled(admin.get_by_text("Invite somebody", exact=True)).click()
    settled(admin.get_by_role("textbox", name="E-mail")).fill(email)
    settled(admin.get_by_role("textbox", name="Name")).fill("Noa New")
    settled(admin.get_by_role("button", name="Make an invitation")).click()
    link = settled(admin.get_by_test_id("stCode")).inner_text().strip()
    assert re.fullmatch(re.escape(demo.url) + r"/invite/[\w-]{43}", link)
    page = other.new_page()
    page.goto(link)
    settled(page.get_by_label("New password", exact=True)).fill(NEW_PASSWORD)
    settled(page.get_by_label("New password again")).fill(NEW_PASSWORD)
    settled(page.get_by_role("button", name="Set password and sign in")).click()
    expect(heading(page, "Today")).to_be_visible()
    return page


def test_somebody_is_invited_sets_a_password_and_is_signed_out_by_the_admin(
    browser: Browser,
    context: BrowserContext,
    demo: Demo,
) -> None:
    admin, other = sign_in(context.new_page(), demo, ADMIN), new_context(browser)
    noa = invited(admin, other, demo, "noa@school.example")
    settled(noa.get_by_role("link", name="My account")).click()
    expect(noa.get_by_text("this browser")).to_be_visible()

    account = admin.get_by_role("combobox", name="Account")
    settled(account).click()
    settled(account).press_sequentially("noa@")
    settled(account).press("Enter")
    settled(admin.get_by_text("Close this account", exact=True)).click()
    settled(admin.get_by_text("Yes, close it")).click()
    settled(admin.get_by_role("button", name="Close account", exact=True)).click()
    expect(admin.get_by_text("cannot sign in any more")).to_be_visible()
    settled(noa.get_by_role("button", name="Make a token")).click()
    expect(heading(noa, "You are signed out")).to_be_visible()
    other.close()


def test_a_class_is_shared_taken_back_under_an_open_tab_and_left(
    browser: Browser,
    context: BrowserContext,
    demo: Demo,
) -> None:
    admin, other = sign_in(context.new_page(), demo, ADMIN), new_context(browser)
    eva = invited(admin, other, demo, "eva@school.example")
    admin.goto(f"{demo.url}/classes?status=Ended")
    settled(admin.get_by_test_id("stPageLink-NavLink").filter(has_text="lesson").first).click()
    expect(admin.get_by_role("button", name="Share")).to_be_visible()

    def share() -> None:
        settled(admin.get_by_role("button", name="Share")).click()
        dialog = admin.get_by_role("dialog")
        settled(dialog.get_by_label("E-mail of the colleague")).fill("eva@school.example")
        settled(dialog.get_by_role("button", name="Share")).click()
        expect(admin.get_by_text("Shared with Noa New")).to_be_visible()

    share()
    eva.goto(admin.url)
    expect(eva.get_by_text("Shared with you")).to_be_visible()
    settled(admin.get_by_role("button", name="Share")).click()
    settled(admin.get_by_role("dialog").get_by_role("button", name="Take back")).click()
    expect(eva.get_by_text("This class belongs to somebody else.")).to_be_visible()
    expect(admin.get_by_role("dialog")).to_have_count(0)
    share()
    eva.goto(admin.url)
    settled(eva.get_by_role("button", name="Share")).click()
    settled(eva.get_by_role("dialog").get_by_role("button", name="Give back")).click()
    expect(heading(eva, "Classes")).to_be_visible()
    expect(eva.get_by_text("0 classes")).to_be_visible()
    other.close()


def test_every_open_tab_follows_a_sign_out_and_leads_back_after_signing_in_again(
    context: BrowserContext,
    demo: Demo,
) -> None:
    page, other = sign_in(context.new_page(), demo, TEACHER), context.new_page()
    page.goto(f"{demo.url}/new_class?x=1")
    expect(heading(page, "New class")).to_be_visible()
    other.goto(demo.url)
    settled(other.get_by_role("button", name="Sign out")).click()
    expect(other.get_by_label("E-mail")).to_be_visible()
    expect(heading(page, "You are signed out")).to_be_visible()
    settled(page.get_by_role("link", name="Sign in")).click()
    settled(page.get_by_label("E-mail")).fill(TEACHER.email)
    settled(page.get_by_label("Password")).fill(TEACHER.password)
    settled(page.get_by_role("button", name="Sign in")).click()
    expect(heading(page, "New class")).to_be_visible()
    assert page.url == f"{demo.url}/new_class?x=1"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_tab_says_that_the_dashboard_is_away_in_our_words_and_goes_on_by_itself(
    context: BrowserContext,
    demo: Demo,
    theme: Literal["light", "dark"],
) -> None:
    away, open_ones = False, []

    def websocket(route: WebSocketRoute) -> None:
        if away:
            route.close()
        else:
            route.connect_to_server()
            open_ones.append(route)

    page = context.new_page()
    page.emulate_media(color_scheme=theme)
    page.route_web_socket("**/_stcore/stream", websocket)
    page.route("**/_stcore/h*", lambda route: route.abort() if away else route.continue_())
    sign_in(page, demo, TEACHER)
    away = True
    for one in open_ones:
        one.close()
    notice = page.get_by_role("dialog")
    expect(notice).to_be_visible()
    expect(notice.get_by_text("Streamlit")).to_be_hidden()
    before, after, ink, ground = notice.evaluate(
        """section => {
          let ground = section
          while (getComputedStyle(ground).backgroundColor === "rgba(0, 0, 0, 0)") ground = ground.parentElement
          const [before, after] = ["::before", "::after"].map(part => getComputedStyle(section, part))
          return [before.content, after.content, after.color, getComputedStyle(ground).backgroundColor]
        }"""
    )
    assert before == '"One moment"'
    assert after.startswith('"The dashboard does not answer')
    assert (brightness(ink) < brightness(ground)) == (theme == "light")
    away = False
    expect(notice).to_have_count(0)
    settled(page.get_by_role("link", name="New class").first).click()
    expect(heading(page, "New class")).to_be_visible()


def test_a_page_that_has_gone_blank_because_it_missed_something_is_loaded_anew_by_itself(
    context: BrowserContext,
    demo: Demo,
) -> None:
    """As after a connection that was lost while the page was being drawn: some of what was sent is missing then."""
    page = sign_in(context.new_page(), demo, TEACHER)
    loaded, missed = 0, 0

    def missing_a_part(route: WebSocketRoute) -> None:
        nonlocal loaded
        loaded += 1
        server, number = route.connect_to_server(), 0

        def passed_on(message: str | bytes) -> None:
            nonlocal number, missed
            number += 1
            if loaded == 1 and 5 < number < 30:
                missed += 1
            else:
                route.send(message)

        server.on_message(passed_on)

    page.route_web_socket("**/_stcore/stream", missing_a_part)
    page.goto(f"{demo.url}/classes?q=lesson")
    expect(heading(page, "Classes")).to_be_visible()
    expect(page.get_by_label("Search", exact=True)).to_have_value("lesson")
    assert missed
    assert loaded == 2


def test_a_page_that_could_not_fetch_some_of_its_fields_is_loaded_anew_by_itself(
    context: BrowserContext, demo: Demo
) -> None:
    page = sign_in(context.new_page(), demo, TEACHER)
    refused = []

    def refuse_once(route: Route) -> None:
        if refused:
            route.continue_()
        else:
            refused.append(route.request.url)
            route.abort()

    page.route("**/static/js/DateInput.*.js", refuse_once)
    page.goto(f"{demo.url}/classes?q=lesson")
    expect(page.get_by_role("group", name="From", exact=True)).to_be_visible()
    expect(page.get_by_text("Failed to fetch")).to_have_count(0)
    assert refused


def brightness(color: str) -> float:
    """Of a colour as a browser tells it: `rgb(34, 48, 47)`."""
    return sum(float(part) for part in re.findall(r"[0-9.]+", color)[:3])


def test_a_language_is_chosen_with_a_click_and_the_page_stays(context: BrowserContext, demo: Demo) -> None:
    page = sign_in(context.new_page(), demo, TEACHER)
    page.goto(f"{demo.url}/classes?q=lesson")
    settled(page.get_by_test_id("stSidebar").get_by_role("button", name="Español")).click()
    expect(page.locator("html[lang=es]")).to_be_attached()
    assert page.url == f"{demo.url}/classes?q=lesson"
    settled(page.get_by_test_id("stSidebar").get_by_role("button", name="English")).click()
    expect(page.locator("html[lang=en]")).to_be_attached()


def test_on_a_phone_the_menu_is_a_row_that_covers_nothing(context: BrowserContext, demo: Demo) -> None:
    page = context.new_page()
    page.set_viewport_size({"width": 390, "height": 800})
    sign_in(page, demo, TEACHER)
    for link, title in (("Classes", "Classes"), ("New class", "New class"), ("My account", "My account")):
        settled(page.get_by_test_id("stSidebar").get_by_role("link", name=link, exact=True)).click()
        expect(heading(page, title)).to_be_visible()
        menu, shown = page.get_by_test_id("stSidebar").bounding_box(), heading(page, title).bounding_box()
        assert menu
        assert shown
        assert menu["height"] < 80
        assert shown["y"] >= menu["y"] + menu["height"]
    expect(page.get_by_test_id("stExpandSidebarButton")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    expect(page.get_by_role("button", name="Sign out", exact=True).first).to_be_visible()
