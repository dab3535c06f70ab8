"""The matrix of the two HTTP servers, each cell tried: the dashboard's behind its gate, and the tracker's."""

import re
import runpy
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine
from starlette.applications import Starlette
from streamlit.runtime import Runtime

from tests.asgi import post, request, websocket
from tests.fake_zoom import FakeZoom
from tests.gate_client import get
from tests.makers import Clock, participant, server_state_on
from tests.matrix import doors
from tests.matrix.cast import HELD_MEETING, PLANNED_MEETING, Cast, make_cast
from tests.matrix.table import ADDRESSES, BEFORE, ROUTES, WHO, rows
from tests.screens import PROJECT
from tracker.messages import sentence
from tracker.server import dashboard_process
from tracker.server.routes import Request, answer
from tracker.ui import wiring
from tracker.ui.gate import Gate
from tracker.ui.sign_in import COOKIE
from tracker.ui.wiring import services

pytestmark = pytest.mark.database("sqlite")


@pytest.fixture
def cast(wired: Clock, engine: Engine, zoom: FakeZoom) -> Cast:
    """The school, in which everything that ends has ended."""
    made = make_cast(services())
    for who in BEFORE:
        made.end(who)
    links = {"join_url": "https://zoom.us/j/1", "start_url": "https://zoom.us/s/1?zak=x"}
    zoom.meetings[PLANNED_MEETING] = {"id": int(PLANNED_MEETING)} | links
    zoom.hold("uuid", participant("Bo", -120, -60), meeting=HELD_MEETING, start=-120, end=-60)
    return made


@pytest.fixture
def dashboard(monkeypatch: pytest.MonkeyPatch) -> Iterator[Starlette]:
    """The dashboard's server as `streamlit run` would start it, Streamlit's own addresses included."""
    monkeypatch.setattr(wiring, "log_like_the_tracker", lambda: None)
    monkeypatch.setattr(dashboard_process, "end_with_parent", lambda environment: None)
    app: Any = runpy.run_path(str(PROJECT / "dashboard.py"), run_name="dashboard")["app"]
    yield app._build_starlette_app()
    Runtime._instance = None  # the harness of the pages takes one that is there for its own


def test_every_address_has_a_line_and_is_behind_the_gate(dashboard: Starlette) -> None:
    assert rows(ADDRESSES).keys() == doors.addresses(dashboard)
    assert dashboard.user_middleware[0].cls is Gate


@pytest.mark.slow
def test_every_address_answers_everybody_as_the_table_says(app: Starlette, cast: Cast) -> None:
    found: dict[str, dict[str, str]] = {door: {} for door in rows(ADDRESSES)}
    # Signing out comes last: who has done it is out everywhere.
    for door in sorted(found, key=lambda one: one == "POST /logout"):
        method, path = door.split()
        path = re.sub(r"\{[^}]*\}", "x" * 43, path)
        for who in WHO:
            found[door][who] = answered(app, method, path, cast, who)
    assert found == rows(ADDRESSES)


def answered(app: Starlette, method: str, path: str, cast: Cast, who: str) -> str:
    """What comes of it, as the table says it."""
    cookie = {"cookie": f"{COOKIE}={cast.cookies[who]}"} if who in cast.cookies else {}
    if method == "WEBSOCKET":
        return "in" if "websocket.accept" in websocket(app, path, cookie) else "out"
    query = f"id={cast.planned}" if path == "/host" else ""
    if method == "POST":
        came = post(app, path, {}, headers=cookie)
    else:
        came = request(app, "GET" if method == "ANY" else method, path, query=query, headers=cookie)
    if (came.status, came.text) == (401, "Please sign in."):
        if method == "GET":  # as a browser it is sent to where one signs in, and brought back
            assert get(app, path, cookie).header("location").startswith("/login")
        return "out"
    is_closed = (came.status, came.text) == (404, sentence("no_such_address"))
    return str(came.status) if path == "/host" or is_closed else "in"


def test_every_route_of_the_tracker_has_a_line() -> None:
    assert rows(ROUTES).keys() == doors.routes()


@pytest.mark.slow
def test_the_tracker_answers_everybody_as_the_table_says(cast: Cast, engine: Engine, wired: Clock) -> None:
    state = server_state_on(engine, wired, CRON_SECRET="another secret")
    found: dict[str, dict[str, str]] = {door: {} for door in rows(ROUTES)}
    for door, cells in found.items():
        method, path = door.split()
        for who in WHO:
            bearer = {"authorization": f"Bearer {cast.bearers[who]}"} if who in cast.bearers else {}
            target = f"{path}?streamId={cast.held}" if path.startswith("/api/zoom") else path
            cells[who] = str(answer(state, Request(method, target, bearer, b"{}")).status)
    assert found == rows(ROUTES)
