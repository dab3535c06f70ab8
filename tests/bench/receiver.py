"""Webhooks per second with signature check and commit, against the bare `http.server` that checks and keeps nothing.

The client is a process of its own with some connections at a time. SQLite, on the disk of the temporary folder.
"""

import multiprocessing
import socket
import tempfile
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from sqlalchemy import func
from sqlmodel import select

from tests.makers import desk_on, event_body, lesson, member, zoom_signature
from tracker import clock
from tracker.database import make_engine, migrate, reading
from tracker.listener import Receiver
from tracker.models import WebhookDelivery

CLASSES, CONNECTIONS = 500, 4


class Bare(BaseHTTPRequestHandler):
    """What everybody writes first: one connection a request, as `http.server` has it."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: Any) -> None:
        pass


class BareKeepAlive(Bare):
    protocol_version = "HTTP/1.1"


def raw_request(body: bytes) -> bytes:
    headers = {"Host": "x", "Content-Length": str(len(body))} | zoom_signature(body, clock.now())
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST /api/webhooks/zoom HTTP/1.1\r\n{head}\r\n".encode() + body


def send(port: int, requests: list[bytes], keep_alive: bool, refused: list[bytes]) -> None:
    """Sends requests one after another; answers other than 200 are added to `refused`."""
    connection: socket.socket | None = None
    for request in requests:
        if connection is None:
            connection = socket.create_connection(("127.0.0.1", port), timeout=30)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(request)
        answer = b""
        while b"\r\n\r\n" not in answer or not answer.endswith(b"}"):
            answer += (chunk := connection.recv(65536))
            assert chunk, answer
        if answer.split(b" ", 2)[1] != b"200":
            refused.append(answer)
        if not keep_alive:
            connection.close()
            connection = None
    if connection is not None:
        connection.close()


def requests_per_second(port: int, requests: list[bytes], keep_alive: bool) -> tuple[float, int]:
    """The rate, and how many were refused. Runs in the client's process."""
    refused: list[bytes] = []
    shares = [requests[number::CONNECTIONS] for number in range(CONNECTIONS)]
    threads = [threading.Thread(target=send, args=(port, share, keep_alive, refused)) for share in shares]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(requests) / (time.perf_counter() - began), len(refused)


def bare(pool: ProcessPoolExecutor, handler: type[Bare], requests: list[bytes], keep_alive: bool) -> float:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    rate, _refused = pool.submit(requests_per_second, server.server_address[1], requests, keep_alive).result()
    server.shutdown()
    server.server_close()
    return rate


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool,
    ):
        engine = make_engine(f"sqlite:///{Path(folder) / 'bench.sqlite3'}")
        migrate(engine)
        teacher = member(engine)
        for number in range(CLASSES):
            lesson(engine, teacher, zoom_meeting_id=str(80_000_000_000 + number))
        bodies = [
            event_body(name, str(80_000_000_000 + number), f"uuid-{number}")
            for name in ("meeting.started", "meeting.ended")
            for number in range(CLASSES)
        ]
        requests = [raw_request(body) for body in bodies]
        default = bare(pool, Bare, requests, keep_alive=False)
        keep_alive = bare(pool, BareKeepAlive, requests[:200], keep_alive=True)

        receiver = Receiver("127.0.0.1", 0, desk_on(engine, clock.now))
        receiver.start()
        first = pool.submit(requests_per_second, receiver.port, requests, True).result()
        repeated = pool.submit(requests_per_second, receiver.port, requests, True).result()
        receiver.stop()
        with reading(engine) as tx:
            kept = tx.exec(select(func.count()).select_from(WebhookDelivery)).one()
        engine.dispose()

    print(f"bare http.server, as it comes        {default:8.0f} requests/s")
    print(f"bare http.server, keep-alive         {keep_alive:8.0f} requests/s")
    for what, (rate, refused) in (("webhooks, each committed", first), ("the same webhooks again", repeated)):
        ratios = f"{rate / default:.2f} x as it comes, {rate / keep_alive:.2f} x keep-alive, {refused} refused"
        print(f"{what:<36} {rate:8.0f} requests/s   {ratios}")
    print(f"{kept} of {len(requests)} webhooks are in the database")


if __name__ == "__main__":
    main()
