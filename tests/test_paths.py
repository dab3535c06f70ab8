"""Where `.env`, the data folder and the dashboard's files are, from wherever a command is called."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.practice_school import TEACHER, CommandLine
from tracker import demo, paths
from tracker.settings import environment_of, read_settings


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a checkout; commands are called from another one."""
    folder, elsewhere = tmp_path / "checkout", tmp_path / "elsewhere"
    folder.mkdir()
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    monkeypatch.setattr(paths, "CHECKOUT", folder)
    return folder


@pytest.fixture
def user_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder of a user who has installed a wheel."""
    monkeypatch.setattr(paths, "CHECKOUT", None)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "share" / "zoom-participant-tracking"


def data_dir(**given: str) -> Path:
    return read_settings(environment_of(given)).data_dir


def write(file: Path, content: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)


def test_the_dashboard_is_found_with_its_pages_and_its_configuration() -> None:
    for name in ("dashboard.py", "pages/class.py", ".streamlit/config.toml"):
        assert (paths.DASHBOARD / name).is_file()


# A checkout


def test_a_checkout_has_everything_beside_pyproject(checkout: Path) -> None:
    assert paths.env_file({"TRACKER_DATA_DIR": "/srv/data"}) == checkout / ".env"
    assert data_dir() == checkout / "data"
    assert demo.environment({"TRACKER_PORT": "11000"})["TRACKER_DATA_DIR"] == str(checkout / "data" / "demo")


def test_a_relative_path_counts_from_where_it_is_said(checkout: Path) -> None:
    (checkout / "secret").write_text("s3cret")
    write(checkout / ".env", "TRACKER_DATA_DIR=kept\nDATABASE_URL=sqlite:///kept/x.sqlite3\nCRON_SECRET_FILE=secret\n")
    settings = read_settings(environment_of({}))
    assert settings.data_dir == checkout / "kept"
    assert settings.database_url == f"sqlite:///{checkout}/kept/x.sqlite3"
    assert settings.cron_secret == "s3cret"
    assert data_dir(TRACKER_DATA_DIR="here") == Path.cwd() / "here"
    # The dashboard, which runs in another folder, is given the same.
    given = environment_of({"DATABASE_URL": "sqlite:///x.sqlite3", "CRON_SECRET_FILE": "secret"})
    assert (given["DATABASE_URL"], given["CRON_SECRET_FILE"]) == (
        f"sqlite:///{Path.cwd()}/x.sqlite3",
        str(Path.cwd() / "secret"),
    )


@pytest.mark.parametrize(
    "url",
    ["sqlite://", "sqlite:///:memory:", "sqlite:////srv/x.sqlite3", "sqlite:///file:x?uri=true", "postgresql://db/x"],
)
def test_an_address_without_a_relative_path_stays_as_it_is(checkout: Path, url: str) -> None:
    write(checkout / ".env", f"DATABASE_URL={url}\n")
    assert environment_of({}) == {"DATABASE_URL": url}
    assert environment_of({"DATABASE_URL": url}) == {"DATABASE_URL": url}


def test_commands_from_any_folder_have_one_database(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    write(checkout / ".env", "TRACKER_DATA_DIR=kept\n")
    run = CommandLine(capsysbinary)
    run.add_teacher()
    monkeypatch.chdir(checkout)
    assert [person["email"] for person in run.done("user", "list", "--json").json] == [TEACHER]
    assert {path.name for path in checkout.iterdir()} == {".env", "kept"}
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_the_doctor_prints_where_things_are(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    run = CommandLine(capsysbinary)
    monkeypatch.setenv("ZOOM_OAUTH_URL", "http://127.0.0.1:1/")
    monkeypatch.setenv("ZOOM_API_URL", "http://127.0.0.1:1/")
    absent = run("doctor").text
    assert f"ok      settings file: {checkout}/.env is not there, so the environment alone counts.\n" in absent
    assert f"ok      data folder: {checkout}/data is made when something is written.\n" in absent
    assert list(checkout.iterdir()) == []
    write(checkout / ".env", "TRACKER_DATA_DIR=kept\n")
    (checkout / "kept").mkdir()
    there = run("doctor").text
    assert f"ok      settings file: {checkout}/.env is read.\n" in there
    assert f"ok      data folder: {checkout}/kept is there.\n" in there


# A wheel


def test_a_wheel_has_everything_in_the_users_data_folder(user_data: Path) -> None:
    assert paths.env_file({}) == user_data / ".env"
    assert data_dir() == user_data
    assert demo.environment({"TRACKER_PORT": "11000"})["TRACKER_DATA_DIR"] == str(user_data / "demo")
    write(user_data / ".env", "ZOOM_PLAN=free\n")
    assert read_settings(environment_of({})).zoom_plan == "free"


def test_a_wheel_has_its_settings_in_the_data_folder_that_the_environment_names(
    user_data: Path, tmp_path: Path
) -> None:
    write(user_data / ".env", "ZOOM_PLAN=free\nTRACKER_DATA_DIR=other\n")
    write(tmp_path / "mine" / ".env", "ZOOM_PLAN=business\n")
    assert data_dir() == user_data / "other"
    settings = read_settings(environment_of({"TRACKER_DATA_DIR": "mine"}))
    assert (settings.data_dir, settings.zoom_plan) == (tmp_path / "mine", "business")
    assert data_dir(TRACKER_DATA_DIR=" ") == user_data


# The edge


def test_settings_are_read_from_what_is_given_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRON_SECRET", "s3cret")
    monkeypatch.setenv("cron_secret", "s3cret")
    monkeypatch.setenv("TRACKER_PORT", "no number")
    settings = read_settings({"zoom_plan": "free"})
    assert (settings.cron_secret, settings.tracker_port, settings.zoom_plan) == ("", 8787, "pro")


def test_a_command_as_a_process_makes_nothing_where_it_is_called(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tracker", "user", "list"],
        cwd=tmp_path,
        env=os.environ | {"TRACKER_DATA_DIR": "data"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.startswith(f"There is no database at {tmp_path}/data/tracker.sqlite3 yet; ")
    assert list(tmp_path.iterdir()) == []
