"""In which language somebody is spoken to, and how she chooses another one."""

import ast
import re

import pytest
from sqlalchemy import Engine, text
from starlette.applications import Starlette

from tests.asgi import HOST, post, request
from tests.gate_client import PAGE, account, cookie_of, fault, get, log_in
from tests.makers import NOW, entries
from tests.screens import PROJECT, Away, Screens, parts, rerun_part, said, said_everywhere
from tracker import auth
from tracker.auth.accounts import set_language
from tracker.messages import languages
from tracker.storage.database import reading
from tracker.storage.members import Member, get_member
from tracker.ui import page
from tracker.ui.language import COOKIE

pytestmark = pytest.mark.database("sqlite")


@pytest.fixture
def ana(engine: Engine) -> Member:
    return account(engine)


def spoken(page_text: str) -> str:
    """What `<html lang>` says."""
    found = re.search(r'<html lang="([^"]*)">', page_text)
    return found[1] if found else ""


@pytest.mark.parametrize(
    ("header", "lang"),
    [
        ("es-MX,es;q=0.9,en;q=0.8", "es"),
        ("pt-PT", "pt-BR"),
        ("de,fr;q=0.9", "en"),
        ("en-US", "en"),
        ("", "en"),
        (";;,=;q=x,\xff,*;q=0", "en"),
        ("x" * 100_000, "en"),
        ("es;q=0, en;q=0.1", "en"),
    ],
)
def test_the_sign_in_speaks_the_language_of_the_browser(app: Starlette, header: str, lang: str) -> None:
    shown = get(app, "/login", {"accept-language": header})
    assert (shown.status, spoken(shown.text)) == (200, lang)
    assert (shown.header("cache-control"), shown.header("vary")) == ("no-store", "Accept-Language, Cookie")


@pytest.mark.parametrize(
    ("wishes", "locale", "half_days"),
    [
        (("de",), "en_GB", False),
        (("es",), "es", False),
        (("es-MX",), "es_MX", True),
        (("pt-PT",), "pt_PT", False),
        (("en-US",), "en_US", True),
    ],
)
def test_times_are_written_as_in_the_country_of_the_browser(wishes: tuple[str], locale: str, half_days: bool) -> None:
    found = languages.best(*wishes)
    assert str(found) == locale
    assert ("a" in str(found.time_formats["short"].pattern)) == half_days


def test_what_was_chosen_in_a_browser_comes_before_what_it_says_by_itself(app: Starlette, ana: Member) -> None:
    said_by_browser = {"accept-language": "en"}
    chosen = post(app, "/language", {"language": "es", "back": "/login?next=/classes"}, headers=said_by_browser)
    assert (chosen.status, chosen.header("location")) == (303, "/login?next=/classes")
    cookie = chosen.cookies[COOKIE]
    assert (cookie.value, cookie["httponly"], cookie["samesite"]) == ("es", True, "lax")
    kept = {"cookie": f"{COOKIE}={cookie.value}"} | said_by_browser
    assert spoken(get(app, "/login", kept).text) == "es"
    assert post(app, "/language", {"language": ""}, headers=kept).cookies[COOKIE]["max-age"] == "0"
    assert spoken(get(app, "/login", {"cookie": f"{COOKIE}=xx;"} | said_by_browser).text) == "en"


def test_the_choice_of_somebody_who_is_signed_in_is_kept_in_her_account(
    app: Starlette, ana: Member, engine: Engine
) -> None:
    cookie = cookie_of(app)
    came_from = {"referer": f"http://{HOST}/class?id=1&x=%C3%BC"}
    answer = post(app, "/language", {"language": "pt_BR"}, headers=cookie | came_from)
    assert (answer.status, answer.header("location")) == (303, "/class?id=1&x=%C3%BC")
    with reading(engine) as tx:
        assert get_member(tx, ana.email).language == "pt_BR"
    assert spoken(get(app, "/nothing", cookie | {"accept-language": "es"}).text) == "pt-BR"
    post(app, "/language", {"language": ""}, headers=cookie)
    with reading(engine) as tx:
        assert get_member(tx, ana.email).language is None
    assert spoken(get(app, "/nothing", cookie | {"accept-language": "es"}).text) == "es"


@pytest.mark.parametrize(
    "referer", ["https://evil.example/x", f"https://{HOST}/x", f"http://{HOST}//evil.example", "http://[", "", "/x"]
)
def test_the_way_back_from_the_choice_stays_on_this_server(app: Starlette, referer: str) -> None:
    headers = {"referer": referer}
    assert post(app, "/language", {"language": "es"}, headers=headers).header("location") == "/"
    assert post(app, "/language", {"language": "es", "back": "//evil.example"}).header("location") == "/"


