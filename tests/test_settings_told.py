"""What is wrong with the settings of a tracker is told by all who tell anything, and no value is ever part of it.

They are `/healthz`, `/metrics`, the log, the page System and `tracker doctor`.
"""

import json
import logging
import os
import socket
from dataclasses import dataclass
from pathlib import Path

import pytest
import streamlit as st
from sqlalchemy import Engine

from tests.makers import Clock, StandingLoop, member
from tests.practice_school import CommandLine, environment, practice_zoom
from tests.screens import Screens, said
from tests.tracker_process import Tracker, wait_until
from tracker import cli, doctor, health
from tracker import clock as wall
from tracker.doctor import Check
from tracker.errors import Problem
from tracker.health import WebhookCounter
from tracker.messages import sentence
from tracker.server.routes import Request, ServerState, answer
from tracker.server.watch import Watch
from tracker.settings import environment_of, read_settings, unreadable_lines
from tracker.ui import page
from tracker.ui.wiring import services

pytestmark = pytest.mark.database("sqlite")

SECRET = "hunter2hunter"


@dataclass(frozen=True)
class Fault:
    """What is in `.env` and its mode, the code of the condition, what it names, and the doctor's check for it."""

    text: str
    mode: int
    code: str
    named: str
    check: str


FAULTS = (
    Fault("RETENTION_DAY=180\n", 0o600, "settings_misspelt", "RETENTION_DAYS", "settings"),
    Fault(f"\n# x\n\n{SECRET} none\nTZ=UTC\n", 0o600, "settings_line_unreadable", ": 4.", "settings"),
    Fault("ZOOM_PLAN=pro\n", 0o644, "settings_file_open", ".env", "settings_file"),
    Fault(f"CRON_SECRET={SECRET}\n", 0o600, "secrets_weak", "CRON_SECRET", "secrets"),
)
BY_FAULT = pytest.mark.parametrize("fault", FAULTS, ids=[one.code for one in FAULTS])


def write(folder: Path, text: str, mode: int) -> Path:
    file = folder / ".env"
    file.write_text(text, "utf-8")
    file.chmod(mode)
    return file


def started(folder: Path, fault: Fault) -> tuple[ServerState, Watch]:
    """What a tracker answers from that was started with this fault in the `.env` of its folder."""
    school = services()
    file = write(folder, fault.text, fault.mode)
    given = environment_of(os.environ)
    counter = WebhookCounter(school.engine, school.now)
    counter.note("url_validation")
    wrong = doctor.wrong_settings(given, file, read_settings(given))
    watch = Watch(school, "one:8787", StandingLoop(0.5), counter, settings_wrong=wrong)
    watch.beat()
    return ServerState(school, watch, counter), watch


@BY_FAULT
def test_the_tracker_tells_a_fault_of_its_settings_until_it_is_started_again(
    wired: Clock, tmp_path: Path, caplog: pytest.LogCaptureFixture, fault: Fault
) -> None:
    member(services().engine)
    state, watch = started(tmp_path, fault)
    given = answer(state, Request("GET", "/healthz", {}))
    body = json.loads(given.body)
    (reason,) = body["reasons"]
    assert (given.status, body["status"], reason["code"]) == (200, "attention", fault.code)
    assert fault.named in reason["sentence"]
    assert reason["cure"] == sentence(f"cure_{fault.code}")
    metrics = answer(state, Request("GET", "/metrics", {})).body.decode()
    assert f'tracker_condition{{code="{fault.code}",severity="attention"}} 1.0' in metrics
    caplog.set_level(logging.INFO)
    watch.tell()
    watch.tell()
    (line,) = [record for record in caplog.records if vars(record).get("condition") == fault.code]
    assert fault.named in line.getMessage()
    assert SECRET not in given.body.decode() + metrics + line.getMessage()


