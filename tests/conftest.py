"""What the tests share: how they are run, both databases, a fixed time, and values made with few words."""

import gc
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import hypothesis
import psycopg
import pytest
from hypothesis import HealthCheck
from responses import RequestsMock
from sqlalchemy import Engine, Table
from sqlalchemy.dialects.sqlite.base import SQLiteDialect
from sqlalchemy.util import LRUCache
from sqlmodel import SQLModel
from starlette.applications import Starlette
from xdist.scheduler import LoadScopeScheduling

from tests import practice_school
from tests.asgi import HOST
from tests.fake_zoom import FakeZoom
from tests.gate_client import gated_app
from tests.makers import CHEAP_HASHER, NOW, Clock, environment, member, services
from tests.pgbouncer import PgBouncer, pgbouncer
from tests.postgres import postgres_server
from tests.practice_school import HELD, CommandLine, Host, practice_zoom
from tests.screens import Screens
from tracker import health, paths
from tracker.auth import passwords
from tracker.rate_limiter import SharedRateLimiter
from tracker.services import Services, open_services
from tracker.storage.database import make_engine
from tracker.storage.members import Member
from tracker.storage.schema import migrate
from tracker.ui import wiring
from tracker.zoom import Zoom

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

# Examples share the database of their test: each makes its own class, and leaves it there.
hypothesis.settings.register_profile(
    "ci", deadline=None, max_examples=50, print_blob=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
# By hand: `HYPOTHESIS_PROFILE=long pytest tests/fuzz` looks for much longer.
hypothesis.settings.register_profile("long", hypothesis.settings.get_profile("ci"), max_examples=3000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

# `TESTS_DATABASES=pgbouncer pytest` runs what is for any kind of database by way of PgBouncer alone.
DATABASES = tuple(os.environ.get("TESTS_DATABASES", "sqlite,postgresql").split(","))
# The quick run has SQLite alone: starting PostgreSQL and the second round take longer than all else in it.
MARKS = {"postgresql": pytest.mark.slow, "pgbouncer": pytest.mark.slow}
# To draw a whole page in Streamlit's harness, or have a command call a practice Zoom over HTTP, takes ten times as long
# as to call what they are made of, which has tests of its own. So whatever takes one of these fixtures is slow, but for
# what is marked `quick`: each page and each family of commands has some of that.
SLOW_FIXTURES = frozenset({"screens", "tracker"})
# What is done by one worker, one after another, since it has a costly fixture and takes both processors by itself: by a
# part of the file's name. One worker does all with a browser, another one the storms, so that a run is not as long as
# both; whoever waits for a page in the meantime has the time (`tests.browser.WAIT`).
ONE_AFTER_ANOTHER = ("browser", "chaos")
# How many statements are kept compiled.
COMPILED = 5000
# A file system in memory, and how much room in it a run takes at the most.
MEMORY, ROOM = Path("/dev/shm"), 4 * 2**30


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Two for each core, since slow tests wait much; none where only files are named, which are done sooner without."""
    if all(Path(given.partition("::")[0]).is_file() for given in config.args):
        return 0
    return min((1 if config.option.markexpr == "not slow" else 2) * (os.cpu_count() or 1), 8)


class Scheduling(LoadScopeScheduling):
    """Hands out one test at a time, but all of a kind that is done `ONE_AFTER_ANOTHER` to one worker."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return next((kind for kind in ONE_AFTER_ANOTHER if kind in file), nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling:
    return Scheduling(config, log)


def pytest_configure() -> None:
    """Keeps the tests' files in memory where there is room: databases that wait for a disk are most of a run's time.

    Statements are compiled once for all tests: each has engines of its own, for each of which SQLAlchemy would compile
    all of them anew, a quarter of the time of a test. For SQLite alone, of which all engines here are alike.
    """
    SQLiteDialect.__eq__ = lambda one, other: type(one) is type(other)  # type: ignore[method-assign]
    SQLiteDialect.__hash__ = lambda one: hash(type(one))  # type: ignore[method-assign]
    compiled = LRUCache[Any, Any](COMPILED)
    own = "_own_compiled_cache"
    Engine._compiled_cache = property(
        lambda engine: compiled if engine.dialect.name == "sqlite" else engine.__dict__.get(own),
        lambda engine, made: engine.__dict__.update({own: made}),
    )
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def pytest_report_header(config: pytest.Config) -> str:
    """What a run of everything is about to do."""
    if config.args != config.getini("testpaths") or config.option.markexpr:
        return ""
    return "everything runs, on SQLite and PostgreSQL and in the browser: some 25 minutes on two cores"


def pytest_itemcollected(item: pytest.Item) -> None:
    """Whoever takes one of `SLOW_FIXTURES` need not say that it is slow."""
    if not SLOW_FIXTURES.isdisjoint(getattr(item, "fixturenames", ())) and not item.get_closest_marker("quick"):
        item.add_marker(pytest.mark.slow)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long begins first, so that a run does not end with one long test."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def pytest_collection_finish() -> None:
    """What is imported by now stays: looking through it again and again is a tenth of the time of a run."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that uses a database runs on both kinds, unless its mark names one."""
    for fixture in {"database_url", "empty_database_url"} & set(metafunc.fixturenames):
        mark = metafunc.definition.get_closest_marker("database")
        kinds = mark.args if mark else DATABASES
        metafunc.parametrize(fixture, [pytest.param(kind, marks=MARKS.get(kind, ())) for kind in kinds], indirect=True)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The address of a real PostgreSQL, started for this run."""
    with postgres_server() as url:
        yield url


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite database to make copies of: migrating takes longer than most tests."""
    path = tmp_path_factory.mktemp("template") / "template.sqlite3"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres_url: str) -> Iterator[str]:
    """The address of a migrated PostgreSQL database that the tests use one after another."""
    with _postgres_database(postgres_url) as url:
        _migrate(url)
        yield url


@pytest.fixture(scope="session")
def bouncer(postgres_url: str) -> Iterator[PgBouncer]:
    """A PgBouncer in front of the PostgreSQL of this run."""
    with pgbouncer(postgres_url) as made:
        yield made


@pytest.fixture
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database of the kind that the test runs on."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.sqlite3'}"
    else:
        with _postgres_database(request.getfixturevalue("postgres_url")) as url:
            yield _as_asked(request, url)


@pytest.fixture
def blank_database_url(empty_database_url: str, tmp_path: Path) -> str:
    """The same, with a SQLite file that is there and has no table: only `migrate` makes one by itself."""
    if empty_database_url.startswith("sqlite"):
        (tmp_path / "empty.sqlite3").touch()
    return empty_database_url


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a migrated database of the kind that the test runs on."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_file"), tmp_path / "test.sqlite3")
        yield f"sqlite:///{tmp_path / 'test.sqlite3'}"
    else:
        url = request.getfixturevalue("migrated_postgres")
        yield _as_asked(request, url)
        try:
            _empty(url)
        except psycopg.errors.UndefinedTable:  # the test took a table away, to see what happens then
            _execute(url, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
            _migrate(url)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """A migrated database of either kind."""
    made = make_engine(database_url)
    yield made
    made.dispose()


def _as_asked(request: pytest.FixtureRequest, url: str) -> str:
    """The address of a PostgreSQL database, by way of PgBouncer where the test wants that."""
    if request.param != "pgbouncer":
        return url
    bouncer: PgBouncer = request.getfixturevalue("bouncer")
    return bouncer.in_front_of(url)


@contextmanager
def _postgres_database(server_url: str) -> Iterator[str]:
    name = f"test_{uuid4().hex}"
    _execute(server_url, f"CREATE DATABASE {name}")
    yield server_url.replace("/postgres?", f"/{name}?")
    _execute(server_url, f"DROP DATABASE {name} WITH (FORCE)")


def _empty(url: str) -> None:
    """Takes the rows out of every table; whoever is still connected is thrown out first, and waited for by the locks.

    Rows are deleted: to truncate every table makes new files of it and its indexes, which takes longer than most tests.
    """
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    tables = [*reversed(SQLModel.metadata.sorted_tables)]  # what refers to others comes first
    counting = [table for table in tables if table.autoincrement_column is not None]
    _execute(
        url,
        f"SELECT pg_terminate_backend(pid) {others}",
        f"LOCK TABLE {_names(tables)} IN ACCESS EXCLUSIVE MODE; TRUNCATE {_names(counting)} RESTART IDENTITY;"
        + "".join(f"DELETE FROM {_names([table])};" for table in tables if table not in counting),
    )


def _names(tables: Iterable[Table]) -> str:
    return ", ".join(f'"{table.name}"' for table in tables)


def _execute(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def _migrate(url: str) -> None:
    made = make_engine(url)
    migrate(made)
    made.dispose()


@pytest.fixture(autouse=True)
def _quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """How costly a password is to guess is a matter of argon2's; here it only takes time."""
    monkeypatch.setattr(passwords, "HASHER", CHEAP_HASHER)


@pytest.fixture
def http() -> Iterator[RequestsMock]:
    """Answers to HTTP calls; a call without an answer here fails."""
    with RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def zoom(http: RequestsMock) -> FakeZoom:
    """A Zoom that answers the client, and knows of nothing yet."""
    return FakeZoom(http)


@pytest.fixture
def clock() -> Clock:
    """A clock that stands at NOW until it is told otherwise."""
    return Clock()


@pytest.fixture
def school(engine: Engine, clock: Clock, tmp_path: Path) -> Services:
    """What the use cases need, on this database and by this clock."""
    return services(engine, clock, TRACKER_DATA_DIR=str(tmp_path))


@pytest.fixture
def ana(engine: Engine) -> Member:
    """A teacher."""
    return member(engine)


@pytest.fixture
def wired(engine: Engine, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    """The dashboard's services, wired on this database as in its own process; the clock stands at NOW."""
    clock = Clock()
    said = environment(DATABASE_URL=database_url, TRACKER_DATA_DIR=str(tmp_path), ALLOWED_HOSTS=HOST)
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(paths, "CHECKOUT", tmp_path)  # a developer's own .env does not belong here
    monkeypatch.setattr(wiring, "open_services", lambda environment: _at(clock, environment))
    wiring.close()
    yield clock
    wiring.close()


@contextmanager
def _at(clock: Clock, environment: Mapping[str, str]) -> Iterator[Services]:
    with open_services(environment) as found:
        plan = found.settings.zoom_plan
        limiter = SharedRateLimiter(found.engine, plan, interactive=True, now=clock, wait=clock.wait)
        yield replace(found, zoom=Zoom(found.settings, clock, clock.monotonic, limiter), now=clock)


@pytest.fixture
def screens(wired: Clock, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Screens:
    """The dashboard's pages; nobody is signed in yet, and a tracker lives, whatever the time."""
    health.note_alive(engine, "one:8787", NOW, NOW + timedelta(days=10_000))
    return Screens(engine, wired, monkeypatch)


@pytest.fixture
def app(wired: Clock) -> Starlette:
    """The dashboard's gate with something behind it."""
    return gated_app()


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """Chromium, for the tests of a module; not for longer, since Playwright has an event loop run meanwhile."""
    from tests.browser import running_chromium  # the tests without a browser need not wait for it

    with running_chromium() as running:
        yield running


@pytest.fixture
def context(browser: "Browser") -> Iterator["BrowserContext"]:
    """Somebody's browser, with a window like that of a desk."""
    from tests.browser import ZONE, new_context

    fresh = new_context(browser, timezone_id=ZONE, viewport={"width": 1280, "height": 900}, accept_downloads=True)
    yield fresh
    fresh.close()


@pytest.fixture
def host() -> Iterator[Host]:
    """A practice Zoom, and somebody who holds classes in it."""
    with practice_zoom(Clock(HELD)) as host:
        yield host


@pytest.fixture
def tracker(
    host: Host,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsysbinary: pytest.CaptureFixture[bytes],
) -> CommandLine:
    """The command line of a school that uses the practice Zoom."""
    for name, value in practice_school.environment(host.url, database_url, tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(paths, "CHECKOUT", tmp_path)
    return CommandLine(capsysbinary)
