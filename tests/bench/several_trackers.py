"""One, two and four trackers on one PostgreSQL, and four by way of PgBouncer: webhooks, delay, fetches, what they take.

    .venv/bin/python -m tests.bench.several_trackers

takes one to three minutes and prints a table, a line for each number of trackers; `x` is against one tracker of the
same run. Run it on a machine that does nothing else. Trackers, PostgreSQL, the client and the practice Zoom share the
machine's processors, so with two cores more trackers show what they cost, and not what they would bring elsewhere. The
last column says what all processors were busy with: where that is near 100 %, the machine is the limit.

* webhooks/s: a tracker checks, commits and acknowledges each; sent over 32 connections, in turn to each tracker.
* delay: from a webhook that is sent to its answer, which comes after the commit; one after another.
* fetches: classes of 5 people that end at the same moment; by Zoom's rates of the plan Business, of which collecting
  takes two calls a class of 60 a second, three quarters of them for background work.
* connections: the most that PostgreSQL had at a time while webhooks came and fetches ran.
* CPU: seconds that all trackers, and PostgreSQL, computed for 1,000 webhooks. Memory: of one tracker, at the end.

The database lies on the disk of the temporary folder (TMPDIR), and waits for it.
"""

import multiprocessing
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import psutil
import psycopg
from sqlalchemy import func
from sqlmodel import col, select

from tests.bench.webhooks import CONNECTIONS, postgresql, send
from tests.chaos.lessons import Room
from tests.chaos.school import PracticeHost, practice_host
from tests.chaos.trackers import trackers
from tests.makers import event_body, member, zoom_signature
from tests.pgbouncer import PgBouncer, pgbouncer
from tests.practice_school import PRACTICE, environment
from tests.tracker_process import Tracker, wait_until
from tracker import clock
from tracker.classes import Plan, create_class
from tracker.clock import to_zoom
from tracker.practice import PracticeZoom
from tracker.services import connect
from tracker.settings import read_settings
from tracker.storage.database import Engine, make_engine, reading
from tracker.storage.models import LiveStream
from tracker.storage.schema import migrate

CLASSES, PEOPLE, ONE_BY_ONE = 120, 5, 60
CLIENTS = 4
RUNS = ((1, False), (2, False), (4, False), (4, True))


@dataclass
class Measured:
    """What one number of trackers did: rates a second, seconds, and bytes."""

    webhooks: float = 0.0
    delays: list[float] = field(default_factory=list)
    fetches: float = 0.0
    connections: int = 0
    tracker_seconds: float = 0.0
    postgres_seconds: float = 0.0
    memory: float = 0.0
    busy: float = 0.0


def signed(body: bytes) -> bytes:
    """The whole request."""
    headers = {"Host": "x", "Content-Length": str(len(body))}
    headers |= zoom_signature(body, clock.now(), PRACTICE.webhook_secret)
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST /api/webhooks/zoom HTTP/1.1\r\n{head}\r\n".encode() + body


def told(name: str, rooms: list[tuple[str, str, str, str]], **more: object) -> list[bytes]:
    """The webhook of this name about every session: meeting, UUID, start and end."""
    times = "end_time" if name == "meeting.ended" else ""
    return [
        signed(event_body(name, meeting, uuid, start_time=start, **({times: end} if times else {}), **more))
        for meeting, uuid, start, end in rooms
    ]


def make_sessions(engine: Engine, host: PracticeHost, given: dict[str, str]) -> list[tuple[str, str, str, str]]:
    """Classes of which the practice Zoom has a session that is over, and of which no tracker has heard."""
    services = connect(engine, read_settings(given))
    # They ended moments ago: half an hour after its planned end a tracker would ask for a class by itself.
    start = clock.now().replace(microsecond=0) - timedelta(minutes=61)
    made = []
    for number in range(CLASSES):
        if number % 60 == 0:
            teacher = member(engine, f"teacher{number}@school.example")
        class_id = create_class(services, teacher, Plan(f"Class {number}", start, 60, "UTC"))
        with reading(engine) as tx:
            meeting = tx.get_one(LiveStream, class_id).zoom_meeting_id or ""
        people = {f"Person {person}": (0, 60) for person in range(PEOPLE)}
        uuid = Room(host, meeting, start).held(0, 60, **people)
        made.append((meeting, uuid, to_zoom(start), to_zoom(start + timedelta(minutes=60))))
    return made


