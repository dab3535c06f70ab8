"""Bodies of requests over real sockets: how long they are, chunks, and what is refused before it is read."""

import json
from http.client import HTTPConnection

import pytest
from sqlalchemy import Engine

from tests.http_server.clients import (
    GET,
    PATIENCE_SECONDS,
    WEBHOOKS,
    Serve,
    connect,
    post,
    seconds_until_closed,
    status,
    talk,
)
from tests.makers import Clock, at, event_body, lesson, member, server_state_on, stored, zoom_signature
from tracker.attendance.types import ClassStatus
from tracker.messages import sentence
from tracker.server import http_server
from tracker.server.http_server import LARGEST_BODY, HttpServer
from tracker.server.routes import ServerState

pytestmark = pytest.mark.slow


# -- webhooks, all the way through


@pytest.mark.parametrize("chunked", [False, True])
def test_a_webhook_over_a_socket_is_in_the_database_when_it_is_answered(engine: Engine, chunked: bool) -> None:
    class_id = lesson(engine, member(engine))
    made = HttpServer("127.0.0.1", 0, server_state_on(engine, Clock(at(61))))
    made.start()
    body = event_body("meeting.ended")
    connection = HTTPConnection("127.0.0.1", made.port, timeout=PATIENCE_SECONDS)
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
