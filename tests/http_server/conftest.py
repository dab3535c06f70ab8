"""The tracker's HTTP server, on a database that is not asked and on a port of its own."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.http_server.clients import Serve
from tests.makers import Clock, at, server_state_on
from tracker.server.http_server import HttpServer
from tracker.server.routes import ServerState
from tracker.storage.database import make_engine


@pytest.fixture
def state() -> ServerState:
    """A state whose database is never asked: these tests are about what comes before."""
    return server_state_on(make_engine("sqlite://"), Clock(at(61)))


@pytest.fixture
def serve(state: ServerState, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[Serve]:
    """Starts a server and returns its port; nothing that a client does may leave a trace on stderr or in the log."""
    with ExitStack() as stack:

        def start() -> int:
            made = HttpServer("127.0.0.1", 0, state)
            made.start()
            stack.callback(made.stop)
            return made.port

        yield start
    assert [record.message for record in caplog.records if record.levelno >= logging.WARNING] == []
    assert capfd.readouterr().err == ""


@pytest.fixture
def port(serve: Serve) -> int:
    return serve()
