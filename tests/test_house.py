"""The rooms of the house: who imports whom, which library lives where, and that importing does nothing."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
SOURCES = sorted(
    [*(PROJECT / "tracker").rglob("*.py"), PROJECT / "dashboard.py", *(PROJECT / "pages").glob("*.py")],
)
STANDARD = {"errors", "clock"}
CORE = STANDARD | {"attendance"}
USE_CASES = CORE | {"classes", "database", "participants", "services", "settings", "store", "zoom"}

# What each room may import of the others. Rooms not named here do not exist yet: give a new one its line.
MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "clock": set(),
    "meeting_link": set(),
    "attendance": {"clock"},
    "roster": {"attendance"},
    "report": {"attendance", "roster"},
    "namesakes": {"attendance"},
    "live": {"attendance"},
    "curve": {"attendance"},
    "webhook": STANDARD | {"attendance", "live"},
    "settings": {"errors"},
    "logs": {"settings"},
    "models": {"attendance"},
    "migrations": {"models"},
    "database": {"errors", "models", "migrations"},
    "backup": {"database", "errors"},
    "statements": {"attendance", "models"},
    "store": CORE | {"models", "statements"},
    "watchlist": CORE | {"fetches", "models", "store"},
    "deliveries": {"models", "statements"},
    "records": CORE | {"live", "models", "statements"},
    "fetches": CORE | {"models", "records", "statements"},
    "zoom": CORE | {"settings"},
    "auth": STANDARD | {"database", "models", "store"},
    "pacing": STANDARD | {"database", "models", "settings", "statements", "zoom"},
    "services": CORE | {"pacing", "settings", "zoom"},
    "sessions": CORE | {"statements", "store"},
    "discovery": CORE | {"database", "services", "sessions", "store"},
    "participants": CORE
    | {*("database", "discovery", "fetches", "live", "pacing", "records", "services", "sessions", "store", "zoom")}
    | {"watchlist"},
    "sweep": CORE | {"database", "fetches", "participants", "records", "services", "sessions", "store", "watchlist"},
    "health": STANDARD | {"database", "deliveries", "models", "pacing", "statements", "watchlist", "webhook"},
    "classes": CORE
    | {*("database", "deliveries", "fetches", "live", "meeting_link", "records", "services", "sessions", "store")}
    | {"webhook", "zoom"},
    "receiver": CORE | {"auth", "classes", "database", "health", "participants", "services", "store", "webhook"},
    "listener": {"receiver"},
    "worker": STANDARD
    | {"auth", "database", "deliveries", "fetches", "health", "pacing", "participants", "services", "sweep"}
    | {"zoom"},
    "doctor": STANDARD | {"database", "health", "services", "store", "watchlist"},
    "processes": {"errors", "settings"},
    "practice": set(),
    "demo": USE_CASES | {"auth", "practice", "watchlist"},
    "serving": {"errors", "health", "listener", "processes", "receiver", "services", "worker"},
    "cli": USE_CASES
    | {"auth", "backup", "demo", "doctor", "logs", "processes", "report", "roster", "serving", "watchlist"},
    "__main__": {"cli"},
    "__init__": set(),
    "ui": USE_CASES
    | {"auth", "curve", "deliveries", "health", "logs", "namesakes", "pacing", "records", "report", "roster"}
    | {"doctor"},
    "pages": CORE
    | {
        "auth",
        "classes",
        "deliveries",
        "doctor",
        "health",
        "participants",
        "records",
        "report",
        "roster",
        "store",
        "ui",
    }
    | {"watchlist"},
    "dashboard": {"health", "processes", "store", "ui"},
}

# The rooms of each library that is not the standard one, and of what of the standard one touches the world.
LIVES_IN: dict[str, set[str]] = {
    "streamlit": {"ui", "dashboard", "pages"},
    "starlette": {"ui", "dashboard"},
    "plotly": {"ui"},
    "pandas": {"ui"},
    "http.server": {"listener", "practice"},
    "http.client": {"practice"},
    "socketserver": {"practice"},
    "socket": {"listener", "practice", "processes"},
    "urllib.request": {"processes", "demo"},
    "subprocess": {"processes"},
    "requests": {"zoom"},
    "urllib3": {"zoom"},
    "sqlite3": {"backup", "database"},
    "schedule": {"worker"},
    "prometheus_client": {"receiver"},
    "xlsxwriter": {"report"},
    "anyascii": {"namesakes", "roster"},
    "rapidfuzz": {"namesakes", "roster"},
    "dotenv": {"settings"},
    "alembic": {"database", "migrations"},
    # `auth` and `fetches` own their tables; `classes` and `ui` only name the type of a transaction.
    "sqlmodel": {
        *("models", "migrations", "database", "backup", "statements", "store", "records", "fetches", "auth", "pacing"),
        *("watchlist", "deliveries", "classes", "sessions", "participants", "sweep", "health", "ui"),
    },
    "sqlalchemy": {
        *(
            "models",
            "migrations",
            "database",
            "backup",
            "statements",
            "store",
            "records",
            "fetches",
            "auth",
            "pacing",
            "services",
        ),
        *("logs", "watchlist", "deliveries", "health", "doctor", "cli", "ui"),
    },
}
PURE = ("attendance", "curve", "roster", "namesakes", "live", "report", "webhook", "meeting_link", "errors", "clock")
READS_ENVIRONMENT = {"cli", "ui", "dashboard"}
# What would make a pure room touch the world.
IMPURE = {"asyncio", "logging", "os", "pathlib", "random", "secrets", "shutil", "tempfile", "threading", "time"}


def room_of(path: Path) -> str:
    """The room that a file belongs to: a module, or the package it is in."""
    parts = path.relative_to(PROJECT).with_suffix("").parts
    return parts[1] if parts[0] == "tracker" else parts[0]


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports_of(path: Path) -> set[str]:
    """Every dotted name that a file imports, anywhere in it."""
    package = path.relative_to(PROJECT).parent.parts
    found: set[str] = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join((*above, *([node.module] if node.module else [])))
            found |= {f"{module}.{alias.name}" for alias in node.names}
    return found


def rooms_used(path: Path) -> set[str]:
    """The rooms of ours that a file imports from."""
    names = [name.split(".") for name in imports_of(path)]
    return {room for parts in names if parts[0] == "tracker" for room in parts[1:2]} - {room_of(path)}


def libraries_used(path: Path) -> set[str]:
    """The libraries of the table that a file imports from."""
    names = imports_of(path)
    return {library for library in LIVES_IN for name in names if f"{name}.".startswith(f"{library}.")}


def named(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_a_room_imports_only_what_it_may(path: Path) -> None:
    assert rooms_used(path) <= MAY_IMPORT[room_of(path)]


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_each_library_lives_in_its_rooms(path: Path) -> None:
    assert {library for library in libraries_used(path) if room_of(path) not in LIVES_IN[library]} == set()


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_every_library_from_outside_has_its_rooms(path: Path) -> None:
    known = {*sys.stdlib_module_names, "tracker", *LIVES_IN}
    assert {name.partition(".")[0] for name in imports_of(path)} <= known


@pytest.mark.parametrize("path", [path for path in SOURCES if room_of(path) in PURE], ids=named)
def test_a_pure_room_touches_nothing_outside_itself(path: Path) -> None:
    used = {name.partition(".")[0] for name in imports_of(path)}
    assert used & IMPURE == set()
    assert used - {"xlsxwriter", "anyascii", "rapidfuzz", "tracker"} <= sys.stdlib_module_names


def attributes(path: Path) -> set[str]:
    """Every `name.attribute` in a file."""
    nodes = (node for node in ast.walk(tree_of(path)) if isinstance(node, ast.Attribute))
    return {f"{node.value.id}.{node.attr}" for node in nodes if isinstance(node.value, ast.Name)}


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_the_environment_is_read_at_the_edge_only(path: Path) -> None:
    reads = bool(attributes(path) & {"os.environ", "os.getenv"}) or bool({"os.environ", "os.getenv"} & imports_of(path))
    assert not reads or room_of(path) in READS_ENVIRONMENT


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_the_wall_clock_is_read_in_one_room(path: Path) -> None:
    reads = attributes(path) & {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time"}
    # The practice Zoom stands for another machine, with a clock of its own.
    assert not reads or room_of(path) in {"clock", "practice"}


def test_the_rooms_have_no_circle() -> None:
    left = {room: set().union(*(rooms_used(path) for path in SOURCES if room_of(path) == room)) for room in MAY_IMPORT}
    while free := [room for room, used in left.items() if not used & left.keys()]:
        for room in free:
            del left[room]
    assert left == {}


# Importing does nothing

WATCHED = """
import importlib, json, os, socket, sys, threading

