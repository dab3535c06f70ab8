"""The rooms of the house: who imports whom, which library lives where, how large they are; importing does nothing.

The tables assert equality: a permission that nobody uses is a fault too. Each test lists all offenders.
"""

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

# The floors from the ground up, and on each the rooms: a package or a module of `tracker`, the pages, the launcher.
FLOORS: dict[str, set[str]] = {
    "ground": {"clock", "messages", "paths", "text", "practice"},
    "errors": {"errors"},
    "tables": {"tables"},
    "lists of students": {"rosters"},
    "arithmetic and settings": {"attendance", "reports", "settings"},
    "outside": {"storage", "zoom", "mail", "logs", "report", "retry"},
    "calls at Zoom's rate": {"rate_limiter"},
    "services": {"services"},
    "who may do what": {"permissions"},
    "who did what": {"audit"},
    "rules": {"auth", "sessions", "health"},
    "reading": {"class_attendance", "classes", "sample_data"},
    "what is made of it": {"collecting", "courses", "decisions", "listing"},
    "work": {"fetching", "news", "reconcile", "sample_term"},
    "people's data": {"privacy"},
    "looking into everything": {"doctor", "support"},
    "tracker process": {"server"},
    "dashboard": {"ui"},
    "doors": {"pages", "dashboard", "run", "demo"},
    "commands": {"cli"},
    "start": {"__main__"},
}

# What each room imports of the others. Rooms that import nothing of ours are not named.
IMPORTS: dict[str, str] = {
    "errors": "messages",
    "attendance": "clock rosters text",
    "reports": "errors tables text",
    "rosters": "errors tables text",
    "tables": "errors messages text",
    "settings": "errors messages paths",
    "logs": "settings text",
    "report": "attendance clock messages text",
    "retry": "attendance errors",
    "storage": "attendance clock errors paths rosters text",
    "zoom": "attendance clock errors settings text",
    "mail": "errors settings text",
    "rate_limiter": "clock errors settings storage zoom",
    "services": "clock logs paths rate_limiter settings storage zoom",
    "permissions": "errors storage",
    "audit": "clock messages permissions services storage",
    "auth": "audit errors permissions settings storage text",
    "health": "errors retry services settings storage zoom",
    "sessions": "attendance clock errors services storage zoom",
    "class_attendance": "attendance audit auth errors services sessions storage",
    "classes": "attendance audit auth clock errors retry services sessions storage zoom",
    "sample_data": "audit auth errors paths services settings storage",
    "sample_term": "attendance auth classes clock courses decisions practice rosters services storage text",
    "collecting": "attendance class_attendance classes errors retry services sessions storage zoom",
    "courses": "attendance audit auth class_attendance classes clock errors permissions reports rosters services "
    "sessions storage text",
    "decisions": "attendance audit auth class_attendance errors services storage text",
    "listing": "attendance audit auth classes retry services storage",
    "fetching": "attendance audit auth class_attendance collecting errors retry services storage zoom",
    "news": "attendance audit clock courses errors mail messages permissions retry services settings storage text",
    "reconcile": "attendance auth class_attendance health retry services sessions storage",
    "privacy": "attendance audit auth class_attendance clock decisions errors services sessions settings storage text",
    "doctor": "auth errors health mail paths privacy retry services settings storage zoom",
    "support": "attendance errors health messages services settings storage",
    "server": "attendance audit auth classes clock courses errors fetching health messages news paths privacy "
    "reconcile services sessions settings storage zoom",
    "ui": "attendance audit auth class_attendance classes clock courses decisions doctor errors fetching health "
    "listing logs messages news paths privacy report reports retry rosters sample_data services sessions settings "
    "storage text zoom",
    "dashboard": "courses health listing messages paths server storage ui",
    "demo": "auth errors health paths practice sample_data sample_term services settings storage",
    "pages": "attendance audit auth class_attendance classes clock courses doctor errors fetching health listing "
    "messages privacy storage ui",
    "run": "errors health messages privacy server services",
    "cli": "attendance audit auth class_attendance classes clock courses demo doctor errors fetching health logs "
    "messages paths privacy report reports rosters run sample_data server services settings storage support text",
    "__main__": "cli",
}

