"""A practice Zoom whose time a test sets, a client of it, and a receiver of its webhooks."""

import hashlib
import hmac
import json
import queue
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.practice.clients import SETTINGS, Client, Clock, Open, Receiver
from tracker.practice import PracticeZoom


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            content = json.loads(body)
            reply = b""
            if content["event"] == "endpoint.url_validation":
                token = content["payload"]["plainToken"]
                digest = hmac.new(found.secret.encode(), token.encode(), hashlib.sha256).hexdigest()
                reply = json.dumps({"plainToken": token, "encryptedToken": digest}).encode()
            found.got.put(({name.lower(): text for name, text in self.headers.items()}, body))
            self.send_response(found.answers.pop(0) if found.answers else 200)
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found = Receiver(f"http://127.0.0.1:{server.server_address[1]}/hook", queue.Queue(), [])
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def serve(clock: Clock) -> Iterator[Open]:
    """Starts a practice Zoom with the given settings changed, and returns a client of it."""
    with ExitStack() as stack:

        def start(**changes: Any) -> Client:
            zoom = stack.enter_context(PracticeZoom(replace(SETTINGS, **changes), clock))
            return stack.enter_context(Client(zoom.url))

        yield start


@pytest.fixture
def zoom(serve: Open) -> Client:
    return serve()
