"""Signing in with the school's account, against a provider that runs here."""

import html
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc.jwk import OctKey, RSAKey
from sqlalchemy import Engine
from starlette.applications import Starlette

from tests.asgi import HOST, Answer
from tests.gate_client import account, fault, gated_app, get, log_in
from tests.makers import NOW, Clock
from tests.oidc_provider import ANA, CLIENT_ID, CLIENT_SECRET, Provider, running_provider
from tracker import auth
from tracker.storage.database import reading
from tracker.storage.members import Member
from tracker.ui import wiring
from tracker.ui.sign_in import BROWSER_COOKIE, COOKIE

pytestmark = pytest.mark.database("sqlite")

FAILED = "The sign-in with the school's account did not work. Please try again."


@pytest.fixture(scope="module")
def running() -> Iterator[Provider]:
    with running_provider() as provider:
        yield provider


@pytest.fixture
def provider(running: Provider, wired: Clock, monkeypatch: pytest.MonkeyPatch) -> Provider:
    """A provider that makes no mistakes, and a dashboard that is registered there."""
    running.person, running.claims, running.signed_with, running.algorithm = dict(ANA), {}, running.key, "RS256"
    running.faults.clear()
    configure(monkeypatch, **running.settings)
    wired.time = datetime.fromtimestamp(time.time(), UTC)  # the provider's clock is that of this machine
    return running


def configure(monkeypatch: pytest.MonkeyPatch, **settings: str) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    wiring.close()


@pytest.fixture
def app(provider: Provider) -> Starlette:
    return gated_app()


@pytest.fixture
def ana(engine: Engine) -> Member:
    return account(engine)


def leave(app: Starlette, query: str = "") -> tuple[str, dict[str, str]]:
    """Where the browser is sent to, and the cookie that it keeps meanwhile."""
    answer = get(app, "/login/school", query=query)
    assert answer.status == 303
    cookie = answer.cookies["tracker_school"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "lax", "/")
    return answer.header("location"), {"cookie": f"tracker_school={cookie.value}"}


def come_back(app: Starlette, address: str, cookie: dict[str, str]) -> Answer:
    return get(app, urlsplit(address).path, cookie, urlsplit(address).query)


def sign_in(app: Starlette, provider: Provider, query: str = "") -> Answer:
    """The answer once the browser is back from the provider."""
    address, cookie = leave(app, query)
    assert address.startswith(provider.issuer)
    return come_back(app, provider.allow(address), cookie)


def refused(answer: Answer) -> str:
    """Why nobody is signed in."""
    assert COOKIE not in answer.cookies
    assert answer.status == 401
    return fault(answer)


def everybody(engine: Engine) -> dict[str, str]:
    with reading(engine) as tx:
        return {one.email: one.role for one in auth.list_members(tx)}


def signed_in(engine: Engine, answer: Answer, clock: Clock) -> Member | None:
    with reading(engine) as tx:
        return auth.member_signed_in(tx, answer.cookies[COOKIE].value, clock())


# Getting in


def test_who_has_an_account_signs_in_with_that_of_the_school(
    app: Starlette, provider: Provider, engine: Engine, ana: Member, wired: Clock
) -> None:
    answer = sign_in(app, provider, "next=/classes%3Fq%3Da")
    assert (answer.status, answer.header("location")) == (303, "/classes?q=a")
    assert signed_in(engine, answer, wired) == ana
    assert get(app, "/", {"cookie": f"{COOKIE}={answer.cookies[COOKIE].value}"}).status == 200
    assert answer.cookies["tracker_school"]["max-age"] == "0"
    assert BROWSER_COOKIE in answer.cookies
    assert log_in(app).status == 303  # her password is good as before