# The rooms of each library that is not the standard one, and of what of the standard one touches the world.
LIBRARIES: dict[str, set[str]] = {
    "alembic": {"storage"},
    "anyascii": {"attendance"},
    "argon2": {"auth"},
    "babel": {"messages", "ui"},
    "authlib": {"auth"},
    "dotenv": {"settings"},
    "http.client": {"health", "practice"},
    "http.server": {"server", "practice"},
    "icalendar": {"ui"},
    "joserfc": {"auth"},
    "openpyxl": {"rosters"},
    "pandas": {"ui"},
    "platformdirs": {"paths"},
    "plotly": {"ui"},
    "prometheus_client": {"server"},
    "psycopg": {"storage"},
    "pydantic": {"settings"},
    "pydantic_settings": {"settings"},
    "pyotp": {"auth"},
    "rapidfuzz": {"attendance"},
    "requests": {"zoom"},
    "schedule": {"server"},
    "segno": {"ui"},
    "smtplib": {"mail"},
    "socket": {"mail", "server", "practice", "zoom"},
    "socketserver": {"practice"},
    "sqlalchemy": {"storage"},
    "sqlite3": {"storage"},
    "sqlmodel": {"storage"},
    "starlette": {"ui", "dashboard"},
    "streamlit": {"ui", "dashboard", "pages"},
    "subprocess": {"server"},
    "urllib.request": {"health", "server", "sample_term"},
    "uvicorn": {"ui"},
    "urllib3": {"zoom"},
    "xlsxwriter": {"report"},
    "zxcvbn": {"auth"},
}
PURE = {"attendance", "clock", "errors", "messages", "report", "reports", "retry", "rosters", "tables", "text"}
PURE_FILES = {
    "tracker/zoom/meeting_link.py",
    "tracker/zoom/rate_limit.py",
    "tracker/zoom/webhook.py",
    "tracker/mail/letter.py",
    "tracker/news/digest.py",
}
# What would make a pure room touch the world.
IMPURE = {"asyncio", "logging", "os", "pathlib", "random", "secrets", "shutil", "tempfile", "threading", "time"}
# Of `storage` only the command `alembic`.
READS_ENVIRONMENT = {"cli", "ui", "dashboard", "storage"}
# What tells the time; the practice Zoom stands for another machine, with a clock of its own.
CLOCKS = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time"}
READS_CLOCK = {"clock", "practice"}
# The doors name the values that storage returns, tell that the database is away, and copy it as a file.
DOORS = {"server", "ui", "pages", "dashboard", "run", "demo", "cli", "doctor"}
OF_STORAGE_FOR_DOORS = {
    "AWAY",
    "REFUSED",
    "ROLES",
    "backup",
    "check_schema",
    "examination",
    "fault_of",
    "faults_of",
    "file_of",
    "files_of",
    "migrate",
    "zoom_setup",
}
MOST_MODULES, MOST_LINES, MOST_LINES_OF_A_FUNCTION = 24, 450, 60


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


def rooms_used() -> dict[str, set[str]]:
    """What each room imports of the others."""
    used: dict[str, set[str]] = {}
    for path in SOURCES:
        ours = {name.split(".")[1] for name in imports_of(path) if name.startswith("tracker.")}
        used.setdefault(room_of(path), set()).update(ours - {room_of(path)})
    return used


def named(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


def is_a_type(name: str) -> bool:
    return name[0].isupper() and not name.isupper()


def attributes(path: Path) -> set[str]:
    """Every `name.attribute` in a file."""
    nodes = (node for node in ast.walk(tree_of(path)) if isinstance(node, ast.Attribute))
    return {f"{node.value.id}.{node.attr}" for node in nodes if isinstance(node.value, ast.Name)}


# Arrows


def test_every_room_is_on_a_floor() -> None:
    placed = [room for rooms in FLOORS.values() for room in rooms]
    assert sorted(placed) == sorted({room_of(path) for path in SOURCES} - {"__init__"})


def test_a_room_imports_what_the_table_says_and_nothing_else() -> None:
    assert {room: " ".join(sorted(used)) for room, used in rooms_used().items() if used} == IMPORTS


def test_no_arrow_leads_upwards() -> None:
    height = {room: number for number, rooms in enumerate(FLOORS.values()) for room in rooms}
    upwards = {(room, other) for room, used in rooms_used().items() for other in used if height[other] >= height[room]}
    assert upwards == set()


def test_doors_call_no_statement_of_the_database() -> None:
    imported = {
        (named(path), name.rpartition(".")[2])
        for path in SOURCES
        if room_of(path) in DOORS
        for name in imports_of(path)
        if name.startswith("tracker.storage")
    }
    assert {
        (path, name) for path, name in imported if name not in OF_STORAGE_FOR_DOORS and not is_a_type(name)
    } == set()
    assert {name for _path, name in imported if not is_a_type(name)} == OF_STORAGE_FOR_DOORS


# Libraries


def test_each_library_lives_in_its_rooms_and_no_other() -> None:
    found: dict[str, set[str]] = {}
    for path in SOURCES:
        for name in imports_of(path):
            top = name.partition(".")[0]
            foreign = top not in {*sys.stdlib_module_names, "tracker"}
            known = {library for library in LIBRARIES if f"{name}.".startswith(f"{library}.")}
            for library in known or ({top} if foreign else set()):
                found.setdefault(library, set()).add(room_of(path))
    assert found == LIBRARIES


def test_a_pure_room_touches_nothing_outside_itself() -> None:
    assert {room_of(path) for path in SOURCES} >= PURE
    assert {named(path) for path in SOURCES} >= PURE_FILES
    pure = [path for path in SOURCES if room_of(path) in PURE or named(path) in PURE_FILES]
    offenders = {(named(path), name) for path in pure for name in imports_of(path) if name.partition(".")[0] in IMPURE}
    assert offenders == set()


def test_the_environment_is_read_at_the_edge_only() -> None:
    reading = {"os.environ", "os.getenv"}
    found = {room_of(path) for path in SOURCES if reading & (attributes(path) | imports_of(path))}
    assert found == READS_ENVIRONMENT


def test_the_wall_clock_is_read_in_one_room() -> None:
    assert {room_of(path) for path in SOURCES if attributes(path) & CLOCKS} == READS_CLOCK


def test_commands_print_in_the_one_way_that_shows_what_would_steer_a_terminal() -> None:
    printing = {
        named(path)
        for path in SOURCES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Name)
        and node.id == "print"
        and not named(path).startswith("tracker/storage/migrations")
    }
    # The second prints nothing but a sentence of its own.
    assert printing == {"tracker/cli/call.py", "tracker/run.py"}


