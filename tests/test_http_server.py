"""The tracker's HTTP server over real sockets: limits, deadlines, and connections that misbehave."""

import json
import logging
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from http.client import HTTPConnection

import pytest
from sqlalchemy import Engine

from tests.makers import Clock, at, event_body, lesson, member, server_state_on, stored, zoom_signature
from tracker.attendance.types import ClassStatus
from tracker.messages import sentence
from tracker.server import http_server, routes
from tracker.server.http_server import LARGEST_BODY, HttpServer
from tracker.server.routes import ServerState
from tracker.storage.database import make_engine

pytestmark = pytest.mark.slow

WEBHOOKS = "/api/webhooks/zoom"
GET = b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n"
Serve = Callable[[], int]


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


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=5)


def read_to_end(client: socket.socket) -> bytes:
    """Everything until the other side closes."""
    content = b""
    while chunk := client.recv(65536):
        content += chunk
    return content


def talk(port: int, *pieces: bytes, more: bool = False) -> bytes:
    """What comes back until the other side closes; without `more`, ours is closed for writing first."""
    with connect(port) as client:
        for piece in pieces:
            client.sendall(piece)
        if not more:
            client.shutdown(socket.SHUT_WR)
        return read_to_end(client)


def post(*headers: str, body: bytes = b"", path: str = WEBHOOKS) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: x", *headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def status(content: bytes) -> int:
    """The status of the only answer in `content`."""
    assert content.count(b"HTTP/1.1 ") == 1, content
    return int(content.split(b" ", 2)[1])


def seconds_until_closed(client: socket.socket, drip: bytes = b"") -> float:
    """How long the other side puts up with a client that sends a little every now and then."""
    began = time.monotonic()
    client.settimeout(0.02)
    while time.monotonic() < began + 5:
        try:
            if drip:
                client.send(drip)
            if not client.recv(65536):
                break
        except TimeoutError:
            continue
        except OSError:
            break
    return time.monotonic() - began


# -- webhooks, all the way through


@pytest.mark.parametrize("chunked", [False, True])
def test_a_webhook_over_a_socket_is_in_the_database_when_it_is_answered(engine: Engine, chunked: bool) -> None:
    class_id = lesson(engine, member(engine))
    made = HttpServer("127.0.0.1", 0, server_state_on(engine, Clock(at(61))))
    made.start()
    body = event_body("meeting.ended")
    connection = HTTPConnection("127.0.0.1", made.port, timeout=5)
    sent = iter([body[:7], body[7:]]) if chunked else body
    connection.request("POST", WEBHOOKS, sent, zoom_signature(body, at(61)), encode_chunked=chunked)
    answer = connection.getresponse()
    found = stored(engine, class_id)
    assert (answer.status, json.loads(answer.read())) == (200, {"success": True})
    assert found.status is ClassStatus.ENDED
    connection.close()
    made.stop()


def test_header_names_in_any_case_are_the_same(port: int) -> None:
    body = b'{"event": "endpoint.url_validation", "payload": {"plainToken": "q9"}}'
    signed = zoom_signature(body, at(61))
    headers = [f"{name.upper()}: {value}" for name, value in signed.items()]
    assert status(talk(port, post(*headers, f"cOnTeNt-LeNgTh: {len(body)}", body=body))) == 200


