"""What installs the program on a server: the script, and systemd's units."""

import configparser
import os
import re
import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.tools import needs
from tests.tracker_process import PROJECT, free_port, wait_until
from tracker import paths
from tracker.cli import command_parser

DEPLOY = PROJECT / ".deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
INSTALL = DEPLOY / "install"
# Below this, in tenths, systemd calls a service "OK".
EXPOSURE = "30"


def install(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = ["sh", str(INSTALL), *arguments]
    return subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, check=False, timeout=120
    )


def section(unit: Path, name: str) -> dict[str, str]:
    """A section of a unit; a name that is there twice has its last value."""
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(unit)
    return dict(parser[name])


def test_there_is_a_unit_for_each_of_the_two_processes() -> None:
    assert [unit.stem for unit in UNITS] == ["attendance-dashboard", "attendance-tracker"]


@needs("systemd-analyze")
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_systemd_finds_the_units_without_fault_and_little_exposed(unit: Path, tmp_path: Path) -> None:
    analyze = ["systemd-analyze", "--no-pager"]
    security = [*analyze, "security", "--offline=true", f"--threshold={EXPOSURE}", str(unit)]
    ran = subprocess.run(security, capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == 0, ran.stdout[-500:] + ran.stderr
    # It asks whether the program is there.
    here = tmp_path / unit.name
    here.write_text(unit.read_text().replace("/opt/attendance/current/bin/tracker", "/bin/sh"))
    ran = subprocess.run([*analyze, "verify", str(here)], capture_output=True, text=True, check=False, timeout=60)
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_says_what_a_service_must_not_do_and_use(unit: Path) -> None:
    service = section(unit, "Service")
    expected = {
        "User": "attendance",
        "UMask": "0077",
        "ProtectSystem": "strict",
        "StateDirectory": "attendance",
        "StateDirectoryMode": "0700",
        "NoNewPrivileges": "yes",
        "CapabilityBoundingSet": "",
        "Restart": "always",
        "LimitNOFILE": "8192",
        "TasksMax": "512",
    }
    assert {name: service.get(name) for name in expected} == expected
    assert "MemoryMax" in service
    program, *command = service["ExecStart"].split()
    assert program == "/opt/attendance/current/bin/tracker"
    assert command_parser().parse_args(command).run
    # What it is given has to be where the script puts it.
    data = service["Environment"].removeprefix("TRACKER_DATA_DIR=")
    assert data == service["WorkingDirectory"] == "/var/lib/attendance"


def test_the_script_says_what_it_would_do_and_does_nothing(tmp_path: Path) -> None:
    root = tmp_path / "root"
    ran = install("--dry-run", "--root", str(root), "--name", "a.school.example", str(PROJECT))
    assert (ran.returncode, ran.stderr) == (0, "")
    assert f"would run: systemctl --root={root} --quiet enable attendance-tracker" in ran.stdout
    assert not root.exists()
    ran = install("--dry-run", str(PROJECT))
    assert "would run: useradd --system" in ran.stdout
    restarts = [line for line in ran.stdout.splitlines() if "restart" in line or "wait" in line]
    assert restarts == [
        "would run: systemctl restart attendance-tracker",
        "would run: wait_for_tracker 60",
        "would run: systemctl restart attendance-dashboard",
    ]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--dry-run", "nothing.whl"], "There is no wheel nothing.whl.\n"),
        (["--dry-run", "/"], "/ is neither a wheel nor a checkout.\n"),
        (["--wrong"], "--wrong is no option; see --help.\n"),
        (["--name"], "--name needs a name.\n"),
        (["--dry-run", "--name", "a b; c", str(PROJECT)], "a b; c is no name of a machine.\n"),
    ],
)
def test_the_script_refuses_in_one_sentence(arguments: list[str], sentence: str) -> None:
    ran = install(*arguments)
    assert (ran.returncode, ran.stdout, ran.stderr) == (1, "", sentence)


def test_the_script_needs_a_python_that_is_new_enough(tmp_path: Path) -> None:
    old = tmp_path / "python"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    ran = install("--dry-run", str(PROJECT), PYTHON=str(old))
    assert ran.returncode == 1
    assert ran.stderr.startswith("Python 3.11 or later with venv is needed")


def write_script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\nset -eu\n{text}")
    path.chmod(0o755)
    return path


