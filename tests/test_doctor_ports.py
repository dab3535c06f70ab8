"""Who listens at the ports of an installation: its own tracker and dashboard, another one's, or somebody else."""

import json
import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine
from starlette.applications import Starlette

from tests.asgi import request
from tests.examined import Shown, found, services_on
from tests.front import front
from tests.gate_client import gated_app
from tests.makers import Clock, at, member, server_state_on
from tests.tracker_process import free_port
from tracker import health
from tracker.doctor import installation
from tracker.health.known import NOT_RUNNING
from tracker.messages import sentence
from tracker.server.http_server import HttpServer
from tracker.services import Services
from tracker.storage.database import make_engine
from tracker.storage.schema import migrate

pytestmark = pytest.mark.database("sqlite")

OURS = Shown("ports", True, sentence("ports_ours"))


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Engine]:
    """The database of another installation."""
    made = make_engine(f"sqlite:///{tmp_path / 'other.sqlite3'}")
    migrate(made)
    yield made
    made.dispose()


@contextmanager
def tracker_on(engine: Engine, clock: Clock) -> Iterator[str]:
    """The port of a tracker that runs on this database."""
    server = HttpServer("127.0.0.1", 0, server_state_on(engine, clock))
    server.start()
    try:
        yield str(server.port)
    finally:
        server.stop()


def ports(engine: Engine, clock: Clock, **said: str) -> Shown:
    return found(services_on(engine, clock, ZOOM_CLIENT_ID="", **said))["ports"]


def test_ports_at_which_nobody_listens_are_fine(engine: Engine, clock: Clock) -> None:
    assert ports(engine, clock) == OURS


@pytest.mark.database("sqlite", "postgresql")
def test_each_of_several_trackers_on_one_database_is_ours(engine: Engine, clock: Clock) -> None:
    health.note_alive(engine, "elsewhere:8787", at(-60), clock())
    member(engine)
    with tracker_on(engine, clock) as port:
        assert ports(engine, clock, TRACKER_PORT=port) == OURS
        health.note_alive(engine, "third:8787", at(-1), clock())
        assert ports(engine, clock, TRACKER_PORT=port) == OURS


def test_a_tracker_on_another_database_is_told(engine: Engine, other: Engine, clock: Clock) -> None:
    with tracker_on(other, clock) as port:
        check = ports(engine, clock, TRACKER_PORT=port)
    assert not check.ok
    assert f"What listens at port {port} (TRACKER_PORT) has another database than this command" in check.sentence


def test_a_tracker_on_a_copy_of_the_database_is_told(engine: Engine, clock: Clock, tmp_path: Path) -> None:
    member(engine)
    health.note_alive(engine, "one:8787", at(-60), clock())
    copy = tmp_path / "copy.sqlite3"
    with closing(sqlite3.connect(engine.url.database or "")) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    copied = make_engine(f"sqlite:///{copy}")
    with tracker_on(copied, clock) as port:
        assert "has another database" in ports(engine, clock, TRACKER_PORT=port).sentence
    copied.dispose()


@pytest.mark.parametrize(
    "answers",
    [(200, b"<h1>It works</h1>", {}), (401, b"", {}), (200, b"[1]", {}), (200, b'{"status": "UP"}', {})],
)
@pytest.mark.parametrize("setting", ["TRACKER_PORT", "DASHBOARD_PORT"])
def test_another_web_server_is_told(
    engine: Engine, clock: Clock, setting: str, answers: tuple[int, bytes, dict[str, str]]
) -> None:
    with front(1, answers=answers) as server:
        check = ports(engine, clock, **{setting: str(server.port)})
    assert not check.ok
    assert f"Another program listens at port {server.port} ({setting})" in check.sentence


def test_what_speaks_no_http_is_another_program(engine: Engine, clock: Clock) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet() -> None:
            connection, _address = server.accept()
            with connection:
                connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")

        thread = threading.Thread(target=greet, daemon=True)
        thread.start()
        check = ports(engine, clock, TRACKER_PORT=str(server.getsockname()[1]))
        thread.join(60)
    assert "Another program listens" in check.sentence