@pytest.mark.parametrize(
    "back",
    [
        *("//evil.example", "/\\evil.example", "\t//evil.example", "https://evil.example", "javascript:alert(1)"),
        *("/x\r\nset-cookie: x=1", "/\n/evil.example", "/\x00", "/\u202e"),
    ],
)
def test_the_way_back_that_a_form_names_stays_on_this_server(app: Starlette, back: str) -> None:
    answer = post(app, "/language", {"language": "es", "back": back})
    assert (answer.status, answer.header("location")) == (303, "/")
    assert list(answer.cookies) == [COOKIE]


@pytest.mark.parametrize(
    "value", ["<script>", "\xff\xfe", "x" * 8000, "../../../etc/passwd", "en;q=nan", "pt_BR@euro", '"', "-_-", "q="]
)
def test_a_cookie_that_makes_no_sense_is_no_choice(app: Starlette, value: str) -> None:
    shown = get(app, "/login", {"cookie": f"{COOKIE}={value}"})
    assert (shown.status, spoken(shown.text)) == (200, "pt-BR" if value.startswith("pt") else "en")


@pytest.mark.parametrize("language", ["xx", "es-MX", "../es", "<script>", "e" * 500])
def test_a_language_that_nobody_offers_is_refused(app: Starlette, ana: Member, language: str) -> None:
    cookie = cookie_of(app)
    answer = post(app, "/language", {"language": language}, headers=cookie | PAGE)
    assert (answer.status, fault(answer)) == (400, "The pages do not speak this language.")
    assert answer.cookies == {}


def test_a_choice_from_another_site_changes_nothing(app: Starlette, ana: Member, engine: Engine) -> None:
    cookie = cookie_of(app)
    answer = post(app, "/language", {"language": "es"}, headers=cookie | {"origin": "https://evil.example"})
    assert (answer.status, answer.cookies) == (403, {})
    with reading(engine) as tx:
        assert get_member(tx, ana.email).language is None


def test_a_link_changes_no_language(app: Starlette) -> None:
    assert request(app, "GET", "/language", query="language=es").status == 401
    assert get(app, "/language", query="language=es").cookies == {}


@pytest.mark.quick
def test_a_page_offers_every_language_in_its_own_name(screens: Screens, ana: Member) -> None:
    screens.sign_in(ana)
    at = screens.open(page.MY_ACCOUNT)
    for name in ("English", "Español", "Português (Brasil)"):
        assert name in said_everywhere(at)
        assert name in said(at)
    assert "As the browser says" in said(at)


def test_a_language_in_the_account_that_nobody_offers_is_that_of_the_browser(
    screens: Screens, ana: Member, engine: Engine
) -> None:
    screens.sign_in(ana)
    with engine.begin() as connection:
        connection.execute(text("UPDATE \"User\" SET language = 'klingon <b>'"))
    at = screens.open(page.TODAY)
    assert not at.exception
    assert at.title[0].value == "Today"


def test_the_choice_is_noted(engine: Engine, ana: Member, screens: Screens) -> None:
    set_language(engine, ana, "es", screens.clock())
    assert "language_chosen" in [one.action for one in entries(engine)]
    assert auth.set_language is set_language


def test_the_form_that_was_refused_speaks_the_same_language(app: Starlette, ana: Member) -> None:
    assert spoken(log_in(app, password="wrong", headers={"accept-language": "es"}).text) == "es"


def test_a_part_of_a_page_says_in_the_readers_language_that_the_database_is_away(
    screens: Screens, engine: Engine, ana: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_language(engine, ana, "es", NOW)
    screens.sign_in(ana)
    shown = screens.open(page.TODAY)
    Away().after = 0
    rerun_part(shown, parts(shown)[0], monkeypatch)
    assert [one.value for one in shown.error] == [
        "Ahora mismo no se puede acceder a la base de datos. Inténtelo de nuevo en un momento."
    ]


def test_every_field_to_choose_from_says_so_in_the_readers_language() -> None:
    """Where nothing is chosen, Streamlit would say it in English."""
    mute = [
        f"{path.name}:{call.lineno}"
        for path in [*(PROJECT / "pages").glob("*.py"), *(PROJECT / "tracker" / "ui").glob("*.py")]
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)
        if call.func.attr == "multiselect" or (call.func.attr == "selectbox" and _is_empty_at_first(call))
        if "placeholder" not in {one.arg for one in call.keywords}
    ]
    assert mute == []


def _is_empty_at_first(call: ast.Call) -> bool:
    return len(call.args) > 2 and isinstance(call.args[2], ast.Constant) and call.args[2].value is None
