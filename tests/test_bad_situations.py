"""Nothing is green that does not work: each bad situation is named by `/healthz`, the log, `tracker doctor` and the
page System, with what mends it.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.bad_situations import (
    ADMIN,
    FROM_THE_START,
    MADE,
    ROWS,
    Place,
    add_somebody,
    fill_up,
    mount,
    placed,
    refuse_many,
    sqlite_place,
)
from tests.gate_client import gated_app, get
from tests.makers import Clock, member
from tests.practice_school import environment, practice_zoom
from tests.screens import Screens, said
from tests.tracker_process import PROJECT, Tracker, wait_until
from tracker import clock, doctor
from tracker.doctor import Check
from tracker.errors import Problem
from tracker.messages import sentence
from tracker.storage.database import make_engine
from tracker.ui import page
from tracker.ui.wiring import close

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

# Where the page System says it in a way of its own.
ON_THE_PAGE = {"webhooks_unsigned": "In the Zoom app, on the page Feature, copy the Secret Token."}


# The four places


def log_of(place: Place) -> dict[str, str]:
    """What the log says is wrong, by code; each is told once."""
    lines = [json.loads(line) for line in place.tracker.log.read_text().splitlines() if line.startswith("{")]
    told = [line for line in lines if "condition" in line and line["level"] != "INFO"]
    assert len({line["condition"] for line in told}) == len(told)
    return {line["condition"]: line["message"] for line in told}


def doctor_of(place: Place) -> tuple[int, dict[str, str]]:
    """The exit code of `tracker doctor --json`, and what it says is wrong, by code."""
    done = subprocess.run(
        [sys.executable, "-m", "tracker", "doctor", "--json"],
        cwd=PROJECT,
        env=os.environ | place.given | {"TRACKER_PORT": str(place.tracker.port)},
        capture_output=True,
        text=True,
        timeout=240,
    )
    checks = json.loads(done.stdout)["checks"]
    return done.returncode, {one["name"].removeprefix("condition:"): one["sentence"] for one in checks if not one["ok"]}


@pytest.fixture
def system(wired: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Place], AppTest]]:
    """Opens the page System of the school of a place, as an admin who has had it open before the situation was made."""
    st.cache_data.clear()
    fine = [Check(code, True, Problem("files_ours")) for code in sorted(doctor.CHECKS)]
    monkeypatch.setattr(doctor, "examine", lambda _services: fine)
    opened: list[Any] = []

    def opened_at(place: Place) -> AppTest:
        for name, value in (place.given | {"TRACKER_PORT": str(place.tracker.port)}).items():
            monkeypatch.setenv(name, value)
        made = make_engine(place.postgres or place.url)
        opened.append(made)
        wired.time = clock.now()
        screens = Screens(made, wired, monkeypatch)
        screens.sign_in(member(made, ADMIN, "admin"))
        return screens.open(page.SYSTEM)

    yield opened_at
    for made in opened:
        made.dispose()


@pytest.mark.parametrize(("situation", "kind", "status", "code"), ROWS, ids=[row[0] for row in ROWS])
@pytest.mark.database("sqlite")
def test_each_bad_situation_is_named_in_all_four_places_with_what_mends_it(
    situation: str,
    kind: str,
    status: str,
    code: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    wired: Clock,
    system: Callable[[Place], AppTest],
) -> None:
    cure = sentence(f"cure_{code}")
    with placed(situation, kind, tmp_path, request) as place:
        shown = system(place)
        assert cure not in said(shown) or situation in FROM_THE_START
        if situation in MADE:
            MADE[situation](place)
        # One answer has both: while the database falls silent, others of its faults may be told for a moment.
        wait_until(lambda: place.tells(code, int(status)), f"/healthz says {code} and answers {status}")
        assert place.codes()[code].endswith(cure)
        assert place.health()[1]["status"] == ("attention" if status == "200" else "unwell")
        wait_until(lambda: code in log_of(place), f"the log says {code}")
        assert log_of(place)[code].endswith(cure)
        wired.time = clock.now()

        def on_the_page() -> str:
            wired.time = clock.now()
            shown.run()
            return said(shown)

        wait_until(lambda: ON_THE_PAGE.get(code, cure) in on_the_page(), f"System says {code}")

        def by_the_doctor() -> bool:
            exit_code, told = doctor_of(place)
            by_checks = [name for name, codes in doctor.SAID_BY_CHECK.items() if code in codes and name in told]
            return exit_code == 1 and (bool(by_checks) or told.get(code, "").endswith(cure))

        # It asks a tracker that answers late on a busy machine.
        wait_until(by_the_doctor, f"the doctor says {code}", patience=180)


@pytest.mark.database("sqlite")
def test_a_database_that_is_made_anew_in_place_of_a_lost_one_is_told(
    tmp_path: Path, request: pytest.FixtureRequest, wired: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can sign in then, so it is the sign-in that says it on the dashboard."""
    with placed("the volume is lost", "sqlite", tmp_path, request) as place:
        assert "accounts_none" not in place.codes()
        place.tracker.kill()
        for file in place.disk.glob("school.sqlite3*"):
            file.unlink()
        place.tracker.start()
        cure = sentence("cure_accounts_none")
        wait_until(lambda: place.tells("accounts_none", 200), "/healthz says it")
        assert place.health()[1]["status"] == "attention"
        wait_until(lambda: log_of(place).get("accounts_none", "").endswith(cure), "the log says it")
        made_anew = "a new, empty database was made; if there was one before, look at DATABASE_URL"
        assert place.tracker.log.read_text().count(made_anew) == 1
        exit_code, told = doctor_of(place)
        assert (exit_code, told["people"].endswith(cure)) == (1, True)
        monkeypatch.setenv("DATABASE_URL", place.url)
        close()
        assert sentence("accounts_none_for_person") in get(gated_app(), "/login").text
        add_somebody(place.url)
        wait_until(lambda: "accounts_none" not in place.codes(), "it is over with the first account")


