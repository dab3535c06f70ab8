"""The files for containers, as far as they can be read; `pytest tests/containers.py` runs them."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.tracker_process import PROJECT
from tracker.settings import NAMES, PATHS

FOLDER = PROJECT / ".docker"
COMPOSE: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
DOCKERFILE = (FOLDER / "Dockerfile").read_text("utf-8")
LASTING = sorted(SERVICES.keys() - {"settings"})


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_no_container_has_rights_that_it_does_not_need(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "pid", "ipc", "devices"} & service.keys()
    added = {"settings": ["CHOWN", "DAC_OVERRIDE", "FOWNER"], "proxy": ["NET_BIND_SERVICE"]}
    assert service.get("cap_add", []) == added.get(name, [])


@pytest.mark.parametrize("name", LASTING)
def test_what_runs_is_started_again_and_has_its_limits(name: str) -> None:
    service = SERVICES[name]
    assert service["restart"] == "unless-stopped"
    assert service["mem_limit"]
    assert service["pids_limit"]
    assert service["logging"]["options"]["max-size"]


def test_the_proxy_alone_can_be_reached_and_the_database_reaches_nobody() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    assert SERVICES["database"]["networks"] == ["back"]
    assert COMPOSE["networks"]["back"]["internal"] is True
    assert SERVICES["settings"]["network_mode"] == "none"
    (subnet,) = COMPOSE["networks"]["front"]["ipam"]["config"]
    for name in ("tracker", "dashboard"):
        assert SERVICES[name]["environment"]["FORWARDED_ALLOW_IPS"] == subnet["subnet"]


def test_no_secret_is_in_an_environment() -> None:
    secrets = {name.removesuffix("_FILE") for name in PATHS} - {"TRACKER_DATA_DIR"}
    for service in SERVICES.values():
        assert "env_file" not in service
        assert not (secrets | {"POSTGRES_PASSWORD"}) & service.get("environment", {}).keys()


def test_the_settings_that_are_given_are_real_ones() -> None:
    for name in ("tracker", "dashboard"):
        given = {setting.removesuffix("_FILE") for setting in SERVICES[name]["environment"]}
        assert given <= set(NAMES)
    example = (FOLDER / "env.example").read_text("utf-8")
    named = set(re.findall(r"^#?([A-Z][A-Z_]+)=", example, re.MULTILINE))
    assert named - {"DOMAIN", "FRONT_NETWORK"} <= set(NAMES)


def test_the_settings_that_are_ignored_in_the_file_are_named_there_and_in_the_guide() -> None:
    image = re.findall(r"^(?:ENV)? +([A-Z_]+)=", DOCKERFILE, re.MULTILINE)
    decided = {name.removesuffix("_FILE") for name in (*SERVICES["tracker"]["environment"], *image)} & set(NAMES)
    assert {"TRACKER_DATA_DIR", "TRACKER_HOST", "DATABASE_URL", "ALLOWED_HOSTS", "FORWARDED_ALLOW_IPS"} == decided
    for file in (FOLDER / "env.example", PROJECT / ".docs" / "installing.md"):
        text = file.read_text("utf-8")
        assert [name for name in decided if name not in text] == []


def test_everybody_waits_for_whom_it_needs_and_says_when_it_is_well() -> None:
    for name in ("tracker", "dashboard"):
        assert SERVICES[name]["depends_on"] == {
            "settings": {"condition": "service_completed_successfully"},
            "database": {"condition": "service_healthy"},
        }
    assert "/_stcore/health" in SERVICES["dashboard"]["healthcheck"]["test"][-1]
    assert "pg_isready" in SERVICES["database"]["healthcheck"]["test"]
    assert "healthcheck" not in SERVICES["tracker"]  # it is the image's own
    assert re.search(r"^HEALTHCHECK .*\\\n.*/healthz", DOCKERFILE, re.MULTILINE)


def test_every_volume_and_network_is_declared_and_used() -> None:
    mounted = {volume.partition(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert {name for name in mounted if not name.startswith(".")} == COMPOSE["volumes"].keys()
    assert {name for service in SERVICES.values() for name in service.get("networks", [])} == COMPOSE["networks"].keys()
    for name in mounted:
        assert name == "./.env" or not name.startswith(".") or (FOLDER / name).is_file()


def test_the_image_is_small_and_runs_under_a_number_of_its_own() -> None:
    stages = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert stages == ["python:${PYTHON}"] * 2
    assert re.search(r"^ARG PYTHON=3\.\d+-slim$", DOCKERFILE, re.MULTILINE)
    last = DOCKERFILE.rpartition("\nFROM ")[2]
    assert re.findall(r"^USER (.+)$", last, re.MULTILINE) == ["10001:10001"]
    owner = re.findall(r"chown (\S+) ", "\n".join(SERVICES["settings"]["command"]))
    assert owner == ["10001:10001"]


def test_the_image_is_given_what_a_wheel_is_made_of_and_nothing_else() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {*wheel["packages"], *wheel["force-include"], project["project"]["readme"], "pyproject.toml"}
    needed.add(".git_archival.txt")  # from which an archive of a release has its version
    lines = (PROJECT / ".dockerignore").read_text("utf-8").splitlines()
    let_in = {line.removeprefix("!") for line in lines if line.startswith("!")}
    assert lines[1] == "*"
    assert let_in == {Path(name).parts[0] for name in needed}


def test_the_image_has_the_version_that_it_is_given() -> None:
    assert SERVICES["settings"]["build"]["args"] == {"VERSION": "${VERSION:-}"}
    build = DOCKERFILE.rpartition("\nFROM ")[0]
    assert re.search(r"^ARG VERSION=$", build.rpartition("\nFROM ")[2], re.MULTILINE)
    (pip,) = re.findall(r"&& (.+)/opt/attendance/bin/pip install", build)
    assert pip == 'SETUPTOOLS_SCM_PRETEND_VERSION="${VERSION#v}" '
