"""Connections to the HTTP server over real sockets: deadlines, limits, clients that misbehave, and the end."""

import socket
import struct
import threading
import time
from contextlib import ExitStack, suppress
from http.client import HTTPConnection

import pytest

from tests.http_server.clients import (
    GET,
    PATIENCE_SECONDS,
    WEBHOOKS,
    Serve,
    connect,
    post,
    read_to_end,
    seconds_until_closed,
    status,
    talk,
)
from tests.tracker_process import wait_until
from tracker.server import http_server, routes
from tracker.server.http_server import HttpServer
from tracker.server.routes import ServerState

pytestmark = pytest.mark.slow


# -- deadlines


def test_a_connection_that_says_nothing_is_ended(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "IDLE_SECONDS", 0.1)
    with connect(serve()) as client:
        assert seconds_until_closed(client) < 2


@pytest.mark.parametrize(
    "beginning",
    [
        b"P",
        b"GET /healthz HTTP/1.1\r\n",
        b"GET /healthz HTTP/1.1\r\nX: ",
        post("Content-Length: 100000"),
        post("Transfer-Encoding: chunked"),
        post("Transfer-Encoding: chunked", body=b"ffff\r\n"),
        post("Transfer-Encoding: chunked", body=b"0\r\nX: "),
    ],
    ids=["request line", "headers", "a header", "body", "a chunk's size", "a chunk", "a trailer"],
)
def test_a_client_that_drips_is_cut_off_at_the_deadline(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, beginning: bytes
) -> None:
    monkeypatch.setattr(http_server, "REQUEST_SECONDS", 0.3)
    with connect(serve()) as client:
        client.sendall(beginning)
        assert seconds_until_closed(client, b"x") < 2


@pytest.mark.parametrize("sent", [b"GE", GET[:20], GET[:-2], GET[:-1], b"GET /nothing HTTP/1.0\r\nX: 1"])
def test_a_head_that_is_cut_off_gets_no_answer(port: int, sent: bytes) -> None:
    assert talk(port, sent) == b""


def test_a_client_whose_headers_are_larger_than_any_is_cut_off(serve: Serve) -> None:
    line = b"x" * 60_000
    received = b""
    with connect(serve()) as client, suppress(ConnectionError):
        client.sendall(GET.removesuffix(b"\r\n") + b"".join(b"X-%d: %s\r\n" % (n, line) for n in range(50)) + b"\r\n")
        received = read_to_end(client)
    assert received == b""


def test_each_request_of_a_connection_has_its_own_deadline(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "IDLE_SECONDS", 0.3)
    monkeypatch.setattr(http_server, "REQUEST_SECONDS", 0.3)
    with connect(serve()) as client:
        until = time.monotonic() + 0.6
        while time.monotonic() < until:
            client.sendall(GET)
            assert client.recv(65536).startswith(b"HTTP/1.1 404 ")


# -- connections


def test_two_requests_share_a_connection(port: int) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    addresses = set()
    for path, expected in (("/nothing", 404), (WEBHOOKS, 405), ("/other", 404)):
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == expected
        assert connection.sock is not None
        addresses.add(connection.sock.getsockname())
    connection.close()
    assert len(addresses) == 1


def test_requests_sent_in_one_go_are_answered_in_order(port: int) -> None:
    body = post("Content-Length: 2", body=b"{}")
    content = talk(port, GET + body + GET)
    statuses = [int(part[:3]) for part in content.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [404, 401, 404]


def test_an_older_client_gets_one_answer_and_the_end(port: int) -> None:
    assert status(talk(port, b"GET /nothing HTTP/1.0\r\n\r\n", more=True)) == 404


def test_a_client_that_wants_the_connection_closed_gets_it_closed(port: int) -> None:
    assert status(talk(port, b"GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", more=True)) == 404


def test_an_answer_to_head_is_the_one_to_get_without_its_body(port: int) -> None:
    got, head = (talk(port, GET.replace(b"GET", method)) for method in (b"GET", b"HEAD"))
    headers, _, body = got.partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}\r\n".encode() in headers + b"\r\n"
    assert head.partition(b"\r\n\r\n")[2] == b""
    without_date = [[line for line in part.split(b"\r\n") if b"Date:" not in line] for part in (headers, head)]
    assert without_date[0] == [line for line in without_date[1] if line]


