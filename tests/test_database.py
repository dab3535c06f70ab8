"""The database: its address, its transactions, and its schema."""

import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlmodel import SQLModel

from tests.databases import migrations, url_of
from tests.makers import NOW, lesson, member, stored
from tracker import storage
from tracker.errors import SettingsError
from tracker.storage.database import make_engine, reading, transaction
from tracker.storage.schema import migrate, migrating, revisions

TABLES = {table.name for table in SQLModel.metadata.sorted_tables}


def differences(engine: Engine) -> list[Any]:
    """What a migration would still have to do."""
    with engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        return compare_metadata(MigrationContext.configure(connection, opts=options), SQLModel.metadata)


# Its address


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nonsense",
        "mysql://u:s3cret@db/x",
        "oracle://u:s3cret@db/x",
        "sqlite",
        "sqlite:/tmp/x",
        "postgresql//db/x",
        "postgresql://u:s3cret@db:port/x",
        "unheard-of+driver://u:s3cret@db/x",
        "http://db/x",
    ],
)
def test_an_address_of_no_database_is_told_without_its_password(url: str) -> None:
    with pytest.raises(SettingsError, match="DATABASE_URL must begin with sqlite:/// or postgresql://") as caught:
        make_engine(url)
    assert "s3cret" not in str(caught.value)


def test_a_driver_that_is_not_installed_is_told_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(SettingsError, match=r"pip install"):
        make_engine("postgresql://u:p@db/x")


@pytest.mark.parametrize("name", ["postgres", "postgresql", "postgresql+psycopg"])
def test_each_spelling_of_postgresql_is_understood(name: str) -> None:
    engine = make_engine(f"{name}://u:s3cret@db.example:5433/x?sslmode=require")
    assert (engine.dialect.name, engine.url.host, engine.url.port) == ("postgresql", "db.example", 5433)
    assert "s3cret" not in repr(engine)


