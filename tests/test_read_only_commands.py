"""A command that only reads makes no database and migrates none; it says what is the matter and how to go on."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect, text

from tests.practice_school import CommandLine
from tracker import paths
from tracker.errors import DatabaseNotReady
from tracker.storage.database import make_engine
from tracker.storage.schema import check_schema, migrate, revisions

READING = [
    ["audit"],
    ["user", "list"],
    ["class", "list"],
    ["class", "show", "x"],
    ["export", "x"],
    ["people", "x"],
    ["roster", "show", "x", "--teacher", "y"],
]
HOW_TO_BEGIN = (
    " yet; it is made when the tracker starts (tracker up) or somebody is added (tracker user add EMAIL --role admin)."
)


@pytest.fixture
def fresh(empty_database_url: str) -> Iterator[Engine]:
    """A database that nobody has made yet, or an empty one on PostgreSQL."""
    engine = make_engine(empty_database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def run(
    fresh: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> CommandLine:
    """The command line of an installation whose database that is; Zoom is out of reach."""
    monkeypatch.setattr(paths, "CHECKOUT", tmp_path)
    monkeypatch.setenv("DATABASE_URL", fresh.url.render_as_string(hide_password=False))
    monkeypatch.setenv("ZOOM_OAUTH_URL", "http://127.0.0.1:1/")
    monkeypatch.setenv("ZOOM_API_URL", "http://127.0.0.1:1/")
    return CommandLine(capsysbinary)


def where(engine: Engine) -> str:
    return str(engine.url.database if engine.dialect.name == "sqlite" else f"localhost/{engine.url.database}")


def revision(engine: Engine) -> str:
    with engine.connect() as connection:
        return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())


def age(engine: Engine) -> None:
    """Makes a database of an older version of this one."""
    migrate(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :oldest"), {"oldest": min(revisions())})


def test_where_there_is_no_database_it_says_how_to_begin_and_makes_none(
    run: CommandLine, fresh: Engine, tmp_path: Path
) -> None:
    for command in READING:
        assert run.refused(*command) == f"There is no database at {where(fresh)}{HOW_TO_BEGIN}"
    assert list(tmp_path.iterdir()) == []
    assert fresh.dialect.name == "sqlite" or inspect(fresh).get_table_names() == []


def test_the_doctor_says_that_there_is_no_database_and_makes_none(
    run: CommandLine, fresh: Engine, tmp_path: Path
) -> None:
    ran = run("doctor")
    assert ran.code == 1
    assert f"MISSING database: There is no database at {where(fresh)}{HOW_TO_BEGIN}" in ran.text.splitlines()
    assert list(tmp_path.iterdir()) == []
    assert fresh.dialect.name == "sqlite" or inspect(fresh).get_table_names() == []


@pytest.mark.slow
def test_an_older_database_is_left_as_it_is_with_what_brings_it_up_to_date(run: CommandLine, fresh: Engine) -> None:
    age(fresh)
    before = revision(fresh)
    sentence = (
        f"The database at {where(fresh)} is of an older version of this program; it is brought up to date when the "
        "tracker starts (tracker up)."
    )
    for command in READING:
        assert run.refused(*command) == sentence
    ran = run("doctor")
    assert (ran.code, f"MISSING database: {sentence}" in ran.text.splitlines()) == (1, True)
    assert revision(fresh) == before


@pytest.mark.slow
def test_a_database_of_a_newer_version_is_told_as_such(run: CommandLine, fresh: Engine) -> None:
    migrate(fresh)
    with fresh.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for command in READING:
        assert "belongs to a newer version of this program" in run.refused(*command)


def test_a_command_that_writes_makes_the_database(run: CommandLine, fresh: Engine) -> None:
    run.add_teacher()
    assert revision(fresh) == max(revisions())
    assert len(run.done("user", "list", "--json").json) == 1


def test_an_engine_makes_neither_file_nor_folder(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/data/x.sqlite3")
    with pytest.raises(DatabaseNotReady):
        check_schema(engine)
    with pytest.raises(Exception, match="unable to open database file"):
        engine.connect()
    engine.dispose()
    assert list(tmp_path.iterdir()) == []


def test_a_file_without_content_is_no_database_yet(tmp_path: Path) -> None:
    (tmp_path / "x.sqlite3").touch()
    engine = make_engine(f"sqlite:///{tmp_path}/x.sqlite3")
    with pytest.raises(DatabaseNotReady, match="There is no database at "):
        check_schema(engine)
    engine.dispose()
    assert (tmp_path / "x.sqlite3").stat().st_size == 0
