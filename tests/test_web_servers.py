"""What nginx and Caddy pass on, with the configuration that goes with the product."""

import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.tools import needs, path_of
from tests.web_servers import CADDY_FILE, WebServer, caddy, nginx

pytestmark = pytest.mark.slow
WEBHOOKS = "/api/webhooks/zoom"
# Whoever unpacks it, or writes it anew, changes these bytes.
BODY = '{"event" :"x",  "name":"Zoë \\u00eb \\/",\r\n "n":1.0}\n'.encode()
STARTS = {"nginx": nginx, "caddy": caddy}


@dataclass
class Heard:
    """What somebody behind the web server was asked."""

    port: int
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


class Behind(BaseHTTPRequestHandler):
    """Notes what comes, and sends back whatever comes over a websocket."""

    protocol_version = "HTTP/1.1"
    heard: Heard

    def do_GET(self) -> None:
        if self.headers.get("Upgrade") == "websocket":
            self._note(b"")
            self.send_response(101)
            self.send_header("Upgrade", "websocket")
            self.send_header("Connection", "Upgrade")
            self.end_headers()
            while chunk := self.connection.recv(1024):
                self.connection.sendall(chunk[::-1])
            self.close_connection = True
        else:
            self.do_POST()

    def do_POST(self) -> None:
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            length = int(self.headers.get("Content-Length", 0))
            body = self.rfile.read(length)
            if len(body) < length:  # cut off: nobody would take it
                self.close_connection = True
                return
        self._note(body)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def do_PUT(self) -> None:
        self.do_POST()

    def _note(self, body: bytes) -> None:
        self.heard.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