def test_the_folder_of_a_database_file_is_made(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/deep/with blank/ü.sqlite3")
    migrate(engine)
    engine.dispose()
    assert (tmp_path / "deep" / "with blank" / "ü.sqlite3").exists()


# Transactions


def test_what_raises_is_taken_back(engine: Engine) -> None:
    def half_done() -> None:
        with transaction(engine) as tx:
            storage.members.add_member(tx, "ana@school.example", "Ana", "teacher", None, NOW)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half_done()
    with reading(engine) as tx:
        assert storage.members.list_members(tx) == []


def test_what_is_committed_is_there_for_another_connection(engine: Engine) -> None:
    made = member(engine)
    engine.dispose()
    with reading(engine) as tx:
        assert storage.members.list_members(tx) == [made]


def test_no_update_is_lost_between_reading_and_writing(engine: Engine) -> None:
    # PostgreSQL needs the row to be locked; SQLite locks at the beginning, however it is read.
    read = storage.classes.lock_class if engine.dialect.name == "postgresql" else storage.classes.get_class
    class_id = lesson(engine, member(engine), "0")
    start, faults = threading.Barrier(4), []

    def work() -> None:
        try:
            start.wait(timeout=60)
            for _ in range(8):
                with transaction(engine) as tx:
                    number = int(read(tx, class_id).title) + 1
                    storage.classes.change_class(tx, class_id, str(number), NOW, 60, "UTC")
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert faults == []
    assert stored(engine, class_id).title == "32"


def test_reading_does_not_wait_for_a_writer_nor_see_half_of_it(engine: Engine) -> None:
    class_id = lesson(engine, member(engine), "before")
    with transaction(engine) as tx:
        storage.classes.change_class(tx, class_id, "after", NOW, 60, "UTC")
        tx.flush()
        assert stored(engine, class_id).title == "before"
    assert stored(engine, class_id).title == "after"


@pytest.mark.database("sqlite")
def test_a_reader_on_sqlite_sees_one_moment(engine: Engine) -> None:
    class_id = lesson(engine, member(engine), "before")
    with reading(engine) as tx:
        assert storage.classes.get_class(tx, class_id).title == "before"
        with transaction(engine) as other:
            storage.classes.change_class(other, class_id, "after", NOW, 60, "UTC")
        assert storage.classes.get_class(tx, class_id).title == "before"


@pytest.mark.database("sqlite")
def test_sqlite_is_set_up_for_several_processes_and_power_cuts(engine: Engine) -> None:
    names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
    with engine.connect() as connection:
        found = [connection.execute(text(f"PRAGMA {name}")).scalar() for name in names]
    assert found == ["wal", 2, 1, 2_500]


def test_a_class_cannot_lose_its_teacher(engine: Engine) -> None:
    lesson(engine, member(engine))
    with pytest.raises(IntegrityError), transaction(engine) as tx:
        tx.connection().execute(text('DELETE FROM "User"'))


# Its schema


def test_the_migrations_make_exactly_the_tables_of_the_models(engine: Engine) -> None:
    assert differences(engine) == []
    assert set(inspect(engine).get_table_names()) == TABLES | {"alembic_version"}
    assert storage.models.LiveStream.__tablename__ in TABLES


def test_migrating_again_changes_nothing(engine: Engine) -> None:
    made = member(engine)
    migrate(engine)
    with reading(engine) as tx:
        assert storage.members.list_members(tx) == [made]
    assert differences(engine) == []


def test_a_schema_can_be_taken_back_and_made_again(engine: Engine) -> None:
    with engine.begin() as connection:
        command.downgrade(migrations(connection), "base")
    assert set(inspect(engine).get_table_names()) == {"alembic_version"}
    migrate(engine)
    assert differences(engine) == []


def test_a_database_of_a_newer_version_is_left_alone(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SettingsError, match="newer version of this program"):
        migrate(engine)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == "9999"
        connection.rollback()
        connection.execute(text("UPDATE alembic_version SET version_num = :newest"), {"newest": max(revisions())})
        connection.commit()


def test_a_table_that_others_refer_to_can_be_replaced(migrated_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "test.sqlite3"
    shutil.copy(migrated_file, path)
    engine = make_engine(url_of(path))
    class_id = lesson(engine, member(engine))
    with transaction(engine) as tx:
        storage.fetches.ask(tx, class_id, NOW, NOW)
    with (
        migrating(engine) as connection,
        Operations.context(MigrationContext.configure(connection)) as op,
        op.batch_alter_table("LiveStream") as table,
    ):
        table.alter_column("timezone", nullable=True)
    assert stored(engine, class_id).fetch is not None
    with engine.connect() as connection:
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
        assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
    engine.dispose()


def test_the_open_work_has_an_index_of_its_own(engine: Engine) -> None:
    with engine.connect() as connection:
        source = "sqlite_master" if engine.dialect.name == "sqlite" else "pg_indexes"
        column, key = ("sql", "name") if source == "sqlite_master" else ("indexdef", "indexname")
        found = connection.execute(text(f"SELECT {column} FROM {source} WHERE {key} = 'Fetch_open'")).scalar()
    assert "WHERE" in str(found)
    assert "dueAt" in str(found)


@pytest.mark.slow
@pytest.mark.database("sqlite", "postgresql", "pgbouncer")
def test_several_processes_may_migrate_at_once(empty_database_url: str) -> None:
    script = (
        "import sys; from tracker.storage.database import make_engine; from tracker.storage.schema import migrate; "
        "migrate(make_engine(sys.argv[1]))"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", script, empty_database_url], stderr=subprocess.PIPE, text=True)
        for _ in range(5)
    ]
    ends = [(process.communicate(timeout=120)[1], process.returncode) for process in processes]
    assert [status for _, status in ends] == [0] * 5
    # One of them has made it, and says so.
    (told,) = [told for told, _ in ends if told]
    assert told.startswith("a new, empty database was made; ")
    assert told.count("\n") == 1
    engine = make_engine(empty_database_url)
    with engine.connect() as connection:
        assert len(connection.execute(text("SELECT version_num FROM alembic_version")).all()) == 1
    assert differences(engine) == []
    engine.dispose()


@pytest.mark.database("sqlite")
def test_a_file_that_is_moved_away_is_missed_and_found_again(engine: Engine, tmp_path: Path) -> None:
    ana = member(engine)
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    files = list(tmp_path.glob("test.sqlite3*"))
    for file in files:
        file.rename(moved / file.name)
    with pytest.raises(OperationalError), transaction(engine) as tx:
        storage.members.list_members(tx)
    assert not list(tmp_path.glob("test.sqlite3*"))
    for file in files:
        (moved / file.name).rename(file)
    with reading(engine) as tx:
        assert storage.members.list_members(tx) == [ana]


@pytest.mark.database("sqlite")
def test_a_file_that_was_put_in_the_place_of_another_is_the_database(
    engine: Engine, migrated_file: Path, tmp_path: Path
) -> None:
    member(engine)
    file = tmp_path / "test.sqlite3"
    shutil.copy(migrated_file, tmp_path / "other")
    for old in tmp_path.glob("test.sqlite3*"):
        old.rename(tmp_path / f"before-{old.name}")
    (tmp_path / "other").rename(file)
    later = member(engine, "later@school.example")
    fresh = make_engine(f"sqlite:///{file}")
    with reading(fresh) as tx:
        assert storage.members.list_members(tx) == [later]
    fresh.dispose()
