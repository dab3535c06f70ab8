"""`tracker doctor --public`: the way from Zoom to the tracker, through web servers that do what web servers do."""

import gzip
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from starlette.applications import Starlette

from tests.asgi import request
from tests.examined import services_on
from tests.front import Authority, front
from tests.gate_client import gated_app
from tests.makers import WEBHOOK_SECRET, Clock, at, server_state_on
from tests.tracker_process import free_port
from tracker import doctor, health
from tracker.messages import sentence_of
from tracker.server.http_server import HttpServer
from tracker.server.routes import ServerState
from tracker.services import Services
from tracker.zoom import challenge

pytestmark = pytest.mark.database("sqlite")


@pytest.fixture
def state(engine: Engine, clock: Clock) -> ServerState:
    return server_state_on(engine, clock)


@pytest.fixture
def port(state: ServerState) -> Iterator[int]:
    """A tracker's own HTTP server."""
    server = HttpServer("127.0.0.1", 0, state)
    server.start()
    yield server.port
    server.stop()


@pytest.fixture
def services(engine: Engine, clock: Clock) -> Services:
    return services_on(engine, clock)


def asked(services: Services, url: str) -> tuple[bool, str]:
    """Whether the way is whole, and what is said."""
    (check,) = doctor.way_from_zoom(services, url)
    assert check.code == "public"
    told = sentence_of(check.problem)
    assert "…" not in told
    return check.ok, told


def through(services: Services, port: int, **changes: Any) -> tuple[bool, str]:
    """The same through a web server that does this with requests."""
    with front(port, **changes) as server:
        return asked(services, f"http://127.0.0.1:{server.port}")


def test_a_way_that_is_whole_is_said_to_be(services: Services, port: int) -> None:
    ok, told = through(services, port)
    assert ok
    assert "/api/webhooks/zoom leads to the tracker, which gave the answer that Zoom wants in 0." in told


@pytest.mark.parametrize("path", ["", "/", "/api/webhooks/zoom"])
def test_the_address_may_be_that_of_the_site_or_the_one_that_zoom_has(services: Services, port: int, path: str) -> None:
    assert asked(services, f"http://127.0.0.1:{port}{path}")[0]


def test_of_an_address_with_a_query_alone_the_site_is_meant() -> None:
    assert challenge.endpoint_of("https://school.example/?from=mail") == "https://school.example/api/webhooks/zoom"
    assert challenge.endpoint_of("https://school.example?from=mail") == "https://school.example/api/webhooks/zoom"


def test_a_dashboard_that_does_not_know_the_name_of_the_site_is_told(
    services: Services, port: int, engine: Engine, wired: Clock
) -> None:
    refused = request(gated_app(), "GET", "/login", headers={"host": "127.0.0.2.evil.example"})
    answer = (refused.status, refused.text.encode(), {})
    with front(port, answers_at={"/login": answer}) as server:
        _way, name = doctor.way_from_zoom(services, f"http://127.0.0.1:{server.port}/api/webhooks/zoom")
    assert (name.code, name.ok) == ("public_name", False)
    assert sentence_of(name.problem) == (
        "The dashboard refuses browsers that come by the name 127.0.0.1: add it to ALLOWED_HOSTS, and start the "
        "dashboard again."
    )


def test_asking_counts_for_no_sign_of_zooms_and_stores_nothing(
    services: Services, state: ServerState, port: int, clock: Clock
) -> None:
    assert asked(services, f"http://127.0.0.1:{port}")[0]
    state.webhook_counter.save_counts()
    current = services.read(health.read_health, clock())
    assert (current.validated, current.last_webhook, current.webhooks) == (None, None, ())


def test_a_challenge_of_zooms_own_still_counts(services: Services, state: ServerState, port: int, clock: Clock) -> None:
    body = {"event": "endpoint.url_validation", "payload": {"plainToken": "qgg8vlvZRS6UYooatFL8Aw"}}
    sent = json.dumps(body, separators=(",", ":")).encode()
    assert challenge._post(f"http://127.0.0.1:{port}/api/webhooks/zoom", sent, WEBHOOK_SECRET, clock()).status == 200
    state.webhook_counter.save_counts()
    assert services.read(health.read_health, clock()).validated == clock()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"change_body": lambda body: json.dumps(json.loads(body)).encode() if body else b""}, "a body that something"),
        ({"change_body": lambda body: gzip.compress(body) if body else b""}, "a body that something on the way"),
        ({"without": ("x-zm-request-timestamp",)}, "without the header x-zm-request-timestamp: have the web server"),
        ({"without": ("x-zm-signature",)}, "has another ZOOM_WEBHOOK_SECRET than this command"),
        ({"path": "/zoom"}, "The tracker answers, and was asked for another path (status 404)"),
        ({"answers": (404, b"<h1>Not Found</h1>", {})}, "The web server at 127.0.0.1 answers 404 itself: have it pass"),
        ({"answers": (405, b"", {})}, "answers 405 itself"),
        ({"answers": (502, b"", {})}, "the tracker behind it does not (status 502): start the tracker"),
        ({"answers": (301, b"", {"Location": "https://www.school.example/"})}, "sends on to https://www.school.exam"),
        ({"answers": (401, b"sign in", {})}, "Something before the tracker refuses the request (status 401)"),
        ({"answers": (403, b"", {})}, "Something before the tracker refuses the request (status 403)"),
        ({"answers": (200, b"<h1>Welcome</h1>", {})}, "(status 200) is not the tracker"),
        ({"answers": (500, b"", {})}, "(status 500) is not the tracker"),
    ],
)
def test_what_is_wrong_on_the_way_is_told(services: Services, port: int, changes: dict[str, Any], told: str) -> None:
    ok, sentence = through(services, port, **changes)
    assert not ok
    assert told in sentence


