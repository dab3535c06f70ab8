"""Migrations: none is changed once it is there, each brings the data along, and how a next one is written."""

import ast
import hashlib
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect

from tests.databases import migrations, url_of
from tests.schemas import FINDS, FIRST_FORM_OF_0003, SCHEMAS, make_schema, rows_of, schema_of
from tracker import storage
from tracker.storage.database import make_engine, reading, transaction
from tracker.storage.schema import migrate, revisions

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).resolve().parent.parent

VERSIONS = PROJECT / "tracker" / "storage" / "migrations" / "versions"


# None is changed once it is there


HASHES = {
    "0001_the_first_tables": "216f80aead712c0d",
    "0002_seen_live_and_settling": "78abb01ef4072ba8",
    "0003_zooms_rates_and_signs_of_life": "d40ee836b17b6cfc",
    "0004_repair_zoom_rate": "ffd3af979f1f0b66",
    "0005_codes_not_sentences": "89e04a59b5f6411b",
    "0006_sessions_by_meeting": "65c1ecfa3581fa78",
    "0007_hosts_and_marks": "8def5c9a0dbc1da9",
    "0008_accounts": "40e355e4611ba4b1",
    "0009_shares_audit_erasure": "c1eae96370601f48",
    "0010_who_linked_a_meeting": "e67338a7d01e4b4e",
    "0011_languages_and_what_was_seen_to": "e96d531dc2fa6833",
    "0012_rosters": "f0f0efe2a135fa02",
    "0013_register": "535d220b72dc0f5b",
    "0014_series": "a52a44fa0e287d4e",
    "0015_news": "1a0e55f554304000",
    "0016_students_own_pages": "3aa4a4e5bde95ce0",
    "0017_options_of_meetings": "f90bc92f03645ed8",
    "0018_what_trackers_say_is_wrong": "a813ec91271c49ff",
    "0019_registration_of_rosters": "8a882d57ab017a66",
}

NEVER_CHANGED = """A migration has no line in HASHES, or is not what it was when it got its line.
Databases have run it, and will not run it again: from its first commit on, a mistake gets a new migration.
A new migration gets its line:
"""


def hash_of(source: str) -> str:
    """The hash of what a migration does: of its syntax tree without imports, comments and docstrings."""
    return hashlib.sha256(_written(ast.parse(source)).encode()).hexdigest()[:16]


def _written(part: object) -> str:
    """A syntax tree as text, the same for every version of Python: newer ones have more fields that are empty."""
    if isinstance(part, list):
        return f"[{' '.join(_written(entry) for entry in part if not _says_nothing(entry))}]"
    if not isinstance(part, ast.AST):
        return repr(part)
    fields = (f"{name}={_written(value)}" for name, value in ast.iter_fields(part) if value not in (None, []))
    return f"{type(part).__name__}({' '.join(fields)})"


def _says_nothing(statement: object) -> bool:
    text_alone = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return text_alone or isinstance(statement, ast.Import | ast.ImportFrom)


def test_no_migration_is_changed_and_each_has_its_hash() -> None:
    found = {path.stem: hash_of(path.read_text("utf-8")) for path in sorted(VERSIONS.glob("*.py"))}
    assert found == HASHES, NEVER_CHANGED + "\n".join(f'    "{name}": "{digest}",' for name, digest in found.items())


def test_the_file_of_a_migration_begins_with_its_number_and_each_follows_the_one_before() -> None:
    [*scripts] = ScriptDirectory.from_config(migrations()).walk_revisions()
    assert [script.revision for script in reversed(scripts)] == sorted(revisions())
    assert {Path(script.path).stem for script in scripts} == HASHES.keys()


MIGRATION = '''"""Rooms."""

import sqlalchemy as sa
from alembic import op

revision = "0009"


def upgrade() -> None:
    op.add_column("Room", sa.Column("seats", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("Room", "seats")
'''


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("import sqlalchemy as sa\n", "import sqlalchemy as sa\n\nfrom elsewhere import Thing\n"),
        ('"""Rooms."""', '"""Rooms and their seats."""'),
        ("def downgrade() -> None:\n", 'def downgrade() -> None:\n    """Takes the seats away."""\n'),
        ("    op.add", "    # Most rooms have none.\n    op.add"),
        ('sa.Column("seats", ', 'sa.Column(\n        "seats", '),
    ],
)
def test_where_modules_are_and_what_is_said_about_a_migration_may_change(was: str, becomes: str) -> None:
    assert MIGRATION.count(was) == 1
    assert hash_of(MIGRATION.replace(was, becomes)) == hash_of(MIGRATION)


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("nullable=True", "nullable=False"),
        ("nullable=True", "nullable=True, index=True"),
        ('"Room", sa', '"Place", sa'),
        ('"0009"', '"0010"'),
        ('    op.drop_column("Room", "seats")', "    pass"),
    ],
)
def test_what_a_migration_does_may_not(was: str, becomes: str) -> None:
    assert MIGRATION.count(was) == 1
    assert hash_of(MIGRATION.replace(was, becomes)) != hash_of(MIGRATION)


# A database of each earlier schema


@pytest.fixture
def empty(blank_database_url: str) -> Iterator[Engine]:
    """An empty database of either kind."""
    made = make_engine(blank_database_url)
    yield made
    made.dispose()