def test_the_sign_in_is_a_row_that_can_be_ended(
    app: Starlette, provider: Provider, engine: Engine, ana: Member, wired: Clock
) -> None:
    answer = sign_in(app, provider)
    with reading(engine) as tx:
        (found,) = auth.list_sign_ins(tx, ana, wired())
    auth.end_sign_in(engine, ana, found, NOW)
    assert signed_in(engine, answer, wired) is None


def test_each_sign_in_has_a_state_a_nonce_and_a_challenge_of_its_own(
    app: Starlette, provider: Provider, ana: Member
) -> None:
    provider.asked.clear()
    for _ in range(2):
        sign_in(app, provider)
    for name in ("state", "nonce", "code_challenge"):
        first, second = (query[name] for query in provider.asked)
        assert first != second
        assert len(first) >= 43
    assert {query["redirect_uri"] for query in provider.asked} == {f"http://{HOST}/login/school/back"}


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_the_way_on_stays_on_this_server(app: Starlette, provider: Provider, ana: Member, target: str) -> None:
    assert sign_in(app, provider, f"next={target}").header("location") == "/"


@pytest.mark.parametrize(
    ("issuer", "words"),
    [
        ("https://accounts.google.com", "Sign in with Google"),
        ("https://login.microsoftonline.com/tenant/v2.0", "Sign in with Microsoft"),
        ("https://sso.school.example", "Sign in with the school's account"),
    ],
)
def test_the_button_names_the_provider(
    app: Starlette, monkeypatch: pytest.MonkeyPatch, issuer: str, words: str
) -> None:
    configure(monkeypatch, OIDC_ISSUER=issuer)
    form = get(app, "/login", query="next=/classes")
    (address, label) = re.findall(r'<a class="button" href="([^"]*)">([^<]*)</a>', form.text)[0]
    assert (html.unescape(label), html.unescape(address)) == (words, "/login/school?next=/classes")


