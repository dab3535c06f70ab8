"""Connections that are slow, many, endless or huge: at the dashboard's HTTP, and at a dashboard that runs."""

import asyncio
import shutil
import socket
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import pytest
import uvicorn
from uvicorn.server import ServerState
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.demo_process import free_port
from tests.gate_client import EMAIL, PASSWORD, account
from tests.makers import environment
from tracker.server.dashboard_process import WEB_SERVER_OPTIONS, Dashboard
from tracker.settings import read_settings
from tracker.storage.database import make_engine
from tracker.ui.connections import LARGEST_HEAD, MOST, MOST_OF_ADDRESS, SECONDS_FOR_REQUEST, LimitedHttp
from tracker.ui.sign_in import COOKIE

HEAD = b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n"


# The protocol by itself


class Task:
    """Work that was begun and is never done."""

    def add_done_callback(self, call: Any) -> None: ...


class Loop:
    """A loop that starts nothing; `due` are the calls that wait for their time."""

    def __init__(self) -> None:
        self.due: list[tuple[float, Callable[[], None]]] = []

    def call_later(self, seconds: float, call: Callable[[], None]) -> Any:
        entry = (seconds, call)
        self.due.append(entry)
        return SimpleNamespace(cancel=lambda: self.due.remove(entry) if entry in self.due else None)

    def create_task(self, work: Any) -> Any:
        work.close()
        return Task()


class Transport(asyncio.Transport):
    """One end of a connection from `peer`; `ended` is how it was ended."""

    def __init__(self, peer: str) -> None:
        super().__init__({"peername": (peer, 50_000), "sockname": ("192.0.2.1", 8501)})
        self.ended, self.sent = "", b""

    def abort(self) -> None:
        self.ended = "aborted"

    def close(self) -> None:
        self.ended = "closed"

    def is_closing(self) -> bool:
        return self.ended != ""

    def write(self, data: Any) -> None:
        self.sent += bytes(data)

    def get_protocol(self) -> Any:
        return None

    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...


class Server:
    """The web server's side of connections, without sockets and without waiting."""

    def __init__(self) -> None:
        config = {"http": LimitedHttp, "log_config": None, "forwarded_allow_ips": "10.0.0.1"}
        self.config = uvicorn.Config(lambda scope: None, **config)
        self.config.load()
        self.state, self.loop = ServerState(), Loop()

    def connection(self, peer: str = "203.0.113.5") -> tuple[LimitedHttp, Transport]:
        made, transport = LimitedHttp(self.config, self.state, {}, _loop=self.loop), Transport(peer)
        made.connection_made(transport)
        return made, transport

    def wait(self) -> None:
        """Time passes until everything is due that waits now."""
        for _seconds, call in list(self.loop.due):
            call()


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.mark.parametrize("sent", [b"", b"P", HEAD[:30], HEAD[:-2], HEAD, HEAD + b"email=a"])
def test_a_request_that_never_ends(server: Server, sent: bytes) -> None:
    connection, transport = server.connection()
    for byte in sent:
        connection.data_received(bytes([byte]))
    assert {seconds for seconds, _call in server.loop.due} == {SECONDS_FOR_REQUEST}
    server.wait()
    assert transport.ended == "aborted"


def test_a_second_request_that_never_ends_after_a_first_that_did(server: Server) -> None:
    connection, transport = server.connection()
    connection.data_received(HEAD + b"email=a&b=")
    assert server.loop.due == []  # the answer may take its time
    connection.cycle.response_complete = True
    connection.data_received(HEAD[:9])
    server.wait()
    assert transport.ended == "aborted"


