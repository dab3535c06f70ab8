"""Whatever somebody sends to the sign-in, to the host's link and to the calls about participants: no fault of ours."""

import json
from typing import Any
from urllib.parse import quote_from_bytes, urlencode, urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine
from starlette.applications import Starlette

from tests.asgi import HOST, request
from tests.fuzz.values import as_json, slow, spoilt, texts, values
from tests.gate_client import PAGE, PASSWORD, account, cookie_of, log_in
from tests.makers import NOW, Clock, member, server_state_on
from tracker import auth
from tracker.server.routes import Request, ServerState, answer

pytestmark = pytest.mark.slow

CRON_SECRET = "cron-secret"
TARGETS = (
    *(
        "/",
        "/class?id=1",
        "//e.example",
        "/\\e.example",
        "/\t/e.example",
        "\\\\e.example",
        "https://e.example",
        "/%5ce",
    ),
    *("javascript:alert(1)", "/.//e.example", "/..//e.example", "///e.example", "/%2f/e.example", "/@e.example", ""),
    *("/\u2044e.example", "/\uff0fe.example", "\u200b//e.example", " //e.example", "/;//e.example", "http:/e.example"),
)
targets = st.sampled_from(TARGETS) | st.text(alphabet="/\\.@:%?#;&=\t\r\n ae0\u2044\uff0f", max_size=12) | texts
# What a web server lets through in a header.
header_texts = st.text(st.characters(codec="latin-1", exclude_characters="\0\r\n"), max_size=40)


def plain(text: str) -> str:
    """The text as it gets through a form: half a surrogate pair has no bytes."""
    return text.encode("utf-8", "replace").decode()


forms = st.dictionaries(texts.map(plain), texts.map(plain), max_size=3).map(lambda fields: urlencode(fields).encode())

# The dashboard's doors


def test_the_way_on_is_never_elsewhere_wherever_it_is_asked_for(app: Starlette, engine: Engine) -> None:
    account(engine)

    @slow
    @given(target=targets)
    def run(target: str) -> None:
        found = log_in(app, target=plain(target)[:500])
        assert found.status == 303
        address = urlsplit(urljoin(f"https://{HOST}/login", found.header("location")))
        assert (address.scheme, address.netloc) == ("https", HOST)
        assert not found.header("location").startswith(("//", "/\\"))

    run()


@slow
@given(
    path=st.sampled_from(["/login", "/logout", "/host", "/classes"]),
    method=st.sampled_from(["GET", "POST", "HEAD"]),
    query=st.binary(max_size=60),
    body=st.binary(max_size=200) | forms,
    headers=st.dictionaries(
        st.sampled_from(["host", "origin", "cookie", "accept", "content-type", "content-length", "x-forwarded-proto"]),
        header_texts,
    ),
)
def test_nothing_that_a_browser_sends_is_a_fault_of_the_dashboards(
    app: Starlette, path: str, method: str, query: bytes, body: bytes, headers: dict[str, str]
) -> None:
    safe = "=&+;"
    found = request(app, method, path, query=quote_from_bytes(query, safe=safe), headers=PAGE | headers, body=[body])
    assert found.status < 500


@slow
@given(email=texts, password=texts | st.just(PASSWORD), address=header_texts)
def test_any_email_and_password_are_a_wrong_one(app: Starlette, email: str, password: str, address: str) -> None:
    found = log_in(app, plain(email), plain(password), address=address)
    assert found.status in (401, 413, 429)


def test_any_host_link_is_a_sentence(app: Starlette, engine: Engine) -> None:
    account(engine)
    cookie = cookie_of(app)

    @slow
    @given(class_id=texts | st.binary(max_size=30).map(lambda raw: quote_from_bytes(raw)))
    def run(class_id: str) -> None:
        found = request(app, "GET", "/host", query=urlencode({"id": plain(class_id)}), headers=PAGE | cookie)
        assert found.status == 409

    run()


# The tracker's calls


@pytest.fixture
def state(engine: Engine, clock: Clock) -> ServerState:
    return server_state_on(engine, clock, CRON_SECRET=CRON_SECRET)


@slow
@given(class_id=texts, raw=header_texts, header=header_texts, known=st.booleans())
def test_any_question_for_participants_is_answered(
    state: ServerState, token: str, class_id: str, raw: str, header: str, known: bool
) -> None:
    authorization = f"Bearer {token}" if known else header
    for query in (urlencode({"streamId": plain(class_id)}), f"streamId={raw}", raw):
        target = f"/api/zoom/participants?{query}"
        found = answer(state, Request("GET", target, {"authorization": authorization}))
        assert found.status in ((400, 404) if known else (401,))
        assert json.loads(found.body)["success"] is False


@pytest.fixture
def token(engine: Engine) -> str:
    person = member(engine)
    return auth.new_api_token(engine, auth.OPERATOR, person.email, NOW)


@slow
@given(
    document=spoilt({"streamId": "1", "cronSecret": CRON_SECRET}, 2) | values, raw=st.none() | st.binary(max_size=40)
)
def test_any_call_of_a_program_is_answered(state: ServerState, document: Any, raw: bytes | None) -> None:
    body = as_json(document) if raw is None else raw
    found = answer(state, Request("POST", "/api/zoom/participants", {}, body))
    assert found.status in (400, 401, 404)