def refuse(*arguments, **more):
    raise AssertionError("importing touched the network")

socket.socket.connect = socket.socket.connect_ex = socket.socket.bind = refuse
socket.getaddrinfo = socket.create_connection = refuse
before = set(os.listdir("."))
for name in sys.argv[1:]:
    importlib.import_module(name)
assert set(os.listdir(".")) == before, "importing made a file"
assert threading.active_count() == 1, "importing started a thread"
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__")


# `__main__` runs, `migrations` are loaded by alembic with a connection, and the dashboard's files are scripts.
NOT_IMPORTED = {"__main__", "migrations", "pages", "dashboard"}
IMPORTABLE = [module_of(path) for path in SOURCES if room_of(path) not in NOT_IMPORTED]
TRACKER_PROCESS = [name for name in IMPORTABLE if not name.startswith("tracker.ui")]


def imported(folder: Path, *modules: str) -> list[str]:
    """The libraries that are loaded after these modules were imported in a process of their own."""
    code = f"import sys; sys.path.insert(0, {str(PROJECT)!r})" + WATCHED
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *modules],
        cwd=folder,
        env={},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return list(ast.literal_eval(done.stdout))


def test_every_room_can_be_imported_in_an_empty_environment_without_a_network(tmp_path: Path) -> None:
    assert "tracker" in imported(tmp_path, *IMPORTABLE)


def test_the_tracker_process_never_loads_the_dashboards_libraries(tmp_path: Path) -> None:
    assert {"tracker.cli", "tracker.receiver", "tracker.worker"} <= set(TRACKER_PROCESS)
    loaded = imported(tmp_path, *TRACKER_PROCESS)
    assert "sqlmodel" in loaded
    assert {"streamlit", "pandas", "plotly", "numpy", "starlette"} & set(loaded) == set()