class Quiet(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Connections that break off are the web server's matter."""


@pytest.fixture(scope="module")
def behind() -> Iterator[tuple[Heard, Heard]]:
    """A tracker and a dashboard, as far as a web server knows."""
    with ExitStack() as stack:
        found = []
        for _ in range(2):
            server = stack.enter_context(Quiet(("127.0.0.1", 0), type("Handler", (Behind,), {})))
            heard = server.RequestHandlerClass.heard = Heard(server.server_address[1])  # type: ignore[attr-defined]
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
            stack.callback(server.shutdown)
            found.append(heard)
        yield found[0], found[1]


@pytest.fixture(scope="module", params=[pytest.param(name, marks=needs(name)) for name in STARTS])
def front(
    request: pytest.FixtureRequest, behind: tuple[Heard, Heard], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WebServer]:
    """Each of the web servers in front of them."""
    tracker, dashboard = behind
    folder = tmp_path_factory.mktemp(request.param)
    with STARTS[request.param](folder, [tracker.port], [dashboard.port]) as server:
        yield server


@pytest.fixture(autouse=True)
def _nothing_heard(behind: tuple[Heard, Heard]) -> None:
    for heard in behind:
        heard.requests.clear()


def test_a_webhook_goes_to_the_tracker_with_its_body_and_signature_as_they_are(
    front: WebServer, behind: tuple[Heard, Heard]
) -> None:
    tracker, dashboard = behind
    forged = {"x-zm-signature": "v0=a", "X-Forwarded-For": "203.0.113.9", "Content-Type": "application/json"}
    assert front.ask("POST", WEBHOOKS, BODY, forged) == (200, b"ok")
    ((path, headers, body),) = tracker.requests
    assert (path, body, headers["x-zm-signature"]) == (WEBHOOKS, BODY, "v0=a")
    assert headers["content-type"] == "application/json"
    # Whoever asks cannot say where from.
    assert (headers["x-forwarded-for"], headers["x-forwarded-proto"]) == ("127.0.0.1", "https")
    assert dashboard.requests == []


def test_a_webhook_in_chunks_has_the_same_body(front: WebServer, behind: tuple[Heard, Heard]) -> None:
    connection = front.connect()
    connection.request("POST", WEBHOOKS, iter([BODY[:7], BODY[7:]]), encode_chunked=True)
    assert connection.getresponse().status == 200
    connection.close()
    assert behind[0].requests[0][2] == BODY


def test_a_webhook_larger_than_any_does_not_reach_the_tracker_whole(
    front: WebServer, behind: tuple[Heard, Heard]
) -> None:
    assert front.ask("POST", WEBHOOKS, b"x" * 1_000_000)[0] == 200
    # Caddy finds out while it passes the body on.
    assert front.ask("POST", WEBHOOKS, b"x" * 1_100_000)[0] in (413, 502)
    assert [len(body) for _, _, body in behind[0].requests] == [1_000_000]


@pytest.mark.parametrize("path", ["/", "/class?id=1", "/api/zoom/participants", f"{WEBHOOKS}/more", "/my/abc"])
def test_everything_else_goes_to_the_dashboard_with_the_name_that_the_browser_knows(
    front: WebServer, behind: tuple[Heard, Heard], path: str
) -> None:
    tracker, dashboard = behind
    assert front.ask("GET", path, headers={"X-Forwarded-Proto": "http"}) == (200, b"ok")
    ((asked, headers, _),) = dashboard.requests
    assert (asked, headers["host"], headers["x-forwarded-proto"]) == (path, f"127.0.0.1:{front.port}", "https")
    assert tracker.requests == []


def test_files_of_five_megabytes_reach_the_dashboard(front: WebServer, behind: tuple[Heard, Heard]) -> None:
    content = os.urandom(5_200_000)
    assert front.ask("PUT", "/_stcore/upload_file/a/b", content)[0] == 200
    assert behind[1].requests[0][2] == content


@pytest.mark.parametrize("path", ["/healthz", "/metrics"])
def test_what_is_for_monitoring_is_not_to_be_had_from_outside(
    front: WebServer, behind: tuple[Heard, Heard], path: str
) -> None:
    assert front.ask("GET", path)[0] == 404
    assert [heard.requests for heard in behind] == [[], []]


def test_websockets_go_both_ways(front: WebServer, behind: tuple[Heard, Heard]) -> None:
    plain = socket.create_connection(("127.0.0.1", front.port), timeout=60)
    with front.trust.wrap_socket(plain, server_hostname="127.0.0.1") as client:
        lines = ("Host: 127.0.0.1", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13")
        key = "Sec-WebSocket-Key: a2V5a2V5a2V5a2V5a2U="
        client.sendall("\r\n".join(["GET /_stcore/stream HTTP/1.1", *lines, key, "", ""]).encode())
        answer = b""
        while not answer.endswith(b"\r\n\r\n"):
            answer += client.recv(1)
        assert answer.startswith(b"HTTP/1.1 101 ")
        for message in (b"\x81abc", b"\x81def"):
            client.sendall(message)
            assert client.recv(1024) == message[::-1]
    assert behind[1].requests[0][0] == "/_stcore/stream"


def test_who_comes_without_tls_is_sent_to_come_with_it(front: WebServer, behind: tuple[Heard, Heard]) -> None:
    with socket.create_connection(("127.0.0.1", front.plain_port), timeout=60) as client:
        client.sendall(b"GET /class HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    assert answer.partition(b" ")[2][:3] in (b"301", b"308")
    assert b"\r\nLocation: https://127.0.0.1" in answer
    assert [heard.requests for heard in behind] == [[], []]


@needs("caddy")
def test_the_file_of_caddy_is_written_as_caddy_writes_it() -> None:
    command = [str(path_of("caddy")), "fmt", "--diff", str(CADDY_FILE)]
    assert subprocess.run(command, capture_output=True, check=False, timeout=60).returncode == 0


def test_a_test_without_its_program_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TESTS_NEED_TOOLS", raising=False)
    assert needs("no-such-program").args == (True,)
    assert needs("no-such-program", "sh").args == (False,)
    monkeypatch.setenv("TESTS_NEED_TOOLS", "1")
    assert needs("no-such-program").args == (False,)
