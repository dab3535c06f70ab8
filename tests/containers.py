"""The image and the containers from nothing, where an engine is at hand: `pytest tests/containers.py`.

Its name keeps it out of the usual run, since it builds the image anew. It needs Docker, Docker Compose, and the three
images that the files name, from here or from where the engine gets them.
"""

import json
import os
import re
import shutil
import ssl
import subprocess
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.makers import event_body, zoom_signature
from tests.test_containers import DOCKERFILE, LASTING, SERVICES
from tests.tracker_process import PROJECT, free_port, wait_until
from tests.web_servers import WebServer
from tracker import clock

SECRET = "a-secret-of-this-test-alone"
PROJECT_NAME = f"attendance-test-{os.getpid()}"


def engine_is_there() -> bool:
    """Whether an engine answers."""
    found = shutil.which("docker")
    return found is not None and subprocess.run([found, "info"], capture_output=True, check=False).returncode == 0


pytestmark = [
    pytest.mark.skipif(not engine_is_there(), reason="no container engine on this machine"),
    pytest.mark.timeout(1800),
]


def docker(*arguments: str, text: str | None = None) -> str:
    """What a command of Docker's says."""
    ran = subprocess.run(["docker", *arguments], input=text, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-3000:]
    return ran.stdout


def have(image: str) -> None:
    """Skips the tests where an image can be had neither here nor from a registry."""
    for command in ("image inspect", "pull"):
        if subprocess.run(["docker", *command.split(), image], capture_output=True, check=False).returncode == 0:
            return
    pytest.skip(f"the image {image} cannot be had here")