# Sizes


def test_the_house_can_be_seen_at_a_glance() -> None:
    modules = [path.stem for path in (PROJECT / "tracker").glob("*.py") if not path.stem.startswith("__")]
    assert len(modules) <= MOST_MODULES


def test_no_module_and_no_function_is_too_long() -> None:
    long = [named(path) for path in SOURCES if len(path.read_text("utf-8").splitlines()) > MOST_LINES]
    long += [
        f"{named(path)}:{node.name}"
        for path in SOURCES
        if "migrations" not in path.relative_to(PROJECT).parts
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= MOST_LINES_OF_A_FUNCTION
    ]
    assert long == []


# Importing does nothing

WATCHED = """
import importlib, json, os, socket, sys, threading

import pytest

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
IMPORTABLE = [
    module_of(path)
    for path in SOURCES
    if room_of(path) not in {"__main__", "pages", "dashboard"} and "migrations" not in path.relative_to(PROJECT).parts
]
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


@pytest.mark.slow
def test_every_room_can_be_imported_in_an_empty_environment_without_a_network(tmp_path: Path) -> None:
    assert "tracker" in imported(tmp_path, *IMPORTABLE)


@pytest.mark.slow
def test_the_tracker_process_never_loads_the_dashboards_libraries(tmp_path: Path) -> None:
    assert {"tracker.cli", "tracker.server.routes", "tracker.server.worker"} <= set(TRACKER_PROCESS)
    loaded = imported(tmp_path, *TRACKER_PROCESS)
    assert "sqlmodel" in loaded
    assert {"streamlit", "pandas", "plotly", "numpy", "starlette"} & set(loaded) == set()


def test_parts_that_redraw_and_dialogs_are_made_in_the_one_way_that_asks_who_is_signed_in() -> None:
    used = {
        f"{path.relative_to(PROJECT)}: {node.attr}"
        for path in SOURCES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute)
        and node.attr in ("fragment", "dialog", "experimental_fragment", "experimental_dialog")
        and isinstance(node.value, ast.Name)
        and node.value.id == "st"
    }
    assert used == {"tracker/ui/page.py: fragment", "tracker/ui/page.py: dialog"}


# Use cases of a person that need nobody to act: they are the clock's, or take what they are allowed from their caller.
OF_NOBODY = {
    "fetching.fetch_due",
    "fetching.fetch_if_due",  # for a program that has shown the secret
    "fetching.count_free",
    "classes/meetings.check_host",
    "classes/meetings.linked_meeting",
    "classes/meetings.deleted_without_class",
    "classes/making.is_meeting_due",
    "classes/making.make_due_meeting",
    "classes/recurring.are_dates_due",
    "classes/recurring.bring_due_dates_in_line",
    "classes/cancelling.is_deletion_due",
    "classes/cancelling.delete_due_meeting",
    "collecting.collect",
    "news/sending.is_due",
    "news/sending.send_due",
    "news/sending.ask_weekly",
    "news/sending.tidy_up",
    "privacy/erasure.keep_erased",
    "privacy/erasure.compare_with_file",
    "privacy/retention.remove_due",
    "privacy/retention.forget_unneeded",
}


def test_every_use_case_on_classes_takes_who_acts() -> None:
    offenders = set()
    people = ("privacy/access", "privacy/erasure", "privacy/retention")
    of_classes = ("__init__", "planned", "meetings", "changing", "cancelling", "series", "making", "recurring")
    of_courses = ("reports", "roster", "keeping", "students", "marking", "matching", "register")
    of_students = ("history", "student_links", "requests")
    making = [f"classes/{module}" for module in of_classes]
    making += [f"courses/{module}" for module in (*of_courses, *of_students)]
    reading = ("class_attendance", "decisions", "fetching", "collecting", "listing/attention")
    for module in ("news/sending", "news/switches", *making, *reading, *people):
        for node in tree_of(PROJECT / "tracker" / f"{module}.py").body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                names = [argument.arg for argument in node.args.args]
                if names[:1] == ["services"] and names[1:2] != ["acting"]:
                    offenders.add(f"{module}.{node.name}")
    assert offenders == OF_NOBODY