# -- how long a body is


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([], 411),
        (["Content-Length: 0"], 401),
        (["Content-Length: 007"], 401),
        (["Content-Length:"], 400),
        (["Content-Length: -1"], 400),
        (["Content-Length: +1"], 400),
        (["Content-Length: 1.0"], 400),
        (["Content-Length: 0x1"], 400),
        (["Content-Length: 1, 1"], 400),
        (["Content-Length: one"], 400),
        (["Content-Length: \xb2"], 400),
        (["Content-Length: 1_0"], 400),
        (["Content-Length: 1", "Content-Length: 1"], 400),
        (["Content-Length: 1", "content-length: 2"], 400),
        (["Content-Length : 1"], 400),
        (["Content-Length: 1\r\n 2"], 400),
        (["No colon at all"], 400),
        (["Transfer-Encoding: identity"], 501),
        (["Transfer-Encoding: Chunked"], 501),
        (["Transfer-Encoding: gzip, chunked"], 501),
        (["Transfer-Encoding: chunked, chunked"], 501),
        (["Transfer-Encoding: \x0bchunked"], 501),
        (["Transfer-Encoding:"], 501),
        (["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"], 400),
        (["Transfer-Encoding: chunked", "Transfer-Encoding: identity"], 400),
        (["Transfer-Encoding: chunked", "Content-Length: 5"], 400),
        (["Content-Length: 5", "Transfer-Encoding: chunked"], 400),
        (["transfer-ENCODING: x", "Content-Length: 1"], 400),
        (["X: a\rTransfer-Encoding: chunked", "Content-Length: 1"], 400),
        (["Transfer-Encoding: chunked\r\n , identity"], 501),
        (["Transfer-Encoding : chunked", "Content-Length: 1"], 400),
        ([f"Content-Length: {LARGEST_BODY + 1}"], 413),
        (["Content-Length: " + "9" * 40], 413),
        (["Content-Length: " + "9" * 5000], 413),
        (["X: " + "x" * 70_000], 431),
        ([f"X-{number}: 1" for number in range(150)], 431),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_a_body_whose_end_is_in_doubt_is_refused_and_ends_the_connection(
    port: int, headers: list[str], expected: int
) -> None:
    body = b"{}" if "007" not in "".join(headers) else b"1234567"
    content = talk(port, post(*headers, body=body if headers != ["Content-Length: 0"] else b""))
    assert status(content) == expected
    assert (b"\r\nConnection: close\r\n" in content) is (expected != 401)


def test_what_follows_a_refused_request_is_never_taken_for_another_one(port: int) -> None:
    smuggled = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    for headers in (
        ["Content-Length: 5", "Content-Length: 0"],
        ["Transfer-Encoding: chunked", "Content-Length: 5"],
        ["Transfer-Encoding: identity, chunked"],
    ):
        content = talk(port, post(*headers, body=b"0\r\n\r\n" + smuggled))
        assert content.count(b"HTTP/1.1 ") == 1
    content = talk(
        port, post("Transfer-Encoding: chunked", path="/api/zoom/participants", body=b"0\r\n\r\n" + smuggled)
    )
    assert status(content) == 501


def test_a_refusal_says_in_json_what_is_wrong(port: int) -> None:
    content = talk(port, post(f"Content-Length: {LARGEST_BODY + 1}"))
    assert json.loads(content.partition(b"\r\n\r\n")[2]) == {
        "success": False,
        "error": {"code": "request_entity_too_large", "message": f"The body is larger than {LARGEST_BODY} bytes."},
    }


def test_a_client_that_sends_its_whole_too_large_body_still_gets_the_answer(port: int) -> None:
    size = 5 * LARGEST_BODY
    assert status(talk(port, post(f"Content-Length: {size}"), b"x" * size)) == 413


def test_a_body_of_the_largest_size_is_read(port: int) -> None:
    assert status(talk(port, post(f"Content-Length: {LARGEST_BODY}"), b"x" * LARGEST_BODY)) == 401


def test_half_a_body_gets_no_answer(port: int) -> None:
    assert talk(port, post("Content-Length: 10", body=b"half")) == b""


def test_a_client_that_asks_first_is_told_to_go_on(port: int) -> None:
    with connect(port) as client:
        client.sendall(post("Content-Length: 2", "Expect: 100-continue"))
        assert client.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"{}")
        assert client.recv(1000).startswith(b"HTTP/1.1 401 ")


# -- bodies in chunks

CHUNKED = "Transfer-Encoding: chunked"
CHALLENGE = b'{"event":"endpoint.url_validation","payload":{"plainToken":"q9"}}'