def test_a_head_without_an_end(server: Server) -> None:
    connection, transport = server.connection()
    connection.data_received(HEAD[:-2])
    for _ in range(LARGEST_HEAD // 1000 + 1):
        if not transport.ended:
            connection.data_received(b"x-more: " + b"x" * 990 + b"\r\n")
    assert (transport.ended, transport.sent[:12]) == ("closed", b"HTTP/1.1 400")


def test_more_connections_than_one_address_may_have(server: Server) -> None:
    kept = [server.connection(f"2001:db8::{number:x}")[1] for number in range(MOST_OF_ADDRESS)]
    assert {transport.ended for transport in kept} == {""}
    assert server.connection("2001:db8::ffff")[1].ended == "aborted"
    assert server.connection("2001:db8:0:1::1")[1].ended == ""


def test_more_connections_than_there_are_places(server: Server) -> None:
    kept = [server.connection("10.0.0.1")[1] for _ in range(MOST)]
    assert {transport.ended for transport in kept} == {""}  # the web server in front has as many as it likes
    assert server.connection("203.0.113.5")[1].ended == "aborted"


# A dashboard that runs


class Running:
    """A dashboard, somebody who is signed in there, and how many calls it has made to the outside."""

    def __init__(self, url: str, outside: socket.socket) -> None:
        self.url, self.address, self._outside = url, url.removeprefix("http://"), outside
        self.cookie = f"{COOKIE}={self._sign_in()}"

    def _sign_in(self) -> str:
        class Stay(urllib.request.HTTPRedirectHandler):
            def redirect_request(self, *_: Any) -> None: ...

        form = urlencode({"email": EMAIL, "password": PASSWORD}).encode()
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.build_opener(Stay).open(f"{self.url}/login", form, timeout=60)
        with caught.value as answer:
            return answer.headers["Set-Cookie"].partition(f"{COOKIE}=")[2].partition(";")[0]

    def page(self) -> ClientConnection:
        """The websocket of an open page."""
        return self.open(self.url)

    def open(self, origin: str) -> ClientConnection:
        """The websocket, opened by a page of this origin."""
        address = f"ws://{self.address}/_stcore/stream"
        return connect(address, origin=origin, additional_headers={"Cookie": self.cookie}, proxy=None)  # type: ignore[arg-type]

    def raw(self) -> socket.socket:
        host, port = self.address.split(":")
        return socket.create_connection((host, int(port)), timeout=60)

    def calls_outside(self) -> int:
        """How often somebody knocked at what stands for the rest of the internet."""
        found = 0
        while True:
            try:
                self._outside.accept()[0].close()
            except BlockingIOError:
                return found
            found += 1


def closed(page: ClientConnection) -> int | None:
    """The code with which the other side closes this websocket; None where the connection ends before it is read."""
    with pytest.raises(ConnectionClosedError) as caught:
        list(page)
    return caught.value.rcvd and caught.value.rcvd.code


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("dashboard")
    database = shutil.copy(migrated_file, folder / "test.sqlite3")
    engine = make_engine(f"sqlite:///{database}")
    account(engine)
    engine.dispose()
    with socket.create_server(("127.0.0.1", 0)) as outside, pytest.MonkeyPatch.context() as patch:
        outside.setblocking(False)
        proxy = f"http://127.0.0.1:{outside.getsockname()[1]}"
        given = environment(
            DATABASE_URL=f"sqlite:///{database}",
            TRACKER_DATA_DIR=str(folder),
            DASHBOARD_PORT=str(free_port()),
            FORWARDED_ALLOW_IPS="192.0.2.9",
        ) | {"http_proxy": proxy, "https_proxy": proxy, "all_proxy": proxy, "no_proxy": ""}
        patch.setenv("no_proxy", "*")  # of the test itself
        with Dashboard(read_settings(given), given) as dashboard:
            yield Running(dashboard.url, outside)


@pytest.mark.slow
def test_a_foreign_page_has_the_dashboard_call_an_outside_service(running: Running) -> None:
    for origin in ("http://evil.example", "https://evil.example", "http://192.0.2.7:8501", "null"):
        with pytest.raises(InvalidStatus, match="403"):
            running.open(origin)
    with running.page() as page:
        page.ping().wait(60)
    assert running.calls_outside() == 0


@pytest.mark.slow
@pytest.mark.parametrize("announced", [2**18 + 1, 2**31, 2**62])
def test_a_message_that_is_too_large_is_not_even_waited_for(running: Running, announced: int) -> None:
    with running.page() as page:
        # The head of a binary message with a mask, and nothing of what it announces.
        page.socket.sendall(b"\x82\xff" + announced.to_bytes(8, "big") + b"mask")
        assert closed(page) == 1009


@pytest.mark.slow
def test_a_large_message_in_small_pieces(running: Running) -> None:
    with running.page() as page:
        with suppress(ConnectionClosedError):
            page.send(b"x" * 1000 for _ in range(300))
        # What was sent on after it had closed may have reset the connection.
        assert closed(page) in (1009, None)


@pytest.mark.slow
def test_what_the_web_server_says_of_itself(running: Running) -> None:
    for request in (b"GET /login HTTP/1.1\r\nHost: localhost\r\n\r\n", b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n"):
        with running.raw() as connection:
            connection.sendall(request)
            head = connection.recv(4096).partition(b"\r\n\r\n")[0].lower()
        assert head.startswith(b"http/1.1 ")
        assert not any(word in head for word in (b"\nserver:", b"uvicorn", b"python", b"streamlit"))


@pytest.mark.slow
def test_one_address_takes_every_connection(running: Running) -> None:
    held = [running.raw() for _ in range(MOST_OF_ADDRESS)]
    with running.raw() as one_more:
        assert one_more.recv(1) == b""
    for connection in held:
        connection.close()
    with running.page() as page:
        page.ping().wait(60)


def test_messages_are_not_unpacked() -> None:
    assert "--ws-per-message-deflate=false" in WEB_SERVER_OPTIONS
