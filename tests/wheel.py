"""The product from its wheel alone, installed by the script that is in it: `pytest tests/wheel.py`.

Its name keeps it out of the usual run, since it installs all dependencies anew.
"""

import os
import re
import signal
import stat
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Callable
from email.message import Message
from pathlib import Path
from typing import IO

import pytest

from tests.demo_process import STOP_SECONDS, Demo, free_port
from tests.test_house import PROJECT
from tests.tracker_process import wait_until
from tracker import demo

# All dependencies are installed anew.
pytestmark = pytest.mark.timeout(1200)
ACCOUNT = ["user", "add", "ana@school.example", "--role", "admin"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", str(folder), str(PROJECT)], check=True)
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def root(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A machine's files, as the script leaves them that is in the wheel."""
    folder = tmp_path_factory.mktemp("root")
    with zipfile.ZipFile(wheel) as packed:
        script = packed.extract("tracker/_deploy/install", wheel.parent)
    command = ["sh", script, "--root", str(folder), "--name", "a.school.example", str(wheel)]
    subprocess.run(command, env=os.environ | {"PYTHON": sys.executable}, check=True)
    return folder


@pytest.fixture(scope="module")
def program(root: Path) -> Path:
    """`tracker`, installed from the wheel."""
    return root / "opt" / "attendance" / "current" / "bin" / "tracker"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The home folder of a user who has nothing yet; it is all that the environment names."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def run(program: Path, home: Path, tmp_path: Path) -> Callable[..., tuple[int, str, str]]:
    """Runs a command in another folder; code, stdout and stderr."""

    def command(*arguments: str, **environment: str) -> tuple[int, str, str]:
        ran = subprocess.run(
            [str(program), *arguments],
            cwd=tmp_path,
            env={"HOME": str(home), **environment},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return ran.returncode, ran.stdout, ran.stderr

    return command


class StayHere(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        """Shows the redirect itself."""


def ask(url: str, form: dict[str, str] | None = None, **headers: str) -> tuple[int, Message]:
    """Status and headers of an answer."""
    body = None if form is None else urllib.parse.urlencode(form).encode()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), StayHere)
    try:
        with opener.open(urllib.request.Request(url, body, headers), timeout=30) as answer:
            return answer.status, answer.headers
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers


def can_sign_in(url: str, email: str, password: str) -> bool:
    """Whether the sign-in opens the dashboard, which is closed without it."""
    assert ask(url, Accept="text/html")[0] == 303
    status, headers = ask(f"{url}/login", {"email": email, "password": password})
    cookie = str(headers.get("Set-Cookie", "")).partition(";")[0]
    return status == 303 and ask(url, Accept="text/html", Cookie=cookie)[0] == 200


def test_it_says_the_version_that_its_wheel_is_named_by(wheel: Path, run: Callable[..., tuple[int, str, str]]) -> None:
    assert run("--version") == (0, f"tracker {wheel.name.split('-')[1]}\n", "")


def test_its_data_is_in_the_users_data_folder_and_made_by_what_writes(
    run: Callable[..., tuple[int, str, str]], home: Path, tmp_path: Path
) -> None:
    folder = home / ".local" / "share" / "zoom-participant-tracking"
    code, said, sentence = run("user", "list")
    assert (code, said) == (1, "")
    assert sentence.startswith(f"There is no database at {folder}/tracker.sqlite3 yet; ")
    assert list(home.iterdir()) == []
    assert run(*ACCOUNT)[0] == 0
    assert run("user", "list")[:2] == (0, "ana@school.example  admin  ana  (Zoom host ana@school.example)\n")
    told = run("doctor", ZOOM_API_URL="http://127.0.0.1:1/", ZOOM_OAUTH_URL="http://127.0.0.1:1/")[1]
    assert f"settings file: {folder}/.env is not there" in told
    assert f"data folder: {folder} is there." in told
    assert [path.name for path in tmp_path.iterdir()] == ["home"]


def test_the_demo_comes_up_lets_somebody_in_and_stops(program: Path, home: Path) -> None:
    running = Demo(home)
    running.command = [str(program), "demo"]
    ports = {name: running.environment[name] for name in ("TRACKER_PORT", "DASHBOARD_PORT")}
    running.environment = {"HOME": str(home), **ports}
    running.start()
    try:
        assert can_sign_in(running.url, demo.TEACHER.email, demo.TEACHER.password)
        assert not can_sign_in(running.url, demo.TEACHER.email, "wrong")
    finally:
        code = running.interrupt()
    assert code == 0
    assert (home / ".local" / "share" / "zoom-participant-tracking" / "demo" / "demo.sqlite3").is_file()


def test_tracker_and_dashboard_come_up_on_one_database(
    program: Path, run: Callable[..., tuple[int, str, str]], home: Path, tmp_path: Path
) -> None:
    port = free_port()
    given = {"HOME": str(home), "TRACKER_DATA_DIR": "kept", "DASHBOARD_PORT": str(port)}
    # Relative to where it is called, though the dashboard runs elsewhere.
    added = run(*ACCOUNT, **given)[1]
    password = re.findall(r"^Password \(shown once\): (.*)$", added, re.MULTILINE)[0]
    url = f"http://127.0.0.1:{port}"
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            [str(program), "up"], cwd=tmp_path, env=given | {"TRACKER_PORT": str(free_port())}, stdout=log, stderr=log
        )
    try:
        wait_until(lambda: "The dashboard is at" in (tmp_path / "log").read_text(), "tracker up")
        assert can_sign_in(url, "ana@school.example", password)
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(STOP_SECONDS)
    assert code == 0
    assert (tmp_path / "kept" / "tracker.sqlite3").is_file()


def test_the_script_leaves_settings_services_and_a_web_servers_file(root: Path) -> None:
    settings, data = root / "etc" / "attendance", root / "var" / "lib" / "attendance"
    assert stat.S_IMODE((settings / ".env").stat().st_mode) == 0o600
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert (data / ".env").samefile(settings / ".env")
    text = (settings / ".env").read_text()
    assert re.search(r"^CRON_SECRET=[\w-]{43}$", text, re.MULTILINE)
    assert re.search(r"^ALLOWED_HOSTS=a\.school\.example$", text, re.MULTILINE)
    assert "server_name a.school.example;" in (settings / "nginx.conf").read_text()
    units = root / "etc" / "systemd" / "system"
    for name in ("attendance-tracker", "attendance-dashboard"):
        unit = units / f"{name}.service"
        assert unit.read_bytes() == (PROJECT / ".deploy" / "systemd" / unit.name).read_bytes()
        assert (units / "multi-user.target.wants" / unit.name).is_symlink()
    assert os.access(root / "usr" / "local" / "bin" / "tracker", os.X_OK)


def test_it_can_use_postgresql(program: Path) -> None:
    command = [str(program.with_name("python")), "-c", "import psycopg"]
    assert subprocess.run(command, check=False).returncode == 0