@pytest.fixture
def quick_python(tmp_path: Path) -> Path:
    """A Python that installs at once a program that only has its files to give; `tests/wheel.py` has the real ones."""
    pip = write_script(tmp_path / "pip", f'[ ! -e {tmp_path}/no-network ] || exit 1\necho "$*" >>{tmp_path}/asked\n')
    files = f'cp -r {DEPLOY} "$2" && cp {PROJECT}/.env.example "$2/env.example"'
    tracker = write_script(tmp_path / "tracker", f'[ "$1" != deploy-files ] || {{ {files}; }}\n')
    text = f"""
if [ "$1" = -m ]; then
  mkdir -p "$3/bin" && cp {pip} "$3/bin/python" && cp {tracker} "$3/bin/tracker"
else
  exec {sys.executable} "$@"
fi
"""
    return write_script(tmp_path / "quick-python", text)


@needs("systemctl")
@pytest.mark.slow
def test_the_same_call_is_an_update_that_keeps_settings_and_the_version_before(
    tmp_path: Path, quick_python: Path
) -> None:
    root = tmp_path / "root"
    versions, settings = root / "opt" / "attendance", root / "etc" / "attendance" / ".env"

    def call() -> subprocess.CompletedProcess[str]:
        return install("--root", str(root), str(PROJECT), PYTHON=str(quick_python))

    ran = call()
    assert (ran.returncode, ran.stderr) == (0, "")
    first, given = (versions / "current").readlink(), settings.read_text()
    assert stat.S_IMODE(settings.stat().st_mode) == 0o600
    assert re.search(r"^CRON_SECRET=[\w-]{43}$", given, re.MULTILINE)
    assert (tmp_path / "asked").read_text().endswith(f"install {PROJECT}[postgres]\n")
    (versions / "20200101-000000").mkdir()
    wait_until(lambda: datetime.now(UTC).strftime("%Y%m%d-%H%M%S") > str(first), "the next second")
    ran = call()
    assert (ran.returncode, ran.stderr) == (0, "")
    assert f"The version before is kept in {versions / first}." in ran.stdout
    assert settings.read_text() == given
    second = (versions / "current").readlink()
    assert {path.name for path in versions.iterdir()} == {"current", str(first), str(second)}
    # One that does not succeed leaves the version that runs.
    (tmp_path / "no-network").touch()
    wait_until(lambda: datetime.now(UTC).strftime("%Y%m%d-%H%M%S") > str(second), "the next second")
    assert call().returncode == 1
    assert (versions / "current").readlink() == second
    assert {path.name for path in versions.iterdir()} == {"current", str(first), str(second)}


class Sick(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """As a tracker answers whose database is away."""
        self.send_response(503)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


def wait_for_tracker(folder: Path, settings: str) -> subprocess.CompletedProcess[str]:
    """The script's own step, with these settings, tried once."""
    (folder / ".env").write_text(settings)
    text = INSTALL.read_text()
    step = text[text.index("wait_for_tracker()") : text.index("dry=")]
    fail = re.findall(r"^fail\(\).*$", text, re.MULTILINE)[0]
    script = f"set -eu\n{fail}\n{step}\npython={sys.executable} settings={folder}\nwait_for_tracker 0\necho went on\n"
    return subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False, timeout=60)


def test_the_script_goes_on_when_the_tracker_answers_whatever_it_says(tmp_path: Path) -> None:
    with HTTPServer(("127.0.0.1", 0), Sick) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for settings in (
            "#TRACKER_PORT=1\nTRACKER_PORT={}\n",
            "TRACKER_HOST=0.0.0.0\nexport TRACKER_PORT='{}' # ours\n",
        ):
            ran = wait_for_tracker(tmp_path, settings.format(server.server_port))
            assert (ran.returncode, ran.stdout, ran.stderr) == (0, "went on\n", "")
        server.shutdown()


def test_the_script_says_that_the_tracker_did_not_come_up(tmp_path: Path) -> None:
    ran = wait_for_tracker(tmp_path, f"TRACKER_PORT={free_port()}\n")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.startswith("The tracker does not answer")
    assert ran.stderr.endswith("journalctl -u attendance-tracker\n")
    assert ran.stderr.count("\n") == 1


def test_the_files_can_be_had_from_the_program(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    paths.write_deploy_files(folder)
    told = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
    assert told == {path.relative_to(DEPLOY) for path in DEPLOY.rglob("*") if path.is_file()} | {Path("env.example")}
    assert (folder / "env.example").read_bytes() == (PROJECT / ".env.example").read_bytes()
    assert os.access(folder / "install", os.X_OK)
