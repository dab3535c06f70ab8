"""`tracker demo` as somebody types it: it starts, survives, and stops."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.demo_process import Demo
from tracker import demo
from tracker.practice.school import sample_rosters
from tracker.settings import environment_with_file, read_settings

pytestmark = pytest.mark.slow
COURSE = min(sample_rosters(demo.TEACHER.email, demo.TEACHER.weeks))


def tracker(running: Demo, *arguments: str) -> Any:
    """What a command prints as JSON, run on the demo's database."""
    environment = running.environment | {"DATABASE_URL": demo.environment(running.environment)["DATABASE_URL"]}
    command = [sys.executable, "-m", "tracker", *arguments, "--json"]
    return json.loads(subprocess.run(command, env=environment, check=True, capture_output=True).stdout)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=60):
            return True
    except (urllib.error.URLError, OSError):
        return False


def wait_until_silent(url: str) -> None:
    until = time.monotonic() + 20
    while answers(url):
        assert time.monotonic() < until, f"{url} still answers"
        time.sleep(0.1)


def test_it_starts_shows_its_progress_keeps_its_data_and_stops_as_a_whole(tmp_path: Path) -> None:
    running = Demo(tmp_path)
    running.start()
    said = "".join(running.output)
    assert running.url in said
    for account in (demo.TEACHER, demo.ADMIN):
        assert account.email in said
        assert account.password in said
    assert "Preparing 36 sample classes" in said
    assert "is fetched 5 seconds" in " ".join(said.split())
    held = tracker(running, "class", "list")
    counts = [one["participantCount"] for one in held if one["status"] == "ended"]
    assert len(held) > 48
    assert len(counts) > 40
    assert sum(count is None for count in counts) <= 2  # the classes of which Zoom has no list, by design of the term
    roster = tracker(running, "roster", "show", COURSE, "--teacher", demo.TEACHER.email)
    assert len(roster["students"]) > 12
    addresses = [running.url + "/_stcore/health", running.tracker_url + "/healthz", running.practice_url]
    assert all(answers(url) for url in addresses)

    assert running.interrupt() == 0
    assert not any(answers(url) for url in addresses)
    assert "Traceback" not in "".join(running.output)

    running.start()
    assert "Preparing" not in "".join(running.output)
    assert tracker(running, "class", "list") == held

    running.kill()
    wait_until_silent(running.url + "/_stcore/health")
    running.start()
    assert tracker(running, "class", "list") == held
    assert tracker(running, "roster", "show", COURSE, "--teacher", demo.TEACHER.email) == roster
    assert running.interrupt() == 0

    # Rosters, and what was said of students, go with the rest.
    subprocess.run([*running.command, "--remove"], env=running.environment, check=True, capture_output=True)
    assert list(tmp_path.iterdir()) == []


def test_a_port_in_use_gives_one_clear_sentence(tmp_path: Path) -> None:
    running = Demo(tmp_path)
    command = [sys.executable, "-m", "tracker", "demo"]
    for port in (running.tracker_port, running.dashboard_port, running.tracker_port + 1):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", port))
            taken.listen()
            ended = subprocess.run(command, env=running.environment, capture_output=True, text=True, timeout=60)
        assert ended.returncode == 1
        assert ended.stdout == ""
        assert ended.stderr == (
            f"Port {port} is in use by another program; stop that one, "
            "or choose other ports with TRACKER_PORT and DASHBOARD_PORT.\n"
        )


def test_no_setting_of_a_real_installation_reaches_the_demo(tmp_path: Path) -> None:
    real = {
        "TRACKER_DATA_DIR": str(tmp_path),
        "DATABASE_URL": "postgresql://school/attendance",
        "DATABASE_URL_FILE": "/run/secrets/database",
        "ZOOM_CLIENT_SECRET_FILE": "/run/secrets/zoom",
        "ZOOM_API_URL": "https://api.zoom.us/v2",
        "TRACKER_HOST": "0.0.0.0",
        "OIDC_ISSUER": "https://idp.school.example",
        "PATH": os.environ["PATH"],
    }
    environment = demo.environment(real)
    settings = read_settings(environment)
    assert settings.database_url.startswith(f"sqlite:///{tmp_path}")
    assert settings.zoom_api_url == f"http://127.0.0.1:{settings.tracker_port + 1}/v2"
    assert settings.tracker_host == "127.0.0.1"
    # What has nothing to do with database and Zoom can be tried in the demo, if it is said for it.
    assert settings.oidc_issuer == "https://idp.school.example"
    (tmp_path / ".env").write_text("RETENTION_DAYS=30\nOIDC_ISSUER=https://other.example")
    again = read_settings(environment_with_file(environment, tmp_path))
    assert (again.retention_days, again.oidc_issuer) == (0, "https://idp.school.example")
    assert environment["PATH"] == real["PATH"]
    assert not [name for name in environment if name.endswith("_FILE")]
    assert read_settings(demo.environment(real)).zoom_client_secret == settings.zoom_client_secret
