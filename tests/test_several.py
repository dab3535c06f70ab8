"""Several trackers on one PostgreSQL: by way of PgBouncer, and when the network or a server hangs or goes away."""

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any, Self

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import Engine, make_url
from sqlalchemy.exc import OperationalError

from tests.makers import Clock, ended, event_body, lesson, member, server_state_on, services, stored, zoom_signature
from tests.postgres import server, standby_of
from tests.tracker_process import call
from tracker import storage
from tracker.attendance.types import ClassStatus
from tracker.server.http_server import HttpServer
from tracker.services import Services
from tracker.sessions import note_delivery
from tracker.storage import postgres
from tracker.storage.database import AWAY, make_engine, transaction
from tracker.storage.schema import migrate

pytestmark = pytest.mark.slow
MEETING_OF = "850000000{:02}".format


# By way of PgBouncer in transaction mode


@pytest.mark.database("pgbouncer")
def test_a_transaction_leaves_nothing_on_the_connection_that_another_one_gets_after_it(
    engine: Engine, database_url: str
) -> None:
    teacher = member(engine)
    ids = [lesson(engine, teacher, zoom_meeting_id=MEETING_OF(number)) for number in range(4)]

    def look(number: int) -> str:
        with transaction(engine) as tx:
            return storage.classes.lock_class(tx, ids[number % 4]).title

    with ThreadPoolExecutor(12) as pool:
        assert set(pool.map(look, range(400))) == {"Algebra 7B"}
    with psycopg.connect(database_url, autocommit=True, prepare_threshold=None) as connection:
        for question in ("SELECT count(*)::text FROM pg_prepared_statements", "SHOW statement_timeout"):
            assert {connection.execute(question).fetchone() for _ in range(20)} == {("0",)}


# A network, or a server, that takes everything and answers nothing


class Network(ThreadingTCPServer):
    """The way to a PostgreSQL, which can become a black hole: it takes all, as a peer that lives, and nothing comes."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, database_url: str) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self._to = make_url(database_url)
        self.works = threading.Event()
        self.works.set()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.server_address[1]}/{self._to.database}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.works.set()
        self.shutdown()
        self.server_close()

    def connect(self) -> socket.socket:
        given = conninfo_to_dict(self._to.render_as_string(hide_password=False))
        if str(given["host"]).startswith("/"):
            found = socket.socket(socket.AF_UNIX)
            found.connect(f"{given['host']}/.s.PGSQL.{given.get('port', 5432)}")
            return found
        return socket.create_connection((str(given["host"]), int(given["port"])))

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Connections that break are what this is about."""


class _Connection(BaseRequestHandler):
    server: Network

    def handle(self) -> None:
        with self.server.connect() as database:
            back = threading.Thread(target=self._pass_on, args=(database, self.request), daemon=True)
            back.start()
            self._pass_on(self.request, database)

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while chunk := source.recv(65_536):
                self.server.works.wait()
                sink.sendall(chunk)
        # Neither does the end of a connection go through a black hole.
        self.server.works.wait()
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)


@pytest.fixture
def network(database_url: str) -> Iterator[Network]:
    with Network(database_url) as made:
        yield made


@pytest.fixture
def far(network: Network) -> Iterator[Engine]:
    """The database at the other end of that network."""
    made = make_engine(network.url)
    yield made
    network.works.set()
    made.dispose()


def test_each_wait_for_the_database_has_an_end() -> None:
    assert postgres.ImpatientConnection.silent_seconds == postgres.SILENT_SECONDS < 30
    assert postgres.OPTIONS["connect_timeout"] + postgres.SILENT_SECONDS + postgres.POOL_SECONDS < 60
    assert "statement_timeout" in postgres.BEGIN
    assert "idle_in_transaction_session_timeout" in postgres.BEGIN


@pytest.mark.database("postgresql", "pgbouncer")
def test_a_database_that_hangs_has_webhooks_refused_and_health_told_and_all_is_well_after_it(
    far: Engine, network: Network, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres.ImpatientConnection, "silent_seconds", 1.0)
    class_id = lesson(far, member(far))
    state = server_state_on(far, clock)
    door = HttpServer("127.0.0.1", 0, state)
    door.start()

    def ask(path: str, *bodies: bytes) -> set[int]:
        """The answers to these webhooks, sent at the same time; or to the one call without a body."""
        url = f"http://127.0.0.1:{door.port}{path}"
        with ThreadPoolExecutor(16) as pool:
            sent = [pool.submit(call, url, body, zoom_signature(body, clock())) for body in bodies]
            return {one.result()[0] for one in sent} if sent else {call(url)[0]}

    try:
        told = event_body("meeting.ended", uuid="uuid-1")
        others = [event_body("meeting.started", uuid=f"uuid-{number}") for number in range(2, 17)]
        assert ask("/healthz") == {200}
        network.works.clear()
        assert ask("/api/webhooks/zoom", told, *others) == {503}
        assert ask("/healthz") == {503}
        network.works.set()
        assert ask("/api/webhooks/zoom", told) == {200}
        state.watch.beat()  # a real write is what ends a fault of the database
        assert ask("/healthz") == {200}
    finally:
        network.works.set()
        door.stop()
    assert stored(far, class_id).status is ClassStatus.ENDED


@pytest.mark.database("postgresql", "pgbouncer")
def test_what_a_tracker_that_vanished_had_locked_is_free_again(
    school: Services, far: Engine, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    class_id = lesson(school.engine, member(school.engine))
    monkeypatch.setattr(postgres.ImpatientConnection, "silent_seconds", 1.0)
    soon = postgres.BEGIN.replace(
        "idle_in_transaction_session_timeout = '60s'", "idle_in_transaction_session_timeout = '1s'"
    )
    monkeypatch.setattr(postgres, "BEGIN", soon)

    def vanish() -> None:
        with transaction(far) as tx:
            storage.classes.lock_class(tx, class_id)
            network.works.clear()
            storage.classes.set_life(tx, class_id, ClassStatus.CANCELLED, None, None)

    with pytest.raises(OperationalError):
        vanish()
    monkeypatch.setattr(postgres.ImpatientConnection, "silent_seconds", 30.0)
    assert note_delivery(school, ended()) == "noted"
    assert stored(school.engine, class_id).status is ClassStatus.ENDED


# Another server


def test_an_address_of_two_servers_goes_to_the_one_that_is_written_to(clock: Clock) -> None:
    with server() as first, standby_of(first) as second:
        hosts = f"host=127.0.0.1:{second.port}&host=127.0.0.1:{first.port}"
        engine = make_engine(f"postgresql://postgres@/postgres?{hosts}&target_session_attrs=read-write")
        migrate(engine)
        class_id = lesson(engine, member(engine))
        school = services(engine, clock)
        first.kill()
        with pytest.raises(AWAY):
            note_delivery(school, ended())
        second.promote()
        assert note_delivery(school, ended()) == "noted"
        assert stored(engine, class_id).status is ClassStatus.ENDED
        engine.dispose()
