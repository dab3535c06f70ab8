"""Clients of the tracker's HTTP server that speak through bare sockets."""

import socket
import time
from collections.abc import Callable

WEBHOOKS = "/api/webhooks/zoom"
GET = b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n"
Serve = Callable[[], int]


# For how long a test waits on a loaded machine for what is to come at once.
PATIENCE_SECONDS = 60


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS)


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