def chunks(body: bytes, size: int, end: bytes = b"0\r\n\r\n") -> bytes:
    """The body in chunks of this size."""
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + end


def signed_lines(body: bytes) -> list[str]:
    return [f"{name}: {value}" for name, value in zoom_signature(body, at(61)).items()]


@pytest.mark.parametrize("size", [1, 7, 1000])
@pytest.mark.parametrize(
    "end",
    [b"0\r\n\r\n", b"000\r\n\r\n", b"0;last\r\n\r\n", b"0\r\nX-Sum: 1\r\nY:\r\n\r\n"],
    ids=lambda end: repr(end),
)
def test_a_webhook_in_chunks_is_read_to_its_end(port: int, size: int, end: bytes) -> None:
    content = talk(port, post(*signed_lines(CHALLENGE), CHUNKED, body=chunks(CHALLENGE, size, end)) + GET)
    first, second = content.split(b"HTTP/1.1 ")[1:]
    assert first.startswith(b"200 ")
    assert b'"plainToken": "q9"' in first
    assert second.startswith(b"404 ")  # the next request of the connection


def test_a_webhook_whose_chunks_come_one_by_one_is_read(port: int) -> None:
    with connect(port) as client:
        client.sendall(post(*signed_lines(CHALLENGE), CHUNKED, "Expect: 100-continue"))
        assert client.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        for byte in chunks(CHALLENGE, 30):
            client.sendall(bytes([byte]))
        assert client.recv(1000).startswith(b"HTTP/1.1 200 ")


SMUGGLED = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize(
    "body",
    [
        b"2\n{}\r\n0\r\n\r\n",
        b"2\r{}\r\n0\r\n\r\n",
        b"2 \r\n{}\r\n0\r\n\r\n",
        b" 2\r\n{}\r\n0\r\n\r\n",
        b"0x2\r\n{}\r\n0\r\n\r\n",
        b"+2\r\n{}\r\n0\r\n\r\n",
        b"-2\r\n{}\r\n0\r\n\r\n",
        b"2_\r\n{}\r\n0\r\n\r\n",
        b"\xb2\r\n{}\r\n0\r\n\r\n",
        b"g\r\n{}\r\n0\r\n\r\n",
        b"\r\n{}\r\n0\r\n\r\n",
        b"000000002\r\n{}\r\n0\r\n\r\n",
        b"2\r\n{}x\r\n0\r\n\r\n",
        b"2\r\n{}\n0\r\n\r\n",
        b"2\r\n{}0\r\n\r\n",
        b"3\r\n{}\r\n0\r\n\r\n",
        b"2;a\nb\r\n{}\r\n0\r\n\r\n",
        b"2;a\rb\r\n{}\r\n0\r\n\r\n",
        b"2;" + b"x" * 2000 + b"\r\n{}\r\n0\r\n\r\n",
        b"0\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
        b"0\r\nX\r\n\r\n",
        b"0\r\nX : 1\r\n\r\n",
        b"0\r\n X: 1\r\n\r\n",
        b"0\r\nX: 1\n\r\n",
        b"0\r\n\n",
        b"0\r\n" + b"X: 1\r\n" * 40 + b"\r\n",
        b"0\r\nX: " + b"x" * 5000 + b"\r\n\r\n",
    ],
    ids=lambda body: repr(body)[:40],
)
def test_chunks_whose_end_is_in_doubt_are_refused_and_end_the_connection(
    port: int, state: ServerState, body: bytes
) -> None:
    content = talk(port, post(CHUNKED, body=body + SMUGGLED))
    assert status(content) == 400
    assert b"\r\nConnection: close\r\n" in content
    assert noted(state) == {"refused:chunks_malformed": 1}