def test_what_gives_no_answer_is_told(engine: Engine, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "SECONDS_TO_ANSWER", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        check = ports(engine, clock, DASHBOARD_PORT=str(server.getsockname()[1]))
    assert (check.ok, "gives no answer" in check.sentence) == (False, True)


def test_a_tracker_that_lives_and_listens_no_more_is_told(engine: Engine, clock: Clock) -> None:
    services = services_on(engine, clock, TRACKER_PORT=str(free_port()))
    health.note_alive(engine, health.name_of_tracker(services), at(-5), clock())
    check = found(services)["ports"]
    assert not check.ok
    assert "nobody listens at its port" in check.sentence
    clock.forward(seconds=30)
    assert found(services)["ports"].ok


def test_a_tracker_that_does_not_say_whose_it_is_is_not_accused(engine: Engine, clock: Clock) -> None:
    """One of an earlier version, or one that cannot read its database, and says that."""
    body = json.dumps({"status": "unwell", "loop": {"ok": True}, "reasons": []}).encode()
    with front(1, answers=(503, body, {})) as server:
        assert ports(engine, clock, TRACKER_PORT=str(server.port)) == OURS


# The dashboard


@pytest.fixture
def app(wired: Clock) -> Starlette:
    return gated_app()


def test_the_dashboard_says_to_which_installation_it_belongs(app: Starlette, engine: Engine) -> None:
    answer = request(app, "GET", "/healthz")
    told = json.loads(answer.text)
    expected = services_on(engine, Clock()).read(health.installation_of)
    assert (answer.status, told) == (
        200,
        {"status": "ok", "program": "dashboard", "installation": expected},
    )


@pytest.mark.parametrize("same", [True, False])
def test_a_dashboard_of_another_installation_is_told(
    app: Starlette, engine: Engine, other: Engine, clock: Clock, same: bool
) -> None:
    member(engine)
    body = request(app, "GET", "/healthz").text.encode()
    with front(1, answers=(200, body, {})) as server:
        check = ports(engine if same else other, clock, DASHBOARD_PORT=str(server.port))
        assert check.ok is same
        assert ("has another database" in check.sentence) is not same
        assert not ports(engine, clock, TRACKER_PORT=str(server.port)).ok


def test_a_dashboard_that_cannot_use_its_database_says_so(
    app: Starlette, clock: Clock, engine: Engine, monkeypatch: pytest.MonkeyPatch, broken_services: Services
) -> None:
    monkeypatch.setattr("tracker.ui.healthz.services", lambda: broken_services)
    answer = request(app, "GET", "/healthz")
    assert (answer.status, json.loads(answer.text)["status"]) == (503, "unwell")


def test_a_dashboard_that_says_that_it_cannot_use_its_database_is_told(engine: Engine, clock: Clock) -> None:
    """As with another password in an environment of its own."""
    body = json.dumps({"status": "unwell", "program": "dashboard"}).encode()
    with front(1, answers=(503, body, {})) as server:
        check = ports(engine, clock, DASHBOARD_PORT=str(server.port))
    assert not check.ok
    assert "cannot use its database, and this command can: compare DATABASE_URL" in check.sentence


@pytest.fixture
def broken_services(tmp_path: Path, clock: Clock) -> Iterator[Services]:
    made = make_engine(f"sqlite:///{tmp_path}")
    yield services_on(made, clock)
    made.dispose()


# What is known otherwise


def test_what_another_installations_tracker_says_is_not_taken_for_ours(
    engine: Engine, other: Engine, clock: Clock
) -> None:
    member(engine)
    with tracker_on(other, clock) as port:
        told = health.known(services_on(engine, clock, TRACKER_PORT=port))
    assert [one.code for one in told] == [NOT_RUNNING]