def test_a_web_server_without_its_tracker_is_told(services: Services) -> None:
    ok, told = through(services, free_port())
    assert not ok
    assert "the tracker behind it does not (status 502)" in told


def test_a_way_that_leads_to_the_dashboard_is_told(services: Services, app: Starlette) -> None:
    refused = request(app, "POST", "/api/webhooks/zoom")
    ok, told = through(services, 1, answers=(refused.status, refused.text.encode(), {}))
    assert not ok
    assert "/api/webhooks/zoom leads to the dashboard: have the web server pass that path on to the tracker." in told


def test_another_secret_is_told_apart_from_a_changed_body(engine: Engine, clock: Clock, port: int) -> None:
    other = services_on(engine, clock, ZOOM_WEBHOOK_SECRET="another-secret-0f-a-test")
    ok, told = through(other, port)
    assert not ok
    assert "The tracker that answers has another ZOOM_WEBHOOK_SECRET than this command" in told
    assert "another-secret" not in told


def test_an_answer_signed_with_another_secret_is_told(services: Services, port: int) -> None:
    def answer(body: bytes) -> tuple[int, bytes, dict[str, str]]:
        token = json.loads(body)["payload"]["plainToken"]
        return 200, json.dumps({"plainToken": token, "encryptedToken": "0" * 64}).encode(), {}

    with front(port, answers_by=answer) as server:
        ok, told = asked(services, f"http://127.0.0.1:{server.port}")
    assert not ok
    assert "gives an answer signed with another secret" in told


def test_a_tracker_without_a_secret_is_told(engine: Engine, clock: Clock, services: Services) -> None:
    server = HttpServer("127.0.0.1", 0, server_state_on(engine, clock, ZOOM_WEBHOOK_SECRET=""))
    server.start()
    try:
        ok, told = asked(services, f"http://127.0.0.1:{server.port}")
    finally:
        server.stop()
    assert not ok
    assert told == "The tracker answers, and has no ZOOM_WEBHOOK_SECRET: start it again with the present settings."


def test_a_clock_that_is_off_is_told(engine: Engine, port: int) -> None:
    ok, told = asked(services_on(engine, Clock(at(60))), f"http://127.0.0.1:{port}")
    assert (ok, told.startswith("The tracker's clock is more than 5 minutes off")) == (False, True)


def test_an_answer_that_zoom_would_not_wait_for_is_told(
    services: Services, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(challenge, "ZOOM_WAITS_SECONDS", 0.0)
    ok, told = asked(services, f"http://127.0.0.1:{port}")
    assert (ok, told.endswith("Zoom waits for 3 s.")) == (False, True)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://something.invalid", "The name something.invalid is not known"),
        ("http://127.0.0.1:{closed}", "127.0.0.1 refuses the connection"),
        ("http://127.0.0.1:{silent}", "127.0.0.1 does not answer in time"),
        ("http://school.example", "is not encrypted, and Zoom sends to https:// alone"),
        ("school.example", "is no web address"),
        ("https://127.0.0.1:{plain}", "No encrypted connection to 127.0.0.1 can be made"),
    ],
)
def test_an_address_that_leads_nowhere_is_told(
    services: Services, monkeypatch: pytest.MonkeyPatch, url: str, told: str
) -> None:
    monkeypatch.setattr(challenge, "TIMEOUT_SECONDS", 0.5)
    with front(1) as plain, socket.create_server(("127.0.0.1", 0)) as silent:
        address = url.format(closed=free_port(), silent=silent.getsockname()[1], plain=plain.port)
        ok, sentence = asked(services, address)
    assert not ok
    assert told in sentence


def test_a_certificate_that_strangers_do_not_trust_is_told_whatever_this_machine_trusts(
    services: Services, port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.file))
    with front(port, authority.server("127.0.0.1")) as server:
        ok, told = asked(services, f"https://127.0.0.1:{server.port}")
    assert not ok
    assert "The certificate of 127.0.0.1 is of no public authority" in told


@pytest.mark.parametrize(
    ("host", "age", "told"),
    [("127.0.0.1", 60, "is out of date, so Zoom refuses it"), ("other.example", 0, "is not for 127.0.0.1, so Zoom")],
)
def test_a_certificate_that_is_old_or_of_another_is_told(
    services: Services, port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str, age: int, told: str
) -> None:
    authority = Authority(tmp_path)
    monkeypatch.setattr(challenge, "DEFAULT_CA_BUNDLE_PATH", str(authority.file))
    with front(port, authority.server(host, age=age)) as server:
        ok, sentence = asked(services, f"https://127.0.0.1:{server.port}")
    assert not ok
    assert told in sentence


def test_without_a_secret_nothing_is_asked(engine: Engine, clock: Clock) -> None:
    ok, told = asked(services_on(engine, clock, ZOOM_WEBHOOK_SECRET=""), "https://something.invalid")
    assert (ok, told.startswith("ZOOM_WEBHOOK_SECRET is not set")) == (False, True)
