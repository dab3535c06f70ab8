"""What the tracker's and the dashboard's processes log: lines for programs, in one form."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.makers import CLIENT_SECRET, WEBHOOK_SECRET, environment, event_body, zoom_signature
from tests.tracker_process import PROJECT, serving
from tracker import clock
from tracker.storage.database import make_engine


@pytest.mark.slow
def test_a_tracker_in_trouble_writes_lines_for_programs_without_secrets(database_url: str, tmp_path: Path) -> None:
    given = environment(
        DATABASE_URL=database_url, TRACKER_DATA_DIR=str(tmp_path), CRON_SECRET="cron-5ecret-1", FETCH_DELAY_SECONDS="0"
    )
    engine = make_engine(database_url)
    path = "/api/webhooks/zoom"
    with serving(given, tmp_path / "log") as running:
        for body in (b"", b"not json", event_body("meeting.started"), WEBHOOK_SECRET.encode(), b"\n\x1b[0m{}"):
            signed = zoom_signature(body, clock.now())
            headers = {"authorization": f"Bearer {WEBHOOK_SECRET}", "cookie": f"a={CLIENT_SECRET}"}
            for sent in (headers, headers | signed, headers | signed | {"x-zm-signature": WEBHOOK_SECRET}):
                running.call(f"{path}?cronSecret=cron-5ecret-1", body, sent)
                running.call(path, body, sent)
        with engine.begin() as connection:
            connection.execute(text('ALTER TABLE "LiveStream" RENAME TO "Elsewhere"'))
        body = event_body("meeting.ended", host_email="ana@school.example")
        assert running.call(path, body, zoom_signature(body, clock.now()))[0] == 503
        query = json.dumps({"streamId": "ana@school.example", "cronSecret": "cron-5ecret-1"}).encode()
        assert running.call("/api/zoom/participants", query)[0] == 503
        running.call("/api/zoom/participants?streamId=ana@school.example", None, headers)
        with engine.begin() as connection:
            connection.execute(text('ALTER TABLE "Elsewhere" RENAME TO "LiveStream"'))
    engine.dispose()
    found = [json.loads(line) for line in running.log.read_text().splitlines()]
    reasons = [line["reason"] for line in found if line["message"] == "webhooks were refused"]
    assert len(set(reasons)) >= 3
    assert [line for line in found if line["message"] == "webhook" and line["event"] == "meeting.started"]
    away = [line for line in found if line["message"] == "the database is away"]
    assert away[0]["error"][0]["type"].startswith("sqlalchemy.exc.")
    for hidden in (CLIENT_SECRET, WEBHOOK_SECRET, "5ecret", "@school", database_url):
        assert hidden not in running.log.read_text()


DASHBOARD = """
import logging

import streamlit as st
from starlette.routing import Route
from tracker.ui.wiring import log_like_the_tracker, services

async def fail(request):
    for name in ("tracker.auth.sign_ins", "tracker.classes", "uvicorn.access"):
        logging.getLogger(name).info("told by %s", name)
    raise RuntimeError(f"for ana@school.example: {services().settings.cron_secret}")

if __name__ == "shown":
    log_like_the_tracker()
    app = st.App(__file__, routes=[Route("/fail", fail)])
"""


@pytest.mark.slow
def test_the_dashboards_process_logs_what_goes_wrong_and_who_signs_in_in_the_same_form(tmp_path: Path) -> None:
    (tmp_path / "shown.py").write_text(DASHBOARD)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    options = [f"--server.port={port}", "--server.address=127.0.0.1", "--server.headless=true"]
    with (tmp_path / "log").open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", str(tmp_path / "shown.py"), *options],
            cwd=PROJECT,
            env=os.environ | environment(TRACKER_DATA_DIR=str(tmp_path), CRON_SECRET="cron-5ecret-1"),
            stdout=subprocess.DEVNULL,
            stderr=stderr,
        )
    try:
        status, until = 0, time.monotonic() + 60
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        while not status:
            assert process.poll() is None
            assert time.monotonic() < until
            try:
                opener.open(f"http://127.0.0.1:{port}/fail", timeout=60)
            except urllib.error.HTTPError as error:
                with error:
                    status = error.code
            except OSError:
                time.sleep(0.05)
    finally:
        process.terminate()
        process.wait(30)
    assert status == 500
    first, made, line = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert (first["level"], first["message"]) == ("INFO", "told by tracker.auth.sign_ins")
    assert (made["level"], made["database"]) == ("WARNING", str(tmp_path / "tracker.sqlite3"))
    assert (line["level"], line["error"][0]["message"]) == ("ERROR", "for ***: ***")