class School:
    """The containers of one installation, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        shutil.copytree(PROJECT / ".docker", folder, dirs_exist_ok=True)
        self.port, plain = free_port(), free_port()
        ports = f'ports: ["127.0.0.1:{plain}:80", "127.0.0.1:{self.port}:443"]'
        text = (folder / "compose.yaml").read_text("utf-8")
        text = re.sub(r"^name: .*\n", "", text, flags=re.MULTILINE)
        text = re.sub(r'ports: \["80:80".*\]', ports, text).replace("context: ..", f"context: {PROJECT}")
        (folder / "compose.yaml").write_text(text, "utf-8")
        filled = (folder / "env.example").read_text("utf-8")
        filled = filled.replace("DOMAIN=attendance.your-school.example", "DOMAIN=localhost")
        (folder / ".env").write_text(filled.replace("WEBHOOK_SECRET=", f"WEBHOOK_SECRET={SECRET}"), "utf-8")
        (folder / ".env").chmod(0o600)
        new = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0
        self._command = ["docker", "compose"] if new else ["docker-compose"]
        self._folder = folder

    def compose(self, *arguments: str) -> None:
        """Runs a command of Docker Compose's."""
        command = [*self._command, "--project-name", PROJECT_NAME, *arguments]
        ran = subprocess.run(command, cwd=self._folder, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr[-3000:]

    def container(self, service: str) -> str:
        """The container that runs a service."""
        labels = {"project": PROJECT_NAME, "service": service}
        filters = [f"--filter=label=com.docker.compose.{name}={value}" for name, value in labels.items()]
        return docker("ps", "--quiet", *filters).strip()

    def run(self, service: str, *command: str, text: str = "") -> str:
        """What a command in a service's container says."""
        return docker("exec", "--interactive", self.container(service), *command, text=text)

    def is_well(self, service: str) -> bool:
        state = json.loads(docker("inspect", self.container(service)))[0]["State"]
        return state["Running"] and state.get("Health", {}).get("Status", "healthy") == "healthy"


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    """Everything up, by the one command."""
    python = re.findall(r"^ARG PYTHON=(.+)$", DOCKERFILE, re.MULTILINE)[0]
    for image in (f"python:{python}", *(SERVICES[name]["image"] for name in ("database", "proxy"))):
        have(image)
    docker("build", "--file", str(PROJECT / ".docker" / "Dockerfile"), "--tag", "attendance", str(PROJECT))
    made = School(tmp_path_factory.mktemp("containers"))
    try:
        made.compose("up", "--detach")
        for service in LASTING:
            wait_until(lambda service=service: made.is_well(service), f"{service} that is well")
        yield made
    finally:
        made.compose("down", "--volumes")


@pytest.fixture(scope="module")
def front(school: School, tmp_path_factory: pytest.TempPathFactory) -> WebServer:
    """Caddy, by its own authority's certificate."""
    root = tmp_path_factory.mktemp("trust") / "root.crt"
    authority = "/data/caddy/pki/authorities/local/root.crt"
    wait_until(lambda: "BEGIN" in school.run("proxy", "cat", authority), "Caddy's own authority")
    root.write_text(school.run("proxy", "cat", authority))
    server = WebServer(school.port, 0, ssl.create_default_context(cafile=str(root)), "localhost")
    wait_until(lambda: server.ask("GET", "/healthz")[0], "a certificate of Caddy's")
    return server


def send(front: WebServer, number: int) -> int:
    body = event_body("meeting.started", 85_000_000_000, f"uuid-{number}")
    headers = {"Content-Type": "application/json", **zoom_signature(body, clock.now(), SECRET)}
    return front.ask("POST", "/api/webhooks/zoom", body, headers)[0]


@pytest.mark.parametrize("service", ["tracker", "dashboard"])
def test_it_runs_as_nobody_and_writes_nothing_but_its_data(school: School, service: str) -> None:
    assert school.run(service, "id", "-u").strip() == "10001"
    tried = "touch /x /opt/attendance/x 2>/dev/null || touch /tmp/x /data/x && rm /data/x && echo refused"
    assert school.run(service, "sh", "-c", tried).strip() == "refused"


def test_no_secret_shows_in_what_the_engine_tells_of_a_container(school: School) -> None:
    password = school.run("tracker", "cat", "/data/database_url").split(":")[2].partition("@")[0]
    assert len(password) == 48
    for service in LASTING:
        told = docker("inspect", school.container(service))
        assert SECRET not in told
        assert password not in told
    assert school.run("tracker", "stat", "-c", "%a %u", "/data/.env").strip() == "600 10001"


def test_webhooks_come_through_and_what_is_for_monitoring_does_not(front: WebServer) -> None:
    assert send(front, 1) == 200
    forged = front.ask("POST", "/api/webhooks/zoom", b"{}", {"x-zm-signature": "v0=1", "x-zm-request-timestamp": "1"})
    assert forged[0] == 401
    assert [front.ask("GET", path)[0] for path in ("/healthz", "/metrics")] == [404, 404]


def test_somebody_who_was_added_signs_in(school: School, front: WebServer) -> None:
    add = ("tracker", "user", "add", "ana@school.example", "--role", "admin", "--password-stdin")
    school.run("tracker", *add, text="maria plants seven tulips\n")
    form = {"email": "ana@school.example", "password": "maria plants seven tulips"}
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert front.ask("GET", "/", headers={"Accept": "text/html"})[0] == 303
    assert front.ask("POST", "/login", urllib.parse.urlencode(form).encode(), kind)[0] == 303
    assert front.ask("POST", "/login", urllib.parse.urlencode(form | {"password": "x"}).encode(), kind)[0] != 303


def test_the_doctor_has_nothing_to_say_of_files_addresses_and_the_proxy(school: School) -> None:
    told = school.run("tracker", "sh", "-c", "tracker doctor --json || true")
    checks = {check["name"]: check for check in json.loads(told)["checks"]}
    for name in ("settings_file", "data_folder", "database", "files", "addresses", "trackers"):
        assert checks[name]["ok"], checks[name]
    assert "proxies" not in checks  # it is there where anybody is believed


def test_whatever_is_made_anew_finds_its_data_again(school: School, front: WebServer) -> None:
    before = {service: school.container(service) for service in LASTING}
    school.compose("up", "--detach", "--force-recreate")
    for service in LASTING:
        assert school.container(service) != before[service]
        wait_until(lambda service=service: school.is_well(service), f"{service} that is well")
    wait_until(lambda: send(front, 2) == 200, "a webhook that is taken")
    told = school.run("tracker", "tracker", "user", "list")
    assert told.startswith("ana@school.example")