@pytest.fixture
def newest_schema(empty: Engine, request: pytest.FixtureRequest) -> dict[str, Any]:
    """The schema of a database of the same kind that was made new."""
    of_sqlite = empty.dialect.name == "sqlite"
    url = (
        url_of(request.getfixturevalue("migrated_file")) if of_sqlite else request.getfixturevalue("migrated_postgres")
    )
    engine = make_engine(url)
    found = schema_of(engine)
    engine.dispose()
    return found


@pytest.mark.database("sqlite", "postgresql", "pgbouncer")
@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_database_of_each_earlier_schema_comes_up_whole(
    empty: Engine, newest_schema: dict[str, Any], schema: str
) -> None:
    make_schema(empty, schema)
    before = rows_of(empty)
    migrate(empty)
    assert schema_of(empty) == newest_schema
    after = rows_of(empty)
    kept = {
        table: {name: after[table].get(name, value) for name, value in row.items()} for table, row in before.items()
    }
    assert kept == before
    with transaction(empty) as tx:
        assert [table for table in before if not FINDS[table](tx)] == []
    if empty.dialect.name == "sqlite":
        with empty.connect() as connection:
            assert connection.execute(sa.text("PRAGMA foreign_key_check")).all() == []


def test_who_linked_a_meeting_is_known_under_its_present_name(empty: Engine) -> None:
    make_schema(empty, "0009")
    with empty.begin() as connection:
        connection.execute(sa.text('UPDATE "LiveStream" SET "zoomLinkChecked" = true'))
    migrate(empty)
    with transaction(empty) as tx:
        assert storage.classes.get_class(tx, "c1").zoom_linked_by_teacher is True


def test_a_category_of_calls_that_had_no_turns_for_people_may_call_at_once(empty: Engine) -> None:
    make_schema(empty, FIRST_FORM_OF_0003)
    migrate(empty)
    with transaction(empty) as tx:
        usage = storage.rates.lock_usage(tx, "light")
        assert (usage.next_at, usage.next_interactive_at, usage.calls) == (1.5, 0.0, 40)
        storage.rates.save_usage(tx, usage)


def test_a_database_that_somebody_has_half_repaired_comes_up_whole(
    empty: Engine, newest_schema: dict[str, Any]
) -> None:
    make_schema(empty, FIRST_FORM_OF_0003)
    with empty.begin() as connection:
        connection.execute(sa.text('CREATE INDEX "Fetch_state_dueAt" ON "Fetch" (state, "dueAt")'))
    migrate(empty)
    assert schema_of(empty) == newest_schema


def test_two_trackers_that_start_at_once_repair_a_database_once(empty: Engine, newest_schema: dict[str, Any]) -> None:
    make_schema(empty, FIRST_FORM_OF_0003)
    engines = [make_engine(empty.url.render_as_string(hide_password=False)) for _ in range(2)]
    start, faults = threading.Barrier(2), []

    def work(engine: Engine) -> None:
        try:
            start.wait(timeout=60)
            migrate(engine)
        except Exception as error:
            faults.append(error)
        finally:
            engine.dispose()

    threads = [threading.Thread(target=work, args=[engine]) for engine in engines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert faults == []
    assert schema_of(empty) == newest_schema
    with reading(empty) as tx:
        assert [usage.calls for usage in storage.rates.list_usages(tx)] == [40]


def test_a_repaired_database_can_be_taken_back(empty: Engine) -> None:
    make_schema(empty, FIRST_FORM_OF_0003)
    migrate(empty)
    with empty.begin() as connection:
        command.downgrade(migrations(connection), "base")
    assert inspect(empty).get_table_names() == ["alembic_version"]


# A next migration


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what the command `alembic` needs, in which it may write."""
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    shutil.copytree(PROJECT / "tracker", tmp_path / "tracker", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def alembic(checkout: Path, *arguments: str, **environment: str) -> str:
    """What the command `alembic` says in this folder."""
    usual = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    done = subprocess.run(
        [Path(sys.executable).with_name("alembic"), *arguments],
        cwd=checkout,
        env=usual | {"PYTHONDONTWRITEBYTECODE": "1"} | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def files_in(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


def test_a_migration_is_written_by_one_command_and_then_runs(checkout: Path) -> None:
    with (checkout / "tracker" / "storage" / "models.py").open("a", encoding="utf-8") as file:
        file.write("    colour: str | None = None\n")  # of the last table there
    before = files_in(checkout)
    alembic(checkout, "revision", "--autogenerate", "-m", "Colours of trackers")
    number = f"{int(max(revisions())) + 1:04}"
    [made] = files_in(checkout) - before
    assert made == checkout / VERSIONS.relative_to(PROJECT) / f"{number}_colours_of_trackers.py"
    assert "add_column(sa.Column('colour', AutoString(), nullable=True))" in made.read_text("utf-8")
    url = url_of(checkout / "tried.sqlite3")
    alembic(checkout, "upgrade", "head", DATABASE_URL=url)
    assert alembic(checkout, "current", DATABASE_URL=url) == f"{number} (head)\n"
    assert alembic(checkout, "check") == "No new upgrade operations detected.\n"
    engine = make_engine(url)
    found = {column["name"] for column in inspect(engine).get_columns("TrackerProcess")}
    engine.dispose()
    assert "colour" in found