def in_turn(pool: ProcessPoolExecutor, running: list[Tracker], requests: list[bytes]) -> float:
    """Sends a share to each tracker, all at the same time; webhooks a second. Raises where one is not taken."""
    connections = max(CONNECTIONS // len(running), 1)
    began = time.perf_counter()
    shares = [
        pool.submit(send, one.port, requests[number :: len(running)], connections) for number, one in enumerate(running)
    ]
    refused = sum(share.result().refused for share in shares)
    if refused:
        raise RuntimeError(f"{refused} webhooks were refused")
    return len(requests) / (time.perf_counter() - began)


def count_counted(engine: Engine) -> int:
    with reading(engine) as tx:
        known = col(LiveStream.participant_count).is_not(None)
        return tx.exec(select(func.count()).select_from(LiveStream).where(known)).one()


@contextmanager
def most_connections(database_url: str, measured: Measured) -> Iterator[None]:
    """Notes the most connections that this database has until the end of the block."""
    over = threading.Event()
    ours = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"

    def look() -> None:
        with psycopg.connect(database_url, autocommit=True) as connection:
            while not over.wait(0.2):
                row = connection.execute(ours).fetchone()
                measured.connections = max(measured.connections, row[0] if row else 0)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield
    finally:
        over.set()
        looking.join()


def cpu_of(processes: list[psutil.Process]) -> float:
    """The seconds that these have computed so far."""
    return sum(sum(one.cpu_times()[:2]) for one in processes if one.is_running())


def postgres_processes(database_url: str) -> list[psutil.Process]:
    """The server and its children."""
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT pg_backend_pid()").fetchone()
        server = psutil.Process(row[0]).parent() if row else None
        return [] if server is None else [server, *server.children()]


def measure(
    count: int, server_url: str, bouncer: PgBouncer | None, pool: ProcessPoolExecutor, folder: Path
) -> Measured:
    """One number of trackers on a database of its own, by way of the PgBouncer where there is one."""
    measured, name = Measured(), f"bench_{count}_{'pgbouncer' if bouncer else 'direct'}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    direct = server_url.replace("/postgres?", f"/{name}?")
    with ExitStack() as stack:
        zoom = stack.enter_context(PracticeZoom(replace(PRACTICE, settle_seconds=0), clock.now))
        host = stack.enter_context(practice_host(zoom.url, clock.now))  # type: ignore[arg-type]
        url = bouncer.in_front_of(direct) if bouncer else direct
        given = environment(zoom.url, url, folder, FETCH_DELAY_SECONDS="1", ZOOM_PLAN="business")
        engine = make_engine(direct)
        stack.callback(engine.dispose)
        migrate(engine)
        rooms = make_sessions(engine, host, given)
        running = stack.enter_context(trackers(given, folder, count))
        stack.enter_context(most_connections(direct, measured))
        _send(measured, running, rooms, pool, direct)
        _fetch(measured, running, rooms, pool, engine)
        memory = [psutil.Process(one.process.pid).memory_info().rss for one in running if one.process]
        measured.memory = statistics.mean(memory)
    return measured


def _send(
    measured: Measured,
    running: list[Tracker],
    rooms: list[tuple[str, str, str, str]],
    pool: ProcessPoolExecutor,
    direct: str,
) -> None:
    """Meetings begin, people come and leave; then some come one after another."""
    requests = told("meeting.started", rooms)
    for what, moment in (("joined", "join_time"), ("left", "leave_time")):
        for person in range(PEOPLE):
            about = {"user_id": str(person), "user_name": f"Person {person}", moment: rooms[0][2]}
            requests += told(f"meeting.participant_{what}", rooms, participant=about)
    processes = [psutil.Process(one.process.pid) for one in running if one.process]
    servers = postgres_processes(direct)
    psutil.cpu_percent()
    ours, theirs = cpu_of(processes), cpu_of(servers)
    measured.webhooks = in_turn(pool, running, requests)
    measured.busy = psutil.cpu_percent()
    measured.tracker_seconds = (cpu_of(processes) - ours) * 1000 / len(requests)
    measured.postgres_seconds = (cpu_of(postgres_processes(direct)) - theirs) * 1000 / len(requests)
    for number in range(ONE_BY_ONE):
        about = {"user_id": f"9{number}", "user_name": "Late", "join_time": rooms[0][2]}
        request = told("meeting.participant_joined", rooms[:1], participant=about)
        measured.delays.append(pool.submit(send, running[number % len(running)].port, request, 1).result().slowest)


def _fetch(
    measured: Measured,
    running: list[Tracker],
    rooms: list[tuple[str, str, str, str]],
    pool: ProcessPoolExecutor,
    engine: Engine,
) -> None:
    """All classes end at the same moment, and are collected."""
    began = time.perf_counter()
    in_turn(pool, running, told("meeting.ended", rooms))
    wait_until(lambda: count_counted(engine) == CLASSES or time.sleep(0.2), "all classes are counted")
    measured.fetches = CLASSES / (time.perf_counter() - began)


def show(title: str, found: Measured, one: Measured) -> None:
    """A line of the table."""
    delays = sorted(found.delays)
    print(
        f"| {title} | {found.webhooks:.0f} ({found.webhooks / one.webhooks:.2f} x)"
        f" | {1000 * statistics.median(delays):.0f} / {1000 * delays[len(delays) * 95 // 100]:.0f}"
        f" | {60 * found.fetches:.0f} ({found.fetches / one.fetches:.2f} x) | {found.connections}"
        f" | {found.tracker_seconds:.1f} + {found.postgres_seconds:.1f}"
        f" | {found.memory / 1e6:.0f} | {found.busy:.0f} |",
        flush=True,
    )


def main() -> None:
    print(f"{psutil.cpu_count()} cores; {CLASSES} classes of {PEOPLE} people for each line")
    print(
        "| trackers | webhooks/s | delay ms, median / 95 % | fetches/min | connections | CPU s per 1,000 webhooks, ",
        end="",
    )
    print("trackers + PostgreSQL | MB a tracker | CPU busy % |\n|---|---|---|---|---|---|---|---|", flush=True)
    first: Measured | None = None
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name,
        # Before anything is measured, each client has imported what it needs, and is there.
        ProcessPoolExecutor(CLIENTS, multiprocessing.get_context("spawn"), signed, (b"",)) as pool,
        postgresql(Path(name) / "pg") as server_url,
    ):
        list(pool.map(time.sleep, [0.5] * CLIENTS))
        for count, by_way in RUNS:
            folder = Path(name) / f"{count}-{by_way}"
            folder.mkdir()
            with pgbouncer(server_url) if by_way else nullcontext() as bouncer:
                found = measure(count, server_url, bouncer, pool, folder)
            first = first or found
            show(f"{count}{' by way of PgBouncer' if by_way else ''}", found, first)


if __name__ == "__main__":
    main()