@BY_FAULT
def test_system_names_a_fault_of_the_trackers_settings(
    screens: Screens, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    monkeypatch.setattr(
        doctor, "examine", lambda _services: [Check(one, True, Problem("files_ours")) for one in doctor.CHECKS]
    )
    st.cache_data.clear()
    started(tmp_path, fault)
    screens.sign_in(member(engine, "ada@school.example", "admin"))
    shown = said(screens.open(page.SYSTEM))
    assert fault.named in shown
    assert sentence(f"cure_{fault.code}") in shown
    assert SECRET not in shown


@BY_FAULT
def test_system_names_a_fault_of_the_dashboards_own_settings(
    screens: Screens, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    """As where it is alone on its machine, with an `.env` that no tracker has."""
    monkeypatch.setattr(
        doctor, "examine", lambda _services: [Check(one, True, Problem("files_ours")) for one in doctor.CHECKS]
    )
    st.cache_data.clear()
    write(tmp_path, fault.text, fault.mode)
    health.note_alive(engine, "elsewhere:8787", wall.now(), screens.clock())
    screens.sign_in(member(engine, "ada@school.example", "admin"))
    shown = said(screens.open(page.SYSTEM))
    assert "Settings of this dashboard: " in shown
    assert fault.named in shown
    assert sentence(f"cure_{fault.code}") in shown
    assert SECRET not in shown


def test_what_tracker_and_dashboard_have_wrong_alike_is_said_once(
    screens: Screens, engine: Engine, tmp_path: Path
) -> None:
    st.cache_data.clear()
    started(tmp_path, FAULTS[0])
    screens.sign_in(member(engine, "ada@school.example", "admin"))
    shown = said(screens.open(page.SYSTEM))
    assert shown.count(sentence("cure_settings_misspelt")) == 1
    assert "Settings of this dashboard: " not in shown


@pytest.mark.slow
def test_a_dashboard_alone_logs_what_is_wrong_with_its_settings(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:  # so that it ends at once
        port = str(taken.getsockname()[1])
        given = environment("http://127.0.0.1:1", database_url, tmp_path, ZOOM_ACOUNT_ID="x", DASHBOARD_PORT=port)
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        assert cli.main(["dashboard"]) == 1
    (line,) = [one for one in caplog.records if vars(one).get("condition") == "settings_misspelt"]
    assert "ZOOM_ACCOUNT_ID may be meant. Write the name as" in line.getMessage()


@BY_FAULT
def test_doctor_names_a_fault_of_the_settings_once_also_while_the_tracker_tells_it(
    wired: Clock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsysbinary: pytest.CaptureFixture[bytes],
    fault: Fault,
) -> None:
    monkeypatch.setenv("ZOOM_API_URL", "http://127.0.0.1:1/v2")
    monkeypatch.setenv("ZOOM_OAUTH_URL", "http://127.0.0.1:1/oauth/token")
    wired.time = wall.now()
    started(tmp_path, fault)
    ran = CommandLine(capsysbinary)("doctor", "--json")
    wrong = {one["name"]: one["sentence"] for one in ran.json["checks"] if not one["ok"]}
    assert fault.named in wrong[fault.check]
    assert fault.code != "settings_line_unreadable" or wrong[fault.check].endswith(sentence(f"cure_{fault.code}"))
    assert f"condition:{fault.code}" not in wrong
    assert SECRET not in ran.stdout.decode()


def test_lines_that_cannot_be_read_are_counted_as_an_editor_counts_them(tmp_path: Path) -> None:
    file = write(tmp_path, "A=1\n\n\nno setting at all\n# one\nB='two\nlines'\n  \nC='open\nD=4\n=5\n", 0o600)
    assert unreadable_lines(file) == [4, 9, 11]
    assert unreadable_lines(tmp_path / "none") == []


@pytest.mark.slow
def test_a_tracker_looks_at_its_settings_when_it_starts(tmp_path: Path, database_url: str) -> None:
    with practice_zoom(Clock(wall.now())) as host:
        given = environment(host.url, database_url, tmp_path, ZOOM_ACOUNT_ID="x", CRON_SECRET=SECRET)
        tracker = Tracker(given, tmp_path / "log")
        tracker.start()
        try:
            wanted = {"settings_misspelt", "secrets_weak"}

            def codes() -> set[str]:
                return {one["code"] for one in json.loads(tracker.call("/healthz")[1] or "{}").get("reasons", [])}

            wait_until(lambda: wanted <= codes(), "/healthz says so")
            wait_until(lambda: all(code in tracker.log.read_text() for code in wanted), "the log says so")
        finally:
            tracker.kill()