@pytest.mark.parametrize("missing", ["OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET"])
def test_without_all_its_settings_it_is_not_offered(
    app: Starlette, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    configure(monkeypatch, **{missing: ""})
    assert "/login/school" not in get(app, "/login").text
    for path in ("/login/school", "/login/school/back"):
        assert get(app, path).status == 401


# Who gets an account


def test_a_stranger_is_not_let_in_unless_accounts_are_made_for_all(
    app: Starlette, provider: Provider, engine: Engine, monkeypatch: pytest.MonkeyPatch, wired: Clock
) -> None:
    assert refused(sign_in(app, provider)) == "You have no account here yet. Ask an admin to invite you."
    assert everybody(engine) == {}
    configure(monkeypatch, OIDC_ACCOUNTS="create")
    answer = sign_in(app, provider)
    assert everybody(engine) == {"ana@school.example": "teacher"}
    found = signed_in(engine, answer, wired)
    assert found is not None
    assert found.name == "Ana Lima"
    assert log_in(app, "ana@school.example", "").status == 401  # no password opens it


def test_an_invitation_ends_when_its_person_has_come_in_this_way(
    app: Starlette, provider: Provider, engine: Engine, wired: Clock
) -> None:
    boss = account(engine, "boss@school.example", "admin")
    token = auth.invite(engine, boss, "ana@school.example", "Ana", "teacher", wired())
    assert sign_in(app, provider).status == 303
    assert get(app, f"/invite/{token}").status == 410


@pytest.mark.parametrize(
    ("domains", "allowed"), [("", True), ("other.example, School.Example", True), ("example", False)]
)
def test_only_allowed_domains_come_in(
    app: Starlette,
    provider: Provider,
    ana: Member,
    monkeypatch: pytest.MonkeyPatch,
    domains: str,
    allowed: bool,
) -> None:
    configure(monkeypatch, OIDC_DOMAINS=domains)
    answer = sign_in(app, provider)
    if allowed:
        assert answer.status == 303
    else:
        assert refused(answer) == "Accounts of this e-mail domain cannot sign in here."


def test_a_domain_that_ends_alike_is_another(
    app: Starlette, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(monkeypatch, OIDC_DOMAINS="school.example", OIDC_ACCOUNTS="create")
    for email in ("a@evil-school.example", "a@school.example.evil.example", "a@x.school.example", "a@school.example@e"):
        provider.person["email"] = email
        assert refused(sign_in(app, provider)) == "Accounts of this e-mail domain cannot sign in here."


@pytest.mark.parametrize("verified", [False, None, "false", 0, "yes", [True]])
def test_an_address_that_is_not_verified_lets_nobody_in(
    app: Starlette, provider: Provider, ana: Member, verified: object
) -> None:
    provider.person["email_verified"] = verified
    assert "no verified e-mail address" in refused(sign_in(app, provider))


def test_microsofts_claim_for_a_verified_domain_counts(app: Starlette, provider: Provider, ana: Member) -> None:
    provider.person |= {"email_verified": None, "xms_edov": "1"}
    assert sign_in(app, provider).status == 303


@pytest.mark.parametrize("email", [None, "", "ana"])
def test_somebody_without_an_address_is_not_let_in(
    app: Starlette, provider: Provider, ana: Member, email: str | None
) -> None:
    provider.person["email"] = email
    assert "no verified e-mail address" in refused(sign_in(app, provider))


def test_a_person_is_known_by_her_subject_also_with_another_address(
    app: Starlette, provider: Provider, engine: Engine, ana: Member, wired: Clock
) -> None:
    sign_in(app, provider)
    provider.person["email"] = "ana.new-name@school.example"
    assert signed_in(engine, sign_in(app, provider), wired) == ana


def test_an_address_that_was_given_to_somebody_else_does_not_open_the_old_account(
    app: Starlette, provider: Provider, ana: Member
) -> None:
    sign_in(app, provider)
    provider.person["sub"] = "subject-another-ana"
    assert "belongs to another person's sign-in" in refused(sign_in(app, provider))


def test_a_closed_account_is_closed_to_this_sign_in_too(
    app: Starlette, provider: Provider, engine: Engine, ana: Member, wired: Clock
) -> None:
    sign_in(app, provider)
    auth.disable(engine, auth.OPERATOR, ana.email, wired())
    assert refused(sign_in(app, provider)) == "This account is closed. An admin can open it again."


@pytest.mark.parametrize(
    ("said", "role"),
    [(["x", "boss"], "admin"), ("boss", "admin"), (["teacher"], "teacher"), ("bosses", "teacher"), (None, "teacher")],
)
def test_the_role_is_what_the_provider_says_where_it_is_asked_for(
    app: Starlette,
    provider: Provider,
    engine: Engine,
    ana: Member,
    monkeypatch: pytest.MonkeyPatch,
    said: object,
    role: str,
) -> None:
    account(engine, "chief@school.example", "admin")
    configure(monkeypatch, OIDC_ROLE_CLAIM="roles", OIDC_ADMIN_VALUES="owner, boss")
    for before in ("admin", "teacher"):
        auth.change_role(engine, auth.OPERATOR, ana.email, before, NOW)
        provider.person["roles"] = said
        sign_in(app, provider)
        assert everybody(engine)[ana.email] == role


def test_the_last_admin_stays_one_whatever_the_provider_says(
    app: Starlette, provider: Provider, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    account(engine, "ana@school.example", "admin")
    configure(monkeypatch, OIDC_ROLE_CLAIM="roles", OIDC_ADMIN_VALUES="boss")
    assert sign_in(app, provider).status == 303
    assert everybody(engine) == {"ana@school.example": "admin"}


def test_roles_are_given_here_where_no_claim_is_named(
    app: Starlette, provider: Provider, engine: Engine, ana: Member
) -> None:
    provider.person["roles"] = ["boss"]
    sign_in(app, provider)
    assert everybody(engine)[ana.email] == "teacher"


# Answers that are not to be believed


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"aud": "another-client"},
        {"aud": None},
        {"aud": [CLIENT_ID, "another"], "azp": "another"},
        {"aud": [CLIENT_ID, "another"]},
        {"exp": 1_000_000_000},
        {"exp": None},
        {"sub": None},
    ],
    ids=str,
)
def test_a_token_that_is_not_for_this_sign_in_lets_nobody_in(
    app: Starlette, provider: Provider, ana: Member, claims: dict[str, Any]
) -> None:
    provider.claims = claims
    assert refused(sign_in(app, provider)) == FAILED