def test_chunks_of_more_than_the_largest_size_are_refused(port: int, state: ServerState) -> None:
    exactly, half = b"x" * LARGEST_BODY, LARGEST_BODY // 2
    assert status(talk(port, post(CHUNKED, body=chunks(exactly, 64 * 1024)))) == 401
    assert status(talk(port, post(CHUNKED, body=chunks(exactly, half, b"1\r\nx\r\n0\r\n\r\n")))) == 413
    assert status(talk(port, post(CHUNKED, body=b"ffffffff\r\n"))) == 413
    assert status(talk(port, post(CHUNKED, body=chunks(exactly, 1)))) == 413  # mostly the lines between them
    assert noted(state)["refused:body_too_large"] == 3


@pytest.mark.parametrize("body", [b"", b"2", b"2\r\n", b"2\r\n{", b"2\r\n{}", b"2\r\n{}\r\n", b"0\r\n", b"0\r\nX: 1"])
def test_chunks_that_are_cut_off_get_no_answer(port: int, state: ServerState, body: bytes) -> None:
    assert talk(port, post(CHUNKED, body=body)) == b""
    assert noted(state) == {"refused:body_cut_off": 1}


@pytest.mark.parametrize("version", ["HTTP/1.0"])
def test_an_older_client_has_no_chunks(port: int, version: str) -> None:
    request = post(CHUNKED, "Connection: keep-alive", body=b"0\r\n\r\n" + SMUGGLED)
    assert status(talk(port, request.replace(b"HTTP/1.1\r\nHost", f"{version}\r\nHost".encode(), 1))) == 400


# -- what is refused before it is read


def noted(state: ServerState) -> dict[str, int]:
    """The webhooks by what they came to."""
    return dict(state.webhook_counter._counts)


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (post(), "length_needed"),
        (post("Content-Length: x"), "length_malformed"),
        (post(f"Content-Length: {LARGEST_BODY + 1}"), "body_too_large"),
        (post("No colon at all"), "headers_malformed"),
        (post(*[f"X-{number}: 1" for number in range(150)]), "headers_malformed"),
        (post("Content-Length: 10", body=b"half"), "body_cut_off"),
        (post("Transfer-Encoding: gzip", body=b"x"), "transfer_coding_unknown"),
        (post(CHUNKED, "Content-Length: 1", body=b"x"), "length_doubtful"),
        (post("Content-Length: x", path=WEBHOOKS + "?x=1"), "length_malformed"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_webhooks_that_are_refused_unread_are_counted_with_the_reason(
    port: int, state: ServerState, sent: bytes, code: str
) -> None:
    talk(port, sent)
    assert noted(state) == {f"refused:{code}": 1}
    assert state.counters.registry.get_sample_value("tracker_webhooks_total", {"outcome": "refused"}) == 1
    assert sentence(code) != code


def test_a_webhook_that_drips_is_counted_as_too_slow(
    serve: Serve, state: ServerState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_server, "REQUEST_SECONDS", 0.3)
    for beginning in (post("Content-Length: 100000"), post(CHUNKED, body=b"ffff\r\n")):
        with connect(serve()) as client:
            client.sendall(beginning)
            assert seconds_until_closed(client, b"x") < 2
    assert noted(state) == {"refused:body_too_slow": 2}


def test_what_is_no_webhook_is_not_counted_as_one(port: int, state: ServerState) -> None:
    elsewhere = "/api/zoom/participants"
    for sent in (
        post(path=elsewhere),
        post("Content-Length: x", path=elsewhere),
        post("Content-Length: 10", path=elsewhere, body=b"half"),
        post(*[f"X-{number}: 1" for number in range(150)], path=elsewhere),
        post("Content-Length: x").replace(b"POST", b"GET"),
        b"nonsense\r\n\r\n",
        b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n",
    ):
        talk(port, sent)
    assert noted(state) == {}


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
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
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
        servers = [line for line in content.split(b"\r\n") if line.lower().startswith(b"server:")]
        assert servers in ([b"Server: tracker"], [])


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
    with socket.create_connection(("::1", made.port), timeout=5) as client:
        client.sendall(GET)
        assert client.recv(65536).startswith(b"HTTP/1.1 404 ")
    made.stop()