@pytest.mark.database("sqlite")
def test_thousands_of_refused_webhooks_on_a_full_disk_hide_nothing(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with placed("the disk is full", "sqlite", tmp_path, request) as place:
        fill_up(place)
        refuse_many(place)
        wait_until(lambda: place.tells("disk_full", 503), "/healthz says disk_full")
        status, told = place.health()
        assert (status, told["status"]) == (503, "unwell")
        assert told["webhooks"]["refusedLately"] > 0
        metrics = place.tracker.call("/metrics")[1]
        assert 'tracker_webhooks_total{outcome="refused"} 3000.0' in metrics
        assert 'tracker_condition{code="disk_full",severity="down"} 1.0' in metrics


@pytest.mark.parametrize("schema", ["of this version", "none yet"])
@pytest.mark.database("sqlite")
def test_a_tracker_on_a_read_only_file_system_ends_with_a_sentence_or_says_that_it_is_down(
    tmp_path: Path, migrated_file: Path, schema: str
) -> None:
    with practice_zoom(Clock(clock.now())) as host, sqlite_place(tmp_path, migrated_file) as (url, disk):
        if schema == "none yet":
            (disk / "school.sqlite3").unlink()
        mount("-o", "remount,ro", str(disk))
        tracker = Tracker(environment(host.url, url, tmp_path), tmp_path / "log")
        process = tracker.launch()
        answers: set[int] = set()

        def is_told() -> bool:
            answers.add(tracker.call("/healthz")[0])
            return process.poll() is not None or "database_" in tracker.call("/healthz")[1]

        try:
            wait_until(is_told, "it says what is the matter")
        finally:
            code = tracker.kill()
        assert answers <= {0, 503}
        if code == 1:
            assert len(tracker.log.read_text().splitlines()) == 1
