"""What the doctor finds, as people see it, beside a Zoom that grants all that is needed."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from responses import RequestsMock
from sqlalchemy import Engine

from tests.fake_zoom import API, OAUTH, UNKNOWN
from tests.makers import Clock, settings
from tests.practice_school import environment
from tracker.doctor import SCOPES, examine
from tracker.doctor.zoom import USERS_SCOPE
from tracker.errors import Problem
from tracker.messages import name_of_check, sentence_of
from tracker.services import Services
from tracker.settings import read_settings
from tracker.storage import examination
from tracker.zoom import Zoom

# At which nobody listens.
PORTS = {"TRACKER_PORT": "1", "DASHBOARD_PORT": "2"}
# What was different in each schema that was examined so far; and what compares one.
DIFFERENCES: dict[object, list[Problem]] = {}
compared = examination.schema_differences
NOW_AT_ZOOM = "Thu, 14 May 2026 12:00:00 GMT"


def services_on(engine: Engine, clock: Clock, **said: str) -> Services:
    chosen = settings(**PORTS | said)
    return Services(engine, Zoom(chosen, clock, clock.monotonic), chosen, clock)


@dataclass(frozen=True)
class Shown:
    """A check as people see it."""

    name: str
    ok: bool
    sentence: str


def found(services: Services) -> dict[str, Shown]:
    """The checks by name, each made once and each with a sentence."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(examination, "schema_differences", _differences)
        made = examine(services)
    checks = [Shown(name_of_check(check.code), check.ok, sentence_of(check.problem)) for check in made]
    assert len({check.name for check in checks}) == len(checks)
    assert all(check.sentence.endswith(".") for check in checks)
    return {check.name: check for check in checks}


def _differences(engine: Engine) -> list[Problem]:
    """What is different in the schema, worked out once for each: that takes longer than all other checks together."""
    if engine.dialect.name != "sqlite":
        return compared(engine)
    with engine.execution_options(writes=False).connect() as connection:
        schema = tuple(map(tuple, connection.exec_driver_sql("SELECT name, sql FROM sqlite_master ORDER BY name")))
    if schema not in DIFFERENCES:
        DIFFERENCES[schema] = compared(engine)
    return DIFFERENCES[schema]


ALL_SCOPES = " ".join([*SCOPES, USERS_SCOPE])
USERS = re.compile(re.escape(API) + "/users/.*")
USER = {"id": "u1", "type": 2, "status": "active"}


def answering(http: RequestsMock, scopes: str = ALL_SCOPES, date: str | None = NOW_AT_ZOOM) -> None:
    """A Zoom that grants these scopes and says that it is this late."""
    http.post(OAUTH, json={"access_token": "t", "expires_in": 3600, "scope": scopes})
    http.head(API, status=404, headers={} if date is None else {"Date": date})
    for path in ("/meetings/0", "/past_meetings/0"):
        http.get(API + path, status=404, json=UNKNOWN[1])
    http.get(USERS, json=USER)


def at_practice(engine: Engine, clock: Clock, url: str, tmp_path: Path, **said: str) -> Services:
    chosen = read_settings(environment(url, "sqlite://", tmp_path) | PORTS | said)
    return Services(engine, Zoom(chosen, clock), chosen, clock)