def test_a_method_that_an_address_does_not_take_is_answered_405_with_those_it_takes(port: int) -> None:
    content = talk(port, b"DELETE /api/zoom/participants HTTP/1.1\r\nHost: x\r\n\r\n")
    assert status(content) == 405
    assert b"\r\nAllow: GET, POST\r\n" in content


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"BREW /healthz HTTP/1.1", 501),
        (b"GET /healthz HTTP/2.0", 505),
        (b"GET /healthz NONSENSE", 400),
        (b"GET", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (b"GET /" + b"x" * 70_000 + b" HTTP/1.1", 414),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_request_that_is_none_is_refused(port: int, line: bytes, expected: int) -> None:
    content = talk(port, line + b"\r\nHost: x\r\n\r\n")
    assert f" {expected} ".encode() in content.split(b"\r\n", 1)[0] or f"Error code: {expected}".encode() in content


def test_answers_tell_nothing_of_what_runs_here(port: int) -> None:
    for content in (talk(port, GET), talk(port, b"nonsense\r\n\r\n"), talk(port, post("Content-Length: x"))):
        assert b"Python" not in content
        assert b"http.server" not in content
        assert b"Traceback" not in content
        assert b"\r\nserver:" not in content.lower()


def test_answers_are_not_to_be_cached(port: int) -> None:
    assert b"\r\nCache-Control: no-store\r\n" in talk(port, GET)


def test_a_client_that_breaks_off_leaves_the_others_alone(port: int) -> None:
    for sent in (b"", b"GE", post("Content-Length: 10", body=b"half"), GET * 50):
        client = connect(port)
        client.sendall(sent)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
    assert status(talk(port, GET)) == 404


def test_connections_beyond_the_limit_wait_until_there_is_room(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "CONNECTIONS", 2)
    monkeypatch.setattr(http_server, "IDLE_SECONDS", 60)  # on a loaded machine the two must not be sent away meanwhile
    port = serve()
    with connect(port) as third, ExitStack() as stack:
        first, second = (stack.enter_context(connect(port)) for _ in range(2))
        third.sendall(GET)
        assert third.recv(65536).startswith(b"HTTP/1.1 404 ")
        for client in (first, second):
            client.sendall(GET)
        # Where others may be waiting, an answer ends its connection.
        third.sendall(GET)
        assert b"404" in first.recv(65536)
        assert b"404" in second.recv(65536)


def test_a_burst_of_more_connections_than_there_is_room_for_is_answered(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_server, "CONNECTIONS", 4)
    monkeypatch.setattr(http_server, "IDLE_SECONDS", 60)  # nobody waits until an answered connection has been idle
    port = serve()
    with ExitStack() as stack:
        clients = [stack.enter_context(connect(port)) for _ in range(100)]
        for client in clients:
            client.sendall(GET)
        assert [status(client.recv(65536)) for client in clients] == [404] * 100


def test_many_silent_connections_keep_nobody_waiting(port: int) -> None:
    with ExitStack() as stack:
        for _ in range(100):
            stack.enter_context(connect(port))
        began = time.monotonic()
        assert status(talk(port, GET)) == 404
        assert time.monotonic() - began < 2


# -- the end


@pytest.mark.parametrize("sent", [b"", GET, b"GET /heal", post("Content-Length: 10", body=b"half")])
def test_stopping_does_not_wait_for_connections_that_are_idle(state: ServerState, sent: bytes) -> None:
    made = HttpServer("127.0.0.1", 0, state)
    made.start()
    with connect(made.port) as client, connect(made.port) as witness:
        client.sendall(sent)
        witness.sendall(GET)
        assert witness.recv(65536).startswith(b"HTTP/1.1 404 ")
        began = time.monotonic()
        made.stop()
        assert time.monotonic() - began < 2
        read_to_end(client)
    with pytest.raises(ConnectionRefusedError):
        connect(made.port)


def test_stopping_waits_for_the_request_under_way(state: ServerState, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(state: ServerState, request: routes.Request) -> routes.Answer:
        begun.set()
        assert go_on.wait(5)
        return routes.Answer(200, b"done")

    monkeypatch.setitem(routes.ROUTES, "/slow", {"GET": slow})
    made = HttpServer("127.0.0.1", 0, state)
    made.start()
    with connect(made.port) as client:
        client.sendall(GET.replace(b"/nothing", b"/slow"))
        assert begun.wait(5)
        stopping = threading.Thread(target=made.stop)
        stopping.start()
        go_on.set()
        assert read_to_end(client).endswith(b"done")
        stopping.join(5)
        assert not stopping.is_alive()


def test_stopping_answers_whoever_has_connected_also_those_that_still_wait_for_their_turn(
    state: ServerState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_server, "LAST_REQUEST_SECONDS", 30)
    made = HttpServer("127.0.0.1", 0, state)
    made.start()
    with ExitStack() as stack:
        clients = [stack.enter_context(connect(made.port)) for _ in range(100)]
        stopping = threading.Thread(target=made.stop)
        for number, client in enumerate(clients):
            if number == 50:
                stopping.start()
            client.sendall(GET)
        answers = [read_to_end(client) for client in clients]
        stopping.join(60)
        assert not stopping.is_alive()
    assert {answer.partition(b"\r\n")[0] for answer in answers} == {b"HTTP/1.1 404 Not Found"}


def test_the_last_answers_tell_the_client_to_close(state: ServerState, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "LAST_REQUEST_SECONDS", 30)
    made = HttpServer("127.0.0.1", 0, state)
    made.start()
    with connect(made.port) as client:
        stopping = threading.Thread(target=made.stop)
        stopping.start()
        wait_until(lambda: made._listener.fileno() < 0, "the end of its listening")
        client.sendall(GET)
        assert b"\r\nConnection: close\r\n" in read_to_end(client)
        stopping.join(60)
        assert not stopping.is_alive()


def test_the_same_port_can_be_taken_again_at_once(state: ServerState) -> None:
    first = HttpServer("127.0.0.1", 0, state)
    first.start()
    port = first.port
    with connect(port) as client:
        client.sendall(GET)
        client.recv(65536)
        first.stop()
    second = HttpServer("127.0.0.1", port, state)
    second.start()
    assert status(talk(port, GET)) == 404
    second.stop()


def test_a_port_that_is_taken_is_an_ordinary_error(state: ServerState) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(OSError, match="in use"):
        HttpServer("127.0.0.1", other.getsockname()[1], state)


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_an_address_of_the_newer_kind_is_served_too(state: ServerState) -> None:
    try:
        made = HttpServer("::1", 0, state)
    except OSError as error:
        pytest.skip(f"this machine has no IPv6 loopback: {error}")
    made.start()
    with socket.create_connection(("::1", made.port), timeout=PATIENCE_SECONDS) as client:
        client.sendall(GET)
        assert client.recv(65536).startswith(b"HTTP/1.1 404 ")
    made.stop()
