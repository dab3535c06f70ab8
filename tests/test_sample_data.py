"""The sample data of the demo is removed in one step, and nothing else is."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.makers import entries, lesson, member
from tests.practice_school import CommandLine
from tests.screens import Screens, button, said
from tracker import auth, demo, paths, sample_data
from tracker.errors import InvalidInput, NotAllowed, NotFound
from tracker.services import Services
from tracker.settings import read_settings
from tracker.storage.database import make_engine
from tracker.storage.members import Member
from tracker.storage.schema import migrate
from tracker.ui import page, wiring

pytestmark = pytest.mark.database("sqlite")
LINK = "http://127.0.0.1:8788/j/85011112222"


def demo_in(folder: Path, link: str = LINK) -> Path:
    """What a demo leaves in a folder, beside a file that is none of it."""
    url = read_settings(demo.environment({"TRACKER_DATA_DIR": str(folder)})).database_url
    engine = make_engine(url)
    migrate(engine)
    teacher = member(engine)
    lesson(engine, teacher, zoom_join_url=link)
    lesson(engine, teacher, "Without a meeting", zoom_meeting_id=None, zoom_join_url=None)
    engine.dispose()
    (folder / sample_data.ZOOM).write_text("{}")
    return folder


@pytest.fixture
def using(school: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Services:
    """A real installation, in the usual data folder of which somebody has tried the demo."""
    monkeypatch.setattr(paths, "CHECKOUT", tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "tracker.sqlite3").write_text("real")
    return school


def test_what_the_demo_has_made_goes_and_nothing_else(using: Services, engine: Engine, tmp_path: Path) -> None:
    folder = demo_in(tmp_path / "data" / "demo")
    (folder / sample_data.ERASED).write_text("[]")
    assert len(list(folder.iterdir())) >= 4
    assert sample_data.remove(using, auth.OPERATOR) == [folder]
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["tracker.sqlite3"]
    assert [one.actor for one in entries(engine, action="sample_data_removed")] == ["operator"]
    with pytest.raises(NotFound):
        sample_data.remove(using, auth.OPERATOR)


def test_who_was_erased_from_the_real_database_of_a_folder_stays_erased(using: Services, tmp_path: Path) -> None:
    folder = demo_in(tmp_path / "data" / "demo")
    (folder / sample_data.ERASED).write_text("[]")
    (folder / "tracker.sqlite3").write_text("real")
    sample_data.remove(using, auth.OPERATOR)
    assert sorted(path.name for path in folder.iterdir()) == [sample_data.ERASED, "tracker.sqlite3"]


def test_what_somebody_has_put_beside_it_stays(using: Services, tmp_path: Path) -> None:
    folder = demo_in(tmp_path / "data" / "demo")
    (folder / ".env").write_text("ZOOM_ACCOUNT_ID=x")
    (folder / "demo-of-mine.sqlite3").write_text("mine")
    sample_data.remove(using, auth.OPERATOR)
    assert sorted(path.name for path in folder.iterdir()) == [".env", "demo-of-mine.sqlite3"]


def test_nothing_goes_while_it_is_in_use_or_where_a_class_is_a_real_one(
    using: Services, tmp_path: Path, ana: Member
) -> None:
    folder = demo_in(tmp_path / "data" / "demo")
    before = sorted(folder.iterdir())
    with pytest.raises(NotAllowed):
        sample_data.remove(using, ana)
    running = make_engine(f"sqlite:///{folder / sample_data.DATABASE}")
    with running.connect() as connection:
        connection.exec_driver_sql("SELECT 1").all()
        with pytest.raises(InvalidInput, match="Stop the demo first"):
            sample_data.remove(using, auth.OPERATOR)
    running.dispose()
    assert {path for path in folder.iterdir() if "-" not in path.suffix} >= set(before)
    (folder / sample_data.DATABASE).unlink()
    demo_in(folder, "https://us05web.zoom.us/j/85011112222")
    with pytest.raises(InvalidInput, match="has a class of a real Zoom"):
        sample_data.remove(using, auth.OPERATOR)
    assert sorted(folder.iterdir()) == before


def test_an_admin_removes_it_on_the_page_system(
    screens: Screens, engine: Engine, tmp_path: Path, zoom: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    screens.sign_in(member(engine, "boss@school.example", "admin"))
    assert "Sample data" not in said(screens.open(page.SYSTEM))
    folder = demo_in(tmp_path / "data" / "demo")
    shown = screens.open(page.SYSTEM)
    assert f"What tracker demo has made is still there, in {folder}" in said(shown).replace("`", "")
    button(shown, "Remove the sample data").click().run()
    assert "The sample data is removed." in said(shown)
    assert not folder.exists()


def test_the_demo_itself_says_how_to_get_rid_of_it(
    screens: Screens, engine: Engine, tmp_path: Path, zoom: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in demo.environment({"TRACKER_DATA_DIR": str(demo_in(tmp_path / "demo"))}).items():
        monkeypatch.setenv(name, value)
    wiring.close()
    boss = member(wiring.services().engine, "boss@school.example", "admin")
    screens.engine = wiring.services().engine
    screens.sign_in(boss)
    shown = said(screens.open(page.SYSTEM))
    assert "All that you see here is sample data." in shown
    assert "Remove the sample data" not in shown


def test_the_command_removes_it_in_one_step(tracker: CommandLine, tmp_path: Path) -> None:
    assert tracker.refused("demo", "--remove") == "There is no sample data on this machine."
    folder = demo_in(tmp_path / "data" / "demo")
    assert tracker.done("demo", "--remove").text == f"The sample data in {folder} is deleted.\n"
    assert not folder.exists()
