"""Whatever comes over a connection: well-formed answers or its end, and a server that goes on."""

import json
import logging
import re
import socket
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.values import any_of
from tests.makers import Clock, server_state_on
from tracker.server.http_server import HttpServer
from tracker.storage.database import make_engine

pytestmark = pytest.mark.slow

LINES = (
    *(b"GET /healthz HTTP/1.1", b"POST /api/webhooks/zoom HTTP/1.1", b"HEAD /nothing HTTP/1.0", b"PUT / HTTP/1.1"),
    *(b"GET /api/zoom/participants?streamId=%00 HTTP/1.1", b"POST /api/zoom/participants HTTP/1.1", b"GET /", b"GET"),
    *(b"GET //[x HTTP/1.1", b"GET http://[/ HTTP/1.1", b"GET /healthz HTTP/2.0", b"GET /healthz HTTP/1.10000000000"),
    *(b"BREW /pot HTTP/1.1", b"\x16\x03\x01\x02", b"", b"OPTIONS * HTTP/1.1", b"GET /" + b"a" * 70_000 + b" HTTP/1.1"),
)
HEADERS = (
    *(b"Host: x", b"Content-Length: 4", b"Content-Length: 0", b"Content-Length: -1", b"Content-Length: 99999999999999"),
    *(b"Content-Length: 1_0", b"Content-Length: \xb2", b"Content-Length : 4", b"Transfer-Encoding: chunked", b": x"),
    *(b"Connection: close", b"Connection: keep-alive", b"Expect: 100-continue", b"X-Zm-Signature: v0=\xff\xfe", b"a"),
    *(b"X-Zm-Request-Timestamp: 9" * 3, b"Authorization: Bearer \xe9", b" folded", b"A: " + b"b" * 70_000, b"A: \x00"),
)
crumbs = st.sampled_from([b"\r\n", b"\n", b"\r", b" ", b"\0", b"\r\n\r\n", b"body", b"{}", b"0\r\n\r\n"])
lines = any_of(LINES) | st.binary(max_size=30)
header_lines = st.lists(any_of(HEADERS) | st.binary(max_size=30), max_size=5)
requests = st.tuples(lines, header_lines, st.binary(max_size=8)).map(
    lambda parts: b"\r\n".join([parts[0], *parts[1]]) + b"\r\n\r\n" + parts[2]
)
streams = st.lists(requests | crumbs | st.binary(max_size=40), min_size=1, max_size=5)
HEAD = re.compile(rb"HTTP/1\.[01] ([1-5][0-9][0-9]) [^\r\n]*\r\n((?:[!-9;-~]+: [^\r\n]*\r\n)*)\r\n")


@pytest.fixture
def port(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[int]:
    """A server whose database has no tables; nothing that a client does may leave a trace."""
    made = HttpServer("127.0.0.1", 0, server_state_on(make_engine("sqlite://"), Clock()))
    made.start()
    yield made.port
    made.stop()
    assert [
        record for record in caplog.records if record.levelno >= logging.WARNING and "away" not in record.message
    ] == []
    assert capfd.readouterr().err == ""


def talk(port: int, *pieces: bytes) -> bytes:
    """Everything that comes back for these pieces, until the other side closes."""
    content = b""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as client, suppress(OSError):
        for piece in pieces:
            client.sendall(piece)
        client.shutdown(socket.SHUT_WR)
        while chunk := client.recv(65536):
            content += chunk
    return content


def statuses(content: bytes) -> list[int]:
    """The statuses of the answers in `content`. Fails on anything that is no answer."""
    found = []
    while content:
        if content[:1] in b"{<":  # to the oldest protocol a bare body is the answer, and the end
            return found
        head = HEAD.match(content)
        assert head is not None, content[:300]
        found.append(int(head[1]))
        content = content[head.end() :]
        length = re.search(rb"(?im)^content-length: ([0-9]+)\r$", head[2])
        if found[-1] != 100 and not content.startswith(b"HTTP/1."):  # unless it was asked for without its body
            assert length is not None
            assert not content or len(content) >= int(length[1])
            content = content[int(length[1]) :]
    return found


@given(pieces=streams)
def test_any_bytes_are_answered_or_cut_off_and_the_next_one_is_served(port: int, pieces: list[bytes]) -> None:
    found = statuses(talk(port, *pieces))
    # 503: there is nothing in the database that is asked for here. 505: a version that is not spoken.
    assert [status for status in found if status >= 500 and status not in (501, 503, 505)] == []
    assert statuses(talk(port, b"GET /nothing HTTP/1.1\r\n\r\n")) == [404]


@pytest.mark.parametrize(
    "begin",
    [
        b"GET /",
        b"GET / HTTP/1.1\r\nA: ",
        b"POST /api/webhooks/zoom HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
        b"POST /api/webhooks/zoom HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
@pytest.mark.parametrize("more", [b"x" * 65_536, b"a: b\r\n" * 10_000])
def test_what_never_ends_is_cut_off(port: int, begin: bytes, more: bytes) -> None:
    sent = 0
    with socket.create_connection(("127.0.0.1", port), timeout=60) as client, suppress(ConnectionError):
        client.sendall(begin)
        while sent < 256 * 1024 * 1024:
            client.sendall(more)
            sent += len(more)
    # What the two sockets hold, and what is read on for a moment so that the answer gets through.
    assert sent < 128 * 1024 * 1024
    assert json.loads(talk(port, b"GET /nothing HTTP/1.1\r\n\r\n").split(b"\r\n\r\n")[1])["success"] is False
