"""Attacks on the HTTP server by clients that are slow and many: they take their own time, and nobody else's."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress

import pytest
from sqlalchemy import Engine

from tests.http_server.clients import GET, PATIENCE_SECONDS, connect, post, read_to_end, status
from tests.makers import Clock, at, event_body, lesson, member, server_state_on, stored, zoom_signature
from tracker.attendance.types import ClassStatus
from tracker.server import http_server
from tracker.server.http_server import HttpServer
from tracker.storage.database import make_engine

pytestmark = pytest.mark.slow

FROM_A_PROXY, FROM_ANYWHERE = "127.0.0.1", "192.0.2.1"
Run = Callable[[str], HttpServer]


@pytest.fixture
def run(engine: Engine) -> Iterator[Run]:
    """Starts a server on this database that takes these addresses for web servers in front of it."""
    with ExitStack() as stack:

        def start(proxies: str) -> HttpServer:
            made = HttpServer("127.0.0.1", 0, server_state_on(engine, Clock(at(61)), FORWARDED_ALLOW_IPS=proxies))
            made.start()
            stack.callback(made.stop)
            return made

        yield start


@contextmanager
def many(port: int, number: int, sent: bytes) -> Iterator[list[socket.socket]]:
    """So many connections, each of which has sent this."""
    with ExitStack() as stack:
        clients = [stack.enter_context(connect(port)) for _ in range(number)]
        for client in clients:
            drip(client, sent)
        yield clients


def drip(client: socket.socket, sent: bytes) -> bool:
    """Whether the other side still takes this."""
    with suppress(OSError):
        client.sendall(sent)
        return True
    return False


def is_open(client: socket.socket) -> bool:
    client.setblocking(False)
    try:
        return client.recv(1) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


@pytest.mark.database("sqlite")
@pytest.mark.parametrize("proxies", [FROM_A_PROXY, FROM_ANYWHERE])
@pytest.mark.parametrize(
    "beginning",
    [b"P", b"GET /healthz HTTP/1.1\r\nX: ", post("Content-Length: 100000"), post("Transfer-Encoding: chunked")],
    ids=["request line", "headers", "body", "chunks"],
)
def test_a_thousand_connections_that_drip_keep_no_webhook_waiting(
    run: Run, engine: Engine, beginning: bytes, proxies: str
) -> None:
    class_id = lesson(engine, member(engine))
    port = run(proxies).port
    body = event_body("meeting.ended")
    lines = [f"{name}: {value}" for name, value in zoom_signature(body, at(61)).items()]
    with many(port, 1000, beginning) as clients:
        for client in clients:
            drip(client, b"1")
        began = time.monotonic()
        with connect(port) as zoom:
            zoom.sendall(post(*lines, f"Content-Length: {len(body)}", body=body))
            assert status(zoom.recv(65536)) == 200
        # Those that drip are let go after ten seconds, so nobody waited for that; how soon depends on the machine.
        assert time.monotonic() - began < http_server.REQUEST_SECONDS / 2
    assert stored(engine, class_id).status is ClassStatus.ENDED


@pytest.fixture
def bare() -> Engine:
    """A database that is not asked."""
    return make_engine("sqlite://")


@pytest.mark.parametrize(("proxies", "left"), [(FROM_ANYWHERE, http_server.CONNECTIONS_OF_PLACE), (FROM_A_PROXY, 100)])
def test_one_address_has_so_many_connections_waited_for_and_a_web_server_in_front_any_number(
    bare: Engine, monkeypatch: pytest.MonkeyPatch, proxies: str, left: int
) -> None:
    monkeypatch.setattr(http_server, "IDLE_SECONDS", 60)
    made = HttpServer("127.0.0.1", 0, server_state_on(bare, Clock(at(61)), FORWARDED_ALLOW_IPS=proxies))
    made.start()
    with many(made.port, 100, b"") as clients:
        clients[-1].sendall(GET)
        assert status(clients[-1].recv(65536)) == 404  # it was connected last, so the others have been looked at
        assert [is_open(client) for client in clients] == [False] * (100 - left) + [True] * left
    made.stop()


def test_requests_that_come_whole_are_answered_however_many_one_address_sends(bare: Engine) -> None:
    made = HttpServer("127.0.0.1", 0, server_state_on(bare, Clock(at(61)), FORWARDED_ALLOW_IPS=FROM_ANYWHERE))
    made.start()
    last = GET.replace(b"Host: x", b"Host: x\r\nConnection: close")
    found = []
    with ExitStack() as stack:
        for _ in range(4):
            clients = [stack.enter_context(connect(made.port)) for _ in range(http_server.CONNECTIONS_OF_PLACE)]
            for client in clients:
                client.sendall(last)
            found += [status(read_to_end(client)) for client in clients]
    assert found == [404] * 4 * http_server.CONNECTIONS_OF_PLACE
    made.stop()


def test_large_bodies_wait_for_each_other_and_small_ones_for_none(
    bare: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_server, "LARGE_REQUESTS", 1)
    made = HttpServer("127.0.0.1", 0, server_state_on(bare, Clock(at(61))))
    made.start()
    large = post("Content-Length: 200000", "Connection: close")
    with connect(made.port) as first, connect(made.port) as second:
        first.sendall(large + b"x" * 199_999)
        second.sendall(large + b"x" * 100_000)
        for _ in range(2):
            with connect(made.port) as small:
                small.sendall(post("Content-Length: 2", "Connection: close", body=b"{}"))
                assert status(read_to_end(small)) == 401
        second.sendall(b"x" * 100_000)
        second.settimeout(0.1)
        with pytest.raises(TimeoutError):
            second.recv(1)
        first.sendall(b"x")
        second.settimeout(PATIENCE_SECONDS)
        assert [status(read_to_end(client)) for client in (first, second)] == [401, 401]
    made.stop()


def test_a_client_that_takes_no_answers_is_ended(bare: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "SEND_SECONDS", 0.1)
    made = HttpServer("127.0.0.1", 0, server_state_on(bare, Clock(at(61))))
    made.start()
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(PATIENCE_SECONDS)  # answers go into the buffers of the system first, thousands of them
        client.connect(("127.0.0.1", made.port))
        with pytest.raises(ConnectionError):
            client.sendall(GET * 1_000_000)
    made.stop()