def test_a_token_for_several_that_names_this_client_is_good(app: Starlette, provider: Provider, ana: Member) -> None:
    provider.claims = {"aud": [CLIENT_ID, "another"], "azp": CLIENT_ID}
    assert sign_in(app, provider).status == 303


def test_a_token_with_another_signature_lets_nobody_in(app: Starlette, provider: Provider, ana: Member) -> None:
    provider.signed_with = RSAKey.generate_key(2048, {"kid": "key-1", "use": "sig"})
    assert refused(sign_in(app, provider)) == FAILED
    provider.signed_with, provider.algorithm = OctKey.import_key(CLIENT_SECRET * 2), "HS256"
    assert refused(sign_in(app, provider)) == FAILED


def test_an_answer_to_the_sign_in_of_another_browser_lets_nobody_in(
    app: Starlette, provider: Provider, ana: Member
) -> None:
    """Who sends somebody a link with a code of his own would have her work in his account."""
    address, _ = leave(app)
    attackers = provider.allow(address)
    _, hers = leave(app)
    for cookie in (hers, {}, {"cookie": "tracker_school=nonsense"}, {"cookie": "tracker_school=W10="}):
        assert refused(come_back(app, attackers, cookie)) == FAILED


def test_a_code_with_the_verifier_of_another_sign_in_is_refused(
    app: Starlette, provider: Provider, ana: Member
) -> None:
    stolen = parse_qs(urlsplit(provider.allow(leave(app)[0])).query)["code"][0]
    address, cookie = leave(app)
    state = parse_qs(urlsplit(address).query)["state"][0]
    back = f"http://{HOST}/login/school/back?code={stolen}&state={state}"
    assert refused(come_back(app, back, cookie)) == FAILED


def test_an_answer_is_good_once(app: Starlette, provider: Provider, ana: Member) -> None:
    address, cookie = leave(app)
    back = provider.allow(address)
    assert come_back(app, back, cookie).status == 303
    assert refused(come_back(app, back, cookie)) == FAILED


def test_who_breaks_off_at_the_provider_is_told_so(app: Starlette, provider: Provider) -> None:
    _, cookie = leave(app)
    back = f"http://{HOST}/login/school/back?error=access_denied&state=x"
    assert refused(come_back(app, back, cookie)) == "The school's sign-in was broken off."


@pytest.mark.parametrize("query", ["", "code=&state=", "code=x", "state=x", "code=%00&state=%FF", "code=x&state=x"])
def test_an_answer_that_makes_no_sense_is_a_sentence(app: Starlette, provider: Provider, query: str) -> None:
    _, cookie = leave(app)
    assert refused(get(app, "/login/school/back", cookie, query)) == FAILED


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_provider_that_fails_is_a_sentence(app: Starlette, provider: Provider, ana: Member, number: int) -> None:
    address, cookie = leave(app)
    back = provider.allow(address)
    provider.faults += [200] * number + [500]
    assert refused(come_back(app, back, cookie)) == FAILED


def test_a_provider_that_is_away_or_another_one_is_a_sentence(
    app: Starlette, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    for issuer in ("http://127.0.0.1:9", provider.issuer.replace("127.0.0.1", "localhost")):
        configure(monkeypatch, OIDC_ISSUER=issuer)
        answer = get(app, "/login/school")
        assert (answer.status, fault(answer)) == (401, FAILED)
